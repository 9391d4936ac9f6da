//! Writes the combined content of a session's files under the session's lock, and moves the session on.

use std::collections::HashSet;

use debrief_transcript::{Transcript, companion::Companion};
use uuid::Uuid;

use super::{
    attendees,
    files::{Content, File, Files},
    job::Output,
    store,
};
use crate::{
    danger,
    db::TenantTx,
    index::IndexSession,
    ingest,
    path::{self, Locked, SessionState, session},
    queue::enqueue,
    written,
};

/// The message to the coach about a participant list that arrived after the summary.
const NAMES_KEPT: &str = "This file arrived after the session was summarised: its names are kept, but the speakers \
                          stay as they are until you check them.";

/// Writes everything. `transcript_id` is the job's own file.
pub(super) async fn write(
    tx: &mut TenantTx,
    files: &Files,
    transcript_id: Uuid,
    session: &Locked,
) -> Result<Output, sqlx::Error> {
    let Some(this) = files.all.iter().find(|file| file.row.id == transcript_id) else {
        return Ok(Output { outcome: "gone", ..Output::default() });
    };
    let session_id = this.row.session_id;
    let mut outcome = counted(files, this);
    let summarized = session::is_summarized(tx, session_id).await?;
    let has_words = store::has_utterances(tx, session_id).await?;
    if files.speech.is_empty() && !has_words {
        outcome.outcome = refuse_all(tx, files, transcript_id).await?;
        return Ok(outcome);
    }
    let changes = changes(files);
    let late = if !summarized {
        None
    } else if !is_newer_version(files) {
        Some(store::SUMMARIZED)
    } else if store::is_decided(tx, session_id).await? {
        Some(store::DECIDED)
    } else {
        None
    };
    for (at, file) in files.all.iter().enumerate() {
        let result = mark(tx, files, at, file, late).await?;
        if file.row.id == transcript_id {
            outcome.outcome = result;
        }
    }
    if late.is_some() || (session.state == SessionState::Closed && !changes) {
        // The attendees may differ now; summaries stay until a person decides otherwise.
        tracing::warn!(
            target: "parse",
            { session.id = %session_id },
            "a file came after the summary; what it says of people is kept, and the speakers stay"
        );
        return Ok(outcome);
    }
    if changes {
        if summarized {
            written::words_replaced(tx, session_id, session.correlation_id).await?;
        }
        store::replace_utterances(tx, session_id).await?;
        for (speech, signs) in files.merged.speech.iter().zip(&files.danger) {
            let bearer = &files.all[files.speech[speech.of[0]]].row;
            let ids = store::add_utterances(tx, bearer, &speech.utterances).await?;
            // In the same transaction: no words are stored unchecked.
            danger::write(tx, session_id, &ids, signs).await?;
        }
        written::forget_names(tx, session_id).await?;
        store::drop_replaced(tx, session_id).await?;
        enqueue(tx, &IndexSession { session_id }, session.correlation_id).await?;
    }
    path::advance(tx, session, SessionState::Parsed).await?;
    tracing::info!(
        target: "parse", { transcript.id = %transcript_id, session.id = %session_id, transcript.format = outcome.format,
        transcript.utterances = outcome.utterances, transcript.warnings = outcome.warnings,
        files.used = outcome.files_used, files.set_aside = outcome.files_set_aside }, "transcript parsed"
    );
    Ok(outcome)
}

/// Whether the session's words change: a file is used that wasn't, or the reverse.
fn changes(files: &Files) -> bool {
    let used = files.used();
    let of_speech = |file: &File| matches!(file.content, Content::Speech(_));
    files.all.iter().enumerate().filter(|(_, file)| of_speech(file)).any(|(at, file)| {
        let was = file.row.done && !file.row.unused;
        was != used.contains(&at)
    })
}

/// Whether one of the files is a newer version of one that the session uses.
fn is_newer_version(files: &Files) -> bool {
    let older = || files.older.iter().map(|at| &files.all[*at].row).filter(|row| row.done && !row.unused);
    let key_of = |at: &usize| &files.all[*at].row.object_key;
    let is_new = |at: &&usize| !files.all[**at].row.done;
    files
        .speech
        .iter()
        .filter(is_new)
        .any(|at| older().any(|row| row.role == "speech" && row.object_key == *key_of(at)))
}

