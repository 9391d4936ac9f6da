//! Transcripts as JSON. The file is parsed once; the first source whose keys it contains reads it.
//!
//! A source is one file here and one line in [`SOURCES`]. It recognises a file by what only its own files have, since
//! others have the same keys in other units; unknown files are read by what their keys mean ([`generic`]). A source
//! takes speech and labels from the tree through a [`Book`](book::Book), which sets every other text aside, so that
//! every source's words are accounted for.

mod assemblyai;
mod attendee;
mod avoma;
mod aws;
mod aws_calls;
mod azure;
mod bedrock;
mod book;
mod columns;
mod deepgram;
mod elevenlabs;
mod entry;
mod events;
mod fathom;
mod fireflies;
mod generic;
mod gladia;
mod gong;
mod google;
mod granola;
mod lifted;
mod lists;
mod meet;
mod mend;
mod names_by_turns;
mod otter;
mod owners;
mod parts;
mod people;
mod plain;
mod podcast;
mod read_ai;
mod recall;
mod rev;
mod soniox;
mod sonix;
mod speaker_labels;
mod speechmatics;
mod tldv;
mod tree;
mod turns;
mod versions;
mod watson;
mod whisper;
mod whisper_silence;
mod youtube;

use self::{
    book::Book,
    tree::{Broken, Json, Tree, Value},
};
use super::{
    NotATranscript,
    account::{Draft, words},
    format::Format,
    formats::{self, Source},
    prepare,
    transcript::{Detection, RunnerUp, Warning},
    units,
};

/// A tool or service: how its JSON is recognised and read.
struct JsonSource {
    name: &'static str,
    /// The keys that identify its files; `None` if this isn't one.
    knows: fn(&Json<'_>) -> Option<&'static str>,
    /// Adds the speech; malformed parts become warnings.
    read: fn(&Json<'_>, &mut Book<'_>) -> Format,
    /// Keys that repeat what is said.
    repeats: &'static [&'static str],
}

/// The first that recognises a file reads it: those with the most specific keys come first.
const SOURCES: &[JsonSource] = &[
    fireflies::SOURCE,
    fathom::SOURCE,
    read_ai::SOURCE,
    rev::SOURCE,
    aws::SOURCE,
    aws_calls::SOURCE,
    bedrock::SOURCE,
    speechmatics::SOURCE,
    watson::SOURCE,
    deepgram::SOURCE,
    google::SOURCE,
    azure::SOURCE,
    gladia::SOURCE,
    elevenlabs::SOURCE,
    gong::SOURCE,
    meet::SOURCE,
    granola::SOURCE,
    recall::SOURCE,
    attendee::SOURCE,
    soniox::SOURCE,
    avoma::SOURCE,
    otter::SOURCE,
    tldv::SOURCE,
    sonix::SOURCE,
    assemblyai::SOURCE,
    podcast::SOURCE,
    youtube::SOURCE,
    whisper::SOURCE,
];

/// Keys in which services wrap the contents of their responses.
#[rustfmt::skip]
const WRAPPERS: &[&str] = &[
    "data", "response", "result", "transcript", "transcription", "transcripts", "output", "items", "json", "meeting", "call",
    "recording", "payload", "body", "conversation",
];

/// Whether a text begins like JSON. Lines of other transcripts begin with brackets and braces too.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix("```json").or_else(|| text.strip_prefix("```\n")).unwrap_or(text);
    let mut letters = text.trim_start().chars().filter(|letter| !letter.is_whitespace());
    matches!(
        (letters.next(), letters.next()),
        (Some('{'), Some('"' | '}') | None) | (Some('['), Some('{' | ']' | '"') | None)
    ) || text.trim_start().starts_with('[') && is_list_of_rows(text)
}

/// Whether a text begins like a list of lists, whose first cell is a string or a number; `[[00:01]` doesn't.
fn is_list_of_rows(text: &str) -> bool {
    let inner = text.trim_start()[1..].trim_start().strip_prefix('[').map(str::trim_start);
    inner.is_some_and(|inner| {
        let number = inner.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        inner.starts_with('"') || (number.len() < inner.len() && number.trim_start().starts_with(','))
    })
}

