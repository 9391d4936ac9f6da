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
    Indicator, Kind,
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
    /// Any other question to somebody whose words speak of danger: it is a sign as it stands, unless the answer is no.
    Spoken,
    /// "Do you feel safe with him?": no, and what says yes by half.
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

/// What a question is for that speaks of danger by its words alone.
pub(super) const fn spoken(why: Indicator) -> Question {
    let why = match why.kind() {
        Kind::Suicide | Kind::SelfHarm => Indicator::NotDenied,
        Kind::Abuse => Indicator::NotSafe,
        Kind::Violence => Indicator::Violence,
        Kind::Emergency => Indicator::Unwell,
    };
    Question { why, concern: Concern::Spoken }
}

/// Whether a sentence asks somebody else, so that no takes back what it says. "Do you want to live?" is not taken back by no.
pub(super) fn asks_another(sentence: &str) -> bool {
    static OF_SELF: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:i|me|my|myself|we|us|ich|mich|mir|mein\w*|uns|jag|mig|min|mitt|mina|yo|me|mi|mis|je|j|m|moi|mon|ma|mes|io|mio|mia|miei|eu|meu|minha)\b")
            .expect("a constant pattern")
    });
    static YOU: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:you|your|yourself|du|dich|dir|dein\w*|sie|ihnen|ihr|dig|din|ditt|tu|te|ti|tus|usted|has|ha|tienes|tiene|estas|piensas|piensa|quieres|quiere|t|toi|ton|ta|tes|vous|votre|vos|lei|tuo|tua|suo|sua|hai|pensi|pensa|vuoi|voce|seu|teu|tens|tem|ja|pensou|pensas|quer|queres|lhe)\b")
            .expect("a constant pattern")
    });
    static KNOWS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?:and|but|und|aber|y|et|e|mas)\b ?)?(?:(?:do )?you know|weisst du|wissen sie|vet du|sabes|sabe|tu sais|vous savez|savez vous|sais tu|lo sai|sai|sa|voce sabe|why|how|what|who|where|which|warum|wieso|wie|was|wer|wo|wann|varfor|hur|vad|por que|porque|que (?:haces|hace|pasa|piensas)|cuant\w|como|donde|quien|pourquoi|comment|combien|qui|perche|come|dove|quant\w|cosa|che cosa|o que|onde|quem)\b")
            .expect("a constant pattern")
    });
    let words = plain(sentence).join(" ");
    let asks = || lexicons(Languages::of(words.split(' '))).any(|it| it.asks.starts(&words));
    (sentence.ends_with('?') || (asks() && YOU.is_match(&words)))
        && !OF_SELF.is_match(&words)
        && !KNOWS.is_match(&words)
        && no_denies(sentence)
}

/// Whether no takes back what a question says. "Do I want to live? No." does not.
pub(super) fn no_denies(question: &str) -> bool {
    static LIVES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:live|living|alive|here|around|wake|waking|future|safe|leben|weiterleben|aufwachen|hier|da|zukunft|sicher|leva|vivir|viviendo|vivre|en vie|vivere|viver|vivendo|futuro|avenir|segur\w|securite|sicuro)\b")
            .expect("a constant pattern")
    });
    static NOT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:not|without|enough|sick|tired|satt|leid|mude|marre|hart[oa]|cansad[oa]|stanc[oa]|end|ending|stop|tak\w+|nicht|nehmen|beenden|inte|no|sin|quitar\w*|acabar|pas|plus|ne|fin|non|toglier\w*|nao|tirar)\b")
            .expect("a constant pattern")
    });
    let words = plain(question).join(" ");
    !LIVES.is_match(&words) || NOT.is_match(&words)
}

/// An answer without the sounds that it begins with, in plain words.
fn answered(answer: &str) -> Vec<String> {
    plain(answer).into_iter().skip_while(|word| SOUNDS.contains(&word.as_str())).collect()
}

