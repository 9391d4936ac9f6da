//! Refining without a language model: what rules can do, and nothing they can't. Sentences are removed, or original
//! words added; nothing is reworded.

use std::collections::BTreeSet;

use super::{
    RefineOutcome, Refined,
    about::Topic,
    apply::as_draft,
    instruction::{self, Selection, Wish},
    named::is_kept,
};
use crate::{
    llm::LlmError,
    model::{Audience, Claim, Content, Section, Support, diff},
    queue::in_place,
    summarize::{DraftClaim, DraftEvidence, SessionForClient, Speaker, Summarizer, verify},
    text,
};

/// The version of these rules: it changes whenever their result does.
const RULES_VERSION: &str = "refine-rules-2";
/// The message for an instruction that they don't understand.
const CANNOT: &str = "This needs a language model, and none is set up. Without one, Debrief can: make it “shorter”; \
                      “drop the second point”, “drop the last win”, “drop everything about …”, \
                      “drop the recommendation about …”; show “only the action \
                      items”; “use her words about …”; say “more about …”. You can change everything else by hand.";
/// How many sentences "more" adds.
const MORE: usize = 3;
/// Sentences with this much in common say the same thing twice.
const SAY_THE_SAME: f32 = 0.8;
/// A shorter quote says little, and a longer one is a speech.
const QUOTE_WORDS: std::ops::RangeInclusive<usize> = 4..=45;

/// Carries out the instruction, as far as rules can.
pub(super) async fn refine(
    summarizer: &Summarizer,
    input: &SessionForClient,
    base: &Content,
    instruction: &str,
) -> Result<RefineOutcome, LlmError> {
    let Some(wishes) = instruction::parse(instruction, input.client_short()) else {
        return Ok(RefineOutcome::Failed(CANNOT.into()));
    };
    let (mut content, mut note) = (base.clone(), None);
    for wish in wishes {
        let done = match wish {
            Wish::Shorter => {
                let done = shorter(&content);
                let went = done.as_ref().is_ok_and(|done| done.claims.len() < content.claims.len());
                note = kept_on_purpose(&content).filter(|_| went);
                done
            }
            Wish::Drop(which) => drop_some(&content, &which),
            Wish::Only(sections) => only(&content, &sections),
            Wish::TheirWords(topic) => in_place(|| their_words(input, &content, &topic)),
            Wish::More(topic) => more(summarizer, input, &content, &topic).await?,
        };
        match done {
            Ok(changed) => content = changed,
            Err(reason) => return Ok(RefineOutcome::Unchanged(reason)),
        }
    }
    Ok(RefineOutcome::Changed(Refined {
        content,
        provider: crate::llm::OFFLINE.into(),
        model: "rules".into(),
        prompt_version: RULES_VERSION.into(),
        dropped: 0,
        note,
    }))
}

/// Removes about half of each section for the client: first what nobody checked, then repetitions, then what has the
/// least evidence. Promises and the coach's own words stay unless named. The coach's own notes aren't sent, and stay.
fn shorter(content: &Content) -> Result<Content, String> {
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    for section in Section::ALL {
        let (mut stay, mut rest): (Vec<usize>, Vec<usize>) = places(content, |claim| claim.section == section)
            .partition(|at| section.audience() == Audience::Coach || is_kept(&content.claims[*at]));
        let half = rest.len().div_ceil(2);
        // Stable: of equals, the earlier ones.
        rest.sort_by_key(|at| std::cmp::Reverse(strength(content, *at)));
        stay.extend(rest.into_iter().take(half));
        kept.extend(stay);
    }
    if kept.len() == content.claims.len() && content.for_client().filter(|claim| is_kept(claim)).count() > 1 {
        return Err(
            "Everything left is a promise, or something you wrote. Say which sentence to remove, for example “drop \
                    the last action item”."
                .into(),
        );
    }
    Ok(retain(content, |at, _| kept.contains(&at)))
}

/// Verified is stronger than unverified, then unrepeated, then more evidence.
fn strength(content: &Content, at: usize) -> (bool, bool, usize) {
    let claim = &content.claims[at];
    let said_before = content.claims[..at].iter().any(|before| {
        before.section == claim.section
            && (diff::shares_evidence(before, claim) || diff::likeness(&before.text, &claim.text) >= SAY_THE_SAME)
    });
    (claim.support.holds(), !said_before, claim.evidence.len())
}

/// The message about sentences that "shorter" left alone.
fn kept_on_purpose(content: &Content) -> Option<String> {
    let wrote = content.for_client().any(|claim| claim.support == Support::Own);
    let promised = content.for_client().any(|claim| claim.section == Section::ActionItems);
    let what = match (promised, wrote) {
        (true, true) => "What was promised and what you wrote yourself stays in",
        (true, false) => "What was promised stays in",
        (false, true) => "What you wrote yourself stays in",
        (false, false) => return None,
    };
    Some(format!("{what}: to leave a sentence out, name it."))
}

