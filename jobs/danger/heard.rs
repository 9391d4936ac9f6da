//! Listening to a session: sentence by sentence, over the seams of utterances, and to questions with their answers.

use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use regex::Regex;

use super::{
    Kind, Said, Sign, Why,
    language::Languages,
    lexicon::{Group, Lexicon, lexicons},
    weigh::{WEIGHTS, Weighed},
    words::{plain, sentences},
};

/// Two pieces of more words are no sentence that was cut in two.
const LONGEST_SEAM: usize = 24;
/// So short is what another says in between ("Mm-hm.").
const LONGEST_NOD: usize = 3;
/// A longer answer speaks for itself.
const LONGEST_ANSWER: usize = 40;

/// A session of more utterances is heard in parts of so many, on all cores.
const PART: usize = 1_000;
/// So many utterances beside a part are heard with it: sentences go on there, and questions are answered.
const BESIDE: usize = 12;

/// The signs of danger in a session's words, in order.
#[must_use]
pub fn signs(said: &[Said<'_>]) -> Vec<Sign> {
    signs_until(said, &|| false)
}

/// As [`signs`], but comes back early, with what it has, once `ends` says that nobody waits for it any more.
#[must_use]
pub fn signs_until(said: &[Said<'_>], ends: &(dyn Fn() -> bool + Sync)) -> Vec<Sign> {
    if said.len() <= PART {
        return heard(said, said.len(), TOGETHER.0, ends);
    }
    let parts = said.len().div_ceil(PART);
    let of_part = |part: usize| {
        let own = part * PART..((part + 1) * PART).min(said.len());
        let first = own.start.saturating_sub(BESIDE);
        let with_beside = &said[first..(own.end + BESIDE).min(said.len())];
        let mut signs = heard(with_beside, said.len(), TOGETHER.0, ends);
        signs.iter_mut().for_each(|sign| sign.utterance += first);
        signs.retain(|sign| own.contains(&sign.utterance));
        signs
    };
    (0..parts).into_par_iter().flat_map_iter(of_part).collect()
}

/// The signs of danger in words of a session of so many lines.
fn heard(said: &[Said<'_>], lines: usize, together: f32, ends: &dyn Fn() -> bool) -> Vec<Sign> {
    let mut ear =
        Ear { said, least: least(lines), together, found: BTreeMap::new(), asked: None, last: BTreeMap::new() };
    (0..said.len()).take_while(|_| !ends()).for_each(|at| ear.hear(at));
    if let Some(asked) = ear.asked.take()
        && !asked.about_safety
    {
        ear.add(asked.utterance, asked.sentence, asked.why);
    }
    let sign = |((utterance, why), sentence)| Sign { utterance, sentence, why };
    ear.found.into_iter().map(sign).collect()
}

/// Whether words alone speak of danger: a sentence of a summary, say, which is one of many.
#[must_use]
pub fn is_sign(text: &str) -> bool {
    !heard(&[Said { speaker: None, text }], LINES.1, TOGETHER.1, &|| false).is_empty()
}

/// A question for danger that nobody has answered yet.
struct Asked<'a> {
    why: Why,
    about_safety: bool,
    speaker: Option<&'a str>,
    utterance: usize,
    sentence: Range<usize>,
}

struct Ear<'a> {
    said: &'a [Said<'a>],
    /// How likely a sentence must be danger where no pattern is in it.
    least: f32,
    /// And where one is.
    together: f32,
    found: BTreeMap<(usize, Why), Range<usize>>,
    asked: Option<Asked<'a>>,
    /// The last sentence of each speaker, and its utterance.
    last: BTreeMap<Option<&'a str>, (usize, Range<usize>)>,
}

impl<'a> Ear<'a> {
    fn add(&mut self, utterance: usize, sentence: Range<usize>, why: Why) {
        self.found.entry((utterance, why)).or_insert(sentence);
    }

