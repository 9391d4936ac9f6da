//! What went out, what was measured and rolled up, what it cost, and who did what.

use super::super::schema::{
    Kind::{Day, Float, Id, Int, Json, Prose, Time, Word},
    Of, Table, column,
};

pub(super) const FOLLOW_UPS: Table = Table {
    name: "follow_ups",
    about: "Letters to clients, one row for each that was approved, with what became of it.",
    columns: &[
        column("id", Id, "m.id", "The letter, as in mails."),
        column("summary_id", Id, "m.subject_id", "The summary that it was made of."),
        column("version", Int, "m.version", "The version that was approved."),
        column("session_id", Id, "m.session_id", "The session; null if it was deleted.").or_null(),
        column("coach_id", Id, "m.coach_id", "The coach.").or_null(),
        column("client_id", Id, "m.client_id", "The client.").or_null(),
        column("client", Word, "c.name", "The client's name.").or_null(),
        column("state", Word, "m.state", "queued, sending, sent, failed, uncertain or cancelled."),
        column("due_at", Time, "m.due_at", "When it goes or went out."),
        column("sent_at", Time, "m.sent_at", "When it was sent.").or_null(),
    ],
    from: "mails m left join clients c on c.id = m.client_id",
    only: "m.kind = 'follow_up'",
    order: "m.id",
    of: OF_MAIL,
};

const OF_MAIL: Of = Of {
    session: None,
    coach: Some("m.coach_id"),
    client: Some("m.client_id"),
    day: Some("(m.created_at at time zone 'UTC')::date"),
};

pub(super) const MAILS: Table = Table {
    name: "mails",
    about: "Emails to coaches and clients, one row each, without their text.",
    columns: &[
        column("id", Id, "m.id", "The email."),
        column("kind", Word, "m.kind", "What it's for, such as review_request or follow_up."),
        column("subject_id", Id, "m.subject_id", "What it's about: a summary, a session, a job."),
        column("recipient", Word, "m.recipient", "The address."),
        column("version", Int, "m.version", "The version of what it's about."),
        column("session_id", Id, "m.session_id", "The session.").or_null(),
        column("coach_id", Id, "m.coach_id", "The coach.").or_null(),
        column("client_id", Id, "m.client_id", "The client.").or_null(),
        column("subject", Prose, "m.subject", "Its subject line."),
        column("message_id", Word, "m.message_id", "Its Message-ID."),
        column("state", Word, "m.state", "queued, sending, sent, failed, uncertain or cancelled."),
        column("error", Prose, "m.error", "Why it failed.").or_null(),
        column("due_at", Time, "m.due_at", "When it goes or went out."),
        column("created_at", Time, "m.created_at", "When it was written."),
        column("sent_at", Time, "m.sent_at", "When it was sent.").or_null(),
    ],
    from: "mails m",
    only: "",
    order: "m.id",
    of: OF_MAIL,
};

pub(super) const MEASURES: Table = Table {
    name: "measures",
    about: "What was measured about each participant of a session, one row for each measure.",
    columns: &[
        column("session_id", Id, "p.session_id", "The session."),
        column("session_date", Day, "n.session_date", "Its day."),
        column("participant_id", Id, "p.id", "The participant."),
        column("client_id", Id, "p.client_id", "The client; null for coaches and guests.").or_null(),
        column("measure", Word, "m.measure", "What was measured, such as words or share."),
        column("value", Float, "m.value", "How much."),
    ],
    from: "participants p join sessions n on n.id = p.session_id
        cross join lateral (values
            ('speaking_seconds', p.speaking_seconds), ('words', p.words), ('turns', p.turns),
            ('longest_turn_seconds', case when p.engagement is not null then p.longest_turn_seconds end),
            ('longest_turn_words', case when p.engagement is not null then p.longest_turn_words end),
            ('questions', case when p.engagement is not null then p.questions end),
            ('interruptions', case when p.engagement is not null then p.interruptions end),
            ('share', case when p.engagement is not null then p.share end)) as m (measure, value)",
    only: "m.value is not null",
    order: "p.id, m.measure collate \"C\"",
    of: Of::client_of("p.session_id", "p.client_id"),
};

