//! The sample session against which a template is tried before it is saved, and a reader for such sessions. Pure.

use std::fmt::Write;

use uuid::Uuid;

use super::{SummaryTemplate, TemplateFault};
use crate::{
    follow_up, mail,
    model::{Audience, Content, Owner, Section},
    summarize::{SessionForClient, Speaker, input::Line, offline, prompt, verify},
    template::Templates,
    text,
};

const SAMPLE: &str = include_str!("../../../templates/summary/sample.txt");

/// What a template makes of the sample session.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The follow-up, as the client would read it.
    pub follow_up: String,
    /// What the coach alone would read.
    pub notes: String,
}

/// Tries a template: the prompt renders, and the sample session has something to tell the client.
///
/// # Errors
/// What does not work.
pub fn preview(template: &SummaryTemplate) -> Result<Preview, TemplateFault> {
    let input = SessionForClient { template: template.clone(), ..read(SAMPLE) };
    prompt::render(&input, &input.utterances, 1, 1)
        .map_err(|error| TemplateFault(format!("the prompt cannot be written with this template: {error}")))?;
    let verified = verify(&input, &offline::write(&input, None).claims);
    let content = Content { claims: verified.claims };
    if content.for_client().next().is_none() {
        return Err(TemplateFault(
            "sections: nothing in the sample session is left for the client: a follow-up would be empty".into(),
        ));
    }
    let message = mail::Message::FollowUp(follow_up::letter(
        &input.client,
        &input.coach,
        "your organization",
        Some(input.session_date),
        &content,
    ));
    let rendered = mail::render(&Templates::new(), &message)
        .map_err(|error| TemplateFault(format!("the follow-up cannot be written with this template: {error}")))?;
    let mut notes = String::new();
    for section in Section::ALL.into_iter().filter(|section| section.audience() == Audience::Coach) {
        for claim in content.section(section) {
            let score = claim.score.map(|score| format!(" ({score})")).unwrap_or_default();
            let _ = writeln!(notes, "{}{score}: {}", section.title(), claim.text);
        }
    }
    Ok(Preview { follow_up: rendered.text, notes })
}

/// Reads a session: a head of `key: value` lines (`date`, `coach`, `client`, `other` for each other client), `---`,
/// then lines of `Speaker| words`. Confined to its client.
///
/// # Panics
/// When the text is not of this form: it is part of the program or of a test.
pub(crate) fn read(text: &str) -> SessionForClient {
    let (head, body) = text.split_once("---\n").expect("the head ends with ---");
    let field = |key: &str| -> Vec<String> {
        head.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).map(str::to_owned).collect()
    };
    let one = |key: &str| field(key).into_iter().next().unwrap_or_else(|| panic!("no {key} in the head"));
    let (coach, client) = (one("coach"), one("client"));
    let others: Vec<String> = field("other");
    let speaks = |label: &str, name: &str| name == label || name.split(' ').next() == Some(label);
    let utterances = body
        .lines()
        .filter_map(|line| line.split_once("| "))
        .enumerate()
        .map(|(index, (label, text))| Line {
            id: Uuid::now_v7(),
            index,
            speaker: match label {
                label if speaks(label, &coach) => Speaker::Coach,
                label if speaks(label, &client) => Speaker::Client,
                label if others.iter().any(|name| speaks(label, name)) => Speaker::OtherClient,
                _ => Speaker::Guest,
            },
            name: label.to_owned(),
            start_ms: None,
            text: text.to_owned(),
        })
        .collect();
    let threads = field("thread")
        .into_iter()
        .filter_map(|line| {
            let (date, text) = line.split_once(' ')?;
            let session_date = date.parse().expect("a date before the thread");
            // "Maya said: …" is the coach's own promise.
            let owner = if text.split(' ').next() == coach.split(' ').next() { Owner::Coach } else { Owner::Client };
            Some(crate::summarize::OpenThread {
                claim_id: Uuid::now_v7(),
                text: text.to_owned(),
                session_date,
                since: None,
                owner,
            })
        })
        .collect();
    let mut input = SessionForClient {
        session_date: one("date").parse().expect("a date"),
        coach,
        client,
        other_names: text::name_words(others.iter().map(String::as_str)),
        utterances,
        threads,
        template: SummaryTemplate::default(),
        voice: crate::voice::Voice::default(),
        dangers: Vec::new(),
    };
    input.listen();
    input.confine();
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_template_makes_something_of_the_sample() {
        let preview = preview(&SummaryTemplate::default()).expect("a preview");
        assert!(preview.follow_up.contains("Hartman"), "{}", preview.follow_up);
        assert!(preview.notes.contains("Priority (0."), "{}", preview.notes);
        assert!(!preview.follow_up.contains("Priority"), "{}", preview.follow_up);
    }

    #[test]
    fn a_section_that_a_template_leaves_out_is_not_there() {
        let template = SummaryTemplate::read("name = \"a\"\n[sections]\nwins = 0\nchallenges = 0\npriority = 0\n");
        let preview = preview(&template.expect("a template")).expect("a preview");
        assert!(!preview.follow_up.contains("What went well"), "{}", preview.follow_up);
        assert!(preview.follow_up.contains("by Friday"), "{}", preview.follow_up);
        assert!(!preview.notes.contains("Priority"), "{}", preview.notes);
    }
}
