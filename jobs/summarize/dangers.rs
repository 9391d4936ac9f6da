//! What indicates danger: always shown in the coach's sections, whoever wrote the rest, and never in anything that a
//! client gets. Pure.

use std::{collections::BTreeSet, ops::Range};

use super::input::{Danger, Line, SessionForClient};
use crate::{
    danger::{self, Kind},
    model::{Audience, Claim, Evidence, Score, Section},
    text,
};

/// Lines this close before or after one that indicates danger are next to it.
const BESIDE: usize = 2;
const BESIDE_MS: u64 = 10_000;
/// Within this many lines of the talk about danger, a line that names a means of harm or help belongs to that talk.
const GOES_ON: usize = 4;
/// So many lines after that talk, a promise or a recommendation may be of it, …
const FOLLOWS: usize = 24;
/// … unless more time than this has passed, in milliseconds.
const FOLLOWS_MS: u64 = 10 * 60_000;
/// This many words in a row are a particular person's words, not common phrases.
const SHARED_WORDS: usize = 5;

/// Any further sentences are only listed at the top of the page.
const MOST: usize = 12;
/// The minimum score of such a risk, and the minimum priority of a client with one.
const GRAVE: f32 = 0.95;

impl SessionForClient {
    /// Who may read a claim that a client could get; `None` if nobody may. What speaks of danger, or rests on words that do,
    /// stands under risk. What stands right beside them, or in the same stretch of talk, says as much ("The rope from the
    /// garage?" "I'll throw it away tomorrow."): a promise or a recommendation of it is kept for the coach, who knows what
    /// it is of, and anything else is not told.
    pub(super) fn audience_of(
        &self,
        talk: &Talk<'_>,
        section: Section,
        sentence: &str,
        cited: &[(&Line, &str)],
    ) -> Option<Audience> {
        if section.audience() != Audience::Client {
            return Some(section.audience());
        }
        let is_plan = matches!(section, Section::ActionItems | Section::Recommendations);
        let marked = self.shares_words(sentence) || cited.iter().any(|(line, quote)| self.is_of_danger(line, quote));
        if marked {
            return None;
        }
        let near = danger::is_sign(sentence)
            || danger::names_help(sentence)
            || cited.iter().any(|(line, _)| talk.is_near(line, is_plan));
        match (near, is_plan) {
            (false, _) => Some(Audience::Client),
            (true, true) => Some(Audience::Coach),
            (true, false) => None,
        }
    }

    /// Whether words indicate danger or help against it, by themselves or because they come from a sentence that does.
    #[must_use]
    pub fn tells_danger(&self, words: &str) -> bool {
        danger::is_sign(words) || danger::names_help(words) || self.shares_words(words)
    }

    /// Whether words come from a sentence that indicates danger.
    fn shares_words(&self, words: &str) -> bool {
        self.dangers.iter().any(|danger| shares_words(&danger.sentence, words))
    }

    /// The session without the sentences that indicate danger. Each is replaced by a full stop, so that what remains
    /// isn't read as one sentence.
    pub(super) fn without_danger(&self) -> Self {
        let mut rest = self.clone();
        for danger in &self.dangers {
            if let Ok(at) = rest.utterances.binary_search_by_key(&danger.index, |line| line.index) {
                let text = &mut rest.utterances[at].text;
                let Some(place) = text.find(&danger.sentence) else { continue };
                let is_whole =
                    text[..place].trim_end().is_empty() || text[..place].trim_end().ends_with(['.', '!', '?', '…']);
                text.replace_range(place..place + danger.sentence.len(), if is_whole { "" } else { "." });
            }
        }
        rest.utterances.retain(|line| line.text.contains(char::is_alphanumeric));
        rest
    }

    /// Whether quoted words overlap a sentence of their line that indicates danger.
    fn is_of_danger(&self, line: &Line, quote: &str) -> bool {
        let place = |words: &str| line.text.find(words).map(|at| at..at + words.len());
        let meet = |one: Range<usize>, other: Range<usize>| one.start < other.end && other.start < one.end;
        let mut own = self.dangers.iter().filter(|danger| danger.index == line.index);
        own.any(|danger| place(quote).zip(place(&danger.sentence)).is_none_or(|(one, other)| meet(one, other)))
    }
}

/// The talk about danger in a session: the lines that indicate it, and those near them that name a means of harm or
/// help.
pub(super) struct Talk<'a> {
    input: &'a SessionForClient,
    lines: BTreeSet<usize>,
}

impl<'a> Talk<'a> {
    pub(super) fn new(input: &'a SessionForClient) -> Self {
        let mut lines: BTreeSet<usize> = input.dangers.iter().map(|danger| danger.index).collect();
        let mut ends: Vec<usize> = lines.iter().copied().collect();
        while let Some(end) = ends.pop() {
            for at in end.saturating_sub(GOES_ON)..=end + GOES_ON {
                let goes_on = |line: &Line| danger::names_means(&line.text) || danger::names_help(&line.text);
                if !lines.contains(&at) && input.line(at).is_some_and(goes_on) {
                    lines.insert(at);
                    ends.push(at);
                }
            }
        }
        Self { input, lines }
    }

