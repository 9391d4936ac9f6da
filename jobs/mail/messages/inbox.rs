//! What a coach is told about files in the inbox. Pure.

use serde::Serialize;

/// To the coach: files were rejected, or were already there.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRejected {
    /// The coach's name.
    pub coach: String,
    /// The files that were rejected.
    pub files: Vec<InboxFile>,
    /// How many more of them there are.
    pub more: usize,
    /// What to do, in a few sentences each.
    pub advice: Vec<String>,
    /// Whether a copy of every file is kept under `rejected/`. If only some are kept, their reasons say so.
    pub all_kept: bool,
    /// Whether a corrected file with the same name counts as the same session.
    pub comes_back: bool,
    /// The files whose content is already there.
    pub there: Vec<InboxFile>,
    /// How many more of them there are.
    pub more_there: usize,
    /// The transcripts that arrived after their session was summarized.
    pub late: Vec<InboxFile>,
    /// How many more of them there are.
    pub more_late: usize,
    /// What to do about those.
    pub late_advice: String,
}

/// A file of the inbox.
#[derive(Clone, Debug, Serialize)]
pub struct InboxFile {
    /// Its path in the coach's folder, as the coach put it there.
    pub file: String,
    /// What to say about it, in a sentence.
    pub reason: String,
}

impl SessionRejected {
    /// At most this many files of each kind are shown.
    pub const MOST: usize = 20;

    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            coach: "Maya Okafor".into(),
            files: vec![InboxFile {
                file: "session-priya.vtt".into(),
                reason: "This is a recording, not a transcript.".into(),
            }],
            more: 0,
            advice: vec![
                "Export the transcript from the meeting tool (.vtt, .srt or .txt) and drop that into the folder."
                    .into(),
            ],
            all_kept: true,
            comes_back: true,
            there: Vec::new(),
            more_there: 0,
            late: Vec::new(),
            more_late: 0,
            late_advice: String::new(),
        }
    }
}
