//! Assesses one sentence: which patterns match, what its words weigh, and what excuses it.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    Indicator, Kind,
    language::Languages,
    lexicon::{Group, Lexicon, lexicons},
    weigh::{WEIGHTS, Weighed},
};

/// How likely a sentence must be danger by its weight alone: in a short session, and in a long one, which has more
/// sentences that could be marked by mistake.
const ALONE: (f32, f32) = (0.1, 0.65);
/// The number of lines of a short session, and of a long one.
pub(super) const LINES: (usize, usize) = (4, 100);
/// A sentence with fewer distinct content words than this is thin, and must be more likely by this much: "I need the
/// key" has one, and in a long session it takes a pattern.
const THIN: [(usize, f32); 3] = [(2, 0.5), (3, 0.3), (4, 0.1)];
/// A sentence of this many content words counts even if no word of it speaks of danger alone, if it is at least [`IN_SUM`]
/// likely.
const MANY: usize = 5;
const IN_SUM: f32 = 0.5;
/// Two sentences that only stand together must be more likely by this.
pub(super) const JOINED: f32 = 0.15;
/// A sentence of this many words is checked in overlapping runs (length, step), and must be more likely by this much.
pub(super) const LONG: usize = 16;
const RUN: usize = 12;
const STEP: usize = 6;
const IN_RUN: f32 = 0.15;
/// Below this, a sentence has nothing to do with danger, whatever patterns match.
const NOTHING: f32 = 0.03;
/// How likely a sentence must be at least if a pattern matches: in talk, and in what is written for a client, where the
/// pattern decides unless the words are nothing of the kind.
pub(super) const TOGETHER: (f32, f32) = (0.15, 0.03);
/// The first of these in a long session.
const TOGETHER_IN_LONG: f32 = 0.3;

/// How likely a kind found by patterns must be by weight, as a share of the likeliest of those found, …
const BESIDE_THE_LIKELIEST: f32 = 0.2;
/// … and the likeliest of those as a share of the likeliest of all.
const AGAINST_ALL: f32 = 0.1;

/// How likely a sentence must be danger in a session of `lines` lines.
pub(super) fn least(lines: usize) -> f32 {
    between(ALONE, lines)
}

/// How likely a sentence in which a pattern matches must be danger in a session of `lines` lines.
pub(super) fn least_together(lines: usize) -> f32 {
    between((TOGETHER.0, TOGETHER_IN_LONG), lines)
}

/// A threshold between that of a short session and that of a long one.
fn between((short, long): (f32, f32), lines: usize) -> f32 {
    let share = |lines: usize| (lines as f32).ln();
    let (few, many) = (share(LINES.0), share(LINES.1));
    short + (long - short) * ((share(lines.max(1)) - few) / (many - few)).clamp(0.0, 1.0)
}

/// What plain words are signs of. A long sentence may say much else ("the quarter is fine, and my husband broke my arm,
/// so I type slowly"): it's then checked in runs of its words, which must be more likely.
pub(super) fn whys(words: &str, least: f32, together: f32) -> Vec<Indicator> {
    let whole = AssessedSentence::new(words).map(|heard| heard.whys(least, together)).unwrap_or_default();
    if !whole.is_empty() {
        return whole;
    }
    let next = |at: &mut usize, word: &str| Some(std::mem::replace(at, *at + word.len() + 1));
    let starts: Vec<usize> = words.split(' ').scan(0, next).collect();
    if starts.len() < LONG {
        return Vec::new();
    }
    let in_run = |first: usize| {
        let end = starts.get(first + RUN).map_or(words.len(), |next| next - 1);
        let found = AssessedSentence::new(&words[starts[first]..end])?.whys(least + IN_RUN, together + IN_RUN);
        Some(found).filter(|found| !found.is_empty())
    };
    let Some(mut found) = (0..starts.len() - RUN + STEP).step_by(STEP).find_map(in_run) else { return Vec::new() };
    // "In the film …" may precede it.
    let excuses = Excuses::new(words, Languages::of(words.split(' ')));
    found.retain(|why| !excuses.hold(*why, words));
    found
}

/// A sentence in plain words, with what is denied or otherwise excused blanked out, and its weight.
pub(super) struct AssessedSentence<'a> {
    words: &'a str,
    languages: Languages,
    denied: String,
    meant: String,
    weighed: Weighed,
    /// How likely it's danger if denied or excused words count, if that is more.
    likely: f32,
    excuses: Excuses,
}

