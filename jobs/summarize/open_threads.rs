//! What earlier sessions of a client left to do: which of it is open, and whether we can know that yet.
//!
//! Threads follow the sessions' dates, whatever order they arrived in. So a summary waits for earlier sessions that are
//! still being processed, but not forever; if one arrives later after all, [`super::LookAgain`] checks the later
//! summaries again.

use std::time::Duration;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{input::OpenThread, offline::same_promise};
use crate::{
    db::{TenantTx, Tx},
    model::{Owner, SummaryState},
};

/// How many days back action items are asked about, and the maximum number of them.
const THREAD_DAYS: i32 = 120;
const THREADS: usize = 20;
/// How many promises are considered, some of which are the same.
const MOST_PROMISES: i64 = 80;

/// The longest time a summary waits for earlier sessions, counted from when it became due.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// The first pause and the longest one; a drain waits for jobs due within five seconds.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(4)];

/// The action items of the client's earlier sessions that were open on the day of this one, newest first: no session since
/// has reported them done, and nobody has ticked them off or dropped them before that day. What was closed stays closed, unless a
/// person opened it again. An item is known by its claim's lasting id, whatever version is shown. The same promise made
/// again is one thread: in its latest words, since its first date; and what closes it closes every earlier instance. `two`
/// are the names of client and coach.
pub(super) async fn open(
    tx: &mut TenantTx,
    (session_id, date): (Uuid, NaiveDate),
    client_id: Uuid,
    two: [&str; 2],
) -> Result<Vec<OpenThread>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with shown as (
             select summaries.id, session_id, sessions.session_date, coalesce(approved_version, version) as version
             from summaries join sessions on sessions.id = session_id
             where client_id = $2 and session_id <> $1 and summaries.state in ('done', 'approved')
               and (session_date < $3 or session_date = $3 and session_id < $1)
               and session_date > $3 - $4::int)
         select claims.id as claim_id, claims.text, session_date, session_id, owner, told.since as "opened_again?"
         from shown
         join claims on claims.summary_id = shown.id and claims.version = shown.version
         join action_items on action_items.claim_id = claims.id
         left join action_item_states told on told.lasting_id = claims.lasting_id
             and (told.since < $3 or told.state = 'open' and told.since = $3)
         where coalesce(told.state, 'open') = 'open' and not exists (
             select from claims earlier
             join threads on threads.earlier_claim_id = earlier.id
             join claims said on said.id = threads.claim_id
             join shown later on later.id = said.summary_id and later.version = said.version
             where earlier.lasting_id = claims.lasting_id and outcome = 'met'
               and (told.since is null or later.session_date > told.since))
         order by session_date desc, session_id desc, claims.position
         limit $5"#,
        session_id,
        client_id,
        date,
        THREAD_DAYS,
        MOST_PROMISES
    )
    .fetch_all(tx.conn())
    .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let settled = settled(tx, (session_id, date), client_id).await?;
    let mut threads: Vec<OpenThread> = Vec::new();
    for row in rows {
        let promise = (row.text.as_str(), Owner::parse(&row.owner));
        let is_settled = settled.iter().any(|met| {
            let before = (row.session_date, row.session_id) < (met.session_date, met.session_id);
            let before = before && row.opened_again.is_none_or(|day| day < met.session_date);
            let owner = met.owner.as_deref().map_or(Owner::Unclear, Owner::parse);
            before && same_promise(two, promise, (&met.text, owner))
        });
        if is_settled {
            continue;
        }
        let again = |newer: &&mut OpenThread| {
            newer.session_date > row.session_date && same_promise(two, promise, (&newer.text, newer.owner))
        };
        if let Some(newer) = threads.iter_mut().find(again) {
            newer.since = Some(row.session_date);
            continue;
        }
        let owner = promise.1;
        let (claim_id, text, session_date) = (row.claim_id, row.text, row.session_date);
        threads.push(OpenThread { claim_id, text, session_date, since: None, owner });
    }
    threads.truncate(THREADS);
    Ok(threads)
}

/// An earlier action item that a claim is about, and its claim in the version of its summary that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Its claim as the thread names it.
    pub claim_id: Uuid,
    /// Its claim as it is shown now.
    pub shown_id: Uuid,
    /// Its words as they are shown now.
    pub text: String,
}

