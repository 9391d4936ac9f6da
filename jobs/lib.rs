//! What Debrief does: the path of a session from the bucket to the follow-up.
//!
//! ```text
//! ingest → parse → attribute → summarize → review → follow_up      (each arrow is a job; see `path`)
//!             └──────────────────┴→ index                            (on the side)
//! schedules: rollup, export, backup, reconcile
//! ```
//!
//! Each module uses only those below it: `tests/arrows.rs` lists the order from the top down, and enforces it.

mod services;

// On the side, and on a schedule.
pub mod backup;
pub mod bundle;
pub mod export;
pub mod reconcile;
pub mod rollup;

// What a coach does with a session.
pub mod correct;
pub mod erase;
pub mod refine;
pub mod review;

// The stages.
pub mod attribute;
pub mod desk;
pub mod follow_up;
pub mod ingest;
pub mod parse;
pub mod summarize;

// What the stages share.
pub mod audit;
pub mod bucket;
pub mod danger;
pub mod db;
pub mod embed;
pub mod goals;
pub mod index;
pub mod limits;
pub mod links;
pub mod llm;
pub mod mail;
pub mod meeting;
pub mod model;
pub mod names;
pub mod path;
pub mod people;
pub mod prompts;
pub mod queue;
pub mod removal;
pub mod repeats;
pub mod rights;
pub mod secret;
pub mod sign_in;
pub mod template;
pub mod uploads;
pub mod voice;
pub mod webhook;
pub(crate) mod written;

mod language;
mod masked;
pub mod network;
pub mod private;
mod settings;
mod text;
pub mod web;

pub use debrief_transcript::clean;

use queue::{Catalogue, schedule::Schedule};

/// Every kind of job a worker knows, in path order.
#[must_use]
pub fn catalogue(services: &Services) -> Catalogue {
    Catalogue::new()
        .with::<ingest::ScanInbox>(services.provide())
        .with::<ingest::RejectTranscript>(services.provide())
        .with::<ingest::TellCoach>(services.provide())
        .with::<path::ParseTranscript>(services.provide())
        .with::<path::AttributeSession>(services.provide())
        .with::<correct::CorrectSessions>(services.provide())
        .with::<path::DropThreads>(services.provide())
        .with::<path::AskForSpeakers>(services.provide())
        .with::<path::SummarizeClient>(services.provide())
        .with::<summarize::LookAgain>(services.provide())
        .with::<path::RefineSummary>(services.provide())
        .with::<path::RequestReview>(services.provide())
        .with::<path::SendFreshLink>(services.provide())
        .with::<mail::SendMail>(services.provide())
        .with::<sign_in::MailLinks>(services.provide())
        .with::<path::SendFollowUp>(services.provide())
        .with::<path::Readdress>(services.provide())
        // On the side.
        .with::<webhook::Deliver>(services.provide())
        .with::<webhook::SendWaiting>(services.provide())
        .with::<webhook::TellPaused>(services.provide())
        .with::<index::IndexSession>(services.provide())
        .with::<index::IndexSummary>(services.provide())
        .with::<index::CountWords>(services.provide())
        .with::<removal::RemoveObjects>(services.provide())
        .with::<uploads::RemoveUpload>(services.provide())
        // On a schedule.
        .with::<rollup::RollupDue>(services.provide())
        .with::<rollup::WeeklyRollup>(services.provide())
        .with::<export::ExportAll>(services.provide())
        .with::<export::ExportOrganization>(services.provide())
        .with::<reconcile::Reconcile>(services.provide())
        .with::<queue::Prune>(services.provide())
        .with::<llm::ExpireAnswers>(services.provide())
        .with::<webhook::Tidy>(services.provide())
        .with::<uploads::TidyUploads>(services.provide())
        .with::<backup::RunBackup>(services.provide())
        .with::<backup::ProveBackup>(services.provide())
}

/// The program's own schedules; `queue.schedules` overrides them by name.
#[must_use]
pub fn schedules() -> Vec<Schedule> {
    vec![
        ingest::SCHEDULE,
        rollup::SCHEDULE,
        export::SCHEDULE,
        reconcile::SCHEDULE,
        queue::PRUNE_SCHEDULE,
        llm::SCHEDULE,
        webhook::SCHEDULE,
        uploads::SCHEDULE,
        backup::SCHEDULE,
    ]
}

pub use masked::masked;
pub use services::{Provide, Services, Settings};
pub use settings::SettingsError;
pub use text::is_invisible;
