//! Summary templates: which sections a summary has, how long and in what tone it is, and whom it's for. Pure values;
//! `store` has the organizations' files.

mod sample;
mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use sample::read as read_session;
pub(crate) use sample::session as sample_session;
pub(crate) use sample::{Sample, write as write_sample};
pub(crate) use store::for_session;
pub use store::{Saved, StoreError, history, list, retire, save, show};

use crate::model::{Audience, Claim, Section};

/// The template for organizations without their own: commented, it doubles as the manual.
pub const DEFAULT: &str = include_str!("../../../templates/summary/default.toml");
/// The name of [`DEFAULT`], which is reserved.
pub const DEFAULT_NAME: &str = "default";
/// The maximum number of claims per section, whatever a template says.
const MOST_CLAIMS: usize = 20;
/// Guidance for a model is a sentence or two, not a second prompt.
const MOST_GUIDANCE_CHARS: usize = 500;

/// The length of a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Half the usual length.
    Short,
    /// The usual length.
    #[default]
    Medium,
    /// One and a half times the usual length.
    Long,
}

/// Who a template is for; conditions that aren't given match everyone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The handle of one coach.
    pub coach: Option<String>,
    /// `individual` or `group`.
    #[serde(rename = "type")]
    pub session_type: Option<String>,
    /// Text that the session's title or the file's name must contain, ignoring case.
    pub title: Option<String>,
}

/// What a template is chosen by.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The coach's handle.
    pub coach: &'a str,
    /// `individual` or `group`.
    pub session_type: &'a str,
    /// The session's title and the key of its file.
    pub titles: [&'a str; 2],
}

/// A summary template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SummaryTemplate {
    /// Lower-case letters, digits and dashes.
    pub name: String,
    /// The version; a file has none, saved ones are counted from 1.
    #[serde(skip)]
    pub version: i32,
    /// The length of the summary.
    #[serde(default)]
    pub length: Length,
    /// The tone, for a language model.
    #[serde(default)]
    pub tone: String,
    /// What else a language model should consider.
    #[serde(default)]
    pub guidance: String,
    /// Who it's for.
    #[serde(default)]
    pub when: When,
    /// The maximum number of claims per section; 0 leaves the section out.
    #[serde(default)]
    sections: BTreeMap<String, usize>,
}

/// Why a file isn't a summary template: what is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateFault(pub String);

impl Default for SummaryTemplate {
    fn default() -> Self {
        Self::read(DEFAULT).expect("the default template is good: a test reads it")
    }
}

impl SummaryTemplate {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, with the line number if known.
    pub fn read(file: &str) -> Result<Self, TemplateFault> {
        let template: Self =
            toml::from_str(file).map_err(|error| TemplateFault(error.to_string().trim_end().into()))?;
        template.check()?;
        Ok(template)
    }

    fn check(&self) -> Result<(), TemplateFault> {
        let fault = |text: String| Err(TemplateFault(text));
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if self.name.is_empty()
            || self.name.len() > 63
            || !self.name.chars().all(good)
            || !self.name.starts_with(|c: char| c.is_ascii_alphanumeric())
        {
            return fault(format!("name: `{}` may only contain lower-case letters, digits and dashes", self.name));
        }
        for (section, limit) in &self.sections {
            if Section::parse(section).is_none() {
                let known = Section::ALL.map(Section::as_str).join(", ");
                return fault(format!("sections: there is no section `{section}`; use {known}"));
            }
            if *limit > MOST_CLAIMS {
                return fault(format!(
                    "sections: {section} = {limit} is too many; a section holds at most {MOST_CLAIMS}"
                ));
            }
        }
        if let Some(session_type) = &self.when.session_type
            && !["individual", "group"].contains(&session_type.as_str())
        {
            return fault(format!("when: type = \"{session_type}\" is neither \"individual\" nor \"group\""));
        }
        if self.when.title.as_ref().is_some_and(|title| title.trim().is_empty()) {
            return fault("when: title is empty; leave it out to match every title".into());
        }
        for (key, text) in [("tone", &self.tone), ("guidance", &self.guidance)] {
            if text.chars().count() > MOST_GUIDANCE_CHARS {
                return fault(format!("{key}: is longer than {MOST_GUIDANCE_CHARS} characters"));
            }
            if text.chars().any(char::is_control) {
                return fault(format!("{key}: is more than one line"));
            }
        }
        let shown = |section: &Section| section.audience() == Audience::Client && self.limit(*section) > 0;
        if !Section::ALL.iter().any(shown) {
            return fault("sections: nothing is left for the client: a follow-up would be empty".into());
        }
        Ok(())
    }

    /// The maximum number of claims in a section; 0 if the template doesn't have it.
    #[must_use]
    pub fn limit(&self, section: Section) -> usize {
        let usual: usize = match section {
            Section::Engagement | Section::Priority => {
                return self.sections.get(section.as_str()).map_or(1, |n| (*n).min(1));
            }
            Section::OpenThreads => 12,
            Section::ActionItems => 12,
            Section::KeyQuotes | Section::Breakthrough => 2,
            Section::Risk => 3,
            Section::Moments => 8,
            Section::Wins | Section::Challenges | Section::Recommendations => 4,
        };
        self.sections.get(section.as_str()).copied().unwrap_or(match self.length {
            Length::Short if section != Section::OpenThreads => usual.div_ceil(2),
            Length::Long => usual + usual / 2,
            _ => usual,
        })
    }

