//! The input of a rollup: the rows of the coach's week and of the week before. Only reads.

use chrono::NaiveDate;
use uuid::Uuid;

use super::figures::OpenItem;
use crate::db::{TenantTx, Tx};

/// A session.
pub(super) struct SessionRow {
    /// Whether it is in the week itself, not in the one before.
    pub(super) in_week: bool,
    pub(super) session_type: String,
    pub(super) state: String,
}

/// A participant of a session.
pub(super) struct ParticipantRow {
    pub(super) in_week: bool,
    pub(super) session_id: Uuid,
    pub(super) kind: String,
    pub(super) client_id: Option<Uuid>,
    pub(super) name: String,
    pub(super) speaking_seconds: f64,
    pub(super) words: i32,
}

/// An action item from an approved summary of the week.
pub(super) struct NewItemRow {
    pub(super) client_id: Uuid,
    pub(super) owner: String,
}

/// All rows.
pub(super) struct Rows {
    pub(super) sessions: Vec<SessionRow>,
    pub(super) participants: Vec<ParticipantRow>,
    pub(super) new_items: Vec<NewItemRow>,
    pub(super) open_items: Vec<OpenItem>,
    pub(super) items_done: i64,
    pub(super) summaries_approved: i64,
    pub(super) summaries_waiting: i64,
    pub(super) follow_ups_sent: i64,
}

/// The coach and the days.
#[derive(Clone, Copy)]
pub(super) struct Week<'a> {
    pub(super) coach_id: Uuid,
    pub(super) first_day: NaiveDate,
    pub(super) last_day: NaiveDate,
    pub(super) time_zone: &'a str,
}

impl Week<'_> {
    /// Reads everything; `tx` should be a snapshot, so that the numbers are consistent.
    pub(super) async fn read(&self, tx: &mut TenantTx) -> Result<Rows, sqlx::Error> {
        let (summaries_approved, summaries_waiting) = self.summaries(tx).await?;
        Ok(Rows {
            sessions: self.sessions(tx).await?,
            participants: self.participants(tx).await?,
            new_items: self.new_items(tx).await?,
            open_items: self.open_items(tx).await?,
            items_done: self.items_done(tx).await?,
            summaries_approved,
            summaries_waiting,
            follow_ups_sent: self.follow_ups_sent(tx).await?,
        })
    }

    async fn sessions(&self, tx: &mut TenantTx) -> Result<Vec<SessionRow>, sqlx::Error> {
        sqlx::query_as!(
            SessionRow,
            r#"select session_date >= $2 as "in_week!", type as session_type, state
               from sessions where coach_id = $1 and session_date between $2 - 7 and $3 and state <> 'rejected'"#,
            self.coach_id,
            self.first_day,
            self.last_day
        )
        .fetch_all(tx.conn())
        .await
    }

    async fn participants(&self, tx: &mut TenantTx) -> Result<Vec<ParticipantRow>, sqlx::Error> {
        sqlx::query_as!(
            ParticipantRow,
            r#"select s.session_date >= $2 as "in_week!", p.session_id, p.kind, p.client_id,
                      coalesce(c.name, p.name) as "name!", p.speaking_seconds, p.words
               from participants p
               join sessions s on s.id = p.session_id
               left join clients c on c.id = p.client_id
               where s.coach_id = $1 and s.session_date between $2 - 7 and $3 and s.state <> 'rejected'"#,
            self.coach_id,
            self.first_day,
            self.last_day
        )
        .fetch_all(tx.conn())
        .await
    }

    async fn new_items(&self, tx: &mut TenantTx) -> Result<Vec<NewItemRow>, sqlx::Error> {
        sqlx::query_as!(
            NewItemRow,
            "select m.client_id, a.owner
             from summaries m
             join sessions s on s.id = m.session_id
             join claims k on k.summary_id = m.id and k.version = m.approved_version
             join action_items a on a.claim_id = k.id
             where s.coach_id = $1 and s.session_date between $2 and $3 and m.state = 'approved'",
            self.coach_id,
            self.first_day,
            self.last_day
        )
        .fetch_all(tx.conn())
        .await
    }

    /// Those of a client's latest approved summary count as open, since the next session takes over what is left of them,
    /// until a person completes or drops them.
    async fn open_items(&self, tx: &mut TenantTx) -> Result<Vec<OpenItem>, sqlx::Error> {
        sqlx::query_as!(
            OpenItem,
            r#"with newest as (
                   select distinct on (m.client_id) m.id, m.client_id, m.approved_version
                   from summaries m join sessions s on s.id = m.session_id
                   where s.coach_id = $1 and s.session_date <= $2 and m.state = 'approved'
                   order by m.client_id, s.session_date desc, s.id desc)
               select n.client_id, c.name as client, k.text, a.owner = 'coach' as "coach_does_it!", a.due_date as due,
                      coalesce(a.due_date <= $2, false) as "overdue!"
               from newest n
               join clients c on c.id = n.client_id
               join claims k on k.summary_id = n.id and k.version = n.approved_version
               join action_items a on a.claim_id = k.id
               where not exists (select from action_item_states told
                                 where told.lasting_id = k.lasting_id and told.state <> 'open')
               order by 6 desc, a.due_date nulls last, c.name, k.position"#,
            self.coach_id,
            self.last_day
        )
        .fetch_all(tx.conn())
        .await
    }

    /// Action items done in the week: ticked off by a person, or reported done in a session, in its approved summary, unless
    /// a person said otherwise since.
    async fn items_done(&self, tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select count(*) as "count!" from (
                   select told.lasting_id
                   from action_item_states told
                   join summaries m on m.id = told.summary_id
                   join sessions s on s.id = m.session_id
                   join claims k on k.lasting_id = told.lasting_id and k.version = coalesce(m.approved_version, m.version)
                   where s.coach_id = $1 and told.state = 'done' and told.since between $2 and $3
                     and m.state in ('done', 'approved')
                   union
                   select earlier.lasting_id
                   from sessions s
                   join summaries m on m.session_id = s.id and m.state = 'approved'
                   join claims said on said.summary_id = m.id and said.version = m.approved_version
                   join threads t on t.claim_id = said.id and t.outcome = 'met'
                   join claims earlier on earlier.id = t.earlier_claim_id
                   where s.coach_id = $1 and s.session_date between $2 and $3
                     and not exists (select from action_item_states told
                                     where told.lasting_id = earlier.lasting_id
                                       and (told.state <> 'open' or told.since >= s.session_date))) done"#,
            self.coach_id,
            self.first_day,
            self.last_day
        )
        .fetch_one(tx.conn())
        .await
    }

    async fn summaries(&self, tx: &mut TenantTx) -> Result<(i64, i64), sqlx::Error> {
        let row = sqlx::query!(
            r#"select count(*) filter (where m.state = 'approved' and s.session_date >= $2) as "approved!",
                      count(*) filter (where m.state = 'done') as "waiting!"
               from summaries m join sessions s on s.id = m.session_id
               where s.coach_id = $1 and s.session_date <= $3"#,
            self.coach_id,
            self.first_day,
            self.last_day
        )
        .fetch_one(tx.conn())
        .await?;
        Ok((row.approved, row.waiting))
    }

    async fn follow_ups_sent(&self, tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select count(*) as "count!" from mails
               where kind = 'follow_up' and coach_id = $1 and state = 'sent'
                 and (sent_at at time zone $4)::date between $2 and $3"#,
            self.coach_id,
            self.first_day,
            self.last_day,
            self.time_zone
        )
        .fetch_one(tx.conn())
        .await
    }
}
