//! A coach's notes between the turns of a hand-typed talk: lines in brackets, after an arrow or a bullet, "NB", "to
//! do:", and what follows the end. Nobody says them, and attributing them to the previous speaker would put a private
//! thought into a client's mouth.
//!
//! They only count if turns begin with labels, and if they are few: what follows most turns is how the file is written.
//! A plain line is a wrapped turn, and stays.

use std::collections::{HashMap, HashSet};

use super::{
    asides, furniture,
    line::{Dress, Line},
    mark,
    sight::Sight,
    stamp,
};
use crate::{
    account::words,
    label::{self, Labels},
};

/// How a line shows that it is a note.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Bracket,
    Arrow,
    Bullet,
    /// By its first words.
    Word(String),
}

/// One or more lines that may be a note.
#[derive(Debug)]
struct Note {
    at: usize,
    lines: usize,
    kind: Kind,
}

/// What begins a note, whatever follows.
const ARROWS: &[&str] = &[
    "-->", "->", "—>", "–>", "==>", "=>", "~>", "→", "⟶", "⇒", "➜", "➔", "►", "▶", "!!", "‼", "❗", "⚠", "📌", "📝",
    "☐", "☑",
];
const BULLETS: &[char] = &['*', '•', '·', '●', '◦', '▪', '‣', '+', '-', '–'];
/// First words of a note, before a colon or a dash. Lower case.
#[rustfmt::skip]
const HEADS: &[&str] = &[
    "note", "notes", "note to self", "notes to self", "to do", "todo", "to-do", "to dos", "todos", "to-dos", "memo", "reminder",
    "nb", "n.b", "ps", "private", "self", "for me", "for myself", "observation", "observations", "impression", "impressions", "hypothesis",
    "next time", "for next time", "follow up", "follow-up", "coach note", "coach's note", "coach notes", "thought",
    "notiz", "notizen", "anm", "anmerkung", "merke", "nicht vergessen", "zu tun", "aufgabe für mich", "für mich", "eindruck",
    "beobachtung", "hypothese", "intern", "privat", "nächstes mal", "att göra", "obs", "anteckning", "egen anteckning", "minns",
    "à faire", "remarque", "note pour moi", "observación", "nota", "pendiente", "por hacer", "da fare", "a fazer", "opmerking",
    "te doen", "notitie",
];
/// Words for the note's author. Lower case.
const OWN: &[&str] =
    &["my ", "own ", "mein ", "meine ", "eigene ", "min ", "mina ", "mon ", "ma ", "mes ", "mi ", "mis ", "mijn "];

/// Lines of a wrapped text are longer than this, in bytes.
const WRAPPED: usize = 45;
/// A bracket closes within this many lines.
const REACH: usize = 5;
/// The maximum number of words after the end.
const MOST_BELOW: usize = 80;
/// The maximum number of words for a sound in brackets.
const SOUND: usize = 4;

/// The indices of lines that are notes, in order.
pub(super) fn lines(sight: &mut Sight<'_, '_>) -> Vec<usize> {
    let wraps = wraps(sight);
    let shaped = shaped(sight, wraps);
    let before = sight.lines.clone();
    for note in &shaped {
        sight.lines[note.at..note.at + note.lines].fill(Line::Blank);
    }
    let turns = Turns::of(sight);
    sight.lines = before;
    let Some(turns) = turns else { return Vec::new() };
    let mut counts: HashMap<&Kind, usize> = HashMap::new();
    shaped.iter().for_each(|note| *counts.entry(&note.kind).or_default() += 1);
    let few = |kind: &Kind| match kind {
        // Lists after a name are speech.
        Kind::Bullet if turns.above => false,
        Kind::Word(_) => counts[kind] < 3.max(turns.count / 5),
        _ => counts[kind] * 2 <= turns.count,
    };
    let mut found: Vec<usize> = Vec::new();
    let first = turns.begin.first().map_or(0, |(at, _)| *at);
    let within = |note: &&Note| note.at > first && few(&note.kind) && !turns.speaks(sight, note);
    for note in shaped.iter().filter(within) {
        found.extend(note.at..note.at + note.lines);
        if note.kind != Kind::Bracket && !turns.above {
            found.extend(turns.further(sight, note.at));
        }
    }
    let below = turns.below(sight, &found);
    found.extend(below);
    found.sort_unstable();
    found.dedup();
    found
}

