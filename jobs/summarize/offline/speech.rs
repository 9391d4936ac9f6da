//! A session as turns and sentences: what one person says in a row, and where each sentence is in the lines.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::{LazyLock, OnceLock},
};

use regex::Regex;

use super::super::{
    contractions,
    draft::DraftEvidence,
    input::{SessionForClient, Speaker},
    kinds::{self, Kinds, Spoken},
};
use super::{boundaries, cues, elliptical, stems};
use crate::text;

/// How many sentences of a turn are considered from one of them, or from the next turn: in a speech of hours, what is
/// further away isn't related (and checking all pairs would take hours as well).
const NEAR: usize = 40;
/// A sentence with more content words than this is never "said again".
const MOST_STEMS: usize = 60;

/// A longer sentence is cut where the transcript cuts it: automatic captions have no full stops.
const LONG_SENTENCE_WORDS: usize = 45;

/// A quote of a word or two is extended by up to this many bytes of the line on each side.
const AROUND: usize = 400;

/// What one person says in a row.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) speaker: Speaker,
    /// The range of its sentences in [`Speech::sentences`].
    pub(super) sentences: Range<usize>,
    /// Whether something is missing between the previous turn and this one: said by someone else, or left out.
    pub(super) after_gap: bool,
}

#[derive(Debug)]
pub(super) struct Sentence {
    /// Its index in [`Speech::sentences`].
    pub(super) at: usize,
    pub(super) turn: usize,
    pub(super) speaker: Speaker,
    /// As said.
    pub(super) text: String,
    /// In lower case with plain apostrophes, without quotations: the text that cues are matched against.
    pub(super) own: String,
    pub(super) words: usize,
    /// The stems of its content words.
    pub(super) stems: BTreeSet<String>,
    /// Where it was said: the words of each line that it spans.
    pub(super) evidence: Vec<DraftEvidence>,
    /// Said while coach and client play roles: not their own words.
    pub(super) in_role: bool,
    /// Addressed to someone else, and so as irrelevant as what is said in a role: `in_role` is set too.
    pub(super) aside: bool,
    /// The second of two undertakings in one sentence: its subject is in the first.
    pub(super) goes_on: bool,
}

impl Sentence {
    /// Whether it's a question.
    pub(super) fn asks(&self) -> bool {
        text::asks(&self.text)
    }
}

#[derive(Debug)]
pub(super) struct Speech {
    pub(super) turns: Vec<Turn>,
    pub(super) sentences: Vec<Sentence>,
    /// The indices of sentences that drop a plan, in order.
    pub(super) dropped: Vec<usize>,
    /// How firmly each sentence promises something (`promise`), computed on first use.
    pub(super) firm: OnceLock<Vec<f32>>,
    /// What kind of sentence each is, computed on first use.
    kinds: OnceLock<Vec<Kinds>>,
    /// Whether the session is in English: nothing is known of the kinds of other sentences.
    is_english: bool,
    /// The last turn with a statement that has both of these stems.
    last_with: HashMap<(String, String), usize>,
}

/// All pairs of a sentence's stems.
fn pairs(stems: &BTreeSet<String>) -> impl Iterator<Item = (String, String)> {
    let few = if stems.len() > MOST_STEMS { None } else { Some(stems) };
    few.into_iter().flat_map(|stems| {
        stems
            .iter()
            .enumerate()
            .flat_map(move |(at, one)| stems.iter().skip(at + 1).map(move |other| (one.clone(), other.clone())))
    })
}

