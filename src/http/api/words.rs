//! What to do, in the words of the API: refusals are worded once, for people at a command line or on a page, and some name a
//! command, an option or a box to tick. A test holds this table against the sentences in the sources. Pure.

/// What is said to people, and what programs do instead; the longer ones first.
const INSTEAD: [(&str, &str); 18] = [
    ("use an option such as --email or --name (see `--help`)", "send at least one field"),
    ("`debrief client list --coach {coach}`", "`GET /v1/clients`"),
    ("`debrief client change --name`", "`PATCH /v1/clients/{id}`"),
    ("`debrief client change`", "`PATCH /v1/clients/{id}`"),
    ("`debrief client add --namesake`", "`POST /v1/clients` with `\"namesake\": true`"),
    ("`debrief client add`", "`POST /v1/clients`"),
    ("add --namesake", "send `\"namesake\": true`"),
    ("use --same-person", "send `\"same_person\": true`"),
    ("`debrief client merge`", "`POST /v1/clients/{id}/merge`"),
    ("`debrief client list`", "`GET /v1/clients`"),
    ("`debrief coach change`", "`PATCH /v1/people/{id}`"),
    ("`debrief people activate`", "`POST /v1/people/{id}/activate`"),
    ("`debrief people list`", "`GET /v1/people`"),
    ("`debrief coach list`", "`GET /v1/people`"),
    ("`debrief people teams list`", "`GET /v1/teams`"),
    ("`debrief sessions list`", "`GET /v1/sessions`"),
    ("reload the page and try again", "read the speakers again"),
    ("tick “Remove”", "send `\"remove\": true`"),
];

/// A sentence as it's told to a program.
pub(super) fn of_api(sentence: &str) -> String {
    INSTEAD.iter().fold(sentence.to_owned(), |told, (people, programs)| told.replace(people, programs))
}

/// Names in a sentence: `` `a`, `b` and `c` ``.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.pop() {
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use regex::Regex;

    use super::{INSTEAD, of_api};

    /// What only whoever runs Debrief can do: there is nothing else to say to a program.
    const OF_THE_OPERATOR: [&str; 3] = ["debrief org ", "debrief templates list", "debrief exports"];

    /// The sources whose sentences the API passes on.
    fn sources() -> String {
        let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
        let mut all = String::new();
        for folder in ["people", "correct", "review", "goals", "rights"] {
            for file in fs::read_dir(jobs.join(folder)).expect("a folder of sources") {
                let path = file.expect("a file").path();
                if path.extension().is_some_and(|end| end == "rs") {
                    all.push_str(&fs::read_to_string(path).expect("a source"));
                }
            }
        }
        // A sentence may go on in the next line.
        Regex::new(r"\\\n\s*").expect("a pattern").replace_all(&all, "").into_owned()
    }

    #[test]
    fn no_command_is_told_to_a_program() {
        let sources = sources();
        let said = sources.lines().filter(|line| !line.trim_start().starts_with("//"));
        let commands = Regex::new("`debrief [^`]*`").expect("a pattern");
        for command in said.flat_map(|line| commands.find_iter(line)).map(|found| found.as_str()) {
            let is_operators = OF_THE_OPERATOR.iter().any(|known| command.contains(known));
            assert!(is_operators || !of_api(command).contains("debrief "), "{command}");
        }
    }

    #[test]
    fn each_of_these_is_said_somewhere() {
        let sources = sources();
        for (people, _) in INSTEAD {
            assert!(sources.contains(people), "nothing says {people} any more");
        }
    }
}
