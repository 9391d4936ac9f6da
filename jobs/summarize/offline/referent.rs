//! Who "him" or "her" in a promise is, if only the speaker's previous sentence says so: "My brother is still angry. I
//! will sit down with him." Shown in square brackets after the pronoun, and only if no one else can be meant: exactly
//! one person is mentioned there and fits, and the promise names nobody. Pure; English.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    super::input::{SessionForClient, Speaker},
    speech::{Sentence, Speech},
};
use crate::text;

/// The person a pronoun refers to.
#[derive(Debug)]
pub(super) struct Referent<'s> {
    /// "my brother", "Tom".
    pub(super) person: String,
    /// The sentence that says so.
    pub(super) said: &'s Sentence,
    /// The end of the pronoun in the promise.
    end: usize,
}

impl Referent<'_> {
    /// The promise with the person after the pronoun.
    pub(super) fn in_brackets(&self, promise: &str) -> String {
        let (before, after) = promise.split_at(self.end);
        format!("{before} [{}]{after}", self.person)
    }
}

/// A person's gender, as far as words show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gender {
    He,
    She,
    Any,
}

const MEN: &str = "brother dad father son husband boyfriend uncle grandfather grandpa stepfather stepson nephew";
const WOMEN: &str =
    "sister mum mom mother daughter wife girlfriend aunt grandmother grandma stepmother stepdaughter niece";
const OTHERS: &str = "boss manager partner friend colleague neighbour neighbor cousin doctor therapist teacher landlord lawyer \
    assistant client customer director supervisor ex roommate flatmate accountant dentist mentor boy girl kid child \
    ceo cfo cto coo deputy successor predecessor co-founder cofounder investor tenant trainer";

static PERSON: LazyLock<Regex> = LazyLock::new(|| {
    let words = [MEN, WOMEN, OTHERS].join(" ").split_whitespace().collect::<Vec<_>>().join("|");
    pattern(&format!(
        r"(?i)\b((?:my|our)(?: [\p{{L}}-]+){{0,2}}? ({words})\b(?:(?-i: \p{{Lu}}\p{{Ll}}+))?)(['\u{{2019}}]s\b)?"
    ))
});
/// A person by name: someone talks to them, or they do what people do.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\b(?i:with|told|asked|called|met|saw|rang|emailed|texted|talk(?:ed)? to|spoke to|speak to|wrote to|write to|said to|from|about) |^)(\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}+)?)\b|\b(\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}+)?) (?:said|says|told|asked|asks|thinks|thought|wants|wanted|feels|felt|is (?:angry|upset|sad|cross|ill|worried|unhappy)|was (?:angry|upset|sad|cross|ill|worried|unhappy)|hasn't|didn't|doesn't|keeps|kept)\b",
    )
});
/// A capitalised word that doesn't begin the sentence: it may be a name.
static CAPITAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"[^.!?\s]\s+(\p{Lu}\p{L}+)"));
/// A pronoun that can refer to a person: not the "her" of "her office".
static PRONOUN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(him|he)|(she)|(her))\b(\s*$|[.,;:!?]|\s+(?:to|about|on|at|by|and|or|that|if|when|with|for|in|again|what|whether|before|after|until|then|today|tomorrow|tonight|this|next|directly|personally|up|back|a|an|the|my|how|why|where|so|because|is|was|will|can|needs|wants|has|once|over|out|first|myself|know|yes|no|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b)",
    )
});
static ANY_PRONOUN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:(he|him|his|himself)|(she|her|hers|herself)|(they|them|their))\b"));
static NO_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:I|I['\u{2019}].*|OK|Okay|Yes|No|Well|So|And|But|The|My|Our|It|He|She|They|We|You|That|This|There|Then|Maybe|\w+day|January|February|March|April|May|June|July|August|September|October|November|December|Christmas|Easter|English|Zoom|Teams|Slack|Excel|God)$",
    )
});

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// Who the pronoun in the promise at `at` refers to, if that is certain.
pub(super) fn referent<'s>(input: &SessionForClient, speech: &'s Speech, at: usize) -> Option<Referent<'s>> {
    let sentence = &speech.sentences[at];
    let (gender, end) = pronoun(&sentence.text)?;
    if !people(&sentence.text).is_empty() || has_capital(&sentence.text) {
        return None;
    }
    let said = before(speech, sentence)?;
    // If the sentence has a pronoun, whoever it refers to may be meant here as well.
    let mut others = ANY_PRONOUN.captures_iter(&said.text);
    let fits_pronoun = |found: regex::Captures<'_>| match gender {
        Gender::She => found.get(2).is_some() || found.get(3).is_some(),
        _ => found.get(1).is_some() || found.get(3).is_some(),
    };
    let [(person, theirs)] = &people(&said.text)[..] else { return None };
    let fits = [gender, Gender::Any].contains(theirs);
    let two = text::words(&format!("{} {}", input.client, input.coach));
    let is_theirs = text::words(person).iter().any(|word| two.iter().any(|name| name.normal == word.normal));
    // "My brother says he …" is about the brother; "he told my brother" is about two.
    let is_first =
        ANY_PRONOUN.find(&said.text).is_none_or(|it| said.text.find(person.as_str()).is_some_and(|at| at < it.start()));
    if !fits || is_theirs || others.any(fits_pronoun) && !is_first || stranger(&said.text, person) {
        return None;
    }
    Some(Referent { person: person.clone(), said, end })
}