/// Reads any JSON.
///
/// # Errors
/// If it isn't valid JSON (with position and reason), or its format is unknown (with what was seen).
pub(super) fn read(source: &Source<'_>) -> Result<(Format, Draft), NotATranscript> {
    if let Some(bare) = without_fence(source.text) {
        let tree = Tree::parse(&bare).map_err(|broken| refusal(&broken))?;
        return choose(&tree, source);
    }
    match Tree::parse(source.text) {
        Ok(tree) => choose(&tree, source),
        Err(broken) if broken.goes_on() => lines(source).unwrap_or_else(|| Err(refusal(&broken))),
        Err(broken) => {
            let mended = mend::mended(source.text).ok_or_else(|| refusal(&broken))?;
            let tree = Tree::parse(&mended).map_err(|still| refusal(&still))?;
            let (format, mut draft) = choose(&tree, source)?;
            let message =
                "a number or half a character that JSON does not have; it is ignored, here and below".to_owned();
            draft.add_warning(Warning { line: broken.line, column: Some(broken.column), message });
            Ok((format, draft))
        }
    }
}

/// JSON as language models return it, fenced by lines of backquotes: the same text, with the same number of bytes,
/// without the fences.
fn without_fence(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let first = trimmed.strip_prefix("```")?.lines().next()?;
    let inner = trimmed[3 + first.len()..].strip_suffix("```")?;
    let begin = inner.as_ptr().addr() - text.as_ptr().addr();
    Some(format!("{}{inner}{}", " ".repeat(begin), " ".repeat(text.len() - begin - inner.len())))
}

/// JSON Lines: one entry per line. Whole transcripts in a row are several files; anything else isn't an entry.
fn lines(source: &Source<'_>) -> Option<Result<(Format, Draft), NotATranscript>> {
    let tree = Tree::parse_lines(source.text).ok()?;
    let documents = tree.root.items();
    let stream = events::is_stream(&tree.root);
    let whole =
        |document: &Json<'_>| is_talk(document) || SOURCES.iter().any(|source| (source.knows)(document).is_some());
    // Each event of a stream looks like a service's transcript, short as it is.
    let of_several = |document: &Json<'_>| lists::find(document).places.first().is_some_and(|place| place.speakers > 1);
    let is_one = |document: &Json<'_>| if stream { of_several(document) } else { whole(document) };
    if documents.iter().take(20).filter(|document| is_one(document)).nth(1).is_some() {
        return Some(Err(NotATranscript::Several));
    }
    let entries = documents.iter().all(Json::is_object) && !documents.iter().take(20).any(is_one);
    entries.then(|| choose(&tree, source))
}

/// Whether a line is a transcript by itself, and not a single utterance with its words.
fn is_talk(document: &Json<'_>) -> bool {
    let found = lists::find(document);
    found.places.first().is_some_and(|place| place.speakers > 1 || !place.words && place.texts > 3)
}

fn refusal(broken: &Broken) -> NotATranscript {
    NotATranscript::BrokenJson { what: broken.what.clone(), line: broken.line, column: broken.column }
}

fn choose(tree: &Tree<'_>, source: &Source<'_>) -> Result<(Format, Draft), NotATranscript> {
    if let Some(spoken) = events::spoken(&tree.root)
        && let Ok(read) = choose_in(&spoken, tree, source)
    {
        return Ok(read);
    }
    choose_in(&tree.root, tree, source)
}

