//! Templates: minijinja with the files of `templates/`, embedded in the binary.
//!
//! `.html` and `.mjml` are escaped as HTML, everything else is text. An undefined name is an error, so a template and
//! its context can't silently diverge: the context of each template is a struct with a `sample()`, and a test renders
//! them together. Pure: reads and writes nothing at run time.

mod filters;

pub use filters::clock;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

/// Embeds each of these files under `templates/`.
macro_rules! embed {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/", $name)))),*]
    };
}

/// Every template, in one list: a new one is a file and a line here.
const FILES: &[(&str, &str)] = embed![
    // Emails: a subject, a hand-written text and MJML each.
    "mail/layout.mjml",
    "mail/review_request/subject.txt",
    "mail/review_request/body.txt",
    "mail/review_request/body.mjml",
    "mail/speakers_needed/subject.txt",
    "mail/speakers_needed/body.txt",
    "mail/speakers_needed/body.mjml",
    "mail/session_rejected/subject.txt",
    "mail/session_rejected/body.txt",
    "mail/session_rejected/body.mjml",
    "mail/session_failed/subject.txt",
    "mail/session_failed/body.txt",
    "mail/session_failed/body.mjml",
    "mail/follow_up/subject.txt",
    "mail/follow_up/body.txt",
    "mail/follow_up/body.mjml",
    "mail/weekly_rollup/subject.txt",
    "mail/weekly_rollup/body.txt",
    "mail/weekly_rollup/body.mjml",
    "mail/wrong_words/subject.txt",
    "mail/wrong_words/body.txt",
    "mail/wrong_words/body.mjml",
    "mail/roster_problems/subject.txt",
    "mail/roster_problems/body.txt",
    "mail/roster_problems/body.mjml",
    "mail/webhook_paused/subject.txt",
    "mail/webhook_paused/body.txt",
    "mail/webhook_paused/body.mjml",
    "mail/sign_in_link/subject.txt",
    "mail/sign_in_link/body.txt",
    "mail/sign_in_link/body.mjml",
    "mail/invitation/subject.txt",
    "mail/invitation/body.txt",
    "mail/invitation/body.mjml",
    "mail/confirm_address/subject.txt",
    "mail/confirm_address/body.txt",
    "mail/confirm_address/body.mjml",
    "mail/account_changed/subject.txt",
    "mail/account_changed/body.txt",
    "mail/account_changed/body.mjml",
    // Prompts.
    // Pages.
    "page/base.html",
    "page/open.html",
    "page/review.html",
    "page/card.html",
    "page/danger.html",
    "page/date.html",
    "page/leave.html",
    "page/speakers.html",
    "page/voice.html",
    "page/who.html",
    "page/turns.html",
    "page/sign_in.html",
    "page/one_time.html",
    "page/provider.html",
    "page/to_provider.html",
    "page/code.html",
    "page/account.html",
    "page/factor.html",
    "page/passkey.html",
    "page/codes.html",
    "page/address.html",
    "page/start.html",
    "page/message.html",
    "page/error.html",
    "page/admin.html",
    // What a client gets who asks what is held of them.
    "bundle/index.html",
];

/// A template that failed to render: its name and the error. Only a bug in the program causes one.
#[derive(Debug, thiserror::Error)]
#[error("template {name}: {detail}")]
pub struct TemplateError {
    /// The template's name in the list.
    pub name: String,
    /// minijinja's error message; never a value of the context.
    pub detail: String,
}

impl TemplateError {
    /// An error in the template `name`.
    pub fn new(name: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self { name: name.into(), detail: detail.to_string() }
    }
}

/// All templates, parsed.
#[derive(Clone, Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new()
    }
}

impl Templates {
    /// Parses the embedded templates.
    ///
    /// # Panics
    /// Never panics: the templates are part of the program, and a test parses and renders each.
    #[must_use]
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") || name.ends_with(".mjml") { AutoEscape::Html } else { AutoEscape::None }
        });
        // Block tags on their own lines leave no blank lines behind: the text parts of emails depend on it.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the default delimiters are good"));
        filters::add(&mut environment);
        for (name, source) in FILES {
            environment.add_template(name, source).expect("every embedded template parses: a test holds it");
        }
        Self { environment }
    }

    /// Renders the template `name` with `context`.
    ///
    /// # Errors
    /// Returns an error if there is no such template, or it uses a name that isn't in the context.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        // The detail has the template's line and the error, but none of the context's values.
        self.environment
            .get_template(name)
            .and_then(|template| template.render(Serde(context)))
            .map_err(|error| TemplateError::new(name, describe(&error)))
    }

    /// The names of all templates.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }
}

fn describe(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    let place = error.name().map(|name| format!(" of {name}")).unwrap_or_default();
    format!("{}{line}{place}: {}", error.kind(), error.detail().unwrap_or("no detail"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_template_parses() {
        let templates = Templates::new();
        for name in Templates::names() {
            assert!(templates.environment.get_template(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn an_undefined_name_is_an_error_that_says_where() {
        let error = Templates::new().render("mail/session_rejected/body.txt", &json!({})).expect_err("an error");
        assert!(error.to_string().contains("mail/session_rejected/body.txt"), "{error}");
        assert!(error.to_string().contains("line"), "{error}");
    }

    #[test]
    fn filters_read_as_people_write() {
        let templates = Templates::new();
        let check = |expression: &str, expect: &str| {
            let source = format!("{{{{ {expression} }}}}");
            let got = templates.environment.render_str(&source, minijinja::context! {}).expect("it renders");
            assert_eq!(got, expect, "{expression}");
        };
        check("754000|clock", "12:34");
        check("3723999|clock", "1:02:03");
        check("0|clock", "0:00");
        check("'2026-11-03'|day", "Tuesday 3 November 2026");
        check("'2026-11-03'|short_day", "Tue 3 Nov");
        check("'2026-11-16'|span('2026-11-22')", "16–22 November");
        check("'2026-11-30'|span('2026-12-06')", "30 November – 6 December");
        check("'Dr. Priya Raman, PCC'|hello", "Hi Priya");
        check("'priya@raman.example'|hello", "Hello");
        check("1|count('summary', 'summaries')", "1 summary");
        check("3|count('summary', 'summaries')", "3 summaries");
        check("['Tom', 'Priya', 'Ada']|and", "Tom, Priya and Ada");
        check("'A long sentence that goes on'|wrap(12, 2)", "A long\n  sentence\n  that goes\n  on");
    }
}
