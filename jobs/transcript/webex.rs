//! Webex: the speaker is in the cue's id, `5 "Andreas B" (941395968)`.

/// The speaker that a cue id names.
pub(super) fn speaker(id: &str) -> Option<&str> {
    let (number, rest) = id.trim().split_once(' ')?;
    let named = rest.trim_start().strip_prefix('"')?;
    let (name, account) = named.rsplit_once('"')?;
    let account = account.trim();
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let ends_well = account.is_empty() || (account.starts_with('(') && account.ends_with(')'));
    (numbered && ends_well && !name.trim().is_empty()).then(|| name.trim())
}

#[cfg(test)]
mod tests {
    use super::speaker;

    #[test]
    fn a_cue_id_names_its_speaker() {
        for (id, wanted) in [
            (r#"5 "Andreas B" (941395968)"#, Some("Andreas B")),
            (r#"12 "Ana "Ani" Lopez" (0)"#, Some(r#"Ana "Ani" Lopez"#)),
            (r#"7 "Tom""#, Some("Tom")),
            (r#"5 "" (941395968)"#, None),
            ("5", None),
            (r#"see "this" (1)"#, None),
        ] {
            assert_eq!(speaker(id), wanted, "{id}");
        }
    }
}
