//! A posted form: named fields, some of which carry the id of what they are about.
//!
//! `text.{claim}` the words of a claim, `remove.{claim}` a ticked box, `add.{section}` a new claim, `instruction` what to refine; `who.{n}`,
//! `to` and `to_name` for whom the page shows as the recipient; `label.{n}`, `name.{n}` and `email.{n}` for speakers. The raw fields are kept, so that a page can show them again.

use debrief_jobs::{
    mail::Recipient,
    model::{Content, Section},
    review::edit::Edits,
};
use uuid::Uuid;

/// The fields, as they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(pub(super) Vec<(String, String)>);

impl Form {
    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The version that was shown; 0 where the form names none.
    pub(super) fn version(&self) -> i32 {
        self.get("version").and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    /// Who was shown as the recipient; none where the form names no address.
    pub(super) fn recipient(&self) -> Option<Recipient> {
        Recipient::of(self.get("to_name").unwrap_or_default(), self.get("to"))
    }

    /// What was typed into a summary. Fields that name nothing known are left out.
    pub(super) fn edits(&self) -> Edits {
        let mut edits = Edits::default();
        for (field, value) in &self.0 {
            if let Some(claim) = field.strip_prefix("text.").and_then(|id| id.parse::<Uuid>().ok()) {
                edits.texts.insert(claim, value.clone());
            } else if let Some(claim) = field.strip_prefix("remove.").and_then(|id| id.parse::<Uuid>().ok()) {
                edits.removals.insert(claim);
            } else if let Some(section) = field.strip_prefix("add.").and_then(Section::parse) {
                edits.additions.push((section, value.clone()));
            }
        }
        edits
    }

    /// What was typed and is not in `shown`, to be copied from a page that cannot take it.
    pub(super) fn typed(&self, shown: Option<&Content>) -> Vec<String> {
        let known = |text: &str| {
            let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            shown.is_some_and(|content| content.claims.iter().any(|claim| one_line(&claim.text) == one_line(text)))
        };
        let words = |field: &str| field.starts_with("text.") || field.starts_with("add.") || field == "instruction";
        let fields = self.0.iter().filter(|(field, _)| words(field));
        fields.map(|(_, value)| value.trim().to_owned()).filter(|text| !text.is_empty() && !known(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_edits_and_ignores_what_it_does_not_know() {
        let claim = Uuid::now_v7();
        let fields = [
            (format!("text.{claim}"), "New words"),
            (format!("remove.{claim}"), "on"),
            ("add.wins".to_owned(), "A win"),
            ("add.nonsense".to_owned(), "x"),
            ("text.not-an-id".to_owned(), "x"),
            ("version".to_owned(), "3"),
        ];
        let form = Form(fields.into_iter().map(|(name, value)| (name, value.to_owned())).collect());
        let edits = form.edits();
        assert_eq!(form.version(), 3);
        assert_eq!(edits.texts.get(&claim).map(String::as_str), Some("New words"));
        assert!(edits.removals.contains(&claim));
        assert_eq!(edits.additions, [(Section::Wins, "A win".to_owned())]);
        assert_eq!(form.typed(None), ["New words", "A win", "x", "x"]);
    }
}
