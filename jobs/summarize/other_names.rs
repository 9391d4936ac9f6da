//! The names of a session's other clients, none of which a client reads: their words, and whether a text names one of them.
//! Two clients may share a part of their names. Pure.

use std::collections::BTreeSet;

use debrief_transcript::words::has_unspaced;

use super::input::SessionForClient;
use crate::{names, text};

/// The words of the other clients' names. "Maria" is no other's name for Maria, if it's a part of Anna-Maria's alone:
/// "Anna" tells her apart.
pub(super) fn of<'a>(others: impl Iterator<Item = &'a str>, client: &str, coach: &str) -> BTreeSet<String> {
    let own = text::name_words([names::short(client, coach)].into_iter());
    others
        .flat_map(|name| {
            let given = name.split_whitespace().next().unwrap_or(name);
            let double = own.len() == 1 && names::is_hyphenated(given);
            text::name_words([name].into_iter())
                .into_iter()
                .filter(|word| !(double && own.contains(word)))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether a text names one of the other clients. The client's own name is none, although a part of it may be: of
/// Anna-Maria Berg and Maria Berg, each reads her own.
pub(super) fn named(input: &SessionForClient, text: &str) -> bool {
    if input.other_names.is_empty() {
        return false;
    }
    let folded = |text: &str| -> Vec<String> { text::runs(text).iter().map(|word| text::fold(&word.normal)).collect() };
    let words = folded(text);
    // The longest first. One word alone is told apart by `of`.
    let own = [folded(&input.client), folded(input.client_short())];
    let own: Vec<&[String]> = own.iter().map(Vec::as_slice).filter(|name| name.len() > 1).collect();
    let mut at = 0;
    while at < words.len() {
        if let Some(name) = own.iter().find(|name| words[at..].starts_with(name)) {
            at += name.len();
        } else if is_name(&words[at], &input.other_names)
            // "Daniels" for "Daniel's": the normal form has no apostrophe.
            || words[at].strip_suffix('s').is_some_and(|name| input.other_names.contains(name))
        {
            return true;
        } else {
            at += 1;
        }
    }
    false
}

/// Whether a word is a name; in a script without spaces it may contain one.
pub(super) fn is_name(word: &str, names: &BTreeSet<String>) -> bool {
    names.contains(word)
        || (has_unspaced(word) && names.iter().any(|name| has_unspaced(name) && word.contains(name.as_str())))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::summarize::cases;

    #[test]
    fn clients_who_share_a_part_of_their_names_read_their_own() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/summarize/promises/transcript.txt");
        let mut input = cases::read(Path::new(path));
        let mut told = |client: &str, others: &[&str], text: &str| {
            input.client = client.into();
            input.other_names = of(others.iter().copied(), client, "Maya Okafor");
            named(&input, text)
        };
        let (double, single) = ("Anna-Maria Berg", "Maria Berg");
        for (client, other, text, names_other) in [
            (double, single, "Anna-Maria said: “I finished the guest list.”", false),
            (double, single, "Anna-Maria Berg finished the guest list.", false),
            (double, single, "Anna-Maria talked to Maria.", true),
            (double, single, "Maria said: “I will order the goose.”", true),
            (single, double, "Maria said: “I will order the goose.”", false),
            (single, double, "Maria Berg orders the goose.", false),
            (single, double, "Anna-Maria said: “I finished the guest list.”", true),
            (single, double, "Anna's list", true),
            ("Anna Berg", "Anna Holt", "Anna said so.", true),
            ("Priya Raman", "Tom Becker", "Tom's plan", true),
            ("Priya Raman", "Tom Becker", "Priya's plan", false),
        ] {
            assert_eq!(told(client, &[other], text), names_other, "for {client}: {text}");
        }
    }
}
