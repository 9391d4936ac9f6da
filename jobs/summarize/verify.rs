//! Verification by rule: a claim must be supported by words that were said, by the right person, to or by this client.
//!
//! A pure function from a draft to claims. Invalid claims are dropped and counted, whoever wrote the draft; quotes are
//! stored as they are in the utterance.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;
use uuid::Uuid;

use super::{
    cited::{Cited, cited},
    dangers::{self, Talk},
    draft::DraftClaim,
    due,
    input::{Line, OpenThread, SessionForClient, Speaker},
    offline::{self, Doubt, Doubts},
    open_threads::Asked,
    supported::{Basis, Unsaid, unsaid},
};
use crate::model::{ActionItem, Claim, Evidence, Owner, Score, Section, Support, Thread, ThreadOutcome};
use crate::{language, text};

/// The maximum length of a claim, in characters: anything longer isn't a sentence.
const MAX_CLAIM_CHARS: usize = 1_000;

/// The valid claims, and why the others were dropped.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// The valid claims, by section.
    pub claims: Vec<Claim>,
    /// The reasons for dropping the others, one per claim.
    pub dropped: Vec<Dropped>,
}

/// Why a claim is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The sentence is empty or far too long.
    NotASentence,
    /// The sentence says the same words again and again, as a model does that found no end.
    GoesRound,
    /// None of its evidence is in this client's words (or the coach's to this client).
    NoEvidence,
    /// The sentence quotes words that aren't in the evidence.
    InventedQuote,
    /// The words of its date weren't said.
    InventedDate,
    /// It contains a link or an address that wasn't said.
    InventedLink,
    /// It names another client in the session.
    NamesAnother,
    /// It refers to a thread that doesn't exist, or doesn't say what became of it.
    NoThread,
    /// The words that it cites contradict it.
    Doubtful(Doubt),
    /// It says that one person does what, by the cited words, the other does.
    WrongOwner,
    /// A second reader found that its words don't say it.
    NotSaid,
    /// It says something that the cited words don't.
    Unsaid(Unsaid),
    /// It would tell the client something that indicates danger, which is for the coach alone.
    Danger,
    /// Another claim in the section says the same.
    Twice,
}

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s<>]+|\bwww\.[^\s<>]+|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|co|dev|app|example|info|biz|ru|de|se|uk|eu|me|ly)\b(?:/\S*)?")
        .expect("a constant pattern")
});
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[\"\u{201c}\u{201e}]([^\"\u{201c}\u{201d}\u{201e}]*)[\"\u{201d}\u{201c}]").expect("a constant pattern")
});

/// Checks each claim of a draft against what was said.
#[must_use]
pub fn verify(input: &SessionForClient, draft: &[DraftClaim]) -> Verified {
    let mut verified = Verified::default();
    let mut seen = BTreeSet::new();
    let doubts = Doubts::new(input);
    let talk = Talk::new(input);
    for claim in draft {
        match check(input, &doubts, &talk, claim) {
            Ok(claim) if seen.insert((claim.section, text::normalize(&claim.text))) => verified.claims.push(claim),
            Ok(_) => verified.dropped.push(Dropped::Twice),
            Err(reason) => verified.dropped.push(reason),
        }
    }
    verified.claims = input.template.choose(with_threads(input, &doubts, std::mem::take(&mut verified.claims)));
    // Whoever wrote the draft, and whatever the template leaves out.
    dangers::add(input, &mut verified.claims);
    verified
}

/// The claims with one for each open thread: what they say about it, else what is found by rule, else that nothing was
/// found.
fn with_threads(input: &SessionForClient, doubts: &Doubts<'_>, mut claims: Vec<Claim>) -> Vec<Claim> {
    let told = doubts.outcomes(&claims);
    claims.extend(told);
    let silent = no_match(input, &claims);
    claims.extend(silent);
    // The sort is stable: within a section the writer's order stays.
    claims.sort_by_key(|claim| claim.section);
    claims
}

