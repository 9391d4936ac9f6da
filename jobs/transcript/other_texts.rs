//! Lists that look like talk because they contain names, times and colons: tasks, programmes, chapters, verses,
//! results.
//!
//! Pure. Only what several signs make clear is recognised here; uncertain cases are left to the readers, and to the
//! coach.

use std::collections::{HashMap, HashSet};

use super::{records, time};

/// How many lines are examined.
const SAMPLE: usize = 200;
/// Fewer lines prove nothing.
const FEWEST: usize = 5;

/// What a text is, if it's clearly not a talk.
pub(super) fn seen(text: &str) -> Option<&'static str> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(SAMPLE).collect();
    // In captions, the cues have times in between, whatever is said in them.
    let timed = lines.iter().filter(|line| time::may_begin(line) && line.contains("-->")).count();
    if lines.len() < FEWEST || timed * 6 >= lines.len() {
        return None;
    }
    let most = |matches: fn(&str) -> bool| lines.iter().filter(|line| matches(line)).count() * 10 >= lines.len() * 8;
    let kinds: [(bool, &str); 8] = [
        (most(has_box), "a list of tasks, with boxes to tick"),
        (most(weighs), "a list of what speaks for and against something"),
        (are_tasks(&lines), "a list of who is to do what"),
        (
            are_records(text) && records::of_blocks(text).is_none(),
            "a list of entries with the same keys in each, and no talk",
        ),
        (are_points(&lines), "a list of points, as of notes or tasks, and no talk"),
        (are_verses(&lines), "verses with the numbers of chapter and verse"),
        (are_points_in_time(&lines), "a list of times with a few words each, as a programme, chapters or results are"),
        (is_yaml(&lines) && records::of_yaml(text).is_none(), "YAML"),
    ];
    kinds.into_iter().find(|(is_one, _)| *is_one).map(|(_, kind)| kind)
}

/// Whether a text is or contains code: a good part of its lines end or begin like code, which never happens in a talk.
pub(super) fn is_code(text: &str) -> bool {
    const ENDS: &[&str] = &["{", ");", "};", "({", "})", "],", "},", "```", "/>", "->", "=>", "*/", "\\"];
    const BEGINS: &[&str] =
        &["```", "#include", "#[", "</", "<a ", "/*", "//!", "///", "$ ", "import ", "def ", "fn ", "pub "];
    let of_code = |line: &str| {
        line == "}" || ENDS.iter().any(|end| line.ends_with(end)) || BEGINS.iter().any(|begin| line.starts_with(begin))
    };
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty()).take(SAMPLE * 5);
    lines().filter(|line| of_code(line)).count() * 10 >= lines().count().max(FEWEST)
}

fn has_box(line: &str) -> bool {
    let line = line.trim_start_matches(['-', '*', '+', ' ']);
    ["[ ]", "[x]", "[X]", "☐", "☑", "☒", "✅"].iter().any(|open| line.starts_with(open))
}

fn weighs(line: &str) -> bool {
    const SIDES: &[&str] = &[
        "pro",
        "pros",
        "con",
        "cons",
        "contra",
        "advantage",
        "advantages",
        "disadvantage",
        "disadvantages",
        "strength",
        "strengths",
        "weakness",
        "weaknesses",
        "opportunity",
        "opportunities",
        "threat",
        "threats",
        "vorteil",
        "vorteile",
        "nachteil",
        "nachteile",
        "avantages",
        "inconvénients",
        "ventajas",
        "desventajas",
        "fördelar",
        "nackdelar",
    ];
    let line = line.trim_start_matches(['-', '*', '+', ' ']);
    line.split_once(':').is_some_and(|(side, _)| SIDES.contains(&side.trim().to_lowercase().as_str()))
}

/// Whether somebody does something in most lines, without any question or full stop.
fn are_tasks(lines: &[&str]) -> bool {
    let tasks = lines.iter().filter(|line| is_task(line)).count();
    tasks * 5 >= lines.len() * 3 && !lines.iter().any(|line| line.ends_with(['.', '?', '!']))
}

/// `Maya: prints the exercises`: a name and what that person does, without a subject and a full stop.
fn is_task(line: &str) -> bool {
    let Some((_, task)) = line.split_once(": ") else { return false };
    let words: Vec<&str> = task.split_whitespace().collect();
    let talks = |word: &&str| matches!(word.to_lowercase().as_str(), "i" | "i'm" | "you" | "we" | "me" | "my" | "your");
    let object = ["the", "a", "an", "all", "his", "her", "their"];
    let does = match words.as_slice() {
        ["will", ..] => true,
        [verb, object_of, ..] => verb.len() > 3 && verb.ends_with('s') && object.contains(object_of),
        _ => false,
    };
    does && words.len() <= 8 && !task.contains(['.', '?', '!', ',', '…']) && !words.iter().any(talks)
}

