//! Whether two speaker labels of different sessions belong to the same person. Pure.
//!
//! A full name decides, whatever company it's combined with. Less than that decides only within one group (one coach's
//! people), if nobody else has the name and the two never spoke in the same session; and a common given name never
//! stands for a full name. A false merge is far worse than a miss: anything undecided is [`Sameness::Unsure`].

use crate::names::{self, Form, Without, generic, nicknames};

/// What is known about the two labels besides their text.
#[derive(Clone, Copy, Debug, Default)]
pub struct LabelContext<'a> {
    /// Whether both spoke in one session.
    pub met: bool,
    /// The names in use around them. If `None`, only full names decide.
    pub in_use: Option<&'a NamesInUse>,
}

/// Every known label and name among one coach's people, or in one series of meetings.
#[derive(Debug, Default)]
pub struct NamesInUse {
    readings: Vec<Reading>,
}

impl NamesInUse {
    /// Collects these labels and names, which must include the two that are compared.
    pub fn new<'a>(known: impl IntoIterator<Item = &'a str>) -> Self {
        Self { readings: known.into_iter().filter_map(Reading::of).collect() }
    }

    /// The number of given names similar to either of two that occur with this surname.
    fn of_family(&self, one: &str, other: &str, surname: &str) -> usize {
        let names = self.readings.iter().map(Reading::name);
        let given = names.filter(|name| name.len() > 1 && name.last().is_some_and(|last| last == surname));
        let mut given: Vec<&String> = given
            .filter_map(|name| name.first())
            .filter(|first| nicknames::alike(first, one) || nicknames::alike(first, other))
            .collect();
        given.sort_unstable();
        given.dedup();
        given.len()
    }
}

/// Whether two labels belong to the same person.
#[derive(Clone, Debug, PartialEq)]
pub enum Sameness {
    /// They belong to the same person.
    Same {
        /// From 0 to 1.
        confidence: f32,
        /// Why: words that follow "because".
        because: String,
        /// Whether both contain a full name, or the same address: less than that may be a namesake's.
        is_whole: bool,
    },
    /// They belong to different people.
    Different,
    /// The labels don't tell.
    Unsure,
}

impl Sameness {
    fn same(confidence: f32, because: impl Into<String>) -> Self {
        Self::Same { confidence, because: because.into(), is_whole: true }
    }

    /// A match of less than a full name: a given name, a handle, names run together.
    fn in_part(confidence: f32, because: impl Into<String>) -> Self {
        Self::Same { confidence, because: because.into(), is_whole: false }
    }

    /// How certain it is that they are the same; 0 if they aren't.
    #[must_use]
    pub const fn confidence(&self) -> f32 {
        match self {
            Self::Same { confidence, .. } => *confidence,
            Self::Different | Self::Unsure => 0.0,
        }
    }
}

/// A parsed label.
#[derive(Debug)]
struct Reading {
    /// The forms of the part that names the person: without accents and in Latin script.
    names: Vec<Vec<String>>,
    /// The other parts: companies, handles, second names.
    others: Vec<Vec<String>>,
    /// Marked handles: `@ritzdorf`, `dionysuz.eth`.
    handles: Vec<String>,
    is_device: bool,
    /// Whether two of its words are joined: a double name, whose parts are no middle names.
    is_hyphenated: bool,
}

/// Whether two labels belong to the same person.
#[must_use]
pub fn same_person(one: &str, other: &str, context: LabelContext<'_>) -> Sameness {
    if generic::is_generic(one) || generic::is_generic(other) {
        return Sameness::Unsure;
    }
    if names::holds_others(one, other) || names::holds_others(other, one) {
        return Sameness::Unsure;
    }
    if names::alias_key(one) == names::alias_key(other) {
        if context.in_use.is_none() && !names::alias_key(one).contains(' ') {
            return Sameness::Unsure;
        }
        return Sameness::same(0.97, "they’re written the same way");
    }
    let shared = |email| names::emails(other).contains(email);
    if names::emails(one).iter().any(shared) {
        return Sameness::same(0.97, "they have the same email address");
    }
    let (Some(one), Some(other)) = (Reading::of(one), Reading::of(other)) else { return Sameness::Unsure };
    full_names(&one, &other, context.in_use)
        .or_else(|| handles(&one, &other, context))
        .or_else(|| single_names(&one, &other, context))
        .unwrap_or(Sameness::Unsure)
}

