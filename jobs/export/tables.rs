//! The tables of an export, in order, each with its query and columns. A new table is one entry here.
//!
//! Every query is ordered by id or key, so that the same rows produce the same files. Emails come without their text.

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt;
use uuid::Uuid;

use super::{
    Settings,
    cell::{Column, Export, Key},
    table::TableWriter,
};
use crate::{
    db::{TenantTx, Tx},
    queue::JobError,
};

/// Defines the function `write`, which writes every table and returns names and row counts.
macro_rules! tables {
    ($($table:ident = $sql:tt { $($column:ident: $type:ty,)+ })+) => {
        $(
            mod $table {
                use super::*;

                #[derive(Debug)]
                pub(super) struct Row { $($column: $type,)+ }

                pub(super) const COLUMNS: &[Column] = &[$(Column {
                    name: stringify!($column),
                    kind: <$type as Export>::KIND,
                    nullable: <$type as Export>::NULLABLE,
                },)+];

                pub(super) async fn write(tx: &mut TenantTx, mut writer: TableWriter) -> Result<u64, JobError> {
                    // Streamed: the server sends rows as fast as they are consumed.
                    let mut rows = sqlx::query_as!(Row, $sql).fetch(tx.conn());
                    while let Some(row) = rows.try_next().await? {
                        writer.row(vec![$(row.$column.cell(),)+]).await?;
                    }
                    drop(rows);
                    writer.close().await
                }
            }
        )+

        /// Every table and its columns, in order.
        pub(super) const ALL: &[(&str, &[Column])] = &[$((stringify!($table), $table::COLUMNS),)+];

        /// Writes every table that `tx` sees to files in `folder`; returns their names and row counts.
        pub(super) async fn write(
            tx: &mut TenantTx,
            folder: &Path,
            facts: &[(&'static str, String)],
            settings: Settings,
        ) -> Result<Vec<(&'static str, u64)>, JobError> {
            let mut written = Vec::new();
            $(
                let name = stringify!($table);
                let writer = TableWriter::open(folder, name, $table::COLUMNS, facts, settings);
                written.push((name, $table::write(tx, writer).await?));
            )+
            Ok(written)
        }
    };
}

tables! {
    sessions = r#"select s.id, s.coach_id, c.name as coach, s.title, s.type as session_type, s.session_date,
            s.date_source, to_char(s.begins_at, 'HH24:MI') as begins_at, s.state, s.failed_stage, s.failed_reason, s.object_key, s.created_at, s.updated_at, s.closed_at
        from sessions s join coaches c on c.id = s.coach_id order by s.id"# {
        id: Uuid,
        coach_id: Uuid,
        coach: String,
        title: String,
        session_type: String,
        session_date: NaiveDate,
        date_source: String,
        begins_at: Option<String>,
        state: String,
        failed_stage: Option<String>,
        failed_reason: Option<String>,
        object_key: Key,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
        closed_at: Option<DateTime<Utc>>,
    }

    participants = r#"select id, session_id, kind, client_id, name, speaking_seconds, words, turns,
            case when engagement is not null then longest_turn_seconds end as longest_turn_seconds,
            case when engagement is not null then longest_turn_words end as longest_turn_words,
            case when engagement is not null then questions end as questions,
            case when engagement is not null then interruptions end as interruptions,
            case when engagement is not null then share end as share, engagement
        from participants order by id"# {
        id: Uuid,
        session_id: Uuid,
        kind: String,
        client_id: Option<Uuid>,
        name: String,
        speaking_seconds: f64,
        words: i32,
        turns: i32,
        // Null if a session was attributed before these were measured.
        longest_turn_seconds: Option<f64>,
        longest_turn_words: Option<i32>,
        questions: Option<i32>,
        interruptions: Option<i32>,
        share: Option<f64>,
        engagement: Option<String>,
    }

    utterances = r#"select u.id, u.session_id, u.transcript_id, u.position, u.label,
            a.participant_id as "participant_id?", u.start_ms, u.end_ms, u.text
        from utterances u left join attributions a on a.session_id = u.session_id and a.label = u.speaker
        where u.replaced_at is null order by u.id"# {
        id: Uuid,
        session_id: Uuid,
        transcript_id: Uuid,
        position: i32,
        label: Option<String>,
        participant_id: Option<Uuid>,
        start_ms: Option<i64>,
        end_ms: Option<i64>,
        text: String,
    }

    // Possible signs of danger: counts and kinds for leads, without the words.
    danger_signs = r#"select session_id, utterance_id, kind, why from danger_signs order by utterance_id, why"# {
        session_id: Uuid,
        utterance_id: Uuid,
        kind: String,
        why: String,
    }

    summaries = r#"select s.id, s.session_id, s.client_id, c.name as client, s.state, s.failed_reason,
            s.withdrawn_reason, s.version,
            v.author as "author?", v.provider as "provider?", v.model as "model?",
            v.prompt_version as "prompt_version?", v.template as "template?", v.claims_dropped as "claims_dropped?",
            (select count(*) from claims k where k.summary_id = s.id and k.version = s.version
                and k.section <> 'moments' and k.support <> 'nothing_said') as "claims_kept!",
            (select count(*) from claims k where k.summary_id = s.id and k.version = s.version
                and k.section <> 'moments' and k.support in ('verified', 'read_twice')) as "claims_verified!",
            s.approved_version, s.approved_hash, s.approved_at, s.created_at, s.updated_at
        from summaries s join clients c on c.id = s.client_id
        left join summary_versions v on v.summary_id = s.id and v.version = s.version
        order by s.id"# {
        id: Uuid,
        session_id: Uuid,
        client_id: Uuid,
        client: String,
        state: String,
        failed_reason: Option<String>,
        withdrawn_reason: Option<String>,
        version: i32,
        author: Option<String>,
        provider: Option<String>,
        model: Option<String>,
        prompt_version: Option<String>,
        template: Option<String>,
        claims_dropped: Option<i32>,
        claims_kept: i64,
        claims_verified: i64,
        approved_version: Option<i32>,
        approved_hash: Option<String>,
        approved_at: Option<DateTime<Utc>>,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
    }

    claims = r#"select k.id, k.summary_id, k.version, k.version = s.version as "is_newest!",
            k.section, k.audience, k.position, k.text, k.edited, k.support,
            k.score / 100.0::float8 as score, k.lasting_id
        from claims k join summaries s on s.id = k.summary_id order by k.id"# {
        id: Uuid,
        summary_id: Uuid,
        version: i32,
        is_newest: bool,
        section: String,
        audience: String,
        position: i32,
        text: String,
        edited: bool,
        support: String,
        score: Option<f64>,
        // The same in each version that has the claim.
        lasting_id: Uuid,
    }

    evidence = r#"select e.claim_id, e.utterance_id, e.quote, k.support in ('verified', 'read_twice') as "supports!"
        from evidence e join claims k on k.id = e.claim_id order by e.claim_id, e.utterance_id"# {
        claim_id: Uuid,
        utterance_id: Uuid,
        quote: String,
        supports: bool,
    }

    action_items = r#"select a.claim_id, k.summary_id, k.version, k.version = s.version as "is_newest!",
            s.session_id, s.client_id, k.text, a.owner, a.due_date, a.due_words, k.lasting_id as item_id,
            stands.state as "state!", stands.since, stands.note, stands.told_by, stands.told_at
        from action_items a join claims k on k.id = a.claim_id join summaries s on s.id = k.summary_id
        cross join lateral action_item_now(k.lasting_id) as stands
        order by a.claim_id"# {
        claim_id: Uuid,
        summary_id: Uuid,
        version: i32,
        is_newest: bool,
        session_id: Uuid,
        client_id: Uuid,
        text: String,
        owner: String,
        due_date: Option<NaiveDate>,
        due_words: Option<String>,
        // How the item stands, in whichever version: the same in all of its rows.
        item_id: Uuid,
        state: String,
        since: Option<NaiveDate>,
        note: Option<String>,
        told_by: Option<Uuid>,
        told_at: Option<DateTime<Utc>>,
    }

    goals = r#"select g.id, g.coach_id, g.client_id, c.name as client, g.text, g.due_date, g.state, g.since, g.note, g.told_by,
            g.told_at, g.summary_id, g.lasting_id, g.created_by, g.created_at, g.updated_at
        from goals g join clients c on c.id = g.client_id order by g.id"# {
        id: Uuid,
        coach_id: Uuid,
        client_id: Uuid,
        client: String,
        text: String,
        due_date: Option<NaiveDate>,
        state: String,
        since: NaiveDate,
        note: Option<String>,
        told_by: Option<Uuid>,
        told_at: DateTime<Utc>,
        summary_id: Option<Uuid>,
        lasting_id: Option<Uuid>,
        created_by: Option<Uuid>,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
    }

    threads = r#"select t.claim_id, t.earlier_claim_id, k.summary_id, k.version, k.version = s.version as "is_newest!",
            s.session_id, s.client_id, t.outcome
        from threads t join claims k on k.id = t.claim_id join summaries s on s.id = k.summary_id
        order by t.claim_id"# {
        claim_id: Uuid,
        earlier_claim_id: Uuid,
        summary_id: Uuid,
        version: i32,
        is_newest: bool,
        session_id: Uuid,
        client_id: Uuid,
        outcome: String,
    }

    mails = r#"select id, kind, subject_id, recipient, version, session_id, coach_id, client_id, subject, message_id,
            state, error, due_at, created_at, sent_at
        from mails order by id"# {
        id: Uuid,
        kind: String,
        subject_id: Uuid,
        recipient: String,
        version: i32,
        session_id: Option<Uuid>,
        coach_id: Option<Uuid>,
        client_id: Option<Uuid>,
        subject: String,
        message_id: String,
        state: String,
        error: Option<String>,
        due_at: DateTime<Utc>,
        created_at: DateTime<Utc>,
        sent_at: Option<DateTime<Utc>>,
    }
}
