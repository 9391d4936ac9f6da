//! The sections of a summary, and who may read them. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A section of a summary.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// What went well.
    Wins,
    /// What is difficult.
    Challenges,
    /// Who does what, and by when.
    ActionItems,
    /// What the coach recommends.
    Recommendations,
    /// Words worth keeping, as they were said.
    KeyQuotes,
    /// Passages that may matter, but that nobody is sure about (for the coach, who may move them to a section).
    #[schemars(skip)]
    Moments,
    /// How engaged the client was (for the coach).
    Engagement,
    /// Where something shifted (for the coach).
    Breakthrough,
    /// What may go wrong, from strain to thoughts of leaving, with a score (for the coach).
    Risk,
    /// How urgently the client needs attention, with a score (for the coach).
    Priority,
    /// What earlier sessions left to do, and whether it was done (for the coach).
    OpenThreads,
}

impl Section {
    /// All sections, in page order.
    pub const ALL: [Self; 11] = [
        Self::Wins,
        Self::Challenges,
        Self::ActionItems,
        Self::Recommendations,
        Self::KeyQuotes,
        Self::Moments,
        Self::Engagement,
        Self::Breakthrough,
        Self::Risk,
        Self::Priority,
        Self::OpenThreads,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wins => "wins",
            Self::Challenges => "challenges",
            Self::ActionItems => "action_items",
            Self::Recommendations => "recommendations",
            Self::KeyQuotes => "key_quotes",
            Self::Moments => "moments",
            Self::Engagement => "engagement",
            Self::Breakthrough => "breakthrough",
            Self::Risk => "risk",
            Self::Priority => "priority",
            Self::OpenThreads => "open_threads",
        }
    }

    /// As a heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Wins => "Wins",
            Self::Challenges => "Challenges",
            Self::ActionItems => "Action items",
            Self::Recommendations => "Recommendations",
            Self::KeyQuotes => "Key quotes",
            Self::Moments => "Moments",
            Self::Engagement => "Engagement",
            Self::Breakthrough => "Breakthrough",
            Self::Risk => "Risk",
            Self::Priority => "Priority",
            Self::OpenThreads => "Open threads",
        }
    }

    /// Who the section is for: the schema rejects a coach's section for a client.
    #[must_use]
    pub const fn audience(self) -> Audience {
        match self {
            Self::Wins | Self::Challenges | Self::ActionItems | Self::Recommendations | Self::KeyQuotes => {
                Audience::Client
            }
            Self::Moments | Self::Engagement | Self::Breakthrough | Self::Risk | Self::Priority | Self::OpenThreads => {
                Audience::Coach
            }
        }
    }

    /// Whether a coach may move claims into it and out of it: it says what a quote is about, and nothing is counted,
    /// scored or settled by it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Engagement | Self::Risk | Self::Priority | Self::OpenThreads)
    }

    /// Whether a language model writes it. Moments are what the offline summarizer isn't sure about.
    #[must_use]
    pub const fn is_for_model(self) -> bool {
        !matches!(self, Self::Moments)
    }

    /// Whether its claims carry a [`Score`](super::Score).
    #[must_use]
    pub const fn is_scored(self) -> bool {
        matches!(self, Self::Risk | Self::Priority)
    }

    /// The section stored as `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.as_str() == name)
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may read a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The client and the coach.
    Client,
    /// Only the coach.
    Coach,
}

impl Audience {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Coach => "coach",
        }
    }
}
