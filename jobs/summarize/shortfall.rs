//! Whether a language model's draft can be used at all. A model that can't do its work answers in good form: with no
//! claims, with claims of which none holds, with one sentence many times, or in another language. Pure.

use std::collections::BTreeSet;

use super::{
    draft::Draft,
    input::{SessionForClient, Speaker},
    prompt,
    verify::{Dropped, Verified},
};
use crate::{
    language,
    llm::LlmError,
    model::{Section, Shortfall},
    text,
};

/// A client who has said this many words has said something that a summary tells.
const WORDS_OF_CLIENT: usize = 120;
/// In a session of this many words by both, fewer claims than [`FEWEST_CLAIMS`] are as good as none.
const WORDS_OF_SESSION: usize = 1_000;
const FEWEST_CLAIMS: usize = 3;

/// Why there is no draft, if it's the model that can't write one. Its endpoint may be away, too busy or forbidden: that's
/// no fault of the model.
pub(super) const fn of_error(error: &LlmError) -> Option<Shortfall> {
    match error {
        LlmError::Unusable(_) => Some(Shortfall::Unreadable),
        LlmError::TooLong => Some(Shortfall::CutOff),
        _ => None,
    }
}

/// Why the draft can't be used, given what of it holds; `None` if it can.
pub(super) fn of(input: &SessionForClient, draft: &Draft, verified: &Verified) -> Option<Shortfall> {
    let claims = &draft.claims;
    let distinct: BTreeSet<String> = claims.iter().map(|claim| text::normalize(&claim.text)).collect();
    if claims.len() >= FEWEST_CLAIMS && distinct.len() * 2 < claims.len() {
        return Some(Shortfall::GoesRound);
    }
    let (fewest, dropped) = (fewest_claims(input), &verified.dropped);
    if claims.len().saturating_sub(dropped.len()) < fewest {
        let round = dropped.iter().filter(|why| **why == Dropped::GoesRound).count();
        return Some(match claims.len() {
            few if few < fewest => Shortfall::Empty,
            all if round * 2 > all => Shortfall::GoesRound,
            _ => Shortfall::NothingHolds,
        });
    }
    is_in_other_language(input, draft).then_some(Shortfall::OtherLanguage)
}

/// How many claims a summary of this session has at least.
fn fewest_claims(input: &SessionForClient) -> usize {
    let count = |of: fn(Speaker) -> bool| -> usize {
        input.utterances.iter().filter(|line| of(line.speaker)).map(|line| text::words(&line.text).len()).sum()
    };
    let by_client = count(|speaker| speaker == Speaker::Client);
    let fewest = match by_client {
        few if few < WORDS_OF_CLIENT => 0,
        _ if count(|_| true) < WORDS_OF_SESSION => 1,
        _ => FEWEST_CLAIMS,
    };
    // A template may ask for less; open threads need an earlier session, and signs of danger are found by rule.
    let asked_for = |section: &Section| {
        section.is_for_model() && !matches!(section, Section::OpenThreads | Section::Risk | Section::Priority)
    };
    fewest.min(Section::ALL.into_iter().filter(asked_for).map(|section| input.template.limit(section)).sum())
}

