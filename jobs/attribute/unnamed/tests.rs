//! Labels that aren't names, and who they belong to.

use uuid::Uuid;

use super::super::{
    resolve::{Label, Resolution, resolve},
    roles::tests::SESSION,
};
use super::*;

const PRIYA: Who = Who::Client(Uuid::from_u128(1));
const TOM: Who = Who::Client(Uuid::from_u128(2));

fn people(clients: &[(Who, &str)]) -> People {
    let coach = (Who::Coach, "Maya Okafor");
    let person = |(who, name): &(Who, &str)| Person::new(*who, (*name).to_owned(), None);
    People { people: [coach].iter().chain(clients).map(person).collect(), ..People::default() }
}

/// The session after a first exchange, with these labels.
fn found(labels: [&str; 2], first: &[(usize, &str)], clients: &[(Who, &str)]) -> Vec<Resolution> {
    let said: Vec<Utterance<'_>> =
        first.iter().chain(&SESSION[1..]).map(|(label, text)| Utterance { label: *label, text }).collect();
    let labels: Vec<Label> = labels.iter().map(|label| Label { label: (*label).to_owned(), words: 50 }).collect();
    resolve(&labels, &said, &people(clients))
}

fn who(found: &[Resolution]) -> Vec<(Option<Who>, Option<Who>)> {
    found.iter().map(|found| (found.who, found.suggestion)).collect()
}

const BOTH: [(Who, &str); 2] = [(PRIYA, "Priya Raman"), (TOM, "Tom Becker")];

#[test]
fn parts_and_a_name_that_agree_need_no_question() {
    for labels in [["Speaker 1", "Speaker 2"], ["spk_0", "spk_1"], ["A", "B"], ["Coach", "Client"]] {
        let found = found(labels, &[(0, "Hi Priya."), (1, "Hi Maya.")], &BOTH);
        assert_eq!(who(&found), [(Some(Who::Coach), None), (Some(PRIYA), None)], "{found:?}");
        assert!(found.iter().all(|found| found.reason.ends_with('.') && !found.reason.contains("..")), "{found:?}");
    }
}

#[test]
fn a_client_without_a_name_is_asked_about_unless_there_is_one_client_alone() {
    let one = found(["Speaker 1", "Speaker 2"], &[], &BOTH[..1]);
    assert_eq!(who(&one), [(Some(Who::Coach), None), (Some(PRIYA), None)], "{one:?}");
    assert_eq!(one[1].basis, Basis::Occasion);
    assert!(one[1].reason.contains("your only client"), "{one:?}");
    let two = found(["Speaker 1", "Speaker 2"], &[], &BOTH);
    assert_eq!(who(&two), [(Some(Who::Coach), None), (None, None)], "{two:?}");
    // Someone other than the only client.
    let other = found(["Speaker 1", "Speaker 2"], &[(0, "Hi Zora."), (1, "Hi.")], &BOTH[..1]);
    assert_eq!(who(&other), [(Some(Who::Coach), None), (None, None)], "{other:?}");
}

#[test]
fn a_client_is_called_by_another_name_of_the_roster_and_says_so_themselves() {
    let alias = super::super::people::Alias { who: PRIYA, written: "Pippa".to_owned(), by_correction: false };
    let mut people = people(&BOTH);
    people.aliases.insert("pippa".to_owned(), alias);
    people.learn_names();
    for (labels, first) in [
        (["Speaker 1", "Speaker 2"], [(0, "Hi Pippa."), (1, "Hi.")]),
        (["Q", "A"], [(0, "Would you say your name?"), (1, "Pippa Raman. I run operations.")]),
        (["+49 30 5550 100", "+49 151 2345678"], [(0, "Good afternoon."), (1, "It's me, Pippa, from the car.")]),
    ] {
        let said: Vec<Utterance<'_>> =
            first.iter().chain(&SESSION[1..]).map(|(label, text)| Utterance { label: *label, text }).collect();
        let labels = labels.map(|label| Label { label: label.to_owned(), words: 50 });
        let found = resolve(&labels, &said, &people);
        assert_eq!(who(&found), [(Some(Who::Coach), None), (Some(PRIYA), None)], "{found:?}");
    }
}

#[test]
fn names_and_parts_that_disagree_name_nobody() {
    let found = found(["Speaker 1", "Speaker 2"], &[(1, "Hi Priya."), (0, "Hi Maya.")], &BOTH);
    assert_eq!(who(&found), [(None, None), (None, None)], "{found:?}");
}

