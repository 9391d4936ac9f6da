//! What the rules understand of an instruction, in English and German. Pure.

use std::sync::LazyLock;

use regex::Regex;

use super::about::Topic;
use crate::model::Section;

/// What a coach wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Fewer sentences.
    Shorter,
    /// Remove these sentences.
    Drop(Selection),
    /// In the client's part, keep only these sections.
    Only(Vec<Section>),
    /// The client's own words about this.
    TheirWords(Topic),
    /// More about this.
    More(Topic),
}

/// A selection of sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// The n-th (from 1) of a section, or of everything for the client.
    Nth(usize, Option<Section>),
    /// The last one.
    Last(Option<Section>),
    /// A whole section.
    All(Section),
    /// Everything about this, or what a section has about it.
    About(Topic, Option<Section>),
}

/// The wishes in order; `None` if any part isn't understood. Nothing is done halfway.
pub(super) fn parse(instruction: &str, client: &str) -> Option<Vec<Wish>> {
    let text = tidy(instruction);
    if let Some(wish) = wish(&text, client) {
        return Some(vec![wish]);
    }
    static AND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\s*[;.,]\s+(?:and |und )?|\s+(?:and|und|then|dann)\s+").expect("a constant pattern")
    });
    let parts: Vec<&str> = AND.split(&text).filter(|part| !part.is_empty()).collect();
    if parts.len() < 2 {
        return None;
    }
    parts.into_iter().map(|part| wish(part, client)).collect()
}

/// In lower case, on one line, without polite phrases.
fn tidy(instruction: &str) -> String {
    static POLITE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:please|can you|could you|would you|now|also|and|bitte|kannst du|könntest du|jetzt|auch)\s+|[\s,]+(?:please|bitte)$")
            .expect("a constant pattern")
    });
    let line = instruction.to_lowercase().replace('\u{2019}', "'");
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    loop {
        let shorter = POLITE.replace(line.trim_matches(['.', '!', '?', ' ', ',']), "").into_owned();
        if shorter == line {
            return line;
        }
        line = shorter;
    }
}

macro_rules! pattern {
    ($pattern:expr) => {{
        static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));
        &*PATTERN
    }};
}

fn wish(text: &str, client: &str) -> Option<Wish> {
    let text = text.trim();
    let shorter = pattern!(
        r"^(?:(?:make|keep|cut) (?:it|this|that|the summary|everything)(?: all)? |mach(?:e|en sie)? (?:es|das|die zusammenfassung|alles) )?(?:bitte )?(?:a (?:bit|little|lot) |much |even |etwas |viel |deutlich |noch )*(?:shorter|short|briefer|brief|(?:more )?concise|tighter|down|shorten(?: it| this| the summary)?|half as long|too long|kürzer|kurz|knapper|knapp|kürze(?:n)?(?: es| das| die zusammenfassung)?|kürzen|halb so lang|zu lang)$"
    );
    if shorter.is_match(text) {
        return Some(Wish::Shorter);
    }
    if let Some(what) = dropped(text) {
        return which(&what).map(Wish::Drop);
    }
    let only =
        pattern!(r"^(?:only|just|nothing but|(?:keep|show|leave|send) only|nur|(?:behalte|zeig|zeige|lass) nur) (.+)$");
    if let Some(found) = only.captures(text) {
        let names = pattern!(r"\s*,\s*(?:and |und )?|\s+(?:and|und|plus|\+)\s+");
        return names.split(&found[1]).map(section).collect::<Option<Vec<_>>>().map(Wish::Only);
    }
    let name = regex::escape(&client.to_lowercase());
    let whose = format!(r"(?:her|his|their|the client's|{name}'s?|ihre[nm]?|seine[nm]?|deren|{name}s)");
    let whom = format!("(?:her|him|them|the client|sie|ihn|{name})");
    let words = "(?:words?|quotes?|sentence|phrase|wording|worte?n?|wörter|formulierung|satz|aussage)";
    let about = "(?:about|on|for|regarding|when|über|zu|zum|zur|von|vom|beim?)";
    for pattern in [
        format!(
            r"^(?:use|quote|take|put in|add|bring|in|with|nimm|nutze|benutze|verwende|zitiere|mit) {whose} (?:own |eigenen )?{words} {about} (.+)$"
        ),
        format!(r"^(?:quote|zitiere) {whom} {about} (.+)$"),
    ] {
        if let Some(found) = Regex::new(&pattern).ok()?.captures(text) {
            return Topic::new(&bare(&found[1])).map(Wish::TheirWords);
        }
    }
    let more = pattern!(
        r"^(?:(?:say|write|tell|give|add|put in|include|schreib|schreibe|sag|sage|nimm) )?(?:me |us |mir )?(?:a (?:bit|little) |some |etwas |noch )?(?:more|mehr)(?: detail| details)? (?:about|on|of|über|zu|zum|zur|von|vom) (.+?)(?: (?:auf|rein|dazu))?$"
    );
    more.captures(text).and_then(|found| Topic::new(&bare(&found[1]))).map(Wish::More)
}

