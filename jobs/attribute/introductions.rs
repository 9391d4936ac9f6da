//! Someone else at a named account: whoever introduces themselves there by another name or as a relative, says that they are
//! someone else, speaks of the person in the third person, or is greeted by another name. Pure.
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

/// What is said of someone who isn't there, right behind their name. Names that are words too ("Will", "Mark") come before
/// others.
const IS_ABSENT: &str = "is has cant cannot couldnt wont isnt hasnt sends sent lost gave asked wanted apologises apologizes ist hat kommt kann \
    konnte lasst musste wird schafft est a ne sera sexcuse esta no va viene e non heeft kan komt kon ar har kan kommer";

/// Between an introduction and a relative: "die Mutter", "his mum", "la mujer de Mark".
const BEFORE_RELATIVES: &str =
    "the die der das la le el a o il de het his her their seine seinem ihre ihr sein sa son su zijn haar hans hennes";

/// Someone else's things, by which one is in a meeting.
const THINGS: &str = "laptop computer phone ipad tablet account link zoom login machine handy rechner konto telefon ordinateur telephone \
    compte ordenador telefono cuenta";
const USES: &str =
    "on using use used borrowing borrow borrowed from with took taken stole me mit an von uber depuis avec desde con";
const THEIR: &str = "his her their seinem ihrem seinen ihren son sa su";

/// Why someone else seems to speak under a label that names `own`, as the end of "But someone …"; `labels` are all of the
/// session.
pub(super) fn of_another(said: &[Utterance<'_>], label: usize, own: &Person, labels: &[&str]) -> Option<String> {
    let present: Vec<String> = labels.iter().flat_map(|name| names::forms(name)).flat_map(|form| form.words).collect();
    let mut turns = 0;
    for (at, one) in said.iter().enumerate().filter(|(_, one)| one.label == label) {
        turns += usize::from(at == 0 || said[at - 1].label != label);
        let words = spoken::split(one.text);
        let speech = Speech { words: &words, own, present: &present, turns };
        if let Some(found) = (0..words.len()).find_map(|place| speech.another_at(place)) {
            return Some(found);
        }
    }
    None
}

/// Whether a name may be one of this person: in full, in short, or as it was heard.
pub(super) fn is_near(own: &Person, folded: &str) -> bool {
    let is_near =
        |own: &String| nicknames::alike(own, folded) || own.starts_with(folded) || folded.starts_with(own.as_str());
    own.all_names().flatten().any(is_near)
}

/// One utterance, and who should have said it.
struct Speech<'a> {
    words: &'a [Word],
    own: &'a Person,
    /// The words of all labels: somebody who has one is introduced to the others.
    present: &'a [String],
    /// How many turns of the label there are so far.
    turns: usize,
}

