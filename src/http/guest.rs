//! Who is in a review: whoever opened a link to its session, or its coach, signed in.
//!
//! A visit is a cookie whose hash is in the database; it sees only its own session. A sign-in sees what the person's
//! rights reach. Where an organization wants a second factor of everybody, or its identity provider is the only way in, a
//! mailbox isn't enough: a link then only says where to go, and its coach signs in.

use axum::{
    extract::{Path, State},
    http::{HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx, View},
    review::visits::{self, Visit},
    rights::{Caller, EnterError, Right, Via},
    secret::Secret,
    sign_in::{self, Provider},
};
use uuid::Uuid;

use super::{
    HttpState,
    failure::{Failure, Then, WayIn},
    form::Form,
    guard, onward, page,
};

/// Somebody in a review: with a visit to this session, or signed in as its coach.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) session_id: Uuid,
    pub(super) form_token: String,
    caller: Caller,
    /// What the browser's cookie holds.
    secret: Secret,
    /// The visit; `None` if the coach signed in.
    visit: Option<Visit>,
}

impl Guest {
    fn new(session_id: Uuid, secret: Secret, caller: Caller, visit: Option<Visit>) -> Self {
        Self { session_id, form_token: secret.form_token(), caller, secret, visit }
    }

    /// Starts a transaction that sees what this visitor may see.
    pub(super) async fn enter(&self, state: &HttpState) -> Result<TenantTx, Failure> {
        match self.caller.enter(&state.services.db, REVIEWS).await {
            Ok(tx) => Ok(tx),
            Err(EnterError::Denied(_)) => Err(self.closed()),
            Err(EnterError::Database(error)) => Err(error.into()),
        }
    }

    /// Who acts, for the audit.
    pub(super) fn visitor(&self) -> Visitor {
        self.caller.visitor.clone()
    }

    /// Of whom limits are: the coach, by a link or signed in.
    pub(super) fn account(&self) -> Uuid {
        self.caller.account()
    }

    /// Where the page's form goes that ends this visit or sign-in.
    pub(super) fn leave_path(&self, state: &HttpState) -> String {
        state.path(&format!("review/{}/leave", self.session_id))
    }

    fn closed(&self) -> Failure {
        guard::note_refused_to("review", self.account());
        closed()
    }
}

/// The right that opens a review: it reaches one's own sessions, and nobody else's.
const REVIEWS: Right = Right::SummariesApprove;

/// The visit of the request's cookie, or else its sign-in; if neither opens this session, a failure that says how to get
/// in.
pub(super) async fn guest(state: &HttpState, parts: &Parts, session_id: Uuid) -> Result<Guest, Failure> {
    let (db, headers) = (&state.services.db, &parts.headers);
    let visitor = guard::visitor(&parts.extensions, headers, None);
    let (mut refusal, mut way) = (closed(), "sign-in".to_owned());
    if let Some(secret) = guard::held_secret(state, headers, session_id)
        && let Some(visit) = visits::find(db, &secret).await?
        // The browser can choose any cookie name: what counts is the session that the visit was opened for.
        && visit.session_id == session_id
    {
        let mut tx = db.view(visit.organization, &View::nothing()).await?;
        let provider = sign_in::only_way(&mut tx, &state.services.gate).await?;
        if !visit.wants_sign_in && provider.is_none() {
            let via = Via::Link(visit.link_id);
            let caller = Caller::load(&mut tx, Some(visit.coach_id), via, None, visitor).await?.ok_or_else(closed)?;
            return Ok(Guest::new(session_id, secret, caller, Some(visit)));
        }
        refusal = link_is_not_enough(provider);
        if let Some(provider) = provider {
            way = format!("sign-in/with/{}", provider.name());
        }
    }
    let signed_in = match guard::cookie(headers, &guard::sign_in_cookie(state)) {
        Some(secret) => sign_in::find(db, &secret, visitor).await?.map(|caller| (secret, caller)),
        None => None,
    };
    let Some((secret, caller)) = signed_in else {
        guard::note_refused("review");
        let way = WayIn { path: state.path(&way), cookie: onward::remember(state, session_id) };
        refusal.then = Then::SignIn(Box::new(way));
        return Err(refusal);
    };
    let guest = Guest::new(session_id, secret, caller, None);
    // Somebody else's sign-in is told what nobody's is.
    let allowed = match guest.caller.enter(db, REVIEWS).await {
        Ok(mut tx) => visits::is_in_view(&mut tx, session_id).await?,
        Err(EnterError::Denied(_)) => false,
        Err(EnterError::Database(error)) => return Err(error.into()),
    };
    if allowed {
        return Ok(guest);
    }
    guard::note_refused_to("review", guest.account());
    refusal.then = Then::Start;
    Err(refusal)
}

/// Checks the token of a posted form. One that an earlier visit of this browser showed counts too, so that nothing typed is
/// lost when a visit runs out and the link is opened again.
pub(super) fn check_form_token(guest: &Guest, form: &Form) -> Result<(), Failure> {
    if let (Some(visit), Some(given)) = (&guest.visit, form.get("form_token"))
        && visit.knows_form(given)
    {
        return Ok(());
    }
    guard::check_token(&guest.form_token, form)
}

/// `POST /review/{session}/leave`: ends the visit or the sign-in, and the browser forgets its cookie.
pub(super) async fn leave(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let guest = guest(&state, &parts, session).await?;
    check_form_token(&guest, &form)?;
    let (cookie, detail) = match &guest.visit {
        Some(visit) => {
            let mut tx = guest.enter(&state).await?;
            visits::end(&mut tx, visit.id).await?;
            tx.commit().await?;
            let name = guard::cookie_name(&state, session);
            (name, "This review is closed in this browser. To come back, open the link in your email again.")
        }
        None => {
            sign_in::sign_out(&state.services.db, &guest.secret, &guest.visitor()).await?;
            (guard::sign_in_cookie(&state), "To come back, sign in or open the link in your email.")
        }
    };
    let forget = guard::bake(&state, cookie, &Secret::from_cookie(""), Some(cookie::time::Duration::ZERO));
    let cookie: [(HeaderName, String); 1] = [(header::SET_COOKIE, forget)];
    Ok((cookie, page::message(&state, StatusCode::OK, "You’re signed out", detail)?).into_response())
}

fn closed() -> Failure {
    Failure::new(
        StatusCode::UNAUTHORIZED,
        "This review isn’t open in this browser",
        "Nothing was changed. Open the link in your email again; it brings you back here. The session’s coach can also sign \
         in. If you’re signed in as somebody else, sign out first.",
    )
}

/// The link leads here, and its coach has to sign in.
fn link_is_not_enough(provider: Option<&Provider>) -> Failure {
    let (why, how) = provider.map_or_else(
        || ("asks for a second factor".to_owned(), "with the address that the link was sent to".to_owned()),
        |provider| (format!("signs in with {}", provider.label()), "there".to_owned()),
    );
    Failure::new(
        StatusCode::UNAUTHORIZED,
        "Sign in to open this review",
        format!(
            "Nothing was changed. Your organization {why}, so a link alone opens no review. Sign in {how}, and you’ll come back here. \
             If you’re signed in as somebody else, sign out first."
        ),
    )
}