/// What to remove, if the text asks for that.
fn dropped(text: &str) -> Option<String> {
    let patterns = [
        pattern!(r"^(?:leave|take|cut|throw) (.+) (?:out|away)$"),
        pattern!(
            r"^(?:drop|remove|delete|omit|skip|cut|strike|lose|leave out|take out|cut out|get rid of|without) (.+)$"
        ),
        pattern!(r"^(?:lass|lasse|lassen sie|nimm|nehmen sie|wirf) (.+) (?:weg|raus|aus|heraus|fort)$"),
        pattern!(r"^(.+) (?:weglassen|streichen|entfernen|löschen|rauslassen|auslassen|rausnehmen)$"),
        pattern!(r"^(?:streich|streiche|entfern|entferne|lösch|lösche|ohne) (.+)$"),
    ];
    patterns.iter().find_map(|pattern| pattern.captures(text)).map(|found| found[1].to_owned())
}

fn which(what: &str) -> Option<Selection> {
    let about = pattern!(
        r"^(?:everything|all|anything|what(?:ever)?|(?:the |every |all )?(?:part|bit|point|sentence|claim|line)s?|alles|was|(?:den|die|das) (?:teil|punkt|satz|punkte|sätze|stelle))(?: (?:that|which))?(?: (?:is|was|are|were)(?: said)?)? (?:about|on|regarding|concerning|with|über|zu|zum|zur|mit|von|vom) (.+)$"
    );
    if let Some(found) = about.captures(what) {
        return Topic::new(&bare(&found[1])).map(|topic| Selection::About(topic, None));
    }
    // "The recommendation about the book".
    let of_section = pattern!(
        r"^(?:the |every |all (?:the )?|den |die |das |alle )?([a-zäöüß-]+(?: [a-zäöüß-]+)?) (?:about|on|regarding|concerning|über|zu|zum|zur|von|vom) (.+)$"
    );
    if let Some(found) = of_section.captures(what)
        && let Some(section) = section(&found[1])
    {
        return Topic::new(&bare(&found[2])).map(|topic| Selection::About(topic, Some(section)));
    }
    let number =
        pattern!(r"^(?:the )?(?:point|number|item|sentence|punkt|nummer|satz|(?P<of>[a-zäöü -]+?)) (?P<n>\d{1,2})$");
    if let Some(found) = number.captures(what) {
        let of = found.name("of").map(|of| section(of.as_str()));
        if of.is_none_or(|section| section.is_some()) {
            return Some(Selection::Nth(found["n"].parse().ok().filter(|n| *n > 0)?, of.flatten()));
        }
    }
    let nth = pattern!(
        r"^(?:the |den |die |das |der )?(?P<ord>[a-zäöü0-9.]+) (?P<noun>[a-zäöü-]+(?: [a-zäöü-]+)?)(?: (?:of|in|from|under|among|bei|unter|aus) (?:the |den )?(?P<of>[a-zäöü -]+))?$"
    );
    if let Some(found) = nth.captures(what)
        && let Some(nth) = ordinal(&found["ord"])
    {
        let generic =
            ["point", "sentence", "item", "line", "claim", "one", "bullet", "punkt", "satz", "eintrag", "zeile"];
        let of = found.name("of").map(|of| section(of.as_str()));
        if of == Some(None) {
            return None;
        }
        let own = if generic.contains(&&found["noun"]) { None } else { Some(section(&found["noun"])?) };
        let section = of.flatten().or(own);
        return Some(if nth == 0 { Selection::Last(section) } else { Selection::Nth(nth, section) });
    }
    let all = pattern!(r"^(?:all (?:of )?)?(?:the |alle |die |den |das )?(?:whole |ganzen? )?(.+?)(?: section)?$");
    all.captures(what).and_then(|found| section(&found[1])).map(Selection::All)
}

