//! Labels and who they are.

mod accounts;

use std::collections::HashMap;

use uuid::Uuid;

use super::*;
use crate::{
    attribute::{Alias, Attended, Person, roles},
    names,
};

const PRIYA: Who = Who::Client(Uuid::from_u128(1));
const TOM: Who = Who::Client(Uuid::from_u128(2));
const ANNA: Who = Who::Client(Uuid::from_u128(3));
const ANNA_TWO: Who = Who::Client(Uuid::from_u128(4));
const MILEN: Who = Who::Client(Uuid::from_u128(5));

fn people() -> People {
    let person = |who, name: &str, email| Person::new(who, name.into(), Some(email));
    let alias = |name: &str, who, by_correction| {
        (names::alias_key(name), Alias { who, written: name.to_owned(), by_correction })
    };
    People {
        people: vec![
            person(Who::Coach, "Maya Okafor", "maya@northlight.example"),
            person(PRIYA, "Priya Raman", "priya@raman.example"),
            person(TOM, "Tom Becker", "tom@becker.example"),
            person(ANNA, "Anna Lindqvist", "anna@lindqvist.example"),
            person(ANNA_TWO, "Anna Larsson", "anna@larsson.example"),
            person(MILEN, "milen | Erigon", "milen@erigon.example"),
        ],
        aliases: HashMap::from([
            alias("PR", PRIYA, false),
            alias("Felix (Geth)", TOM, true),
            alias("Jo from HR", Who::Guest, true),
        ]),
        named: HashMap::from([("Speaker 9".to_owned(), TOM)]),
        ..People::default()
    }
}

/// A label in a session with the coach, and nobody else.
fn resolve_one(label: &str) -> Resolution {
    let found = resolve_all(&[label, "Maya Okafor"]);
    let alone = resolve_all(&[label, "Priya Raman"]);
    let is_coachs = ["maya", "coach"].iter().any(|word| label.to_lowercase().starts_with(word));
    if is_coachs { alone[0].clone() } else { found[0].clone() }
}

fn resolve_all(labels: &[&str]) -> Vec<Resolution> {
    let labels: Vec<Label> = labels.iter().map(|label| Label { label: (*label).to_owned(), words: 10 }).collect();
    resolve(&labels, &[], &people())
}

#[test]
fn labels_that_are_sure() {
    for (label, who) in [
        ("Priya Raman", PRIYA),
        ("PRIYA RÁMAN", PRIYA),
        ("Raman, Priya", PRIYA),
        ("Dr. Priya Raman (she/her)", PRIYA),
        ("Priya Raman | Acme", PRIYA),
        ("Acme - Priya Raman", PRIYA),
        ("@pri / Priya Raman (EIP-1)", PRIYA),
        ("Pri (Priya Raman)", PRIYA),
        ("Priya K. Raman", PRIYA),
        ("priyaraman", PRIYA),
        ("priya.raman", PRIYA),
        ("Priya R.", PRIYA),
        ("P. Raman", PRIYA),
        ("Priya", PRIYA),
        ("Priya 🌸", PRIYA),
        ("Priya's iPhone", PRIYA),
        ("Priyas iPhone", PRIYA),
        ("Tom Becker’s iPad (2)", TOM),
        ("pr", PRIYA),
        ("priya@raman.example", PRIYA),
        ("P (Priya@Raman.example)", PRIYA),
        ("felix  (geth)", TOM),
        ("Felix", TOM),
        ("Томас Becker", TOM),
        ("praman", PRIYA),
        ("Speaker 9", TOM),
        ("Maya", Who::Coach),
        ("Coach", Who::Coach),
        ("Maya Okafor, PCC", Who::Coach),
        ("Coach Maya", Who::Coach),
        ("Jo from HR", Who::Guest),
        ("Anna Li Lindqvist", ANNA),
        ("Tom Becker (Guest)", TOM),
        ("Becker, Tom (Guest)", TOM),
        ("Tom Becker (Unverified)", TOM),
        ("Tom Becker (Extern)", TOM),
        ("Tom Becker (来宾)", TOM),
        ("Tom Becker (Host, me)", TOM),
        ("Priya Raman External unfamiliar", PRIYA),
        ("Priya (Guest)", PRIYA),
        ("Milen | Erigon", MILEN),
    ] {
        let found = resolve_one(label);
        assert_eq!(found.who, Some(who), "{label}: {found:?}");
        assert!(found.confidence >= THRESHOLD && found.reason.ends_with('.'), "{found:?}");
    }
}