pub(super) const ROLLUPS: Table = Table {
    name: "rollups",
    about: "A coach's week in figures, as it was mailed.",
    columns: &[
        column("id", Id, "r.id", "The rollup."),
        column("coach_id", Id, "r.coach_id", "The coach."),
        column("kind", Word, "r.kind", "weekly."),
        column("first_day", Day, "r.first_day", "The first day."),
        column("last_day", Day, "r.last_day", "The last day."),
        column("figures", Json, "r.figures::text", "The figures."),
        column("created_at", Time, "r.created_at", "When it was made."),
    ],
    from: "rollups r",
    only: "",
    order: "r.id",
    // A week's figures are about all of a coach's clients.
    of: Of { session: None, coach: Some("r.coach_id"), client: Some("null::uuid"), day: Some("r.first_day") },
};

pub(super) const COSTS: Table = Table {
    name: "costs",
    about: "Calls of language models, one row each, with what they cost.",
    columns: &[
        column("id", Id, "l.id", "The call."),
        column("session_id", Id, "l.session_id", "The session that it was for.").or_null(),
        column("task", Word, "l.task", "What it was for, such as summarize."),
        column("provider", Word, "l.provider", "The provider."),
        column("model", Word, "l.model", "The model."),
        column("profile", Word, "l.profile", "The model's name in the settings.").or_null(),
        column("prompt_version", Word, "l.prompt_version", "The version of the prompts."),
        column(
            "state",
            Word,
            "l.state",
            "started, succeeded, failed, or reused: answered from what was paid for before.",
        ),
        column("input_tokens", Int, "l.input_tokens", "Tokens that were sent.").or_null(),
        column("cached_tokens", Int, "l.cached_tokens", "How many of them the provider had already.").or_null(),
        column("output_tokens", Int, "l.output_tokens", "Tokens that were answered.").or_null(),
        column("cost_usd", Float, "l.cost_micro_usd / 1000000.0::float8", "The cost in US dollars.").or_null(),
        column("started_at", Time, "l.started_at", "When it began."),
        column("finished_at", Time, "l.finished_at", "When it was answered.").or_null(),
    ],
    from: "llm_calls l",
    only: "",
    order: "l.id",
    of: Of {
        session: Some("l.session_id"),
        coach: None,
        client: None,
        day: Some("(l.started_at at time zone 'UTC')::date"),
    },
};

pub(super) const AUDIT: Table = Table {
    name: "audit",
    about: "Who did what and when, without what was said.",
    columns: &[
        column("id", Id, "e.id", "The entry."),
        column("at", Time, "e.at", "When."),
        column("kind", Word, "e.kind", "What was done."),
        column("person_id", Id, "e.person_id", "Who did it.").or_null(),
        column("key_id", Id, "e.key_id", "The API key that it was done with.").or_null(),
        column("session_id", Id, "e.session_id", "The session.").or_null(),
        column("summary_id", Id, "e.summary_id", "The summary.").or_null(),
        column("client_id", Id, "e.client_id", "The client.").or_null(),
        column("detail", Json, "e.detail::text", "More about it: ids and counts."),
        column("address", Word, "e.address", "The network address that it came from.").or_null(),
        column("agent", Prose, "e.agent", "The program that it came from.").or_null(),
    ],
    from: "audit_events e",
    only: "",
    order: "e.id",
    of: Of {
        session: None,
        coach: Some("coalesce((select coach_id from sessions where id = e.session_id), e.person_id)"),
        client: Some("coalesce(e.client_id, (select client_id from summaries where id = e.summary_id))"),
        day: Some("(e.at at time zone 'UTC')::date"),
    },
};
