//! What is turned, what stays, and what the coach is asked about.

use super::*;

fn people() -> People {
    People::new("Priya Raman", "Maya Okafor")
}

fn turned(text: &str, kind: Kind) -> Option<String> {
    match turn(text, &people(), None, kind) {
        Turned::Surely(text) => Some(text),
        Turned::InDoubt => None,
    }
}

#[track_caller]
fn check(text: &str, expect: &str) {
    assert_eq!(turned(text, Kind::default()).as_deref(), Some(expect), "{text}");
}

#[track_caller]
fn in_doubt(text: &str) {
    assert_eq!(turned(text, Kind::default()), None, "{text}");
}

#[test]
fn the_clients_name_becomes_you_with_the_verb_that_goes_with_it() {
    for (text, expect) in [
        ("Priya will call Lena.", "You will call Lena."),
        ("Priya closed the Hartman account.", "You closed the Hartman account."),
        ("Priya Raman runs the meeting.", "You run the meeting."),
        ("Mrs. Raman is ready, and has told the board.", "You are ready, and have told the board."),
        ("Priya was tired and is now rested.", "You were tired and are now rested."),
        ("Priya often tries to do it all.", "You often try to do it all."),
        ("Priya\u{2019}s team delivered on time.", "Your team delivered on time."),
        ("The board trusts Priya more than before.", "The board trusts you more than before."),
        ("Lena will meet with Priya on Friday.", "Lena will meet with you on Friday."),
        ("After the call, Priya decided to wait.", "After the call, you decided to wait."),
        ("Lena and Priya are to meet the board.", "Lena and you are to meet the board."),
        ("It is good that Priya has a plan.", "It is good that you have a plan."),
        ("I think Priya needs the rest.", "I think you need the rest."),
        ("The plan Priya made for the team holds.", "The plan you made for the team holds."),
        ("What does Priya want to do next?", "What do you want to do next?"),
        ("Is Priya ready for the board?", "Are you ready for the board?"),
        ("Priya doesn't want to wait for the board.", "You don't want to wait for the board."),
        (
            "Priya feels better about her role and wants to keep it.",
            "You feel better about your role and want to keep it.",
        ),
        ("Priya thinks it's too early.", "You think it's too early."),
        ("Well done, Priya!", "Well done, Priya!"),
        ("Priya, you did it.", "Priya, you did it."),
        (
            "Priya said: \u{201c}Priya is my name\u{201d} and left for the day.",
            "You said: \u{201c}Priya is my name\u{201d} and left for the day.",
        ),
    ] {
        check(text, expect);
    }
}

#[test]
fn a_pronoun_is_the_clients_only_where_nobody_else_can_be_meant() {
    for (text, expect) in [
        ("She decided to hand over the notes.", "You decided to hand over the notes."),
        ("He's ready to lead the team.", "You're ready to lead the team."),
        ("Priya said she will call her team.", "You said you will call your team."),
        ("Priya decided to give himself until Friday.", "You decided to give yourself until Friday."),
        ("When she arrived, Priya was ready to speak.", "When you arrived, you were ready to speak."),
        ("Her team delivered on time.", "Your team delivered on time."),
        // Someone else.
        ("You told Lena that she can take it over.", "You told Lena that she can take it over."),
        ("You saw that Jonas wants to keep his draft.", "You saw that Jonas wants to keep his draft."),
        ("She told Jonas that he may go with the draft.", "You told Jonas that he may go with the draft."),
        ("Priya told the team that they can leave.", "You told the team that they can leave."),
        ("Your manager said she agrees to it.", "Your manager said she agrees to it."),
    ] {
        check(text, expect);
    }
}

#[test]
fn what_is_not_sure_is_asked() {
    for text in [
        "Priya told Lena that she needs time for it.",
        "Priya will call Lena and she will answer.",
        "Maya will send Priya the template she asked for.",
        "Priya, who is new to the team, says little.",
        "Priya runs the team and reports to the board.",
        "Lena gives Priya notes for the board.",
        "Priya's meeting with the board went well.",
        "Priya will send you the notes by Friday.",
        "Priya made the team proud of them, and helped her grow.",
        "Priya said they will wait for the board.",
        "They decided to wait for the board.",
        "The board trusts her more than before.",
        "Lena called. She was happy with it.",
        "Jonas wants to keep his first draft.",
        "Feedback is hard for her.",
        "Maya promised to send her the notes.",
        "Ask Priya how the meeting went.",
        "Keep up the good work Priya",
        "The client will call Lena.",
        "The choice to stay was Priya's, and she made it.",
        // Other languages are not turned, and the promise to ask first still holds.
        "Priya ruft Lena am Freitag an.",
        "Priya will Lena am Freitag anrufen.",
        "Priya appellera la banque.",
        "Elle appellera la banque.",
    ] {
        in_doubt(text);
    }
}

#[test]
fn the_coach_writes_the_letter() {
    for (text, expect) in [
        ("Maya will send the template.", "I will send the template."),
        ("Maya's template helped with the plan.", "My template helped with the plan."),
        ("Priya will go through it with Maya on Friday.", "You will go through it with me on Friday."),
        ("Maya and Priya will meet the board.", "Maya and you will meet the board."),
        ("I will send you the template.", "I will send you the template."),
    ] {
        check(text, expect);
    }
}

#[test]
fn what_asks_somebody_is_said_to_the_client_already() {
    let asks = Kind { asks: true, coachs: false };
    for text in
        ["Send her the notes by Friday.", "Hand the notes to Jonas and let his draft stand.", "Call them by Friday."]
    {
        assert_eq!(turned(text, asks).as_deref(), Some(text));
    }
    assert_eq!(
        turned("She will send the notes by Friday.", asks).as_deref(),
        Some("You will send the notes by Friday.")
    );
}

#[test]
fn names_of_every_kind_are_known() {
    for (client, coach, text, expect) in [
        ("Dr. Sofia Meier", "Maya Okafor", "Sofia will call the bank.", Some("You will call the bank.")),
        ("Dr. Sofia Meier", "Maya Okafor", "Dr. Meier will call the bank.", Some("You will call the bank.")),
        ("Raman, Priya", "Maya Okafor", "Priya will call the bank.", Some("You will call the bank.")),
        ("Anna van der Berg", "Maya Okafor", "Anna van der Berg will call the bank.", Some("You will call the bank.")),
        ("Bo Li", "Maya Okafor", "Bo will call the bank.", Some("You will call the bank.")),
        (
            "James Ross",
            "Maya Okafor",
            "James\u{2019} plan is to call the bank.",
            Some("Your plan is to call the bank."),
        ),
        ("Åsa Lind", "Maya Okafor", "Asa will call the bank.", Some("You will call the bank.")),
        ("Will Stone", "Maya Okafor", "Will called the bank to ask.", None),
        ("Will Stone", "Maya Okafor", "You will call the bank.", Some("You will call the bank.")),
        ("Maya Lind", "Maya Okafor", "Maya will call the bank.", None),
        ("Maya Lind", "Maya Okafor", "Maya Lind will call the bank.", Some("You will call the bank.")),
        ("Tom Okafor", "Maya Okafor", "Tom will call the bank.", Some("You will call the bank.")),
    ] {
        let turned = match turn(text, &People::new(client, coach), None, Kind::default()) {
            Turned::Surely(text) => Some(text),
            Turned::InDoubt => None,
        };
        assert_eq!(turned.as_deref(), expect, "{client}: {text}");
    }
}
