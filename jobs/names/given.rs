//! How to address a person, from the name alone: the only place that knows given names. Pure.
//!
//! Names are written in many ways: with titles before or degrees after, family name first, in capitals, with a
//! nickname. [`called`] returns the name for a greeting, [`short`] the one for sentences. If it is uncertain which word
//! is the given name, both return the full name (without titles and degrees): "Hello Nguyễn Thị Lan," is polite, "Hello
//! Nguyễn," is not. A greeting in the roster takes precedence over all of this; see `clients.greeting`.

mod words;

use self::words::{
    COMPANIES, CREDENTIALS, DOTTED_TITLES, FAMILY_FIRST, FIELDS, NOT_ALONE, PARTICLES, RUSSIAN_FAMILIES,
    SOMETIMES_CREDENTIALS, TITLES, has,
};
use unicode_normalization::UnicodeNormalization;

use super::nicknames;

/// The name for a greeting: `Priya` for `Dr. Priya Raman, PCC`. Returns the full name if no given name is certain, and
/// an empty string if the name can't be said aloud (an email address, only a title, nothing).
#[must_use]
pub fn called(name: &str) -> String {
    let parts = Parts::of(name);
    let is_title_alone = has(TITLES, &key(parts.full)) || has(CREDENTIALS, &key(parts.full));
    if parts.full.is_empty() || parts.full.contains('@') || is_title_alone {
        return String::new();
    }
    match (parts.given, parts.family) {
        (Some(given), _) => as_spoken(given, parts.full),
        // `Smith, J.`: a greeting has no comma inside.
        (None, Some((family, rest))) => format!("{rest} {family}"),
        (None, None) => parts.full.to_owned(),
    }
}

/// The name for sentences about two people: the given name if it is certain and distinct, otherwise the full name.
#[must_use]
pub fn short<'a>(name: &'a str, other: &str) -> &'a str {
    let Some(given) = Parts::of(name).given else { return bare(name) };
    match Parts::of(other).given {
        Some(same) if key(same) == key(given) => bare(name),
        _ => given,
    }
}

/// The full name without titles and degrees; unchanged if nothing would be left.
fn bare(name: &str) -> &str {
    let full = Parts::of(name).full;
    if full.is_empty() { name } else { full }
}

/// A name split into its parts, as far as that is certain.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    /// The name without titles, degrees and remarks.
    full: &'a str,
    given: Option<&'a str>,
    /// For `Family, rest`: both sides.
    family: Option<(&'a str, &'a str)>,
}

impl<'a> Parts<'a> {
    fn of(name: &'a str) -> Self {
        let name = name.trim_matches(|c: char| !c.is_alphanumeric() && !"\"“”„«'’.()[".contains(c));
        let unsure = |full: &'a str| Self { full, given: None, family: None };
        if name.contains('@') || has_no_words(name) || is_company(name) || holds_several(without_remarks(name)) {
            return unsure(name.trim());
        }
        let nickname = quoted(name);
        let plain = without_credentials(without_remarks(name));
        if let Some((family, rest)) = plain.split_once(',') {
            return Self::turned(plain, family.trim(), rest.trim(), nickname);
        }
        let title = after_titles(plain);
        // `Dr. Meier`: only the title makes a single name polite.
        if title.len() < plain.len() && title.split_whitespace().nth(1).is_none() {
            return unsure(plain);
        }
        Self { full: title, given: nickname.or_else(|| given_of(title)), family: None }
    }

    /// `Raman, Priya`: the given name follows the comma, if the first side can be a family name.
    fn turned(plain: &'a str, family: &'a str, rest: &'a str, nickname: Option<&'a str>) -> Self {
        let rest = after_titles(rest);
        if rest.is_empty() || rest.contains(',') || family.is_empty() {
            return Self { full: plain, given: None, family: None };
        }
        let words: Vec<&str> = family.split_whitespace().collect();
        let is_particle = |word: &&str| has(PARTICLES, &key(word));
        let names_before = words.iter().filter(|word| !is_particle(word)).count();
        let first = rest.split_whitespace().next().unwrap_or_default();
        // `Tom Becker, Berlin`: after a complete name there is no given name.
        let whole_name = names_before > 1 && !nicknames::is_common(&key(first));
        if whole_name {
            let person = after_titles(family);
            let is_known = person.split_whitespace().next().is_some_and(|word| nicknames::is_common(&key(word)));
            let given = if is_known { given_of(person) } else { None };
            return Self { full: if is_known { person } else { plain }, given, family: None };
        }
        let given = nickname.or_else(|| Some(first).filter(|first| is_given_alone(first)));
        Self { full: plain, given, family: Some((family, rest)) }
    }
}