/// Whether an answer is no, without "not today" or "sometimes" in it.
pub(super) fn denies(answer: &str) -> bool {
    /// What begins with no, and is none.
    static NO_MATTER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:no (?:one|point|reason|idea|longer|future|hope|way out|matter|more|answer|rush|hurry|worries|problem|pressure)|nobody|nothing (?:left|to)|never again|no (?:quiero|puedo|aguanto|me|se|lo se|hay|tengo ganas)|non (?:voglio|ce|posso|so|ne posso|riesco)|nao (?:quero|aguento|consigo|sei|tenho)|nunca mas|mai piu)\b")
            .expect("a constant pattern")
    });
    let words = answered(answer).join(" ");
    let starts = |with: fn(&Lexicon) -> &Group<()>| lexicons(Languages::ALL).any(|it| with(it).starts(&words));
    starts(|it| &it.no) && !starts(|it| &it.unsure) && !by_half(answer) && !NO_MATTER.is_match(&words)
}

/// Whether an answer, with what was asked, is a sign of danger. Around it stands what tells a check-in of everyday life.
pub(super) fn tells(question: Question, answer: &str, around: &[&str]) -> bool {
    let words = answered(answer);
    let long = words.len() > LONGEST_ANSWER;
    let words = words.join(" ");
    let any = |with: fn(&Lexicon) -> &Group<()>| lexicons(Languages::ALL).any(|it| with(it).is_in(&words));
    let starts = |with: fn(&Lexicon) -> &Group<()>| lexicons(Languages::ALL).any(|it| with(it).starts(&words));
    let unsure = starts(|it| &it.unsure) || by_half(answer);
    match question.concern {
        Concern::Spoken => !denies(answer),
        Concern::Danger => {
            let yes = unsure || starts(|it| &it.yes) || starts(|it| &it.maybe);
            !denies(answer) && (yes || !long)
        }
        Concern::Safety => {
            let limited = any(|it| &it.limited);
            let unsafe_ = unsure || starts(|it| &it.maybe) || starts(|it| &it.unsafe_);
            limited || (unsafe_ && !any(|it| &it.fine))
        }
        Concern::CheckIn => (unsure || starts(|it| &it.unsafe_)) && !any(|it| &it.fine) && !of_everyday(around),
    }
}

/// "Not really", "not today" and "no, well, sometimes" are less than no. ("Really" is a filler elsewhere.)
fn by_half(answer: &str) -> bool {
    static HALF: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^\W*(?:(?:no|nee|neen|nein|nej|non|nao|well|nou|goh|um|uh|hm+)\W+)*(?i:not really|nicht wirklich|inte riktigt|pas vraiment|non proprio|no realmente|no mucho|realmente no|na verdade nao|não muito|niet echt|niet helemaal)",
        )
        .expect("a constant pattern")
    });
    static FOR_NOW: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"\b(?:not (?:today|tonight|now|yet|right now|at the moment|this (?:week|time|minute)|lately|recently|often|always|every|exactly|quite|seriously|since|as often|as much|so much|that often)|sometimes|some (?:days|nights)|now and then|once in a while|only (?:when|if|after|at|in|on|with)|(?:heute|noch|jetzt|gerade|momentan|im moment|derzeit) nicht|nicht (?:heute|jetzt|direkt|konkret|wirklich|ernsthaft|immer|oft|so richtig|mehr so oft)|manchmal|ab und zu|hin und wieder|nur wenn|selten|inte (?:idag|ikvall|nu|an|just nu|direkt|alltid|riktigt)|ibland|sallan|bara nar|pas (?:aujourd hui|ce soir|maintenant|encore|en ce moment|cette semaine|vraiment|tout a fait|souvent|toujours|tous les jours|directement)|parfois|des fois|de temps en temps|rarement|quelquefois|(?:hoy|ahora|todavia|de momento|por ahora|ultimamente) no|no (?:hoy|ahora|esta noche|todavia|siempre|exactamente|del todo|realmente|directamente)|a veces|de vez en cuando|casi nunca|solo cuando|(?:oggi|adesso|stasera|per ora|al momento|ultimamente) no|non (?:oggi|adesso|ora|stasera|ancora|sempre|proprio|esattamente|davvero|spesso|del tutto)|a volte|ogni tanto|qualche volta|quasi mai|raramente|solo quando|(?:hoje|agora|por enquanto|ainda) nao|nao (?:hoje|agora|esta noite|ainda|sempre|exatamente|propriamente|diretamente)|as vezes|de vez em quando|quase nunca|so quando)\b",
        )
        .expect("a constant pattern")
    });
    HALF.is_match(&answer.to_lowercase()) || FOR_NOW.is_match(&plain(answer).join(" "))
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
