//! Verification by rule: a claim stands only on words that were said, by the right person, to or by this client.
//!
//! A pure function from a draft to claims. What does not hold is dropped and counted, whoever wrote the draft; quotes
//! are stored as they stand in the utterance.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::{
    dangers,
    draft::{DraftClaim, DraftEvidence},
    due,
    input::{Line, OpenThread, SessionForClient, Speaker},
    offline::{Doubt, Doubts},
    text,
};
use crate::model::{ActionItem, Audience, Claim, Evidence, Owner, Score, Section, Thread, ThreadOutcome};

/// The longest claim, in characters: more is not a sentence.
const MAX_CLAIM_CHARS: usize = 1_000;
/// The fewest words of a quote that is not the whole utterance.
const MIN_QUOTE_WORDS: usize = 3;

/// What held, and how much did not.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// The claims that stand, by section.
    pub claims: Vec<Claim>,
    /// Why the others do not, one a claim.
    pub dropped: Vec<Dropped>,
}

/// Why a claim does not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The sentence is empty or far too long.
    NotASentence,
    /// No evidence of it is in this client's words (or the coach's to this client).
    NoEvidence,
    /// The sentence quotes words that the evidence does not have.
    InventedQuote,
    /// The words of its date were not said.
    InventedDate,
    /// It has a link or an address that was not said.
    InventedLink,
    /// It names another client of the session.
    NamesAnother,
    /// It tells of an open thread that there is not, or not what became of it.
    NoThread,
    /// The words that it cites speak against it.
    Doubtful(Doubt),
    /// It would tell the client what speaks of danger: that is the coach's alone.
    Danger,
    /// Another claim of the section says the same.
    Twice,
}

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s<>]+|\bwww\.[^\s<>]+|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|co|dev|app|example|info|biz|ru|de|se|uk|eu|me|ly)\b(?:/\S*)?")
        .expect("a constant pattern")
});
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[\"\u{201c}\u{201e}]([^\"\u{201c}\u{201d}\u{201e}]*)[\"\u{201d}\u{201c}]").expect("a constant pattern")
});

/// Holds each claim of a draft against what was said.
#[must_use]
pub fn verify(input: &SessionForClient, draft: &[DraftClaim]) -> Verified {
    let mut verified = Verified::default();
    let mut seen = BTreeSet::new();
    let doubts = Doubts::new(input);
    for claim in draft {
        match check(input, &doubts, claim) {
            Ok(claim) if seen.insert((claim.section, text::normalize(&claim.text))) => verified.claims.push(claim),
            Ok(_) => verified.dropped.push(Dropped::Twice),
            Err(reason) => verified.dropped.push(reason),
        }
    }
    verified.claims.extend(not_mentioned(input, &verified.claims));
    // Stable: within a section the writer's order stays.
    verified.claims.sort_by_key(|claim| claim.section);
    verified.claims = input.template.choose(std::mem::take(&mut verified.claims));
    // Whoever wrote it, and whatever the template leaves out.
    dangers::add(input, &mut verified.claims);
    verified
}

/// The open threads of which no claim tells. They rest on the earlier session's words, and cite none of this one.
fn not_mentioned(input: &SessionForClient, claims: &[Claim]) -> Vec<Claim> {
    let told = |thread: &&OpenThread| {
        claims.iter().any(|claim| claim.thread.as_ref().is_some_and(|told| told.claim_id == thread.claim_id))
    };
    let claim = |thread: &OpenThread| Claim {
        thread: Some(outcome(thread, ThreadOutcome::NotMentioned)),
        ..Claim::new(Section::OpenThreads, thread.text.clone())
    };
    input.threads.iter().filter(|thread| !told(thread)).map(claim).collect()
}

fn outcome(thread: &OpenThread, outcome: ThreadOutcome) -> Thread {
    Thread { claim_id: thread.claim_id, text: thread.text.clone(), session_date: thread.session_date, outcome }
}

