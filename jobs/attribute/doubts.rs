//! What makes a match doubtful once the labels of a session are compared with each other. Pure.
//!
//! A doubtful match becomes a suggestion, and the coach is asked. What the coach said outweighs every doubt.

use std::collections::{BTreeMap, HashSet};

use super::{
    attendees, introductions,
    people::{People, Person, Who},
    resolve::{Basis, LabelMatch, MatchResult, SUGGESTED},
    roles::{self, Utterance},
    spoken,
};
use crate::{
    names::{self, Claim},
    text,
};

/// The labels of a session.
pub(super) struct Session<'a> {
    pub(super) names: &'a [&'a str],
    /// The indices of labels under which something was said.
    pub(super) spoken: &'a [usize],
    /// For each label, whether tools give it to anyone.
    pub(super) anybodys: &'a [bool],
    pub(super) people: &'a People,
}

/// The coach and a client by their names, where the text says clearly that the client coaches: a file can have the two the
/// wrong way round. Each would get the other's words, so both are asked about.
pub(super) fn swapped_names(findings: &mut [MatchResult], session: &Session<'_>, said: &[Utterance<'_>]) {
    let [one, other] = *session.spoken else { return };
    let who = |at: usize| findings[at].as_ref().ok().filter(|found| found.is_sure()).map(|found| found.who);
    let (coach, client) = match (who(one), who(other)) {
        (Some(Who::Coach), Some(Who::Client(_))) => (one, other),
        (Some(Who::Client(_)), Some(Who::Coach)) => (other, one),
        _ => return,
    };
    let is_told = |at: &usize| session.people.named.contains_key(session.names[*at]);
    if [coach, client].iter().any(is_told)
        || roles::support(coach, client, said).is_none_or(|score| score > -roles::CLEAR)
    {
        return;
    }
    let name = session.names[client];
    for at in [coach, client] {
        if let Ok(finding) = &mut findings[at] {
            finding.doubt(&format!(
                " But from what is said, “{name}” asks and guides like the coach: the two names may be swapped."
            ));
        }
    }
}