/// The action items that the threads of a version are about, as far as the client still has them in a summary, whether they
/// are open or not.
pub(super) async fn asked(tx: &mut TenantTx, summary_id: Uuid, version: i32) -> Result<Vec<Asked>, sqlx::Error> {
    sqlx::query_as!(
        Asked,
        "select earlier_claim_id as claim_id, shown.id as shown_id, shown.text
         from claims said
         join summaries mine on mine.id = said.summary_id
         join threads on threads.claim_id = said.id
         join claims earlier on earlier.id = earlier_claim_id
         join summaries before on before.id = earlier.summary_id and before.client_id = mine.client_id
           and before.state in ('done', 'approved')
         join claims shown on shown.summary_id = before.id and shown.lasting_id = earlier.lasting_id
           and shown.version = coalesce(before.approved_version, before.version)
         join action_items on action_items.claim_id = shown.id
         where said.summary_id = $1 and said.version = $2
         order by earlier_claim_id",
        summary_id,
        version
    )
    .fetch_all(tx.conn())
    .await
}

/// An action item that a session since has said to be done, or that a person has ticked off or dropped on an earlier day.
struct Settled {
    text: String,
    owner: Option<String>,
    session_date: NaiveDate,
    session_id: Uuid,
}

async fn settled(
    tx: &mut TenantTx,
    (session_id, date): (Uuid, NaiveDate),
    client_id: Uuid,
) -> Result<Vec<Settled>, sqlx::Error> {
    sqlx::query_as!(
        Settled,
        r#"select earlier.text as "text!", owner as "owner?", later.session_date as "session_date!",
                  later.id as "session_id!"
           from threads
           join claims said on said.id = threads.claim_id
           join summaries on summaries.id = said.summary_id
             and said.version = coalesce(approved_version, summaries.version)
           join sessions later on later.id = summaries.session_id
           join claims earlier on earlier.id = threads.earlier_claim_id
           left join action_items on action_items.claim_id = earlier.id
           where outcome = 'met' and client_id = $2 and session_id <> $1 and summaries.state in ('done', 'approved')
             and (later.session_date < $3 or later.session_date = $3 and later.id < $1)
             and later.session_date > $3 - $4::int
           union all
           select claims.text, owner, told.since, '00000000-0000-0000-0000-000000000000'
           from action_item_states told
           join summaries on summaries.id = told.summary_id
           join claims on claims.lasting_id = told.lasting_id and claims.version = coalesce(approved_version, summaries.version)
           join action_items on action_items.claim_id = claims.id
           where told.state <> 'open' and client_id = $2 and session_id <> $1 and summaries.state in ('done', 'approved')
             and told.since between $3 - $4::int and $3 - 1
           order by 3 desc, 4 limit $5"#,
        session_id,
        client_id,
        date,
        THREAD_DAYS,
        MOST_PROMISES
    )
    .fetch_all(tx.conn())
    .await
}

/// How long to wait until the earlier sessions of the client are through, where one of them is still in work: it is being
/// read, or this client's summary of it is being written. One that waits for a person, was rejected or has failed holds
/// nobody up.
pub(super) async fn wait(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<Duration>, sqlx::Error> {
    let waited = sqlx::query_scalar!(
        r#"select extract(epoch from now() - summaries.updated_at)::double precision as "waited!"
           from summaries
           join sessions mine on mine.id = summaries.session_id
           where summaries.id = $1 and now() - summaries.updated_at < make_interval(secs => $2) and exists (
               select from sessions earlier
               where earlier.coach_id = mine.coach_id and earlier.failed_stage is null
                 and (earlier.session_date, earlier.id) < (mine.session_date, mine.id)
                 and earlier.session_date > mine.session_date - $3::int
                 and (earlier.state in ('received', 'parsed')
                      or exists (select from summaries before
                                 where before.session_id = earlier.id and before.client_id = summaries.client_id
                                   and before.state = 'due')))"#,
        summary_id,
        LONGEST_WAIT.as_secs_f64(),
        THREAD_DAYS
    )
    .fetch_optional(tx.conn())
    .await?;
    let [first, longest] = PAUSES;
    Ok(waited.map(|waited| Duration::from_secs_f64((waited / 4.0).max(0.0)).clamp(first, longest)))
}

/// The next summary of the same client, by session date, in this state: `due` if it may be waiting for this one, `done`
/// if it's in review.
pub(super) async fn next(
    tx: &mut TenantTx,
    summary_id: Uuid,
    state: SummaryState,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select later.id
         from summaries mine
         join sessions this on this.id = mine.session_id
         join summaries later on later.client_id = mine.client_id and later.state = $3
         join sessions next on next.id = later.session_id
         where mine.id = $1 and (next.session_date, next.id) > (this.session_date, this.id)
           and next.session_date < this.session_date + $2::int
         order by next.session_date, next.id
         limit 1",
        summary_id,
        THREAD_DAYS,
        state as SummaryState
    )
    .fetch_optional(tx.conn())
    .await
}
