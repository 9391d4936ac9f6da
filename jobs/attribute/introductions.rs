//! Someone else at a named account: whoever introduces themselves there by another name or as a relative, says that they are
//! someone else, or speaks of the person in the third person. Pure.
//!
//! One such sentence is a doubt and no proof: people also play roles and show photographs. So only openings count, or
//! a name that announces itself ("Tom here, Anna has gone"); what is reported or quoted does not.

use super::{
    address,
    people::Person,
    roles::Utterance,
    spoken::{self, Word},
};
use crate::names::{self, nicknames, relatives};

/// In the first turns of a label people say who they are; later they tell of others.
const EARLY: usize = 4;

/// "This is …", where a sentence begins with it.
const THIS_IS: [&str; 18] = [
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
    "tu",
    "tutaj",
];

/// "I am …", where a sentence begins with it.
const I_AM: [&str; 13] = [
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
    "jestem",
];

/// Words of saying: what follows them is what somebody said.
const SAYING: &str = "said says say saying asked asks told like goes went answered wrote writes sagte sagt meinte fragte dit disait dijo \
    dice disse zei sa sade called calls";

/// What is said of someone who isn't there, right behind their name. No words that may follow a name that is a word too
/// ("Mark a day", "Will you").
const IS_ABSENT: &str = "is has cant cannot couldnt wont isnt hasnt sends sent lost gave asked wanted apologises apologizes ist hat kommt kann \
    konnte lasst musste wird schafft est ne sera sexcuse esta va viene non heeft kan komt kon ar har kommer";

/// No phrase has more words before the one that is looked at.
const LONGEST: usize = 8;

/// Between an introduction and a relative: "die Mutter", "his mum", "la mujer de Mark".
const BEFORE_RELATIVES: &str =
    "the die der das la le el a o il de het his her their seine seinem ihre ihr sein sa son su zijn haar hans hennes";

/// Someone else's things, by which one is in a meeting.
const THINGS: &str = "laptop computer phone ipad tablet account link zoom login machine handy rechner konto telefon ordinateur telephone \
    compte ordenador telefono cuenta";
const USES: &str =
    "on using use used borrowing borrow borrowed from with took taken stole me mit an von uber depuis avec desde con";
const THEIR: &str = "his her their seinem ihrem seinen ihren son sa su";

