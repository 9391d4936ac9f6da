//! Who is behind a speaker label: the pure core of the stage.
//!
//! A false merge (one client's words in another's summary) is far worse than a miss, so below [`THRESHOLD`] the answer
//! is "nobody", with the likeliest person as a suggestion that only a person can confirm.

use std::collections::BTreeMap;

use super::{
    attendees::{self, Told},
    identity::{self, Around, Circle},
    names::{self, Form, Without},
    people::{People, Person, Who},
    roles::{self, Said},
    spoken, voices,
};

/// From this confidence on, an attribution stands without a person's word.
pub const THRESHOLD: f32 = 0.75;

/// How much a label says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As written; empty for utterances without a label.
    pub label: String,
    /// How many words were said under it.
    pub words: i32,
}

/// What a label was found to mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// As written.
    pub label: String,
    /// Whom it means; none below the threshold.
    pub who: Option<Who>,
    /// From 0 to 1.
    pub confidence: f32,
    /// A sentence that a coach understands.
    pub reason: String,
    /// The likeliest person, where nobody is sure.
    pub suggestion: Option<Who>,
}

/// One step of the evidence, before labels are held against each other.
struct Finding {
    who: Who,
    confidence: f32,
    reason: String,
    /// The name alone could be another person's: a first name, an initial.
    is_weak: bool,
}

