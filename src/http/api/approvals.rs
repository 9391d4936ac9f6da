//! `/v1/summaries/approve`: several summaries at once, each signed by itself.

use std::time::Duration;

use axum::http::StatusCode;
use debrief_jobs::rights::Right;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call, Stop, json_response},
    follow_ups::{self, Approval, Outcome, Signature, To},
    input::{Json, whole},
    places,
    problem::{Code, Document, Problem},
};

/// At most this many at once.
const MOST: usize = 100;
/// What isn't started by then is left for the next request.
const BUDGET: Duration = Duration::from_secs(20);

/// A summary, and what a person has read of it and signs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignedSummary)]
pub(super) struct Signed {
    /// The summary.
    id: Uuid,
    /// The version that was read.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1)]
    version: i32,
    /// SHA-256 of its content, as it was shown.
    hash: String,
    /// The recipient that was shown; `null` if the client had no address.
    recipient: Option<To>,
    /// Whether sentences that talk about the client, instead of to them, go as they are.
    #[serde(default)]
    as_they_are: bool,
}

/// What to approve.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Approvals)]
pub(super) struct Batch {
    /// The summaries, each as `/v1/summaries/{id}/approve` takes it.
    #[schema(min_items = 1, max_items = 100)]
    approvals: Vec<Signed>,
}

/// What became of one of them.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalResult)]
struct Done {
    /// The summary.
    id: Uuid,
    /// What the answer to it alone would have: 200 if it is approved.
    status: u16,
    /// What the approval did, if it is approved.
    outcome: Option<Outcome>,
    /// The mail.
    mail_id: Option<Uuid>,
    /// Why it isn't approved.
    problem: Option<Document>,
}

/// What became of all of them.
#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalResults)]
struct Results {
    /// In the order of the request.
    results: Vec<Done>,
}

/// Approve several summaries
///
/// Each exactly as by itself, and on its own: one that is refused stops none of the others. The answer says of each what
/// became of it. Sending the request again approves nothing twice. An approval that wasn't started within twenty seconds has
/// the problem `COACH_092`; send it again. An answer in which a `status` is 500 or more isn't kept for an `Idempotency-Key`.
#[utoipa::path(post, path = "/v1/summaries/approve", tag = "follow-ups", operation_id = "approve_summaries",
    request_body = Batch, security(("key" = ["summaries:approve"])),
    responses((status = 200, description = "What became of each", body = Results)))]
pub(super) async fn approve(call: Call, body: Json<Batch>) -> Answer {
    let approvals = body.value.approvals;
    if approvals.is_empty() || approvals.len() > MOST {
        let problem = format!("Send 1 to {MOST} summaries at a time; these are {}.", approvals.len());
        return Err(Problem::invalid("approvals", problem).into());
    }
    let _place = places::BATCHES.take(call.caller.account())?;
    // Holds the Idempotency-Key while they are approved, each in a transaction of its own: the same request at the same time
    // waits, and one that comes after a crash finds those approved that were. Without a key there is nothing to hold.
    let held = call.change(Right::SummariesApprove, &body.sha256).await?;
    let held = call.is_repeatable().then_some(held);
    let (begun, mut results) = (tokio::time::Instant::now(), Vec::with_capacity(approvals.len()));
    for Signed { id, version, hash, recipient, as_they_are } in approvals {
        let done = if begun.elapsed() < BUDGET {
            one(&call, id, Signature { version, hash, recipient, as_they_are }).await?
        } else {
            Err(Problem::new(Code::TimedOut, "It wasn’t started: send it again."))
        };
        results.push(match done {
            Ok(Approval { outcome, mail_id }) => {
                Done { id, status: 200, outcome: Some(outcome), mail_id, problem: None }
            }
            Err(problem) => {
                let problem = problem.document();
                Done { id, status: problem.status, outcome: None, mail_id: None, problem: Some(problem) }
            }
        });
    }
    let about = About::list(results.len());
    // What failed here may succeed when the same request comes again.
    let is_final = results.iter().all(|done| done.status < StatusCode::INTERNAL_SERVER_ERROR.as_u16());
    let results = Results { results };
    match held.filter(|_| is_final) {
        Some(tx) => call.done(tx, about, StatusCode::OK, &results, &[]).await,
        None => {
            call.changed(call.read(Right::SummariesApprove).await?, about).await?;
            Ok(json_response(StatusCode::OK, &results)?)
        }
    }
}

/// Approves one; a refusal is its outcome.
async fn one(call: &Call, id: Uuid, signature: Signature) -> Result<Result<Approval, Problem>, Stop> {
    let mut tx = call.read(Right::SummariesApprove).await?;
    match follow_ups::sign(call, &mut tx, id, signature).await {
        Ok((about, approval)) => {
            call.changed(tx, about).await?;
            Ok(Ok(approval))
        }
        Err(problem) => Ok(Err(problem)),
    }
}