/// What someone else seems to do under a label that names `own`, as the end of "Someone …"; `labels` are all of the session.
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
        if (0..words.len()).any(|place| speech.hands_over(place)) {
            return Some("takes over in the middle of the session".to_owned());
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
        if word.is_quoted || !self.may_tell(place) {
            return None;
        }
        let begin = self.clause(place);
        if self.is_reported(begin) {
            return None;
        }
        let before: Vec<&str> = self.words[begin..place].iter().map(|word| word.folded.as_str()).collect();
        if let Some(other) = self.other_surname(place, &before) {
            return Some(format!("introduces themselves as “{other}”"));
        }
        if self.own.given_names().any(|own| *own == word.folded) && self.is_early() {
            return self.speaks_of_own(place, &before);
        }
        if let Some(relative) = self.relative(place, &before) {
            return Some(format!("introduces themselves as “{relative}”"));
        }
        if self.is_early() && is_in(THINGS, &word.folded) {
            return self.anothers_thing(place, &before);
        }
        let is_name = word.written.chars().next().is_some_and(char::is_uppercase) && !self.is_known(&word.folded);
        (is_name && self.is_introduced(place, begin, &before))
            .then(|| format!("introduces themselves as “{}”", word.written))
    }

    /// "I'll put her on.", "I'll hand you over to my wife": from there on somebody else speaks.
    fn hands_over(&self, place: usize) -> bool {
        let word = |ahead: usize| self.words.get(place + ahead).map_or("", |word| word.folded.as_str());
        // "Them" may be shoes.
        let is_other = |at: usize| match word(at) {
            "her" | "him" => Some(at + 1),
            "my" if relatives::is_relative(word(at + 1)) => Some(at + 2),
            _ => None,
        };
        if !matches!(word(0), "put" | "hand" | "pass" | "give" | "get") || self.words[place].is_quoted {
            return false;
        }
        let begin = self.clause(place);
        // "I put her on." has happened.
        let is_about_to =
            self.words[begin..place].iter().any(|word| matches!(word.folded.as_str(), "ill" | "will" | "let" | "can"));
        let over = match word(0) {
            // "I put her on the train" goes on.
            "put" | "get" => is_other(1).is_some_and(|next| word(next) == "on" && self.ends(place + next)),
            _ if word(1) == "you" => match (word(2), word(3)) {
                ("over", "to") => is_other(4).is_some(),
                ("over", _) => self.ends(place + 2),
                ("to", _) => is_other(3).is_some(),
                _ => false,
            },
            _ => false,
        };
        is_about_to && over && !self.is_reported(begin)
    }

    /// Whether a word may be a name, a relative or somebody's thing: most are none of these, and are passed over at once.
    fn may_tell(&self, place: usize) -> bool {
        let word = &self.words[place];
        let is_capital = word.written.chars().next().is_some_and(char::is_uppercase);
        let is_owns = word.folded.strip_suffix('s').is_some_and(|name| self.own.given_names().any(|own| own == name));
        is_capital
            || is_owns
            || relatives::is_relative(&word.folded)
            || self.is_early() && (is_in(THINGS, &word.folded) || self.own.given_names().any(|own| *own == word.folded))
    }

    /// "This isn't Ben", "Ben is ill": nobody says that of themselves.
    fn speaks_of_own(&self, place: usize, before: &[&str]) -> Option<String> {
        let word = &self.words[place];
        let is_denied = matches!(before, [.., "not" | "isnt" | "nicht" | "pas"]) && before.len() <= 4;
        if is_denied && self.ends(place) {
            return Some(format!("says that they aren’t “{}”", word.written));
        }
        let next = self.words.get(place + 1).filter(|_| word.after.is_empty());
        let is_subject =
            matches!(before, [] | ["der" | "die" | "la" | "le" | "el" | "and" | "und" | "but" | "aber" | "sorry"]);
        let is_absent = next.is_some_and(|next| is_in(IS_ABSENT, &next.folded));
        (is_subject && is_absent).then(|| format!("speaks of “{}” in the third person", word.written))
    }

    /// "My name is Liz Novak", where the label is that of Liz Hartley.
    fn other_surname(&self, place: usize, before: &[&str]) -> Option<String> {
        let (word, next) = (&self.words[place], self.words.get(place + 1)?);
        let is_capital = next.written.chars().next().is_some_and(char::is_uppercase);
        let tells = self.is_early() && word.after.is_empty() && is_capital && gives_own_name(before);
        let is_first = self.own.words.len() > 1 && is_near(self.own, &word.folded) && nicknames::is_given(&word.folded);
        (tells && is_first && !self.is_known(&next.folded)).then(|| format!("{} {}", word.written, next.written))
    }

    /// "I'm on his laptop", "he gave me his link", "it's my husband's computer".
    fn anothers_thing(&self, place: usize, before: &[&str]) -> Option<String> {
        if let [first @ .., "my" | "our", whose] = before {
            let is_relatives = whose.strip_suffix('s').is_some_and(relatives::is_relative);
            let uses = first.last().is_some_and(|uses| is_in(USES, uses)) || is_phrase(&THIS_IS, first);
            return (self.turns <= 2 && is_relatives && uses)
                .then(|| format!("says that they’re using another person’s {}", self.words[place].written));
        }
        let [.., uses, whose] = before else { return None };
        if !before.iter().any(|word| matches!(*word, "i" | "im" | "ive" | "me" | "ich" | "mir" | "je" | "jai")) {
            return None;
        }
        let is_own = whose.strip_suffix('s').is_some_and(|whose| self.own.given_names().any(|own| own == whose));
        (self.turns <= 2 && is_in(USES, uses) && (is_in(THEIR, whose) || is_own))
            .then(|| format!("says that they’re using another person’s {}", self.words[place].written))
    }

    /// Whether the name at this place is that of the speaker.
    fn is_introduced(&self, place: usize, begin: usize, before: &[&str]) -> bool {
        let (early, here) = (self.is_early(), self.is_here(place, before));
        early && gives_own_name(before)
            || (here || early && (self.says_who(place, before) || self.is_got(begin, before)))
                && nicknames::is_given(&self.words[place].folded)
    }

    /// "This is Tom": not "This is Tom, my husband", which shows somebody; but "hier spricht Carla, mein Mann ist krank".
    fn says_who(&self, place: usize, before: &[&str]) -> bool {
        let next = self.words.get(place + 1).map_or("", |next| next.folded.as_str());
        let ends = self.ends(place) || matches!(next, "by" | "from" | "his" | "her" | "speaking" | "again");
        let shows =
            matches!(before, [first, .., "is" | "ist"] if *first != "hier") || matches!(before, ["its" | "cest"]);
        ends && (is_phrase(&THIS_IS, before) || is_phrase(&I_AM, before)) && !(shows && self.is_shown(place))
    }

    /// "You've got Carla today", "you have got me, Carla".
    fn is_got(&self, begin: usize, before: &[&str]) -> bool {
        let got = |words: &[&str]| words.ends_with(&["got"]) || words.ends_with(&["got", "me"]);
        let last = [2, 1].map(|back| begin.checked_sub(back).map_or("", |at| self.words[at].folded.as_str()));
        let is_me = before.is_empty() && last == ["its", "me"];
        is_me
            || got(before) && before.iter().any(|word| matches!(*word, "you" | "youve"))
            || before.is_empty() && got(&last)
    }

    /// "Tom here", "Tom speaking".
    fn is_here(&self, place: usize, before: &[&str]) -> bool {
        let next = |ahead: usize| self.words.get(place + ahead).map_or("", |next| next.folded.as_str());
        before.is_empty()
            && self.words[place].after.is_empty()
            && self.ends(place + 1)
            && address::is_speaking(next(1), true, next(2))
    }

    /// Whom a relative introduces themselves as: `Mark's wife`, `Marks Frau`, `la femme de Mark`, where Mark is the person
    /// that the label names; `his mum`, `die Mutter` at once.
    fn relative(&self, place: usize, before: &[&str]) -> Option<String> {
        let bare: Vec<&str> = before.iter().copied().filter(|word| !is_in(BEFORE_RELATIVES, word)).collect();
        if !is_phrase(&THIS_IS, &bare) && !is_phrase(&I_AM, &bare) {
            return None;
        }
        let is_relative = |word: &Word| relatives::is_relative(&word.folded);
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

    /// Where the clause of a word begins, as far back as a phrase may reach.
    fn clause(&self, place: usize) -> usize {
        let parts = |at: &usize| self.words[*at].after.contains([',', '.', '!', '?', ';', ':', '—', '–', '…']);
        let from = place.saturating_sub(LONGEST);
        (from..place).rev().find(parts).map_or(from, |at| at + 1)
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

/// Whether the speaker's name follows these words: "my name is".
fn gives_own_name(before: &[&str]) -> bool {
    address::gives_name(before) || before.ends_with(&["my", "name", "is"]) || before.ends_with(&["my", "names"])
}

/// Whether words are one of these phrases, and nothing else.
fn is_phrase(phrases: &[&str], words: &[&str]) -> bool {
    phrases.iter().any(|phrase| phrase.split(' ').eq(words.iter().copied()))
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
            ("Mark lost his voice, so you have got me, Helga.", "“Mark” in the third person"),
            ("So you have got me, Helga.", "Helga"),
            ("Sorry, wrong voice, I'm borrowing his laptop.", "another person’s laptop"),
            ("Mark sends his apologies, he has a fever.", "in the third person"),
            ("Mark is upstairs, I'm Carla by the way.", "in the third person"),
            ("I'm Carla by the way.", "Carla"),
            ("Hier spricht Carla, mein Mann verspätet sich.", "Carla"),
            ("Guten Tag, hier ist die Mutter, der Mark kommt heute leider nicht.", "die Mutter"),
            ("Der Mark kommt heute leider nicht.", "in the third person"),
            ("Mark ist leider krank, ich vertrete ihn.", "in the third person"),
            ("Hi, I'm his wife, he'll be right there.", "his wife"),
            ("This is Sandra speaking, his wife.", "Sandra"),
            ("Hello Ruth. It's me, Sandra, again.", "Sandra"),
            ("Sorry for the name on the screen, I took my wife's laptop.", "another person’s laptop"),
            ("Ignore the name, it is my husband's computer.", "another person’s computer"),
            ("Hello, my name is Mark Novak, I am new.", "Mark Novak"),
            ("Cześć, tu Sandra, żona Marka.", "Sandra"),
            ("She is right here, so she can tell you. I will put her on.", "takes over"),
            ("I'll hand you over to my wife for that.", "takes over"),
            ("Let me pass you over.", "takes over"),
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
            "Mark a day in the calendar.",
            "He asked me, Mark, is that you?",
            "They say that Mark is a good name.",
            "I think Mark Twain is funny.",
            "My name is Mark Hope, and this is my first time.",
            "Hello, my name is Mark. Monday was hard.",
            "My wife's laptop broke, so I bought one.",
            "I will put her on the train at nine.",
            "I'll put my son on the list.",
            "I can give you over a hundred reasons.",
            "She said, I'll put him on.",
            "I put the lid on. I'll give you the list.",
            "The shoes are new, I'll put them on.",
            "It's the diet that I put him on.",
        ] {
            assert_eq!(found(said), None, "{said}");
        }
    }
}
