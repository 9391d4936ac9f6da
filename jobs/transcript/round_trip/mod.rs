//! Round trips: what is printed in a format is read back with the same labels, times and words, for any talk, in every
//! format that a person or a tool can write. And if files are concatenated or cut off in any way, nothing panics and no
//! word is lost.
//!
//! The printers are only for tests. The talks exclude what would mean something else in its position: a text that is a
//! single remark in brackets; a line that ends in a time, or begins like another speaker's.

mod captions;
mod documents;
mod json;
mod texts;

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};

use crate::{Format, label, parse};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    label: String,
    start_ms: i64,
    end_ms: i64,
    text: String,
}

/// A way to print a talk, and what can be read back.
struct Printer {
    format: Format,
    print: fn(&[Turn]) -> Vec<u8>,
    /// Times are multiples of this many milliseconds.
    unit: i64,
    ends: Ends,
}

/// Whether a format has end times.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Written,
    Unknown,
}

const PRINTERS: &[&[Printer]] = &[captions::PRINTERS, texts::PRINTERS, json::PRINTERS, documents::PRINTERS];

fn printers() -> impl Iterator<Item = &'static Printer> {
    PRINTERS.iter().copied().flatten()
}

/// Names as shown by tools.
const LABELS: &[&str] = &[
    "Maya Okafor",
    "Boma’s iPhone",
    "Pablo Deymo | Lambda",
    "Felix (Geth)",
    "Chris - Base",
    "Zoë Krüger 🙂",
    "O'Neil Sam",
    "Ana-Lúcia d'Ávila",
    "王芳",
    "محمد علي",
    "Анна Каренина",
    "Tom Berg & Ann",
    "Jürgen (he/him)",
    "Dr. Lee",
    "Speaker 2",
];

fn a_label() -> impl Strategy<Value = String> {
    let made = "[A-Z][a-z]{2,7} [A-Z][a-zé]{2,9}( \\([A-Z][a-z]{2,5}\\)| \\| [A-Z][a-z]{2,6}| 🎧)?";
    let other = "\\p{Lo}{2,4}|\\p{Lu}\\p{Ll}{1,6} \\p{Lu}\\p{Ll}{2,8}";
    prop_oneof![3 => prop::sample::select(LABELS).prop_map(str::to_owned), 2 => made, 1 => other]
        .prop_filter("a name, as names are written", |label| {
            label::may_be_label(label) && label::reads_like_a_name(label) && crate::account::words(label) > 0
        })
}

/// What occurs in the middle of a sentence, and would mean something elsewhere.
const WORDS: &[&str] = &[
    "R&D",
    "&amp;",
    "&lt;i&gt;",
    "5<6",
    "<b>",
    "</v>",
    "a:b",
    "note:",
    "10:30",
    "00:01:02",
    "1",
    "2024",
    "-->",
    "[so]",
    "(hm)",
    "\"quoted\"",
    "it's",
    "—",
    "...",
    "שלום",
    "مرحبا",
    "你好",
    "naïve",
    "🙂",
    "50%",
    "a|b",
    "#1",
    "5*3*2",
    "\\n",
    "<v",
    "&",
    "'",
    "null",
    "e\u{301}",
];

fn a_text() -> impl Strategy<Value = String> {
    let middle = prop_oneof![
        3 => "[a-z]{1,9}",
        2 => prop::sample::select(WORDS).prop_map(str::to_owned),
        1 => "\\p{L}{1,5}",
    ];
    ("[a-z]{2,8}", prop::collection::vec(middle, 0..9), "[a-z]{3,8}[.?!]").prop_map(|(first, middle, last)| {
        let mut words = vec![first];
        for word in middle {
            // Between Han or Thai letters nobody can tell whether there was a space.
            let cased = |letter: char| !letter.is_alphabetic() || letter.is_lowercase() || letter.is_uppercase();
            if words.last().is_some_and(|last| !last.ends_with(cased)) && !word.starts_with(cased) {
                words.push("so".to_owned());
            }
            words.push(word);
        }
        words.push(last);
        words.join(" ")
    })
}