/// The pronoun after which the person is shown, and its gender; `None` if the sentence has several people's.
fn pronoun(text: &str) -> Option<(Gender, usize)> {
    let (mut he, mut she) = (false, false);
    for found in ANY_PRONOUN.captures_iter(text) {
        he |= found.get(1).is_some();
        she |= found.get(2).is_some();
        if found.get(3).is_some() {
            return None;
        }
    }
    if he == she {
        return None;
    }
    let found = PRONOUN.captures(text)?;
    let end = [1, 2, 3].into_iter().find_map(|group| found.get(group))?.end();
    Some((if he { Gender::He } else { Gender::She }, end))
}

/// The speaker's own previous sentence: in the same turn, or the last one before a short reply that names nobody.
fn before<'s>(speech: &'s Speech, sentence: &Sentence) -> Option<&'s Sentence> {
    let turn = &speech.turns[sentence.turn];
    let of = |range: &Range<usize>, at: usize| range.contains(&at).then(|| &speech.sentences[at]);
    let own = sentence.at.checked_sub(1).and_then(|at| of(&turn.sentences, at));
    let said = match own {
        Some(own) => own,
        None => {
            let other = speech.turns.get(sentence.turn.checked_sub(1)?)?;
            let earlier = speech.turns.get(sentence.turn.checked_sub(2)?)?;
            let between = &speech.sentences[other.sentences.clone()];
            let names = |it: &Sentence| {
                !people(&it.text).is_empty() || has_capital(&it.text) || ANY_PRONOUN.is_match(&it.text) && it.words > 12
            };
            if earlier.speaker != turn.speaker
                || other.speaker == Speaker::OtherClient
                || between.iter().map(|it| it.words).sum::<usize>() > 15
                || between.iter().any(names)
            {
                return None;
            }
            &speech.sentences[earlier.sentences.end.checked_sub(1)?]
        }
    };
    (!said.in_role && !said.asks()).then_some(said)
}

