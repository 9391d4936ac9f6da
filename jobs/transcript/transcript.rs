//! What a parse gives: utterances in order, what was set aside, warnings, and the account of every word.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::clean;

/// The kind of file that a transcript came as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// WebVTT of no known tool.
    #[serde(rename = "webvtt")]
    WebVtt,
    /// WebVTT as Zoom writes it: numbered cues, `Name: text`.
    ZoomVtt,
    /// WebVTT as Teams writes it: cue ids made of a GUID, `<v Name>text</v>`; also its variant without any names.
    TeamsVtt,
    /// SubRip.
    Srt,
    /// WebVTT as YouTube writes it: times within the cues, and lines that roll on.
    #[serde(rename = "youtube_vtt")]
    YouTubeVtt,
    /// The caption track of YouTube as XML.
    #[serde(rename = "youtube_xml")]
    YouTubeXml,
    /// The captions of a Meet recording, as WebVTT or SBV: `(Name)` before the text.
    #[serde(rename = "meet_captions")]
    MeetCaptions,
    /// WebVTT as Webex writes it: the speaker in the cue id.
    #[serde(rename = "webex_vtt")]
    WebexVtt,
    /// SBV.
    #[serde(rename = "sbv")]
    Sbv,
    /// Timed Text Markup Language.
    #[serde(rename = "ttml")]
    Ttml,
    /// Captions that a participant of a Zoom meeting saved.
    #[serde(rename = "zoom_captions")]
    ZoomCaptions,
    /// The Word document that Teams offers.
    #[serde(rename = "teams_docx")]
    TeamsDocx,
    /// The transcript that Meet writes, as Word document, Markdown or text.
    #[serde(rename = "meet")]
    Meet,
    /// A Word document of no known tool.
    #[serde(rename = "docx")]
    Docx,
    /// The text export of Otter.
    #[serde(rename = "otter")]
    Otter,
    /// The Markdown export of tl;dv.
    #[serde(rename = "tldv")]
    TlDv,
    /// The text export of Rev.
    #[serde(rename = "rev_text")]
    RevText,
    /// The transcript as Fathom copies it.
    #[serde(rename = "fathom_text")]
    FathomText,
    /// The HTML transcript of a podcast: `<cite>`, `<time>`, `<p>`.
    #[serde(rename = "podcast_html")]
    PodcastHtml,
    /// ELAN annotations: a tier a speaker.
    #[serde(rename = "eaf")]
    Eaf,
    /// A Praat TextGrid: a tier a speaker.
    #[serde(rename = "textgrid")]
    TextGrid,
    /// Plain text with speaker labels, times, or both.
    Text,
    /// JSON of Fireflies, its download or its programming interface.
    #[serde(rename = "fireflies")]
    Fireflies,
    /// JSON of Fathom.
    #[serde(rename = "fathom")]
    Fathom,
    /// JSON of Read.ai.
    #[serde(rename = "read_ai")]
    ReadAi,
    /// JSON of Rev, typed by people or by its machine.
    #[serde(rename = "rev")]
    Rev,
    /// JSON of Amazon Transcribe.
    #[serde(rename = "aws_transcribe")]
    Aws,
    /// JSON of Call Analytics of Amazon Transcribe, or Contact Lens.
    #[serde(rename = "aws_call_analytics")]
    AwsCalls,
    /// JSON of Data Automation of Amazon Bedrock.
    #[serde(rename = "aws_bedrock")]
    Bedrock,
    /// JSON of Google Speech-to-Text.
    #[serde(rename = "google_speech")]
    Google,
    /// JSON of Azure Speech, by batch or fast.
    #[serde(rename = "azure_speech")]
    Azure,
    /// JSON of Deepgram.
    #[serde(rename = "deepgram")]
    Deepgram,
    /// JSON of AssemblyAI.
    #[serde(rename = "assemblyai")]
    AssemblyAi,
    /// JSON of Whisper, WhisperX, whisper.cpp and what writes as they do.
    #[serde(rename = "whisper")]
    Whisper,
    /// JSON of the podcast namespace.
    #[serde(rename = "podcast_json")]
    Podcast,
    /// YouTube's captions as `json3`.
    #[serde(rename = "youtube_json3")]
    YouTube,
    /// JSON of Gladia.
    #[serde(rename = "gladia")]
    Gladia,
    /// JSON of Speechmatics.
    #[serde(rename = "speechmatics")]
    Speechmatics,
    /// JSON of ElevenLabs Scribe.
    #[serde(rename = "elevenlabs")]
    ElevenLabs,
    /// JSON of IBM Watson.
    #[serde(rename = "watson")]
    Watson,
    /// JSON of Gong.
    #[serde(rename = "gong")]
    Gong,
    /// JSON of Google Meet's programming interface.
    #[serde(rename = "meet_api")]
    MeetApi,
    /// JSON of Granola.
    #[serde(rename = "granola")]
    Granola,
    /// JSON of Recall.ai.
    #[serde(rename = "recall")]
    Recall,
    /// JSON of tl;dv.
    #[serde(rename = "tldv_json")]
    TlDvJson,
    /// JSON of Soniox.
    #[serde(rename = "soniox")]
    Soniox,
    /// JSON of Avoma.
    #[serde(rename = "avoma")]
    Avoma,
    /// JSON of Sonix.
    #[serde(rename = "sonix")]
    Sonix,
    /// JSON of Otter.
    #[serde(rename = "otter_json")]
    OtterJson,
    /// JSON of Attendee.
    #[serde(rename = "attendee")]
    Attendee,
    /// JSON of no known tool, read by what its keys mean.
    #[serde(rename = "json")]
    Json,
    /// A table: CSV, or with tabs, semicolons or bars.
    #[serde(rename = "csv")]
    Csv,
}

