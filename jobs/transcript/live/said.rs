//! Growing lines in a text or a table: only the last version of each utterance is kept.

use std::borrow::Cow;

use super::{
    Doubts, GROWS, HEARD_OTHERWISE,
    growing::{Evidence, SAMPLE, Version, chains, evidence},
};
use crate::{account::Draft, transcript::Utterance};

/// Keeps only the last version of what grows, if the file shows growth; `places` are the lines of the utterances.
pub(crate) fn keep_last_said(draft: &mut Draft, places: &[usize]) {
    let said = std::mem::take(&mut draft.utterances);
    let sample: Vec<Version<'_>> = said.iter().take(SAMPLE).map(version).collect();
    if evidence(&sample) != Evidence::File {
        draft.utterances = said;
        return;
    }
    let all: Vec<Version<'_>> = said.iter().map(version).collect();
    let found = chains(&all, Evidence::File, true);
    let mut kept: Vec<Option<Utterance>> = said.into_iter().map(Some).collect();
    let mut doubts = Doubts::default();
    for chain in found {
        let (mut start_ms, mut label, mut end_ms) = (None, None, None);
        for (at, begins) in chain.earlier {
            let Some(earlier) = kept[at].take() else { continue };
            let line = places.get(at).copied().unwrap_or(0);
            draft.set_aside(line, if begins { GROWS } else { HEARD_OTHERWISE }, &earlier.text);
            doubts.note(line, &earlier.text, begins, Evidence::File);
            start_ms = start_ms.or(earlier.start_ms);
            end_ms = end_ms.max(earlier.end_ms);
            label = label.or(earlier.label);
        }
        if let Some(last) = &mut kept[chain.last] {
            last.start_ms = start_ms.or(last.start_ms);
            last.end_ms = last.end_ms.max(end_ms);
            last.label = last.label.take().or(label);
        }
    }
    draft.utterances = kept.into_iter().flatten().collect();
    doubts.warn(draft);
}

fn version(said: &Utterance) -> Version<'_> {
    let who = Cow::Borrowed(said.label.as_deref().unwrap_or(""));
    let (start_ms, end_ms) = (said.start_ms, said.end_ms);
    Version { who, text: Cow::Borrowed(&said.text), start_ms, end_ms, ..Version::default() }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    /// The last versions are kept in any text or table, with the time of the first.
    #[test]
    fn of_lines_that_grow_the_last_is_read() {
        let talk = [
            ("Dana", ["Welcome back, how", "Welcome back, how has the", "Welcome back, how has the week been?"]),
            ("Tom", ["It was long, but", "It was long, but I did talk", "It was long, but I did talk to Ines."]),
            ("Dana", ["And what did", "And what did she say about", "And what did she say about the hours?"]),
            ("Tom", ["She said yes.", "She said yes. I will write", "She said yes. I will write to her on Monday."]),
        ];
        let print = |layout: &str| {
            let versions = talk.iter().flat_map(|(name, versions)| versions.iter().map(move |text| (name, text)));
            let line = |(at, (name, text)): (usize, (&&str, &&str))| {
                layout.replace('%', name).replace('$', text).replace('@', &format!("00:00:{at:02}"))
            };
            versions.enumerate().map(line).collect::<String>()
        };
        for (head, layout, timed) in [
            ("", "[@] %: $\n", true),
            ("", "%: $\n", false),
            ("", "[%] @\n$\n\n", true),
            ("time,speaker,text\n", "@,%,\"$\"\n", true),
        ] {
            let read = parse(format!("{head}{}", print(layout)).as_bytes()).expect(layout);
            assert!(read.account.balances());
            let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
            assert_eq!(said, talk.map(|(name, versions)| (Some(name), versions[2])), "{layout}");
            let starts: Vec<_> = read.utterances.iter().map(|said| said.start_ms).collect();
            assert_eq!(starts, [0, 3_000, 6_000, 9_000].map(|start| timed.then_some(start)), "{layout}");
        }
    }
}
