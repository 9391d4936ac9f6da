//! Rev's text export: `Speaker 1 (00:00:00):` with the text below, between a line about the export and the numbers of
//! pages.

use super::{
    account::Draft,
    formats::{Confidence, Reader, Source},
    text,
    transcript::Format,
};

pub(super) const READER: Reader = Reader { name: "rev", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let named = source.lines.iter().any(|line| {
        let line = line.trim().to_lowercase();
        line.starts_with("transcript by rev.com") || line.starts_with("this transcript was exported on")
    });
    (named && text::evidence(source).is_some()).then_some((Confidence::Signature, "has Rev's lines around it"))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    (Format::RevText, text::read_but(source, furniture))
}

fn furniture(line: &str) -> Option<&'static str> {
    let lower = line.trim().to_lowercase();
    let page = lower.strip_prefix("page ").and_then(|rest| rest.split_once(" of "));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let ours = lower.starts_with("transcript by rev.com")
        || lower.starts_with("this transcript was exported on")
        || (lower.contains("(completed ") && lower.ends_with(')'))
        || page.is_some_and(|(page, of)| number(page) && number(of));
    ours.then_some("a line of Rev, not speech")
}
