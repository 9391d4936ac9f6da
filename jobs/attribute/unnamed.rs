//! Who is behind labels that are nobody's name ("Speaker 1", `spk_0`, "You", "Client"), from what is said. Pure.
//!
//! Two things must agree before a client is named without being asked about: the part (who coaches), and the name by
//! which the other calls them or the one client to whom the occasion points (see `occasion`). A part alone names the
//! coach, of whom there is one. What is at the other end of a line ("Others") may be several people: there the name and
//! the occasion must agree.

use super::{
    occasion::{self, Pointing},
    people::{People, Person, Who},
    resolve::{Basis, LabelMatch, MatchResult, THRESHOLD},
    roles::{self, Utterance},
    spoken::{self, Called, SpokenName},
};
use crate::names::{self, Claim, generic, nicknames};

/// What was found on such a label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Identified {
    /// Whom it means, or may mean: it counts from [`THRESHOLD`] on and is a suggestion below.
    who: Option<Who>,
    /// From 0 to 1.
    confidence: f32,
    /// A sentence that a coach understands.
    reason: String,
    basis: Basis,
}

impl Identified {
    const fn nobody(reason: String) -> Self {
        Self { who: None, confidence: 0.0, reason, basis: Basis::Speech }
    }

    const fn of(who: Who, confidence: f32, reason: String) -> Self {
        Self { who: Some(who), confidence, reason, basis: Basis::Speech }
    }

    /// As labels are found otherwise.
    pub(super) fn into_result(self) -> MatchResult {
        let Self { who, confidence, reason, basis } = self;
        match who {
            Some(who) => Ok(LabelMatch { who, confidence, reason, basis }),
            None => Err(reason),
        }
    }
}

/// The part that a speaker has, as far as the text tells.
enum Part {
    /// Coaches.
    Coach { confidence: f32, because: String },
    /// The one other speaker beside the coach.
    Other { confidence: f32, because: String },
    /// Not clear.
    Unknown,
}

/// What all labels of the session have in common.
struct Scene<'a> {
    people: &'a People,
    is_pair: bool,
    /// A label of the session is the coach's.
    knows_coach: bool,
    coaching: Option<roles::Coaching>,
    /// Whom the occasion points to; nobody among more than two.
    pointing: Pointing,
}

