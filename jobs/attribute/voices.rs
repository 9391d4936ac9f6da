//! Who is behind labels that are nobody's name ("Speaker 1", `spk_0`, "Client"), from what is said. Pure.
//!
//! Two things must agree before a client is named without being asked about: the part (who coaches) and the name by
//! which the other calls them. A part alone names the coach, of whom there is one; it never names a client, but where
//! the coach has one client only, that one is suggested.

use super::{
    names::{self, Claim},
    people::{People, Person, Who},
    resolve::THRESHOLD,
    roles::{self, Said},
    spoken::{self, Called, SpokenName},
};

/// What was found on such a label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Voice {
    /// Whom it means, or may mean: it counts from [`THRESHOLD`] on and is a suggestion below.
    pub(super) who: Option<Who>,
    /// From 0 to 1.
    pub(super) confidence: f32,
    /// A sentence that a coach understands.
    pub(super) reason: String,
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

/// Looks at each label that is nobody's name and not known yet. Gives its place and what was found.
pub(super) fn voices(
    labels: &[&str],
    spoken: &[usize],
    known: &[Option<Who>],
    said: &[Said<'_>],
    people: &People,
) -> Vec<(usize, Voice)> {
    let is_open = |at: &usize| known[*at].is_none() && !labels[*at].trim().is_empty() && names::is_generic(labels[*at]);
    let open: Vec<usize> = spoken.iter().copied().filter(is_open).collect();
    if open.is_empty() || said.is_empty() {
        return Vec::new();
    }
    let called = spoken::names_in_speech(labels.len(), said, &people.known_names());
    let coaching = roles::coaching(said);
    let knows_coach = spoken.iter().any(|at| known[*at] == Some(Who::Coach));
    let found = open.into_iter().map(|at| {
        let part = part(at, spoken, knows_coach, coaching.as_ref());
        let voice = if contradicts(names::claim(labels[at]), &part) {
            let reason = format!("What is said does not fit the label “{}”: the labels may be swapped.", labels[at]);
            Voice { who: None, confidence: 0.0, reason }
        } else {
            voice(labels[at], &part, &called[at], people)
        };
        (at, voice)
    });
    found.collect()
}

fn part(at: usize, spoken: &[usize], knows_coach: bool, coaching: Option<&roles::Coaching>) -> Part {
    if knows_coach {
        // Whoever speaks with the coach alone is not the coach.
        let because = "the other speaker is the coach".to_owned();
        return if spoken.len() == 2 { Part::Other { confidence: 0.9, because } } else { Part::Unknown };
    }
    match coaching {
        Some(found) if found.coach == at => {
            Part::Coach { confidence: found.confidence, because: found.because.clone() }
        }
        Some(found) if spoken.len() == 2 => {
            Part::Other { confidence: found.confidence, because: format!("this speaker {}", found.other_because) }
        }
        _ => Part::Unknown,
    }
}

const fn contradicts(claim: Option<Claim>, part: &Part) -> bool {
    matches!((claim, part), (Some(Claim::Coach), Part::Other { .. }) | (Some(Claim::Client), Part::Coach { .. }))
}

fn voice(label: &str, part: &Part, called: &Called, people: &People) -> Voice {
    let nobody = |reason: String| Voice { who: None, confidence: 0.0, reason };
    match called {
        Called::Several(one, other) => {
            nobody(format!("“{label}” is called “{one}” and “{other}”: two people may speak under this label."))
        }
        Called::Name(name) => match people.called(&name.key) {
            // Somebody else of that surname.
            Ok(Some(person)) if name.by_surname && is_against(part, person) => unnamed(label, part, people),
            Ok(Some(person)) => named(name, person, part),
            Ok(None) if name.confidence >= THRESHOLD => stranger(label, name, part),
            Ok(None) => unnamed(label, part, people),
            Err(ambiguous) => nobody(format!("{} {ambiguous}", name.reason)),
        },
        Called::Nothing => unnamed(label, part, people),
    }
}

/// Whether the part that a speaker has is not this person's.
fn is_against(part: &Part, person: &Person) -> bool {
    let is_coach = person.who == Who::Coach;
    matches!((part, is_coach), (Part::Coach { .. }, false) | (Part::Other { .. }, true))
}

/// Called by the name of somebody who is known.
fn named(name: &SpokenName, person: &Person, part: &Part) -> Voice {
    let is_coach = person.who == Who::Coach;
    let (confidence, because) = match (part, is_coach) {
        (Part::Coach { confidence, because }, true) => {
            ((confidence + 0.03).max(name.confidence), format!("this speaker {because}"))
        }
        (Part::Other { confidence, because }, false) => (confidence.min(name.confidence), because.clone()),
        // A name alone may be said of somebody else.
        (Part::Unknown, _) => (name.confidence - 0.15, String::new()),
        (Part::Coach { .. }, false) | (Part::Other { .. }, true) => {
            let reason = format!(
                "{} But by what is said this speaker {}.",
                name.reason,
                if is_coach { "is being coached" } else { "coaches" }
            );
            return Voice { who: None, confidence: 0.0, reason };
        }
    };
    let role = if because.is_empty() { String::new() } else { format!(" {}.", names::capital(&because)) };
    let reason = format!("{}{role} So this is {}.", name.reason, person.name);
    let reason = if confidence >= THRESHOLD { reason } else { reason.replace(" So this is ", " This may be ") };
    Voice { who: Some(person.who), confidence: confidence.min(0.95), reason }
}

/// Called by a name that nobody has who is known.
fn stranger(label: &str, name: &SpokenName, part: &Part) -> Voice {
    let reason = format!("{} Nobody among your people is called so.", name.reason);
    match part {
        Part::Coach { because, .. } => Voice {
            who: Some(Who::Coach),
            confidence: 0.6,
            reason: format!("“{label}” {because}, as a coach does. But: {reason}"),
        },
        Part::Other { .. } | Part::Unknown => Voice { who: None, confidence: 0.0, reason },
    }
}

/// Nobody says a name.
fn unnamed(label: &str, part: &Part, people: &People) -> Voice {
    match part {
        Part::Coach { confidence, because } => Voice {
            who: Some(Who::Coach),
            confidence: *confidence,
            reason: format!("“{label}” {because}, as a coach does."),
        },
        Part::Other { because, .. } => {
            let mut clients = people.people.iter().filter(|person| matches!(person.who, Who::Client(_)));
            let only = clients.next().filter(|_| clients.next().is_none());
            let reason = match only {
                Some(person) => {
                    format!(
                        "{}, and {} is your only client; but no name is said.",
                        names::capital(because),
                        person.name
                    )
                }
                None => format!("{}: this is the client, but no name is said.", names::capital(because)),
            };
            Voice { who: only.map(|person| person.who), confidence: if only.is_some() { 0.6 } else { 0.0 }, reason }
        }
        Part::Unknown => Voice {
            who: None,
            confidence: 0.0,
            reason: format!("“{label}” is no person's name, and what is said does not tell who it is."),
        },
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
        let said: Vec<Said<'_>> =
            first.iter().chain(&SESSION[1..]).map(|(label, text)| Said { label: *label, text }).collect();
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
    fn a_client_without_a_name_is_asked_about() {
        let one = found(["Speaker 1", "Speaker 2"], &[], &BOTH[..1]);
        assert_eq!(who(&one), [(Some(Who::Coach), None), (None, Some(PRIYA))], "{one:?}");
        let two = found(["Speaker 1", "Speaker 2"], &[], &BOTH);
        assert_eq!(who(&two), [(Some(Who::Coach), None), (None, None)], "{two:?}");
        // Somebody else than the only client.
        let other = found(["Speaker 1", "Speaker 2"], &[(0, "Hi Zora."), (1, "Hi.")], &BOTH[..1]);
        assert_eq!(who(&other), [(Some(Who::Coach), None), (None, None)], "{other:?}");
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
}