impl Speech {
    /// Splits the lines that a provider may know.
    pub(super) fn new(input: &SessionForClient) -> Self {
        let lines = &input.utterances;
        let is_english = input.is_english();
        let (mut turns, mut sentences) = (Vec::new(), Vec::new());
        let mut first = 0;
        while first < lines.len() {
            let mut last = first;
            while last + 1 < lines.len()
                && lines[last + 1].speaker == lines[first].speaker
                // Lines that aren't adjacent in the session aren't one turn: someone spoke between them.
                && lines[last + 1].index == lines[last].index + 1
            {
                last += 1;
            }
            let from = sentences.len();
            add_turn(input, is_english, first..last + 1, turns.len(), &mut sentences);
            let after_gap = first > 0 && lines[first - 1].index + 1 != lines[first].index;
            turns.push(Turn { speaker: lines[first].speaker, sentences: from..sentences.len(), after_gap });
            first = last + 1;
        }
        let mut last_with = HashMap::new();
        for sentence in sentences.iter().filter(|sentence: &&Sentence| !sentence.asks()) {
            last_with.extend(pairs(&sentence.stems).map(|pair| (pair, sentence.turn)));
        }
        let dropped = sentences.iter().filter(|it| cues::DROPPED.is_in(&it.own)).map(|it| it.at).collect();
        Self { turns, sentences, dropped, firm: OnceLock::new(), kinds: OnceLock::new(), is_english, last_with }
    }

    /// What kind of sentence the one at `at` is; `None` if that isn't known, as the session isn't in English.
    pub(super) fn kinds(&self, at: usize) -> Option<&Kinds> {
        if !self.is_english {
            return None;
        }
        let all =
            self.kinds.get_or_init(|| (0..self.sentences.len()).map(|at| kinds::by_words(self.spoken(at))).collect());
        all.get(at)
    }

    /// What kind of sentence the one at `at` is by its words, without looking at the others.
    pub(super) fn kinds_by_words(&self, at: usize) -> Option<Kinds> {
        self.is_english.then(|| kinds::by_words(self.spoken(at)))
    }

    /// Whether the session is in English.
    pub(super) fn is_english(&self) -> bool {
        self.is_english
    }

    /// Learns the kinds of the sentences from their vectors as well, before they are first asked for.
    pub(super) fn with_meanings(self, vectors: &[Vec<f32>]) -> Self {
        let meant = |(at, vector): (usize, &Vec<f32>)| kinds::by_meaning(self.spoken(at), vector);
        let kinds = OnceLock::from(vectors.iter().enumerate().map(meant).collect::<Vec<Kinds>>());
        Self { kinds, ..self }
    }

