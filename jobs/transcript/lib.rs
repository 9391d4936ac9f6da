//! Reads meeting transcripts of any tool, judging by the contents of the file alone.
//!
//! Pure: reads the given bytes, writes nothing, and returns the same for the same bytes. A separate package, so that it
//! can be fuzzed and measured without the rest of Debrief.
//!
//! The path of a file: its bytes become text ([`decode`], or `document` for Word and OpenDocument, whose line structure
//! matters), the text is matched with its format (`formats`, an ordered slice; a new format is one file and one line
//! there; `json` has its own), the format creates utterances, and an account proves that no word was lost on the way
//! (`account`). Malformed input is data: it leads to a warning, not to an error.
//!
//! Memory is limited before it's allocated: ingestion refuses files above its limit (`ingest.max_bytes`, 64 MiB by
//! default); here no text has more than eight million lines, no JSON more than ten million values or more than 128
//! levels, and no Word document more than 64 MiB of text, 2000 parts, or a compression ratio above 250. Within these
//! limits, memory grows with the file: to a few times its size for real files, and to 52 times in the worst known case
//! (lines of one letter each, where a line costs about a hundred bytes). Time is linear in the file's size, which tests
//! verify. The sizes of utterances and names are limited as well (`lengths`), for the code that processes them.

mod account;
pub mod clean;
mod clock;
pub mod companion;
pub mod conformance;
mod cue_marks;
mod cue_names;
mod cue_notes;
mod cue_speech;
mod cue_tags;
mod cut;
mod date;
mod dated;
pub mod decode;
mod delimited;
mod document;
mod fathom;
mod format;
mod formats;
mod json;
mod keys;
mod label;
mod left_out;
mod lengths;
mod line_heads;
mod live;
mod markdown;
mod marks_of_direction;
mod markup;
mod meet;
mod meet_captions;
mod names_in_turn;
mod not_a_transcript;
mod number_times;
mod odd_times;
mod one_line;
mod other_texts;
mod otter;
pub mod plausible;
mod prepare;
mod raw_time;
mod records;
mod rev;
mod rtf;
mod sbv;
mod second;
mod seen;
mod shown;
mod silence;
mod spoken;
mod srt;
mod substation;
mod tagged;
mod teams_metadata;
mod text;
mod textgrid;
mod time;
mod tldv;
mod tongue;
mod transcript;
mod translations;
mod units;
mod unnamed;
mod webex;
mod webvtt;
mod webvtt_cues;
pub mod words;
mod zoom_captions;

pub use cut::until;
pub use format::Format;
pub use label::announces as announces_quotation;
pub use not_a_transcript::NotATranscript;
pub use transcript::{Account, Attendee, Detection, RunnerUp, SetAside, Transcript, Utterance, Warning};
pub use unnamed::reads_like_conversation;

/// Parses the bytes of a file, judging by its contents alone. Takes linear time.
///
/// Memory is linear too: in addition to the bytes, three to five times their number for captions and texts, up to eight
/// times for JSON (whose number of values is limited), and for a Word document that multiple of its text, which is only
/// read up to 64 MiB. Measured in `docs/PARSING.md`. Callers limit the number of bytes, as `ingest.max_bytes` does.
///
/// # Errors
/// If the file isn't a transcript of a known kind: what was found instead, and what to do.
pub fn parse(bytes: &[u8]) -> Result<Transcript, NotATranscript> {
    if document::is_archive(bytes) {
        let (shown, format) = document::text(bytes)?;
        return read_shown(shown, Some(format));
    }
    if rtf::is_one(bytes) {
        return read_shown(rtf::text(bytes), None).map_err(|refusal| refusal.of("an RTF document"));
    }
    not_a_transcript::refuse_other_files(bytes)?;
    let decoded = decode::decode(bytes);
    if let Some(page) = tagged::page::of(&decoded.text) {
        let lines = page.shown.text.lines().filter(|line| !line.trim().is_empty()).count();
        let doubt = page.shown.doubt();
        let read = read(&not_empty(page.shown.text)?, None, decoded.warning);
        let mut transcript = read.map_err(|refusal| refusal.of("an HTML page"))?;
        if !tagged::page::is_talk(&transcript, lines) {
            return Err(NotATranscript::OtherNotation("an HTML page in which too little looks like talk".to_owned()));
        }
        transcript.title = transcript.title.or(page.title);
        transcript.warnings.insert(0, Warning { line: 0, column: None, message: tagged::page::DOUBT.to_owned() });
        transcript.warnings.extend(doubt);
        return Ok(transcript);
    }
    if let Some(json) = records::of_xml(&decoded.text)
        && let Ok(mut transcript) = read(&json, None, None)
    {
        transcript.warnings.iter_mut().for_each(|warning| (warning.line, warning.column) = (0, None));
        return Ok(transcript);
    }
    not_a_transcript::refuse_other_texts(&decoded.text)?;
    read(&decoded.text, None, decoded.warning)
}

/// Reads the text of a document; whatever isn't shown in it is warned of.
fn read_shown(shown: shown::Shown, format: Option<Format>) -> Result<Transcript, NotATranscript> {
    let doubt = shown.doubt();
    read(&not_empty(shown.text)?, format, doubt)
}

/// The text extracted from a document, unless it's empty.
fn not_empty(text: String) -> Result<String, NotATranscript> {
    if text.trim().is_empty() { Err(NotATranscript::Document("holds no text")) } else { Ok(text) }
}

fn read(text: &str, document: Option<Format>, warning: Option<Warning>) -> Result<Transcript, NotATranscript> {
    let prepared = prepare::prepared(text)?;
    let text = &prepared.text;
    let source = if document.is_some() { formats::Source::document(text) } else { formats::Source::new(text) };
    let (format, mut draft) = formats::read(&source)?;
    let format = document.filter(|_| matches!(format, Format::Text | Format::Docx)).unwrap_or(format);
    draft.session_date = draft.session_date.or(prepared.day);
    for doubt in prepared.doubts {
        draft.warn(0, doubt);
    }
    translations::set_aside(&mut draft);
    unnamed::warn(&mut draft);
    let mut transcript = draft.finish(format, &source);
    if transcript.utterances.is_empty() {
        return Err(NotATranscript::NothingSaid(format));
    }
    if is_written(&transcript) {
        return Err(NotATranscript::Written);
    }
    if let Some(warning) = warning {
        transcript.warnings.insert(0, warning);
    }
    transcript.clean();
    lengths::bound(&mut transcript);
    Ok(transcript)
}

/// Whether hours pass between a few words with times of day, as between the messages of a copied chat.
fn is_written(transcript: &Transcript) -> bool {
    /// In milliseconds per word; nobody usually speaks so slowly.
    const SLOWEST: i64 = 10_000;
    let of_day = || transcript.warnings.iter().any(|warning| warning.message == clock::TIMES_OF_DAY);
    if transcript.format != Format::Text || !of_day() {
        return false;
    }
    let timed: Vec<_> = transcript.utterances.iter().filter_map(|said| Some((said.start_ms?, &said.text))).collect();
    let slow = |pair: &&[(i64, &String)]| {
        let words = i64::try_from(words::count(pair[0].1)).unwrap_or(i64::MAX).max(1);
        pair[1].0 - pair[0].0 > words.saturating_mul(SLOWEST)
    };
    timed.windows(2).filter(slow).count() * 2 > timed.len()
}

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod proportion;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod tests;
