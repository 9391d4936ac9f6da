//! Quotation marks in a table: a quoted field may contain line breaks (RFC 4180), and one that is never closed swallows
//! the lines that follow. Pure.

/// The first field of a record, from 0, that is opened by a quotation mark and not closed: the text ends within it, or
/// it spans lines and its closing mark is in the middle of other letters, as the opening mark of a later field would
/// be.
pub(super) fn unclosed(record: &str, delimiter: u8) -> Option<usize> {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum At {
        Begin,
        Plain,
        Quoted,
        /// After a mark: it closes the field, unless another follows.
        Closed,
        /// After blanks that follow the field.
        Behind,
    }
    let (mut at, mut field, mut over_lines) = (At::Begin, 0, false);
    for byte in record.bytes() {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, byte) => {
                over_lines |= byte == b'\n';
                At::Quoted
            }
            (At::Begin, b'"') => {
                over_lines = false;
                At::Quoted
            }
            (At::Closed, b'"') => At::Quoted,
            (_, byte) if byte == delimiter => {
                field += 1;
                At::Begin
            }
            // The record's end; lines before it are empty.
            (At::Begin, b'\n' | b'\r') if field == 0 => At::Begin,
            (_, b'\n' | b'\r') => return None,
            (At::Closed | At::Behind, b' ' | b'\t') => At::Behind,
            (At::Closed | At::Behind, _) if over_lines => return Some(field),
            _ => At::Plain,
        };
    }
    (at == At::Quoted).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::unclosed;

    #[test]
    fn a_mark_is_closed_where_a_delimiter_or_the_end_follows() {
        for (record, wanted) in [
            ("Ada,ada@client.example\n", None),
            ("\"Ada\nLovelace\",ada@client.example\n", None),
            ("Ada,\"12 High Street\nLondon\" ,\"said \"\"no\"\"\nand left\"", None),
            ("\n\n\"Ada\",x\n\"Bob", None),
            ("5\" pipe,x\n", None),
            ("\"a\"b,x\n", None),
            ("\"Bob,bob@client.example\nCy,cy@client.example\n", Some(0)),
            ("Bob,\"bob@client.example", Some(1)),
            ("Bob,\"note\nCy,\"cy@client.example\"\n", Some(1)),
            ("Bob,x,\"he said \"\"no\"\"", Some(2)),
        ] {
            assert_eq!(unclosed(record, b','), wanted, "{record:?}");
        }
    }
}
