//! What a sentence says beyond the words that it cites, by rules that need no model: another number, name or day, a
//! denial, more certainty, another person, or words of its own.
//!
//! A quote is checked elsewhere, word by word (`verify::check_words`). Here the wording is free, so a rule only speaks
//! where little else can be meant: what it finds is dropped or corrected. Words that nobody said are only shown to the
//! coach, as another word for the same thing is no error. English; numbers and denials in other languages as well. Pure.

use std::{collections::BTreeSet, sync::LazyLock};

use chrono::NaiveDate;
use regex::Regex;

use super::{facts, offline::content_stems, verify::FREELY_WORDED};
use crate::{language, model::Claim, text};

/// What a sentence says that its cited words don't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// A number or a date.
    Number,
    /// Somebody's or something's name.
    Name,
    /// It denies what was said, or says what was denied.
    Denial,
    /// It is surer than the words, or tells as done what is still to be done.
    Certainty,
    /// Another person did it.
    Person,
}

/// The words that a sentence rests on.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// What is cited.
    pub cited: &'a str,
    /// All of what was said there: the lines that the citations are from, and the questions that they answer.
    pub around: &'a str,
    /// Days that the words stand for, whatever form they have in them.
    pub days: &'a [NaiveDate],
    /// The names of the people who talk, and of whom the sentence may be without their being named.
    pub people: &'a [&'a str],
    /// Who says the cited words, if it's one person: their "I".
    pub speaker: Option<&'a str>,
    /// Whether they are in English: of other languages only numbers and days are compared.
    pub english: bool,
}

/// What `sentence` says that its basis doesn't; `None` if no rule finds anything.
#[must_use]
pub fn unsaid(sentence: &str, basis: &Basis<'_>) -> Option<Unsaid> {
    if text::without_quotes(sentence).len() < sentence.len() {
        return None;
    }
    let mut known = facts::of(&format!("{} {}", basis.cited, basis.around));
    known.extend(basis.days.iter().flat_map(|day| facts::of_day(*day)));
    if !facts::of(sentence).is_subset(&known) {
        return Some(Unsaid::Number);
    }
    if !basis.english {
        return None;
    }
    if !new_names(sentence, basis).is_empty() {
        return Some(Unsaid::Name);
    }
    if denies_otherwise(sentence, basis.cited) {
        return Some(Unsaid::Denial);
    }
    if is_surer(sentence, basis.cited) {
        return Some(Unsaid::Certainty);
    }
    is_of_another(sentence, basis).then_some(Unsaid::Person)
}

/// The content words of a sentence of which no form was said, in order: for the coach to look at.
#[must_use]
pub fn new_words(sentence: &str, basis: &Basis<'_>) -> Vec<String> {
    if !basis.english {
        return Vec::new();
    }
    let said: BTreeSet<String> = content_stems(&format!("{} {} {}", basis.cited, basis.around, basis.people.join(" ")));
    let own = text::without_quotes(sentence);
    let words = text::words(&own);
    let is_new = |word: &&text::Word| {
        let stems = content_stems(&own[word.range.clone()]);
        !stems.is_empty() && stems.is_disjoint(&said) && !TELLING.contains(&word.normal.as_str())
    };
    words.iter().filter(is_new).map(|word| own[word.range.clone()].to_owned()).collect()
}

/// The content words of a claim that aren't in the words it cites: for the coach to look at. Quotes and the coach's own
/// words have none, and neither do other languages than English.
#[must_use]
pub fn not_said(claim: &Claim, people: &[&str]) -> Vec<String> {
    let is_quote = text::without_quotes(&claim.text).len() < claim.text.len();
    if is_quote || !FREELY_WORDED.contains(&claim.section) || claim.edited || !claim.support.holds() {
        return Vec::new();
    }
    let cited = claim.evidence.iter().map(|it| it.quote.as_str()).collect::<Vec<_>>().join(" ");
    let due = claim.action.as_ref().and_then(|action| action.due_words.clone()).unwrap_or_default();
    let english = language::may_be_english(&claim.text) && language::may_be_english(&cited);
    new_words(&claim.text, &Basis { cited: &cited, around: &due, days: &[], people, speaker: None, english })
}

