//! What a provider writes: claims that nobody has verified yet. Its shape is the schema that models are held to.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Owner, Section, summary::StandsIn};

/// A sentence of a summary with what it rests on. A model writes the fields in this order: first the words that were
/// said, then the sentence about them, then what is read off them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DraftClaim {
    /// Where it stands.
    pub section: Section,
    /// The words that support the sentence; at least one.
    #[schemars(length(min = 1))]
    pub evidence: Vec<DraftEvidence>,
    /// The sentence, one or two lines long.
    #[schemars(length(max = 600))]
    pub text: String,
    /// Action items only: who does it; `unclear` where that was not said.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Action items only: the words that the date comes from, exactly as said; null when no date was said.
    #[serde(default)]
    #[schemars(length(max = 80))]
    pub due_words: Option<String>,
    /// Action items only: the day it is due, as YYYY-MM-DD; null when no date was said.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub due_date: Option<NaiveDate>,
    /// Risk and priority only: how grave or how urgent, from 0 to 1.
    #[serde(default)]
    pub score: Option<f32>,
    /// Open threads only: the number of the earlier action item.
    #[serde(default)]
    pub thread: Option<usize>,
    /// Open threads only: whether it was done (true), or said not to be done (false).
    #[serde(default)]
    pub met: Option<bool>,
}

impl DraftClaim {
    /// A claim with nothing but its sentence and evidence.
    #[must_use]
    pub fn new(section: Section, text: String, evidence: Vec<DraftEvidence>) -> Self {
        Self {
            section,
            evidence,
            text,
            owner: None,
            due_words: None,
            due_date: None,
            score: None,
            thread: None,
            met: None,
        }
    }
}

/// Words of one utterance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DraftEvidence {
    /// The number of the utterance, as it stands in brackets before it.
    pub utterance: usize,
    /// The words, copied exactly.
    #[schemars(length(max = 600))]
    pub quote: String,
}

/// The claims of one provider, and what wrote them.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The claims, not yet verified.
    pub claims: Vec<DraftClaim>,
    /// The provider: `offline`, `openai`, `anthropic`, …
    pub provider: &'static str,
    /// The provider's model.
    pub model: String,
    /// The version of its prompt, or of its rules.
    pub prompt_version: String,
    /// The model whose draft could not be used, and why, if this one was written in its place.
    pub stands_in: Option<StandsIn>,
}
