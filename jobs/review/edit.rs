//! Manual edits: claims changed, removed or added. An edit creates a version; none is overwritten.
//!
//! Reads the latest version; writes the next one, with the coach as author, the job that indexes it, and the audit.
//! What was typed is checked against the claim's evidence by rule: if that fails, the sentence becomes the coach's own.
//! The same edit sent twice (a double click) is one version.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use regex::Regex;
use serde_json::json;
use uuid::Uuid;

use super::{
    actions::{ActionError, Problem, lock},
    quoted,
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{TenantTx, Tx},
    index::IndexSummary,
    model::{
        ActionItem, Claim, Content, MAX_CHARACTERS, MAX_CLAIMS, Owner, Section, SummaryState, Support, diff,
        summary::{self, Authorship},
    },
    queue::enqueue,
    summarize::{Names, due},
    text::{is_readable, one_line},
    webhook::{self, EventType},
};

/// What the coach typed.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    /// New text by claim; other claims stay.
    pub texts: HashMap<Uuid, String>,
    /// Claims to leave out.
    pub removals: HashSet<Uuid>,
    /// The section that the coach chose by claim: moves it, if it may be moved.
    pub sections: HashMap<Uuid, Section>,
    /// Who does an action item, by claim.
    pub owners: HashMap<Uuid, Owner>,
    /// By when, by claim: a day as `2026-11-29`, or nothing.
    pub due: HashMap<Uuid, String>,
    /// New claims: section and text.
    pub additions: Vec<(Section, String)>,
}

impl Edits {
    /// Whether these edits would change `content`, or are invalid.
    #[must_use]
    pub fn change(&self, content: &Content) -> bool {
        self.apply(content).map_or(true, |edited| edited.hash() != content.hash())
    }

    /// Applies these edits to `content`. What was typed is the coach's own until it is checked against what was said.
    fn apply(&self, content: &Content) -> Result<Content, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut claims: Vec<Claim> = Vec::new();
        for claim in content.claims.iter().filter(|claim| !self.removals.contains(&claim.id)) {
            let mut claim = claim.clone();
            if let Some(typed) = self.texts.get(&claim.id) {
                let typed = one_line(typed);
                if let Some(problem) = problem_of(&typed) {
                    problems.push(Problem { field: format!("text.{}", claim.id), problem: problem.into() });
                }
                if typed != one_line(&claim.text) {
                    claim.text = typed;
                    claim.edited = true;
                    claim.support = Support::Own;
                }
            }
            if let Some(problem) = self.undertaken(&mut claim) {
                problems.push(problem);
            }
            match self.sections.get(&claim.id) {
                Some(section) if *section != claim.section && section.is_open() && claim.is_movable() => {
                    claims.push(claim.moved_to(*section));
                }
                _ => claims.push(claim),
            }
        }
        for (section, typed) in &self.additions {
            let typed = one_line(typed);
            if typed.is_empty() {
                continue;
            }
            if let Some(problem) = problem_of(&typed) {
                problems.push(Problem { field: format!("add.{}", section.as_str()), problem: problem.into() });
            }
            claims.push(added(*section, typed));
        }
        if claims.len() > MAX_CLAIMS {
            let problem = format!("A summary has at most {MAX_CLAIMS} sentences; remove some first.");
            problems.push(Problem { field: "summary".into(), problem });
        }
        // Stable: the order within a section stays, and additions come last.
        claims.sort_by_key(|claim| claim.section);
        if problems.is_empty() { Ok(Content { claims }) } else { Err(problems) }
    }
}

impl Edits {
    /// Sets who does an action item by when, if the coach chose otherwise.
    fn undertaken(&self, claim: &mut Claim) -> Option<Problem> {
        let action = claim.action.as_mut()?;
        if let Some(owner) = self.owners.get(&claim.id) {
            action.owner = *owner;
        }
        let typed = self.due.get(&claim.id)?;
        let day = match typed.parse::<chrono::NaiveDate>() {
            _ if typed.is_empty() => None,
            Ok(day) if typed.len() == DATE.len() => Some(day),
            Ok(_) | Err(_) => {
                let problem = "This isn’t a date. Choose one, or leave it empty.".into();
                return Some(Problem { field: format!("text.{}", claim.id), problem });
            }
        };
        if day != action.due_date {
            // The words said another day.
            (action.due_date, action.due_words) = (day, None);
        }
        None
    }
}

/// A claim in the coach's own words has no evidence but the coach.
fn added(section: Section, text: String) -> Claim {
    let action = (section == Section::ActionItems).then_some(ActionItem {
        owner: Owner::Client,
        due_date: None,
        due_words: None,
    });
    Claim { edited: true, support: Support::Own, action, ..Claim::new(section, text) }
}

