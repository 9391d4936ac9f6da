//! The question who spoke: a form with a part for each label that nobody is known for.

use axum::{
    Form as Posted,
    extract::{Path, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use debrief_jobs::{
    attribute::{SpeakerIs, Suggestion},
    db::Tx,
    review::{
        actions::{self, ActionError, Problem},
        view::{SessionView, view},
    },
};
use serde::Serialize;
use uuid::Uuid;

use super::{HttpState, failure::Failure, form::Form, guard, page, review};

/// The form.
#[derive(Debug, Serialize)]
pub(super) struct SpeakersForm {
    coach: String,
    clients: Vec<Choice>,
    speakers: Vec<Speaker>,
}

#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct Speaker {
    label: String,
    reason: String,
    turns: i32,
    excerpts: Vec<String>,
    /// The choice that is likeliest; it is said and not made, for a wrong name is far worse than a question.
    suggestion: String,
    /// As typed.
    who: String,
    name: String,
    email: String,
    problem: Option<String>,
}

/// The form for a session's unknown labels, with what was typed where it is shown again.
pub(super) fn form(session: &SessionView, redo: Option<(&Form, &[Problem])>) -> SpeakersForm {
    let typed = |field: &str, index: usize| {
        redo.and_then(|(form, _)| form.get(&format!("{field}.{index}"))).unwrap_or_default().to_owned()
    };
    let problem = |index: usize| {
        let field = format!("speaker.{index}");
        redo?.1.iter().find(|problem| problem.field == field).map(|problem| problem.problem.clone())
    };
    let speakers = session.speakers.iter().enumerate().map(|(index, speaker)| Speaker {
        label: speaker.label.clone(),
        reason: speaker.reason.clone(),
        turns: speaker.turns,
        excerpts: speaker.excerpts.clone(),
        suggestion: match speaker.suggestion {
            Some(Suggestion::Coach) => "coach".into(),
            Some(Suggestion::Client(client)) => format!("client:{client}"),
            None => String::new(),
        },
        who: typed("who", index),
        name: typed("name", index),
        email: typed("email", index),
        problem: problem(index),
    });
    let clients = session.clients.iter().map(|(id, name)| Choice { value: format!("client:{id}"), name: name.clone() });
    SpeakersForm { coach: session.coach_name.clone(), clients: clients.collect(), speakers: speakers.collect() }
}

/// `POST /review/{session}/speakers`
pub(super) async fn name(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let form = Form(fields);
    let guest = review::enter(&state, &parts, session, &form).await?;
    let visitor = guard::visitor(&parts.extensions, &parts.headers, Some(guest.visit.link_id));
    let mut tx = state.services.db.tenant(guest.visit.organization).await?;
    let named = match answers(&form) {
        Ok(answers) => actions::name_speakers(&mut tx, session, &answers, &visitor).await,
        Err(problems) => Err(ActionError::Invalid(problems)),
    };
    match named {
        Ok(()) => {
            tx.commit().await?;
            Ok(review::see_other(&state, session, None, "named"))
        }
        Err(ActionError::Invalid(problems)) => {
            drop(tx);
            let mut tx = state.services.db.tenant(guest.visit.organization).await?;
            let view = view(&mut tx, session).await?.ok_or_else(Failure::not_found)?;
            drop(tx);
            let mut context = review::build(&state, &view, &guest.form_token, &review::Done::default(), None);
            context.speakers = Some(self::form(&view, Some((&form, &problems))));
            page::render(&state, StatusCode::UNPROCESSABLE_ENTITY, "page/review.html", &context)
        }
        Err(error) => Err(error.into()),
    }
}

/// One answer a label; each problem names its label's place.
fn answers(form: &Form) -> Result<Vec<(String, SpeakerIs)>, Vec<Problem>> {
    let (mut answers, mut problems) = (Vec::new(), Vec::new());
    for index in 0.. {
        let Some(label) = form.get(&format!("label.{index}")) else { break };
        match who(form, index) {
            Ok(who) => answers.push((label.to_owned(), who)),
            Err(problem) => problems.push(Problem { field: format!("speaker.{index}"), problem: problem.into() }),
        }
    }
    if problems.is_empty() { Ok(answers) } else { Err(problems) }
}

fn who(form: &Form, index: usize) -> Result<SpeakerIs, &'static str> {
    let field = |name: &str| form.get(&format!("{name}.{index}")).unwrap_or_default().trim().to_owned();
    match field("who").as_str() {
        "coach" => Ok(SpeakerIs::Coach),
        "guest" => Ok(SpeakerIs::Guest { name: field("name") }),
        "new" => {
            let (name, email) = (field("name"), field("email"));
            if name.is_empty() {
                return Err("Give the new client's name.");
            }
            if !email.is_empty() && !email.contains('@') {
                return Err("This email address lacks its @. It may also stay empty.");
            }
            Ok(SpeakerIs::NewClient { name, email: (!email.is_empty()).then_some(email) })
        }
        chosen => {
            let client = chosen.strip_prefix("client:").and_then(|id| id.parse().ok());
            client.map(SpeakerIs::Client).ok_or("Choose who this is.")
        }
    }
}