/// Whether the sentences are in another language than the session. The coach may have asked for that, in words that only
/// a model reads.
fn is_in_other_language(input: &SessionForClient, draft: &Draft) -> bool {
    if prompt::may_ask_for_another_language(input) {
        return false;
    }
    let said: Vec<String> = input.utterances.iter().map(|line| line.text.clone()).collect();
    let worded = draft.claims.iter().filter(|claim| claim.section != Section::KeyQuotes);
    language::is_other(&said, &worded.map(|claim| claim.text.clone()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use uuid::Uuid;

    use super::*;
    use crate::summarize::{
        cases,
        draft::{DraftClaim, DraftEvidence},
        input::Line,
        template::SummaryTemplate,
        verify::verify,
    };

    const SAID: [&str; 6] = [
        "I talked to Anna on Monday and she was glad that I asked her about the plan before the others did.",
        "We shipped the app to three depots, and nobody called the help desk all week long, which is new.",
        "It is hard to say no to Gareth when he stands at my desk and wants one more thing by the evening.",
        "I'll send the draft to Lena by Friday, so that she has the weekend to read it before the board meets.",
        "My sleep is better since I leave the phone in the kitchen, and I wake up before the alarm now.",
        "The new hire starts in May, and I don't know yet who has the time to show her how it all works.",
    ];

    fn session(times: usize) -> SessionForClient {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/summarize/promises/transcript.txt");
        let mut input = cases::read(Path::new(path));
        let line = |index: usize| Line {
            id: Uuid::now_v7(),
            index,
            speaker: Speaker::Client,
            name: input.client.clone(),
            start_ms: None,
            text: SAID[index % SAID.len()].to_owned(),
        };
        input.utterances = (0..SAID.len() * times).map(line).collect();
        input
    }

    fn draft(claims: &[(&str, usize)]) -> Draft {
        let claims = claims.iter().map(|(text, utterance)| {
            let quote = SAID[*utterance % SAID.len()].split(',').next().unwrap_or_default().to_owned();
            DraftClaim::new(
                Section::Challenges,
                (*text).to_owned(),
                vec![DraftEvidence { utterance: *utterance, quote }],
            )
        });
        Draft { claims: claims.collect(), ..Draft::default() }
    }

    fn judged(input: &SessionForClient, draft: &Draft) -> Option<Shortfall> {
        of(input, draft, &verify(input, &draft.claims))
    }

    #[test]
    fn a_draft_is_judged_by_what_the_session_has() {
        let (short, long) = (session(2), session(12));
        let hard = ("It is hard to say no to Gareth.", 2);
        assert_eq!(judged(&short, &draft(&[])), Some(Shortfall::Empty));
        assert_eq!(judged(&short, &draft(&[hard])), None, "{:?}", verify(&short, &draft(&[hard]).claims).dropped);
        assert_eq!(judged(&long, &draft(&[hard])), Some(Shortfall::Empty), "one of a thousand words");
        let three = [hard, ("The new hire starts in May.", 5), ("Priya's sleep is better.", 4)];
        assert_eq!(judged(&long, &draft(&three)), None);
        let few = SessionForClient { utterances: short.utterances[..3].to_vec(), ..short.clone() };
        assert_eq!(judged(&few, &draft(&[])), None, "sixty words may say nothing");
        let asked = "name = \"a\"\n[sections]\nwins = 0\nchallenges = 1\naction_items = 0\nrecommendations = 0\nkey_quotes = 0\n\
                     engagement = 0\nbreakthrough = 0\n";
        let little = SessionForClient { template: SummaryTemplate::read(asked).expect("a template"), ..long };
        assert_eq!(judged(&little, &draft(&[hard])), None, "no more was asked for");
    }

    #[test]
    fn claims_that_do_not_hold_or_have_no_end_are_no_summary() {
        let input = session(2);
        let mut invented = draft(&[("It is hard.", 2)]);
        invented.claims[0].evidence[0].quote = "they made me head of product".into();
        assert_eq!(judged(&input, &invented), Some(Shortfall::NothingHolds));
        let endless = "It is hard to say no to Gareth, and ".repeat(4);
        assert_eq!(judged(&input, &draft(&[(&endless, 2)])), Some(Shortfall::GoesRound));
        let same = [("It is hard.", 2), ("It is hard!", 3), ("It is hard", 4)];
        assert_eq!(judged(&input, &draft(&same)), Some(Shortfall::GoesRound));
    }

    #[test]
    fn a_draft_in_another_language_is_none_unless_the_coach_asked_for_it() {
        let german =
            "Es ist schwer für dich, nicht immer ja zu sagen, wenn Gareth am Schreibtisch steht und noch etwas will.";
        let mut input = session(2);
        assert_eq!(judged(&input, &draft(&[(german, 2)])), Some(Shortfall::OtherLanguage));
        input.template.guidance = "Write in German.".into();
        assert_eq!(judged(&input, &draft(&[(german, 2)])), None);
    }
}
