//! What Whisper writes when nobody speaks: subtitle credits from its training data, and the same line over and over. It
//! causes a warning and is kept, since now and then someone does say "Thank you".

use super::{book::Book, tree::Json};
use crate::silence::{self, CREDITS, LOOP, SAME};

/// Whisper's own thresholds for silence, and for a text that repeats itself.
const NO_SPEECH: f64 = 0.6;
const UNLIKELY: f64 = -1.0;
const REPEATING: f64 = 2.4;
/// A line repeated this often in a row was hardly said.
const AGAIN: usize = 4;

/// Warns about each segment that may not have been said.
pub(super) fn warn(segments: &[Json<'_>], book: &mut Book<'_>) {
    let (mut again, mut before) = (0, "");
    for segment in segments {
        let text = segment.get("text").text().unwrap_or("");
        let last = std::mem::replace(&mut before, text);
        if silence::letters(text).next().is_none() {
            continue;
        }
        again = if silence::letters(last).eq(silence::letters(text)) { again + 1 } else { 1 };
        let reason = if again == AGAIN {
            Some(SAME)
        } else if silence::is_credit(text) {
            Some(CREDITS)
        } else if over(segment, "no_speech_prob", NO_SPEECH) && under(segment, "avg_logprob", UNLIKELY) {
            Some("the machine itself holds this for silence")
        } else if over(segment, "compression_ratio", REPEATING) {
            Some(LOOP)
        } else {
            None
        };
        if let Some(reason) = reason {
            book.warn(segment, silence::warning(reason));
        }
    }
}

fn over(segment: &Json<'_>, key: &str, limit: f64) -> bool {
    segment.get(key).number().is_some_and(|number| number > limit)
}

fn under(segment: &Json<'_>, key: &str, limit: f64) -> bool {
    segment.get(key).number().is_some_and(|number| number < limit)
}
