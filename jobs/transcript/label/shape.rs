//! The form of the words before a colon, on their own line or next to a time: a name, something that may be a label, or
//! the beginning of a sentence.

use super::lexicon::{
    CLAUSE, CLAUSE_OF_HAN, END_OF_CLAUSE, GERMAN, JOINT, MATTER, NOTE, OPENING, PARTICLE, PERSON, PRONOUN, SECTION,
    SIDES, STRUCTURE, WordSet,
};
use crate::time;

/// With more letters or words than this, nothing is a label.
const LONGEST: usize = 200;
const WORDS: usize = 16;
/// The maximum number of letters and words in a name; Zoom's, with suffixes, may have more words.
const LONGEST_NAME: usize = 60;
const WORDS_OF_NAME: usize = 5;
const WORDS_WITH_SUFFIX: usize = 8;
/// This many lower-case words, without connectives, make a sentence.
const SMALL: usize = 3;
/// Caseless letters without a space: up to this many are a name, and beyond the second number a sentence.
const CASELESS_NAME: usize = 6;
const CASELESS: usize = 14;

/// The form of a candidate, most certain names first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// As people write names.
    Name,
    /// Has lower-case words: a handle, or a word of an ordinary sentence.
    Handle,
    /// Written neither like a name nor like the beginning of a sentence: "Anna at home", "Speaker?", ten words.
    Odd,
    /// Begins like a sentence.
    Sentence,
}

/// Whether `label` has the form of a label: it's short, has letters, and isn't a time, an address or a heading of
/// notes. A sentence may have it too.
pub(crate) fn has_form(label: &str) -> bool {
    if label.is_empty() || label.len() > 4 * LONGEST || label.chars().count() > LONGEST {
        return false;
    }
    // Unknown speakers: "?", "???".
    if label.bytes().all(|byte| byte == b'?') {
        return true;
    }
    // An unbalanced bracket isn't a name: "[RA: she is tired]".
    let half = |(open, close): &(char, char)| label.starts_with(*open) && !label.contains(*close);
    if [('[', ']'), ('(', ')'), ('{', '}'), ('（', '）'), ('【', '】')].iter().any(half) {
        return false;
    }
    // Some names are emoji.
    let picture = |letter: char| {
        letter >= '\u{2190}' && !letter.is_alphanumeric() && !('\u{3000}'..='\u{303f}').contains(&letter)
    };
    if label.chars().all(picture) && label.chars().nth(8).is_none() {
        return true;
    }
    // A caller without a name is a phone number; anything shorter without letters is a time or a number.
    let digits = label.bytes().filter(u8::is_ascii_digit).count();
    if !label.chars().any(char::is_alphabetic) && (digits < 7 || label.contains([':', '.', ','])) {
        return false;
    }
    label.split_whitespace().nth(WORDS).is_none()
        && !label.contains("://")
        && time::lenient(label).is_none()
        && !is_structure(label)
}

/// Whether `label` may be one, and doesn't look like a sentence.
pub(crate) fn may_be_label(label: &str) -> bool {
    has_form(label) && shape(label) < Shape::Sentence
}

/// Whether `label` is written as people write names.
pub(crate) fn reads_like_a_name(label: &str) -> bool {
    shape(label) == Shape::Name
}

/// Whether `label` is a word of a header, not a speaker; "Recorded with" is one.
pub(crate) fn is_structure(label: &str) -> bool {
    let short = || label.split_whitespace().nth(3).is_none();
    let joint =
        || label.rsplit_once(' ').is_some_and(|(_, last)| JOINT.contains(last.to_lowercase().as_str()) && short());
    is_one_of(&STRUCTURE, label) || joint()
}

/// Whether `label` describes a person without a name: "Client".
pub(crate) fn is_person(label: &str) -> bool {
    is_one_of(&PERSON, label)
}

/// Whether `label` introduces a transcriber's note: "Translation", "Note".
pub(crate) fn is_note(label: &str) -> bool {
    is_one_of(&NOTE, label)
}

/// Whether `label` is a heading of notes: "Next steps".
pub(crate) fn is_section(label: &str) -> bool {
    is_one_of(&SECTION, label)
}

fn is_one_of(words: &WordSet, label: &str) -> bool {
    let word = label.trim_matches(|letter: char| !letter.is_alphanumeric());
    // The longest has twenty-one letters.
    word.len() <= 24 && words.contains(word.to_lowercase().replace(' ', "_").as_str())
}

/// Whether `label` is a side of an interview, "Question", and not a name.
pub(crate) fn is_side(label: &str) -> bool {
    matches!(label, "Q" | "A" | "F") || label.len() <= 24 && SIDES.contains(label.to_lowercase().as_str())
}

