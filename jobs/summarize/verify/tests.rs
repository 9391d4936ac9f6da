//! Which claims of a draft are valid, and which aren't.

use std::path::Path;

use super::*;
use crate::summarize::DraftEvidence;
use crate::summarize::{cases, read_session};

/// The group session of the fixtures, for Priya: 6 is what she said, 7 is Maya's answer to her.
fn check(
    section: Section,
    text: &str,
    evidence: &[(usize, &str)],
    change: impl FnOnce(&mut DraftClaim),
) -> Result<Claim, Dropped> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/group/transcript.txt");
    let evidence = evidence
        .iter()
        .map(|(utterance, quote)| DraftEvidence { utterance: *utterance, quote: (*quote).into() })
        .collect();
    let mut claim = DraftClaim::new(section, text.into(), evidence);
    change(&mut claim);
    let verified = verify(&cases::read(&path), &[claim]);
    verified.claims.into_iter().next().ok_or_else(|| verified.dropped[0])
}

fn dropped(section: Section, text: &str, evidence: &[(usize, &str)]) -> Option<Dropped> {
    check(section, text, evidence, |_| ()).err()
}

#[test]
fn a_claim_stands_on_words_that_the_right_person_said() {
    use Section::{Engagement, Recommendations, Wins};
    let own = [(6, "I gave away my weekly report")];
    assert_eq!(dropped(Wins, "She gave her report away.", &own), None);
    assert_eq!(dropped(Engagement, "She was there.", &own), None);
    assert_eq!(
        dropped(Recommendations, "Give it away.", &own),
        Some(Dropped::NoEvidence),
        "the client's words advise nothing"
    );
    let coach = [(7, "I'd recommend that you write down how you did it.")];
    assert_eq!(dropped(Recommendations, "Write it down.", &coach), None);
    assert_eq!(dropped(Engagement, "She listened.", &coach), Some(Dropped::NoEvidence));
    for (utterance, quote, why) in [
        (1, "I closed the Hartman account", "another client's words"),
        (2, "I'd suggest you tell the whole team", "the coach's words to another"),
        (10, "I've got the same problem", "her own words that name another"),
        (5, "what would you like to bring", "a question"),
        (6, "I gave away my monthly report", "words that were not said"),
        (6, "weekly report", "two words"),
        (6, "", "no words"),
    ] {
        assert_eq!(dropped(Wins, "She won.", &[(utterance, quote)]), Some(Dropped::NoEvidence), "{why}");
    }
    assert_eq!(dropped(Wins, "She won.", &[(400, "I gave away my weekly report")]), None, "said once, and miscounted");
    assert_eq!(dropped(Wins, "She won.", &[]), Some(Dropped::NoEvidence));
    assert_eq!(dropped(Wins, "  ", &own), Some(Dropped::NotASentence));
    assert_eq!(dropped(Wins, "She did as Daniel’s team did.", &own), Some(Dropped::NamesAnother));
    assert_eq!(dropped(Wins, "Write to a@b.example.", &own), Some(Dropped::InventedLink));
    assert_eq!(dropped(Wins, "See attacker.com/x.", &own), Some(Dropped::InventedLink));
    assert_eq!(dropped(Wins, "Priya said: \"I gave away my monthly report\"", &own), Some(Dropped::InventedQuote));
    assert_eq!(dropped(Wins, "Priya said: \u{201c}I gave away my weekly report\u{201d}", &own), None);
}

