//! What Debrief does: the path of a session from the bucket to the follow-up, a folder a stage, in order.
//!
//! ```text
//! ingest → parse → attribute → summarize → review → follow_up      (each arrow is a job)
//!             └──────────────────┴→ index                            (on the side)
//! schedules: rollup, export, reconcile
//! ```

// The path, in order.
pub mod attribute;
pub mod follow_up;
pub mod ingest;
pub mod parse;
pub mod refine;
pub mod review;
pub mod summarize;

// On the side, and by schedule.
pub mod export;
pub mod index;
pub mod reconcile;
pub mod rollup;

// What the stages share.
pub mod bucket;
pub mod danger;
pub mod db;
pub mod embed;
pub mod llm;
pub mod mail;
pub mod model;
pub mod people;
pub mod queue;
pub mod template;
pub mod voice;

mod private;
mod services;

pub use debrief_transcript::clean;

use queue::{Catalogue, schedule::Schedule};

/// Every kind of job, in the order of the path: what a worker knows.
#[must_use]
pub fn catalogue() -> Catalogue {
    Catalogue::new()
        .with::<ingest::ScanInbox>()
        .with::<ingest::RejectTranscript>()
        .with::<ingest::TellCoach>()
        .with::<parse::ParseTranscript>()
        .with::<attribute::AttributeSession>()
        .with::<attribute::CorrectSessions>()
        .with::<attribute::DropThreads>()
        .with::<review::AskForSpeakers>()
        .with::<summarize::SummarizeClient>()
        .with::<summarize::LookAgain>()
        .with::<refine::RefineSummary>()
        .with::<review::RequestReview>()
        .with::<review::SendFreshLink>()
        .with::<mail::SendMail>()
        .with::<follow_up::SendFollowUp>()
        .with::<follow_up::Readdress>()
        // On the side.
        .with::<index::IndexSession>()
        .with::<index::IndexSummary>()
        // By schedule.
        .with::<rollup::RollupDue>()
        .with::<rollup::WeeklyRollup>()
        .with::<export::ExportAll>()
        .with::<export::ExportOrganization>()
        .with::<reconcile::Reconcile>()
        .with::<queue::Prune>()
        .with::<llm::ExpireAnswers>()
}

/// Every schedule, as the program brings it; `queue.schedules` overrides them by name.
#[must_use]
pub fn schedules() -> Vec<Schedule> {
    vec![
        ingest::SCHEDULE,
        rollup::SCHEDULE,
        export::SCHEDULE,
        reconcile::SCHEDULE,
        queue::PRUNE_SCHEDULE,
        llm::SCHEDULE,
    ]
}

pub use services::{Services, Settings, SettingsError};
