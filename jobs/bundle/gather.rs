//! Reads what is held of a client, in the caller's transaction, which sees only what the caller may.

use chrono::Utc;
use uuid::Uuid;

use super::{Bundle, Client, Goal, Letter, Part, Said, Session, Statement};
use crate::db::{TenantTx, Tx};

/// Whose data.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The client.
    pub client: Uuid,
    /// Whether what the summaries have for the coach alone is in it.
    pub coach_sections: bool,
}

/// Reads what is held of a client; `None` if there is no such client.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn gather(tx: &mut TenantTx, wanted: Wanted) -> Result<Option<Bundle>, sqlx::Error> {
    let Some(client) = client(tx, wanted.client).await? else { return Ok(None) };
    let sessions = sessions(tx, wanted, &client).await?;
    Ok(Some(Bundle {
        made_at: Utc::now(),
        with_coach_sections: wanted.coach_sections,
        sessions,
        goals: goals(tx, client.id).await?,
        letters: letters(tx, client.id).await?,
        client,
    }))
}

async fn client(tx: &mut TenantTx, id: Uuid) -> Result<Option<Client>, sqlx::Error> {
    sqlx::query_as!(
        Client,
        r#"select c.id, c.name, c.email, c.greeting, c.tags, coaches.name as coach, organizations.name as organization, c.created_at,
               array(select written from aliases a where a.client_id = c.id order by written) as "aliases!"
           from clients c join coaches on coaches.id = c.coach_id join organizations on organizations.id = c.organization_id
           where c.id = $1 and c.merged_into is null"#,
        id
    )
    .fetch_optional(tx.conn())
    .await
}

async fn sessions(tx: &mut TenantTx, wanted: Wanted, client: &Client) -> Result<Vec<Session>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, session_date, date_source = 'object_time' as "is_estimated!", title,
               -- Where somebody isn't known, or a label is several people's, others may have been there.
               type = 'group' or (select count(*) from participants p where p.session_id = s.id and kind <> 'coach') > 1
               or exists (select from attributions a where a.session_id = s.id and (a.is_shared or a.participant_id is null))
               or exists (select from utterances u where u.session_id = s.id and u.replaced_at is null
                   and not exists (select from attributions a where a.session_id = s.id and a.label = u.speaker))
               as "is_group!"
           from sessions s
           where exists (select from participants p where p.session_id = s.id and p.client_id = $1)
               or exists (select from summaries m where m.session_id = s.id and m.client_id = $1)
           order by session_date, id"#,
        wanted.client
    )
    .fetch_all(tx.conn())
    .await?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in rows {
        let (summary, for_the_coach) = statements(tx, row.id, wanted).await?;
        sessions.push(Session {
            id: row.id,
            date: row.session_date,
            date_is_estimated: row.is_estimated,
            title: (!row.is_group).then_some(row.title),
            is_group: row.is_group,
            part: part(tx, row.id, wanted.client).await?,
            said: said(tx, row.id, wanted.client, row.is_group).await?,
            chat: chat(tx, row.id, client).await?,
            summary,
            for_the_coach,
        });
    }
    Ok(sessions)
}

async fn part(tx: &mut TenantTx, session: Uuid, client: Uuid) -> Result<Option<Part>, sqlx::Error> {
    sqlx::query_as!(
        Part,
        "select name, speaking_seconds, words, turns, questions, share, engagement from participants
         where session_id = $1 and client_id = $2 order by id limit 1",
        session,
        client
    )
    .fetch_optional(tx.conn())
    .await
}

/// What the client said; between two, also what the coach said, which was said to the client.
async fn said(tx: &mut TenantTx, session: Uuid, client: Uuid, is_group: bool) -> Result<Vec<Said>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select u.start_ms, u.text, p.kind = 'coach' as "is_coach!"
           from utterances u
           join attributions a on a.session_id = u.session_id and a.label = u.speaker
           join participants p on p.id = a.participant_id
           where u.session_id = $1 and u.replaced_at is null and (p.client_id = $2 or p.kind = 'coach' and not $3)
           order by u.position, u.id"#,
        session,
        client,
        is_group
    )
    .fetch_all(tx.conn())
    .await?;
    let said = |is_coach| if is_coach { "coach" } else { "client" };
    Ok(rows.into_iter().map(|row| Said { by: said(row.is_coach), at_ms: row.start_ms, text: row.text }).collect())
}

/// What the client wrote, by the names that are theirs alone.
async fn chat(tx: &mut TenantTx, session: Uuid, client: &Client) -> Result<Vec<Said>, sqlx::Error> {
    let names: Vec<String> = client.aliases.iter().chain([&client.name]).map(|name| name.to_lowercase()).collect();
    let rows = sqlx::query!(
        "select at_ms, text from chat_messages where session_id = $1 and lower(author) = any($2) order by position",
        session,
        &names
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| Said { by: "client", at_ms: row.at_ms, text: row.text }).collect())
}

/// The statements for the client in the approved version, and if they are wanted, those for the coach in the latest one.
async fn statements(
    tx: &mut TenantTx,
    session: Uuid,
    wanted: Wanted,
) -> Result<(Vec<Statement>, Vec<Statement>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"select k.section, k.text, i.due_date as "due_date?", k.audience = 'client' as "is_clients!"
           from summaries s
           join claims k on k.summary_id = s.id
             and (k.audience = 'client' and k.version = s.approved_version or $3 and k.audience = 'coach' and k.version = s.version)
           left join action_items i on i.claim_id = k.id
           where s.session_id = $1 and s.client_id = $2 order by k.position, k.id"#,
        session,
        wanted.client,
        wanted.coach_sections
    )
    .fetch_all(tx.conn())
    .await?;
    let (mut own, mut coachs) = (Vec::new(), Vec::new());
    for row in rows {
        let list = if row.is_clients { &mut own } else { &mut coachs };
        list.push(Statement { section: row.section, text: row.text, due_date: row.due_date });
    }
    Ok((own, coachs))
}

async fn goals(tx: &mut TenantTx, client: Uuid) -> Result<Vec<Goal>, sqlx::Error> {
    sqlx::query_as!(
        Goal,
        "select text, state, since, due_date from goals where client_id = $1 order by since, id",
        client
    )
    .fetch_all(tx.conn())
    .await
}

async fn letters(tx: &mut TenantTx, client: Uuid) -> Result<Vec<Letter>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, recipient, subject, sent_at, message as "message!" from mails
           where client_id = $1 and kind = 'follow_up' and state = 'sent' and message is not null order by sent_at, id"#,
        client
    )
    .fetch_all(tx.conn())
    .await?;
    let letters = rows.into_iter().map(|row| {
        let day = row.sent_at.map(|at| at.format("%Y-%m-%d-").to_string()).unwrap_or_default();
        let file = format!("letters/{day}{}.eml", row.id);
        Letter { file, recipient: row.recipient, subject: row.subject, sent_at: row.sent_at, message: row.message }
    });
    Ok(letters.collect())
}
