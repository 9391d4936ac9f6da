//! The sample session on which a template is tried before it's saved, and a parser for such sessions. Pure.

use uuid::Uuid;

use super::{SummaryTemplate, TemplateFault};
use crate::{
    attribute::measures,
    llm::Prompt,
    model::{Content, Owner},
    summarize::{
        SessionForClient, Speaker,
        input::{Line, percent},
        offline, other_names, prompt, verify,
    },
};

const SAMPLE: &str = include_str!("../../../templates/summary/sample.txt");

/// The sample session, summarised with a template.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Whose session it is.
    pub(crate) session: SessionForClient,
    /// What the offline summariser makes of it.
    pub(crate) content: Content,
    /// What a language model would be asked.
    pub(crate) prompt: Prompt,
}

/// The sample session, to be summarised with a template.
pub(crate) fn session(template: &SummaryTemplate) -> SessionForClient {
    SessionForClient { template: template.clone(), ..read(SAMPLE) }
}

/// Tries a template: the prompt renders, and the sample session has something to tell the client.
///
/// # Errors
/// What doesn't work.
pub(crate) fn write(template: &SummaryTemplate) -> Result<Sample, TemplateFault> {
    let session = session(template);
    let prompt = prompt::render(&session, &session.utterances, 1, 1)
        .map_err(|error| TemplateFault(format!("the prompt can't be written with this template: {error}")))?;
    let verified = verify(&session, &offline::write(&session, None).claims);
    let content = Content { claims: verified.claims };
    if content.for_client().next().is_none() {
        return Err(TemplateFault(
            "sections: nothing in the sample session is left for the client: a follow-up would be empty".into(),
        ));
    }
    Ok(Sample { session, content, prompt })
}

/// Parses a session: a head of `key: value` lines (`date`, `coach`, `client`, one `other` per other client), `---`,
/// then lines of `Speaker| words`. The result is confined to its client.
///
/// # Panics
/// If the text doesn't have this form: it's part of the program or of a test.
pub fn read(text: &str) -> SessionForClient {
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
    let other_names = other_names::of(others.iter().map(String::as_str), &client, &coach);
    let mut input = SessionForClient {
        session_date: one("date").parse().expect("a date"),
        coach,
        client,
        other_names,
        utterances,
        threads,
        template: SummaryTemplate::default(),
        voice: crate::voice::Voice::default(),
        dangers: Vec::new(),
        asides: Vec::new(),
        has_off_the_record: false,
        share: None,
    };
    input.share = share(&input);
    input.listen();
    input.confine();
    input
}

/// The client's share of all words: such a session has no times.
fn share(input: &SessionForClient) -> Option<i64> {
    let all = [Speaker::Client, Speaker::Coach, Speaker::OtherClient, Speaker::Guest];
    let place = |speaker| all.iter().position(|it| *it == speaker);
    let said = input.utterances.iter();
    let spoken: Vec<_> =
        said.map(|line| measures::Spoken { participant: place(line.speaker), time: None, text: &line.text }).collect();
    measures::measure(4, &spoken).first().map(|client| percent(client.share))
}
