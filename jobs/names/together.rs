//! The people in one entry or label that names several: "Sam and Dana Whitfield", "Whitfield, Sam & Dana". Pure.
//!
//! A company ("Baker and Sons") or a double family name ("Ortega y Gasset") names no individuals.

use std::sync::LazyLock;

use regex::Regex;

use super::{fold, is_title, labels, nicknames};

/// Words after an "and" that aren't names.
const NOBODY: &str = "sons sohne son daughters partners partner co company team associates family familie kids children friends the \
                      die der guest guests assistant others more inc ltd gmbh staff";

/// The folded words of each person's name, with the family name if they share one; empty unless there are several.
pub(crate) fn members(name: &str) -> Vec<Vec<String>> {
    static JOINED: LazyLock<Regex> = LazyLock::new(|| regex(r"\s*[&+/]\s*|\s+(?:and|und|och|et)\s+"));
    static JOINED_BY_LETTERS: LazyLock<Regex> = LazyLock::new(|| regex(r"\s+(?:y|e|i|a|en|og|ve|ja)\s+"));

    let name = family_last(&fold(name));
    let split = |joined: &Regex| {
        let parts: Vec<Vec<String>> = joined.split(&name).map(labels::name_words).collect();
        if parts.len() > 1 { parts } else { Vec::new() }
    };
    let mut parts = split(&JOINED);
    if parts.is_empty() {
        // Short words that also have other meanings are between given names.
        parts = split(&JOINED_BY_LETTERS);
        parts.retain(|part| part.first().is_some_and(|word| nicknames::is_given(word)));
        if parts.len() < 2 {
            return Vec::new();
        }
    }
    let is_person = |part: &Vec<String>| {
        let first = part.first().map_or("", String::as_str);
        part.len() <= 4
            && first.chars().count() > 1
            && part.iter().all(|word| word.chars().all(char::is_alphabetic))
            && !is_title(first)
            && !NOBODY.split_whitespace().any(|nobody| part.iter().any(|word| word == nobody))
    };
    if !parts.iter().all(is_person) {
        return Vec::new();
    }
    let family: Vec<String> = parts.last().map_or(&[][..], |last| &last[1..]).to_vec();
    for part in parts.iter_mut().filter(|part| part.len() == 1) {
        part.extend(family.iter().cloned());
    }
    parts
}

/// `whitfield, sam & dana` in the usual order. A comma may also separate people.
fn family_last(name: &str) -> String {
    match name.split_once(',') {
        Some((family, rest)) if !rest.contains(',') && family.split_whitespace().count() == 1 => {
            let rest = rest.trim();
            if rest.rsplit(' ').nth(1).is_some_and(|word| word.chars().all(char::is_alphabetic) && word.len() > 3) {
                // `anna, ben and cara lee`: the last has a family name.
                return format!("{family} & {rest}");
            }
            format!("{rest} {family}")
        }
        _ => name.replace(',', " & "),
    }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Vec<String> {
        members(name).into_iter().map(|words| words.join(" ")).collect()
    }

    #[test]
    fn the_people_of_one_entry_are_told_apart() {
        for (name, wanted) in [
            ("Sam and Dana Whitfield", ["sam whitfield", "dana whitfield"]),
            ("Sam & Dana Whitfield", ["sam whitfield", "dana whitfield"]),
            ("Whitfield, Sam & Dana", ["sam whitfield", "dana whitfield"]),
            ("Jürgen und Anke Weiß", ["jurgen weiss", "anke weiss"]),
            ("Sam Whitfield and Dana Okoro", ["sam whitfield", "dana okoro"]),
            ("Ana y Luis Ortega", ["ana ortega", "luis ortega"]),
            ("Sam / Dana", ["sam", "dana"]),
        ] {
            assert_eq!(read(name), wanted, "{name}");
        }
        assert_eq!(read("Anna, Ben and Cara Lee"), ["anna lee", "ben lee", "cara lee"]);
        for name in
            ["Baker and Sons", "José Ortega y Gasset", "The Whitfields", "Mr and Mrs Whitfield", "Dana Whitfield"]
        {
            assert!(members(name).is_empty(), "{name}: {:?}", members(name));
        }
    }
}
