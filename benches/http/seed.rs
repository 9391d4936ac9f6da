//! Fills the database: one organization with half of all sessions, the others of ten coaches, five hundred sessions a coach,
//! every session with its speech, its summary with claims, evidence and an action item, and chunks with vectors.

use debrief_jobs::{
    db::{TenantTx, Tx},
    model::{Role, summary},
    rights::{self, Line, NewKey, Reach, TABLE},
};
use rand::{Rng, rngs::ThreadRng};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::support::TestDatabase;

const COACHES: u32 = 10;
const SESSIONS: u32 = 500;
/// Summaries of each coach that can be approved: the others have no true hash.
const SIGNED: usize = 20;
const WORDS: [&str; 12] = [
    "budget",
    "planning",
    "hiring",
    "release",
    "holiday",
    "feedback",
    "delegation",
    "conflict",
    "confidence",
    "morning",
    "strategy",
    "customers",
];

/// A few words to look for or to write.
pub(crate) fn words(random: &mut ThreadRng) -> String {
    let mut word = || WORDS[random.random_range(0..WORDS.len())];
    format!("{} {}", word(), word())
}

/// A coach with a key.
pub(crate) struct Caller {
    pub(crate) key: String,
    sessions: Vec<(Uuid, Uuid)>,
    /// Summaries whose content is signed as it is stored.
    signed: Vec<Uuid>,
}

impl Caller {
    /// One of the coach's sessions, and its summary.
    pub(crate) fn session(&self, random: &mut ThreadRng) -> (Uuid, Uuid) {
        self.sessions[random.random_range(0..self.sessions.len())]
    }

    /// A summary that can be approved.
    pub(crate) fn to_approve(&self, random: &mut ThreadRng) -> Uuid {
        self.signed[random.random_range(0..self.signed.len())]
    }
}

/// What is there to ask about.
pub(crate) struct Seeded {
    pub(crate) sessions: usize,
    pub(crate) coaches: Vec<Caller>,
    /// A key of the large organization: it sees half of everything.
    pub(crate) wide: String,
}

