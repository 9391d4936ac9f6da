//! Who a label is, judging by its text: names and their parts, aliases, addresses, numbers. Pure.

use super::{Basis, LabelMatch, MatchResult, SUGGESTED};
use crate::{
    attribute::{
        identity::{self, LabelContext, NamesInUse},
        people::{Alias, OtherName, People, Person, Who},
    },
    names::{self, Form, Without, generic, nicknames, parts, phone},
};

/// The strongest evidence in the label itself.
pub(super) fn find_by_name(label: &str, is_anybodys: bool, labels: &[&str], people: &People) -> MatchResult {
    let found = |who, confidence, basis, reason: String| Ok(LabelMatch { who, confidence, reason, basis });
    let key = names::alias_key(label);
    let number = phone::number(label);
    if generic::is_generic(label) && number.is_none() {
        return Err(match label.trim() {
            "" => "The file doesn’t name the speaker of these words.".to_owned(),
            label => format!("“{label}” isn’t a person’s name: it could be anyone."),
        });
    }
    // An answer about a generic label applied to its own session; the roster may still know it as a name.
    let is_anybodys = is_anybodys && number.is_none();
    if let Some(alias) = people.aliases.get(&key).filter(|alias| !(is_anybodys && alias.by_correction)) {
        let name = people.name(alias.who);
        // A label that is someone's own name may mean them, whatever was said about it when nobody had that name.
        if let Some(other) = people.called_in_full(label, &key, alias.who) {
            return Err(format!("This could be {} or {name}.", other.name));
        }
        if let Some(other) = people.called_too(label, alias.who).filter(|_| alias.by_correction) {
            let reason = format!("You told us once that “{label}” was {name}, but it could also be {}.", other.name);
            return found(alias.who, SUGGESTED, Basis::PartOfName, reason);
        }
        return match alias.by_correction {
            true => found(alias.who, 0.98, Basis::Coach, format!("You told us before that “{label}” is {name}.")),
            false => found(alias.who, 0.95, Basis::Name, format!("The roster says that “{label}” is {name}.")),
        };
    }
    if let Some(number) = number {
        return by_number(label, &number, people);
    }
    if parts::is_coach(key.strip_prefix("the ").unwrap_or(&key)) {
        return found(Who::Coach, 0.9, Basis::Name, "The label says this is the coach.".to_owned());
    }
    // A name may include a company or more, as a label does: identical text is a match.
    let is_one = |person: &Person| names::alias_key(&person.name) == key && !names::holds_others(label, &person.name);
    if let Some(person) = people.only(is_one)? {
        return found(person.who, 0.95, Basis::Name, format!("The label is the name of {}.", person.name));
    }
    let emails = names::emails(label);
    if let Some(person) = people.only(|person| person.email.as_ref().is_some_and(|email| emails.contains(email)))? {
        return found(person.who, 0.97, Basis::Name, format!("The label contains {}’s email address.", person.name));
    }
    if is_anybodys {
        return Err(match generic::next_in_count(label, labels) {
            _ if generic::is_everyday(label) => format!("“{label}” isn’t a person’s name: it could be anyone."),
            Some(other) => {
                format!("“{label}” and “{other}” differ only by a number or a letter: either could be anyone.")
            }
            None => format!("“{label}” is just a word with a number or a letter: it could be anyone."),
        });
    }
    let forms = names::forms(label);
    if let Some(found) = by_shared_entry(label, people)? {
        return Ok(found);
    }
    if holds_another(&forms, label, people) {
        return Err(not_one_person(label));
    }
    match by_name(label, &forms, people) {
        Ok(Some(finding)) if finding.is_sure() => Ok(finding),
        Ok(found) => match by_identity(label, labels, people)? {
            Some(finding) => Ok(finding),
            None => found.ok_or_else(|| match names::puts_several(label) {
                true => not_one_person(label),
                false => nobodys(&forms, people),
            }),
        },
        Err(ambiguous) => Err(ambiguous),
    }
}