impl<'a> AssessedSentence<'a> {
    /// `None` if the words have nothing to do with danger, as most haven't: no patterns are then matched.
    pub(super) fn new(words: &'a str) -> Option<Self> {
        let languages = Languages::of(words.split(' '));
        let as_it_is = weigh(words, languages);
        if as_it_is.danger < NOTHING {
            return None;
        }
        let blank = |text: &str, with: fn(&Lexicon) -> &Group<()>| {
            lexicons(languages).fold(text.to_owned(), |text, lexicon| with(lexicon).blank(&text))
        };
        let denied = blank(words, |it| &it.denied);
        let meant = blank(&blank(words, |it| &it.idioms), |it| &it.denied);
        let likely = as_it_is.danger;
        let weighed = if meant == words { as_it_is } else { weigh(&meant, languages) };
        let likely = likely.max(weighed.danger);
        Some(Self { words, languages, denied, meant, weighed, likely, excuses: Excuses::new(words, languages) })
    }

    pub(super) fn whys(&self, least: f32, together: f32) -> Vec<Indicator> {
        let patterns = self.patterns(together);
        if patterns.is_empty() { self.alone(least).into_iter().collect() } else { patterns }
    }

    /// What patterns find, unless the weight speaks against it. A strong sign counts in spite of idioms, which are then
    /// weighed like any other words.
    fn patterns(&self, together: f32) -> Vec<Indicator> {
        let mut found: Vec<Indicator> = Vec::new();
        if self.likely < together {
            return found;
        }
        let mut any_strong = false;
        for ((why, strong), pattern) in lexicons(self.languages).flat_map(|it| it.signs.all_in(self.words)) {
            let text = if strong { &self.denied } else { &self.meant };
            if let Some(place) = pattern.find(text)
                && !self.excuses.hold(why, place.as_str())
            {
                any_strong |= strong;
                if !found.contains(&why) {
                    found.push(why);
                }
            }
        }
        let in_spite = any_strong.then(|| weigh(&self.denied, self.languages));
        let weighed = in_spite.as_ref().unwrap_or(&self.weighed);
        if weighed.danger < together { Vec::new() } else { of_their_kind(found, weighed) }
    }

    pub(super) fn alone(&self, least: f32) -> Option<Indicator> {
        let why = said_of(self.weighed.kind());
        let thin = THIN.iter().find(|(fewer, _)| self.weighed.content < *fewer).map_or(0.0, |(_, more)| *more);
        let many = self.weighed.content >= MANY && self.weighed.danger >= IN_SUM;
        let speaks = self.weighed.speaks || many;
        (speaks && self.weighed.danger >= least + thin && !self.excuses.hold(why, self.words)).then_some(why)
    }
}

/// Patterns know words, but the weight knows better who does what to whom: if one kind is much likelier, the others are
/// dropped ("he says he will kill me" isn't suicide). Anyone who needs a doctor needs one whatever the reason.
fn of_their_kind(mut found: Vec<Indicator>, weighed: &Weighed) -> Vec<Indicator> {
    let likeliest = found.iter().map(|why| weighed.of(why.kind())).fold(0.0, f32::max);
    let least = likeliest * BESIDE_THE_LIKELIEST;
    found.retain(|why| why.kind() == Kind::Emergency || weighed.of(why.kind()) >= least);
    let kind = weighed.kind();
    if !found.is_empty() && likeliest < weighed.of(kind) * AGAINST_ALL {
        found.retain(|why| why.kind() == Kind::Emergency);
        found.push(said_of(kind));
    }
    found
}

fn weigh(words: &str, languages: Languages) -> Weighed {
    WEIGHTS.weigh(&words.split(' ').collect::<Vec<_>>(), languages)
}

/// The indicator of words that are a sign by weight alone.
const fn said_of(kind: Kind) -> Indicator {
    match kind {
        Kind::Suicide => Indicator::Thoughts,
        Kind::SelfHarm => Indicator::SelfHarm,
        Kind::Abuse => Indicator::Hurt,
        Kind::Violence => Indicator::Violence,
        Kind::Emergency => Indicator::Emergency,
    }
}

/// What else a sentence says that makes it no danger, or not now.
struct Excuses {
    goes_on: bool,
    is_over: bool,
    over: bool,
    passed: bool,
    told: bool,
}

impl Excuses {
    fn new(words: &str, languages: Languages) -> Self {
        let any = |with: fn(&Lexicon) -> &Group<()>| lexicons(languages).any(|it| with(it).is_in(words));
        Self {
            goes_on: any(|it| &it.now),
            is_over: any(|it| &it.ago) || any(|it| &it.hypothetical) || any(|it| &it.joke),
            over: any(|it| &it.over),
            passed: any(|it| &it.passed),
            told: any(|it| &it.told),
        }
    }

    fn hold(&self, why: Indicator, matched: &str) -> bool {
        static OF_SELF: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\b(?:i|me|my|myself|ich|mich|mir|jag|mig|yo|mi|je|j|m|moi|io|eu|ik|mij|mijn|mezelf)\b")
                .expect("a constant pattern")
        });
        !self.goes_on
            && (self.is_over
                || (self.over && why.kind() == Kind::Abuse)
                || (self.passed && why.kind() == Kind::Emergency)
                || (self.told && !OF_SELF.is_match(matched)))
    }
}
