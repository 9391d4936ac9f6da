//! Clients and coaches who change: addresses, namesakes, duplicate entries of one person, and those who leave.

mod aliases;

use std::time::Duration;

use debrief_jobs::{
    correct,
    db::Tx,
    follow_up::{self, Approval, FollowUp},
    mail::{Recipient, SendMail},
    path::{AttributeSession, Readdress, SendFollowUp},
    people::{self, ClientChange, CoachChange, NewClient, NewCoach, PeopleError, roster},
    sign_in::{ChangeError, change_coach},
};
use uuid::Uuid;

use crate::support::{Letter, Reviewed, World, letters_in};

async fn one<T>(world: &World, sql: &'static str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn apply(world: &World, text: &str) -> people::Applied {
    let roster = roster::read(text.as_bytes()).expect("a roster");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let applied = people::apply_roster(&mut tx, world.coach, &roster).await.expect("it is applied");
    tx.commit().await.expect("it is committed");
    applied
}

/// The coach's clients, as `name <address>`.
async fn clients(world: &World) -> Vec<String> {
    let clients = people::list_clients(&world.database.db, "maya").await.expect("clients");
    let one = |client: people::Client| format!("{} <{}>", client.name, client.email.unwrap_or_default());
    clients.into_iter().map(one).collect()
}

/// Priya's summary, approved, with its follow-up held; returns the email.
async fn held(world: &World, reviewed: &Reviewed) -> Uuid {
    reviewed.set_state(world, "in_review").await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let hash: String = sqlx::query_scalar(
        "update summaries set state = 'approved', approved_version = 1, approved_hash = content_hash from summary_versions
         where summaries.id = $1 and summary_id = $1 returning approved_hash",
    )
    .bind(reviewed.summary)
    .fetch_one(tx.conn())
    .await
    .expect("an approval");
    let post = &world.services.desk.post;
    let (name, email) = sqlx::query_as("select name, email from clients where id = $1")
        .bind(world.priya)
        .fetch_one(tx.conn())
        .await
        .expect("the client");
    let recipient = Recipient { name, email };
    let approval = Approval { version: 1, content_hash: &hash, recipient: Some(&recipient), as_they_are: true };
    let queued = follow_up::queue(&mut tx, post, reviewed.summary, approval, Duration::ZERO).await;
    tx.commit().await.expect("it is committed");
    match queued.expect("it is queued") {
        FollowUp::Held { mail_id } => mail_id,
        other => panic!("a held follow-up, not {other:?}"),
    }
}

/// Sends the queued emails, and returns those in the folder.
async fn letters(world: &World) -> Vec<Letter> {
    while let Some(sent) = world.run_queued::<SendMail>().await {
        sent.expect("it is sent");
    }
    letters_in(&world.folder.path().join("mail"))
}

#[tokio::test]
async fn an_address_that_changes_is_a_change_of_the_client_and_two_of_one_name_are_two() {
    let world = World::new().await;
    let applied = apply(&world, "name,email\nPriya Raman,priya@new.example\n").await;
    assert_eq!((applied.added, applied.updated, applied.readdressed), (0, 1, 1), "{applied:?}");
    assert_eq!(clients(&world).await, ["Priya Raman <priya@new.example>", "Tom Becker <tom@becker.example>"]);

    // Both in the same file are two people, and stay two.
    for _ in 0..2 {
        apply(&world, "name,email\nPriya Raman,priya@new.example\nPriya Raman,other@raman.example\n").await;
        let wanted =
            ["Priya Raman <priya@new.example>", "Priya Raman <other@raman.example>", "Tom Becker <tom@becker.example>"];
        assert_eq!(clients(&world).await, wanted);
    }
    // It is unclear which of the two has moved: nothing changes, and the line is reported.
    let applied = apply(&world, "name,email\nPriya Raman,third@raman.example\n").await;
    assert_eq!((applied.added, applied.updated, applied.problems.len()), (0, 0, 1), "{applied:?}");
    assert!(applied.problems[0].starts_with("line 2: several clients have this name"), "{applied:?}");
    // Tom's address with a very different name doesn't rename Tom.
    let applied = apply(&world, "name,email\nLeila Haddad,tom@becker.example\n").await;
    assert!(applied.problems[0].contains("a very different name"), "{applied:?}");
    assert_eq!(clients(&world).await.len(), 3);
}

