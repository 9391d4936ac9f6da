//! Runs the offline summariser over `fixtures/summarize/<case>/`: a transcript in lines of `Speaker| words`, and what
//! its summary must and must not contain.

use std::{fmt::Write, fs, path::Path};

use super::{
    input::SessionForClient,
    offline,
    verify::{Verified, verify},
};
use crate::model::Claim;
use crate::text;

pub(crate) fn read(path: &Path) -> SessionForClient {
    super::template::read_session(&fs::read_to_string(path).expect("the case has a transcript"))
}

/// The claims as a reader sees them, for the message of a failed test.
pub(crate) fn show(verified: &Verified) -> String {
    let mut out = String::new();
    for claim in &verified.claims {
        let _ = write!(out, "  {:15} {}", claim.section.as_str(), claim.text);
        if let Some(action) = &claim.action {
            let _ = write!(out, "  [{:?} {:?} {:?}]", action.owner, action.due_date, action.due_words);
        }
        out.push('\n');
    }
    let _ = writeln!(out, "  dropped: {:?}", verified.dropped);
    out
}

/// One line of `expected.txt`: what must be true of a claim, or that there is none.
fn holds(verified: &Verified, line: &str) -> bool {
    let mut words = line.splitn(3, ' ');
    let (Some(kind), Some(section), Some(rest)) = (words.next(), words.next(), words.next()) else {
        panic!("a line of expected.txt is `has|lacks SECTION words [| owner or outcome | date | due words]`: {line}")
    };
    let mut fields = rest.split(" | ");
    let quote = text::normalize(fields.next().unwrap_or_default());
    let [owner, date, due] = [(); 3].map(|()| fields.next());
    // A statement may say it in fewer words than it cites.
    let cites =
        |claim: &Claim| kind == "has" && claim.evidence.iter().any(|it| text::normalize(&it.quote).contains(&quote));
    let fits = |claim: &Claim| {
        let action = claim.action.as_ref();
        (section == "any" || claim.section.as_str() == section)
            && (quote == "any" || text::normalize(&claim.text).contains(&quote) || cites(claim))
            && owner.is_none_or(|said| match (action, &claim.thread) {
                (Some(action), _) => action.owner.as_str() == said,
                (None, Some(thread)) => thread.outcome.as_str() == said,
                (None, None) => false,
            })
            && date.is_none_or(|date| {
                action.is_some_and(|action| action.due_date.map_or("none".into(), |date| date.to_string()) == date)
            })
            && due.is_none_or(|due| action.and_then(|action| action.due_words.as_deref()) == Some(due))
    };
    match kind {
        "has" => verified.claims.iter().any(fits),
        "lacks" => !verified.claims.iter().any(fits),
        other => panic!("unknown kind {other}"),
    }
}

#[test]
fn every_case_is_summarised_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize");
    let (mut cases, mut wrong) = (0, String::new());
    for entry in fs::read_dir(folder).expect("the cases are there") {
        let path = entry.expect("a case").path();
        let input = read(&path.join("transcript.txt"));
        let draft = offline::write(&input, None);
        let verified = verify(&input, &draft.claims);
        let expected = fs::read_to_string(path.join("expected.txt")).expect("the case says what it expects");
        for line in expected.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if !holds(&verified, line) {
                let _ = writeln!(wrong, "{}: not so: {line}\n{}", path.display(), show(&verified));
            }
        }
        if !verified.dropped.is_empty() {
            let stands = |text: &String| verified.claims.iter().any(|claim| claim.text == *text);
            let gone: Vec<&String> = draft.claims.iter().map(|it| &it.text).filter(|text| !stands(text)).collect();
            let _ = writeln!(wrong, "{}: what is quoted was said, and is not dropped: {gone:?}", path.display());
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(cases >= 6, "only {cases} cases were found");
}

/// The draft is the same on every run.
#[test]
fn the_same_words_make_the_same_summary() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/promises/transcript.txt");
    let input = read(&path);
    assert_eq!(offline::write(&input, None).claims, offline::write(&input, None).claims);
}
