//! Which claims of a new version were in earlier ones: those keep their lasting id.
//!
//! What people say of an action item (that it is done), and what later sessions say of it, is kept by that id, so it follows
//! the item through edits, refinements and undoing. A claim that was read from an earlier version brings its lasting id
//! along. One that was written anew, as when a transcript was replaced, goes on with the earlier claim of its section that
//! has the same words, else with the most alike of those that are based on the same utterance. Reads the claims of all
//! versions of one summary.

use std::collections::HashSet;

use uuid::Uuid;

use super::{Claim, Content, diff::likeness};
use crate::db::{TenantTx, Tx};

/// A claim as it was when it was last in a version.
struct Earlier {
    lasting_id: Uuid,
    section: String,
    text: String,
    utterances: Vec<Uuid>,
}

/// The lasting ids of the claims of `content`, in order, before it becomes the summary's next version.
pub(super) async fn lasting_ids(
    tx: &mut TenantTx,
    summary_id: Uuid,
    content: &Content,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let earlier = sqlx::query_as!(
        Earlier,
        r#"select distinct on (lasting_id) lasting_id, section, text,
                  array(select utterance_id from evidence where claim_id = claims.id) as "utterances!"
           from claims where summary_id = $1 order by lasting_id, version desc"#,
        summary_id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(continued(&earlier, &content.claims))
}

/// The lasting id of each claim: its own if it was read from an earlier version, that of the claim it goes on with, or a
/// new one. No two have the same.
fn continued(earlier: &[Earlier], claims: &[Claim]) -> Vec<Uuid> {
    let mut taken = HashSet::new();
    let mut found: Vec<Option<Uuid>> = claims
        .iter()
        .map(|claim| earlier.iter().map(|it| it.lasting_id).find(|id| *id == claim.lasting_id && taken.insert(*id)))
        .collect();
    let same_words = |it: &Earlier, claim: &Claim| (it.text == claim.text).then_some(1.0_f32);
    let same_utterance = |it: &Earlier, claim: &Claim| {
        let shares = claim.evidence.iter().any(|evidence| it.utterances.contains(&evidence.utterance_id));
        shares.then(|| likeness(&it.text, &claim.text))
    };
    for fits in [&same_words as &dyn Fn(&Earlier, &Claim) -> Option<f32>, &same_utterance] {
        for (claim, found) in claims.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let free = earlier.iter().filter(|it| it.section == claim.section.as_str());
            let candidates = free
                .filter(|it| !taken.contains(&it.lasting_id))
                .filter_map(|it| Some((it.lasting_id, fits(it, claim)?)));
            *found = candidates.max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(id, _)| id);
            taken.extend(*found);
        }
    }
    found.into_iter().map(|found| found.unwrap_or_else(Uuid::now_v7)).collect()
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
            quote: text.into(),
        };
        Claim { evidence: vec![evidence], ..Claim::new(Section::ActionItems, text.into()) }
    }

    fn earlier(claim: &Claim) -> Earlier {
        Earlier {
            lasting_id: claim.lasting_id,
            section: claim.section.as_str().into(),
            text: claim.text.clone(),
            utterances: claim.evidence.iter().map(|it| it.utterance_id).collect(),
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
    fn no_two_claims_have_one_lasting_id() {
        let call = claim("Call Anders.", 1);
        let ids = continued(&[earlier(&call)], &[call.clone(), call.clone()]);
        assert_eq!(ids[0], call.lasting_id);
        assert_ne!(ids[0], ids[1]);
    }
}
