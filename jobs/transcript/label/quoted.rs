//! Whether what follows a text is quoted: the words that announce it, or a quotation mark that stays open. A name before
//! a colon is that of somebody who is spoken of, then, and begins no turn.

/// Words for saying, thinking and writing, as they stand before a quotation. Lower case.
#[rustfmt::skip]
const SAYING: &[&str] = &[
    "said", "says", "say", "saying", "asked", "asks", "ask", "told", "tells", "replied", "replies", "answered", "answers", "wrote",
    "writes", "went", "goes", "like", "thought", "shouted", "whispered", "texted", "read", "reads",
    "sagte", "sagt", "sage", "sagen", "gesagt", "meinte", "meint", "fragte", "fragt", "gefragt", "antwortete", "antwortet", "schrieb",
    "schreibt", "geschrieben", "dachte", "rief",
    "dit", "disait", "demandé", "demande", "répondu", "répond", "écrit", "pensé", "raconté", "lance",
    "dijo", "dice", "decía", "dicho", "preguntó", "pregunta", "respondió", "responde", "contestó", "escribió", "pensé",
    "sa", "säger", "sade", "sagt", "frågade", "frågar", "svarade", "svarar", "skrev", "skriver", "tänkte",
    "detto", "disse", "diceva", "chiesto", "chiede", "rispose", "risposto", "risponde", "scrisse", "scritto",
    "disse", "diz", "dizia", "perguntou", "pergunta", "respondeu", "escreveu", "falou", "pensou",
    "zei", "zegt", "vroeg", "vraagt", "antwoordde", "schreef", "сказал", "сказала", "спросил", "спросила", "ответил", "ответила",
    "написал", "написала",
];
/// The same where words have no spaces.
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
/// A verb stands no further from the colon, in words: "she said to me:", "he asked me again:".
const NEAR: usize = 4;

/// Whether `text` announces what somebody said: its last clause has a verb of saying and ends in a colon, or in a quotation
/// mark that opens.
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

/// Whether a quotation mark opens in `text` and stays open.
pub(crate) fn stays_open(text: &str) -> bool {
    let straight = memchr::memchr_iter(b'"', text.as_bytes()).count() % 2 == 1;
    if straight || text.is_ascii() {
        return straight;
    }
    let count = |marks: &[char]| text.matches(marks).count();
    let pairs = [(&['«'][..], &['»'][..]), (&['「'], &['」']), (&['『'], &['』'])];
    // The German quotation closes with what opens an English one.
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