/// The lines that have the form of a note.
fn shaped(sight: &Sight<'_, '_>, wraps: bool) -> Vec<Note> {
    let mut found: Vec<Note> = Vec::new();
    let mut at = 0;
    while at < sight.lines.len() {
        let text = sight.bare(at).trim();
        let plain = matches!(sight.lines[at], Line::Plain(..) | Line::Heading { .. });
        // A name and a time in one bracket begin a turn.
        let beside_a_time = matches!(sight.lines[at], Line::Heading { .. }) && stamp::closing(text).is_some();
        let seen = plain.then(|| kind(text)).flatten().filter(|_| !beside_a_time && furniture::reason(text).is_none());
        let note = match seen {
            Some(Seen::Open(closing)) => {
                let closes = |below: &usize| sight.bare(at + below).trim_end().ends_with(closing);
                let runs = |below: &usize| at + below < sight.lines.len() && !sight.bare(at + below).trim().is_empty();
                (1..REACH).take_while(runs).find(closes).map(|below| Note { at, lines: below + 1, kind: Kind::Bracket })
            }
            Some(Seen::Kind(kind)) if !goes_on(sight, at, &kind, (&found, wraps)) => Some(Note { at, lines: 1, kind }),
            _ => None,
        };
        at += note.as_ref().map_or(1, |note| note.lines);
        found.extend(note);
    }
    found
}

/// Whether turns are wrapped: lines without a label follow others here and there.
fn wraps(sight: &Sight<'_, '_>) -> bool {
    let (mut filled, mut further) = (0_usize, 0_usize);
    for at in 0..sight.lines.len() {
        let Line::Plain(text, _) = sight.lines[at] else { continue };
        filled += 1;
        let below = at > 0 && !sight.bare(at - 1).trim().is_empty() && text.starts_with(char::is_alphanumeric);
        further += usize::from(below && label::candidate(text).is_none());
    }
    further >= 2 && further * 10 >= filled
}

enum Seen {
    Kind(Kind),
    /// A bracket that opens and isn't closed later in the line.
    Open(char),
}

fn kind(text: &str) -> Option<Seen> {
    let first = text.chars().next()?;
    // Most lines begin with a letter.
    if !first.is_alphanumeric() {
        if let Some(seen) = bracketed(text) {
            return Some(seen);
        }
        if let Some(rest) = ARROWS.iter().find_map(|arrow| text.strip_prefix(arrow)) {
            let picture = rest.trim_start_matches(['\u{fe0f}', '!', ' ']).starts_with(':');
            return (!picture && rest.contains(char::is_alphabetic)).then_some(Seen::Kind(Kind::Arrow));
        }
        if let Some(rest) = text.strip_prefix(BULLETS).filter(|rest| rest.starts_with(char::is_whitespace)) {
            let head = head(rest.trim()).map(Kind::Word);
            return rest.contains(char::is_alphabetic).then(|| Seen::Kind(head.unwrap_or(Kind::Bullet)));
        }
        if text.starts_with("// ") && !text[2..].contains("//") && text.contains(char::is_alphabetic) {
            return Some(Seen::Kind(Kind::Arrow));
        }
    }
    head(text).map(|head| Seen::Kind(Kind::Word(head)))
}

/// A line that is entirely in brackets, or between stars; except for sounds and times.
fn bracketed(text: &str) -> Option<Seen> {
    let text = text.trim_end_matches(['.', '…']);
    for mark in ["*", "_", "~~", "=="] {
        let inner = text.strip_prefix(mark).and_then(|inner| inner.strip_suffix(mark));
        if let Some(inner) = inner.filter(|inner| !inner.contains(mark) && (mark.len() > 1 || !inner.starts_with(' ')))
        {
            return is_note(inner).then_some(Seen::Kind(Kind::Bracket));
        }
    }
    let (opening, closing) = stamp::closing(text).filter(|(opening, _)| !matches!(opening, '#' | '<' | '「'))?;
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        if letter == opening {
            depth += 1;
        } else if letter == closing {
            depth -= 1;
        }
        if depth == 0 {
            let inner = &text[opening.len_utf8()..at];
            let whole = at + closing.len_utf8() == text.len();
            return (whole && is_note(inner)).then_some(Seen::Kind(Kind::Bracket));
        }
    }
    text.contains(char::is_alphabetic).then_some(Seen::Open(closing))
}

