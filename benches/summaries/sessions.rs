//! Sessions of two people from public corpora and from our fixtures, as a summary is written of them.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use debrief_jobs::summarize::{SessionForClient, read_session};
use serde::Deserialize;

/// A session, and what a person wrote about it.
pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) input: SessionForClient,
    /// The sentences of the reference; empty if there's none.
    pub(crate) reference: Vec<String>,
}

/// So many turns of a meeting are a session: it's an hour or two long, and nobody coaches in it.
const MEETING_TURNS: usize = 80;
const HEAD: &str = "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n";

/// The sessions of a folder: our own (`*.txt` with a head, and `*/transcript.txt`), visits of ACI-Bench (`*.csv`) and
/// PriMock57 (`*_doctor.TextGrid` with `*_patient.TextGrid`), and the beginnings of QMSum's meetings (`*.json`).
pub(crate) fn sessions(folder: &Path) -> Result<Vec<Session>> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.join("transcript.txt").is_file() {
            found.extend(own(&name, &fs::read_to_string(path.join("transcript.txt"))?));
        } else if name.ends_with(".txt") {
            found.extend(own(&name, &fs::read_to_string(&path)?));
        } else if name.ends_with(".csv") && !name.contains("metadata") {
            found.extend(visits(&fs::read_to_string(&path)?)?);
        } else if let Some(stem) = name.strip_suffix("_doctor.TextGrid") {
            found.push(tracks(stem, [&path, &path.with_file_name(format!("{stem}_patient.TextGrid"))])?);
        } else if name.ends_with(".json") && !name.contains("consultation") {
            found.extend(meeting(&name, &fs::read_to_string(&path)?)?);
        }
    }
    Ok(found)
}

fn own(name: &str, text: &str) -> Option<Session> {
    let whole = text.starts_with("date: ") && text.contains("\n---\n");
    whole.then(|| Session { name: name.to_owned(), input: read_session(text), reference: Vec::new() })
}

fn two(name: String, lines: impl Iterator<Item = (bool, String)>, reference: Vec<String>) -> Session {
    let mut text = HEAD.to_owned();
    for (by_coach, words) in lines {
        text.push_str(if by_coach { "Maya| " } else { "Priya| " });
        text.push_str(&written(&words));
        text.push('\n');
    }
    Session { name, input: read_session(&text), reference }
}

/// Words that are apart from their punctuation, as people write them.
fn written(tokens: &str) -> String {
    let mut text = tokens.split_whitespace().collect::<Vec<_>>().join(" ");
    for (apart, together) in
        [(" ,", ","), (" .", "."), (" ?", "?"), (" !", "!"), (" n't", "n't"), (" '", "'"), (" ;", ";")]
    {
        text = text.replace(apart, together);
    }
    text
}

#[derive(Deserialize)]
struct Visit {
    encounter_id: String,
    dialogue: String,
    note: String,
}

fn visits(csv: &str) -> Result<Vec<Session>> {
    let visit = |row: std::result::Result<Visit, csv::Error>| {
        let Visit { encounter_id, dialogue, note } = row?;
        let lines = dialogue.lines().filter_map(|line| {
            let (who, words) = line.strip_prefix('[')?.split_once(']')?;
            Some((who == "doctor", words.trim().to_owned()))
        });
        let reference = note.lines().map(str::trim).filter(|line| line.len() > 3).map(str::to_owned).collect();
        Ok(two(encounter_id, lines, reference))
    };
    csv::Reader::from_reader(csv.as_bytes()).into_deserialize().map(visit).collect()
}

fn tracks(name: &str, tracks: [&Path; 2]) -> Result<Session> {
    let mut lines = Vec::new();
    for (at, track) in tracks.into_iter().enumerate() {
        let parsed = debrief_transcript::parse(&fs::read(track)?).map_err(|error| anyhow::anyhow!("{error}"))?;
        lines.extend(parsed.utterances.into_iter().map(|it| (it.start_ms.unwrap_or_default(), at == 0, it.text)));
    }
    lines.sort_by_key(|(start, ..)| *start);
    Ok(two(name.to_owned(), lines.into_iter().map(|(_, by_coach, text)| (by_coach, text)), Vec::new()))
}

#[derive(Deserialize)]
struct Meeting {
    meeting_transcripts: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    speaker: String,
    content: String,
}

/// Whoever speaks most is taken for the client, the next for the coach; what others say is left out.
fn meeting(name: &str, json: &str) -> Result<Option<Session>> {
    let meeting: Meeting = serde_json::from_str(json).with_context(|| name.to_owned())?;
    let turns: Vec<&Turn> = meeting.meeting_transcripts.iter().take(MEETING_TURNS).collect();
    let mut words: Vec<(usize, &str)> = Vec::new();
    for turn in &turns {
        let count = turn.content.split_whitespace().count();
        match words.iter_mut().find(|(_, speaker)| *speaker == turn.speaker) {
            Some((all, _)) => *all += count,
            None => words.push((count, &turn.speaker)),
        }
    }
    words.sort_by(|a, b| b.cmp(a));
    let [(_, client), (_, coach), ..] = words[..] else { return Ok(None) };
    let lines = turns
        .iter()
        .filter(|turn| [client, coach].contains(&turn.speaker.as_str()))
        .map(|turn| (turn.speaker == coach, turn.content.clone()));
    Ok(Some(two(name.to_owned(), lines, Vec::new())))
}