/// A talk of two to four people who take turns, each at least twice.
fn a_talk() -> impl Strategy<Value = Vec<Turn>> {
    let people = prop::collection::btree_set(a_label(), 2..5).prop_map(|labels| labels.into_iter().collect::<Vec<_>>());
    let turn = (a_text(), 1_i64..9_000, 0_i64..4_000);
    (people.prop_shuffle(), prop::collection::vec(turn, 8..20)).prop_map(|(labels, turns)| {
        let mut clock = 0;
        let said = turns.into_iter().enumerate().map(|(at, (text, long, pause))| {
            let (start_ms, end_ms) = (clock + pause, clock + pause + long + 1_000);
            clock = end_ms;
            Turn { label: labels[at % labels.len()].clone(), start_ms, end_ms, text }
        });
        said.collect()
    })
}

/// The talk, with the precision of a format.
fn rounded(talk: &[Turn], unit: i64) -> Vec<Turn> {
    let round = |time: i64| time / unit * unit;
    let rounded = |said: &Turn| Turn { start_ms: round(said.start_ms), end_ms: round(said.end_ms), ..said.clone() };
    talk.iter().map(rounded).collect()
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// The same talks each time, so that only a code change makes it fail; `PROPTEST_CASES=2000` tries others, and more of
/// them.
fn cases(usual: u32) -> Config {
    match std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()) {
        Some(asked) => config(asked),
        None => Config { rng_seed: RngSeed::Fixed(20_261_128), ..config(usual) },
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn what_is_printed_is_read_as_it_was(talk in a_talk()) {
        for printer in printers() {
            let talk = rounded(&talk, printer.unit);
            let file = (printer.print)(&talk);
            let shown = || format!("{:?}:\n{}", printer.format, String::from_utf8_lossy(&file));
            let read = parse(&file).map_err(|refusal| TestCaseError::fail(format!("{refusal} {}", shown())))?;
            prop_assert!(read.account.balances(), "{:?} {}", read.account, shown());
            prop_assert_eq!(read.format, printer.format, "{}", shown());
            prop_assert!(!read.detected.reason.is_empty());
            let wanted: Vec<_> = talk
                .iter()
                .map(|said| {
                    let end = (printer.ends == Ends::Written).then_some(said.end_ms);
                    (Some(said.label.as_str()), Some(said.start_ms), end, said.text.as_str())
                })
                .collect();
            let seen: Vec<_> = read
                .utterances
                .iter()
                .map(|said| (said.label.as_deref(), said.start_ms, said.end_ms, said.text.as_str()))
                .collect();
            prop_assert_eq!(seen, wanted, "{}", shown());
        }
    }

    #[test]
    fn files_that_run_into_each_other_or_are_cut_lose_no_word(
        talk in a_talk(), one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(), until in any::<prop::sample::Index>(),
    ) {
        let all: Vec<&Printer> = printers().collect();
        let (one, other) = (one.get(&all), other.get(&all));
        let mut file = (one.print)(&rounded(&talk, one.unit));
        let cut = file[..until.index(file.len())].to_vec();
        let begun = file[from.index(file.len())..].to_vec();
        file.extend((other.print)(&rounded(&talk, other.unit)));
        for file in [file, cut, begun] {
            if let Ok(read) = parse(&file) {
                prop_assert!(read.account.balances(), "{:?}\n{}", read.account, String::from_utf8_lossy(&file));
            }
        }
    }

    /// A file is read the same in every width; only its bytes matter, not its name.
    #[test]
    fn a_file_reads_the_same_in_every_encoding(talk in a_talk(), which in any::<prop::sample::Index>()) {
        let texts: Vec<&Printer> = printers().filter(|printer| printer.format != Format::TeamsDocx).collect();
        let printer = which.get(&texts);
        let file = (printer.print)(&rounded(&talk, printer.unit));
        let text = String::from_utf8(file.clone()).expect("these are texts");
        let wide = |unit: fn(u16) -> [u8; 2]| "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect::<Vec<u8>>();
        let widest = "\u{feff}".chars().chain(text.chars()).flat_map(|letter| (letter as u32).to_be_bytes()).collect();
        let read = parse(&file).map(|read| read.utterances);
        for other in [wide(u16::to_le_bytes), wide(u16::to_be_bytes), widest, text.replace('\n', "\r\n").into_bytes()] {
            prop_assert_eq!(&parse(&other).map(|read| read.utterances), &read);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), text in "\\PC{0,200}") {
        for file in [bytes, text.into_bytes()] {
            if let Ok(read) = parse(&file) {
                prop_assert!(read.account.balances());
            }
        }
    }
}
