//! Words that grow in place: each version begins with the whole previous one, as live captions show them while
//! listening. The last version of each is what was said, from the start of the first.
//!
//! People do say "Yes." and then "Yes. I think so.": growth must be shown by the file, most of whose entries grow, or
//! by a pair that hardly allows another explanation: the beginning is long and unfinished, and the next follows
//! immediately.

use std::{borrow::Cow, collections::VecDeque};

use super::likeness::{ComparedText, Likeness, ends};
use crate::words::count;

/// What is shown of somebody's words at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Version<'a> {
    /// The speaker, if given separately from the words; otherwise empty.
    pub(crate) who: Cow<'a, str>,
    /// The words, possibly after a label; lines end in line feeds.
    pub(crate) text: Cow<'a, str>,
    pub(crate) start_ms: Option<i64>,
    pub(crate) end_ms: Option<i64>,
    /// The message that it's a version of, if the file says so; otherwise empty.
    pub(crate) message: Cow<'a, str>,
}

/// The versions of an utterance, by index.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The earlier ones, and whether each is the beginning of the last.
    pub(crate) earlier: Vec<(usize, bool)>,
    pub(crate) last: usize,
}

/// The evidence that a file's entries are versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Most of the file's entries are.
    File,
    /// Only this pair is.
    Pair,
}

/// How many versions may be open at a time: one for each of several people who speak at once.
const OPEN: usize = 4;
/// How many entries at the start of a file are examined.
pub(crate) const SAMPLE: usize = 600;
/// In a file of fewer entries, half of them must grow.
const FEW: usize = 12;
/// A text with fewer letters proves nothing about the file.
const TELLING: usize = 8;
/// The minimum number of words in a pair that is evidence by itself.
const MANY_WORDS: usize = 4;
/// With fewer words, a finished sentence that is shown again after a pause was said again.
const FEW_WORDS: usize = 3;
/// What follows within this many milliseconds follows immediately; after the longer pause nothing continues.
const AT_ONCE: i64 = 100;
const PAUSE: i64 = 3_000;
/// One in this many letters may differ in the next version; in a version of the same message, more may.
const OTHERS: usize = 4;
const OTHERS_OF_A_MESSAGE: usize = 2;

/// A version that may continue.
struct Open<'v> {
    at: usize,
    heard: ComparedText<'v>,
}

