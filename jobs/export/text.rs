//! Escapes text for spreadsheets, which treat a cell that starts like a formula as one. Pure.

/// `text` with an apostrophe before each line that a spreadsheet could treat as a formula: one that starts, after
/// blanks, with `=`, `+`, `-` or `@` (or their wide forms), or with a tab or a lone line break.
pub(super) fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    if text.starts_with(['\r', '\n']) {
        harmless.push('\'');
    }
    for line in text.split_inclusive(['\r', '\n']) {
        if line.starts_with('\t') || line.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
            harmless.push('\'');
        }
        harmless.push_str(line);
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_begins_like_a_formula_is_quoted_on_every_line() {
        for (text, wanted) in [
            ("=1+1", "'=1+1"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("  =1", "'  =1"),
            ("\t=1", "'\t=1"),
            ("\tplain", "'\tplain"),
            ("\r=1", "'\r'=1"),
            ("\nplain", "'\nplain"),
            ("yes\n=1\r\n @x", "yes\n'=1\r\n' @x"),
            ("a = b, c - d", "a = b, c - d"),
            ("", ""),
        ] {
            assert_eq!(harmless(text), wanted, "{text:?}");
        }
    }
}
