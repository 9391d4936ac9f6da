//! The stage `rollup`, from outside: a coach's week is computed correctly, and emailed once.

use chrono::{DateTime, Utc};
use debrief_jobs::{
    db::Tx,
    model::{Content, Owner, Section},
    rollup::{ActionItems, ClientWeek, Figures, OpenItem, RollupDue, Totals, WeeklyRollup, enqueue_due},
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{
    World,
    filled::{Filled, Session, action, claim, day},
};

impl World {
    /// A session of one client on one day, with nine seconds each of the coach and the client.
    async fn met(&self, client: (Uuid, &'static str), on: &str) -> Filled {
        let said = vec![("Maya Okafor", "one two three"), (client.1, "one two three four five six")];
        self.insert(&Session { day: day(on), clients: vec![client], ..self.session(said) }).await
    }

    async fn approved(&self, session: &Filled, client: Uuid, items: Vec<(&str, Owner, Option<&str>)>) {
        let evidence = session.utterances[0];
        let mut claims = vec![claim(Section::Wins, "A win.", evidence)];
        claims.extend(items.into_iter().map(|(text, owner, due)| action(text, owner, due.map(day), evidence)));
        let (summary, _) = self.summarize(session.session, client, &Content { claims }).await;
        self.approve(summary).await;
    }

    async fn mails(&self) -> Vec<(String, String)> {
        let mut tx = self.database.db.tenant(self.organization).await.expect("a transaction");
        sqlx::query_as("select recipient, subject from mails where kind = 'weekly_rollup'")
            .fetch_all(tx.conn())
            .await
            .expect("the mails")
    }

    async fn figures(&self) -> Vec<Figures> {
        let mut tx = self.database.db.tenant(self.organization).await.expect("a transaction");
        let rows: Vec<(Value,)> = sqlx::query_as("select figures from rollups order by first_day")
            .fetch_all(tx.conn())
            .await
            .expect("rollups");
        rows.into_iter().map(|(figures,)| serde_json::from_value(figures).expect("good figures")).collect()
    }

    async fn enqueue_due(&self, now: &str) -> usize {
        let now: DateTime<Utc> = now.parse().expect("a good time");
        let mut tx = self.database.db.tenant(self.organization).await.expect("a transaction");
        let enqueued = enqueue_due(&mut tx, now).await.expect("it runs");
        tx.commit().await.expect("it is committed");
        enqueued
    }
}

/// Nothing from the following week or another organization counts; the week before is only for comparison.
async fn small_week(world: &World) {
    let (priya, tom) = ((world.priya, "Priya Raman"), (world.tom, "Tom Becker"));
    let before = world.met(tom, "2026-11-06").await;
    world.approved(&before, world.tom, vec![("Send the article.", Owner::Coach, Some("2026-11-12"))]).await;
    world.met(priya, "2026-11-08").await;

    let monday = world.met(priya, "2026-11-09").await;
    let items = vec![
        ("Call Anders.", Owner::Client, Some("2026-11-20")),
        ("Book the room.", Owner::Coach, None),
        ("Rest.", Owner::Client, None),
    ];
    world.approved(&monday, world.priya, items).await;
    let sunday = Session {
        group: true,
        state: "closed",
        day: day("2026-11-15"),
        clients: vec![priya, tom],
        ..world.session(vec![
            ("Maya Okafor", "one"),
            ("Priya Raman", "one two"),
            ("Tom Becker", "one two three"),
            ("Tom Becker", "four"),
        ])
    };
    let sunday = world.insert(&sunday).await;
    world.approved(&sunday, world.priya, vec![("Draft the plan.", Owner::Client, Some("2026-11-18"))]).await;
    let waiting = Content { claims: vec![action("Not approved yet.", Owner::Client, None, sunday.utterances[0])] };
    world.summarize(sunday.session, world.tom, &waiting).await;

    world.met(priya, "2026-11-16").await;
    let [organization, coach, client] = world.neighbour().await;
    let theirs = Session { organization, coach, clients: vec![(client, "Nils Berg")], ..world.session(vec![]) };
    world.insert(&theirs).await;
    // Sunday, 23:30 in Stockholm, and 00:30.
    for (sent_at, message_id) in [("2026-11-15T22:30:00Z", "one"), ("2026-11-15T23:30:00Z", "two")] {
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        sqlx::query(
            "insert into mails (id, organization_id, kind, subject_id, recipient, coach_id, subject, message_id, message,
                message_sha256, state, sent_at, correlation_id)
             values ($1, $2, 'follow_up', $1, 'priya@raman.example', $3, 'Your session', $4, 'text', 'hash', 'sent',
                $5::timestamptz, $1)",
        )
        .bind(Uuid::now_v7())
        .bind(world.organization)
        .bind(world.coach)
        .bind(message_id)
        .bind(sent_at.parse::<DateTime<Utc>>().expect("a good time"))
        .execute(tx.conn())
        .await
        .expect("a mail");
        tx.commit().await.expect("it is committed");
    }
}

#[tokio::test]
async fn the_figures_of_a_small_week_are_right() {
    let world = World::new().await;
    small_week(&world).await;
    let job = WeeklyRollup { coach_id: world.coach, first_day: Some(day("2026-11-09")) };
    assert_eq!(world.run(&job).await.expect("it runs")["outcome"], "rolled up");

    let client = |id, name: &str, sessions, share: f64, new, open| ClientWeek {
        client_id: id,
        name: name.into(),
        sessions,
        speaking_seconds: 18.0,
        word_share: Some(share),
        new_action_items: new,
        open_action_items: open,
    };
    let item = |client_id, client: &str, text: &str, coach_does_it, due: &str, overdue| OpenItem {
        client_id,
        client: client.into(),
        text: text.into(),
        coach_does_it,
        due: Some(day(due)),
        overdue,
    };
    let one = |names: [&str; 2]| names.map(|name| (name.to_owned(), 1)).into_iter().collect();
    let wanted = Figures {
        first_day: day("2026-11-09"),
        last_day: day("2026-11-15"),
        week: Totals { sessions: 2, clients: 2, speaking_seconds: 54.0, coach_seconds: 18.0, client_seconds: 36.0 },
        week_before: Totals {
            sessions: 2,
            clients: 2,
            speaking_seconds: 36.0,
            coach_seconds: 18.0,
            client_seconds: 18.0,
        },
        sessions_by_type: one(["individual", "group"]),
        sessions_by_state: one(["in_review", "closed"]),
        summaries_approved: 2,
        summaries_waiting: 1,
        follow_ups_sent: 1,
        clients: vec![
            client(world.priya, "Priya Raman", 2, 8.0 / 16.0, 4, 1),
            client(world.tom, "Tom Becker", 1, 4.0 / 7.0, 0, 1),
        ],
        action_items: ActionItems {
            new: 4,
            new_of_clients: 3,
            new_of_coach: 1,
            done: 0,
            due_in_week: 1,
            due_next_week: 1,
        },
        open_items: vec![
            item(world.tom, "Tom Becker", "Send the article.", true, "2026-11-12", true),
            item(world.priya, "Priya Raman", "Draft the plan.", false, "2026-11-18", false),
        ],
    };
    assert_eq!(world.figures().await, [wanted]);
}

#[tokio::test]
async fn what_people_settled_is_done_and_neither_open_nor_overdue() {
    let world = World::new().await;
    small_week(&world).await;
    // One was dropped, and one was done on the Sunday; a third was done after the week, and is not open any more.
    let monday = world.met((world.tom, "Tom Becker"), "2026-11-10").await;
    world.approved(&monday, world.tom, vec![("Rest.", Owner::Client, None), ("Read.", Owner::Client, None)]).await;
    for (text, state, since) in [
        ("Send the article.", "dropped", "2026-11-13"),
        ("Draft the plan.", "done", "2026-11-15"),
        ("Read.", "done", "2026-11-16"),
    ] {
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        sqlx::query(
            "insert into action_item_states (organization_id, lasting_id, summary_id, state, since)
             select organization_id, lasting_id, summary_id, $2, $3 from claims where text = $1",
        )
        .bind(text)
        .bind(state)
        .bind(day(since))
        .execute(tx.conn())
        .await
        .expect("it is settled");
        tx.commit().await.expect("it is committed");
    }
    let job = WeeklyRollup { coach_id: world.coach, first_day: Some(day("2026-11-09")) };
    assert_eq!(world.run(&job).await.expect("it runs")["outcome"], "rolled up");
    let figures = &world.figures().await[0];
    assert_eq!(figures.open_items.iter().map(|item| item.text.as_str()).collect::<Vec<_>>(), ["Rest."]);
    let wanted = ActionItems { new: 6, new_of_clients: 5, new_of_coach: 1, done: 1, due_in_week: 0, due_next_week: 0 };
    assert_eq!(figures.action_items, wanted);
}

#[tokio::test]
async fn a_week_rolled_up_twice_is_kept_and_mailed_once() {
    let world = World::new().await;
    small_week(&world).await;
    let job = WeeklyRollup { coach_id: world.coach, first_day: Some(day("2026-11-09")) };
    world.run(&job).await.expect("it runs");
    assert_eq!(world.run(&job).await.expect("it runs again")["outcome"], "already done");
    assert_eq!(world.figures().await.len(), 1);
    let mails = world.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].0, "maya@northlight.example");
    assert!(mails[0].1.contains("2 sessions"), "{}", mails[0].1);
}

