//! How well a sentence fits each section, and what rules it out.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    super::input::Speaker,
    challenges, context, cues, day, owes, promise, risk, sounds,
    speech::{Sentence, Speech},
    wins,
};
use crate::{model::Section, summarize::kinds::SentenceKind};

/// The minimum score for a sentence to be considered for a section.
pub(super) const ENOUGH: f32 = 0.9;

#[derive(Debug, Default)]
pub(super) struct Scores {
    wins: f32,
    challenges: f32,
    actions: f32,
    recommendations: f32,
    breakthrough: f32,
    priority: f32,
}

impl Scores {
    /// The client's section that the sentence fits best.
    pub(super) fn for_client(&self) -> Option<(Section, f32)> {
        [
            (Section::Wins, self.wins),
            (Section::Challenges, self.challenges),
            (Section::ActionItems, self.actions),
            (Section::Recommendations, self.recommendations),
        ]
        .into_iter()
        .filter(|(_, score)| *score >= ENOUGH)
        .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The coach's sections that the sentence fits.
    pub(super) fn coach(&self) -> Vec<(Section, f32)> {
        let mut fits = vec![(Section::Breakthrough, self.breakthrough), (Section::Priority, self.priority)];
        fits.retain(|(_, score)| *score >= ENOUGH);
        fits
    }
}

/// The scores of the sentence at `at`. Questions fit nothing, nor does what is said in a role.
pub(super) fn score(speech: &Speech, at: usize) -> Scores {
    let sentence = &speech.sentences[at];
    if owes::answered(speech, at).is_some() {
        return Scores { actions: 1.3, ..Scores::default() };
    }
    if sentence.asks() || sentence.in_role || sentence.words < 3 || sounds::without(&sentence.own).is_empty() {
        return Scores::default();
    }
    match sentence.speaker {
        Speaker::Client => Scores {
            wins: wins::wins(speech, at),
            challenges: challenges::challenges(speech, at),
            actions: actions(speech, at),
            breakthrough: by_kind(speech, at, &[SentenceKind::Insight], breakthrough(speech, sentence)),
            priority: risk::risk(speech, at)
                .filter(|_| troubles(speech, at))
                .map_or(0.0, |risk| ENOUGH + risk.weight()),
            ..Scores::default()
        },
        _ => Scores { recommendations: advice(speech, at), actions: actions(speech, at), ..Scores::default() },
    }
}

/// Whether a sentence tells what troubles the speaker, as far as that is known.
fn troubles(speech: &Speech, at: usize) -> bool {
    let kinds = [SentenceKind::Difficulty, SentenceKind::Fear, SentenceKind::Refusal, SentenceKind::Wish];
    likely(speech, at, &kinds).is_none_or(|likely| likely >= TROUBLES)
}

/// What has the words of strain is a sign of it if it's as likely to tell what troubles the speaker.
const TROUBLES: f32 = 0.45;

/// What a promise scores: by its form, if its kind doesn't contradict; or by its kind alone, if that is sure.
fn actions(speech: &Speech, at: usize) -> f32 {
    const NONE: [SentenceKind; 7] = [
        SentenceKind::Told,
        SentenceKind::Habit,
        SentenceKind::Fear,
        SentenceKind::Refusal,
        SentenceKind::Hypothetical,
        SentenceKind::Reported,
        SentenceKind::Wish,
    ];
    let firm = promise::promise(speech, at);
    // A coach says few things that only look like a promise.
    let by_coach = speech.sentences[at].speaker == Speaker::Coach;
    let Some(known) = speech.kinds(at).filter(|_| !by_coach) else { return firm };
    if firm >= ENOUGH {
        return if known.of(&NONE) >= OF_NONE { 0.0 } else { firm };
    }
    let likely = known.of(&[SentenceKind::Decision, SentenceKind::Assent]);
    let by_kind = likely >= SURE_OF_PROMISE
        && cues::WILL.is_in(&speech.sentences[at].own)
        && promise::may_be_meant(speech, at)
        && says_what(speech, at);
    if by_kind { ENOUGH + OF_CUES * likely } else { 0.0 }
}

/// Whether an undertaking says what is undertaken: by its own words, or by the request that it answers.
fn says_what(speech: &Speech, at: usize) -> bool {
    let sentence = &speech.sentences[at];
    sentence.stems.len() >= 2 && !context::points_back(sentence)
        || speech.answers(at).is_some_and(|asked| asked.words >= 4 && asked.asks())
}

/// A promise by its form isn't one if it's as likely a habit, a fear or the like.
const OF_NONE: f32 = 0.6;
/// Without the form of a promise a sentence is one if it's as likely.
const SURE_OF_PROMISE: f32 = 0.85;

/// What cues say counts as much as this, next to what kind of sentence it is.
const OF_CUES: f32 = 0.35;
/// A sentence that is less likely of a section's kinds stands there only by strong cues, …
const LEAST: f32 = 0.45;
/// … and one that is less likely than this doesn't stand there at all.
const UNLIKELY: f32 = 0.12;
/// … unless so many cues agree that it does.
const SURE_CUES: f32 = 1.0;
/// One that is as likely stands there without cues.
const SURE: f32 = 0.85;
/// What a sentence says in spite of cues, if it's as likely of another kind.
const CONTRADICTED: f32 = 0.4;

/// What a sentence scores by its cues (`cued`) and by its kind: `kinds` are those of the section.
pub(super) fn by_kind(speech: &Speech, at: usize, kinds: &[SentenceKind], cued: f32) -> f32 {
    let Some(known) = speech.kinds(at) else { return cued };
    let likely = known.of(kinds);
    // A fact or half a sentence may still be one by its cues, and so may what is of no kind in particular.
    let is_other =
        |kind: SentenceKind| !kinds.contains(&kind) && ![SentenceKind::Told, SentenceKind::Fragment].contains(&kind);
    let others = known.ranked().into_iter().filter(|(kind, _)| is_other(*kind));
    let other = others.map(|(_, likely)| likely).fold(0.0, f32::max);
    match likely {
        _ if likely >= LEAST => likely * (ENOUGH / SURE) + cued.min(1.5) * OF_CUES,
        _ if (likely >= UNLIKELY || cued >= SURE_CUES) && other < CONTRADICTED => cued * (0.8 + likely),
        _ => 0.0,
    }
}

/// How likely the sentence is of one of these kinds; `None` if that isn't known.
pub(super) fn likely(speech: &Speech, at: usize, kinds: &[SentenceKind]) -> Option<f32> {
    Some(speech.kinds(at)?.of(kinds))
}

/// "I did not send it", "we almost closed it" and "I would have told him" are no wins, whatever the verb.
pub(super) fn is_no_win(own: &str) -> bool {
    cues::NOT_DONE.is_in(own) || negation_before(own) || cues::HYPOTHETICAL.is_in(own) || is_undone(own)
}

/// Whether a sentence tells how it ended: "I handed it over on Wednesday, and then on Friday I took it back."
pub(super) fn is_undone(own: &str) -> bool {
    static UNDONE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:and|but|then|until)\b,?(?: [\w'-]+){0,4} i(?:'ve| have)? (?:took (?:it|them|that|him|her|everything) back|forgot|gave up|stopped|undid|went back to|fell back|slipped|dropped it|let it slide|broke it)\b")
            .expect("a constant pattern")
    });
    UNDONE.is_match(own)
}

