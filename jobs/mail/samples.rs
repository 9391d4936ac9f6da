//! Every kind of mail by its sample: what it must say, and that it reads as it was approved.

use std::collections::BTreeSet;

use super::{AccountChange, AccountChanged, Message, SignInLink, render};
use crate::template::Templates;

const LINK: &str = "https://debrief.example/r/rl_Zk3vQ0m1bYt8hXw2";

/// The subject of a kind's sample, and what a reader must find in its text and in its HTML.
fn expected(message: &Message) -> (&'static str, &'static [&'static str]) {
    match message {
        Message::ReviewRequest(_) => (
            "2 summaries to review: Team alignment, third session, Tue 3 Nov",
            &["Priya Raman and Tom Becker", "Ada Lindqvist", LINK, "Friday 13 November 2026"],
        ),
        Message::SpeakersNeeded(_) => {
            ("Who was speaking? Intro call on Zoom, Tue 3 Nov", &["2 speakers", LINK, "Tuesday 3 November 2026"])
        }
        Message::SessionRejected(_) => {
            ("We couldn't read session-priya.vtt", &["a recording, not a transcript", "Export the transcript"])
        }
        Message::SessionFailed(_) => (
            "Couldn't finish: Team alignment, third session, Tue 3 Nov",
            &["summarize the session", "Nothing is lost."],
        ),
        Message::FollowUp(_) => (
            "Our session on Tuesday 3 November 2026",
            &[
                "Hello Priya,",
                "You said no to the second project",
                "Handing work to Jonas",
                "Tuesday 10 November 2026",
                "I’ll do this by Thursday 5 November",
                "Keep Friday mornings free",
                "Northlight Coaching",
            ],
        ),
        Message::WeeklyRollup(_) => (
            "Your week: 5 sessions, 2–8 November",
            &["3 h 17 min", "Tom Becker", "64%", "was due Wed 4 Nov", "due Tue 10 Nov", "Ada Lindqvist"],
        ),
        Message::WrongWords(_) => (
            "A follow-up contained someone else's words: Team alignment, third session, Tue 3 Nov",
            &["Tom Becker", LINK],
        ),
        Message::RosterProblems(_) => (
            "Your client list: 4 lines to check",
            &["11 clients", "roster.csv", "line 4: the email isn’t a valid address", "and 2 more", "Zoë Åström"],
        ),
        Message::WebhookPaused(_) => (
            "A webhook is paused: crm.northlight.example",
            &[
                "Contacts in the CRM",
                "Tuesday 3 November 2026",
                "4 events wait",
                "12 were given up",
                "debrief webhooks resume 019a4c7e",
            ],
        ),
        Message::SignInLink(_) => (
            "Your link to sign in to Debrief",
            &[
                "Northlight Coaching",
                "Harbour Leadership",
                "https://debrief.example/sign-in/link/dbo_Zk3vQ0m1bYt8hXw2",
                "15 minutes",
                "People of Fjord Partners sign in with Fjord ID",
                "https://debrief.example/sign-in/with/fjord",
            ],
        ),
        Message::Invitation(_) => (
            "You're invited to Northlight Coaching on Debrief",
            &[
                "Maya Okafor invites you",
                "https://debrief.example/invitation/dbo_Zk3vQ0m1bYt8hXw2",
                "Friday 13 November 2026",
            ],
        ),
        Message::ConfirmAddress(_) => (
            "Please confirm: a new email address for your Debrief account",
            &["maya@okafor.example", "https://debrief.example/address/dbo_Zk3vQ0m1bYt8hXw2", "stop the change"],
        ),
        Message::AccountChanged(_) => (
            "Your Debrief account was changed",
            &["The password was changed.", "set another password, which signs everybody else out"],
        ),
    }
}

#[test]
fn every_mail_says_what_it_must() {
    for message in Message::samples() {
        let (subject, words) = expected(&message);
        let rendered = render(&Templates::new(), &message).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rendered.subject, subject);
        let html = rendered.html.expect("the HTML can be made");
        let flowing = rendered.text.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(flowing.contains(word), "{word} is missing in the text of {}:\n{}", message.kind(), rendered.text);
            assert!(html.contains(word), "{word} is missing in the HTML of {}", message.kind());
        }
        assert!(!html.contains("<mj-"), "all MJML of {} is rendered", message.kind());
        assert!(!html.contains("googleapis"), "{} loads nothing from elsewhere", message.kind());
        assert!(!rendered.text.contains("\n\n\n"), "no holes in the text of {}:\n{}", message.kind(), rendered.text);
    }
}