impl Reading {
    /// `None` if the label puts two people at one microphone, or contains no name.
    fn of(label: &str) -> Option<Self> {
        let forms = names::forms(&names::latin(label));
        let first = forms.first()?;
        if first.without == Without::OtherPerson {
            return None;
        }
        let is_device = first.without == Without::Device;
        let mut handles: Vec<String> = names::handles(label);
        handles.sort();
        let of_words = |form: &Form| without_domain(&form.words);
        let (names, others) = if is_device {
            (forms.iter().map(of_words).collect(), Vec::new())
        } else {
            (vec![of_words(first)], forms[1..].iter().map(of_words).collect())
        };
        Some(Self { names, others, handles, is_device, is_hyphenated: names::is_hyphenated(label) })
    }

    fn name(&self) -> &[String] {
        self.names.first().map_or(&[], Vec::as_slice)
    }

    /// Whether another part begins with a known given name.
    fn has_given_name(&self) -> bool {
        self.others.iter().any(|part| part.first().is_some_and(|word| nicknames::is_common(word)))
    }

    /// Whether both have other parts, none of them in common: two companies.
    fn contradicts(&self, other: &Self) -> bool {
        !self.others.is_empty()
            && !other.others.is_empty()
            && !self.others.iter().any(|part| other.others.contains(part))
    }
}

/// Whether the words contain one that is typical of companies and not of people.
pub(super) fn is_company(words: &[String]) -> bool {
    const WORDS: &str = "labs lab inc ltd llc gmbh ag bv corp co company foundation network networks group team \
        consulting consultants coaching capital ventures protocol research partners university institute college \
        school security systems software solutions services studio studios media health bank global international \
        technologies tech digital office support sales marketing hr";
    words.iter().any(|word| WORDS.split_whitespace().any(|company| company == word))
}

/// `dionysuz.eth` is split into two words; the second isn't part of the name.
fn without_domain(words: &[String]) -> Vec<String> {
    match words {
        [name, domain] if ["eth", "xyz", "io", "dev", "lens"].contains(&domain.as_str()) => vec![name.clone()],
        words => words.to_vec(),
    }
}

/// Whether two lists of middle names may be one person's: one is left out, or they have a name or an initial in common. Half
/// of a double name isn't left out: "Jean-Marc Dupont" may be the brother of "Jean-Luc Dupont".
fn may_be_one([one, other]: [&[String]; 2], is_double: bool) -> bool {
    let is_near = |a: &String, b: &String| a.starts_with(b.as_str()) || b.starts_with(a.as_str());
    if one.is_empty() || other.is_empty() {
        return one.len() == other.len() || !is_double;
    }
    one.iter().any(|a| other.iter().any(|b| is_near(a, b)))
}

/// Compares two names of at least two words.
fn full_names(one: &Reading, other: &Reading, in_use: Option<&NamesInUse>) -> Option<Sameness> {
    let is_name =
        |words: &Vec<String>| words.len() >= 2 && words.iter().all(|word| !word.chars().any(char::is_numeric));
    let (Some(a), Some(b)) = (one.names.iter().find(|n| is_name(n)), other.names.iter().find(|n| is_name(n))) else {
        // The full name may be the second part if the first is a handle or a short form of it: `Pri (Priya Raman)`.
        return in_other_part(one, other).or_else(|| in_other_part(other, one)).or_else(|| run_together(one, other));
    };
    let (first, last) = (&a[0], a.last()?);
    let (first_b, last_b) = (&b[0], b.last()?);
    if a == b {
        // `Acme Labs - Priya` and `Acme Labs - Tom` also share a part, but not the name.
        return Some(if one.contradicts(other) && (is_company(a) || one.has_given_name() || other.has_given_name()) {
            Sameness::Unsure
        } else {
            Sameness::same(0.93, "they have the same full name")
        });
    }
    if a.len() == 2 && b.len() == 2 && first == last_b && last == first_b {
        return Some(Sameness::same(0.88, "they have the same names in a different order"));
    }
    if last == last_b && last.len() > 1 {
        if first == first_b {
            let middles = [&a[1..a.len() - 1], &b[1..b.len() - 1]];
            return Some(if may_be_one(middles, one.is_hyphenated || other.is_hyphenated) {
                Sameness::same(0.88, "they have the same name apart from a middle name")
            } else {
                Sameness::Unsure
            });
        }
        // A sister may have the other name that the short form stands for.
        if nicknames::alike(first, first_b) && in_use.is_some_and(|in_use| in_use.of_family(first, first_b, last) <= 2)
        {
            return Some(Sameness::same(0.85, "one first name is a form of the other, and the last name is the same"));
        }
    }
    let initial = |short: &str, long: &str| short.len() == 1 && long.starts_with(short);
    if last == last_b && (initial(first, first_b) || initial(first_b, first))
        || first == first_b && (initial(last, last_b) || initial(last_b, last))
    {
        return Some(Sameness::Unsure);
    }
    // Someone with a name of three words may go by any two of them, or by one.
    let shares = a.iter().filter(|word| word.len() > 2 && b.contains(word)).count();
    Some(if shares > 0 { Sameness::Unsure } else { Sameness::Different })
}