#[test]
fn labels_that_a_person_must_name() {
    for (label, suggestion) in [
        ("Anna", None),
        ("Anna L.", None),
        ("Priya Sharma", None),
        ("Priya & Tom", None),
        ("Priya Raman / Tom Becker", None),
        ("Maya and Tom Becker", None),
        ("Felix (Besu)", None),
        ("Speaker 1", None),
        ("Speaker A", None),
        ("Unknown Speaker", None),
        ("Client", None),
        ("iPhone", None),
        ("", None),
        ("P", None),
        ("R. Becker", None),
        ("T. Beck", None),
        ("Becker", None),
        ("tom@other.example", None),
        ("Tom (Geth)", Some(TOM)),
        ("Priya & Raman", Some(PRIYA)),
        ("Priya Raman + family", None),
        ("Priya Raman (interpreter)", Some(PRIYA)),
        ("Maya Okafor's assistant", None),
        ("Maya Okafor for Tom Becker", None),
        ("Priya | Acme", Some(PRIYA)),
        ("Priya Raman and Tom Becker", None),
        ("Ana y Luis", None),
        ("Tom Becker / Zora Njoku", None),
        ("Priya Raman (Tom)", None),
        ("Priya Raman, Tom Becker", None),
        ("Priya's guest", None),
        ("Tom Becker's assistant", None),
        ("Anna at home", None),
        ("Speaker?", None),
        ("Mr. T!", None),
        ("María del Carmen de la Fuente Ortega", None),
        ("Others", None),
        ("Спикер №1", None),
    ] {
        let found = resolve_one(label);
        assert_eq!((found.who, found.suggestion), (None, suggestion), "{label}: {found:?}");
        assert!(found.confidence < THRESHOLD && found.reason.ends_with('.'), "{found:?}");
    }
}

#[test]
fn a_first_name_beside_the_full_name_is_asked_about() {
    let found = resolve_all(&["Tom Becker", "Tom", "TOM BECKER", "Maya Okafor"]);
    let who: Vec<Option<Who>> = found.iter().map(|found| found.who).collect();
    assert_eq!(who, [Some(TOM), None, Some(TOM), Some(Who::Coach)]);
    assert_eq!(found[1].suggestion, Some(TOM));
}

#[test]
fn a_part_of_a_name_decides_where_nobody_else_can_be_meant() {
    let says = |labels: &[&str], people: &People| -> Vec<String> {
        let labels: Vec<Label> = labels.iter().map(|label| Label { label: (*label).to_owned(), words: 10 }).collect();
        let found = resolve(&labels, &[], people);
        found.iter().map(|found| if found.who.is_some() { found.reason.clone() } else { "asked".to_owned() }).collect()
    };
    for label in ["Priya", "Priya R.", "P. Raman", "praman", "priyaraman", "Priya's iPhone", "Priya mobile"] {
        let two = says(&[label, "Maya Okafor"], &people());
        assert!(two[0].ends_with("Only the two of you speak in this session."), "{label}: {two:?}");
        let known = says(&[label, "Maya Okafor", "Tom Becker"], &people());
        assert!(known[0].ends_with("Everyone else in this session is known."), "{label}: {known:?}");
        for others in
            [&["Maya Okafor", "Zora"][..], &["Maya Okafor", "Speaker 3"], &["Maya Okafor", "Jo from HR"], &["Zora"]]
        {
            let all: Vec<&str> = std::iter::once(label).chain(others.iter().copied()).collect();
            assert_eq!(says(&all, &people())[0], "asked", "{all:?}");
        }
        // This person had it in an earlier session, or someone else did.
        let strange = [label, "Maya Okafor", "Zora"];
        let met = |who| People { met: HashMap::from([(names::alias_key(label), vec![who])]), ..people() };
        assert!(says(&strange, &met(PRIYA))[0].contains("It has been Priya Raman before"), "{label}");
        assert_eq!(says(&strange, &met(TOM))[0], "asked", "{label}");
    }
    // All by first name, and all of them match.
    let all = says(&["Maya", "Priya", "Tom"], &people());
    assert!(all.iter().all(|reason| reason.starts_with("The first name matches only")), "{all:?}");
    // The list of participants decides, unless two people on it have the name.
    let listed = |names: &[&str]| {
        let one = |name: &&str| Attended {
            names: vec![(*name).to_owned()],
            was_there: true,
            source: "the participants file".into(),
            ..Attended::default()
        };
        People { attended: names.iter().map(one).collect(), ..people() }
    };
    let strange = ["Priya", "Maya Okafor", "Zora"];
    let vouched = says(&strange, &listed(&["Priya Raman", "Zora Njoku", "Maya Okafor"]));
    assert!(
        vouched[0].ends_with("The participants file lists Priya Raman, and nobody else with that name."),
        "{vouched:?}"
    );
    assert_eq!(says(&strange, &listed(&["Priya Raman", "Priya Sen"]))[0], "asked");
}