/// "I won't do it", "I was going to" and "he said I would" undertake nothing.
pub(super) fn is_no_undertaking(own: &str) -> bool {
    let will = cues::WILL.place(own);
    cues::DROPPED.is_in(own)
        || cues::REPORTS.is_in(own)
        || cues::REFUSES.is_in(own) && will.is_none()
        || will.is_some_and(|will| will_not(own, will))
        || cues::HYPOTHETICAL.place(own).is_some_and(|place| will.is_none_or(|will| place < will))
}

/// Whether the verb after the future tense at `will` undertakes nothing: "I'll see".
pub(super) fn will_not(own: &str, will: usize) -> bool {
    cues::WILL_NOT.place(own) == Some(will) && !meets_or_says(own, will)
}

/// Whether the future tense at `will` gives the day of a meeting or of something to say: "I'll see him on Monday",
/// "I'll say sixty-eight in the interview on Thursday".
pub(super) fn meets_or_says(own: &str, will: usize) -> bool {
    static MEETS_OR_SAYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:i|we)(?:'ll| will| am going to|'m going to) (?:also |just |then )?(?:(?:go and |go |come and )?(?:see|visit) (?:him|her|them|my \w+|\w+(?:,| (?:on|this|next|tomorrow|tonight|before|by|\w+day)\b)|the (?:doctor|dentist|lawyer|bank|team|boss|board|client|landlord|therapist|notary|accountant))\b|say (?:[\w'-]+ ){1,6}(?:in|to|at|during) \w+)")
            .expect("a constant pattern")
    });
    // "I'll see you on Monday" is a greeting.
    static NOBODY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:see|visit) (?:you|it|that|this|what|how|if|whether|then|everyone|everybody|each|on|at|in|by|next|to|about|where|who|when|why)\b")
            .expect("a constant pattern")
    });
    let said = &own[will..];
    MEETS_OR_SAYS.is_match(said) && !NOBODY.is_match(said) && day::names(own)
}

/// Whether it's conditional, over, or someone else's.
pub(super) fn is_conditional(own: &str) -> bool {
    cues::HYPOTHETICAL.is_in(own)
}

/// Whether the sentence is the first of its turn with any content.
pub(super) fn answers_first(speech: &Speech, at: usize) -> bool {
    let tells = |it: &Sentence| it.words >= 5 && !it.asks();
    let turn = &speech.turns[speech.sentences[at].turn].sentences;
    tells(&speech.sentences[at]) && !speech.sentences[turn.start..at].iter().any(tells)
}

