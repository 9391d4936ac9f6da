//! Summaries with their versions, claims and evidence, and what coaches asked to be changed.

use super::super::schema::{
    Kind::{Bool, Float, Id, Int, Prose, Time, Word},
    Of, Table, column,
};

/// Who is allowed to a claim's text is decided by its summary.
const OF_SUMMARY: Of = Of::client_of("s.session_id", "s.client_id");

pub(super) const SUMMARIES: Table = Table {
    name: "summaries",
    about: "Summaries, one row for each client of a session.",
    columns: &[
        column("id", Id, "s.id", "The summary."),
        column("session_id", Id, "s.session_id", "The session."),
        column("client_id", Id, "s.client_id", "The client it's about."),
        column("client", Word, "c.name", "The client's name."),
        column("state", Word, "s.state", "due, done, failed, approved or dismissed."),
        column("failed_reason", Prose, "s.failed_reason", "Why it failed.").or_null(),
        column("withdrawn_reason", Prose, "s.withdrawn_reason", "Why it was withdrawn.").or_null(),
        column("version", Int, "s.version", "Its newest version; 0 if there is none yet."),
        column("author", Word, "v.author", "Who wrote the newest version: summarizer, coach or refiner.").or_null(),
        column("provider", Word, "v.provider", "The provider that wrote it.").or_null(),
        column("model", Word, "v.model", "The model that wrote it.").or_null(),
        column("prompt_version", Word, "v.prompt_version", "The version of the prompts.").or_null(),
        column("template", Word, "v.template", "The summary template.").or_null(),
        column(
            "claims_dropped",
            Int,
            "v.claims_dropped",
            "How many claims were dropped because nothing supports them.",
        )
        .or_null(),
        column(
            "claims_kept",
            Int,
            "(select count(*) from claims k where k.summary_id = s.id and k.version = s.version
                and k.section <> 'moments' and k.support <> 'nothing_said')",
            "How many claims the newest version has.",
        ),
        column(
            "claims_verified",
            Int,
            "(select count(*) from claims k where k.summary_id = s.id and k.version = s.version
                and k.section <> 'moments' and k.support in ('verified', 'read_twice'))",
            "How many of them are verified.",
        ),
        column("approved_version", Int, "s.approved_version", "The version that was approved.").or_null(),
        column("approved_hash", Word, "s.approved_hash", "The hash of what was approved.").or_null(),
        column("approved_at", Time, "s.approved_at", "When it was approved.").or_null(),
        column("created_at", Time, "s.created_at", "When the row was added."),
        column("updated_at", Time, "s.updated_at", "When it last changed."),
    ],
    from: "summaries s join clients c on c.id = s.client_id
        left join summary_versions v on v.summary_id = s.id and v.version = s.version",
    only: "",
    order: "s.id",
    of: OF_SUMMARY,
};

pub(super) const VERSIONS: Table = Table {
    name: "versions",
    about: "Versions of summaries: who wrote each, and with what.",
    columns: &[
        column("summary_id", Id, "v.summary_id", "The summary."),
        column("version", Int, "v.version", "The version, from 1."),
        column("is_newest", Bool, "v.version = s.version", "Whether it's the newest one."),
        column(
            "is_approved",
            Bool,
            "v.version is not distinct from s.approved_version",
            "Whether it's the one that was approved.",
        ),
        column("session_id", Id, "s.session_id", "The session."),
        column("client_id", Id, "s.client_id", "The client."),
        column("author", Word, "v.author", "Who wrote it: summarizer, coach or refiner."),
        column("provider", Word, "v.provider", "The provider that wrote it."),
        column("model", Word, "v.model", "The model that wrote it."),
        column("prompt_version", Word, "v.prompt_version", "The version of the prompts."),
        column("template", Word, "v.template", "The summary template."),
        column(
            "claims_dropped",
            Int,
            "v.claims_dropped",
            "How many claims were dropped because nothing supports them.",
        ),
        column("content_hash", Word, "v.content_hash", "The hash of its content, which an approval signs."),
        column("created_at", Time, "v.created_at", "When it was written."),
    ],
    from: "summary_versions v join summaries s on s.id = v.summary_id",
    only: "",
    order: "v.summary_id, v.version",
    of: OF_SUMMARY,
};

pub(super) const CLAIMS: Table = Table {
    name: "claims",
    about: "Sentences of summaries, one row for each in each version.",
    columns: &[
        column("id", Id, "k.id", "The claim, in this version."),
        column("summary_id", Id, "k.summary_id", "The summary."),
        column("version", Int, "k.version", "The version."),
        column("is_newest", Bool, "k.version = s.version", "Whether that's the newest version."),
        column("section", Word, "k.section", "wins, challenges, action_items, recommendations and so on."),
        column("audience", Word, "k.audience", "client or coach."),
        column("position", Int, "k.position", "Its place in the section, from 0."),
        column("text", Prose, "k.text", "The sentence."),
        column("edited", Bool, "k.edited", "Whether a coach changed it."),
        column("support", Word, "k.support", "What it's based on, such as verified or own."),
        column("score", Float, "k.score / 100.0::float8", "How high the risk or priority is, from 0 to 1.").or_null(),
        column("lasting_id", Id, "k.lasting_id", "The same in each version that has the claim."),
    ],
    from: "claims k join summaries s on s.id = k.summary_id",
    only: "",
    order: "k.id",
    of: OF_SUMMARY,
};

pub(super) const EVIDENCE: Table = Table {
    name: "evidence",
    about: "The words that claims are based on.",
    columns: &[
        column("claim_id", Id, "e.claim_id", "The claim."),
        column("utterance_id", Id, "e.utterance_id", "The utterance."),
        column("quote", Prose, "e.quote", "The words."),
        column(
            "supports",
            Bool,
            "k.support in ('verified', 'read_twice')",
            "Whether they support it; otherwise they are only what it's about.",
        ),
    ],
    from: "evidence e join claims k on k.id = e.claim_id join summaries s on s.id = k.summary_id",
    only: "",
    order: "e.claim_id, e.utterance_id",
    of: OF_SUMMARY,
};

pub(super) const REFINEMENTS: Table = Table {
    name: "refinements",
    about: "What coaches asked to be changed in a summary, and what became of it.",
    columns: &[
        column("id", Id, "r.id", "The refinement."),
        column("summary_id", Id, "r.summary_id", "The summary."),
        column("session_id", Id, "s.session_id", "The session."),
        column("client_id", Id, "s.client_id", "The client."),
        column("base_version", Int, "r.base_version", "The version that was to be changed."),
        column("instruction", Prose, "r.instruction", "What was asked for."),
        column("state", Word, "r.state", "queued, done, unchanged or failed."),
        column("version", Int, "r.version", "The version that came of it.").or_null(),
        column("reason", Prose, "r.reason", "Why nothing came of it.").or_null(),
        column("created_at", Time, "r.created_at", "When it was asked for."),
        column("finished_at", Time, "r.finished_at", "When it was finished.").or_null(),
    ],
    from: "refinements r join summaries s on s.id = r.summary_id",
    only: "",
    order: "r.id",
    of: OF_SUMMARY,
};
