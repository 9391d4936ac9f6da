//! Whether a sentence surely belongs in the section that it fits best. What doesn't is for the coach to judge: a missing
//! sentence costs less than a wrong one.
//!
//! The kind of a sentence alone isn't enough: of counselling sessions that readers judged, "I can't think of anything
//! right now" was as likely a difficulty as "I can't sleep". So its words must name what the section is for.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    challenges, context, cues, day, owes, promise, risk, score,
    speech::{Sentence, Speech},
    wins,
};
use crate::{model::Section, summarize::kinds::SentenceKind};

/// The least likelihood of the section's kinds, for what its words name.
const LIKELY: f32 = 0.3;
/// For a difficulty that is named by its trouble, …
const LIKELY_TROUBLE: f32 = 0.5;
/// … and by what wasn't done.
const LIKELY_NOT_DONE: f32 = 0.7;
/// A verb that is no deed is undertaken if the sentence is as likely a decision.
const DECIDED: f32 = 0.6;
/// A shorter answer to "when?" doesn't say what.
const SHORT_ANSWER: usize = 6;
/// The least score of the cues of a win and of a difficulty.
const NAMED: f32 = 0.9;
/// Advice that doesn't call itself so is surely advice if it has its form and is as likely.
const ADVICE: f32 = 0.7;
/// An insight has as many words with a meaning of their own.
const OF_INSIGHT: usize = 4;

/// Whether the sentence at `at` surely belongs in `section`. Where the kinds of sentences aren't known, the choice stands.
pub(super) fn is_sure(speech: &Speech, section: Section, at: usize) -> bool {
    let sentence = &speech.sentences[at];
    let Some(known) = speech.kinds(at) else { return true };
    match section {
        Section::Wins => {
            wins::cued_wins(speech, at) >= NAMED
                && wins::tells_deed(&sentence.own)
                && known.of(&[SentenceKind::Did]) >= LIKELY
                && !turns(speech, at)
        }
        Section::Challenges => {
            let likely = known.of(&[SentenceKind::Difficulty, SentenceKind::Fear]);
            challenges::cued_challenges(speech, at) >= NAMED
                && named_difficulty(speech, at).is_some_and(|least| likely >= least)
        }
        Section::Recommendations => {
            // "That would be my recommendation" says that something before it was advice.
            static THAT_IS_IT: LazyLock<Regex> = LazyLock::new(|| {
                Regex::new(r"\b(?:that|that's|this|this is|those) (?:\w+ )?(?:\w+ )?(?:my|our|the) (?:recommendation|suggestion|advice)s?\b|\bwould be (?:my|our) (?:recommendation|suggestion|advice)\b[^a-z]*$")
                    .expect("a constant pattern")
            });
            let form = score::recommendation(sentence);
            let likely = known.of(&[SentenceKind::Advice]);
            !THAT_IS_IT.is_match(&sentence.own) && (form >= score::STRONG_ADVICE || form > 0.0 && likely >= ADVICE)
        }
        Section::Breakthrough => is_insight(speech, at),
        Section::ActionItems => is_promise(speech, at),
        _ => true,
    }
}

/// Whether a sentence surely tells of an insight.
pub(super) fn is_insight(speech: &Speech, at: usize) -> bool {
    let sentence = &speech.sentences[at];
    let likely = score::likely(speech, at, &[SentenceKind::Insight]).is_none_or(|likely| likely >= ADVICE);
    likely && cues::INSIGHT.is_in(&sentence.own) && sentence.stems.len() >= OF_INSIGHT
}

/// The least likelihood at which a sentence surely tells a difficulty: little where it names strain, more where it names
/// trouble or says that what the coach asked after wasn't done; otherwise `None`.
fn named_difficulty(speech: &Speech, at: usize) -> Option<f32> {
    static TROUBLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:stuck|struggl\w*|afraid|scared|scary|ashamed|worried|worries me|frustrat\w*|angry|furious|guilty|anxious|anxiety|nervous|difficult|hard(?:er|est)?|impossible|stress\w*|pressure\w?|trouble|terrible|horrible|awful|lonely|failing|failed|no time|don't know how to|avoiding|putting it off|procrastinat\w*|painful|lose someone)\b")
            .expect("a constant pattern")
    });
    static IDIOM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\bhard time (?:believing|imagining|seeing|buying)\b|\bcan't (?:believe|imagine)\b|\b(?:only|just) (?:missed|failed) (?:\w+ )?once\b|\bdon't know how (?:else )?to (?:explain|say|put|describe)\b|\bhard to (?:explain|describe|tell)\b")
            .expect("a constant pattern")
    });
    // "I haven't been stressed", "I'm not really anxious": a few words before the trouble say that there is none.
    static DENIED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"\b(?:not|no|never|isn't|wasn't|aren't|weren't|haven't|hasn't|hadn't|don't|doesn't|didn't)(?: \w+){0,3}$",
        )
        .expect("a constant pattern")
    });
    let sentence = &speech.sentences[at];
    let own = &sentence.own;
    if IDIOM.is_match(own) || cues::NOT_HARD.is_in(own) || !cues::OF_SELF.is_in(own) {
        return None;
    }
    let named = TROUBLE.find(own).map(|found| found.start()).or_else(|| cues::DISTRESS.place(own));
    if named.is_some_and(|at| !own[at..].starts_with("don't know how") && DENIED.is_match(own[..at].trim_end())) {
        return None;
    }
    if cues::DISTRESS.is_in(own) && risk::risk(speech, at).is_some() {
        return Some(LIKELY);
    }
    if TROUBLE.is_match(own) {
        return Some(LIKELY_TROUBLE);
    }
    let asked_after = cues::CHECKS.is_in(&speech.before(sentence.turn));
    (score::not_done(own) && asked_after && score::answers_first(speech, at)).then_some(LIKELY_NOT_DONE)
}

