//! How people introduce themselves and address each other in the supported languages of coaching, as plain data:
//! English, German, French, Spanish, Portuguese, Italian and Dutch. Pure.
//!
//! Words are folded (lower case, no accents, no apostrophes). Phrases that are missing here are simply not found.
//! Except in English, a name must be known, unless it follows "my name is …": other languages have nouns and particles
//! where names would be.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::{fold, words};

/// The names of people who may be in a session.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// Given names, folded.
    pub(super) given: BTreeSet<String>,
    /// Folded surnames that only one person has, with that person's given name: "Mr Raman" refers to Priya.
    pub(super) surnames: BTreeMap<String, String>,
}

impl From<BTreeSet<String>> for KnownNames {
    fn from(given: BTreeSet<String>) -> Self {
        Self { given, surnames: BTreeMap::new() }
    }
}

/// Whether `says`, the words before a position, ends with one of these phrases.
fn ends_with(says: &[&str], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        says.len() >= phrase.len() && says[says.len() - phrase.len()..] == phrase[..]
    })
}

/// "My name is …": a name follows, known or not.
pub(super) fn gives_name(before: &[&str]) -> bool {
    const PHRASES: [&str; 14] = [
        "mein name ist",
        "ich heisse",
        "je mappelle",
        "mon nom est",
        "me llamo",
        "mi nombre es",
        "me chamo",
        "chamome",
        "meu nome e",
        "o meu nome e",
        "mi chiamo",
        "mio nome e",
        "ik heet",
        "mijn naam is",
    ];
    ends_with(before, &PHRASES)
}

/// "I am …": a name follows if it's a known one.
pub(super) fn says_who_it_is(before: &[&str]) -> bool {
    const PHRASES: [&str; 12] = [
        "ich bin",
        "ich bin die",
        "ich bin der",
        "hier ist",
        "hier spricht",
        "je suis",
        "yo soy",
        "soy",
        "eu sou",
        "aqui e",
        "io sono",
        "ik ben",
    ];
    ends_with(before, &PHRASES)
}

/// "It's me, …", "Hello, this is …": a name follows if it's a known one. "It's …" alone may introduce a topic.
pub(super) fn says_it_is(before: &[&str]) -> bool {
    const PHRASES: [&str; 14] = [
        "its me",
        "it is me",
        "its only me",
        "its just me",
        "me again",
        "ich bins",
        "ich bin es",
        "ich bins nur",
        "cest moi",
        "soy yo",
        "sou eu",
        "sono io",
        "ik ben het",
        "ik ben t",
    ];
    const AFTER_A_GREETING: [&str; 9] = ["this is", "its", "it is", "hier", "cest", "met", "parla", "habla", "fala"];
    let said: Vec<&str> = before.iter().copied().filter(|word| !is_greeting(word)).collect();
    let is = |phrase: &&str| phrase.split(' ').eq(said.iter().copied());
    PHRASES.iter().any(is) || said.len() < before.len() && AFTER_A_GREETING.iter().any(is)
}

fn is_greeting(word: &str) -> bool {
    const WORDS: &str = "hi hello hey good morning afternoon evening hallo guten tag morgen abend moin servus hola buenas buenos dias \
                         tardes ola bom dia boa tarde ciao buongiorno bonjour bonsoir salut goedemorgen goedemiddag goedenavond";
    WORDS.split_whitespace().any(|greeting| greeting == word)
}

/// "Priya here", "Priya speaking", "Priya hier": what follows a name in an introduction. `ends` is whether the sentence
/// ends after the first word.
pub(super) fn is_speaking(next: &str, ends: bool, after: &str) -> bool {
    matches!(next, "here" | "speaking")
        || matches!(next, "calling" | "hier") && (ends || matches!(after, "from" | "in" | "aus"))
        || matches!((next, after), ("am", "apparat" | "telefon") | ("a", "lappareil") | ("al", "telefono" | "aparato"))
}

