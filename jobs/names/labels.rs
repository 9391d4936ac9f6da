//! Normalizes speaker labels and names for comparison. Pure.
//!
//! A label is what a meeting tool shows: a name with pronouns, a company, a device, an emoji. Two normalizations are
//! used. The alias key keeps everything that could tell two people apart, since answers about it are remembered. The
//! forms strip what tools and people add, and are only compared with the names of known people.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use super::{
    badges,
    fold::{fold, words},
    parts, phone, several, titles,
};

/// One reading of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// The words of the name, folded.
    pub(crate) words: Vec<String>,
    /// What was removed to get there.
    pub(crate) without: Without,
}

/// What a form leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Without {
    /// Nothing that could tell two people apart.
    Nothing,
    /// `'s iPhone`: a device of that person.
    Device,
    /// Another part: a company, a handle, a second name.
    OtherPart,
    /// Words that put someone else at the microphone too, or instead: `Tom & Ann`, `Tom Becker (interpreter)`.
    OtherPerson,
}

/// The key under which an alias is remembered. Case, accents, punctuation, emoji, pronouns and badges don't matter;
/// everything else does, so that `Felix (Geth)` says nothing about `Felix (Besu)`. A phone number is the same however
/// its digits are grouped.
#[must_use]
pub fn alias_key(label: &str) -> String {
    phone::number(label).unwrap_or_else(|| words(&bare(label)).join(" "))
}

/// A label, folded, without its badges and pronouns.
fn bare(label: &str) -> String {
    without_pronouns(&badges::without(&fold(label)))
}

/// What a label says about a person's role in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// `Coach`, `Therapist`, `Doctor`.
    Coach,
    /// `Client`, `Patient`.
    Client,
}

/// The role that a label without a name claims.
pub(crate) fn claim(label: &str) -> Option<Claim> {
    let key = alias_key(label);
    let word = key.strip_prefix("the ").unwrap_or(&key).trim_end_matches(|c: char| c.is_numeric() || c == ' ');
    if parts::is_coach(word) {
        return Some(Claim::Coach);
    }
    if parts::is_client(word) {
        return Some(Claim::Client);
    }
    match word {
        "therapist" | "doctor" | "counselor" | "counsellor" | "mentor" | "therapeut" | "therapeutin" | "therapeute"
        | "terapeuta" => Some(Claim::Coach),
        "patient" | "customer" | "mentee" | "patientin" | "paciente" | "paziente" => Some(Claim::Client),
        _ => None,
    }
}

/// Whether a label puts someone else at the microphone although it has the words of the name (`Priya & Raman`). Not if
/// the name is written exactly like that (`Baker and Sons`).
pub(crate) fn holds_others(label: &str, name: &str) -> bool {
    let folded = |text: &str| fold(text).split_whitespace().collect::<Vec<_>>().join(" ");
    folded(label) != folded(name) && forms(label).iter().any(|form| form.without == Without::OtherPerson)
}

/// Whether a label puts several people at the microphone, or someone in another's place.
pub(crate) fn puts_several(label: &str) -> bool {
    forms(label).iter().any(|form| form.without == Without::OtherPerson)
}

/// Whether a name has a double part: "Jean-Luc", "Hartley-Moore".
pub(crate) fn is_hyphenated(name: &str) -> bool {
    static JOINED: LazyLock<Regex> = LazyLock::new(|| regex(r"\p{L}[-\u{2010}\u{2011}]\p{L}"));
    JOINED.is_match(name)
}

/// Whether a label is that of someone else than the person whom it names: "Tom Becker's assistant", "Tom Becker (Sohn)".
pub(crate) fn is_instead(label: &str) -> bool {
    let folded = titles::without(&EMAIL.replace_all(&bare(label), " "));
    // "Interpreter" names nobody.
    words(&folded).len() > 1 && several::is_instead(&folded)
}

/// Devices used to join meetings, in the coaching languages known here.
const DEVICES: &str = "i?phone|ipad|macbook|laptop|notebook|computer|tablet|galaxy|pixel|android|desktop|mobile|device|air ?pods|\
                       handy|smartphone|rechner|telefon|telefono|telefone|telephone|portable|ordinateur|cellulare|celular|movil|\
                       mobiel|chromebook";

