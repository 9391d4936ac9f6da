//! The shape of each input: its head, cues and foot. Everything said is made up from a fixed sequence.

use std::fmt::Write;

/// The shape of an input.
pub struct Shape {
    pub name: &'static str,
    pub format: &'static str,
    pub extension: &'static str,
    pub size: Size,
    /// The approximate size of a cue, in bytes.
    pub bytes: usize,
    /// The head for this many cues.
    pub head: fn(usize) -> String,
    /// Writes a cue; returns how many cues or words it has.
    pub cue: fn(&mut String, &mut Talk) -> usize,
    pub between: &'static str,
    pub foot: &'static str,
}

/// The size of an input.
pub enum Size {
    /// As given on the command line.
    Asked,
    Cues(usize),
    Megabytes(usize),
}

impl Shape {
    /// Whether slower readers skip this one.
    pub fn huge(&self) -> bool {
        !matches!(self.size, Size::Asked)
    }

    /// The number of cues.
    pub fn cues(&self, asked: usize) -> usize {
        match self.size {
            Size::Asked => asked * 1_000_000 / self.bytes,
            Size::Cues(cues) => cues,
            Size::Megabytes(megabytes) => megabytes * 1_000_000 / self.bytes,
        }
    }

    const fn of(
        name: &'static str,
        extension: &'static str,
        bytes: usize,
        head: fn(usize) -> String,
        cue: fn(&mut String, &mut Talk) -> usize,
    ) -> Self {
        let size = Size::Asked;
        Self { name, format: name, extension, size, bytes, head, cue, between: "", foot: "" }
    }

    const fn ends(self, between: &'static str, foot: &'static str) -> Self {
        Self { between, foot, ..self }
    }

    const fn sized(self, format: &'static str, size: Size) -> Self {
        Self { format, size, ..self }
    }
}

/// All of them.
pub const SHAPES: &[Shape] = &[
    Shape::of("webvtt", "vtt", 97, |_| "WEBVTT\n\n".into(), webvtt),
    Shape::of("zoom", "vtt", 117, |_| "WEBVTT\n\n".into(), zoom),
    Shape::of("teams", "vtt", 157, |_| "WEBVTT\n\n".into(), teams),
    Shape::of("srt", "srt", 103, |_| String::new(), srt),
    Shape::of("sbv", "sbv", 92, |_| String::new(), sbv),
    Shape::of("docx", "docx", 330, |_| DOCUMENT_HEAD.into(), docx).ends("", "</w:body></w:document>"),
    Shape::of(
        "text",
        "txt",
        90,
        |_| String::new(),
        |out, talk| {
            let (time, name) = (clock(talk.start(), ""), talk.name());
            let _ = writeln!(out, "[{}] {name}: {}", &time[..8], talk.sentence());
            1
        },
    ),
    Shape::of(
        "otter",
        "txt",
        90,
        |_| String::new(),
        |out, talk| {
            let (time, name) = (clock(talk.start(), ""), talk.name());
            let _ = write!(out, "{name}  {}\n{}\n\n", &time[..8], talk.sentence());
            1
        },
    )
    .ends("", "Transcribed by https://otter.ai\n"),
    Shape::of("aws", "json", 155, |_| AWS_HEAD.into(), aws).ends(",", "]}}"),
    Shape::of("deepgram", "json", 125, |_| DEEPGRAM_HEAD.into(), deepgram).ends(",", "]}]}]}}"),
    Shape::of("whisper", "json", 310, |_| "{\"language\":\"en\",\"segments\":[".into(), whisper).ends(",", "]}"),
    Shape::of("fireflies", "json", 175, |_| "[".into(), fireflies).ends(",", "]"),
    Shape::of(
        "assemblyai",
        "json",
        950,
        |_| "{\"id\":\"5552\",\"audio_url\":\"x\",\"utterances\":[".into(),
        assemblyai,
    )
    .ends(",", "]}"),
    Shape::of("ttml", "ttml", 137, |_| TTML_HEAD.into(), ttml).ends("", "</div></body></tt>\n"),
    Shape::of("textgrid", "TextGrid", 180, textgrid_head, textgrid),
    Shape::of("million", "vtt", 60, |_| "WEBVTT\n\n".into(), short).sized("webvtt", Size::Cues(1_000_000)),
    Shape::of("webvtt-200", "vtt", 97, |_| "WEBVTT\n\n".into(), webvtt).sized("webvtt", Size::Megabytes(200)),
    Shape::of("srt-200", "srt", 103, |_| String::new(), srt).sized("srt", Size::Megabytes(200)),
];

