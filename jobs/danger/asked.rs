//! Questions about danger, and what their answers mean.
//!
//! How telling an answer must be depends on the question. If the question is about suicidal thoughts, anything but a no
//! is shown. If it is whether someone feels safe at home, a no is shown, and so is a half-hearted yes ("As long as I
//! keep quiet."). A check-in ("Are you safe right now?") is mostly put to someone who is driving or overheard: only a
//! no or an evasive answer counts, and if the talk is about a car or a password not even these. A longer answer is
//! judged by its own words.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    Indicator,
    language::Languages,
    lexicon::{Group, Lexicon, lexicons},
    weigh::WEIGHTS,
    words::plain,
};

/// How telling an answer must be to count as a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// "Are you thinking of suicide?": anything but no.
    Danger,
    /// "Do you feel safe with him?": a no, or half a yes.
    Safety,
    /// "Are you safe right now?": a no or an evasion, unless the talk is about everyday things.
    CheckIn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// What a telling answer is a sign of.
    pub(super) why: Indicator,
    pub(super) concern: Concern,
}

/// How likely a question must be about danger: "Do we want to cut it today?" isn't.
const ASKED: f32 = 0.1;
/// A longer answer is judged by its own words, unless it begins with yes.
const LONGEST_ANSWER: usize = 40;
/// What people begin an answer with.
const SOUNDS: [&str; 26] = [
    "um", "uh", "er", "erm", "hm", "well", "so", "oh", "ah", "eh", "aeh", "tja", "naja", "also", "alltsa", "nja",
    "bueno", "pues", "ben", "bah", "beh", "bom", "bem", "o", "nou", "goh",
];

/// What a sentence asks about; `None` if it doesn't ask about danger.
pub(super) fn question(sentence: &str) -> Option<Question> {
    /// The person asked ("Are you safe, Priya?").
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r",\s*\w+\s*\?$").expect("a constant pattern"));
    let words = plain(&NAME.replace(sentence, "?"));
    // So few words seldom reveal their language, and questions are rare.
    let mut languages = Languages::ALL;
    let words = if sentence.ends_with('?') {
        words.join(" ")
    } else {
        languages = Languages::of(words.iter().map(String::as_str));
        let words = words.join(" ");
        // Without a question mark, a question is recognised by how it begins; "Do you know, I …" isn't one.
        let asks = lexicons(languages).any(|it| it.asks.starts(&words)) && !words.split(' ').any(|word| word == "i");
        if !asks {
            return None;
        }
        words
    };
    let (why, concern) = lexicons(languages).find_map(|it| it.asked.all_in(&words).first().map(|(of, _)| *of))?;
    let asked = || WEIGHTS.weigh(&words.split(' ').collect::<Vec<_>>(), languages).danger >= ASKED;
    (concern != Concern::Danger || asked()).then_some(Question { why, concern })
}

/// Whether an answer, together with its question, is a sign of danger. `around` is the talk around it, which shows
/// whether a check-in is about everyday life.
pub(super) fn tells(question: Question, answer: &str, around: &[&str]) -> bool {
    let words: Vec<String> = plain(answer).into_iter().skip_while(|word| SOUNDS.contains(&word.as_str())).collect();
    let long = words.len() > LONGEST_ANSWER;
    let words = words.join(" ");
    let any = |with: fn(&Lexicon) -> &Group<()>| lexicons(Languages::ALL).any(|it| with(it).is_in(&words));
    let starts = |with: fn(&Lexicon) -> &Group<()>| lexicons(Languages::ALL).any(|it| with(it).starts(&words));
    let unsure = starts(|it| &it.unsure) || half_denies(answer);
    match question.concern {
        Concern::Danger => {
            let yes = unsure || starts(|it| &it.yes) || starts(|it| &it.maybe);
            (unsure || !starts(|it| &it.no)) && (yes || !long)
        }
        Concern::Safety => {
            let limited = any(|it| &it.limited);
            let unsafe_ = unsure || starts(|it| &it.maybe) || starts(|it| &it.unsafe_);
            limited || (unsafe_ && !any(|it| &it.fine))
        }
        Concern::CheckIn => (unsure || starts(|it| &it.unsafe_)) && !any(|it| &it.fine) && !of_everyday(around),
    }
}

/// Whether the answer is a weak denial: "Not really" is less than no. ("Really" is a filler elsewhere.)
fn half_denies(answer: &str) -> bool {
    static HALF: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^\W*(?:(?:no|nee|neen|nein|nej|non|nao|well|nou|goh|um|uh|hm+)\W+)?(?i:not really|nicht wirklich|inte riktigt|pas vraiment|non proprio|no realmente|no mucho|realmente no|na verdade nao|não muito|niet echt|niet helemaal)",
        )
        .expect("a constant pattern")
    });
    HALF.is_match(&answer.to_lowercase())
}

/// Whether the talk is about driving, being overheard, computers or work, and doesn't mention anyone else.
fn of_everyday(around: &[&str]) -> bool {
    static ANOTHER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:he|she|him|er|ihn|ihm|han|hon|honom|henne|el|ella|lui|elle|lei|ele|ela|dele|dela|husband|wife|boyfriend|girlfriend|partner|ex|dad|father|mann|freund|man|sambo|marido|mari|copain|marito|namorado|hij|zij|hem|haar|vriend)\b")
            .expect("a constant pattern")
    });
    let around = around.iter().map(|text| plain(text).join(" ")).collect::<Vec<_>>().join(" ");
    lexicons(Languages::ALL).any(|it| it.everyday.is_in(&around)) && !ANOTHER.is_match(&around)
}

/// Whether the words only ask back ("Sorry?"), so that the question is still open.
pub(super) fn asks_back(answer: &str) -> bool {
    answer.ends_with('?') && plain(answer).len() <= 3
}