/// Whether bracketed text is more than a sound, a pause or a time.
fn is_note(inner: &str) -> bool {
    let inner = inner.trim();
    let mut all = inner.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let sound = all.clone().nth(SOUND).is_none() && (mark::is_sound(inner) || all.any(mark::is_sound));
    let timed = stamp::leading(inner).is_some() || stamp::inside(inner, '[').is_some();
    inner.contains(char::is_alphabetic) && !sound && !timed && !asides::is_pause(inner)
}

/// The words at the start of a note, in lower case.
fn head(text: &str) -> Option<String> {
    const MARKS: [char; 4] = [':', '：', '–', '—'];
    if ["NB ", "N.B. ", "NB. ", "TODO ", "P.S. ", "PS "].iter().any(|head| text.starts_with(head)) {
        return text.split([' ', ':']).next().map(|head| head.trim_end_matches('.').to_lowercase());
    }
    let reach = &text[..text.floor_char_boundary(40)];
    let end = reach.find(MARKS).into_iter().chain(reach.find(" - ")).min()?;
    let lower = reach[..end].trim().trim_matches(['*', '_', '.', '!']).to_lowercase();
    let own = OWN.iter().find_map(|own| lower.strip_prefix(own)).unwrap_or(&lower);
    let said = text[end..].trim_start_matches(MARKS).contains(char::is_alphanumeric);
    (HEADS.contains(&own) && (said || own.len() < lower.len() || own.starts_with("to"))).then_some(lower)
}

/// Whether what looks like a note continues what precedes it: it's an item of a list that was introduced, or the next
/// line of a wrapped turn.
fn goes_on(sight: &Sight<'_, '_>, at: usize, kind: &Kind, (found, wraps): (&[Note], bool)) -> bool {
    let Some(above) = at.checked_sub(1) else { return false };
    let raw = sight.bare(above);
    let (text, own) = (raw.trim(), sight.bare(at));
    if *kind == Kind::Bullet {
        // A list continues with the bullets it began with.
        let bullet = text.starts_with(BULLETS) && text.chars().nth(1).is_some_and(char::is_whitespace);
        if bullet {
            return found.last().is_none_or(|last| last.at != above);
        }
        if text.ends_with([':', '：', ',', ';', '–', '—', '…']) {
            return true;
        }
    }
    // After a blank line such a heading ends the talk, with all that follows.
    if matches!(kind, Kind::Word(head) if text.is_empty() && label::is_section(head)) {
        return true;
    }
    let indented = own.len() - own.trim_start().len() >= 8;
    match kind {
        Kind::Bullet | Kind::Word(_) => {
            !text.is_empty() && (indented || wraps && text.len() >= WRAPPED && !label::ends_a_sentence(text))
        }
        Kind::Bracket | Kind::Arrow => false,
    }
}

/// How the turns of a file begin, if each begins on the line of its label.
struct Turns {
    count: usize,
    /// The lines on which turns begin, in order, and whether they contain speech.
    begin: Vec<(usize, bool)>,
    /// Names, and the first words of names.
    names: HashSet<String>,
    /// Whether names are above the words.
    above: bool,
    /// Whether most turns end like sentences.
    punctuated: bool,
}

