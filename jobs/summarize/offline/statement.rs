//! Speech as a statement, where a rule is sure of it: "I'll call Birger on Monday" is to call Birger on Monday, and "I
//! raised them by eight percent" that the speaker did. Anything else stays a quote. Nothing is added. English. Pure.

use std::sync::LazyLock;

use regex::Regex;

use super::{promise, wording::capital};

/// A longer sentence stays a quote: too much in it can depend on who says it.
const LONGEST: usize = 20;

/// Verbs of which the past is not formed with -ed, as far as people achieve something with them.
const PAST: &str = "sent|told|wrote|went|ran|spoke|met|sold|won|paid|cut|kept|gave|began|left|built|bought|brought|held|read|set|stood|\
    taught|made|took|did|drew|drove|flew|found|hung|hid|led|lent|quit|rang|rose|sang|sat|slept|spent|swam|threw|wore|woke|put|shut|beat";
/// Words in -ed that achieve nothing by themselves, or say how sure the rest is.
const NO_DEED: &str = "wanted|tried|needed|hoped|wished|used|planned|intended|seemed|liked|hated|missed|feared|dreaded|worried|supposed|\
    guessed|assumed|believed|expected|wondered|considered|decided|realized|realised|noticed|happened|stayed|lived|worked";

/// "Call Birger on Monday." for "I'll call Birger on Monday."; `None` if it's not sure.
pub(super) fn undertaking(said: &str) -> Option<String> {
    static WILL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?i)^(?:(?:and|so|but|okay|ok|yes|yeah|well|then|right),? )*(?-i:I)(?:['\u{{2019}}]ll| will|['\u{{2019}}]m going to| am going to|['\u{{2019}}]m gonna)(?: (?:also|just|then|definitely|certainly))* (?P<deed>(?:{})\b.*)$",
            promise::DEED
        ))
    });
    let deed = WILL.captures(said)?.name("deed")?.as_str();
    stands_alone(deed).then(|| ended(&capital(deed)))
}

/// "raised them by eight percent." for "I raised them by eight percent."; `None` if it's not sure.
pub(super) fn achievement(said: &str) -> Option<String> {
    static DID: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?i)^(?:(?:and|so|but|okay|ok|yes|yeah|well|then|right),? )*(?-i:I) (?:(?:also|just|finally|actually|even|already|then) )*(?P<deed>(?:(?P<verb>[a-z]+ed)|{PAST})\b.*)$"
        ))
    });
    static NONE: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"(?i)^(?:{NO_DEED})$")));
    let found = DID.captures(said)?;
    if found.name("verb").is_some_and(|verb| NONE.is_match(verb.as_str())) {
        return None;
    }
    let deed = found.name("deed")?.as_str();
    stands_alone(deed).then(|| ended(deed))
}

/// Whether the words mean the same whoever says them: nobody in them is "I" or "you", nothing is quoted, and nothing
/// depends on what is said elsewhere.
fn stands_alone(deed: &str) -> bool {
    static DEPENDS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:i|i['\u{2019}]\w+|me|my|mine|myself|we|we['\u{2019}]\w+|us|our|ours|you|you['\u{2019}]\w+|your|yours|here|this|these|if|but|because|though|although|unless|maybe|perhaps|probably|like|um|uh|almost|nearly|not|never|no|\w+n['\u{2019}]t)\b|[\u{201c}\u{201d}\u{2018}\x22?!;:\[\]()\u{2026}–—]| - ",
        )
    });
    // A pronoun that refers to what was said before: "it" and "that" can be anything.
    static REFERS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:it|that|them|they|those|he|she|him|her|there|so|one|ones|both|then)\b"));
    let words = deed.split_whitespace().count();
    (2..=LONGEST).contains(&words) && !DEPENDS.is_match(deed) && !REFERS.is_match(deed)
}

/// With a full stop, and nothing else, at its end.
fn ended(words: &str) -> String {
    format!("{}.", words.trim_end_matches(['.', ',', ' ']))
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_is_sure_of_is_a_statement() {
        for (said, stated) in [
            ("I'll call Birger on Monday.", Some("Call Birger on Monday.")),
            ("So I'm going to email Anneka tonight", Some("Email Anneka tonight.")),
            ("I\u{2019}ll send Lena the number by next Friday.", Some("Send Lena the number by next Friday.")),
            ("I'll call her on Monday.", None),
            ("I'll call my sister.", None),
            ("I'll send you the worksheet.", None),
            ("I'll call Birger if I find the time.", None),
            ("I'll be honest.", None),
            ("I'll think about Birger.", None),
        ] {
            assert_eq!(undertaking(said).as_deref(), stated, "{said}");
        }
        for (said, stated) in [
            ("I raised prices by eight percent.", Some("raised prices by eight percent.")),
            ("And I finally told Oskar about the budget", Some("told Oskar about the budget.")),
            ("I raised them by eight percent.", None),
            ("I told my boss about the budget.", None),
            ("I wanted to call Birger.", None),
            ("I called Birger, but he was out.", None),
            ("I didn't call Birger.", None),
        ] {
            assert_eq!(achievement(said).as_deref(), stated, "{said}");
        }
    }
}
