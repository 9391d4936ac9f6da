//! Lines of a text that nobody says: what tools write around a talk, checkboxes, footnotes.

/// Why a line isn't speech, in any context.
pub(super) fn reason(line: &str) -> Option<&'static str> {
    let line = line.trim();
    if line.ends_with(" started transcription") || line.ends_with(" stopped transcription") {
        return Some("a line of Teams, not speech");
    }
    let footnote = line.strip_prefix("[^").and_then(|rest| rest.split_once("]:"));
    if footnote.is_some_and(|(number, _)| !number.is_empty() && number.len() <= 20 && !number.contains(' ')) {
        return Some("a footnote, not speech");
    }
    let listed = line.strip_prefix(['-', '*', '+']).map_or("", str::trim_start);
    let boxed = ["[ ] ", "[x] ", "[X] "].iter().any(|ticked| listed.starts_with(ticked));
    boxed.then_some("a task, not speech")
}

/// Whether a line near the end is a tool's footer.
pub(super) fn is_footer(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    ["transcribed by http", "transcription ended", "end of transcript", "[end of transcript", "--- end"]
        .iter()
        .any(|start| line.starts_with(start))
}