/// Why a label that names somebody isn't taken for that person.
fn not_one_person(label: &str) -> String {
    if names::is_instead(label) {
        format!("“{label}” seems to be someone other than the person it names.")
    } else {
        format!("“{label}” may be several people sharing one microphone.")
    }
}

/// A caller's number: one person's, if the roster has it, with or without the country code.
fn by_number(label: &str, number: &str, people: &People) -> MatchResult {
    let is_one = |alias: &&Alias| phone::number(&alias.written).is_some_and(|known| phone::may_be_one(&known, number));
    let mut found: Vec<Who> = people.aliases.values().filter(is_one).map(|alias| alias.who).collect();
    found.dedup();
    match found.as_slice() {
        [] => Err(format!("“{label}” is a phone number that none of your clients has on the roster.")),
        [who] => {
            let reason = format!("Apart from the country, “{label}” is the phone number of {}.", people.name(*who));
            Ok(LabelMatch { who: *who, confidence: 0.7, reason, basis: Basis::PartOfName })
        }
        [_, _, ..] => Err(format!("“{label}” is a phone number that several people may have.")),
    }
}

/// `Sam & Dana Whitfield` if the entry is "Sam and Dana Whitfield": several people, and one client.
fn by_shared_entry(label: &str, people: &People) -> Result<Option<LabelMatch>, String> {
    let named = names::members(label);
    if named.is_empty() {
        return Ok(None);
    }
    let is_one = |words: &Vec<String>, other: &OtherName| {
        other.alias.is_none() && (first_only(words, &other.words) || first_and_initial(words, &other.words))
    };
    let shares = |person: &Person| named.iter().all(|words| person.also.iter().any(|other| is_one(words, other)));
    let finding = |person: &Person| {
        let is_whole = named.iter().all(|words| words.len() > 1);
        let (confidence, basis) = if is_whole { (0.9, Basis::Name) } else { (0.85, Basis::PartOfName) };
        let reason = format!("The label names the people who share the entry {}.", person.name);
        LabelMatch { who: person.who, confidence, reason, basis }
    };
    Ok(people.only(shares)?.map(finding))
}

/// Why a label is nobody's: if part of a name matches, the message must not say that nothing does.
fn nobodys(forms: &[Form], people: &People) -> String {
    let is_of = |word: &String, person: &Person| {
        person.all_names().skip(usize::from(person.is_shared())).flatten().any(|own| nicknames::alike(own, word))
    };
    let fits = |person: &&Person| {
        forms.iter().flat_map(|form| &form.words).any(|word| !is_initial(word) && is_of(word, person))
    };
    let fitting: Vec<&Person> = people.people.iter().filter(fits).take(3).collect();
    match fitting.as_slice() {
        [] => "None of your clients has this name.".to_owned(),
        [only] if forms.iter().all(|form| form.words.len() == 1) => {
            let own = only.all_names().skip(usize::from(only.is_shared())).flatten();
            let own: Vec<&String> = own.collect();
            let word = forms.iter().flat_map(|form| &form.words).next();
            match word.filter(|word| !own.contains(word)) {
                Some(_) => format!("This may be short for {}’s name. If it is, choose them.", only.name),
                None => format!("This is only a part of {}’s name, so it could be somebody else’s.", only.name),
            }
        }
        [only] => format!("A part of this name is {}’s, but the whole isn’t.", only.name),
        [one, other] => format!("A part of this name is {}’s and {}’s, but the whole isn’t.", one.name, other.name),
        _ => "A part of this name is that of several people you know, but the whole isn’t.".to_owned(),
    }
}

