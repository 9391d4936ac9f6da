//! The content of a summary's version: its claims, each with its evidence. Pure values.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Audience, Section, Support};

/// A claim is a sentence, not an essay: at most this many characters.
pub const MAX_CHARACTERS: usize = 1000;
/// A summary has at most this many claims.
pub const MAX_CLAIMS: usize = 100;

/// Who is to do an action item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The client.
    Client,
    /// The coach.
    Coach,
    /// One of the two, or both: it was not said who.
    Unclear,
}

impl Owner {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Coach => "coach",
            Self::Unclear => "unclear",
        }
    }

    /// The owner stored as `name`; an unknown name is unclear.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        [Self::Client, Self::Coach].into_iter().find(|owner| owner.as_str() == name).unwrap_or(Self::Unclear)
    }
}

/// Words that support a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Evidence {
    /// The utterance with the words.
    pub utterance_id: Uuid,
    /// Who said it: the participant's name.
    pub speaker: String,
    /// When in the session, in milliseconds, if the transcript has times.
    pub start_ms: Option<i64>,
    /// The words as they are in the utterance.
    pub quote: String,
}

/// The extra fields of an action item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActionItem {
    /// Who does it.
    pub owner: Owner,
    /// The due date, if one was said.
    pub due_date: Option<NaiveDate>,
    /// The words from which the date was derived.
    pub due_words: Option<String>,
}

/// Severity or urgency from 0 to 1, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "f32", from = "f32")]
pub struct Score(u8);

impl Score {
    /// In hundredths, as stored.
    #[must_use]
    pub const fn hundredths(self) -> u8 {
        self.0
    }

    /// In a word: low, medium or high, in thirds.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self.0 {
            0..=33 => "low",
            34..=66 => "medium",
            _ => "high",
        }
    }
}

impl From<f32> for Score {
    /// A value outside 0 to 1, or NaN, becomes the nearest valid one.
    fn from(value: f32) -> Self {
        // In range by the clamp; a NaN becomes 0.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self((value.clamp(0.0, 1.0) * 100.0).round() as u8)
    }
}

impl From<Score> for f32 {
    fn from(score: Score) -> Self {
        Self::from(score.0) / 100.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", f32::from(*self))
    }
}

/// What became of something that an earlier session left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadOutcome {
    /// It was done.
    Met,
    /// It was said not to be done.
    NotMet,
    /// Nothing that was said could be matched with it. That is no proof that nobody spoke of it.
    NoMatch,
}

impl ThreadOutcome {
    /// As stored. The word for [`Self::NoMatch`] is the one first used: approvals have signed it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::NoMatch => "not_mentioned",
        }
    }

    /// As shown to people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::NoMatch => "no match found",
        }
    }

    /// The outcome stored as `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Met, Self::NotMet, Self::NoMatch].into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// An unfinished action item from an earlier session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Thread {
    /// The earlier claim.
    pub claim_id: Uuid,
    /// Its sentence.
    pub text: String,
    /// The day of its session.
    pub session_date: NaiveDate,
    /// The day it was first promised, if it has been promised again since.
    pub since: Option<NaiveDate>,
    /// What became of it in this session.
    pub outcome: ThreadOutcome,
}

/// A sentence of a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Claim {
    /// Its id; a new version gets new ones.
    pub id: Uuid,
    /// The id that it keeps from version to version, in whatever words.
    pub lasting_id: Uuid,
    /// Its section.
    pub section: Section,
    /// Who may read it.
    pub audience: Audience,
    /// The sentence.
    pub text: String,
    /// Whether the coach changed the words.
    pub edited: bool,
    /// What its words are based on.
    pub support: Support,
    /// The words that support it if it is verified, otherwise those it was based on. Empty only if the coach wrote it
    /// from scratch, or if nothing was found about an open thread. The schema rejects any other claim without evidence.
    pub evidence: Vec<Evidence>,
    /// For an action item.
    pub action: Option<ActionItem>,
    /// For a risk or a priority.
    #[schema(value_type = Option<f32>)]
    pub score: Option<Score>,
    /// For an open thread.
    pub thread: Option<Thread>,
}

impl Claim {
    /// Creates a claim of `section` for the section's audience, with its own id and nothing beyond its sentence.
    #[must_use]
    pub fn new(section: Section, text: String) -> Self {
        let id = Uuid::now_v7();
        Self {
            id,
            lasting_id: id,
            section,
            audience: section.audience(),
            text,
            edited: false,
            support: Support::Verified,
            evidence: Vec::new(),
            action: None,
            score: None,
            thread: None,
        }
    }

    /// Whether the coach may move it to another section: what was kept out of the letter stays out.
    #[must_use]
    pub fn is_movable(&self) -> bool {
        self.section.is_open() && self.audience == self.section.audience()
    }

    /// The same sentence in another section. What it says of who does it by when is only known of action items.
    #[must_use]
    pub fn moved_to(self, section: Section) -> Self {
        let action = (section == Section::ActionItems).then_some(ActionItem {
            owner: Owner::Unclear,
            due_date: None,
            due_words: None,
        });
        Self { section, audience: section.audience(), action, score: None, thread: None, ..self }
    }
}

/// The content of one version: its claims in order (by section, then by position).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The claims.
    pub claims: Vec<Claim>,
}

impl Content {
    /// The claims of `section`, in order.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(move |claim| claim.section == section)
    }

    /// What a client may read: nothing else goes in a follow-up.
    pub fn for_client(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(|claim| claim.audience == Audience::Client)
    }

    /// What a client would read, had it not been said near talk of danger: it is for the coach alone.
    pub fn kept_out(&self) -> impl Iterator<Item = &Claim> {
        self.claims
            .iter()
            .filter(|claim| claim.audience == Audience::Coach && claim.section.audience() == Audience::Client)
    }

    /// The score of a scored section: that of its gravest claim.
    #[must_use]
    pub fn score(&self, section: Section) -> Option<Score> {
        self.section(section).filter_map(|claim| claim.score).max()
    }

    /// SHA-256 in hex of everything shown: sections, sentences, owners, dates and quotes. It excludes ids, so that the
    /// same content has the same hash. An approval signs it.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        // Each field is preceded by its length, so that different contents never have the same bytes.
        let mut put = |field: &str| {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field);
        };
        for claim in &self.claims {
            put(claim.section.as_str());
            put(claim.audience.as_str());
            put(&claim.text);
            if let Some(action) = &claim.action {
                put(action.owner.as_str());
                put(&action.due_date.map(|date| date.to_string()).unwrap_or_default());
                put(action.due_words.as_deref().unwrap_or_default());
            }
            if let Some(score) = claim.score {
                put(&score.to_string());
            }
            if let Some(thread) = &claim.thread {
                put(&thread.claim_id.to_string());
                put(thread.outcome.as_str());
            }
            // The database keeps one piece of evidence per utterance, unordered, and so does the hash.
            let mut evidence: Vec<&Evidence> = claim.evidence.iter().collect();
            evidence.sort_by_key(|evidence| evidence.utterance_id);
            evidence.dedup_by_key(|evidence| evidence.utterance_id);
            for evidence in evidence {
                put(&evidence.utterance_id.to_string());
                put(&evidence.quote);
            }
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
