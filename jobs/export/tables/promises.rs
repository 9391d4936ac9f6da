//! What clients and coaches said they would do, what became of it, and what clients work towards.

use super::super::schema::{
    Kind::{Bool, Day, Id, Int, Prose, Time, Word},
    Of, Table, column,
};

const OF_SUMMARY: Of = Of::client_of("s.session_id", "s.client_id");

pub(super) const ACTION_ITEMS: Table = Table {
    name: "action_items",
    about: "Action items, one row for each in each version of a summary. With is_shown, each item is there once.",
    columns: &[
        column("claim_id", Id, "a.claim_id", "The claim that is the item in this version."),
        column("summary_id", Id, "k.summary_id", "The summary."),
        column("version", Int, "k.version", "The version."),
        column("is_newest", Bool, "k.version = s.version", "Whether that's the newest version."),
        column(
            "is_shown",
            Bool,
            "s.state in ('done', 'approved') and k.version = coalesce(s.approved_version, s.version)",
            "Whether it's the version that counts: the approved one, otherwise the newest; never of a dismissed summary.",
        ),
        column("session_id", Id, "s.session_id", "The session in which it was agreed."),
        column("session_date", Day, "n.session_date", "The session's day."),
        column("coach_id", Id, "n.coach_id", "The coach."),
        column("coach", Word, "o.name", "The coach's name."),
        column("client_id", Id, "s.client_id", "The client."),
        column("client", Word, "c.name", "The client's name."),
        column("text", Prose, "k.text", "What is to be done."),
        column("owner", Word, "a.owner", "Who promised it: client, coach or unclear."),
        column("due_date", Day, "a.due_date", "By when.").or_null(),
        column("due_words", Word, "a.due_words", "By when, in the words that were used.").or_null(),
        column("item_id", Id, "k.lasting_id", "The item: the same in each version that has it."),
        column("state", Word, "stands.state", "How it stands now, in whichever version: open, done or dropped."),
        column("since", Day, "stands.since", "Since which day it stands so.").or_null(),
        column(
            "settled_on",
            Day,
            "case when stands.state <> 'open' then stands.since end",
            "The day it was done or dropped.",
        )
        .or_null(),
        column("reported_done", Bool, "stands.reported_done", "Whether a later session says that it's done."),
        column("note", Prose, "stands.note", "What was noted about it.").or_null(),
        column("told_by", Id, "stands.told_by", "Who said how it stands; null if a session did.").or_null(),
        column("told_at", Time, "stands.told_at", "When they did.").or_null(),
    ],
    from: "action_items a join claims k on k.id = a.claim_id join summaries s on s.id = k.summary_id
        join sessions n on n.id = s.session_id join coaches o on o.id = n.coach_id join clients c on c.id = s.client_id
        cross join lateral action_item_now(k.lasting_id) as stands",
    only: "",
    order: "a.claim_id",
    of: OF_SUMMARY,
};

pub(super) const THREADS: Table = Table {
    name: "threads",
    about: "Action items of earlier sessions that later summaries look at again, and what they found.",
    columns: &[
        column("claim_id", Id, "t.claim_id", "The claim that says what became of it."),
        column("earlier_claim_id", Id, "t.earlier_claim_id", "The claim that is the item."),
        column("summary_id", Id, "k.summary_id", "The later summary."),
        column("version", Int, "k.version", "Its version."),
        column("is_newest", Bool, "k.version = s.version", "Whether that's the newest version."),
        column("session_id", Id, "s.session_id", "The later session."),
        column("client_id", Id, "s.client_id", "The client."),
        column("outcome", Word, "t.outcome", "met, not_met or not_mentioned."),
        column("since", Day, "t.since", "Since which day the item was open then.").or_null(),
    ],
    from: "threads t join claims k on k.id = t.claim_id join summaries s on s.id = k.summary_id",
    only: "",
    order: "t.claim_id",
    of: OF_SUMMARY,
};

pub(super) const GOALS: Table = Table {
    name: "goals",
    about: "What clients work towards, one row for each goal.",
    columns: &[
        column("id", Id, "g.id", "The goal."),
        column("coach_id", Id, "g.coach_id", "The coach."),
        column("client_id", Id, "g.client_id", "The client."),
        column("client", Word, "c.name", "The client's name."),
        column("text", Prose, "g.text", "The goal."),
        column("due_date", Day, "g.due_date", "By when.").or_null(),
        column("state", Word, "g.state", "open, achieved or dropped."),
        column("since", Day, "g.since", "Since which day it stands so."),
        column("note", Prose, "g.note", "What was noted about it.").or_null(),
        column("told_by", Id, "g.told_by", "Who said how it stands.").or_null(),
        column("told_at", Time, "g.told_at", "When they did."),
        column("summary_id", Id, "g.summary_id", "The summary that it was taken from.").or_null(),
        column("lasting_id", Id, "g.lasting_id", "The claim that it was taken from.").or_null(),
        column("created_by", Id, "g.created_by", "Who set it.").or_null(),
        column("created_at", Time, "g.created_at", "When it was set."),
        column("updated_at", Time, "g.updated_at", "When it last changed."),
    ],
    from: "goals g join clients c on c.id = g.client_id",
    only: "",
    order: "g.id",
    of: Of { session: None, coach: Some("g.coach_id"), client: Some("g.client_id"), day: Some("g.since") },
};