    fn has(&self, utterance: usize) -> bool {
        self.found.range((utterance, Why::Wish)..=(utterance, Why::Unwell)).next().is_some()
    }

    fn hear(&mut self, at: usize) {
        let Said { speaker, text } = self.said[at];
        let ranges = sentences(text);
        let (Some(first), Some(last)) = (ranges.first().cloned(), ranges.last().cloned()) else { return };
        if self.asked.as_ref().is_some_and(|asked| asked.speaker != speaker || speaker.is_none()) {
            self.answer(at, &first);
        }
        for sentence in &ranges {
            self.sentence(at, sentence);
        }
        if !self.has(at) {
            self.seam(at, &first);
        }
        for pair in ranges.windows(2) {
            self.scrap(at, &pair[0], &pair[1]);
            self.both(at, &pair[0], &pair[1]);
        }
        self.reply(at, &first);
        // A question is whole, and its answer is what counts.
        if question(&text[last.clone()]).is_none() {
            self.last.insert(speaker, (at, last));
        } else {
            self.last.remove(&speaker);
        }
    }

    fn sentence(&mut self, at: usize, sentence: &Range<usize>) {
        let Said { speaker, text } = self.said[at];
        if let Some((why, about_safety)) = question(&text[sentence.clone()]) {
            self.asked = Some(Asked { why, about_safety, speaker, utterance: at, sentence: sentence.clone() });
            return;
        }
        let words = plain(&text[sentence.clone()]).join(" ");
        for why in whys(&words, self.least, self.together) {
            self.add(at, sentence.clone(), why);
        }
    }

    /// What answers a question for danger with anything but no is a sign, and the question with it.
    fn answer(&mut self, at: usize, first: &Range<usize>) {
        static HALF: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^\W*(?:(?:no|well|um|hm+)\W+)?(?i:not really|nicht wirklich|inte riktigt|pas vraiment|non proprio|realmente no)")
                .expect("a constant pattern")
        });
        let Some(asked) = self.asked.take() else { return };
        let text = &self.said[at].text[first.clone()];
        let words = plain(text);
        let long = words.len() > LONGEST_ANSWER;
        let words = words.join(" ");
        let starts = |with: fn(&Lexicon) -> &Group<()>| lexicons(Languages::ALL).any(|it| with(it).starts(&words));
        let unsure = starts(|it| &it.unsure) || HALF.is_match(text);
        let yes = starts(|it| &it.yes) && !unsure;
        let no = starts(|it| &it.no) && !unsure;
        let bad = if asked.about_safety { !yes } else { !no };
        if bad && (yes || !long) {
            self.add(asked.utterance, asked.sentence, asked.why);
            self.add(at, first.clone(), asked.why);
        }
    }

    /// Two sentences that say it together.
    fn both(&mut self, at: usize, one: &Range<usize>, next: &Range<usize>) {
        let text = self.said[at].text;
        let asks = [one, next].iter().any(|it| question(&text[(*it).clone()]).is_some());
        let mut words = plain(&text[one.clone()]);
        words.extend(plain(&text[next.clone()]));
        if self.has(at) || asks || words.len() > LONGEST_SEAM {
            return;
        }
        if let Some(why) = Heard::new(&words.join(" ")).and_then(|heard| heard.alone(self.least + JOINED)) {
            self.add(at, one.start..next.end, why);
        }
    }

    /// What is no sign by itself, but is as an answer ("What have you taken?" "All of them.").
    fn reply(&mut self, at: usize, first: &Range<usize>) {
        let Said { speaker, text } = self.said[at];
        let Some(asked) = at.checked_sub(1).map(|before| self.said[before]) else { return };
        let Some(last) = sentences(asked.text).pop().filter(|last| asked.text[last.clone()].ends_with('?')) else {
            return;
        };
        if asked.speaker == speaker || self.has(at) || question(&asked.text[last.clone()]).is_some() {
            return;
        }
        let mut words = plain(&asked.text[last]);
        words.extend(plain(&text[first.clone()]));
        if words.len() > LONGEST_ANSWER {
            return;
        }
        if let Some(why) = Heard::new(&words.join(" ")).and_then(|heard| heard.alone(self.least)) {
            self.add(at, first.clone(), why);
        }
    }

    /// "The bruises? I told everyone that I fell.": what is hardly a sentence belongs to the next one.
    fn scrap(&mut self, at: usize, one: &Range<usize>, next: &Range<usize>) {
        let text = self.said[at].text;
        let (mut words, more) = (plain(&text[one.clone()]), plain(&text[next.clone()]));
        let scrap = words.len().min(more.len()) <= LONGEST_NOD || text[one.clone()].ends_with('…');
        let asks = [one, next].iter().any(|it| question(&text[(*it).clone()]).is_some());
        if self.has(at) || asks || !scrap || words.len() + more.len() > LONGEST_SEAM {
            return;
        }
        words.extend(more);
        for why in whys(&words.join(" "), self.least + JOINED, self.together + JOINED) {
            self.add(at, one.start..next.end, why);
        }
    }

    /// A sentence that was cut in two: the last piece of the same speaker, with no more than a nod in between.
    fn seam(&mut self, at: usize, first: &Range<usize>) {
        let Said { speaker, text } = self.said[at];
        let Some((before, range)) = self.last.get(&speaker).cloned() else { return };
        if question(&text[first.clone()]).is_some() {
            return;
        }
        let nod = |between: &Said<'_>| plain(between.text).len() <= LONGEST_NOD;
        if before + 2 < at || self.has(before) || !self.said[before + 1..at].iter().all(nod) {
            return;
        }
        let mut words = plain(&self.said[before].text[range.clone()]);
        words.extend(plain(&text[first.clone()]));
        if words.len() > LONGEST_SEAM {
            return;
        }
        for why in whys(&words.join(" "), self.least + JOINED, self.together + JOINED) {
            self.add(before, range.clone(), why);
            self.add(at, first.clone(), why);
        }
    }
}

