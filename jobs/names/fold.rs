//! Normalizes text for comparison: ignores case, accents and letter variants. Pure.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower case, with compatibility forms unified (full width, ligatures), and accents removed from Latin, Greek and
/// Cyrillic letters. Marks of other scripts stay: there they are letters.
pub(crate) fn fold(text: &str) -> String {
    let decomposed = text.nfkd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).nfc().collect::<String>();
    let mut folded = String::with_capacity(decomposed.len());
    for c in decomposed.to_lowercase().chars() {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            '’' | '‘' | '`' | '´' | 'ʼ' => folded.push('\''),
            // The dot left over from lower-casing a Turkish İ.
            '\u{307}' => {}
            c => folded.push(c),
        }
    }
    folded
}

/// The runs of letters and digits. An apostrophe inside a word (`o'brien`) is dropped; between words it separates.
pub(crate) fn words(text: &str) -> Vec<String> {
    let joined: String = text.chars().filter(|c| *c != '\'').collect();
    let separates = |c: char| !c.is_alphanumeric() && !is_combining_mark(c);
    joined.split(separates).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
