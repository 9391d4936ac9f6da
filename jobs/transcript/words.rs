//! Words as people count them, in any script. The only place where words are counted for a figure or a threshold.
//!
//! If a script separates words with spaces, a word is what is between spaces. Chinese, Japanese, Thai, Lao, Khmer and
//! Burmese are written without them: for these we use the Unicode rule (UAX #29) with ICU's dictionaries, as the rule
//! alone makes nearly every letter a word. Tibetan has a mark after each syllable, which the rule knows.
//!
//! Pure. What is compared or accounted for (quotes, the words of a file) is counted differently, in its own place.

use std::sync::LazyLock;

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

/// The number of words in a text.
#[must_use]
pub fn count(text: &str) -> usize {
    if text.is_ascii() {
        return text.split_ascii_whitespace().count();
    }
    text.split_whitespace().map(|piece| if has_unspaced(piece) { segments(piece).count() } else { 1 }).sum()
}

/// The words of a text, including adjacent punctuation if words are separated by spaces, excluding it if they aren't.
pub fn of(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().flat_map(|piece| {
        let whole = (!has_unspaced(piece)).then_some(piece);
        let parts = whole.is_none().then(|| segments(piece));
        whole.into_iter().chain(parts.into_iter().flatten())
    })
}

/// The length of a text in characters, where a letter of a script without spaces counts as three: it says as much, and
/// takes a model as much to read.
#[must_use]
pub fn length(text: &str) -> usize {
    text.chars().map(|letter| if is_unspaced(letter) { 3 } else { 1 }).sum()
}

/// Whether a letter belongs to a script that is written without spaces between words.
#[must_use]
pub const fn is_unspaced(letter: char) -> bool {
    // A quick check that rules out most letters.
    letter >= '\u{e00}'
        && matches!(letter,
            // Thai, Lao, Tibetan, Burmese, Khmer, New Tai Lue, Tai Tham.
            '\u{e00}'..='\u{eff}' | '\u{f00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{1950}'..='\u{19ff}' | '\u{1a20}'..='\u{1aaf}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}'
            // Han and kana, half- and full-width.
            | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}'
            | '\u{3038}'..='\u{303c}' | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{1b000}'..='\u{1b16f}'
            | '\u{20000}'..='\u{3ffff}')
}

/// Whether a text contains a letter of such a script.
#[must_use]
pub fn has_unspaced(text: &str) -> bool {
    // Lower code points begin with a lower byte in UTF-8.
    text.bytes().any(|byte| byte >= 0xe0) && text.chars().any(is_unspaced)
}

/// The words of a text, by dictionary for scripts without spaces; without whitespace and punctuation.
pub fn segments(text: &str) -> impl Iterator<Item = &str> {
    let mut breaks = SEGMENTER.segment_str(text);
    let mut from = breaks.next().unwrap_or(0);
    std::iter::from_fn(move || {
        loop {
            let to = breaks.next()?;
            let piece = &text[std::mem::replace(&mut from, to)..to];
            if breaks.is_word_like() {
                return Some(piece);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{count, of};

    #[test]
    fn words_between_spaces_are_counted_as_ever() {
        for text in ["I'll send the well-known draft by 5.30, e.g. on Friday — or not …", "Zoë, c’est ça ?", "", " \n"]
        {
            assert_eq!(count(text), text.split_whitespace().count(), "{text}");
            assert!(of(text).eq(text.split_whitespace()), "{text}");
        }
        for (text, words) in
            [("Мы договорились в пятницу.", 4), ("우리는 금요일에 만났어요.", 3), ("أرسلت الرسالة أمس", 3)]
        {
            assert_eq!(count(text), words, "{text}");
        }
    }

    #[test]
    fn words_without_spaces_are_those_of_the_dictionary() {
        for (text, words) in [
            (
                "我们今天想谈谈你上周答应的事情，你和你的经理谈过了吗？",
                "我们|今天|想|谈|谈|你|上周|答应|的|事情|你|和|你的|经理|谈|过|了|吗",
            ),
            ("来週の金曜日までにメールを送ります。", "来週|の|金曜日|まで|に|メール|を|送り|ます"),
            ("ฉันจะส่งอีเมลวันศุกร์ ได้ไหม", "ฉัน|จะ|ส่ง|อีเมล|วัน|ศุกร์|ได้|ไหม"),
            ("ខ្ញុំនឹងផ្ញើអ៊ីមែល។", "ខ្ញុំ|នឹង|ផ្ញើ|អ៊ីមែល"),
            ("iPhone手机，50元 and so on.", "iPhone|手机|50|元|and|so|on."),
            ("，。", "，。"),
        ] {
            assert_eq!(of(text).collect::<Vec<_>>().join("|"), words, "{text}");
            assert_eq!(count(text), words.split('|').count(), "{text}");
        }
    }
}