/// Chooses the reader for what is under `root`: the whole tree, or the speech in it.
fn choose_in(root: &Json<'_>, tree: &Tree<'_>, source: &Source<'_>) -> Result<(Format, Draft), NotATranscript> {
    let mut inner = Vec::new();
    unwrap(root, 3, &mut inner);
    // A source that recognises the whole is more certain than one that recognises a part.
    let known: Vec<(&JsonSource, &Json<'_>, &'static str)> = inner
        .iter()
        .flat_map(|json| SOURCES.iter().filter_map(move |source| Some((source, *json, (source.knows)(json)?))))
        .collect();
    // What a source would have read, and why it's doubted.
    let mut doubted = None;
    for (chosen, json, reason) in &known {
        let (format, mut draft) = of_source(chosen, json, tree, source);
        // Another tool's keys: nobody speaks at that pace, or the speakers are under keys that this source doesn't
        // have.
        let doubt = if !units::possible(&draft.utterances) {
            Some("nobody speaks at that pace")
        } else if loses_speakers(&draft, root) {
            Some("its speakers would be lost")
        } else {
            None
        };
        if let Some(doubt) = doubt {
            let reason = format!("{reason}, but {doubt}");
            doubted.get_or_insert(RunnerUp { format: chosen.name.to_owned(), reason });
            continue;
        }
        let second = known.iter().find(|(other, ..)| other.name != chosen.name);
        let runner_up =
            second.map(|(other, _, reason)| RunnerUp { format: other.name.to_owned(), reason: (*reason).to_owned() });
        tracing::debug!(target: "parse", { format.reader = chosen.name, reason, format.runner_up = ?runner_up }, "format found");
        draft.detected = Detection { reason: (*reason).to_owned(), runner_up };
        return Ok((format, draft));
    }
    let table = columns::entries(root).or_else(|| lifted::entries(root));
    let root = table.as_ref().unwrap_or(root);
    let found = lists::find(root);
    if let Some(best) = found.places.first() {
        let mut book = Book::new(source, tree);
        let format = generic::read(root, &found, &mut book);
        let mut draft = book.close(&tree.root, generic::REPEATS);
        tracing::debug!(target: "parse", { format.reader = "json", format.runner_up = ?doubted }, "format found");
        draft.detected = Detection { reason: best.reason(), runner_up: doubted };
        return Ok((format, draft));
    }
    if let Some((chosen, json, reason)) = known.first() {
        let (format, mut draft) = of_source(chosen, json, tree, source);
        if !units::possible(&draft.utterances) {
            draft.drop_times("nobody speaks at the pace of these times; the words are kept without times");
        }
        draft.detected = Detection { reason: (*reason).to_owned(), runner_up: None };
        return Ok((format, draft));
    }
    if let Some(read) = as_text(tree, source) {
        return Ok(read);
    }
    let nearest = if is_chat_of_a_model(&inner) {
        " It looks like a chat with a model (user and assistant): what was typed, not what was said.".to_owned()
    } else if found.chat {
        " It looks like a chat: what people wrote, not what they said. A talk has times since its beginning, or an end beside \
         each start, or more than a few texts that follow each other as fast as people speak."
            .to_owned()
    } else {
        nearest(&inner)
    };
    Err(NotATranscript::UnknownJson { seen: seen(&tree.root), nearest })
}

