//! How much each participant of a session said, and how. Pure.
//!
//! The rules, as a coach may read them:
//! - A turn lasts until someone else speaks, identified or not; its length is the time spoken in it.
//! - A question is a sentence that ends in a question mark; an utterance without any punctuation counts as one question
//!   if its words ask something.
//! - An interruption is the beginning of a turn of at least [`WORDS_OF_INTERRUPTION`] words, at least [`OVERLAP_MS`]
//!   before the other person's utterance ends and not right at its start; if the file has no times, after an utterance
//!   that breaks off with a dash. Short words of agreement aren't interruptions.
//! - A share is the part of all speaking time, or of all words if any time is missing.
//! - Engagement compares a share with a fair one (equal among all who speak): `high` from 60 % of it if turns have six
//!   words or more, `low` below 25 % of it or if turns have fewer than four words, `medium` in between, `silent` if
//!   nothing was said. It indicates who takes part; it's no judgement of a person.

use super::roles;

/// A shorter turn isn't an interruption.
pub const WORDS_OF_INTERRUPTION: u32 = 3;
/// Tools' timestamps are imprecise: an overlap below this, in milliseconds, doesn't count.
pub const OVERLAP_MS: i64 = 300;

/// One utterance of the session.
#[derive(Clone, Copy, Debug)]
pub struct Spoken<'a> {
    /// The index of the participant; `None` for an unidentified speaker.
    pub participant: Option<usize>,
    /// Start and end in milliseconds, if the file has both.
    pub time: Option<(i64, i64)>,
    /// The words, as transcribed.
    pub text: &'a str,
}

/// The degree to which somebody took part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engagement {
    /// Took a large part, in full sentences.
    High,
    /// Between high and low.
    Medium,
    /// Hardly spoke, or hardly more than single words.
    Low,
    /// Said nothing.
    Silent,
}

impl Engagement {
    /// The name used in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Silent => "silent",
        }
    }
}

/// What one participant said, in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// Time spoken, in milliseconds; 0 if the file has no times.
    pub speaking_ms: i64,
    /// Number of words.
    pub words: u32,
    /// Number of turns.
    pub turns: u32,
    /// Time spoken in the longest turn, in milliseconds; 0 if the file has no times.
    pub longest_turn_ms: i64,
    /// Number of words in the longest turn.
    pub longest_turn_words: u32,
    /// Number of questions asked.
    pub questions: u32,
    /// How often this participant began to speak before someone else had finished.
    pub interruptions: u32,
    /// The part of all that was said, from 0 to 1.
    pub share: f64,
    /// See the rules at the top of this file.
    pub engagement: Engagement,
}

const NOTHING: Measures = Measures {
    speaking_ms: 0,
    words: 0,
    turns: 0,
    longest_turn_ms: 0,
    longest_turn_words: 0,
    questions: 0,
    interruptions: 0,
    share: 0.0,
    engagement: Engagement::Silent,
};

