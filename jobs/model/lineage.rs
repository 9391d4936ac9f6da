//! Which claims of a new version were in earlier ones: those keep their lasting id.
//!
//! What people say of an action item (that it is done), and what later sessions say of it, is kept by that id, so it follows
//! the item through edits, refinements and undoing. A claim that was read from an earlier version brings its lasting id
//! along. One that was written anew goes on with an earlier claim of its section: with one in the same words, else with the
//! one whose words are the most alike of those that are based on the same words of the session. These are compared as words,
//! as a transcript that replaces another has utterances of its own. Where the words aren't alike it's a new claim: a promise
//! that stays open by mistake is seen, one that is done by mistake isn't. Reads the claims of all versions of one summary.

use std::collections::HashSet;

use uuid::Uuid;

use super::{
    Claim, Content,
    diff::{ALIKE, likeness},
};
use crate::db::{TenantTx, Tx};

/// Two quotes that share less of their words than this are of different words.
const SAME_QUOTE: f32 = 0.6;

/// A claim as it was in a version.
struct Earlier {
    lasting_id: Uuid,
    section: String,
    text: String,
    utterances: Vec<Uuid>,
    quotes: Vec<String>,
}

/// The lasting ids of the claims of `content`, in order, before it becomes the summary's next version.
pub(super) async fn lasting_ids(
    tx: &mut TenantTx,
    summary_id: Uuid,
    content: &Content,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let earlier = sqlx::query_as!(
        Earlier,
        r#"select lasting_id, section, text,
                  array(select utterance_id from evidence where claim_id = said.id) as "utterances!",
                  array(select quote from evidence where claim_id = said.id) as "quotes!"
           from (select distinct on (lasting_id, section, text) id, lasting_id, section, text, version, position
                 from claims where summary_id = $1 order by lasting_id, section, text, version desc) said
           order by version desc, position"#,
        summary_id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(continued(&earlier, &content.claims))
}

/// The lasting id of each claim: its own if it was read from an earlier version, that of the claim it goes on with, or a
/// new one. No two have the same. `earlier` begins with those of the newest version; of a claim that was reworded it has all
/// words, since a summary that is written anew is written from the words of the session, not from a coach's.
fn continued(earlier: &[Earlier], claims: &[Claim]) -> Vec<Uuid> {
    let mut taken = HashSet::new();
    let mut found: Vec<Option<Uuid>> = claims
        .iter()
        .map(|claim| earlier.iter().map(|it| it.lasting_id).find(|id| *id == claim.lasting_id && taken.insert(*id)))
        .collect();
    let mut pairs = Vec::new();
    for (at, claim) in claims.iter().enumerate().filter(|(at, _)| found[*at].is_none()) {
        pairs.extend(earlier.iter().filter_map(|it| Some((fits(it, claim)?, it.lasting_id, at))));
    }
    // The best pair of all first, whichever claim comes first. The sort is stable: of equal ones the newest.
    pairs.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    for (_, lasting_id, at) in pairs {
        if found[at].is_none() && taken.insert(lasting_id) {
            found[at] = Some(lasting_id);
        }
    }
    found.into_iter().map(|found| found.unwrap_or_else(Uuid::now_v7)).collect()
}

/// How well a claim goes on with an earlier one: more for the same words, and more if both are based on the same words of
/// the session. `None` if it doesn't.
fn fits(earlier: &Earlier, claim: &Claim) -> Option<f32> {
    if earlier.section != claim.section.as_str() {
        return None;
    }
    let is_same = earlier.text == claim.text;
    let alike = likeness(&earlier.text, &claim.text);
    if alike < ALIKE && !is_same {
        return None;
    }
    let is_of_same_utterance = claim.evidence.iter().any(|it| earlier.utterances.contains(&it.utterance_id));
    let quotes = earlier.quotes.iter().flat_map(|quote| claim.evidence.iter().map(|it| likeness(quote, &it.quote)));
    let source = if is_of_same_utterance { 1.1 } else { quotes.fold(0.0, f32::max) };
    if is_same {
        return Some(2.0 + source);
    }
    (source >= SAME_QUOTE).then_some(alike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Evidence, Section};

    fn claim(text: &str, utterance: u128) -> Claim {
        let evidence = Evidence {
            utterance_id: Uuid::from_u128(utterance),
            speaker: "Priya".into(),
            start_ms: None,
            quote: format!("I said at {utterance} that I would."),
        };
        Claim { evidence: vec![evidence], ..Claim::new(Section::ActionItems, text.into()) }
    }

    fn earlier(claim: &Claim) -> Earlier {
        Earlier {
            lasting_id: claim.lasting_id,
            section: claim.section.as_str().into(),
            text: claim.text.clone(),
            utterances: claim.evidence.iter().map(|it| it.utterance_id).collect(),
            quotes: claim.evidence.iter().map(|it| it.quote.clone()).collect(),
        }
    }

    #[test]
    fn a_claim_keeps_its_lasting_id_in_whatever_words() {
        let (call, send) = (claim("Call Anders.", 1), claim("Send the plan.", 2));
        let was = [earlier(&call), earlier(&send)];
        let edited = Claim { text: "Call Anders on Monday.".into(), id: Uuid::now_v7(), ..call.clone() };
        assert_eq!(continued(&was, &[send.clone(), edited]), [send.lasting_id, call.lasting_id]);
    }

    #[test]
    fn what_is_written_anew_goes_on_with_the_same_words_else_with_the_same_utterance() {
        let (call, book) = (claim("Call Anders about the budget.", 1), claim("Book the room.", 1));
        let was = [earlier(&call), earlier(&book)];
        let again = [claim("Book a room.", 1), claim("Call Anders on the budget.", 1), claim("Rest.", 9)];
        let [first, second, third] = continued(&was, &again)[..] else { panic!("three claims") };
        assert_eq!([first, second], [book.lasting_id, call.lasting_id], "each the most alike");
        assert!(was.iter().all(|it| it.lasting_id != third), "a new one");
        // The words matter more than the utterance, and the section most.
        assert_eq!(continued(&was, &[claim("Book the room.", 7)]), [book.lasting_id]);
        let win = Claim { section: Section::Wins, ..claim("Book the room.", 1) };
        assert_ne!(continued(&was, &[win]), [book.lasting_id]);
    }

    #[test]
    fn another_promise_of_the_same_utterance_is_a_new_one_whichever_comes_first() {
        let call = claim("Call Anders.", 1);
        let (book, phone) = (claim("Book the room.", 1), claim("Call Anders by phone.", 1));
        for again in [[book.clone(), phone.clone()], [phone.clone(), book.clone()]] {
            let ids = continued(&[earlier(&call)], &again);
            for (claim, id) in again.iter().zip(ids) {
                assert_eq!(id == call.lasting_id, claim.text == phone.text, "{}", claim.text);
            }
        }
        assert_ne!(continued(&[earlier(&call)], &[book]), [call.lasting_id], "no word of it is the same");
    }

    #[test]
    fn words_that_replace_others_keep_what_was_said_of_them() {
        let said = |quote: &str, utterance| Claim {
            evidence: vec![Evidence { quote: quote.into(), ..claim("", utterance).evidence.remove(0) }],
            ..claim("", utterance)
        };
        let sent =
            Claim { text: "Send the plan to Jonas.".into(), ..said("I will send the plan to Jonas on Friday.", 1) };
        let again =
            Claim { text: "Send Jonas the plan.".into(), ..said("I will send the plan to Jonas, on Friday.", 8) };
        assert_eq!(continued(&[earlier(&sent)], &[again]), [sent.lasting_id]);
        let other = Claim { text: "Send Jonas the plan.".into(), ..said("He wants to have it, the new plan.", 9) };
        assert_ne!(continued(&[earlier(&sent)], &[other]), [sent.lasting_id], "it rests on other words");
    }

    #[test]
    fn of_equal_words_each_goes_on_with_that_of_its_own_utterance() {
        let (one, other) = (claim("Call Anders.", 1), claim("Call Anders.", 2));
        let again = [claim("Call Anders.", 2), claim("Call Anders.", 1)];
        assert_eq!(continued(&[earlier(&one), earlier(&other)], &again), [other.lasting_id, one.lasting_id]);
    }

    #[test]
    fn a_sentence_that_was_edited_is_known_by_what_it_was_before() {
        let (call, send) = (claim("Call Anders.", 1), claim("Send the plan.", 2));
        let own = Claim { text: "Ring him on Monday, will you?".into(), evidence: Vec::new(), ..call.clone() };
        let was = [earlier(&own), earlier(&send), earlier(&call)];
        let ids = continued(&was, &[claim("Call Anders.", 1), claim("Send the plan.", 2)]);
        assert_eq!(ids, [call.lasting_id, send.lasting_id]);
    }

    #[test]
    fn no_two_claims_have_one_lasting_id() {
        let call = claim("Call Anders.", 1);
        let ids = continued(&[earlier(&call)], &[call.clone(), call.clone()]);
        assert_eq!(ids[0], call.lasting_id);
        assert_ne!(ids[0], ids[1]);
    }
}
