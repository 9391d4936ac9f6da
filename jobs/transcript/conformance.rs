//! The layers below the reading, for comparison with other parsers of captions: cues and the text of a cue as the
//! notation gives them (WebVTT by the W3C's algorithms), before anything is made of them (labels, furniture, words that lost their cue).
//!
//! Reads the bytes that it is given, writes nothing. `examples/conformance.rs` runs the W3C's tests through it.

use std::borrow::Cow;

use crate::{
    account::Draft,
    decode,
    formats::Source,
    markup, sbv, srt,
    webvtt_cues::{self, Cue},
};

/// A cue of WebVTT, SRT or SBV; lent from the file, where that is UTF-8 with line feeds alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption<'a> {
    /// The identifier, or nothing.
    pub id: Cow<'a, str>,
    /// In milliseconds; none where unreadable.
    pub start_ms: Option<i64>,
    /// In milliseconds; none where unreadable.
    pub end_ms: Option<i64>,
    /// The payload with its tags and character references.
    pub text: Cow<'a, str>,
}

/// The cues of a WebVTT file, by the W3C's rule alone; none where the file does not begin as the rule wants.
#[must_use]
pub fn webvtt(bytes: &[u8]) -> Option<Vec<Caption<'_>>> {
    let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).strip_prefix(b"WEBVTT")?;
    if !matches!(rest, [] | [b' ' | b'\t' | b'\n' | b'\r', ..]) {
        return None;
    }
    Some(captions(bytes, |source, draft| webvtt_cues::collect(source, None, draft).all))
}

/// The cues of an SRT file.
#[must_use]
pub fn srt(bytes: &[u8]) -> Vec<Caption<'_>> {
    captions(bytes, srt::collect)
}

/// The cues of an SBV file.
#[must_use]
pub fn sbv(bytes: &[u8]) -> Vec<Caption<'_>> {
    captions(bytes, sbv::collect)
}

/// A way to collect the cues of a text.
type Collect = for<'a> fn(&Source<'a>, &mut Draft) -> Vec<Cue<'a>>;

fn captions(bytes: &[u8], collect: Collect) -> Vec<Caption<'_>> {
    match decode::decode(bytes).text {
        Cow::Borrowed(text) => of_text(text, collect),
        Cow::Owned(text) => of_text(&text, collect).into_iter().map(Caption::into_owned).collect(),
    }
}

fn of_text(text: &str, collect: Collect) -> Vec<Caption<'_>> {
    let caption =
        |Cue { id, start_ms, end_ms, payload, .. }| Caption { id: Cow::Borrowed(id), start_ms, end_ms, text: payload };
    collect(&Source::new(text), &mut Draft::uncounted()).into_iter().map(caption).collect()
}

impl Caption<'_> {
    fn into_owned(self) -> Caption<'static> {
        let Caption { id, start_ms, end_ms, text } = self;
        Caption { id: Cow::Owned(id.into_owned()), start_ms, end_ms, text: Cow::Owned(text.into_owned()) }
    }
}

/// The text of a cue, stretch by stretch, each with the voice that its tags name.
#[must_use]
pub fn cue_text(payload: &str) -> Vec<(Option<String>, String)> {
    markup::spans(payload).into_iter().map(|span| (span.voice.map(Cow::into_owned), span.text.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::{cue_text, webvtt};

    /// Files in the shapes of the W3C's tests: `id|start|end|text` of each cue; none where the file is no WebVTT.
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
            let cues = webvtt(file.as_bytes()).map(|cues| {
                let time = |time: Option<i64>| time.map_or("?".to_owned(), |time| time.to_string());
                let line = cues
                    .iter()
                    .map(|cue| format!("{}|{}|{}|{}", cue.id, time(cue.start_ms), time(cue.end_ms), cue.text));
                line.collect::<Vec<_>>()
            });
            let wanted = wanted.map(|wanted| wanted.iter().map(|cue| (*cue).to_owned()).collect::<Vec<_>>());
            assert_eq!(cues, wanted, "{file:?}");
        }
    }

    /// Payloads in the shapes of the W3C's tests: `voice|text` of each stretch.
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