    /// Whether a line is of that talk, or is said right beside it. A promise or a recommendation is near it for longer: "I'll
    /// pack a bag on Thursday" is a plan against the danger long after its last word, and nothing in it says so.
    fn is_near(&self, line: &Line, is_plan: bool) -> bool {
        let apart = |index: usize| {
            let start = self.input.line(index).and_then(|line| line.start_ms);
            line.start_ms.zip(start).map(|(one, other)| one.abs_diff(other))
        };
        let beside = line.index.saturating_sub(BESIDE)..=line.index + BESIDE;
        let before = line.index.saturating_sub(FOLLOWS)..line.index;
        self.lines.range(beside).next().is_some()
            || is_plan && self.lines.range(before).any(|at| apart(*at).is_none_or(|apart| apart <= FOLLOWS_MS))
            || self.input.dangers.iter().any(|danger| apart(danger.index).is_some_and(|apart| apart <= BESIDE_MS))
    }
}

/// Whether `words` contain a run of a sentence's words, or all of them if it's short.
fn shares_words(sentence: &str, words: &str) -> bool {
    let (said, told) = (text::words(sentence), text::words(words));
    let run = SHARED_WORDS.min(said.len());
    // A single word ("Yes.") could be anyone's.
    run > 1
        && said
            .windows(run)
            .any(|run_of| told.windows(run).any(|other| run_of.iter().zip(other).all(|(a, b)| a.normal == b.normal)))
}

/// Adds a risk for each sentence that indicates danger and isn't in one yet, gravest first, and makes the client
/// urgent.
pub(super) fn add(input: &SessionForClient, claims: &mut Vec<Claim>) {
    if input.dangers.is_empty() {
        return;
    }
    let mut dangers: Vec<&Danger> = input.dangers.iter().collect();
    dangers.sort_by_key(|danger| danger.why);
    let mut added: Vec<Claim> = Vec::new();
    for danger in &dangers {
        let Some(claim) = risk(input, danger) else { continue };
        let known = |it: &Claim| it.section == Section::Risk && it.evidence.iter().any(|e| claim.evidence.contains(e));
        if added.len() < MOST && !claims.iter().chain(&added).any(known) {
            added.push(claim);
        }
    }
    // This determines how urgent the client is, and nothing lowers it.
    if let Some(urgent) = urgent(input, &dangers) {
        claims.retain(|claim| claim.section != Section::Priority);
        added.push(urgent);
    }
    // The sort is stable: what was added comes first in its section.
    added.append(claims);
    added.sort_by_key(|claim| claim.section);
    *claims = added;
}

fn risk(input: &SessionForClient, danger: &Danger) -> Option<Claim> {
    let evidence = evidence(input, danger)?;
    let quote: String =
        evidence.quote.chars().map(|c| if matches!(c, '"' | '“' | '”' | '„') { '\'' } else { c }).collect();
    let speaker = crate::names::short(&evidence.speaker, "");
    let text = format!("{speaker} said: \u{201c}{quote}\u{201d}");
    Some(Claim { evidence: vec![evidence], score: Some(Score::from(GRAVE)), ..Claim::new(Section::Risk, text) })
}

/// Why someone should look soon, without quoting the words.
fn urgent(input: &SessionForClient, dangers: &[&Danger]) -> Option<Claim> {
    let kinds: Vec<&str> = Kind::ALL
        .into_iter()
        .filter(|kind| dangers.iter().any(|danger| danger.why.kind() == *kind))
        .map(Kind::words)
        .collect();
    let text = format!("Words in {}’s session may be about {}.", input.client_short(), kinds.join(", "));
    let evidence = vec![evidence(input, dangers.first()?)?];
    Some(Claim { evidence, score: Some(Score::from(GRAVE)), ..Claim::new(Section::Priority, text) })
}

