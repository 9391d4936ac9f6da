//! Advanced SubStation subtitles (.ass, .ssa), rewritten as a table: each line of dialogue with its times, its speaker and
//! what is seen of its words. Codes are dropped, and what is struck through, invisible, drawn or a comment is counted as
//! left out.
//!
//! Source: the format's description by its first program ("SSA v4+", 2002), and libass, which all players use.

use std::collections::{HashMap, HashSet};

use crate::shown::Shown;

/// The rewritten text, and what was left out of it. `None` if the text isn't such a file.
pub(super) fn as_table(text: &str) -> Option<(String, Shown)> {
    let text = text.trim_start_matches('\u{feff}');
    if !text.starts_with("[Script Info]") {
        return None;
    }
    let mut script = Script::default();
    for line in text.lines() {
        script.line(line.trim_end());
    }
    let table = script.rows.into_inner().ok()?;
    let table = String::from_utf8(table).ok()?;
    // Its heading alone is no talk.
    (table.lines().count() > 1).then_some((table, script.shown))
}

struct Script {
    section: String,
    /// The columns of the section, by their names in lower case.
    columns: HashMap<String, usize>,
    /// The styles that strike their text through.
    struck: HashSet<String>,
    rows: csv::Writer<Vec<u8>>,
    shown: Shown,
}

impl Default for Script {
    fn default() -> Self {
        let mut rows = csv::Writer::from_writer(Vec::new());
        // Into memory: it can't fail.
        let _ = rows.write_record(["start", "end", "speaker", "text"]);
        Self { section: String::new(), columns: HashMap::new(), struck: HashSet::new(), rows, shown: Shown::default() }
    }
}

impl Script {
    fn line(&mut self, line: &str) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            self.section = section.to_ascii_lowercase();
            self.columns.clear();
            return;
        }
        let Some((kind, rest)) = line.split_once(':') else { return };
        match kind {
            "Format" => {
                let names = rest.split(',').map(|name| name.trim().to_ascii_lowercase());
                self.columns = names.zip(0..).collect();
            }
            "Style" if self.section.ends_with("styles") => {
                let cells: Vec<&str> = rest.split(',').map(str::trim).collect();
                let cell = |name: &str| self.columns.get(name).and_then(|at| cells.get(*at).copied()).unwrap_or("");
                if !matches!(cell("strikeout"), "" | "0") {
                    self.struck.insert(cell("name").to_owned());
                }
            }
            "Comment" if self.section == "events" => {
                let text = rest.splitn(self.columns.len().max(1), ',').last().unwrap_or_default();
                self.shown.leave_out(text);
            }
            "Dialogue" if self.section == "events" => self.dialogue(rest),
            _ => {}
        }
    }

    fn dialogue(&mut self, rest: &str) {
        // The last column holds the text, with its commas.
        let cells: Vec<&str> = rest.splitn(self.columns.len().max(1), ',').collect();
        let cell = |name: &str| self.columns.get(name).and_then(|at| cells.get(*at).copied()).unwrap_or("").trim();
        let speaker = if cell("name").is_empty() { cell("actor") } else { cell("name") };
        let (start, end, struck) =
            (cell("start"), cell("end"), self.struck.contains(cell("style").trim_start_matches('*')));
        let said = seen(cell("text"), struck, &mut self.shown);
        if !said.is_empty() {
            let _ = self.rows.write_record([start, end, speaker, said.as_str()]);
        }
    }
}

/// The words of a line that are seen.
fn seen(text: &str, struck: bool, shown: &mut Shown) -> String {
    let text = text.replace("\\N", " ").replace("\\n", " ").replace("\\h", " ");
    let (mut out, mut rest) = (String::with_capacity(text.len()), text.as_str());
    let (mut struck, mut invisible, mut drawn) = (struck, false, false);
    loop {
        // A brace that never closes is a letter, and so are all that follow it.
        let block = rest.split_once('{').and_then(|(words, after)| Some((words, after.split_once('}')?)));
        let words = block.map_or(rest, |(words, _)| words);
        match (drawn, struck || invisible) {
            (true, _) => {}
            (false, true) => shown.leave_out(words),
            (false, false) => out.push_str(words),
        }
        let Some((_, (block, after))) = block else { break };
        if !block.contains('\\') {
            shown.leave_out(block);
        }
        for code in block.split('\\').map(str::trim) {
            match code {
                "s1" => struck = true,
                "s0" | "s" => struck = false,
                _ if code.starts_with("alpha") => invisible = code.to_ascii_uppercase().contains("FF"),
                // Drawings at any scale; `pos`, `pbo` and others are no drawings.
                _ if code.strip_prefix('p').is_some_and(|scale| scale.parse::<u32>().is_ok()) => drawn = code != "p0",
                _ if code.starts_with('r') => (struck, invisible) = (false, false),
                _ => {}
            }
        }
        rest = after;
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn subtitles_are_read_as_they_are_seen() {
        let head = "[Script Info]\nTitle: Helen Whitfield\nScriptType: v4.00+\n\n[V4+ Styles]\n\
                    Format: Name, Fontname, StrikeOut\nStyle: Default,Arial,0\nStyle: Struck,Arial,-1\n\n[Events]\n\
                    Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";
        let mut file = head.to_owned();
        for (at, (kind, style, name, text)) in [
            ("Dialogue", "Default", "Maya", "{\\an8\\b1}Hello Helen, how was the half marathon?"),
            ("Dialogue", "Default", "Helen", "I finished it in two hours,\\Nwhich is my {\\i1}best{\\i0} time."),
            ("Dialogue", "Default", "Maya", "The {\\s1}old{\\s0} plan works{\\alpha&HFF&} not{\\alpha&H00&}."),
            ("Dialogue", "Struck", "Helen", "I will quit."),
            ("Dialogue", "Default", "", "I will see a physio, on Monday."),
            ("Dialogue", "Default", "Helen", "{note to self}{\\p1}m 0 0 l 100 0{\\p0}"),
            ("Comment", "Default", "Helen", "This was cut."),
            ("Dialogue", "Default", "Maya", "{\\k20}See {\\k20}you {then."),
        ]
        .into_iter()
        .enumerate()
        {
            file.push_str(&format!("{kind}: 0,0:00:{at:02}.00,0:00:{at:02}.90,{style},{name},0,0,0,,{text}\n"));
        }
        for file in [file.clone(), file.replace('\n', "\r\n"), file.replace("Title: Helen Whitfield\n", "")] {
            let read = parse(file.as_bytes()).expect("subtitles");
            let said: Vec<_> =
                read.utterances.iter().map(|said| (said.label.as_deref().unwrap_or(""), said.text.as_str())).collect();
            let wanted = [
                ("Maya", "Hello Helen, how was the half marathon?"),
                ("Helen", "I finished it in two hours, which is my best time."),
                ("Maya", "The plan works."),
                ("", "I will see a physio, on Monday."),
                ("Maya", "See you {then."),
            ];
            assert_eq!(said, wanted);
            assert_eq!(read.utterances[1].start_ms, Some(1_000));
            let told = |warning: &crate::Warning| warning.message.starts_with("11 words are hidden or struck through");
            assert!(read.warnings.iter().any(told), "{:?}", read.warnings);
        }
    }
}
