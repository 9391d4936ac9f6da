//! Who spoke: a form with a part per label. In a session on hold it shows the unknown labels; on the page `Who spoke?`
//! it shows all of them, to be viewed and corrected at any time.

mod answers;
pub(super) mod turns;

use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    attribute::{self, Speaker, Telling, Who},
    correct::{Answer, Reach, SpeakerIs},
    db::Tx,
    model::SessionState,
    review::{
        actions::{self, ActionError, Problem},
        view::{self, SessionView},
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    HttpState,
    failure::Failure,
    form::Form,
    guest, page,
    review::{self, Posting},
};

/// At most this many labels per form: each offers all of the coach's clients.
const MOST_LABELS: usize = 100;

/// The form.
#[derive(Debug, Serialize)]
pub(super) struct SpeakersForm {
    coach: String,
    clients: Vec<Choice>,
    speakers: Vec<Part>,
    /// What one click accepts: each label here with a likely person, and that person's name.
    suggested: Vec<(String, String)>,
    /// Whether every label has a known person: then the form corrects instead of asking.
    correcting: bool,
    /// How many labels come before these.
    from: usize,
    /// How many follow.
    more: usize,
    /// Where those start.
    next: usize,
}

#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct Part {
    label: String,
    label_in_url: String,
    reason: String,
    turns: i32,
    excerpts: Vec<Quote>,
    /// The likeliest choice; it is shown but not preselected, since a wrong name is far worse than a question.
    suggestion: String,
    /// The person the label is matched to, and how certain that is in words.
    person: Option<String>,
    sure: &'static str,
    /// The present choice.
    was: String,
    /// Why an answer is always limited to this session, if it is.
    only_here: &'static str,
    /// As typed.
    who: String,
    name: String,
    email: String,
    here: bool,
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct Quote {
    words: String,
    start_ms: Option<i64>,
    telling: &'static str,
}

/// The page on which the speakers are viewed and corrected.
#[derive(Debug, Serialize)]
struct WhoPage {
    style: String,
    action: String,
    form_token: String,
    leave: String,
    title: String,
    date: String,
    problem: Option<String>,
    waiting: bool,
    speakers: SpeakersForm,
}

/// The form for a session's unknown labels, with the input if it is shown again.
pub(super) fn form(session: &SessionView, redo: Option<(&Form, &[Problem])>) -> SpeakersForm {
    build(&session.coach_name, &session.clients, &session.speakers, None, redo)
}

/// `correcting` is the first label to show.
fn build(
    coach: &str,
    clients: &[(Uuid, String)],
    speakers: &[Speaker],
    correcting: Option<usize>,
    redo: Option<(&Form, &[Problem])>,
) -> SpeakersForm {
    let from = correcting.unwrap_or_default().min(speakers.len());
    let typed = |field: &str, index: usize| {
        redo.and_then(|(form, _)| form.get(&format!("{field}.{index}"))).unwrap_or_default().to_owned()
    };
    let problem = |index: usize| {
        let field = format!("speaker.{index}");
        redo?.1.iter().find(|problem| problem.field == field).map(|problem| problem.problem.clone())
    };
    let part = |(index, speaker): (usize, &Speaker)| {
        let was = speaker.who.map(choice).unwrap_or_default();
        Part {
            label: speaker.label.clone(),
            label_in_url: url::form_urlencoded::byte_serialize(speaker.label.as_bytes()).collect(),
            reason: speaker.reason.clone(),
            turns: speaker.turns,
            excerpts: speaker.excerpts.iter().map(quote).collect(),
            suggestion: speaker.suggestion.map(choice).unwrap_or_default(),
            person: identified(speaker),
            sure: sure(speaker),
            who: if redo.is_some() { typed("who", index) } else { was.clone() },
            was,
            only_here: only_here(speaker),
            name: if redo.is_some() { typed("name", index) } else { guest_name(speaker) },
            email: typed("email", index),
            here: !typed("here", index).is_empty(),
            problem: problem(index),
        }
    };
    let name = |who: Who| match who {
        Who::Coach => Some(format!("{coach} (you)")),
        Who::Client(client) => clients.iter().find(|(id, _)| *id == client).map(|(_, name)| name.clone()),
        Who::Guest | Who::Shared => None,
    };
    let shown = || speakers.iter().skip(from).take(MOST_LABELS);
    let likely = shown().filter_map(|speaker| Some((speaker.label.clone(), name(speaker.suggestion?)?)));
    SpeakersForm {
        coach: coach.to_owned(),
        clients: choices(clients),
        suggested: if correcting.is_some() { Vec::new() } else { likely.collect() },
        speakers: speakers.iter().skip(from).take(MOST_LABELS).enumerate().map(part).collect(),
        correcting: correcting.is_some(),
        from,
        more: (speakers.len() - from).saturating_sub(MOST_LABELS),
        next: from + MOST_LABELS,
    }
}

