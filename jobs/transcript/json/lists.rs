//! Finds the lists of utterances in JSON of an unknown tool: their entries have a text, and a speaker or times.
//! Examines keys and the kinds of their values; [`keys`](crate::keys) defines what they mean.
//!
//! A list may come in pieces (one per page, channel or speaker): those at one place of the tree are read together.

use std::collections::{HashMap, HashSet};

use super::{
    book::is_notes,
    names_by_turns, owners,
    parts::{GIVEN, INNER_IDS, address_in, name_in, pair, says_transcript, spoken_in, text_of, times_of_words},
    people::id,
    tree::{Json, Value},
};
use crate::{
    keys::{Key, Meaning, meaning},
    raw_time::Raw,
    spoken,
    units::{self, Row},
};

/// How many entries of a list are examined.
const SAMPLE: usize = 200;
/// How many keys of an entry are examined.
const KEYS: usize = 80;
/// How many distinct keys are remembered, and how many places.
const MOST: usize = 2_000;

/// Keys without speech, or with the same speech in another language. Run together.
const NOT_SPEECH: &[&str] = &[
    "chat",
    "chatmessages",
    "translation",
    "translations",
    "translatedsegments",
    "systemprompt",
    "prompt",
    "subtitles",
    "previous",
    "history",
    "logs",
];
/// Keys of lists that contain speech. Run together.
#[rustfmt::skip]
const SPEECH: &[&str] = &[
    "transcript", "transcripts", "transcription", "transcriptions", "transcriptentries", "transcriptsegments", "segments",
    "utterances", "turns", "monologues", "sentences", "dialogue", "dialog", "conversation", "captions", "subtitles", "cues",
    "speech", "phrases", "lines", "line", "turn", "utterance", "u", "sp", "entries", "paragraphs", "transcriptobject", "transcriptwithtoolcalls", "transcriptitems",
];
/// Keys of written messages.
#[rustfmt::skip]
const OF_CHATS: &[&str] = &[
    "thread_ts", "client_msg_id", "reactions", "message_id", "messageId", "reply_to", "replyToId", "subtype", "attachments",
    "conversation_id", "recipient", "recipients", "sent_at", "sentAt", "is_read", "msg_type", "chat_id", "edited_at",
];

/// A list of entries, and the enclosing objects, innermost first.
#[derive(Debug)]
pub(super) struct List<'j> {
    pub(super) entries: &'j [Json<'j>],
    pub(super) around: [Option<&'j Json<'j>>; 3],
    /// Who speaks in it, if the key of the list is a name.
    pub(super) person: Option<&'j str>,
}

/// The lists at one place of the tree.
#[derive(Debug, Default)]
pub(super) struct Place<'j> {
    pub(super) lists: Vec<List<'j>>,
    /// The keys with a known meaning, most certain first.
    pub(super) keys: HashMap<Meaning, Vec<(&'j str, Key)>>,
    /// The keys of the enclosing objects that say who speaks.
    pub(super) owners: Vec<(&'j str, Key)>,
    /// Whether an entry is just a word.
    pub(super) words: bool,
    /// How many entries have text.
    pub(super) texts: usize,
    /// The number of letters in all texts.
    pub(super) letters: usize,
    /// The key of the lists.
    name: &'j str,
    /// Whether the times are moments, as in messages, and not offsets.
    moments: bool,
    /// Whether an entry lasts as long as it takes to say its text.
    paced: bool,
    /// Whether entries declare that they are part of a transcript.
    typed: bool,
    /// Whether the words of an entry have times while the entry has none.
    timed_by_words: bool,
    /// Whether the numbers are character positions in a text.
    of_letters: bool,
    /// How many speakers were seen.
    pub(super) speakers: usize,
    /// Whether no speaker occurs twice, among at least three.
    once: bool,
    /// Whether most entries have keys of written messages.
    written: bool,
    /// Whether names and moments are the only evidence, and people take turns as quickly as they speak.
    pub(super) in_turn: bool,
}

#[derive(Debug, Default)]
pub(super) struct Lists<'j> {
    /// The places with speech, best first.
    pub(super) places: Vec<Place<'j>>,
    /// Lists that say who speaks when, but not what is said.
    pub(super) spans: Vec<Place<'j>>,
    /// Whether there is something that people wrote to each other.
    pub(super) chat: bool,
}

