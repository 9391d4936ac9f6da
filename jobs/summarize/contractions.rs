//! Apostrophes that a recogniser left out: "dont", "im", "theyll". Only where nothing else can be meant; "ill" and "id"
//! depend on the words beside them. English. Pure.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

/// Words that are contractions whatever stands beside them, without their apostrophe.
const PLAIN: &str = "aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't mustn't needn't shouldn't wasn't weren't \
    wouldn't ain't i'm i've you're you've you'll you'd they're they've they'll they'd we've he's she's that's there's what's who's \
    where's how's it'll that'll she'd could've would've should've might've must've let's y'all";

/// A text in lower case, with the apostrophes of its contractions.
pub(super) fn restored(lower: &str) -> Cow<'_, str> {
    static WORDS: LazyLock<Vec<(String, &str)>> =
        LazyLock::new(|| PLAIN.split_whitespace().map(|word| (word.replace('\'', ""), word)).collect());
    static FOUND: LazyLock<Regex> = LazyLock::new(|| {
        let plain: Vec<&str> = WORDS.iter().map(|(bare, _)| bare.as_str()).collect();
        // "He was ill", "she fell ill and": no "I will".
        pattern(&format!(
            r"\b(?:(?P<plain>{})|(?P<will>(?:(?:was|is|be|been|being|feel|feels|felt|feeling|fell|got|get|very|so|really|too|mentally|seriously|still|are|were|'m|m|i'm|im|he's|she's|or|not|if not|terminally) )?ill)(?P<verb> [a-z]+)?|(?P<would>(?:(?:my|an|the|your|his|her|our|their|photo|no|with|new|fake) )?id)(?P<then> (?:like|love|say|be|have|do|go|rather|never|just|been|probably|want|get|take|make|need|always|ask|tell|give|think|call|feel|still|already|only|even|not|see|try|drink|eat|smoke|come|know|hate|prefer|stop))\b|(?P<wont>wont))\b",
            plain.join("|")
        ))
    });
    FOUND.replace_all(lower, |found: &Captures<'_>| {
        let whole = &found[0];
        if let Some(plain) = found.name("plain") {
            let word = WORDS.iter().find(|(bare, _)| bare == plain.as_str());
            return word.map_or_else(|| whole.to_owned(), |(_, word)| (*word).to_owned());
        }
        let verb = |name| found.name(name).map_or("", |it| it.as_str());
        match (found.name("will").map(|it| it.as_str()), found.name("would").map(|it| it.as_str())) {
            (Some("ill"), _)
                if !matches!(verb("verb"), "" | " and" | " or" | " with" | " for" | " but" | " health") =>
            {
                format!("i'll{}", verb("verb"))
            }
            (_, Some("id")) => format!("i'd{}", verb("then")),
            _ if found.name("wont").is_some() => "won't".to_owned(),
            _ => whole.to_owned(),
        }
    })
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apostrophes_that_were_left_out_are_there_again() {
        for (said, meant) in [
            ("i dont know why im late", "i don't know why i'm late"),
            ("ill call her and id like to go", "i'll call her and i'd like to go"),
            ("she was ill and stayed in", "she was ill and stayed in"),
            ("he got ill", "he got ill"),
            ("i forgot my id like always", "i forgot my id like always"),
            ("theyre gone, it wont help", "they're gone, it won't help"),
            ("i'll say it's fine", "i'll say it's fine"),
            ("the well is its own", "the well is its own"),
            ("i fell ill last week", "i fell ill last week"),
        ] {
            assert_eq!(restored(said), meant);
        }
    }
}