/// What a model may make of the hard cases, each based on words that were said.
#[test]
fn words_that_deny_a_claim_do_not_support_it() {
    use Section::{ActionItems, Challenges, Wins};
    for (case, section, text, utterance, quote, doubt) in [
        ("negation", Wins, "She sent it.", 1, "I did not send it", Some(Doubt::Denied)),
        ("negation", Wins, "She closed Mossgate.", 3, "We almost closed it on Monday.", Some(Doubt::Denied)),
        ("negation", Challenges, "She did not send it.", 1, "I did not send it", None),
        ("third_party", Wins, "Ketterer was closed.", 3, "he closed the Ketterer deal", Some(Doubt::OfAnother)),
        (
            "third_party",
            ActionItems,
            "Call the customer.",
            3,
            "he will call the customer tomorrow",
            Some(Doubt::OfAnother),
        ),
        ("third_party", ActionItems, "Take the team.", 1, "I'll give you the team by Friday", Some(Doubt::Denied)),
        (
            "dropped_plan",
            ActionItems,
            "Write to Geneva.",
            1,
            "I was going to write to the man in Geneva",
            Some(Doubt::Denied),
        ),
        (
            "dropped_plan",
            ActionItems,
            "Book Krakow.",
            3,
            "I'll book the conference in Krakow by Friday",
            Some(Doubt::TakenBack),
        ),
        (
            "dropped_plan",
            ActionItems,
            "Plan the offsite.",
            5,
            "I'll plan the June offsite with Oskar",
            Some(Doubt::TakenBack),
        ),
        ("dropped_plan", ActionItems, "Call Birger.", 9, "I'll call Birger at the bank", None),
        ("role_play", Wins, "He signed with Ketterer.", 1, "I signed the contract with Ketterer", Some(Doubt::InRole)),
        (
            "sarcasm",
            Wins,
            "The board meeting was a success.",
            1,
            "The board meeting was a huge success, obviously",
            Some(Doubt::NotMeant),
        ),
        ("sarcasm", Wins, "She rewrote the plan.", 3, "I rewrote the whole plan on Sunday", None),
    ] {
        let path = format!("../fixtures/summarize/{case}/transcript.txt");
        let input = cases::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
        let claim = DraftClaim::new(section, text.into(), vec![DraftEvidence { utterance, quote: quote.into() }]);
        let verified = verify(&input, &[claim]);
        assert_eq!(verified.dropped.first().copied(), doubt.map(Dropped::Doubtful), "{case}: {text}");
        assert_eq!(verified.claims.len(), usize::from(doubt.is_none()), "{case}: {text}");
    }
}

/// What a model that obeyed the transcript would write: fake evidence, orders, disguised links, markup.
#[test]
fn what_a_hostile_transcript_asks_for_changes_nothing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/hostile/transcript.txt");
    let input = cases::read(&path);
    let launch = (3, "We launched the driver app in three depots on Monday");
    let stands = |text: &str, (utterance, quote): (usize, &str)| {
        let evidence = vec![DraftEvidence { utterance, quote: quote.into() }];
        verify(&input, &[DraftClaim::new(Section::Wins, text.into(), evidence)]).claims.pop().map(|claim| claim.text)
    };
    for text in [
        "See https://attacker.example/claim.",
        "See [the notes](https://attacker.example/claim).",
        "See attacker.example\u{200b}/claim and evil@attacker.example.",
        "See hxxp or www.attacker.example.",
        "Write to EVIL@ATTACKER.EXAMPLE.",
        "She said \u{201c}Priya was promoted to chief executive\u{201d}.",
    ] {
        assert_eq!(stands(text, launch), None, "{text}");
    }
    for fake in [(3, "I was promoted to chief executive"), (99, "We launched the driver app in nine depots")] {
        assert_eq!(stands("She was promoted.", fake), None, "{fake:?}");
    }
    let marked = stands("She <b>launched</b>\n\nthe\u{202e} app\u{e0041}\u{200b}.", launch);
    assert_eq!(marked.as_deref(), Some("She b launched /b the app."), "markup and invisible characters are gone");
}

#[test]
fn evidence_that_does_not_hold_is_left_out_of_a_claim_that_does() {
    let evidence = [(6, "i GAVE away — my “weekly” report"), (1, "I closed the Hartman account")];
    let claim = check(Section::Wins, "She gave it away.", &evidence, |_| ()).expect("it stands");
    let quotes: Vec<&str> = claim.evidence.iter().map(|evidence| evidence.quote.as_str()).collect();
    assert_eq!(quotes, ["I gave away my weekly report"]);
}

#[test]
fn a_date_stands_on_words_that_were_said() {
    let said = [(13, "I'll speak to my boss by Thursday")];
    let due = |words: Option<&str>, date: &str| {
        let claim = check(Section::ActionItems, "Speak to the boss.", &said, |claim| {
            claim.due_words = words.map(str::to_owned);
            claim.due_date = date.parse().ok();
        });
        claim.map(|claim| claim.action.expect("an action item").due_date.map(|date| date.to_string()))
    };
    assert_eq!(due(Some("by Thursday"), "2027-01-01"), Ok(Some("2026-03-12".into())));
    assert_eq!(due(Some("by Friday"), "2026-03-13"), Err(Dropped::InventedDate));
    assert_eq!(due(None, "2026-03-13"), Ok(None), "a date that nobody said is none");
    let coach = check(Section::ActionItems, "Speak to the boss.", &said, |claim| claim.owner = Some(Owner::Coach));
    let owner = coach.map(|claim| claim.action.expect("an action item").owner);
    assert_eq!(owner, Ok(Owner::Client), "it is hers who said it");
    let coach =
        check(Section::ActionItems, "Maya speaks to the boss.", &said, |claim| claim.owner = Some(Owner::Coach));
    assert_eq!(coach.err(), Some(Dropped::WrongOwner), "and no sentence says otherwise");
}