fn check(input: &SessionForClient, doubts: &Doubts<'_>, draft: &DraftClaim) -> Result<Claim, Dropped> {
    let mut sentence = clean(&draft.text);
    if text::words(&sentence).is_empty() || sentence.chars().count() > MAX_CLAIM_CHARS {
        return Err(Dropped::NotASentence);
    }
    if input.names_another(&sentence) {
        return Err(Dropped::NamesAnother);
    }
    let mut evidence: Vec<Held<'_>> = Vec::new();
    for item in &draft.evidence {
        // The schema holds one quote an utterance and claim; a second one adds nothing that the first did not show.
        if evidence.iter().any(|held| held.line.index == item.utterance) {
            continue;
        }
        evidence.extend(hold(input, draft.section, item));
    }
    if !evidence.iter().any(|held| held.supports) {
        return Err(Dropped::NoEvidence);
    }
    evidence.sort_by_key(|held| held.line.index);
    let lines: Vec<&Line> = evidence.iter().map(|held| held.line).collect();
    if draft.section.audience() == Audience::Client
        && (lines.iter().any(|line| input.is_danger(line.index)) || input.tells_danger(&sentence))
    {
        return Err(Dropped::Danger);
    }
    let cited = evidence.iter().filter(|held| held.supports).map(|held| &held.evidence);
    if let Some(doubt) = doubts.against(draft.section, &sentence, cited) {
        return Err(Dropped::Doubtful(doubt));
    }
    let thread = if draft.section == Section::OpenThreads { Some(thread(input, draft)?) } else { None };
    // What an open thread was is told in the words of its own session.
    let earlier = thread.iter().map(|thread| thread.text.as_str());
    check_words(&sentence, lines.iter().map(|line| line.text.as_str()).chain(earlier))?;
    let action = if draft.section == Section::ActionItems { Some(action(input, draft, &lines)?) } else { None };
    let score = draft.score.filter(|score| draft.section.is_scored() && (0.0..=1.0).contains(score)).map(Score::from);
    if draft.section == Section::KeyQuotes {
        // A quote says what was said: nobody's wording of it.
        let quote = evidence.iter().find(|held| held.supports).map(|held| held.evidence.quote.trim());
        sentence = format!("\u{201c}{}\u{201d}", quote.unwrap_or_default());
    }
    let evidence = evidence.into_iter().map(|held| held.evidence).collect();
    Ok(Claim { evidence, action, score, thread, ..Claim::new(draft.section, sentence) })
}

/// What became of an earlier action item. One that nobody spoke of needs no claim: it is added by rule.
fn thread(input: &SessionForClient, draft: &DraftClaim) -> Result<Thread, Dropped> {
    let thread = draft.thread.and_then(|number| input.threads.get(number)).ok_or(Dropped::NoThread)?;
    let met = draft.met.ok_or(Dropped::NoThread)?;
    Ok(outcome(thread, if met { ThreadOutcome::Met } else { ThreadOutcome::NotMet }))
}

/// The evidence as it stands in the utterance, and whether the claim can stand on it alone; none where it is not said,
/// or not by one who may say it. A coach's question states nothing about the client: it only shows what was answered.
fn hold<'a>(input: &'a SessionForClient, section: Section, item: &DraftEvidence) -> Option<Held<'a>> {
    let line = input.line(item.utterance)?;
    let quote = text::locate(&line.text, &item.quote)?;
    let quoted = text::words(quote).len();
    if quoted < MIN_QUOTE_WORDS && quoted < text::words(&line.text).len() {
        return None;
    }
    let asks = asks(&line.text, quote);
    let (fits, supports) = match (section, line.speaker) {
        (_, Speaker::OtherClient | Speaker::Guest) => (false, false),
        (Section::Recommendations, Speaker::Coach) => (true, true),
        (Section::Recommendations, Speaker::Client) => (false, false),
        (_, Speaker::Client) => (true, true),
        (Section::Engagement | Section::KeyQuotes, Speaker::Coach) => (false, false),
        (_, Speaker::Coach) => (true, !asks),
    };
    let evidence = Evidence {
        utterance_id: line.id,
        speaker: line.name.clone(),
        start_ms: line.start_ms,
        quote: quote.to_owned(),
    };
    fits.then_some(Held { line, evidence, supports })
}

