//! Which client a session of two is with, judging by its context: the names of its files and folders, the list of
//! participants, whether the coach has only one client, who was there at this time before. Pure.
//!
//! It only counts if exactly one client can be meant. It never decides which of two speakers is the client: that
//! depends on the words. What it decides is a guess: it's marked on the page and in the email, and taken back with one
//! click.

use std::{collections::BTreeSet, sync::LazyLock};

use chrono::{NaiveDate, NaiveTime};
use regex::Regex;

use super::{
    attendees,
    people::{People, Person, Who},
};
use crate::names::{self, fold, nicknames, words};

/// The context of a session.
#[derive(Clone, Debug, Default)]
pub struct Occasion {
    /// The names of its files, without extensions, and of their folders.
    pub names: Vec<String>,
    /// Whether a folder or a file says that it's a group.
    pub is_group: bool,
    /// The date, and the time if a name contains it.
    pub begins: Option<(NaiveDate, NaiveTime)>,
    /// Earlier sessions whose time is known, and the clients who spoke in each.
    pub earlier: Vec<Earlier>,
}

/// An earlier session.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// When it began.
    pub begins: (NaiveDate, NaiveTime),
    /// The clients who spoke.
    pub clients: Vec<Who>,
}

/// What the occasion says about the client.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pointing {
    /// It points to this client, for the given reason.
    To {
        who: Who,
        confidence: f32,
        reason: String,
        /// Whether it outweighs a name mentioned in the session: a habitual time doesn't.
        is_strong: bool,
    },
    /// It may be this client: enough for a suggestion.
    Perhaps { who: Who, reason: String },
    /// It could be several, or someone unknown: nothing follows from it, or from weaker evidence.
    Unclear(String),
    /// Nothing.
    Nothing,
}

/// The client that the occasion of a session of two points to.
pub(super) fn client(people: &People) -> Pointing {
    let occasion = &people.occasion;
    if occasion.is_group {
        return Pointing::Nothing;
    }
    let named = named(people);
    let listed = attendees::listed(people);
    match &named {
        Named::Client { who, name, piece } => {
            let person = Some(*who);
            if listed.as_ref().is_some_and(|listed| listed.only_client() != person) {
                return Pointing::Unclear(format!(
                    "You named the file or its folder “{piece}”, which matches {name}, but the list of participants \
                     has someone else."
                ));
            }
            let reason = format!("You named the file or its folder “{piece}”, which matches {name}.");
            return Pointing::To { who: *who, confidence: 0.84, reason, is_strong: true };
        }
        Named::Unclear(why) => return Pointing::Unclear(why.clone()),
        Named::Surname { who, name, piece } => {
            let reason = format!("You named the file or its folder “{piece}”, which contains {name}’s last name.");
            return Pointing::Perhaps { who: *who, reason };
        }
        Named::Nobody => {}
    }
    if let Some(listed) = &listed {
        return match listed.only_client() {
            Some(who) => {
                let reason = format!("The list of participants has only you and {}.", people.name(who));
                Pointing::To { who, confidence: 0.86, reason, is_strong: true }
            }
            None => Pointing::Unclear("The list of participants has no client, or more than one.".to_owned()),
        };
    }
    let mut clients = people.people.iter().filter(|person| matches!(person.who, Who::Client(_)));
    if let (Some(only), None) = (clients.next(), clients.next()) {
        let reason = format!("{} is your only client.", only.name);
        return Pointing::To { who: only.who, confidence: 0.8, reason, is_strong: true };
    }
    same_hour(people)
}

/// Who was there at the same time on the same weekday, in the eight weeks before. A single match only suggests: every
/// second week may be someone else's.
fn same_hour(people: &People) -> Pointing {
    let Some((date, time)) = people.occasion.begins else { return Pointing::Nothing };
    let is_same = |earlier: &&Earlier| {
        let days = (date - earlier.begins.0).num_days();
        !earlier.clients.is_empty()
            && (1..=56).contains(&days)
            && days % 7 == 0
            && (time - earlier.begins.1).num_minutes().abs() <= 30
    };
    let earlier: Vec<&Earlier> = people.occasion.earlier.iter().filter(is_same).collect();
    let clients: BTreeSet<Option<uuid::Uuid>> = earlier
        .iter()
        .flat_map(|one| one.clients.iter())
        .map(|who| if let Who::Client(client) = who { Some(*client) } else { None })
        .collect();
    let (Some(Some(client)), 1) = (clients.first().copied(), clients.len()) else { return Pointing::Nothing };
    let who = Who::Client(client);
    let name = people.name(who);
    match earlier.len() {
        1 => Pointing::Perhaps { who, reason: format!("Your last session at this time was with {name}.") },
        count => {
            let reason = format!("Your last {count} sessions at this time of the week were with {name}.");
            Pointing::To { who, confidence: 0.77, reason, is_strong: false }
        }
    }
}