/// Labels that claim roles are doubted where the text says the opposite: tools and people swap them.
pub(super) fn swapped_roles(findings: &mut [MatchResult], names: &[&str], spoken: &[usize], said: &[Utterance<'_>]) {
    let [one, other] = *spoken else { return };
    for (coach, client) in [(one, other), (other, one)] {
        let is_claim = names::claim(names[coach]) == Some(Claim::Coach);
        let Ok(finding) = &mut findings[coach] else { continue };
        if is_claim
            && finding.confidence < 0.95
            && roles::support(coach, client, said).is_some_and(|score| score <= -roles::CLEAR / 2.0)
        {
            finding.doubt(" But from what is said, the other speaker is the coach: the labels may be swapped.");
        }
    }
}

/// A label that names one person, under which someone else introduces themselves or is addressed, may be shared: a
/// device, a room.
pub(super) fn shared(findings: &mut [MatchResult], session: &Session<'_>, mentions: &[spoken::Mention]) {
    /// How much evidence of someone else it takes to doubt a label: one introduction is enough, one greeting isn't.
    const ANOTHER: f32 = 2.5;

    let is_pair = session.names.len() == 2;
    for (at, finding) in findings.iter_mut().enumerate() {
        let Ok(finding) = finding else { continue };
        if finding.basis == Basis::Coach || !finding.is_sure() {
            continue;
        }
        let mut weights: BTreeMap<&str, (f32, &str)> = BTreeMap::new();
        for cue in mentions.iter().filter(|cue| cue.label == at && !cue.by_surname && (cue.introduces || is_pair)) {
            let person = session.people.called(&cue.key).ok().flatten();
            if person.is_some_and(|person| person.who != finding.who) {
                weights.entry(&cue.key).or_insert((0.0, &cue.name)).0 += cue.weight;
            }
        }
        let strongest = weights.into_values().max_by(|one, other| one.0.total_cmp(&other.0));
        if let Some((_, name)) = strongest.filter(|(weight, _)| *weight >= ANOTHER) {
            finding.doubt(&format!(" But from what is said, “{name}” speaks under it too: two people may share it."));
        }
    }
}

/// A label that names one person, under which someone introduces themselves whom nobody knows (a spouse, an assistant), or
/// is greeted by another name.
pub(super) fn introduced(
    findings: &mut [MatchResult],
    session: &Session<'_>,
    said: &[Utterance<'_>],
    mentions: &[spoken::Mention],
) {
    for &at in session.spoken {
        let Ok(finding) = &mut findings[at] else { continue };
        if !finding.is_sure() || session.people.named.contains_key(session.names[at]) {
            continue;
        }
        let Some(own) = session.people.people.iter().find(|person| person.who == finding.who) else { continue };
        let greeted = || greeted_as_another(mentions, at, own, finding, session.spoken.len() == 2);
        if let Some(what) = introductions::of_another(said, at, own, session.names).or_else(greeted) {
            finding.doubt(&format!(" But someone {what}: this may be someone else."));
        }
    }
}

/// Whether the other one of two greets a label by a name that isn't the person's. What the coach once said of a device, or of
/// somebody's account, holds until another name is said there; a whole name is doubted at the beginning alone.
fn greeted_as_another(
    mentions: &[spoken::Mention],
    at: usize,
    own: &Person,
    finding: &LabelMatch,
    is_pair: bool,
) -> Option<String> {
    const BEGINNING: usize = 6;
    /// One greeting; thanks are less.
    const GREETED: f32 = 2.0;
    let is_remembered = finding.basis == Basis::Coach;
    let is_another = |cue: &&spoken::Mention| {
        let last = cue.name.split_whitespace().last().map(names::alias_key).unwrap_or_default();
        let is_own = introductions::is_near(own, &cue.key) || introductions::is_near(own, &last);
        cue.label == at
            && !is_own
            && (cue.weight >= GREETED && cue.at < BEGINNING || is_remembered)
            && (cue.by_surname || names::nicknames::is_given(&cue.key))
    };
    let another = mentions.iter().find(is_another).filter(|_| is_pair)?;
    Some(format!("calls this speaker “{}”", another.name))
}

/// A part of a name beside another label that has at least as good a claim on the same person. A first name beside the
/// full name may be the same person on a second device, or a namesake: that is for a person to say.
pub(super) fn rivals(findings: &mut [MatchResult], session: &Session<'_>) {
    let keys: Vec<String> = session.names.iter().map(|name| names::alias_key(name)).collect();
    let claims: Vec<Option<(Who, f32)>> =
        findings.iter().map(|found| found.as_ref().ok().map(|found| (found.who, found.confidence))).collect();
    for at in 0..findings.len() {
        let Ok(finding) = &mut findings[at] else { continue };
        let person = session.people.people.iter().find(|person| person.who == finding.who);
        // "Nora Fuller" was Ben once, on her account; where Ben is there under his own name, she may be herself.
        let is_remembered = finding.basis == Basis::Coach && !session.people.named.contains_key(session.names[at]);
        let is_anothers = is_remembered && person.is_some_and(|person| is_name_of_another(session.names[at], person));
        if finding.basis != Basis::PartOfName && !is_anothers || !finding.is_sure() {
            continue;
        }
        // Two people who share an entry are two speakers, and one client.
        let share_entry = |other: usize| {
            let member = |label: usize| person.and_then(|person| person.member(session.names[label]));
            member(at).is_some_and(|one| member(other).is_some_and(|other| one != other))
        };
        let is_rival = |other: &usize| {
            let is_own = || is_anothers && person.is_some_and(|person| person.is_named(session.names[*other]));
            let as_good = claims[*other]
                .is_some_and(|(who, sure)| who == finding.who && (sure >= finding.confidence || is_own()));
            *other != at && as_good && keys[*other] != keys[at] && !share_entry(*other)
        };
        if let Some(rival) = (0..session.names.len()).find(is_rival) {
            let rival = session.names[rival];
            finding.doubt(&format!(" But “{rival}” speaks in this session too, and may be a different person."));
        }
    }
}

/// Whether a label is a given name and a surname, and not this person's.
fn is_name_of_another(label: &str, person: &Person) -> bool {
    let forms = names::forms(label);
    let Some(form) = forms.first().filter(|form| form.words.len() > 1) else { return false };
    names::nicknames::is_given(&form.words[0]) && !introductions::is_near(person, &form.words[0])
}

/// A part of a name decides only if no one else can be meant: this person had it in an earlier session, the list of
/// participants has this person, or everyone else who speaks is known. If strangers speak it's a suggestion, as one of
/// them may have the name. The same applies to names that are only mentioned, if more than two speak.
pub(super) fn parts_of_names(findings: &mut [MatchResult], session: &Session<'_>) {
    // A match that is dropped may have been the one that another depended on.
    for _ in 0..2 {
        let known: Vec<Option<Who>> = findings
            .iter()
            .map(|found| found.as_ref().ok().filter(|found| found.is_sure()).map(|found| found.who))
            .collect();
        for &at in session.spoken {
            let Ok(finding) = &mut findings[at] else { continue };
            let is_said = finding.basis == Basis::Speech && session.spoken.len() > 2 && finding.who != Who::Coach;
            if !finding.is_sure() || finding.basis != Basis::PartOfName && !is_said {
                continue;
            }
            match nobody_else(at, finding.who, &known, session) {
                Ok(because) if !finding.reason.ends_with(&because) => finding.reason.push_str(&because),
                Ok(_) => {}
                Err(but) => finding.doubt(&but),
            }
        }
    }
}

/// Why no one else can be meant by a part of a name; or why someone else may be.
fn nobody_else(at: usize, who: Who, known: &[Option<Who>], session: &Session<'_>) -> Result<String, String> {
    let Session { names, spoken, anybodys, people } = session;
    let (label, name) = (names[at], people.name(who));
    let key = names::alias_key(label);
    if let Some(met) = people.met.get(&key).filter(|met| !met.is_empty() && !anybodys[at]) {
        return match met.iter().find(|other| **other != who) {
            Some(other) => Err(format!(" But “{label}” has been {} before.", people.name(*other))),
            None => Ok(format!(" It has been {name} before.")),
        };
    }
    let person = people.people.iter().find(|person| person.who == who);
    if let Some(source) = person.and_then(|person| attendees::vouches(person, label, people)) {
        return Ok(format!(" {} lists {name}, and nobody else with that name.", names::capital(source)));
    }
    let others: Vec<usize> = spoken.iter().copied().filter(|other| names::alias_key(names[*other]) != key).collect();
    let is_stranger = |other: &&usize| match known[**other] {
        Some(Who::Coach | Who::Client(_)) => false,
        Some(Who::Guest | Who::Shared) => true,
        // If the coach's own first name is a label, the other speaker is most likely the client.
        None => who != Who::Coach || !anybodys[**other],
    };
    if let Some(stranger) = others.iter().find(is_stranger) {
        let stranger = names[*stranger];
        let stranger =
            if stranger.trim().is_empty() { "someone without a name".to_owned() } else { format!("“{stranger}”") };
        return Err(format!(
            " But {stranger} speaks in this session too and isn’t one of your clients, so someone else with this name \
             may be there as well."
        ));
    }
    let speaking: HashSet<Who> = others.iter().filter_map(|other| known[*other]).collect();
    match (who, speaking.contains(&Who::Coach), speaking.len()) {
        (Who::Coach, _, _) => Ok(String::new()),
        (_, true, 1) if person.is_some_and(Person::is_shared) => {
            Ok(format!(" Only you and {name} speak in this session."))
        }
        (_, true, 1) => Ok(" Only the two of you speak in this session.".to_owned()),
        (_, true, _) => Ok(" Everyone else in this session is known.".to_owned()),
        (_, false, _) => Err(" But you don’t seem to be in this session.".to_owned()),
    }
}

/// If the coach took it back, we ask.
pub(super) fn refused(findings: &mut [MatchResult], session: &Session<'_>) {
    for (at, name) in session.names.iter().enumerate() {
        let is_guess = findings[at].as_ref().is_ok_and(|found| found.basis.is_guess());
        if is_guess && session.people.refused.contains(*name) {
            findings[at] = Err("You undid Debrief’s guess. Please say who this is.".to_owned());
        }
    }
}

/// If one label has all words of a session, or none is the coach's, someone else's words are among them: a tool or a
/// parser has lost who said them.
pub(super) fn one_speaker_for_all(findings: &mut [MatchResult], session: &Session<'_>) {
    let spoken = session.spoken;
    let known: Vec<Option<Who>> = spoken
        .iter()
        .map(|at| findings[*at].as_ref().ok().filter(|found| found.is_sure()).map(|found| found.who))
        .collect();
    let is_alone = spoken.len() == 1;
    let lacks_coach =
        !known.contains(&Some(Who::Coach)) && !known.contains(&Some(Who::Shared)) && known.iter().all(Option::is_some);
    if !lacks_coach && !is_alone {
        return;
    }
    for &at in spoken {
        let Ok(finding) = &mut findings[at] else { continue };
        if session.people.named.contains_key(session.names[at]) {
            continue;
        }
        match finding.who {
            Who::Client(_) if is_alone => {
                finding.doubt(
                    " But everything said in this session is under this one name, so it may \
                     include your words.",
                );
            }
            Who::Coach if is_alone => {
                finding.doubt(
                    " But everything said in this session is under this one name, so it may include a client’s words.",
                );
            }
            Who::Client(_) => {
                finding.doubt(" But none of the names in this session is yours, so your words may be under this one.");
            }
            _ => {}
        }
    }
}
/// If one label has all words and they read like a conversation, it most likely belongs to several people: whoever is
/// chosen would get the other person's words.
pub(super) fn conversation_under_one_label(
    findings: &mut [MatchResult],
    session: &Session<'_>,
    said: &[Utterance<'_>],
) {
    /// A file with fewer utterances has its questions within them.
    const FEWEST: usize = 6;

    let [at] = *session.spoken else { return };
    if session.people.named.contains_key(session.names[at]) {
        return;
    }
    let whole = || said.iter().map(|one| one.text);
    let sentences = || whole().flat_map(|said| text::sentences(said).into_iter().map(move |range| &said[range]));
    let is_conversation = match said.len() < FEWEST {
        true => debrief_transcript::reads_like_conversation(sentences()),
        false => debrief_transcript::reads_like_conversation(whole()),
    };
    if !is_conversation {
        return;
    }
    let so_far = match &findings[at] {
        Ok(found) => &found.reason,
        Err(why) => why,
    };
    let reason = format!(
        "{so_far} All the words of this session are under it, and they read like questions and answers: choose “Several \
         people”, and then say who spoke, turn by turn."
    );
    findings[at] = Ok(LabelMatch { who: Who::Shared, confidence: SUGGESTED, reason, basis: Basis::Speech });
}