#[test]
fn a_count_of_labels_is_nobodys_whatever_was_said_of_it_before() {
    let mut people = people();
    let alias = Alias { who: TOM, written: "Qwortl 1".to_owned(), by_correction: true };
    people.aliases.insert("qwortl 1".to_owned(), alias);
    let labels = ["Qwortl 1", "Qwortl 2", "Maya Okafor"].map(|label| Label { label: label.to_owned(), words: 10 });
    let found = resolve(&labels, &[], &people);
    assert_eq!((found[0].who, found[1].who), (None, None), "{found:?}");
    assert!(found[0].reason.contains("“Qwortl 2”"), "{found:?}");
    for labels in [["Tom A", "Tom B"], ["Priya 1", "Priya 2"]] {
        assert!(resolve_all(&labels).iter().all(|found| found.who.is_none()), "{labels:?}");
    }
    // Similar names are still names.
    assert_eq!(resolve_all(&["Tom Becker", "Tim Becker", "Maya Okafor"])[0].who, Some(TOM));
}

#[test]
fn one_name_for_all_words_or_none_of_the_coachs_is_a_doubt() {
    let alone = resolve_all(&["Priya Raman"]);
    assert_eq!((alone[0].who, alone[0].suggestion), (None, Some(PRIYA)), "{alone:?}");
    assert!(alone[0].reason.contains("under this one name"), "{alone:?}");
    let coach_alone = resolve_all(&["Maya Okafor"]);
    assert_eq!((coach_alone[0].who, coach_alone[0].suggestion), (None, Some(Who::Coach)), "{coach_alone:?}");
    let without_coach = resolve_all(&["Priya Raman", "Tom Becker"]);
    assert!(without_coach.iter().all(|found| found.who.is_none()), "{without_coach:?}");
    // The unknown one may be the coach.
    let waiting = resolve_all(&["Priya Raman", "Zora"]);
    assert_eq!((waiting[0].who, waiting[1].who), (Some(PRIYA), None));
    let said = People { named: HashMap::from([("Priya Raman".to_owned(), PRIYA)]), ..people() };
    let labels = [Label { label: "Priya Raman".into(), words: 10 }];
    assert_eq!(resolve(&labels, &[], &said)[0].who, Some(PRIYA), "the coach has the last word");
}

#[test]
fn what_the_coach_took_back_is_not_guessed_again() {
    let refused = People { refused: ["Priya".to_owned()].into(), ..people() };
    let labels = ["Priya", "Maya Okafor"].map(|label| Label { label: label.to_owned(), words: 10 });
    assert_eq!(resolve(&labels, &[], &refused)[0].who, None);
}

#[test]
fn labels_without_words_do_not_count() {
    assert_eq!(resolve(&[Label { label: "Nobody".into(), words: 0 }], &[], &people()), []);
}

