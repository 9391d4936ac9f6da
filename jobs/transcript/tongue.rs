//! The language of a few words, by the most common ones and by the script. A guess that is good enough to notice that a
//! talk is duplicated in translation.
//!
//! Pure.

/// The most common words of each language that are rare in the others. Lower case.
#[rustfmt::skip]
const SMALL: [(&str, &[&str]); 8] = [
    ("en", &["the", "on", "at", "me", "your", "be", "in", "and", "you", "that", "it", "was", "what", "have", "with", "this", "is", "of", "to", "how", "then", "my", "i", "for", "not", "so", "do", "we", "are", "but", "will"]),
    ("de", &["und", "ich", "nicht", "das", "ist", "sie", "dass", "auch", "wenn", "aber", "noch", "habe", "mich", "wie", "war", "die", "der", "dann", "wir", "du", "ein", "eine", "es", "mit", "für", "was", "als", "am", "an", "im", "zu", "auf", "dich", "dir", "mir", "den", "dem", "kein"]),
    ("fr", &["je", "est", "pas", "les", "des", "une", "vous", "ça", "mais", "avec", "dans", "sur", "et", "ce", "qu", "ai", "suis", "mon", "c", "j", "le", "alors", "comment", "il"]),
    ("es", &["que", "el", "los", "las", "y", "pero", "muy", "con", "yo", "está", "estoy", "porque", "cómo", "qué", "lo", "mi", "del", "es", "fue", "una", "entonces", "la"]),
    ("it", &["che", "non", "è", "di", "il", "per", "sono", "anche", "ho", "ma", "questo", "gli", "della", "perché", "come", "ti", "cosa", "è", "e", "una", "allora"]),
    ("pt", &["não", "eu", "você", "uma", "um", "mas", "com", "muito", "os", "isso", "estou", "também", "meu", "minha", "ele", "foi", "do", "da", "é", "então", "o"]),
    ("sv", &["och", "jag", "inte", "det", "är", "att", "var", "har", "som", "på", "för", "hur", "men", "vi", "med", "den", "du", "sedan", "så", "mig", "ett"]),
    ("nl", &["ik", "het", "een", "niet", "dat", "je", "van", "maar", "ook", "heb", "mijn", "zijn", "wel", "naar", "voor", "nog", "wat", "hoe", "op", "en", "dan", "was"]),
];

/// The language of a text, if its words or letters reveal it.
pub(super) fn of(text: &str) -> Option<&'static str> {
    if let Some(script) = script(text) {
        return Some(script);
    }
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(60)
        .map(str::to_lowercase)
        .collect();
    let mut counts =
        SMALL.map(|(name, small)| (words.iter().filter(|word| small.contains(&word.as_str())).count(), name));
    counts.sort_unstable_by(|one, other| other.cmp(one));
    (counts[0].0 > counts[1].0).then_some(counts[0].1)
}

/// The script of most letters, if it belongs to one language, or a few related ones.
fn script(text: &str) -> Option<&'static str> {
    let of = |letter: char| match letter {
        '\u{400}'..='\u{52f}' => Some("cyrillic"),
        '\u{370}'..='\u{3ff}' => Some("greek"),
        '\u{590}'..='\u{5ff}' => Some("hebrew"),
        '\u{600}'..='\u{6ff}' => Some("arabic"),
        '\u{900}'..='\u{97f}' => Some("hindi"),
        '\u{e00}'..='\u{e7f}' => Some("thai"),
        '\u{3040}'..='\u{30ff}' => Some("japanese"),
        '\u{ac00}'..='\u{d7af}' => Some("korean"),
        '\u{4e00}'..='\u{9fff}' => Some("han"),
        _ => None,
    };
    let letters = || text.chars().filter(|letter| letter.is_alphabetic()).take(200);
    let others = letters().filter_map(of);
    let count = others.clone().count();
    if count == 0 || count * 2 < letters().count() {
        return None;
    }
    // Han also occurs in Japanese.
    let all: Vec<&str> = others.collect();
    if all.contains(&"japanese") { Some("japanese") } else { all.first().copied() }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_few_words_tell_the_language() {
        for (text, wanted) in [
            ("How was the week for you?", Some("en")),
            ("Wie war die Woche für dich?", Some("de")),
            ("Comment était la semaine pour vous ?", Some("fr")),
            ("¿Y qué pasó con el trabajo?", Some("es")),
            ("Che cosa è successo?", Some("it")),
            ("Não sei, mas eu vou.", Some("pt")),
            ("Hur var det för dig?", Some("sv")),
            ("Как прошла неделя?", Some("cyrillic")),
            ("今週はいかがでしたか。", Some("japanese")),
            ("这一周过得怎么样？", Some("han")),
            ("Okay, Berlin.", None),
        ] {
            assert_eq!(of(text), wanted, "{text}");
        }
    }
}
