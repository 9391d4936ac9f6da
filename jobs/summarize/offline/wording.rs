//! Phrases the chosen sentences: who said it, the quote, and what it needs to be understood.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use debrief_transcript::words;
use regex::Regex;

use super::{
    super::{
        draft::{DraftClaim, DraftEvidence},
        input::{Line, SessionForClient, Speaker},
        kinds::SentenceKind,
    },
    Writer, context, cues, owes, promise,
    rank::Candidate,
    referent::{self, Referent},
    risk, score,
    settled::{self, PromiseOutcome},
    sounds,
    speech::Sentence,
    statement, sure,
};
use crate::text;
use crate::{
    attribute,
    model::{Owner, Section},
};

/// How likely a key quote is of a kind that is kept for its words.
const WORTH_KEEPING: f32 = 0.7;
/// A shorter sentence says little by itself.
const SHORT_WORDS: usize = 7;
/// A shorter insight says little by itself.
const SHORT_INSIGHT_WORDS: usize = 10;
/// The maximum length at which the subject of a promise is shown.
const LONGEST_ASKED_WORDS: usize = 40;
/// How many of the counted questions are shown.
const SHOWN_QUESTIONS: usize = 3;
/// A longer question doesn't help the reader of its answer.
const LONG_QUESTION_WORDS: usize = 14;

