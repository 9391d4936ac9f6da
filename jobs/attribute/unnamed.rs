//! Identifies labels that aren't names ("Speaker 1", `spk_0`, "You", "Client") from what is said. Pure.
//!
//! Two things must agree before a client is identified without asking: the role (who coaches), and the name by which
//! the other speaker addresses them or the one client that the occasion points to (see `occasion`). A role alone
//! identifies the coach, of whom there is only one. The remote end of a call ("Others") may be several people: there
//! the name and the occasion must agree.

use super::{
    occasion::{self, Pointing},
    people::{People, Person, Who},
    resolve::{Basis, LabelMatch, MatchResult, THRESHOLD},
    roles::{self, Utterance},
    spoken::{self, Called, SpokenName},
};
use crate::names::{self, Claim, generic, nicknames};

/// What was found about such a label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Identified {
    /// Who it is, or may be: certain from [`THRESHOLD`] on, a suggestion below.
    who: Option<Who>,
    /// From 0 to 1.
    confidence: f32,
    /// The reason, as a sentence that a coach understands.
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

    /// Converts it to the result type of other matches.
    pub(super) fn into_result(self) -> MatchResult {
        let Self { who, confidence, reason, basis } = self;
        match who {
            Some(who) => Ok(LabelMatch { who, confidence, reason, basis }),
            None => Err(reason),
        }
    }
}

/// The role of a speaker, as far as the text shows it.
enum Part {
    /// Coaches.
    Coach { confidence: f32, because: String },
    /// The only other speaker besides the coach.
    Other { confidence: f32, because: String },
    /// Not clear.
    Unknown,
}

/// What all labels of the session have in common.
struct Scene<'a> {
    people: &'a People,
    is_pair: bool,
    /// Whether one of the session's labels is the coach's.
    knows_coach: bool,
    coaching: Option<roles::Coaching>,
    /// Who the occasion points to; nobody if more than two speak.
    pointing: Pointing,
}

/// Examines each label that isn't a name and isn't identified yet. Returns its index and what was found.
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
        // Whoever speaks with the coach alone isn't the coach.
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

/// "You", "Me", "Microphone": whoever recorded it, and so the coach who owns the inbox, unless the words say otherwise.
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
            // Someone else with that surname.
            Ok(Some(person)) if name.by_surname && is_against(part, person) => unnamed(label, part, scene),
            Ok(Some(person)) => named(label, name, person, part, scene),
            // Words that aren't names can look as if someone were addressed: "By when, Friday?"
            Ok(None) if name.confidence >= THRESHOLD || nicknames::is_given(&name.key) => stranger(label, name, part),
            Ok(None) => unnamed(label, part, scene),
            Err(ambiguous) => among_namesakes(label, name, &ambiguous, part, scene),
        },
        Called::Nothing => unnamed(label, part, scene),
    }
}

/// Whether the speaker's role isn't this person's.
fn is_against(part: &Part, person: &Person) -> bool {
    let is_coach = person.who == Who::Coach;
    matches!((part, is_coach), (Part::Coach { .. }, false) | (Part::Other { .. }, true))
}

/// The speaker is addressed by the name of a known person.
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
        // The name is mentioned, and no one else can be meant by it here.
        (Part::Unknown, false) if agrees && name.confidence >= 0.8 => (0.8, String::new(), Basis::Occasion),
        // A name alone may refer to someone else.
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

/// The speaker is addressed by a name that several people have: the occasion may tell which of them is meant.
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

/// The speaker is addressed by an unknown name.
fn stranger(label: &str, name: &SpokenName, part: &Part) -> Identified {
    let reason = format!("{} None of your clients has that name.", name.reason);
    match part {
        Part::Coach { because, .. } => {
            Identified::of(Who::Coach, 0.6, format!("“{label}” {because}, as a coach does. However: {reason}"))
        }
        Part::Other { .. } | Part::Unknown => Identified::nobody(reason),
    }
}

/// Nobody mentions a name.
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

/// If one of two is a client by what is said and by the occasion, the other is the coach, unless addressed by another
/// name.
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
mod tests;
