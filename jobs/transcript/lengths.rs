//! Limits the size of a transcript's entries: nobody speaks for an hour without a pause, and no name has a thousand
//! letters. Later stages (sentences, evidence, danger, search) work on utterances, and some of them take more than
//! twice as long for one of twice the length; a stuck key, or an attacker, can create one of megabytes.
//!
//! Pure. Nothing is lost: an utterance that is too long becomes several consecutive ones of the same speaker, and an
//! overlong name is put before the words. The file's warnings say so.

use super::transcript::{Attendee, Transcript, Utterance, Warning};

/// The maximum length of an utterance in characters: more than ten minutes of talk.
const LONGEST_UTTERANCE: usize = 10_000;
/// The maximum length of a name in characters; the longest real ones have a third of it.
const LONGEST_NAME: usize = 300;

/// Enforces the limits on every entry.
pub(super) fn bound(transcript: &mut Transcript) {
    let (mut long, mut nameless) = (0, 0);
    let mut bounded: Vec<Utterance> = Vec::with_capacity(transcript.utterances.len());
    for mut said in std::mem::take(&mut transcript.utterances) {
        if let Some(label) = said.label.take_if(|label| is_longer(label, LONGEST_NAME)) {
            said.text = format!("{label}: {}", said.text);
            nameless += 1;
        }
        if is_longer(&said.text, LONGEST_UTTERANCE) {
            bounded.extend(parts(said));
            long += 1;
        } else {
            bounded.push(said);
        }
    }
    transcript.utterances = bounded;
    let mut unnamed = 0;
    for Attendee { name, other_names, label, email, .. } in &mut transcript.attendees {
        for field in [name, label, email] {
            unnamed += usize::from(field.take_if(|text| is_longer(text, LONGEST_NAME)).is_some());
        }
        other_names.retain(|name| !is_longer(name, LONGEST_NAME));
    }
    transcript.attendees.retain(|attendee| attendee.name.is_some() || attendee.email.is_some());
    if let Some(title) = &mut transcript.title
        && is_longer(title, LONGEST_NAME)
    {
        *title = format!("{}…", title.chars().take(LONGEST_NAME).collect::<String>().trim_end());
    }
    let mut warn = |message: String| transcript.warnings.insert(0, Warning { line: 0, column: None, message });
    match long {
        0 => {}
        1 => warn(format!("one turn has more than {LONGEST_UTTERANCE} characters; it is kept in parts")),
        _ => warn(format!("{long} turns have more than {LONGEST_UTTERANCE} characters each; they are kept in parts")),
    }
    if unnamed > 0 {
        warn(format!("the list of those who attended has {unnamed} names longer than any; they are left out"));
    }
    if nameless > 0 {
        warn(format!(
            "what stands where a name should is longer than any ({nameless} times); it is kept with the words"
        ));
    }
}

/// Whether a text has more characters than that; scans no further than it must.
fn is_longer(text: &str, characters: usize) -> bool {
    text.len() > characters && text.chars().nth(characters).is_some()
}

/// A long utterance in parts, split at ends of sentences if there are any. Its duration is divided in proportion to the
/// text.
fn parts(said: Utterance) -> Vec<Utterance> {
    let Utterance { label, start_ms, end_ms, text } = said;
    let (mut parts, mut rest) = (Vec::new(), text.as_str());
    while !rest.is_empty() {
        let (part, more) = rest.split_at(part_ends(rest));
        let [from, to] =
            [text.len() - rest.len(), text.len() - more.len()].map(|byte| time(start_ms, end_ms, byte, &text));
        parts.push(Utterance {
            label: label.clone(),
            start_ms: if parts.is_empty() { start_ms } else { from },
            end_ms: if more.is_empty() { end_ms } else { to },
            text: part.trim().to_owned(),
        });
        rest = more.trim_start();
    }
    parts.retain(|part| !part.text.is_empty());
    parts
}

/// The moment at which `byte` of a text is said; `None` if there are no times.
fn time(start_ms: Option<i64>, end_ms: Option<i64>, byte: usize, text: &str) -> Option<i64> {
    let (start, end) = start_ms.zip(end_ms)?;
    let share = |whole: i64| i128::from(whole) * byte as i128 / text.len().max(1) as i128;
    i64::try_from(i128::from(start) + share(end.saturating_sub(start))).ok()
}

