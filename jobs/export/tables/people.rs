//! Who the data is about: coaches and clients.

use super::super::schema::{
    Kind::{Id, Time, Word},
    Of, Table, column,
};

pub(super) const COACHES: Table = Table {
    name: "coaches",
    about: "Coaches and the organization's other people, one row each.",
    columns: &[
        column("id", Id, "c.id", "The coach."),
        column("handle", Word, "c.handle", "The short name, as in the inbox's folders."),
        column("name", Word, "c.name", "The name."),
        column("email", Word, "c.email", "The address."),
        column("time_zone", Word, "c.time_zone", "The time zone in which the coach's days begin."),
        column("roles", Word, "array_to_string(c.roles, ' ')", "Their roles, separated by blanks."),
        column("created_at", Time, "c.created_at", "When the row was added."),
        column("removed_at", Time, "c.removed_at", "When the coach was removed; null while they are there.").or_null(),
    ],
    from: "coaches c",
    only: "",
    order: "c.id",
    of: Of { session: None, coach: Some("c.id"), client: None, day: None },
};

pub(super) const CLIENTS: Table = Table {
    name: "clients",
    about: "Clients, one row each.",
    columns: &[
        column("id", Id, "c.id", "The client."),
        column("coach_id", Id, "c.coach_id", "Their coach."),
        column("coach", Word, "k.name", "The coach's name."),
        column("name", Word, "c.name", "The name."),
        column("email", Word, "c.email", "The address that letters go to.").or_null(),
        column("greeting", Word, "c.greeting", "How letters begin, if not with the first name.").or_null(),
        column("tags", Word, "array_to_string(c.tags, ' ')", "Their tags, separated by blanks."),
        column("created_at", Time, "c.created_at", "When the row was added."),
        column("updated_at", Time, "c.updated_at", "When it last changed."),
        column("removed_at", Time, "c.removed_at", "When the client was removed; null while they are there.").or_null(),
        column("merged_into", Id, "c.merged_into", "The client that this one turned out to be.").or_null(),
    ],
    from: "clients c join coaches k on k.id = c.coach_id",
    only: "",
    order: "c.id",
    of: Of { session: None, coach: Some("c.coach_id"), client: Some("c.id"), day: None },
};
