//! What to do, in the words of the API: refusals are worded once, for people at a command line or on a page, and some name a
//! command, an option or a box to tick. Pure.

/// What is said to people, and what programs do instead; the longer ones first.
const INSTEAD: [(&str, &str); 13] = [
    ("use an option such as --email or --name (see `--help`)", "send at least one field"),
    ("`debrief client change --name`", "`PATCH /v1/clients/{id}`"),
    ("`debrief client change`", "`PATCH /v1/clients/{id}`"),
    ("`debrief client add --namesake`", "`POST /v1/clients` with `\"namesake\": true`"),
    ("add --namesake", "send `\"namesake\": true`"),
    ("use --same-person", "send `\"same_person\": true`"),
    ("`debrief client merge`", "`POST /v1/clients/{id}/merge`"),
    ("`debrief client list`", "`GET /v1/clients`"),
    ("`debrief coach change`", "`PATCH /v1/people/{id}`"),
    ("`debrief people teams list`", "`GET /v1/teams`"),
    ("`debrief sessions list`", "`GET /v1/sessions`"),
    ("reload the page and try again", "read the speakers again"),
    ("tick “Remove”", "send `\"remove\": true`"),
];

/// A sentence as it's told to a program.
pub(super) fn of_api(sentence: &str) -> String {
    INSTEAD.iter().fold(sentence.to_owned(), |told, (people, programs)| told.replace(people, programs))
}
