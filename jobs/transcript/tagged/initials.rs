//! Initials that pages draw in a circle before a name: they aren't part of it.
//!
//! Pure.

/// The text of a page without the initials before names, if they occur more than once.
pub(super) fn without(text: String) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let bare = |at: usize| {
        let line = lines[at];
        let end = line.find(|letter: char| !letter.is_uppercase()).unwrap_or(line.len());
        let (initials, rest) = line.split_at(end);
        let (behind, own) = match rest.is_empty() {
            true => (lines.get(at + 1).copied().unwrap_or(""), false),
            false => (rest, true),
        };
        let name = behind.trim_start_matches([' ', '\t', '*']);
        let apart = !own || name.len() < behind.len();
        (apart && is_of(initials, name)).then_some(if own { rest.trim_start() } else { "" })
    };
    let found: Vec<Option<&str>> = (0..lines.len()).map(bare).collect();
    if found.iter().flatten().count() < 2 {
        return text;
    }
    lines.iter().zip(found).map(|(line, bare)| bare.unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Whether these letters are the initials of a name, of its first or of all words.
fn is_of(initials: &str, name: &str) -> bool {
    let count = initials.chars().count();
    let firsts =
        name.split([' ', '*', '\u{a0}']).filter(|word| !word.is_empty()).filter_map(|word| word.chars().next());
    let firsts: Vec<char> = firsts.take(4).collect();
    let longer = name.split_whitespace().next().is_some_and(|word| word.chars().count() > count);
    let letters: Vec<char> = initials.chars().collect();
    let first_and_last =
        letters.len() == 2 && firsts.len() > 2 && letters[0] == firsts[0] && firsts.contains(&letters[1]);
    (1..=3).contains(&count) && longer && (firsts.starts_with(&letters) || first_and_last)
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn initials_before_names_go() {
        let page =
            "D  **Dana Whitfield**  0:03\nso\nTB**Tom Becker** 0:09\nno\nD\nDana Whitfield\nA plan is due.\nOK.\n";
        let bare = "**Dana Whitfield**  0:03\nso\n**Tom Becker** 0:09\nno\n\nDana Whitfield\nA plan is due.\nOK.\n";
        assert_eq!(without(page.to_owned()), bare);
        let other = "I  Ida: so it is.\nTom: I am Tom.\n";
        assert_eq!(without(other.to_owned()), other);
    }
}