fn problem_of(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("This sentence is empty. To leave it out, tick “Remove”.")
    } else if text.chars().count() > MAX_CHARACTERS {
        Some("This sentence is longer than 1,000 characters. Shorten it, or split it in two.")
    } else if !is_readable(text) {
        Some("This sentence contains characters that can’t be shown. Type it again.")
    } else {
        None
    }
}

/// Saves edits of version `base_version` as a new version and returns its number, or the base's number if unchanged.
///
/// # Errors
/// [`ActionError::Conflict`] if `base_version` is not the latest; [`ActionError::Invalid`] names the fields;
/// [`ActionError::NotOpen`] if the summary is approved, dismissed or not written.
pub async fn edit(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    base_version: i32,
    edits: &Edits,
    visitor: &Visitor,
) -> Result<i32, ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    if row.state != SummaryState::Done {
        return Err(ActionError::not_open(row.state));
    }
    let base = summary::load_version(tx, summary_id, base_version).await?;
    let mut edited = edits.apply(&base).map_err(ActionError::Invalid)?;
    let newest = summary::load_version(tx, summary_id, row.version).await?;
    if edited.hash() == newest.hash() {
        return Ok(row.version);
    }
    if base_version != row.version {
        return Err(ActionError::Conflict { newest: row.version });
    }
    let origin = sqlx::query!(
        "select provider, model, prompt_version, template, claims_dropped from summary_versions where summary_id = $1 and version = $2",
        summary_id,
        base_version
    )
    .fetch_one(tx.conn())
    .await?;
    let authorship = Authorship {
        author: "coach",
        provider: origin.provider,
        model: origin.model,
        prompt_version: origin.prompt_version,
        template: origin.template,
        claims_dropped: origin.claims_dropped,
    };
    let misquoted = quoted::misquoted(tx, session_id, summary_id, &edited).await?;
    if !misquoted.is_empty() {
        let field = |claim: &Claim| match edits.texts.contains_key(&claim.id) {
            true => format!("text.{}", claim.id),
            false => format!("add.{}", claim.section.as_str()),
        };
        let wrong = misquoted.into_iter().map(|(claim, problem)| Problem { field: field(claim), problem });
        return Err(ActionError::Invalid(wrong.collect()));
    }
    check_again(tx, summary_id, &base, &mut edited).await?;
    let version = summary::add_version(tx, summary_id, &edited, &authorship).await?;
    webhook::emit(tx, &webhook::Event::summary(EventType::SummaryEdited, summary_id)).await?;
    enqueue(tx, &IndexSummary { summary_id, version }, row.session.correlation_id).await?;
    let detail = json!({ "from": base_version, "version": version, "removed": edits.removals.len() });
    let event = Event { summary_id: Some(summary_id), detail, ..Event::of(session_id, EventKind::Edited) };
    record(tx, &event, visitor).await?;
    Ok(version)
}

/// The form of a day.
const DATE: &str = "2026-11-29";

/// Checks what was typed against what was said. A claim that was verified in an earlier version with the same words and
/// evidence is verified again, so that typing a slip back costs nothing.
async fn check_again(
    tx: &mut TenantTx,
    summary_id: Uuid,
    base: &Content,
    edited: &mut Content,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query!(
        "select clients.name as client, coaches.name as coach, sessions.session_date from summaries
         join clients on clients.id = summaries.client_id
         join sessions on sessions.id = summaries.session_id
         join coaches on coaches.id = sessions.coach_id where summaries.id = $1",
        summary_id
    )
    .fetch_one(tx.conn())
    .await?;
    let names = Names { client: &row.client, coach: &row.coach };
    let typed: Vec<String> = own(edited).map(|claim| claim.text.clone()).collect();
    let before = verified_before(tx, summary_id, &typed).await?;
    for claim in edited.claims.iter_mut().filter(|claim| claim.support == Support::Own) {
        // The id is still that of the edited claim; a new claim has none there.
        let was = base.claims.iter().find(|was| was.id == claim.id);
        let holds = was.is_some_and(|was| was.text != claim.text && names.hold(was, &claim.text))
            || before.iter().any(|it| it.text == claim.text && diff::shares_evidence(it, claim));
        if holds {
            claim.support = Support::Verified;
        }
        if let Some(was) = was.filter(|was| was.text != claim.text) {
            date_again(claim, was, row.session_date);
        }
    }
    for claim in &mut edited.claims {
        if base.claims.iter().any(|was| was.id == claim.id && was.section != claim.section) {
            undertake(claim, names.coach, row.session_date);
        }
    }
    Ok(())
}

