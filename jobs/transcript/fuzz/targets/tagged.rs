//! Fuzzes XML, HTML and TextGrid: TTML, EAF, YouTube's XML, podcasts' HTML.
//!
//! Reads the fuzzer's input; only writes the fuzzer's own corpus.

#![no_main]

use debrief_transcript_fuzz::check_size;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    check_size(bytes);
});