/// Who the names of files and folders mention.
#[derive(Clone, Debug, PartialEq)]
enum Named {
    Client { who: Who, name: String, piece: String },
    Surname { who: Who, name: String, piece: String },
    Unclear(String),
    Nobody,
}

fn named(people: &People) -> Named {
    let mut found: Vec<(&Person, &str)> = Vec::new();
    let mut surnames: Vec<(&Person, &str)> = Vec::new();
    for piece in &people.occasion.names {
        let tokens = Token::all(piece);
        let mut left = tokens.clone();
        let mut whole: Vec<&Person> = Vec::new();
        for person in &people.people {
            if takes_whole(person, &tokens, &mut left, piece) {
                whole.push(person);
            }
        }
        for at in (0..left.len()).rev() {
            let fits = |person: &&Person| is_called(person, &left[at]);
            let fitting: Vec<&Person> = people.people.iter().filter(fits).collect();
            match fitting.as_slice() {
                [] => continue,
                [one] => whole.push(one),
                // The other of the two may be meant by the full name next to it.
                [one, other, ..] if !whole.contains_any(&fitting) => {
                    return Named::Unclear(format!("The name “{piece}” could mean {} or {}.", one.name, other.name));
                }
                _ => {}
            }
            left.remove(at);
        }
        let last = |token: &Token| {
            let has = |person: &&Person| {
                let is_last = |name: &[String]| name.len() > 1 && name.last().is_some_and(|last| token.is_family(last));
                person.who != Who::Coach && person.all_names().any(is_last)
            };
            people.people.iter().find(has)
        };
        let known = surnames.len();
        surnames.extend(left.iter().filter_map(last).map(|person| (person, piece.as_str())));
        let is_alone = surnames.len() == known;
        left.retain(|token| last(token).is_none());
        whole.retain(|person| person.who != Who::Coach);
        if let Some(person) = whole.first()
            && speaks_of(&tokens, person)
        {
            return Named::Unclear(format!(
                "The name “{piece}” may be about {} without them being there.",
                person.name
            ));
        }
        if let Some(stranger) = stranger(&left, is_alone && whole.is_empty()) {
            return Named::Unclear(format!(
                "The name “{piece}” seems to mean “{stranger}”, and none of your clients is known by that name."
            ));
        }
        found.extend(whole.into_iter().map(|person| (person, piece.as_str())));
    }
    let named = |(person, piece): (&Person, &str)| (person.who, person.name.clone(), piece.to_owned());
    match (only(&found), only(&surnames)) {
        (Only::Several(one, other), _) => {
            Named::Unclear(format!("The files and folders are named after both {} and {}.", one.name, other.name))
        }
        (Only::One(found), _) => {
            let (who, name, piece) = named(found);
            Named::Client { who, name, piece }
        }
        (Only::None, Only::One(found)) => {
            let (who, name, piece) = named(found);
            Named::Surname { who, name, piece }
        }
        _ => Named::Nobody,
    }
}

/// Who several names mention.
enum Only<'a> {
    None,
    One((&'a Person, &'a str)),
    Several(&'a Person, &'a Person),
}

fn only<'a>(found: &[(&'a Person, &'a str)]) -> Only<'a> {
    let Some(first) = found.first() else { return Only::None };
    match found.iter().find(|(person, _)| person.who != first.0.who) {
        Some((other, _)) => Only::Several(first.0, other),
        None => Only::One(*first),
    }
}

trait ContainsAny {
    fn contains_any(&self, others: &[&Person]) -> bool;
}

impl ContainsAny for Vec<&Person> {
    fn contains_any(&self, others: &[&Person]) -> bool {
        self.iter().any(|one| others.iter().any(|other| other.who == one.who))
    }
}