/// The given name of a name in the usual order, if it is certain.
fn given_of(name: &str) -> Option<&str> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let (first, last) = (*words.first()?, *words.last()?);
    if !is_given_alone(first) {
        return None;
    }
    let count = words.len();
    if count == 1 {
        // A single word in a script without spaces contains the family name too.
        return Some(first).filter(|first| !first.chars().any(is_cjk));
    }
    let is_family_first = |word: &str| has(FAMILY_FIRST, &key(word));
    if is_family_first(first) || (count > 2 && is_family_first(last)) || name.chars().any(is_cjk) {
        return None;
    }
    // `Орлов Павел Сергеевич`: the patronymic shows which word is the given name.
    if count == 3 && is_patronymic(last) {
        return Some(words[1]);
    }
    let ends_as_family = |word: &str| RUSSIAN_FAMILIES.split_whitespace().any(|end| word.to_lowercase().ends_with(end));
    if ends_as_family(first) && !ends_as_family(last) && !is_patronymic(words[1]) {
        return None;
    }
    // `DUPONT Jean`: capitals mark the family name, wherever it is.
    let family_in_capitals = is_capitals(first) && letters(first) > 2;
    if family_in_capitals && let Some(given) = words.iter().find(|word| !is_capitals(word)) {
        return Some(*given).filter(|given| is_given_alone(given));
    }
    let all_capitals = words.iter().all(|word| is_capitals(word));
    // `JR Smith`, `AJ Lee`.
    if !all_capitals && is_capitals(first) && letters(first) == 2 && first.is_ascii() {
        return None;
    }
    // `Don José Pérez` is addressed with the Don; for `Don Johnson` it is the given name.
    if key(first) == "don" && count > 2 {
        return None;
    }
    Some(first)
}

fn is_title(word: &str) -> bool {
    has(TITLES, &key(word))
        || has(DOTTED_TITLES, &key(word)) && (word.ends_with('.') || is_capitals(word) && letters(word) > 1)
}

/// Whether a word can be a person's name by itself: not an initial, a particle, or half of a name.
fn is_given_alone(word: &str) -> bool {
    let key = key(word);
    // `J.`, `J.K.`; a single letter beyond ASCII may be a whole name.
    let initials = word.split(['.', '-']).filter(|part| !part.is_empty()).all(|part| letters(part) == 1);
    let is_initial = initials && word.chars().all(|c| c.is_ascii() || c == '.' || c.is_uppercase());
    letters(word) > 0
        && !is_initial
        && !word.chars().any(|c| c.is_ascii_digit())
        && !has(NOT_ALONE, &key)
        && !has(PARTICLES, &key)
}

/// The nickname in `Dana "Dee" Whitfield`, or in `Katherine (Kate) Miller` if it is a form of the given name.
fn quoted(name: &str) -> Option<&str> {
    let between = |open: &[char], close: &[char]| {
        let (before, rest) = name.split_once(open)?;
        let (inner, after) = rest.split_once(close)?;
        let good = !before.trim().is_empty()
            && !after.trim().is_empty()
            && inner.split_whitespace().count() == 1
            && inner.starts_with(char::is_uppercase)
            && letters(inner) > 1
            && inner.chars().all(char::is_alphabetic);
        good.then_some((before, inner))
    };
    let marks = ['"', '“', '”', '„', '«', '»', '‘'];
    if let Some((_, nickname)) = between(&marks, &['"', '“', '”', '«', '»', '’']) {
        return Some(nickname);
    }
    let (before, nickname) = between(&['(', '['], &[')', ']'])?;
    let given = given_of(after_titles(before.trim()))?;
    nicknames::alike(&key(given), &key(nickname)).then_some(nickname)
}

/// The name up to anything that isn't part of it: brackets, quotes, a company after a bar or dash.
fn without_remarks(name: &str) -> &str {
    let name = name.trim();
    let cut = [" | ", " - ", " – ", " — ", " @", " / ", " · ", " • ", " from ", " at "];
    let end = cut.iter().filter_map(|mark| name.find(mark)).filter(|at| *at > 0).min().unwrap_or(name.len());
    let name = name[..end].trim();
    // Brackets and quotes at the end are removed; inside, the words before them remain.
    let opens = |c: char| "([{\"“„«".contains(c);
    match name.find(opens).filter(|at| *at > 0) {
        Some(at) => {
            let tail = &name[at..];
            let closed = tail.rfind([')', ']', '}', '"', '”', '“', '»']).filter(|at| *at > 0);
            let after = closed.map_or("", |close| tail[close..].trim_start_matches(|c: char| !c.is_alphanumeric()));
            // Text in the middle stays in the full name, since the result must be a slice of the name as written.
            if after.is_empty() { name[..at].trim() } else { name }
        }
        None => name,
    }
}

