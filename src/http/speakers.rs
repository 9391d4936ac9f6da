//! Who spoke: a form with a part for each label. In a session that waits it holds those that nobody is known for; on the
//! page `Who spoke?` it holds all of them, to be looked at and corrected at any time.

use std::collections::HashMap;

use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use debrief_jobs::{
    attribute::{self, Speaker, Telling, Who},
    correct::{self, Answer, SpeakerIs},
    db::Tx,
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
    guard, page,
    review::{self, Posting},
};

/// So many labels are in one form, and so many turns: each offers all of the coach's clients.
const MOST_LABELS: usize = 100;
const MOST_TURNS: usize = 200;

/// The form.
#[derive(Debug, Serialize)]
pub(super) struct SpeakersForm {
    coach: String,
    clients: Vec<Choice>,
    speakers: Vec<Part>,
    /// What one click takes: each label here that has a likely person, and that person's name.
    suggested: Vec<(String, String)>,
    /// Whether somebody is known for every label: the form corrects and does not ask.
    correcting: bool,
    /// How many labels stand before these, …
    from: usize,
    /// … how many follow, …
    more: usize,
    /// … and where those begin.
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
    /// The choice that is likeliest; it is said and not made, for a wrong name is far worse than a question.
    suggestion: String,
    /// Whom the label is taken for: a name, and how sure that is in words.
    person: Option<String>,
    sure: &'static str,
    /// The choice that this is.
    was: String,
    /// Why an answer holds for this session alone, where it does in any case.
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

/// The page on which who spoke is looked at and corrected.
#[derive(Debug, Serialize)]
struct WhoPage {
    style: String,
    action: String,
    form_token: String,
    title: String,
    date: String,
    problem: Option<String>,
    waiting: bool,
    speakers: SpeakersForm,
}

/// The form for a session's unknown labels, with what was typed where it is shown again.
pub(super) fn form(session: &SessionView, redo: Option<(&Form, &[Problem])>) -> SpeakersForm {
    build(&session.coach_name, &session.clients, &session.speakers, None, redo)
}

/// `correcting` says from which label on.
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
            person: speaker.person.clone(),
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

/// Why an answer holds for this session alone, whatever is ticked; empty where it need not.
const fn only_here(speaker: &Speaker) -> &'static str {
    match speaker {
        Speaker { is_generic: true, .. } => {
            "Many people share this device name, so your answer applies to this session only."
        }
        Speaker { own_name_of: Some(_), .. } => {
            "This is a person’s own name and stays theirs: if someone else spoke under it here, your answer applies to \
             this session only."
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
    let guest = guard::guest(&state, &parts.headers, session).await?;
    who_page(&state, &guest, StatusCode::OK, (from, None), None).await
}

/// From which label or turn on.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    from: usize,
}

async fn who_page(
    state: &HttpState,
    guest: &guard::Guest,
    status: StatusCode,
    (from, redo): (usize, Option<(&Form, &[Problem])>),
    problem: Option<String>,
) -> Result<Response, Failure> {
    let session = guest.visit.session_id;
    let mut tx = state.services.db.tenant(guest.visit.organization).await?;
    let view = view::view(&mut tx, session).await?.ok_or_else(Failure::not_found)?;
    let speakers = attribute::speakers(&mut tx, session).await?;
    let clients = view::clients_of(&mut tx, session).await?;
    drop(tx);
    let context = WhoPage {
        style: page::style_path(state),
        action: state.path(&format!("review/{session}")),
        form_token: guest.form_token.clone(),
        title: view.title.clone(),
        date: view.date.format("%A %-d %B %Y").to_string(),
        problem,
        waiting: view.state == "waiting_for_speakers",
        speakers: build(&view.coach_name, &clients, &speakers, Some(from), redo),
    };
    page::render(state, status, "page/who.html", &context)
}

/// The page on which the turns of a shared label are told apart.
#[derive(Debug, Serialize)]
struct TurnsPage {
    style: String,
    action: String,
    form_token: String,
    title: String,
    label: String,
    coach: String,
    clients: Vec<Choice>,
    turns: Vec<TurnRow>,
    /// Where the turns that follow are, and how many there are.
    next: Option<String>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct TurnRow {
    id: Uuid,
    start_ms: Option<i64>,
    text: String,
    who: String,
}

/// Which label's turns.
#[derive(Debug, Deserialize)]
pub(super) struct OfLabel {
    label: String,
    #[serde(default)]
    from: usize,
}

/// `GET /review/{session}/speakers/turns?label=…`
pub(super) async fn show_turns(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    Query(OfLabel { label, from }): Query<OfLabel>,
    parts: Parts,
) -> Result<Response, Failure> {
    let guest = guard::guest(&state, &parts.headers, session).await?;
    let mut tx = state.services.db.tenant(guest.visit.organization).await?;
    let view = view::view(&mut tx, session).await?.ok_or_else(Failure::not_found)?;
    let clients = view::clients_of(&mut tx, session).await?;
    // No label that is stored has a zero.
    let label = label.replace('\0', "\u{fffd}");
    let turns = correct::turns(&mut tx, session, &label).await?;
    drop(tx);
    if turns.len() <= from {
        return Err(Failure::not_found());
    }
    let row = |turn: correct::Turn| TurnRow {
        id: turn.id,
        start_ms: turn.start_ms,
        text: turn.text,
        who: turn.who.map(choice).unwrap_or_default(),
    };
    let context = TurnsPage {
        style: page::style_path(&state),
        action: state.path(&format!("review/{session}")),
        form_token: guest.form_token.clone(),
        title: view.title,
        coach: view.coach_name,
        clients: choices(&clients),
        more: turns.len().saturating_sub(from + MOST_TURNS),
        next: (turns.len() > from + MOST_TURNS).then(|| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("label", &label)
                .append_pair("from", &(from + MOST_TURNS).to_string())
                .finish();
            state.path(&format!("review/{session}/speakers/turns?{query}"))
        }),
        turns: turns.into_iter().skip(from).take(MOST_TURNS).map(row).collect(),
        label,
    };
    page::render(&state, StatusCode::OK, "page/turns.html", &context)
}

/// `POST /review/{session}/speakers/turns`
pub(super) async fn split(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, visitor, mut tx, .. } = Posting::enter(&state, &parts, session, form).await?;
    let answer = |(field, who): (&str, &str)| {
        let turn: Uuid = field.strip_prefix("turn.")?.parse().ok()?;
        let is = match who {
            "coach" => Some(SpeakerIs::Coach),
            "guest" => Some(SpeakerIs::Guest { name: "A guest".to_owned() }),
            chosen => chosen.strip_prefix("client:").and_then(|id| id.parse().ok()).map(SpeakerIs::Client),
        };
        Some((turn, is))
    };
    let answers: Vec<(Uuid, Option<SpeakerIs>)> = form.fields().filter_map(answer).collect();
    let label = form.get("label").unwrap_or_default();
    match actions::split_label(&mut tx, &state.services.desk, session, label, &answers, &visitor).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(review::see_other(&state, session, None, "corrected-here"))
        }
        Err(ActionError::Invalid(problems)) => Err(not_taken(problems)),
        Err(error) => Err(error.into()),
    }
}

