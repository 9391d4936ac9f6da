//! Somebody else at a named account: whoever introduces themselves there by another name, or as a relative of the person
//! that the label names. Pure.
//!
//! One such sentence is a doubt and no proof: people also play roles and show photographs. So only openings count, or
//! a name that announces itself ("Tom here, Anna has gone"); what is reported or quoted does not.

use super::{
    address,
    people::Person,
    roles::Utterance,
    spoken::{self, Word},
};
use crate::names::{self, nicknames};

/// In so many turns of a label people say who they are; later they tell of others.
const EARLY: usize = 4;

/// "This is …", where a sentence begins with it.
const THIS_IS: [&str; 16] = [
    "this is",
    "its",
    "it is",
    "hier ist",
    "hier spricht",
    "hier",
    "das ist",
    "ici",
    "cest",
    "aqui",
    "aqui e",
    "habla",
    "fala",
    "parla",
    "hier is",
    "det ar",
];

/// "I am …", where a sentence begins with it.
const I_AM: [&str; 12] = [
    "im",
    "i am",
    "ich bin",
    "ich bin die",
    "ich bin der",
    "je suis",
    "soy",
    "yo soy",
    "eu sou",
    "sono",
    "ik ben",
    "jag ar",
];

/// Who may sit at somebody's account.
const RELATIVES: &str = "wife husband partner spouse mother mum mom father dad son daughter sister brother assistant secretary \
    interpreter translator carer nurse colleague frau mann partnerin mutter vater sohn tochter schwester bruder assistentin \
    assistent sekretarin kollegin kollege dolmetscherin femme mari compagne compagnon mere pere fils fille soeur frere assistante \
    interprete mujer esposa marido esposo madre padre hijo hija hermana hermano asistente mulher mae pai filho filha irma irmao \
    moglie marito figlio figlia sorella fratello assistente vrouw man moeder zoon dochter zus broer fru son dotter syster bror";

/// Words of saying: what follows them is what somebody said.
const SAYING: &str = "said says say saying asked asks told like goes went answered wrote writes sagte sagt meinte fragte dit disait dijo \
    dice disse zei sa sade called calls";

/// Who introduces themselves under a label that names `own`, as it is put to the coach; `labels` are all of the session.
pub(super) fn of_another(said: &[Utterance<'_>], label: usize, own: &Person, labels: &[&str]) -> Option<String> {
    let present: Vec<String> = labels.iter().flat_map(|name| names::forms(name)).flat_map(|form| form.words).collect();
    let mut turns = 0;
    for (at, one) in said.iter().enumerate().filter(|(_, one)| one.label == label) {
        turns += usize::from(at == 0 || said[at - 1].label != label);
        let words = spoken::split(one.text);
        let speech = Speech { words: &words, own, present: &present, is_early: turns <= EARLY };
        if let Some(found) = (0..words.len()).find_map(|place| speech.another_at(place)) {
            return Some(found);
        }
    }
    None
}

/// One utterance, and who should have said it.
struct Speech<'a> {
    words: &'a [Word],
    own: &'a Person,
    /// The words of all labels: somebody who has one is introduced to the others.
    present: &'a [String],
    is_early: bool,
}

