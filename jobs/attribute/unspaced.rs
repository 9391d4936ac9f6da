//! Tests: sessions in scripts without spaces between words are measured and shown like any other.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    excerpts,
    measures::{Engagement, Spoken, measure},
    roles::Utterance,
    spoken,
};

/// What each of two speakers said in `fixtures/parse/<case>`, from the file to the measures.
fn measured(case: &str, file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/parse").join(case).join(file);
    let read = debrief_transcript::parse(&fs::read(path).expect("the case is there")).expect("a transcript");
    let first = read.utterances[0].label.clone();
    let speaker = |label: &Option<String>| usize::from(*label != first);
    let spoken: Vec<Spoken<'_>> = read
        .utterances
        .iter()
        .map(|said| Spoken { participant: Some(speaker(&said.label)), time: None, text: &said.text })
        .collect();
    let found = measure(2, &spoken);
    for one in &found {
        assert!((0.35..=0.65).contains(&one.share), "{case}: {found:?}");
        assert_eq!(one.engagement, Engagement::High, "{case}: {found:?}");
        // Two or three sentences: neither every letter nor every sentence counts as a word.
        assert!((12..=35).contains(&one.words), "{case}: {found:?}");
    }
    assert!(found[0].questions >= 1 || case.contains("thai") || case.contains("japanese"), "{case}: {found:?}");
    let said: Vec<Utterance<'_>> =
        read.utterances.iter().map(|said| Utterance { label: speaker(&said.label), text: &said.text }).collect();
    let starts: Vec<Option<i64>> = read.utterances.iter().map(|said| said.start_ms).collect();
    let mentions = spoken::mentions(&said, &BTreeSet::new().into());
    let shown = excerpts::choose(1, &said, &starts, &mentions);
    assert!(!shown.is_empty() && shown.iter().all(|excerpt| excerpt.text.chars().count() > 8), "{case}: {shown:?}");
}

#[test]
fn chinese_japanese_and_thai_are_measured_in_words() {
    measured("text_chinese", "input.txt");
    measured("vtt_japanese", "input.vtt");
    measured("srt_thai", "input.srt");
}

#[test]
fn an_excerpt_without_spaces_is_not_cut_short_at_an_early_one() {
    let long = format!("嗯 {}", "我跟经理谈过了，".repeat(60));
    assert!(excerpts::shorten(&long).chars().count() > 200);
}