impl Speech<'_> {
    fn is_early(&self) -> bool {
        self.turns <= EARLY
    }

    /// What the word at this place says of someone else.
    fn another_at(&self, place: usize) -> Option<String> {
        let word = &self.words[place];
        let begin = self.clause(place);
        if word.is_quoted || self.is_reported(begin) {
            return None;
        }
        let before: Vec<&str> = self.words[begin..place].iter().map(|word| word.folded.as_str()).collect();
        if self.own.given_names().any(|own| *own == word.folded) && self.is_early() {
            return self.speaks_of_own(place, &before);
        }
        if let Some(relative) = self.relative(place, &before) {
            return Some(format!("introduces themselves as “{relative}” under it"));
        }
        if self.is_early() && is_in(THINGS, &word.folded) {
            return self.anothers_thing(place, &before);
        }
        let is_name = word.written.chars().next().is_some_and(char::is_uppercase) && !self.is_known(&word.folded);
        (is_name && self.is_introduced(place, begin, &before))
            .then(|| format!("introduces themselves as “{}” under it", word.written))
    }

    /// "This isn't Ben", "Ben is ill": nobody says that of themselves.
    fn speaks_of_own(&self, place: usize, before: &[&str]) -> Option<String> {
        let word = &self.words[place];
        let is_denied = matches!(before, [.., "not" | "isnt" | "nicht" | "pas"]) && before.len() <= 4;
        if is_denied && self.ends(place) {
            return Some(format!("says that they aren’t “{}” under it", word.written));
        }
        let next = self.words.get(place + 1).filter(|_| word.after.is_empty());
        let is_subject =
            matches!(before, [] | ["der" | "die" | "la" | "le" | "el" | "and" | "und" | "but" | "aber" | "sorry"]);
        let is_absent = next.is_some_and(|next| {
            is_in(IS_ABSENT, &next.folded) && next.folded == next.written.to_lowercase().replace(['\'', '’'], "")
        });
        (is_subject && is_absent).then(|| format!("speaks of “{}” as of someone else under it", word.written))
    }

    /// "I'm on his laptop", "he gave me his link".
    fn anothers_thing(&self, place: usize, before: &[&str]) -> Option<String> {
        let [.., uses, whose] = before else { return None };
        if !before.iter().any(|word| matches!(*word, "i" | "im" | "ive" | "me" | "ich" | "mir" | "je" | "jai")) {
            return None;
        }
        let is_own = whose.strip_suffix('s').is_some_and(|whose| self.own.given_names().any(|own| own == whose));
        (self.turns <= 2 && is_in(USES, uses) && (is_in(THEIR, whose) || is_own))
            .then(|| format!("says that they use another person’s {} under it", self.words[place].written))
    }

    /// Whether the name at this place is that of the speaker.
    fn is_introduced(&self, place: usize, begin: usize, before: &[&str]) -> bool {
        let word = &self.words[place];
        let is = |phrases: &[&str]| phrases.iter().any(|phrase| phrase.split(' ').eq(before.iter().copied()));
        let is_given = nicknames::is_given(&word.folded);
        let next = |ahead: usize| self.words.get(place + ahead).map_or("", |next| next.folded.as_str());
        let says_name = address::gives_name(before)
            || before.ends_with(&["my", "name", "is"])
            || before.ends_with(&["my", "names"]);
        let ends = self.ends(place) || matches!(next(1), "by" | "from" | "his" | "her");
        // "This is Tom, my husband" shows somebody; "hier spricht Carla, mein Mann ist krank" does not.
        let is_shown = matches!(before.last(), Some(&("is" | "its" | "ist" | "cest")))
            && before.first() != Some(&"hier")
            && self.is_shown(place);
        let says_who = is_given && ends && !is_shown && (is(&THIS_IS) || is(&I_AM));
        // "You've got Carla today", "you have got me, Carla".
        let got = |words: &[&str]| words.ends_with(&["got"]) || words.ends_with(&["got", "me"]);
        let last: Vec<&str> = self.words[..begin].iter().rev().take(2).rev().map(|word| word.folded.as_str()).collect();
        let is_got = is_given
            && (got(before) && before.contains(&"you")
                || got(before) && before.contains(&"youve")
                || before.is_empty() && got(&last));
        let is_here = is_given
            && before.is_empty()
            && word.after.is_empty()
            && self.ends(place + 1)
            && address::is_speaking(next(1), true, next(2));
        self.is_early() && (says_name || says_who || is_got) || is_here
    }

    /// Whom a relative introduces themselves as: `Mark's wife`, `Marks Frau`, `la femme de Mark`, where Mark is the person
    /// that the label names; `his mum`, `die Mutter` at once.
    fn relative(&self, place: usize, before: &[&str]) -> Option<String> {
        let bare: Vec<&str> = before.iter().copied().filter(|word| !is_in(BEFORE_RELATIVES, word)).collect();
        let is = |phrases: &[&str]| phrases.iter().any(|phrase| phrase.split(' ').eq(bare.iter().copied()));
        if !is(&THIS_IS) && !is(&I_AM) {
            return None;
        }
        let is_relative = |word: &Word| is_in(RELATIVES, &word.folded);
        let is_own = |folded: &str| self.own.given_names().any(|own| own == folded);
        let (word, next) = (&self.words[place], self.words.get(place + 1));
        let after_name = || word.folded.strip_suffix('s').is_some_and(is_own) && next.is_some_and(is_relative);
        if word.after.is_empty() && after_name() {
            return Some(format!("{} {}", word.written, next?.written));
        }
        let of =
            next.filter(|next| matches!(next.folded.as_str(), "of" | "von" | "de" | "di" | "van" | "do" | "da" | "av"));
        let name = self.words.get(place + 2).filter(|name| is_own(&name.folded));
        if let Some((of, name)) = of.zip(name).filter(|_| is_relative(word)) {
            return Some(format!("{} {} {}", word.written, of.written, name.written));
        }
        let whose = before.last().filter(|whose| is_in(BEFORE_RELATIVES, whose))?;
        (self.turns <= 2 && is_relative(word) && self.ends(place)).then(|| format!("{whose} {}", word.written))
    }

    /// Where the clause begins in which a word stands.
    fn clause(&self, place: usize) -> usize {
        let parts = |at: &usize| self.words[*at].after.contains([',', '.', '!', '?', ';', ':', '—', '–', '…']);
        (0..place).rev().find(parts).map_or(0, |at| at + 1)
    }

    /// Whether the words before a clause say that somebody else said it.
    fn is_reported(&self, begin: usize) -> bool {
        let mut before = self.words[..begin].iter().rev().take(4);
        before.any(|word| is_in(SAYING, &word.folded))
    }

    /// Whether a word is part of a name of the person, or of somebody with a label.
    fn is_known(&self, folded: &str) -> bool {
        is_near(self.own, folded) || self.present.iter().any(|word| word == folded)
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

fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
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
            ("Hi Ruth, this is Sandra, Mark's wife, he is ill today so I took his laptop.", "“Sandra”"),
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
            ("Actually this isn't Mark, he gave me his link.", "aren’t “Mark”"),
            ("You've got Carla today, I'm afraid.", "Carla"),
            ("Mark lost his voice, so you have got me, Helga.", "“Mark” as of someone else"),
            ("So you have got me, Helga.", "Helga"),
            ("Sorry, wrong voice, I'm borrowing his laptop.", "another person’s laptop"),
            ("Mark sends his apologies, he has a fever.", "as of someone else"),
            ("Mark is upstairs, I'm Carla by the way.", "as of someone else"),
            ("I'm Carla by the way.", "Carla"),
            ("Hier spricht Carla, mein Mann verspätet sich.", "Carla"),
            ("Guten Tag, hier ist die Mutter, der Mark kommt heute leider nicht.", "die Mutter"),
            ("Der Mark kommt heute leider nicht.", "as of someone else"),
            ("Mark ist leider krank, ich vertrete ihn.", "as of someone else"),
            ("Hi, I'm his wife, he'll be right there.", "his wife"),
        ] {
            let found = found(said).unwrap_or_default();
            assert!(found.contains(who), "{said}: {found}");
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
            "I lost my voice, and my son is on his phone all day.",
            "Mark my words, this is the year.",
            "He asked me, Mark, is that you?",
            "They say that Mark is a good name.",
            "I think Mark Twain is funny.",
        ] {
            assert_eq!(found(said), None, "{said}");
        }
    }
}