    fn spoken(&self, at: usize) -> Spoken<'_> {
        let sentence = &self.sentences[at];
        let before = self.answers(at).map_or("", |before| before.text.as_str());
        Spoken { by_coach: sentence.speaker == Speaker::Coach, before, text: &sentence.text }
    }

    /// The other person's last sentence, if the sentence at `at` is the first of its turn that says something.
    pub(super) fn answers(&self, at: usize) -> Option<&Sentence> {
        let sentence = &self.sentences[at];
        let turn = &self.turns[sentence.turn].sentences;
        let is_first = at - turn.start < NEAR && self.sentences[turn.start..at].iter().all(|it| it.words < 3);
        let before = self.preceding(sentence.turn).filter(|_| is_first)?;
        self.sentences.get(before.sentences.end.checked_sub(1).filter(|last| before.sentences.contains(last))?)
    }

    /// The turn that this one answers: the one right before it, with no gap.
    pub(super) fn preceding(&self, turn: usize) -> Option<&Turn> {
        let own = self.turns.get(turn)?;
        self.turns.get(turn.checked_sub(1)?).filter(|_| !own.after_gap)
    }

    /// The turn that answers this one.
    pub(super) fn following(&self, turn: usize) -> Option<&Turn> {
        self.turns.get(turn + 1).filter(|next| !next.after_gap)
    }

    /// Whether a later turn states something about the same thing as the sentence at `at`: it shares two content words.
    pub(super) fn is_said_again(&self, at: usize) -> bool {
        let sentence = &self.sentences[at];
        pairs(&sentence.stems).any(|pair| self.last_with.get(&pair).is_some_and(|turn| *turn > sentence.turn))
    }

    /// What the speaker says around the sentence at `at` in the same turn.
    pub(super) fn around(&self, at: usize) -> String {
        let turn = &self.turns[self.sentences[at].turn].sentences;
        let near = at.saturating_sub(NEAR / 2).max(turn.start)..(at + NEAR / 2).min(turn.end);
        self.sentences[near].iter().map(|it| it.own.as_str()).collect()
    }

    /// The end of the previous turn; if it's only a word or two, of the one before as well.
    pub(super) fn before(&self, turn: usize) -> String {
        let Some(before) = turn.checked_sub(1) else { return String::new() };
        let mut text = self.turn_end(before);
        // Called for every sentence of a turn: a turn of many sentences isn't brief.
        let brief = |turn: usize| {
            let sentences = &self.sentences[self.turns[turn].sentences.clone()];
            sentences.len() <= 16 && sentences.iter().map(|it| it.words).sum::<usize>() < 4
        };
        if turn >= 3 && brief(turn - 2) {
            text.insert(0, ' ');
            text.insert_str(0, &self.turn_end(turn - 3));
        }
        text
    }

    /// The beginning of the next turn.
    pub(super) fn after(&self, turn: usize) -> String {
        let Some(after) = self.turns.get(turn + 1).map(|turn| turn.sentences.clone()) else { return String::new() };
        self.said(after.start..after.end.min(after.start + NEAR))
    }

    fn turn_end(&self, turn: usize) -> String {
        let sentences = self.turns[turn].sentences.clone();
        self.said(sentences.start.max(sentences.end.saturating_sub(NEAR))..sentences.end)
    }

    fn said(&self, sentences: Range<usize>) -> String {
        self.sentences[sentences].iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join(" ").to_lowercase()
    }
}

/// Splits the joined lines of a turn into sentences, and finds each sentence's part of each line.
fn add_turn(
    input: &SessionForClient,
    is_english: bool,
    lines: Range<usize>,
    turn: usize,
    sentences: &mut Vec<Sentence>,
) {
    let mut joined = String::new();
    let mut places: Vec<(usize, Range<usize>)> = Vec::new();
    for at in lines {
        if !joined.is_empty() {
            joined.push(' ');
        }
        let from = joined.len();
        joined.push_str(&input.utterances[at].text.replace('\n', " "));
        places.push((at, from..joined.len()));
    }
    // A turn may be a whole session: only the lines that a part touches are checked.
    let under = |part: &Range<usize>| {
        let from = places.partition_point(|(_, place)| place.end <= part.start);
        let to = places.partition_point(|(_, place)| place.start < part.end);
        places.get(from..to).unwrap_or_default()
    };
    let asides = asides(input, &joined, &places);
    // Where sentences end, and which apostrophes are missing, is known of English alone.
    let unpunctuated = if is_english { boundaries::boundaries(&joined) } else { None };
    for range in unpunctuated.unwrap_or_else(|| text::sentences(&joined)) {
        let long = text::words(&joined[range.clone()]).len() > LONG_SENTENCE_WORDS;
        let parts: Vec<Range<usize>> = if long {
            cut(&joined, under(&range).iter().map(|(_, it)| it.start.max(range.start)..it.end.min(range.end)))
        } else {
            vec![range]
        };
        let corrected = parts.into_iter().flat_map(|part| {
            let parts = elliptical::corrections(&joined[part.clone()]);
            parts.into_iter().map(move |it| part.start + it.start..part.start + it.end)
        });
        let promised = corrected.flat_map(|part| {
            let promises = elliptical::promises(&joined[part.clone()]);
            promises.into_iter().enumerate().map(move |(nth, it)| (nth > 0, part.start + it.start..part.start + it.end))
        });
        for (goes_on, part) in promised.collect::<Vec<_>>() {
            let evidence =
                under(&part).iter().filter_map(|(at, place)| evidence(input, *at, &joined, place, &part)).collect();
            let aside = asides.iter().any(|aside| aside.start < part.end && part.start < aside.end);
            let said = joined[part].trim().to_owned();
            let own: String = text::without_quotes(&said)
                .to_lowercase()
                .chars()
                .map(|c| if text::is_apostrophe(c) { '\'' } else { c })
                .collect();
            let own = if is_english { contractions::restored(&own).into_owned() } else { own };
            let speaker = input.utterances[places[0].0].speaker;
            let words = text::words(&said).len();
            let at = sentences.len();
            let stems = stems::stems(&said);
            let in_role = aside;
            sentences.push(Sentence {
                at,
                turn,
                speaker,
                text: said,
                own,
                words,
                stems,
                evidence,
                in_role,
                aside,
                goes_on,
            });
        }
    }
}

