//! An email address as people and programs put it into a cell: with a name, `mailto:`, quotes, and characters that nobody
//! sees. Pure.

use lettre::Address;

/// What a cell for an address holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing, or a word for it.
    Empty,
    /// An address, in lower case; whether others stand behind it.
    One(String, bool),
    /// Something that is no address.
    Bad,
}

/// Reads a cell.
pub(super) fn read(cell: &str) -> Cell {
    let cell = visible(cell);
    let cell = cell.trim();
    if cell.is_empty()
        || ["-", "--", "—", "n/a", "na", "none", "null", "keine", "aucun", "?", "x"]
            .contains(&cell.to_lowercase().as_str())
    {
        return Cell::Empty;
    }
    let mut found = Vec::new();
    for part in parts(cell) {
        if let Some(address) = address(part)
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    match found.first() {
        Some(first) => Cell::One(first.clone(), found.len() > 1),
        None => Cell::Bad,
    }
}

/// Without characters that are not seen; every blank is a space, wide forms are what they stand for.
pub(super) fn visible(text: &str) -> String {
    let seen = text.chars().filter_map(|c| match c {
        '\u{ad}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => None,
        c if c.is_whitespace() || c.is_control() => Some(' '),
        '\u{fffe}' | '\u{ffff}' => None,
        '＠' => Some('@'),
        '．' | '。' => Some('.'),
        c => Some(c),
    });
    seen.collect()
}

/// The addresses of one cell: Google writes ` ::: ` between them, people write what they like.
fn parts(cell: &str) -> Vec<&str> {
    let whole = cell.split(":::").flat_map(|part| part.split([';', ',', '|', '/']));
    whole
        .flat_map(|part| {
            let part = part.trim();
            // `Priya Raman <priya@client.example>` has blanks, `a@x.example b@y.example` is two.
            if part.contains('<') || part.matches('@').count() < 2 { vec![part] } else { part.split(' ').collect() }
        })
        .filter(|part| !part.is_empty())
        .collect()
}

fn address(part: &str) -> Option<String> {
    let inner = match (part.rfind('<'), part.rfind('>')) {
        (Some(open), Some(close)) if open < close => &part[open + 1..close],
        _ => part,
    };
    let quotes = |c: char| c.is_whitespace() || "\"'`´“”„‘’«»()[]{}<>.,;:".contains(c);
    let inner = inner.trim_matches(quotes);
    let bare = match inner.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => inner[7..].split('?').next().unwrap_or_default(),
        _ => inner,
    };
    // `Priya Raman priya@client.example`, `priya@client.example (work)`.
    let word = bare.split(' ').find(|word| word.contains('@')).unwrap_or(bare).trim_matches(quotes);
    let address = word.to_lowercase();
    let has_dot = address.rsplit('@').next().is_some_and(|domain| domain.contains('.'));
    (has_dot && address.parse::<Address>().is_ok()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_what_surrounds_it() {
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
            "MAILTO:priya@client.example?subject=Hello",
            "<mailto:priya@client.example>",
            "Priya Raman <priya@client.example>",
            "\"Raman, Priya\" <priya@client.example>",
            "<priya@client.example>",
            "'priya@client.example'",
            "“priya@client.example”",
            "priya@client.example.",
            "priya@client.example;",
            "priya@client.example,",
            "priya＠client．example",
            "priya@client.example (work)",
            "priya@cli\u{ad}ent.example",
        ] {
            assert_eq!(read(cell), Cell::One(priya.into(), false), "{cell:?}");
        }
        for cell in [
            "priya@client.example ::: p@second.example",
            "priya@client.example; p@second.example",
            "priya@client.example p@second.example",
            "priya@client.example / p@second.example",
        ] {
            assert_eq!(read(cell), Cell::One(priya.into(), true), "{cell:?}");
        }
        assert_eq!(read("priya@client.example, PRIYA@client.example"), Cell::One(priya.into(), false));
        for cell in ["", "  ", "\u{200b}", "-", "n/a", "None"] {
            assert_eq!(read(cell), Cell::Empty, "{cell:?}");
        }
        for cell in
            ["not an address", "priya@", "@client.example", "priya@client", "priya at client.example", "+46 70 000"]
        {
            assert_eq!(read(cell), Cell::Bad, "{cell:?}");
        }
    }
}