pub(super) fn places(content: &Content, is: impl Fn(&Claim) -> bool) -> impl Iterator<Item = usize> {
    content.claims.iter().enumerate().filter(move |(_, claim)| is(claim)).map(|(at, _)| at)
}

fn retain(content: &Content, keep: impl Fn(usize, &Claim) -> bool) -> Content {
    let kept = content.claims.iter().enumerate().filter(|(at, claim)| keep(*at, claim));
    Content { claims: kept.map(|(_, claim)| claim.clone()).collect() }
}

/// The indexes of the selected sentences.
pub(super) fn places_of(content: &Content, which: &Selection) -> Vec<usize> {
    let countable = |section: Option<Section>| {
        places(content, move |claim| match section {
            // Counted as on the page: promises kept for the coach are elsewhere.
            Some(section) => claim.section == section && claim.audience == section.audience(),
            None => claim.audience == Audience::Client,
        })
    };
    match which {
        Selection::Nth(nth, section) => countable(*section).nth(nth - 1).into_iter().collect(),
        Selection::Last(section) => countable(*section).last().into_iter().collect(),
        Selection::All(section) => countable(Some(*section)).collect(),
        Selection::About(topic, section) => {
            let of_section = |claim: &Claim| section.is_none_or(|section| claim.section == section);
            places(content, |claim| of_section(claim) && is_about(claim, topic)).collect()
        }
    }
}

fn drop_some(content: &Content, which: &Selection) -> Result<Content, String> {
    let gone = places_of(content, which);
    if gone.is_empty() {
        return Err(match which {
            Selection::About(topic, None) => format!("Nothing in the summary is about “{}”.", topic.typed),
            Selection::About(topic, Some(section)) => {
                format!("Nothing under {} is about “{}”.", section.title(), topic.typed)
            }
            Selection::Nth(_, section) | Selection::Last(section) => match section {
                Some(section) => format!("There’s no such sentence under {}.", section.title()),
                None => "There’s no such sentence in the part for the client.".into(),
            },
            Selection::All(section) => format!("There’s nothing under {}.", section.title()),
        });
    }
    Ok(retain(content, |at, _| !gone.contains(&at)))
}

fn is_about(claim: &Claim, topic: &Topic) -> bool {
    topic.is_in(&claim.text) || claim.evidence.iter().any(|evidence| topic.is_in(&evidence.quote))
}

/// Whether a claim stays if only some of the client's sections do.
pub(super) fn stays_among(claim: &Claim, sections: &[Section]) -> bool {
    claim.audience == Audience::Coach || sections.contains(&claim.section)
}

/// Keeps only some of the client's sections. The coach's own notes stay.
fn only(content: &Content, sections: &[Section]) -> Result<Content, String> {
    let stays = |claim: &Claim| stays_among(claim, sections);
    if !content.for_client().any(stays) {
        let names: Vec<&str> = sections.iter().map(|section| section.title()).collect();
        return Err(format!("There’s nothing for the client under {}.", names.join(", ")));
    }
    Ok(retain(content, |_, claim| stays(claim)))
}

/// The client's best sentence about a topic replaces the claim about it. If there is no such claim, or the sentence
/// doesn't support it, it becomes a key quote.
fn their_words(input: &SessionForClient, content: &Content, topic: &Topic) -> Result<Content, String> {
    let sentences = sentences_about(input, topic);
    let Some((utterance, quote)) = sentences.first().cloned() else {
        return Err(format!("{} said nothing about “{}” in this session.", input.client_short(), topic.typed));
    };
    let there = |quote: &str| content.for_client().any(|claim| text::locate(&claim.text, quote).is_some());
    if there(&quote) {
        return Err("Those words are already in the summary.".into());
    }
    for (utterance, quote) in &sentences {
        let told = |claim: &Claim| {
            claim.audience == Audience::Client
                && !matches!(claim.section, Section::KeyQuotes | Section::Recommendations)
                && is_about(claim, topic)
                && tells(claim, quote)
        };
        let Some(at) = content.claims.iter().position(told).filter(|_| !there(quote)) else { continue };
        if let Some(claim) = with_words(input, &content.claims[at], *utterance, quote) {
            let mut content = content.clone();
            content.claims[at] = claim;
            return Ok(content);
        }
    }
    let evidence = vec![DraftEvidence { utterance, quote: quote.clone() }];
    let draft = DraftClaim::new(Section::KeyQuotes, quote, evidence);
    match held(input, &draft) {
        Some(claim) => Ok(with(content, [claim])),
        None => Err("The words about that don’t make sense on their own. Change the sentence by hand.".into()),
    }
}

