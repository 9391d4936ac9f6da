//! ELAN's annotation files (EAF): one tier per speaker, times in slots. Dependent tiers (translations, notes on what
//! was said) are set aside.

use std::collections::HashMap;

use super::{Piece, attribute, pieces, root};
use crate::{
    account::{Draft, words},
    format::Format,
    formats::{Confidence, Reader, Source},
    markup,
};

pub(crate) const READER: Reader = Reader { name: "eaf", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    (root(source.text) == Some("ANNOTATION_DOCUMENT"))
        .then_some((Confidence::Signature, "the first element is <ANNOTATION_DOCUMENT>"))
}

/// The speaker of a tier, and whether it depends on another.
#[derive(Clone, Default)]
struct Tier {
    label: Option<String>,
    dependent: bool,
}

/// An annotation: its time slots and its words.
struct Annotation<'a> {
    line: usize,
    label: Option<String>,
    slots: [Option<&'a str>; 2],
    raw: usize,
    text: String,
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut slots: HashMap<&str, i64> = HashMap::new();
    let mut tier = Tier::default();
    let mut refs = [None, None];
    let mut open: Option<Annotation<'_>> = None;
    let mut said: Vec<Annotation<'_>> = Vec::new();
    for (line, piece) in pieces(source.text) {
        match piece {
            Piece::Open { raw, name, empty } => {
                draft.structure(raw);
                match name {
                    "TIME_SLOT" => {
                        if let (Some(id), Some(time)) = (attribute(raw, "TIME_SLOT_ID"), slot_time(raw)) {
                            slots.insert(id, time);
                        }
                    }
                    "TIER" => tier = read_tier(raw),
                    "ALIGNABLE_ANNOTATION" => {
                        refs = [attribute(raw, "TIME_SLOT_REF1"), attribute(raw, "TIME_SLOT_REF2")];
                    }
                    "REF_ANNOTATION" => refs = [None, None],
                    "ANNOTATION_VALUE" if !empty => {
                        said.extend(open.take());
                        let text = String::new();
                        open = Some(Annotation { line, label: tier.label.clone(), slots: refs, raw: 0, text });
                    }
                    _ => {}
                }
            }
            Piece::Close { raw, name } => {
                draft.structure(raw);
                if name == "ANNOTATION_VALUE" {
                    said.extend(open.take());
                }
            }
            Piece::Text(text) if text.trim().is_empty() => {
                if let Some(annotation) = &mut open {
                    annotation.text.push(' ');
                }
            }
            Piece::Text(text) => match &mut open {
                Some(_) if tier.dependent => draft.set_aside(line, "a tier about another tier", text),
                Some(annotation) => {
                    annotation.raw += words(text);
                    annotation.text.push_str(&markup::references(text));
                }
                None => draft.set_aside(line, "text outside of any annotation", text),
            },
            Piece::Comment(text) => draft.set_aside(line, "a comment", text),
            Piece::Other(raw) => draft.structure(raw),
        }
    }
    said.extend(open.take());
    say(said, &slots, &mut draft);
    (Format::Eaf, draft)
}

fn read_tier(raw: &str) -> Tier {
    let named = |name: &str| attribute(raw, name).map(str::trim).filter(|name| !name.is_empty());
    Tier {
        label: named("PARTICIPANT").or_else(|| named("TIER_ID")).map(|name| markup::references(name).into_owned()),
        dependent: attribute(raw, "PARENT_REF").is_some(),
    }
}

fn slot_time(raw: &str) -> Option<i64> {
    attribute(raw, "TIME_VALUE")?.trim().parse().ok().filter(|time| *time >= 0)
}

/// Adds the annotations of all tiers, sorted by time.
fn say(annotations: Vec<Annotation<'_>>, slots: &HashMap<&str, i64>, draft: &mut Draft) {
    let mut last = 0;
    for annotation in annotations {
        let text = annotation.text.split_whitespace().collect::<Vec<_>>().join(" ");
        draft.markup(annotation.raw, words(&text));
        let [start, end] = annotation.slots.map(|slot| slot.and_then(|slot| slots.get(slot).copied()));
        if start.is_none() && !text.is_empty() {
            draft.warn(annotation.line, "an annotation without a time");
        }
        let end = draft.end(annotation.line, start, end);
        draft.say(annotation.label.as_deref(), start, end, &text);
    }
    // One without a time stays after the previous one in its tier.
    let mut keyed: Vec<_> = std::mem::take(&mut draft.utterances)
        .into_iter()
        .map(|utterance| {
            last = utterance.start_ms.unwrap_or(last);
            (last, utterance)
        })
        .collect();
    keyed.sort_by_key(|(time, _)| *time);
    draft.utterances = keyed.into_iter().map(|(_, utterance)| utterance).collect();
}
