//! Whether an instruction names a sentence to remove. Promises and the coach's own words are only removed then:
//! "shorter" names nothing. Pure.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::{
    about::{content_words, same},
    instruction::{self, Wish},
    offline::{places, places_of, stays_among},
};
use crate::model::{Claim, Content, Section, Support};

/// Whether a claim is only removed if named: a promise, or the coach's deliberate words.
pub(super) fn is_kept(claim: &Claim) -> bool {
    claim.section == Section::ActionItems || claim.support == Support::Own
}

/// The indexes of the claims that an instruction asks to remove.
pub(super) fn named(instruction: &str, base: &Content, client: &str) -> BTreeSet<usize> {
    if let Some(wishes) = instruction::parse(instruction, client) {
        let of_wish = |wish: &Wish| match wish {
            Wish::Drop(which) => places_of(base, which),
            Wish::Only(sections) => places(base, |claim| !stays_among(claim, sections)).collect(),
            Wish::Shorter | Wish::TheirWords(_) | Wish::More(_) => Vec::new(),
        };
        return wishes.iter().flat_map(of_wish).collect();
    }
    // In words that the rules don't know: something should be removed, and the sentence or its section is mentioned.
    let Some(goes) = GOES.find(instruction) else { return BTreeSet::new() };
    let spoken_of = content_words(&instruction.replacen(goes.as_str(), " ", 1));
    let about = |claim: &Claim| {
        let words = content_words(&claim.text);
        claim.section == Section::ActionItems && PROMISES.is_match(instruction)
            || claim.support == Support::Own && OWN.is_match(instruction)
            || spoken_of.iter().any(|word| word.chars().count() > 2 && words.iter().any(|other| same(word, other)))
    };
    places(base, about).collect()
}

/// Something should be removed, or merged with something else; in the languages of the cues.
static GOES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:drop|remove|delete|omit|skip|cut|strike|lose|leave out|leave|take out|get rid of|without|only|just|nothing but|except|merge|combine|join|forget|kill|streich\w*|entfern\w*|lösch\w*|weg\w*|raus\w*|ohne|nur|fass\w*|supprim\w*|enl[eè]v\w*|retir\w*|sans|seulement|quit[ae]\w*|elimin\w*|sin|solo|rimuov\w*|togli\w*|senza|remov\w*|tir[ae]\w*|sem|apenas|verwijder\w*|zonder|alleen|ta bort|stryk\w*|utan|bara)\b",
    )
    .expect("a constant pattern")
});
/// Promises as such.
static PROMISES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:action items?|actions?|tasks?|to-?dos?|promises?|commitments?|next steps?|aufgaben?|versprechen|zusagen?|schritte?n?|t[âa]ches?|engagements?|promesses?|tareas?|compromisos?|promesas?|compiti|impegni|promesse|tarefas?|compromissos?|taken|afspraken|uppgifter|löften)\b",
    )
    .expect("a constant pattern")
});
/// What the coach wrote.
static OWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:my|mine|i (?:wrote|added|typed)|mein\w*|ich)\b").expect("a constant pattern")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_named_by_its_place_its_section_its_words_or_as_the_coachs() {
        let base = Content {
            claims: vec![
                Claim::new(Section::Wins, "You ran the meeting.".into()),
                Claim { support: Support::Own, ..Claim::new(Section::Wins, "I am proud of you.".into()) },
                Claim::new(Section::ActionItems, "Call Lena about the budget.".into()),
                Claim::new(Section::ActionItems, "Send the notes to Jonas.".into()),
            ],
        };
        for (instruction, expect) in [
            ("shorter", vec![]),
            ("much shorter and warmer", vec![]),
            ("warmer", vec![]),
            ("in German", vec![]),
            ("half as long, in a friendly tone", vec![]),
            ("drop the third point", vec![2]),
            ("drop the last action item", vec![3]),
            ("only the wins", vec![2, 3]),
            ("drop everything about the budget", vec![2]),
            ("warmer, and leave out what she promised Jonas", vec![3]),
            ("warmer and without the action items", vec![2, 3]),
            ("cut what I wrote and make it friendlier", vec![1]),
        ] {
            let found: Vec<usize> = named(instruction, &base, "Priya").into_iter().collect();
            assert_eq!(found, expect, "{instruction}");
        }
    }
}
