//! Names of files and folders, lists and times, and who they point to.

use uuid::Uuid;

use super::*;
use crate::attribute::Attended;

const PRIYA: Who = Who::Client(Uuid::from_u128(1));
const TOM: Who = Who::Client(Uuid::from_u128(2));
const ANNA: Who = Who::Client(Uuid::from_u128(3));
const ANNA_TWO: Who = Who::Client(Uuid::from_u128(4));
const JURGEN: Who = Who::Client(Uuid::from_u128(5));

fn people(names: &[&str]) -> People {
    let person = |who, name: &str, email| Person::new(who, name.into(), Some(email));
    let people = vec![
        person(Who::Coach, "Maya Okafor", "maya@northlight.example"),
        person(PRIYA, "Priya Raman", "priya@raman.example"),
        person(TOM, "Thomas Becker", "tom@becker.example"),
        person(ANNA, "Anna Lindqvist", "anna@lindqvist.example"),
        person(ANNA_TWO, "Anna Larsson", "anna@larsson.example"),
        person(JURGEN, "Jürgen Müller", "j@m.example"),
    ];
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    People { people, occasion: Occasion { names, ..Occasion::default() }, ..People::default() }
}

fn only(names: &[&str]) -> People {
    let mut people = people(names);
    people.people.truncate(2);
    people
}

fn to(people: &People) -> Option<Who> {
    match client(people) {
        Pointing::To { who, reason, .. } => {
            assert!(reason.ends_with('.'), "{reason}");
            Some(who)
        }
        _ => None,
    }
}

#[test]
fn a_file_or_a_folder_that_names_one_client_points_to_that_client() {
    for (names, who) in [
        (&["Priya"][..], PRIYA),
        (&["priya-raman"], PRIYA),
        (&["PriyaRaman"], PRIYA),
        (&["priyaraman_final"], PRIYA),
        (&["Raman, Priya"], PRIYA),
        (&["raman_priya_20261117"], PRIYA),
        (&["2026-11-17", "Coaching with Priya Raman"], PRIYA),
        (&["Maya Okafor and Priya Raman"], PRIYA),
        (&["Maya x Priya"], PRIYA),
        (&["Priya’s session 4"], PRIYA),
        (&["Priya Raman", "audio_transcript"], PRIYA),
        (&["Priya Raman", "2026-11-17 Priya"], PRIYA),
        (&["Tom"], TOM),
        (&["tom becker"], TOM),
        (&["Anna Larsson"], ANNA_TWO),
        (&["Larsson Anna 3"], ANNA_TWO),
        (&["Jurgen Mueller"], JURGEN),
        (&["Ju\u{308}rgen Mu\u{308}ller"], JURGEN),
        (&["GMT20261103-150000_Recording Priya Raman"], PRIYA),
    ] {
        assert_eq!(to(&people(names)), Some(who), "{names:?}: {:?}", client(&people(names)));
    }
}

#[test]
fn another_name_of_the_roster_and_the_people_of_one_entry_are_no_strangers() {
    let named = |piece: &str| {
        let mut people = people(&[piece]);
        people.people.push(Person::new(Who::Client(Uuid::from_u128(6)), "Sam and Dana Whitfield".to_owned(), None));
        let alias = super::super::people::Alias { who: PRIYA, written: "Pippa".to_owned(), by_correction: false };
        people.aliases.insert("pippa".to_owned(), alias);
        people.learn_names();
        people
    };
    for piece in ["pippa notes mo 16 nov", "Pippa", "Pippa Raman", "2026-11-16 pippa phone"] {
        assert_eq!(to(&named(piece)), Some(PRIYA), "{piece}: {:?}", client(&named(piece)));
    }
    let couple = Who::Client(Uuid::from_u128(6));
    for piece in ["Dana", "Dana and Sam", "Sam & Dana Whitfield"] {
        assert_eq!(to(&named(piece)), Some(couple), "{piece}: {:?}", client(&named(piece)));
    }
    assert!(matches!(client(&named("GMT20261126_Whitfields")), Pointing::Perhaps { who, .. } if who == couple));
}