/// In the order of their references. `$1` is the organization, `$2` how many sessions a coach has.
const FILL: [&str; 15] = [
    "insert into clients (id, organization_id, coach_id, name, email)
     select gen_random_uuid(), $1, coaches.id, 'Client ' || n, 'c' || n || '@' || coaches.handle || '.example'
     from coaches cross join generate_series(1, 20) n where coaches.organization_id = $1 and $2::int > 0",
    "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state, correlation_id)
     select gen_random_uuid(), $1, id, 'Session ' || n, date '2026-11-01' - n, 'path', 'inbox/' || handle || '/' || n || '.vtt',
            'in_review', gen_random_uuid()
     from coaches cross join generate_series(1, $2::int) n where organization_id = $1",
    "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes, object_time,
                              format, parsed_at, warnings)
     select gen_random_uuid(), $1, id, object_key, 'e', 'transcripts/x', md5(id::text), 1000, now(), 'webvtt', now(), '[]'
     from sessions where organization_id = $1 and $2::int > 0",
    "insert into participants (id, organization_id, session_id, kind, name, speaking_seconds, words, turns, longest_turn_seconds,
                               longest_turn_words, questions, interruptions)
     select gen_random_uuid(), $1, id, 'coach', 'The coach', 600, 900, 10, 60, 90, 8, 0
     from sessions where organization_id = $1 and $2::int > 0",
    "insert into participants (id, organization_id, session_id, kind, client_id, name, speaking_seconds, words, turns,
                               longest_turn_seconds, longest_turn_words, questions, interruptions)
     select gen_random_uuid(), $1, sessions.id, 'client', chosen.id, chosen.name, 1800, 2700, 10, 200, 300, 2, 0
     from sessions cross join lateral (select id, name from clients where clients.coach_id = sessions.coach_id
        order by md5(clients.id::text || sessions.id::text) limit 1) chosen
     where sessions.organization_id = $1 and $2::int > 0",
    "insert into attributions (organization_id, session_id, label, participant_id, confidence, reason, basis)
     select $1, session_id, name, id, 1, 'It is their name.', 'name' from participants
     where organization_id = $1 and $2::int > 0",
    "insert into utterances (id, organization_id, session_id, transcript_id, position, label, start_ms, end_ms, text)
     select gen_random_uuid(), $1, transcripts.session_id, transcripts.id, n, case when n % 2 = 0 then 'The coach' else name end,
            n * 60000, n * 60000 + 50000,
            'We spoke about ' || (array['budget','planning','hiring','release','holiday','feedback','delegation','conflict',
                'confidence','morning','strategy','customers'])[1 + (n * 7 + abs(hashtext(transcripts.id::text))) % 12]
            || ' and what comes of it, and I said that I would look at it again before the end of the month.'
     from transcripts cross join generate_series(0, 9) n
     join participants on participants.session_id = transcripts.session_id and kind = 'client'
     where transcripts.organization_id = $1 and $2::int > 0",
    "insert into summaries (id, organization_id, session_id, client_id, state, version)
     select gen_random_uuid(), $1, session_id, client_id, 'done', 1 from participants
     where organization_id = $1 and kind = 'client' and $2::int > 0",
    "insert into summary_versions (organization_id, summary_id, version, author, provider, model, prompt_version, template,
                                   content_hash, claims_dropped)
     select $1, id, 1, 'summarizer', 'offline', 'extractive-1', 'none', 'default', 'x', 0 from summaries
     where organization_id = $1 and $2::int > 0",
    "insert into claims (id, organization_id, summary_id, version, section, audience, position, text, support, lasting_id)
     select gen_random_uuid(), $1, summaries.id, 1, (array['wins','challenges','recommendations','key_quotes'])[1 + position % 4],
            'client', position, text, 'verified', gen_random_uuid()
     from summaries join utterances on utterances.session_id = summaries.session_id and position < 6
     where summaries.organization_id = $1 and $2::int > 0",
    "insert into claims (id, organization_id, summary_id, version, section, audience, position, text, support, lasting_id)
     select gen_random_uuid(), $1, summaries.id, 1, 'action_items', 'client', 6, 'Look at ' || utterances.id || ' again.', 'verified',
            gen_random_uuid()
     from summaries join utterances on utterances.session_id = summaries.session_id and position = 0
     where summaries.organization_id = $1 and $2::int > 0",
    "insert into action_items (organization_id, claim_id, owner, due_date, due_words)
     select $1, claims.id, 'client', session_date + 30, 'before the end of the month'
     from claims join summaries on summaries.id = summary_id join sessions on sessions.id = session_id
     where claims.organization_id = $1 and section = 'action_items' and $2::int > 0",
    "insert into evidence (organization_id, claim_id, utterance_id, quote)
     select $1, claims.id, utterances.id, utterances.text
     from claims join summaries on summaries.id = claims.summary_id
     join utterances on utterances.session_id = summaries.session_id and utterances.position = claims.position % 6
     where claims.organization_id = $1 and $2::int > 0",
    "insert into chunks (id, organization_id, coach_id, session_id, client_id, source, start_ms, end_ms, text, content_sha256,
        words, length)
     select gen_random_uuid(), $1, sessions.coach_id, sessions.id, null, 'utterances', min(start_ms), max(end_ms),
            string_agg(text, ' ' order by position), md5(sessions.id::text || position / 5),
            to_tsvector('simple', string_agg(text, ' ' order by position)),
            cardinality(string_to_array(string_agg(text, ' ' order by position), ' '))
     from utterances join sessions on sessions.id = utterances.session_id
     where utterances.organization_id = $1 and $2::int > 0 group by sessions.id, position / 5",
    "insert into embeddings (organization_id, chunk_id, model, embedding)
     select $1, chunks.id, model, embedding from chunks
     join vectors on vectors.n = abs(hashtext(chunks.id::text)) % 500 where organization_id = $1 and $2::int > 0",
];

