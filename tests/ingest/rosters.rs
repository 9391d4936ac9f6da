//! Rosters, from outside: what becomes of the clients, and what the coach is told.

use debrief_jobs::{
    ingest::{self, FileOutcome},
    people,
};

use super::{count, drop_file, one, read, scan, worlds};
use crate::support::World;

const ROSTER: &str = include_str!("../../fixtures/ingest/roster/roster.csv");

#[tokio::test]
async fn a_roster_updates_the_clients_of_its_coach() {
    for world in worlds().await {
        let clients = async || people::list_clients(&world.database.db, "maya").await.expect("clients");
        drop_file(&world, "maya/roster.csv", ROSTER).await;
        assert_eq!(scan(&world).await.applied, 1);
        let found = clients().await;
        let names: Vec<&str> = found.iter().map(|client| client.name.as_str()).collect();
        assert_eq!(names, ["Jonas Weber", "Nobody", "Priya Raman-Shah", "Tom Becker"], "by email, else by name");
        assert_eq!(found[2].id, world.priya);
        assert_eq!((found[2].tags.join(","), found[2].aliases.join(",")), ("vip,leadership".into(), "PR,Pri".into()));
        assert_eq!(found[1].email, None, "a bad address drops nobody");
        let reason: String = one(&world, "select reason from bucket_objects where outcome = 'applied'").await;
        let renamed = "line 2: the client Priya Raman is now called Priya Raman-Shah";
        let bad = "line 5: the email isn’t a valid address; the client is kept without a new one";
        assert_eq!(reason, format!("{renamed}\n{bad}"));
        assert!(read(&world, "rejected/maya/roster.csv.reason.json").await.contains("line 5"));

        drop_file(&world, "maya/roster.csv", ROSTER.replace("vip;leadership", "alumni")).await;
        assert_eq!(scan(&world).await.applied, 1);
        let found = clients().await;
        assert_eq!((found.len(), found[2].tags.join(",")), (4, "alumni".into()));
        assert_eq!(scan(&world).await.applied, 0, "a roster that did not change is not applied again");
        let told =
            "select count(*) from mails where kind = 'roster_problems' and recipient = 'maya@northlight.example'";
        assert_eq!(count(&world, told).await, 2, "the coach is told once of each version");
        let inbox = ingest::inbox(&world.database.db, &world.services.bucket, false).await.expect("the inbox");
        assert_eq!(inbox.len(), 1, "of the version that is there: {inbox:?}");
        assert_eq!((inbox[0].outcome, inbox[0].reason.as_deref()), (FileOutcome::Applied, Some(bad)));
        assert!(inbox[0].is_left(), "something is to be said of it");

        drop_file(&world, "maya/roster.csv", ROSTER.replace("not an address", "nobody@client.example")).await;
        scan(&world).await;
        assert_eq!(count(&world, told).await, 2, "nothing is wrong any more, and nothing is said");
        let inbox = ingest::inbox(&world.database.db, &world.services.bucket, false).await.expect("the inbox");
        assert!(!inbox[0].is_left(), "{inbox:?}");
    }
}

/// Bytes of `text` as an old spreadsheet saves it.
fn saved_as(encoding: &'static str, text: &str) -> Vec<u8> {
    let byte = |c: char| match (encoding, u32::from(c)) {
        (_, code @ 0..=0x7f) => u8::try_from(code).expect("ASCII"),
        ("windows-1251", code @ 0x410..=0x44f) => u8::try_from(code - 0x410 + 0xc0).expect("a letter"),
        ("windows-1250", _) => match c {
            'ř' => 0xf8,
            'í' => 0xed,
            'á' => 0xe1,
            'č' => 0xe8,
            _ => panic!("{c} is not in the test's table"),
        },
        _ => panic!("{c} is not in the test's table"),
    };
    text.chars().map(byte).collect()
}

#[tokio::test]
async fn a_roster_in_an_old_encoding_is_read_by_the_names_in_the_transcripts_and_else_asked_about() {
    for (encoding, name) in [("windows-1251", "Мария Белова"), ("windows-1250", "Jiří Čapár")] {
        let roster =
            || saved_as(encoding, &format!("name;email\r\n{};client@client.example\r\n", name.replace('Č', "č")));
        let name = name.replace('Č', "č");
        for transcript_there in [true, false] {
            let world = World::new().await;
            if transcript_there {
                let call = format!("WEBVTT\n\n00:01.000 --> 00:04.000\n<v {name}>I will send the draft on Monday.\n");
                drop_file(&world, "maya/2026-11-03/call.vtt", call).await;
            }
            drop_file(&world, "maya/roster.csv", roster()).await;
            scan(&world).await;
            let clients = people::list_clients(&world.database.db, "maya").await.expect("clients");
            let told = count(&world, "select count(*) from mails where kind = 'roster_problems'").await;
            let right = clients.iter().any(|client| client.name == name);
            assert_eq!(told, i64::from(!transcript_there), "{encoding}: a guess is told, evidence is not");
            assert!(right || !transcript_there, "{encoding}: {clients:?}");
        }
    }
}