/// Marks one file, and writes the people it names; returns what became of it.
async fn mark(
    tx: &mut TenantTx,
    files: &Files,
    at: usize,
    file: &File,
    late: Option<&'static str>,
) -> Result<&'static str, sqlx::Error> {
    let row = &file.row;
    let too_late = late.is_some();
    let older = files.older.contains(&at);
    if older && too_late && row.done && row.role == "speech" {
        // The summaries are based on these words: the newer ones are stored but not used.
        return Ok("parsed");
    }
    match &file.content {
        Content::Refused(refusal) => {
            tracing::info!(target: "parse", { transcript.id = %row.id, session.id = %row.session_id }, "not a transcript");
            // The session continues with the words it has.
            if !row.done {
                ingest::rejected_beside(tx, row.id, &refusal.to_string()).await?;
            }
            return Ok("rejected_beside_another");
        }
        Content::Speech(transcript) if older => {
            attendees::clear(tx, row).await?;
            return not_used(tx, file, transcript, store::SUPERSEDED).await;
        }
        Content::Companion(companion) if older => {
            attendees::clear(tx, row).await?;
            store::mark_companion(tx, row, format(companion), Some(store::SUPERSEDED)).await?;
            store::mark_used(tx, row, Some(store::SUPERSEDED)).await?;
            return Ok("not_used");
        }
        Content::Speech(transcript) => {
            let aside = files.aside(at);
            if let (None, Some(reason), false) = (aside, late, row.done) {
                let result = not_used(tx, file, transcript, reason).await?;
                ingest::came_late(tx, row.id).await?;
                return Ok(result);
            }
            if !row.done {
                store::mark_parsed(tx, row, transcript, aside).await?;
            } else if !too_late {
                store::mark_used(tx, row, aside).await?;
            }
        }
        Content::Companion(companion) if !row.done => {
            let note = too_late.then_some(NAMES_KEPT);
            store::mark_companion(tx, row, format(companion), note).await?;
            if let Companion::Chat(messages) = companion {
                attendees::write_chat(tx, row, messages).await?;
            }
        }
        Content::Companion(_) => {}
    }
    if !row.done {
        attendees::write(tx, row, &file.attendees(), source(&file.content)).await?;
    }
    Ok("parsed")
}

/// Stores a valid transcript whose words aren't used.
async fn not_used(
    tx: &mut TenantTx,
    file: &File,
    transcript: &Transcript,
    reason: &'static str,
) -> Result<&'static str, sqlx::Error> {
    if file.row.done {
        store::mark_used(tx, &file.row, Some(reason)).await?;
    } else {
        tracing::warn!(
            target: "parse",
            { transcript.id = %file.row.id, session.id = %file.row.session_id, reason },
            "transcript not used"
        );
        store::mark_unused(tx, &file.row, transcript, reason).await?;
    }
    Ok("not_used")
}

/// No file of the session is a transcript: it is rejected, and ingest tells the coach. Other files wait for a better
/// upload.
async fn refuse_all(tx: &mut TenantTx, files: &Files, transcript_id: Uuid) -> Result<&'static str, sqlx::Error> {
    let mut result = "parsed";
    for file in &files.all {
        match &file.content {
            Content::Refused(refusal) => {
                tracing::info!(
                    target: "parse",
                    { transcript.id = %file.row.id, session.id = %file.row.session_id },
                    "not a transcript"
                );
                ingest::rejected(tx, file.row.id, &refusal.to_string()).await?;
                if file.row.id == transcript_id {
                    result = "rejected";
                }
            }
            Content::Companion(companion) if !file.row.done => {
                store::mark_companion(tx, &file.row, format(companion), None).await?;
                attendees::write(tx, &file.row, &file.attendees(), source(&file.content)).await?;
                if let Companion::Chat(messages) = companion {
                    attendees::write_chat(tx, &file.row, messages).await?;
                }
            }
            _ => {}
        }
    }
    Ok(result)
}

const fn format(companion: &Companion) -> &'static str {
    match companion {
        Companion::Chat(_) => "chat",
        Companion::Participants(_) => "participants",
    }
}

/// The kind of file, in a coach's words.
fn source(content: &Content) -> &'static str {
    match content {
        Content::Speech(transcript) => transcript.format.name(),
        Content::Companion(Companion::Chat(_)) => "the meeting's chat",
        Content::Companion(Companion::Participants(_)) => "the participants file",
        Content::Refused(_) => "",
    }
}

fn counted(files: &Files, this: &File) -> Output {
    let said = || files.merged.speech.iter().flat_map(|speech| &speech.utterances);
    let outcome = Output {
        outcome: "parsed",
        utterances: said().count(),
        labels: said().filter_map(|utterance| utterance.label.as_deref()).collect::<HashSet<_>>().len(),
        files_used: files.used().len(),
        files_set_aside: files.merged.aside.len(),
        attendees: files.all.iter().map(|file| file.attendees().len()).sum(),
        ..Output::default()
    };
    match &this.content {
        Content::Speech(transcript) => {
            if !transcript.account.balances() {
                tracing::error!(
                    target: "parse", { transcript.id = %this.row.id, account = ?transcript.account }, "words do not add up"
                );
            }
            Output {
                format: Some(transcript.format.as_str()),
                words: transcript.account.in_utterances,
                words_set_aside: transcript.account.set_aside,
                warnings: transcript.warnings.len(),
                ..outcome
            }
        }
        Content::Companion(companion) => Output { format: Some(format(companion)), ..outcome },
        Content::Refused(_) => outcome,
    }
}
