//! What a summary's card shows about refinement: what is in progress, its result, and what changed, word by word. Pure.

use debrief_jobs::{
    model::{
        Audience, RefinementState, SummaryState,
        diff::{self, Change},
    },
    review::view::{RefinementView, SummaryView},
};
use serde::Serialize;

/// The result of the last request.
#[derive(Debug, Serialize)]
pub(super) struct LastRefinement {
    instruction: String,
    /// Whether it created a version.
    done: bool,
    reason: Option<String>,
    /// The sentences that were removed.
    left_out: Vec<String>,
}

/// What changed since the version before the one shown.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    /// That version.
    since: i32,
    /// Changes in the client's part.
    sections: Vec<Block>,
    /// Changes in the coach's part.
    coach_sections: Vec<Block>,
}

#[derive(Debug, Serialize)]
struct Block {
    title: &'static str,
    sentences: Vec<Vec<Part>>,
    same: usize,
}

#[derive(Debug, Serialize)]
struct Part {
    removed: bool,
    added: bool,
    glued: bool,
    text: String,
}

/// The refinement in progress, as the coach requested it.
pub(super) fn under_way(summary: &SummaryView) -> Option<&RefinementView> {
    summary.refinement.as_ref().filter(|refinement| refinement.state == RefinementState::Queued)
}

/// The result of the last request, as long as nothing else has happened since.
pub(super) fn came(summary: &SummaryView) -> Option<LastRefinement> {
    let refinement = summary.refinement.as_ref().filter(|_| summary.state == SummaryState::Done)?;
    let finished = refinement.finished_at?;
    let shown = summary.versions.iter().find(|version| version.version == summary.version)?;
    let left_out = |before| diff::left_out(before, &summary.content).into_iter().map(|claim| claim.text.clone());
    let before = summary.before.as_ref().filter(|_| refinement.state == RefinementState::Done);
    (finished >= shown.created_at).then(|| LastRefinement {
        instruction: refinement.instruction.clone(),
        done: refinement.state == RefinementState::Done,
        reason: refinement.reason.clone(),
        left_out: before.into_iter().flat_map(left_out).collect(),
    })
}

/// The label of the button that restores the previous version; `None` if there is nothing to undo.
pub(super) fn undo(summary: &SummaryView) -> Option<&'static str> {
    let (last, before) = summary.versions.split_last()?;
    if summary.state != SummaryState::Done || before.is_empty() || last.author == "summarizer" {
        return None;
    }
    // The latest content is that of two versions ago: it was already undone.
    let undone = before.len() >= 2 && before[before.len() - 2].content_hash == last.content_hash;
    Some(if undone { "Redo" } else { "Undo" })
}

/// What changed since the previous version; `None` for a first version.
pub(super) fn difference(summary: &SummaryView) -> Option<Difference> {
    let before = summary.before.as_ref()?;
    let changed = diff::contents(before, &summary.content);
    let blocks = |audience: Audience| {
        let sections = changed.iter().filter(|section| section.audience == audience);
        let block = |section: &diff::SectionDiff| Block {
            title: section.section.title(),
            sentences: section.sentences.iter().map(|sentence| sentence.iter().map(part).collect()).collect(),
            same: section.same,
        };
        sections.map(block).collect::<Vec<_>>()
    };
    Some(Difference {
        since: summary.version - 1,
        sections: blocks(Audience::Client),
        coach_sections: blocks(Audience::Coach),
    })
}

fn part(part: &diff::Part) -> Part {
    Part {
        removed: part.change == Change::Removed,
        added: part.change == Change::Added,
        glued: part.glued,
        text: part.text.clone(),
    }
}
