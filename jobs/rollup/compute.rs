//! Computes a week's figures from its rows, with polars. Pure and CPU-bound, so it belongs on a blocking thread.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use polars::prelude::*;
use uuid::Uuid;

use super::{
    figures::{ActionItems, ClientWeek, Figures, Totals},
    rows::{NewItemRow, ParticipantRow, Rows, SessionRow},
    week,
};
use crate::model::Owner;

/// Computes the figures of the week that starts on `first_day`.
pub(super) fn figures(first_day: NaiveDate, rows: Rows) -> PolarsResult<Figures> {
    let sessions = session_frame(&rows.sessions)?.lazy();
    let people = participant_frame(&rows.participants)?.lazy();
    let last_day = week::last_day(first_day);
    let next_week = last_day + Days::new(7);
    let count = |wanted: &dyn Fn(NaiveDate) -> bool| {
        rows.open_items.iter().filter(|item| item.due.is_some_and(wanted)).count() as i64
    };
    let action_items = ActionItems {
        due_in_week: count(&|due| (first_day..=last_day).contains(&due)),
        due_next_week: count(&|due| due > last_day && due <= next_week),
        done: rows.items_done,
        ..new_items(&rows.new_items)
    };
    Ok(Figures {
        first_day,
        last_day,
        week: totals(&sessions, &people, true)?,
        week_before: totals(&sessions, &people, false)?,
        sessions_by_type: counts(&sessions, "type")?,
        sessions_by_state: counts(&sessions, "state")?,
        summaries_approved: rows.summaries_approved,
        summaries_waiting: rows.summaries_waiting,
        follow_ups_sent: rows.follow_ups_sent,
        clients: clients(&people, &rows)?,
        action_items,
        open_items: rows.open_items,
    })
}

fn session_frame(rows: &[SessionRow]) -> PolarsResult<DataFrame> {
    df!(
        "in_week" => rows.iter().map(|row| row.in_week).collect::<Vec<_>>(),
        "type" => rows.iter().map(|row| row.session_type.as_str()).collect::<Vec<_>>(),
        "state" => rows.iter().map(|row| row.state.as_str()).collect::<Vec<_>>(),
    )
}

fn participant_frame(rows: &[ParticipantRow]) -> PolarsResult<DataFrame> {
    df!(
        "in_week" => rows.iter().map(|row| row.in_week).collect::<Vec<_>>(),
        "session" => rows.iter().map(|row| row.session_id.to_string()).collect::<Vec<_>>(),
        "kind" => rows.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>(),
        "client" => rows.iter().map(|row| row.client_id.map(|id| id.to_string())).collect::<Vec<_>>(),
        "name" => rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(),
        "seconds" => rows.iter().map(|row| row.speaking_seconds).collect::<Vec<_>>(),
        "words" => rows.iter().map(|row| i64::from(row.words)).collect::<Vec<_>>(),
    )
}

fn totals(sessions: &LazyFrame, people: &LazyFrame, in_week: bool) -> PolarsResult<Totals> {
    let week = || col("in_week").eq(lit(in_week));
    let of = |kind: &'static str| col("seconds").filter(col("kind").eq(lit(kind))).sum();
    let sessions = sessions.clone().filter(week()).select([len().cast(DataType::Int64).alias("sessions")]).collect()?;
    let people = people
        .clone()
        .filter(week())
        .select([
            col("client").drop_nulls().n_unique().cast(DataType::Int64).alias("clients"),
            col("seconds").sum(),
            of("coach").alias("coach"),
            of("client").alias("client"),
        ])
        .collect()?;
    let seconds = |column: &str| PolarsResult::Ok(people.column(column)?.f64()?.get(0).unwrap_or_default());
    Ok(Totals {
        sessions: sessions.column("sessions")?.i64()?.get(0).unwrap_or_default(),
        clients: people.column("clients")?.i64()?.get(0).unwrap_or_default(),
        speaking_seconds: seconds("seconds")?,
        coach_seconds: seconds("coach")?,
        client_seconds: seconds("client")?,
    })
}

/// How many sessions of the week have each value of `column`.
fn counts(sessions: &LazyFrame, column: &'static str) -> PolarsResult<BTreeMap<String, i64>> {
    let counts = sessions
        .clone()
        .filter(col("in_week"))
        .group_by([col(column)])
        .agg([len().cast(DataType::Int64).alias("count")])
        .collect()?;
    let (names, counts) = (counts.column(column)?.str()?, counts.column("count")?.i64()?);
    let pairs = names.iter().zip(counts.iter());
    Ok(pairs.filter_map(|(name, count)| Some((name?.to_owned(), count?))).collect())
}

/// One row per client of the week.
fn clients(people: &LazyFrame, rows: &Rows) -> PolarsResult<Vec<ClientWeek>> {
    let people = people.clone().filter(col("in_week"));
    let whole = people.clone().group_by([col("session")]).agg([col("words").sum().alias("all_words")]);
    let clients = people
        .filter(col("client").is_not_null())
        .join(whole, [col("session")], [col("session")], JoinArgs::new(JoinType::Left))
        .group_by([col("client")])
        .agg([
            col("name").first(),
            col("session").n_unique().cast(DataType::Int64).alias("sessions"),
            col("seconds").sum(),
            col("words").sum(),
            col("all_words").sum(),
        ])
        .sort_by_exprs(
            [col("sessions"), col("name")],
            SortMultipleOptions::new().with_order_descending_multi([true, false]),
        )
        .collect()?;
    let new = tally(rows.new_items.iter().map(|item| item.client_id));
    let open = tally(rows.open_items.iter().map(|item| item.client_id));
    let (ids, names) = (clients.column("client")?.str()?, clients.column("name")?.str()?);
    let (sessions, seconds) = (clients.column("sessions")?.i64()?, clients.column("seconds")?.f64()?);
    let (words, all_words) = (clients.column("words")?.i64()?, clients.column("all_words")?.i64()?);
    Ok((0..clients.height())
        .filter_map(|row| {
            let client_id: Uuid = ids.get(row)?.parse().ok()?;
            Some(ClientWeek {
                client_id,
                name: names.get(row)?.to_owned(),
                sessions: sessions.get(row)?,
                speaking_seconds: seconds.get(row)?,
                word_share: share(words.get(row)?, all_words.get(row)?),
                new_action_items: new.get(&client_id).copied().unwrap_or_default(),
                open_action_items: open.get(&client_id).copied().unwrap_or_default(),
            })
        })
        .collect())
}

#[expect(clippy::cast_precision_loss, reason = "a week has far fewer than 2^52 words")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn tally(clients: impl Iterator<Item = Uuid>) -> HashMap<Uuid, i64> {
    let mut tally = HashMap::new();
    for client in clients {
        *tally.entry(client).or_default() += 1;
    }
    tally
}

fn new_items(rows: &[NewItemRow]) -> ActionItems {
    let of = |owner: Owner| rows.iter().filter(|row| row.owner == owner.as_str()).count() as i64;
    // For some, nobody said who does them: they are new but have no owner.
    let (new_of_coach, new_of_clients) = (of(Owner::Coach), of(Owner::Client));
    ActionItems { new: rows.len() as i64, new_of_coach, new_of_clients, ..ActionItems::default() }
}
