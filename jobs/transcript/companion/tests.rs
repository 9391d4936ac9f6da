//! Chats and lists of participants, in the forms in which tools write them.

use super::{Attendee, Companion, Message, read};

fn people(text: &[u8]) -> Vec<(String, String, Option<i64>)> {
    match read(text, "participants.csv") {
        Some(Companion::Participants(people)) => people
            .into_iter()
            .map(|one| (one.name.unwrap_or_default(), one.email.unwrap_or_default(), one.seconds))
            .collect(),
        other => panic!("no participants: {other:?}"),
    }
}

fn chat(text: &str, file: &str) -> Vec<(String, Option<String>, Option<i64>, String)> {
    match read(text.as_bytes(), file) {
        Some(Companion::Chat(messages)) => messages
            .into_iter()
            .map(|Message { author, recipient, at_ms, text }| (author, recipient, at_ms, text))
            .collect(),
        other => panic!("no chat: {other:?}"),
    }
}

fn person(name: &str, email: &str, seconds: i64) -> (String, String, Option<i64>) {
    (name.to_owned(), email.to_owned(), Some(seconds))
}

#[test]
fn participants_are_read_as_the_tools_write_them() {
    let zoom = "\u{feff}Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants,\n\
        1,Coaching,11/03/2026,11/03/2026,maya@northlight.example,45,3,\n\n\
        Name (Original Name),User Email,Total Duration (Minutes),Guest\n\
        Maya Okafor,Maya@northlight.example,45,No\nPri (Priya Raman),priya@raman.example,20,Yes\n\
        Pri (Priya Raman),priya@raman.example,24,Yes\n\"Becker, Tom\",,44,Yes\n";
    let expected = [
        person("Maya Okafor", "maya@northlight.example", 2700),
        person("Pri (Priya Raman)", "priya@raman.example", 2640),
        person("Becker, Tom", "", 2640),
    ];
    assert_eq!(people(zoom.as_bytes()), expected);
    let Some(Companion::Participants(found)) = read(zoom.as_bytes(), "x.csv") else { panic!("it is a list") };
    assert_eq!(found[1].other_names, ["Pri", "Priya Raman"]);

    let teams = "1. Summary\r\nMeeting title\tCoaching\r\nAttended participants\t2\r\n\r\n2. Participants\r\n\
        Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole\r\n\
        Maya Okafor\t11/3/26, 2:00:01 PM\t11/3/26, 2:45:01 PM\t45m\tmaya@northlight.example\tmaya@x.example\tOrganizer\r\n\
        Priya Raman\t11/3/26, 2:00:11 PM\t11/3/26, 2:45:01 PM\t1h 2m 3s\tpriya@raman.example\t\tPresenter\r\n\r\n\
        3. In-Meeting Activities\r\nName\tJoin Time\tLeave Time\tDuration\r\nMaya Okafor\t1\t2\t45m\r\n";
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(teams.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let expected =
        [person("Maya Okafor", "maya@northlight.example", 2700), person("Priya Raman", "priya@raman.example", 3723)];
    assert_eq!(people(&utf16), expected);

    let meet = "First name,Last name,Email,Duration,Time joined,Time exited\nPriya,Raman,priya@raman.example,44 min,14:00,14:44\n";
    assert_eq!(people(meet.as_bytes()), [person("Priya Raman", "priya@raman.example", 2640)]);
    let spanish = include_bytes!("../../../fixtures/parse/not_zoom_participants_localised/input.csv");
    assert_eq!(
        people(spanish),
        [
            person("Ana Lopez", "ana@example.org", 2700),
            person("Berg, Tom", "tom@example.org", 2640),
            person("iPad", "", 2580)
        ]
    );
}

#[test]
fn chats_are_read_as_the_tools_write_them() {
    let said = |author: &str, to: Option<&str>, at_ms: i64, text: &str| {
        (author.to_owned(), to.map(str::to_owned), Some(at_ms), text.to_owned())
    };
    let clock = |hours: i64, minutes: i64, seconds: i64| ((hours * 60 + minutes) * 60 + seconds) * 1000;
    let tabs = "00:01:34\tnils:\tHello\n00:02:10\tAna Lopez:\tThe link: https://example.org\nand more\n";
    let expected = [
        said("nils", None, clock(0, 1, 34), "Hello"),
        said("Ana Lopez", None, clock(0, 2, 10), "The link: https://example.org\nand more"),
    ];
    assert_eq!(chat(tabs, "chat.txt"), expected);
    let saved = "09:30:12 From Ana Lopez to Everyone:\n\tHello: all\n09:30:20 From Tom Berg to Ana Lopez (Direct Message):\n\
        \tHi\n\tthere\n09:30:28 From  nils  to  Everyone : Reacted\n";
    let expected = [
        said("Ana Lopez", None, clock(9, 30, 12), "Hello: all"),
        said("Tom Berg", Some("Ana Lopez"), clock(9, 30, 20), "Hi\nthere"),
        said("nils", None, clock(9, 30, 28), "Reacted"),
    ];
    assert_eq!(chat(saved, "meeting_saved_chat.txt"), expected);
    let webex = "from Priya Raman to everyone:    2:05 PM\nHello\nfrom Maya Okafor to Priya Raman:    12:10 AM\nHi\n";
    let expected = [
        said("Priya Raman", None, clock(14, 5, 0), "Hello"),
        said("Maya Okafor", Some("Priya Raman"), clock(0, 10, 0), "Hi"),
    ];
    assert_eq!(chat(webex, "chat.txt"), expected);
    let meet = "0:00:05.000,0:00:06.000\nPriya Raman: Hello\n\n0:00:09.000,0:00:10.000\nMaya Okafor: Hi\n";
    let expected = [said("Priya Raman", None, 5000, "Hello"), said("Maya Okafor", None, 9000, "Hi")];
    assert_eq!(chat(meet, "Priya (2026-11-03 at 14:00 GMT) - Chat.sbv"), expected);
    assert_eq!(read(meet.as_bytes(), "Chat with Priya.sbv"), None, "captions are speech");
}

#[test]
fn those_who_write_were_there() {
    let Some(companion) = read(b"00:01:34\tnils:\tHello\n00:02:10\tnils:\tHi\n", "chat.txt") else { panic!("a chat") };
    let nils = Attendee { name: Some("nils".into()), was_there: true, ..Attendee::default() };
    assert_eq!(companion.attendees(), [nils]);
}

#[test]
fn what_is_neither_is_left_to_the_parser() {
    for text in [
        "WEBVTT\n\n00:01.000 --> 00:02.000\nMaya: Hello\n",
        "name,email,aliases,tags\nPriya Raman,priya@raman.example,Pri,vip\n",
        "Name,Start Time,Leave,Text\nMaya,00:01,00:02,Hello\n",
        "[00:01] Maya: I will join.\n[00:02] Priya: Name, duration, email.\n",
        "",
    ] {
        assert_eq!(read(text.as_bytes(), "x.csv"), None, "{text}");
    }
    assert_eq!(read(b"PK\x03\x04", "chat.txt"), None);
}

#[test]
fn what_bots_write_is_no_list_of_participants() {
    let line = |at: usize| {
        let name = ["Ana Ruiz", "Tom Berg"][at % 2];
        format!(
            "{{\"ts\": {}, \"name\": \"{name}\", \"text\": \"We will join them, or leave, at noon.\"}}\n",
            1_795_167_072_000 + at * 5_000
        )
    };
    let file: String = (0..12).map(line).collect();
    assert!(read(file.as_bytes(), "events.jsonl").is_none());
    assert_eq!(crate::parse(file.as_bytes()).map(|read| read.utterances.len()), Ok(12));
}
