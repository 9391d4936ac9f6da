//! Previews a summary template on a sample session before it is saved: the letter and the coach's notes. Pure.

use std::fmt::Write;

use super::letter;
use crate::{
    llm::Prompt,
    mail::{self, Message},
    model::{Audience, Section},
    summarize::template::{self, SummaryTemplate, TemplateFault},
    template::Templates,
};

/// A template applied to the sample session.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The follow-up, as the client would read it.
    pub follow_up: String,
    /// What only the coach would read.
    pub notes: String,
    /// What a language model would be asked.
    pub prompt: Prompt,
}

/// Applies a template to the sample session.
///
/// # Errors
/// Returns what doesn't work.
pub fn preview(template: &SummaryTemplate) -> Result<Preview, TemplateFault> {
    let template::Sample { session, content, prompt } = template::write_sample(template)?;
    let message = Message::FollowUp(letter(
        &session.client,
        &session.coach,
        "your organization",
        Some(session.session_date),
        &content,
    ));
    let rendered = mail::render(&Templates::new(), &message)
        .map_err(|error| TemplateFault(format!("the follow-up can't be written with this template: {error}")))?;
    let mut notes = String::new();
    for section in Section::ALL.into_iter().filter(|section| section.audience() == Audience::Coach) {
        for claim in content.section(section) {
            let score = claim.score.map(|score| format!(" ({score})")).unwrap_or_default();
            let _ = writeln!(notes, "{}{score}: {}", section.title(), claim.text);
        }
    }
    Ok(Preview { follow_up: rendered.text, notes, prompt })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_template_makes_something_of_the_sample() {
        let preview = preview(&SummaryTemplate::default()).expect("a preview");
        assert!(preview.follow_up.contains("Hartman"), "{}", preview.follow_up);
        assert!(preview.notes.contains("Priority (0."), "{}", preview.notes);
        assert!(!preview.follow_up.contains("Priority"), "{}", preview.follow_up);
    }

    #[test]
    fn a_section_that_a_template_leaves_out_is_not_there() {
        let template = SummaryTemplate::read("name = \"a\"\n[sections]\nwins = 0\nchallenges = 0\npriority = 0\n");
        let preview = preview(&template.expect("a template")).expect("a preview");
        assert!(!preview.follow_up.contains("What went well"), "{}", preview.follow_up);
        assert!(preview.follow_up.contains("by Friday"), "{}", preview.follow_up);
        assert!(!preview.notes.contains("Priority"), "{}", preview.notes);
    }
}
