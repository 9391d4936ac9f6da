//! Sessions, who was there, and what was said and written in them.

use super::super::schema::{
    Kind::{Bool, Day, Float, Id, Int, Key, Prose, Time, Word},
    Of, Table, column,
};

pub(super) const SESSIONS: Table = Table {
    name: "sessions",
    about: "Sessions, one row each.",
    columns: &[
        column("id", Id, "s.id", "The session."),
        column("coach_id", Id, "s.coach_id", "Its coach."),
        column("coach", Word, "c.name", "The coach's name."),
        column("title", Word, "s.title", "Its title."),
        column("session_type", Word, "s.type", "individual or group."),
        column("session_date", Day, "s.session_date", "Its day, in the coach's time zone."),
        column("date_source", Word, "s.date_source", "Where the day is known from; object_time is an estimate."),
        column("begins_at", Word, "to_char(s.begins_at, 'HH24:MI')", "The time it began, if it's known.").or_null(),
        column("state", Word, "s.state", "How far it is, from received to closed."),
        column("failed_stage", Word, "s.failed_stage", "The stage that failed.").or_null(),
        column("failed_reason", Prose, "s.failed_reason", "Why it failed.").or_null(),
        column("object_key", Key, "s.object_key", "The key of its transcript in the bucket."),
        column("created_at", Time, "s.created_at", "When its transcript was taken."),
        column("updated_at", Time, "s.updated_at", "When it last changed."),
        column("closed_at", Time, "s.closed_at", "When it was closed.").or_null(),
    ],
    from: "sessions s join coaches c on c.id = s.coach_id",
    only: "",
    order: "s.id",
    of: Of::session("s.id"),
};

pub(super) const PARTICIPANTS: Table = Table {
    name: "participants",
    about: "People of a session with how they took part, one row for each of them in each session.",
    columns: &[
        column("id", Id, "p.id", "The participant: a person in one session."),
        column("session_id", Id, "p.session_id", "The session."),
        column("kind", Word, "p.kind", "coach, client or guest."),
        column("client_id", Id, "p.client_id", "The client; null for coaches and guests.").or_null(),
        column("name", Word, "p.name", "The name."),
        column("speaking_seconds", Float, "p.speaking_seconds", "How long they spoke."),
        column("words", Int, "p.words", "How many words they said."),
        column("turns", Int, "p.turns", "How often they took the floor."),
        // Null if a session was attributed before these were measured.
        column(
            "longest_turn_seconds",
            Float,
            "case when p.engagement is not null then p.longest_turn_seconds end",
            "Their longest turn.",
        )
        .or_null(),
        column(
            "longest_turn_words",
            Int,
            "case when p.engagement is not null then p.longest_turn_words end",
            "Its words.",
        )
        .or_null(),
        column(
            "questions",
            Int,
            "case when p.engagement is not null then p.questions end",
            "How many questions they asked.",
        )
        .or_null(),
        column(
            "interruptions",
            Int,
            "case when p.engagement is not null then p.interruptions end",
            "How often they interrupted.",
        )
        .or_null(),
        column(
            "share",
            Float,
            "case when p.engagement is not null then p.share end",
            "Their share of the talk, from 0 to 1.",
        )
        .or_null(),
        column("engagement", Word, "p.engagement", "high, medium, low or silent.").or_null(),
    ],
    from: "participants p",
    only: "",
    order: "p.id",
    of: Of::client_of("p.session_id", "p.client_id"),
};

pub(super) const ATTENDANCE: Table = Table {
    name: "attendance",
    about: "Who was invited to a session or was there by its files (participants lists, calendars), one row each.",
    columns: &[
        column("id", Id, "a.id", "The entry."),
        column("session_id", Id, "a.session_id", "The session."),
        column("transcript_id", Id, "a.transcript_id", "The file that says so."),
        column("name", Word, "a.name", "The name.").or_null(),
        column("email", Word, "a.email", "The address.").or_null(),
        column("was_there", Bool, "a.was_there", "Whether they were there, or only invited."),
        column("seconds", Int, "a.seconds", "How long they were there.").or_null(),
        column("source", Word, "a.source", "What kind of file says so."),
    ],
    from: "session_attendees a",
    only: "",
    order: "a.id",
    of: Of::session("a.session_id"),
};

pub(super) const UTTERANCES: Table = Table {
    name: "utterances",
    about: "What was said, one row for each utterance.",
    columns: &[
        column("id", Id, "u.id", "The utterance."),
        column("session_id", Id, "u.session_id", "Its session."),
        column("transcript_id", Id, "u.transcript_id", "The file it's from."),
        column("position", Int, "u.position", "Its place in the file, from 0."),
        column("label", Word, "u.label", "The speaker, as written in the file.").or_null(),
        column("participant_id", Id, "a.participant_id", "The speaker, if it's known who that is.").or_null(),
        column("start_ms", Int, "u.start_ms", "Where it begins, in milliseconds from the start.").or_null(),
        column("end_ms", Int, "u.end_ms", "Where it ends.").or_null(),
        column("text", Prose, "u.text", "The words."),
    ],
    from: "utterances u left join attributions a on a.session_id = u.session_id and a.label = u.speaker",
    only: "u.replaced_at is null",
    order: "u.id",
    of: Of::client_of("u.session_id", "(select client_id from participants where id = a.participant_id)"),
};

pub(super) const CHAT: Table = Table {
    name: "chat",
    about: "What was written in a meeting's chat, one row for each message.",
    columns: &[
        column("session_id", Id, "m.session_id", "The session."),
        column("transcript_id", Id, "m.transcript_id", "The file it's from."),
        column("position", Int, "m.position", "Its place in the file, from 0."),
        column("author", Word, "m.author", "Who wrote it, as written in the file."),
        column("recipient", Word, "m.recipient", "Whom it was written to; null if everybody.").or_null(),
        column("at_ms", Int, "m.at_ms", "When, in milliseconds from the start.").or_null(),
        column("text", Prose, "m.text", "The words."),
    ],
    from: "chat_messages m",
    only: "",
    order: "m.transcript_id, m.position",
    of: Of::session("m.session_id"),
};

pub(super) const DANGER_SIGNS: Table = Table {
    name: "danger_signs",
    about: "Possible signs of danger to life: where they are and of what kind, without the words.",
    columns: &[
        column("session_id", Id, "d.session_id", "The session."),
        column("utterance_id", Id, "d.utterance_id", "The utterance."),
        column("kind", Word, "d.kind", "What the danger may be."),
        column("why", Word, "d.why", "The rule that found it."),
    ],
    from: "danger_signs d",
    only: "",
    order: "d.utterance_id, d.why, d.kind, d.from_byte, d.to_byte",
    of: Of::client_of(
        "d.session_id",
        "(select p.client_id from utterances u
            join attributions a on a.session_id = u.session_id and a.label = u.speaker
            join participants p on p.id = a.participant_id where u.id = d.utterance_id)",
    ),
};
