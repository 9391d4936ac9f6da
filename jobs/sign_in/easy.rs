//! Passwords that are guessed first. Pure.
//!
//! `leaked_passwords.bin` has what was found in leaks most often: those of the 100,000 commonest passwords of the NCSC's list
//! and of a billion leaked accounts (ignis-sec, Pwdb-Public) that are long enough, with and without the digits behind them, and
//! what attackers tried on servers that were set up for them. `common_words.txt` has the words that most others are made of. A
//! password is refused if it's in the list, if little is left when those words, digits and signs are taken out of it, if it
//! repeats itself, if it goes along a keyboard, the alphabet or the digits, or if it's mostly the person's own name, address or
//! organization. It isn't a list of all leaked passwords.
//!
//! The list is sorted: of each password in lower case, letters and digits alone, the first six bytes of its SHA-256. So it
//! holds no word that anybody could read. Of other passwords it takes one in 7.6 billion for one of its own (37,083 of 2^48
//! hashes are in it), and of those with digits behind them, which are looked up without them too, one in 3.8 billion.
//! `docs/SECURITY.md` says how the list was made.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// See above.
const LEAKED: &[u8] = include_bytes!("leaked_passwords.bin");
/// The bytes of a hash in the list.
const HASH: usize = 6;
const WORDS: &str = include_str!("common_words.txt");
/// Keys that lie side by side, and what everybody can recite.
const ROWS: [&str; 9] = [
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "abcdefghijklmnopqrstuvwxyz",
];
/// Fewer letters than this, beside what anybody guesses, are too few.
const LEFT: usize = 5;
/// A row counts from this many keys on.
const RUN: usize = 4;

/// Why a password is easy to guess, as the end of a sentence; `None` if it isn't. `about` is what is known of the person.
pub(super) fn why(password: &str, about: &[&str]) -> Option<&'static str> {
    let lower = password.to_lowercase();
    if repeats(&lower) {
        return Some("it repeats itself");
    }
    if in_rows(&lower) {
        return Some("it follows the keyboard, the alphabet or the digits");
    }
    let plain = plain(&lower);
    let own: Vec<String> = about.iter().flat_map(|text| words(text)).collect();
    // Who takes out the own words first sees whether they are to blame.
    if letters_without(&plain, own.iter().map(String::as_str)) < LEFT && !own.is_empty() {
        return Some("it’s made of your own name, address or organization");
    }
    if listed(&lower) {
        return Some("it’s one of the most common passwords");
    }
    let all = own.iter().map(String::as_str).chain(WORDS.lines());
    if letters_without(&plain, all) < LEFT {
        return Some("it’s made of words that everybody tries first");
    }
    None
}

fn listed(lower: &str) -> bool {
    let bare: String = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
    // With a number or a sign behind it, it's the same password.
    let stem = bare.trim_end_matches(|letter: char| letter.is_ascii_digit());
    is_leaked(&bare) || (stem.chars().count() >= 8 && is_leaked(stem))
}

fn is_leaked(bare: &str) -> bool {
    let wanted = Sha256::digest(bare);
    let (hashes, _) = LEAKED.as_chunks::<HASH>();
    hashes.binary_search_by(|hash| hash[..].cmp(&wanted[..HASH])).is_ok()
}

/// Whether it's a short piece again and again, or has hardly any different characters.
fn repeats(lower: &str) -> bool {
    let letters: Vec<char> = lower.chars().collect();
    let different: HashSet<&char> = letters.iter().collect();
    let is_period = |period: usize| letters.iter().zip(&letters[period..]).all(|(one, other)| one == other);
    different.len() < 5 || (1..=letters.len() / 2).any(is_period)
}

/// Whether most of it is runs along a row, forwards or backwards.
fn in_rows(lower: &str) -> bool {
    let letters: Vec<char> = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mut covered = 0;
    let mut at = 0;
    while at < letters.len() {
        let longest = (RUN..=letters.len() - at).take_while(|length| is_run(&letters[at..at + length])).last();
        covered += longest.unwrap_or(0);
        at += longest.unwrap_or(1);
    }
    covered > 0 && letters.len() - covered < LEFT
}

fn is_run(letters: &[char]) -> bool {
    let forwards: String = letters.iter().collect();
    let backwards: String = letters.iter().rev().collect();
    ROWS.iter().any(|row| row.contains(&forwards) || row.contains(&backwards))
}

/// Digits and signs that stand for letters, as those letters.
fn plain(lower: &str) -> String {
    let letter = |c: char| match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    lower.chars().map(letter).collect()
}

/// The words of a name or an address, without those that are too short to mean anything.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.chars().count() >= 3).map(plain).collect()
}

/// How many different letters are left when words are taken out, the longest first.
fn letters_without<'a>(plain: &str, words: impl Iterator<Item = &'a str>) -> usize {
    let mut words: Vec<String> = words.map(self::plain).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut left: String = plain.chars().filter(|letter| letter.is_alphabetic()).collect();
    for word in words.iter().filter(|word| word.len() >= 2) {
        left = left.replace(word.as_str(), "\0");
    }
    left.chars().filter(|letter| *letter != '\0').collect::<HashSet<char>>().len()
}

#[cfg(test)]
mod tests {
    use super::{HASH, LEAKED, why};

    const ABOUT: [&str; 3] = ["Maya Okafor", "maya.o@northlight.example", "Northlight Coaching"];

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "passwordpassword",
            "rollercoaster",
            "onedirection",
            "Liverpool-2026!",
            "fashionfantasy",
            "007jamesbond",
            "Password123456!",
            "P@ssw0rd2026!!",
            "correct horse battery staple",
            "Correct-Horse-Battery-Staple1",
            "iloveyou1234",
            "111111111111",
            "abababababab",
            "hurgelhurgel",
            "qwertyuiop12",
            "1234567890-=",
            "abcdefghijkl",
            "lkjhgfdsa4321",
            "Debrief-Debrief",
            "debrief2026debrief!",
            "Welcome-Summer-2026",
            "MayaOkafor2026",
            "northlight1234",
            "maya.o@northlight",
            "M4ya0kaf0r!!!!",
        ] {
            assert!(why(password, &ABOUT).is_some(), "{password}");
        }
    }

    #[test]
    fn the_list_is_whole_and_sorted() {
        let (hashes, rest) = LEAKED.as_chunks::<HASH>();
        assert!(hashes.len() > 20_000 && rest.is_empty(), "{}", hashes.len());
        assert!(hashes.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn what_nobody_would_guess_is_taken() {
        for password in [
            "wooden lamp under rain",
            "blaue Tomaten fliegen tief",
            "vK7#qPz2!mRwL",
            "the quiet harbour freezes",
            "ゆきがふるよるのうみ2026",
            "maya sings about turnips",
            "password to my garden shed",
        ] {
            assert_eq!(why(password, &ABOUT), None, "{password}");
        }
        assert!(why("NORTHLIGHT-2026-x", &ABOUT).is_some_and(|why| why.contains("organization")));
    }
}