/// Words by which a summary tells that something was said, felt or decided: nobody says them of themselves.
#[rustfmt::skip]
const TELLING: [&str; 61] = [
    "says", "said", "tells", "told", "mentions", "mentioned", "feels", "felt", "feeling", "expresses", "expressed", "describes",
    "described", "reports", "reported", "plans", "planned", "plan", "commits", "committed", "decides", "decided", "agrees",
    "agreed", "wants", "wanted", "suggests", "suggested", "recommends", "recommended", "advises", "advised", "encourages",
    "encouraged", "admits", "admitted", "acknowledges", "acknowledged", "realizes", "realized", "realises", "realised",
    "recognizes", "recognized", "notices", "noticed", "explains", "explained", "struggles", "struggled", "struggling",
    "difficult", "difficulty", "client", "coach", "session", "herself", "himself", "themselves", "yourself", "successfully",
];

fn new_names(sentence: &str, basis: &Basis<'_>) -> Vec<String> {
    let known: BTreeSet<String> = text::words(&format!("{} {} {}", basis.cited, basis.around, basis.people.join(" ")))
        .into_iter()
        .map(|word| text::fold(&word.normal))
        .collect();
    let words = text::words(sentence);
    let is_name = |(at, word): &(usize, &text::Word)| {
        let as_written = &sentence[word.range.clone()];
        let capital = as_written.chars().next().is_some_and(char::is_uppercase);
        let begins = *at == 0 || sentence[..word.range.start].trim_end().ends_with(['.', '!', '?', ':']);
        let bare = as_written.split(text::is_apostrophe).next().unwrap_or_default();
        let folded = text::fold(&bare.to_lowercase());
        capital
            && !begins
            && bare.len() > 1
            && !NO_NAMES.contains(&folded.as_str())
            && !known.contains(&folded)
            && !known.contains(&text::fold(&word.normal))
    };
    words.iter().enumerate().filter(is_name).map(|(_, word)| sentence[word.range.clone()].to_owned()).collect()
}

/// Capitalised words that name nobody, and days and months, which are facts.
#[rustfmt::skip]
const NO_NAMES: [&str; 24] = [
    "i", "im", "ill", "ive", "id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january",
    "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
];

/// Whether one of the two denies something that both are about, and the other denies nothing at all.
fn denies_otherwise(sentence: &str, cited: &str) -> bool {
    static GONE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:stop\w*|quit\w*|avoid\w*|refus\w*|declin\w*|miss\w*|fail\w*|forg[eo]t\w*|without|stuck|lack\w*|gave up|gives? up|reject\w*|unable|unsure|uncertain|doubt\w*|free of|instead|rather|only|hard|difficult\w*|struggl\w*|hates?|dislikes?|reluctan\w*|hesita\w*|resist\w*|put(?:s|ting)? off|less|few(?:er)?|rarely|barely|hardly|postpon\w*|late|delay\w*|drop\w*|cancel\w*|lost|los(?:es|ing)|worr\w*|afraid|scared|fears?)\b",
        )
    });
    match (facts::denies(sentence), facts::denies(cited)) {
        (true, false) => !GONE.is_match(cited),
        // In many words something is always denied.
        (false, true) => {
            !GONE.is_match(sentence) && text::words(cited).len() <= FEW_WORDS && asserts_denied(sentence, cited)
        }
        _ => false,
    }
}

/// In more words, what is denied may be something else.
const FEW_WORDS: usize = 30;

/// Whether the sentence says what a denying clause is about: most of its content words stand after the denial.
fn asserts_denied(sentence: &str, cited: &str) -> bool {
    let told = content_stems(sentence);
    let denying: Vec<&str> = cited.split([',', '.', ';', '!', '?']).filter(|clause| facts::denies(clause)).collect();
    let others: BTreeSet<String> = cited
        .split([',', '.', ';', '!', '?'])
        .filter(|clause| !facts::denies(clause))
        .flat_map(content_stems)
        .collect();
    let denied: BTreeSet<String> = denying.into_iter().flat_map(content_stems).collect();
    let of_denied = told.intersection(&denied).filter(|stem| !others.contains(*stem)).count();
    of_denied >= 1 && told.intersection(&others).count() < of_denied
}

