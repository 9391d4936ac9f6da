//! Whether what follows a text is quoted: by words that introduce it, or by a quotation mark that is still open. A name
//! before a colon then belongs to someone who is talked about, and begins no turn.

/// Verbs of saying, thinking and writing, as they precede a quotation. Lower case.
#[rustfmt::skip]
const SAYING: &[&str] = &[
    "said", "says", "say", "saying", "asked", "asks", "ask", "told", "tells", "replied", "replies", "answered", "answers", "wrote",
    "writes", "went", "goes", "going", "like", "thought", "thinking", "shouted", "yelled", "screamed", "whispered", "texted", "read",
    "reads", "added", "explained", "insisted", "mentioned", "snapped", "muttered", "announced", "called", "messaged", "emailed",
    "quote", "words",
    "sagte", "sagt", "sage", "sagen", "gesagt", "meinte", "meint", "fragte", "fragt", "gefragt", "antwortete", "antwortet", "schrieb",
    "schreibt", "geschrieben", "dachte", "rief", "schrie", "flüsterte", "erwiderte", "entgegnete", "erklärte", "so", "gemeint", "gerufen", "geantwortet", "wörtlich",
    "dit", "disait", "demandé", "demande", "répondu", "répond", "écrit", "pensé", "raconté", "lance", "fait", "crie",
    "crié", "réplique", "répliqué", "ajoute", "ajouté", "écrivait",
    "dijo", "dice", "decía", "dicho", "preguntó", "pregunta", "respondió", "responde", "contestó", "escribió", "pensé", "digo",
    "gritó", "contesta", "añadió", "suelta", "soltó", "comentó",
    "sa", "säger", "sade", "sagt", "frågade", "frågar", "svarade", "svarar", "skrev", "skriver", "tänkte", "ba", "undrade", "ropade",
    "viskade", "sagt",
    "detto", "disse", "diceva", "chiesto", "chiede", "rispose", "risposto", "risponde", "scrisse", "scritto", "fa", "dico", "urlò",
    "gridò", "aggiunse", "raccontò",
    "disse", "diz", "dizia", "perguntou", "pergunta", "respondeu", "escreveu", "falou", "pensou", "gritou", "falei",
    "falava", "respondi",
    "zei", "zegt", "vroeg", "vraagt", "antwoordde", "schreef", "сказал", "сказала", "спросил", "спросила", "ответил", "ответила",
    "написал", "написала", "говорит", "говорил", "говорила", "крикнул", "крикнула",
    "powiedział", "powiedziała", "mówi", "zapytał", "zapytała", "sagde", "siger", "spurgte", "svarede", "sier", "spurte", "svarte",
    "sanoi", "kysyi", "dedi", "sordu", "řekl", "řekla", "قال", "قالت", "אמר", "אמרה",
];
/// The same for languages without spaces.
const SAYING_OF_HAN: &[&str] = &[
    "说",
    "說",
    "问",
    "問",
    "道",
    "回答",
    "言った",
    "言いました",
    "言って",
    "尋ねた",
    "答えた",
    "書いた",
    "말했다",
    "말했어요",
];
/// The maximum distance of a verb from the colon, in words: "she said to me:", "he asked me again:".
const NEAR: usize = 4;

/// Whether `text` introduces what somebody said: its last clause has a verb of saying and ends in a colon, or in an
/// opening quotation mark.
#[must_use]
pub fn announces(text: &str) -> bool {
    let text = text.trim_end();
    let open = text.ends_with(['„', '“', '«', '「', '『', '"'])
        && !text.trim_end_matches(['„', '“', '«', '「', '『', '"']).ends_with(['.', '?', '!', '。']);
    let Some(clause) = text.strip_suffix([':', '：']).or(if open { Some(text) } else { None }) else { return false };
    let clause = clause.rsplit(['.', '?', '!', '。', '？', '！']).next().unwrap_or(clause);
    let words: Vec<String> = clause
        .split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '\'' | '’')))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let near = words.len().saturating_sub(NEAR);
    let verb = words[near..].iter().any(|word| SAYING.contains(&word.as_str()));
    verb || SAYING_OF_HAN.iter().any(|verb| clause.trim_end_matches(['，', '、', ',', ' ']).ends_with(verb))
}

/// Whether `text` ends with a comma that introduces what somebody said: "and she goes,". The verb is right before it,
/// since commas within sentences are common.
pub(crate) fn leads_in(text: &str) -> bool {
    let Some(clause) = text.trim_end().strip_suffix([',', '，']) else { return false };
    let last = clause.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or("").to_lowercase();
    // These also end sentences.
    let vague = ["so", "read", "fa", "fait", "words", "like", "ba", "called"].contains(&last.as_str());
    !vague && SAYING.contains(&last.as_str()) || clause.to_lowercase().ends_with("was like")
}

/// Whether a quotation mark opens in `text` and isn't closed.
pub(crate) fn stays_open(text: &str) -> bool {
    let straight = memchr::memchr_iter(b'"', text.as_bytes()).count() % 2 == 1;
    if straight || text.is_ascii() {
        return straight;
    }
    let count = |marks: &[char]| text.matches(marks).count();
    let pairs = [(&['«'][..], &['»'][..]), (&['「'], &['」']), (&['『'], &['』'])];
    // German quotations are closed by the mark that opens English ones.
    let curly =
        if text.contains('„') { count(&['„']) > count(&['“', '”']) } else { count(&['“']) > count(&['”']) };
    curly || pairs.iter().any(|(open, close)| count(open) > count(close))
}

#[cfg(test)]
mod tests {
    use super::{announces, stays_open};

    #[test]
    fn what_announces_a_quotation_is_known_in_every_language() {
        for text in [
            "She said:",
            "and then he goes to me:",
            "My boss was like:",
            "Sie sagte zu mir:",
            "Er hat mich gefragt:",
            "Elle m'a dit :",
            "Ella me dijo:",
            "Lei mi ha detto:",
            "Ela disse-me:",
            "Hon sa till mig:",
            "她说：",
            "上司は言いました：",
            "She said, \"",
        ] {
            assert!(announces(text), "{text}");
        }
        for text in [
            "I see three things:",
            "She said so.",
            "Priya:",
            "It was said before. Here is the list:",
            "He said \"no.\"",
            "",
        ] {
            assert!(!announces(text), "{text}");
        }
        assert!(
            stays_open("She said, “you are late") && stays_open("\"Tom") && !stays_open("“so” and „so“ and \"so\"")
        );
    }
}