/// Says of each label whom it means. Labels under which nothing was said are left out. `said` is what was said in the
/// session, in its order: it tells who is behind a label that is nobody's name.
#[must_use]
pub fn resolve(labels: &[Label], said: &[Said<'_>], people: &People) -> Vec<Resolution> {
    let spoken: Vec<usize> = (0..labels.len()).filter(|at| labels[*at].words > 0).collect();
    let names: Vec<&str> = labels.iter().map(|label| label.label.as_str()).collect();
    let mut findings: Vec<Result<Finding, String>> = names.iter().map(|label| find(label, &names, people)).collect();
    doubt_swapped_roles(&mut findings, &names, &spoken, said);
    doubt_shared(&mut findings, &names, said, people);
    let known: Vec<Option<Who>> = findings
        .iter()
        .map(|found| found.as_ref().ok().filter(|found| found.confidence >= THRESHOLD).map(|found| found.who))
        .collect();
    let voices = voices::voices(&names, &spoken, &known, said, people);
    for (at, voice) in voices {
        findings[at] = match voice.who {
            Some(who) => Ok(Finding { who, confidence: voice.confidence, reason: voice.reason, is_weak: false }),
            None => Err(voice.reason),
        };
    }
    spoken.into_iter().map(|at| resolution(at, &findings, &names)).collect()
}

/// Labels that claim roles are doubted where the text says the opposite: tools and people swap them.
fn doubt_swapped_roles(findings: &mut [Result<Finding, String>], names: &[&str], spoken: &[usize], said: &[Said<'_>]) {
    let [one, other] = *spoken else { return };
    for (coach, client) in [(one, other), (other, one)] {
        let is_claim = names::claim(names[coach]) == Some(names::Claim::Coach);
        let Ok(finding) = &mut findings[coach] else { continue };
        if is_claim
            && finding.confidence < 0.95
            && roles::support(coach, client, said).is_some_and(|score| score <= -roles::CLEAR / 2.0)
        {
            finding.confidence = 0.5;
            finding.reason.push_str(" But by what is said the other speaker coaches: the labels may be swapped.");
        }
    }
}

/// A label that names one person, under which another introduces themselves or is spoken to, may be shared: a device, a
/// room. What the coach said of it stands.
fn doubt_shared(findings: &mut [Result<Finding, String>], names: &[&str], said: &[Said<'_>], people: &People) {
    let told = spoken::told(said, &people.known_names());
    let is_pair = names.len() == 2;
    for (at, finding) in findings.iter_mut().enumerate() {
        let Ok(finding) = finding else { continue };
        if finding.confidence >= BY_COACH || finding.confidence < THRESHOLD {
            continue;
        }
        let mut weights: BTreeMap<&str, (f32, &str)> = BTreeMap::new();
        for cue in told.iter().filter(|cue| cue.label == at && !cue.by_surname && (cue.introduces || is_pair)) {
            let person = people.called(&cue.key).ok().flatten();
            if person.is_some_and(|person| person.who != finding.who) {
                weights.entry(&cue.key).or_insert((0.0, &cue.name)).0 += cue.weight;
            }
        }
        let strongest = weights.into_values().max_by(|one, other| one.0.total_cmp(&other.0));
        if let Some((_, name)) = strongest.filter(|(weight, _)| *weight >= ANOTHER) {
            finding.confidence = 0.5;
            finding.reason = format!(
                "{} But “{name}” speaks under it too, by what is said: two people may share it.",
                finding.reason
            );
        }
    }
}

/// The confidence of what the coach said; no doubt of ours touches it.
const BY_COACH: f32 = 0.98;
/// How much must be said of another under a label before it is doubted: one introduction is, one greeting is not.
const ANOTHER: f32 = 2.5;

fn resolution(at: usize, findings: &[Result<Finding, String>], names: &[&str]) -> Resolution {
    let label = names[at].to_owned();
    match &findings[at] {
        Err(reason) => Resolution { label, who: None, confidence: 0.0, reason: reason.clone(), suggestion: None },
        Ok(finding) => {
            let (confidence, reason) = match rival(at, finding, findings, names) {
                Some(rival) => (
                    finding.confidence.min(THRESHOLD - 0.15),
                    format!("{} But “{rival}” speaks in this session too, and may be another person.", finding.reason),
                ),
                None => (finding.confidence, finding.reason.clone()),
            };
            let is_sure = confidence >= THRESHOLD;
            Resolution {
                label,
                who: is_sure.then_some(finding.who),
                confidence,
                reason,
                suggestion: (!is_sure).then_some(finding.who),
            }
        }
    }
}

/// Another label of the session that has at least as good a claim on the same person. A first name beside the full
/// name may be the same person on a second device, or a namesake: that is for a person to say.
fn rival<'a>(
    at: usize,
    finding: &Finding,
    findings: &[Result<Finding, String>],
    labels: &[&'a str],
) -> Option<&'a str> {
    if !finding.is_weak {
        return None;
    }
    let key = names::alias_key(labels[at]);
    findings.iter().enumerate().find_map(|(other, found)| {
        let found = found.as_ref().ok().filter(|found| found.who == finding.who)?;
        let is_rival = other != at && found.confidence >= finding.confidence;
        (is_rival && names::alias_key(labels[other]) != key).then_some(labels[other])
    })
}

/// The strongest evidence on one label; or why there is none. The coach's word on this very session is the last; then
/// come the files of the meeting (participants, addresses), the coach's earlier corrections, aliases, the roster. Where
/// the files say one thing and a name says another, the coach is asked.
fn find(label: &str, labels: &[&str], people: &People) -> Result<Finding, String> {
    if let Some(who) = people.named.get(label) {
        return Ok(Finding {
            who: *who,
            confidence: 1.0,
            reason: "You named this speaker.".to_owned(),
            is_weak: false,
        });
    }
    let by_files = attendees::told(label, people)?;
    match (by_files, find_by_name(label, labels, people)) {
        (None, Err(reason)) => Err(match attendees::stranger(label, people) {
            Some(email) => format!("{reason} In the meeting this speaker had the address {email}."),
            None => reason,
        }),
        (None, found) => found,
        (Some(told), Ok(found)) if found.who != told.who && found.confidence >= THRESHOLD => {
            Err(format!("{} But: {} Which is right?", told.reason, found.reason))
        }
        (Some(told), Ok(found)) if found.who == told.who => {
            let Told { who, confidence, reason } = told;
            Ok(Finding { who, confidence: confidence.max(found.confidence), reason, is_weak: false })
        }
        (Some(Told { who, confidence, reason }), _) => Ok(Finding { who, confidence, reason, is_weak: false }),
    }
}

/// The strongest evidence that lies in the label itself.
fn find_by_name(label: &str, labels: &[&str], people: &People) -> Result<Finding, String> {
    let sure = |who, confidence, reason: String| Ok(Finding { who, confidence, reason, is_weak: false });
    let key = names::alias_key(label);
    if names::is_generic(label) {
        return Err(match label.trim() {
            "" => "These words have no speaker's name in the file.".to_owned(),
            label => format!("“{label}” is no person's name: it could be anybody."),
        });
    }
    if let Some(alias) = people.aliases.get(&key) {
        let name = people.name(alias.who);
        return match alias.by_correction {
            true => sure(alias.who, 0.98, format!("You said before that “{label}” is {name}.")),
            false => sure(alias.who, 0.95, format!("The roster says that “{label}” is {name}.")),
        };
    }
    if key == "coach" || key == "the coach" {
        return sure(Who::Coach, 0.9, "The label says that this is the coach.".to_owned());
    }
    // A name may hold a company or more, as a label does: what is written alike is the same.
    let is_one = |person: &Person| names::alias_key(&person.name) == key && !names::holds_others(label, &person.name);
    if let Some(person) = people.only(is_one)? {
        return sure(person.who, 0.95, format!("The label is the name of {}.", person.name));
    }
    let emails = names::emails(label);
    if let Some(person) = people.only(|person| person.email.as_ref().is_some_and(|email| emails.contains(email)))? {
        return sure(person.who, 0.97, format!("The label holds {}'s email address.", person.name));
    }
    match by_name(&names::forms(label), people) {
        Ok(Some(finding)) if finding.confidence >= THRESHOLD => Ok(finding),
        Ok(found) => match by_identity(label, labels, people)? {
            Some(finding) => Ok(finding),
            None => found.ok_or_else(|| match names::puts_several(label) {
                true => format!("“{label}” may be several people at one microphone."),
                false => "Nobody among your people has this name.".to_owned(),
            }),
        },
        Err(ambiguous) => Err(ambiguous),
    }
}

/// By the names under which people were met before, and by names that are written otherwise.
fn by_identity(label: &str, labels: &[&str], people: &People) -> Result<Option<Finding>, String> {
    let names = people.people.iter().map(|person| (person.who, person.name.as_str()));
    let known: Vec<(Who, &str)> =
        names.chain(people.aliases.values().map(|alias| (alias.who, alias.written.as_str()))).collect();
    let circle = Circle::new(known.iter().map(|(_, name)| *name).chain(labels.iter().copied()));
    let mut found: Vec<(Finding, &str)> = Vec::new();
    for (who, name) in known {
        let met = labels.iter().any(|other| *other != label && names::alias_key(other) == names::alias_key(name));
        let around = Around { met, circle: Some(&circle) };
        if let identity::Sameness::Same { confidence, because } = identity::same_person(label, name, around) {
            let whose = people.name(who);
            let reason = format!("“{label}” and “{name}” are {whose}'s: {because}.");
            found.push((Finding { who, confidence: confidence.min(0.9), reason, is_weak: confidence < 0.84 }, name));
        }
    }
    found.sort_by(|(a, _), (b, _)| b.confidence.total_cmp(&a.confidence));
    if let Some(((_, name), (_, other))) = found
        .first()
        .zip(found.iter().find(|(finding, _)| found.first().is_some_and(|(one, _)| one.who != finding.who)))
    {
        return Err(format!("This could be “{name}” or “{other}”."));
    }
    Ok(found.into_iter().next().map(|(finding, _)| finding))
}

/// The kinds of likeness between a form and a name, the best first: how sure each makes, and what to say of it.
const LIKENESSES: [(Likeness, f32, bool, &str); 5] = [
    (same_name, 0.95, false, "The label is the name of"),
    (same_but_middle, 0.88, false, "But for a middle name, the label is the name of"),
    (first_and_initial, 0.85, true, "The first name and the initial are those of"),
    (initial_and_last, 0.8, true, "The initial and the last name are those of"),
    (first_only, 0.8, true, "Nobody else among your people has the first name of"),
];

type Likeness = fn(&[String], &[String]) -> bool;

fn by_name(forms: &[Form], people: &People) -> Result<Option<Finding>, String> {
    for (likeness, confidence, is_weak, says) in LIKENESSES {
        let alike = |form: &Form, person: &Person| likeness(&form.words, &person.words);
        let Some(person) = people.only(|person| forms.iter().any(|form| alike(form, person)))? else { continue };
        let without = forms.iter().find(|form| alike(form, person)).map_or(Without::OtherPart, |form| form.without);
        // A part of a name beside a company could be a namesake from there; on a device it is that person's.
        let confidence = match (is_weak, without) {
            (_, Without::OtherPerson) => 0.5,
            (false, _) | (true, Without::Nothing) => confidence,
            (true, Without::Device) => confidence - 0.04,
            (true, Without::OtherPart) => confidence - 0.2,
        };
        return Ok(Some(Finding { who: person.who, confidence, reason: format!("{says} {}.", person.name), is_weak }));
    }
    Ok(None)
}

fn same_name(form: &[String], name: &[String]) -> bool {
    name.len() >= 2 && (form == name || (form.len() == 1 && form[0] == name.concat()))
}

fn same_but_middle(form: &[String], name: &[String]) -> bool {
    let (short, long) = if form.len() < name.len() { (form, name) } else { (name, form) };
    short.len() == 2 && long.len() == 3 && short[0] == long[0] && short[1] == long[2] && !is_initial(&short[1])
}

fn first_and_initial(form: &[String], name: &[String]) -> bool {
    form.len() == 2 && name.len() >= 2 && form[0] == name[0] && is_initial_of(&form[1], name.last())
}

fn initial_and_last(form: &[String], name: &[String]) -> bool {
    form.len() == 2 && name.len() >= 2 && form.last() == name.last() && is_initial_of(&form[0], name.first())
}

/// The label is a beginning of the name (`Priya` of Priya Raman, `Jean-Luc` of Jean-Luc Picard), or all of a name that
/// is one word.
fn first_only(form: &[String], name: &[String]) -> bool {
    !form.is_empty() && !is_initial(&form[0]) && name.starts_with(form)
}

fn is_initial(word: &str) -> bool {
    word.is_ascii() && word.len() == 1
}

fn is_initial_of(word: &str, of: Option<&String>) -> bool {
    is_initial(word) && of.is_some_and(|of| of.starts_with(word))
}

#[cfg(test)]
mod tests;