/// Looks at each label that is nobody's name and not known yet. Gives its place and what was found.
pub(super) fn identify(
    labels: &[&str],
    anybodys: &[bool],
    spoken: &[usize],
    known: &[Option<Who>],
    said: &[Utterance<'_>],
    people: &People,
) -> Vec<(usize, Identified)> {
    let is_open = |at: &usize| known[*at].is_none() && !labels[*at].trim().is_empty() && anybodys[*at];
    let open: Vec<usize> = spoken.iter().copied().filter(is_open).collect();
    if open.is_empty() || said.is_empty() {
        return Vec::new();
    }
    let called = spoken::names_in_speech(labels.len(), said, &people.known_names());
    let is_pair = spoken.len() == 2;
    let mut scene = Scene {
        people,
        is_pair,
        knows_coach: spoken.iter().any(|at| known[*at] == Some(Who::Coach)),
        coaching: roles::coaching(said),
        pointing: if is_pair { occasion::client(people) } else { Pointing::Nothing },
    };
    let mut found: Vec<(usize, Identified)> = Vec::new();
    let recorders: Vec<usize> = open.iter().copied().filter(|at| generic::is_recorder(labels[*at])).collect();
    if let [at] = *recorders {
        let identified = recorder(labels[at], &part(at, &scene), &called[at], &scene);
        scene.knows_coach |= identified.who.is_some() && identified.confidence >= THRESHOLD;
        found.push((at, identified));
    }
    for at in open.into_iter().filter(|at| found.first().is_none_or(|(recorder, _)| recorder != at)).collect::<Vec<_>>()
    {
        let part = part(at, &scene);
        let identified = if contradicts(names::claim(labels[at]), &part) {
            Identified::nobody(format!(
                "What is said doesn’t fit the label “{}”: the labels may be swapped.",
                labels[at]
            ))
        } else {
            identify_one(labels[at], &part, &called[at], &scene)
        };
        found.push((at, identified));
    }
    other_than_client(&mut found, labels, &called, &scene);
    found
}

fn part(at: usize, scene: &Scene<'_>) -> Part {
    if scene.knows_coach {
        // Whoever speaks with the coach alone is not the coach.
        let because = "the other speaker is the coach".to_owned();
        return if scene.is_pair { Part::Other { confidence: 0.9, because } } else { Part::Unknown };
    }
    match &scene.coaching {
        Some(found) if found.coach == at => {
            Part::Coach { confidence: found.confidence, because: found.because.clone() }
        }
        Some(found) if scene.is_pair => {
            Part::Other { confidence: found.confidence, because: format!("this speaker {}", found.other_because) }
        }
        _ => Part::Unknown,
    }
}

const fn contradicts(claim: Option<Claim>, part: &Part) -> bool {
    matches!((claim, part), (Some(Claim::Coach), Part::Other { .. }) | (Some(Claim::Client), Part::Coach { .. }))
}

/// "You", "Me", "Microphone": whoever recorded, and so the coach in whose inbox it lies, unless the words say otherwise.
fn recorder(label: &str, part: &Part, called: &Called, scene: &Scene<'_>) -> Identified {
    let client_name = match called {
        Called::Name(name) => scene.people.called(&name.key).is_ok_and(|person| {
            person.is_none_or(|person| person.who != Who::Coach) && (person.is_some() || name.confidence >= THRESHOLD)
        }),
        Called::Several(..) => true,
        Called::Nothing => false,
    };
    if scene.knows_coach || client_name || matches!(part, Part::Other { .. }) {
        return Identified::nobody(format!(
            "“{label}” is whoever recorded this. That would be you, but from what is said it may be the other person."
        ));
    }
    let (confidence, because) = match part {
        Part::Coach { confidence, because } => (confidence.max(0.85), format!(" This speaker {because}.")),
        _ => (0.8, String::new()),
    };
    Identified::of(
        Who::Coach,
        confidence,
        format!("“{label}” is whoever recorded this: in your inbox, that’s you.{because}"),
    )
}

fn identify_one(label: &str, part: &Part, called: &Called, scene: &Scene<'_>) -> Identified {
    match called {
        Called::Several(one, other) => Identified::nobody(format!(
            "“{label}” is addressed as both “{one}” and “{other}”: two people may speak under \
                                   this label."
        )),
        Called::Name(name) => match scene.people.called(&name.key) {
            // Somebody else of that surname.
            Ok(Some(person)) if name.by_surname && is_against(part, person) => unnamed(label, part, scene),
            Ok(Some(person)) => named(label, name, person, part, scene),
            // A word that is no name is called out as one is: "By when, Friday?"
            Ok(None) if name.confidence >= THRESHOLD || nicknames::is_given(&name.key) => stranger(label, name, part),
            Ok(None) => unnamed(label, part, scene),
            Err(ambiguous) => among_namesakes(label, name, &ambiguous, part, scene),
        },
        Called::Nothing => unnamed(label, part, scene),
    }
}

/// Whether the part that a speaker has is not this person's.
fn is_against(part: &Part, person: &Person) -> bool {
    let is_coach = person.who == Who::Coach;
    matches!((part, is_coach), (Part::Coach { .. }, false) | (Part::Other { .. }, true))
}

/// Called by the name of somebody who is known.
fn named(label: &str, name: &SpokenName, person: &Person, part: &Part, scene: &Scene<'_>) -> Identified {
    let is_coach = person.who == Who::Coach;
    let (agrees, pointed) = match &scene.pointing {
        Pointing::To { who, reason, .. } if *who == person.who => (true, format!(" {reason}")),
        Pointing::To { reason, is_strong: true, .. } if !is_coach && !matches!(part, Part::Coach { .. }) => {
            return Identified::nobody(format!("{} However: {reason} Which is right?", name.reason));
        }
        _ => (false, String::new()),
    };
    let (confidence, because, basis) = match (part, is_coach) {
        (Part::Coach { confidence, because }, true) => {
            ((confidence + 0.03).max(name.confidence), format!("this speaker {because}"), Basis::Speech)
        }
        (Part::Other { confidence, because }, false) => {
            (confidence.min(name.confidence), because.clone(), Basis::Speech)
        }
        // The name is said, and nobody else can be meant by it here.
        (Part::Unknown, false) if agrees && name.confidence >= 0.8 => (0.8, String::new(), Basis::Occasion),
        // A name alone may be said of somebody else.
        (Part::Unknown, _) => (name.confidence - 0.15, String::new(), Basis::Speech),
        (Part::Coach { .. }, false) | (Part::Other { .. }, true) => {
            let is = if is_coach { "is the one being coached" } else { "is the coach" };
            return Identified::nobody(format!("{} But from what is said, this speaker {is}.", name.reason));
        }
    };
    if generic::is_crowd(label) && !is_coach && !agrees {
        let reason = format!("{} But “{label}” may be several people at the other end.", name.reason);
        return Identified::of(person.who, 0.6, reason);
    }
    let role = if because.is_empty() { String::new() } else { format!(" {}.", names::capital(&because)) };
    let verb = if confidence >= THRESHOLD { "is" } else { "may be" };
    let reason = format!("{}{role}{pointed} So this {verb} {}.", name.reason, person.name);
    let reason = if confidence >= THRESHOLD { reason } else { reason.replace(" So this ", " This ") };
    Identified { who: Some(person.who), confidence: confidence.min(0.95), reason, basis }
}

/// Called by a name that several have: the occasion may tell which of them is meant.
fn among_namesakes(label: &str, name: &SpokenName, ambiguous: &str, part: &Part, scene: &Scene<'_>) -> Identified {
    if let Pointing::To { who, .. } = scene.pointing
        && let Some(person) = scene.people.people.iter().find(|person| person.who == who)
        && person.words.first().is_some_and(|first| nicknames::alike(first, &name.key))
        && matches!(part, Part::Other { .. })
    {
        return Identified { basis: Basis::Occasion, ..named(label, name, person, part, scene) };
    }
    Identified::nobody(format!("{} {ambiguous}", name.reason))
}

/// Called by a name that nobody has who is known.
fn stranger(label: &str, name: &SpokenName, part: &Part) -> Identified {
    let reason = format!("{} None of your clients has that name.", name.reason);
    match part {
        Part::Coach { because, .. } => {
            Identified::of(Who::Coach, 0.6, format!("“{label}” {because}, as a coach does. However: {reason}"))
        }
        Part::Other { .. } | Part::Unknown => Identified::nobody(reason),
    }
}

/// Nobody says a name.
fn unnamed(label: &str, part: &Part, scene: &Scene<'_>) -> Identified {
    match part {
        Part::Coach { confidence, because } => {
            Identified::of(Who::Coach, *confidence, format!("“{label}” {because}, as a coach does."))
        }
        Part::Other { confidence, because } => {
            let because = names::capital(because);
            let name = |who| scene.people.name(who);
            match &scene.pointing {
                Pointing::To { who, reason, .. } if generic::is_crowd(label) => {
                    let but = format!("But “{label}” may be several people, and nothing that is said shows who.");
                    Identified::of(*who, 0.6, format!("{because}. {reason} {but}"))
                }
                Pointing::To { who, confidence: pointed, reason, .. } => Identified {
                    basis: Basis::Occasion,
                    ..Identified::of(
                        *who,
                        confidence.min(*pointed),
                        format!("{because}. {reason} So this is {}.", name(*who)),
                    )
                },
                Pointing::Perhaps { who, reason } => {
                    Identified::of(*who, 0.6, format!("{because}. {reason} But nothing that is said shows it."))
                }
                Pointing::Unclear(why) => Identified::nobody(format!("{because}: this is the client. {why}")),
                Pointing::Nothing => Identified::nobody(format!(
                    "{because}: this is the client, but nothing that is said shows which one."
                )),
            }
        }
        Part::Unknown => {
            Identified::nobody(format!("“{label}” isn’t a person’s name, and what is said doesn’t show who it is."))
        }
    }
}

/// Where one of two is a client by what is said and by the occasion, the other is the coach, unless called otherwise.
fn other_than_client(found: &mut [(usize, Identified)], labels: &[&str], called: &[Called], scene: &Scene<'_>) {
    if found.len() != 2 || !scene.is_pair || scene.knows_coach {
        return;
    }
    let is_client = |(_, identified): &(usize, Identified)| {
        matches!(identified.who, Some(Who::Client(_))) && identified.confidence >= THRESHOLD
    };
    let Some(client) = found.iter().position(is_client) else { return };
    let name = found[client].1.who.map(|who| scene.people.name(who)).unwrap_or_default();
    let (at, identified) = &mut found[1 - client];
    let is_called_otherwise = match &called[*at] {
        Called::Nothing => false,
        Called::Several(..) => true,
        Called::Name(said) => {
            let person = scene.people.called(&said.key).ok().flatten();
            said.confidence >= 0.5 && person.is_none_or(|person| person.who != Who::Coach)
        }
    };
    let is_open = identified.who.is_none() || identified.confidence < THRESHOLD;
    if is_open && !is_called_otherwise && !generic::is_crowd(labels[*at]) {
        let reason = format!("The other speaker is {name}, and this is your session, so this is you.");
        *identified = Identified { basis: Basis::Occasion, ..Identified::of(Who::Coach, 0.78, reason) };
    }
}

#[cfg(test)]
mod tests {
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

    /// The session after a first exchange, under these labels.
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
        // Somebody else than the only client.
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

    /// As [`found`], with more that is known.
    fn found_with(
        labels: [&str; 2],
        said: &[(usize, &str)],
        names: &[&str],
        clients: &[(Who, &str)],
    ) -> Vec<Resolution> {
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
        // Too little is said to tell who coaches, and a name that is called tells which of the two is meant.
        let short = [(0, "Good morning Tom, how was the week?"), (1, "Hard, I was at the office until nine.")];
        let agree = found_with(["A", "B"], &short, &["tom"], &BOTH);
        assert_eq!(who(&agree), [(Some(Who::Coach), None), (Some(TOM), None)], "{agree:?}");
        let unnamed = found_with(["A", "B"], &short, &["session"], &BOTH);
        assert_eq!(who(&unnamed), [(None, None), (None, Some(TOM))], "{unnamed:?}");
        let silent = [(0, "Good morning, how was the week?"), (1, "Hard, I was at the office until nine.")];
        let unclear = found_with(["A", "B"], &silent, &["tom"], &BOTH);
        assert_eq!(who(&unclear), [(None, None), (None, None)], "nothing tells which of the two: {unclear:?}");
        // Of two who are called so, the file tells which.
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
}