/// Whether there is a negation before the first verb of progress.
pub(super) fn negation_before(own: &str) -> bool {
    static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:not|never|nobody|none|hardly|barely|n't|\w+n't)\b").expect("a constant pattern")
    });
    let verb = [cues::ACHIEVED.place(own), cues::IT_IS_DONE.place(own), cues::DID.place(own), cues::MOVED.place(own)]
        .into_iter()
        .flatten()
        .min();
    NEGATION.find(own).is_some_and(|negation| verb.is_none_or(|verb| negation.start() < verb + 12))
}

/// Whether something wasn't done. "I hadn't seen it that way" is no omission: something was seen.
pub(super) fn not_done(own: &str) -> bool {
    cues::NOT_DONE.is_in(own) && !cues::INSIGHT.is_in(own)
}

/// The undertaking of the same turn that the sentence only adds to ("I'll ask her today."). If each has its own day,
/// they are two.
pub(super) fn goes_on_from(speech: &Speech, at: usize) -> Option<usize> {
    static POINTS_BACK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?:it|her|him|them|that)\b").expect("a constant pattern"));
    let sentence = &speech.sentences[at];
    if sentence.words > 10 || sentence.goes_on || !POINTS_BACK.is_match(&sentence.own) {
        return None;
    }
    let turn = &speech.turns[sentence.turn].sentences;
    let before = (at.saturating_sub(2).max(turn.start)..at).rev().find(|it| promise::promise(speech, *it) >= ENOUGH)?;
    let has_day = |at: usize| day::names(&speech.sentences[at].own);
    (!has_day(before) || !has_day(at)).then_some(before)
}

static WILL_NOT_DO: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bi(?: will not| won't|'ll not|'m not going to)\b").expect("a constant pattern"));

/// Whether an undertaking is taken back: at once ("No. Let me take that tomorrow."), or later by dropping a plan about
/// the same thing.
pub(super) fn is_dropped(speech: &Speech, at: usize) -> bool {
    let sentence = &speech.sentences[at];
    if let Some(next) = speech.sentences.get(at + 1)
        && next.turn == sentence.turn
        && (!day::names(&next.own) && (cues::TAKES_BACK.is_in(&next.own) || cues::DROPPED.is_in(&next.own))
            // "Actually no, I won't visit him, I'll call him on Saturday."
            || cues::TAKES_BACK.is_in(&next.own) && WILL_NOT_DO.is_match(&next.own))
    {
        return true;
    }
    let about = &sentence.stems;
    let later = speech.dropped.partition_point(|dropped| *dropped <= at);
    speech.dropped[later..]
        .iter()
        .map(|dropped| &speech.sentences[*dropped])
        .filter(|later| later.speaker == sentence.speaker)
        .any(|later| {
            let same = later.stems.intersection(about).count();
            same >= 2 || (same == 1 && about.len() <= 3)
        })
}

/// Advice is what has its form, or what is surely of its kind.
fn advice(speech: &Speech, at: usize) -> f32 {
    let sentence = &speech.sentences[at];
    let cued = recommendation(sentence);
    let likely = likely(speech, at, &[SentenceKind::Advice]);
    // "I want to check that I understood you" has the form and is none.
    if cued >= STRONG_ADVICE || cued > 0.0 && likely.is_none_or(|likely| likely >= UNLIKELY) {
        return cued;
    }
    let likely = likely.unwrap_or_default();
    if likely >= SURE && sentence.words >= SHORTEST_ADVICE { likely * (ENOUGH / SURE) } else { 0.0 }
}

/// What calls itself advice.
pub(super) const STRONG_ADVICE: f32 = 1.5;
/// Fewer words advise nothing that can be followed.
const SHORTEST_ADVICE: usize = 7;

pub(super) fn recommendation(sentence: &Sentence) -> f32 {
    let own = &sentence.own;
    if !cues::ADVISES.is_in(own)
        || cues::ADVISES_NOT.is_in(own) && !own.contains("suggest") && !own.contains("recommend")
    {
        return 0.0;
    }
    let strong = ["suggest", "recommend", "encourage", "advi"].iter().any(|word| own.contains(word));
    let short = if sentence.words < 6 { 0.4 } else { 0.0 };
    (if strong { 1.5 } else { 1.1 }) - short
}

fn breakthrough(speech: &Speech, sentence: &Sentence) -> f32 {
    let own = &sentence.own;
    let asked = cues::ASKS_MEANING.is_in(&speech.before(sentence.turn));
    let mut score = 0.0;
    if cues::INSIGHT.is_in(own) {
        score += 1.0;
    }
    if asked && sentence.words >= 6 {
        score += 0.5;
    }
    if score == 0.0 || sentence.words < 5 || cues::WILL.is_in(own) {
        return 0.0;
    }
    if cues::REPORTS.is_in(own) || cues::THIRD.is_in(own) {
        score *= 0.6;
    }
    score
}