/// Whether what looks like an undertaking surely is one. What was interrupted may have ended otherwise, "I have to figure out
/// how I'm going to pay" is a worry, "I'm gonna gain weight" no deed, and "my commitment is to your health" no plan.
fn is_promise(speech: &Speech, at: usize) -> bool {
    static EMBEDDED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:how|what|where|why|whether|who|which|downside(?: to \w+)? is|worried(?: that)?|afraid(?: that)?|means(?: that)?)$")
            .expect("a constant pattern")
    });
    static TO_WHAT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\bmy (?:commitment|promise|task) is to (?:your|the|our|my|this)\b").expect("a constant pattern")
    });
    let sentence = &speech.sentences[at];
    let own = &sentence.own;
    if context::breaks_off(sentence) || TO_WHAT.is_match(own) || undertakes_nothing(speech, at) {
        return false;
    }
    let Some(will) = cues::WILL.place(own).filter(|_| !promise::is_own(own)) else { return true };
    let is_decided = score::likely(speech, at, &[SentenceKind::Decision]).is_some_and(|likely| likely >= DECIDED);
    let is_meant = promise::is_deed(own, will) || is_decided || day::names(own) || owes::answered(speech, at).is_some();
    is_meant && !EMBEDDED.is_match(own[..will].trim_end())
}

/// Whether a sentence answers a question by which nothing is undertaken: "Can I share some of the requirements?" – "Yeah" is
/// done while the two talk, and "When would you do that?" – "Today" gives a day to what was promised before.
fn undertakes_nothing(speech: &Speech, at: usize) -> bool {
    static IN_TALK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:i|we) (?:could |can |just |maybe |please |also )*(?:share|go over|go through|talk about|tell you|ask you|show you|explain|give you some information|take a look)\b")
            .expect("a constant pattern")
    });
    static WHEN_THAT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\bwhen\b.*\b(?:do|start|try|have) (?:that|it|this)\b|^(?:and |so |okay,? )*(?:by )?when\?*$")
            .expect("a constant pattern")
    });
    let Some(answered) = owes::answered(speech, at) else { return false };
    let (asked, answer) = (&answered.asked.own, &speech.sentences[at]);
    let has_day = day::names(asked) || day::names(&answer.own);
    IN_TALK.is_match(asked) && !has_day || WHEN_THAT.is_match(asked) && answer.words < SHORT_ANSWER
}

/// Whether the sentence or the one after it goes on with a "but": how it ended isn't known.
fn turns(speech: &Speech, at: usize) -> bool {
    let sentence = &speech.sentences[at];
    let next = speech.sentences.get(at + 1).filter(|next| next.turn == sentence.turn);
    let begins = |it: &Sentence| it.own.starts_with("but ");
    sentence.own.contains(" but ") || begins(sentence) || next.is_some_and(begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summarize::read_session;

    /// Which of these sentences of a client surely belong in a section, as the answer to a question.
    fn sure<'a>(section: Section, asked: &str, said: &[&'a str]) -> Vec<&'a str> {
        let is_sure = |words: &&str| {
            let head = "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n";
            let speech = Speech::new(&read_session(&format!("{head}Maya| {asked}\nPriya| {words}\nMaya| I see.\n")));
            (0..speech.sentences.len()).any(|at| {
                speech.sentences[at].speaker == crate::summarize::Speaker::Client
                    && super::is_sure(&speech, section, at)
            })
        };
        said.iter().copied().filter(is_sure).collect()
    }

    /// All of these were difficulties by their kind, and readers found the second half misleading.
    #[test]
    fn a_difficulty_is_named_and_not_denied() {
        let told = [
            "I'm overwhelmed by the hiring, and I can't sleep.",
            "I've got terrible trouble with my stomach and nobody gets to the bottom of it.",
            "I'm stuck with the budget.",
        ];
        let not_told = [
            "Not really, I haven't been stressed.",
            "I can't think of anything right now.",
            "I have a hard time believing that it's causing my anxiety.",
            "Wow, I can't believe he stopped crying finally and fell asleep.",
            "But as I say, I feel absolutely fine now.",
            "I must admit, I haven't done too much research.",
            "I only missed school once.",
        ];
        assert_eq!(sure(Section::Challenges, "How is it going?", &told), told);
        assert_eq!(sure(Section::Challenges, "How is it going?", &not_told), Vec::<&str>::new());
    }

    #[test]
    fn an_undertaking_is_of_a_deed_and_whole() {
        let told = ["I'll make a list of the tablets that I'm taking.", "I'll call Birger on Monday."];
        let not_told = [
            "Then with going back to school I have to figure out how I'm going to pay for everything.",
            "Now the downside to that is I'm gonna gain weight.",
            "I'll offer my services again because",
        ];
        assert_eq!(sure(Section::ActionItems, "What will you do?", &told), told);
        assert_eq!(sure(Section::ActionItems, "And then?", &not_told), Vec::<&str>::new());
    }

    #[test]
    fn a_win_is_a_deed_that_did_not_end_otherwise() {
        let told = ["I closed the Hartman account on Tuesday, and I presented the plan to the board."];
        let not_told = [
            "I did stop smoking but just last week my mom took him and I had one.",
            "I like the bike, the bike is pretty good.",
            "I got a lift from Donna.",
        ];
        assert_eq!(sure(Section::Wins, "What went well?", &told), told);
        assert_eq!(sure(Section::Wins, "What went well?", &not_told), Vec::<&str>::new());
    }
}