#[test]
fn an_alias_never_beats_the_whole_name_of_somebody_else() {
    for (label, whose) in [
        ("Priya Raman", "Priya Raman"),
        ("PRIYA RAMAN (Guest)", "Priya Raman"),
        ("Raman, Priya", "Priya Raman"),
        ("priya@raman.example", "Priya Raman"),
        ("milen | Erigon", "milen | Erigon"),
        ("Maya Okafor", "Maya Okafor"),
    ] {
        for by_correction in [false, true] {
            let alias = Alias { who: TOM, written: label.to_owned(), by_correction };
            let mut people = people();
            people.aliases.insert(names::alias_key(label), alias);
            let labels = [label, "Tom Becker"].map(|label| Label { label: label.to_owned(), words: 10 });
            let found = resolve(&labels, &[], &people);
            assert_eq!(found[0].who, None, "{label}: {found:?}");
            assert_eq!(found[0].reason, format!("This could be {whose} or Tom Becker."), "{label}");
        }
    }
}

#[test]
fn a_given_name_of_two_that_was_one_of_them_once_is_asked_about_again() {
    let mut people = people();
    people.people.push(Person::new(GRETA, "Tom Ashby".to_owned(), None));
    for (label, is_told) in [("Tom", true), ("tom (Guest)", true), ("Thommy", false)] {
        let alias = Alias { who: TOM, written: label.to_owned(), by_correction: true };
        people.aliases = [(names::alias_key(label), alias)].into();
        let found = &resolve_in(&[label, "Maya Okafor"], &people)[0];
        let expected = if is_told { (None, Some(TOM)) } else { (Some(TOM), None) };
        assert_eq!((found.who, found.suggestion), expected, "{label}: {found:?}");
        assert_eq!(found.reason.contains("it could also be Tom Ashby"), is_told, "{label}: {found:?}");
    }
}

const GRETA: Who = Who::Client(Uuid::from_u128(6));
const COUPLE: Who = Who::Client(Uuid::from_u128(7));

/// Clients whom the roster knows by other names, or two of whom share an entry.
fn known_otherwise(more: &[(Who, &str)]) -> People {
    let person = |(who, name): &(Who, &str)| Person::new(*who, (*name).to_owned(), None);
    let own = [
        (Who::Coach, "Maya Okafor"),
        (GRETA, "Margarethe Jörgensen"),
        (COUPLE, "Sam and Dana Whitfield"),
        (TOM, "Tom Becker"),
    ];
    let alias = |(written, who): (&str, Who)| {
        (names::alias_key(written), Alias { who, written: written.to_owned(), by_correction: false })
    };
    let aliases = [
        ("Greta", GRETA),
        ("Gretchen", GRETA),
        ("+49 151 2345678", GRETA),
        ("The Whitfields", COUPLE),
        ("Thommy Becker", TOM),
    ];
    let mut people = People {
        people: own.iter().chain(more).map(person).collect(),
        aliases: aliases.into_iter().map(alias).collect(),
        ..People::default()
    };
    people.learn_names();
    people
}

fn resolve_in(labels: &[&str], people: &People) -> Vec<Resolution> {
    let labels: Vec<Label> = labels.iter().map(|label| Label { label: (*label).to_owned(), words: 10 }).collect();
    resolve(&labels, &[], people)
}

