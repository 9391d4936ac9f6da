//! Proves that the index and its source agree: each session is cut again, and each summary read again, and what is indexed is
//! compared with that, hash by hash.
//!
//! Reads sessions, summaries, chunks and embeddings of one organization, a session at a time; writes nothing. [`repair`] enqueues the
//! jobs that index again what doesn't agree, and removes what has no source; a rerun finds the jobs.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use uuid::Uuid;

use super::{IndexSession, IndexSummary, chunk::chunks, session::spoken};
use crate::{
    db::{Db, TenantTx, Tx},
    embed::Embedder,
    queue::{Enqueued, cuttable, enqueue},
};

/// What was compared, and what doesn't agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Sessions that were cut again.
    pub sessions: u64,
    /// Summaries that were read again.
    pub summaries: u64,
    /// Chunks that are indexed.
    pub chunks: u64,
    /// Chunks that should be indexed and aren't.
    pub missing: u64,
    /// Chunks that are indexed and have no source: words that aren't there any more.
    pub orphaned: u64,
    /// Chunks without a vector of the present model: they are found by their words alone.
    pub without_vector: u64,
    /// Chunks that an earlier version of Debrief indexed: without the stems of their language.
    pub outdated: u64,
    /// Sessions and summaries that a job is going to index: they aren't compared.
    pub waiting: u64,
    /// Sessions where something doesn't agree.
    pub wrong_sessions: BTreeSet<Uuid>,
    #[serde(skip)]
    to_index: BTreeSet<Source>,
    #[serde(skip)]
    to_remove: Vec<Uuid>,
}

impl Verified {
    /// Whether all agrees.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.missing + self.orphaned + self.without_vector + self.outdated == 0
    }
}

/// What is indexed by one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Session { session_id: Uuid },
    Summary { session_id: Uuid, summary_id: Uuid, client_id: Uuid, version: i32 },
}

impl Source {
    const fn session(self) -> Uuid {
        match self {
            Self::Session { session_id } | Self::Summary { session_id, .. } => session_id,
        }
    }
}

/// A chunk as it is indexed.
struct Indexed {
    sha256: String,
    has_vector: bool,
    is_outdated: bool,
}

/// Compares the index of an organization with its source.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn verify(db: &Db, organization: Uuid, embedder: &Embedder) -> Result<Verified, sqlx::Error> {
    let mut verified = Verified::default();
    let mut tx = db.tenant(organization).await?;
    let sources = sources(&mut tx).await?;
    verified.waiting = waiting(&mut tx).await?;
    tx.commit().await?;
    for source in sources {
        // A transaction each: a large organization takes a while.
        let mut tx = db.tenant(organization).await?;
        if is_waiting(&mut tx, source).await? {
            continue;
        }
        let (expected, indexed) = match source {
            Source::Session { session_id } => {
                verified.sessions += 1;
                let spoken = spoken(&mut tx, session_id).await?;
                let indexed = indexed(&mut tx, embedder, session_id, None).await?;
                tx.commit().await?;
                let cut = cuttable(move |cut| chunks(&spoken, cut)).await;
                (cut.map_err(|_| sqlx::Error::Protocol("a session could not be cut".into()))?, indexed)
            }
            Source::Summary { session_id, summary_id, client_id, version } => {
                verified.summaries += 1;
                let chunks = IndexSummary { summary_id, version }.chunks(&mut tx, client_id).await?;
                let indexed = indexed(&mut tx, embedder, session_id, Some(client_id)).await?;
                tx.commit().await?;
                (chunks, indexed)
            }
        };
        verified.compare(source, expected.into_iter().map(|chunk| chunk.sha256), indexed);
    }
    let mut tx = db.tenant(organization).await?;
    verified.without_source(&mut tx).await?;
    tx.commit().await?;
    Ok(verified)
}

impl Verified {
    fn compare(&mut self, source: Source, expected: impl Iterator<Item = String>, indexed: Vec<Indexed>) {
        // The same words may be there twice.
        let mut wanted: HashMap<String, u64> = HashMap::new();
        expected.for_each(|hash| *wanted.entry(hash).or_default() += 1);
        self.chunks += indexed.len() as u64;
        let mut agrees = true;
        for chunk in indexed {
            match wanted.get_mut(&chunk.sha256) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    self.orphaned += 1;
                    agrees = false;
                }
            }
            self.without_vector += u64::from(!chunk.has_vector);
            self.outdated += u64::from(chunk.is_outdated);
            agrees &= chunk.has_vector && !chunk.is_outdated;
        }
        let missing: u64 = wanted.into_values().sum();
        self.missing += missing;
        if !agrees || missing > 0 {
            self.wrong_sessions.insert(source.session());
            self.to_index.insert(source);
        }
    }

    /// Chunks of summaries that were withdrawn or aren't there any more.
    async fn without_source(&mut self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        let rows = sqlx::query!(
            r#"select id as "id!", session_id as "session_id!" from chunks c
             where source = 'summary' and not exists (
                 select from summaries s
                 where s.session_id = c.session_id and s.client_id = c.client_id and s.withdrawn_reason is null)"#
        )
        .fetch_all(tx.conn())
        .await?;
        for row in rows {
            self.chunks += 1;
            self.orphaned += 1;
            self.wrong_sessions.insert(row.session_id);
            self.to_remove.push(row.id);
        }
        Ok(())
    }
}

