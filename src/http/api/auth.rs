//! `/v1/auth`: programs that people use sign in with the person's password and get tokens. Software that acts by itself has an
//! API key instead.

use axum::{
    extract::State,
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    rights::KeyText,
    sign_in::{self, CodeError, TokenError, Tokens, Typed},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    call::{Answer, json_response},
    input::{Json, MaybeJson},
    problem::{Code, Problem},
};
use crate::http::{HttpState, failure::capitalized, guard};

// As the document has them below.
const MOST_EMAIL: usize = 320;
const MOST_PASSWORD: usize = 1000;
const MOST_CODE: usize = 100;
const MOST_TOKEN: usize = 200;

/// What a person signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    /// The person's address.
    #[schema(max_length = 320)]
    email: String,
    /// The person's password.
    #[schema(max_length = 1000, format = Password)]
    password: String,
    /// The code of the authenticator app, or a recovery code, where the person has a second factor.
    #[schema(max_length = 100)]
    code: Option<String>,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    /// The newest refresh token.
    #[schema(max_length = 200, example = "dbrt_…")]
    refresh_token: String,
}

/// Which sign-in ends. Leave the body out if you send the access token in `Authorization`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogOut {
    /// The newest refresh token.
    #[schema(max_length = 200, example = "dbrt_…")]
    refresh_token: Option<String>,
}

/// Tokens, under the names of OAuth 2.0 (RFC 6749).
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
struct Issued {
    /// For the header `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// The seconds that the access token works for.
    expires_in: i64,
    /// For new tokens. It works once.
    #[schema(example = "dbrt_…")]
    refresh_token: String,
}

/// Sign in
///
/// Gives a program the rights of the person who types their password into it: an access token for a quarter of an hour, and a
/// refresh token for the next one. A person with a second factor sends its code as well: without it the answer is
/// `COACH_008`. The sign-in is in the list on the person's account page, and ends as one of a browser does.
#[utoipa::path(post, path = "/v1/auth/login", tag = "auth", operation_id = "log_in", request_body = Login, security(()),
    responses((status = 200, description = "The tokens", body = Issued),
              (status = 501, description = "Tokens aren’t set up here", body = super::problem::Document,
               content_type = "application/problem+json")))]
pub(super) async fn login(State(state): State<HttpState>, parts: Parts, body: Json<Login>) -> Answer {
    let Login { email, password, code } = &body.value;
    let code_text = code.as_deref().unwrap_or_default();
    bounded(&[("email", email, MOST_EMAIL), ("password", password, MOST_PASSWORD), ("code", code_text, MOST_CODE)])?;
    let typed = Typed { address: email, password, code: code.as_deref() };
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let services = &state.services;
    let tokens = sign_in::log_in(&services.db, &services.gate, typed, &visitor).await?;
    shown(tokens)
}

/// Get new tokens
///
/// The refresh token that is sent works no more; the next one is in the answer. If a token comes a second time, it was copied
/// or an answer was lost, and the whole sign-in ends: the person signs in again.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "auth", operation_id = "refresh_tokens", request_body = Refresh,
    security(()), responses((status = 200, description = "The tokens", body = Issued),
              (status = 501, description = "Tokens aren’t set up here", body = super::problem::Document,
               content_type = "application/problem+json")))]
pub(super) async fn refresh(State(state): State<HttpState>, parts: Parts, body: Json<Refresh>) -> Answer {
    bounded(&[("refresh_token", &body.value.refresh_token, MOST_TOKEN)])?;
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let services = &state.services;
    let found = sign_in::refresh(&services.db, &services.gate, &body.value.refresh_token, &visitor).await;
    if let Err(TokenError::Unknown) = &found {
        super::call::count_guess(&state, &visitor, "unknown_refresh_token").await?;
    }
    shown(found?)
}

/// Sign out
///
/// Ends the sign-in of a refresh token, with its access tokens, at once; or that of the access token in `Authorization`. A token
/// that doesn't work is answered in the same way.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "auth", operation_id = "log_out", request_body = Option<LogOut>,
    security((), ("key" = [])), responses((status = 204, description = "Nobody is signed in by it any more")))]
pub(super) async fn logout(State(state): State<HttpState>, parts: Parts, body: MaybeJson<LogOut>) -> Answer {
    let refresh = body.value.refresh_token.as_deref();
    bounded(&[("refresh_token", refresh.unwrap_or_default(), MOST_TOKEN)])?;
    let sent = parts.headers.get(header::AUTHORIZATION).and_then(|sent| sent.to_str().ok());
    let access = sent.and_then(super::call::bearer).filter(|token| !token.starts_with(KeyText::PREFIX));
    if refresh.is_none() && access.is_none() {
        let detail = "Send the access token in Authorization: Bearer, or the `refresh_token` in the body. An API key has no \
                      sign-in: DELETE /v1/keys/{id} revokes it.";
        return Err(Problem::new(Code::NoCredentials, detail).into());
    }
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let services = &state.services;
    if let Some(token) = refresh {
        sign_in::log_out(&services.db, token, &visitor).await?;
    }
    if let Some(token) = access {
        sign_in::log_out_by_access(&services.db, &services.gate, token, &visitor).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Refuses what is longer than the document says, before anything is done with it.
fn bounded(fields: &[(&'static str, &str, usize)]) -> Result<(), Problem> {
    match fields.iter().find(|(_, value, most)| value.chars().count() > *most) {
        Some((field, _, most)) => Err(Problem::invalid(field, format!("It has more than {most} characters."))),
        None => Ok(()),
    }
}

fn shown(tokens: Tokens) -> Answer {
    let issued = Issued {
        access_token: tokens.access,
        token_type: "Bearer",
        expires_in: tokens.access_seconds,
        refresh_token: tokens.refresh,
    };
    Ok(unkept(json_response(StatusCode::OK, &issued)?))
}

/// No cache keeps tokens.
fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let detail = capitalized(&error.to_string());
        match error {
            TokenError::Refused | TokenError::Elsewhere | TokenError::Ended | TokenError::Unknown => {
                Self::new(Code::BadCredentials, detail)
            }
            TokenError::CodeDue | TokenError::EnrolmentDue | TokenError::AppDue => Self::new(Code::CodeDue, detail),
            TokenError::Code(CodeError::Wrong | CodeError::NoFactor) => Self::new(Code::CodeDue, detail),
            TokenError::TooMany(seconds) => Self::new(Code::TooManyRequests, detail).later(seconds),
            TokenError::Busy => Self::new(Code::Away, detail).later(5),
            TokenError::NoKey => Self::new(Code::NotSetUp, detail),
            TokenError::Database(error) => error.into(),
            // Until the operator puts the key back; a recovery code goes.
            TokenError::Code(CodeError::Closed) => Self::new(Code::Away, detail),
            TokenError::Code(error) => Self::internal(&error),
        }
    }
}
