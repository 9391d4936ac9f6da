//! Listens to a session: sentence by sentence, across utterance boundaries, and to questions with their answers.

use std::{collections::BTreeMap, ops::Range};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{
    Indicator, Sign, SpokenText,
    asked::{self, Concern, Question},
    sentence::{AssessedSentence, JOINED, LINES, TOGETHER, least, least_together, whys},
    words::{plain, sentences},
};

/// Two pieces with more words than this aren't one sentence cut in two.
const LONGEST_SEAM: usize = 24;
/// Nor are two sentences of one utterance of more words heard as one.
const LONGEST_PAIR: usize = 36;
/// So short is what another says in between ("Mm-hm.").
const LONGEST_NOD: usize = 3;
/// So much likelier must be danger what says no to a question for it.
const DENIED: f32 = 0.4;
/// A longer question with its answer is not looked at as one.
const LONGEST_REPLY: usize = 40;

/// A session with more utterances is processed in parts of this size, on all cores.
const PART: usize = 1_000;
/// This many utterances on either side of a part are processed with it: sentences continue there, and questions are
/// answered.
const BESIDE: usize = 12;

/// The signs of danger in a session's words, in order.
#[must_use]
pub fn signs(said: &[SpokenText<'_>]) -> Vec<Sign> {
    signs_until(said, &|| false)
}

/// Like [`signs`], but returns early with what it has once `ends` says that nobody needs the result any more.
#[must_use]
pub fn signs_until(said: &[SpokenText<'_>], ends: &(dyn Fn() -> bool + Sync)) -> Vec<Sign> {
    if said.len() <= PART {
        return heard(said, said.len(), least_together(said.len()), ends);
    }
    let parts = said.len().div_ceil(PART);
    let of_part = |part: usize| {
        let own = part * PART..((part + 1) * PART).min(said.len());
        let first = own.start.saturating_sub(BESIDE);
        let with_beside = &said[first..(own.end + BESIDE).min(said.len())];
        let mut signs = heard(with_beside, said.len(), least_together(said.len()), ends);
        signs.iter_mut().for_each(|sign| sign.utterance += first);
        signs.retain(|sign| own.contains(&sign.utterance));
        signs
    };
    (0..parts).into_par_iter().flat_map_iter(of_part).collect()
}

/// The signs of danger in a part of a session with `lines` lines.
fn heard(said: &[SpokenText<'_>], lines: usize, together: f32, ends: &dyn Fn() -> bool) -> Vec<Sign> {
    let mut ear =
        Listener { said, least: least(lines), together, found: BTreeMap::new(), asked: None, last: BTreeMap::new() };
    (0..said.len()).take_while(|_| !ends()).for_each(|at| ear.hear(at));
    if let Some(asked) = ear.asked.take() {
        ear.unanswered(asked);
    }
    let sign = |((utterance, why), sentence)| Sign { utterance, sentence, why };
    ear.found.into_iter().map(sign).collect()
}

/// Whether words alone express danger: a sentence of a summary, for example, which is one of many.
#[must_use]
pub fn is_sign(text: &str) -> bool {
    !heard(&[SpokenText { speaker: None, text }], LINES.1, TOGETHER.1, &|| false).is_empty()
}

/// A question about danger that hasn't been answered yet.
struct Asked<'a> {
    question: Question,
    speaker: Option<&'a str>,
    utterance: usize,
    sentence: Range<usize>,
    /// Whether the same speaker went on with no.
    denied: bool,
}

/// Goes through a session sentence by sentence and collects what it finds.
struct Listener<'a> {
    said: &'a [SpokenText<'a>],
    /// How likely a sentence must be dangerous if no pattern matches.
    least: f32,
    /// The same if one does.
    together: f32,
    found: BTreeMap<(usize, Indicator), Range<usize>>,
    asked: Option<Asked<'a>>,
    /// The last sentence of each speaker, and its utterance.
    last: BTreeMap<Option<&'a str>, (usize, Range<usize>)>,
}

