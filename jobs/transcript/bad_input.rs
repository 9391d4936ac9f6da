//! What coaches upload by mistake, and what remains of a damaged file: each ends in a clear refusal, or in a transcript
//! with a warning and its position. Nothing panics, and no word is lost.

use std::fmt::Write;

use crate::{NotATranscript, Transcript, parse};

fn refused(bytes: &[u8]) -> String {
    match parse(bytes) {
        Ok(read) => panic!("read as {:?}", read.format),
        Err(refusal) => refusal.to_string(),
    }
}

fn read(bytes: &[u8]) -> Transcript {
    let read = parse(bytes).expect("there is something to read");
    assert!(read.account.balances(), "{:?}", read.account);
    read
}

/// The position of the warning that contains `what`.
fn warned(read: &Transcript, what: &str) -> (usize, Option<usize>) {
    let warning = read.warnings.iter().find(|warning| warning.message.contains(what));
    let warning = warning.unwrap_or_else(|| panic!("nothing of {what} in {:?}", read.warnings));
    (warning.line, warning.column)
}

#[test]
fn nothing_is_no_transcript() {
    for nothing in [&b""[..], b" \n\t\r\n ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfe\n\0", &[0; 4096], b"\n\n\n"] {
        let said = refused(nothing);
        assert!(said.contains("empty") || said.contains("not text"), "{nothing:?}: {said}");
    }
}

#[test]
fn other_files_are_called_what_they_are() {
    let mut noise = 1_u32;
    let mut random = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    };
    let noise: Vec<u8> = (0..5_000).map(|_| random()).collect();
    let files: [(&[u8], &str); 13] = [
        (b"%PDF-1.7\n1 0 obj", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "picture"),
        (b"\xff\xd8\xff\xe0JFIF", "picture"),
        (b"\0\0\0\x18ftypmp42", "recording"),
        (b"\x1a\x45\xdf\xa3\x01", "recording"),
        (b"ID3\x04\0\0", "recording"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "recording"),
        (b"\x1f\x8b\x08\0\0", "compressed"),
        (b"{\\rtf1\\ansi Maya: hello", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Office"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0", "not text"),
        (
            b"From: maya@example.org\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
              Maya: Sch=C3=B6n, und dann?\nTom: So weit=\n war es gut.\nMaya: Gut.\nTom: Ja.\n",
            "an email in its stored form",
        ),
        (&noise, "not text"),
    ];
    for (file, what) in files {
        let said = refused(file);
        assert!(said.contains(what) && said.contains("export"), "{what}: {said}");
    }
}

/// The kind of a file is determined by its bytes: its name doesn't matter. So nothing here has a name.
#[test]
fn a_refusal_says_what_was_seen_and_what_comes_nearest() {
    for (text, seen) in [
        ("Dear Maya,\nthank you for the call.\nSee you soon.", "3 lines with 10 words"),
        ("09:00 Coffee\n09:30 Plan\n10:00 End", "3 that begin with a time"),
        ("Maya: yes\nTom: no\nAnn: why", "3 that begin with what may be a name"),
        ("a,b,c\n1,2,3\n4,5,6", "a table (CSV)"),
        ("10 --> 20\nso it goes --> there", "none of its times can be read"),
        ("<?xml version=\"1.0\"?><rss><item/></rss>", "first element is <rss>"),
        ("<!DOCTYPE html><p>so</p>", "HTML page"),
        ("{\"segments\": {\"a\": 1}}", "looks like that of Whisper"),
        ("{\"turns\": 3, \"b\": 4}", "looks like that of Read.ai"),
        ("{\"b\": 4}", "an object with \"b\""),
    ] {
        let said = refused(text.as_bytes());
        assert!(said.contains("couldn't recognise this as a transcript") && said.contains(seen), "{text:?}: {said}");
    }
}

#[test]
fn what_was_cut_off_is_read_as_far_as_it_goes() {
    let whole =
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n<v Ana>One.</v>\n\n2\n00:00:03.000 --> 00:00:04.000\n<v Tom>Two";
    assert_eq!(read(whole.as_bytes()).utterances.len(), 2);
    for (end, said) in [(whole.len() - 3, 1), (whole.len() - 8, 1), (60, 1)] {
        assert_eq!(read(&whole.as_bytes()[..end]).utterances.len(), said, "{:?}", &whole[..end]);
    }
    let cut = read(&whole.as_bytes()[..whole.len() - 12]);
    assert_eq!(warned(&cut, "a cue without words").0, 8, "{:?}", cut.warnings);
    let json = br#"{"segments": [{"start": 0, "end": 1, "text": "so"}, {"sta"#;
    assert!(refused(json).contains("line 1, column 57"), "{}", refused(json));
}