/// Whether keys recur in the same order again and again, with values that don't end like sentences. Two people also
/// alternate, so at least three keys are required.
fn are_records(text: &str) -> bool {
    let field = |line: &str| {
        let (key, value) = line.split_once(':')?;
        let plain = !key.is_empty() && key.len() <= 40 && !key.starts_with(char::is_whitespace);
        (plain && (value.is_empty() || value.starts_with(' '))).then(|| (key.to_owned(), value.trim().to_owned()))
    };
    let fields: Vec<(String, String)> = text.lines().filter_map(field).take(SAMPLE).collect();
    let ended = fields.iter().filter(|(_, value)| value.ends_with(['.', '?', '!', '…', '。', '？'])).count();
    let mut next: HashMap<&str, HashMap<&str, usize>> = HashMap::new();
    // Words that grow under the same key are live captions.
    let grows = |pair: &&[(String, String)]| {
        let (key, value) = &pair[0];
        !value.is_empty() && *key == pair[1].0 && pair[1].1.starts_with(&**value)
    };
    for pair in fields.windows(2).filter(|pair| !grows(pair)) {
        *next.entry(&pair[0].0).or_default().entry(&pair[1].0).or_default() += 1;
    }
    let again = || next.values().filter(|next| next.values().sum::<usize>() >= 2);
    let all: usize = again().flat_map(HashMap::values).sum();
    let usual: usize = again().filter_map(|next| next.values().max()).sum();
    again().count() >= 3 && usual * 10 >= all * 7 && all * 10 >= fields.len() * 6 && ended * 5 <= fields.len()
}

/// Whether `- Maya: book the room` recurs: items of a few words, none of which ends like a sentence.
fn are_points(lines: &[&str]) -> bool {
    let point = |line: &&str| {
        let bare = line.trim_start_matches(['-', '*', '+', '•', '–']);
        (bare.len() < line.len()).then(|| bare.split_once(": ").map(|(_, rest)| rest.trim().to_owned())).flatten()
    };
    let points: Vec<String> = lines.iter().filter_map(point).collect();
    let words: usize = points.iter().map(|point| point.split_whitespace().count()).sum();
    let ended = points.iter().any(|point| point.ends_with(['.', '?', '!', '…', ',', '"']));
    points.len() >= FEWEST && points.len() * 2 >= lines.len() && !ended && words <= points.len() * 5
}

/// `3:16 For God so loved`: chapter and verse count up; a time has two digits after the colon.
fn are_verses(lines: &[&str]) -> bool {
    let number = |line: &&str| {
        // The book precedes the first.
        let numbered = line.split_whitespace().take(3).find(|word| word.contains(':'))?;
        let (chapter, verse) = numbered.split_once(':')?;
        let short = verse.len() == 1 || chapter.parse::<u32>().ok()? > 0 && verse.len() <= 3 && !verse.starts_with('0');
        Some((chapter.parse::<u32>().ok()?, verse.parse::<u32>().ok().filter(|_| short)?, verse.len() == 1))
    };
    let verses: Vec<_> = lines.iter().filter_map(number).collect();
    let follows = verses.windows(2).filter(|pair| pair[1].0 == pair[0].0 && pair[1].1 == pair[0].1 + 1).count();
    verses.len() * 10 >= lines.len() * 8 && verses.iter().any(|verse| verse.2) && follows * 10 >= verses.len() * 7
}

/// Times with a few words each, without full stops, between which far more time passes than it takes to say the words.
/// If the same names recur before a colon, people are taking turns, however little they say.
fn are_points_in_time(lines: &[&str]) -> bool {
    let point = |line: &&str| {
        // Results have a rank before the time.
        let rank = |(rank, rest): (&str, &str)| {
            rank.trim_end_matches(['.', ')']).parse::<u32>().ok().map(|_| rest.trim_start().to_owned())
        };
        let line = line.split_once(' ').and_then(rank).unwrap_or_else(|| (*line).to_owned());
        let (stamp, text) = line.split_once(char::is_whitespace)?;
        let stamp = stamp.trim_matches(['[', ']', '(', ')', '-', '–']);
        let ends = text.trim_end().ends_with(['.', '?', '!', '…', ',']);
        Some((
            time::whole(stamp)?,
            text.split_whitespace().count(),
            text.chars().filter(|l| l.is_alphabetic()).count(),
            ends,
        ))
    };
    let points: Vec<_> = lines.iter().filter_map(point).collect();
    let count = points.len();
    if count < FEWEST || count * 10 < lines.len() * 8 || count + 2 < lines.len() {
        return false;
    }
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut texts: HashSet<&str> = HashSet::new();
    for line in lines {
        if let Some((name, text)) = line.split_once(char::is_whitespace).and_then(|(_, rest)| rest.split_once(": ")) {
            *names.entry(name).or_default() += 1;
            texts.insert(text);
        }
    }
    if names.values().filter(|times| **times >= 2).sum::<usize>() * 10 >= lines.len() * 8
        && texts.len() * 2 > lines.len()
    {
        return false;
    }
    let words: usize = points.iter().map(|point| point.1).sum();
    let ended = points.iter().filter(|point| point.3).count();
    let lasts: Vec<(i64, i64)> =
        points.windows(2).map(|pair| (pair[1].0 - pair[0].0, i64::try_from(pair[0].2).unwrap_or(i64::MAX))).collect();
    let forward = lasts.iter().all(|(gap, _)| *gap > 0);
    // In a programme every time is a multiple of five minutes, which as a time in a recording would be one of five
    // seconds.
    let round = points.iter().all(|point| point.0 % 5_000 == 0);
    let least = if round { 500 } else { 2_000 };
    let slow = lasts.iter().filter(|(gap, letters)| *gap > letters.saturating_mul(least)).count();
    forward && ended * 10 <= count && words <= count * 5 && slow * 10 >= lasts.len() * 8
}