/// The full name of one is a second part of the other.
fn in_other_part(one: &Reading, other: &Reading) -> Option<Sameness> {
    let full = one.names.iter().find(|words| words.len() >= 2)?;
    other.others.contains(full).then(|| Sameness::same(0.9, "one contains the other’s full name"))
}

/// `draganrakita` and `Dragan Rakita`.
fn run_together(one: &Reading, other: &Reading) -> Option<Sameness> {
    let is = |short: &Reading, full: &Reading| {
        let [word] = short.name() else { return false };
        full.name().len() >= 2 && word.chars().count() >= 6 && *word == full.name().concat()
    };
    (is(one, other) || is(other, one)).then(|| Sameness::in_part(0.9, "one is the other’s name without spaces"))
}

/// One is a handle that the other contains, or that is formed from the other's names.
fn handles(one: &Reading, other: &Reading, context: LabelContext<'_>) -> Option<Sameness> {
    let holds = |holder: &Reading, handle: &str| {
        let is = |words: &Vec<String>| words.as_slice() == [handle.to_owned()];
        holder.handles.iter().any(|found| found == handle)
            || holder.others.iter().any(is)
            || holder.names.iter().any(is)
    };
    let marked = one.handles.iter().any(|handle| handle.len() > 3 && holds(other, handle))
        || other.handles.iter().any(|handle| handle.len() > 3 && holds(one, handle));
    if marked {
        return Some(Sameness::in_part(0.88, "they have the same username"));
    }
    let in_use = context.in_use.filter(|_| !context.met)?;
    let made = |short: &Reading, full: &Reading| {
        let [word] = short.name() else { return false };
        let names = in_use.readings.iter().map(Reading::name);
        let mut makers: Vec<&[String]> = names.filter(|name| is_handle_of(word, name)).collect();
        makers.sort_unstable();
        makers.dedup();
        is_handle_of(word, full.name()) && makers.len() == 1
    };
    (made(one, other) || made(other, one))
        .then(|| Sameness::in_part(0.85, "one is the other’s initial and last name, and nobody else’s"))
}

/// Whether a handle is formed from a full name: `jtraglia`, `fdifabio`, `zcstarr` (with a middle initial) or `victorz`.
fn is_handle_of(handle: &str, name: &[String]) -> bool {
    let [first, rest @ ..] = name else { return false };
    let (surname, length) = (rest.concat(), handle.chars().count());
    if rest.is_empty() || length < 5 || !handle.is_ascii() || !first.is_ascii() {
        return false;
    }
    let last = rest.last().map_or("", String::as_str);
    let ends_with = |surname: &str| {
        let Some(initials) = handle.strip_suffix(surname) else { return false };
        surname.len() >= 4 && (1..=2).contains(&initials.len()) && initials.starts_with(&first[..1])
    };
    ends_with(&surname)
        || ends_with(last)
        || (first.len() >= 5 && handle == format!("{first}{}", &last[..last.len().min(1)]))
}

/// One is a single word: a given name, a short form, a device's owner.
fn single_names(one: &Reading, other: &Reading, context: LabelContext<'_>) -> Option<Sameness> {
    let in_use = context.in_use.filter(|_| !one.contradicts(other))?;
    let (short, full) = if one.name().len() <= other.name().len() { (one, other) } else { (other, one) };
    let word = short.names.iter().find(|words| words.len() == 1 && points_to(&words[0], full.name()))?.first()?;
    // With a company, a given name may belong to someone there who shares it with a known person.
    let is_apart = !short.others.is_empty() && full.name().len() > 1;
    // A device is a second label of someone who may also speak under the first.
    if (context.met && !short.is_device && !full.is_device) || is_apart {
        return None;
    }
    let alone_is_enough = full.name().len() == 1 || !nicknames::is_common(word);
    let is_short = word.chars().count() < 3;
    if !alone_is_enough || is_short || namesakes(word, in_use) != 1 {
        return None;
    }
    let because = if full.name().len() == 1 { "they have the same name" } else { "one is part of the other’s name" };
    Some(Sameness::in_part(0.8, format!("{because}, and nobody else has that name")))
}

/// Whether a single name stands for a name: the same word, a part of it, or a long prefix of its first word.
fn points_to(word: &str, name: &[String]) -> bool {
    let [first, rest @ ..] = name else { return false };
    let middle = rest.split_last().map_or(&[][..], |(_, middle)| middle);
    let is_beginning = word.chars().count() >= 5 && first.starts_with(word);
    first == word || is_beginning || (word.chars().count() >= 4 && middle.iter().any(|part| part == word))
}