/// Who says what when: a fixed sequence that looks random.
pub struct Talk {
    /// The index of the cue, from 0.
    pub cue: usize,
    cues: usize,
    seed: u64,
    step_ms: usize,
}

const WORDS: &[&str] = &[
    "we",
    "the",
    "plan",
    "looked",
    "at",
    "numbers",
    "and",
    "it",
    "was",
    "better",
    "than",
    "I",
    "thought",
    "because",
    "customers",
    "don't",
    "wait",
    "for",
    "long",
    "so",
    "let's",
    "begin",
    "with",
    "what",
    "you",
    "said",
    "about",
    "Thursday",
    "presentation",
    "hiring",
    "two",
    "people",
    "café",
    "budget",
    "of",
    "next",
    "quarter",
    "is",
    "still",
    "open",
    "that",
    "would",
    "help",
    "me",
    "most",
    "yes",
    "right",
    "there",
    "might",
    "be",
    "another",
    "way",
    "to",
];
const NAMES: &[&str] = &["Priya Raman", "Maya Okafor", "Tom Berg (Nordic)", "Felix", "Søren Lind"];

impl Talk {
    pub fn new(cues: usize) -> Self {
        // Clocks don't go beyond 99 hours.
        Self { cue: 0, cues, seed: 7, step_ms: (98 * 3_600_000 / cues.max(1)).min(2_600) }
    }

    fn chance(&mut self, of: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap_or(0) % of
    }

    fn start(&self) -> usize {
        self.cue * self.step_ms
    }

    fn end(&self) -> usize {
        self.start() + self.step_ms - 5
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.chance(NAMES.len())]
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.chance(WORDS.len())]
    }

    /// Six to eighteen words.
    fn sentence(&mut self) -> String {
        let mut text = String::new();
        for at in 0..6 + self.chance(12) {
            if at > 0 {
                text.push_str(if self.chance(9) == 0 { ", " } else { " " });
            }
            text.push_str(self.word());
        }
        text.push(if self.chance(6) == 0 { '?' } else { '.' });
        text
    }
}

