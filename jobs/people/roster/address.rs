//! An email address as people and programs write it: bare, `Name <a@b>`, `mailto:a@b`, and in a roster's cell several
//! of them. Pure.
//!
//! Anything extra makes it invalid: what is left when a mistyped address is trimmed may be someone else's.

use lettre::Address;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing, or a word for it.
    Empty,
    /// An address, in lower case; whether others follow.
    One(String, bool),
    /// Something that isn't an address.
    Bad,
}

pub(super) fn read(cell: &str) -> Cell {
    let cell = trimmed(cell);
    if cell.is_empty()
        || ["-", "--", "—", "n/a", "na", "none", "null", "keine", "aucun", "?", "x"]
            .contains(&cell.to_lowercase().as_str())
    {
        return Cell::Empty;
    }
    match one(cell) {
        Some(address) => Cell::One(address, false),
        None => several(cell),
    }
}

/// Several addresses in one cell: Google writes ` ::: ` between them, people write what they like. An invalid one makes
/// all of them doubtful: `anna/tom@client.example`.
fn several(cell: &str) -> Cell {
    let lists = [&[';', ',', '|', '/', '\n'][..], &[' ', ';', ',', '\n']];
    for between in lists {
        // `anna@client.example <tom@client.example>` is a name and an address that disagree.
        if between.contains(&' ') && cell.contains('<') {
            continue;
        }
        let parts = cell.split(":::").flat_map(|part| part.split(between));
        let parts: Vec<&str> = parts.map(trimmed).filter(|part| !part.is_empty()).collect();
        let Some(mut found) = parts.into_iter().map(one).collect::<Option<Vec<String>>>() else { continue };
        found.dedup();
        if let [first, others @ ..] = found.as_slice() {
            return Cell::One(first.clone(), !others.is_empty());
        }
    }
    Cell::Bad
}

/// The single address that makes up a text, in lower case.
pub(super) fn one(text: &str) -> Option<String> {
    let text = unquoted(trimmed(text));
    let (name, inner) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, inner)) => (name, trimmed(inner)),
        None => ("", text),
    };
    let bare = match inner.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &inner[7..],
        _ => inner,
    };
    let address = exact(bare)?;
    let is_name = |c: char| is_seen(c) && !c.is_control() && !"@<>;:|".contains(c);
    (name.chars().all(is_name) || exact(unquoted(trimmed(name))).as_ref() == Some(&address)).then_some(address)
}

/// An address and nothing else, in lower case. Characters that could belong to a list, a link or a header are excluded,
/// though email would allow some of them.
fn exact(text: &str) -> Option<String> {
    let address: String = text.chars().map(narrow).collect::<String>().to_lowercase();
    let (local, domain) = address.split_once('@')?;
    let is_word = |c: char| c.is_alphanumeric();
    let is_local = |part: &str| !part.is_empty() && part.chars().all(|c| is_word(c) || "!#$%&'*+-=^_~".contains(c));
    let is_label = |part: &str| {
        let is_inner = part.chars().all(|c| is_word(c) || c == '-' || is_mark(c));
        !part.is_empty() && is_inner && !part.starts_with('-') && !part.ends_with('-')
    };
    let is_good = local.chars().count() <= 64
        && local.split('.').all(is_local)
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && address.parse::<Address>().is_ok();
    is_good.then_some(address)
}

/// Vowel signs, as in domains in Indian scripts.
fn is_mark(c: char) -> bool {
    ('\u{900}'..='\u{dff}').contains(&c)
}

