//! Rev's text export: `Speaker 1 (00:00:00):` with the text below, between a line about the export and page numbers.

use super::{
    account::Draft,
    format::Format,
    formats::{Confidence, Reader, Source},
    text,
};

pub(super) const READER: Reader = Reader { name: "rev", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let named = source.lines().iter().any(|line| is_about_rev(line.trim_start()));
    (named && text::evidence(source).is_some()).then_some((Confidence::Signature, "has Rev's lines around it"))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    (Format::RevText, text::read_but(source, furniture))
}

fn is_about_rev(line: &str) -> bool {
    ["transcript by rev.com", "this transcript was exported on"]
        .iter()
        .any(|start| line.get(..start.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(start)))
}

fn furniture(line: &str) -> Option<&'static str> {
    let ours = is_about_rev(line.trim());
    let lower = line.trim().to_lowercase();
    let page = lower.strip_prefix("page ").and_then(|rest| rest.split_once(" of "));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let ours = ours
        || (lower.contains("(completed ") && lower.ends_with(')'))
        || page.is_some_and(|(page, of)| number(page) && number(of));
    ours.then_some("a line of Rev, not speech")
}
