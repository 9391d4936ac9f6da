//! Labels and whom they mean.

use std::collections::HashMap;

use uuid::Uuid;

use super::*;
use crate::attribute::Alias;

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
        attended: Vec::new(),
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
    }
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
        ("Milen | Erigon", MILEN),
    ] {
        let found = &resolve_all(&[label])[0];
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
    ] {
        let found = &resolve_all(&[label])[0];
        assert_eq!((found.who, found.suggestion), (None, suggestion), "{label}: {found:?}");
        assert!(found.confidence < THRESHOLD && found.reason.ends_with('.'), "{found:?}");
    }
}

#[test]
fn a_first_name_beside_the_full_name_is_asked_about() {
    let found = resolve_all(&["Tom Becker", "Tom", "TOM BECKER", "Priya", "PRIYA"]);
    let who: Vec<Option<Who>> = found.iter().map(|found| found.who).collect();
    assert_eq!(who, [Some(TOM), None, Some(TOM), Some(PRIYA), Some(PRIYA)]);
    assert_eq!(found[1].suggestion, Some(TOM));
}

#[test]
fn labels_without_words_do_not_count() {
    assert_eq!(resolve(&[Label { label: "Nobody".into(), words: 0 }], &[], &people()), []);
}