/// A word in the name that a person gave a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    written: String,
    /// Folded; also in Latin script; and with German umlauts expanded.
    spellings: [String; 3],
}

impl Token {
    /// `PriyaRaman`, `priya-raman` and `Raman, Priya` are two words each; numbers don't count.
    fn all(piece: &str) -> Vec<Self> {
        static HUMP: LazyLock<Regex> = LazyLock::new(|| regex(r"(\p{Ll})(\p{Lu}\p{Ll})"));
        static OWNER: LazyLock<Regex> = LazyLock::new(|| regex(r"['’]s\b"));
        let piece = OWNER.replace_all(piece, "");
        let separates = |c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’' | '\u{300}'..='\u{36f}');
        let written = piece.split(separates).filter(|word| word.chars().any(char::is_alphabetic));
        let mut tokens = Vec::new();
        for word in written {
            tokens.push(Self::new(word));
            // `McDonald` may be a single word after all.
            let humps = HUMP.replace_all(word, "$1 $2");
            tokens.extend(humps.split(' ').filter(|part| *part != word).map(Self::new));
        }
        tokens
    }

    fn new(written: &str) -> Self {
        Self { written: written.to_owned(), spellings: spellings(written) }
    }

    fn is(&self, word: &str) -> bool {
        let others = spellings(word);
        self.spellings.iter().any(|one| !one.is_empty() && others.contains(one))
    }

    /// Whether the word is this surname, or its plural: `Whitfield`, `Whitfields`.
    fn is_family(&self, surname: &str) -> bool {
        self.is(surname) || self.written.strip_suffix('s').is_some_and(|one| Self::new(one).is(surname))
    }
}

fn spellings(word: &str) -> [String; 3] {
    use unicode_normalization::UnicodeNormalization;
    let one = |text: &str| words(&fold(text)).concat();
    let composed: String = word.nfc().collect();
    let mut expanded = String::new();
    for c in composed.chars() {
        match c {
            'ä' | 'Ä' => expanded.push_str("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' => expanded.push_str("oe"),
            'ü' | 'Ü' => expanded.push_str("ue"),
            'å' | 'Å' => expanded.push_str("aa"),
            c => expanded.push(c),
        }
    }
    [one(word), one(&names::latin(&composed)), one(&expanded)]
}

/// Whether a piece contains a person's full name; its words are then removed from those that are left.
fn takes_whole(person: &Person, tokens: &[Token], left: &mut Vec<Token>, piece: &str) -> bool {
    // As written: folded words have lost their umlauts.
    let mut name = Token::all(&person.name);
    name.retain(|token| person.words.iter().any(|word| token.is(word)));
    if person.email.as_ref().is_some_and(|email| piece.to_lowercase().contains(email.as_str())) {
        left.clear();
        return true;
    }
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return false };
    let same = |one: &Token, other: &Token| one.spellings.iter().any(|spelling| other.spellings.contains(spelling));
    if name.len() == 1 {
        return false;
    }
    let has = |word: &Token| tokens.iter().any(|token| same(token, word));
    let joined = |one: &Token| {
        let concat = |words: &[&Token]| words.iter().map(|word| word.spellings[0].as_str()).collect::<String>();
        one.spellings[0] == concat(&[first, last]) || one.spellings[0] == concat(&[last, first])
    };
    let is_there = has(first) && has(last) || tokens.iter().any(joined);
    if is_there {
        left.retain(|token| !joined(token) && !name.iter().any(|word| same(token, word)));
    }
    is_there
}

/// Whether a word is a person's given name, or a form of it. If it's also an ordinary word it must be capitalised.
fn is_called(person: &Person, token: &Token) -> bool {
    const WORDS_TOO: &str = "will mark may art max hope grace joy rose bill frank rich dean chase grant drew sky summer april \
        june august dawn faith iris ivy pat sue van jack rob nick gene ray angel ben dan sol mai son star bo";
    let is_first = |first: &String| {
        first.chars().count() > 1
            && (token.is(first) || token.spellings.iter().any(|spelling| nicknames::alike(first, spelling)))
    };
    let is_it = person.given_names().any(is_first);
    let is_word = token.spellings.iter().any(|spelling| WORDS_TOO.split_whitespace().any(|word| word == spelling));
    is_it && (!is_word || token.written.chars().next().is_some_and(char::is_uppercase))
}

