//! Learns about the coach's voice from an approved version.
//!
//! Each sentence that the coach changed becomes an example, for its client only. The same replacement in two summaries,
//! or the same instruction for two, becomes a suggestion: a rule that is off until the coach turns it on. Reads
//! versions, examples and refinements; writes examples and suggestions. A rerun finds them there; approving a summary
//! again replaces what it taught.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{NewRule, store::suggest};
use crate::{
    db::{TenantTx, Tx},
    model::{
        Claim, Content,
        diff::{self, Change},
        summary,
    },
};

/// A replacement concerns a word or a short phrase.
const MOST_WORDS: usize = 3;
/// A sentence was changed into another if they share at least this part of their words.
const ALIKE: f32 = 0.3;
/// A longer instruction is about one summary, not about a voice.
const LONGEST_INSTRUCTION: usize = 40;
/// How many examples are searched for repeated replacements.
const LOOKED_THROUGH: i64 = 1000;

/// Learns from an approved version, in the approving transaction.
pub(crate) async fn learn(tx: &mut TenantTx, summary_id: Uuid, approved: i32) -> Result<(), sqlx::Error> {
    let Some(row) = sqlx::query!(
        "select coach_id, client_id from summaries join sessions on sessions.id = session_id where summaries.id = $1",
        summary_id
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(());
    };
    let examples = examples(tx, summary_id, approved).await?;
    sqlx::query!("delete from voice_examples where summary_id = $1", summary_id).execute(tx.conn()).await?;
    let organization = tx.tenant();
    for (before, after) in &examples {
        sqlx::query!(
            "insert into voice_examples (id, organization_id, coach_id, client_id, summary_id, before_text, after_text)
             values ($1, $2, $3, $4, $5, $6, $7)",
            Uuid::now_v7(),
            organization,
            row.coach_id,
            row.client_id,
            summary_id,
            before,
            after
        )
        .execute(tx.conn())
        .await?;
    }
    if !examples.is_empty() {
        suggest_words(tx, row.coach_id).await?;
    }
    suggest_instructions(tx, row.coach_id, summary_id).await
}

/// Forgets the examples of one client's summary of a session, since its words turned out to be someone else's.
pub(crate) async fn unlearn(tx: &mut TenantTx, session_id: Uuid, client_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from voice_examples using summaries
         where summaries.id = summary_id and session_id = $1 and summaries.client_id = $2",
        session_id,
        client_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The sentences that the coach changed: as written, and as approved.
async fn examples(tx: &mut TenantTx, summary_id: Uuid, approved: i32) -> Result<Vec<(String, String)>, sqlx::Error> {
    let content = summary::load_version(tx, summary_id, approved).await?;
    if !content.claims.iter().any(|claim| claim.edited) {
        return Ok(Vec::new());
    }
    let written = sqlx::query_scalar!(
        "select version from summary_versions where summary_id = $1 and version < $2 and author <> 'coach'
         order by version desc",
        summary_id,
        approved
    )
    .fetch_all(tx.conn())
    .await?;
    let mut versions = Vec::with_capacity(written.len());
    for version in written {
        versions.push(summary::load_version(tx, summary_id, version).await?);
    }
    let changed = content.claims.iter().filter(|claim| claim.edited && !claim.evidence.is_empty());
    Ok(changed.filter_map(|claim| Some((origin(&versions, claim)?.text.clone(), claim.text.clone()))).collect())
}

/// The sentence that `claim` was before the coach changed it: from the latest version in which it was unchanged.
fn origin<'a>(versions: &'a [Content], claim: &Claim) -> Option<&'a Claim> {
    let in_version = |content: &'a Content| {
        let alike = content.section(claim.section).filter(|it| !it.edited && diff::shares_evidence(it, claim));
        alike.max_by(|a, b| diff::likeness(&a.text, &claim.text).total_cmp(&diff::likeness(&b.text, &claim.text)))
    };
    // Two sentences may rest on the same utterance: one that has nothing of the other's words wasn't changed into it.
    let is_it = |origin: &&Claim| origin.text != claim.text && diff::likeness(&origin.text, &claim.text) >= ALIKE;
    versions.iter().find_map(in_version).filter(is_it)
}

/// Suggests word replacements that the coach made in two summaries.
async fn suggest_words(tx: &mut TenantTx, coach_id: Uuid) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        "select summary_id, before_text, after_text from voice_examples where coach_id = $1
         order by created_at desc limit $2",
        coach_id,
        LOOKED_THROUGH
    )
    .fetch_all(tx.conn())
    .await?;
    let mut seen: BTreeMap<(String, String), BTreeSet<Uuid>> = BTreeMap::new();
    for row in rows {
        for pair in replaced(&row.before_text, &row.after_text) {
            seen.entry(pair).or_default().insert(row.summary_id);
        }
    }
    for ((from, to), summaries) in seen {
        if summaries.len() >= 2 {
            suggest(tx, coach_id, NewRule::Replace(from, to)).await?;
        }
    }
    Ok(())
}

/// The words of a sentence that were replaced, if a rule can be made from them.
fn replaced(before: &str, after: &str) -> BTreeSet<(String, String)> {
    let parts = diff::words(before, after);
    let pairs = parts.windows(2).filter(|pair| (pair[0].change, pair[1].change) == (Change::Removed, Change::Added));
    let pairs = pairs.filter_map(|pair| Some((plain(&pair[0].text)?, plain(&pair[1].text)?)));
    // If one side has all the words of the other, something was cut or added, not reworded.
    pairs.filter(|(from, to)| !holds_all(from, to) && !holds_all(to, from)).collect()
}