/// Enqueues jobs that index again what doesn't agree, and removes what has no source; returns the number of new jobs.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn repair(db: &Db, organization: Uuid, verified: &Verified) -> Result<usize, sqlx::Error> {
    let mut tx = db.tenant(organization).await?;
    sqlx::query!("delete from chunks where id = any($1)", &verified.to_remove).execute(tx.conn()).await?;
    let mut enqueued = 0;
    for source in &verified.to_index {
        let correlation_id = sqlx::query_scalar!("select correlation_id from sessions where id = $1", source.session());
        let Some(correlation_id) = correlation_id.fetch_optional(tx.conn()).await? else { continue };
        let job = match *source {
            Source::Session { session_id } => enqueue(&mut tx, &IndexSession { session_id }, correlation_id).await?,
            Source::Summary { summary_id, version, .. } => {
                enqueue(&mut tx, &IndexSummary { summary_id, version }, correlation_id).await?
            }
        };
        enqueued += usize::from(matches!(job, Enqueued::New(_)));
    }
    tx.commit().await?;
    Ok(enqueued)
}

/// The sessions with words, or with chunks, and the summaries.
async fn sources(tx: &mut TenantTx) -> Result<Vec<Source>, sqlx::Error> {
    let sessions = sqlx::query_scalar!(
        r#"select id as "id!" from sessions s
         where exists (select from utterances u where u.session_id = s.id and u.replaced_at is null)
            or exists (select from chunks c where c.session_id = s.id and c.source = 'utterances')
         order by id"#
    );
    let sessions = sessions.fetch_all(tx.conn()).await?;
    let summaries = sqlx::query!(
        r#"select id as "id!", session_id as "session_id!", client_id as "client_id!", version as "version!"
           from summaries where version > 0 and withdrawn_reason is null order by id"#
    );
    let summaries = summaries.fetch_all(tx.conn()).await?;
    let summaries = summaries.into_iter().map(|row| Source::Summary {
        session_id: row.session_id,
        summary_id: row.id,
        client_id: row.client_id,
        version: row.version,
    });
    Ok(sessions.into_iter().map(|session_id| Source::Session { session_id }).chain(summaries).collect())
}

/// How many index jobs are going to run.
async fn waiting(tx: &mut TenantTx) -> Result<u64, sqlx::Error> {
    let waiting = sqlx::query_scalar!(
        r#"select count(*) as "count!" from jobs
           where kind in ('index.session', 'index.summary') and state in ('due', 'running')"#
    );
    Ok(u64::try_from(waiting.fetch_one(tx.conn()).await?).unwrap_or_default())
}

async fn is_waiting(tx: &mut TenantTx, source: Source) -> Result<bool, sqlx::Error> {
    let (kind, key) = match source {
        Source::Session { session_id } => ("index.session", session_id.to_string()),
        Source::Summary { summary_id, version, .. } => ("index.summary", format!("{summary_id}:{version}")),
    };
    let waits = sqlx::query_scalar!(
        r#"select exists (select from jobs where kind = $1 and unique_key = $2 and state in ('due', 'running')) as "waits!""#,
        kind,
        key
    );
    waits.fetch_one(tx.conn()).await
}

/// The chunks of a session, or of a client's summary.
async fn indexed(
    tx: &mut TenantTx,
    embedder: &Embedder,
    session_id: Uuid,
    client_id: Option<Uuid>,
) -> Result<Vec<Indexed>, sqlx::Error> {
    sqlx::query_as!(
        Indexed,
        r#"select c.content_sha256 as "sha256!", e.chunk_id is not null as "has_vector!", c.utterances is null as "is_outdated!"
           from chunks c left join embeddings e on e.chunk_id = c.id and e.model = $3
           where c.session_id = $1
             and case when $2::uuid is null then c.source = 'utterances' else c.source = 'summary' and c.client_id = $2 end"#,
        session_id,
        client_id,
        embedder.model()
    )
    .fetch_all(tx.conn())
    .await
}