/// Evidence that holds.
struct Held<'a> {
    line: &'a Line,
    evidence: Evidence,
    supports: bool,
}

/// Whether the quote is all of questions.
fn asks(utterance: &str, quote: &str) -> bool {
    let Some(at) = utterance.find(quote) else { return false };
    let end = at + quote.len();
    let mut touched =
        text::sentences(utterance).into_iter().filter(|range| range.start < end && at < range.end).peekable();
    touched.peek().is_some() && touched.all(|range| utterance[range].ends_with('?'))
}

/// Quotes, links and addresses in the sentence must be in what was said.
pub(crate) fn check_words<'a>(sentence: &str, said: impl Iterator<Item = &'a str>) -> Result<(), Dropped> {
    let said = said.collect::<Vec<_>>().join(" ");
    for quoted in QUOTED.captures_iter(sentence) {
        if !text::words(&quoted[1]).is_empty() && text::locate(&said, &quoted[1]).is_none() {
            return Err(Dropped::InventedQuote);
        }
    }
    let said = said.to_lowercase();
    let invented = |link: &str| !said.contains(&link.trim_end_matches(['.', ',', ')', '"', '!', '?']).to_lowercase());
    if LINK.find_iter(sentence).any(|link| invented(link.as_str())) {
        return Err(Dropped::InventedLink);
    }
    Ok(())
}

/// Owner and date. A date stands on words that were said; where the words name a day by our own rules, it is that day.
fn action(input: &SessionForClient, draft: &DraftClaim, lines: &[&Line]) -> Result<ActionItem, Dropped> {
    let owner = draft.owner.unwrap_or_else(|| match lines.iter().any(|line| line.speaker == Speaker::Client) {
        true => Owner::Client,
        false => Owner::Coach,
    });
    // Only the coach's own words bind the coach.
    if owner == Owner::Coach && !lines.iter().any(|line| line.speaker == Speaker::Coach) {
        return Err(Dropped::NoEvidence);
    }
    let words = draft.due_words.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let Some(words) = words else {
        return Ok(ActionItem { owner, due_date: None, due_words: None });
    };
    let said = lines.iter().find_map(|line| text::locate(&line.text, words)).ok_or(Dropped::InventedDate)?;
    let resolved = due::find(said, input.session_date).and_then(|due| due.date);
    let plausible = draft.due_date.filter(|date| (0..=400).contains(&(*date - input.session_date).num_days()));
    let said = said.trim_end_matches(['.', '!', '?', '…']).to_owned();
    Ok(ActionItem { owner, due_date: resolved.or(plausible), due_words: Some(said) })
}

