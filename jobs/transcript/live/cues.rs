//! Cues whose words grow in place: only their last version is kept, from the start of the first.

use std::borrow::Cow;

use super::{
    Doubts, GROWS, HEARD_OTHERWISE,
    growing::{Chain, Evidence, SAMPLE, Version, chains, evidence},
    likeness::labelled,
};
use crate::{
    account::{Draft, words},
    markup,
    webvtt_cues::Cue,
};

/// Keeps only the last version of what grows in place.
pub(super) fn keep_last_versions(cues: &mut Vec<Cue<'_>>, draft: &mut Draft) {
    let mut evidence = evidence_of(cues);
    if evidence == Evidence::Pair && several_speak(cues) {
        let apart: Vec<Cue<'_>> = cues.iter().take(SAMPLE).flat_map(by_speaker).collect();
        if evidence_of(&apart) == Evidence::File {
            (*cues, evidence) = (cues.iter().flat_map(by_speaker).collect(), Evidence::File);
        }
    }
    let mut found = Vec::new();
    if evidence == Evidence::File {
        let all: Vec<Version<'_>> = cues.iter().map(version).collect();
        found = chains(&all, evidence, !drops_lines(cues));
    } else {
        for (from, until) in runs(cues) {
            let run: Vec<Version<'_>> = cues[from..until].iter().map(version).collect();
            found.extend(chains(&run, evidence, false).into_iter().map(|chain| chain.from(from)));
        }
    }
    if found.is_empty() {
        return;
    }
    let mut doubts = Doubts::default();
    for chain in found {
        keep_last(cues, &chain, evidence, &mut doubts, draft);
    }
    doubts.warn(draft);
    cues.retain(|cue| !cue.payload.is_empty());
}

impl Chain {
    /// The chain with indices shifted by `from`.
    fn from(self, from: usize) -> Self {
        let earlier = self.earlier.into_iter().map(|(at, begins)| (at + from, begins)).collect();
        Self { earlier, last: self.last + from }
    }
}

fn evidence_of(cues: &[Cue<'_>]) -> Evidence {
    let sample: Vec<Version<'_>> = cues.iter().take(SAMPLE).map(version).collect();
    evidence(&sample)
}

/// Whether many of the first cues show the words of several people, one label per line.
fn several_speak(cues: &[Cue<'_>]) -> bool {
    let sample = &cues[..cues.len().min(SAMPLE)];
    sample.iter().filter(|cue| labelled_lines(&cue.payload).nth(1).is_some()).count() * 4 >= sample.len().max(1)
}

/// Where lines with a label begin, in bytes.
fn labelled_lines(payload: &str) -> impl Iterator<Item = usize> {
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', payload.as_bytes()).map(|at| at + 1));
    starts.filter(|at| labelled(payload[*at..].split('\n').next().unwrap_or("")).is_some())
}

/// Splits a cue into one per label.
fn by_speaker<'a>(cue: &Cue<'a>) -> Vec<Cue<'a>> {
    let mut starts: Vec<usize> = labelled_lines(&cue.payload).skip(1).collect();
    starts.insert(0, 0);
    let ends = starts.iter().skip(1).map(|at| at - 1).chain([cue.payload.len()]);
    // Lines are counted from part to part: a cue may be as long as the file.
    let mut line = cue.line;
    let part = |(from, until): (&usize, usize)| {
        let payload = &cue.payload[*from..until];
        let begins = line;
        line += memchr::memchr_iter(b'\n', payload.as_bytes()).count() + 1;
        Cue { line: begins, payload: Cow::Owned(payload.to_owned()), ..*cue }
    };
    starts.iter().zip(ends).map(part).collect()
}

/// What a cue shows. If several voices speak in it, there are no words that could grow.
fn version<'c>(cue: &'c Cue<'_>) -> Version<'c> {
    let (start_ms, end_ms) = (cue.start_ms, cue.end_ms);
    let times = Version { start_ms, end_ms, ..Version::default() };
    if markup::is_plain(&cue.payload) {
        return Version { text: Cow::Borrowed(&cue.payload), ..times };
    }
    let mut spans = markup::spans(&cue.payload);
    if spans.iter().any(|span| span.voice != spans[0].voice) {
        return times;
    }
    let who = spans.first_mut().and_then(|first| first.voice.take()).unwrap_or_default();
    let text = match spans.len() {
        1 => spans.swap_remove(0).text,
        _ => Cow::Owned(spans.into_iter().map(|span| span.text).collect()),
    };
    Version { who, text, ..times }
}

