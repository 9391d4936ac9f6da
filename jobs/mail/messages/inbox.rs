//! What a coach is told of files in the inbox. Pure.

use serde::Serialize;

/// To the coach: files were not taken, or were there already.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRejected {
    /// The coach's name.
    pub coach: String,
    /// The files that were not taken.
    pub files: Vec<InboxFile>,
    /// How many more of them there are.
    pub more: usize,
    /// What to do, a few sentences each.
    pub advice: Vec<String>,
    /// Whether of each of them a copy is kept under `rejected/`; where it is so of some, their reasons say it.
    pub all_kept: bool,
    /// Whether a corrected file under the same name is taken as the same session.
    pub comes_back: bool,
    /// The files with the content of one that is there.
    pub there: Vec<InboxFile>,
    /// How many more of them there are.
    pub more_there: usize,
    /// The transcripts that came after their session was summarised.
    pub late: Vec<InboxFile>,
    /// How many more of them there are.
    pub more_late: usize,
    /// What can be done with those.
    pub late_advice: String,
}

/// A file of the inbox.
#[derive(Clone, Debug, Serialize)]
pub struct InboxFile {
    /// Its place in the coach's folder, as the coach put it there.
    pub file: String,
    /// What is to be said of it, in a sentence.
    pub reason: String,
}

impl SessionRejected {
    /// So many files of a kind are shown.
    pub const MOST: usize = 20;

    /// A believable one.
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
