//! What every fuzz target asserts about a file, whatever it contains.
//!
//! Reads the fuzzer's bytes, writes nothing; the same bytes produce the same result.

use std::time::{Duration, Instant};

use debrief_transcript::{Transcript, parse};

/// No file of the fuzzer's size may take longer. The fuzzer's own limit of ten seconds is for infinite loops.
const LONGEST: Duration = Duration::from_secs(4);

/// Reads `bytes` and checks what must be true of every file: it finishes quickly; no word is lost or duplicated; the
/// result's size is proportional to the file; a refusal has a message; no label is empty.
///
/// # Panics
/// If any of this isn't true.
pub fn check(bytes: &[u8]) -> Option<Transcript> {
    let begin = Instant::now();
    let read = parse(bytes);
    let took = begin.elapsed();
    assert!(took < LONGEST, "{} bytes took {took:?}", bytes.len());
    let transcript = match read {
        Ok(transcript) => transcript,
        Err(refusal) => {
            assert!(refusal.to_string().len() > 20, "a refusal that says nothing");
            return None;
        }
    };
    assert!(transcript.account.balances(), "{:?} in {:?}", transcript.account, transcript.format);
    assert!(!transcript.utterances.is_empty(), "a transcript without words");
    for utterance in &transcript.utterances {
        assert!(!utterance.text.trim().is_empty(), "an utterance without words");
        assert!(utterance.label.as_ref().is_none_or(|label| !label.trim().is_empty()), "a label without letters");
        assert!(utterance.start_ms.is_none_or(|start| start >= 0), "a time before the beginning");
        assert!(utterance.end_ms.is_none_or(|end| end >= 0), "a time before the beginning");
        let backwards = utterance.start_ms.zip(utterance.end_ms).is_some_and(|(start, end)| end < start);
        assert!(!backwards, "an utterance that ends before it begins");
    }
    Some(transcript)
}

/// Like [`check`], and also that what was read isn't much larger than the file.
///
/// # Panics
/// If it is.
pub fn check_size(bytes: &[u8]) -> Option<Transcript> {
    let transcript = check(bytes)?;
    let held: usize = transcript.utterances.iter().map(|utterance| utterance.text.len()).sum();
    assert!(held <= bytes.len() * 3 + 64, "{held} bytes of words in a file of {}", bytes.len());
    Some(transcript)
}
