//! Fireflies: `sentences[]` with `speaker_name` and times in seconds, as numbers or as text. The app's download is the
//! bare list, the API wraps it in the meeting.

use super::{JsonSource, book::Book, tree::Json};
use crate::{format::Format, transcript::Attendee};

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "fireflies", knows, read, repeats: &["raw_text", "text", "sentence", "ai_filters"] };

const TEXT: &[&str] = &["text", "sentence", "raw_text"];

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let sentences = sentences(json);
    let named = sentences.each_has(&["speaker_name"]) || sentences.each_has(&["speaker_id"]);
    let worded = TEXT.iter().any(|key| sentences.each_has(&[key]));
    let own = json.has(&["sentences"]) || sentences.each_has(&["sentence"]) || sentences.each_has(&["raw_text"]);
    (named && worded && own).then_some("sentences with speaker_name or speaker_id")
}

fn sentences<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.is_list() { json } else { json.get("sentences") }
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    book.title(json.get("title"));
    book.day(json.any(&["date", "dateString"]));
    for attendee in json.get("meeting_attendees").items() {
        book.attends(Attendee::default(), attendee);
    }
    // Addresses only: `["a@b.example"]`, or several in one text.
    let listed = json.get("participants").items().iter();
    for addresses in listed.chain([json.get("organizer_email"), json.get("host_email")]).filter_map(Json::text) {
        for address in addresses.split([',', ';']) {
            book.draft.attends(Attendee { email: Some(address.to_owned()), ..Attendee::default() });
        }
    }
    for sentence in sentences(json).items() {
        // If nobody is named, the number still tells the speakers apart.
        let name = sentence.any(&["speaker_name", "speakerName"]);
        let id = sentence.any(&["speaker_id", "speakerId"]);
        let label = book.label(name).or_else(|| book.label(id));
        let start = sentence.any(&["start_time", "startTime"]).seconds();
        let end = sentence.any(&["end_time", "endTime"]).seconds();
        let filled = TEXT.iter().map(|key| sentence.get(key)).find(|text| text.filled());
        match filled {
            Some(text) => book.say(label.as_deref(), start, end, text),
            None if !TEXT.iter().any(|key| sentence.get(key).text().is_some()) => {
                book.warn(sentence, "a sentence without text");
            }
            None => {}
        }
    }
    Format::Fireflies
}
