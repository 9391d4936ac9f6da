//! How well a sentence fits what went well for the client.

use std::sync::LazyLock;

use regex::Regex;

use super::{super::kinds::SentenceKind, cues, score, speech::Speech};

/// A win without cues must be as likely: few things that people tell of themselves are one.
const VERY_SURE: f32 = 0.92;

pub(super) fn wins(speech: &Speech, at: usize) -> f32 {
    let own = &speech.sentences[at].own;
    if MISHAP.is_match(own)
        || score::is_undone(own)
        || cues::SARCASM.is_in(own)
        || cues::ANNOUNCES.is_in(own)
        || cues::NOT_DONE.is_in(own) && NOT_YET.is_match(own)
        || near_dropped(speech, at)
        || goes_on_from_failure(speech, at)
    {
        return 0.0;
    }
    let cued = cued_wins(speech, at);
    if cued == 0.0 && !OWN_DEED.is_match(own) {
        return 0.0;
    }
    if cued == 0.0 && score::likely(speech, at, &[SentenceKind::Did]).is_some_and(|likely| likely < VERY_SURE) {
        return 0.0;
    }
    let score = score::by_kind(speech, at, &[SentenceKind::Did], cued);
    if cues::REPORTS.is_in(own) { score * 0.6 } else { score }
}

/// What the speaker did, or how something of theirs has become; "I think he did" is neither.
static OWN_DEED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(?:and|but|so|then|well|yeah|yes|no|um|uh|oh|actually|basically|honestly|also|because|since [\w ]{1,20}|this \w+|last \w+|yesterday|today|on \w+day),? )*(?:i|i've|i'm|i'd|we|we've|we're|my [\w']+(?: [\w']+)?|our [\w']+(?: [\w']+)?) (?:[a-z']+)")
        .expect("a constant pattern")
});

/// Whether a sentence tells what was done, and not only how good something is.
pub(super) fn tells_deed(own: &str) -> bool {
    [&cues::ACHIEVED, &cues::IT_IS_DONE, &cues::DID].iter().any(|cue| cue.is_in(own))
}

/// What the cues of a win say, whatever kind of sentence it is.
pub(super) fn cued_wins(speech: &Speech, at: usize) -> f32 {
    let sentence = &speech.sentences[at];
    let own = &sentence.own;
    let mut score = 0.0;
    if cues::ACHIEVED.is_in(own) || cues::IT_IS_DONE.is_in(own) {
        score += 1.0;
    } else if cues::DID.is_in(own) {
        score += 0.5;
    } else if cues::MOVED.is_in(own) {
        score += 0.35;
    }
    if cues::GOOD.is_in(own) {
        score += 0.5;
    }
    let before = speech.before(sentence.turn);
    if score == 0.0 && cues::ASKS_WINS.is_in(&before) && score::answers_first(speech, at) && !cues::HARD.is_in(own) {
        score = 0.5;
    }
    if score == 0.0 {
        return 0.0;
    }
    let after = speech.after(sentence.turn);
    if cues::ASKS_WINS.is_in(&before) {
        score += 0.5;
    } else if cues::CHECKS.is_in(&before) {
        score += 0.4;
    }
    if cues::PRAISE.is_in(&after) {
        score += 0.5;
    } else if after.contains('!') {
        score += 0.4;
    }
    if cues::ASKS_HARD.is_in(&before) {
        score -= 0.5;
    }
    if score::is_no_win(own) || cues::MODAL.is_in(own) || cues::WILL.is_in(own) {
        return 0.0;
    }
    if cues::CANNOT.is_in(own) || cues::HARD.is_in(own) && !cues::NOT_HARD.is_in(own) {
        score -= 0.6;
    }
    if cues::REPORTS.is_in(own) || cues::THIRD.is_in(own) && !cues::IT_IS_DONE.is_in(own) {
        score *= 0.5;
    }
    score
}

/// "I didn't send it. The spreadsheet, I opened it, I closed it.": the failure continues until a "but" or a "then".
fn goes_on_from_failure(speech: &Speech, at: usize) -> bool {
    static TURNS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:but|then|and then|instead|still|though|however|anyway|yet|on the other hand)\b|\binstead\b")
            .expect("a constant pattern")
    });
    let turn = &speech.turns[speech.sentences[at].turn].sentences;
    let Some(before) = at.checked_sub(1).filter(|before| turn.contains(before)) else { return false };
    // "I didn't look at it. I went for a swim" is about something else.
    static OF_IT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?:it|them|that|this)\b").expect("a constant pattern"));
    let own = &speech.sentences[at].own;
    // "Not the harbour. I went there, and she gave me a bun, and I went home."
    static NO: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?:no|not|nope|neither|none|never|nothing)\b").expect("a constant pattern"));
    if NO.is_match(&speech.sentences[before].own) && !TURNS.is_match(own) {
        return true;
    }
    cues::NOT_DONE.is_in(&speech.sentences[before].own) && OF_IT.is_match(own) && !TURNS.is_match(own)
}

/// A verb of progress that describes a mishap: "my phone died, so I cut myself shaving".
static MISHAP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:cut|hurt|burn(?:ed|t)|injured|scalded|locked) (?:myself|my (?:finger|hand|arm|leg|foot|face|chin|lip|thumb|knee|head|tongue)s?)\b|\b(?:broke|lost|cracked|dropped|smashed|spilled|spilt) (?:my|the) (?:phone|keys?|wallet|arm|leg|foot|glasses|laptop|coffee|tooth)\b|\b(?:my|the) (?:phone|battery|laptop|car|computer|line|connection|alarm|wifi|server) (?:died|crashed|broke|dropped|failed|went dead|gave up|didn't)\b|\boverslept\b")
        .expect("a constant pattern")
});

/// Whether a plan is dropped here or nearby in the same turn: what belongs to it is no progress.
fn near_dropped(speech: &Speech, at: usize) -> bool {
    let turn = &speech.turns[speech.sentences[at].turn].sentences;
    let near = at.saturating_sub(2).max(turn.start)..(at + 3).min(turn.end);
    speech.sentences[near].iter().any(|it| cues::DROPPED.is_in(&it.own))
}

static NOT_YET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:yet|still)\b").expect("a constant pattern"));
