//! Listening to a session: sentence by sentence, over the seams of utterances, and to questions with their answers.

use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    Kind, Said, Sign, Why,
    lexicon::LEXICON,
    words::{plain, sentences},
};

/// Two pieces of more words are no sentence that was cut in two.
const LONGEST_SEAM: usize = 24;
/// So short is what another says in between ("Mm-hm.").
const LONGEST_NOD: usize = 3;
/// A longer answer speaks for itself.
const LONGEST_ANSWER: usize = 40;

/// The signs of danger in a session's words, in order.
#[must_use]
pub fn signs(said: &[Said<'_>]) -> Vec<Sign> {
    let mut ear = Ear { said, found: BTreeMap::new(), asked: None, last: BTreeMap::new() };
    for at in 0..said.len() {
        ear.hear(at);
    }
    if let Some(asked) = ear.asked.take()
        && !asked.about_safety
    {
        ear.add(asked.utterance, asked.sentence, asked.why);
    }
    let sign = |((utterance, why), sentence)| Sign { utterance, sentence, why };
    ear.found.into_iter().map(sign).collect()
}

/// Whether words alone speak of danger: a sentence of a summary, say.
#[must_use]
pub fn is_sign(text: &str) -> bool {
    !signs(&[Said { speaker: None, text }]).is_empty()
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
        for pair in ranges.windows(2) {
            self.scrap(at, &pair[0], &pair[1]);
        }
        if !self.has(at) {
            self.seam(at, &first);
        }
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
        for why in whys(&words) {
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
        let unsure = LEXICON.unsure.starts(&words) || HALF.is_match(text);
        let yes = LEXICON.yes.starts(&words) && !unsure;
        let no = LEXICON.no.starts(&words) && !unsure;
        let bad = if asked.about_safety { !yes } else { !no };
        if bad && (yes || !long) {
            self.add(asked.utterance, asked.sentence, asked.why);
            self.add(at, first.clone(), asked.why);
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
        for why in whys(&words.join(" ")) {
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
        for why in whys(&words.join(" ")) {
            self.add(before, range.clone(), why);
            self.add(at, first.clone(), why);
        }
    }
}

/// What a sentence asks for, and whether it asks for safety, where "no" is the sign; none where it asks for no danger.
pub(super) fn question(sentence: &str) -> Option<(Why, bool)> {
    let words = plain(sentence).join(" ");
    // Without its mark a question is known by how it begins; "Do you know, I …" is none.
    let asks = LEXICON.asks.starts(&words) && !words.split(' ').any(|word| word == "i");
    if !sentence.ends_with('?') && !asks {
        return None;
    }
    if LEXICON.safe.is_in(&words) {
        return Some((Why::NotSafe, true));
    }
    LEXICON.asked.all_in(&words).first().map(|(why, _)| (*why, false))
}

/// What plain words are signs of.
fn whys(words: &str) -> Vec<Why> {
    if !LEXICON.signs.is_in(words) {
        return Vec::new();
    }
    let denied = LEXICON.denied.blank(words);
    let meant = LEXICON.denied.blank(&LEXICON.idioms.blank(words));
    let excuses = Excuses::new(words);
    let mut found: Vec<Why> = Vec::new();
    for ((why, strong), pattern) in LEXICON.signs.all_in(words) {
        let text = if strong { &denied } else { &meant };
        if let Some(place) = pattern.find(text)
            && !found.contains(&why)
            && !excuses.hold(why, place.as_str())
        {
            found.push(why);
        }
    }
    found
}

/// What a sentence says besides that makes it no danger, or not now.
struct Excuses {
    goes_on: bool,
    is_over: bool,
    passed: bool,
    told: bool,
}

impl Excuses {
    fn new(words: &str) -> Self {
        let lexicon = &*LEXICON;
        Self {
            goes_on: lexicon.now.is_in(words),
            is_over: lexicon.ago.is_in(words) || lexicon.hypothetical.is_in(words) || lexicon.joke.is_in(words),
            passed: lexicon.passed.is_in(words),
            told: lexicon.told.is_in(words),
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