/// A word of a label, and without surrounding punctuation.
struct Word<'a> {
    bare: &'a str,
    lower: String,
    small: bool,
}

/// The form of `label`, which must pass [`has_form`]. A remark in brackets doesn't turn a name into a sentence: "Tom
/// (by phone, the line is bad)".
pub(crate) fn shape(label: &str) -> Shape {
    let read = read(label);
    let opening = || label.strip_suffix([')', ']'])?.find(['(', '[']);
    match opening().map(|at| label[..at].trim()).filter(|head| read == Shape::Sentence && !head.is_empty()) {
        Some(head) => self::read(head).max(Shape::Odd),
        None => read,
    }
}

/// Whether `label` begins like a sentence, and not with a name, a number or a person.
pub(super) fn opens_a_sentence(label: &str) -> bool {
    let first = label.split_whitespace().next().unwrap_or("").replace('’', "'").to_lowercase();
    let first = first.trim_matches(|letter: char| !letter.is_alphanumeric());
    [&OPENING, &CLAUSE, &GERMAN, &MATTER].into_iter().any(|words| words.contains(first)) || is_clause_of_han(label)
}

/// The number that `label` is, as some tools name their speakers: "1", "#2", "12345".
pub(super) fn number(label: &str) -> Option<u64> {
    let bare = label.trim_start_matches(['#', '№']).trim();
    (bare.len() <= 9 && bare.bytes().all(|byte| byte.is_ascii_digit())).then(|| bare.parse().ok()).flatten()
}

fn read(label: &str) -> Shape {
    let words: Vec<Word<'_>> = label
        .split_whitespace()
        .map(|word| {
            let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric());
            Word { bare, lower: bare.replace('’', "'").to_lowercase(), small: bare.starts_with(char::is_lowercase) }
        })
        .collect();
    let named: Vec<&Word<'_>> = words.iter().filter(|word| !word.bare.is_empty()).collect();
    if reads_on(label, &named) || is_clause(&named) {
        return Shape::Sentence;
    }
    let caseless = longest_caseless(label);
    if caseless > CASELESS || (caseless > 2 && is_clause_of_han(label)) {
        return Shape::Sentence;
    }
    let joins = |word: &&&Word<'_>| OPENING.contains(word.lower.as_str()) || PERSON.contains(word.lower.as_str());
    let small: Vec<&&Word<'_>> =
        named.iter().filter(|word| word.small && !PARTICLE.contains(word.lower.as_str())).collect();
    let plain = small.iter().filter(|word| !joins(word)).count();
    if plain > SMALL {
        return Shape::Sentence;
    }
    let suffixed = label.contains(['|', '/', '(', '[', '-', '@']);
    let too_many = named.len() > if suffixed { WORDS_WITH_SUFFIX } else { WORDS_OF_NAME };
    let odd = label.contains(['?', '!', ';', '…', '"', '“', '”', '„', '«', '<', '>', ':']);
    let joined = small.iter().any(|word| OPENING.contains(word.lower.as_str()));
    if odd || joined || too_many || caseless > CASELESS_NAME || label.chars().count() > LONGEST_NAME {
        Shape::Odd
    } else if small.is_empty() {
        Shape::Name
    } else {
        Shape::Handle
    }
}

/// Whether a sentence ends within it and another begins: "Really? Well". A title ("Dr.") and an initial don't end one.
fn reads_on(label: &str, words: &[&Word<'_>]) -> bool {
    // A lost letter leaves a question mark within a word, or at the end of one: "Nguy?n Th? Lan".
    let lost = |(at, _): (usize, &str)| {
        label[..at].ends_with(char::is_alphabetic) && label[at + 1..].starts_with(char::is_alphabetic)
    };
    if label.match_indices('?').any(lost) {
        return false;
    }
    let ends = |word: &str| match word.trim_end_matches(['"', '”', '’', ')']) {
        word if word.ends_with(['?', '!', '…']) => true,
        word => word.ends_with('.') && word.chars().count() > 5 && !word[..word.len() - 1].contains('.'),
    };
    let mut parts = label.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).peekable();
    while let Some(word) = parts.next() {
        // "Mr. T! (guest)": what is in brackets isn't a sentence.
        if ends(word) && parts.peek().is_some_and(|next| !next.starts_with(['(', '[', '<', '|', '-'])) {
            return words.len() > 1;
        }
    }
    false
}