/// Whether another part of a label is someone else: `Tom Becker / Zora`, `Priya Raman (Tom)`. A company, a handle or
/// another form of the same name isn't.
fn holds_another(forms: &[Form], label: &str, people: &People) -> bool {
    let [first, others @ ..] = forms else { return false };
    if !matches!(first.without, Without::OtherPart | Without::OtherPerson) {
        return false;
    }
    let is_whole =
        |form: &Form| people.people.iter().find(|person| person.all_names().any(|name| same_name(&form.words, name)));
    let Some(person) = forms.iter().find_map(is_whole) else { return false };
    let is_own = |form: &Form| {
        let is_near = |word: &String| {
            let mut own = person.all_names().flatten();
            own.any(|own| own.starts_with(word.as_str()) || nicknames::alike(own, word))
        };
        form.words.iter().any(is_near)
    };
    let is_person = |form: &Form| {
        let is_known =
            people.people.iter().any(|other| other.who != person.who && first_only(&form.words, &other.words));
        let is_given = form.words.len() <= 3 && nicknames::is_given(&form.words[0]);
        // Two full names, one after the other; a company's has words of its own.
        let is_name = label.contains('/') && form.words.len() == 2 && !identity::is_company(&form.words);
        let is_wordy = form.words.iter().all(|word| word.chars().all(char::is_alphabetic));
        is_known || is_given || is_name && is_wordy
    };
    std::iter::once(first).chain(others).any(|form| !is_own(form) && is_person(form))
}

/// Matches names from earlier sessions, and names that are written differently.
fn by_identity(label: &str, labels: &[&str], people: &People) -> Result<Option<LabelMatch>, String> {
    let names = people.people.iter().map(|person| (person.who, person.name.as_str()));
    let others = people
        .people
        .iter()
        .flat_map(|person| person.also.iter().filter_map(|other| Some((person.who, other.alias.as_deref()?))));
    // An alias of one word is compared with labels together with its surname: `Greta K.` isn't every Greta.
    let is_alone = |alias: &&Alias| {
        let words = names::name_words(&alias.written);
        let is_learned = |person: &Person| {
            person.who == alias.who
                && person.also.iter().any(|other| other.words.starts_with(&words) && other.words != words)
        };
        alias.by_correction || words.len() != 1 || !people.people.iter().any(is_learned)
    };
    let aliases = people.aliases.values().filter(is_alone).map(|alias| (alias.who, alias.written.as_str()));
    let known: Vec<(Who, &str)> = names.chain(others).chain(aliases).collect();
    let in_use = NamesInUse::new(known.iter().map(|(_, name)| *name).chain(labels.iter().copied()));
    let mut found: Vec<(LabelMatch, &str)> = Vec::new();
    for (who, name) in known {
        let met = labels.iter().any(|other| *other != label && names::alias_key(other) == names::alias_key(name));
        let context = LabelContext { met, in_use: Some(&in_use) };
        if let identity::Sameness::Same { confidence, because, is_whole } = identity::same_person(label, name, context)
        {
            let whose = people.name(who);
            let reason = format!("“{label}” and “{name}” are both {whose}: {because}.");
            let basis = if is_whole { Basis::Name } else { Basis::PartOfName };
            found.push((LabelMatch { who, confidence: confidence.min(0.9), reason, basis }, name));
        }
    }
    found.sort_by(|(a, _), (b, _)| b.confidence.total_cmp(&a.confidence));
    if let Some(((_, name), (_, other))) = found
        .first()
        .zip(found.iter().find(|(finding, _)| found.first().is_some_and(|(one, _)| one.who != finding.who)))
    {
        return Err(format!("This could be “{name}” or “{other}”."));
    }
    Ok(found.into_iter().next().map(|(finding, _)| finding))
}

/// The kinds of likeness between a form and a name, best first: the confidence, the kind of evidence, and what to say.
const LIKENESSES: [(Likeness, f32, Basis, &str); 6] = [
    (same_name, 0.95, Basis::Name, "The label is the name of"),
    (same_but_middle, 0.88, Basis::Name, "Apart from a middle name, the label is the name of"),
    (run_together, 0.85, Basis::PartOfName, "Without spaces, the label is the name of"),
    (first_and_initial, 0.85, Basis::PartOfName, "The first name and initial match only"),
    (initial_and_last, 0.8, Basis::PartOfName, "The initial and last name match only"),
    (first_only, 0.8, Basis::PartOfName, "The first name matches only"),
];

