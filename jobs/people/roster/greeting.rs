//! How a roster says that somebody is addressed.

use super::tidy;
use crate::names;

/// Whether a greeting names somebody, and is no sentence, address or link: it stands in letters as it is.
fn is_name(called: &str) -> bool {
    const MOST_WORDS: usize = 8;
    let bare = |word: &str| names::alias_key(word.trim_end_matches('.'));
    let is_title =
        |word: &str| word.ends_with('.') && (names::is_title(&bare(word)) || bare(word).chars().count() <= 2);
    let ends_sentence = |word: &str| word.ends_with(['.', ':', '!', '?', ';']) && !is_title(word);
    let words = || called.split_whitespace();
    words().count() <= MOST_WORDS
        && !called.contains(['@', '/', '\\', '<', '>'])
        && !words().any(ends_sentence)
        && !words().any(|word| word.trim_end_matches('.').contains('.') && !word.contains(".-") && word.len() > 6)
}

/// How somebody is addressed: the name in `Dear Priya,`; `Frau Meier` for `Frau` and the family's name.
pub(crate) fn greeting(cell: &str, family: &str) -> Option<String> {
    const OPENINGS: [&str; 24] = [
        "hello",
        "hi",
        "dear",
        "hey",
        "hallo",
        "liebe",
        "lieber",
        "sehr geehrte",
        "sehr geehrter",
        "guten tag",
        "bonjour",
        "cher",
        "chère",
        "hola",
        "querida",
        "querido",
        "estimada",
        "estimado",
        "ciao",
        "cara",
        "caro",
        "hej",
        "kära",
        "beste",
    ];
    const COURTESY: [&str; 17] = [
        "herr", "frau", "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "mme", "m", "mlle", "sr", "sra", "herrn", "dhr",
        "mevr",
    ];
    let mut called = tidy(cell);
    for opening in OPENINGS {
        let rest = called
            .get(..opening.len())
            .filter(|begin| begin.to_lowercase() == opening)
            .map(|_| &called[opening.len()..]);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
            called = rest.trim().to_owned();
        }
    }
    let called = called.trim_matches([',', '!', ' ', '"']);
    if !is_name(called) {
        return None;
    }
    let is_courtesy = COURTESY.contains(&called.trim_end_matches('.').to_lowercase().as_str());
    match (is_courtesy, family.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("{called} {family}")),
        (false, _) => Some(called.to_owned()).filter(|called| !called.is_empty() && called.chars().count() <= 100),
    }
}