/// Whether its words are those of a sentence.
fn is_clause(words: &[&Word<'_>]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    let opening = |word: &Word<'_>| OPENING.contains(word.lower.as_str()) || CLAUSE.contains(word.lower.as_str());
    if rest.is_empty() {
        // One letter is an initial, and "Me" is the author.
        return first.bare.chars().nth(1).is_some() && opening(first) && !PRONOUN.contains(first.lower.as_str());
    }
    let clause = |word: &Word<'_>| {
        let lower = word.lower.as_str();
        word.small && CLAUSE.contains(lower) && !PARTICLE.contains(lower)
    };
    let matter = |word: &Word<'_>| MATTER.contains(word.lower.as_str());
    if rest.iter().any(|word| clause(word) || (word.small && matter(word))) || (matter(first) && words.len() <= 3) {
        return true;
    }
    if !opening(first) && !GERMAN.contains(first.lower.as_str()) {
        return false;
    }
    // "My husband", "The coach", "Second speaker 2".
    let last = rest.iter().rev().find(|word| word.bare.contains(char::is_alphabetic) && word.bare.len() > 1);
    if words.len() <= 3 && last.is_some_and(|word| PERSON.contains(word.lower.as_str())) {
        return false;
    }
    let capitals = |word: &&Word<'_>| !word.bare.contains(char::is_lowercase);
    if words.iter().all(capitals) {
        return false;
    }
    let small = |word: &&&Word<'_>| word.small && !PARTICLE.contains(word.lower.as_str());
    first.small || GERMAN.contains(first.lower.as_str()) || rest.iter().any(|word| small(&word))
}

/// The longest run of caseless letters, as in Han, Thai and Arabic.
fn longest_caseless(label: &str) -> usize {
    let (mut run, mut longest) = (0_usize, 0_usize);
    if label.is_ascii() {
        return 0;
    }
    for letter in label.chars() {
        let caseless = letter.is_alphabetic() && !letter.is_lowercase() && !letter.is_uppercase();
        run = if caseless { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn is_clause_of_han(label: &str) -> bool {
    label.contains(CLAUSE_OF_HAN) || (label.ends_with(END_OF_CLAUSE) && label.chars().count() > 4)
}

#[cfg(test)]
mod tests {
    use super::{Shape, has_form, shape};

    #[test]
    fn labels_as_people_write_them_are_no_sentences() {
        use Shape::{Handle, Name, Odd};
        for (label, wanted) in [
            ("Maya Okafor", Name),
            ("T", Name),
            ("I", Name),
            ("MAYA OKAFOR", Name),
            ("THE COACH", Name),
            ("María del Carmen de la Fuente", Odd),
            ("María del Carmen de la Fuente Ortega", Odd),
            ("Maya Okafor - Coach", Name),
            ("Tom Becker 🙂", Name),
            ("🐻", Name),
            ("Анна Каренина", Name),
            ("王芳", Name),
            ("田中太郎さん", Name),
            ("說話者 2", Name),
            ("محمد علي", Name),
            ("So Yeon Kim", Name),
            ("La Toya", Name),
            ("Speaker 2", Name),
            ("Me", Name),
            ("mum", Handle),
            ("nixo", Handle),
            ("my husband", Odd),
            ("The coach", Handle),
            ("Second speaker", Handle),
            ("Anna at home", Odd),
            ("Priya Raman and Tom Becker", Odd),
            ("Priya & Tom", Name),
            ("Anna; Tom", Odd),
            ("Mr. T!", Odd),
            ("Speaker?", Odd),
            ("???", Odd),
            ("Dr. Dana \"Dee\" Whitfield, PhD", Odd),
            ("Priya <priya@x.example>", Odd),
            ("Priya (10:30)", Odd),
            ("Tom Becker (via phone, bad line)", Odd),
            ("Caller 2 (who came in later on)", Odd),
            ("Nguy?n Th? Lan", Odd),
            ("Prof. Dr. Ana Lucia Maria Theresia von Habsburg und Lothringen zu Wien", Odd),
        ] {
            assert!(has_form(label), "{label}");
            assert_eq!(shape(label), wanted, "{label}");
        }
    }

    #[test]
    fn sentences_are_no_labels() {
        for label in [
            "So here's the thing",
            "And I told him",
            "Two things",
            "My answer",
            "Remember",
            "The point",
            "Really? Well",
            "On the integration question you raised",
            "What I would not do is this",
            "For the price I see two ways",
            "Die Sache",
            "Meine Antwort",
            "Ich sage dir eins",
            "Kurz gesagt",
            "Le problème",
            "La verdad",
            "Min fråga",
            "Tom said",
            "我想说的是",
            "大事なことは",
            "Friday",
            "Fun fact",
            "Plan B",
            "Step one",
            "Long story short",
            "Par exemple",
            "所以",
        ] {
            assert_eq!(shape(label), Shape::Sentence, "{label}");
        }
        for label in ["Date", "Next steps", "10:30 Meeting", "12", "https://example.org", ""] {
            assert!(!has_form(label), "{label}");
        }
    }
}