/// Measures that many participants by the utterances of a session, given in order.
#[must_use]
pub fn measure(participants: usize, spoken: &[Spoken<'_>]) -> Vec<Measures> {
    let mut all = vec![NOTHING; participants];
    let mut unresolved = NOTHING;
    let mut is_timed = true;
    let mut before: Option<Spoken<'_>> = None;
    let (mut turn_ms, mut turn_words) = (0, 0);
    for one in spoken {
        let words = words(one.text);
        if words == 0 {
            continue;
        }
        let begins = before.is_none_or(|before| before.participant != one.participant);
        (turn_ms, turn_words) = if begins { (0, 0) } else { (turn_ms, turn_words) };
        let time = one.time.map_or(0, |(start, end)| (end - start).max(0));
        is_timed &= one.time.is_some();
        turn_ms += time;
        turn_words += words;
        let measures = one.participant.and_then(|at| all.get_mut(at)).unwrap_or(&mut unresolved);
        measures.speaking_ms = measures.speaking_ms.saturating_add(time);
        measures.words = measures.words.saturating_add(words);
        measures.turns += u32::from(begins);
        measures.longest_turn_ms = measures.longest_turn_ms.max(turn_ms);
        measures.longest_turn_words = measures.longest_turn_words.max(turn_words);
        measures.questions += questions(one.text);
        measures.interruptions += u32::from(begins && before.is_some_and(|before| interrupts(one, &before)));
        before = Some(*one);
    }
    let speaking = |one: &Measures| if is_timed { one.speaking_ms } else { i64::from(one.words) };
    let total: i64 = all.iter().chain([&unresolved]).map(speaking).sum();
    let speakers = all.iter().chain([&unresolved]).filter(|one| one.words > 0).count();
    for one in &mut all {
        one.share = if total > 0 { as_float(speaking(one)) / as_float(total) } else { 0.0 };
        one.engagement = engagement(one, speakers);
    }
    all
}

fn engagement(one: &Measures, speakers: usize) -> Engagement {
    let of_fair = one.share * as_float(i64::try_from(speakers).unwrap_or(i64::MAX));
    let by_turn = f64::from(one.words) / f64::from(one.turns.max(1));
    match () {
        () if one.words == 0 => Engagement::Silent,
        () if of_fair < 0.25 || by_turn < 4.0 => Engagement::Low,
        () if of_fair >= 0.6 && by_turn >= 6.0 => Engagement::High,
        () => Engagement::Medium,
    }
}

fn interrupts(one: &Spoken<'_>, before: &Spoken<'_>) -> bool {
    if words(one.text) < WORDS_OF_INTERRUPTION {
        return false;
    }
    match (one.time, before.time) {
        // Starting at the same time isn't an interruption.
        (Some((start, _)), Some((began, ended))) => start - began >= OVERLAP_MS && ended - start >= OVERLAP_MS,
        _ => before.text.trim_end().ends_with(['-', '–', '—']),
    }
}

/// The number of questions in a text.
pub(crate) fn questions(text: &str) -> u32 {
    let marks = text.split_inclusive(['?', '？', '؟']).filter(|part| part.ends_with(['?', '？', '؟']));
    let marked = marks.filter(|part| part.chars().any(char::is_alphanumeric)).count();
    let is_bare = !text.contains(['.', ',', '!', '?', '。', '？', '؟', ';', ':']);
    u32::try_from(marked).unwrap_or(u32::MAX) + u32::from(is_bare && roles::is_question(&text.to_lowercase()))
}

fn words(text: &str) -> u32 {
    u32::try_from(debrief_transcript::words::count(text)).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds and words of a session are far below 2^52")]
const fn as_float(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(participant: usize, start: i64, end: i64, text: &str) -> Spoken<'_> {
        Spoken { participant: Some(participant), time: Some((start, end)), text }
    }

    #[test]
    fn a_conversation_is_measured() {
        let spoken = [
            said(0, 0, 4_000, "What moved since last week? And why?"),
            said(1, 4_000, 9_000, "I asked for the promotion."),
            said(1, 9_000, 14_000, "My manager wants a written case by Friday"),
            said(0, 13_000, 14_000, "Mm-hm."),
            said(1, 14_000, 20_000, "and I began to write it down over the weekend, but"),
            said(0, 18_000, 20_000, "Sorry, who reads it?"),
        ];
        let found = measure(3, &spoken);
        let (coach, client) = (&found[0], &found[1]);
        assert_eq!((coach.speaking_ms, coach.words, coach.turns, coach.longest_turn_ms), (7_000, 12, 3, 4_000));
        assert_eq!((client.speaking_ms, client.turns, client.longest_turn_ms), (16_000, 2, 10_000));
        assert_eq!((coach.questions, client.questions), (3, 0));
        // "Mm-hm" is no interruption.
        assert_eq!((coach.interruptions, client.interruptions), (1, 0));
        assert!((client.share - 16.0 / 23.0).abs() < 1e-9);
        assert_eq!(client.engagement, Engagement::High);
        assert_eq!(found[2].engagement, Engagement::Silent);
        assert_eq!(found[2].share, 0.0);
    }

    #[test]
    fn without_times_words_and_dashes_count() {
        let spoken = |participant, text| Spoken { participant: Some(participant), time: None, text };
        let long = "word ".repeat(90);
        let found = measure(
            2,
            &[
                spoken(0, long.as_str()),
                spoken(0, "and then we—"),
                spoken(1, "Stop there, please."),
                spoken(0, "Fine."),
            ],
        );
        assert_eq!((found[0].interruptions, found[1].interruptions), (0, 1));
        assert_eq!(found[1].engagement, Engagement::Low);
        assert_eq!((found[0].longest_turn_words, found[0].longest_turn_ms), (93, 0));
        assert!((found[0].share + found[1].share - 1.0).abs() < 1e-9);
    }

    #[test]
    fn questions_without_punctuation_count_once() {
        assert_eq!(questions("how was your week and what did you do"), 1);
        assert_eq!(questions("I know what you mean."), 0);
        assert_eq!(questions("Really? You did? Good."), 2);
    }

    #[test]
    fn an_unknown_speaker_takes_its_share() {
        let unknown = Spoken { participant: None, time: Some((0, 5_000)), text: "Nobody knows who says this here." };
        let found = measure(1, &[unknown, said(0, 5_000, 10_000, "I do not know it either.")]);
        assert!((found[0].share - 0.5).abs() < 1e-9);
    }
}
