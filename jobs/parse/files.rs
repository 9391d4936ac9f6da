//! A session's files, read: what was said, what was written, who was there, or why a file is rejected.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use debrief_transcript::{Attendee, NotATranscript, Transcript, Utterance, companion::Companion};

use serde_json::json;

use super::{
    job::Needs,
    merge::{self, Merged, Part},
    room::{self, Taken},
    store::Row,
};
use crate::{
    danger::{self, Sign, SpokenText},
    embed::{Embedder, Local},
    queue::{Context, Cut, JobError, cuttable},
};

/// Larger files take a while: the job reports its progress.
const LARGE: u64 = room::SMALL;
/// How long a file waits if there is no room for it.
const NO_ROOM: Duration = Duration::from_secs(2);

/// No session has more speakers than this: a file with so many names isn't a transcript, or its labels aren't names.
/// Later stages (identifying people, a summary each) compare every speaker with every other.
pub(super) const MOST_SPEAKERS: usize = 1_000;
/// No session has more utterances than this: days without a pause.
pub(super) const MOST_UTTERANCES: usize = 500_000;

/// The content of a file.
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

/// A session's files, and their combined content.
#[derive(Debug)]
pub(super) struct Files {
    /// In order of arrival.
    pub(super) all: Vec<File>,
    /// The indexes of the files whose words count: for each key, the latest valid one.
    pub(super) speech: Vec<usize>,
    /// By index: older files under the same key as a newer valid one.
    pub(super) older: Vec<usize>,
    /// Its indexes refer to `speech`.
    pub(super) merged: Merged,
    /// Signs of danger in it, by the indexes of `merged.speech`.
    pub(super) danger: Vec<Vec<Sign>>,
    /// Held until everything is stored.
    _room: Taken,
}

impl File {
    /// Reads a stored copy.
    fn read(row: Row, bytes: &[u8], cut: &Cut) -> Self {
        let cut = cut.clone();
        let ends = move || cut.is_asked();
        let content = debrief_transcript::until(ends, || content(bytes, row.file(), row.role == "speech"));
        Self { row, content }
    }

    /// The people it names.
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
        // A job that waits for room gives up its seat: the next file may be small.
        let mut room = ctx.reading.take(bytes).ok_or(JobError::Snooze(NO_ROOM))?;
        let mut copies = Vec::with_capacity(rows.len());
        for row in rows {
            let bytes = ctx.bucket.get(&row.stored_key).await?;
            copies.push((row, bytes));
        }
        if bytes > LARGE {
            ctx.progress(json!({ "step": "reading", "bytes": bytes })).await?;
        }
        // The room moves along: work that still reads for a job that was returned holds it until it ends.
        let all: Vec<File>;
        (all, room) = cuttable(move |cut| {
            let going_on = copies.into_iter().take_while(|_| !cut.is_asked());
            (going_on.map(|(row, bytes)| File::read(row, &bytes, cut)).collect(), room)
        })
        .await?;
        if bytes > LARGE {
            ctx.progress(json!({ "step": "listening", "bytes": bytes })).await?;
        }
        let local = match &*ctx.embedder {
            Embedder::Local(local) => Some(Arc::clone(local)),
            _ => None,
        };
        cuttable(move |cut| Self::of(all, local.as_deref(), room, cut)).await
    }

    fn of(mut all: Vec<File>, local: Option<&Local>, mut room: Taken, cut: &Cut) -> Self {
        loop {
            let mut files = Self::sorted(all, room);
            let said = files.merged.speech.iter().flat_map(|speech| &speech.utterances);
            let last = files.used().into_iter().max();
            // Each may be small enough, but not all of them together: the last one is too much.
            if let (Some(refusal), Some(last)) = (too_many(said), last) {
                files.all[last].content = Content::Refused(refusal);
                (all, room) = (files.all, files._room);
                continue;
            }
            files.danger = files.merged.speech.iter().map(|speech| heard(&speech.utterances, local, cut)).collect();
            return files;
        }
    }

    /// Decides which files count, and combines them.
    fn sorted(all: Vec<File>, room: Taken) -> Self {
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
        Self { speech, older, merged, danger: Vec::new(), all, _room: room }
    }

    /// The indexes of the files whose words are used.
    pub(super) fn used(&self) -> Vec<usize> {
        self.merged.speech.iter().flat_map(|speech| speech.of.iter().map(|at| self.speech[*at])).collect()
    }

    /// Why a valid file's words aren't used.
    pub(super) fn aside(&self, at: usize) -> Option<&str> {
        let reason = self.merged.aside.iter().find(|(place, _)| self.speech[*place] == at);
        reason.map(|(_, reason)| reason.as_str())
    }
}