/// Whether lines roll out of sight: cues begin with a line that was further down in the previous one.
fn drops_lines(cues: &[Cue<'_>]) -> bool {
    let drops = |pair: &&[Cue<'_>]| {
        let lines = |at: usize| pair[at].payload.split('\n').map(str::trim).filter(|line| !line.is_empty());
        let first = lines(1).next();
        lines(0).skip(1).any(|line| first.is_some_and(|first| first.starts_with(line)))
    };
    let count = cues.windows(2).filter(drops).count();
    count >= 3 && count * 20 >= cues.len()
}

/// The ranges in which each cue begins with the whole previous one, mark for mark.
fn runs(cues: &[Cue<'_>]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, pair) in cues.windows(2).enumerate() {
        if !goes_on(&pair[0].payload, &pair[1].payload) {
            continue;
        }
        match runs.last_mut() {
            Some((_, until)) if *until == at + 1 => *until = at + 2,
            _ => runs.push((at, at + 2)),
        }
    }
    runs
}

fn goes_on(earlier: &str, later: &str) -> bool {
    // Most cues begin differently, which is quick to check.
    let earlier = earlier.trim_end().trim_end_matches("</v>").trim_end_matches([' ', ',', '…', '.', '-', '—']);
    !earlier.is_empty() && later.len() > earlier.len() && later.as_bytes().starts_with(earlier.as_bytes())
}

/// Sets all but the last of a chain aside. A label or a voice that only an earlier one has moves to the last.
fn keep_last(cues: &mut [Cue<'_>], chain: &Chain, evidence: Evidence, doubts: &mut Doubts, draft: &mut Draft) {
    let last = version(&cues[chain.last]);
    let voiceless = last.who.is_empty();
    let own = labelled(&last.text).map(|(label, _)| label.to_owned());
    let mut above: Option<String> = None;
    let (mut start_ms, mut end_ms) = (None, cues[chain.last].end_ms);
    for (at, begins) in &chain.earlier {
        let cue = &cues[*at];
        let version = version(cue);
        start_ms = start_ms.or(cue.start_ms);
        end_ms = end_ms.max(cue.end_ms);
        let mut plain = words(&version.text);
        let mut said = &*version.text;
        let label = labelled(&version.text);
        // As written: an escaped `&` stays escaped where it goes.
        let raw = labelled(&cue.payload).map(|(raw, _)| raw).filter(|raw| !raw.contains(['<', '{']));
        let movable = label.filter(|(label, _)| own.as_deref() != Some(label) && version.who.is_empty());
        if let Some(((_, rest), raw)) = movable.zip(raw).filter(|_| above.is_none()) {
            above = Some(format!("{raw}: "));
            (plain, said) = (words(raw) + words(rest), rest);
        } else if let Some(tag) = voice_tag(&cue.payload).filter(|_| voiceless && above.is_none()) {
            plain += words(tag);
            above = Some(tag.to_owned());
        }
        draft.markup(words(&cue.payload), plain);
        draft.set_aside(cue.line, if *begins { GROWS } else { HEARD_OTHERWISE }, said);
        doubts.note(cue.line, label.map_or(said, |(_, rest)| rest), *begins, evidence);
        cues[*at].payload = Cow::Borrowed("");
    }
    let cue = &mut cues[chain.last];
    (cue.start_ms, cue.end_ms) = (start_ms.or(cue.start_ms), end_ms);
    if let Some(above) = above {
        cue.payload = Cow::Owned(above + cue.payload.trim_start());
    }
}

/// The voice tag at the start of a payload, as written.
fn voice_tag(payload: &str) -> Option<&str> {
    let tag = payload.trim_start();
    let end = memchr::memchr(b'>', tag.as_bytes())?;
    tag.starts_with("<v").then(|| &tag[..=end])
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use crate::parse;

    /// The words of two people grow side by side in one window, a line each.
    #[test]
    fn words_of_two_people_grow_in_one_window() {
        let (maya, priya) =
            ("Good to see you again, what became of it?", "I wrote it on Sunday and I will send it tomorrow.");
        let words = |text: &str, many: usize| text.split(' ').take(many).collect::<Vec<_>>().join(" ");
        let mut file = String::from("WEBVTT\n\n");
        for at in 1..=11 {
            let (one, other) = (words(maya, at), words(priya, at));
            _ = write!(file, "00:00:{at:02}.000 --> 00:00:{:02}.000\nMaya: {one}\nPriya: {other}\n\n", at + 1);
        }
        let read = parse(file.as_bytes()).expect("captions");
        assert!(read.account.balances());
        let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
        assert_eq!(said, [(Some("Maya"), maya), (Some("Priya"), priya)]);
    }
}