/// Every reading of a label, most literal first; empty if nothing of a name is left.
pub(crate) fn forms(label: &str) -> Vec<Form> {
    static DEVICE: LazyLock<Regex> = LazyLock::new(|| {
        let whose = r"(?:(?:'s?)?\s+|の\s?)(?:[-–—]\s+)?(?:(?:apple|samsung|work|personal)\s+)?";
        regex(&format!(r"{whose}(?:{DEVICES})\b.*$|'s\s+(?:mac|pc|watch|surface)\b.*$"))
    });
    // `iPhone von Priya`, `L'iPad de Priya`, `iPhone d'Ana`, `iPad (Priya)`.
    static DEVICE_OF: LazyLock<Regex> = LazyLock::new(|| {
        let article = r"(?:l'|le |la |il |lo |el |o |das |mein |der )?";
        let of = r"(?:\s+(?:von|vom|de|di|da|do|del|della|of|van|af|av|for)\s+|\s+d'|\s+)";
        regex(&format!(
            r"^\s*{article}(?:(?:apple|samsung)\s+)?(?:{DEVICES})(?:\s+\d+)?{of}(\p{{Alphabetic}}[^\d(|/]*)$"
        ))
    });
    static PARENTHESES: LazyLock<Regex> = LazyLock::new(|| regex(r"[(\[{]([^)\]}]*)[)\]}]?"));
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| regex(r"\s*[|/•·–—]\s*|\s+-\s+|\s+@\s*|\s+(?:at|from|with)\s+"));

    let text = titles::without(&EMAIL.replace_all(&bare(label), " "));
    let text = DEVICE_OF.replace(&text, "$1's iphone").into_owned();
    let others = several::is(label, &text);
    let (text, device) = match DEVICE.find(&text) {
        Some(found) if found.start() > 0 => (text[..found.start()].to_owned(), true),
        _ => (text, false),
    };
    let inner: Vec<String> = PARENTHESES.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    let outer = PARENTHESES.replace_all(&text, " | ").into_owned();
    let parts = BETWEEN.split(&outer).chain(inner.iter().flat_map(|inner| BETWEEN.split(inner)));
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty() && !part.starts_with('@')).collect();
    let without = match (parts.len(), device) {
        _ if others => Without::OtherPerson,
        (0 | 1, false) if !outer.contains(" @") && !outer.trim_start().starts_with('@') => Without::Nothing,
        (0 | 1, true) => Without::Device,
        _ => Without::OtherPart,
    };
    let mut forms = Vec::new();
    for part in parts {
        let mut readings = orders(part);
        // `Priyas iPhone`: some tools drop the apostrophe.
        if device && let Some(mut owner) = readings.first().cloned() {
            if let Some(name) = owner.last_mut() {
                *name = name.strip_suffix('s').unwrap_or(name).to_owned();
            }
            readings.push(owner);
        }
        for words in readings {
            let form = Form { words, without };
            if !form.words.is_empty() && !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// The email addresses in a label, in lower case.
pub(crate) fn emails(label: &str) -> Vec<String> {
    let lower: String = label.nfkc().collect::<String>().to_lowercase();
    EMAIL.find_iter(&lower).map(|found| found.as_str().to_owned()).collect()
}

/// A transliteration to Latin letters, as in passports, so that `Иван` and `Ivan` can be compared. For Chinese
/// characters and the like it is only a rough guide.
pub(crate) fn latin(text: &str) -> String {
    // Punctuation that separates parts stays as it is written.
    text.chars()
        .map(|c| if c.is_alphabetic() { deunicode::deunicode_char(c).unwrap_or("").to_owned() } else { c.into() })
        .collect()
}

/// Words of a label marked as a handle: `@ritzdorf`, `dionysuz.eth`; folded, without the mark.
pub(crate) fn handles(label: &str) -> Vec<String> {
    static HANDLE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?:^|[\s(/|])@([a-z0-9_-]{3,})|(?:^|[\s(/|@])([a-z0-9_-]{3,})\.eth\b"));
    let text = fold(label);
    let found = HANDLE.captures_iter(&text).filter_map(|found| found.get(1).or_else(|| found.get(2)));
    found.map(|found| words(found.as_str()).concat()).collect()
}

/// The words of a person's name, folded, without titles.
pub(crate) fn name_words(name: &str) -> Vec<String> {
    without_titles(words(&titles::without(&fold(name))))
}

static EMAIL: LazyLock<Regex> = LazyLock::new(|| regex(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"));

/// A part as written and, if it has one comma, also with its sides swapped (`Raman, Priya`).
fn orders(part: &str) -> Vec<Vec<String>> {
    let sides: Vec<Vec<String>> = part.split(',').map(|side| without_titles(words(side))).collect();
    let sides: Vec<Vec<String>> = sides.into_iter().filter(|side| !side.is_empty()).collect();
    match sides.as_slice() {
        [] => Vec::new(),
        [only] => vec![only.clone()],
        [last, first] => vec![[first.as_slice(), last].concat()],
        _ => vec![sides.concat()],
    }
}

fn without_titles(mut words: Vec<String>) -> Vec<String> {
    const BEFORE: [&str; 14] =
        ["dr", "prof", "professor", "mr", "mrs", "ms", "miss", "mx", "sir", "frau", "herr", "coach", "rev", "dipl"];
    const AFTER: [&str; 14] =
        ["phd", "md", "mba", "msc", "bsc", "pcc", "acc", "mcc", "cpcc", "esq", "cpa", "icf", "ma", "pmp"];
    while words.len() > 1 && words.first().is_some_and(|word| BEFORE.contains(&word.as_str())) {
        words.remove(0);
    }
    while words.len() > 1 && words.last().is_some_and(|word| AFTER.contains(&word.as_str())) {
        words.pop();
    }
    // A title alone is not a name: a side of the comma with nothing else is dropped.
    if let [only] = words.as_slice()
        && (AFTER.contains(&only.as_str()) && only != "ma" && only != "acc")
    {
        words.clear();
    }
    words
}

fn without_pronouns(text: &str) -> String {
    static PRONOUNS: LazyLock<Regex> = LazyLock::new(|| {
        let one =
            "(?:she|her|hers|he|him|his|they|them|theirs|ze|hir|xe|xem|it|its|any|sie|ihr|er|ihm|ella|el|elle|lui)";
        regex(&format!(r"[(\[]\s*{one}(?:\s*[/,|]\s*{one})*\s*[)\]]|\s{one}(?:\s*/\s*{one})+(?:\s|$)"))
    });
    PRONOUNS.replace_all(text, " ").into_owned()
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

/// The text with a capital, as at the start of a sentence.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alias_keys_forget_looks_and_keep_differences() {
        let same = [
            ("Priya Raman", "PRIYA  RAMAN"),
            ("Zoë Müller", "zoe muller"),
            ("Łukasz Rozmej", "Lukasz Rozmej"),
            ("Priya (she/her)", "Priya"),
            ("Priya 🌸", "Priya"),
            ("Ｐｒｉｙａ", "Priya"),
            ("Boma’s iPhone", "Boma's iPhone"),
            ("Priya (Guest)", "Priya"),
            ("Priya Raman (ゲスト)", "Priya Raman（来宾）"),
        ];
        for (one, other) in same {
            assert_eq!(alias_key(one), alias_key(other), "{one} / {other}");
        }
        let different =
            [("Felix (Geth)", "Felix (Besu)"), ("Felix (Geth)", "Felix"), ("Tom's iPhone", "Tom"), ("राम", "रमा")];
        for (one, other) in different {
            assert_ne!(alias_key(one), alias_key(other), "{one} / {other}");
        }
    }

    #[test]
    fn labels_are_read_in_several_ways() {
        let cases: [(&str, &[&str], Without); 35] = [
            ("iPhone von Boma", &["boma"], Without::Device),
            ("iPhone de Boma", &["boma"], Without::Device),
            ("L’iPhone de Boma", &["boma"], Without::Device),
            ("iPad d’Ana", &["ana"], Without::Device),
            ("iPhone of Boma", &["boma"], Without::Device),
            ("iPhone van Boma", &["boma"], Without::Device),
            ("Bomas Handy", &["bomas", "boma"], Without::Device),
            ("Boma – iPhone", &["boma"], Without::Device),
            ("BomaのiPhone", &["boma"], Without::Device),
            ("iPhone von Tom Becker", &["tom becker"], Without::Device),
            ("Priya Raman", &["priya raman"], Without::Nothing),
            ("Raman, Priya", &["priya raman"], Without::Nothing),
            ("Dr. Priya Raman, PhD", &["priya raman"], Without::Nothing),
            ("Priya Raman (she/her)", &["priya raman"], Without::Nothing),
            ("Priya Raman she/her", &["priya raman"], Without::Nothing),
            ("priya.raman", &["priya raman"], Without::Nothing),
            ("Boma’s iPhone", &["boma"], Without::Device),
            ("Tom Becker's MacBook Pro (2)", &["tom becker"], Without::Device),
            ("James iPhone", &["james", "jame"], Without::Device),
            ("Priya & Raman", &["priya raman"], Without::OtherPerson),
            ("Priya Raman (Interpreter)", &["priya raman", "interpreter"], Without::OtherPerson),
            ("Pablo Deymo | Lambda", &["pablo deymo", "lambda"], Without::OtherPart),
            ("Chris - Base", &["chris", "base"], Without::OtherPart),
            ("Tom Becker (Guest)", &["tom becker"], Without::Nothing),
            ("Becker, Tom (Guest)", &["tom becker"], Without::Nothing),
            ("Tom Becker (Gäst) (he/him)", &["tom becker"], Without::Nothing),
            ("Tom Becker (Host, me)", &["tom becker"], Without::Nothing),
            ("Tom Becker External unfamiliar", &["tom becker"], Without::Nothing),
            ("Tom Becker - Guest", &["tom becker"], Without::Nothing),
            ("Mei Guest", &["mei guest"], Without::Nothing),
            ("Mei Guest (Guest)", &["mei guest"], Without::Nothing),
            ("@ritzdorf / Hubert Ritzdorf (EIP-8219)", &["hubert ritzdorf", "eip 8219"], Without::OtherPart),
            ("Felix (Geth)", &["felix", "geth"], Without::OtherPart),
            ("ivo Georgiev @ ambire", &["ivo georgiev", "ambire"], Without::OtherPart),
            ("Jean-Luc O’Brien", &["jean luc obrien"], Without::Nothing),
        ];
        for (label, words, without) in cases {
            let found = forms(label);
            let joined: Vec<String> = found.iter().map(|form| form.words.join(" ")).collect();
            assert_eq!(joined, words, "{label}");
            assert!(found.iter().all(|form| form.without == without), "{label}: {found:?}");
        }
        assert_eq!(emails("Priya (Priya@Raman.example)"), ["priya@raman.example"]);
    }
}