fn choices(clients: &[(Uuid, String)]) -> Vec<Choice> {
    clients.iter().map(|(id, name)| Choice { value: format!("client:{id}"), name: name.clone() }).collect()
}

/// Who a label is, in words. A guest may have the name of a client.
fn identified(speaker: &Speaker) -> Option<String> {
    let name = speaker.person.clone()?;
    Some(if speaker.who == Some(Who::Guest) { format!("{name} (not one of your clients)") } else { name })
}

fn guest_name(speaker: &Speaker) -> String {
    speaker.person.clone().filter(|_| speaker.who == Some(Who::Guest)).unwrap_or_default()
}

/// As the form sends it.
fn choice(who: Who) -> String {
    match who {
        Who::Coach => "coach".to_owned(),
        Who::Client(client) => format!("client:{client}"),
        Who::Guest => "guest".to_owned(),
        Who::Shared => "shared".to_owned(),
    }
}

const fn sure(speaker: &Speaker) -> &'static str {
    match speaker.confidence {
        _ if speaker.by_coach => "by you",
        _ if speaker.basis.is_guess() => "a guess",
        confidence if confidence >= 0.95 => "confident",
        confidence if confidence >= 0.85 => "fairly confident",
        _ => "likely",
    }
}

/// Why an answer is limited to this session, whatever is ticked; empty if it isn't.
const fn only_here(speaker: &Speaker) -> &'static str {
    match speaker {
        Speaker { is_generic: true, .. } => {
            "Many people share this device name, so your answer applies to this session only."
        }
        Speaker { owner: Some(_), .. } => {
            "This is a person’s own name, or their name in your client list, and stays theirs: if someone else spoke \
             under it here, your answer applies to this session only."
        }
        _ => "",
    }
}

fn quote(excerpt: &attribute::Excerpt) -> Quote {
    let telling = match excerpt.telling {
        Telling::Introduces => "says a name",
        Telling::Called => "after being addressed by name",
        Telling::Asks => "asks",
        Telling::Says => "",
    };
    Quote { words: excerpt.text.clone(), start_ms: excerpt.start_ms, telling }
}

/// `GET /review/{session}/speakers`
pub(super) async fn show(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    Query(From { from }): Query<From>,
    parts: Parts,
) -> Result<Response, Failure> {
    let guest = guest::guest(&state, &parts, session).await?;
    who_page(&state, &guest, StatusCode::OK, (from, None), None).await
}

/// The first label or turn to show.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    from: usize,
}

async fn who_page(
    state: &HttpState,
    guest: &guest::Guest,
    status: StatusCode,
    (from, redo): (usize, Option<(&Form, &[Problem])>),
    problem: Option<String>,
) -> Result<Response, Failure> {
    let session = guest.session_id;
    let mut tx = guest.enter(state).await?;
    let view = view::view(&mut tx, session).await?.ok_or_else(Failure::not_found)?;
    let speakers = attribute::speakers(&mut tx, session).await?;
    let clients = view::clients_of(&mut tx, session).await?;
    drop(tx);
    let context = WhoPage {
        style: page::style_path(state),
        action: state.path(&format!("review/{session}")),
        form_token: guest.form_token.clone(),
        leave: guest.leave_path(state),
        title: view.title.clone(),
        date: view.date.format("%A %-d %B %Y").to_string(),
        problem,
        waiting: view.state == SessionState::WaitingForSpeakers,
        speakers: build(&view.coach_name, &clients, &speakers, Some(from), redo),
    };
    page::render(state, status, "page/who.html", &context)
}

