//! The follow-up is a letter from the coach to the client. To the coach, sentences name the two (`Priya said: “…”`,
//! `Priya will call Lena`); the letter says them from one to the other (`You said: “…”`, `You will call Lena`). Pure.
//!
//! Openings that the summarizer itself writes are turned as a whole. Every other sentence, whoever wrote it, is turned
//! by [`super::address`] if that is certain. If not, it stays, and the coach is asked before it is sent.

use super::address::{self, Gender, People, Turned};
use crate::{
    model::{Claim, Content, Owner, Section},
    names::short,
};

/// A sentence in the letter's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rephrased {
    /// The sentence.
    pub text: String,
    /// Whether it may speak about the client rather than to the client: then the coach is asked.
    pub speaks_about_client: bool,
}

impl Rephrased {
    fn surely(text: String) -> Self {
        Self { text, speaks_about_client: false }
    }
}

/// Rephrases claims about the two people, whose names are as in the claims.
#[derive(Clone, Debug)]
pub(super) struct Rephraser<'a> {
    client: &'a str,
    coach: &'a str,
    people: People,
    /// The pronoun that the summary uses for the client, if it shows.
    gender: Option<Gender>,
}

impl<'a> Rephraser<'a> {
    pub(super) fn new(client: &'a str, coach: &'a str) -> Self {
        let people = People::new(client, coach);
        Self { client: short(client, coach), coach: short(coach, client), people, gender: None }
    }

    /// Learns the client's pronoun from sentences in which it can't refer to anyone else.
    pub(super) fn after_reading(self, content: &Content) -> Self {
        let told = |claim: &Claim| address::pronoun_of_client(&claim.text, &self.people);
        let mut genders: Vec<Gender> = content.for_client().filter_map(told).collect();
        genders.dedup();
        let gender = if let [only] = genders[..] { Some(only) } else { None };
        Self { gender, ..self }
    }

    /// The claim as the coach says it to the client.
    pub(super) fn rephrase(&self, claim: &Claim) -> Rephrased {
        let text = &claim.text;
        if let Some(told) = self.client_said(text).or_else(|| self.coach_said(text)) {
            return Rephrased::surely(told);
        }
        let asks = matches!(claim.section, Section::ActionItems | Section::Recommendations);
        let coachs = claim.action.as_ref().is_some_and(|action| action.owner == Owner::Coach);
        match address::turn(text, &self.people, self.gender, address::Kind { asks, coachs }) {
            Turned::Surely(text) => Rephrased::surely(text),
            Turned::InDoubt => Rephrased { text: text.clone(), speaks_about_client: true },
        }
    }

    /// `Priya said: “…”`, `Asked “…”, Priya said: “…”`, and both with the words that moved it to another day.
    fn client_said(&self, text: &str) -> Option<String> {
        // The coach's own words have no quotation marks in the letter: what is quoted is the client's.
        if let Some(words) = after(text, self.client, "said") {
            return Some(words.to_owned());
        }
        if let Some(words) = moved(text, self.client) {
            return Some(format!("You said: {words}"));
        }
        let agreed = text.strip_suffix(&format!(" and {} agreed", self.client));
        for verb in ["asked", "said"] {
            let between = format!("\u{201d}, {} {verb} \u{201c}", self.coach);
            if let Some((words, then)) = agreed.and_then(|it| it.split_once(&between)) {
                let words = words.strip_prefix(&format!("{} said: ", self.client))?;
                return Some(format!("You said: {words}\u{201d}, I {verb} \u{201c}{then} and you agreed"));
            }
        }
        let opening = ["Asked", "Told"].into_iter().find(|it| text.starts_with(it))?;
        let (asked, answer) = text.strip_prefix(opening)?.strip_prefix(" \u{201c}")?.split_once("\u{201d}, ")?;
        if let Some(words) = after(answer, self.coach, "said") {
            return Some(format!("{opening} \u{201c}{asked}\u{201d}, I said: {words}"));
        }
        let words = after(answer, self.client, "said").or_else(|| moved(answer, self.client))?;
        Some(format!("{opening} \u{201c}{asked}\u{201d}, you said: {words}"))
    }

    /// `Maya suggested: “I'd …”`: the coach's own letter doesn't quote the coach's own words.
    fn coach_said(&self, text: &str) -> Option<String> {
        let agreed = text.strip_suffix(&format!(" and {} agreed", self.coach));
        for verb in ["asked", "said"] {
            let between = format!("\u{201d}, {} {verb} \u{201c}", self.client);
            if let Some((words, then)) = agreed.and_then(|it| it.split_once(&between)) {
                let words = words.strip_prefix(&format!("{} said: ", self.coach))?;
                return Some(format!("I said: {words}\u{201d}, you {verb} \u{201c}{then} and I agreed"));
            }
        }
        if let Some(words) = moved(text, self.coach) {
            return Some(format!("I said: {words}"));
        }
        let words = after(text, self.coach, "suggested").or_else(|| after(text, self.coach, "said"))?;
        let own = words.strip_prefix('\u{201c}')?.strip_suffix('\u{201d}')?;
        let whole = !own.is_empty() && !own.contains(['\u{201c}', '\u{201d}']);
        whole.then(|| own.to_owned())
    }
}