/// Whether a claim says the same as a sentence: it is based on it, or has most of its words.
fn tells(claim: &Claim, sentence: &str) -> bool {
    let rests = claim.evidence.iter().any(|evidence| {
        text::locate(sentence, &evidence.quote).is_some() || text::locate(&evidence.quote, sentence).is_some()
    });
    rests || Topic::new(&claim.text).is_some_and(|topic| topic.is_in(sentence))
}

/// The claim in the words of a quote, with its previous evidence; `None` if it doesn't hold that way.
fn with_words(input: &SessionForClient, claim: &Claim, utterance: usize, quote: &str) -> Option<Claim> {
    let shown: String =
        quote.chars().map(|c| if "\"\u{201c}\u{201d}\u{201e}".contains(c) { '\'' } else { c }).collect();
    let words = input.voice.apply(&format!("{} said: \u{201c}{shown}\u{201d}", input.client_short()));
    let mut draft = as_draft(input, claim, &words);
    draft.evidence.retain(|evidence| evidence.utterance != utterance);
    draft.evidence.insert(0, DraftEvidence { utterance, quote: quote.to_owned() });
    let held = held(input, &draft)?;
    let support = held.support;
    Some(Claim { text: held.text, evidence: held.evidence, edited: false, support, ..claim.clone() })
}

/// A draft as a claim, if it holds.
fn held(input: &SessionForClient, draft: &DraftClaim) -> Option<Claim> {
    let verified = verify(input, std::slice::from_ref(draft));
    verified.claims.into_iter().find(|claim| claim.section == draft.section && !claim.evidence.is_empty())
}

/// At most this many sentences are checked, each against the whole session.
const MOST_TRIED: usize = 60;

/// The client's statements about a topic, best first: utterance and words.
fn sentences_about(input: &SessionForClient, topic: &Topic) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, usize, usize, String)> = Vec::new();
    for line in input.utterances.iter().filter(|line| line.speaker == Speaker::Client) {
        for range in text::sentences(&line.text) {
            let sentence = &line.text[range];
            let words = text::words(sentence).len();
            if topic.is_in(sentence) && !text::asks(sentence) && QUOTE_WORDS.contains(&words) {
                found.push((topic.shared(sentence), words.min(20), line.index, sentence.to_owned()));
            }
        }
    }
    // Most topic words first, then most words, then the earlier one.
    found.sort_by_key(|(shared, words, index, _)| (std::cmp::Reverse((*shared, *words)), *index));
    found.into_iter().take(MOST_TRIED).map(|(_, _, index, sentence)| (index, sentence)).collect()
}

/// What else the offline writer finds about a topic, then the client's own words about it as key quotes.
async fn more(
    summarizer: &Summarizer,
    input: &SessionForClient,
    content: &Content,
    topic: &Topic,
) -> Result<Result<Content, String>, LlmError> {
    let draft = summarizer.offline(input).await?;
    Ok(in_place(|| more_of(&draft.claims, input, content, topic)))
}

fn more_of(
    draft: &[DraftClaim],
    input: &SessionForClient,
    content: &Content,
    topic: &Topic,
) -> Result<Content, String> {
    let mut found: Vec<Claim> = verify(input, draft).claims;
    found.retain(|claim| claim.audience == Audience::Client && is_about(claim, topic));
    let quotes = sentences_about(input, topic).into_iter().filter_map(|(utterance, quote)| {
        held(input, &DraftClaim::new(Section::KeyQuotes, quote.clone(), vec![DraftEvidence { utterance, quote }]))
    });
    let mut new: Vec<Claim> = Vec::new();
    for claim in found.into_iter().chain(quotes) {
        // Neither what is there nor what the last claim said.
        let known = |it: &Claim| claim.evidence.iter().all(|item| it.evidence.iter().any(|other| covers(other, item)));
        if !content.for_client().chain(&new).any(known) {
            new.push(claim);
        }
        if new.len() == MORE {
            break;
        }
    }
    if new.is_empty() {
        return Err(format!("Nothing more was said about “{}” that can be quoted.", topic.typed));
    }
    Ok(with(content, new))
}

/// Whether one quote contains the words of the other.
fn covers(one: &crate::model::Evidence, other: &crate::model::Evidence) -> bool {
    one.utterance_id == other.utterance_id && text::locate(&one.quote, &other.quote).is_some()
}

/// The content with more claims, each last in its section.
fn with(content: &Content, new: impl IntoIterator<Item = Claim>) -> Content {
    let mut claims = content.claims.clone();
    claims.extend(new);
    claims.sort_by_key(|claim| claim.section);
    Content { claims }
}