/// Whether somebody is asked for their name: "Would you say your name?"
pub(super) fn asks_name(text: &str) -> bool {
    const PHRASES: [&str; 20] = [
        "your name",
        "your full name",
        "who are you",
        "who is this",
        "who am i speaking",
        "whos calling",
        "who is calling",
        "introduce yourself",
        "ihr name",
        "ihren namen",
        "deinen namen",
        "wie heissen sie",
        "wie heisst du",
        "votre nom",
        "ton nom",
        "su nombre",
        "tu nombre",
        "seu nome",
        "si chiama",
        "uw naam",
    ];
    let folded = words(&fold(text)).join(" ");
    PHRASES.iter().any(|phrase| folded.contains(phrase))
}

/// "Hello …".
pub(super) fn greets(before: &[&str]) -> bool {
    const PHRASES: [&str; 40] = [
        "hallo",
        "guten morgen",
        "guten tag",
        "guten abend",
        "servus",
        "moin",
        "willkommen",
        "liebe",
        "lieber",
        "hoi",
        "goedemorgen",
        "goedemiddag",
        "goedenavond",
        "goeiemorgen",
        "welkom",
        "beste",
        "bonjour",
        "bonsoir",
        "salut",
        "coucou",
        "bienvenue",
        "chere",
        "cher",
        "hola",
        "buenos dias",
        "buenas tardes",
        "buenas noches",
        "buenas",
        "bienvenida",
        "bienvenido",
        "ola",
        "oi",
        "bom dia",
        "boa tarde",
        "boa noite",
        "ciao",
        "salve",
        "buongiorno",
        "buonasera",
        "benvenuta",
    ];
    ends_with(before, &PHRASES) || ends_with(before, &["benvenuto", "bem vinda", "bem vindo", "bemvinda", "bemvindo"])
}

/// "Thank you …", "Goodbye …".
pub(super) fn thanks(before: &[&str]) -> bool {
    const PHRASES: [&str; 33] = [
        "danke",
        "danke dir",
        "danke ihnen",
        "vielen dank",
        "danke schon",
        "dankeschon",
        "tschuss",
        "auf wiedersehen",
        "bis bald",
        "merci",
        "merci beaucoup",
        "merci bien",
        "au revoir",
        "a bientot",
        "gracias",
        "muchas gracias",
        "adios",
        "hasta luego",
        "hasta pronto",
        "obrigado",
        "obrigada",
        "muito obrigado",
        "muito obrigada",
        "tchau",
        "ate logo",
        "grazie",
        "grazie mille",
        "arrivederci",
        "bedankt",
        "dank je",
        "dank je wel",
        "dankjewel",
        "tot ziens",
    ];
    ends_with(before, &PHRASES)
}

/// Words after which a name is mentioned rather than addressed: "thanks to Priya", "mit Priya".
pub(super) fn is_of_somebody(before: &str) -> bool {
    matches!(
        before,
        "an" | "fur"
            | "von"
            | "mit"
            | "zu"
            | "bei"
            | "uber"
            | "der"
            | "die"
            | "das"
            | "meine"
            | "mein"
            | "de"
            | "pour"
            | "avec"
            | "chez"
            | "le"
            | "la"
            | "con"
            | "para"
            | "el"
            | "com"
            | "per"
            | "di"
            | "il"
            | "aan"
            | "voor"
            | "van"
            | "met"
            | "het"
            | "een"
            | "und"
            | "et"
            | "y"
            | "e"
            | "en"
    )
}

/// Words that begin a sentence before it addresses somebody: "Also, Priya, …".
pub(super) fn opens(word: &str) -> bool {
    matches!(
        word,
        "also"
            | "ja"
            | "nein"
            | "nun"
            | "gut"
            | "genau"
            | "alors"
            | "oui"
            | "bon"
            | "donc"
            | "bueno"
            | "si"
            | "entonces"
            | "pues"
            | "sim"
            | "entao"
            | "bem"
            | "allora"
            | "bene"
            | "quindi"
            | "dus"
            | "nou"
            | "goed"
    )
}

/// What may follow a name in an introduction without punctuation: "ich bin Priya und …".
pub(super) fn goes_on(word: &str) -> bool {
    matches!(word, "und" | "aus" | "et" | "de" | "y" | "e" | "da" | "di" | "en" | "uit" | "von" | "van")
}
