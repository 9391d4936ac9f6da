//! The little English that a letter needs: verb forms for `you` and `I`, whether a text is English at all, and which
//! words can refer to people. Pure data and small rules that don't guess what they don't know.

/// The person to whom a name or a pronoun is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Person {
    /// The client, addressed by the letter.
    You,
    /// The coach, who writes the letter.
    I,
}

const MODALS: &str = "will would can could may might must shall should had did won't wouldn't can't cannot couldn't \
    mustn't shouldn't didn't hadn't 'll 'd needn't ought used";
/// Past forms that do not end in -ed.
const PAST: &str = "began became bought broke brought built came caught chose cut did drew drove ate fell felt fought found \
    flew forgot gave got grew had heard held hit kept knew laid led left lent let lost made meant met paid put read rode \
    ran said saw sold sent set shook shone shot showed shut sang sat slept spoke spent stood stole stuck swam swore took \
    taught told thought threw understood went wept wore woke won wrote overcame withdrew rang rose sought dealt hurt cost \
    quit bet split spread burnt learnt dreamt leapt lit bit hid beat";
/// Words ending in -s that aren't verbs.
const NO_VERBS: &str = "always sometimes perhaps besides afterwards nevertheless nonetheless towards thus plus his hers its \
    this ours yours theirs as us yes across less unless news whereas nowadays indoors outdoors upstairs";
const ADVERBS: &str = "always never often now also still just already soon then even ever seldom again once too perhaps \
    sometimes not no longer";

pub(super) fn is_one_of(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|other| other == word)
}

/// In lower case, with plain apostrophes.
pub(super) fn plain(word: &str) -> String {
    word.to_lowercase().replace(['\u{2019}', '\u{2018}', '\u{2bc}'], "'")
}

/// Whether a word can be between a subject and its verb.
pub(super) fn is_adverb(word: &str) -> bool {
    is_one_of(ADVERBS, word) || word.len() > 4 && word.ends_with("ly")
}

/// Whether it is a form of be, have or do, or a modal.
pub(super) fn is_auxiliary(word: &str) -> bool {
    turned_auxiliary(word).is_some() || is_one_of(MODALS, word)
}

/// The forms of `is`, `was`, `has`, `does` that go with `you`.
pub(super) fn turned_auxiliary(word: &str) -> Option<&'static str> {
    Some(match word {
        "is" => "are",
        "was" => "were",
        "has" => "have",
        "does" => "do",
        "isn't" => "aren't",
        "wasn't" => "weren't",
        "hasn't" => "haven't",
        "doesn't" => "don't",
        _ => return None,
    })
}

/// The form for `person` of a verb in the third person singular; `None` if the word is not a known verb.
pub(super) fn agreeing(word: &str, person: Person) -> Option<String> {
    let plain = plain(word);
    if let Some(you) = turned_auxiliary(&plain) {
        return Some(match (person, plain.as_str()) {
            (Person::I, "is") => "am".to_owned(),
            (Person::I, "isn't") => return None,
            (Person::I, "was" | "wasn't") => plain,
            _ => you.to_owned(),
        });
    }
    if is_one_of(MODALS, &plain) || is_one_of(PAST, &plain) || plain.len() > 3 && plain.ends_with("ed") {
        return Some(word.to_owned());
    }
    base(&plain)
}

/// Whether a word ending in -s is a verb and not a plural in any context.
pub(super) fn is_surely_verb(word: &str) -> bool {
    is_one_of(
        "wants needs feels hopes thinks knows says keeps starts begins continues decides tries seems becomes remains gets \
         goes does comes takes gives makes finds lets asks tells writes",
        word,
    )
}

/// Whether a word is a verb with the third-person ending.
pub(super) fn ends_in_s(word: &str) -> bool {
    turned_auxiliary(word).is_none() && base(word).is_some()
}

/// `sends` without its ending.
fn base(word: &str) -> Option<String> {
    let stem = word.strip_suffix('s')?;
    let is_verb = word.len() > 2
        && word.chars().all(|c| c.is_alphabetic() || c == '-')
        && !stem.ends_with(['s', 'u', 'i', '\''])
        && !is_one_of(NO_VERBS, word);
    if !is_verb {
        return None;
    }
    let bare = match stem {
        "goe" | "doe" => &stem[..2],
        stem if stem.ends_with("ie") && stem.len() > 3 => return Some(format!("{}y", &stem[..stem.len() - 2])),
        stem if ["sse", "she", "che", "xe", "zze", "oe"].iter().any(|ending| stem.ends_with(ending)) => {
            match stem {
                // "aches", "caches": the e belongs to the stem.
                "ache" | "cache" => stem,
                _ => &stem[..stem.len() - 1],
            }
        }
        stem => stem,
    };
    Some(bare.to_owned())
}

