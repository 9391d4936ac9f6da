//! The parts of a turned sentence: a name's role in it, and the matching verb form. Pure.

use super::{
    CLAUSE, Doubt, Sentence,
    read::{Case, What},
};
use crate::follow_up::english::{
    Person, agreeing, ends_in_s, is_adverb, is_auxiliary, is_one_of, is_surely_verb, turned_auxiliary,
};

/// After these a name may start a clause, or be one of several.
const EITHER: &str = "and or than as but before after until since like";
/// Verbs and moods after which a clause may start without a conjunction.
const THINKS: &str = "think thinks believe believes know knows hope hopes feel feels felt says said see sees saw noticed glad \
    sure wish guess mean means thought proud happy sad sorry agreed decided";
const PREPOSITIONS: &str = "with for to from about by of on at in between behind without against around beside near under over \
    through toward towards into onto";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Subject,
    Object,
}

impl Part {
    fn of(acts: bool) -> Self {
        if acts { Self::Subject } else { Self::Object }
    }
}

impl Sentence<'_> {
    fn set(&mut self, at: usize, word: &str) {
        let capital = at == 0 || self.before(at).contains(['.', '!', '?']);
        let mut chars = word.chars();
        let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        self.new[at] = Some(if capital { format!("{first}{}", chars.as_str()) } else { word.to_owned() });
    }

    /// Turns what is said about the client into what is said to the client.
    pub(super) fn turn_client(&mut self, at: usize) -> Result<(), Doubt> {
        match self.items[at].what {
            What::Client { possessive: true } => {
                let next = self.word(at + 1);
                // "Priya's meeting Lena" or "Priya's meeting": there is no way to tell.
                let apart = !self.before(at + 1).trim().is_empty();
                if apart
                    || next.is_empty()
                    || next.ends_with("ing")
                    || is_one_of("been not a an the going so very now still", &next)
                {
                    return Err(Doubt);
                }
                self.set(at, "your");
            }
            What::Client { .. } => {
                if self.part(at)? == Part::Subject {
                    self.agree(at, Person::You)?;
                }
                self.set(at, "you");
            }
            What::Pronoun(_, Case::Subject) => {
                if !self.invert(at, Person::You) {
                    self.agree(at, Person::You)?;
                }
                self.set(at, "you");
            }
            What::Pronoun(_, Case::Object) => self.set(at, "you"),
            What::Pronoun(_, Case::Reflexive) => self.set(at, "yourself"),
            What::Pronoun(_, Case::Hers) => self.set(at, "yours"),
            What::Pronoun(_, Case::Possessive) => {
                let alone = self.word(at + 1).is_empty() || !self.before(at + 1).trim().is_empty();
                self.set(at, if alone { "yours" } else { "your" });
            }
            What::Pronoun(_, Case::Her) => {
                let possessive = self.is_possessive(at)?;
                self.set(at, if possessive { "your" } else { "you" });
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether `her` is possessive.
    fn is_possessive(&self, at: usize) -> Result<bool, Doubt> {
        const NO_NOUNS: &str = "a an the this that these those some any no to and but or if when while as so than because \
            yesterday today tomorrow again now more most not what who how where why whether there here then once too also \
            alone back up out off down away i you he she they it we very really just";
        let next = self.word(at + 1);
        if next.is_empty()
            || !self.before(at + 1).trim().is_empty()
            || is_one_of(NO_NOUNS, &next)
            || is_one_of(PREPOSITIONS, &next)
        {
            return Ok(false);
        }
        let made = at > 0
            && is_one_of(
                "made make makes let lets help helps helped see saw heard watched had have felt feel got get gave give gives",
                &self.word(at - 1),
            );
        if made { Err(Doubt) } else { Ok(true) }
    }

    /// The role of a name in its sentence.
    fn part(&mut self, at: usize) -> Result<Part, Doubt> {
        let verb = self.verb_after(at);
        let acts = verb.is_some_and(|verb| agreeing(self.items[verb].text, Person::You).is_some());
        let joined = is_one_of("and or", &self.word(at + 1));
        if self.begins_sentence(at) {
            return if acts || joined { Ok(Part::of(acts)) } else { Err(Doubt) };
        }
        let prior = self.word(at - 1);
        if self.before(at).contains(',') || is_one_of(EITHER, &prior) {
            return Ok(Part::of(acts));
        }
        if is_one_of(CLAUSE, &prior) {
            return if acts || joined { Ok(Part::of(acts)) } else { Err(Doubt) };
        }
        if is_auxiliary(&prior) {
            return Ok(if self.invert(at, Person::You) { Part::Object } else { Part::of(false) });
        }
        let next = verb.map(|verb| self.word(verb)).unwrap_or_default();
        if is_one_of(THINKS, &prior) {
            if !acts && is_one_of("said says", &prior) {
                return Err(Doubt);
            }
            return Ok(Part::of(acts));
        }
        if is_auxiliary(&next) && !is_one_of(PREPOSITIONS, &prior) {
            return Ok(Part::Subject);
        }
        if is_one_of(PREPOSITIONS, &prior) {
            return Ok(Part::Object);
        }
        // "Ask Priya how it went" is said to the coach. In "gives Priya notes" the next word is a noun; in "the plan
        // Priya likes" it is a verb.
        let told = acts || (0..at).any(|before| agreeing(&self.word(before), Person::You).is_some());
        if ends_in_s(&next) || !told { Err(Doubt) } else { Ok(Part::Object) }
    }

    /// The position of the word after a subject and its adverbs, if only spaces are in between.
    fn verb_after(&self, at: usize) -> Option<usize> {
        let mut verb = at + 1;
        while verb < self.items.len() && self.before(verb).trim().is_empty() && is_adverb(&self.word(verb)) {
            verb += 1;
        }
        (verb < self.items.len() && self.before(verb).trim().is_empty()).then_some(verb)
    }

    /// Turns a verb that comes before its subject ("Is Priya ready", "What does she want"); false if there is none.
    fn invert(&mut self, at: usize, person: Person) -> bool {
        let Some(verb) = at.checked_sub(1).filter(|_| self.before(at).trim().is_empty()) else { return false };
        let word = self.word(verb);
        let asks = self.begins_sentence(verb)
            || is_one_of("what where when why how who whom nor neither so or and", &self.word(verb - 1));
        if !asks || !is_auxiliary(&word) {
            return false;
        }
        if let Some(turned) = agreeing(&word, person) {
            self.set(verb, &turned);
        }
        true
    }

    /// Makes the verbs of the subject at `at` agree with `person`.
    fn agree(&mut self, at: usize, person: Person) -> Result<(), Doubt> {
        if is_one_of("and or", &self.word(at + 1)) {
            return Ok(());
        }
        let Some(verb) = self.verb_after(at) else { return Err(Doubt) };
        let word = self.word(verb);
        if word == "'s" {
            return self.contracted(verb, person);
        }
        let present = ends_in_s(&word) || turned_auxiliary(&word).is_some();
        match agreeing(self.items[verb].text, person) {
            Some(turned) => {
                if turned != self.items[verb].text {
                    self.set(verb, &turned);
                }
            }
            // A past form that isn't on the list needs no change; a word that isn't a verb is unclear.
            None if matches!(self.items[at].what, What::Pronoun(..)) && !word.is_empty() && !word.ends_with('s') => {}
            None => return Err(Doubt),
        }
        self.agree_further(verb, person, present)
    }

    /// The verbs that continue with the same subject: "… and is tired".
    fn agree_further(&mut self, verb: usize, person: Person, present: bool) -> Result<(), Doubt> {
        let mut at = verb + 1;
        while at < self.items.len() && !self.begins_sentence(at) {
            let joins = is_one_of("and but or then", &self.word(at));
            let mut next = at + usize::from(joins);
            if joins || self.before(at).contains(',') {
                while next < self.items.len() && is_adverb(&self.word(next)) {
                    next += 1;
                }
                let word = self.word(next);
                if turned_auxiliary(&word).is_some() || (present && is_surely_verb(&word)) {
                    let turned = agreeing(&word, person).ok_or(Doubt)?;
                    self.set(next, &turned);
                } else if present && ends_in_s(&word) {
                    return Err(Doubt);
                }
            }
            at = next.max(at + 1);
        }
        Ok(())
    }

    /// `she's`: is or has.
    fn contracted(&mut self, at: usize, person: Person) -> Result<(), Doubt> {
        let next = self.word(at + 1);
        let (is, has) = if person == Person::You { ("'re", "'ve") } else { ("'m", "'ve") };
        if is_one_of("been got had done", &next) {
            self.new[at] = Some(has.to_owned());
        } else if next.ends_with("ed") || next.ends_with("en") || next.is_empty() {
            return Err(Doubt);
        } else {
            self.new[at] = Some(is.to_owned());
        }
        self.agree_further(at, person, true)
    }

    /// Uses `I` for the coach where that is certain; a name that stays does no harm.
    pub(super) fn turn_coach(&mut self, at: usize, possessive: bool) {
        let kept = self.new.clone();
        let joined = |word: &str| is_one_of("and or", word);
        if joined(&self.word(at + 1)) || at > 0 && joined(&self.word(at - 1)) {
            return;
        }
        let turned = if possessive {
            let next = self.word(at + 1);
            if next.is_empty() || next.ends_with("ing") || is_one_of("been not a an the going so very now still", &next)
            {
                Err(Doubt)
            } else {
                Ok("my")
            }
        } else {
            match self.part(at) {
                Ok(Part::Subject) => self.agree(at, Person::I).map(|()| "I"),
                Ok(Part::Object) if is_one_of(PREPOSITIONS, &self.word(at.saturating_sub(1))) => Ok("me"),
                _ => Err(Doubt),
            }
        };
        match turned {
            Ok(word) => self.set(at, word),
            Err(Doubt) => self.new = kept,
        }
    }
}
