//! Deserializes JSON to types that know one tool's keys, like a program that reads only that tool.

use std::path::Path;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// Reads the file to the types of the tool in its name.
pub fn read(bytes: &[u8], path: &Path) -> Result<usize, String> {
    match path.file_stem().and_then(|name| name.to_str()).unwrap_or("") {
        "aws" => {
            let file: Aws = of(bytes)?;
            Ok(file.results.items.iter().filter(|item| item.kind == "pronunciation").count())
        }
        "deepgram" => {
            let file: Deepgram = of(bytes)?;
            Ok(file
                .results
                .channels
                .iter()
                .flat_map(|channel| &channel.alternatives)
                .map(|best| best.words.len())
                .sum())
        }
        "whisper" => Ok(of::<Whisper>(bytes)?.segments.len()),
        "fireflies" => Ok(of::<Vec<Sentence>>(bytes)?.len()),
        "assemblyai" => Ok(of::<Assembly>(bytes)?.utterances.len()),
        other => Err(format!("no types for {other}")),
    }
}

fn of<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// How much a JSON tree contains, whichever tool wrote it.
pub fn of_values(file: &Value) -> usize {
    let length = |list: &Value| list.as_array().map_or(0, Vec::len);
    if let Some(items) = file["results"]["items"].as_array() {
        return items.iter().filter(|item| item["type"] == "pronunciation").count();
    }
    length(file)
        + length(&file["results"]["channels"][0]["alternatives"][0]["words"])
        + length(&file["segments"])
        + length(&file["utterances"])
}

#[derive(Deserialize)]
struct Aws {
    results: AwsResults,
}

#[derive(Deserialize)]
struct AwsResults {
    items: Vec<AwsItem>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read to be there")]
struct AwsItem {
    #[serde(rename = "type")]
    kind: String,
    alternatives: Vec<AwsAlternative>,
    start_time: Option<String>,
    end_time: Option<String>,
    speaker_label: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read to be there")]
struct AwsAlternative {
    content: String,
}

#[derive(Deserialize)]
struct Deepgram {
    results: DeepgramResults,
}

#[derive(Deserialize)]
struct DeepgramResults {
    channels: Vec<DeepgramChannel>,
}

#[derive(Deserialize)]
struct DeepgramChannel {
    alternatives: Vec<DeepgramAlternative>,
}

#[derive(Deserialize)]
struct DeepgramAlternative {
    words: Vec<DeepgramWord>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read to be there")]
struct DeepgramWord {
    start: f64,
    end: f64,
    speaker: Option<u32>,
    punctuated_word: String,
}

#[derive(Deserialize)]
struct Whisper {
    segments: Vec<WhisperSegment>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read to be there")]
struct WhisperSegment {
    start: f64,
    end: f64,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read to be there")]
struct Sentence {
    sentence: String,
    start_time: String,
    end_time: String,
    #[serde(rename = "speaker_name")]
    speaker_name: String,
}

#[derive(Deserialize)]
struct Assembly {
    utterances: Vec<AssemblyUtterance>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read to be there")]
struct AssemblyUtterance {
    speaker: String,
    start: i64,
    end: i64,
    text: String,
}
