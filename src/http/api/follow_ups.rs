//! `/v1/summaries/{id}/letter` and what decides about it: preview, approve, stop, and what became of it.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use debrief_jobs::{
    db::TenantTx,
    follow_up::{self, LaterError, Letter, Verdict},
    mail::Recipient,
    model::listing,
    review::actions::{self, ActionError, Approved, Signed},
    rights::Right,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Id, Json, whole},
    problem::{Code, Problem},
};
use crate::http::failure::capitalized;

/// Preview the letter to the client
///
/// Exactly as it would be sent, and to whom.
#[utoipa::path(get, path = "/v1/summaries/{id}/letter", tag = "follow-ups", operation_id = "preview_letter",
    params(("id" = Uuid, Path,)), security(("key" = ["summaries:read"])),
    responses((status = 200, description = "The letter", body = Letter)))]
pub(super) async fn preview(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::SummariesRead).await?;
    let session = listing::place_of_summary(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let letter = follow_up::as_sent(&mut tx, &call.state.services.desk.post, id).await;
    let letter = letter.map_err(|error| Problem::internal(&error))?.ok_or_else(Problem::not_found)?;
    call.shown(tx, About::summary(session, id), &letter).await
}

/// Who was shown as the recipient.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignedRecipient)]
pub(super) struct To {
    /// The name.
    name: String,
    /// The address.
    email: String,
}

/// What a person has read, and signs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Signature)]
pub(super) struct Signature {
    /// The version that was read.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1)]
    pub(super) version: i32,
    /// SHA-256 of its content, as it was shown.
    pub(super) hash: String,
    /// The recipient that was shown; `null` if the client had no address.
    pub(super) recipient: Option<To>,
    /// Whether sentences that talk about the client, instead of to them, go as they are.
    #[serde(default)]
    pub(super) as_they_are: bool,
}

/// What an approval did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ApprovalOutcome)]
pub(super) enum Outcome {
    /// The letter is held, and goes out after that.
    Held,
    /// The client has no address: nothing is sent.
    NotSent,
    /// It was approved already; nothing changed.
    Already,
}

/// What an approval did.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
pub(super) struct Approval {
    /// What became of it.
    pub(super) outcome: Outcome,
    /// The mail.
    pub(super) mail_id: Option<Uuid>,
}

/// Approve a summary
///
/// A person's word: the letter goes to the client after its hold. It signs the version, the content and the recipient that
/// were shown; if one of them isn't the present one, it's refused. A key of the organization can't approve.
#[utoipa::path(post, path = "/v1/summaries/{id}/approve", tag = "follow-ups", operation_id = "approve_summary",
    params(("id" = Uuid, Path,)), request_body = Signature, security(("key" = ["summaries:approve"])),
    responses((status = 200, description = "What it did", body = Approval),
        (status = 412, description = "That isn't the latest version or its content")))]
pub(super) async fn approve(call: Call, Id(id): Id, body: Json<Signature>) -> Answer {
    let mut tx = call.change(Right::SummariesApprove, &body.sha256).await?;
    let (about, approval) = sign(&call, &mut tx, id, body.value).await?;
    call.done(tx, about, StatusCode::OK, &approval, &[]).await
}

/// Approves a summary as it was signed.
pub(super) async fn sign(
    call: &Call,
    tx: &mut TenantTx,
    id: Uuid,
    signature: Signature,
) -> Result<(About, Approval), Problem> {
    let session = listing::place_of_summary(tx, id).await?.ok_or_else(Problem::not_found)?;
    let Signature { version, hash, recipient, as_they_are } = signature;
    let recipient = recipient.and_then(|to| Recipient::of(&to.name, Some(&to.email)));
    let signed = Signed { version, hash, recipient, as_they_are };
    let desk = &call.state.services.desk;
    let approved = actions::approve(tx, desk, session, id, &signed, &call.caller.visitor).await?;
    let (outcome, mail_id) = match approved {
        Approved::Queued(mail) => (Outcome::Held, Some(mail)),
        Approved::NotSent => (Outcome::NotSent, None),
        Approved::Already => (Outcome::Already, None),
    };
    Ok((About::summary(session, id), Approval { outcome, mail_id }))
}

/// When a held letter goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LetterTime {
    /// The time, at most 60 days ahead; `null` for now.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    send_at: Option<DateTime<Utc>>,
}

/// When a held letter goes.
#[derive(Serialize, ToSchema)]
struct ScheduledLetter {
    /// The time.
    send_at: DateTime<Utc>,
}

/// Send a held letter now, or at another time
#[utoipa::path(put, path = "/v1/summaries/{id}/letter/time", tag = "follow-ups", operation_id = "schedule_letter",
    params(("id" = Uuid, Path,)), request_body = LetterTime, security(("key" = ["summaries:approve"])),
    responses((status = 200, description = "When it goes", body = ScheduledLetter)))]
pub(super) async fn schedule(call: Call, Id(id): Id, body: Json<LetterTime>) -> Answer {
    let mut tx = call.change(Right::SummariesApprove, &body.sha256).await?;
    let session = listing::place_of_summary(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let send_at = follow_up::send_at(&mut tx, id, body.value.send_at).await.map_err(|error| match error {
        LaterError::NotHeld => Problem::new(Code::WrongState, capitalized(&error.to_string())),
        LaterError::TooLate | LaterError::Past => Problem::invalid("send_at", capitalized(&error.to_string())),
        LaterError::Database(error) => error.into(),
    })?;
    call.done(tx, About::summary(session, id), StatusCode::OK, &ScheduledLetter { send_at }, &[]).await
}

/// Stop a letter that is held
///
/// The summary is open again.
#[utoipa::path(post, path = "/v1/summaries/{id}/cancel", tag = "follow-ups", operation_id = "cancel_letter",
    params(("id" = Uuid, Path,)), security(("key" = ["summaries:approve"])),
    responses((status = 204, description = "It is stopped")))]
pub(super) async fn cancel(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::SummariesApprove, &[]).await?;
    let session = listing::place_of_summary(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    actions::cancel_follow_up(&mut tx, session, id, &call.caller.visitor).await?;
    call.done(tx, About::summary(session, id), StatusCode::NO_CONTENT, &(), &[]).await
}

/// What is known of a letter whose fate was unknown.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LetterFate)]
enum Fate {
    /// The client has it.
    Arrived,
    /// The client doesn't have it: send it again.
    SendAgain,
}

/// What a person says of a letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LetterDecision)]
pub(super) struct Decision {
    /// What became of it.
    fate: Fate,
}

/// Say what became of a letter that failed or got lost
#[utoipa::path(post, path = "/v1/summaries/{id}/decide", tag = "follow-ups", operation_id = "decide_letter",
    params(("id" = Uuid, Path,)), request_body = Decision, security(("key" = ["summaries:approve"])),
    responses((status = 204, description = "It is noted")))]
pub(super) async fn decide(call: Call, Id(id): Id, body: Json<Decision>) -> Answer {
    let mut tx = call.change(Right::SummariesApprove, &body.sha256).await?;
    let session = listing::place_of_summary(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let verdict = match body.value.fate {
        Fate::Arrived => Verdict::Arrived,
        Fate::SendAgain => Verdict::SendAgain,
    };
    actions::decide_follow_up(&mut tx, session, id, verdict, &call.caller.visitor).await.map_err(
        |error| match error {
            ActionError::TooLate => Problem::new(
                Code::WrongState,
                "There’s nothing to decide: no letter of this summary failed or got lost.",
            ),
            error => error.into(),
        },
    )?;
    call.done(tx, About::summary(session, id), StatusCode::NO_CONTENT, &(), &[]).await
}