/// The claims of an existing summary, with the threads that are open now. What was said about one stays, also if it is
/// closed, as long as the action item is in a summary (`asked`); and so does everything else, whatever the template allows:
/// the coach may have added it.
pub(super) fn threads_again(input: &SessionForClient, asked: &[Asked], claims: Vec<Claim>) -> Vec<Claim> {
    let (told, others): (Vec<Claim>, Vec<Claim>) = claims.into_iter().partition(|claim| claim.thread.is_some());
    let still_open = |mut claim: Claim| {
        let told = claim.thread.as_mut().filter(|told| told.outcome != ThreadOutcome::NoMatch)?;
        // The earlier summary may have a new version in which the item has another id.
        let shown = asked.iter().find(|it| it.claim_id == told.claim_id).map(|it| (it.shown_id, it.text.clone()));
        let of = |thread: &OpenThread| (thread.claim_id, thread.text.clone());
        let same = |it: &(Uuid, String)| it.1 == told.text;
        (told.claim_id, told.text) = shown.or_else(|| input.threads.iter().map(of).find(same))?;
        Some(claim)
    };
    let claims = others.into_iter().chain(told.into_iter().filter_map(still_open)).collect();
    let mut left = input.template.limit(Section::OpenThreads);
    let mut claims = with_threads(input, &Doubts::new(input), claims);
    claims.retain(|claim| {
        let fits = claim.thread.is_none() || left > 0;
        left = left.saturating_sub(usize::from(claim.thread.is_some()));
        fits
    });
    claims
}

/// The open threads that no claim mentions. Their claims say that nothing was found, and so are the only ones without
/// evidence.
fn no_match(input: &SessionForClient, claims: &[Claim]) -> Vec<Claim> {
    let told = |thread: &&OpenThread| {
        claims.iter().any(|claim| claim.thread.as_ref().is_some_and(|told| told.claim_id == thread.claim_id))
    };
    let claim = |thread: &OpenThread| Claim {
        thread: Some(outcome(thread, ThreadOutcome::NoMatch)),
        support: Support::NothingSaid,
        ..Claim::new(Section::OpenThreads, thread.text.clone())
    };
    input.threads.iter().filter(|thread| !told(thread)).map(claim).collect()
}

pub(super) fn outcome(thread: &OpenThread, outcome: ThreadOutcome) -> Thread {
    Thread {
        claim_id: thread.claim_id,
        text: thread.text.clone(),
        session_date: thread.session_date,
        since: thread.since,
        outcome,
    }
}

fn check(input: &SessionForClient, doubts: &Doubts<'_>, talk: &Talk<'_>, draft: &DraftClaim) -> Result<Claim, Dropped> {
    let mut sentence = clean(&draft.text);
    if text::words(&sentence).is_empty() || sentence.chars().count() > MAX_CLAIM_CHARS {
        return Err(Dropped::NotASentence);
    }
    if input.names_another(&sentence) {
        return Err(Dropped::NamesAnother);
    }
    let mut evidence: Vec<Held<'_>> = Vec::new();
    for item in &draft.evidence {
        for words in cited(input, item) {
            // The schema allows one quote per utterance and claim; a second one shows nothing new.
            if !evidence.iter().any(|held| held.line.index == words.line.index) {
                evidence.extend(hold(draft.section, words));
            }
        }
    }
    if !evidence.iter().any(|held| held.supports) {
        return Err(Dropped::NoEvidence);
    }
    evidence.sort_by_key(|held| held.line.index);
    let lines: Vec<&Line> = evidence.iter().map(|held| held.line).collect();
    // What goes round in a quotation was said so.
    if text::goes_round(&sentence) && !lines.iter().any(|line| text::goes_round(&line.text)) {
        return Err(Dropped::GoesRound);
    }
    let quotes: Vec<(&Line, &str)> = evidence.iter().map(|held| (held.line, held.evidence.quote.as_str())).collect();
    let audience = input.audience_of(talk, draft.section, &sentence, &quotes).ok_or(Dropped::Danger)?;
    let cited = evidence.iter().filter(|held| held.supports).map(|held| &held.evidence);
    if let Some(doubt) = doubts.against(draft.section, &sentence, cited) {
        return Err(Dropped::Doubtful(doubt));
    }
    let thread = if draft.section == Section::OpenThreads { Some(thread(input, draft)?) } else { None };
    // A thread is described in the words of its own session.
    let earlier = thread.iter().map(|thread| thread.text.as_str());
    check_words(&sentence, lines.iter().map(|line| line.text.as_str()).chain(earlier))?;
    let action = if draft.section == Section::ActionItems {
        let owner = owner(input, doubts, draft, &sentence, &evidence)?;
        let mut action = action(input, draft, &lines, owner)?;
        if doubts.is_intention(evidence.iter().map(|held| &held.evidence)) {
            // A mere intention is never overdue.
            action.due_date = None;
        }
        Some(action)
    } else {
        None
    };
    if FREELY_WORDED.contains(&draft.section)
        && let Some(unsaid) = unsaid_in(input, doubts.is_english(), draft, &sentence, &evidence)
    {
        return Err(Dropped::Unsaid(unsaid));
    }
    let score = draft.score.filter(|score| draft.section.is_scored() && (0.0..=1.0).contains(score)).map(Score::from);
    if draft.section == Section::KeyQuotes {
        // A quote says what was said: nobody's rewording of it.
        let quote = evidence.iter().find(|held| held.supports).map(|held| held.evidence.quote.trim());
        sentence = format!("\u{201c}{}\u{201d}", quote.unwrap_or_default());
    }
    let evidence = evidence.into_iter().map(|held| held.evidence).collect();
    Ok(Claim { audience, evidence, action, score, thread, ..Claim::new(draft.section, sentence) })
}

