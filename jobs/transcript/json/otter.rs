//! Otter: `transcripts[]` with offsets in samples, at 16,000 per second; names are in `speakers[]`.

use std::collections::HashSet;

use super::{
    JsonSource,
    book::Book,
    people::{People, id},
    tree::Json,
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "otter", knows, read, repeats: &["alignment"] };

fn transcripts<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    let own = json.get("transcripts");
    let inner = json.get("speech").get("transcripts");
    // Some people cut out just the list.
    [own, inner].into_iter().find(|list| list.is_list()).unwrap_or(json)
}

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let transcripts = transcripts(json);
    let own = ["speaker_model_label", "alignment", "speech_id", "speaker_edited_at"];
    let known = own.iter().any(|key| transcripts.each_has(&[key]));
    (known && transcripts.each_has(&["transcript", "start_offset"])).then_some("transcripts with start_offset")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let speech = json.get("speech");
    book.title(speech.get("title"));
    book.title(json.get("title"));
    let created = [speech.get("created_at"), json.get("created_at")].into_iter().find_map(Json::number);
    if let Some(moment) =
        created.and_then(|seconds| crate::raw_time::whole(seconds * 1e3)).filter(|_| book.draft.started_at.is_none())
    {
        book.begin(std::iter::once(moment));
    }
    let turns = transcripts(json).items();
    let ids: HashSet<String> = turns.iter().filter_map(|turn| id(turn.get("speaker_id"))).collect();
    let people = People::find(book.root, "speaker_id", &ids, book);
    for turn in turns {
        let speaker = turn.get("speaker_id");
        // If nobody was named, the speakers still have numbers.
        let named = book.label(turn.any(&["speaker_name"]));
        let label = named.or_else(|| people.label(speaker)).or_else(|| book.label(turn.get("speaker_model_label")));
        let label = label.or_else(|| book.label(turn.get("label"))).or_else(|| book.label(speaker));
        let samples = |key: &str| turn.get(key).number().and_then(|samples| crate::raw_time::whole(samples / 16.0));
        if turn.get("transcript").text().is_none() {
            book.warn(turn, "a turn without text");
        }
        book.say(label.as_deref(), samples("start_offset"), samples("end_offset"), turn.get("transcript"));
    }
    Format::OtterJson
}