/// `00:00:01,500`, with the given decimal point.
fn clock(ms: usize, point: &str) -> String {
    format!("{:02}:{:02}:{:02}{point}{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

#[expect(clippy::cast_precision_loss, reason = "a hundred hours are few milliseconds")]
fn seconds(ms: usize) -> f64 {
    ms as f64 / 1e3
}

fn times(talk: &Talk) -> String {
    format!("{} --> {}", clock(talk.start(), "."), clock(talk.end(), "."))
}

fn webvtt(out: &mut String, talk: &mut Talk) -> usize {
    let _ = write!(out, "{}\n{}\n\n", times(talk), talk.sentence());
    1
}

fn short(out: &mut String, talk: &mut Talk) -> usize {
    let _ = write!(out, "{}\n{} it was {}\n\n", times(talk), talk.word(), talk.word());
    1
}

fn zoom(out: &mut String, talk: &mut Talk) -> usize {
    let _ = write!(out, "{}\n{}\n{}: {}\n\n", talk.cue + 1, times(talk), talk.name(), talk.sentence());
    1
}

fn teams(out: &mut String, talk: &mut Talk) -> usize {
    let (number, name) = (talk.cue, talk.name());
    let _ = write!(out, "2a6b0c1d-4e5f-4a7b-8c9d-{number:012x}/{}-0\n{}\n", number % 90 + 10, times(talk));
    let _ = write!(out, "<v {name}>{}</v>\n\n", talk.sentence());
    1
}

fn srt(out: &mut String, talk: &mut Talk) -> usize {
    let (start, end) = (clock(talk.start(), ","), clock(talk.end(), ","));
    let _ = write!(out, "{}\n{start} --> {end}\n{}\n\n", talk.cue + 1, talk.sentence());
    1
}

fn sbv(out: &mut String, talk: &mut Talk) -> usize {
    let _ = write!(out, "{},{}\n{}\n\n", clock(talk.start(), "."), clock(talk.end(), "."), talk.sentence());
    1
}

fn docx(out: &mut String, talk: &mut Talk) -> usize {
    let (time, name) = (clock(talk.start(), ""), talk.name());
    out.push_str("<w:p w:rsidR=\"00A77B3E\"><w:pPr><w:spacing w:after=\"0\"/></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>");
    let _ = write!(out, "{name}   {}</w:t></w:r><w:r><w:br/></w:r><w:r><w:t xml:space=\"preserve\">", &time[..8]);
    let _ = write!(out, "{}</w:t></w:r></w:p>", talk.sentence());
    1
}

fn aws(out: &mut String, talk: &mut Talk) -> usize {
    let (start, end, speaker) = (seconds(talk.start()), seconds(talk.end()), talk.cue / 40 % 2);
    let word = talk.word().replace('\'', "");
    let _ = write!(
        out,
        "{{\"id\":{},\"type\":\"pronunciation\",\"alternatives\":[{{\"confidence\":\"0.998\",\"content\":\"{word}\"}}],\
         \"start_time\":\"{start:.3}\",\"end_time\":\"{end:.3}\",\"speaker_label\":\"spk_{speaker}\"}}",
        talk.cue
    );
    if talk.cue % 12 == 11 {
        out.push_str(",{\"type\":\"punctuation\",\"alternatives\":[{\"confidence\":\"0.0\",\"content\":\".\"}]}");
    }
    1
}

fn deepgram(out: &mut String, talk: &mut Talk) -> usize {
    let (start, end, speaker) = (seconds(talk.start()), seconds(talk.end()), talk.cue / 40 % 2);
    let word = talk.word().replace('\'', "");
    let point = if talk.cue % 12 == 11 { "." } else { "" };
    let _ = write!(
        out,
        "{{\"word\":\"{word}\",\"start\":{start:.3},\"end\":{end:.3},\"confidence\":0.99817,\"speaker\":{speaker},\
         \"punctuated_word\":\"{word}{point}\"}}"
    );
    1
}

fn whisper(out: &mut String, talk: &mut Talk) -> usize {
    let (start, end, said) = (seconds(talk.start()), seconds(talk.end()), talk.sentence());
    let tokens: Vec<String> = (0..14).map(|_| (talk.chance(50_000) + 264).to_string()).collect();
    let _ = write!(
        out,
        "{{\"id\":{},\"seek\":0,\"start\":{start:.2},\"end\":{end:.2},\"text\":\" {said}\",\"tokens\":[{}],\
         \"temperature\":0.0,\"avg_logprob\":-0.2412,\"compression_ratio\":1.414,\"no_speech_prob\":0.0113}}",
        talk.cue,
        tokens.join(",")
    );
    1
}

fn fireflies(out: &mut String, talk: &mut Talk) -> usize {
    let (start, end, name) = (seconds(talk.start()), seconds(talk.end()), talk.name());
    let said = talk.sentence();
    let _ = write!(
        out,
        "{{\"index\":{},\"sentence\":\"{said}\",\"startTime\":\"{start:.2}\",\"endTime\":\"{end:.2}\",\
         \"speaker_name\":\"{name}\",\"speaker_id\":{}}}",
        talk.cue,
        name.len() % 5
    );
    1
}

fn assemblyai(out: &mut String, talk: &mut Talk) -> usize {
    let (start, end, said) = (talk.start(), talk.end(), talk.sentence());
    let speaker = if talk.chance(2) == 0 { 'A' } else { 'B' };
    let words: Vec<String> = said
        .split(' ')
        .enumerate()
        .map(|(at, word)| {
            let from = start + at * 100;
            format!(
                "{{\"text\":\"{word}\",\"start\":{from},\"end\":{},\"confidence\":0.97,\"speaker\":\"{speaker}\"}}",
                from + 90
            )
        })
        .collect();
    let _ = write!(
        out,
        "{{\"confidence\":0.95,\"start\":{start},\"end\":{end},\"speaker\":\"{speaker}\",\"text\":\"{said}\",\"words\":[{}]}}",
        words.join(",")
    );
    1
}

fn ttml(out: &mut String, talk: &mut Talk) -> usize {
    let (start, end) = (clock(talk.start(), "."), clock(talk.end(), "."));
    let (agent, said) = (talk.chance(2) + 1, talk.sentence());
    let _ =
        writeln!(out, "<p xml:id=\"c{}\" begin=\"{start}\" end=\"{end}\" ttm:agent=\"a{agent}\">{said}</p>", talk.cue);
    1
}

/// With two tiers, one per speaker.
fn textgrid_head(cues: usize) -> String {
    format!(
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0 \nxmax = {END} \ntiers? <exists> \n\
         size = 2 \nitem []: \n{}",
        tier(1, "Coach", cues / 2)
    )
}

const END: &str = "400000";

fn tier(number: usize, name: &str, intervals: usize) -> String {
    format!(
        "    item [{number}]:\n        class = \"IntervalTier\" \n        name = \"{name}\" \n        xmin = 0 \n        \
         xmax = {END} \n        intervals: size = {intervals} \n"
    )
}

fn textgrid(out: &mut String, talk: &mut Talk) -> usize {
    let half = talk.cues / 2;
    if talk.cue == half {
        out.push_str(&tier(2, "Client", talk.cues - half));
    }
    let number = talk.cue % half.max(1) + 1;
    let (start, end) = (seconds(talk.start()), seconds(talk.start() + talk.step_ms));
    let _ = write!(
        out,
        "        intervals [{number}]:\n            xmin = {start:.3} \n            xmax = {end:.3} \n            \
         text = \"{}\" \n",
        talk.sentence()
    );
    1
}

const AWS_HEAD: &str =
    "{\"jobName\":\"call-1\",\"accountId\":\"000000000000\",\"status\":\"COMPLETED\",\"results\":{\"items\":[";
const DEEPGRAM_HEAD: &str = "{\"metadata\":{\"request_id\":\"7995\",\"duration\":3.0,\"channels\":1},\"results\":{\"channels\":\
    [{\"alternatives\":[{\"confidence\":0.9,\"words\":[";
const TTML_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tt xmlns=\"http://www.w3.org/ns/ttml\" \
    xmlns:ttm=\"http://www.w3.org/ns/ttml#metadata\" xml:lang=\"en-US\">\n<head><metadata>\n<ttm:agent xml:id=\"a1\" \
    type=\"person\"><ttm:name type=\"full\">Ana Lopez</ttm:name></ttm:agent>\n<ttm:agent xml:id=\"a2\" type=\"person\">\
    <ttm:name type=\"full\">Tom Berg</ttm:name></ttm:agent>\n</metadata></head>\n<body><div>\n";
const DOCUMENT_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document \
    xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body><w:p><w:r><w:t>Weekly session</w:t></w:r>\
    </w:p><w:p><w:r><w:t>November 20, 2026, 9:30AM</w:t></w:r></w:p><w:p><w:r><w:t>Maya Okafor started transcription\
    </w:t></w:r></w:p>";

/// The other parts of a Word document: the minimum that readers require.
pub const DOCUMENT_PARTS: &[(&str, &str)] = &[
    (
        "[Content_Types].xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Types \
         xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
         ContentType=\"application/xml\"/><Override PartName=\"/word/document.xml\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>",
    ),
    (
        "_rels/.rels",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships \
         xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
         Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" \
         Target=\"word/document.xml\"/></Relationships>",
    ),
    (
        "word/_rels/document.xml.rels",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships \
         xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"></Relationships>",
    ),
];
