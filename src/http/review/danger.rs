//! The note at the top of the page if a session may contain signs of danger. Pure.

use debrief_jobs::{
    danger::{self, Kind},
    model::{Audience, Evidence, SummaryState},
    review::view::{SessionView, SummaryView},
};
use serde::Serialize;

/// Sentences beyond this are counted but not shown.
const MOST: usize = 20;

/// The note at the top.
#[derive(Debug, Serialize)]
pub(super) struct Danger {
    /// The kinds, most serious first, in words.
    kinds: Vec<&'static str>,
    sentences: Vec<Sentence>,
    /// How many more sentences there are.
    more: usize,
    /// Sentences that would go to a client and may be signs of danger too.
    going_out: Vec<GoingOut>,
    /// How many promises and recommendations near it are kept out of the letters.
    kept_out: usize,
    /// Where to find help, as configured.
    help: String,
}

#[derive(Debug, Serialize)]
struct Sentence {
    speaker: String,
    words: String,
    start_ms: Option<i64>,
    why: &'static str,
    before: Option<Beside>,
    after: Option<Beside>,
}

/// The line before or after, cut to what can be read at a glance.
#[derive(Debug, Serialize)]
struct Beside {
    speaker: String,
    words: String,
}

/// At most this many characters of a neighboring line are shown.
const GLANCE: usize = 240;

fn beside(line: Option<&danger::Beside>, is_before: bool) -> Option<Beside> {
    let line = line?;
    let count = line.words.chars().count();
    let words = if count <= GLANCE {
        line.words.clone()
    } else if is_before {
        // A question is at its end.
        format!("… {}", line.words.chars().skip(count - GLANCE).collect::<String>())
    } else {
        format!("{} …", line.words.chars().take(GLANCE).collect::<String>())
    };
    Some(Beside { speaker: line.speaker.clone(), words })
}

#[derive(Debug, Serialize)]
struct GoingOut {
    client: String,
    text: String,
}

/// The note; `None` if nothing was found, and nothing for a client is a sign of danger.
pub(super) fn build(session: &SessionView, help: &str) -> Option<Danger> {
    let seen = &session.dangers;
    let going_out: Vec<GoingOut> = session.summaries.iter().flat_map(|summary| going_out(session, summary)).collect();
    if seen.is_empty() && going_out.is_empty() {
        return None;
    }
    let kinds = Kind::ALL.into_iter().filter(|kind| seen.iter().any(|it| it.why.kind() == *kind));
    let sentence = |it: &danger::ShownSign| Sentence {
        speaker: it.speaker.clone(),
        words: it.sentence.clone(),
        start_ms: it.start_ms,
        why: it.why.words(),
        before: beside(it.beside[0].as_ref(), true),
        after: beside(it.beside[1].as_ref(), false),
    };
    Some(Danger {
        kinds: kinds.map(Kind::words).collect(),
        sentences: seen.iter().take(MOST).map(sentence).collect(),
        more: seen.len().saturating_sub(MOST),
        going_out,
        kept_out: session.summaries.iter().map(kept_out).sum(),
        help: help.trim().to_owned(),
    })
}

/// How many promises and recommendations are kept for the coach, as they were made near talk of danger.
fn kept_out(summary: &SummaryView) -> usize {
    if summary.state == SummaryState::Dismissed { 0 } else { summary.content.kept_out().count() }
}

/// What the client would receive of it: the coach may write it, but is warned.
fn going_out(session: &SessionView, summary: &SummaryView) -> Vec<GoingOut> {
    if summary.state == SummaryState::Dismissed {
        return Vec::new();
    }
    // A promise in the same breath doesn't count.
    let marked = |evidence: &Evidence| {
        session.dangers.iter().any(|it| {
            let (said, quote) = (it.sentence.as_str(), evidence.quote.as_str());
            it.utterance_id == evidence.utterance_id && (said.contains(quote) || quote.contains(said))
        })
    };
    let claims = summary.content.claims.iter().filter(|claim| claim.audience == Audience::Client);
    let tells = claims.filter(|claim| danger::is_sign(&claim.text) || claim.evidence.iter().any(marked));
    tells.map(|claim| GoingOut { client: summary.client_name.clone(), text: claim.text.clone() }).collect()
}
