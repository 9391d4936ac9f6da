//! The speaker of each entry in JSON of an unknown tool: by name, by a table of people, by what speaks when, or by the
//! channel it came from. Without any of these there is none.

use std::collections::{HashMap, HashSet};

use super::{
    book::Book,
    entry::{Entry, entry},
    lists::Place,
    parts::{GIVEN, INNER_IDS, SURNAMES, address_in, name_in},
    people::{self, NAMESAKES, People, apart, id},
    tree::Json,
};
use crate::{
    keys::Meaning,
    raw_time::{Raw, whole},
    units::Row,
};

/// The labels for the local microphone, and for everything else.
pub(super) const MICROPHONE: &str = "Microphone";
pub(super) const SYSTEM: &str = "System audio";

pub(super) fn labels(
    root: &Json<'_>,
    place: &Place<'_>,
    entries: &[Entry<'_>],
    book: &mut Book<'_>,
) -> Vec<Option<String>> {
    let own_id = |entry: &Entry<'_>| {
        let inner = entry.speaker.map(|speaker| speaker.any(INNER_IDS)).and_then(id);
        entry.speaker_id.and_then(id).or(inner).or_else(|| entry.speaker.and_then(id))
    };
    let ids: HashSet<String> = entries.iter().filter_map(own_id).collect();
    let keys = place.keys(Meaning::SpeakerId).first().or(place.keys(Meaning::Speaker).first()).or(place.owners.first());
    let people = People::find(root, keys.map_or("", |(name, _)| name), &ids, book);
    let label = |book: &mut Book<'_>, entry: &Entry<'_>| {
        let name = entry.speaker.map(|speaker| if speaker.is_object() { name_in(speaker) } else { speaker });
        let id = entry.speaker_id.or_else(|| entry.speaker.map(|speaker| speaker.any(INNER_IDS)));
        // A name next to the words needs no table; a number does.
        let known = name.and_then(|name| people.label(name)).or_else(|| {
            let written = name.is_some_and(Json::filled);
            if written { None } else { id.and_then(|id| people.label(id)) }
        });
        let written = known.or_else(|| name.and_then(|name| written(name, book)));
        let parts = |book: &mut Book<'_>| {
            let parts = [entry.speaker?.any(GIVEN), entry.speaker?.any(SURNAMES)];
            let parts: Vec<String> = parts.into_iter().filter_map(|part| book.label(part)).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        let written = written.or_else(|| parts(book));
        let address = |book: &mut Book<'_>| entry.speaker.and_then(|speaker| book.label(address_in(speaker)));
        written.or_else(|| address(book)).or_else(|| id.and_then(|id| book.label(id)))
    };
    let person = |entry: &Entry<'_>| place.lists[entry.list].person.map(str::to_owned);
    let mut labels: Vec<Option<String>> =
        entries.iter().map(|entry| label(book, entry).or_else(|| person(entry))).collect();
    if labels.iter().all(Option::is_none) {
        labels = sources(place, entries, book);
    } else if labels.iter().any(Option::is_none) {
        // A microphone is one speaker, even if the remote side's speakers are named.
        for (label, source) in labels.iter_mut().zip(sources(place, entries, book)) {
            let heard = source.filter(|source| matches!(source.as_str(), MICROPHONE | SYSTEM));
            *label = label.take().or(heard);
        }
    }
    number_identifiers(&mut labels);
    // Those named by a table are told apart there.
    let number = |entry: &Entry<'_>| {
        let id = entry.speaker_id.or_else(|| entry.speaker.map(|speaker| speaker.any(INNER_IDS)))?;
        if people.label(id).is_some() { None } else { people::id(id) }
    };
    let speakers: Vec<_> = labels.into_iter().zip(entries.iter().map(number)).collect();
    let (labels, namesakes) = apart(&speakers);
    if namesakes {
        book.draft.warn(0, NAMESAKES);
    }
    labels
}

/// A label as written; for a list all of its names, since we can't know which of them speaks.
fn written(name: &Json<'_>, book: &mut Book<'_>) -> Option<String> {
    if name.is_list() {
        let names: Vec<String> = name.items().iter().filter_map(|name| book.label(name)).collect();
        return (!names.is_empty()).then(|| names.join(" & "));
    }
    book.label(name)
}

