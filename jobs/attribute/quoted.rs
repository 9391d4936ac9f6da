//! Labels of people who are quoted and don't speak: "She said:", followed by "Tom: you are late." Pure.
//!
//! If a file parser can't be sure, it keeps such a label; here it becomes a suggestion, and the coach is asked. The
//! same applies to a first name that speaks once, while the others take turns.

use debrief_transcript::announces_quotation;

use super::{
    attendees,
    doubts::Session,
    people::Who,
    resolve::{Basis, MatchResult},
    roles::Utterance,
};

/// Fewer turns don't show who takes turns.
const TURNS: usize = 6;

/// A person's words with nobody else's in between: the label, and the first and last utterance.
struct Turn {
    label: usize,
    last: usize,
}

/// Casts doubt on everyone who may only be quoted.
pub(super) fn whoever_is_quoted(findings: &mut [MatchResult], said: &[Utterance<'_>], session: &Session<'_>) {
    let turns = turns(said);
    let quoted = quoted(&turns, said, findings.len());
    for &at in session.spoken {
        let Ok(finding) = &mut findings[at] else { continue };
        // What a person or a file of the meeting says is final.
        if !finding.is_sure() || matches!(finding.basis, Basis::Coach | Basis::Files) {
            continue;
        }
        if quoted[at] {
            finding.doubt(" But it comes right after words that announce a quotation, so someone may be quoted here.");
        } else if finding.basis == Basis::PartOfName && finding.who != Who::Coach && is_heard_once(at, &turns, session)
        {
            let person = session.people.people.iter().find(|person| person.who == finding.who);
            if person.and_then(|person| attendees::vouches(person, session.names[at], session.people)).is_none() {
                finding.doubt(
                    " But this name appears only once, while the others take turns, so it may mean someone else.",
                );
            }
        }
    }
}

fn turns(said: &[Utterance<'_>]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (at, one) in said.iter().enumerate() {
        match turns.last_mut().filter(|turn| turn.label == one.label) {
            Some(turn) => turn.last = at,
            None => turns.push(Turn { label: one.label, last: at }),
        }
    }
    turns
}

/// For each label, whether all its turns are quoted: the turn before announces them, or they are acted out one after
/// the other by speakers who speak nowhere else.
fn quoted(turns: &[Turn], said: &[Utterance<'_>], labels: usize) -> Vec<bool> {
    let (mut first, mut last) = (vec![usize::MAX; labels], vec![0; labels]);
    for (at, turn) in turns.iter().enumerate() {
        first[turn.label] = first[turn.label].min(at);
        last[turn.label] = at;
    }
    let announced = |at: &usize| announces_quotation(said[turns[at - 1].last].text);
    let mut counts = vec![(0_usize, 0_usize); labels];
    let mut of_quotation = vec![false; turns.len()];
    let mut played_until = 0;
    for at in (1..turns.len()).filter(announced) {
        of_quotation[at] = true;
        if at < played_until {
            continue;
        }
        // Speakers who appear after the announcement, and only there.
        let end = (at..turns.len()).find(|other| first[turns[*other].label] < at).unwrap_or(turns.len());
        for other in at..end {
            of_quotation[other] |= last[turns[other].label] < end;
        }
        played_until = end;
    }
    for (turn, is_quoted) in turns.iter().zip(&of_quotation) {
        let (all, quoted) = &mut counts[turn.label];
        *all += 1;
        *quoted += usize::from(*is_quoted);
    }
    counts.into_iter().map(|(all, quoted)| all > 0 && quoted == all).collect()
}

/// Whether a label has a single turn while two others take turns.
fn is_heard_once(at: usize, turns: &[Turn], session: &Session<'_>) -> bool {
    let count = |label: usize| turns.iter().filter(|turn| turn.label == label).count();
    let others = session.spoken.iter().filter(|other| **other != at && count(**other) >= 2).count();
    turns.len() >= TURNS && count(at) == 1 && others >= 2
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{
        people::{People, Person},
        resolve::{Label, resolve},
    };
    use super::*;

    const PRIYA: Who = Who::Client(Uuid::from_u128(1));
    const TOM: Who = Who::Client(Uuid::from_u128(2));

    /// Who each label is in a session of these lines, `label|text`.
    fn found(lines: &[&str]) -> Vec<(String, Option<Who>)> {
        let person = |who, name: &str| Person::new(who, name.to_owned(), None);
        let people = vec![person(Who::Coach, "Maya Okafor"), person(PRIYA, "Priya Raman"), person(TOM, "Tom Becker")];
        let mut labels: Vec<Label> = Vec::new();
        let mut said = Vec::new();
        for line in lines {
            let (label, text) = line.split_once('|').expect("a label and a text");
            let at = labels.iter().position(|known| known.label == label).unwrap_or_else(|| {
                labels.push(Label { label: label.to_owned(), words: 20 });
                labels.len() - 1
            });
            said.push(Utterance { label: at, text });
        }
        let people = People { people, ..People::default() };
        resolve(&labels, &said, &people).into_iter().map(|found| (found.label, found.who)).collect()
    }

    fn who(lines: &[&str], label: &str) -> Option<Who> {
        found(lines).into_iter().find(|(found, _)| found == label).expect("the label").1
    }

    const BEFORE: [&str; 4] = [
        "Maya Okafor|How was it?",
        "Priya Raman|Long.",
        "Maya Okafor|And then?",
        "Priya Raman|I saw my boss. She said:",
    ];
    const AFTER: [&str; 4] = ["Maya Okafor|I see.", "Priya Raman|So I left.", "Maya Okafor|Good.", "Priya Raman|Yes."];

    #[test]
    fn whoever_is_quoted_is_asked_about() {
        for label in ["Tom", "Tom Becker"] {
            let quoted = format!("{label}|you are late.");
            assert_eq!(who(&[&BEFORE[..], &[&quoted], &AFTER].concat(), label), None, "{label}");
        }
        let played = ["Tom|you are late.", "Boss|I am not.", "Tom|you are.", "Boss|so what?"];
        assert_eq!(who(&[&BEFORE[..], &played, &AFTER].concat(), "Tom"), None);
        // Someone who also speaks elsewhere isn't in doubt.
        let also = ["Tom Becker|I agree with that.", "Maya Okafor|Thanks."];
        let lines = [&BEFORE[..], &["Tom Becker|you are late."], &AFTER, &also].concat();
        assert_eq!(who(&lines, "Tom Becker"), Some(TOM));
        assert_eq!(who(&lines, "Priya Raman"), Some(PRIYA));
        assert_eq!(who(&lines, "Maya Okafor"), Some(Who::Coach));
    }

    #[test]
    fn a_first_name_that_is_heard_once_is_asked_about() {
        let before = ["Maya Okafor|How was it?", "Priya Raman|Long.", "Maya Okafor|And then?", "Priya Raman|I left."];
        let lines = [&before[..], &["Tom|you are late."], &AFTER].concat();
        assert_eq!(who(&lines, "Tom"), None);
        let twice = [&lines[..], &["Tom|I am here again.", "Maya Okafor|Hello."]].concat();
        assert_eq!(who(&twice, "Tom"), Some(TOM));
        let whole = [&before[..], &["Tom Becker|I am here."], &AFTER].concat();
        assert_eq!(who(&whole, "Tom Becker"), Some(TOM));
        // In a session of two, each may have a single turn.
        assert_eq!(who(&["Maya Okafor|How was it?", "Priya|Long, and good."], "Priya"), Some(PRIYA));
    }
}
