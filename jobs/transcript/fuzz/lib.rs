//! What every fuzz target asserts of a file, whatever is in it.
//!
//! Reads the bytes that the fuzzer gives, writes nothing; the same bytes give the same answer.

use std::time::{Duration, Instant};

use debrief_transcript::{Transcript, parse};

/// No file of the fuzzer's size takes longer. The fuzzer's own limit of ten seconds is for endless loops.
const LONGEST: Duration = Duration::from_secs(4);

/// Reads `bytes` and checks what holds for every file: it ends, soon; no word is lost or doubled; what is held is in
/// proportion to the file; a refusal says something; nobody is named with nothing.
///
/// # Panics
/// When one of these does not hold.
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

/// As [`check`], and that what was read is not much more than the file.
///
/// # Panics
/// When it is.
pub fn check_size(bytes: &[u8]) -> Option<Transcript> {
    let transcript = check(bytes)?;
    let held: usize = transcript.utterances.iter().map(|utterance| utterance.text.len()).sum();
    assert!(held <= bytes.len() * 3 + 64, "{held} bytes of words in a file of {}", bytes.len());
    Some(transcript)
}