#[tokio::test]
async fn a_week_without_sessions_is_not_mailed() {
    let world = World::new().await;
    small_week(&world).await;
    let job = WeeklyRollup { coach_id: world.coach, first_day: Some(day("2026-11-23")) };
    assert_eq!(world.run(&job).await.expect("it runs")["outcome"], "no sessions");
    assert_eq!((world.mails().await.len(), world.figures().await.len()), (0, 0));
    assert_eq!(world.enqueue_due("2026-12-02T12:00:00Z").await, 0);
}

#[tokio::test]
async fn the_schedule_fires_once_a_week_on_the_coachs_monday_morning() {
    let world = World::new().await;
    world.met((world.priya, "Priya Raman"), "2026-11-11").await;
    // Before six in Stockholm, the week of the eleventh is not due, and the one before had no sessions.
    assert_eq!(world.enqueue_due("2026-11-16T04:05:00Z").await, 0);
    // No process was up at six; it is made up for at noon, and a second process finds it done.
    assert_eq!(world.enqueue_due("2026-11-16T11:05:00Z").await, 1);
    assert_eq!(world.enqueue_due("2026-11-16T11:05:00Z").await, 0);
    world.run_queued::<WeeklyRollup>().await.expect("it is due").expect("it runs");
    assert_eq!(world.enqueue_due("2026-11-16T12:05:00Z").await, 0);
    assert_eq!(world.figures().await[0].first_day, day("2026-11-09"));
    assert_eq!(world.mails().await.len(), 1);
}

#[tokio::test]
async fn a_dead_rollup_is_not_revived_behind_the_operators_back() {
    let world = World::new().await;
    world.leaves::<WeeklyRollup>();
    world.met((world.priya, "Priya Raman"), "2026-11-11").await;
    assert_eq!(world.enqueue_due("2026-11-16T11:05:00Z").await, 1);
    world
        .execute("update jobs set state = 'dead', finished_at = now() where organization_id = $1", world.organization)
        .await;
    assert_eq!(world.enqueue_due("2026-11-16T12:05:00Z").await, 0);
}

#[tokio::test]
async fn the_hourly_job_looks_at_every_organization() {
    let world = World::new().await;
    let [organization, coach, client] = world.neighbour().await;
    // Fourteen days ago is in or before the last week that is due, whatever day it is.
    let today = Utc::now().date_naive();
    for back in 0..14 {
        let theirs = Session {
            organization,
            coach,
            day: today - chrono::Days::new(back),
            clients: vec![(client, "Nils Berg")],
            ..world.session(vec![])
        };
        world.insert(&theirs).await;
    }
    let output = world.run_installation(&RollupDue {}).await.expect("it runs");
    assert_eq!(output["enqueued"], 1);
}