#[test]
fn another_name_of_the_roster_counts_as_the_first_name_does() {
    let people = known_otherwise(&[]);
    for label in [
        "Greta J.",
        "Greta J",
        "Greta Jörgensen",
        "Jörgensen, Greta",
        "Gretchen J.",
        "iPhone von Greta",
        "iPhone de Greta",
        "Gretas iPhone",
        "Greta's iPhone",
        "Gretas Handy",
        "Greta (Guest)",
        "Greta (Margarethe Jörgensen)",
        "Margarethe J.",
        "+49 151 2345678",
        "0049 151 2345678",
        "+491512345678",
        "+49 (0)151 234-5678",
    ] {
        let found = &resolve_in(&[label, "Maya Okafor"], &people)[0];
        assert_eq!(found.who, Some(GRETA), "{label}: {found:?}");
    }
    for label in ["iPhone (Greta)", "Greta | Acme", "0151 2345678"] {
        let found = &resolve_in(&[label, "Maya Okafor"], &people)[0];
        assert_eq!((found.who, found.suggestion), (None, Some(GRETA)), "{label}: {found:?}");
    }
    for label in ["Greta K.", "Gretchen K.", "Greta Meier", "G. Meier", "Jörgensen", "Okafor, Anna", "Thommy B"] {
        let found = &resolve_in(&[label, "Maya Okafor"], &people)[0];
        assert!(found.who != Some(GRETA), "{label}: {found:?}");
        assert!(!found.reason.contains("None of your clients") || label == "G. Meier", "{label}: {found:?}");
    }
    // If two people have the name, nobody is chosen.
    let two = known_otherwise(&[(PRIYA, "Greta Jansson")]);
    for label in ["Greta J.", "iPhone von Greta", "Greta's iPad"] {
        let found = &resolve_in(&[label, "Maya Okafor"], &two)[0];
        assert_eq!((found.who, found.suggestion), (None, None), "{label}: {found:?}");
        assert!(found.reason.contains("could be"), "{label}: {found:?}");
    }
    let strange = &resolve_in(&["+49 170 9999999", "Maya Okafor"], &people)[0];
    assert!(strange.reason.contains("none of your clients has on the roster"), "{strange:?}");
}

#[test]
fn two_people_who_share_an_entry_are_one_client() {
    let people = known_otherwise(&[]);
    for label in
        ["Sam", "Dana", "Dana W.", "Dana Whitfield", "D. Whitfield", "Dana's iPhone", "Sam & Dana", "The Whitfields"]
    {
        let found = &resolve_in(&[label, "Maya Okafor"], &people)[0];
        assert_eq!(found.who, Some(COUPLE), "{label}: {found:?}");
    }
    for label in ["Sam & Dana Whitfield", "Whitfield, Sam and Dana", "Dana and Sam Whitfield"] {
        let found = &resolve_in(&[label, "Maya Okafor"], &people)[0];
        assert_eq!(found.who, Some(COUPLE), "{label}: {found:?}");
    }
    let both = resolve_in(&["Maya", "Sam", "Dana"], &people);
    let who: Vec<Option<Who>> = both.iter().map(|found| found.who).collect();
    assert_eq!(who, [Some(Who::Coach), Some(COUPLE), Some(COUPLE)], "{both:?}");
    assert!(both[2].reason.contains("one of the people who share the entry"), "{both:?}");
    for label in ["Sam & Tom Becker", "Sam and Zora", "Dana Okoro"] {
        let found = &resolve_in(&[label, "Maya Okafor"], &people)[0];
        assert_eq!(found.who, None, "{label}: {found:?}");
        assert!(!found.reason.contains("None of your clients"), "{label}: {found:?}");
    }
    let two = known_otherwise(&[(PRIYA, "Dana Okoro")]);
    assert_eq!(resolve_in(&["Dana", "Maya Okafor"], &two)[0].who, None);
}

#[test]
fn a_conversation_under_one_label_is_most_likely_several_peoples() {
    let talk = ["How was it?", "Long.", "What helped?", "The walk.", "And now?", "I rest.", "Good."];
    let story = ["I sold the boat.", "It took a year.", "Why so long?", "I do not know.", "It rained.", "So.", "Yes."];
    for (said, suggestion) in
        [(&talk[..], Some(Who::Shared)), (&story[..], None), (&[&talk.join(" ")[..]], Some(Who::Shared))]
    {
        let said: Vec<Utterance<'_>> = said.iter().map(|text| Utterance { label: 0, text }).collect();
        let found = resolve(&[Label { label: String::new(), words: 20 }], &said, &people());
        assert_eq!((found[0].who, found[0].suggestion), (None, suggestion), "{found:?}");
        assert_eq!(found[0].reason.contains("questions and answers"), suggestion.is_some(), "{found:?}");
    }
}