const SAYS_ENGLISH: &str = "the to and with that she he his they their this from about has have been would should could it \
    not but by at your you of when what who before after next because is are does did for into than if how there where \
    more very every each first be my our until since while then them";
/// English words that also exist in related languages: weak evidence.
const MAY_BE_ENGLISH: &str = "will can on as an i we in is";
const SAYS_ANOTHER: &str = "der die das und nicht den dem mit auf für von zu zum zur ist ein eine einen einem ihre ihr sich hat \
    le la les des du et est une dans pour avec ses sur pas qui que el los las y con por para una su è il lo gli che di per della \
    o os uma não com seu sua de het een en met zijn haar och att det som är inte hennes hans til og ikke am im vom beim bei aus \
    nach auch noch wird werden kann muss soll sie wir ihm ihn ihnen";

/// Whether a text reads as English; a sentence of only names and verbs may be undecidable.
pub(super) fn is_english(words: &[String]) -> bool {
    let head = |word: &String| word.split('\'').next().unwrap_or_default().to_owned();
    let count = |list: &str| words.iter().map(head).filter(|word| is_one_of(list, word)).count();
    let (english, other) = (count(SAYS_ENGLISH), count(SAYS_ANOTHER));
    let past = words.iter().any(|word| word.len() > 4 && word.ends_with("ed"));
    // "Priya will Lena anrufen": a German sentence ends like this.
    let infinitive = words.last().is_some_and(|word| word.len() > 4 && word.ends_with("en"));
    let perhaps = count(MAY_BE_ENGLISH) > 0 && !infinitive;
    english > 2 * other || other == 0 && (past || perhaps)
}

const PERSONS: &str = "boss manager colleague coworker co-worker sister brother mother father mum mom dad husband wife partner \
    friend client customer director lead ceo cto cfo coo daughter son boyfriend girlfriend doctor therapist teacher mentor \
    assistant predecessor successor someone somebody anyone anybody everyone everybody person man woman guy lady candidate \
    peer chair chairman chairwoman founder co-founder investor landlord neighbour neighbor interviewer recruiter supplier \
    vendor trainer child kid baby aunt uncle cousin grandmother grandfather supervisor president owner employee report \
    engineer designer developer analyst intern buyer seller lawyer accountant who stakeholder sponsor agent";
const GROUPS: &str = "team people board staff company family group department management leadership committee children \
    parents colleagues customers managers others both everyone everybody";

/// Whether `he` or `she` can refer to a word.
pub(super) fn is_person(word: &str) -> bool {
    is_one_of(PERSONS, word)
}

/// Whether `they` can refer to a word.
pub(super) fn is_group(word: &str) -> bool {
    is_one_of(GROUPS, word) || is_person(word) || word.len() > 3 && word.ends_with('s') && !is_one_of(NO_VERBS, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_agree_with_whom_they_are_said_to() {
        for (with_she, with_you, with_i) in [
            ("is", "are", "am"),
            ("was", "were", "was"),
            ("has", "have", "have"),
            ("goes", "go", "go"),
            ("tries", "try", "try"),
            ("dies", "die", "die"),
            ("passes", "pass", "pass"),
            ("closes", "close", "close"),
            ("teaches", "teach", "teach"),
            ("manages", "manage", "manage"),
            ("wants", "want", "want"),
            ("called", "called", "called"),
            ("won't", "won't", "won't"),
            ("ran", "ran", "ran"),
        ] {
            assert_eq!(agreeing(with_she, Person::You).as_deref(), Some(with_you));
            assert_eq!(agreeing(with_she, Person::I).as_deref(), Some(with_i));
        }
        for none in ["always", "in", "the", "focus", "this", "new"] {
            assert_eq!(agreeing(none, Person::You), None, "{none}");
        }
    }

    #[test]
    fn english_is_told_from_its_neighbours() {
        let words = |text: &str| text.split_whitespace().map(plain).collect::<Vec<_>>();
        for text in ["Priya will call the bank", "Priya called Lena", "She decided to wait for the board"] {
            assert!(is_english(&words(text)), "{text}");
        }
        for text in [
            "Priya will Lena am Freitag anrufen",
            "Priya will Lena anrufen",
            "Priya war froh über den Bericht",
            "Priya hat das Team geleitet",
            "Priya appellera la banque",
            "Priya ringer banken på fredag",
            "Priya llamará a la clienta",
        ] {
            assert!(!is_english(&words(text)), "{text}");
        }
    }
}
