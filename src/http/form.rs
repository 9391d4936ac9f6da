//! A posted form: named fields, some of which contain the id of their subject.
//!
//! `text.{claim}`: a claim's words; `section.{claim}`: where it belongs; `owner.{claim}`
//! and `due.{claim}`: who does it by when; `remove.{claim}`: a ticked box; `add.{section}`: new claims, one a line; `instruction`: what
//! to refine; `who.{n}`, `to` and `to_name`: the recipient shown on the page; `label.{n}`, `name.{n}` and `email.{n}`:
//! speakers. The raw fields are kept, so that a page can show them again.
//!
//! A form is bounded before it is read (in bytes, by the router) and while it is read (in fields), and looking up a
//! field doesn't scan the others. Input is cleaned here, so that no page sees text that can't be stored; a password stays as it
//! was typed.

use std::collections::{HashMap, HashSet};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{StatusCode, header},
};
use debrief_jobs::{
    clean,
    mail::Recipient,
    model::{Content, Owner, Section},
    review::edit::Edits,
};
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    HttpState,
    failure::{Again, Failure},
    guard,
};

/// No page of ours has nearly this many fields: a summary has at most a hundred sentences; long lists are split.
const MOST_FIELDS: usize = 2_000;

/// The fields that take a password.
const PASSWORDS: [&str; 2] = ["password", "current"];

/// The fields, in the order received.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    /// The position of the first field of each name.
    places: HashMap<String, usize>,
}

impl FromRequest<HttpState> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Failure> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "We couldn’t understand this request",
                "Nothing was changed. Go back to the page and try again from there.",
            ));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| unread(&rejection))?;
        Self::read(&body)
    }
}

/// A body that can't be read because it is too large or was cut off.
fn unread(rejection: &BytesRejection) -> Failure {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        guard::note_refused("too_large");
        return too_much("is larger than any our pages send");
    }
    Failure::new(
        rejection.status(),
        "The form didn’t arrive complete",
        "Nothing was changed. Go back and send it again.",
    )
}

fn too_much(what: &str) -> Failure {
    let detail =
        format!("Nothing was changed: the form {what}. Go back, reload the page, and send it in smaller parts.");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "That’s too much at once", detail)
}