#[tokio::test]
async fn adding_by_hand_changes_the_address_and_a_namesake_is_said_to_be_one() {
    let world = World::new().await;
    let db = &world.database.db;
    let priya = NewClient { name: "Priya Raman", email: Some("priya@new.example"), ..NewClient::default() };
    let put = people::add_client(db, "maya", priya.clone()).await.expect("she is changed");
    assert_eq!((put.id, put.added, put.was_email.as_deref()), (world.priya, false, Some("priya@raman.example")));
    let other = NewClient { email: Some("other@raman.example"), namesake: true, ..priya };
    assert!(people::add_client(db, "maya", other).await.expect("a namesake").added);
    assert_eq!(clients(&world).await.len(), 3);
    let third = NewClient { name: "Priya Raman", email: Some("third@raman.example"), ..NewClient::default() };
    assert!(matches!(people::add_client(db, "maya", third).await, Err(PeopleError::Ambiguous)));
    let found = people::find_client(db, "maya", "Priya Raman").await;
    assert!(
        matches!(&found, Err(PeopleError::SeveralClients { ids, .. }) if ids.contains("other@raman.example")),
        "{found:?}"
    );
    let taken = ClientChange { email: Some(Some("tom@becker.example".into())), ..ClientChange::default() };
    let refused = people::change_client(db, "maya", "priya@new.example", taken).await;
    assert!(matches!(refused, Err(PeopleError::EmailTaken { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_known_address_renames_nobody_and_a_mistyped_one_is_nobodys() {
    let world = World::new().await;
    let db = &world.database.db;
    let add = async |name: &str, email: &str| {
        let new = NewClient { name, email: Some(email), ..NewClient::default() };
        people::add_client(db, "maya", new).await.map_err(|error| error.to_string())
    };
    let refused = add("Completely Different", "priya@raman.example").await.expect_err("it is Priya's");
    assert!(refused.contains("priya@raman.example is the address of Priya Raman"), "{refused}");
    assert!(refused.contains("client change") && refused.contains("client merge"), "{refused}");
    for email in ["jo ann@raman.example", "anna/tom@raman.example", "mailto:a@raman.example?bcc=eve@raman.example"] {
        let refused = add("Zora Njoku", email).await.expect_err(email);
        assert!(refused.contains(&format!("`{email}` isn't a valid email address")), "{refused}");
    }
    let refused = add("Zora Njoku", "zo\u{200b}ra@raman.example").await.expect_err("an invisible character");
    assert!(refused.contains(r"`zo\u{200b}ra@raman.example`"), "{refused}");
    assert!(add(&"x".repeat(201), "zora@raman.example").await.expect_err("too long").contains("at most 200"));
    let zora = add("Zora Njoku", "Zora <ZORA@njoku.example>").await.expect("she is added");
    assert_eq!((zora.name.as_str(), zora.email.as_deref()), ("Zora Njoku", Some("zora@njoku.example")));

    let long = "x".repeat(201);
    let applied = apply(
        &world,
        &format!("name,email,aliases\nBea Ott,bea;tom@raman.example,{long}\n{long},long@raman.example,\n"),
    )
    .await;
    assert_eq!(
        applied.problems,
        [
            "line 2: the email isn’t a valid address; the client is kept without a new one",
            "line 3: the name is longer than 200 characters, so the line is skipped",
            "line 2: alias 1 is longer than 200 characters and isn’t used",
        ]
    );
    let wanted = [
        "Bea Ott <>",
        "Priya Raman <priya@raman.example>",
        "Tom Becker <tom@becker.example>",
        "Zora Njoku <zora@njoku.example>",
    ];
    assert_eq!(clients(&world).await, wanted);
}

#[tokio::test]
async fn a_held_follow_up_does_not_go_to_an_old_address_and_the_coach_is_told() {
    // By the job enqueued with the change or, if that is late, by the sending itself.
    for job_first in [true, false] {
        let world = World::new().await;
        let reviewed = Reviewed::new(&world).await;
        let mail_id = held(&world, &reviewed).await;
        apply(&world, "name,email\nPriya Raman,priya@new.example\n").await;
        if !job_first {
            world.run_queued::<SendFollowUp>().await.expect("it is due").expect("it ends");
        }
        world.run_queued::<Readdress>().await.expect("a job is due").expect("it runs");
        world.run(&Readdress { client_id: world.priya }).await.expect("a second run changes nothing");
        if job_first {
            world.run_queued::<SendFollowUp>().await.expect("it is due").expect("it ends");
        }
        let letters = letters(&world).await;
        assert_eq!(letters.len(), 1, "only the coach has a mail: {letters:?}");
        assert_eq!(letters[0].to, ["maya@northlight.example"]);
        let told = letters[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("Priya Raman’s name or address changed"), "{told}");
        assert_eq!(one::<String>(&world, "select state from mails where kind = 'follow_up'").await, "cancelled");
        assert_eq!(
            one::<String>(&world, "select state from summaries").await,
            "done",
            "it is open to be approved anew"
        );
        assert_eq!(one::<String>(&world, "select state from sessions").await, "in_review");

        // Approved again, it goes to her new address.
        assert_ne!(held(&world, &reviewed).await, mail_id);
        world.run_queued::<SendFollowUp>().await.expect("it is due").expect("it is sent");
        let sent: String = one(&world, "select recipient from mails where kind = 'follow_up' and state = 'sent'").await;
        assert_eq!(sent, "priya@new.example");
    }
}

#[tokio::test]
async fn a_client_is_greeted_as_the_roster_says_and_else_by_the_given_name() {
    for (greeting, hello) in [(None, "Hello Sofia,"), (Some("Frau Meier"), "Hello Frau Meier,")] {
        let world = World::new().await;
        let reviewed = Reviewed::new(&world).await;
        let change = ClientChange {
            name: Some("Dr. Sofia Meier, PCC".into()),
            greeting: Some(greeting.map(str::to_owned)),
            ..ClientChange::default()
        };
        people::change_client(&world.database.db, "maya", "priya@raman.example", change).await.expect("she is changed");
        held(&world, &reviewed).await;
        world.run_queued::<SendFollowUp>().await.expect("it is due").expect("it is sent");
        let letters = letters(&world).await;
        assert!(letters[0].text.starts_with(hello), "{}", letters[0].text);
        assert!(letters[0].html.contains(hello), "{}", letters[0].html);
    }
}

#[tokio::test]
async fn two_entries_of_one_person_become_one_with_all_that_is_theirs() {
    let world = World::new().await;
    let db = &world.database.db;
    let reviewed = Reviewed::new(&world).await;
    let mail_id = held(&world, &reviewed).await;
    let new = NewClient { name: "Priya Shah", email: Some("priya@shah.example"), ..NewClient::default() };
    let shah = people::add_client(db, "maya", new).await.expect("a client").id;
    let would =
        correct::merge_clients(db, "maya", "Priya Raman", "priya@shah.example", (false, true)).await.expect("it would");
    assert_eq!((would.sessions, would.rewritten), (1, 0));
    assert_eq!(clients(&world).await.len(), 3, "nothing is done yet");
    let merged =
        correct::merge_clients(db, "maya", "Priya Raman", "priya@shah.example", (false, false)).await.expect("merged");
    assert_eq!((merged.id, merged.dropped_email.as_deref()), (shah, Some("priya@raman.example")));
    assert_eq!(clients(&world).await, ["Priya Shah <priya@shah.example>", "Tom Becker <tom@becker.example>"]);
    for (table, sql) in [
        (
            "summaries",
            "select count(*) from summaries s join clients c on c.id = s.client_id where c.name = 'Priya Shah'",
        ),
        (
            "participants",
            "select count(*) from participants p join clients c on c.id = p.client_id where c.name = 'Priya Shah'",
        ),
        ("mails", "select count(*) from mails m join clients c on c.id = m.client_id where c.name = 'Priya Shah'"),
        ("aliases", "select count(*) from aliases a join clients c on c.id = a.client_id where c.name = 'Priya Shah'"),
    ] {
        assert_eq!(one::<i64>(&world, sql).await, 1, "{table}");
    }
    // What was held for the old address isn't sent there.
    while let Some(ran) = world.run_queued::<Readdress>().await {
        ran.expect("it runs");
    }
    let state = "select state from mails where kind = 'follow_up' and recipient = 'priya@raman.example'";
    assert_eq!((one::<String>(&world, state).await.as_str(), mail_id.is_nil()), ("cancelled", false));
    // The next roster doesn't recreate the old entry, and her old name identifies her.
    let applied = apply(&world, "name,email\nPriya Shah,priya@shah.example\nPriya Raman,priya@raman.example\n").await;
    assert_eq!((applied.added, applied.problems.len()), (0, 1), "{applied:?}");
    let found = people::find_client(db, "maya", "Priya Raman").await.expect("by her old name");
    assert_eq!(found.id, shah);
    assert!(matches!(
        correct::merge_clients(db, "maya", "Priya Shah", "priya@shah.example", (true, false)).await,
        Err(PeopleError::SameClient)
    ));
}

#[tokio::test]
async fn two_who_speak_in_one_session_are_one_only_if_somebody_says_so() {
    let world = World::new().await;
    let db = &world.database.db;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    // Half of her words are under another entry for her.
    let mut tx = db.tenant(world.organization).await.expect("a transaction");
    for sql in [
        "update utterances set label = 'T. Becker' where position in (3, 5)",
        "insert into participants (id, organization_id, session_id, kind, client_id, name)
         select gen_random_uuid(), organization_id, session_id, 'client', (select id from clients where name = 'Tom Becker'),
             'Tom Becker' from participants where client_id is not null",
        "insert into attributions (organization_id, session_id, label, participant_id, confidence, reason)
         select organization_id, session_id, 'T. Becker', id, 1, 'the roster' from participants where name = 'Tom Becker'",
    ] {
        sqlx::query(sql).execute(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    tx.commit().await.expect("it is committed");

    let refused =
        correct::merge_clients(db, "maya", "Tom Becker", "Priya Raman", (false, false)).await.expect_err("refused");
    let said = refused.to_string();
    assert!(said.contains("Delegating the release notes") && said.contains("--same-person"), "{said}");
    assert_eq!(clients(&world).await.len(), 2, "nothing changed");

    let merged =
        correct::merge_clients(db, "maya", "Tom Becker", "Priya Raman", (true, false)).await.expect("they are one");
    assert_eq!((merged.sessions, merged.rewritten), (0, 1));
    assert_eq!(
        one::<String>(&world, "select string_agg(name, ',' order by name) from participants").await,
        "Maya Okafor,Priya Raman"
    );
    assert_eq!(
        one::<String>(&world, "select state from summaries").await,
        "due",
        "it is written anew with all her words"
    );
    assert_eq!(
        one::<i64>(&world, "select count(*) from jobs where kind = 'summarize.client' and state = 'due'").await,
        1
    );
    assert_eq!(one::<String>(&world, "select state from sessions").await, "attributed");
    let labels = "select count(distinct participant_id) from attributions where label in ('Priya Raman', 'T. Becker')";
    assert_eq!(one::<i64>(&world, labels).await, 1);
}

#[tokio::test]
async fn a_client_who_is_removed_stays_in_what_was_and_is_in_nothing_new() {
    let world = World::new().await;
    world.leaves::<AttributeSession>();
    let db = &world.database.db;
    let reviewed = Reviewed::new(&world).await;
    held(&world, &reviewed).await;
    let would = people::remove_client(db, "maya", "Priya Raman", true).await.expect("it would");
    assert_eq!((would.sessions, would.held), (1, 1));
    people::remove_client(db, "maya", "Priya Raman", false).await.expect("she is removed");
    people::remove_client(db, "maya", "tom@becker.example", false).await.expect("he is gone");
    assert_eq!(clients(&world).await, Vec::<String>::new());
    assert_eq!(one::<i64>(&world, "select count(*) from clients").await, 1, "who is in no session is gone");
    world.run_queued::<Readdress>().await.expect("a job is due").expect("it runs");
    while let Some(ran) = world.run_queued::<SendFollowUp>().await {
        ran.expect("it ends");
    }
    let letters = letters(&world).await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("was removed from your list"), "{}", letters[0].text);
    assert_eq!(one::<String>(&world, "select name from participants where client_id is not null").await, "Priya Raman");
    // The next transcript isn't matched to her.
    let mut tx = db.tenant(world.organization).await.expect("a transaction");
    for sql in
        ["delete from mails", "update sessions set state = 'parsed'", "update summaries set version = 0, state = 'due'"]
    {
        sqlx::query(sql).execute(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    tx.commit().await.expect("it is committed");
    world.run(&AttributeSession { session_id: reviewed.session }).await.expect("it runs");
    assert_eq!(one::<String>(&world, "select state from sessions").await, "waiting_for_speakers");
    // And a person with her name is a new client.
    let new = NewClient { name: "Priya Raman", ..NewClient::default() };
    assert!(people::add_client(db, "maya", new).await.expect("a client").added);
}

#[tokio::test]
async fn a_coach_is_changed_and_removed_and_comes_back_with_everything() {
    let world = World::new().await;
    let db = &world.database.db;
    let reviewed = Reviewed::new(&world).await;
    let change = CoachChange { email: Some("MAYA@new.example".into()), ..CoachChange::default() };
    world.leaves::<SendMail>();
    change_coach(db, &world.services.gate, "maya", &change).await.expect("she is changed");
    let nothing = change_coach(db, &world.services.gate, "maya", &CoachChange::default()).await;
    assert!(matches!(nothing, Err(ChangeError::People(PeopleError::NothingToChange))), "{nothing:?}");
    let busy = people::remove_coach(db, "maya", false).await.expect_err("it is summarized, and goes on");
    assert!(busy.to_string().contains("1 session still being processed"), "{busy}");
    reviewed.link(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let would = people::remove_coach(db, "maya", true).await.expect("it would");
    assert_eq!((would.clients, would.sessions, would.waiting), (2, 1, 1));
    people::remove_coach(db, "maya", false).await.expect("she is removed");
    assert!(matches!(people::list_clients(db, "maya").await, Err(PeopleError::NoCoach(_))), "her inbox is nobody's");
    assert!(people::list_coaches(db, world.organization).await.expect("coaches").is_empty());
    assert_eq!(one::<i64>(&world, "select count(*) from review_links where revoked_at is null").await, 0);
    let again = NewCoach { handle: "maya", name: "Maya Okafor", email: "maya@new.example", ..NewCoach::default() };
    assert_eq!(people::add_coach(db, "northlight", &again).await.expect("she is back"), world.coach);
    assert_eq!(clients(&world).await.len(), 2);
}

#[tokio::test]
async fn nobody_reaches_the_clients_of_another_organization() {
    let world = World::new().await;
    let db = &world.database.db;
    people::add_organization(db, "other", "Other", "UTC").await.expect("an organization");
    let ben = NewCoach { handle: "ben", name: "Ben", email: "ben@other.example", ..NewCoach::default() };
    people::add_coach(db, "other", &ben).await.expect("a coach");
    let priya = world.priya.to_string();
    for who in [priya.as_str(), "Priya Raman", "priya@raman.example"] {
        assert!(matches!(people::find_client(db, "ben", who).await, Err(PeopleError::NoClient { .. })), "{who}");
        assert!(
            matches!(people::remove_client(db, "ben", who, false).await, Err(PeopleError::NoClient { .. })),
            "{who}"
        );
        let merged = correct::merge_clients(db, "ben", who, "Tom Becker", (true, false)).await;
        assert!(matches!(merged, Err(PeopleError::NoClient { .. })), "{who}");
    }
    assert_eq!(clients(&world).await.len(), 2);
}
