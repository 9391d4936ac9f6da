//! A query and what is found: the types that every way of searching shares.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::days::Days;
use crate::model::Section;

/// At most this many hits per search.
pub const MOST_HITS: u32 = 100;

/// The longest query, in characters.
pub(super) const LONGEST_QUERY: usize = 1_000;

/// A search query.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The words, or a plain question. `"Quoted phrases"` have to be there, and what begins with a minus must not.
    pub text: String,
    /// Only this coach's sessions.
    pub coach: Option<Uuid>,
    /// Only what this client said or what was summarized for them.
    pub client: Option<Uuid>,
    /// Only what clients with this tag said or what was summarized for them.
    pub tag: Option<String>,
    /// Only sessions of this type.
    pub session_type: Option<SessionType>,
    /// Only these parts; all of them if empty.
    pub parts: Vec<Part>,
    /// Only sessions on or after this day.
    pub from: Option<NaiveDate>,
    /// Only sessions on or before this day.
    pub to: Option<NaiveDate>,
    /// Days in the words (`in March`) are words like all others.
    pub days_are_words: bool,
    /// At most this many hits (up to [`MOST_HITS`]).
    pub limit: u32,
    /// Only what was said: whoever asks may not read summaries.
    pub only_said: bool,
}

/// The type of a session.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Deserialize,
    Serialize,
    ToSchema,
    schemars::JsonSchema,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SessionType {
    /// With one client.
    Individual,
    /// With several.
    Group,
}

impl SessionType {
    /// The names of all.
    pub const NAMES: &'static [&'static str] = <Self as strum::VariantNames>::VARIANTS;

    /// As stored.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Group => "group",
        }
    }
}

/// What is searched: the transcript, or a section of the summaries.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Deserialize,
    Serialize,
    ToSchema,
    schemars::JsonSchema,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = SearchPart)]
pub enum Part {
    /// What was said.
    Transcript,
    /// What went well.
    Wins,
    /// What is difficult.
    Challenges,
    /// Who does what, and by when.
    ActionItems,
    /// What the coach recommends.
    Recommendations,
    /// Words worth keeping.
    KeyQuotes,
    /// Where something shifted.
    Breakthrough,
    /// What may go wrong.
    Risk,
}

impl Part {
    /// The names of all.
    pub const NAMES: &'static [&'static str] = <Self as strum::VariantNames>::VARIANTS;

    /// As `search_conditions` of the migrations compares it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::Wins => Section::Wins.as_str(),
            Self::Challenges => Section::Challenges.as_str(),
            Self::ActionItems => Section::ActionItems.as_str(),
            Self::Recommendations => Section::Recommendations.as_str(),
            Self::KeyQuotes => Section::KeyQuotes.as_str(),
            Self::Breakthrough => Section::Breakthrough.as_str(),
            Self::Risk => Section::Risk.as_str(),
        }
    }
}

/// Where the words of a hit are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In what was said.
    Utterances,
    /// In a summary.
    Summary,
}

/// The client of a hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ClientOfHit)]
pub struct Client {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// A search hit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = SearchHit)]
pub struct Hit {
    /// The session.
    pub session_id: Uuid,
    /// Its title.
    pub title: String,
    /// Its date.
    pub session_date: NaiveDate,
    /// The summary's client, or the only client who speaks in the chunk or attends the session; `None` if several do.
    pub client: Option<Client>,
    /// The participants' names; until they are known, the speaker labels.
    pub speakers: Vec<String>,
    /// When in the session it starts, in milliseconds, if the transcript has times.
    pub start_ms: Option<i64>,
    /// The words.
    pub text: String,
    /// Where they are.
    pub source: Source,
    /// Of a summary's sentence: its section.
    pub section: Option<String>,
    /// The utterance in the passage that fits the words best, or the first that a summary's sentence is based on; `None` if it is
    /// found by its meaning alone.
    pub utterance: Option<FoundUtterance>,
    /// Higher is better; comparable only within one search.
    pub score: f64,
}

/// An utterance that is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FoundUtterance {
    /// Its id.
    pub id: Uuid,
    /// Its place in the transcript, from 0.
    pub position: i32,
    /// Who speaks: the name, or until it is known the label of the file.
    pub speaker: Option<String>,
    /// When in the session, in milliseconds, if the transcript has times.
    pub start_ms: Option<i64>,
}

/// Whether the meaning of a query was searched for, besides its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SearchByMeaning)]
pub enum ByMeaning {
    /// It was.
    Searched,
    /// The query has no meaning, such as punctuation alone.
    Nothing,
    /// The embedder or its vectors failed, or took too long: words alone were searched.
    Unavailable,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The hits, the best first.
    pub hits: Vec<Hit>,
    /// The days that were read from the words.
    pub days: Option<Days>,
    /// Whether meaning was searched for too.
    pub by_meaning: ByMeaning,
    /// How many sessions were searched: those that the filters leave.
    pub sessions: i64,
}

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query is empty.
    #[error("nothing to search for: give at least one word")]
    Empty,
    /// The query is too long, such as a whole text.
    #[error("the query has {0} characters, and may have {LONGEST_QUERY}: search for a few words")]
    TooLong(usize),
}