impl Format {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebVtt => "webvtt",
            Self::ZoomVtt => "zoom_vtt",
            Self::TeamsVtt => "teams_vtt",
            Self::Srt => "srt",
            Self::YouTubeVtt => "youtube_vtt",
            Self::YouTubeXml => "youtube_xml",
            Self::MeetCaptions => "meet_captions",
            Self::WebexVtt => "webex_vtt",
            Self::Sbv => "sbv",
            Self::Ttml => "ttml",
            Self::ZoomCaptions => "zoom_captions",
            Self::TeamsDocx => "teams_docx",
            Self::Meet => "meet",
            Self::Docx => "docx",
            Self::Otter => "otter",
            Self::TlDv => "tldv",
            Self::RevText => "rev_text",
            Self::FathomText => "fathom_text",
            Self::PodcastHtml => "podcast_html",
            Self::Eaf => "eaf",
            Self::TextGrid => "textgrid",
            Self::Text => "text",
            Self::Fireflies => "fireflies",
            Self::Fathom => "fathom",
            Self::ReadAi => "read_ai",
            Self::Rev => "rev",
            Self::Aws => "aws_transcribe",
            Self::AwsCalls => "aws_call_analytics",
            Self::Bedrock => "aws_bedrock",
            Self::Google => "google_speech",
            Self::Azure => "azure_speech",
            Self::Deepgram => "deepgram",
            Self::AssemblyAi => "assemblyai",
            Self::Whisper => "whisper",
            Self::Podcast => "podcast_json",
            Self::YouTube => "youtube_json3",
            Self::Gladia => "gladia",
            Self::Speechmatics => "speechmatics",
            Self::ElevenLabs => "elevenlabs",
            Self::Watson => "watson",
            Self::Gong => "gong",
            Self::MeetApi => "meet_api",
            Self::Granola => "granola",
            Self::Recall => "recall",
            Self::TlDvJson => "tldv_json",
            Self::Soniox => "soniox",
            Self::Avoma => "avoma",
            Self::Sonix => "sonix",
            Self::OtterJson => "otter_json",
            Self::Attendee => "attendee",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// As a coach would call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebVtt => "WebVTT",
            Self::ZoomVtt => "Zoom WebVTT",
            Self::TeamsVtt => "Teams WebVTT",
            Self::Srt => "SRT",
            Self::YouTubeVtt => "YouTube WebVTT",
            Self::YouTubeXml => "YouTube XML",
            Self::MeetCaptions => "Meet captions",
            Self::WebexVtt => "Webex WebVTT",
            Self::Sbv => "SBV",
            Self::Ttml => "TTML",
            Self::ZoomCaptions => "Zoom captions",
            Self::TeamsDocx => "Teams Word document",
            Self::Meet => "Meet transcript",
            Self::Docx => "Word document",
            Self::Otter => "Otter text",
            Self::TlDv => "tl;dv Markdown",
            Self::RevText => "Rev text",
            Self::FathomText => "Fathom text",
            Self::PodcastHtml => "podcast HTML",
            Self::Eaf => "ELAN file",
            Self::TextGrid => "TextGrid",
            Self::Text => "plain text",
            Self::Fireflies => "Fireflies JSON",
            Self::Fathom => "Fathom JSON",
            Self::ReadAi => "Read.ai JSON",
            Self::Rev => "Rev JSON",
            Self::Aws => "Amazon Transcribe JSON",
            Self::AwsCalls => "Amazon Transcribe Call Analytics JSON",
            Self::Bedrock => "Amazon Bedrock Data Automation JSON",
            Self::Google => "Google Speech-to-Text JSON",
            Self::Azure => "Azure Speech JSON",
            Self::Deepgram => "Deepgram JSON",
            Self::AssemblyAi => "AssemblyAI JSON",
            Self::Whisper => "Whisper JSON",
            Self::Podcast => "podcast JSON",
            Self::YouTube => "YouTube JSON",
            Self::Gladia => "Gladia JSON",
            Self::Speechmatics => "Speechmatics JSON",
            Self::ElevenLabs => "ElevenLabs JSON",
            Self::Watson => "IBM Watson JSON",
            Self::Gong => "Gong JSON",
            Self::MeetApi => "Meet JSON",
            Self::Granola => "Granola JSON",
            Self::Recall => "Recall.ai JSON",
            Self::TlDvJson => "tl;dv JSON",
            Self::Soniox => "Soniox JSON",
            Self::Avoma => "Avoma JSON",
            Self::Sonix => "Sonix JSON",
            Self::OtterJson => "Otter JSON",
            Self::Attendee => "Attendee JSON",
            Self::Json => "JSON of another tool",
            Self::Csv => "table (CSV)",
        }
    }
}

