//! SRT files as found in practice, and who reads them: each file here has a cue or two, written as some tool or person
//! writes them. A reader fails if it rejects a file, or loses or adds a word.

type Read = fn(&[u8]) -> Result<Vec<String>, String>;

/// The description of each file, the file, and the words of its cues.
const FILES: &[(&str, &[u8], &[&str])] = &[
    ("as the books say", b"1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n", &["one", "two"]),
    (
        "lines of Windows",
        b"1\r\n00:00:01,000 --> 00:00:02,000\r\none\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\ntwo\r\n",
        &["one", "two"],
    ),
    (
        "a byte-order mark",
        b"\xef\xbb\xbf1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n",
        &["one", "two"],
    ),
    (
        "points for commas",
        b"1\n00:00:01.000 --> 00:00:02.000\none\n\n2\n00:00:03.000 --> 00:00:04.000\ntwo\n",
        &["one", "two"],
    ),
    ("no numbers", b"00:00:01,000 --> 00:00:02,000\none\n\n00:00:03,000 --> 00:00:04,000\ntwo\n", &["one", "two"]),
    ("hours of one digit", b"1\n0:00:01,000 --> 0:00:02,000\none\n\n2\n0:00:03,000 --> 0:00:04,000\ntwo\n", &["one", "two"]),
    ("no last line break", b"1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo", &["one", "two"]),
    (
        "two blank lines",
        b"1\n00:00:01,000 --> 00:00:02,000\none\n\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n\n\n",
        &["one", "two"],
    ),
    (
        "a blank line within a cue",
        b"1\n00:00:01,000 --> 00:00:02,000\none\n\nstill one\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n",
        &["one still one", "two"],
    ),
    (
        "a blank line above the words",
        b"1\n00:00:01,000 --> 00:00:02,000\n\none\n\n2\n00:00:03,000 --> 00:00:04,000\n\ntwo\n",
        &["one", "two"],
    ),
    ("an empty cue", b"1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n", &["two"]),
    (
        "digits that were said",
        b"1\n00:00:01,000 --> 00:00:02,000\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n7\n8\n",
        &["42", "7 8"],
    ),
    (
        "places on the screen",
        b"1\n00:00:01,000 --> 00:00:02,000 X1:10 X2:20 Y1:1 Y2:2\none\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n",
        &["one", "two"],
    ),
    (
        "Windows-1252",
        b"1\n00:00:01,000 --> 00:00:02,000\ncaf\xe9\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n",
        &["caf\u{e9}", "two"],
    ),
    (
        "UTF-16",
        b"\xff\xfe1\0\n\x000\x000\0:\x000\x000\0:\x000\x001\0,\x000\x000\x000\0 \0-\0-\0>\0 \x000\x000\0:\x000\x000\0:\x000\x002\0,\x000\x000\x000\0\n\0o\0n\0e\0\n\0",
        &["one"],
    ),
];

const READERS: &[(&str, Read)] = &[
    ("debrief", |bytes| {
        let transcript = debrief_transcript::parse(bytes).map_err(|error| error.to_string())?;
        Ok(transcript.utterances.into_iter().map(|utterance| utterance.text).collect())
    }),
    ("debrief, cues", |bytes| {
        let text = debrief_transcript::conformance::decoded(bytes);
        Ok(debrief_transcript::conformance::srt(&text).into_iter().map(|cue| cue.payload.into_owned()).collect())
    }),
    ("fasrt, strict", |bytes| {
        let cues: Result<Vec<_>, _> = fasrt::srt::Parser::strict(text(bytes)?).collect();
        Ok(cues.map_err(said)?.iter().map(|cue| cue.body_ref().to_string()).collect())
    }),
    ("fasrt, lossy", |bytes| {
        let cues: Result<Vec<_>, _> = fasrt::srt::Parser::lossy(text(bytes)?).collect();
        Ok(cues.map_err(said)?.iter().map(|cue| cue.body_ref().to_string()).collect())
    }),
    ("skrt", |bytes| {
        let file = skrt::Srt::try_parse(text(bytes)?).map_err(said)?;
        Ok(file.subtitles().iter().map(|cue| cue.text().to_string()).collect())
    }),
    ("srtlib", |bytes| {
        let file = srtlib::Subtitles::parse_from_str(text(bytes)?.to_owned()).map_err(said)?;
        Ok(file.to_vec().into_iter().map(|cue| cue.text).collect())
    }),
    ("srtparse", |bytes| Ok(srtparse::from_str(text(bytes)?).map_err(said)?.into_iter().map(|cue| cue.text).collect())),
    ("subtp", |bytes| {
        let file = subtp::srt::SubRip::parse(text(bytes)?).map_err(said)?;
        Ok(file.subtitles.into_iter().map(|cue| cue.text.join(" ")).collect())
    }),
    ("aspasia", |bytes| {
        use aspasia::Subtitle;
        let file: aspasia::SubRipSubtitle = text(bytes)?.parse().map_err(said)?;
        Ok(file.events().iter().map(|cue| cue.text.clone()).collect())
    }),
    ("subtitler", |bytes| {
        use subtitler::model::SubtitleFormat;
        let file = subtitler::srt::parse_bytes(bytes).map_err(said)?;
        Ok(file.subtitles().iter().map(|cue| cue.text.clone()).collect())
    }),
];

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(said)
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Prints how many each reader reads, and which it doesn't.
pub fn print() {
    println!("| reader | reads, of {} | not |", FILES.len());
    println!("|---|--:|---|");
    for (name, read) in READERS {
        let missed: Vec<&str> =
            FILES.iter().filter(|(_, file, words)| !reads(*read, file, words)).map(|file| file.0).collect();
        println!("| {name} | {} | {} |", FILES.len() - missed.len(), missed.join(", "));
    }
}

/// Whether all words are found, and no others; their spacing doesn't matter.
fn reads(read: Read, file: &[u8], words: &[&str]) -> bool {
    let spaced = |cue: &String| cue.split_whitespace().collect::<Vec<_>>().join(" ");
    let cues = std::panic::catch_unwind(|| read(file)).unwrap_or_else(|_| Err("it panicked".to_owned()));
    cues.is_ok_and(|cues| cues.iter().map(spaced).filter(|cue| !cue.is_empty()).eq(words.iter().copied()))
}