/// Whoever finds a lock changed gets no advice that needs the old key.
#[test]
fn the_mail_about_a_change_says_what_helps_against_that_change() {
    let link = "https://debrief.example/sign-in";
    for (change, helps, leads_in) in [
        (AccountChange::PasswordSet, "set another password", true),
        (AccountChange::PasswordChanged, "set another password", true),
        (AccountChange::FactorSet, "can reset the second factor", false),
        (AccountChange::FactorRemoved, "set up a second factor again", true),
        (AccountChange::FactorReset, "sign in without a code", true),
        (AccountChange::CodesMade, "make new recovery codes once more", true),
        (AccountChange::CodeUsed, "make new recovery codes", true),
        (AccountChange::PasskeyAdded, "remove it on your account page", true),
        (AccountChange::PasskeyRemoved, "set another password", true),
        (AccountChange::ProviderConnected, "can disconnect it", false),
        (AccountChange::ProviderDisconnected, "sign in there with the account that is yours", true),
        (AccountChange::AddressChanged, "this mailbox no longer lets you in", false),
        (AccountChange::AddressGiven, "this mailbox no longer lets you in", false),
    ] {
        let mail = AccountChanged::new("Maya Okafor", "Northlight Coaching", change, None, link.into());
        let rendered = render(&Templates::new(), &Message::AccountChanged(mail)).expect("it renders");
        let html = rendered.html.expect("the HTML can be made");
        let flowing = rendered.text.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in [&flowing, &html] {
            assert!(text.contains(helps), "{change:?}: {text}");
            assert!(text.contains("tell an admin of your organization"), "{change:?}: {text}");
            assert_eq!(text.contains(link), leads_in, "{change:?}: {text}");
        }
        assert!(!rendered.text.contains("\n\n\n"), "{change:?}: {}", rendered.text);
    }
}

/// Where the provider is the only way in, no advice leads to a mailed link or a password.
#[test]
fn the_mail_about_a_change_helps_where_the_provider_is_the_only_way_in_as_well() {
    let link = "https://debrief.example/sign-in/with/fjord";
    for (change, helps, leads_in) in [
        (AccountChange::PasswordSet, "sign out everywhere", true),
        (AccountChange::PasswordChanged, "sign out everywhere", true),
        (AccountChange::FactorSet, "can reset the second factor. Then sign in with Fjord ID", false),
        (AccountChange::FactorRemoved, "sign in with Fjord ID, look at your second factor", true),
        (AccountChange::FactorReset, "sign in with Fjord ID", true),
        (AccountChange::CodeUsed, "make new recovery codes on your account page", true),
        (AccountChange::CodesMade, "make new recovery codes once more", true),
        (AccountChange::PasskeyAdded, "remove that passkey on your account page", true),
        (AccountChange::PasskeyRemoved, "sign in with Fjord ID, look at your second factor", true),
        (AccountChange::ProviderConnected, "can disconnect it", false),
        (AccountChange::ProviderDisconnected, "sign in there with the account that is yours", true),
        (AccountChange::AddressChanged, "you sign in with Fjord ID as before", false),
        (AccountChange::AddressGiven, "you sign in with Fjord ID as before", false),
    ] {
        let mail = AccountChanged::new("Maya Okafor", "Fjord Partners", change, Some("Fjord ID"), link.into());
        let rendered = render(&Templates::new(), &Message::AccountChanged(mail)).expect("it renders");
        let flowing = rendered.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.contains(helps), "{change:?}: {flowing}");
        assert!(flowing.contains("tell an admin of your organization"), "{change:?}: {flowing}");
        assert!(!flowing.contains("mailed link") && !flowing.contains("another password"), "{change:?}: {flowing}");
        assert_eq!(flowing.contains(link), leads_in, "{change:?}: {flowing}");
    }
}

/// Where no link is in the mail, it doesn't say that there is one.
#[test]
fn a_mail_that_only_names_the_provider_says_so() {
    let sample = SignInLink { links: Vec::new(), ..SignInLink::sample() };
    let rendered = render(&Templates::new(), &Message::SignInLink(sample)).expect("it renders");
    assert_eq!(rendered.subject, "How to sign in to Debrief");
    let html = rendered.html.expect("the HTML can be made");
    for text in [rendered.text, html].map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")) {
        assert!(text.contains("Fjord ID") && text.contains("this email lets nobody in"), "{text}");
        assert!(!text.contains("nobody gets in without") && !text.contains("works once"), "{text}");
    }
}

/// `fixtures/mail/<kind>.txt` is the sample's subject and text as they go out, `<kind>.html` its HTML with a tag on each
/// line. With `UPDATE_FIXTURES=1` both are written again, to be read before they are committed.
#[test]
fn every_mail_is_as_it_was_read_and_approved() {
    let mut files = BTreeSet::new();
    for message in Message::samples() {
        let rendered = render(&Templates::new(), &message).unwrap_or_else(|error| panic!("{error}"));
        let text = format!("Subject: {}\n\n{}\n", rendered.subject, rendered.text);
        let html = rendered.html.expect("the HTML can be made").replace("><", ">\n<");
        for (extension, got) in [("txt", text), ("html", format!("{html}\n"))] {
            let name = format!("{}.{extension}", message.kind());
            let file = format!("{}/../fixtures/mail/{name}", env!("CARGO_MANIFEST_DIR"));
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                std::fs::write(&file, &got).expect("fixtures/mail is writable");
            }
            let expect = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(got, expect, "{file}");
            files.insert(name);
        }
    }
    assert_eq!(names_in("fixtures/mail", &[]), files, "each file is a sample's");
    let kinds: BTreeSet<String> = Message::samples().iter().map(|message| message.kind().to_owned()).collect();
    assert_eq!(names_in("templates/mail", &["layout.mjml"]), kinds, "each mail has a sample");
}

/// The names in a folder of the project, without those in `but`.
fn names_in(folder: &str, but: &[&str]) -> BTreeSet<String> {
    let folder = format!("{}/../{folder}", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"));
    names.filter(|name| !but.contains(&name.as_str())).collect()
}