type Likeness = fn(&[String], &[String]) -> bool;

fn by_name(label: &str, forms: &[Form], people: &People) -> Result<Option<LabelMatch>, String> {
    for (likeness, mut confidence, mut basis, mut says) in LIKENESSES {
        let alike = |form: &Form, person: &Person| person.all_names().any(|name| likeness(&form.words, name));
        let Some(person) = people.only(|person| forms.iter().any(|form| alike(form, person)))? else { continue };
        let without = forms.iter().find(|form| alike(form, person)).map_or(Without::OtherPart, |form| form.without);
        let is_whole = || forms.iter().any(|form| person.all_names().any(|name| same_name(&form.words, name)));
        if basis == Basis::Name && !is_whole() && [label, &person.name].into_iter().any(names::is_hyphenated) {
            // Half of a double name may be a relative's.
            (confidence, basis, says) =
                (0.8, Basis::PartOfName, "Apart from half of a double name, the label is the name of");
        }
        // Part of a name together with a company could be a namesake from there; on a device it's that person's.
        let confidence = match (basis, without) {
            (_, Without::OtherPerson) => 0.5,
            (Basis::Name, _) | (_, Without::Nothing) => confidence,
            (_, Without::Device) => confidence - 0.04,
            (_, Without::OtherPart) => confidence - 0.2,
        };
        // "Anna Kowalczyk-Berger" is Anna Berger, unless Anna Kowalczyk is a client too.
        let is_double = |other: &&Person| {
            let [first, last] = other.words.as_slice() else { return false };
            other.who != person.who
                && forms.iter().any(|form| matches!(&form.words[..], [a, b, _] if a == first && b == last))
        };
        if let Some(other) = people.people.iter().find(is_double) {
            return Err(format!("This could be {} or {}.", person.name, other.name));
        }
        let own = forms.iter().any(|form| likeness(&form.words, &person.words));
        let is_it = |other: &&OtherName| forms.iter().any(|form| likeness(&form.words, &other.words));
        let reason = match person.also.iter().find(is_it).filter(|_| !own) {
            None => format!("{says} {}.", person.name),
            Some(OtherName { alias: Some(alias), .. }) => {
                format!("{says} {}, whom the roster also calls “{alias}”.", person.name)
            }
            Some(_) => format!("“{label}” matches only one of the people who share the entry {}.", person.name),
        };
        return Ok(Some(LabelMatch { who: person.who, confidence, reason, basis }));
    }
    Ok(None)
}

fn same_name(form: &[String], name: &[String]) -> bool {
    name.len() >= 2 && form == name
}

fn run_together(form: &[String], name: &[String]) -> bool {
    name.len() >= 2 && form.len() == 1 && form[0] == name.concat()
}

fn same_but_middle(form: &[String], name: &[String]) -> bool {
    let (short, long) = if form.len() < name.len() { (form, name) } else { (name, form) };
    short.len() == 2 && long.len() == 3 && short[0] == long[0] && short[1] == long[2] && !is_initial(&short[1])
}

fn first_and_initial(form: &[String], name: &[String]) -> bool {
    form.len() == 2 && name.len() >= 2 && form[0] == name[0] && is_initial_of(&form[1], name.last())
}

fn initial_and_last(form: &[String], name: &[String]) -> bool {
    form.len() == 2 && name.len() >= 2 && form.last() == name.last() && is_initial_of(&form[0], name.first())
}

/// Whether the label is the beginning of the name (`Priya` of Priya Raman, `Jean-Luc` of Jean-Luc Picard), or all of a
/// name that is one word.
fn first_only(form: &[String], name: &[String]) -> bool {
    !form.is_empty() && !is_initial(&form[0]) && name.starts_with(form)
}

fn is_initial(word: &str) -> bool {
    word.is_ascii() && word.len() == 1
}

fn is_initial_of(word: &str, of: Option<&String>) -> bool {
    is_initial(word) && of.is_some_and(|of| of.starts_with(word))
}