/// Maps full-width forms, as typed on Chinese and Japanese keyboards, to the usual letter.
fn narrow(c: char) -> char {
    match c {
        '。' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// Without blanks and invisible characters at the ends.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || !is_seen(c))
}

/// Without one pair of enclosing quotation marks.
fn unquoted(text: &str) -> &str {
    let pairs = [('"', '"'), ('\'', '\''), ('“', '”'), ('„', '“'), ('‘', '’'), ('«', '»')];
    let inner = pairs.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    inner.map_or(text, trimmed)
}

/// Whether a character is visible, or at least a blank.
pub(crate) fn is_seen(c: char) -> bool {
    !matches!(
        c,
        '\u{ad}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}'
    )
}

/// Without invisible characters; every blank is a space.
pub(super) fn visible(text: &str) -> String {
    let blank = |c: char| if c.is_whitespace() || c.is_control() { ' ' } else { c };
    text.chars().filter(|c| is_seen(*c)).map(blank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_what_programs_write_around_it() {
        let priya = "priya@client.example";
        for cell in [
            priya,
            "PRIYA@Client.Example",
            " priya@client.example ",
            "priya@client.example\u{a0}",
            "\u{200b}priya@client.example\u{200b}",
            "\u{feff}priya@client.example",
            "\u{202a}priya@client.example\u{202c}",
            "mailto:priya@client.example",
            "MAILTO:priya@client.example",
            "<mailto:priya@client.example>",
            "Priya Raman <priya@client.example>",
            "Raman, Priya <priya@client.example>",
            "\"Raman, Priya\" <priya@client.example>",
            "priya@client.example <priya@client.example>",
            "<priya@client.example>",
            "'priya@client.example'",
            "“priya@client.example”",
            "priya＠client．example",
            "priya@client.example\r\n",
        ] {
            assert_eq!(one(cell).as_deref(), Some(priya), "{cell:?}");
            assert_eq!(read(cell), Cell::One(priya.into(), false), "{cell:?}");
        }
        for address in ["o'brien+x@sub.client.example", "j.d_e-f@xn--bcher-kva.example", "zoë@bücher.example"] {
            assert_eq!(one(address).as_deref(), Some(address));
        }
        for cell in ["", "  ", "\u{200b}", "-", "n/a", "None"] {
            assert_eq!(read(cell), Cell::Empty, "{cell:?}");
        }
    }

    #[test]
    fn a_cell_may_hold_several_addresses() {
        let priya = "priya@client.example";
        for cell in [
            "priya@client.example ::: p@second.example",
            "priya@client.example; p@second.example",
            "priya@client.example p@second.example",
            "priya@client.example\np@second.example",
            "priya@client.example / p@second.example",
            "Priya Raman <priya@client.example>; P <p@second.example>",
        ] {
            assert_eq!(read(cell), Cell::One(priya.into(), true), "{cell:?}");
            assert_eq!(one(cell), None, "{cell:?}");
        }
        for cell in ["priya@client.example, PRIYA@client.example", "priya@client.example;", "priya@client.example,"] {
            assert_eq!(read(cell), Cell::One(priya.into(), false), "{cell:?}");
        }
    }

    #[test]
    fn a_mistyped_address_is_not_cut_to_somebody_elses() {
        for cell in [
            "not an address",
            "priya@",
            "@client.example",
            "priya@client",
            "priya at client.example",
            "+46 70 000",
            "jo ann@client.example",
            "a;b@client.example",
            "anna,tom@client.example",
            "anna|tom@client.example",
            "anna/tom@client.example",
            "anna(tom)@client.example",
            "anna[tom@client.example",
            "anna\"tom@client.example",
            "anna:tom@client.example",
            "anna\\tom@client.example",
            "anna\ttom@client.example",
            "anna\n<tom@client.example>",
            "anna@client.example <tom@client.example>",
            "<anna@client.example> <tom@client.example>",
            "mailto:tom@client.example?bcc=eve@client.example",
            "tom@client.example?bcc=x",
            "tom@client.example/x",
            "a@client.example\r\nBcc: x@client.example",
            "a@client.example; tom",
            "anna\u{a0}tom@client.example",
            "anna\u{200b}tom@client.example",
            "anna@cli\u{ad}ent.example",
            "anna\u{2028}tom@client.example",
            "tom@client..example",
            "tom@client.example.",
            ".tom@client.example",
            "tom.@client.example",
            "tom@cli_ent.example",
            "tom@-client.example",
            "tom@@client.example",
            "priya@client.example (work)",
        ] {
            assert_eq!(read(cell), Cell::Bad, "{cell:?}");
            assert_eq!(one(cell), None, "{cell:?}");
        }
    }
}
