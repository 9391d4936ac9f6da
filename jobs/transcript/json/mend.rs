//! Repairs what tools write although JSON doesn't allow it. Pure.

/// Tools write numbers and characters that JSON doesn't have: `NaN` (the scores of `WhisperX`) and lone surrogates
/// (texts cut by length). Returns the same text, with the same number of bytes, made valid; `None` if there is nothing
/// to repair.
pub(super) fn mended(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let (mut at, mut inside, mut changed) = (0, false, false);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => inside = !inside,
            b'\\' if inside => {
                let unit = |at: usize| surrogate(bytes.get(at..at + 6)?);
                match (unit(at), unit(at + 6)) {
                    (Some(Half::High), Some(Half::Low)) => at += 11,
                    (Some(_), _) => {
                        bytes[at..at + 6].copy_from_slice(b"\\ufffd");
                        changed = true;
                        at += 5;
                    }
                    (None, _) => at += 1,
                }
            }
            _ if !inside => {
                for word in ["-Infinity", "Infinity", "NaN"] {
                    if bytes[at..].starts_with(word.as_bytes()) {
                        bytes[at..at + word.len()].fill(b' ');
                        bytes[at] = b'0';
                        changed = true;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    changed.then(|| String::from_utf8(bytes).ok()).flatten()
}

enum Half {
    High,
    Low,
}

fn surrogate(escape: &[u8]) -> Option<Half> {
    let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tree::Tree, mended};

    #[test]
    fn what_tools_write_and_json_has_not_is_mended_in_place() {
        let text = r#"{"score": NaN, "low": -Infinity, "a": "NaN \ud83d\ude00 \ud83d \" \\ud83d"}"#;
        let mended = mended(text).expect("there is something to mend");
        assert_eq!(mended, r#"{"score": 0  , "low": 0        , "a": "NaN \ud83d\ude00 \ufffd \" \\ud83d"}"#);
        assert!(super::mended(&mended).is_none());
        assert!(Tree::parse(&mended).is_ok());
    }
}
