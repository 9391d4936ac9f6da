//! The lines around a sentence on the page: its evidence, its owner and due date, its wording in the letter; and the
//! line below a summary. Pure.

use chrono_tz::Tz;
use debrief_jobs::{
    model::{ActionItem, Claim, Evidence, Owner, Shortfall, Tally, Thread, summary::StandsIn},
    review::view::SummaryView,
    template,
};
use serde::Serialize;

/// The source of words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Source {
    speaker: String,
    time: Option<String>,
}

/// Words that support a claim.
#[derive(Debug, Serialize)]
pub(super) struct Quote {
    words: String,
    #[serde(flatten)]
    source: Source,
}

/// `not met · from 3 November`, `not met · since 13 October, last promised on 3 November`.
pub(super) fn thread_line(thread: &Thread) -> String {
    let (became, last) = (thread.outcome.title(), thread.session_date.format("%-d %B"));
    match thread.since {
        Some(since) => format!("{became} · since {}, last promised on {last}", since.format("%-d %B")),
        None => format!("{became} · from {last}"),
    }
}

/// `Priya · by Friday 6 November (“by Friday”)`; a date counted from an estimated one is only a hint.
pub(super) fn action_line(action: &ActionItem, client: &str, estimated: bool) -> String {
    let owner = match action.owner {
        Owner::Client => client,
        Owner::Coach => "You",
        Owner::Unclear => "Nobody said who",
    };
    match (action.due_date, &action.due_words) {
        (Some(date), Some(words)) if estimated => {
            format!("{owner} · “{words}” ({}, if the session’s estimated date is right)", date.format("%A %-d %B"))
        }
        (Some(date), Some(words)) => format!("{owner} · by {} (“{words}”)", date.format("%A %-d %B")),
        (None, Some(words)) => format!("{owner} · “{words}”"),
        // The coach chose it.
        (Some(date), None) => format!("{owner} · by {}", date.format("%A %-d %B")),
        (None, None) => format!("{owner} · no date mentioned"),
    }
}

/// A sentence's wording in the letter, if it differs. Quotes are already in the sentence and aren't shown twice.
pub(super) fn letter_line(text: &str, letter: &str) -> Option<String> {
    if text == letter {
        return None;
    }
    if text.contains(letter) {
        let is_quote = letter.starts_with('\u{201c}');
        return Some(
            if is_quote { "the quote alone." } else { "your words alone, without quotation marks." }.to_owned(),
        );
    }
    let mut line = String::new();
    let mut rest = letter;
    while let Some((before, after)) = rest.split_once('\u{201c}') {
        let (quoted, after) = after.split_once('\u{201d}').unwrap_or((after, ""));
        let short = if quoted.chars().count() > 30 { "…" } else { quoted };
        line.push_str(&format!("{before}\u{201c}{short}\u{201d}"));
        rest = after;
    }
    Some(line + rest)
}

/// A claim's evidence. For quotes in its own text only their sources are shown, so that nothing is read twice; for
/// several in a row by one speaker, only the first.
pub(super) fn support(claim: &Claim) -> (Vec<Source>, Vec<Quote>) {
    let text = bare(&claim.text);
    let (within, without): (Vec<&Evidence>, Vec<&Evidence>) =
        claim.evidence.iter().partition(|evidence| text.contains(without_sounds(&bare(&evidence.quote))));
    let mut sources: Vec<Source> = within.into_iter().map(source).collect();
    sources.dedup_by(|next, before| next.speaker == before.speaker);
    let quote = |evidence: &Evidence| Quote { words: evidence.quote.clone(), source: source(evidence) };
    (sources, without.into_iter().map(quote).collect())
}

/// Removes meaningless sounds at the start of a sentence. The rest starts with a space.
fn without_sounds(bare: &str) -> &str {
    const SOUNDS: [&str; 12] =
        [" and ", " so ", " but ", " yeah ", " yes ", " um ", " uh ", " well ", " okay ", " oh ", " right ", " mm "];
    let mut rest = bare;
    while let Some(sound) = SOUNDS.iter().find(|sound| rest.starts_with(**sound) && rest.len() > sound.len()) {
        rest = &rest[sound.len() - 1..];
    }
    rest
}

/// Only the words, in lower case, with a space around each.
fn bare(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(" ".to_owned(), |bare, word| bare + &word.to_lowercase() + " ")
}

fn source(evidence: &Evidence) -> Source {
    Source { speaker: evidence.speaker.clone(), time: evidence.start_ms.map(template::clock) }
}

