//! Questions about danger, and what their answers say.
//!
//! How much an answer must say hangs on what is asked. Asked for thoughts of suicide, anything but no is shown. Asked
//! whether somebody feels safe at home, no is, and what only half says yes ("As long as I keep quiet."). A check-in ("Are you
//! safe right now?") is mostly asked of somebody who drives or is overheard: only no and what evades the question count,
//! and where the talk is of a car or a password not even these. An answer of other words speaks for itself.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    Indicator,
    language::Languages,
    lexicon::{Group, Lexicon, lexicons},
    weigh::WEIGHTS,
    words::plain,
};

/// How much an answer must say to be a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// "Are you thinking of suicide?": anything but no.
    Danger,
    /// "Do you feel safe with him?": no, and what says yes by half.
    Safety,
    /// "Are you safe right now?": no, and what evades, where the talk is not of everyday things.
    CheckIn,
}

/// What a sentence asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// What the answer is then a sign of.
    pub(super) why: Indicator,
    pub(super) concern: Concern,
}

/// So likely a question must ask for danger: "Do we want to cut it today?" does not.
const ASKED: f32 = 0.1;
/// A longer answer speaks for itself, unless it begins with yes.
const LONGEST_ANSWER: usize = 40;
/// What people begin an answer with.
const SOUNDS: [&str; 26] = [
    "um", "uh", "er", "erm", "hm", "well", "so", "oh", "ah", "eh", "aeh", "tja", "naja", "also", "alltsa", "nja",
    "bueno", "pues", "ben", "bah", "beh", "bom", "bem", "o", "nou", "goh",
];

/// What a sentence asks for; none where it asks for no danger.
pub(super) fn question(sentence: &str) -> Option<Question> {
    /// Who is asked ("Are you safe, Priya?").
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r",\s*\w+\s*\?$").expect("a constant pattern"));
    let words = plain(&NAME.replace(sentence, "?"));
    // So few words seldom tell their language, and questions are few.
    let mut languages = Languages::ALL;
    let words = if sentence.ends_with('?') {
        words.join(" ")
    } else {
        languages = Languages::of(words.iter().map(String::as_str));
        let words = words.join(" ");
        // Without its mark a question is known by how it begins; "Do you know, I …" is none.
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

/// Whether an answer, with what was asked, is a sign of danger. Around it stands what tells a check-in of everyday life.
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

/// "Not really" is less than no. ("Really" is a filler elsewhere.)
fn half_denies(answer: &str) -> bool {
    static HALF: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^\W*(?:(?:no|nee|neen|nein|nej|non|nao|well|nou|goh|um|uh|hm+)\W+)?(?i:not really|nicht wirklich|inte riktigt|pas vraiment|non proprio|no realmente|no mucho|realmente no|na verdade nao|não muito|niet echt|niet helemaal)",
        )
        .expect("a constant pattern")
    });
    HALF.is_match(&answer.to_lowercase())
}

/// Whether the talk is of driving, of who overhears, of computers or of work, and of nobody else.
fn of_everyday(around: &[&str]) -> bool {
    static ANOTHER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:he|she|him|er|ihn|ihm|han|hon|honom|henne|el|ella|lui|elle|lei|ele|ela|dele|dela|husband|wife|boyfriend|girlfriend|partner|ex|dad|father|mann|freund|man|sambo|marido|mari|copain|marito|namorado|hij|zij|hem|haar|vriend)\b")
            .expect("a constant pattern")
    });
    let around = around.iter().map(|text| plain(text).join(" ")).collect::<Vec<_>>().join(" ");
    lexicons(Languages::ALL).any(|it| it.everyday.is_in(&around)) && !ANOTHER.is_match(&around)
}

/// Whether words only ask back ("Sorry?"), so that the question still stands.
pub(super) fn asks_back(answer: &str) -> bool {
    answer.ends_with('?') && plain(answer).len() <= 3
}