/// What a sentence asks for, and whether it asks for safety, where "no" is the sign; none where it asks for no danger.
pub(super) fn question(sentence: &str) -> Option<(Why, bool)> {
    let words = plain(sentence);
    let languages = Languages::of(words.iter().map(String::as_str));
    let words = words.join(" ");
    // Without its mark a question is known by how it begins; "Do you know, I …" is none.
    let asks = lexicons(languages).any(|it| it.asks.starts(&words)) && !words.split(' ').any(|word| word == "i");
    if !sentence.ends_with('?') && !asks {
        return None;
    }
    if lexicons(languages).any(|it| it.safe.is_in(&words)) {
        return Some((Why::NotSafe, true));
    }
    let asked = lexicons(languages).find_map(|it| it.asked.all_in(&words).first().map(|(why, _)| (*why, false)))?;
    (weigh(&words, languages).danger >= ASKED).then_some(asked)
}

/// So likely a sentence is danger by its weight alone: in a few lines, and in a long session, which has more sentences
/// that could be marked for nothing.
const ALONE: (f32, f32) = (0.35, 0.55);
/// So many lines are few, and so many long.
const LINES: (usize, usize) = (20, 300);
/// A sentence of which fewer different words say something is thin, and must be more likely by this: "I need the key" has
/// one, and in a long session it takes a pattern.
const THIN: [(usize, f32); 3] = [(2, 0.5), (3, 0.3), (4, 0.15)];
/// Two sentences that only stand together must be more likely by this.
const JOINED: f32 = 0.15;
/// What weighs less has nothing to do with danger, whatever patterns say.
const NOTHING: f32 = 0.03;
/// So likely a question must ask for danger: "Do we want to cut it today?" does not.
const ASKED: f32 = 0.1;
/// So likely a sentence must at least be where a pattern is in it: in talk, and in what is written for a client, where the
/// pattern decides unless the words say nothing of the kind.
const TOGETHER: (f32, f32) = (0.2, 0.03);

