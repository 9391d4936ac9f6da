//! Signs of danger to life in what is said: suicide, self-harm, abuse, violence, medical emergencies.
//!
//! Three things indicate danger: patterns of words (`lexicon`), the weight of a sentence's words and meanings, learned
//! from labelled sentences (`weigh`, `concepts`), and answers to questions about it (`asked`). The lexicon follows the
//! published categories of screening instruments: the C-SSRS, the ASQ and item 9 of the PHQ-9 for suicide and
//! self-harm, HITS and HARK for violence at home, plus the abuse of children and the elderly, thoughts of harming
//! others, and the signs for which one calls an ambulance. It uses the instruments' categories alone, none of their
//! wording. What is denied, a joke, long ago, or about a film is recognised as such; uncertain cases are shown: a coach
//! who reads one sentence too many loses a minute. If there is a local model, it hears what is similar (`near`).
//!
//! `docs/SUMMARIES.md` describes the method, its figures and its limits. Stages store the signs with `store`.

mod asked;
mod concepts;
mod help;
mod labelled;
mod language;
mod lexicon;
mod listener;
mod near;
mod sentence;
mod store;

#[cfg(test)]
mod tests;
mod weigh;
mod words;

use std::ops::Range;

pub use help::{names_help, names_means};
pub use listener::{is_sign, signs, signs_until};
pub use near::near;
pub use store::{Beside, ShownSign, kinds, signs_to_show, write};

/// A kind of danger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A wish to be dead, thoughts of suicide, a plan, an attempt.
    Suicide,
    /// Hurting oneself.
    SelfHarm,
    /// Somebody is hit, threatened or forced: the speaker or someone else.
    Abuse,
    /// Somebody may hurt others, or has done so.
    Violence,
    /// Somebody needs a doctor now.
    Emergency,
}

impl Kind {
    /// All kinds, gravest first.
    pub const ALL: [Self; 5] = [Self::Suicide, Self::SelfHarm, Self::Abuse, Self::Violence, Self::Emergency];

    /// The name used in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suicide => "suicide",
            Self::SelfHarm => "self_harm",
            Self::Abuse => "abuse",
            Self::Violence => "violence",
            Self::Emergency => "emergency",
        }
    }

    /// The kind in words, for use in the middle of a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Suicide => "suicide",
            Self::SelfHarm => "self-harm",
            Self::Abuse => "abuse",
            Self::Violence => "violence toward others",
            Self::Emergency => "a medical emergency",
        }
    }

    /// Parses a kind as stored in the database.
    #[must_use]
    pub fn parse(stored: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == stored)
    }
}

macro_rules! whys {
    ($($(#[$doc:meta])* $name:ident = $kind:ident, $stored:literal, $words:literal;)+) => {
        /// What a sentence is a sign of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Indicator {
            $($(#[$doc])* $name,)+
        }

        impl Indicator {
            const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The kind of danger it belongs to.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)+ }
            }

            /// The name used in the database, and at the start of the lexicon's lines.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $stored,)+ }
            }

            /// The sign in words, for use in the middle of a sentence.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

whys! {
    /// A wish to be dead, or not to wake up.
    Wish = Suicide, "wish", "a wish to be dead, or to stop living";
    /// The thought that others would be better off.
    Burden = Suicide, "burden", "the thought that others would be better off without them";
    /// Thoughts of suicide.
    Thoughts = Suicide, "thoughts", "thoughts of suicide or of dying";
    /// How, where and when.
    Method = Suicide, "method", "a way or a place to do it";
    /// Getting ready.
    Plan = Suicide, "plan", "a plan, or getting ready";
    /// It was tried.
    Attempt = Suicide, "attempt", "an attempt";
    /// Asked about suicide or self-harm, somebody didn't say no.
    NotDenied = Suicide, "not_denied", "asked, and the answer wasn't no";
    /// Hurting oneself.
    SelfHarm = SelfHarm, "harm", "hurting oneself";
    /// Somebody is hit or hurt.
    Hurt = Abuse, "hit", "someone being hit or hurt";
    /// Somebody is threatened, controlled, afraid.
    Threat = Abuse, "threat", "threats, control, or fear of someone";
    /// Somebody is forced into sexual acts.
    Forced = Abuse, "sexual", "sexual violence";
    /// Asked about abuse, somebody didn't say no; or asked whether they're safe, they said no.
    NotSafe = Abuse, "not_safe", "asked, and the answer wasn't clear";
    /// Somebody may hurt someone else, or has done so.
    Violence = Violence, "violence", "wanting to hurt someone, or having done so";
    /// Signs of a heart attack.
    Chest = Emergency, "chest", "pain in the chest or signs of a heart attack";
    /// Signs of a stroke or a head injury.
    Stroke = Emergency, "stroke", "signs of a stroke or a head injury";
    /// Trouble breathing.
    Breath = Emergency, "breath", "trouble breathing";
    /// An overdose or poisoning.
    Overdose = Emergency, "overdose", "an overdose or poison";
    /// Bleeding that doesn't stop.
    Bleeding = Emergency, "bleeding", "bleeding that doesn't stop";
    /// Somebody is not conscious.
    Unconscious = Emergency, "unconscious", "someone unconscious, or an ambulance called";
    /// Similar to what is said in an emergency.
    Emergency = Emergency, "emergency", "words used in a medical emergency";
    /// Asked about an emergency, somebody didn't say no.
    Unwell = Emergency, "unwell", "asked, and the answer wasn't no";
}

impl Indicator {
    /// Parses an indicator as stored in the database.
    #[must_use]
    pub fn parse(stored: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|why| why.as_str() == stored)
    }
}

/// Words that somebody says in a session.
#[derive(Clone, Copy, Debug)]
pub struct SpokenText<'a> {
    /// The speaker's label; `None` if the transcript has none.
    pub speaker: Option<&'a str>,
    /// The words, as transcribed.
    pub text: &'a str,
}

/// A sentence that indicates danger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The index of the utterance.
    pub utterance: usize,
    /// The sentence's byte range in the utterance.
    pub sentence: Range<usize>,
    /// What it's a sign of.
    pub why: Indicator,
}
