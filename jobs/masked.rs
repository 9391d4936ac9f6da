//! Hides secrets in displayed text: the user and password of a URL.

use std::borrow::Cow;

/// Characters that end the part of a URL with the user and host.
const ENDS: [char; 9] = ['/', '?', '#', '"', '<', '>', '`', '\\', ' '];

/// `text` without the user and password of any URL in it. Logs, command output and settings errors all use it.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, authority) = rest.split_at(at + 3);
        out.push_str(before);
        let end = authority.find(|c: char| ENDS.contains(&c) || c.is_whitespace()).unwrap_or(authority.len());
        let host = authority[..end].rfind('@');
        if host.is_some() {
            out.push_str("***");
        }
        rest = &authority[host.unwrap_or_default()..];
    }
    if out.is_empty() {
        return text.into();
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_every_address_is_left_out_and_nothing_else() {
        for (text, shown) in [
            ("http://u:SECRET@host:80/v1?x=1", "http://***@host:80/v1?x=1"),
            ("no https://SECRET@host and s3://u:SECRET@bucket/a@b.", "no https://***@host and s3://***@bucket/a@b."),
            ("smtp://a%40b:SECRET@[::1]:25", "smtp://***@[::1]:25"),
            ("(\"http://u:SE@CRET@host\")", "(\"http://***@host\")"),
            ("postgres://postgres@localhost/x?host=%2Ftmp", "postgres://***@localhost/x?host=%2Ftmp"),
            ("http://host/@name maya@example.org file:///a@b", "http://host/@name maya@example.org file:///a@b"),
            ("nothing://", "nothing://"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