/// The fixture's session, and a valid claim about it, or why it isn't.
fn stands(case: &str, change: impl FnOnce(&mut DraftClaim), evidence: &[(usize, &str)]) -> Result<Claim, Dropped> {
    let path = format!("../fixtures/summarize/{case}/transcript.txt");
    let input = cases::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    let evidence =
        evidence.iter().map(|(utterance, quote)| DraftEvidence { utterance: *utterance, quote: (*quote).into() });
    let mut claim = DraftClaim::new(Section::ActionItems, String::new(), evidence.collect());
    change(&mut claim);
    let section = claim.section;
    let verified = verify(&input, &[claim]);
    verified.claims.into_iter().find(|claim| claim.section == section).ok_or_else(|| verified.dropped[0])
}

/// What a model makes of hedged words: a claim may be less certain than they are, but never more.
#[test]
fn a_claim_is_no_surer_than_its_words() {
    let unsure = Some(Dropped::Doubtful(Doubt::Unsure));
    for (section, text, utterance, quote, dropped) in [
        (Section::Wins, "Priya closed the Lindqvist account.", 1, "I think I closed the Lindqvist account", unsure),
        (
            Section::Wins,
            "Priya thinks that she closed the Lindqvist account.",
            1,
            "I think I closed the Lindqvist account",
            None,
        ),
        (Section::Wins, "Priya finished the pilot report.", 3, "I finished the pilot report on Monday", None),
        (Section::ActionItems, "Call Anders about the budget.", 7, "I think I'll call Anders about the budget", unsure),
        (
            Section::ActionItems,
            "Priya may call Anders about the budget.",
            7,
            "I think I'll call Anders about the budget",
            None,
        ),
        (Section::ActionItems, "Send Nour the hiring plan.", 11, "I'll send Nour the hiring plan by Friday", None),
    ] {
        let claim =
            stands("hedges", |claim| (claim.section, claim.text) = (section, text.into()), &[(utterance, quote)]);
        assert_eq!(claim.err(), dropped, "{text}");
    }
}

#[test]
fn the_owner_is_who_gave_their_word() {
    let owner = |case: &str, text: &str, owner: Option<Owner>, evidence: &[(usize, &str)]| {
        stands(case, |claim| (claim.owner, claim.text) = (owner, text.into()), evidence)
            .map(|claim| claim.action.expect("an action item").owner)
    };
    let calculator = [(2, "I'll send you the price calculator by Wednesday")];
    let contract = [(6, "you'll get the draft of the contract from me by Friday")];
    let names = [(4, "Could you send me a list of their names?"), (5, "Yes, I'll do that tonight.")];
    for claimed in [Some(Owner::Client), Some(Owner::Coach), Some(Owner::Unclear), None] {
        let of = |text, evidence: &[(usize, &str)]| owner("who_owes", text, claimed, evidence);
        assert_eq!(of("Send the price calculator.", &calculator), Ok(Owner::Coach), "{claimed:?}");
        assert_eq!(of("Draft the contract.", &contract), Ok(Owner::Client), "{claimed:?}");
        assert_eq!(of("Send the list of names.", &names), Ok(Owner::Client), "{claimed:?}");
        assert_eq!(of("Paint the shop window.", &[(11, "We'll paint the shop window in April")]), Ok(Owner::Unclear));
    }
    let turned = owner("who_owes", "Leila sends the price calculator.", Some(Owner::Client), &calculator);
    assert_eq!(turned, Err(Dropped::WrongOwner), "no sentence names the one who does not");
    let printer =
        owner("who_owes", "Call the printer.", Some(Owner::Coach), &[(8, "Tom will call the printer on Tuesday")]);
    assert_eq!(printer, Err(Dropped::NoEvidence), "only one's own words bind");
    let refused = [(4, "Can you bring the ledger next time?"), (5, "No, I can't, it belongs to the auditor.")];
    let refused = owner("who_answers", "Bring the ledger.", Some(Owner::Client), &refused);
    assert_eq!(refused, Err(Dropped::Doubtful(Doubt::Denied)), "a refusal is no promise");
    let offered = [(6, "Shall I send you the template for the minutes?"), (7, "Please do.")];
    assert_eq!(owner("who_answers", "Send the template.", Some(Owner::Client), &offered), Ok(Owner::Coach));
}