#[test]
fn a_name_that_could_be_anothers_or_nobodys_points_to_nobody() {
    for names in [
        &["Priya and Tom"][..],
        &["Priya Raman", "Tom Becker"],
        &["Anna"],
        &["session"],
        &["Priya and Jonas"],
        &["Priya's manager"],
        &["Supervision on Priya Raman"],
        &["Call about Priya"],
        &["Becker GmbH"],
        &["Maya Okafor"],
        &["Coaching with Zora"],
    ] {
        assert_eq!(to(&people(names)), None, "{names:?}: {:?}", client(&people(names)));
    }
    let surname = client(&people(&["Becker GmbH"]));
    assert!(matches!(surname, Pointing::Perhaps { who: TOM, .. }), "{surname:?}");
}

#[test]
fn the_only_client_is_meant_unless_a_name_says_otherwise() {
    for names in
        [&[][..], &["session"], &["Career Planning"], &["Speaker test"], &["2026-11-17", "labels"], &["Session 3"]]
    {
        assert_eq!(to(&only(names)), Some(PRIYA), "{names:?}: {:?}", client(&only(names)));
    }
    for names in [&["Jonas Weber"][..], &["Zora"], &["tom"], &["Coaching with Njoku"], &["Maya and Jonas"]] {
        assert_eq!(to(&only(names)), None, "{names:?}: {:?}", client(&only(names)));
    }
    let mut group = only(&["Team workshop"]);
    group.occasion.is_group = true;
    assert_eq!(to(&group), None);
}

#[test]
fn a_list_of_participants_points_to_the_one_client_in_it() {
    let listed = |names: &[&str], file: &[&str]| {
        let mut people = people(file);
        let attended = |name: &&str| Attended {
            names: vec![(*name).to_owned()],
            was_there: true,
            source: "the participants file".into(),
            ..Attended::default()
        };
        people.attended = names.iter().map(attended).collect();
        people
    };
    assert_eq!(to(&listed(&["Maya Okafor", "Priya Raman", "Otter.ai Notetaker"], &[])), Some(PRIYA));
    assert_eq!(to(&listed(&["Maya Okafor", "Priya Raman"], &["Priya"])), Some(PRIYA));
    assert_eq!(to(&listed(&["Maya Okafor", "Priya Raman"], &["Tom"])), None);
    assert_eq!(to(&listed(&["Maya Okafor", "Priya Raman", "Zora Njoku"], &[])), None);
    assert_eq!(to(&listed(&["Maya Okafor", "Priya Raman", "Thomas Becker"], &[])), None);
}

#[test]
fn the_hour_of_the_week_points_to_who_was_there_twice_and_nobody_else() {
    let at = |date: &str, time: &str| (date.parse().expect("a date"), time.parse().expect("a time"));
    let with = |earlier: &[(&str, &str, Who)]| {
        let mut people = people(&[]);
        people.occasion.begins = Some(at("2026-11-17", "10:00:00"));
        let one = |(date, time, who): &(&str, &str, Who)| Earlier { begins: at(date, time), clients: vec![*who] };
        people.occasion.earlier = earlier.iter().map(one).collect();
        client(&people)
    };
    let twice = [("2026-11-10", "10:05:00", PRIYA), ("2026-11-03", "09:58:00", PRIYA)];
    assert!(matches!(with(&twice), Pointing::To { who: PRIYA, .. }), "{:?}", with(&twice));
    assert!(matches!(with(&twice[..1]), Pointing::Perhaps { who: PRIYA, .. }));
    let [one, other] = twice;
    assert_eq!(with(&[one, other, ("2026-10-27", "10:00:00", TOM)]), Pointing::Nothing);
    assert_eq!(with(&[("2026-11-10", "14:00:00", PRIYA), ("2026-11-11", "10:00:00", PRIYA)]), Pointing::Nothing);
}