#[tokio::test]
async fn an_export_of_a_contact_book_is_a_roster() {
    let world = World::new().await;
    let export = "First Name,Middle Name,Last Name,Nickname,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Value\r\n\
                  Leila,,Haddad,Lei,,* myContacts,* Work,leila@client.example ::: l@second.example,+46 70 0\r\n\
                  Daniel,de la,Cruz,,,Clients ::: * myContacts,,mailto:DANIEL@client.example,\r\n";
    drop_file(&world, "maya/roster.csv", export).await;
    assert_eq!(scan(&world).await.applied, 1);
    let clients = people::list_clients(&world.database.db, "maya").await.expect("clients");
    let said: Vec<String> =
        clients.iter().map(|one| format!("{} {}", one.name, one.email.as_deref().unwrap_or("-"))).collect();
    assert_eq!(said[..2], ["Daniel de la Cruz daniel@client.example", "Leila Haddad leila@client.example"]);
    assert_eq!((clients[0].tags.join(","), clients[1].aliases.join(",")), ("Clients".into(), "Lei".into()));
    assert_eq!(count(&world, "select count(*) from mails").await, 0, "there is nothing to say");
}

/// The text of the latest email about a roster, on one line.
async fn letter(world: &World) -> String {
    let raw: Vec<u8> =
        one(world, "select message from mails where kind = 'roster_problems' order by id desc limit 1").await;
    let text = String::from_utf8_lossy(&raw).replace("=\r\n", "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_new_address_of_a_client_is_told_to_the_coach() {
    for world in worlds().await {
        drop_file(
            &world,
            "maya/roster.csv",
            "name,email\nPriya Raman,priya@new.example\nTom Becker,tom@becker.example\n",
        )
        .await;
        assert_eq!(scan(&world).await.applied, 1);
        let letter = letter(&world).await;
        let says = "line 2: Priya Raman’s email address changed; letters go to the new one from now on";
        assert!(letter.contains("Subject: Your client list: 1 line to check"), "{letter}");
        assert!(letter.contains("email address changed; letters go to the new one from now on"), "{letter}");
        assert!(!letter.contains("priya@new") && !letter.contains("raman.example"), "{letter}");
        let inbox = ingest::inbox(&world.database.db, &world.services.bucket, false).await.expect("the inbox");
        assert_eq!(inbox[0].reason.as_deref(), Some(says));
        let beside = world.services.bucket.get("rejected/maya/roster.csv.reason.json").await;
        assert!(beside.is_err(), "nothing of it was refused");
        // The same roster, rewritten, changes nothing.
        drop_file(
            &world,
            "maya/roster.csv",
            "name,email\nTom Becker,tom@becker.example\nPriya Raman,priya@new.example\n",
        )
        .await;
        assert_eq!(scan(&world).await.applied, 1);
        assert_eq!(count(&world, "select count(*) from mails").await, 1);
    }
}

/// A file of many bad lines doesn't push out of the mail that letters go elsewhere now, or that somebody is called
/// otherwise.
#[tokio::test]
async fn changes_of_clients_come_before_all_problems() {
    let world = World::new().await;
    let bad: String = (0..80).map(|at| format!("Bad {at},not-an-address,,\n")).collect();
    let changed =
        "Tom Becker,tom@new.example,,\nPriya Raman-Lund,priya@raman.example,,Priya. Pay at http://evil.example\n";
    drop_file(&world, "maya/roster.csv", format!("name,email,aliases,greeting\n{bad}{changed}{bad}")).await;
    assert_eq!(scan(&world).await.applied, 1);
    let letter = letter(&world).await;
    assert!(letter.contains("email address changed"), "{letter}");
    assert!(letter.contains("the client Priya Raman is now called Priya Raman-Lund"), "{letter}");
    // No sentence gets into a greeting, and the coach reads why.
    let greetings = "select count(*) from clients where greeting is not null";
    assert_eq!(one::<i64>(&world, greetings).await, 0);
    let reason: String = one(&world, "select reason from bucket_objects where outcome = 'applied'").await;
    assert!(reason.contains("the greeting isn’t a name, so it isn’t used"), "{reason}");
}

#[tokio::test]
async fn the_coachs_own_line_is_no_client_and_is_told() {
    for line in [
        "Maya Okafor,maya@northlight.example",
        "Maya Okafor,",
        "\"Okafor, Maya\",maya@home.example",
        "MAYA  OKAFOR,maya@home.example",
        "Me,Maya@Northlight.example",
    ] {
        let world = World::new().await;
        let roster = format!("name,email\n{line}\nJonas Weber,jonas@client.example\nMaya Berg,berg@client.example\n");
        drop_file(&world, "maya/roster.csv", roster).await;
        assert_eq!(scan(&world).await.applied, 1);
        let clients = people::list_clients(&world.database.db, "maya").await.expect("clients");
        let names: Vec<&str> = clients.iter().map(|client| client.name.as_str()).collect();
        assert_eq!(names, ["Jonas Weber", "Maya Berg", "Priya Raman", "Tom Becker"], "{line}");
        let letter = letter(&world).await;
        assert!(letter.contains("line 2: this looks like the coach"), "{line}: {letter}");
    }
}