impl Turns {
    /// `None` if turns don't begin like that.
    fn of(sight: &mut Sight<'_, '_>) -> Option<Self> {
        let (headings, _) = sight.headings();
        let labels = Labels::of(sight.pieces());
        let marked = if labels.nearly_every { None } else { sight.marked() };
        let (mut begin, mut ended, mut names) = (Vec::new(), 0_usize, HashSet::new());
        for (at, line) in sight.lines.iter().enumerate() {
            let split = |text| labels.split(text).or_else(|| marked.as_ref().and_then(|labels| labels.split(text)));
            let said = match *line {
                Line::Plain(text, _) | Line::Stamped { rest: text, .. } => split(text).map(|(_, rest)| rest),
                Line::Heading { name, rest, .. } if headings.contains_key(name) => Some(rest),
                _ => None,
            };
            if let Some(said) = said {
                begin.push((at, !said.is_empty()));
                ended += usize::from(!said.is_empty() && label::ends_a_sentence(said));
            }
        }
        let all = labels.names().chain(marked.iter().flat_map(Labels::names));
        for name in all.chain(headings.keys().map(String::as_str)) {
            names.insert(name.to_owned());
            names.extend(name.split_whitespace().next().map(str::to_owned));
        }
        let beside = begin.iter().filter(|(_, said)| *said).count();
        let above = beside * 2 <= begin.len();
        let count = if above { begin.len() } else { beside };
        let filled = sight.lines.iter().filter(|line| **line != Line::Blank).count();
        let habit = count >= 3 && count * 6 >= filled;
        habit.then_some(Self { count, begin, names, above, punctuated: ended * 2 >= beside })
    }

    /// Whether one of the file's speakers speaks in a line of this form: "- Ana: yes", "(Ana: mm-hm)", "[Ana]".
    fn speaks(&self, sight: &Sight<'_, '_>, note: &Note) -> bool {
        let text = sight.bare(note.at).trim();
        let inner = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        let whole = inner.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        let Some(found) = label::candidate(inner) else { return self.names.contains(whole) };
        let word = matches!(note.kind, Kind::Word(_));
        let short = note.kind == Kind::Bracket
            && label::reads_like_a_name(found.label)
            && !label::is_note(found.label)
            && words(found.rest) <= 3;
        !word && (self.names.contains(found.label) || short)
    }

    /// The lines after a note that continue it.
    fn further(&self, sight: &Sight<'_, '_>, at: usize) -> Vec<usize> {
        // After the last turn nobody speaks any more.
        let last = self.begin.last().is_some_and(|(last, _)| *last < at);
        let listed = last || sight.bare(at).trim_end().ends_with(':');
        let runs = |below: &usize| {
            let above = sight.bare(below - 1).trim();
            matches!(sight.lines.get(*below), Some(Line::Plain(..)))
                && !self.begins(*below)
                && (listed || above.len() >= WRAPPED && !label::ends_a_sentence(above))
        };
        (at + 1..sight.lines.len()).take_while(runs).collect()
    }

    fn begins(&self, at: usize) -> bool {
        self.begin.binary_search_by_key(&at, |(line, _)| *line).is_ok()
    }

    /// The lines after the last turn and a blank line, if no turn of the file has such a paragraph.
    fn below(&self, sight: &Sight<'_, '_>, notes: &[usize]) -> Vec<usize> {
        let (Some((first, _)), Some((last, said))) = (self.begin.first(), self.begin.last()) else { return Vec::new() };
        let blank = |at: usize| sight.bare(at).trim().is_empty();
        let paragraph = |at: usize| at > 0 && blank(at - 1) && !blank(at) && !self.begins(at) && !sight.is_aside(at);
        let Some(from) = (*last + 1..sight.lines.len()).find(|at| paragraph(*at)) else { return Vec::new() };
        let above = (*last..from).rev().find(|at| !blank(*at)).unwrap_or(*last);
        let goes_on = self.punctuated && !label::ends_a_sentence(sight.bare(above).trim());
        let elsewhere = (*first + 1..*last).any(|at| paragraph(at) && !notes.contains(&at));
        let page = (*last..sight.lines.len()).any(|at| sight.is_aside(at) || sight.bare(at).contains('\u{c}'));
        let below: Vec<usize> = (from..sight.lines.len()).filter(|at| !blank(*at)).collect();
        let is_plain = |at: &usize| match sight.lines[*at] {
            Line::Plain(text, dress) => {
                let head = label::candidate(text).map_or(text, |found| found.label);
                dress == Dress::None
                    && !label::is_section(head)
                    && !text.starts_with('>')
                    && furniture::reason(text).is_none()
                    && !furniture::is_footer(text)
            }
            _ => false,
        };
        let few = below.iter().map(|at| words(sight.bare(*at))).sum::<usize>() <= MOST_BELOW;
        let silent = !*said && above == *last;
        if self.above || elsewhere || goes_on || page || silent || !few || !below.iter().all(is_plain) {
            Vec::new()
        } else {
            below
        }
    }
}
