//! The layers below the readers, for comparison with other caption parsers: cues and cue text as defined by the format
//! (WebVTT by the W3C's algorithms), before they are interpreted (labels, tool text, words that lost their cue).
//!
//! Reads the given bytes, writes nothing. `examples/conformance.rs` runs the W3C's tests through it.

use std::borrow::Cow;

use crate::{account::Draft, decode, formats::Source, markup, sbv, srt, webvtt_cues};

pub use crate::webvtt_cues::Cue;

/// The text of a file, as every reader gets it: decoded, without byte order mark, with line feeds only. Borrowed if the
/// bytes already are like that.
#[must_use]
pub fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    decode::decode(bytes).text
}

/// The cues of a WebVTT file, by the W3C's algorithm alone; `None` if its text lacks the required header.
#[must_use]
pub fn webvtt(text: &str) -> Option<Vec<Cue<'_>>> {
    let rest = text.strip_prefix("WEBVTT")?;
    let is_one = rest.is_empty() || rest.starts_with([' ', '\t', '\n']);
    is_one.then(|| webvtt_cues::collect(&Source::new(text), None, &mut Draft::uncounted()).all)
}

/// The cues of an SRT file, given its text.
#[must_use]
pub fn srt(text: &str) -> Vec<Cue<'_>> {
    srt::collect(&Source::new(text), &mut Draft::uncounted())
}

/// The cues of an SBV file, given its text.
#[must_use]
pub fn sbv(text: &str) -> Vec<Cue<'_>> {
    sbv::collect(&Source::new(text), &mut Draft::uncounted())
}

/// The text of a cue, span by span, each with the voice that its tags name.
#[must_use]
pub fn cue_text(payload: &str) -> Vec<(Option<String>, String)> {
    markup::spans(payload).into_iter().map(|span| (span.voice.map(Cow::into_owned), span.text.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::{cue_text, decoded, webvtt};

    /// Files modelled on the W3C's tests: `id|start|end|text` per cue; `None` if the file isn't WebVTT.
    #[test]
    fn cues_are_those_of_the_rule() {
        let files: &[(&str, Option<&[&str]>)] = &[
            ("WEBVTT", Some(&[])),
            ("\u{feff}WEBVTT\tso\n\n00:00.000 --> 00:01.000\nso", Some(&["|0|1000|so"])),
            ("WEBVTTX\n\n00:00.000 --> 00:01.000\nso", None),
            ("\nWEBVTT\n\n00:00.000 --> 00:01.000\nso", None),
            ("WEBVTT\n00:00.000 --> 00:01.000\nbelow the signature", Some(&["|0|1000|below the signature"])),
            (
                "WEBVTT\r\r lead\r00:00.000 --> 00:01.000\rone\n\rnext \r\n00:01.000-->00:02.000\r\ntwo\n",
                Some(&[" lead|0|1000|one", "next |1000|2000|two"]),
            ),
            ("WEBVTT\n\n\0 id\n00:00.000 --> 00:01.000\n\0so\0", Some(&["\u{fffd} id|0|1000|\u{fffd}so\u{fffd}"])),
            // An arrow ends a cue; a line without one does not.
            (
                "WEBVTT\n\n00:00.000 --> 00:01.000\none\n00:01.000 --> 00:02.000\n-- >\n->\n",
                Some(&["|0|1000|one", "|1000|2000|-- >\n->"]),
            ),
            ("WEBVTT\n\none --> two\n\nthree\n--> \n00:00.000 --> 00:01.000\nso", Some(&["|0|1000|so"])),
            ("WEBVTT\n\n00:00.000\t -->\t00:01.000 align:start line:-1\nso", Some(&["|0|1000|so"])),
            ("WEBVTT\n\nNOTE\n00:00.000 --> 00:01.000\nso", Some(&["NOTE|0|1000|so"])),
            (
                "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\n\n00:00.000 --> 00:01.000\nso",
                Some(&["|0|1000|so"]),
            ),
            (
                "WEBVTT\n\n00:60.000 --> 01:00.000\nno\n\n60:00.000 --> 61:00.000\nno\n\n0:00:59.999 --> 100:00:00.000\nso",
                Some(&["|59999|360000000|so"]),
            ),
            (
                "WEBVTT\n\n-00:00.000 --> 00:01.000\nno\n\n00:00.00 --> 00:01.000\nno\n\n00:00,000 --> 00:01,000\nno",
                Some(&[]),
            ),
            (
                "WEBVTT\n\n00:02.000 --> 00:01.000\nbackwards\n\n00:00.000 --> 00:01.000\n\nlost",
                Some(&["|2000|1000|backwards", "|0|1000|"]),
            ),
        ];
        for (file, wanted) in files {
            let text = decoded(file.as_bytes());
            let cues = webvtt(&text).map(|cues| {
                let time = |time: Option<i64>| time.map_or("?".to_owned(), |time| time.to_string());
                let line = cues
                    .iter()
                    .map(|cue| format!("{}|{}|{}|{}", cue.id, time(cue.start_ms), time(cue.end_ms), cue.payload));
                line.collect::<Vec<_>>()
            });
            let wanted = wanted.map(|wanted| wanted.iter().map(|cue| (*cue).to_owned()).collect::<Vec<_>>());
            assert_eq!(cues, wanted, "{file:?}");
        }
    }

    /// Payloads modelled on the W3C's tests: `voice|text` per span.
    #[test]
    fn the_text_of_a_cue_is_that_of_the_rule() {
        let payloads: &[(&str, &[&str])] = &[
            ("so\non", &["|so\non"]),
            ("&", &["|&"]),
            ("&amp", &["|&"]),
            ("&AMP; &amp;lt; &1; &; &&", &["|& &lt; &1; &; &&"]),
            ("a&lrm;b&rlm;c&nbsp;d", &["|a\u{200e}b\u{200f}c\u{a0}d"]),
            ("&CounterClockwiseContourIntegral;&nvap;", &["|∳≍\u{20d2}"]),
            ("&not; &not &notin; &notten;", &["|¬ ¬ ∉ ¬ten;"]),
            ("&#32;&#x41;&#128512;", &["| A😀"]),
            ("a&<i", &["|a&"]),
            ("<", &[]),
            ("<\t", &[]),
            ("</", &[]),
            ("<b.", &[]),
            ("<0:00.5", &[]),
            ("<00:\u{fffd}00:01.000>so", &["|so"]),
            ("one<00:00:01.000>two<100:00:01.000>three", &["|onetwothree"]),
            ("<c></>so", &["|so"]),
            ("<c></\nc>so", &["|so"]),
            ("a<c.d e>b</c>c", &["|abc"]),
            ("<v>so", &["|so"]),
            ("<v a b>so", &["a b|so"]),
            ("a<v.d.f e>b</v>c", &["|a", "e|b", "|c"]),
            ("a<lang.d en>b</lang>c", &["|abc"]),
            ("<ruby.a b>c<rt.d e>f</rt>g</ruby>h", &["|cfgh"]),
            ("<ruby>c<rt><b>f</rt></ruby></b>h", &["|cfh"]),
        ];
        for (payload, wanted) in payloads {
            let stretches = cue_text(payload).into_iter();
            let seen: Vec<String> =
                stretches.map(|(voice, text)| format!("{}|{text}", voice.unwrap_or_default())).collect();
            assert_eq!(seen, *wanted, "{payload:?}");
        }
    }
}