impl Writer<'_> {
    /// The claim that a run of sentences makes in a section.
    pub(super) fn claim(&self, section: Section, run: Range<usize>, taken: &mut BTreeSet<usize>) -> DraftClaim {
        let at = run.start;
        let sentence = &self.speech.sentences[at];
        let due = if section == Section::ActionItems { self.due(at) } else { None };
        let moved = match self.settled.outcome(at).filter(|_| section == Section::ActionItems) {
            Some(PromiseOutcome::Moved(to)) => Some(&self.speech.sentences[to]),
            _ => None,
        };
        let beside = due.as_ref().map(|(_, from)| *from).filter(|_| moved.is_none());
        let mut parts = self.parts(section, run, taken, beside);
        // It's told separately.
        parts.retain(|part| moved.is_none_or(|moved| moved.at != part.at));
        // Who undertakes something without the form of a promise speaks for themselves.
        let by_kind = section == Section::ActionItems
            && promise::promise(self.speech, at) == 0.0
            && owes::answered(self.speech, at).is_none();
        let owner = (section == Section::ActionItems).then(|| match owes::owner(self.speech, at) {
            Owner::Unclear if by_kind && !cues::OF_BOTH.is_in(&sentence.own) => Owner::Client,
            owner => owner,
        });
        let answered = owes::answered(self.speech, at).filter(|_| section == Section::ActionItems);
        let question = if let Some(answered) = answered {
            Some(answered.asked)
        } else if by_kind && context::points_back(sentence) {
            self.speech.answers(at).filter(|it| it.asks())
        } else if parts.len() == 1 && section != Section::Recommendations
            || section == Section::ActionItems && parts[0].at == at && sentence.words < SHORT_WORDS
        {
            self.question(sentence, taken)
        } else {
            None
        };
        taken.extend(parts.iter().copied().chain(question).map(|part| part.at));
        let answer = due.iter().map(|(_, from)| *from);
        let whose = if section == Section::ActionItems { self.subject(at) } else { None };
        let begins = whose.iter().map(|(_, from)| *from);
        let person = self.referent(section, at, &parts);
        let named = person.iter().map(|it| it.said);
        let told =
            question.into_iter().chain(named).chain(begins).chain(parts.iter().copied()).chain(answer).chain(moved);
        // "Could we say Friday?" needs someone's agreement.
        let agreed = moved
            .filter(|it| it.asks() || it.speaker != sentence.speaker)
            .and_then(|it| self.speech.sentences.get(it.at + 1));
        let evidence = self.evidence(told.chain(agreed));
        let (name, verb) = match (section, sentence.speaker) {
            (Section::Recommendations, _) => (self.input.coach_short(), "suggested"),
            (_, Speaker::Coach) => (self.input.coach_short(), "said"),
            _ => (self.input.client_short(), "said"),
        };
        let words = |part: &&Sentence| match person.as_ref().filter(|_| part.at == at) {
            Some(person) => person.in_brackets(&part.text),
            None => part.text.clone(),
        };
        let mut quote = readable(&parts.iter().map(words).collect::<Vec<_>>().join(" "));
        // "… call Anders on Monday": the subject came before.
        if let Some((whose, _)) = &whose {
            quote = format!("{} … {}", capital(whose), lower(&quote));
        }
        let asked = question.map(|it| {
            let is_said = answered.is_some() && !it.asks();
            let verb = match () {
                () if is_said && owes::is_advised(&it.own) => "Advised",
                () if is_said && owes::is_told(&it.own) => "Told",
                () => "Asked",
            };
            format!("{verb} \u{201c}{}\u{201d}, ", readable(&it.text))
        });
        let asked = asked.unwrap_or_default();
        let is_whole = asked.is_empty() && moved.is_none() && whose.is_none() && person.is_none() && parts.len() == 1;
        let stated = is_whole.then(|| self.stated(section, sentence, owner, name, &quote)).flatten();
        let text =
            stated.unwrap_or_else(|| format!("{asked}{name} {verb}: {}", self.with_move(&quote, sentence, moved)));
        DraftClaim {
            owner,
            due_date: due.as_ref().and_then(|(due, _)| due.date),
            due_words: due.map(|(due, _)| due.words),
            ..DraftClaim::new(section, text, evidence)
        }
    }

    /// A quote as a statement, if a rule is sure of it.
    fn stated(
        &self,
        section: Section,
        sentence: &Sentence,
        owner: Option<Owner>,
        name: &str,
        quote: &str,
    ) -> Option<String> {
        match (section, sentence.speaker, owner) {
            (Section::Wins, Speaker::Client, _) => statement::achievement(quote).map(|deed| format!("{name} {deed}")),
            // "And then I'll ask about the dog" is the end of a plan whose beginning stands elsewhere.
            (Section::ActionItems, Speaker::Client, Some(Owner::Client)) if !follows(&sentence.own) => {
                statement::undertaking(quote)
            }
            _ => None,
        }
    }

    /// Who the pronoun in a promise refers to, if the sentence that says so isn't shown with it.
    fn referent(&self, section: Section, at: usize, parts: &[&Sentence]) -> Option<Referent<'_>> {
        let person = referent::referent(self.input, self.speech, at).filter(|_| section == Section::ActionItems)?;
        (!parts.iter().any(|part| part.at == person.said.at)).then_some(person)
    }

    /// The quote, and the words that moved it to another day.
    fn with_move(&self, quote: &str, sentence: &Sentence, moved: Option<&Sentence>) -> String {
        let Some(moved) = moved else { return format!("\u{201c}{quote}\u{201d}") };
        let first = quote.trim_end_matches('.');
        let then = readable(&moved.text);
        if moved.speaker == sentence.speaker {
            return format!("\u{201c}{first}\u{201d}, and then \u{201c}{then}\u{201d}");
        }
        let [one, other] = if moved.speaker == Speaker::Coach {
            [self.input.coach_short(), self.input.client_short()]
        } else {
            [self.input.client_short(), self.input.coach_short()]
        };
        let verb = if moved.asks() { "asked" } else { "said" };
        format!("\u{201c}{first}\u{201d}, {one} {verb} \u{201c}{then}\u{201d} and {other} agreed")
    }

    /// For the second half of a promise: "I'll", and the first half, in which it was said.
    fn subject(&self, at: usize) -> Option<(String, &Sentence)> {
        static WHO: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?i)\b(?:I|we)(?:['\u{2019}]ll| will| am going to|['\u{2019}]m going to|['\u{2019}]m gonna| promise to| commit to| shall)\b")
                .expect("a constant pattern")
        });
        let sentences = &self.speech.sentences;
        if !sentences[at].goes_on || cues::WILL.is_in(&sentences[at].own) {
            return None;
        }
        let whole = sentences[..at].iter().rposition(|it| !it.goes_on)?;
        let said = sentences[whole..at].iter().rev().find(|it| WHO.is_match(&it.text))?;
        Some((WHO.find_iter(&said.text).last()?.as_str().to_owned(), said))
    }

    /// The sentence with what it needs from its own turn: "I did not send it." says little without the previous
    /// sentence, "I'll ask Yvonne." less than with "I'll ask her today."
    fn parts(
        &self,
        section: Section,
        run: Range<usize>,
        taken: &BTreeSet<usize>,
        due: Option<&Sentence>,
    ) -> Vec<&Sentence> {
        let at = run.start;
        let sentence = &self.speech.sentences[at];
        if section == Section::Recommendations || owes::answered(self.speech, at).is_some() {
            return vec![sentence];
        }
        let (mut first, mut last) = (at, run.end - 1);
        if section == Section::ActionItems {
            let turn_end = self.speech.turns[sentence.turn].sentences.end;
            let more = |next: &usize| {
                score::goes_on_from(self.speech, *next) == Some(at) || due.is_some_and(|due| due.at == *next)
            };
            last = (at + 1..(at + 3).min(turn_end)).rev().find(more).unwrap_or(at);
        }
        let weak = match section {
            // Insights are seldom expressed in one short sentence.
            Section::Breakthrough => sentence.words < SHORT_INSIGHT_WORDS,
            // What is no progress in itself counts because of what preceded it.
            Section::Wins => context::only_moved(sentence),
            _ => false,
        };
        let leans = weak
            || sentence.words < SHORT_WORDS
            || context::leans_back(sentence)
            || section != Section::ActionItems && context::refers_back(sentence);
        let alone = section != Section::ActionItems || sentence.words < 5;
        let before = at.checked_sub(1).and_then(|before| self.speech.sentences.get(before));
        let names_whom = before.is_some_and(|before| context::names_whom(before, sentence));
        let off = section == Section::ActionItems && before.is_some_and(|it| settled::takes_back(&it.own));
        if off {
            // "Forget Dave." isn't part of "I'll ask my cousin."
        } else if names_whom && self.can_join(at, at.checked_sub(1), taken) {
            first = at - 1;
        } else if leans && alone && (last == at || context::refers_back(sentence)) {
            if self.can_join(at, at.checked_sub(1), taken) {
                first = at - 1;
            } else if last == at
                && sentence.words < 5
                && section != Section::ActionItems
                && self.can_join(at, Some(at + 1), taken)
            {
                last = at + 1;
            }
        }
        self.speech.sentences[first..=last].iter().collect()
    }

    /// Whether the sentence at `other` can be shown with the one at `at`: it's in the same turn, has content, and isn't
    /// in a claim yet.
    fn can_join(&self, at: usize, other: Option<usize>, taken: &BTreeSet<usize>) -> bool {
        let sentence = &self.speech.sentences[at];
        let Some(other) = other.and_then(|other| self.speech.sentences.get(other)) else { return false };
        let says = words::count(sounds::without(&other.own)) >= 2;
        other.turn == sentence.turn
            && says
            && other.words + sentence.words <= 40
            && !other.asks()
            && !other.in_role
            && !taken.contains(&other.at)
    }

    /// The coach's question that a sentence answers, if the answer needs it: it's very short, begins like an answer
    /// ("That I …"), or was chosen because of the question.
    fn question(&self, sentence: &Sentence, taken: &BTreeSet<usize>) -> Option<&Sentence> {
        let asked = self.speech.preceding(sentence.turn)?;
        let last = self.speech.sentences.get(asked.sentences.end.checked_sub(1)?)?;
        let answers_at_once = self.speech.turns[sentence.turn].sentences.start + 2 > sentence.at;
        let openings = [&cues::ASKS_HARD, &cues::ASKS_WINS, &cues::ASKS_MEANING];
        let speaks_for_itself = context::has_cue(sentence) && sentence.words >= SHORT_WORDS;
        let needs_it = sentence.words < SHORT_WORDS && !cues::ACHIEVED.is_in(&sentence.own)
            || sentence.own.starts_with("that ")
            || !speaks_for_itself && sentence.words <= 20 && openings.iter().any(|cue| cue.is_in(&last.own));
        // "You'll have it tomorrow" means nothing without it, whoever says it.
        let is_bare = owes::is_bare(&sentence.own);
        ((sentence.speaker == Speaker::Client && last.speaker == Speaker::Coach && needs_it
            || is_bare && sentence.speaker != last.speaker)
            && answers_at_once
            && last.asks()
            && !last.in_role
            && !taken.contains(&last.at)
            && (3..=if is_bare { LONGEST_ASKED_WORDS } else { LONG_QUESTION_WORDS }).contains(&last.words))
        .then_some(last)
    }

    /// The evidence of several sentences. The schema allows one quote per utterance: the run from first to last.
    pub(super) fn evidence<'s>(&self, sentences: impl Iterator<Item = &'s Sentence>) -> Vec<DraftEvidence> {
        let mut evidence: Vec<DraftEvidence> = Vec::new();
        for item in sentences.flat_map(|sentence| &sentence.evidence) {
            match evidence.iter_mut().find(|other| other.utterance == item.utterance) {
                Some(other) => other.quote = self.run(item.utterance, &other.quote, &item.quote),
                None => evidence.push(item.clone()),
            }
        }
        evidence
    }

    /// The shortest run of the utterance's own words that contains both quotes.
    fn run(&self, utterance: usize, one: &str, other: &str) -> String {
        let Some(line) = self.input.line(utterance) else { return one.to_owned() };
        let both = [one, other].map(|quote| {
            let found = text::locate(&line.text, quote)?;
            let from = found.as_ptr() as usize - line.text.as_ptr() as usize;
            Some((from, from + found.len()))
        });
        let [Some(one), Some(other)] = both else { return line.text.clone() };
        line.text[one.0.min(other.0)..one.1.max(other.1)].to_owned()
    }

    /// Words of the client that speak for themselves and aren't in a section yet: insights.
    pub(super) fn key_quotes(&self, taken: &BTreeSet<usize>) -> Vec<DraftClaim> {
        let candidate = |it: &Sentence| {
            let speaks = it.speaker == Speaker::Client && !it.in_role && !it.asks() && (7..=32).contains(&it.words);
            let own =
                cues::OF_SELF.is_in(&it.own) && !cues::HYPOTHETICAL.is_in(&it.own) && !cues::REPORTS.is_in(&it.own);
            let whole = !context::refers_back(it) && !context::breaks_off(it) && self.is_worth_keeping(it.at);
            (speaks && own && whole && !taken.contains(&it.at) && sure::is_insight(self.speech, it.at))
                .then(|| Candidate { sentence: it.at, score: self.worth(it.at) })
        };
        let found = self.speech.sentences.iter().filter_map(candidate).collect();
        let quote = |at: usize| {
            let it = &self.speech.sentences[at];
            DraftClaim::new(Section::KeyQuotes, format!("\u{201c}{}\u{201d}", readable(&it.text)), it.evidence.clone())
        };
        self.ranking.choose(found, 3, 0.6).into_iter().map(quote).collect()
    }

    /// Whether a sentence is of a kind that is kept for its words, as far as that is known.
    fn is_worth_keeping(&self, at: usize) -> bool {
        let kinds = [SentenceKind::Insight, SentenceKind::Did, SentenceKind::Difficulty, SentenceKind::Decision];
        self.speech.kinds(at).is_none_or(|known| known.of(&kinds) >= WORTH_KEEPING)
    }

    /// How engaged the client was: counts, with the counted questions as evidence, or the longest sentence and its
    /// length if there was no question. They match the page: of all lines of the session, by the same functions.
    pub(super) fn engagement(&self, whole: &SessionForClient) -> Option<DraftClaim> {
        let own = self.speech.sentences.iter().filter(|it| it.speaker == Speaker::Client && !it.in_role);
        let longest = own.max_by_key(|it| it.words).filter(|it| it.words >= 3)?;
        let (mut words, mut turns, mut questions) = (0, 0, 0);
        let mut before: Option<&Line> = None;
        for line in &whole.utterances {
            let count = words::count(&line.text);
            if count == 0 {
                continue;
            }
            if line.speaker == Speaker::Client {
                words += count;
                questions += attribute::measures::questions(&line.text);
                let goes_on = |it: &Line| it.speaker == line.speaker && it.index + 1 == line.index;
                turns += usize::from(!before.is_some_and(goes_on));
            }
            before = Some(line);
        }
        let name = self.input.client_short();
        let group = !self.input.other_names.is_empty();
        // What names another client, or isn't to be noted, was removed beforehand, and isn't counted.
        let counted = match (group, whole.has_off_the_record) {
            (true, _) => "Apart from what names others, ",
            (false, true) => "Apart from what was off the record, ",
            (false, false) => "",
        };
        let mut text = format!("{counted}{name} spoke {} in {}", many(words, "word"), many(turns, "turn"));
        // The share among all speakers, as on the page: among what is left here it would differ.
        if let Some(share) = self.input.share.filter(|_| !group) {
            text.push_str(&format!(", {share}% of all that was said,"));
        }
        text.push_str(&format!(" and asked {}.", many(usize::try_from(questions).unwrap_or_default(), "question")));
        let of_client = self.speech.sentences.iter().filter(|it| it.speaker == Speaker::Client && !it.in_role);
        let asked: Vec<&Sentence> = of_client.filter(|it| it.asks() && it.words > 0).take(SHOWN_QUESTIONS).collect();
        if asked.is_empty() {
            text.push_str(&format!(" The longest sentence has {}.", many(longest.words, "word")));
            return Some(DraftClaim::new(Section::Engagement, text, longest.evidence.clone()));
        }
        let evidence = self.evidence(asked.into_iter());
        Some(DraftClaim::new(Section::Engagement, text, evidence))
    }

    /// How urgently the client needs attention, from 0 to 1, with the words that say so.
    pub(super) fn priority(&self, signs: &[usize]) -> Option<DraftClaim> {
        let risks: Vec<(risk::Risk, &Sentence)> =
            signs.iter().filter_map(|at| Some((risk::risk(self.speech, *at)?, &self.speech.sentences[*at]))).collect();
        let (_, first) = risks.first()?;
        let calm: f32 = risks.iter().map(|(risk, _)| 1.0 - risk.weight()).product();
        let mut reasons: Vec<&str> = Vec::new();
        for (risk, _) in &risks {
            if !reasons.contains(&risk.reason()) {
                reasons.push(risk.reason());
            }
        }
        let (name, quote) = (self.input.client_short(), readable(&first.text));
        let text = format!("{name} spoke of {}: \u{201c}{quote}\u{201d}", reasons.join(" and of "));
        let evidence = risks.iter().flat_map(|(_, it)| it.evidence.clone()).collect();
        Some(DraftClaim { score: Some(1.0 - calm), ..DraftClaim::new(Section::Priority, text, evidence) })
    }

    /// What may go wrong: each sign in its own words, with its weight.
    pub(super) fn risks(&self, signs: &[usize]) -> Vec<DraftClaim> {
        let claim = |at: &usize| {
            let (risk, sentence) = (risk::risk(self.speech, *at)?, &self.speech.sentences[*at]);
            let text = format!("{} said: \u{201c}{}\u{201d}", self.input.client_short(), readable(&sentence.text));
            let evidence = sentence.evidence.clone();
            Some(DraftClaim { score: Some(risk.weight()), ..DraftClaim::new(Section::Risk, text, evidence) })
        };
        signs.iter().filter_map(claim).collect()
    }
}

