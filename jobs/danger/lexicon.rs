//! The lexicon and its file format: one file per language (two for English), one meaning per line.
//!
//! A line is `name = a|b` (a part, used as `{name}` in the lines below it), `why: pattern` (a sign), or `cue: pattern`
//! (what cancels a sign, or asks about one). Patterns are regular expressions over plain words (`words`); between
//! words, ` ..3 ` matches up to three others. A sign that ends in `!` counts whatever idiom it contains ("he said he
//! would kill me"). To add a language, add a file and a line here. Nobody declares which language is spoken, and people
//! switch: each sentence is matched in the languages that it may be in (`language`).

use std::sync::{LazyLock, OnceLock};

use regex::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::{
    Indicator,
    asked::Concern,
    language::{LANGUAGES, Languages},
};

/// The files of each language, in the order of `LANGUAGES`.
const FILES: [&[&str]; LANGUAGES.len()] = [
    &[include_str!("lexicon/en.txt"), include_str!("lexicon/en_wide.txt")],
    &[include_str!("lexicon/de.txt")],
    &[include_str!("lexicon/sv.txt")],
    &[include_str!("lexicon/es.txt")],
    &[include_str!("lexicon/fr.txt")],
    &[include_str!("lexicon/it.txt")],
    &[include_str!("lexicon/pt.txt")],
    &[include_str!("lexicon/nl.txt")],
];

/// What is asked for, by the names of its lines: what the answer is a sign of, and how much it must say.
const ASKS: [(&str, Indicator, Concern); 7] = [
    ("asklife", Indicator::NotDenied, Concern::Safety),
    ("asksafe", Indicator::NotSafe, Concern::Safety),
    ("checksafe", Indicator::NotSafe, Concern::CheckIn),
    ("checkwell", Indicator::Breath, Concern::CheckIn),
    ("asksuicide", Indicator::NotDenied, Concern::Danger),
    ("askabuse", Indicator::NotSafe, Concern::Danger),
    ("askemergency", Indicator::Unwell, Concern::Danger),
];

/// The memory limit of the compiled sets.
const SET_BYTES: usize = 256 << 20;
const CACHE_BYTES: usize = 16 << 20;
/// How many patterns are compiled into one set.
const SET_PATTERNS: usize = 16;

/// Everything read from the files of a language.
pub(super) struct Lexicon {
    /// Signs of danger, and whether they count in spite of idioms.
    pub(super) signs: Group<(Indicator, bool)>,
    /// What people say but don't mean.
    pub(super) idioms: Group<()>,
    pub(super) denied: Group<()>,
    pub(super) ago: Group<()>,
    /// Who did it is dead or forgiven: it is no abuse any more.
    pub(super) over: Group<()>,
    /// It was not now, which is enough for an emergency.
    pub(super) passed: Group<()>,
    /// It's about a film, the news, or someone's work.
    pub(super) told: Group<()>,
    pub(super) hypothetical: Group<()>,
    pub(super) joke: Group<()>,
    /// It's still going on.
    pub(super) now: Group<()>,
    /// The speaker asks a question.
    pub(super) asks: Group<()>,
    /// What is asked about, by what it's a sign of if it isn't denied.
    pub(super) asked: Group<(Indicator, Concern)>,
    pub(super) yes: Group<()>,
    pub(super) maybe: Group<()>,
    pub(super) no: Group<()>,
    /// Answers that leave it open or evade the question.
    pub(super) unsure: Group<()>,
    /// No, if the question is about safety: "nobody" doesn't count there.
    pub(super) unsafe_: Group<()>,
    /// Reassuring words in an answer.
    pub(super) fine: Group<()>,
    /// Words that limit an answer to some of the time.
    pub(super) limited: Group<()>,
    /// Signs that a check-in is about everyday life: a car, a password.
    pub(super) everyday: Group<()>,
}

/// The lexicon of each language, loaded when a sentence may be in it.
static LEXICONS: [OnceLock<Lexicon>; LANGUAGES.len()] = [const { OnceLock::new() }; LANGUAGES.len()];

/// The lexicons of a set of languages.
pub(super) fn lexicons(languages: Languages) -> impl Iterator<Item = &'static Lexicon> + Clone {
    languages.places().map(|at| LEXICONS[at].get_or_init(|| Lexicon::read(at)))
}

/// Patterns with the same purpose: matched as a set first, then one by one only if the set matches. The sets are small:
/// a large one has more states than its cache holds, which makes it slow.
pub(super) struct Group<T> {
    sets: Vec<RegexSet>,
    patterns: Vec<(T, String, OnceLock<Regex>)>,
}

impl<T: Copy> Group<T> {
    fn new(patterns: Vec<(T, String)>) -> Self {
        let set = |few: &[(T, String)]| {
            RegexSetBuilder::new(few.iter().map(|(_, pattern)| pattern))
                .unicode(false)
                .size_limit(SET_BYTES)
                .dfa_size_limit(CACHE_BYTES)
                .build()
                .expect("the lexicon's patterns")
        };
        Self {
            sets: patterns.chunks(SET_PATTERNS).map(set).collect(),
            patterns: patterns.into_iter().map(|(of, pattern)| (of, pattern, OnceLock::new())).collect(),
        }
    }