/// Where the first part of a text ends: after a sentence in its last quarter, otherwise at a blank in its second half,
/// otherwise at the limit, but not between a letter and its marks.
fn part_ends(text: &str) -> usize {
    let Some((full, _)) = text.char_indices().nth(LONGEST_UTTERANCE) else { return text.len() };
    let head = &text[..full];
    let behind = |(at, mark): (usize, &str)| at + mark.len();
    let wide = head.rmatch_indices(['。', '！', '？', '｡', '।', '။', '។', '\n']).next().map(behind);
    let mut blanks = head.rmatch_indices(char::is_whitespace);
    let spaced = blanks.find(|(at, _)| head[..*at].ends_with(['.', '?', '!', '…'])).map(behind);
    let late = |end: &usize| *end > full / 4 * 3;
    let blank = || head.rmatch_indices(char::is_whitespace).next().map(behind).filter(|end| *end > full / 2);
    wide.max(spaced).filter(late).or_else(blank).unwrap_or_else(|| {
        let marks = head.char_indices().rev().take(MARKS).take_while(|(at, _)| is_mark_at(text, at + 1));
        marks.last().map_or(full, |(at, _)| at).max(full / 2)
    })
}

/// The maximum number of marks after a letter.
const MARKS: usize = 30;

/// Whether the character at `at` belongs to the previous one: a mark, a joiner, a skin tone.
fn is_mark_at(text: &str, at: usize) -> bool {
    let next = text[text.ceil_char_boundary(at)..].chars().next();
    next.is_some_and(|c| {
        matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}' | '\u{200d}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{1f3fb}'..='\u{1f3ff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn read(said: &str) -> Transcript {
        let file = format!("WEBVTT\n\n00:00:00.000 --> 01:00:00.000\n<v Ana Berg>{said}\n");
        parse(file.as_bytes()).expect("a transcript")
    }

    fn kept(read: &Transcript) -> String {
        read.utterances.iter().map(|said| said.text.as_str()).collect::<String>().replace(' ', "")
    }

    #[test]
    fn what_nobody_says_in_one_go_is_kept_in_parts_and_whole() {
        for word in ["a", "so it goes. ", "我下周写信给经理。", "e\u{301}", "👍🏽", "1", "ha ", "no!"] {
            let said = word.repeat(100_000 / word.chars().count());
            let read = read(&said);
            assert!(read.utterances.len() >= 10, "{word}: {}", read.utterances.len());
            assert_eq!(kept(&read), said.replace(' ', ""), "{word}: nothing is lost");
            for said in &read.utterances {
                assert!(!is_longer(&said.text, LONGEST_UTTERANCE) && said.label.as_deref() == Some("Ana Berg"));
                let first = said.text.chars().next();
                assert!(!matches!(first, Some('\u{301}' | '\u{1f3fd}')), "{word}: a letter stays with its mark");
            }
            let times: Vec<_> = read.utterances.iter().flat_map(|said| [said.start_ms, said.end_ms]).collect();
            assert!(times.is_sorted() && times.first() == Some(&Some(0)) && times.last() == Some(&Some(3_600_000)));
            assert!(read.warnings.iter().any(|warning| warning.message.contains("kept in parts")));
        }
        let said = read("It went well, and so on. ".repeat(300).trim());
        assert_eq!(said.utterances.len(), 1, "ten minutes are one turn");
        assert!(said.warnings.iter().all(|warning| !warning.message.contains("parts")), "{:?}", said.warnings);
    }

    #[test]
    fn sentences_stay_whole_where_there_are_any() {
        let read = read(&"It went well, and then it did not. ".repeat(2_000));
        assert!(read.utterances.iter().all(|said| said.text.ends_with("did not.")));
    }

    #[test]
    fn what_is_no_name_stands_with_the_words() {
        let name = "x".repeat(2_000_000);
        let entry =
            |name: &str, text: &str| format!(r#"{{"speaker": "{name}", "text": "{text}", "start": 1, "end": 2}}"#);
        let entries = [entry("Ana", "Hello."), entry(&name, "Goodbye."), entry("Tom", "Yes.")].join(",");
        let read = parse(format!("[{entries}]").as_bytes()).expect("a transcript");
        assert!(read.utterances.iter().all(|said| said.label.as_ref().is_none_or(|label| label.len() == 3)));
        let nameless = read.utterances.iter().filter(|said| said.label.is_none()).map(|said| said.text.len());
        assert!(nameless.sum::<usize>() > name.len());
        assert!(read.warnings.iter().any(|warning| warning.message.contains("longer than any")), "{:?}", read.warnings);
    }
}