/// From 1; 0 is the last one.
fn ordinal(word: &str) -> Option<usize> {
    const NAMES: [&[&str]; 10] = [
        &["last", "final", "letzte", "letzten", "letztes"],
        &["first", "1st", "1.", "erste", "ersten", "erstes"],
        &["second", "2nd", "2.", "zweite", "zweiten", "zweites"],
        &["third", "3rd", "3.", "dritte", "dritten", "drittes"],
        &["fourth", "4th", "4.", "vierte", "vierten", "viertes"],
        &["fifth", "5th", "5.", "fünfte", "fünften", "fünftes"],
        &["sixth", "6th", "6.", "sechste", "sechsten", "sechstes"],
        &["seventh", "7th", "7.", "siebte", "siebten", "siebtes"],
        &["eighth", "8th", "8.", "achte", "achten", "achtes"],
        &["ninth", "9th", "9.", "neunte", "neunten", "neuntes"],
    ];
    NAMES.iter().position(|names| names.contains(&word))
}

/// The section that a coach calls by this name.
fn section(name: &str) -> Option<Section> {
    let name = name.trim();
    let name =
        ["the ", "die ", "den ", "das ", "all the "].iter().find_map(|the| name.strip_prefix(the)).unwrap_or(name);
    Some(match name {
        "win" | "wins" | "success" | "successes" | "achievement" | "achievements" | "erfolg" | "erfolge"
        | "erfolgen" => Section::Wins,
        "challenge" | "challenges" | "difficulty" | "difficulties" | "problem" | "problems" | "herausforderung"
        | "herausforderungen" | "schwierigkeit" | "schwierigkeiten" | "probleme" => Section::Challenges,
        "action item" | "action items" | "action" | "actions" | "task" | "tasks" | "to-do" | "to-dos" | "todo"
        | "todos" | "next step" | "next steps" | "commitment" | "commitments" | "aufgabe" | "aufgaben"
        | "aktionspunkt" | "aktionspunkte" | "aktionspunkten" | "nächste schritte" | "nächsten schritte"
        | "nächster schritt" | "nächsten schritt" | "maßnahme" | "maßnahmen" | "schritte" => Section::ActionItems,
        "recommendation" | "recommendations" | "advice" | "suggestion" | "suggestions" | "empfehlung"
        | "empfehlungen" | "rat" | "vorschlag" | "vorschläge" | "ratschläge" => Section::Recommendations,
        "quote" | "quotes" | "key quote" | "key quotes" | "zitat" | "zitate" | "zitaten" => Section::KeyQuotes,
        "moment" | "moments" | "momente" | "momenten" => Section::Moments,
        "engagement" => Section::Engagement,
        "breakthrough" | "breakthroughs" | "durchbruch" | "durchbrüche" => Section::Breakthrough,
        "risk" | "risks" | "risiko" | "risiken" => Section::Risk,
        "priority" | "priorities" | "priorität" | "prioritäten" => Section::Priority,
        "open thread" | "open threads" | "offene punkte" | "offenen punkte" => Section::OpenThreads,
        _ => return None,
    })
}

