//! The labelled sentences of `fixtures/danger`, and the figures that must be met.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{
    Indicator, Kind, SpokenText, is_sign,
    labelled::{Crossed, crossed},
    signs,
};

/// A labelled line: language, kind or `-`, utterances.
struct Line<'a> {
    kind: Option<&'a str>,
    said: Vec<SpokenText<'a>>,
}

fn lines(file: &str) -> Vec<Line<'_>> {
    let read = |line| {
        let mut fields = str::split(line, '\t');
        let (_, kind, text) = (fields.next()?, fields.next()?, fields.next()?);
        let said = text.split(" | ").map(|part| match part.split_once(": ") {
            Some((who, text)) if who.trim() == "coach" => SpokenText { speaker: Some("coach"), text },
            _ => SpokenText { speaker: Some("client"), text: part },
        });
        Some(Line { kind: Some(kind).filter(|kind| *kind != "-"), said: said.collect() })
    };
    file.lines().filter_map(read).collect()
}

/// Recall and precision on a file.
fn figures(file: &str) -> (f64, f64) {
    let (mut found, mut missed, mut wrong) = (0.0, 0.0, 0.0);
    for line in lines(file) {
        match (line.kind, signs(&line.said).is_empty()) {
            (Some(_), false) => found += 1.0,
            (Some(_), true) => missed += 1.0,
            (None, false) => wrong += 1.0,
            (None, true) => {}
        }
    }
    (found / (found + missed), found / (found + wrong))
}

const DEVELOPMENT: &str = include_str!("../../fixtures/danger/development.tsv");
const HELD_OUT: &str = include_str!("../../fixtures/danger/held_out.tsv");
/// The rounds of sentences that were each written and measured before the lexicon was changed for them; each line
/// begins with its round.
const BLIND: &str = include_str!("../../fixtures/danger/blind.tsv");