/// The name without degrees and the like at the end: `, PhD, MBA`, ` PCC`, ` Jr.`, ` III`.
fn without_credentials(name: &str) -> &str {
    let mut name = name.trim_end_matches([',', ' ', ';']);
    loop {
        let cut = name.rfind([',', ' ', ';']).filter(|at| *at > 0);
        let Some(at) = cut else { return name };
        let word = &name[at + 1..];
        let after_comma = name[..at].ends_with(',') || name[at..].starts_with(',');
        if !is_credential(word, after_comma, name) {
            return name;
        }
        name = name[..at].trim_end_matches([',', ' ', ';']);
    }
}

fn is_credential(word: &str, after_comma: bool, whole: &str) -> bool {
    let key = key(word);
    // `Meier, Dr.`
    if is_title(word) && word.ends_with('.') {
        return true;
    }
    let has_capitals = word.chars().filter(|c| c.is_uppercase()).count() > 1 || word.contains('.');
    if has(CREDENTIALS, &key) {
        return after_comma || has_capitals || ["jr", "sr", "phd", "esq"].contains(&key.as_str());
    }
    let shouted = is_capitals(whole);
    if has(SOMETIMES_CREDENTIALS, &key) {
        return has_capitals && !shouted;
    }
    // `Tom Becker, XYZT`: capitals after a complete name in ordinary case are post-nominal letters.
    let before = whole.split(',').next().unwrap_or_default();
    after_comma
        && !shouted
        && is_capitals(word)
        && letters(word) > 1
        && before.split_whitespace().count() > 1
        && !before.split_whitespace().any(is_capitals)
}

/// The name after its titles: `Prof. Dr. med.`, `Frau`, `Sir`.
fn after_titles(name: &str) -> &str {
    let mut rest = name.trim();
    loop {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        // `Dr.Meier`
        let glued = rest[..end].find('.').map(|dot| dot + 1).filter(|dot| *dot < end);
        let glued = glued.filter(|_| !is_title(&rest[..end]));
        let glued = glued.filter(|dot| letters(&rest[*dot..end]) > 1 && is_title(&rest[..*dot]));
        let end = glued.unwrap_or(end);
        let (word, after) = (&rest[..end], rest[end..].trim_start());
        if after.is_empty() {
            return rest;
        }
        let is_bracket = word.starts_with('(') && word.ends_with(')') && rest.len() < name.trim().len();
        let capitals = word.chars().filter(|c| c.is_uppercase()).count();
        let degree_first = capitals > 1 && letters(word) > 2 && has(CREDENTIALS, &key(word));
        let is_field = rest.len() < name.trim().len() && has(FIELDS, &key(word));
        if !is_title(word) && !is_field && !is_bracket && !(degree_first && !(is_capitals(word) && is_capitals(after)))
        {
            return rest;
        }
        rest = after;
    }
}

fn holds_several(name: &str) -> bool {
    name.contains(['&', '+', '/', ';', '\n'])
        || name.split_whitespace().any(|word| ["and", "und", "och", "et", "y"].contains(&word))
}

fn is_company(name: &str) -> bool {
    let mut words = name.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    // An article starts a company's name, never a person's.
    ["the", "die", "das"].contains(&key(first).as_str()) && !has(TITLES, &key(words.clone().next().unwrap_or("")))
        || words.any(|word| has(COMPANIES, &key(word)))
}

fn has_no_words(name: &str) -> bool {
    !name.chars().any(char::is_alphabetic)
}

/// In the usual case: a name all in capitals or all in lower case is capitalized like a name.
fn as_spoken(given: &str, full: &str) -> String {
    let cased = || full.chars().filter(|c| c.is_lowercase() != c.is_uppercase());
    let shouted = cased().all(char::is_uppercase) && letters(given) > 2;
    let whispered = cased().all(char::is_lowercase);
    if !(shouted || whispered) {
        return given.to_owned();
    }
    let mut begins = true;
    let mut spoken = String::with_capacity(given.len());
    for c in given.chars() {
        if begins {
            spoken.extend(c.to_uppercase())
        } else {
            spoken.extend(c.to_lowercase())
        }
        begins = !c.is_alphanumeric();
    }
    spoken
}

/// A normalized word: lower-case letters and digits, without accents, dots or hyphens.
fn key(word: &str) -> String {
    let plain = word.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).nfc();
    let lower = plain.flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric());
    lower.map(|c| if c == 'đ' { 'd' } else { c }).collect()
}

fn letters(word: &str) -> usize {
    word.chars().filter(|c| c.is_alphabetic()).count()
}

fn is_capitals(word: &str) -> bool {
    word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase)
}

fn is_patronymic(word: &str) -> bool {
    let word = word.to_lowercase();
    ["ович", "евич", "ьич", "овна", "евна", "ична", "ovich", "evich", "ovna", "evna"]
        .iter()
        .any(|end| word.ends_with(end))
}

/// Chinese characters, kana and Hangul: names without spaces, family name first.
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}')
}

#[cfg(test)]
mod tests;
