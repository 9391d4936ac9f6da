//! Whether cells are speakers' names, whatever their heading: a few names that take turns.
//!
//! Pure.

use std::collections::HashSet;

use super::label;

/// Fewer prove nothing.
const FEWEST: usize = 4;
/// The maximum length of a name, in bytes.
const LONGEST: usize = 60;
/// The maximum number of speakers in a talk whose names have no known heading.
const MOST: usize = 30;
/// Notes about utterances, which aren't names. Lower case.
const NOTES: &[&str] = &[
    "positive",
    "negative",
    "neutral",
    "mixed",
    "true",
    "false",
    "yes",
    "no",
    "high",
    "medium",
    "low",
    "final",
    "partial",
    "positiv",
    "negativ",
    "ja",
    "nein",
    "positif",
    "négatif",
    "neutre",
    "positivo",
    "negativo",
    "neutro",
    "question",
    "statement",
    "en",
    "de",
    "fr",
    "es",
    "sv",
    "it",
    "pt",
    "english",
    "german",
    "deutsch",
    "français",
    "español",
];

/// Whether these cells of a column, in order, are names that take turns.
pub(super) fn are_names<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let all: Vec<&str> = cells.map(str::trim).collect();
    let filled: Vec<&str> = all.iter().copied().filter(|cell| !cell.is_empty()).collect();
    if filled.len() < FEWEST || filled.len() * 10 < all.len() * 8 {
        return false;
    }
    let distinct: HashSet<&str> = filled.iter().copied().collect();
    let changes = filled.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let few = (2..=MOST).contains(&distinct.len()) && distinct.len() * 2 <= filled.len() && changes * 4 >= filled.len();
    let is_name = |cell: &&str| {
        cell.len() <= LONGEST
            && !cell.starts_with(char::is_lowercase)
            && cell.chars().any(char::is_alphabetic)
            && label::may_be_label(cell)
            && !label::is_note(cell)
            && !NOTES.contains(&cell.to_lowercase().as_str())
    };
    few && distinct.iter().all(is_name) && distinct.iter().any(|cell| label::reads_like_a_name(cell))
}

#[cfg(test)]
mod tests {
    use super::are_names;

    #[test]
    fn a_few_names_that_take_turns_are_speakers() {
        for (cells, wanted) in [
            (&["Dana Whitfield", "Tom Becker", "Dana Whitfield", "Tom Becker"][..], true),
            (&["田中", "ダナ", "田中", "ダナ", "田中"], true),
            (&["Ana", "Ana", "Ana", "Ana"], false),
            (&["Ana", "Tom", "Ida", "Per"], false),
            (&["Positive", "Neutral", "Positive", "Neutral"], false),
            (&["calm", "tense", "calm", "tense"], false),
            (&["1", "2", "1", "2"], false),
            (&["Where did we stop, and why?", "At the plan.", "Where did we stop, and why?", "At the plan."], false),
            (&["Ana", "", "", "Tom", "Ana", "Tom"], false),
        ] {
            assert_eq!(are_names(cells.iter().copied()), wanted, "{cells:?}");
        }
    }
}