/// The lines of a round, in the format of the other files.
fn round(number: &str) -> String {
    let of_round = |line| str::split_once(line, '\t').filter(|(round, _)| *round == number);
    BLIND.lines().filter_map(of_round).map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn dangers_are_found_and_idioms_are_not() {
    let mut sets =
        vec![("development".to_owned(), DEVELOPMENT.to_owned()), ("held out".to_owned(), HELD_OUT.to_owned())];
    let numbers: BTreeSet<usize> = BLIND.lines().filter_map(|line| line.split('\t').next()?.parse().ok()).collect();
    for number in numbers {
        sets.push((format!("round {number}"), round(&number.to_string())));
    }
    // Nothing is learned from these.
    sets.push(("unseen".to_owned(), include_str!("../../fixtures/danger/unseen.tsv").to_owned()));
    sets.push(("unseen, second".to_owned(), include_str!("../../fixtures/danger/unseen_second.tsv").to_owned()));
    for (set, file) in sets {
        let (recall, precision) = figures(&file);
        eprintln!("{set}: {} sentences, recall {recall:.3}, precision {precision:.3}", lines(&file).len());
        assert!(recall >= 0.97, "{set}: recall {recall:.3}");
        assert!(precision >= 0.8, "{set}: precision {precision:.3}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What is marked in a file, and its number of lines; a file that isn't a transcript is read line by line.
fn marked(path: &Path) -> (usize, Vec<String>) {
    let bytes = std::fs::read(path).unwrap();
    let spoken: Vec<(Option<String>, String)> = match debrief_transcript::parse(&bytes) {
        Ok(transcript) => transcript.utterances.into_iter().map(|it| (it.label, it.text)).collect(),
        Err(_) => String::from_utf8_lossy(&bytes).lines().map(|line| (None, line.to_owned())).collect(),
    };
    let said: Vec<SpokenText<'_>> =
        spoken.iter().map(|(speaker, text)| SpokenText { speaker: speaker.as_deref(), text }).collect();
    let sentence = |sign: super::Sign| format!("{:?}: {}", sign.why, &said[sign.utterance].text[sign.sentence]);
    (said.len(), signs(&said).into_iter().map(sentence).collect())
}

#[test]
fn the_demo_s_ordinary_sessions_have_no_signs() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/demo");
    for path in files(&demo) {
        if path.extension().is_some_and(|it| it == "vtt" || it == "srt" || it == "txt") {
            assert_eq!(marked(&path).1, Vec::<String>::new(), "{}", path.display());
        }
    }
}

#[test]
fn bland_sentences_are_no_signs() {
    for said in [
        "I only need the key.",
        "It is me again, I have a question.",
        "My chest got tight before the talk, it was nerves.",
        "Das haben Sie mir schon gesagt.",
        "Sagen Sie mir Bescheid.",
        "Ich brauche nur den Schlüssel.",
        "Danke, dass Sie mir das sagen.",
        "Sind Sie sicher?",
        "Är du säker?",
        "Il me faut seulement la clé.",
        "Elle m'a frappée par son calme.",
        "Sou eu outra vez.",
        "Mi serve la chiave, nient'altro.",
        "Solo soy yo.",
    ] {
        assert!(!is_sign(said), "{said}");
        assert_eq!(signs(&[SpokenText { speaker: None, text: said }]), [], "{said}");
    }
}

#[test]
fn whoever_does_it_to_whomever_is_found_in_every_language_and_is_of_its_kind() {
    let (mut dangers, mut wrong, mut others, mut marked) = (0, Vec::new(), 0, Vec::new());
    for (at, Crossed { kind, crossings }) in crossed().into_iter().enumerate() {
        // Some variants of each crossed sentence are enough.
        let every = if kind.is_some() { 3 } else { 7 };
        let crossings = crossings.into_iter().skip(at % every).step_by(every);
        let heard: Vec<(String, BTreeSet<Kind>)> = crossings
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|text| {
                let kinds =
                    signs(&[SpokenText { speaker: None, text: &text }]).iter().map(|sign| sign.why.kind()).collect();
                (text, kinds)
            })
            .collect();
        for (text, kinds) in heard {
            match kind {
                Some(kind) => {
                    dangers += 1;
                    wrong.extend((kinds != BTreeSet::from([kind])).then_some((text, kinds)));
                }
                None => {
                    others += 1;
                    marked.extend((!kinds.is_empty()).then_some(text));
                }
            }
        }
    }
    eprintln!("crossed: {dangers} dangers, {} not so found; {others} others, {} marked", wrong.len(), marked.len());
    assert!(wrong.len() * 200 <= dangers, "{wrong:?}");
    assert!(marked.len() * 1_000 <= others, "{marked:?}");
}

#[test]
fn who_does_it_to_whom_makes_the_kind() {
    let kinds =
        |text| signs(&[SpokenText { speaker: None, text }]).iter().map(|sign| sign.why.kind()).collect::<BTreeSet<_>>();
    for (text, kind) in [
        ("I have thoughts of killing myself.", Kind::Suicide),
        ("Penso em me matar.", Kind::Suicide),
        ("Ele ameaça-me de morte.", Kind::Abuse),
        ("O meu marido ameaça matar-me se eu o deixar.", Kind::Abuse),
        ("Mon mari menace de me tuer si je pars.", Kind::Abuse),
        ("He says he will kill me if I ever leave.", Kind::Abuse),
        ("I hit my wife last night.", Kind::Violence),
        ("Ich habe meine Frau geschlagen.", Kind::Violence),
        ("I want to hurt myself.", Kind::SelfHarm),
        ("Non riesco a respirare, chiamate qualcuno.", Kind::Emergency),
    ] {
        assert_eq!(kinds(text), BTreeSet::from([kind]), "{text}");
    }
}

#[test]
fn what_is_meant_counts_and_not_how_it_is_written() {
    for said in [
        "That's why I cut myself that deep.",
        "that’s why i cut my self that deep",
        "THAT'S WHY I, UM, CUT MYSELF THAT DEEP",
        "i i cut i cut myself",
        "It was a film. And then I cut myself.",
        "When I was sixteen I cut myself, and last night I did it again.",
    ] {
        assert!(is_sign(said), "{said}");
    }
    for said in
        ["I cut myself some slack.", "When I was sixteen I cut myself.", "In the film she cuts herself.", "", "…"]
    {
        assert!(!is_sign(said), "{said}");
    }
}

#[test]
fn any_more_in_two_words_is_anymore() {
    for said in
        ["But I don't want to be here any more, not like this.", "But I don't want to be here anymore, not like this."]
    {
        assert!(!signs(&[SpokenText { speaker: None, text: said }]).is_empty(), "{said}");
    }
    let coach = SpokenText { speaker: Some("coach"), text: "Are you safe right now?" };
    let text = "Right now yes. My sister is coming at four. But I don't want to be here any more, not like this.";
    let heard = signs(&[coach, SpokenText { speaker: Some("client"), text }]);
    assert!(heard.iter().any(|sign| sign.why == Indicator::Wish), "{heard:?}");
}

#[test]
fn what_is_asked_and_not_denied_is_a_sign() {
    let coach = |text| SpokenText { speaker: Some("coach"), text };
    let client = |text| SpokenText { speaker: Some("client"), text };
    let asked =
        |answer| signs(&[coach("Thank you. Are you thinking of suicide?"), client(answer), coach("Good.")]).len();
    for (answer, found) in
        [("No.", 0), ("no never", 0), ("Yes.", 2), ("I don't know.", 2), ("Not really.", 2), ("…", 1)]
    {
        assert_eq!(asked(answer), found, "{answer}");
    }
    let safe = |answer| signs(&[coach("Do you feel safe at home?"), client(answer)]).len();
    assert_eq!((safe("Yes, I do."), safe("No."), safe("I'm not sure.")), (0, 2, 2));
}

/// The kinds marked in a coach's question and its answer, with something said before.
fn marked_in(before: &str, question: &str, answer: &str) -> BTreeSet<Kind> {
    let coach = |text| SpokenText { speaker: Some("coach"), text };
    let client = |text| SpokenText { speaker: Some("client"), text };
    let said =
        [client(before), coach(question), client(answer), coach("Good. What about the budget?"), client("Done.")];
    signs(&said).iter().map(|sign| sign.why.kind()).collect()
}

#[test]
fn a_check_in_is_a_sign_where_its_answer_is_no_or_evades() {
    let questions = [
        "Are you safe right now?",
        "Are you safe, Priya?",
        "do you feel safe",
        "Bist du gerade in Sicherheit?",
        "Fühlst du dich sicher?",
        "Är du trygg just nu?",
        "¿Estás a salvo?",
        "Tu es en sécurité ?",
        "Sei al sicuro?",
        "Você está em segurança?",
    ];
    for question in questions {
        for answer in [
            "Yes.",
            "Yes, I'm at my desk.",
            "My sister is here.",
            "I'm in the car.",
            "No worries, I'm fine.",
            "Nobody's here, I'm alone.",
            "Just a second, I'm moving to another room.",
            "Thanks for asking.",
            "Ja, alles gut.",
            "Meine Schwester ist da.",
            "Min syster är här.",
            "Mi hermana está aquí.",
            "Ma sœur est là.",
            "C'è mia sorella.",
            "A minha irmã está aqui.",
            "Sorry? I was on mute.",
        ] {
            assert_eq!(marked_in("We shipped on Monday.", question, answer), BTreeSet::new(), "{question} {answer}");
        }
        for answer in ["No.", "Not really.", "Um. No.", "I'd rather not say.", "Nein.", "Nej.", "Non.", "Não."] {
            let marked = marked_in("He came back last night.", question, answer);
            assert_eq!(marked, BTreeSet::from([Kind::Abuse]), "{question} {answer}");
        }
    }
}

#[test]
fn a_check_in_in_everyday_talk_is_none() {
    for (before, question, answer) in [
        ("I'm driving.", "Are you safe to talk?", "No, give me a minute."),
        ("I'm on the motorway.", "Are you safe right now?", "Not really, let me pull over."),
        ("I'm up on the ladder.", "Are you safe there?", "Not quite, hang on."),
        ("We were hacked.", "Is this line safe?", "No, I would not say the password here."),
        ("They cut half of the jobs.", "Are you safe for now?", "I don't know."),
        ("The reorg starts on Monday.", "Do you feel safe in your role?", "Not really."),
        ("I present on Monday.", "Do you feel safe in your team to speak up?", "Sometimes."),
        ("Ich fahre gerade.", "Bist du in Sicherheit?", "Nee, warte, ich parke kurz."),
        ("Morgen ist der Vortrag.", "Fühlst du dich sicher?", "Nicht wirklich."),
        ("Morgen ist der Vortrag.", "Fühlst du dich mit den Zahlen sicher?", "Nein."),
        ("Jag har en presentation.", "Känner du dig säker på siffrorna?", "Inte riktigt."),
        ("Voy conduciendo.", "¿Estás a salvo?", "No, espera, aparco."),
        ("Je suis au volant.", "Tu es en sécurité ?", "Non, attends, je me gare."),
        ("Sto guidando.", "Sei al sicuro?", "No, aspetta, accosto."),
        ("Estou dirigindo.", "Você está em segurança?", "Não, espera, vou encostar."),
        ("It's the last lap.", "Are you eating?", "Not really."),
        ("I'm training for the marathon.", "Are you eating enough?", "Sometimes."),
        ("We lost the match.", "Did it hurt?", "A bit."),
        ("The deck is done.", "Are you safe? And what did you ship?", "No, nothing yet."),
        ("The server hangs.", "Have you thought of killing the process?", "Sometimes."),
    ] {
        assert_eq!(marked_in(before, question, answer), BTreeSet::new(), "{before} {question} {answer}");
    }
}

#[test]
fn asked_for_safety_a_yes_by_half_is_a_sign() {
    for (question, answer, is_sign) in [
        ("Do you feel safe at home?", "Yes.", false),
        ("Do you feel safe at home?", "My sister is here.", false),
        ("Do you feel safe at home?", "We have a new alarm.", false),
        ("Do you feel safe at home?", "No.", true),
        ("Do you feel safe at home?", "Sometimes.", true),
        ("Do you feel safe at home?", "Mostly.", true),
        ("Do you feel safe with him?", "As long as I keep quiet.", true),
        ("Do you feel safe with him?", "Yes, when he is sober.", true),
        ("Do you feel safe with your husband?", "I don't want to talk about it.", true),
        ("Fühlst du dich zu Hause sicher?", "Meistens.", true),
        ("Fühlst du dich zu Hause sicher?", "Ja, klar.", false),
        ("Känner du dig trygg hemma?", "Inte alltid.", true),
        ("¿Te sientes segura en casa?", "Depende.", true),
        ("Tu te sens en sécurité chez toi ?", "Pas toujours.", true),
        ("Ti senti al sicuro a casa?", "Non sempre.", true),
        ("Você se sente segura em casa?", "Nem sempre.", true),
        ("Can you breathe?", "Yes.", false),
        ("Can you breathe?", "No.", true),
    ] {
        assert_eq!(!marked_in("It was a long week.", question, answer).is_empty(), is_sign, "{question} {answer}");
    }
}

#[test]
fn a_sign_says_where_it_stands() {
    let client = |text| SpokenText { speaker: Some("Priya"), text };
    let coach = |text| SpokenText { speaker: Some("Maya"), text };
    let said = [
        client("The week was good. I want to die. We shipped."),
        client("I counted the"),
        coach("Mm-hm."),
        client("pills."),
        coach("Are you thinking of suicide?"),
        client("Sometimes."),
        coach("Are you thinking of suicide?"),
        client("No."),
    ];
    let found: Vec<(usize, &str, Indicator)> = signs(&said)
        .into_iter()
        .map(|sign| (sign.utterance, &said[sign.utterance].text[sign.sentence], sign.why))
        .collect();
    assert_eq!(
        found,
        [
            (0, "I want to die.", Indicator::Wish),
            (1, "I counted the", Indicator::Method),
            (3, "pills.", Indicator::Method),
            (4, "Are you thinking of suicide?", Indicator::NotDenied),
            (5, "Sometimes.", Indicator::NotDenied),
        ]
    );
}

#[test]
fn a_session_of_days_is_heard_in_parts_as_it_would_be_as_a_whole() {
    let mut lines: Vec<(Option<&str>, &str)> = (0..4_100)
        .map(|at| (Some(if at % 2 == 0 { "Maya" } else { "Priya" }), "We spoke of the plan for the week."))
        .collect();
    let mut expected = Vec::new();
    for at in (97..4_000).step_by(301).chain([998, 2_998]) {
        // A question at the end of a part is answered in the next one.
        lines[at] = (Some("Maya"), "Are you thinking of ending your life?");
        lines[at + 1] = (Some("Priya"), "Sometimes, yes.");
        expected.push(at);
    }
    expected.sort_unstable();
    let said: Vec<SpokenText<'_>> =
        lines.iter().map(|(speaker, text)| SpokenText { speaker: *speaker, text }).collect();
    let heard: std::collections::BTreeSet<usize> =
        signs(&said).iter().map(|sign| sign.utterance - usize::from(!expected.contains(&sign.utterance))).collect();
    assert_eq!(heard.into_iter().collect::<Vec<_>>(), expected);
}