/// The people that a sentence mentions, each once.
fn people(text: &str) -> Vec<(String, Gender)> {
    let mut found: Vec<(String, Gender)> = Vec::new();
    let mut places: Vec<Range<usize>> = Vec::new();
    for person in PERSON.captures_iter(text) {
        let (Some(whole), Some(word)) = (person.get(1), person.get(2)) else { continue };
        let word = word.as_str().to_lowercase();
        let is = |list: &str| list.split_whitespace().any(|one| one == word);
        let gender = match (is(MEN), is(WOMEN)) {
            (true, _) => Gender::He,
            (_, true) => Gender::She,
            _ => Gender::Any,
        };
        let phrase = whole.as_str();
        let lower: String = phrase.chars().take(1).flat_map(char::to_lowercase).chain(phrase.chars().skip(1)).collect();
        places.push(whole.range());
        found.push((lower, gender));
    }
    for name in NAMED.captures_iter(text) {
        let Some(name) = name.get(1).or_else(|| name.get(2)) else { continue };
        let is_name = !NO_NAME.is_match(name.as_str()) && !name.as_str().split(' ').any(|word| NO_NAME.is_match(word));
        // The first word is capitalised anyway: it's a name if it does what people do.
        let is_sure = name.start() > 0 || text[name.end()..].trim_start().split(' ').next().is_some_and(is_deed);
        if is_name && is_sure && !places.iter().any(|place| place.contains(&name.start())) {
            places.push(name.range());
            found.push((name.as_str().to_owned(), Gender::Any));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found.dedup();
    found
}

/// Whether a verb is something people do, and things don't.
fn is_deed(word: &str) -> bool {
    ["said", "says", "told", "asked", "asks", "thinks", "thought", "wants", "wanted", "feels", "felt", "keeps", "kept"]
        .contains(&word)
}

/// Whether the sentence contains a name, anyone's.
fn has_capital(text: &str) -> bool {
    CAPITAL.captures_iter(text).any(|found| !NO_NAME.is_match(&found[1]))
}

/// Whether the sentence has a name besides those of `person`: someone else may be meant.
fn stranger(text: &str, person: &str) -> bool {
    let known: Vec<&str> = person.split(' ').collect();
    CAPITAL.captures_iter(text).any(|found| !NO_NAME.is_match(&found[1]) && !known.contains(&&found[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summarize::read_session;

    fn shown(lines: &str) -> Option<String> {
        let input = read_session(&format!("date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n{lines}"));
        let speech = Speech::new(&input);
        let last = speech.sentences.len() - 1;
        referent(&input, &speech, last).map(|it| it.in_brackets(&speech.sentences[last].text))
    }

    #[test]
    fn a_pronoun_is_explained_where_one_person_can_be_meant() {
        for (lines, expected) in [
            (
                "Priya| My brother is still angry with me. I will sit down with him.",
                "I will sit down with him [my brother].",
            ),
            (
                "Priya| I had a fight with my older sister. I'll call her tomorrow.",
                "I'll call her [my older sister] tomorrow.",
            ),
            ("Priya| My boss wants it sooner. I will tell him on Friday.", "I will tell him [my boss] on Friday."),
            ("Priya| I argued with Tom. I will sit down with him.", "I will sit down with him [Tom]."),
            (
                "Priya| My brother Tom is angry. I'll talk to him about it.",
                "I'll talk to him [my brother Tom] about it.",
            ),
            (
                "Priya| My brother is angry.\nMaya| What will you do?\nPriya| I will sit down with him.",
                "I will sit down with him [my brother].",
            ),
        ] {
            assert_eq!(shown(lines).as_deref(), Some(expected), "{lines}");
        }
        for lines in [
            "Priya| My brother and my boss are angry. I will sit down with him.",
            "Priya| My sister is angry. I will sit down with him.",
            "Priya| I was in Berlin. I will call him.",
            "Priya| Berlin is far. I will call him.",
            "Priya| I saw Tom and Anders. I will call him.",
            "Priya| I saw my brother in Berlin with Anders. I will call him.",
            "Priya| He told my brother everything. I will call him.",
            "Priya| My brother is angry. I will call Anders and tell him.",
            "Priya| My sister is angry. I will call her office.",
            "Priya| My brother is angry.\nMaya| And Anders?\nPriya| I will call him.",
            "Priya| I argued with Maya. I will call her.",
            "Priya| My parents are angry. I will call them.",
        ] {
            assert_eq!(shown(lines), None, "{lines}");
        }
    }
}