fn is_surer(sentence: &str, cited: &str) -> bool {
    static UNSURE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:might|maybe|perhaps|probably|possibly|hopefully|i (?:just )?(?:hope|wish|guess|suppose)|i(?:['\u{2019}]d| would) (?:like|love)|i(?:['\u{2019}]m| am) (?:thinking (?:of|about)|not sure|hoping|tempted)|i (?:really |just )?want(?:ed)? to|trying to|i(?:['\u{2019}]ll| will) try|almost|nearly|if i|if (?:he|she|they|it)|i could|would have|should have|supposed to|meant to|was going to|were going to)\b",
        )
    });
    static HEDGED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:may|might|maybe|perhaps|probably|possibly|likely|hop\w+|wish\w*|want\w*|would|could|should|if|when|unless|think\w*|thought|consider\w*|try|tries|tried|trying|attempt\w*|almost|nearly|unsure|uncertain|not sure|intend\w*|plan\w*|suppos\w*|meant|seem\w*|aim\w*|dream\w*|imagin\w*|interested|open to|tempted|wonder\w*|until|depend\w*|suggest\w*|recommend\w*|fear\w*|worr\w*|afraid|scared|expect\w*|believ\w*|guess\w*|did not|didn['\u{2019}]t|not yet|fail\w*|forgot)\b",
        )
    });
    static AHEAD: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:will|\w+['\u{2019}]ll|(?:am|are|is|['\u{2019}]m|['\u{2019}]re|['\u{2019}]s) (?:going|planning) to|gonna|tomorrow|shall)\b",
        )
    });
    static PAST: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:was|were|had|did|[a-z]{3,}ed|went|made|took|sent|told|got|wrote|ran|spoke|met|kept|came|gave|found|left|bought|began|said|thought|felt|knew|saw|stood|read|have (?:been|done|had)|['\u{2019}]ve)\b",
        )
    });
    // "Priya sent it", and not "Ring Ingrid and ask who has to say yes".
    static TOLD_AS_DONE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^(?:[\w'\u{2019}-]+ ){1,3}?(?:(?:has|have|had) (?:now |just |already |finally )?[a-z]+(?:ed|en|ne|wn|de|nt|pt|ld|lt|ght)|did|[a-z]{3,}ed|went|made|took|sent|told|got|wrote|ran|spoke|met|kept|came|gave|found|left|bought|began)\b",
        )
    });
    static TELLS_AHEAD: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:will|going to|\w+['\u{2019}]ll|plan\w*|intend\w*|agreed to|decided to|committed to|promised|want\w*|hop\w+|would|tomorrow|next|asked|offered|suggested)\b",
        )
    });
    let hedged_away = UNSURE.is_match(cited) && !HEDGED.is_match(sentence) && text::words(cited).len() <= FEW_WORDS;
    let promised_for_done = AHEAD.is_match(cited)
        && !PAST.is_match(cited)
        && TOLD_AS_DONE.is_match(sentence)
        && !TELLS_AHEAD.is_match(sentence);
    hedged_away || promised_for_done
}

