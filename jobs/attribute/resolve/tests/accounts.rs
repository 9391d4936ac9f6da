//! Whoever else speaks at somebody's account, and names that several people have.

use super::*;

#[test]
fn initials_of_two_are_asked_about_again() {
    let mut people = people();
    people.people.push(Person::new(GRETA, "Theresa Boyle".to_owned(), None));
    for (label, expected) in [("TB", (None, Some(TOM))), ("T.B.", (None, Some(TOM))), ("TBX", (Some(TOM), None))] {
        let alias = Alias { who: TOM, written: label.to_owned(), by_correction: true };
        people.aliases = [(names::alias_key(label), alias)].into();
        let found = &resolve_in(&[label, "Maya Okafor"], &people)[0];
        assert_eq!((found.who, found.suggestion), expected, "{label}: {found:?}");
    }
}

#[test]
fn somebody_else_at_a_named_account_is_asked_about() {
    let talk = |said| {
        [(0, "Hello, who is there today?"), (1, said), (0, "I see. What has changed since?"), (1, "I sold the boat.")]
            .map(|(label, text)| Utterance { label, text })
    };
    let labels = ["Maya Okafor", "Tom Becker"].map(|label| Label { label: label.to_owned(), words: 10 });
    let strange = talk("Hi Maya, this is Sandra, Tom's wife, he is ill today.");
    let found = resolve(&labels, &strange, &people());
    assert_eq!((found[1].who, found[1].suggestion), (None, Some(TOM)), "{found:?}");
    assert!(found[1].reason.contains("introduces themselves as “Sandra”"), "{found:?}");
    assert_eq!(resolve(&labels, &talk("Hi Maya, this is Tom."), &people())[1].who, Some(TOM));
    // What the coach says of this session stands.
    let mut told = people();
    told.named.insert("Tom Becker".to_owned(), TOM);
    assert_eq!(resolve(&labels, &strange, &told)[1].who, Some(TOM));
}

#[test]
fn two_names_that_are_the_wrong_way_round_are_asked_about() {
    let session = |coach: usize| roles::tests::SESSION.map(|(label, text)| Utterance { label: label ^ coach, text });
    let labels = ["Maya Okafor", "Tom Becker"].map(|label| Label { label: label.to_owned(), words: 100 });
    let right = resolve(&labels, &session(0), &people());
    assert_eq!(right.iter().map(|found| found.who).collect::<Vec<_>>(), [Some(Who::Coach), Some(TOM)], "{right:?}");
    let wrong = resolve(&labels, &session(1), &people());
    assert!(wrong.iter().all(|found| found.who.is_none() && found.reason.contains("may be swapped")), "{wrong:?}");
    // A coach who is coached, and has said so.
    let mut told = people();
    told.named.insert("Maya Okafor".to_owned(), Who::Coach);
    assert!(resolve(&labels, &session(1), &told).iter().all(|found| found.who.is_some()));
}

#[test]
fn what_was_said_of_an_account_once_holds_until_another_is_called_there() {
    let talk = |greeting| {
        [(0, greeting), (1, "I am well, thank you."), (0, "What has changed since?"), (1, "I sold the boat.")]
            .map(|(label, text)| Utterance { label, text })
    };
    let mut people = people();
    for label in ["Praxis", "Nora Becker"] {
        let alias = Alias { who: TOM, written: label.to_owned(), by_correction: true };
        people.aliases.insert(names::alias_key(label), alias);
    }
    let of = |label: &str, greeting, people: &People| {
        let labels = ["Maya Okafor", label].map(|label| Label { label: label.to_owned(), words: 10 });
        let found = resolve(&labels, &talk(greeting), people);
        (found[1].who, found[1].suggestion)
    };
    for label in ["Praxis", "Nora Becker"] {
        assert_eq!(of(label, "Hello, how are you?", &people), (Some(TOM), None), "{label}");
        assert_eq!(of(label, "Hello Tom, how are you?", &people), (Some(TOM), None), "{label}");
        assert_eq!(of(label, "Hello Priya, good to see you.", &people), (None, Some(TOM)), "{label}");
        assert_eq!(of(label, "Hello Nora, good to see you.", &people), (None, Some(TOM)), "{label}");
    }
    assert_eq!(of("Tom Becker", "Oh hello Carla, where is Tom today?", &people), (None, Some(TOM)));
    assert_eq!(of("Tom Becker", "Hello Tommy, how are you?", &people), (Some(TOM), None));
    // The other one is there as well.
    let both = resolve_in(&["Nora Becker", "Tom Becker", "Maya Okafor"], &people);
    assert_eq!((both[0].who, both[1].who), (None, Some(TOM)), "{both:?}");
    assert_eq!(resolve_in(&["Praxis", "Tom Becker", "Maya Okafor"], &people)[0].who, Some(TOM));
}

/// A brother has the other half of a double name, and a relative half of a double surname.
#[test]
fn half_of_a_double_name_is_no_middle_name() {
    let mut people = people();
    people.people.push(Person::new(GRETA, "Jean-Luc Dupont".to_owned(), None));
    people.people.push(Person::new(Who::Client(uuid::Uuid::from_u128(99)), "Elizabeth Hartley-Moore".to_owned(), None));
    let found = |label| resolve_in(&[label, "Maya Okafor", "Tom Becker"], &people).swap_remove(0);
    assert_eq!(found("Jean-Marc Dupont").who, None);
    for label in ["Jean Dupont", "Elizabeth Moore"] {
        assert!(found(label).basis.is_guess() && found(label).confidence <= 0.8, "{label}: {:?}", found(label));
    }
    assert_eq!(resolve_in(&["Jean-Luc Dupont", "Maya Okafor"], &people)[0].who, Some(GRETA));
    assert_eq!(resolve_in(&["Anna Maria Larsson", "Maya Okafor"], &people)[0].who, Some(ANNA_TWO));
}

#[test]
fn a_double_surname_that_is_anothers_in_part_is_asked_about() {
    let mut people = people();
    people.people.push(Person::new(GRETA, "Anna Kowalczyk".to_owned(), None));
    let found = &resolve_in(&["Anna Kowalczyk-Larsson", "Maya Okafor"], &people)[0];
    assert_eq!(found.who, None, "{found:?}");
    assert_eq!(resolve_in(&["Anna Maria Larsson", "Maya Okafor"], &people)[0].who, Some(ANNA_TWO));
}
