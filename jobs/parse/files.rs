//! The files of a session, read: what is said, what was written, who was there, or why a file is refused.

use std::{collections::HashMap, sync::Arc, time::Duration};

use debrief_transcript::{Attendee, NotATranscript, Transcript, Utterance, companion::Companion};

use serde_json::json;

use super::{
    job::Needs,
    merge::{self, Merged, Part},
    room::{self, Taken},
    store::Row,
};
use crate::{
    danger::{self, Said, Sign},
    embed::{Embedder, Local},
    queue::{Context, JobError, blocking},
};

/// Files of more bytes take a while: the job says how far it is.
const LARGE: u64 = room::SMALL;
/// So long a file waits where there is no room for it.
const NO_ROOM: Duration = Duration::from_secs(2);

/// What is in a file.
#[derive(Debug)]
pub(super) enum Content {
    Speech(Box<Transcript>),
    Companion(Companion),
    Refused(NotATranscript),
}

/// A file with its row.
#[derive(Debug)]
pub(super) struct File {
    pub(super) row: Row,
    pub(super) content: Content,
}

/// The files of a session, and what they come to.
#[derive(Debug)]
pub(super) struct Files {
    /// In the order in which they came.
    pub(super) all: Vec<File>,
    /// The places of those whose words count: of each key the newest that is good.
    pub(super) speech: Vec<usize>,
    /// By place: older files under the key of a newer one that is good.
    pub(super) older: Vec<usize>,
    /// Its places count the `speech`.
    pub(super) merged: Merged,
    /// What of it speaks of danger, by the places of `merged.speech`.
    pub(super) danger: Vec<Vec<Sign>>,
    /// Held until all of it is stored.
    _room: Taken,
}

impl File {
    /// Whom it names.
    pub(super) fn attendees(&self) -> Vec<Attendee> {
        match &self.content {
            Content::Speech(transcript) => transcript.attendees.clone(),
            Content::Companion(companion) => companion.attendees(),
            Content::Refused(_) => Vec::new(),
        }
    }
}

impl Files {
    /// Reads the stored copies.
    pub(super) async fn read(ctx: &Context<Needs>, rows: Vec<Row>) -> Result<Self, JobError> {
        let bytes = rows.iter().map(|row| u64::try_from(row.size_bytes).unwrap_or_default()).sum();
        // Whoever waits for room holds no seat meanwhile: the next file may be a small one.
        let room = ctx.reading.take(bytes).ok_or(JobError::Snooze(NO_ROOM))?;
        let mut copies = Vec::with_capacity(rows.len());
        for row in rows {
            let bytes = ctx.bucket.get(&row.stored_key).await?;
            copies.push((row, bytes));
        }
        if bytes > LARGE {
            ctx.progress(json!({ "step": "reading", "bytes": bytes })).await?;
        }
        let mut all = Vec::with_capacity(copies.len());
        for (row, bytes) in copies {
            let (is_speech, file) = (row.role == "speech", row.file().to_owned());
            let content = blocking(move || content(&bytes, &file, is_speech)).await?;
            all.push(File { row, content });
        }
        if bytes > LARGE {
            ctx.progress(json!({ "step": "listening", "bytes": bytes })).await?;
        }
        let local = match &*ctx.embedder {
            Embedder::Local(local) => Some(Arc::clone(local)),
            _ => None,
        };
        blocking(move || Self::of(all, local.as_deref(), room)).await
    }

    fn of(all: Vec<File>, local: Option<&Local>, room: Taken) -> Self {
        let mut newest: HashMap<&str, usize> = HashMap::new();
        let good = |file: &File| !matches!(file.content, Content::Refused(_));
        for (at, file) in all.iter().enumerate().filter(|(_, file)| good(file)) {
            newest.insert(&file.row.object_key, at);
        }
        let counts = |at: usize| newest.get(all[at].row.object_key.as_str()) == Some(&at);
        let (current, older): (Vec<usize>, Vec<usize>) = (0..all.len())
            .filter(|at| newest.get(all[*at].row.object_key.as_str()).is_some_and(|newest| at <= newest))
            .partition(|at| counts(*at));
        let speech: Vec<usize> =
            current.into_iter().filter(|at| matches!(all[*at].content, Content::Speech(_))).collect();
        let parts: Vec<Part<'_>> = speech
            .iter()
            .filter_map(|at| match &all[*at].content {
                Content::Speech(transcript) => Some(Part { file: all[*at].row.file(), transcript }),
                _ => None,
            })
            .collect();
        let merged = if parts.is_empty() { Merged::default() } else { merge::merge(&parts) };
        let danger = merged.speech.iter().map(|speech| heard(&speech.utterances, local)).collect();
        Self { speech, older, merged, danger, all, _room: room }
    }

    /// The places of the files whose words are used.
    pub(super) fn used(&self) -> Vec<usize> {
        self.merged.speech.iter().flat_map(|speech| speech.of.iter().map(|at| self.speech[*at])).collect()
    }

    /// Why a good file's words are not used.
    pub(super) fn aside(&self, at: usize) -> Option<&str> {
        let reason = self.merged.aside.iter().find(|(place, _)| self.speech[*place] == at);
        reason.map(|(_, reason)| reason.as_str())
    }
}

/// The signs of danger in what was said.
fn heard(utterances: &[Utterance], local: Option<&Local>) -> Vec<Sign> {
    let said = utterances.iter().map(|it| Said { speaker: it.label.as_deref(), text: &it.text });
    let said: Vec<Said<'_>> = said.collect();
    let mut signs = danger::signs(&said);
    match local.map(|local| danger::near(local, &said, &signs)) {
        Some(Ok(near)) => signs.extend(near),
        // A session is not held up by a model that is damaged.
        Some(Err(error)) => tracing::warn!(target: "parse", %error, "danger is listened for by words alone"),
        None => {}
    }
    signs
}

fn content(bytes: &[u8], file: &str, is_speech: bool) -> Content {
    if !is_speech && let Some(companion) = debrief_transcript::companion::read(bytes, file) {
        return Content::Companion(companion);
    }
    match debrief_transcript::parse(bytes) {
        Ok(transcript) => Content::Speech(Box::new(transcript)),
        Err(refusal) => Content::Refused(refusal),
    }
}
