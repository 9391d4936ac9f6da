//! What the stage writes: participants, attributions, the session's title, and which summaries are due.

use uuid::Uuid;

use super::{
    people::Who,
    resolve::Resolution,
    store::{KnownPeople, Participant},
};
use crate::{
    db::{self, TenantTx, Tx},
    meeting::key::UNTITLED,
    webhook::{self, EventType},
};

/// Replaces the participants and attributions of a session.
pub(crate) async fn replace(
    tx: &mut TenantTx,
    session_id: Uuid,
    resolutions: &[Resolution],
    participants: &[Participant],
    known: &KnownPeople,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!("delete from attributions where session_id = $1", session_id).execute(tx.conn()).await?;
    sqlx::query!("delete from participants where session_id = $1", session_id).execute(tx.conn()).await?;
    for participant in participants {
        let (kind, client_id) = kind(participant.who);
        let measures = &participant.measures;
        sqlx::query!(
            "insert into participants
                (id, organization_id, session_id, kind, client_id, name, speaking_seconds, words, turns,
                 longest_turn_seconds, longest_turn_words, questions, interruptions, share, engagement)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            participant.id,
            organization,
            session_id,
            kind,
            client_id,
            participant.name,
            seconds(measures.speaking_ms),
            db::count(measures.words),
            db::count(measures.turns),
            seconds(measures.longest_turn_ms),
            db::count(measures.longest_turn_words),
            db::count(measures.questions),
            db::count(measures.interruptions),
            measures.share,
            measures.engagement.as_str()
        )
        .execute(tx.conn())
        .await?;
    }
    for resolution in resolutions {
        let participant = resolution.who.and_then(|who| {
            let name = known.name(who, &resolution.label);
            participants.iter().find(|one| one.who == who && (who != Who::Guest || one.name == name))
        });
        sqlx::query!(
            "insert into attributions
                (organization_id, session_id, label, participant_id, confidence, reason, by_coach, is_shared, basis,
                 is_refused)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            organization,
            session_id,
            resolution.label,
            participant.map(|participant| participant.id),
            resolution.confidence,
            resolution.reason,
            known.people.named.contains_key(&resolution.label),
            resolution.who == Some(Who::Shared),
            resolution.basis.as_str(),
            known.people.refused.contains(&resolution.label)
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Names a session whose file name says nothing after its clients: "Priya Raman", "Priya Raman and Tom Becker". A title
/// set this way is updated if a speaker is corrected.
pub(crate) async fn name_session(tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
    let names = sqlx::query_scalar!(
        "select name from participants where session_id = $1 and kind = 'client' order by name",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let title = match names.as_slice() {
        [] => UNTITLED.to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} more", rest.len()),
    };
    sqlx::query!(
        "update sessions set title = $2, named_by_clients = true, updated_at = now()
         where id = $1 and (named_by_clients or title = $3) and title <> $2",
        session_id,
        title,
        UNTITLED
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes one summary due for each client who speaks, drops those of clients who don't if nothing has been written, and
/// corrects the session's type. Returns the summaries that are due. What was written is based on words that have been
/// replaced since.
pub(crate) async fn make_summaries_due(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
    let organization = tx.tenant();
    let clients = sqlx::query_scalar!(
        r#"select client_id as "client!" from participants
           where session_id = $1 and client_id is not null and engagement is distinct from 'silent' order by id"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let present = sqlx::query_scalar!(
        r#"select count(*) as "count!" from participants where session_id = $1 and client_id is not null"#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "delete from summaries where session_id = $1 and version = 0 and client_id <> all($2)",
        session_id,
        &clients
    )
    .execute(tx.conn())
    .await?;
    if present > 1 {
        sqlx::query!("update sessions set type = 'group' where id = $1", session_id).execute(tx.conn()).await?;
    }
    let mut summaries = Vec::with_capacity(clients.len());
    for client in clients {
        let due = sqlx::query!(
            r#"insert into summaries (id, organization_id, session_id, client_id) values ($1, $2, $3, $4)
               on conflict (organization_id, session_id, client_id) do update
               set state = 'due', failed_reason = null, withdrawn_reason = null, updated_at = now()
               returning id,
                   -- As it was before this statement.
                   (select state in ('approved', 'dismissed') from summaries before
                    where before.session_id = $3 and before.client_id = $4) as was_decided"#,
            Uuid::now_v7(),
            organization,
            session_id,
            client
        )
        .fetch_one(tx.conn())
        .await?;
        if due.was_decided == Some(true) {
            webhook::emit(tx, &webhook::Event::summary(EventType::SummaryReopened, due.id)).await?;
        }
        summaries.push(due.id);
    }
    Ok(summaries)
}

/// A participant's kind and client, as stored. Several people under one label aren't a participant.
pub(crate) const fn kind(who: Who) -> (&'static str, Option<Uuid>) {
    match who {
        Who::Coach => ("coach", None),
        Who::Client(client) => ("client", Some(client)),
        Who::Guest | Who::Shared => ("guest", None),
    }
}

fn seconds(milliseconds: i64) -> f64 {
    std::time::Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)).as_secs_f64()
}