/// Whether the sentence has one person do what another says of themselves, or the other way round.
fn is_of_another(sentence: &str, basis: &Basis<'_>) -> bool {
    static FIRST: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:i|i['\u{2019}](?:m|ve|ll|d)|we|we['\u{2019}]\w+)\b"));
    static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^(?:(?:and|but|so|then|well|yeah|yes|um|uh|oh|no),? )*(?:he|she|they|(?:my|his|her|their|our) [\w-]+(?: [\w-]+)?)(?:['\u{2019}](?:s|ll|d|ve|re))? ",
        )
    });
    static SUBJECT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:The )?([\p{L}'\u{2019}-]+)"));
    let Some(subject) = SUBJECT.captures(sentence) else { return false };
    let name = text::fold(&subject[1].to_lowercase());
    let is = |person: &str| text::fold(&person.to_lowercase()).split_whitespace().any(|part| part == name);
    let Some(speaker) = basis.speaker else { return false };
    let of_speaker = is(speaker);
    let of_talker = basis.people.iter().any(|person| is(person));
    // "She called him" of somebody else, told of the speaker.
    if of_speaker {
        return OTHERS.is_match(basis.cited) && !FIRST.is_match(&text::without_quotes(basis.cited));
    }
    // "I called him", told of somebody who is only mentioned.
    let begins_with_self = FIRST.find(basis.cited).is_some_and(|found| found.start() < SELF_WITHIN);
    let mentioned = text::words(basis.cited).iter().any(|word| text::fold(&word.normal) == name);
    of_talker && begins_with_self && !mentioned && !OTHERS.is_match(basis.cited)
}

/// A speaker's "I" within so many bytes is the subject.
const SELF_WITHIN: usize = 30;

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sentence: &str, cited: &str) -> Option<Unsaid> {
        let people = ["Priya Raman", "Maya Okafor"];
        unsaid(
            sentence,
            &Basis { cited, around: cited, days: &[], people: &people, speaker: Some("Priya Raman"), english: true },
        )
    }

    #[test]
    fn what_the_words_do_not_say_is_found_by_its_kind() {
        for (sentence, cited, expected) in [
            ("Priya closed three accounts.", "I closed the accounts.", Some(Unsaid::Number)),
            ("Priya will call on Tuesday.", "I'll call on Monday.", Some(Unsaid::Number)),
            ("Priya closed the account with Lena.", "I closed the account.", Some(Unsaid::Name)),
            ("Priya did not close the account.", "I closed the account.", Some(Unsaid::Denial)),
            ("Priya sent the draft.", "I didn't send the draft.", Some(Unsaid::Denial)),
            ("Priya will run again.", "I'd like to run again.", Some(Unsaid::Certainty)),
            ("Priya sent the draft.", "I'll send the draft.", Some(Unsaid::Certainty)),
            ("Priya called the bank.", "My brother called the bank.", Some(Unsaid::Person)),
            ("Maya called the bank.", "I called the bank.", Some(Unsaid::Person)),
        ] {
            assert_eq!(of(sentence, cited), expected, "{sentence} | {cited}");
        }
    }

    #[test]
    fn what_the_words_say_in_other_words_is_nothing_to_find() {
        for (sentence, cited) in [
            ("Priya closed the Hartman account on Tuesday.", "I closed the Hartman account on Tuesday."),
            ("Priya will send the draft by Friday.", "I'll send the draft by Friday, promise."),
            ("Priya stopped smoking.", "I haven't smoked since March."),
            ("Priya would like to run again.", "I'd love to run again."),
            ("Priya told her brother about the job.", "I told my brother about the job."),
            ("Priya hesitates to ask Lena for the numbers.", "I keep on not asking Lena for the numbers."),
            ("Priya said: \u{201c}I did not send it.\u{201d}", "I did not send it."),
            (
                "Ring Ingrid by Thursday and ask who has to say yes.",
                "I'll ring Ingrid by Thursday and ask who has to say yes.",
            ),
        ] {
            assert_eq!(of(sentence, cited), None, "{sentence} | {cited}");
        }
    }

    #[test]
    fn words_that_nobody_said_are_named() {
        let people = ["Priya Raman"];
        let cited = "I told my boss that I need two people.";
        let basis =
            Basis { cited, around: cited, days: &[], people: &people, speaker: Some("Priya Raman"), english: true };
        assert_eq!(new_words("Priya told her boss that she needs two people.", &basis), Vec::<String>::new());
        assert_eq!(new_words("Priya was promoted by her boss.", &basis), ["promoted"]);
        let evidence = vec![crate::model::Evidence {
            utterance_id: uuid::Uuid::nil(),
            speaker: "Priya Raman".into(),
            start_ms: None,
            quote: cited.into(),
        }];
        let claim =
            Claim { evidence, ..Claim::new(crate::model::Section::Wins, "Priya was promoted by her boss.".into()) };
        assert_eq!(not_said(&claim, &people), ["promoted"]);
        let quote = Claim { text: "Asked “Did you?”, Priya said: “I told my boss.”".into(), ..claim.clone() };
        assert_eq!(not_said(&quote, &people), Vec::<String>::new(), "its own words name who speaks");
        assert_eq!(not_said(&Claim { edited: true, ..claim }, &people), Vec::<String>::new(), "the coach knows");
    }
}