/// The source of the words, and how many of them are verified.
pub(super) fn footnote(summary: &SummaryView, zone: Tz) -> String {
    let Some(shown) = summary.versions.iter().find(|version| version.version == summary.version) else {
        return String::new();
    };
    let tally = Tally::of(&summary.content);
    let mut coverage = format!(" {} of {} statements verified", tally.verified, tally.statements());
    for (count, what) in [(tally.own, "in your own words"), (tally.unchecked, "reworded from your own words")] {
        if count > 0 {
            coverage.push_str(&format!(", {count} {what}"));
        }
    }
    match tally.nothing_said {
        0 => {}
        1 => coverage.push_str(", not counting 1 open thread with no match"),
        some => coverage.push_str(&format!(", not counting {some} open threads with no match")),
    }
    coverage.push('.');
    let written =
        summary.versions.iter().rfind(|version| version.author == "summarizer" && version.version <= shown.version);
    match written.map_or(0, |version| version.claims_dropped) {
        0 => {}
        1 => coverage.push_str(" 1 more was left out because what was said doesn’t support it."),
        some => coverage.push_str(&format!(" {some} more were left out because what was said doesn’t support them.")),
    }
    let by = match shown.author.as_str() {
        "coach" => "edited by you",
        "refiner" => "refined",
        _ => "as written",
    };
    let writer = match (shown.provider.as_str(), &summary.stands_in) {
        ("offline", Some(StandsIn { model, why })) => {
            format!("without a language model, because {model}’s summary {}", unusable(*why))
        }
        ("offline", None) => "without a language model".to_owned(),
        (provider, _) => format!("by {} ({provider}, prompt {})", shown.model, shown.prompt_version),
    };
    let template = match shown.template.as_str() {
        "default" => String::new(),
        template => format!(", template {template}"),
    };
    format!(
        "Version {}, {by} on {}. Written {writer}{template}.{coverage}",
        shown.version,
        shown.created_at.with_timezone(&zone).format("%-d %B at %H:%M"),
    )
}

/// Why a model's draft can't be used, as the end of "because its summary …".
const fn unusable(why: Shortfall) -> &'static str {
    match why {
        Shortfall::Empty => "was empty",
        Shortfall::NothingHolds => "wasn’t supported by what was said",
        Shortfall::GoesRound => "repeated itself",
        Shortfall::OtherLanguage => "was in another language",
        Shortfall::Unreadable => "couldn’t be read",
        Shortfall::CutOff => "was cut off",
    }
}

#[cfg(test)]
mod tests {
    use debrief_jobs::model::Section;
    use uuid::Uuid;

    use super::*;

    fn claim(text: &str, quotes: &[(&str, &str)]) -> Claim {
        let evidence = quotes.iter().map(|(speaker, quote)| Evidence {
            utterance_id: Uuid::now_v7(),
            quote: (*quote).to_owned(),
            speaker: (*speaker).to_owned(),
            start_ms: Some(56_000),
        });
        Claim { evidence: evidence.collect(), ..Claim::new(Section::Wins, text.to_owned()) }
    }

    /// The coach's own words need no marks in the coach's letter; the client's keep theirs.
    #[test]
    fn the_line_says_what_of_a_sentence_is_in_the_letter() {
        let line = |text, letter| letter_line(text, letter);
        assert_eq!(line("Priya said: “I sent it.”", "“I sent it.”").as_deref(), Some("the quote alone."));
        assert_eq!(
            line("Maya suggested: “Block two hours.”", "Block two hours.").as_deref(),
            Some("your words alone, without quotation marks.")
        );
        assert_eq!(line("Priya sent it.", "You sent it.").as_deref(), Some("You sent it."));
        assert_eq!(line("You sent it.", "You sent it."), None);
    }

    #[test]
    fn what_a_sentence_quotes_is_not_shown_twice() {
        let said = claim(
            "Priya said: “I sent it! I sent the two pages.”",
            &[("Priya", "Um, yeah, I sent it!"), ("Priya", "I sent the two pages.")],
        );
        let (exact, quotes) = support(&said);
        assert_eq!(exact, [Source { speaker: "Priya".into(), time: Some("0:56".into()) }]);
        assert!(quotes.is_empty());
        let told = claim("Priya sent the strategy.", &[("Priya", "I sent the two pages.")]);
        let (exact, quotes) = support(&told);
        assert!(exact.is_empty());
        assert_eq!(quotes.iter().map(|quote| quote.words.as_str()).collect::<Vec<_>>(), ["I sent the two pages."]);
    }
}