pub(crate) async fn seed(database: &TestDatabase, sessions: u32) -> anyhow::Result<Seeded> {
    let mut owner = PgConnection::connect(database.url.expose_secret()).await?;
    sqlx::raw_sql(
        "create table vectors as select n, 'hashed-512' as model,
            (select array_agg(random() - 0.5) from generate_series(1, 512) where n >= 0)::real[]::vector::halfvec as embedding
         from generate_series(0, 499) n",
    )
    .execute(&mut owner)
    .await?;
    let mut coaches = Vec::new();
    let mut left = (sessions / SESSIONS).max(2);
    let mut wide = None;
    for number in 0.. {
        // The first has half of them.
        let size = if number == 0 { left / 2 } else { left.min(COACHES) };
        let organization = one(database, &mut owner, (number, size), SESSIONS.min(sessions)).await?;
        coaches.extend(organization.coaches);
        wide.get_or_insert(organization.key);
        left -= size;
        if left == 0 {
            break;
        }
    }
    sqlx::raw_sql("analyze").execute(&mut owner).await?;
    let total = coaches.iter().map(|caller: &Caller| caller.sessions.len()).sum();
    Ok(Seeded { sessions: total, coaches, wide: wide.unwrap_or_default() })
}

/// An organization that was filled.
struct Filled {
    coaches: Vec<Caller>,
    /// A key of the organization.
    key: String,
}

async fn one(
    database: &TestDatabase,
    owner: &mut PgConnection,
    (number, coaches): (u32, u32),
    sessions: u32,
) -> anyhow::Result<Filled> {
    let organization = Uuid::now_v7();
    sqlx::query("insert into organizations (id, handle, name) values ($1, 'o' || $2::int, 'Organization')")
        .bind(organization)
        .bind(i32::try_from(number)?)
        .execute(&mut *owner)
        .await?;
    sqlx::query(
        "insert into coaches (id, organization_id, handle, name, email)
         select gen_random_uuid(), $1, 'c' || $2::int || '-' || n, 'The coach', 'c' || n || '@o' || $2::int || '.example'
         from generate_series(1, $3::int) n",
    )
    .bind(organization)
    .bind(i32::try_from(number)?)
    .bind(i32::try_from(coaches)?)
    .execute(&mut *owner)
    .await?;
    // At once: a claim and the words that it rests on come together.
    let mut tx = owner.begin().await?;
    for statement in FILL {
        sqlx::query(statement).bind(organization).bind(i32::try_from(sessions)?).execute(&mut *tx).await?;
        // Of rows that aren't committed Postgres knows nothing by itself: plans for an empty table take minutes.
        if let Some(table) = statement.split_whitespace().nth(2) {
            sqlx::raw_sql(AssertSqlSafe(format!("analyze {table}"))).execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    let ids: Vec<(Uuid, Uuid, Uuid)> = sqlx::query_as(
        "select coach_id, sessions.id, summaries.id from sessions join summaries on session_id = sessions.id
         where sessions.organization_id = $1",
    )
    .bind(organization)
    .fetch_all(&mut *owner)
    .await?;
    let mut by_coach = std::collections::BTreeMap::<Uuid, Vec<(Uuid, Uuid)>>::new();
    for (coach, session, summary) in ids {
        by_coach.entry(coach).or_default().push((session, summary));
    }
    let mut callers = Vec::new();
    let mut tx = database.db.tenant(organization).await?;
    for (coach, sessions) in by_coach {
        let signed: Vec<Uuid> = sessions.iter().take(SIGNED).map(|(_, summary)| *summary).collect();
        for summary in &signed {
            let hash = summary::load_version(&mut tx, *summary, 1).await?.hash();
            sqlx::query("update summary_versions set content_hash = $2 where organization_id = $3 and summary_id = $1")
                .bind(summary)
                .bind(hash)
                .bind(organization)
                .execute(&mut *owner)
                .await?;
        }
        let key = key(&mut tx, Some(coach), |line| line.of(Role::Coach)).await?;
        callers.push(Caller { key, sessions, signed });
    }
    let of_all = key(&mut tx, None, |line| line.key).await?;
    tx.commit().await?;
    Ok(Filled { coaches: callers, key: of_all })
}

async fn key(tx: &mut TenantTx, person: Option<Uuid>, reach: impl Fn(&Line) -> Reach) -> anyhow::Result<String> {
    let new = NewKey {
        name: "load".into(),
        person,
        scopes: TABLE.iter().filter(|line| reach(line) != Reach::Nobody).map(|line| line.right).collect(),
        expires_at: None,
        created_by: None,
        parent: None,
    };
    Ok(rights::issue(tx, &new).await?.text.reveal().to_owned())
}