/// The words of `Name said: “…”, and then “…”`.
fn moved<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let words = text.strip_prefix(name)?.strip_prefix(" said: ")?;
    let (first, then) = words.split_once("\u{201d}, and then \u{201c}")?;
    let whole = |words: &str| !words.contains(['\u{201c}', '\u{201d}']);
    (whole(first.strip_prefix('\u{201c}')?) && whole(then.strip_suffix('\u{201d}')?)).then_some(words)
}

/// The quoted words of `Name verb: “…”`, if nothing follows them.
fn after<'t>(text: &'t str, name: &str, verb: &str) -> Option<&'t str> {
    let words = text.strip_prefix(name)?.strip_prefix(' ')?.strip_prefix(verb)?.strip_prefix(": ")?;
    let own = words.strip_prefix('\u{201c}')?;
    let closed = own.find('\u{201d}').is_none_or(|at| at + '\u{201d}'.len_utf8() == own.len());
    closed.then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ActionItem;

    fn said(rephraser: &Rephraser<'_>, section: Section, text: &str) -> Option<String> {
        let said = rephraser.rephrase(&Claim::new(section, text.to_owned()));
        (!said.speaks_about_client).then_some(said.text)
    }

    #[test]
    fn what_the_summariser_tells_is_said_to_the_client() {
        let rephraser = Rephraser::new("Priya Raman", "Maya Okafor");
        for (told, expect) in [
            ("Priya said: “I sent it.”", "“I sent it.”"),
            ("Asked “Will you apply?”, Priya said: “By Monday.”", "Asked “Will you apply?”, you said: “By Monday.”"),
            ("Asked “What else is there?”, Maya said: “The gum.”", "Asked “What else is there?”, I said: “The gum.”"),
            ("Told “You'll call him.”, Priya said: “Deal.”", "Told “You'll call him.”, you said: “Deal.”"),
            (
                "Priya said: “I'll go on Monday”, and then “No, make it Friday.”",
                "You said: “I'll go on Monday”, and then “No, make it Friday.”",
            ),
            (
                "Priya said: “I'll go on Monday”, Maya asked “Could we say Friday?” and Priya agreed",
                "You said: “I'll go on Monday”, I asked “Could we say Friday?” and you agreed",
            ),
            (
                "Priya said: “I'll go on Monday”, Maya said “Friday then.” and Priya agreed",
                "You said: “I'll go on Monday”, I said “Friday then.” and you agreed",
            ),
            (
                "Maya said: “I'll call on Monday”, Priya asked “Could we say Friday?” and Maya agreed",
                "I said: “I'll call on Monday”, you asked “Could we say Friday?” and I agreed",
            ),
            ("Maya said: “I'll go”, and then “Not today.”", "I said: “I'll go”, and then “Not today.”"),
            ("Maya suggested: “I'd call it ‘bids’.”", "I'd call it ‘bids’."),
            ("Maya said: “I'll share the piece.”", "I'll share the piece."),
            ("Priyanka said: “No.”", "Priyanka said: “No.”"),
            ("You sent it.", "You sent it."),
            ("“Priya is not one to wait.”", "“Priya is not one to wait.”"),
        ] {
            assert_eq!(said(&rephraser, Section::Wins, told).as_deref(), Some(expect), "{told}");
        }
    }

    #[test]
    fn two_of_the_same_first_name_are_told_apart() {
        let rephraser = Rephraser::new("Maya Lind", "Maya Okafor");
        assert_eq!(said(&rephraser, Section::Wins, "Maya Lind said: “I did.”").as_deref(), Some("“I did.”"));
        assert_eq!(said(&rephraser, Section::Wins, "Maya said: “I did.”"), None, "it may be either");
    }

    #[test]
    fn the_summary_tells_by_which_pronoun_it_speaks_of_the_client() {
        let claims = ["Priya said she will wait.", "He starts on Monday."];
        let content = Content { claims: claims.map(|text| Claim::new(Section::Wins, text.to_owned())).into() };
        let rephraser = Rephraser::new("Priya Raman", "Maya Okafor");
        assert_eq!(said(&rephraser, Section::Wins, claims[1]).as_deref(), Some("You start on Monday."));
        let rephraser = rephraser.after_reading(&content);
        assert_eq!(said(&rephraser, Section::Wins, claims[1]).as_deref(), Some(claims[1]), "somebody else");
        assert_eq!(said(&rephraser, Section::Wins, claims[0]).as_deref(), Some("You said you will wait."));
    }

    #[test]
    fn of_what_the_coach_is_to_do_she_may_be_the_coach() {
        let rephraser = Rephraser::new("Priya Raman", "Maya Okafor");
        let action = Some(ActionItem { owner: Owner::Coach, due_date: None, due_words: None });
        let claim = |text: &str| Claim { action: action.clone(), ..Claim::new(Section::ActionItems, text.to_owned()) };
        assert!(rephraser.rephrase(&claim("She will send the template.")).speaks_about_client);
        assert_eq!(
            rephraser.rephrase(&claim("Maya will send Priya the template.")).text,
            "I will send you the template."
        );
    }
}
