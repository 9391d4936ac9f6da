//! Tests: who says the words of captions.

use crate::parse;

#[test]
fn answers_without_a_name_are_told_of() {
    let said = [
        "Ilse: How is the kitchen?",
        "Ruben: It came on Monday.",
        "Good, who built it?",
        "My brother and I.",
        "And how is it between you?",
        "Better, we talked.",
        "Ilse: What is next?",
    ];
    let file = |said: &[&str]| -> String {
        let cue = |(at, said): (usize, &&str)| format!("00:{at:02}.000 --> 00:{at:02}.900\n{said}\n\n");
        format!("WEBVTT\n\n{}", said.iter().enumerate().map(cue).collect::<String>())
    };
    let warned = |said: &[&str]| {
        let read = parse(file(said).as_bytes()).expect("captions");
        read.warnings.iter().any(|warning| warning.message.contains("answered in captions without a name"))
    };
    assert!(warned(&said));
    // Somebody who goes on speaking.
    assert!(!warned(&[
        "Ilse: How is the kitchen?",
        "Ruben: It came on Monday,",
        "in one night.",
        "And it is blue.",
        "Ilse: What is next?",
        "Ruben: Why not the roof?",
        "It leaks.",
    ]));
}

#[test]
fn whoever_may_be_quoted_in_captions_is_asked_about() {
    let turn = ["Maya: How was it?", "Tom: My boss said:", "Anna: you are late.", "And everybody looked."];
    let cue =
        |(at, payload): (usize, &&str)| format!("{0}\n00:00:{0:02},000 --> 00:00:{0:02},900\n{payload}\n\n", at + 10);
    let file: String = turn.repeat(3).iter().enumerate().map(cue).collect();
    let read = parse(file.as_bytes()).expect("captions");
    let asked = |warning: &&crate::Warning| warning.message.contains("is not quoted");
    assert_eq!(read.warnings.iter().filter(asked).count(), 3);
}

/// `label|text` of each utterance, for captions with these payloads.
fn said(payloads: &[&str]) -> Vec<String> {
    let cue = |(at, payload): (usize, &&str)| format!("{0}\n00:00:0{0},000 --> 00:00:0{0},900\n{payload}\n\n", at + 1);
    let file: String = payloads.iter().enumerate().map(cue).collect();
    let read = parse(file.as_bytes()).expect("a transcript");
    read.utterances.iter().map(|said| format!("{}|{}", said.label.as_deref().unwrap_or(""), said.text)).collect()
}

#[test]
fn two_speakers_share_a_line_of_a_cue() {
    assert_eq!(
        said(&["ANA: What then? >> TOM: We sold it.", "ANA: And now? >> TOM: We wait. >> So do I."]),
        ["ANA|What then?", "TOM|We sold it.", "ANA|And now?", "TOM|We wait.", "|So do I."]
    );
    assert_eq!(
        said(&[
            "Ana Berg: What then? Dr. Tom Roe: We sold it.",
            "Ana Berg: And now? Dr. Tom Roe: I met Mr. Lee: he left."
        ]),
        ["Ana Berg|What then?", "Dr. Tom Roe|We sold it.", "Ana Berg|And now?", "Dr. Tom Roe|I met Mr. Lee: he left."]
    );
    assert_eq!(
        said(&["Ana: I saw this. London: cold.", "Tom: So it is.", "Ana: It is. Tom: Yes.", "Tom: It went so: well."]),
        ["Ana|I saw this. London: cold.", "Tom|So it is.", "Ana|It is.", "Tom|Yes.", "Tom|It went so: well."]
    );
}

#[test]
fn a_dash_below_somebodys_words_is_another() {
    assert_eq!(
        said(&["Ana: What then?\n- We sold it.", "Ana: And\nnow?\n– We wait.", "Ana: I see."]),
        ["Ana|What then?", "|We sold it.", "Ana|And now?", "|We wait.", "Ana|I see."]
    );
    assert_eq!(said(&["- Ana: What?\n- Tom: That.", "- Ana: So?\n- Tom: Yes."]).len(), 4);
}