impl<'j> Place<'j> {
    pub(super) fn keys(&self, meaning: Meaning) -> &[(&'j str, Key)] {
        self.keys.get(&meaning).map_or(&[], Vec::as_slice)
    }

    /// Whether an entry or something around its list names a speaker.
    pub(super) fn has_speakers(&self) -> bool {
        [Meaning::Speaker, Meaning::SpeakerId].iter().any(|meaning| !self.keys(*meaning).is_empty())
            || self.owners.iter().any(|(_, key)| key.meaning != Meaning::Source)
            || self.lists.iter().any(|list| list.person.is_some())
    }

    /// The keys that identified it, for a person to read.
    pub(super) fn reason(&self) -> String {
        let quoted = |meaning: Meaning| self.keys(meaning).first().map(|(_, key)| format!("\"{}\"", key.known_as));
        let meanings = [
            Meaning::Text,
            Meaning::Speaker,
            Meaning::SpeakerId,
            Meaning::Source,
            Meaning::Start,
            Meaning::End,
            Meaning::Duration,
        ];
        let keys: Vec<String> = meanings.into_iter().filter_map(quoted).collect();
        match keys.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("a list of entries with {} and {last}", others.join(", "))
            }
            _ => format!("a list of entries with {}", keys.join("")),
        }
    }

    /// The strength of the evidence: two points are enough.
    fn evidence(&self) -> usize {
        let first = |meaning| self.keys(meaning).first().map(|(_, key)| *key);
        let strong = |key: &Key| {
            key.known_as.contains("speaker")
                || matches!(key.known_as, "spokenby" | "saidby" | "talker" | "who" | "spk" | "spkid")
                || !key.known_as.is_ascii()
        };
        let speaker = match first(Meaning::Speaker).or(first(Meaning::SpeakerId)) {
            Some(key) if strong(&key) => {
                if self.once && first(Meaning::Start).is_none() {
                    0
                } else {
                    2
                }
            }
            Some(key) if key.known_as == "name" && self.moments => 0,
            Some(_) => 1,
            None => {
                let named = !self.owners.is_empty() || self.lists.iter().any(|list| list.person.is_some());
                usize::from(named) + usize::from(first(Meaning::Source).is_some())
            }
        };
        let times = match (first(Meaning::Start), first(Meaning::End).or(first(Meaning::Duration))) {
            (Some(_), Some(_)) => 2,
            (Some(key), None) => 1 + usize::from(key.unit.is_some()),
            _ => usize::from(self.timed_by_words),
        };
        let times = if self.of_letters { 0 } else { times };
        // Messages, comments and appointments have a moment too, but don't last as long as it takes to say their text.
        let times = if self.moments && !self.paced { times / 2 } else { times };
        // Keys with such a name contain what was heard.
        let heard = |key: Key| {
            ["transcript", "caption", "subtitle", "utterance", "spoken"].iter().any(|word| key.known_as.contains(word))
        };
        let heard = first(Meaning::Text).is_some_and(heard);
        let points = speaker + times + usize::from(heard) + usize::from(self.typed);
        let points = points + usize::from(SPEECH.contains(&joined(self.name).as_str()));
        if self.in_turn { points.max(2) } else { points }
    }
}

/// Searches the whole tree.
pub(super) fn find<'j>(root: &'j Json<'j>) -> Lists<'j> {
    let mut walk = Walk::default();
    walk.look(root, 0, [None; 3], None);
    let Walk { mut places, mut known, .. } = walk;
    let mut chat = false;
    for place in &mut places {
        chat |= understand(place, &mut known);
    }
    let spoken = |place: &Place<'_>| place.letters > 0 && place.evidence() >= 2;
    let most = places.iter().filter(|place| spoken(place)).map(|place| place.letters).max().unwrap_or(0);
    let (mut places, others): (Vec<Place<'j>>, Vec<Place<'j>>) = places.into_iter().partition(spoken);
    let of_several = |place: &Place<'_>| {
        let has = |meaning| !place.keys(meaning).is_empty();
        place.letters == 0 && has(Meaning::Start) && (has(Meaning::End) || has(Meaning::Duration)) && place.speakers > 1
    };
    let spans = others.into_iter().filter(of_several).collect();
    places.sort_by_key(|place| {
        let whole = place.letters * 10 >= most * 6;
        let timed = place.timed_by_words || !place.keys(Meaning::Start).is_empty();
        std::cmp::Reverse((whole, place.has_speakers(), timed, !place.words, place.letters))
    });
    Lists { places, spans, chat }
}

