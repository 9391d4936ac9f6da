//! What a claim rests on, and how many claims of a version rest on what. Pure: counts come from the claims of the version
//! that is shown, never from what another version had.

use serde::{Deserialize, Serialize};

use super::Content;

/// What a claim rests on. Stored with each version's claims, so that a change of the words is a change of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// Its words hold by rule against its evidence.
    Verified,
    /// It says that nothing was said, and needs no evidence.
    NothingSaid,
    /// They are the coach's own words: not checked against the transcript, or not held by it. Evidence that is still
    /// there is what the sentence was based on, and does not support it.
    Own,
    /// A language model made them of the coach's own words: nobody's check holds for them.
    Unchecked,
}

impl Support {
    const ALL: [Self; 4] = [Self::Verified, Self::NothingSaid, Self::Own, Self::Unchecked];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::NothingSaid => "nothing_said",
            Self::Own => "own",
            Self::Unchecked => "unchecked",
        }
    }

    /// The support stored as `name`; what is not known is not taken for verified.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|support| support.as_str() == name).unwrap_or(Self::Unchecked)
    }
}

/// How many claims rest on what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Claims that hold by rule.
    pub verified: usize,
    /// Claims in the coach's own words.
    pub own: usize,
    /// Claims that a model made of those.
    pub unchecked: usize,
    /// Claims that say that nothing was said: they state nothing, and are not counted as statements.
    pub nothing_said: usize,
}

impl Tally {
    /// Counts the claims of a version.
    #[must_use]
    pub fn of(content: &Content) -> Self {
        let mut tally = Self::default();
        for claim in &content.claims {
            *match claim.support {
                Support::Verified => &mut tally.verified,
                Support::NothingSaid => &mut tally.nothing_said,
                Support::Own => &mut tally.own,
                Support::Unchecked => &mut tally.unchecked,
            } += 1;
        }
        tally
    }

    /// All statements, verified or not.
    #[must_use]
    pub const fn statements(&self) -> usize {
        self.verified + self.own + self.unchecked
    }
}