#[test]
fn namesakes_and_two_people_at_one_microphone_are_asked_about() {
    let sakes = found(["A", "B"], &[(0, "Hi Priya."), (1, "Hi.")], &[(PRIYA, "Priya Raman"), (TOM, "Priya Sen")]);
    assert_eq!(who(&sakes)[1], (None, None), "{sakes:?}");
    let two = found(["A", "B"], &[(0, "Hi Priya, hi Tom."), (1, "Hi."), (0, "Hi Tom."), (1, "Hey.")], &BOTH);
    assert_eq!(who(&two)[1], (None, None), "{two:?}");
}

#[test]
fn labels_that_were_swapped_are_doubted() {
    for labels in [["Client", "Coach"], ["Patient", "Doctor"]] {
        let found = found(labels, &[(0, "Hi Priya."), (1, "Hi Maya.")], &BOTH);
        assert!(found.iter().all(|found| found.who.is_none() && found.reason.contains("swapped")), "{found:?}");
    }
}

/// Like [`found`], with more known.
fn found_with(labels: [&str; 2], said: &[(usize, &str)], names: &[&str], clients: &[(Who, &str)]) -> Vec<Resolution> {
    let said: Vec<Utterance<'_>> = said.iter().map(|(label, text)| Utterance { label: *label, text }).collect();
    let labels: Vec<Label> = labels.iter().map(|label| Label { label: (*label).to_owned(), words: 50 }).collect();
    let mut people = people(clients);
    people.occasion.names = names.iter().map(|name| (*name).to_owned()).collect();
    resolve(&labels, &said, &people)
}

#[test]
fn a_file_that_names_the_client_needs_no_name_said_and_stands_against_none() {
    let labels = ["Speaker 1", "Speaker 2"];
    let file = found_with(labels, &SESSION, &["Priya"], &BOTH);
    assert_eq!(who(&file), [(Some(Who::Coach), None), (Some(PRIYA), None)], "{file:?}");
    assert_eq!(file[1].basis, Basis::Occasion);
    assert!(file[1].reason.contains("You named the file or its folder “Priya”"), "{file:?}");
    let greeted = |name| [&[(0, name), (1, "Hi Maya.")], &SESSION[1..]].concat();
    let disagree = found_with(labels, &greeted("Hi Tom."), &["Priya"], &BOTH);
    assert_eq!(who(&disagree)[1], (None, None), "{disagree:?}");
    assert!(disagree[1].reason.contains("Which is right?"), "{disagree:?}");
    let stranger = found_with(labels, &greeted("Hi Zora."), &["Priya"], &BOTH);
    assert_eq!(who(&stranger)[1], (None, None), "{stranger:?}");
    // Too little is said to tell who coaches, but a name that is addressed tells which of the two is meant.
    let short = [(0, "Good morning Tom, how was the week?"), (1, "Hard, I was at the office until nine.")];
    let agree = found_with(["A", "B"], &short, &["tom"], &BOTH);
    assert_eq!(who(&agree), [(Some(Who::Coach), None), (Some(TOM), None)], "{agree:?}");
    let unnamed = found_with(["A", "B"], &short, &["session"], &BOTH);
    assert_eq!(who(&unnamed), [(None, None), (None, Some(TOM))], "{unnamed:?}");
    let silent = [(0, "Good morning, how was the week?"), (1, "Hard, I was at the office until nine.")];
    let unclear = found_with(["A", "B"], &silent, &["tom"], &BOTH);
    assert_eq!(who(&unclear), [(None, None), (None, None)], "nothing tells which of the two: {unclear:?}");
    // If two people have the name, the file tells which one.
    let sakes =
        found_with(labels, &greeted("Hi Priya."), &["Priya Sen"], &[(PRIYA, "Priya Raman"), (TOM, "Priya Sen")]);
    assert_eq!(who(&sakes)[1], (Some(TOM), None), "{sakes:?}");
}

#[test]
fn who_recorded_is_the_coach_and_the_other_end_may_be_several() {
    let said =
        [(0, "Good morning Priya, did you sleep?"), (1, "A little. I was up at three."), (0, "What do you want?")];
    let asked = found_with(["You", "Others"], &said, &["steno"], &BOTH);
    assert_eq!(who(&asked), [(Some(Who::Coach), None), (None, Some(PRIYA))], "{asked:?}");
    assert!(asked[1].reason.contains("several people"), "{asked:?}");
    let agree = found_with(["Me", "Them"], &said, &["Priya"], &BOTH);
    assert_eq!(who(&agree), [(Some(Who::Coach), None), (Some(PRIYA), None)], "{agree:?}");
    let only = found_with(["Me", "Them"], &SESSION, &[], &BOTH[..1]);
    assert_eq!(who(&only)[1], (None, Some(PRIYA)), "{only:?}");
    // The client recorded it.
    let other = [(1, "Good morning Priya, did you sleep?"), (0, "A little. I was up at three.")];
    let other = found_with(["Me", "Speaker 1"], &other, &[], &BOTH);
    assert_eq!(who(&other)[0].0, None, "{other:?}");
}