    /// Whether any pattern matches in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.sets.iter().any(|set| set.is_match(text))
    }

    /// The patterns that match in `text`.
    pub(super) fn all_in(&self, text: &str) -> Vec<(T, &Regex)> {
        let in_set = |(number, set): (usize, &RegexSet)| {
            set.matches(text).into_iter().map(move |at| number * SET_PATTERNS + at).collect::<Vec<_>>()
        };
        let found = self.sets.iter().enumerate().flat_map(in_set);
        found.map(|at| (self.patterns[at].0, self.regex(at))).collect()
    }

    /// Whether a pattern matches at the start of `text`.
    pub(super) fn starts(&self, text: &str) -> bool {
        self.all_in(text).iter().any(|(_, regex)| regex.find(text).is_some_and(|found| found.start() == 0))
    }

    /// `text` with each match replaced by a mark that no pattern crosses.
    pub(super) fn blank(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (_, regex) in self.all_in(text) {
            out = regex.replace_all(&out, "#").into_owned();
        }
        out
    }

    fn regex(&self, at: usize) -> &Regex {
        let (_, pattern, regex) = &self.patterns[at];
        regex.get_or_init(|| RegexBuilder::new(pattern).unicode(false).build().expect("a pattern of the set"))
    }
}

impl Lexicon {
    fn read(language: usize) -> Self {
        let lines: Vec<(String, String)> =
            FILES[language].iter().flat_map(|file| read(LANGUAGES[language], file)).collect();
        let of = |use_: &str| {
            let patterns = lines.iter().filter(|(name, _)| name == use_);
            Group::new(patterns.map(|(_, pattern)| ((), pattern.clone())).collect())
        };
        let signs = lines.iter().filter_map(|(name, pattern)| {
            let why = Indicator::parse(name.trim_end_matches('!'))?;
            Some(((why, name.ends_with('!')), pattern.clone()))
        });
        let asked = lines.iter().filter_map(|(name, pattern)| {
            let (_, why, concern) = ASKS.iter().find(|(asks, ..)| asks == name)?;
            Some(((*why, *concern), pattern.clone()))
        });
        Self {
            signs: Group::new(signs.collect()),
            asked: Group::new(asked.collect()),
            idioms: of("idiom"),
            denied: of("denied"),
            ago: of("ago"),
            over: of("over"),
            passed: of("passed"),
            told: of("told"),
            hypothetical: of("hypothetical"),
            joke: of("joke"),
            now: of("now"),
            asks: of("asks"),
            yes: of("yes"),
            maybe: of("maybe"),
            no: of("no"),
            unsure: of("unsure"),
            unsafe_: of("unsafe"),
            fine: of("fine"),
            limited: of("limited"),
            everyday: of("everyday"),
        }
    }
}

/// The lines of a file, with parts substituted.
fn read(name: &str, file: &str) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    let mut lines = Vec::new();
    for (at, line) in file.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')) {
        let word = |c: char| c.is_ascii_lowercase() || c == '!';
        if let Some((part, pattern)) = line.split_once(" = ").filter(|(part, _)| part.chars().all(word)) {
            parts.push((part.to_owned(), expand(pattern, &parts)));
        } else if let Some((use_, pattern)) = line.split_once(": ").filter(|(use_, _)| use_.chars().all(word)) {
            lines.push((use_.to_owned(), format!(r"\b(?:{})(?:\b|$)", expand(pattern, &parts))));
        } else {
            panic!("{name}.txt, line {}: neither a part nor a pattern", at + 1);
        }
    }
    lines
}

/// A pattern with its parts and gaps expanded.
fn expand(pattern: &str, parts: &[(String, String)]) -> String {
    static PART: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{([a-z]+)\}").expect("a constant pattern"));
    static GAP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" \.\.(\d+) ").expect("a constant pattern"));
    let whole = PART.replace_all(pattern, |found: &Captures<'_>| {
        let part = parts.iter().find(|(name, _)| *name == found[1]);
        format!("(?:{})", part.map_or_else(|| panic!("no part {}", &found[1]), |(_, pattern)| pattern))
    });
    GAP.replace_all(&whole, r"(?: \w+){0,$1} ").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_language_is_used_and_compiles() {
        let cues = [
            "idiom",
            "denied",
            "ago",
            "over",
            "passed",
            "told",
            "hypothetical",
            "joke",
            "now",
            "asks",
            "yes",
            "maybe",
            "no",
            "unsure",
            "unsafe",
            "fine",
            "limited",
            "everyday",
        ];
        for (language, files) in LANGUAGES.into_iter().zip(FILES) {
            for (name, pattern) in files.iter().flat_map(|file| read(language, file)) {
                let known = Indicator::parse(name.trim_end_matches('!')).is_some()
                    || cues.contains(&name.as_str())
                    || ASKS.iter().any(|(asks, ..)| *asks == name);
                assert!(known, "{language}: {name}");
                assert!(!pattern.contains(" .."), "{language}: a gap without words on both sides: {pattern}");
            }
        }
        assert!(lexicons(Languages::ALL).any(|lexicon| lexicon.signs.is_in("i want to die")));
    }
}
