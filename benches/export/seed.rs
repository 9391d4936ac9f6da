//! An organization with as many utterances as asked for, in sessions of 800, beside another one.

use debrief_jobs::db::{Db, Tx};
use rand::{Rng, SeedableRng, rngs::StdRng};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// Utterances of a session: an hour's talk.
const SESSION: u64 = 800;
/// How many different words are said.
const WORDS: usize = 6000;

/// Fills the database and returns the organization.
pub(crate) async fn seed(db: &Db, owner: &SecretString, utterances: u64) -> anyhow::Result<Uuid> {
    let mut random = StdRng::seed_from_u64(14);
    let words = words(&mut random);
    // A tenth is another organization's, which nobody may see.
    organization(db, owner, utterances / 10, &words, &mut random).await?;
    let organization = organization(db, owner, utterances, &words, &mut random).await?;
    let mut connection = PgConnection::connect(owner.expose_secret()).await?;
    sqlx::raw_sql("vacuum (analyze)").execute(&mut connection).await?;
    Ok(organization)
}

async fn organization(
    db: &Db,
    owner: &SecretString,
    utterances: u64,
    words: &[String],
    random: &mut StdRng,
) -> anyhow::Result<Uuid> {
    let [organization, coach] = [Uuid::now_v7(), Uuid::now_v7()];
    let mut tx = db.tenant(organization).await?;
    sqlx::query("insert into organizations (id, handle, name) values ($1, $2, 'Of the benchmark')")
        .bind(organization)
        .bind(format!("org-{}", organization.simple()))
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "insert into coaches (id, organization_id, handle, name, email, time_zone)
         values ($1, $2, $3, 'Maya Okafor', 'maya@northlight.example', 'Europe/Stockholm')",
    )
    .bind(coach)
    .bind(organization)
    .bind(format!("coach-{}", coach.simple()))
    .execute(tx.conn())
    .await?;
    tx.commit().await?;

    let mut connection = PgConnection::connect(owner.expose_secret()).await?;
    let mut tables: [String; 5] = Default::default();
    let mut left = utterances;
    while left > 0 {
        let of_session = left.min(SESSION);
        left -= of_session;
        session(&mut tables, organization, coach, of_session, words, random);
        if left == 0 || tables[4].len() > 16 << 20 {
            copy(&mut connection, &mut tables).await?;
        }
    }
    Ok(organization)
}

/// Adds a session's rows, as text that Postgres copies in.
fn session(
    tables: &mut [String; 5],
    organization: Uuid,
    coach: Uuid,
    utterances: u64,
    words: &[String],
    random: &mut StdRng,
) {
    use std::fmt::Write;
    let [session, transcript] = [Uuid::now_v7(), Uuid::now_v7()];
    let [sessions, transcripts, participants, attributions, said] = tables;
    let mut add = || -> std::fmt::Result {
        writeln!(
            sessions,
            "{session}\t{organization}\t{coach}\tA session\tindividual\t2026-03-09\tpath\tinbox/{session}.vtt\tclosed\t{session}"
        )?;
        writeln!(
            transcripts,
            "{transcript}\t{organization}\t{session}\tkey\tetag\tstored\t{session}\t1\t2026-03-09 10:00:00Z"
        )?;
        for (kind, name) in [("coach", "Maya Okafor"), ("guest", "Priya Raman")] {
            let participant = Uuid::now_v7();
            writeln!(participants, "{participant}\t{organization}\t{session}\t{kind}\t{name}\t0\t0\t0")?;
            writeln!(attributions, "{organization}\t{session}\t{name}\t{participant}\t1\tname")?;
        }
        let mut at = 0;
        for position in 0..utterances {
            let id = Uuid::now_v7();
            let label = if position % 2 == 0 { "Maya Okafor" } else { "Priya Raman" };
            let lasts = random.random_range(700..9000);
            write!(said, "{id}\t{organization}\t{session}\t{transcript}\t{position}\t{label}\t{at}\t{}\t", at + lasts)?;
            for word in 0..random.random_range(2..26) {
                // Few words are said often, and many seldom.
                let share: f64 = random.random();
                let which = (share.powi(4) * WORDS as f64) as usize;
                write!(said, "{}{}", if word == 0 { "" } else { " " }, words[which.min(WORDS - 1)])?;
            }
            said.push_str(".\n");
            at += lasts + random.random_range(20..900);
        }
        Ok(())
    };
    add().unwrap_or_else(|error| unreachable!("writing to memory: {error}"));
}

async fn copy(connection: &mut PgConnection, tables: &mut [String; 5]) -> anyhow::Result<()> {
    let targets = [
        "sessions (id, organization_id, coach_id, title, type, session_date, date_source, object_key, state, correlation_id)",
        "transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes, object_time)",
        "participants (id, organization_id, session_id, kind, name, speaking_seconds, words, turns)",
        "attributions (organization_id, session_id, label, participant_id, confidence, reason)",
        "utterances (id, organization_id, session_id, transcript_id, position, label, start_ms, end_ms, text)",
    ];
    for (target, rows) in targets.iter().zip(tables) {
        let mut copy = connection.copy_in_raw(&format!("copy {target} from stdin")).await?;
        copy.send(rows.as_bytes()).await?;
        copy.finish().await?;
        rows.clear();
    }
    Ok(())
}

/// Made-up words, as long as English ones.
fn words(random: &mut StdRng) -> Vec<String> {
    let syllables: Vec<String> =
        "bcdfghklmnprstvw".chars().flat_map(|one| "aeiou".chars().map(move |other| format!("{one}{other}"))).collect();
    let word = |_| {
        let count = random.random_range(1..4);
        let mut word: String =
            (0..count).map(|_| syllables[random.random_range(0..syllables.len())].as_str()).collect();
        word.push(['n', 'r', 's', 't', 'l'][random.random_range(0..5)]);
        word
    };
    (0..WORDS).map(word).collect()
}