/// `POST /review/{session}/speakers/undo`: the coach takes back a guess.
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

/// What cannot be taken, as a page of its own.
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
    if corrects && !is_current(&form, &attribute::speakers(&mut tx, session).await?) {
        drop(tx);
        let problem =
            "Someone changed this in the meantime. The current version is below; nothing you submitted was saved.";
        return who_page(&state, &guest, StatusCode::CONFLICT, (from, None), Some(problem.to_owned())).await;
    }
    let set = match answers(&form) {
        Ok(answers) if answers.is_empty() => return Ok(review::see_other(&state, session, None, "same-speakers")),
        Ok(answers) => {
            let set = actions::set_speakers(&mut tx, &state.services.desk, session, &answers, &visitor).await;
            set.map_err(|error| in_form(error, &form, &answers))
        }
        Err(problems) => Err(ActionError::Invalid(problems)),
    };
    match set {
        Ok(set) => {
            tx.commit().await?;
            let done = match (corrects && set.remaining == 0, set.earlier_sessions) {
                (true, true) => "corrected",
                (true, false) => "corrected-here",
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
            let mut tx = state.services.db.tenant(guest.visit.organization).await?;
            let view = view::view(&mut tx, session).await?.ok_or_else(Failure::not_found)?;
            drop(tx);
            let mut context = review::build(&state, &view, &guest.form_token, &review::Done::default(), None);
            context.speakers = Some(self::form(&view, Some((&form, &problems))));
            page::render(&state, StatusCode::UNPROCESSABLE_ENTITY, "page/review.html", &context)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether what the form showed is what is there: nobody answers a question that has changed.
fn is_current(form: &Form, speakers: &[Speaker]) -> bool {
    let now: HashMap<&str, Option<Who>> =
        speakers.iter().map(|speaker| (speaker.label.as_str(), speaker.who)).collect();
    let mut shown = form.numbered("label").zip(form.numbered("was")).peekable();
    shown.peek().is_some()
        && shown.all(|(label, was)| now.get(label).is_some_and(|who| who.map(choice).unwrap_or_default() == was))
}

/// One answer a label that was answered otherwise than it stood; each problem names its label's place.
fn answers(form: &Form) -> Result<Vec<Answer>, Vec<Problem>> {
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

/// A problem names an answer by its place among the answers; the form knows it by its place among the labels.
fn in_form(error: ActionError, form: &Form, answers: &[Answer]) -> ActionError {
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
    // What was chosen goes before what was suggested, and nothing is taken that the page did not show.
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