/// Whether `many` has every word of `few`.
fn holds_all(many: &str, few: &str) -> bool {
    few.split(' ').all(|word| many.split(' ').any(|other| other == word))
}

/// One to three plain words, with no capitals, quotes or digits: what one client did or whom a client named must not
/// end up in another client's summary.
fn plain(words: &str) -> Option<String> {
    let bare = words.trim_end_matches(['.', ',', ';', ':', '!', '?']);
    let count = debrief_transcript::words::count(bare);
    let good = |c: char| c.is_alphabetic() && !c.is_uppercase() || matches!(c, ' ' | '-' | '\'' | '\u{2019}');
    ((1..=MOST_WORDS).contains(&count) && bare.chars().all(good)).then(|| bare.to_owned())
}

/// Suggests this summary's instructions that also refined another summary of the coach.
async fn suggest_instructions(tx: &mut TenantTx, coach_id: Uuid, summary_id: Uuid) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        "select distinct refinements.summary_id, instruction from refinements
         join summaries on summaries.id = refinements.summary_id
         join sessions on sessions.id = session_id
         where coach_id = $1 and refinements.state = 'done' and length(instruction) <= 60",
        coach_id
    )
    .fetch_all(tx.conn())
    .await?;
    let mut asked: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
    for row in rows {
        if let Some(instruction) = of_voice(&row.instruction) {
            asked.entry(instruction).or_default().insert(row.summary_id);
        }
    }
    for (instruction, summaries) in asked {
        if summaries.len() >= 2 && summaries.contains(&summary_id) {
            suggest(tx, coach_id, NewRule::Said(instruction)).await?;
        }
    }
    Ok(())
}

/// An instruction about style, normalized; `None` if it is about one summary's content.
fn of_voice(instruction: &str) -> Option<String> {
    const OF_ONE_SUMMARY: [&str; 22] = [
        "about",
        "\u{fc}ber",
        "drop",
        "remove",
        "delete",
        "leave",
        "without",
        "only",
        "nur",
        "words",
        "worte",
        "second",
        "first",
        "last",
        "point",
        "add",
        "more",
        "mehr",
        "weg",
        "raus",
        "streiche",
        "ohne",
    ];
    const LANGUAGES: [&str; 10] =
        ["german", "english", "french", "spanish", "italian", "swedish", "dutch", "portuguese", "deutsch", "englisch"];
    let plain = instruction.trim().trim_end_matches(['.', '!']);
    let words: Vec<String> = plain.split_whitespace().map(str::to_lowercase).collect();
    let named = plain.split_whitespace().enumerate().any(|(at, word)| {
        let named = word.chars().next().is_some_and(char::is_uppercase) && at > 0;
        named && !LANGUAGES.contains(&word.trim_matches(',').to_lowercase().as_str())
    });
    let good = !words.is_empty()
        && plain.chars().count() <= LONGEST_INSTRUCTION
        && !named
        && !plain.chars().any(|c| c.is_numeric() || matches!(c, '"' | '\u{201c}' | '@' | '/'))
        && !words.iter().any(|word| OF_ONE_SUMMARY.contains(&word.as_str()));
    good.then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Evidence, Section};

    /// Two promises of one breath rest on the same utterance: one that was removed isn't what the other was before.
    #[test]
    fn a_sentence_that_shares_only_an_utterance_was_not_changed_into_another() {
        let utterance_id = Uuid::now_v7();
        let claim = |text: &str| {
            let quote = "I'll have the talk on Thursday and write the three sentences tomorrow".into();
            let evidence = vec![Evidence { utterance_id, speaker: "Priya".into(), start_ms: None, quote }];
            Claim { evidence, ..Claim::new(Section::ActionItems, text.to_owned()) }
        };
        let written = [Content { claims: vec![claim("Write the three sentences tomorrow evening.")] }];
        let of = |text: &str| origin(&written, &claim(text)).map(|it| it.text.as_str());
        assert_eq!(of("Have the talk with Henrik on Thursday at ten."), None);
        let shorter = "Write three sentences tomorrow evening.";
        assert_eq!(of(shorter), Some("Write the three sentences tomorrow evening."));
    }

    #[test]
    fn a_rule_is_learned_of_plain_words_alone() {
        for (before, after, expect) in [
            ("She utilised the time well.", "She used the time well.", vec![("utilised", "used")]),
            ("She was in a position to go.", "She could go.", vec![]),
            ("She met Jonas then.", "She met him then.", vec![]),
            ("Jonas came late.", "He came late.", vec![]),
            ("She sent 3 drafts.", "She sent some drafts.", vec![]),
            ("It was an issue.", "It was a question.", vec![("an issue", "a question")]),
            ("She came late.", "She came.", vec![]),
        ] {
            let found = replaced(before, after);
            let expect: BTreeSet<(String, String)> =
                expect.into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
            assert_eq!(found, expect, "{before} / {after}");
        }
    }

    #[test]
    fn instructions_about_one_summary_are_no_voice() {
        assert_eq!(of_voice("Shorter."), Some("shorter".into()));
        assert_eq!(of_voice("warmer, please"), Some("warmer, please".into()));
        assert_eq!(of_voice("in German"), Some("in german".into()));
        for one in ["use her words about the launch", "drop the second point", "warmer to Jonas", "at most 3", ""] {
            assert_eq!(of_voice(one), None, "{one}");
        }
    }
}