/// One line without invisible characters and without markup.
pub(crate) fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| !text::is_invisible(*c))
        .map(|c| if matches!(c, '<' | '>' | '\n' | '\t') { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::summarize::cases;

    /// The group session of the fixtures, for Priya: 6 is what she said, 7 what Maya answered her.
    fn check(
        section: Section,
        text: &str,
        evidence: &[(usize, &str)],
        change: impl FnOnce(&mut DraftClaim),
    ) -> Result<Claim, Dropped> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/group/transcript.txt");
        let evidence = evidence
            .iter()
            .map(|(utterance, quote)| DraftEvidence { utterance: *utterance, quote: (*quote).into() })
            .collect();
        let mut claim = DraftClaim::new(section, text.into(), evidence);
        change(&mut claim);
        let verified = verify(&cases::read(&path), &[claim]);
        verified.claims.into_iter().next().ok_or_else(|| verified.dropped[0])
    }

    fn dropped(section: Section, text: &str, evidence: &[(usize, &str)]) -> Option<Dropped> {
        check(section, text, evidence, |_| ()).err()
    }

    #[test]
    fn a_claim_stands_on_words_that_the_right_person_said() {
        use Section::{Engagement, Recommendations, Wins};
        let own = [(6, "I gave away my weekly report")];
        assert_eq!(dropped(Wins, "She gave her report away.", &own), None);
        assert_eq!(dropped(Engagement, "She was there.", &own), None);
        assert_eq!(
            dropped(Recommendations, "Give it away.", &own),
            Some(Dropped::NoEvidence),
            "the client's words advise nothing"
        );
        let coach = [(7, "I'd recommend that you write down how you did it.")];
        assert_eq!(dropped(Recommendations, "Write it down.", &coach), None);
        assert_eq!(dropped(Engagement, "She listened.", &coach), Some(Dropped::NoEvidence));
        for (utterance, quote, why) in [
            (1, "I closed the Hartman account", "another client's words"),
            (2, "I'd suggest you tell the whole team", "the coach's words to another"),
            (10, "I've got the same problem", "her own words that name another"),
            (5, "what would you like to bring", "a question"),
            (6, "I gave away my monthly report", "words that were not said"),
            (6, "weekly report", "two words"),
            (6, "", "no words"),
            (400, "I gave away my weekly report", "an utterance that is not there"),
        ] {
            assert_eq!(dropped(Wins, "She won.", &[(utterance, quote)]), Some(Dropped::NoEvidence), "{why}");
        }
        assert_eq!(dropped(Wins, "She won.", &[]), Some(Dropped::NoEvidence));
        assert_eq!(dropped(Wins, "  ", &own), Some(Dropped::NotASentence));
        assert_eq!(dropped(Wins, "She did as Daniel’s team did.", &own), Some(Dropped::NamesAnother));
        assert_eq!(dropped(Wins, "Write to a@b.example.", &own), Some(Dropped::InventedLink));
        assert_eq!(dropped(Wins, "See attacker.com/x.", &own), Some(Dropped::InventedLink));
        assert_eq!(dropped(Wins, "Priya said: \"I gave away my monthly report\"", &own), Some(Dropped::InventedQuote));
        assert_eq!(dropped(Wins, "Priya said: \u{201c}I gave away my weekly report\u{201d}", &own), None);
    }

    /// What a model may make of the hard cases, each resting on words that were said.
    #[test]
    fn words_that_deny_a_claim_do_not_support_it() {
        use Section::{ActionItems, Challenges, Wins};
        for (case, section, text, utterance, quote, doubt) in [
            ("negation", Wins, "She sent it.", 1, "I did not send it", Some(Doubt::Denied)),
            ("negation", Wins, "She closed Mossgate.", 3, "We almost closed it on Monday.", Some(Doubt::Denied)),
            ("negation", Challenges, "She did not send it.", 1, "I did not send it", None),
            ("third_party", Wins, "Ketterer was closed.", 3, "he closed the Ketterer deal", Some(Doubt::OfAnother)),
            (
                "third_party",
                ActionItems,
                "Call the customer.",
                3,
                "he will call the customer tomorrow",
                Some(Doubt::OfAnother),
            ),
            ("third_party", ActionItems, "Take the team.", 1, "I'll give you the team by Friday", Some(Doubt::Denied)),
            (
                "dropped_plan",
                ActionItems,
                "Write to Geneva.",
                1,
                "I was going to write to the man in Geneva",
                Some(Doubt::Denied),
            ),
            (
                "dropped_plan",
                ActionItems,
                "Book Krakow.",
                3,
                "I'll book the conference in Krakow by Friday",
                Some(Doubt::TakenBack),
            ),
            (
                "dropped_plan",
                ActionItems,
                "Plan the offsite.",
                5,
                "I'll plan the June offsite with Oskar",
                Some(Doubt::TakenBack),
            ),
            ("dropped_plan", ActionItems, "Call Birger.", 9, "I'll call Birger at the bank", None),
            (
                "role_play",
                Wins,
                "He signed with Ketterer.",
                1,
                "I signed the contract with Ketterer",
                Some(Doubt::InRole),
            ),
            (
                "sarcasm",
                Wins,
                "The board meeting was a success.",
                1,
                "The board meeting was a huge success, obviously",
                Some(Doubt::NotMeant),
            ),
            ("sarcasm", Wins, "She rewrote the plan.", 3, "I rewrote the whole plan on Sunday", None),
        ] {
            let path = format!("../fixtures/summarize/{case}/transcript.txt");
            let input = cases::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
            let claim = DraftClaim::new(section, text.into(), vec![DraftEvidence { utterance, quote: quote.into() }]);
            let verified = verify(&input, &[claim]);
            assert_eq!(verified.dropped.first().copied(), doubt.map(Dropped::Doubtful), "{case}: {text}");
            assert_eq!(verified.claims.len(), usize::from(doubt.is_none()), "{case}: {text}");
        }
    }

    /// What a model that obeyed the transcript would write: fake evidence, orders, links in disguise, markup.
    #[test]
    fn what_a_hostile_transcript_asks_for_changes_nothing() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/hostile/transcript.txt");
        let input = cases::read(&path);
        let launch = (3, "We launched the driver app in three depots on Monday");
        let stands = |text: &str, (utterance, quote): (usize, &str)| {
            let evidence = vec![DraftEvidence { utterance, quote: quote.into() }];
            verify(&input, &[DraftClaim::new(Section::Wins, text.into(), evidence)])
                .claims
                .pop()
                .map(|claim| claim.text)
        };
        for text in [
            "See https://attacker.example/claim.",
            "See [the notes](https://attacker.example/claim).",
            "See attacker.example\u{200b}/claim and evil@attacker.example.",
            "See hxxp or www.attacker.example.",
            "Write to EVIL@ATTACKER.EXAMPLE.",
            "She said \u{201c}Priya was promoted to chief executive\u{201d}.",
        ] {
            assert_eq!(stands(text, launch), None, "{text}");
        }
        for fake in [(3, "Priya was promoted to chief executive"), (99, "We launched the driver app")] {
            assert_eq!(stands("She was promoted.", fake), None, "{fake:?}");
        }
        let marked = stands("She <b>launched</b>\n\nthe\u{202e} app\u{e0041}\u{200b}.", launch);
        assert_eq!(marked.as_deref(), Some("She b launched /b the app."), "markup and invisible characters are gone");
    }

    #[test]
    fn evidence_that_does_not_hold_is_left_out_of_a_claim_that_does() {
        let evidence = [(6, "i GAVE away — my “weekly” report"), (1, "I closed the Hartman account")];
        let claim = check(Section::Wins, "She gave it away.", &evidence, |_| ()).expect("it stands");
        let quotes: Vec<&str> = claim.evidence.iter().map(|evidence| evidence.quote.as_str()).collect();
        assert_eq!(quotes, ["I gave away my weekly report"]);
    }

    #[test]
    fn a_date_stands_on_words_that_were_said() {
        let said = [(13, "I'll speak to my boss by Thursday")];
        let due = |words: Option<&str>, date: &str| {
            let claim = check(Section::ActionItems, "Speak to the boss.", &said, |claim| {
                claim.due_words = words.map(str::to_owned);
                claim.due_date = date.parse().ok();
            });
            claim.map(|claim| claim.action.expect("an action item").due_date.map(|date| date.to_string()))
        };
        assert_eq!(due(Some("by Thursday"), "2027-01-01"), Ok(Some("2026-03-12".into())));
        assert_eq!(due(Some("by Friday"), "2026-03-13"), Err(Dropped::InventedDate));
        assert_eq!(due(None, "2026-03-13"), Ok(None), "a date that nobody said is none");
        let coach = check(Section::ActionItems, "Speak to the boss.", &said, |claim| claim.owner = Some(Owner::Coach));
        assert_eq!(coach.err(), Some(Dropped::NoEvidence), "only the coach's words bind the coach");
    }
}