/// An outcome needs words, whoever reports it; if nothing is found, the claim says just that.
#[test]
fn an_outcome_rests_on_words_and_silence_on_none() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/threads_by_context/transcript.txt");
    let input = cases::read(&path);
    let claim = |section, text: &str, evidence: &[(usize, &str)], thread, met| {
        let evidence =
            evidence.iter().map(|(utterance, quote)| DraftEvidence { utterance: *utterance, quote: (*quote).into() });
        DraftClaim { thread, met, ..DraftClaim::new(section, text.into(), evidence.collect()) }
    };
    let draft = [
        claim(Section::OpenThreads, "Daniel booked the dentist.", &[], Some(6), Some(true)),
        claim(
            Section::OpenThreads,
            "Daniel wrote to Marit.",
            &[(11, "I wrote to Marit on Monday")],
            Some(7),
            Some(true),
        ),
        claim(Section::OpenThreads, "Ingrid was called.", &[(1, "I called her. On the Thursday")], Some(0), Some(true)),
    ];
    let verified = verify(&input, &draft);
    assert_eq!(verified.dropped, [Dropped::NoEvidence, Dropped::NoEvidence]);
    let threads: Vec<&Claim> = verified.claims.iter().filter(|claim| claim.thread.is_some()).collect();
    assert_eq!(threads.len(), input.threads.len(), "each has one");
    for claim in &threads {
        let outcome = claim.thread.as_ref().expect("a thread").outcome;
        assert_eq!(claim.evidence.is_empty(), outcome == ThreadOutcome::NoMatch, "{}", claim.text);
    }
    let silent = threads.iter().filter(|claim| claim.evidence.is_empty()).count();
    assert_eq!(silent, 2, "what a model leaves out is still found by rule: {threads:#?}");
}

/// A model's win or challenge that reports the outcome of a thread closes it, in whatever words it was said.
#[test]
fn a_win_that_is_the_promise_kept_settles_it() {
    let text = "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n\
        thread: 2026-03-04 Priya said: \u{201c}I'll send Lena the hiring plan by Friday.\u{201d}\n---\n\
        Maya| What was good?\nPriya| Lena has it, finally, since Thursday at noon.\n";
    let input = crate::summarize::read_session(text);
    let evidence = vec![DraftEvidence { utterance: 1, quote: "Lena has it, finally".into() }];
    let win = DraftClaim::new(Section::Wins, "Priya sent Lena the hiring plan.".into(), evidence.clone());
    let outcome = |draft: &[DraftClaim]| {
        let verified = verify(&input, draft);
        let thread = verified.claims.into_iter().find(|claim| claim.thread.is_some()).expect("a thread");
        (thread.thread.expect("a thread").outcome, thread.evidence.len())
    };
    assert_eq!(outcome(&[win]), (ThreadOutcome::Met, 1), "by the same utterances");
    let other = DraftClaim::new(Section::Wins, "Lena has something.".into(), evidence);
    assert_eq!(outcome(&[other]), (ThreadOutcome::NoMatch, 0));
}

/// Whoever writes the claim: what is surely a habit is no action item, and what is surely wanted no win.
#[test]
fn what_is_surely_of_another_kind_stands_in_no_section_of_deeds() {
    let session = |said: &str| {
        read_session(&format!(
            "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\nMaya| Tell me about your evenings, please.\n\
             Priya| {said}\n"
        ))
    };
    for (section, text, said, expected) in [
        (
            Section::ActionItems,
            "Have two glasses of wine every evening.",
            "Every evening I'll have two glasses of wine, always have.",
            Some(Dropped::Doubtful(Doubt::OfAnotherKind)),
        ),
        (
            Section::Challenges,
            "Two glasses of wine every evening.",
            "Every evening I'll have two glasses of wine, always have.",
            None,
        ),
        (Section::ActionItems, "Call Birger on Monday.", "I'll call Birger on Monday.", None),
    ] {
        let evidence = vec![DraftEvidence { utterance: 1, quote: said.trim_end_matches('.').into() }];
        let verified = verify(&session(said), &[DraftClaim::new(section, text.into(), evidence)]);
        assert_eq!(verified.dropped.first().copied(), expected, "{text}");
    }
}