    /// The `claims` that a summary with this template contains: of each of its sections, the first ones.
    #[must_use]
    pub fn choose(&self, claims: Vec<Claim>) -> Vec<Claim> {
        let mut counts: BTreeMap<Section, usize> = BTreeMap::new();
        let mut kept = claims;
        kept.retain(|claim| {
            let count = counts.entry(claim.section).or_default();
            *count += 1;
            *count <= self.limit(claim.section)
        });
        kept
    }

    /// How specifically it matches; `None` if it doesn't.
    fn fit(&self, occasion: Occasion<'_>) -> Option<u8> {
        let When { coach, session_type, title } = &self.when;
        let holds = |title: &String| {
            let wanted = title.trim().to_lowercase();
            occasion.titles.iter().any(|title| title.to_lowercase().contains(&wanted))
        };
        let fits = coach.as_ref().is_none_or(|coach| coach.eq_ignore_ascii_case(occasion.coach))
            && session_type.as_ref().is_none_or(|session_type| session_type == occasion.session_type)
            && title.as_ref().is_none_or(holds);
        fits.then(|| 4 * u8::from(coach.is_some()) + 2 * u8::from(title.is_some()) + u8::from(session_type.is_some()))
    }

    /// The template for an occasion; the default one if none matches.
    #[must_use]
    pub fn choose_for(mut templates: Vec<Self>, occasion: Occasion<'_>) -> Self {
        templates.sort_by(|one, other| one.name.cmp(&other.name));
        let fitting = templates.into_iter().filter_map(|template| Some((template.fit(occasion)?, template)));
        // The first of equals: `max_by_key` would take the last.
        fitting
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, template)| template)
            .unwrap_or_default()
    }

    /// The name stored with a version: `default`, or name and version.
    #[must_use]
    pub fn stamp(&self) -> String {
        if self.version == 0 { self.name.clone() } else { format!("{} {}", self.name, self.version) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(head: &str, when: &str) -> SummaryTemplate {
        SummaryTemplate::read(&format!("{head}\n[when]\n{when}\n")).expect("a template")
    }

    #[test]
    fn the_default_is_good_and_has_every_section() {
        let template = SummaryTemplate::default();
        assert!(Section::ALL.into_iter().all(|section| template.limit(section) > 0));
        assert_eq!(template.stamp(), DEFAULT_NAME);
    }

    #[test]
    fn the_most_particular_template_is_used() {
        let all = || {
            vec![
                template("name = \"a-group\"", "type = \"group\""),
                template("name = \"b-maya\"", "coach = \"maya\""),
                template("name = \"c-workshop\"", "title = \"Workshop\""),
                template("name = \"d-everybody\"", ""),
            ]
        };
        let chosen = |coach, session_type, title| {
            SummaryTemplate::choose_for(all(), Occasion { coach, session_type, titles: [title, ""] }).name
        };
        assert_eq!(chosen("maya", "group", "March workshop"), "b-maya");
        assert_eq!(chosen("tom", "group", "March workshop"), "c-workshop");
        assert_eq!(chosen("tom", "group", "March"), "a-group");
        assert_eq!(chosen("tom", "individual", "March"), "d-everybody");
        let occasion = Occasion { coach: "tom", session_type: "group", titles: ["", ""] };
        assert_eq!(SummaryTemplate::choose_for(Vec::new(), occasion).name, DEFAULT_NAME);
    }

    #[test]
    fn a_template_chooses_sections_and_their_length() {
        let short = SummaryTemplate::read("name = \"s\"\nlength = \"short\"\n[sections]\nchallenges = 0\nwins = 1\n");
        let short = short.expect("a template");
        let claims = [Section::Wins, Section::Wins, Section::Challenges, Section::ActionItems]
            .map(|section| Claim::new(section, "It was said.".into()));
        let kept: Vec<Section> = short.choose(claims.into()).iter().map(|claim| claim.section).collect();
        assert_eq!(kept, [Section::Wins, Section::ActionItems]);
        assert_eq!(short.limit(Section::ActionItems), 6);
        assert_eq!(short.limit(Section::Engagement), 1);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (file, said) in [
            ("length = \"short\"", "missing field `name`"),
            ("name = \"My template\"", "lower-case"),
            ("name = \"a\"\nlenght = \"short\"", "unknown field `lenght`"),
            ("name = \"a\"\nlength = \"brief\"", "line 2"),
            ("name = \"a\"\n[sections]\nvictories = 2", "there is no section `victories`; use wins"),
            ("name = \"a\"\n[sections]\nwins = 200", "at most 20"),
            ("name = \"a\"\n[when]\ntype = \"pair\"", "neither"),
            ("name = \"a\"\nguidance = \"\"\"one\ntwo\"\"\"", "more than one line"),
            (
                "name = \"a\"\n[sections]\nwins = 0\nchallenges = 0\naction_items = 0\nrecommendations = 0\nkey_quotes = 0",
                "nothing is left for the client",
            ),
        ] {
            let fault = SummaryTemplate::read(file).expect_err(file);
            assert!(fault.0.contains(said), "{file}: {fault}");
        }
    }
}