/// Whether it's a conversation with a language model: its entries have the role.
fn is_chat_of_a_model(all: &[&Json<'_>]) -> bool {
    let lists = || all.iter().flat_map(|json| [json.items(), json.get("messages").items()]);
    let side = |list: &[Json<'_>], side: &str| list.iter().take(20).any(|entry| entry.get("role").text() == Some(side));
    lists().any(|list| side(list, "assistant") && (side(list, "user") || side(list, "human")))
}

/// Reads a transcript that is in the JSON as text, like a file of its own.
fn as_text(tree: &Tree<'_>, source: &Source<'_>) -> Option<(Format, Draft)> {
    plain::texts(&tree.root).iter().find_map(|text| {
        let prepared = prepare::prepared(text).ok().filter(|prepared| !is_json(&prepared.text))?;
        // What is next to it must not be lost: another list of the same talk.
        let (all, within) = (plain::words_of(&tree.root), words(&prepared.text));
        if within * 10 < all * 8 {
            return None;
        }
        let inner = Source::new(&prepared.text);
        let (_, mut draft) = formats::read_text(&inner).ok()?;
        prepared.doubts.into_iter().for_each(|doubt| draft.warn(0, doubt));
        draft.session_date = draft.session_date.or(prepared.day);
        draft.within(words(source.text), within, all.saturating_sub(within));
        draft.detected.reason = format!("a text in JSON: {}", draft.detected.reason);
        Some((Format::Json, draft))
    })
}

/// Whether a source found no names in a file that names speakers.
fn loses_speakers(draft: &Draft, root: &Json<'_>) -> bool {
    draft.utterances.iter().all(|said| said.label.is_none())
        && lists::find(root).places.first().is_some_and(|place| place.has_speakers() && place.speakers > 1)
}

fn of_source(chosen: &JsonSource, json: &Json<'_>, tree: &Tree<'_>, source: &Source<'_>) -> (Format, Draft) {
    let mut book = Book::new(source, tree);
    let format = (chosen.read)(json, &mut book);
    people::name_speakers(&mut book);
    (format, book.close(&tree.root, chosen.repeats))
}

/// A value, and the values it only wraps: the single element of a list, the contents of a response.
fn unwrap<'j>(json: &'j Json<'j>, depth: usize, found: &mut Vec<&'j Json<'j>>) {
    found.push(json);
    if depth == 0 {
        return;
    }
    if let [only] = json.items() {
        unwrap(only, depth - 1, found);
    }
    for inner in WRAPPERS.iter().map(|key| json.get(key)) {
        if inner.is_object() || inner.is_list() {
            unwrap(inner, depth - 1, found);
        }
    }
}

/// Keys that aren't enough to identify a file, and whose files have them.
#[rustfmt::skip]
const TELLING: &[(&str, &str)] = &[
    ("sentences", "Fireflies"), ("transcript", "Fathom"), ("turns", "Read.ai"), ("speaker_blocks", "Read.ai"),
    ("monologues", "Rev"), ("audio_segments", "Amazon Bedrock"), ("Transcript", "Amazon's Call Analytics"),
    ("recognizedPhrases", "Azure"), ("phrases", "Azure"), ("utterances", "AssemblyAI or Deepgram"),
    ("channels", "Deepgram"), ("events", "YouTube"), ("segments", "Whisper"), ("chunks", "Whisper"),
    ("results", "Amazon Transcribe or Google"), ("words", "Whisper or AssemblyAI"), ("callTranscripts", "Gong"), ("tokens", "Soniox"),
    ("transcriptEntries", "Google Meet"),
];

/// Whose JSON is the most similar, as a sentence; empty if none is.
fn nearest(all: &[&Json<'_>]) -> String {
    let known = TELLING.iter().find(|(key, _)| all.iter().any(|json| json.has(&[key])));
    known.map_or_else(String::new, |(key, whose)| {
        format!(" It looks like that of {whose}, which also has \"{key}\", but what is under it has a different shape.")
    })
}

/// What an unknown file looks like: its kind and its first keys, and never their values.
fn seen(json: &Json<'_>) -> String {
    match &json.value {
        Value::Object(fields) if fields.is_empty() => "an empty object".to_owned(),
        Value::Object(fields) => {
            let mut keys: Vec<String> = fields
                .iter()
                .take(8)
                .map(|(key, _)| format!("\"{}\"", key.chars().take(40).collect::<String>()))
                .collect();
            if fields.len() > keys.len() {
                keys.push(format!("{} more", fields.len() - keys.len()));
            }
            format!("an object with {}", keys.join(", "))
        }
        Value::List(items) => match items.first() {
            None => "an empty list".to_owned(),
            Some(first) => format!("a list of {}, the first being {}", items.len(), seen(first)),
        },
        Value::Text(..) => "a text".to_owned(),
        Value::Number(_) | Value::Large(_) => "a number".to_owned(),
        Value::Null | Value::Bool(_) => "no text".to_owned(),
    }
}

#[cfg(test)]
mod tests;