#[test]
fn two_transcripts_in_one_file_are_not_one_speech() {
    const SRT: &str = "1\n00:00:01,000 --> 00:00:02,000\nAna: One.\n\n2\n00:00:03,000 --> 00:00:04,000\nTom: Two.\n\n";
    const VTT: &str =
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ana>One.\n\n00:00:03.000 --> 00:00:04.000\n<v Tom>Two.\n\n";
    const TEXT: &str = "[00:00:01] Maya: Three.\n[00:00:02] Priya: Four.\n[00:00:03] Maya: Five.\n\n";
    // The second file, and its first line; captions are read in either notation.
    for (file, line, said) in [
        (format!("{SRT}{VTT}"), 9, 4),
        (format!("{VTT}{VTT}"), 9, 4),
        (format!("{SRT}{TEXT}"), 9, 2),
        (format!("{TEXT}{SRT}"), 1, 2),
    ] {
        let read = read(file.as_bytes());
        assert_eq!(read.utterances.len(), said, "{file}");
        assert!(read.warnings.iter().any(|warning| warning.line == line), "{:?}", read.warnings);
        assert!(
            read.utterances.iter().all(|said| !said.text.contains("WEBVTT") && !said.text.contains("00:")),
            "{file}"
        );
    }
    // The times of the second aren't in its own notation, but they are times.
    assert_eq!(read(format!("{VTT}{SRT}").as_bytes()).utterances.len(), 4);
    let json = format!("{{\"segments\": []}}\n{TEXT}");
    assert!(refused(json.as_bytes()).contains("line 2, column"), "{}", refused(json.as_bytes()));
}

#[test]
fn damaged_letters_have_a_place() {
    let head = "[00:01] Zoë: très bien, café à côté.\n[00:02] Tom: ".as_bytes();
    let mixed = [head, b"na\xefve, \xffso.\n[00:03] Zo\xc3\xab: oui.\n[00:04] Tom: fin\xc3.\n"].concat();
    let found = read(&mixed);
    assert_eq!(warned(&found, "not valid UTF-8"), (4, Some(17)), "{:?}", found.warnings);
    assert_eq!(found.utterances[1].text, "naïve, ÿso.");
    let windows = b"[00:01] Ana: plain.\n[00:02] Tom: caf\xe9.\n[00:03] Ana: d\xe9j\xe0.\n";
    assert_eq!(warned(&read(windows), "Windows-1252"), (2, Some(17)));
    let text = "[00:01] Ana: one.\n[00:02] Tom: two.\n";
    let mut wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    wide[2 * 31..2 * 32].copy_from_slice(&0xd800_u16.to_le_bytes());
    assert_eq!(warned(&read(&wide), "damaged (UTF-16LE)"), (2, Some(13)));
}

#[test]
fn nuls_are_no_words() {
    let padded = [b"[00:01] Ana: one.\n[00:02] Tom: two.\n".as_slice(), &[0; 3_000]].concat();
    let found = read(&padded);
    assert_eq!(found.utterances[1].text, "two.");
    assert_eq!(warned(&found, "letters of nothing").0, 2);
    // A few are damaged letters, in every encoding.
    for nuls in [7, 15, 16, 4_000] {
        let text = "[00:01] Ana: one.\n[00:02] Tom: two.\n".repeat(8).trim_end().to_owned() + &"\0".repeat(nuls);
        let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(text.as_bytes()).utterances, read(&wide).utterances, "{nuls}");
    }
    assert_eq!(read(b"[00:01] Ana: o\0ne.\n[00:02] Tom: two.\n").utterances[0].text, "o\u{fffd}ne.");
}

#[test]
fn times_that_cannot_be_have_a_place() {
    let found = read(
        b"WEBVTT\n\n00:00:09.000 --> 00:00:08.000\none\n\n00:00:01.000 --> 00:00:02.000\ntwo\n\n\
          -00:00:05.000 --> 00:00:06.000\nthree\n\n00:99:01.000 --> 00:00:02.000\nfour\n",
    );
    assert_eq!(found.utterances.len(), 4, "{found:?}");
    assert_eq!(warned(&found, "ends before it begins").0, 3);
    assert_eq!(warned(&found, "runs backwards").0, 6);
    assert_eq!(warned(&found, "cannot be read"), (9, Some(1)));
    assert!(found.utterances.iter().all(|said| said.start_ms.is_none_or(|start| start >= 0)));
    let text = "[00:10:00] Ana: one\n[00:01:00 - 00:00:30] Tom: two\n[00:02:00] Ana: three\n";
    let found = read(text.as_bytes());
    assert_eq!((warned(&found, "ends before").0, warned(&found, "runs backwards").0), (2, 2));
    let json = r#"{"segments": [{"start": 5, "end": 1, "text": "so"}, {"start": -3, "end": 1, "text": "on"}]}"#;
    let found = read(json.as_bytes());
    assert!(warned(&found, "ends before it begins").1.is_some() && warned(&found, "before the start").1.is_some());
}

#[test]
fn a_million_cues_are_read_and_too_many_lines_refused() {
    let mut file = String::from("WEBVTT\n\n");
    for at in 0..1_000_000 {
        let (minutes, seconds) = (at / 60 % 60, at % 60);
        let hours = at / 3600;
        let _ = write!(
            file,
            "{hours:02}:{minutes:02}:{seconds:02}.000 --> {hours:02}:{minutes:02}:{seconds:02}.900\n<v Ana>so {at}\n\n"
        );
    }
    let found = read(file.as_bytes());
    // Eleven days of talk are suspicious, but read.
    assert_eq!((found.utterances.len(), found.warnings.len()), (1_000_000, 1));
    assert!(found.warnings[0].message.contains("lasts 11 days"), "{:?}", found.warnings);
    let lines = "a\n".repeat(8_000_002);
    assert_eq!(parse(lines.as_bytes()).map(|read| read.format), Err(NotATranscript::TooLong(8_000_000)));
}