/// How many different people of the group the word could mean: full names that begin with it, contain it, or have a
/// form of it; if there are none, single-word labels with different companies.
fn namesakes(word: &str, in_use: &NamesInUse) -> usize {
    let readings = &in_use.readings;
    let could_mean = |name: &[String]| {
        points_to(word, name)
            || name.contains(&word.to_owned())
            || name.first().is_some_and(|first| nicknames::alike(word, first))
    };
    let mut full: Vec<&[String]> =
        readings.iter().map(Reading::name).filter(|name| name.len() > 1 && could_mean(name)).collect();
    full.sort_unstable();
    full.dedup();
    let mut companies: Vec<&Vec<Vec<String>>> = readings
        .iter()
        .filter(|reading| reading.name().len() == 1 && could_mean(reading.name()) && !reading.others.is_empty())
        .map(|reading| &reading.others)
        .collect();
    companies.sort_unstable();
    companies.dedup();
    match (full.len(), companies.len()) {
        (0, companies) => companies.max(1),
        (full, companies) => full + companies,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sameness(one: &str, other: &str, others: &[&str]) -> Sameness {
        let in_use = NamesInUse::new([one, other].into_iter().chain(others.iter().copied()));
        same_person(one, other, LabelContext { met: false, in_use: Some(&in_use) })
    }

    #[test]
    fn the_same_person_under_changing_labels() {
        for (one, other) in [
            ("Priya Raman", "PRIYA RÁMAN (she/her)"),
            ("Priya Raman | Acme", "Priya Raman | Initech"),
            ("Priya Raman", "Raman, Priya"),
            ("Priya Raman", "Raman Priya"),
            ("@praman / Priya Raman (EIP-7)", "Priya Raman"),
            ("Pri (Priya Raman)", "Priya Raman"),
            ("priyaraman", "Priya Raman"),
            ("praman", "Priya Raman"),
            ("pkraman", "Priya Raman"),
            ("Tom Becker", "Thomas Becker"),
            ("Thomas J. Becker", "Thomas Becker"),
            ("Иван Петров", "Ivan Petrov"),
            ("Łukasz Wójcik", "Lukasz Wojcik"),
            ("Ozan", "Ozan (Acme)"),
            ("Ozan (Acme)", "Ozan | Acme"),
            ("Ozan", "Ozan Demir"),
            ("Ozan’s iPhone", "Ozan Demir"),
            ("Krishnan", "Krishnanraj Iyer"),
            ("Uchenna", "Grace Uchenna Obi-Eze"),
            ("Alice (quokka)", "quokka.eth"),
            ("@quokka / Alice", "quokka"),
        ] {
            let found = sameness(one, other, &[]);
            assert!(found.confidence() >= 0.75, "{one} / {other}: {found:?}");
            assert_eq!(found, sameness(other, one, &[]), "{one} / {other}");
        }
    }

    #[test]
    fn labels_that_may_be_two_people() {
        for (one, other, others) in [
            ("Speaker 1", "Speaker 1", &[][..]),
            ("Priya Raman", "Priya Sharma", &[]),
            ("Priya", "Tom", &[]),
            ("Sam", "Sam Okafor", &[]),
            ("Ozan (Acme)", "Ozan (Initech)", &[]),
            ("Ozan (Acme)", "Ozan Demir", &[]),
            ("Ozan", "Ozan (Acme)", &["Ozan (Initech)"]),
            ("Ozan", "Ozan Demir", &["Ozan Kaya"]),
            ("Offchain Labs - Priya", "Offchain Labs - Tom", &[]),
            ("Priya Raman & Tom", "Priya Raman", &[]),
            ("Nadia's assistant", "Nadia", &[]),
            ("praman", "Priya Raman", &["Pooja Raman"]),
            ("Ben", "Ben Adler", &["Ben Costa"]),
            ("Anders", "Andersson Ek", &["Anders Ek"]),
            ("Acme", "Ozan (Acme)", &[]),
            ("R. Becker", "Tom Becker", &[]),
            ("Ivan Petrov", "John Petrov", &[]),
            ("Julie Chen", "Julia Chen", &[]),
            ("Sam Lee", "Samuel Lee", &["Samantha Lee"]),
        ] {
            let found = sameness(one, other, others);
            assert!(found.confidence() < 0.75, "{one} / {other}: {found:?}");
        }
        assert_eq!(same_person("Ozan", "Ozan Demir", LabelContext::default()), Sameness::Unsure, "two groups");
        assert_eq!(same_person("Sam", "Sam", LabelContext::default()), Sameness::Unsure, "two groups");
        let in_use = NamesInUse::new(["Ozan", "Ozan Demir"]);
        let met = LabelContext { met: true, in_use: Some(&in_use) };
        assert_eq!(same_person("Ozan", "Ozan Demir", met), Sameness::Unsure, "they spoke with each other");
    }
}