/// The signs of danger in what was said.
fn heard(utterances: &[Utterance], local: Option<&Local>, cut: &Cut) -> Vec<Sign> {
    let said = utterances.iter().map(|it| SpokenText { speaker: it.label.as_deref(), text: &it.text });
    let said: Vec<SpokenText<'_>> = said.collect();
    let mut signs = danger::signs_until(&said, &|| cut.is_asked());
    match local.filter(|_| !cut.is_asked()).map(|local| danger::near(local, &said, &signs)) {
        Some(Ok(near)) => signs.extend(near),
        // A damaged model doesn't hold up a session.
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
        Ok(transcript) => match too_many(&transcript.utterances) {
            Some(refusal) => Content::Refused(refusal),
            None => Content::Speech(Box::new(transcript)),
        },
        Err(refusal) => Content::Refused(refusal),
    }
}

/// Why a session is rejected, if it has more utterances or speakers than any real one.
fn too_many<'a>(said: impl IntoIterator<Item = &'a Utterance>) -> Option<NotATranscript> {
    let (mut utterances, mut speakers) = (0, HashSet::new());
    for utterance in said {
        utterances += 1;
        speakers.extend(utterance.label.as_deref());
    }
    let refusal = |what, has, most| NotATranscript::TooMany { what, has: grouped(has), most: grouped(most) };
    if utterances > MOST_UTTERANCES {
        return Some(refusal("turns", utterances, MOST_UTTERANCES));
    }
    (speakers.len() > MOST_SPEAKERS).then(|| refusal("different speakers", speakers.len(), MOST_SPEAKERS))
}

/// A number with thousands separators.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let begins = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    digits.chars().enumerate().flat_map(|(at, digit)| begins(at).then_some(',').into_iter().chain([digit])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captions(cues: usize, speakers: usize) -> Vec<u8> {
        let mut text = "WEBVTT\n".to_owned();
        for cue in 0..cues {
            let (from, to) = (cue * 2, cue * 2 + 1);
            let time = |second: usize| format!("{:02}:{:02}:{:02}.000", second / 3600, second / 60 % 60, second % 60);
            let name = cue % speakers;
            text.push_str(&format!(
                "\n{} --> {}\n<v Person {name}>What is said in turn {cue}.\n",
                time(from),
                time(to)
            ));
        }
        text.into_bytes()
    }

    fn said(of: &Content) -> String {
        match of {
            Content::Refused(refusal) => refusal.to_string(),
            Content::Speech(transcript) => format!("{} turns", transcript.utterances.len()),
            Content::Companion(_) => "a companion".to_owned(),
        }
    }

    #[test]
    fn what_more_people_speak_in_than_in_any_session_is_refused_with_the_reason() {
        assert_eq!(said(&content(&captions(1_000, 1_000), "call.vtt", true)), "1000 turns");
        let refused = said(&content(&captions(1_001, 1_001), "call.vtt", true));
        assert!(refused.contains("has 1,001 different speakers") && refused.contains("at most 1,000"), "{refused}");
    }

    #[test]
    fn what_is_longer_than_any_session_is_refused_with_the_reason() {
        let utterance = Utterance { text: "Yes.".into(), ..one_utterance() };
        let many = vec![utterance; MOST_UTTERANCES + 1];
        assert_eq!(too_many(&many[1..]), None);
        let refused = too_many(&many).expect("it is too much").to_string();
        assert!(refused.contains("has 500,001 turns") && refused.contains("at most 500,000"), "{refused}");
    }

    fn one_utterance() -> Utterance {
        match content(&captions(4, 2), "call.vtt", true) {
            Content::Speech(transcript) => transcript.utterances[0].clone(),
            other => panic!("{other:?}"),
        }
    }
}