/// The chains of versions, given this evidence. `across` is whether words may continue after the end of a line; if
/// lines roll out of sight, each stands for itself.
pub(crate) fn chains(versions: &[Version<'_>], evidence: Evidence, across: bool) -> Vec<Chain> {
    let mut links: Vec<Option<usize>> = vec![None; versions.len()];
    let mut open: VecDeque<Open<'_>> = VecDeque::new();
    let reach = if evidence == Evidence::File { OPEN } else { 1 };
    for (at, version) in versions.iter().enumerate() {
        let next = Open { at, heard: heard(version) };
        if next.heard.spoken().is_empty() {
            continue;
        }
        if let Some(found) = open.iter().rposition(|earlier| {
            let ends_a_line = || earlier.heard.ends_a_line_of(&next.heard);
            grows(earlier, &next, versions, evidence) && (across || !ends_a_line())
        }) {
            links[open[found].at] = Some(at);
            open.remove(found);
        }
        open.push_back(next);
        if open.len() > reach {
            open.pop_front();
        }
    }
    linked(&links, versions)
}

fn heard<'v>(version: &'v Version<'_>) -> ComparedText<'v> {
    ComparedText::of(&version.text, !version.who.is_empty())
}

/// The chains formed by the links from each version to the next.
fn linked(links: &[Option<usize>], versions: &[Version<'_>]) -> Vec<Chain> {
    let mut is_later = vec![false; links.len()];
    links.iter().flatten().for_each(|at| is_later[*at] = true);
    let firsts = (0..links.len()).filter(|at| !is_later[*at] && links[*at].is_some());
    firsts
        .map(|first| {
            let members: Vec<usize> = std::iter::successors(Some(first), |at| links[*at]).collect();
            let last = members[members.len() - 1];
            let whole = heard(&versions[last]);
            let begins = |at: &usize| heard(&versions[*at]).begins(&whole).is_some();
            let earlier = members[..members.len() - 1].iter().map(|at| (*at, begins(at))).collect();
            Chain { earlier, last }
        })
        .collect()
}

/// The evidence that the entries of a file grow, judging by the first ones: many are continued by one of the next, and
/// not only by another line, because that is how lines roll.
pub(crate) fn evidence(sample: &[Version<'_>]) -> Evidence {
    let heard: Vec<ComparedText<'_>> = sample.iter().map(heard).collect();
    let (mut long, mut grown) = (0_usize, 0_usize);
    for at in 0..sample.len() {
        if heard[at].spoken().len() < TELLING {
            continue;
        }
        long += 1;
        let goes_on = |next: &usize| {
            is_near(&sample[at], &sample[*next], PAUSE)
                && speaks_on(&sample[at], &sample[*next])
                && heard[at].begins(&heard[*next]) == Some(Likeness::GoesOn)
                && !heard[at].ends_a_line_of(&heard[*next])
        };
        grown += usize::from((at + 1..sample.len()).take(OPEN).any(|next| goes_on(&next)));
    }
    let mostly =
        if sample.len() < FEW { grown >= 2 && grown * 2 >= long } else { grown >= 3 && grown * 10 >= long * 3 };
    if mostly { Evidence::File } else { Evidence::Pair }
}

/// Whether both may be the same speaker: the name may only be given with the first version.
fn speaks_on(earlier: &Version<'_>, later: &Version<'_>) -> bool {
    let same_message = earlier.message == later.message;
    same_message && (earlier.who == later.who || later.who.is_empty())
}

/// Whether a version is shown soon enough after another; without times, the order of the file decides.
fn is_near(earlier: &Version<'_>, later: &Version<'_>, pause: i64) -> bool {
    let end = earlier.end_ms.or_else(|| Some(earlier.start_ms? + long(&earlier.text)));
    end.zip(later.start_ms).is_none_or(|(end, start)| start - end <= pause)
}

/// The approximate time it takes to say a text without a known end, in milliseconds.
fn long(text: &str) -> i64 {
    const A_WORD: i64 = 400;
    i64::try_from(count(text)).unwrap_or(0).saturating_mul(A_WORD).saturating_add(AT_ONCE * 10)
}

fn grows(earlier: &Open<'_>, later: &Open<'_>, versions: &[Version<'_>], evidence: Evidence) -> bool {
    let (before, after) = (&versions[earlier.at], &versions[later.at]);
    if !speaks_on(before, after) {
        return false;
    }
    let heard = &earlier.heard;
    let likeness = heard.begins(&later.heard);
    // Versions of one message may come at any time.
    if !before.message.is_empty() && evidence == Evidence::File {
        return likeness.is_some() || heard.is_corrected(&later.heard, OTHERS_OF_A_MESSAGE);
    }
    let at_once = is_near(before, after, AT_ONCE);
    // What someone else says in the meantime is shown in between.
    let soon = at_once || (later.at > earlier.at + 1 && is_near(before, after, PAUSE));
    let pair = || heard.words() >= MANY_WORDS && !ends(heard.said) && before.start_ms.is_some();
    match (likeness, evidence) {
        (Some(Likeness::GoesOn), Evidence::Pair) => at_once && pair(),
        (_, Evidence::Pair) => false,
        (Some(Likeness::GoesOn), _) => {
            at_once || (is_near(before, after, PAUSE) && (heard.words() >= FEW_WORDS || !ends(heard.said)))
        }
        (Some(_), _) => at_once || (is_near(before, after, PAUSE) && heard.words() >= FEW_WORDS),
        // A finished sentence was right, unless the next begins with it.
        (None, _) => {
            let together = before.start_ms.is_some() && before.start_ms == after.start_ms;
            soon && (together || !ends(heard.said)) && heard.is_corrected(&later.heard, OTHERS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chain, Evidence, Version, chains, evidence};

    fn versions<'a>(texts: &[(&'a str, &'a str)], gap: i64) -> Vec<Version<'a>> {
        let version = |(at, (who, text)): (usize, &(&'a str, &'a str))| {
            let start = i64::try_from(at).unwrap_or(0) * (1_000 + gap);
            let (start_ms, end_ms) = (Some(start), Some(start + 1_000));
            Version { who: (*who).into(), text: (*text).into(), start_ms, end_ms, ..Version::default() }
        };
        texts.iter().enumerate().map(version).collect()
    }

    #[test]
    fn what_two_people_say_grows_side_by_side() {
        let talk = [
            ("Dana", "Welcome back, how"),
            ("Tom", "It was a long"),
            ("Dana", "Welcome back, how has the weak"),
            ("Tom", "It was a long one but"),
            ("Dana", "Welcome back, how has the week been?"),
            ("Tom", "It was a long one, but I slept."),
        ];
        let talk = versions(&talk, 0);
        assert_eq!(evidence(&talk), Evidence::File);
        let wanted = [
            Chain { earlier: vec![(0, true), (2, false)], last: 4 },
            Chain { earlier: vec![(1, true), (3, true)], last: 5 },
        ];
        assert_eq!(chains(&talk, Evidence::File, true), wanted);
    }

    #[test]
    fn who_says_more_the_second_time_has_said_both() {
        let talk = [
            ("Dana", "Did you call the office on Monday?"),
            ("Tom", "Yes."),
            ("Tom", "Yes. I think so."),
            ("Dana", "And then what did you do?"),
            ("Tom", "I went home to sleep."),
            ("Tom", "I went home to sleep. I was tired."),
        ];
        let found = |talk: &[Version<'_>]| chains(talk, evidence(talk), false);
        assert_eq!(found(&versions(&talk, 0)), []);
        let talk = [("Tom", "I will write to"), ("Tom", "I will write to Ines on Monday.")];
        assert_eq!(found(&versions(&talk, 0)), [Chain { earlier: vec![(0, true)], last: 1 }]);
        assert_eq!(found(&versions(&talk, 500)), []);
    }
}