/// The sections whose sentences tell what was said in other words.
pub(super) const FREELY_WORDED: [Section; 5] =
    [Section::Wins, Section::Challenges, Section::ActionItems, Section::Recommendations, Section::Breakthrough];

/// What the sentence says that isn't in the lines it cites, nor in what they answer.
fn unsaid_in(
    input: &SessionForClient,
    is_english: bool,
    draft: &DraftClaim,
    sentence: &str,
    evidence: &[Held<'_>],
) -> Option<Unsaid> {
    let supporting: Vec<&Held<'_>> = evidence.iter().filter(|held| held.supports).collect();
    let cited: Vec<&str> = supporting.iter().map(|held| held.evidence.quote.as_str()).collect();
    let mut around: Vec<String> = Vec::new();
    for held in evidence {
        around.extend(held.line.index.checked_sub(1).and_then(|before| input.line(before)).map(|it| it.text.clone()));
        around.push(held.line.text.clone());
    }
    // The day that was worked out from "by Friday", or the day of the session.
    let days: Vec<_> = draft.due_date.into_iter().chain([input.session_date]).collect();
    around.extend(draft.due_words.clone());
    let mut speakers: Vec<&str> = supporting.iter().map(|held| held.line.name.as_str()).collect();
    speakers.dedup();
    let people = [input.client.as_str(), input.coach.as_str()];
    let speaker = if let [one] = speakers[..] { Some(one) } else { None };
    let basis = Basis {
        cited: &cited.join(" "),
        around: &around.join(" "),
        days: &days,
        people: &people,
        speaker,
        english: is_english && language::may_be_english(sentence),
    };
    unsaid(sentence, &basis)
}

/// What became of an earlier action item. One that wasn't mentioned needs no claim: it's added by rule.
fn thread(input: &SessionForClient, draft: &DraftClaim) -> Result<Thread, Dropped> {
    let thread = draft.thread.and_then(|number| input.threads.get(number)).ok_or(Dropped::NoThread)?;
    let met = draft.met.ok_or(Dropped::NoThread)?;
    Ok(outcome(thread, if met { ThreadOutcome::Met } else { ThreadOutcome::NotMet }))
}

/// The evidence as it is in the utterance, and whether it can support the claim alone; `None` if it wasn't said by someone
/// entitled to say it. A coach's question states nothing about the client: it only shows what was answered.
fn hold(section: Section, Cited { line, quote }: Cited<'_>) -> Option<Held<'_>> {
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

struct Held<'a> {
    line: &'a Line,
    evidence: Evidence,
    supports: bool,
}

fn asks(utterance: &str, quote: &str) -> bool {
    let Some(at) = utterance.find(quote) else { return false };
    let end = at + quote.len();
    let mut touched =
        text::sentences(utterance).into_iter().filter(|range| range.start < end && at < range.end).peekable();
    touched.peek().is_some() && touched.all(|range| text::asks(&utterance[range]))
}

/// Checks that quotes, links and addresses in the sentence are in what was said.
pub(crate) fn check_words<'a>(sentence: &str, said: impl Iterator<Item = &'a str>) -> Result<(), Dropped> {
    let said = said.collect::<Vec<_>>().join(" ");
    for quoted in QUOTED.captures_iter(sentence) {
        if !text::words(&quoted[1]).is_empty()
            && text::locate(&said, &quoted[1]).is_none()
            && !leaves_out(&said, &quoted[1])
            && !is_readable(&said, &quoted[1])
        {
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

/// Whether a quote is what was said without fillers, and with the person a pronoun refers to in square brackets: what
/// they contain was said as well.
fn is_readable(said: &str, quote: &str) -> bool {
    static BRACKETS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\s*\[([^\[\]]+)\]").expect("a constant pattern"));
    let explained = BRACKETS.captures_iter(quote).all(|found| text::locate(said, &found[1]).is_some());
    let bare = BRACKETS.replace_all(quote, "");
    let holds =
        |quote: &str| text::locate(said, quote).is_some() || text::locate(&offline::fluent(said), quote).is_some();
    explained && (holds(&bare) || leaves_out(&offline::fluent(said), &bare))
}

/// Whether a quote with gaps ("I'll … call Anders on Monday") takes its words from one sentence, in order: from two it
/// could say what nobody did. What is left out must not deny, doubt or set a condition.
fn leaves_out(said: &str, quote: &str) -> bool {
    static TURNS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:not|never|no|nobody|nothing|if|unless|whether|maybe|perhaps|might|would|think|said|says|\w+n['\u{2019}]t)\b")
            .expect("a constant pattern")
    });
    let Some((before, after)) = quote.split_once(" \u{2026} ") else { return false };
    text::sentences(said).into_iter().map(|range| &said[range]).any(|sentence| {
        let Some(first) = text::locate(sentence, before) else { return false };
        let end = first.as_ptr() as usize - sentence.as_ptr() as usize + first.len();
        let rest = &sentence[end..];
        let Some(second) = text::locate(rest, after) else { return false };
        !TURNS.is_match(&rest[..second.as_ptr() as usize - rest.as_ptr() as usize])
    })
}

/// Who does it, by who promised. If the rules derive that from the cited words, it overrides the draft; a sentence that
/// names the other person is then wrong. If they don't, as in other languages, only a person's own words count: the
/// draft's owner stays if one of the cited lines is theirs.
fn owner(
    input: &SessionForClient,
    doubts: &Doubts<'_>,
    draft: &DraftClaim,
    sentence: &str,
    evidence: &[Held<'_>],
) -> Result<Owner, Dropped> {
    let said = doubts.owners(evidence.iter().map(|held| &held.evidence));
    let claimed = draft.owner.unwrap_or(Owner::Unclear);
    let speaks = |speaker| evidence.iter().any(|held| held.line.speaker == speaker);
    match said.as_slice() {
        [] if claimed == Owner::Coach && !speaks(Speaker::Coach) => Err(Dropped::NoEvidence),
        [] if claimed == Owner::Client && !speaks(Speaker::Client) => Ok(Owner::Unclear),
        [] => Ok(claimed),
        said if said.contains(&claimed) => Ok(claimed),
        [Owner::Unclear] => Ok(Owner::Unclear),
        [owner] if claimed == Owner::Unclear || !begins_with(input, claimed, sentence) => Ok(*owner),
        [_] => Err(Dropped::WrongOwner),
        _ => Ok(Owner::Unclear),
    }
}

/// Whether the sentence is about one of the two as the one who acts: it begins with the name.
fn begins_with(input: &SessionForClient, owner: Owner, sentence: &str) -> bool {
    let short = match owner {
        Owner::Client => input.client_short(),
        Owner::Coach => input.coach_short(),
        Owner::Unclear => return false,
    };
    let (said, name) = (text::words(sentence), text::words(short));
    said.len() >= name.len() && said.iter().zip(&name).all(|(a, b)| a.normal == b.normal)
}

/// Owner and date. A date must be based on words that were said; if by our own rules the words name a day, it's that
/// day.
fn action(input: &SessionForClient, draft: &DraftClaim, lines: &[&Line], owner: Owner) -> Result<ActionItem, Dropped> {
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
mod tests;