/// Whether a name mentions a person who need not be there: "Supervision on Priya", "Priya's manager".
fn speaks_of(tokens: &[Token], person: &Person) -> bool {
    const ANYWHERE: &str =
        "supervision supervisor intervision mentoring supervisie supervisione supervisión handover referral";
    const BEFORE: &str = "about re regarding concerning over uber wegen betreff zu sur sobre su om angaende";
    const BEHIND: &str = "manager boss team husband wife partner mother father mom mum dad brother sister son daughter chef \
        assistant colleague family report office company lawyer doctor";
    let is_in = |token: &Token, list: &str| {
        list.split_whitespace().any(|word| token.spellings.iter().any(|spelling| *spelling == fold(word)))
    };
    let names_person = |token: &Token| person.words.iter().any(|word| token.is(word)) || is_called(person, token);
    tokens.iter().any(|token| is_in(token, ANYWHERE))
        || tokens.windows(2).any(|two| {
            is_in(&two[0], BEFORE) && names_person(&two[1]) || names_person(&two[0]) && is_in(&two[1], BEHIND)
        })
}

/// A word among those left that seems to be the name of someone unknown.
fn stranger(left: &[Token], is_alone: bool) -> Option<String> {
    const WITH: &str = "with mit avec con com met med z s con";
    let is_noise =
        |token: &Token| token.spellings.iter().any(|spelling| NOISE.split_whitespace().any(|word| word == spelling));
    let is_capital = |token: &Token| token.written.chars().next().is_some_and(char::is_uppercase);
    let given =
        |token: &&Token| token.spellings.iter().any(|spelling| nicknames::is_given(spelling)) && !is_noise(token);
    if let Some(token) = left.iter().find(given) {
        return Some(token.written.clone());
    }
    let after_with = left.windows(2).find(|two| {
        let is_with = two[0].spellings.iter().any(|spelling| WITH.split_whitespace().any(|word| word == spelling));
        is_with && is_capital(&two[1]) && !is_noise(&two[1])
    });
    if let Some(two) = after_with {
        return Some(two[1].written.clone());
    }
    // `Zora Njoku`: nothing but one to three capitalised words, none of them a coaching term.
    let is_name =
        is_alone && (1..=3).contains(&left.len()) && left.iter().all(|token| is_capital(token) && !is_noise(token));
    is_name.then(|| left.iter().map(|token| token.written.as_str()).collect::<Vec<_>>().join(" "))
}

/// Words that coaches and tools use in the names of files and folders.
const NOISE: &str = "session sessions sitzung sitzungen seance sesion sessao sessione sessie samtal coaching coach call calls \
    meeting meetings meet zoom teams webex google microsoft recording recordings aufnahme audio video transcript transcripts \
    transkript transcription transcripcion trascrizione notes note notizen notas notities minutes weekly biweekly monthly daily \
    intro introduction discovery check checkin checkup kickoff follow followup review retrospective retro planning plan plans \
    goals goal career leadership development team group gmt captions caption subtitles subtitle part teil final draft copy kopie \
    copia export download downloads upload otter fireflies fathom granola whisper rev sonix descript client clients kunde kunden \
    klient klienten cliente clientes one first second third fourth fifth erste zweite dritte new neu old alt test demo sample \
    speaker speakers two three four five six seven eight nine ten monday tuesday wednesday thursday friday saturday sunday montag \
    dienstag mittwoch donnerstag freitag samstag sonntag january february march april may june july august september october \
    november december januar februar marz mai juni juli oktober dezember jan feb mar apr jun jul aug sep sept oct nov dec \
    morning afternoon evening talk conversation gesprach interview chat sync standup summary quarterly annual strategy feedback \
    work life balance stress promotion conflict delegation presentation week woche month year quarter q1 q2 q3 q4 the and of on \
    in for to a an my our mein meine text file document dokument untitled unbenannt live room personal private inbox archive \
    mp3 mp4 m4a wav vtt srt txt docx json csv md pdf html en de fr es pt it nl sv eng ger utc cet cest am pm";

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

#[cfg(test)]
mod tests;