/// Whether entries have their own keys, each on a line.
fn is_yaml(lines: &[&str]) -> bool {
    let key = |line: &&str| {
        let (key, _) = line.trim_start_matches("- ").split_once(':')?;
        key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_').then(|| key.to_owned())
    };
    let opens = lines.iter().filter(|line| line.starts_with("- ") && key(line).is_some()).count();
    let keys: Vec<String> = lines.iter().filter_map(key).collect();
    let text = ["text", "content", "transcript", "words", "said", "utterance", "sentence"];
    let texts = keys.iter().filter(|key| text.contains(&key.as_str())).count();
    opens >= 2 && texts >= 2 && keys.len() * 10 >= lines.len() * 9
}

#[cfg(test)]
mod tests {
    use super::seen;

    #[test]
    fn lists_of_other_things_are_known() {
        for text in [
            "Chores\n- [ ] Ana: sweep\n- [x] Tom: cook\n- [ ] Ana: iron\n- [ ] Tom: mow\n* [ ] Ana: mend the gate",
            "Pros: near the sea\nCons: far from work\nPros: a garden\nCons: no shops\nPros: quiet",
            "Ana: writes the report\nTom: calls the plumber\nAna: will buy paint\nTom: mows the lawn\nAna: pays the rent",
            "Ruth 1:1 Now it came to pass.\n1:2 And the name was so.\n1:3 And he died.\n1:4 And they took wives.\n1:5 And so.",
            "0:00 Intro\n1:10 Why habits fail\n4:45 The kitchen story\n9:02 Three questions\n15:30 Outro",
            "09:00 Ana: check-up\n09:30 Tom: check-up\n10:00 Ana: check-up\n10:30 Tom: check-up\n11:00 Ana: blood test",
            "Room: Blue\nFloor: 2\nSeats: 12\n\nRoom: Red\nFloor: 3\nSeats: 4\n\nRoom: Green\nFloor: 1\nSeats: 40",
            "# Actions\n- Ana: book the room\n- Tom: call the printer\n- Ana: pay him\n- Tom: bring pens\n- Eva: cake",
            "Programme\n09:00 Coffee\n09:15 Welcome: Ana Ruiz\n10:00 Talk: Tom Berg\n10:45 Break\n11:00 Panel: all",
            "5 km\n1. 19:02 Ana Ruiz\n2. 19:40 Tom Berg\n3. 20:15 Lea Roth\n4. 21:09 Jon Falk\n5. 23:55 Eva Lind",
            "talk:\n  - speaker: Ana\n    text: >\n      Hello.\n  - speaker: Tom\n    text: Good day.\n  - speaker: Ana\n    text: So.\n    at: 3\n    to: 4\n    by: it",
        ] {
            assert!(seen(text).is_some(), "{text}");
        }
    }

    #[test]
    fn code_is_known() {
        assert!(super::is_code("name: str = 'Ana'\nfn so() {\n    ana: no;\n}\nAna: so it is\n"));
        assert!(!super::is_code(
            "Ana: so it is (well); I mean\nTom: no {laughs}\nAna: // yes // indeed\nTom: $ 5\n".repeat(9).as_str()
        ));
    }

    #[test]
    fn talk_is_none_of_them() {
        for text in [
            "Ana: hi\nTom: hello\nAna: how was the week\nTom: it went well I think\nAna: tell me more",
            "- Ana: hi there\n- Tom: hello\n- Ana: how was it?\n- Tom: fine I think\n- Ana: tell me",
            "Ana: so how did it go\nTom: good\nAna: really\nTom: yes the talk went fine\nAna: and then\nTom: I slept",
            "0:00 so where were we last time\n0:04 at the letter\n0:06 right\n0:09 I never wrote it\n0:15 and why not",
            "0:00 Well.\n1:10 I do not know.\n4:45 Perhaps.\n9:02 Let me think.\n15:30 Yes.",
            "[0:00] Ana: so\n[1:10] Tom: well\n[4:45] Ana: and\n[9:05] Tom: no\n[15:30] Ana: never",
            "1:01 and then we went home\n1:02 yes\n1:03 we did\n1:04 and it rained\n1:05 all the way",
            "Q: Where were you?\nA: At home.\nQ: Alone?\nA: Yes.\nQ: Until when?\nA: Until ten.",
        ] {
            assert_eq!(seen(text), None, "{text}");
        }
    }
}
