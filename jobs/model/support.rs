//! What a claim is based on, and how many claims of a version are based on what. Pure: counts come from the claims of
//! the version shown, never from another version's.

use serde::{Deserialize, Serialize};

use super::{Content, Section};

/// What a claim is based on. Stored with each version's claims, since it changes with their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// Its words are supported by its evidence, checked by rule.
    Verified,
    /// The same, and a second reader found that its evidence says it.
    ReadTwice,
    /// It holds by rule, but a second reader found that its evidence doesn't say all of it.
    Doubted,
    /// It says that nothing was said, and needs no evidence.
    NothingSaid,
    /// They are the coach's own words, which weren't checked against the transcript or failed the check. Any remaining
    /// evidence is what the sentence was based on, and doesn't support it.
    Own,
    /// A language model made them from the coach's own words: nobody has checked them.
    Unchecked,
}

impl Support {
    const ALL: [Self; 6] =
        [Self::Verified, Self::ReadTwice, Self::Doubted, Self::NothingSaid, Self::Own, Self::Unchecked];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::ReadTwice => "read_twice",
            Self::Doubted => "doubted",
            Self::NothingSaid => "nothing_said",
            Self::Own => "own",
            Self::Unchecked => "unchecked",
        }
    }

    /// Whether its words are supported by its evidence.
    #[must_use]
    pub const fn holds(self) -> bool {
        matches!(self, Self::Verified | Self::ReadTwice)
    }

    /// The support stored as `name`; an unknown name never counts as verified.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|support| support.as_str() == name).unwrap_or(Self::Unchecked)
    }
}

/// How many claims are based on what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Claims that hold by rule.
    pub verified: usize,
    /// Of these, claims that a second reader found supported as well.
    pub read_twice: usize,
    /// Claims that a second reader doubted.
    pub doubted: usize,
    /// Claims in the coach's own words.
    pub own: usize,
    /// Claims that a model made from those.
    pub unchecked: usize,
    /// Claims that say that nothing was said; they don't count as statements.
    pub nothing_said: usize,
}

impl Tally {
    /// Counts the claims of a version.
    #[must_use]
    pub fn of(content: &Content) -> Self {
        let mut tally = Self::default();
        // Moments state nothing: the coach has yet to say what they are.
        for claim in content.claims.iter().filter(|claim| claim.section != Section::Moments) {
            tally.read_twice += usize::from(claim.support == Support::ReadTwice);
            *match claim.support {
                Support::Verified | Support::ReadTwice => &mut tally.verified,
                Support::Doubted => &mut tally.doubted,
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
        self.verified + self.doubted + self.own + self.unchecked
    }
}