/// The ranges in the joined lines of a turn that are addressed to someone else.
fn asides(input: &SessionForClient, joined: &str, places: &[(usize, Range<usize>)]) -> Vec<Range<usize>> {
    let of_line = |(at, place): &(usize, Range<usize>)| {
        let index = input.utterances[*at].index;
        // They are sorted by line.
        let from = input.asides.partition_point(|aside| aside.index < index);
        let own: Vec<Range<usize>> = input.asides[from..]
            .iter()
            .take_while(|aside| aside.index == index)
            .filter_map(|aside| {
                let found = joined[place.clone()].find(&aside.sentence.replace('\n', " "))?;
                Some(place.start + found..place.start + found + aside.sentence.len())
            })
            .collect();
        own
    };
    places.iter().flat_map(of_line).collect()
}

/// The parts of a long sentence. None begins where the preceding words decide the meaning: "I don't think that" and
/// "I'll send it" belong together.
fn cut(joined: &str, places: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    static GOES_ON: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:think|thinks|thought|guess|suppose|believe|hope|hopes|wish|said|says|say|told \w+|asked|sure|know|if|unless|whether|that|not|never|no|maybe|perhaps|probably|\w+n['’]t|i|we|he|she|they|to|will|would|could|should|might|['’]ll)[, ]*$")
            .expect("a constant pattern")
    });
    let mut parts: Vec<Range<usize>> = Vec::new();
    for place in places.filter(|place| place.start < place.end) {
        match parts.last_mut() {
            Some(last) if GOES_ON.is_match(last_words(joined[last.clone()].trim_end())) => last.end = place.end,
            _ => parts.push(place),
        }
    }
    parts
}

/// The end of a text: as much as [`cut`] needs of words that may go on and on.
fn last_words(text: &str) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(200))..]
}

/// The part of a sentence that is in the line at `at`, with surrounding words if it's too short for a quote.
fn evidence(
    input: &SessionForClient,
    at: usize,
    joined: &str,
    place: &Range<usize>,
    sentence: &Range<usize>,
) -> Option<DraftEvidence> {
    let part = place.start.max(sentence.start)..place.end.min(sentence.end);
    let quote = joined.get(part.clone()).filter(|_| part.start < part.end)?.trim();
    let words = text::words(quote).len();
    let line = &input.utterances[at];
    (words > 0).then(|| DraftEvidence {
        utterance: line.index,
        quote: if words < 3 { around(joined, place, &part).to_owned() } else { quote.to_owned() },
    })
}

/// The words of a line around a part that is too short for a quote: the whole line, unless it's too long.
fn around<'t>(joined: &'t str, place: &Range<usize>, part: &Range<usize>) -> &'t str {
    let from = joined.floor_char_boundary(part.start.saturating_sub(AROUND)).max(place.start);
    let to = joined.ceil_char_boundary((part.end + AROUND).min(place.end)).min(place.end);
    let from = if from == place.start { from } else { joined[from..part.start].find(' ').map_or(from, |at| from + at) };
    let to = if to == place.end { to } else { joined[part.end..to].rfind(' ').map_or(to, |at| part.end + at) };
    joined[from..to].trim()
}