/// `POST /review/{session}/speakers/undo`: the coach undoes a guess.
pub(super) async fn take_back(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, visitor, mut tx, .. } = Posting::enter(&state, &parts, session, form).await?;
    let label = form.get("label").unwrap_or_default();
    match actions::take_back(&mut tx, &state.services.desk, session, label, &visitor).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(review::see_other(&state, session, None, "taken-back"))
        }
        Err(ActionError::Invalid(problems)) => Err(not_taken(problems)),
        Err(error) => Err(error.into()),
    }
}

/// What was rejected, on its own page.
fn not_taken(problems: Vec<Problem>) -> Failure {
    let problem = problems.into_iter().next().map(|problem| problem.problem).unwrap_or_default();
    Failure::new(StatusCode::CONFLICT, "We couldn’t save this", format!("Nothing was changed: {problem}."))
}

/// `POST /review/{session}/speakers`
pub(super) async fn name(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, guest, visitor, mut tx } = Posting::enter(&state, &parts, session, form).await?;
    let corrects = form.get("was.0").is_some();
    let from = form.get("from").and_then(|from| from.parse().ok()).unwrap_or_default();
    if corrects && !answers::is_current(&form, &attribute::speakers(&mut tx, session).await?) {
        drop(tx);
        let problem =
            "Someone changed this in the meantime. The current version is below; nothing you submitted was saved.";
        return who_page(&state, &guest, StatusCode::CONFLICT, (from, None), Some(problem.to_owned())).await;
    }
    let mut answers = Vec::new();
    let set = match answers::answers(&form) {
        Ok(answers) if answers.is_empty() => return Ok(review::see_other(&state, session, None, "same-speakers")),
        Ok(given) => {
            answers = given;
            let set = actions::set_speakers(&mut tx, &state.services.desk, session, &answers, &visitor).await;
            set.map_err(|error| answers::in_form(error, &form, &answers))
        }
        Err(problems) => Err(ActionError::Invalid(problems)),
    };
    match set {
        Ok(set) => {
            tx.commit().await?;
            // Words shared by several people can't be summarized: the page then asks who spoke.
            if let [Answer { label, is: SpeakerIs::Shared, .. }] = answers.as_slice()
                && set.remaining == 0
            {
                let query: String = url::form_urlencoded::byte_serialize(label.as_bytes()).collect();
                let target = state.path(&format!("review/{session}/speakers/turns?label={query}"));
                return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response());
            }
            let done = match (corrects && set.remaining == 0, set.reach) {
                (true, Reach::EarlierSessions) => "corrected",
                (true, _) => "corrected-here",
                (false, Reach::ThisSession) => "named-here",
                (false, _) => "named",
            };
            Ok(review::see_other(&state, session, None, done))
        }
        Err(ActionError::Invalid(problems)) => {
            drop(tx);
            if corrects {
                let redo = Some((&form, problems.as_slice()));
                return who_page(&state, &guest, StatusCode::UNPROCESSABLE_ENTITY, (from, redo), None).await;
            }
            let mut tx = guest.enter(&state).await?;
            let view = view::view(&mut tx, session).await?.ok_or_else(Failure::not_found)?;
            drop(tx);
            let mut context = review::build(&state, &view, &guest, &review::Done::default(), None);
            context.speakers = Some(self::form(&view, Some((&form, &problems))));
            page::render(&state, StatusCode::UNPROCESSABLE_ENTITY, "page/review.html", &context)
        }
        Err(error) => Err(error.into()),
    }
}