/// A key run together and in lower case.
fn joined(key: &str) -> String {
    key.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether such a key never contains speech.
pub(super) fn is_no_speech(key: &str) -> bool {
    NOT_SPEECH.contains(&joined(key).as_str())
}

#[derive(Default)]
struct Walk<'j> {
    places: Vec<Place<'j>>,
    /// The place of a list of objects, by the path to it.
    numbers: HashMap<usize, usize>,
    /// The numbers of paths, by the previous path and the key.
    paths: HashMap<(usize, &'j str), usize>,
    known: HashMap<&'j str, Option<Key>>,
    skipped: HashMap<&'j str, bool>,
}

impl<'j> Walk<'j> {
    fn look(&mut self, json: &'j Json<'j>, path: usize, around: [Option<&'j Json<'j>>; 3], person: Option<&'j str>) {
        match &json.value {
            Value::List(items) => {
                if items.iter().take(3).any(Json::is_object) {
                    let next = self.places.len();
                    let number = *self.numbers.entry(path).or_insert(next);
                    if number == next {
                        self.places.push(Place::default());
                    }
                    self.places[number].lists.push(List { entries: items, around, person });
                }
                for item in items {
                    self.look(item, path, around, None);
                }
            }
            Value::Object(fields) => {
                let by_person = owners::by_person(fields);
                for (key, value) in fields {
                    if !(value.is_list() || value.is_object()) || self.skips(key) {
                        continue;
                    }
                    let next = self.paths.len() + 1;
                    if next > MOST && !self.paths.contains_key(&(path, key.as_ref())) {
                        continue;
                    }
                    // What each of them says is part of one talk.
                    let person = Some(key.as_ref()).filter(|_| by_person && value.is_list());
                    let inner = *self.paths.entry((path, person.map_or(key.as_ref(), |_| ""))).or_insert(next);
                    let before = self.places.len();
                    self.look(value, inner, [Some(json), around[0], around[1]], person);
                    if self.places.len() > before && value.is_list() && self.places[before].name.is_empty() {
                        self.places[before].name = key;
                    }
                }
            }
            _ => {}
        }
    }

    fn skips(&mut self, key: &'j str) -> bool {
        if let Some(known) = self.skipped.get(key) {
            return *known;
        }
        let skips = is_notes(key) || is_no_speech(key);
        if self.skipped.len() < MOST {
            self.skipped.insert(key, skips);
        }
        skips
    }
}

/// Determines what the keys of a place mean; returns whether its entries are written messages.
fn understand<'j>(place: &mut Place<'j>, known: &mut HashMap<&'j str, Option<Key>>) -> bool {
    let mut counts: HashMap<&'j str, (Key, usize)> = HashMap::new();
    let mut owners: HashMap<&'j str, (Key, usize)> = HashMap::new();
    let (mut seen, mut written) = (0_usize, 0_usize);
    let several = place.lists.len() > 1;
    let mut mean = |key: &'j str| *known.entry(key).or_insert_with(|| meaning(key));
    for list in &place.lists {
        for entry in list.entries.iter().take(SAMPLE.saturating_sub(seen)) {
            seen += 1;
            let Value::Object(fields) = &entry.value else { continue };
            written += usize::from(fields.iter().any(|(key, _)| OF_CHATS.contains(&key.as_ref())));
            for (name, value) in fields.iter().take(KEYS) {
                // A message has a sender under "from", a subtitle a start.
                let key = mean(name).map(|key| match key.known_as {
                    "from" if value.is_object() || names_no_time(value) => Key { meaning: Meaning::Speaker, ..key },
                    "s" if names_no_time(value) => Key { meaning: Meaning::Speaker, ..key },
                    _ => key,
                });
                if let Some(key) = key.filter(|key| holds(value, key.meaning)) {
                    counts.entry(name).or_insert((key, 0)).1 += 1;
                }
            }
        }
        let of_people = several && owners::are_people(list);
        let fields = list.around.iter().flatten().filter_map(|around| match &around.value {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
        for (name, value) in fields.flat_map(|fields| fields.iter().take(KEYS)) {
            let speaks = |key: &Key| matches!(key.meaning, Meaning::Speaker | Meaning::SpeakerId | Meaning::Source);
            // A title or a file has a name as well.
            let vague = |key: &Key| {
                !of_people
                    && matches!(
                        key.known_as,
                        "name" | "source" | "user" | "username" | "author" | "speakers" | "userid"
                    )
            };
            if let Some(key) = mean(name).filter(|key| speaks(key) && !vague(key) && holds(value, key.meaning)) {
                owners.entry(name).or_insert((key, 0)).1 += 1;
            }
        }
        if seen >= SAMPLE {
            break;
        }
    }
    place.keys = by_meaning(counts);
    let mut owners: Vec<_> = owners.into_iter().map(|(name, (key, _))| (name, key)).collect();
    owners.sort_unstable_by_key(|(name, key)| (key.meaning != Meaning::Speaker, key.rank, *name));
    place.owners = owners;
    place.written = seen > 0 && written * 2 > seen;
    if let Some(key) = names_by_turns::find(place) {
        place.keys.insert(Meaning::Speaker, vec![key]);
    }
    measure(place);
    let messages = place.moments && place.has_speakers() && place.evidence() < 2;
    (messages || place.written) && !place.keys(Meaning::Text).is_empty()
}

fn by_meaning<'j>(counts: HashMap<&'j str, (Key, usize)>) -> HashMap<Meaning, Vec<(&'j str, Key)>> {
    let mut keys: HashMap<Meaning, Vec<(&'j str, Key, usize)>> = HashMap::new();
    for (name, (key, count)) in counts {
        keys.entry(key.meaning).or_default().push((name, key, count));
    }
    let tidy = |(meaning, mut keys): (Meaning, Vec<(&'j str, Key, usize)>)| {
        // A key that hardly any entry has is something else.
        let most = keys.iter().map(|(.., count)| *count).max().unwrap_or(0);
        keys.retain(|(.., count)| count * 2 >= most || matches!(meaning, Meaning::Speaker));
        keys.sort_unstable_by_key(|(name, key, _)| (key.rank, *name));
        (meaning, keys.into_iter().map(|(name, key, _)| (name, key)).collect())
    };
    keys.into_iter().map(tidy).collect()
}

/// Whether there is text where a time might be: it's the speaker.
fn names_no_time(value: &Json<'_>) -> bool {
    value.filled() && !value.raw().is_there()
}

/// Whether a value can be what its key means.
fn holds(value: &Json<'_>, meaning: Meaning) -> bool {
    match meaning {
        Meaning::Text => value.filled() || spoken_in(value).is_some(),
        Meaning::Speaker => {
            let named = |json: &Json<'_>| json.filled() || matches!(json.value, Value::Number(_) | Value::Large(_));
            let several = !value.items().is_empty() && value.items().iter().all(Json::filled);
            several
                || named(value)
                || value.is_object()
                    && ([INNER_IDS, GIVEN].concat().iter().any(|key| named(value.get(key)))
                        || named(name_in(value))
                        || address_in(value).filled())
        }
        Meaning::SpeakerId | Meaning::Source => {
            value.filled() || matches!(value.value, Value::Number(_) | Value::Large(_))
        }
        Meaning::Start | Meaning::End => value.raw().is_there() || pair(value).is_some(),
        Meaning::Duration => value.raw().is_there(),
    }
}

/// Measures the texts, and whether they are single words.
fn measure(place: &mut Place<'_>) {
    let keys = place.keys(Meaning::Text).to_vec();
    let (mut letters, mut texts, mut spaced) = (0, 0_usize, 0_usize);
    for entry in place.lists.iter().flat_map(|list| list.entries) {
        if let Some(text) = text_of(entry, &keys).and_then(Json::text) {
            letters += units::letters(text);
            texts += 1;
            spaced += usize::from(text.trim().contains(char::is_whitespace) || units::letters(text) > 45);
        }
    }
    (place.letters, place.texts) = (letters, texts);
    let sample = || place.lists.iter().flat_map(|list| list.entries).take(SAMPLE);
    let start = place.keys(Meaning::Start).first().map(|(name, _)| *name);
    let first = start.and_then(|name| sample().map(|entry| entry.get(name).raw()).find(|raw| raw.is_there()));
    let moments = match first {
        Some(Raw::Moment(_)) => true,
        Some(Raw::Number(number)) => number >= 1e9,
        _ => false,
    };
    let speakers = [place.keys(Meaning::Speaker), place.keys(Meaning::SpeakerId)].concat();
    let seen: Vec<String> = sample()
        .filter_map(|entry| {
            let value = speakers.iter().map(|(name, _)| entry.get(name)).find(|value| value.is_there())?;
            id(value)
                .or_else(|| id(name_in(value)))
                .or_else(|| id(value.any(INNER_IDS)))
                .or_else(|| id(address_in(value)))
        })
        .collect();
    let distinct = seen.iter().collect::<HashSet<_>>().len();
    let once = seen.len() >= 3 && distinct == seen.len();
    let typed = sample().any(says_transcript);
    let raw =
        |meaning, entry: &Json<'_>| place.keys(meaning).first().map_or(Raw::None, |(name, _)| entry.get(name).raw());
    let row = |entry: &Json<'_>| Row {
        letters: text_of(entry, &keys).and_then(Json::text).map_or(0, units::letters),
        start: raw(Meaning::Start, entry),
        end: raw(Meaning::End, entry),
        long: Raw::None,
    };
    let rows: Vec<Row> = sample().map(row).collect();
    (place.of_letters, place.paced) = (units::count_letters(&rows), units::paced(&rows));
    place.timed_by_words = sample().any(|entry| times_of_words(entry).0.is_there());
    (place.moments, place.once, place.typed, place.speakers) = (moments, once, typed, distinct);
    let said: Vec<&str> = sample().map(|entry| text_of(entry, &keys).and_then(Json::text).unwrap_or("")).collect();
    place.in_turn = moments && !place.written && place.evidence() < 2 && spoken::in_turn(&seen, &said, &rows);
    let named = keys.first().is_some_and(|(_, key)| matches!(key.known_as, "word" | "token" | "punctuatedword"));
    place.words = texts > 0 && spaced * 10 < texts && (named || texts >= 5);
}