fn evidence(input: &SessionForClient, danger: &Danger) -> Option<Evidence> {
    let line = input.line(danger.index)?;
    Some(Evidence {
        utterance_id: line.id,
        speaker: line.name.clone(),
        start_ms: line.start_ms,
        quote: danger.sentence.clone(),
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{Audience, Claim, Section},
        summarize::{offline, read_session, verify::verify},
    };

    fn claims(lines: &str) -> Vec<Claim> {
        let input = read_session(&format!("date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n{lines}"));
        verify(&input, &offline::write(&input, None).claims).claims
    }

    /// What is promised in a session, and who may read it.
    fn promised(lines: &str) -> Vec<(Audience, String)> {
        let promises = claims(lines).into_iter().filter(|claim| claim.section == Section::ActionItems);
        promises.map(|claim| (claim.audience, claim.text)).collect()
    }

    fn for_client(lines: &str) -> String {
        let of_client = claims(lines).into_iter().filter(|claim| claim.audience == Audience::Client);
        of_client.map(|claim| format!("{}\n", claim.text)).collect()
    }

    #[test]
    fn a_promise_beside_what_speaks_of_danger_is_kept_for_the_coach() {
        for danger in [
            "I want to die.",
            "He hit me again last night.",
            "i have been cutting myself again",
            "My chest hurts and my left arm is numb.",
        ] {
            for lines in [
                format!("Maya| Hi.\nPriya| {danger}\nPriya| I'll send the deck to Tom by Friday.\n"),
                format!("Maya| Hi.\nPriya| I'll send the deck to Tom by Friday.\nPriya| {danger}\n"),
                format!("Maya| Hi.\nPriya| I'll send the deck to Tom by Friday. {danger}\nMaya| Oh.\n"),
                format!("Maya| Hi.\nPriya| {danger}\nMaya| I'll send the deck to Tom by Friday.\n"),
            ] {
                let promised = promised(&lines);
                assert_eq!(promised.len(), 1, "{lines}");
                assert_eq!(promised[0].0, Audience::Coach, "{lines}");
                assert!(!for_client(&lines).contains("deck"), "{lines}");
            }
        }
        for lines in [
            "Maya| Hi.\nPriya| I have the rope to hang myself. I'll do it on Sunday.\n",
            "Maya| Hi.\nPriya| I want to kill myself.\nPriya| I'll take them tonight.\n",
            "Maya| Hi.\nPriya| I will kill myself on Sunday.\n",
        ] {
            assert_eq!(for_client(lines), "", "{lines}");
        }
    }

    #[test]
    fn a_promise_of_means_is_kept_for_the_coach_as_long_as_the_talk_goes_on() {
        let lines = "Maya| How was the night?\nPriya| Badly. I want to die.\nMaya| I hear that.\nPriya| Yes.\n\
            Maya| Will you give the tablets to your brother?\nPriya| I'll hand them over tonight, the whole box.\n\
            Maya| And the noose from the shed?\nPriya| I'll burn it tomorrow morning.\n\
            Maya| I'll send you the number of the crisis line tonight.\nPriya| I'll call them on Monday.\n\
            Maya| Where will you sleep?\nPriya| I'll pack a bag on Thursday and take it to her place.\n\
            Maya| Good.\nPriya| Okay.\nMaya| Now to the work. How is the launch?\nPriya| Slow.\nMaya| Why?\n\
            Priya| {}The vendor is late with the parts.\nMaya| What will you do?\n\
            Priya| I'll send the contract to Tom by Friday.\n";
        let work = "Maya| And the second vendor?\nPriya| He is on time, and cheaper than the first one.\n".repeat(11);
        let lines = &lines.replace("Priya| {}The vendor", &format!("{work}Priya| The vendor"));
        let promised = promised(lines);
        let whose = |words: &str| promised.iter().find(|(_, text)| text.contains(words)).map(|(audience, _)| *audience);
        // What is a sign by itself is listed among the signs.
        let is_shown = |claim: &Claim| claim.evidence.iter().any(|shown| shown.quote.contains("the whole box"));
        assert!(claims(lines).iter().any(|claim| claim.audience == Audience::Coach && is_shown(claim)));
        for words in ["tomorrow morning", "crisis line", "on Monday", "pack a bag"] {
            assert_eq!(whose(words), Some(Audience::Coach), "{words}: {promised:?}");
        }
        assert_eq!(whose("contract"), Some(Audience::Client), "{promised:?}");
        let letter = for_client(lines);
        for words in ["box", "noose", "tablets", "burn", "crisis", "bag"] {
            assert!(!letter.contains(words), "{words}: {letter}");
        }
    }

    #[test]
    fn what_is_recommended_against_the_danger_is_kept_for_the_coach() {
        let lines = "Maya| How was the week?\nPriya| Everybody would be better off without me.\nMaya| Thank you for telling \
            me.\nPriya| It comes and goes.\nMaya| Is anybody with you in the evenings?\nPriya| My sister lives around the \
            corner.\nMaya| I'd suggest you ask her to stay over.\nPriya| I will.\n";
        let of = |audience| claims(lines).into_iter().filter(move |claim: &Claim| claim.audience == audience);
        assert_eq!(of(Audience::Client).count(), 0, "{}", for_client(lines));
        let is_it = |claim: &Claim| claim.section == Section::Recommendations && claim.text.contains("stay over");
        assert!(of(Audience::Coach).any(|claim| is_it(&claim)), "{:?}", of(Audience::Coach).collect::<Vec<_>>());
    }

    #[test]
    fn a_promise_of_what_is_no_danger_in_another_session_stays_with_the_client() {
        for lines in [
            "Maya| And the rope from the garage?\nPriya| I'll throw it away tomorrow morning.\n",
            "Maya| Hi.\nPriya| The deck is not done. I'll do it on Sunday.\n",
        ] {
            let promised = promised(lines);
            assert!(matches!(promised[..], [(Audience::Client, _)]), "{lines}: {promised:?}");
        }
    }
}
