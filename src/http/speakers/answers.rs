//! The coach's answers in the form of speakers, and which of them are invalid. Pure.

use std::collections::HashMap;

use debrief_jobs::{
    attribute::{Speaker, Who},
    correct::{Answer, SpeakerIs},
    review::actions::{ActionError, Problem},
};

use super::{MOST_LABELS, choice};
use crate::http::form::Form;

/// Whether the form still matches the session: nobody should answer a question that has changed.
pub(super) fn is_current(form: &Form, speakers: &[Speaker]) -> bool {
    let now: HashMap<&str, Option<Who>> =
        speakers.iter().map(|speaker| (speaker.label.as_str(), speaker.who)).collect();
    let mut shown = form.numbered("label").zip(form.numbered("was")).peekable();
    shown.peek().is_some()
        && shown.all(|(label, was)| now.get(label).is_some_and(|who| who.map(choice).unwrap_or_default() == was))
}

/// One answer per label whose answer changed; each problem names its label's position.
pub(super) fn answers(form: &Form) -> Result<Vec<Answer>, Vec<Problem>> {
    let (mut answers, mut problems) = (Vec::new(), Vec::new());
    for (index, label) in form.numbered("label").take(MOST_LABELS).enumerate() {
        let field = |name: &str| form.get(&format!("{name}.{index}"));
        if field("was").is_some_and(|was| field("who").unwrap_or_default() == was) {
            continue;
        }
        let everywhere = field("here").is_none();
        match who(form, index) {
            Ok(is) => answers.push(Answer { label: label.to_owned(), is, everywhere }),
            Err(problem) => problems.push(Problem { field: format!("speaker.{index}"), problem: problem.into() }),
        }
    }
    if problems.is_empty() { Ok(answers) } else { Err(problems) }
}

/// A problem identifies an answer by its index among the answers; the form uses the label's position.
pub(super) fn in_form(error: ActionError, form: &Form, answers: &[Answer]) -> ActionError {
    let ActionError::Invalid(problems) = error else { return error };
    let places: HashMap<&str, usize> = form.numbered("label").enumerate().map(|(at, label)| (label, at)).collect();
    let place = |field: &str| {
        let answer = answers.get(field.strip_prefix("speaker.")?.parse::<usize>().ok()?)?;
        places.get(answer.label.as_str()).copied()
    };
    let moved = problems.into_iter().map(|problem| match place(&problem.field) {
        Some(index) => Problem { field: format!("speaker.{index}"), ..problem },
        None => problem,
    });
    ActionError::Invalid(moved.collect())
}

fn who(form: &Form, index: usize) -> Result<SpeakerIs, &'static str> {
    let field = |name: &str| form.get(&format!("{name}.{index}")).unwrap_or_default().trim().to_owned();
    // A choice overrides a suggestion, and nothing is accepted that the page didn't show.
    let suggested = if form.get("use_suggestions").is_some() { field("likely") } else { String::new() };
    let chosen = Some(field("who")).filter(|who| !who.is_empty()).unwrap_or(suggested);
    match chosen.as_str() {
        "coach" => Ok(SpeakerIs::Coach),
        "guest" => Ok(SpeakerIs::Guest { name: field("name") }),
        "shared" => Ok(SpeakerIs::Shared),
        "new" => {
            let (name, email) = (field("name"), field("email"));
            if name.is_empty() {
                return Err("Enter the new client’s name.");
            }
            if !email.is_empty() && !email.contains('@') {
                return Err("This email address has no @. You can also leave it empty.");
            }
            Ok(SpeakerIs::NewClient { name, email: (!email.is_empty()).then_some(email) })
        }
        chosen => {
            let client = chosen.strip_prefix("client:").and_then(|id| id.parse().ok());
            client.map(SpeakerIs::Client).ok_or("Choose who this is.")
        }
    }
}