impl Form {
    /// Parses the body of a form.
    fn read(body: &[u8]) -> Result<Self, Failure> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            if form.fields.len() >= MOST_FIELDS {
                guard::note_refused("too_many_fields");
                return Err(too_much("has more fields than any of our pages"));
            }
            // A value used as a key must match what is stored; only NUL is never stored.
            let is_key = name.starts_with("label") || name.starts_with("was.");
            let value = if PASSWORDS.contains(&&*name) {
                // It's hashed as it was typed, and never stored.
                value.into_owned()
            } else if is_key {
                value.replace('\0', "\u{fffd}")
            } else {
                clean::text(&value).into_owned()
            };
            form.push(name.into_owned(), value);
        }
        Ok(form)
    }

    fn push(&mut self, name: String, value: String) {
        self.places.entry(name.clone()).or_insert(self.fields.len());
        self.fields.push((name, value));
    }

    /// All fields, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of the first field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.places.get(name).map(|at| self.fields[*at].1.as_str())
    }

    /// The values of `name.0`, `name.1` and so on, as far as they go.
    pub(super) fn numbered(&self, name: &str) -> impl Iterator<Item = &str> {
        (0..).map_while(move |index: usize| self.get(&format!("{name}.{index}")))
    }

    /// The version that was shown; 0 if the form names none.
    pub(super) fn version(&self) -> i32 {
        self.get("version").and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    /// The recipient that was shown; `None` if the form contains no address.
    pub(super) fn recipient(&self) -> Option<Recipient> {
        Recipient::of(self.get("to_name").unwrap_or_default(), self.get("to"))
    }

    /// What was typed in a summary. Fields that name nothing known are left out.
    pub(super) fn edits(&self) -> Edits {
        let mut edits = Edits::default();
        for (field, value) in self.fields() {
            if let Some(claim) = field.strip_prefix("text.").and_then(|id| id.parse::<Uuid>().ok()) {
                edits.texts.insert(claim, value.to_owned());
            } else if let Some(claim) = field.strip_prefix("remove.").and_then(|id| id.parse::<Uuid>().ok()) {
                edits.removals.insert(claim);
            } else if let Some(claim) = field.strip_prefix("section.").and_then(|id| id.parse::<Uuid>().ok()) {
                edits.sections.extend(Section::parse(value).map(|section| (claim, section)));
            } else if let Some(claim) = field.strip_prefix("owner.").and_then(|id| id.parse::<Uuid>().ok()) {
                edits.owners.insert(claim, Owner::parse(value));
            } else if let Some(claim) = field.strip_prefix("due.").and_then(|id| id.parse::<Uuid>().ok()) {
                edits.due.insert(claim, value.trim().to_owned());
            } else if let Some(section) = field.strip_prefix("add.").and_then(Section::parse) {
                // Each line is a sentence of its own.
                let lines = value.lines().filter(|line| !line.trim().is_empty());
                edits.additions.extend(lines.map(|line| (section, line.to_owned())));
            }
        }
        edits
    }

    /// The form as it was, with this token, for sending it again; `None` if it can't be sent without a password, which no page
    /// shows.
    pub(super) fn again(&self, token: &str) -> Option<Box<Again>> {
        if self.get("password").is_some() {
            return None;
        }
        let kept = self.fields.iter().filter(|(name, _)| name != "form_token" && name != "current");
        let token = ("form_token".to_owned(), token.to_owned());
        Some(Box::new(Again { fields: kept.cloned().chain([token]).collect(), cookie: None }))
    }

    /// What was typed and isn't in `shown`, for copying from a page that can't accept it.
    pub(super) fn typed(&self, shown: Option<&Content>) -> Vec<String> {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let claims = shown.iter().flat_map(|content| &content.claims);
        let known: HashSet<String> = claims.map(|claim| one_line(&claim.text)).collect();
        let words = |field: &str| {
            ["text.", "add.", "name.", "email."].iter().any(|start| field.starts_with(start))
                || ["instruction", "email", "said"].contains(&field)
        };
        let typed = self.fields().filter(|(field, _)| words(field)).map(|(_, value)| value.trim());
        typed.filter(|text| !text.is_empty() && !known.contains(&one_line(text))).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Form {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Form::read(body.as_bytes()).expect("a form")
    }

    #[test]
    fn a_form_becomes_edits_and_ignores_what_it_does_not_know() {
        let claim = Uuid::now_v7();
        let (text, remove, section) = (format!("text.{claim}"), format!("remove.{claim}"), format!("section.{claim}"));
        let form = form(&[
            (&text, "New words"),
            (&remove, "on"),
            (&format!("owner.{claim}"), "coach"),
            (&format!("due.{claim}"), " 2026-12-10 "),
            (&section, "nonsense"),
            (&section, "wins"),
            ("add.wins", "A win\r\n\r\nAnother"),
            ("add.nonsense", "x"),
            ("text.not-an-id", "x"),
            ("version", "3"),
        ]);
        let edits = form.edits();
        assert_eq!(form.version(), 3);
        assert_eq!(edits.texts.get(&claim).map(String::as_str), Some("New words"));
        assert!(edits.removals.contains(&claim));
        assert_eq!(edits.sections, [(claim, Section::Wins)].into());
        assert_eq!(edits.owners, [(claim, Owner::Coach)].into());
        assert_eq!(edits.due, [(claim, "2026-12-10".to_owned())].into());
        assert_eq!(edits.additions, [(Section::Wins, "A win".to_owned()), (Section::Wins, "Another".to_owned())]);
        assert_eq!(form.typed(None), ["New words", "A win\r\n\r\nAnother", "x", "x"]);
    }

    #[test]
    fn what_is_typed_can_be_stored_and_what_is_shown_is_found_again() {
        let form = form(&[("add.wins", "a\0b\u{b}c\u{1b}d"), ("label.0", "Priya\u{7}\0"), ("add.wins", "the second")]);
        assert_eq!(form.get("add.wins"), Some("a\u{fffd}b c\u{fffd}d"), "the first of a name counts");
        assert_eq!(form.get("label.0"), Some("Priya\u{7}\u{fffd}"));
    }

    #[test]
    fn a_password_is_checked_as_it_was_typed() {
        let typed = " wooden\u{202e}lamp\t\u{7}rain\r\n";
        let form = form(&[("password", typed), ("current", typed), ("email", typed)]);
        assert_eq!((form.get("password"), form.get("current")), (Some(typed), Some(typed)));
        assert_ne!(form.get("email"), Some(typed));
    }

    #[test]
    fn a_form_has_no_more_fields_than_a_page_can() {
        let fields = |count: usize| (0..count).map(|at| format!("label.{at}=x")).collect::<Vec<_>>().join("&");
        assert_eq!(Form::read(fields(MOST_FIELDS).as_bytes()).expect("a form").numbered("label").count(), MOST_FIELDS);
        let refused = Form::read(fields(15_000).as_bytes()).expect_err("too many");
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(refused.detail.starts_with("Nothing was changed: the form has more fields"), "{}", refused.detail);
    }
}