/// A kind that patterns found must be so likely by the weight, as a share of the likeliest of those found, …
const BESIDE_THE_LIKELIEST: f32 = 0.2;
/// … and the likeliest of those as a share of the likeliest of all.
const AGAINST_ALL: f32 = 0.1;

/// How likely a sentence must be danger in a session of so many lines.
fn least(lines: usize) -> f32 {
    let share = |lines: usize| (lines as f32).ln();
    let (few, long) = (share(LINES.0), share(LINES.1));
    ALONE.0 + (ALONE.1 - ALONE.0) * ((share(lines.max(1)) - few) / (long - few)).clamp(0.0, 1.0)
}

/// What plain words are signs of.
fn whys(words: &str, least: f32, together: f32) -> Vec<Why> {
    let Some(heard) = Heard::new(words) else { return Vec::new() };
    let patterns = heard.patterns(together);
    if patterns.is_empty() { heard.alone(least).into_iter().collect() } else { patterns }
}

/// A sentence in plain words, what is denied or said otherwise blanked out, and its weight.
struct Heard<'a> {
    words: &'a str,
    languages: Languages,
    denied: String,
    meant: String,
    weighed: Weighed,
    /// How likely it is danger with what is denied or said otherwise, where that is more.
    likely: f32,
    excuses: Excuses,
}

impl<'a> Heard<'a> {
    /// None where the words have nothing to do with danger, as most have: nothing is looked for in them.
    fn new(words: &'a str) -> Option<Self> {
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

    /// What patterns find, where the weight does not speak against it. A strong one holds in spite of idioms, which are
    /// then weighed as they are.
    fn patterns(&self, together: f32) -> Vec<Why> {
        let mut found: Vec<Why> = Vec::new();
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

    /// What the weight alone says.
    fn alone(&self, least: f32) -> Option<Why> {
        let why = said_of(self.weighed.kind());
        let thin = THIN.iter().find(|(fewer, _)| self.weighed.content < *fewer).map_or(0.0, |(_, more)| *more);
        (self.weighed.speaks && self.weighed.danger >= least + thin && !self.excuses.hold(why, self.words))
            .then_some(why)
    }
}

/// Patterns know words, and the weight knows better who does it to whom: of kinds of which one is much the likelier
/// the others go ("he says he will kill me" is no suicide). Who needs a doctor needs one whatever the reason.
fn of_their_kind(mut found: Vec<Why>, weighed: &Weighed) -> Vec<Why> {
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

/// What words are a sign of by their weight.
const fn said_of(kind: Kind) -> Why {
    match kind {
        Kind::Suicide => Why::Thoughts,
        Kind::SelfHarm => Why::SelfHarm,
        Kind::Abuse => Why::Hurt,
        Kind::Violence => Why::Violence,
        Kind::Emergency => Why::Emergency,
    }
}

/// What a sentence says besides that makes it no danger, or not now.
struct Excuses {
    goes_on: bool,
    is_over: bool,
    passed: bool,
    told: bool,
}

impl Excuses {
    fn new(words: &str, languages: Languages) -> Self {
        let any = |with: fn(&Lexicon) -> &Group<()>| lexicons(languages).any(|it| with(it).is_in(words));
        Self {
            goes_on: any(|it| &it.now),
            is_over: any(|it| &it.ago) || any(|it| &it.hypothetical) || any(|it| &it.joke),
            passed: any(|it| &it.passed),
            told: any(|it| &it.told),
        }
    }

    fn hold(&self, why: Why, matched: &str) -> bool {
        static OF_SELF: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\b(?:i|me|my|myself|ich|mich|mir|jag|mig|yo|mi|je|j|m|moi|io|eu)\b")
                .expect("a constant pattern")
        });
        !self.goes_on
            && (self.is_over
                || (self.passed && why.kind() == Kind::Emergency)
                || (self.told && !OF_SELF.is_match(matched)))
    }
}
