//! The supported file formats, each with the name used in the database and the one that people know.

use serde::{Deserialize, Serialize};

/// The format of a transcript file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// WebVTT of an unknown tool.
    #[serde(rename = "webvtt")]
    WebVtt,
    /// WebVTT as Zoom writes it: numbered cues, `Name: text`.
    ZoomVtt,
    /// WebVTT as Teams writes it: cue ids with a GUID, `<v Name>text</v>`; also its variant without names.
    TeamsVtt,
    /// SubRip.
    Srt,
    /// WebVTT as YouTube writes it: times within the cues, and rolling lines.
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
    /// The transcript that Meet writes, as a Word document, Markdown or text.
    #[serde(rename = "meet")]
    Meet,
    /// A Word document of an unknown tool.
    #[serde(rename = "docx")]
    Docx,
    /// An OpenDocument text (ODT) of an unknown tool.
    #[serde(rename = "odt")]
    Odt,
    /// The text export of Otter.
    #[serde(rename = "otter")]
    Otter,
    /// The Markdown export of tl;dv.
    #[serde(rename = "tldv")]
    TlDv,
    /// The text export of Rev.
    #[serde(rename = "rev_text")]
    RevText,
    /// The transcript copied from Fathom.
    #[serde(rename = "fathom_text")]
    FathomText,
    /// The HTML transcript of a podcast: `<cite>`, `<time>`, `<p>`.
    #[serde(rename = "podcast_html")]
    PodcastHtml,
    /// ELAN annotations: one tier per speaker.
    #[serde(rename = "eaf")]
    Eaf,
    /// A Praat TextGrid: one tier per speaker.
    #[serde(rename = "textgrid")]
    TextGrid,
    /// Plain text with speaker labels, times, or both.
    Text,
    /// JSON from Fireflies: its download or its API.
    #[serde(rename = "fireflies")]
    Fireflies,
    /// JSON of Fathom.
    #[serde(rename = "fathom")]
    Fathom,
    /// JSON of Read.ai.
    #[serde(rename = "read_ai")]
    ReadAi,
    /// JSON of Rev, transcribed by people or by machine.
    #[serde(rename = "rev")]
    Rev,
    /// JSON of Amazon Transcribe.
    #[serde(rename = "aws_transcribe")]
    Aws,
    /// JSON of Amazon Transcribe Call Analytics, or Contact Lens.
    #[serde(rename = "aws_call_analytics")]
    AwsCalls,
    /// JSON of Amazon Bedrock Data Automation.
    #[serde(rename = "aws_bedrock")]
    Bedrock,
    /// JSON of Google Speech-to-Text.
    #[serde(rename = "google_speech")]
    Google,
    /// JSON of Azure Speech, batch or fast transcription.
    #[serde(rename = "azure_speech")]
    Azure,
    /// JSON of Deepgram.
    #[serde(rename = "deepgram")]
    Deepgram,
    /// JSON of AssemblyAI.
    #[serde(rename = "assemblyai")]
    AssemblyAi,
    /// JSON of Whisper, WhisperX, whisper.cpp and compatible tools.
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
    /// JSON of Google Meet's API.
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
    /// JSON of an unknown tool, read by what its keys mean.
    #[serde(rename = "json")]
    Json,
    /// A table: CSV, or with tabs, semicolons or bars.
    #[serde(rename = "csv")]
    Csv,
}

impl Format {
    /// The name used in the database.
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
            Self::Odt => "odt",
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

    /// The name that a coach would use.
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
            Self::Odt => "OpenDocument text",
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
