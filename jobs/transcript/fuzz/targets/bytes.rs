//! Fuzzes the decoding of bytes: any bytes, and each text in every width, which must read the same.
//!
//! Reads the fuzzer's input; only writes the fuzzer's own corpus.

#![no_main]

use debrief_transcript_fuzz::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = check(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wide = std::iter::once(0xfeff_u16).chain(text.encode_utf16());
    let little: Vec<u8> = wide.clone().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = wide.flat_map(u16::to_be_bytes).collect();
    let wider = std::iter::once('\u{feff}').chain(text.chars()).map(|letter| letter as u32);
    let widest: Vec<u8> = wider.flat_map(u32::to_le_bytes).collect();
    for other in [little, big, widest] {
        // The signatures of other file types are checked in raw bytes only.
        if let (Some(read), Some(again)) = (&read, check(&other)) {
            assert_eq!(read.utterances, again.utterances, "another width reads as something else");
        }
    }
});