/// Whether a sentence goes on from another: "and then", "then".
fn follows(own: &str) -> bool {
    ["then ", "and then ", "so then ", "after that "].iter().any(|link| own.starts_with(link))
}

fn many(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// With a lower-case first letter, except for "I" and words in capitals.
fn lower(quote: &str) -> String {
    let mut chars = quote.chars();
    let Some(first) = chars.next() else { return String::new() };
    let stays = !chars.clone().next().is_some_and(char::is_lowercase);
    if stays { quote.to_owned() } else { first.to_lowercase().chain(chars).collect() }
}

/// The words without fillers, capitalised, and with inner quotes that don't end the outer ones.
pub(super) fn readable(quote: &str) -> String {
    let bare = sounds::without(quote);
    let bare = if text::words(bare).len() >= 3 { bare } else { quote };
    let fluent = sounds::fluent(bare);
    let bare = if text::words(&fluent).len() >= 3 { fluent.as_str() } else { bare };
    let mut inner = String::with_capacity(bare.len());
    let mut open = false;
    for c in bare.trim_end_matches([',', ' ', '-', ';']).chars() {
        match c {
            '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' => {
                inner.push(if open { '\u{2019}' } else { '\u{2018}' });
                open = !open;
            }
            c => inner.push(c),
        }
    }
    capital(&inner)
}

/// With a capital first letter.
pub(super) fn capital(quote: &str) -> String {
    let mut chars = quote.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