/// A parsed transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The kind of file.
    pub format: Format,
    /// By what it was known, and what else it might have been.
    #[serde(default)]
    pub detected: Detection,
    /// The title, where the content names one.
    pub title: Option<String>,
    /// The day of the session, where the content names one: of a moment the day in its own zone, often UTC.
    pub session_date: Option<NaiveDate>,
    /// The moment at which the session began, where the content names one. Its day depends on where the coach is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// What was said, in the order of the file.
    pub utterances: Vec<Utterance>,
    /// What is in the file and was not said, or cannot be read.
    pub set_aside: Vec<SetAside>,
    /// What is malformed or doubtful.
    pub warnings: Vec<Warning>,
    /// Whom the file names as attending, beside its speaker labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<Attendee>,
    /// Where every word of the file went.
    pub account: Account,
}

impl Transcript {
    /// Takes out of words and names what cannot be stored, or misleads. Last of all: the account counts what the file has.
    pub(crate) fn clean(&mut self) {
        for said in &mut self.utterances {
            // Where nothing of a label is left, nobody is named.
            said.label = said.label.take().map(|label| clean::line(&label)).filter(|label| !label.is_empty());
            clean_text(&mut said.text);
        }
        self.title = self.title.take().map(|title| clean::line(&title));
        for warning in &mut self.warnings {
            clean_text(&mut warning.message);
        }
        self.attendees.iter_mut().for_each(Attendee::clean);
        self.attendees.retain(|attendee| attendee.name.is_some() || attendee.email.is_some());
    }
}

pub(crate) fn clean_text(text: &mut String) {
    if let Cow::Owned(clean) = clean::text(text) {
        *text = clean;
    }
}

/// How the kind of a file was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// What in the file shows its kind, in plain words; never a word of the file itself.
    pub reason: String,
    /// What it would have been read as otherwise; none where nothing else came near.
    pub runner_up: Option<RunnerUp>,
}

/// The kind that came second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// The name of the reader.
    pub format: String,
    /// What in the file spoke for it.
    pub reason: String,
}

/// What one speaker said at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utterance {
    /// The speaker label as written in the file, trimmed; none where the file names nobody.
    pub label: Option<String>,
    /// From the start of the recording, in milliseconds; none where the file has no real time for it.
    pub start_ms: Option<i64>,
    /// From the start of the recording, in milliseconds; none where the file has no real time for it.
    pub end_ms: Option<i64>,
    /// The words.
    pub text: String,
}

/// Somebody who attended a meeting, or was invited, as a file says beside what was spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// As written: the name under which the tool showed the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Further names in what is written: of `Pri (Priya Raman)` both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    /// In lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The speaker label that the tool itself ties to this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The file says that the person was there; an invitation does not.
    pub was_there: bool,
    /// How long, where the file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

impl Attendee {
    pub(crate) fn clean(&mut self) {
        for field in [&mut self.name, &mut self.email, &mut self.label] {
            *field = field.take().map(|text| clean::line(&text)).filter(|text| !text.is_empty());
        }
        for name in &mut self.other_names {
            *name = clean::line(name);
        }
    }
}

/// A line (or the lines from it on) that is not part of any utterance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// From 1.
    pub line: usize,
    /// Why, in plain words.
    pub reason: String,
    /// How many words it holds.
    pub words: usize,
}

impl SetAside {
    /// Whether somebody may have said it: it is none of what tools and people write beside what was said.
    #[must_use]
    pub fn may_have_been_said(&self) -> bool {
        crate::left_out::may_have_been_said(&self.reason)
    }

    /// Whether the same words are in an utterance.
    #[must_use]
    pub fn is_there_already(&self) -> bool {
        crate::left_out::is_there_already(&self.reason)
    }
}

/// Something malformed or doubtful in the file; never a reason to lose words silently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// From 1; 0 where it is about the whole file.
    pub line: usize,
    /// From 1, where a place in the line is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What is wrong, in plain words. Of what was said it holds only the first words of what was left out.
    pub message: String,
}

/// Where every word of the file went. A word is an unbroken run of letters and digits, so that the sum does not hang
/// on spaces and punctuation ("here's" counts as two); of scripts without spaces, such as Chinese, it is each letter. For
/// words as people count them see [`crate::words`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// In the file, counted before anything else is done with it.
    pub in_file: usize,
    /// In the utterances, counted after everything is done.
    pub in_utterances: usize,
    /// In what was set aside.
    pub set_aside: usize,
    /// In what holds the file together: times, cue ids, labels, markup.
    pub structure: usize,
}

impl Account {
    /// Whether every word went somewhere, and none to two places.
    #[must_use]
    pub const fn balances(&self) -> bool {
        self.in_file == self.in_utterances + self.set_aside + self.structure
    }
}
