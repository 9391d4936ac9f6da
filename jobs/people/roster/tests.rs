//! Rosters as people and tools write them, and what is read from each.

use super::*;

fn entry(line: u64, name: &str, email: Option<&str>, aliases: &[&str], tags: &[&str]) -> Entry {
    let own = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let email = email.map(Into::into);
    Entry { line, name: name.into(), email, greeting: None, aliases: own(aliases), tags: Some(own(tags)) }
}

fn good(text: &str) -> Roster {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Names and addresses, as `name <address>`.
fn people(roster: &Roster) -> Vec<String> {
    let one = |client: &Entry| format!("{} <{}>", client.name, client.email.as_deref().unwrap_or_default());
    roster.clients.iter().map(one).collect()
}

#[test]
fn a_plain_roster_is_read() {
    let roster = good("name,email,aliases,tags\nPriya Raman,Priya@Raman.example,Pri;PR,vip; new \nTom Becker,,,\n");
    assert_eq!((roster.problems.len(), roster.notes.len()), (0, 0));
    assert_eq!(
        roster.clients,
        [
            entry(2, "Priya Raman", Some("priya@raman.example"), &["Pri", "PR"], &["vip", "new"]),
            entry(3, "Tom Becker", None, &[], &[]),
        ]
    );
}

#[test]
fn spreadsheets_write_it_in_their_own_ways() {
    let entries = [entry(2, "Zoë Müller", Some("zoe@example.org"), &["Zo"], &[])];
    let text = "Tags;E-Mail;NAME;Alias\r\n;zoe@example.org;Zoë  Müller;Zo\r\n";
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let with_mark = format!("\u{feff}{text}").into_bytes();
    let windows = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let tabs = text.replace(';', "\t").into_bytes();
    let bars = text.replace(';', "|").into_bytes();
    let macintosh = text.replace("\r\n", "\r").into_bytes();
    for bytes in [text.as_bytes(), &with_mark, &utf16, &windows, &tabs, &bars, &macintosh] {
        let roster = read(bytes).expect("a roster");
        assert_eq!(
            (roster.clients.as_slice(), roster.problems.len(), roster.encoded),
            (&entries[..], 0, Encoded::Surely)
        );
    }
}

#[test]
fn the_line_that_says_the_separator_is_no_header() {
    for first in ["sep=;\r\n", "\u{feff}sep=;\r\n", "\"sep=;\"\r\n", "SEP=;\n", "\n\nsep=;\n"] {
        let roster = good(&format!(
            "{first}Name;Email;Aliases;\r\nPriya Raman;priya@client.example;Pri;\r\n\"Åsa Öberg\";;;\r\n"
        ));
        assert_eq!(people(&roster), ["Priya Raman <priya@client.example>", "Åsa Öberg <>"], "{first:?}");
        assert_eq!((roster.problems.len(), roster.notes.len()), (0, 0), "{first:?}");
        assert_eq!(roster.clients[0].line, 2 + first.matches('\n').count() as u64, "{first:?}");
    }
    // What it says isn't what the file does.
    assert_eq!(good("sep=,\nname;email\nAda;ada@client.example\n").clients.len(), 1);
    assert_eq!(people(&good("sep=\t\nname\temail\nAda\tada@client.example\n")), ["Ada <ada@client.example>"]);
}

#[test]
fn contact_books_and_booking_tools_are_read() {
    for (export, wanted) in [
        // Google Contacts, in its current and former format.
        (
            "First Name,Middle Name,Last Name,Name Prefix,Nickname,Organization Name,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Value\n\
             Leila,,Haddad,Dr,Lei,,,* myContacts,* Work,leila@client.example ::: l@second.example,Home,l@third.example,+46 70 0\n\
             Tom,van der,Berg,,,,,Clients ::: * myContacts,* ,tom@client.example,,,\n",
            &["Leila Haddad <leila@client.example>", "Tom van der Berg <tom@client.example>"][..],
        ),
        (
            "Name,Given Name,Additional Name,Family Name,Yomi Name,Nickname,Group Membership,E-mail 1 - Type,E-mail 1 - Value\n\
             Leila Haddad,Leila,,Haddad,,,Clients ::: * My Contacts,* Home,leila@client.example\n",
            &["Leila Haddad <leila@client.example>"],
        ),
        // Outlook.
        (
            "First Name,Middle Name,Last Name,Title,Suffix,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,Company\n\
             Leila,,Haddad,,,leila@client.example,SMTP,Leila Haddad,,Acme\n",
            &["Leila Haddad <leila@client.example>"],
        ),
        (
            "Vorname;Nachname;Firma;E-Mail-Adresse\nSofia;Meier;;sofia@client.example\n",
            &["Sofia Meier <sofia@client.example>"],
        ),
        ("Name;Vorname;E-Mail\nMeier;Sofia;sofia@client.example\n", &["Sofia Meier <sofia@client.example>"]),
        ("Nom;Prénom;Courriel\nDubois;Claire;claire@client.example\n", &["Claire Dubois <claire@client.example>"]),
        (
            "Nombre,Apellidos,Correo electrónico\nCarmen,Díaz Soto,carmen@client.example\n",
            &["Carmen Díaz Soto <carmen@client.example>"],
        ),
        ("Фамилия;Имя;Электронная почта\nОрлов;Павел;pavel@client.example\n", &["Павел Орлов <pavel@client.example>"]),
        ("姓,名,メールアドレス\n田中,太郎,t@client.example\n", &["田中太郎 <t@client.example>"]),
        // HubSpot, Calendly, Apple.
        (
            "Record ID,First Name,Last Name,Email,Email Domain,Create Date\n12,Leila,Haddad,leila@client.example,client.example,2026\n",
            &["Leila Haddad <leila@client.example>"],
        ),
        (
            "Event Type Name,Invitee Name,Invitee First Name,Invitee Last Name,Invitee Email,Start\n\
             Session,Leila Haddad,,,leila@client.example,2026-11-17\n",
            &["Leila Haddad <leila@client.example>"],
        ),
        // A title above the header, and a column of addresses without a header.
        (
            "Contacts of 17 November\n\nFULL NAME,How to reach\nLeila Haddad,leila@client.example\n",
            &["Leila Haddad <leila@client.example>"],
        ),
    ] {
        let roster = good(export);
        assert_eq!(people(&roster), wanted, "{export}");
        assert_eq!(roster.problems, Vec::<String>::new(), "{export}");
    }
    let labels = good("Name,Labels\nAda,Clients ::: * myContacts\n");
    assert_eq!(labels.clients[0].tags.as_deref(), Some(&["Clients".to_owned()][..]));
}

#[test]
fn bad_lines_are_named_and_a_bad_address_drops_nobody() {
    let roster = good(
        "name,email,phone\nAda,ada@example.org,1\n,nobody@example.org,2\nBob,not an address,3\n\nCy,ada@EXAMPLE.org ,\nDee\nada,,\n",
    );
    assert_eq!(people(&roster), ["Ada <ada@example.org>", "Bob <>", "Dee <>"]);
    assert_eq!(
        roster.problems,
        [
            "line 3: the name is missing, so the line is skipped",
            "line 4: the email isn’t a valid address; the client is kept without a new one",
            "line 6: the email is already in line 2: both count as one client, as in that line",
            "line 8: the name is already in line 2, and there aren’t two addresses to tell two people apart: both count as one \
             client, as in that line",
        ]
    );
    assert_eq!(
        roster.notes,
        ["line 1: 1 column isn’t used; only those for names, email, aliases, tags and greeting are"]
    );
    // Two people with the same name are told apart by their addresses.
    assert_eq!(good("name,email\nAda,a@example.org\nAda,b@example.org\n").clients.len(), 2);
}

#[test]
fn what_nobody_sees_is_no_part_of_a_name_or_an_address() {
    let roster = good(
        "name,email\n\u{200b}Leila\u{a0}Haddad\u{200f},\u{200b}leila@client.example\u{a0}\nTom,mailto:TOM@client.example;\n",
    );
    assert_eq!(people(&roster), ["Leila Haddad <leila@client.example>", "Tom <tom@client.example>"]);
}

#[test]
fn the_roster_may_say_how_somebody_is_addressed() {
    for (text, wanted) in [
        ("name,greeting\nNguyễn Thị Lan,Lan\n", Some("Lan")),
        ("name,called\nWilliam Smith,Dear Bill,\n", Some("Bill")),
        ("name;Anrede\nSofia Meier;Sehr geehrte Frau Meier\n", Some("Frau Meier")),
        ("Vorname;Nachname;Anrede\nSofia;Meier;Frau\n", Some("Frau Meier")),
        ("name;Anrede\nSofia Meier;Frau\n", None),
        ("name,Preferred Name\nSofia Meier,\n", None),
        ("name,Preferred Name\nSofia Meier,Sofi\n", Some("Sofi")),
    ] {
        assert_eq!(good(text).clients[0].greeting.as_deref(), wanted, "{text}");
    }
}

#[test]
fn an_encoding_in_doubt_is_told_by_names_that_are_known() {
    let bytes = encoding_rs::WINDOWS_1250.encode("name;email\nJiří Dvořák;jiri@client.example\n").0;
    let known = ["Jiří".to_owned(), "Maya Okafor".to_owned()];
    let roster = read_beside(&bytes, &known).expect("a roster");
    assert_eq!(
        (people(&roster), roster.encoded),
        (vec!["Jiří Dvořák <jiri@client.example>".to_owned()], Encoded::Surely)
    );
    assert!(matches!(read(&bytes).expect("a roster").encoded, Encoded::Perhaps(_)));
}

#[test]
fn a_field_in_quotation_marks_may_hold_line_breaks() {
    for (text, wanted) in [
        (
            "name,email,address\n\"Priya\nRaman\",priya@client.example,\"12 High Street\nLondon\"\nTom Becker,tom@client.example,\n",
            &["Priya Raman <priya@client.example>", "Tom Becker <tom@client.example>"][..],
        ),
        (
            "name;email\r\n\"Raman,\r\nPriya\";\"priya@client.example\r\n\"\r\nTom;tom@client.example\r\n",
            &["Raman, Priya <priya@client.example>", "Tom <tom@client.example>"],
        ),
        // Whatever the lines of a name are: no line of the file is lost.
        (
            "name,email\r\nAda,ada@client.example\r\n\"Eve\r\nBcc: v@x.example\",eve@client.example\r\nTom,tom@client.example\r\n",
            &["Ada <ada@client.example>", "Eve Bcc: v@x.example <eve@client.example>", "Tom <tom@client.example>"],
        ),
        (
            "name,email\n\"Eve\n(eve@work.example)\",eve@client.example\n",
            &["Eve (eve@work.example) <eve@client.example>"],
        ),
        ("\"Full\nName\",\"E-mail\naddress\"\nAda,ada@client.example\n", &["Ada <ada@client.example>"]),
        ("Notes,name\n\"one\n\nthree \"\"four\"\"\",Ada\n\"five\nsix\",Bob", &["Ada <>", "Bob <>"]),
    ] {
        let roster = good(text);
        assert_eq!(
            (people(&roster), roster.problems.as_slice()),
            (wanted.iter().map(|it| (*it).into()).collect(), &[][..]),
            "{text}"
        );
    }
    let several = good("name,email,aliases\nAda,\"ada@client.example\nada@second.example\",\"Countess\nAL\"\n");
    assert_eq!(people(&several), ["Ada <ada@client.example>"]);
    assert_eq!(several.clients[0].aliases, ["Countess", "AL"]);
    assert_eq!(several.notes, ["line 2: there are several email addresses; the first is used"]);
}

#[test]
fn a_quotation_mark_that_is_never_closed_is_named() {
    let roster = good("name,email\nAda,ada@example.org\n\"Bob,bob@example.org\nCy,cy@example.org\n");
    assert_eq!(roster.clients.len(), 1);
    assert_eq!(roster.problems, ["line 3: a quotation mark is opened but not closed; everything after it is lost"]);
    for (text, clients, problem) in [
        // It swallows a later field's opening one.
        (
            "name,email\n\"Bob,bob@example.org\nCy,cy@example.org\n\"Dan\",dan@example.org\nEve,eve@example.org\n",
            &["Eve <eve@example.org>"][..],
            "line 2: a quotation mark is opened but not closed; everything before line 5 is lost",
        ),
        (
            "name,email\n\"Bob,bob@example.org\nCy\",cy@example.org\nDan,dan@example.org\n",
            &["Dan <dan@example.org>"],
            "line 2: a quotation mark is opened but not closed; everything before line 4 is lost",
        ),
        // Even in an unused column it swallows other lines.
        (
            "name,email,notes\nAda,ada@example.org,\"said no\nBob,bob@example.org,\n",
            &["Ada <ada@example.org>"],
            "line 2: a quotation mark is opened but not closed; everything after it is lost",
        ),
        (
            "name,email\nAda,ada@example.org\n\"Bob,bob@example.org",
            &["Ada <ada@example.org>"],
            "line 3: a quotation mark is opened but not closed; everything after it is lost",
        ),
    ] {
        let roster = good(text);
        assert_eq!(people(&roster), clients, "{text}");
        assert_eq!(roster.problems, [problem], "{text}");
    }
}

#[test]
fn what_is_no_roster_says_what_to_do() {
    for bytes in [
        &b""[..],
        b"Priya,priya@raman.example\n",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n",
        b"\xff\xfe",
        b"sep=;",
        b"sep=;\n",
        b"email\npriya@raman.example\n",
    ] {
        assert_eq!(read(bytes), Err(RosterError::NoNameColumn), "{bytes:?}");
    }
}

#[test]
fn a_large_roster_is_read_quickly_and_cut_where_it_is_no_roster() {
    let mut text = "name,email\n".to_owned();
    for number in 0..30_000 {
        text.push_str(&format!("Client {number},c{number}@client.example\n"));
    }
    let start = std::time::Instant::now();
    let roster = good(&text);
    assert_eq!((roster.clients.len(), roster.problems.len()), (MOST_LINES, 1));
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