impl Speech<'_> {
    /// Who introduces themselves with the word at this place.
    fn another_at(&self, place: usize) -> Option<String> {
        let word = &self.words[place];
        let begin = self.clause(place);
        if word.is_quoted || self.is_reported(begin) {
            return None;
        }
        let before: Vec<&str> = self.words[begin..place].iter().map(|word| word.folded.as_str()).collect();
        let is = |phrases: &[&str]| phrases.iter().any(|phrase| phrase.split(' ').eq(before.iter().copied()));
        let is_article =
            |word: &&str| ["the", "die", "der", "la", "le", "el", "a", "o", "il", "de", "het"].contains(word);
        let bare: Vec<&str> = before.iter().copied().filter(|word| !is_article(word)).collect();
        let opens =
            [THIS_IS.as_slice(), &I_AM].concat().iter().any(|phrase| phrase.split(' ').eq(bare.iter().copied()));
        if let Some(relative) = self.relative(place).filter(|_| opens) {
            return Some(relative);
        }
        let is_name = word.written.chars().next().is_some_and(char::is_uppercase) && !self.is_known(&word.folded);
        if !is_name {
            return None;
        }
        let says_name = self.is_early
            && (address::gives_name(&before)
                || before.ends_with(&["my", "name", "is"])
                || before.ends_with(&["my", "names"]));
        let is_given = nicknames::is_given(&word.folded);
        let says_who =
            self.is_early && is_given && self.ends(place) && !self.is_shown(place) && (is(&THIS_IS) || is(&I_AM));
        let next = |ahead: usize| self.words.get(place + ahead).map_or("", |next| next.folded.as_str());
        let is_here = is_given
            && before.is_empty()
            && word.after.is_empty()
            && self.ends(place + 1)
            && address::is_speaking(next(1), true, next(2));
        (says_name || says_who || is_here).then(|| word.written.clone())
    }

    /// `Mark's wife`, `Marks Frau`, `la femme de Mark` at this place, where Mark is the person that the label names.
    fn relative(&self, place: usize) -> Option<String> {
        let is_relative = |word: &Word| RELATIVES.split_whitespace().any(|relative| relative == word.folded);
        let is_own = |folded: &str| self.own.given_names().any(|own| own == folded);
        let (word, next) = (&self.words[place], self.words.get(place + 1));
        let after_name = || word.folded.strip_suffix('s').is_some_and(is_own) && next.is_some_and(is_relative);
        if word.after.is_empty() && after_name() {
            return Some(format!("{} {}", word.written, next?.written));
        }
        let of =
            next.filter(|next| matches!(next.folded.as_str(), "of" | "von" | "de" | "di" | "van" | "do" | "da" | "av"));
        let name = self.words.get(place + 2).filter(|name| is_own(&name.folded));
        let (of, name) = of.zip(name).filter(|_| is_relative(word))?;
        Some(format!("{} {} {}", word.written, of.written, name.written))
    }

    /// Where the clause begins in which a word stands.
    fn clause(&self, place: usize) -> usize {
        let parts = |at: &usize| self.words[*at].after.contains([',', '.', '!', '?', ';', ':', '—', '–', '…']);
        (0..place).rev().find(parts).map_or(0, |at| at + 1)
    }

    /// Whether the words before a clause say that somebody else said it.
    fn is_reported(&self, begin: usize) -> bool {
        let before = self.words[..begin].iter().rev().take(4);
        before.into_iter().any(|word| SAYING.split_whitespace().any(|saying| saying == word.folded))
    }

    /// Whether a word is part of a name of the person, or of somebody with a label.
    fn is_known(&self, folded: &str) -> bool {
        let is_near =
            |own: &String| nicknames::alike(own, folded) || own.starts_with(folded) || folded.starts_with(own.as_str());
        self.own.all_names().flatten().any(is_near) || self.present.iter().any(|word| word == folded)
    }

    fn ends(&self, place: usize) -> bool {
        let Some(word) = self.words.get(place) else { return false };
        place + 1 == self.words.len() || word.after.contains([',', '.', '!', '?', '…', '—', '-'])
    }

    /// `This is Tom, my husband`: somebody shows another.
    fn is_shown(&self, place: usize) -> bool {
        const MINE: [&str; 13] =
            ["my", "our", "the", "mein", "meine", "mon", "ma", "mi", "meu", "minha", "mio", "mijn", "min"];
        self.words.get(place + 1).is_some_and(|next| MINE.contains(&next.folded.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::people::Who;

    fn found(said: &str) -> Option<String> {
        let own = Person::new(Who::Client(uuid::Uuid::nil()), "Mark Hope".to_owned(), None);
        let said = [
            Utterance { label: 0, text: "Hello, how was the week?" },
            Utterance { label: 1, text: said },
            Utterance { label: 0, text: "I see." },
        ];
        of_another(&said, 1, &own, &["Ruth Kessler", "Mark Hope"])
    }

    #[test]
    fn somebody_else_at_an_account_says_so() {
        for (said, who) in [
            ("Hi Ruth, this is Sandra, Mark's wife, he is ill today so I took his laptop.", "Sandra"),
            ("Hello Ruth, Tom here, Mark has gone to get the children.", "Tom"),
            ("Good morning. It's Sandra.", "Sandra"),
            ("Hi, I'm Mark's wife, he will be a minute.", "Mark's wife"),
            ("This is Mark’s assistant.", "Mark’s assistant"),
            ("Sandra speaking.", "Sandra"),
            ("Hi. I'm Sandra, he is on the train.", "Sandra"),
            ("My name is Ottoline, I am here for Mark.", "Ottoline"),
            ("Hallo, hier ist Sandra, Mark ist krank.", "Sandra"),
            ("Guten Tag, ich bin Marks Frau.", "Marks Frau"),
            ("Bonjour, c'est Claire, Mark est malade.", "Claire"),
            ("Hola, soy la mujer de Mark.", "mujer de Mark"),
            ("Hola, soy Claudia, Mark está enfermo.", "Claudia"),
        ] {
            assert_eq!(found(said).as_deref(), Some(who), "{said}");
        }
    }

    #[test]
    fn who_is_told_of_does_not_speak() {
        for said in [
            "Hi Ruth, this is Mark.",
            "It's Mark here.",
            "Hello Ruth, it's good to be here.",
            "This is Sandra, my sister, on the photo.",
            "And she said, this is Sandra.",
            "He picked up and goes: Tom here.",
            "I'm tired. It's Monday, after all.",
            "This is London, you know.",
            "Nobody here, just me.",
            "I met Sandra here, in the café.",
            "This is Ruth, isn't it?",
            "I'm Sandra's brother, and so I have to go.",
            "It's Sandra who decides.",
            "She is my wife. I'm German.",
        ] {
            assert_eq!(found(said), None, "{said}");
        }
    }
}