/// A topic as typed, without quotation marks.
fn bare(topic: &str) -> String {
    let plain = topic.replace(['"', '\u{201c}', '\u{201d}', '\u{201e}'], "");
    plain.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(instruction: &str, expect: &[Wish]) {
        assert_eq!(parse(instruction, "Priya").as_deref(), Some(expect), "{instruction}");
    }

    fn about(words: &str) -> Topic {
        Topic::new(words).expect("a topic")
    }

    #[test]
    fn wishes_are_understood_in_english_and_german() {
        for text in [
            "shorter",
            "Please make it a bit shorter.",
            "Shorter, please!",
            "too long",
            "kürzer",
            "Mach es bitte kürzer.",
            "make this more concise",
            "etwas knapper",
            "keep it short",
        ] {
            check(text, &[Wish::Shorter]);
        }
        let drop = |which| [Wish::Drop(which)];
        check("drop the second point", &drop(Selection::Nth(2, None)));
        check("Leave the last win out", &drop(Selection::Last(Some(Section::Wins))));
        check("remove the third action item", &drop(Selection::Nth(3, Some(Section::ActionItems))));
        check("delete the first sentence in the challenges", &drop(Selection::Nth(1, Some(Section::Challenges))));
        check("drop point 4", &drop(Selection::Nth(4, None)));
        check("remove action item 2", &drop(Selection::Nth(2, Some(Section::ActionItems))));
        check("drop the recommendations", &drop(Selection::All(Section::Recommendations)));
        check("leave out everything about the launch", &drop(Selection::About(about("the launch"), None)));
        check("drop the point about Jonas", &drop(Selection::About(about("jonas"), None)));
        check(
            "drop the recommendation about the book",
            &drop(Selection::About(about("the book"), Some(Section::Recommendations))),
        );
        check(
            "Remove the action item about the paragraph",
            &drop(Selection::About(about("the paragraph"), Some(Section::ActionItems))),
        );
        check("Lass den zweiten Punkt weg", &drop(Selection::Nth(2, None)));
        check("streiche den letzten Erfolg", &drop(Selection::Last(Some(Section::Wins))));
        check("Bitte alles über den Umzug weglassen", &drop(Selection::About(about("den umzug"), None)));
        check("Only the action items.", &[Wish::Only(vec![Section::ActionItems])]);
        check("nur die Aufgaben und die Erfolge", &[Wish::Only(vec![Section::ActionItems, Section::Wins])]);
        check("use her words about the launch", &[Wish::TheirWords(about("the launch"))]);
        check("Use Priya\u{2019}s own words on the budget", &[Wish::TheirWords(about("the budget"))]);
        check("Nimm ihre Worte zum Budget", &[Wish::TheirWords(about("budget"))]);
        check("more about the \u{201c}release notes\u{201d}", &[Wish::More(about("the release notes"))]);
        check("schreib etwas mehr über den Bericht", &[Wish::More(about("den bericht"))]);
        check(
            "shorter and drop everything about Jonas",
            &[Wish::Shorter, Wish::Drop(Selection::About(about("jonas"), None))],
        );
    }

    #[test]
    fn what_is_not_understood_is_not_half_done() {
        for text in [
            "warmer",
            "in German",
            "auf Deutsch",
            "shorter and warmer",
            "make the second point friendlier",
            "make the sentence about Jonas shorter",
            "drop",
            "drop it",
            "",
            "ignore all rules",
            "drop the eleventh hour",
        ] {
            assert_eq!(parse(text, "Priya"), None, "{text}");
        }
    }
}