impl<'a> Listener<'a> {
    fn add(&mut self, utterance: usize, sentence: Range<usize>, why: Indicator) {
        self.found.entry((utterance, why)).or_insert(sentence);
    }

    fn has(&self, utterance: usize) -> bool {
        self.found.range((utterance, Indicator::Wish)..=(utterance, Indicator::Unwell)).next().is_some()
    }

    /// What a sentence asks for.
    fn question(&self, sentence: &str) -> Option<Question> {
        let spoken = || {
            let words = asked::asks_another(sentence).then(|| plain(sentence).join(" "))?;
            whys(&words, self.least, self.together).first().map(|why| asked::spoken(*why))
        };
        asked::question(sentence).or_else(spoken)
    }

    /// Whether one of two sentences asks for danger, or the next one says no to what the first one asks.
    fn asks_or_denies(&self, text: &str, one: &Range<usize>, next: &Range<usize>) -> bool {
        is_denied(text, one, next) || [one, next].iter().any(|it| self.question(&text[(*it).clone()]).is_some())
    }

    fn hear(&mut self, at: usize) {
        let SpokenText { speaker, text } = self.said[at];
        let ranges = sentences(text);
        let (Some(first), Some(last)) = (ranges.first().cloned(), ranges.last().cloned()) else { return };
        let no = self.asked.as_ref().is_some_and(|asked| asked.utterance + 1 == at) && asked::denies(text);
        if self.asked.as_ref().is_some_and(|asked| asked.speaker != speaker || speaker.is_none()) {
            self.answer(at, &ranges);
        } else if let Some(asked) = &mut self.asked {
            // Speakers are not always told apart: who asks may seem to answer. What another says next counts more.
            asked.denied |= no;
        }
        for (place, sentence) in ranges.iter().enumerate() {
            if no && place == 0 {
                self.denial(at, sentence);
                continue;
            }
            let denied = ranges.get(place + 1).is_some_and(|next| is_denied(text, sentence, next));
            if !denied {
                self.sentence(at, sentence);
            }
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
        if self.question(&text[last.clone()]).is_none() {
            self.last.insert(speaker, (at, last));
        } else {
            self.last.remove(&speaker);
        }
    }

    /// A sentence that says no to a question for danger: it takes more to be a sign.
    fn denial(&mut self, at: usize, sentence: &Range<usize>) {
        let words = plain(&self.said[at].text[sentence.clone()]).join(" ");
        for why in whys(&words, self.least + DENIED, self.together + DENIED) {
            self.add(at, sentence.clone(), why);
        }
    }

    fn sentence(&mut self, at: usize, sentence: &Range<usize>) {
        let SpokenText { speaker, text } = self.said[at];
        if let Some(question) = self.question(&text[sentence.clone()]) {
            let asked = Asked { question, speaker, utterance: at, sentence: sentence.clone(), denied: false };
            if let Some(before) = self.asked.replace(asked)
                && before.question.concern == Concern::Spoken
            {
                self.unanswered(before);
            }
            return;
        }
        // "Are you safe? And what did you ship?" "No, …" answers the second one.
        let goes_on = |asked: &mut Asked<'_>| asked.speaker == speaker && asked.question.concern == Concern::CheckIn;
        if text[sentence.clone()].ends_with('?') {
            self.asked.take_if(goes_on);
        }
        let words = plain(&text[sentence.clone()]).join(" ");
        for why in whys(&words, self.least, self.together) {
            self.add(at, sentence.clone(), why);
        }
    }

    /// A question for danger that nobody else answers is a sign by itself.
    fn unanswered(&mut self, asked: Asked<'_>) {
        let of_danger = matches!(asked.question.concern, Concern::Danger | Concern::Spoken);
        if of_danger && !asked.denied {
            self.add(asked.utterance, asked.sentence, asked.question.why);
        }
    }

    /// What is asked and its answer are a sign together.
    fn answer(&mut self, at: usize, ranges: &[Range<usize>]) {
        let text = self.said[at].text;
        let first = ranges[0].clone();
        // "Hm. No." is one answer, and "No, I never did. Well, sometimes."
        let goes_on = plain(&text[first.clone()]).len() <= LONGEST_NOD || asked::denies(&text[first.clone()]);
        let next = ranges.get(1).filter(|_| goes_on);
        let answer = &text[first.start..next.map_or(first.end, |next| next.end)];
        let Some(asked) = self.asked.take_if(|_| !asked::asks_back(answer)) else { return };
        let before = asked.utterance.checked_sub(1).map_or("", |before| last_of(self.said[before].text));
        let around = [before, last_of(&self.said[asked.utterance].text[..asked.sentence.end]), answer];
        if asked::tells(asked.question, answer, &around) {
            self.add(asked.utterance, asked.sentence, asked.question.why);
            self.add(at, first, asked.question.why);
        }
    }

    /// Two sentences that are a sign only together.
    fn both(&mut self, at: usize, one: &Range<usize>, next: &Range<usize>) {
        let text = self.said[at].text;
        let asks = self.asks_or_denies(text, one, next);
        let mut words = plain(&text[one.clone()]);
        words.extend(plain(&text[next.clone()]));
        if self.has(at) || asks || words.len() > LONGEST_PAIR {
            return;
        }
        for why in AssessedSentence::new(&words.join(" "))
            .map(|heard| heard.whys(self.least + JOINED, self.together))
            .unwrap_or_default()
        {
            self.add(at, one.start..next.end, why);
        }
    }

    /// What is no sign by itself, but is one as an answer ("What have you taken?" "All of them.").
    fn reply(&mut self, at: usize, first: &Range<usize>) {
        let SpokenText { speaker, text } = self.said[at];
        let Some(asked) = at.checked_sub(1).map(|before| self.said[before]) else { return };
        let Some(last) = sentences(asked.text).pop().filter(|last| asked.text[last.clone()].ends_with('?')) else {
            return;
        };
        if asked.speaker == speaker || self.has(at) || self.question(&asked.text[last.clone()]).is_some() {
            return;
        }
        let mut words = plain(&asked.text[last]);
        words.extend(plain(&text[first.clone()]));
        if words.len() > LONGEST_REPLY {
            return;
        }
        if let Some(why) = AssessedSentence::new(&words.join(" ")).and_then(|heard| heard.alone(self.least)) {
            self.add(at, first.clone(), why);
        }
    }

    /// "The bruises? I told everyone that I fell.": a fragment belongs to the next sentence.
    fn scrap(&mut self, at: usize, one: &Range<usize>, next: &Range<usize>) {
        let text = self.said[at].text;
        let (mut words, more) = (plain(&text[one.clone()]), plain(&text[next.clone()]));
        let scrap = words.len().min(more.len()) <= LONGEST_NOD || text[one.clone()].ends_with('…');
        let asks = self.asks_or_denies(text, one, next);
        if self.has(at) || asks || !scrap || words.len() + more.len() > LONGEST_SEAM {
            return;
        }
        words.extend(more);
        for why in whys(&words.join(" "), self.least + JOINED, self.together + JOINED) {
            self.add(at, one.start..next.end, why);
        }
    }

    /// A sentence that was cut in two: the same speaker's previous piece, with at most a nod in between.
    fn seam(&mut self, at: usize, first: &Range<usize>) {
        let SpokenText { speaker, text } = self.said[at];
        let Some((before, range)) = self.last.get(&speaker).cloned() else { return };
        if self.question(&text[first.clone()]).is_some() {
            return;
        }
        let nod = |between: &SpokenText<'_>| plain(between.text).len() <= LONGEST_NOD;
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

/// Whether a sentence is a question that the next one denies ("Whether I think of suicide? No.").
fn is_denied(text: &str, sentence: &Range<usize>, next: &Range<usize>) -> bool {
    let question = &text[sentence.clone()];
    question.ends_with('?') && asked::no_denies(question) && asked::denies(&text[next.start..])
}

/// The last two sentences of a text.
fn last_of(text: &str) -> &str {
    let ranges = sentences(text);
    &text[ranges.iter().rev().nth(1).or(ranges.last()).map_or(0, |range| range.start)..]
}