/// Who does what was moved to the action items, and by when, as far as its words say.
fn undertake(claim: &mut Claim, coach: &str, day: chrono::NaiveDate) {
    let Some(action) = &mut claim.action else { return };
    // What the coach says is a proposal to the client, unless it's "I'll …".
    static OF_SPEAKER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:I['\u{2019}]ll|I will|let me|I can)\b").expect("a constant pattern"));
    let by_coach = !claim.evidence.is_empty() && claim.evidence.iter().all(|evidence| evidence.speaker == coach);
    let is_coachs = by_coach && OF_SPEAKER.is_match(&claim.text);
    action.owner = if is_coachs { Owner::Coach } else { Owner::Client };
    // A recap has several days, none of which is that of the whole.
    if let Some(said) = due::find(&claim.text, day).filter(|_| due::places(&claim.text, day).len() == 1) {
        (action.due_date, action.due_words) = (said.date, Some(said.words));
    }
}

/// Takes the date of an action item from its new words: the letter mustn't add another one to a date that was typed. A
/// date that was never in the words stays.
fn date_again(claim: &mut Claim, was: &Claim, day: chrono::NaiveDate) {
    let Some(action) = &mut claim.action else { return };
    if was.action.as_ref().is_some_and(|was| was.due_date != action.due_date) {
        // The coach chose the day.
        return;
    }
    match due::find(&claim.text, day) {
        Some(typed) => (action.due_date, action.due_words) = (typed.date, Some(typed.words)),
        None if due::find(&was.text, day).is_some() => (action.due_date, action.due_words) = (None, None),
        None => {}
    }
}

fn own(content: &Content) -> impl Iterator<Item = &Claim> {
    content.claims.iter().filter(|claim| claim.support == Support::Own)
}

/// The verified claims of recent versions with these texts, and their evidence.
async fn verified_before(tx: &mut TenantTx, summary_id: Uuid, texts: &[String]) -> Result<Vec<Claim>, sqlx::Error> {
    let versions = sqlx::query_scalar!(
        r#"select max(version) as "version!" from claims
           where summary_id = $1 and support in ('verified', 'read_twice') and text = any($2) group by text"#,
        summary_id,
        texts
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found = Vec::new();
    for version in versions {
        let content = summary::load_version(tx, summary_id, version).await?;
        found.extend(content.claims.into_iter().filter(|claim| claim.support.holds()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> chrono::NaiveDate {
        chrono::NaiveDate::from_ymd_opt(2026, 11, day).expect("a day")
    }

    /// The due date after `was` was retyped as `typed` on the page of a session of 10 November.
    fn retyped(was: &str, due: Option<u32>, typed: &str) -> Option<chrono::NaiveDate> {
        let action = ActionItem { owner: Owner::Client, due_date: due.map(day), due_words: due.map(|_| "then".into()) };
        let was = Claim { action: Some(action), ..Claim::new(Section::ActionItems, was.to_owned()) };
        let mut claim = Claim { text: typed.to_owned(), ..was.clone() };
        date_again(&mut claim, &was, day(10));
        claim.action.and_then(|action| action.due_date)
    }

    #[test]
    fn a_typed_date_is_the_date_of_the_action_item() {
        let was = "Write a one-pager by Wednesday.";
        assert_eq!(retyped(was, Some(11), "Write a one-pager by Wednesday 18 November."), Some(day(18)));
        assert_eq!(retyped(was, Some(11), "Write a short one-pager by Wednesday."), Some(day(11)));
        assert_eq!(retyped(was, Some(11), "Write a one-pager."), None);
        assert_eq!(retyped("Call Birger.", Some(16), "Call Birger Olsen."), Some(day(16)), "never in the words");
        assert_eq!(retyped("Call Birger.", None, "Call Birger on Friday."), Some(day(13)));
    }

    fn moved(text: &str, speaker: &str) -> ActionItem {
        let evidence = vec![crate::model::Evidence {
            utterance_id: Uuid::nil(),
            speaker: speaker.into(),
            start_ms: None,
            quote: text.into(),
        }];
        let claim = Claim { evidence, ..Claim::new(Section::Moments, text.to_owned()) };
        let mut claim = claim.moved_to(Section::ActionItems);
        undertake(&mut claim, "Maya Okafor", day(10));
        claim.action.expect("an action item")
    }

    /// What the coach proposes is for the client to do, and a recap with several days is due on none of them.
    #[test]
    fn what_is_moved_to_the_action_items_is_owed_by_who_undertakes_it() {
        let proposed = moved("Maya said: “And maybe prepare one page by Friday.”", "Maya Okafor");
        assert_eq!((proposed.owner, proposed.due_date), (Owner::Client, Some(day(13))));
        assert_eq!(moved("Maya said: “I'll send you the list.”", "Maya Okafor").owner, Owner::Coach);
        let recap = moved("Priya said: “The file tonight, Claire on Thursday, the pages by Friday.”", "Priya Raman");
        assert_eq!((recap.owner, recap.due_date), (Owner::Client, None));
    }
}