/// If nobody is named, the channels or sources are the speakers, provided there are several.
fn sources(place: &Place<'_>, entries: &[Entry<'_>], book: &mut Book<'_>) -> Vec<Option<String>> {
    let own = |entry: &Entry<'_>| {
        let keys = place.keys(Meaning::Source).iter().map(|(name, _)| *name);
        let value = keys.map(|name| entry.json.get(name)).find(|value| id(value).is_some());
        let around = place.lists[entry.list].around.iter().flatten();
        let mut owners = around.flat_map(|around| place.owners.iter().map(|(name, _)| around.get(name)));
        value.or_else(|| owners.find(|value| id(value).is_some())).and_then(id)
    };
    let distinct: HashSet<Option<String>> = entries.iter().map(own).collect();
    if distinct.len() < 2 {
        return vec![None; entries.len()];
    }
    let label = |source: String| match source.to_lowercase().as_str() {
        "microphone" | "mic" => MICROPHONE.to_owned(),
        "system" | "speaker" | "system_audio" => SYSTEM.to_owned(),
        number if number.parse::<u32>().is_ok() => format!("Channel {number}"),
        _ => source,
    };
    for entry in entries {
        for (name, _) in place.keys(Meaning::Source) {
            book.structure(entry.json.get(name));
        }
    }
    entries.iter().map(|entry| own(entry).map(label)).collect()
}

/// If another list says who speaks when: the speaker at each time; `None` if there are two, or none.
pub(super) fn by_spans(
    spans: &[Place<'_>],
    times: &[(Option<i64>, Option<i64>)],
    book: &mut Book<'_>,
) -> Option<Vec<Option<String>>> {
    let place = spans.first()?;
    let rows: Vec<(Row, &Json<'_>)> = place
        .lists
        .iter()
        .enumerate()
        .flat_map(|(at, list)| list.entries.iter().map(move |entry| (at, entry)))
        .map(|(at, json)| (json, entry(place, at, json, json)))
        .filter_map(|(_, entry)| Some((entry.row, entry.speaker.or(entry.speaker_id)?)))
        .collect();
    // In the unit of the utterances: both are in one file, and these contain no words.
    let value = |raw: Raw| match raw {
        Raw::Number(seconds) => whole(seconds * 1e3),
        Raw::Millis(millis) => Some(millis),
        _ => None,
    };
    let mut speakers: Vec<(i64, i64, String)> = Vec::new();
    for (row, speaker) in rows {
        let label = if speaker.is_object() { book.label(name_in(speaker)) } else { written(speaker, book) };
        let start = value(row.start);
        let end = value(row.end).or_else(|| Some(start? + value(row.long)?));
        if let (Some(start), Some(end), Some(label)) = (start, end, label) {
            speakers.push((start, end, label));
        }
    }
    let last = |ends: &mut dyn Iterator<Item = i64>| ends.max().unwrap_or(0);
    let said = last(&mut times.iter().filter_map(|(start, end)| end.or(*start)));
    let heard = last(&mut speakers.iter().map(|(_, end, _)| *end));
    // Milliseconds were mistaken for seconds.
    if heard > said * 100 {
        speakers.iter_mut().for_each(|(start, end, _)| (*start, *end) = (*start / 1000, *end / 1000));
    }
    speakers.sort_unstable();
    let who = |(start, end): &(Option<i64>, Option<i64>)| {
        let middle = end.map_or((*start)?, |end| i64::midpoint(start.unwrap_or(end), end));
        let until = speakers.partition_point(|(start, ..)| *start <= middle);
        // Those who began recently; nobody keeps speaking while that many others do.
        let near = speakers[until.saturating_sub(8)..until].iter().filter(|(_, end, _)| *end >= middle);
        let mut labels: Vec<&str> = near.map(|(.., label)| label.as_str()).collect();
        labels.dedup();
        if let [one] = labels.as_slice() { Some((*one).to_owned()) } else { None }
    };
    Some(times.iter().map(who).collect())
}

/// Replaces unreadable identifiers with numbers, in order of appearance.
fn number_identifiers(labels: &mut [Option<String>]) {
    let opaque = |label: &str| {
        let bare = label.strip_prefix("Speaker ").unwrap_or(label);
        let digits = bare.bytes().filter(u8::is_ascii_digit).count();
        !bare.contains([' ', '@']) && (digits > 15 || bare.len() >= 20 && digits >= 4)
    };
    let taken: HashSet<String> = labels.iter().flatten().filter(|label| !opaque(label)).cloned().collect();
    let mut numbers = HashMap::new();
    let mut next = 0;
    for label in labels.iter_mut().flatten().filter(|label| opaque(label)) {
        let number = numbers.entry(label.clone()).or_insert_with(|| {
            next += 1;
            while taken.contains(&format!("Speaker {next}")) {
                next += 1;
            }
            next
        });
        *label = format!("Speaker {number}");
    }
}
