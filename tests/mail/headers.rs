//! Names and addresses in the headers of a mail, whatever somebody typed.

use debrief_jobs::mail::{self, Message, Recipient, SendMail, queue_mail};

use super::{attempt, mailing_world, queue, review_request};
use crate::support::{Letter, World, letters_in};

#[tokio::test]
async fn a_name_cannot_become_a_header_or_a_second_recipient() {
    let (world, smtp) = mailing_world().await;
    let mut mail = review_request(&world, "maya");
    mail.to.name = "Maya\r\nBcc: thief@evil.example\r\n\r\nHello".into();
    mail.reply_to = Some(Recipient { name: "A\nX-Evil: 1".into(), email: "maya@northlight.example".into() });
    if let Message::ReviewRequest(request) = &mut mail.message {
        request.title = "Lunch\r\nX-Evil: 1\r\n\r\n<b>".into();
    }
    queue(&world, mail).await.expect("a new mail");
    attempt::<SendMail>(&world).await.expect("it is sent");

    let [letter]: [Letter; 1] = smtp.letters().try_into().expect("one letter");
    assert_eq!(letter.to, ["maya@northlight.example"]);
    assert_eq!(letter.header("Bcc"), Vec::<&str>::new());
    assert_eq!(letter.header("X-Evil"), Vec::<&str>::new());
    assert_eq!(letter.header("Subject"), ["2 summaries to review: Lunch X-Evil: 1 <b>, Tue 3 Nov"]);
}

/// Whatever the name, a header contains one mailbox with that name, and the address stands alone.
#[tokio::test]
async fn every_name_is_one_mailbox_in_every_header() {
    let from = "Zoë Ångström, PCC (Größe & Co) <debrief@northlight.example>";
    let world = World::with(|settings| settings.mail.from = from.into()).await;
    let (long, plain) = ("Élodie ".repeat(28), "Ada ".repeat(50));
    let names = [
        "Maya Okafor",
        "Lefèvre, Élodie (Direction, Études)",
        "Okafor, Maya",
        "Dana \"Dee\" Whitfield",
        "Back\\slash, \"Q\"",
        "Zoë \"Z\" Åström",
        "A <b@evil.example>",
        "Zoë <b@evil.example>, c@evil.example",
        "Nguyễn Thị Lan",
        "王小明",
        "Priya 🌸",
        "👩‍👩‍👧 Family",
        "محمد علي",
        "דנה כהן",
        "=?utf-8?q?x?=",
        "a@b.example",
        "Semi; colon: group",
        "O'Brien & Sons",
        long.trim(),
        plain.trim(),
        "(comment)",
    ];
    for name in names {
        let mut mail = review_request(&world, "maya");
        mail.to.name = name.into();
        mail.reply_to = Some(Recipient { name: name.into(), email: "reply@northlight.example".into() });
        queue(&world, mail).await.expect("a new mail");
        attempt::<SendMail>(&world).await.expect("it is sent");
    }
    let letters = letters_in(&world.folder.path().join("mail"));
    assert_eq!(letters.len(), names.len());
    for (name, letter) in names.iter().zip(&letters) {
        let one = |name: &str, address: &str| vec![(name.to_owned(), address.to_owned())];
        // A name in several encoded words: RFC 2047 drops the space between them, and Python's parser keeps it.
        let words = name.len().div_ceil(42);
        let read = |header: &str| -> Vec<(String, String)> {
            let boxes = letter.mailboxes[header].iter();
            boxes
                .map(|(name, address)| (if words > 1 { name.replace(' ', "") } else { name.clone() }, address.clone()))
                .collect()
        };
        let name = if words > 1 { name.replace(' ', "") } else { (*name).to_owned() };
        assert_eq!(read("To"), one(&name, "maya@northlight.example"));
        assert_eq!(read("Reply-To"), one(&name, "reply@northlight.example"));
        assert_eq!(letter.mailboxes["From"], one("Zoë Ångström, PCC (Größe & Co)", "debrief@northlight.example"));
    }
    for file in std::fs::read_dir(world.folder.path().join("mail")).expect("the folder") {
        let raw = std::fs::read_to_string(file.expect("a file").path()).expect("mail is text");
        let headers = raw.split("\r\n\r\n").next().expect("headers");
        for address in ["<maya@northlight.example>", "<reply@northlight.example>", "<debrief@northlight.example>"] {
            assert!(headers.contains(address), "the address stands as it is: {headers}");
        }
        assert!(headers.lines().all(|line| line.len() <= 78 || !line.contains("=?")), "{headers}");
    }
}

#[tokio::test]
async fn marks_that_turn_text_around_and_control_characters_are_in_no_header() {
    let world = World::new().await;
    let mut mail = review_request(&world, "maya");
    mail.to.name = "Ma\u{202e}ya\u{7}\tOkafor\u{0}\r\nBcc: thief@evil.example".into();
    queue(&world, mail).await.expect("a new mail");
    attempt::<SendMail>(&world).await.expect("it is sent");
    let [letter]: [Letter; 1] = letters_in(&world.folder.path().join("mail")).try_into().expect("one letter");
    assert_eq!(letter.mailboxes["To"][0].0, "Maya Okafor Bcc: thief@evil.example");
    assert_eq!((letter.mailboxes["To"].len(), letter.header("Bcc").len()), (1, 0));
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_before_the_ledger() {
    let world = World::new().await;
    for email in ["", "maya", "maya@", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example"] {
        let mut mail = review_request(&world, "maya");
        mail.to.email = email.into();
        let mut tx = world.services.db.tenant(world.organization).await.expect("a transaction");
        let post = &world.services.desk.post;
        let refused = queue_mail(&mut tx, post, mail).await;
        assert!(matches!(refused, Err(mail::MailError::Recipient)), "{email:?}: {refused:?}");
    }
}
