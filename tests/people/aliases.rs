//! Aliases of clients: whose they may be, and where they go.

use debrief_jobs::{
    db::Tx,
    people::{self, ClientChange, NewClient},
};

use super::{apply, clients};
use crate::support::World;

/// The aliases of the coach's clients, as `name: alias, alias`.
async fn aliases(world: &World) -> Vec<String> {
    let clients = people::list_clients(&world.database.db, "maya").await.expect("clients");
    let known = clients.into_iter().filter(|client| !client.aliases.is_empty());
    known.map(|client| format!("{}: {}", client.name, client.aliases.join(", "))).collect()
}

#[tokio::test]
async fn a_name_that_is_anothers_is_no_alias_whoever_writes_it() {
    let world = World::new().await;
    let db = &world.database.db;
    // Whichever line comes first; and the coach's own name isn't a client's either.
    let applied = apply(
        &world,
        "name,email,aliases,greeting\nVera Noll,vera@client.example,Erik Dahl;Vee;maya okafor;Ricky;Vee Noll,\n\
         Erik Dahl,erik@client.example,Vee Noll,Ricky\n",
    )
    .await;
    assert_eq!(applied.added, 2, "{applied:?}");
    assert_eq!(
        applied.problems,
        [
            "line 2: alias 1 is the name of another client and isn’t used",
            "line 2: alias 3 is the coach’s name and isn’t used",
            "line 2: alias 4 is the name of another client and isn’t used",
            "line 3: alias 1 already means someone else and keeps that meaning",
        ]
    );
    assert_eq!(aliases(&world).await, ["Vera Noll: Vee, Vee Noll"]);

    let change = |aliases: &[&str]| ClientChange {
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        ..ClientChange::default()
    };
    for (alias, said) in [
        ("Dahl, Erik", "the alias `Dahl, Erik` is the name of another client and can’t be used"),
        ("Vee", "the alias `Vee` already means someone else and keeps that meaning"),
        ("Maya", "the alias `Maya` is the coach’s name and can’t be used"),
        ("Speaker 1", "the alias `Speaker 1` could be anyone and can’t be used"),
        (&"x".repeat(201), "is longer than 200 characters and can’t be used"),
    ] {
        let refused = people::change_client(db, "maya", "Tom Becker", change(&["Tommy", alias])).await.expect_err(said);
        assert!(refused.to_string().contains(said), "{refused}");
        let new = NewClient { name: "Zora Njoku", aliases: vec![alias.to_owned()], ..NewClient::default() };
        let refused = people::add_client(db, "maya", new).await.expect_err(said);
        assert!(refused.to_string().contains(said), "{refused}");
    }
    assert_eq!((clients(&world).await.len(), aliases(&world).await.len()), (4, 1), "nothing changed");

    // A former name stays a client's only as long as nobody else has it.
    let renamed = ClientChange { name: Some("Priya Shah".into()), ..ClientChange::default() };
    people::change_client(db, "maya", "Priya Raman", renamed).await.expect("she is renamed");
    let applied = apply(&world, "name,email\nPriya Raman,other@raman.example\n").await;
    assert!(applied.problems[0].contains("another name of a client with another address"), "{applied:?}");
    let other = NewClient { name: "Priya Raman", email: Some("other@raman.example"), ..NewClient::default() };
    let refused = people::add_client(db, "maya", other.clone()).await.expect_err("it may be either").to_string();
    assert!(
        refused.contains("Priya Raman is another name of Priya Shah") && refused.contains("--namesake"),
        "{refused}"
    );
    let put = people::add_client(db, "maya", NewClient { namesake: true, ..other }).await.expect("a namesake");
    assert_eq!((put.added, put.email.as_deref()), (true, Some("other@raman.example")));
    assert!(clients(&world).await.contains(&"Priya Shah <priya@raman.example>".to_owned()), "her address is hers");
}

#[tokio::test]
async fn an_alias_goes_with_the_roster_that_had_it_and_by_hand() {
    let world = World::new().await;
    let db = &world.database.db;
    let by_hand = ClientChange { aliases: vec!["Pri".into()], ..ClientChange::default() };
    people::change_client(db, "maya", "Priya Raman", by_hand).await.expect("she is changed");
    let mut tx = db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(
        "insert into aliases (organization_id, coach_id, normalized, written, client_id, source)
         select organization_id, coach_id, 'geth', 'Geth', id, 'correction' from clients where name = 'Priya Raman'",
    )
    .execute(tx.conn())
    .await
    .expect("an alias");
    tx.commit().await.expect("it is committed");
    apply(&world, "name,email,aliases\nPriya Raman,priya@raman.example,PR;Geth\nTom Becker,tom@becker.example,TB\n")
        .await;
    assert_eq!(aliases(&world).await, ["Priya Raman: Geth, PR, Pri", "Tom Becker: TB"]);
    // A file without the column doesn't change them; nor does one without the client.
    apply(&world, "name,email\nPriya Raman,priya@raman.example\n").await;
    assert_eq!(aliases(&world).await, ["Priya Raman: Geth, PR, Pri", "Tom Becker: TB"]);
    // Someone else may have it immediately.
    let applied =
        apply(&world, "name,email,aliases\nTom Becker,tom@becker.example,PR\nPriya Raman,priya@raman.example,\n").await;
    assert_eq!(applied.problems, [""; 0], "{applied:?}");
    assert_eq!(aliases(&world).await, ["Priya Raman: Geth, Pri", "Tom Becker: PR"]);

    let remove = |alias: &str| ClientChange { remove_aliases: vec![alias.into()], ..ClientChange::default() };
    let client = people::change_client(db, "maya", "Priya Raman", remove("PRI")).await.expect("it is removed");
    assert_eq!(client.aliases, ["Geth"]);
    let refused = people::change_client(db, "maya", "Priya Raman", remove("PR")).await.expect_err("it is Tom's");
    assert!(refused.to_string().contains("no alias `PR`"), "{refused}");
}
