//! A talk that contains each turn twice, as translators write it: the same people, once in each language.
//!
//! If labels give the language and alternate throughout, the first language is read and the others are set aside. If
//! that isn't certain, everything is read, and the coach is told about possible duplicates. A language after a name
//! doesn't make it a different person.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{account::Draft, tongue, transcript::Utterance, units::letters, words};

/// Fewer pairs prove nothing.
const PAIRS: usize = 2;
/// The minimum number of unmarked pairs.
const UNMARKED: usize = 5;
/// How many utterances are examined to determine the languages of a talk.
const SAMPLE: usize = 400;
/// The ratio of a translation's length to that of the original, in letters.
const LENGTH: std::ops::Range<f64> = 0.4..2.5;

/// Languages as given in labels. Lower case.
#[rustfmt::skip]
const LANGUAGES: &[&str] = &[
    "en", "de", "fr", "es", "sv", "it", "pt", "nl", "da", "no", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "bg", "hr", "sr", "el",
    "tr", "ru", "uk", "ar", "he", "fa", "hi", "th", "vi", "id", "zh", "ja", "ko", "cn", "jp", "ua", "cz", "dk", "se", "gr",
    "eng", "ger", "deu", "fra", "fre", "esp", "spa", "ita", "por", "swe", "nld", "rus", "jpn", "chn", "kor", "ara", "pol", "tur",
    "en-us", "en-gb", "de-de", "fr-fr", "es-es", "pt-br", "pt-pt", "zh-cn", "zh-tw",
    "english", "german", "french", "spanish", "swedish", "italian", "portuguese", "dutch", "danish", "norwegian", "finnish", "polish",
    "russian", "ukrainian", "turkish", "arabic", "hebrew", "chinese", "japanese", "korean", "thai",
    "englisch", "deutsch", "französisch", "spanisch", "schwedisch", "italienisch", "russisch", "türkisch", "polnisch",
    "anglais", "allemand", "français", "espagnol", "inglés", "alemán", "francés", "español", "engelska", "tyska", "svenska",
    "inglese", "tedesco", "francese", "italiano", "inglês", "alemão", "português", "engels", "duits", "nederlands",
    "英语", "中文", "英文", "日本語", "英語", "日文", "한국어", "영어", "русский", "английский",
    "original", "orig", "source", "translation", "translated", "trans", "transl", "übersetzung", "original text", "traduction",
    "traducción", "traduzione", "tradução", "översättning", "vertaling", "перевод", "оригинал", "原文", "译文", "翻译", "翻訳",
];

/// What a label says in addition to the name.
struct Marked<'a> {
    name: &'a str,
    language: &'a str,
}

/// Finds duplicated turns: sets translations aside if certain, and warns about possible ones.
pub(super) fn set_aside(draft: &mut Draft) {
    if let Some(languages) = languages_of_labels(&draft.utterances) {
        let twice = alternate(&draft.utterances);
        let listed = languages.iter().map(|language| format!("“{language}”")).collect::<Vec<_>>().join(" and ");
        match twice {
            Some(turns) => keep_the_first(draft, &languages[0], turns, &listed),
            None => draft.warn(
                0,
                format!(
                    "the labels name languages ({listed}), and the same people speak in each: what is said may stand there twice, and \
                     all of it counts as said"
                ),
            ),
        }
        for label in draft.utterances.iter_mut().filter_map(|said| said.label.as_mut()) {
            if let Some(name) = marked(label).map(|marked| marked.name.to_owned()) {
                *label = name;
            }
        }
    } else if let Some(doubt) = stands_twice(&draft.utterances) {
        draft.warn(0, doubt);
    }
}

/// The name and the language of a label: `Priya (EN)`, `Priya [de]`, `Priya – German`, `Priya/EN`.
fn marked(label: &str) -> Option<Marked<'_>> {
    let label = label.trim();
    let is_language = |text: &str| text.len() <= 24 && LANGUAGES.contains(&text.to_lowercase().as_str());
    let bracket = label.strip_suffix([')', ']', '）', '】']);
    let (name, language) = match bracket {
        Some(inner) => {
            let at = inner.rfind(['(', '[', '（', '【'])?;
            let width = inner[at..].chars().next()?.len_utf8();
            (&inner[..at], &inner[at + width..])
        }
        None if in_front(label).is_some_and(|(language, _)| is_language(language)) => {
            return in_front(label).map(|(language, name)| Marked { name, language });
        }
        None => {
            let at = label.rfind([' ', '/', '|', '_', '-', '–', '—'])?;
            let width = label[at..].chars().next()?.len_utf8();
            let (name, language) = (&label[..at], &label[at + width..]);
            // A short word after a name may be anything.
            let dashed = !label[at..].starts_with(' ') || name.trim_end().ends_with(['-', '–', '—', '/', '|', ',']);
            let capitals = dashed || !language.contains(char::is_lowercase);
            (name, if capitals { language } else { "" })
        }
    };
    let name = name.trim().trim_end_matches(['-', '–', '—', '/', '|', ',', '_']).trim_end();
    let language = language.trim();
    (!name.is_empty() && is_language(language)).then_some(Marked { name, language })
}

/// What precedes a name: `EN Priya`, `[de] Priya`.
fn in_front(label: &str) -> Option<(&str, &str)> {
    let (language, name) = match label.strip_prefix(['[', '(']) {
        Some(inner) => inner.split_once([']', ')'])?,
        None => label.split_once([' ', '/', '|', '_'])?,
    };
    let plain = label.starts_with(['[', '(']) || !language.contains(char::is_lowercase);
    (plain && !name.trim().is_empty())
        .then(|| (language.trim(), name.trim().trim_start_matches(['-', '–', '—']).trim()))
}

/// The languages in labels, in order of appearance, if everyone with a marked label uses several.
fn languages_of_labels(said: &[Utterance]) -> Option<Vec<String>> {
    let mut of: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    // Each label is examined once, however often it occurs.
    for label in said.iter().filter_map(|said| said.label.as_deref()).filter(|label| seen.insert(label)) {
        let Some(Marked { name, language }) = marked(label) else { continue };
        of.entry(name).or_default().insert(language.to_lowercase());
        if !order.iter().any(|known| known.eq_ignore_ascii_case(language)) {
            order.push(language.to_owned());
        }
    }
    (!of.is_empty() && order.len() >= 2 && of.values().all(|languages| languages.len() >= 2)).then_some(order)
}

/// The turns: consecutive utterances with the same label.
fn turns(said: &[Utterance]) -> Vec<std::ops::Range<usize>> {
    let mut turns: Vec<std::ops::Range<usize>> = Vec::new();
    for at in 0..said.len() {
        match turns.last_mut().filter(|turn| said[turn.start].label == said[at].label) {
            Some(turn) => turn.end = at + 1,
            None => turns.push(at..at + 1),
        }
    }
    turns
}

/// How many turns are translations, if each turn in the first language is followed by the same person's in the others,
/// always in the same order.
fn alternate(said: &[Utterance]) -> Option<usize> {
    let turns = turns(said);
    let heads: Option<Vec<Marked<'_>>> =
        turns.iter().map(|turn| said[turn.start].label.as_deref().and_then(marked)).collect();
    let heads = heads?;
    let count = heads.iter().skip(1).position(|head| head.language.eq_ignore_ascii_case(heads[0].language))? + 1;
    let same = |group: &[Marked<'_>]| {
        group.iter().all(|head| head.name == group[0].name)
            && group.iter().zip(&heads).all(|(head, first)| head.language.eq_ignore_ascii_case(first.language))
    };
    let whole = count >= 2 && heads.len() % count == 0 && heads.len() / count >= PAIRS;
    (whole && heads.chunks(count).all(same)).then(|| heads.len() - heads.len() / count)
}

fn keep_the_first(draft: &mut Draft, first: &str, turns: usize, listed: &str) {
    let is_first = |said: &Utterance| {
        said.label.as_deref().and_then(marked).is_some_and(|marked| marked.language.eq_ignore_ascii_case(first))
    };
    let (kept, others): (Vec<Utterance>, Vec<Utterance>) =
        std::mem::take(&mut draft.utterances).into_iter().partition(is_first);
    draft.utterances = kept;
    for said in others {
        draft.set_aside(0, "a translation of what was said", &said.text);
    }
    draft.warn(
        0,
        format!(
            "each turn appears once in each language ({listed}): “{first}” is read as what was said, and the {turns} turns in the \
             other are set aside as translations"
        ),
    );
}

/// Why turns may be duplicated though no label says so.
fn stands_twice(said: &[Utterance]) -> Option<String> {
    let pairs: Vec<&[Utterance]> = said.chunks(2).collect();
    let alike = |pair: &&[Utterance]| {
        let [one, other] = pair else { return false };
        one.label == other.label && one.text != other.text && is_as_long(&one.text, &other.text)
    };
    let at_once =
        |pair: &&[Utterance]| alike(pair) && pair[0].start_ms.is_some() && pair[0].start_ms == pair[1].start_ms;
    if pairs.len() >= UNMARKED && pairs.iter().all(at_once) {
        return Some(doubt("two texts of the same speaker stand at each time"));
    }
    let followed = turns(said).iter().all(|turn| turn.len() == 2);
    if pairs.len() >= UNMARKED && followed && pairs.iter().all(alike) {
        return Some(doubt("each turn has two parts that are about as long"));
    }
    if let Some((one, other)) = two_tongues(said) {
        return Some(doubt(&format!("most turns begin in one language ({one}) and end in another ({other})")));
    }
    let both = said.iter().filter(|said| names_two_languages(&said.text)).count();
    if both + 1 >= UNMARKED && both * 5 >= said.len() * 4 {
        return Some(doubt("nearly every turn has parts that are marked with the names of two languages"));
    }
    let enclosed = said.iter().filter(|said| ends_in_another(&said.text)).count();
    (enclosed >= UNMARKED && enclosed * 5 >= said.len() * 4)
        .then(|| doubt("nearly every turn ends in brackets, or between stars, with about as many words again"))
}

/// Whether two languages are given in brackets: `[EN] … [DE] …`.
fn names_two_languages(text: &str) -> bool {
    let marks = text.split(['[', '(']).skip(1).filter_map(|part| part.split_once([']', ')']));
    let found: BTreeSet<String> = marks
        .map(|(inside, _)| inside.trim().to_lowercase())
        .filter(|inside| inside.len() <= 24 && LANGUAGES.contains(&inside.as_str()))
        .collect();
    found.len() >= 2
}

/// The two languages of most turns, the first half in one and the second in the other.
fn two_tongues(said: &[Utterance]) -> Option<(&'static str, &'static str)> {
    let said = &said[..said.len().min(SAMPLE)];
    let pairs: Vec<(&str, &str)> = said.iter().filter_map(|said| halves(&said.text)).collect();
    let first = *pairs.first()?;
    let same = pairs.iter().filter(|pair| **pair == first).count();
    (same + 1 >= UNMARKED && same * 2 > said.len() && same * 10 >= pairs.len() * 8).then_some(first)
}

/// The languages of the two halves of a turn, if a sentence ends between them and they differ.
fn halves(text: &str) -> Option<(&'static str, &'static str)> {
    let ends = text.char_indices().filter(|(_, letter)| matches!(letter, '.' | '?' | '!' | '。' | '？' | '！'));
    let middle = ends.map(|(at, letter)| at + letter.len_utf8()).min_by_key(|at| (at * 2).abs_diff(text.len()))?;
    let (one, other) = text.split_at(middle);
    let (one, other) = is_as_long(one, other).then(|| (tongue::of(one), tongue::of(other)))?;
    one.zip(other).filter(|(one, other)| one != other)
}

fn doubt(seen: &str) -> String {
    format!("{seen}: it may be a translation of what was said. Both count as said; please remove one of them if it is")
}

/// Whether a text ends with another of about the same length, in brackets or emphasised in Markdown.
fn ends_in_another(text: &str) -> bool {
    let text = text.trim_end();
    let pairs = [('(', ')'), ('[', ']'), ('（', '）'), ('【', '】'), ('*', '*'), ('_', '_')];
    let parts = pairs.into_iter().find_map(|(open, close)| {
        let inner = text.strip_suffix(close)?.trim_end_matches(close);
        let at = inner.rfind(open)?;
        Some((inner[..at].trim_end_matches(open), &inner[at + open.len_utf8()..]))
    });
    parts.is_some_and(|(before, inner)| words::count(inner) >= 2 && is_as_long(before, inner))
}

#[expect(clippy::cast_precision_loss, reason = "a turn has fewer letters than that")]
fn is_as_long(one: &str, other: &str) -> bool {
    let (one, other) = (letters(one), letters(other));
    one > 0 && other > 0 && LENGTH.contains(&(one as f64 / other as f64))
}

#[cfg(test)]
mod tests {
    use crate::parse;

    const TURNS: [(&str, &str, &str); 6] = [
        ("Dana", "How was the week for you?", "Wie war die Woche für dich?"),
        ("Priya", "Long, I sold the house.", "Lang, ich habe das Haus verkauft."),
        ("Dana", "And what came of it?", "Und was kam dabei heraus?"),
        ("Priya", "I have time for the choir.", "Ich habe Zeit für den Chor."),
        ("Dana", "What is next for you?", "Was kommt als nächstes?"),
        ("Priya", "I call Ines on Monday.", "Ich rufe Ines am Montag an."),
    ];

    fn read(layout: &str) -> (Vec<(String, String)>, Vec<String>) {
        let turn =
            |(name, one, other): &(&str, &str, &str)| layout.replace('%', name).replace('$', one).replace('€', other);
        let file: String = TURNS.iter().map(turn).collect();
        let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
        assert!(read.account.balances(), "{file}");
        let said = read.utterances.into_iter().map(|said| (said.label.unwrap_or_default(), said.text)).collect();
        (said, read.warnings.into_iter().map(|warning| warning.message).collect())
    }

    #[test]
    fn of_two_languages_the_first_is_read_where_labels_name_them() {
        for layout in [
            "% (EN): $\n% (DE): €\n\n",
            "% [en]: $\n% [de]: €\n",
            "% – English: $\n% – German: €\n",
            "%/EN: $\n%/DE: €\n",
            "% EN: $\n% DE: €\n",
            "EN %: $\nDE %: €\n",
            "[EN] %: $\n[DE] %: €\n",
            "% (original): $\n% (translation): €\n",
            "**% (EN)**\n$\n\n**% (DE)**\n€\n\n",
        ] {
            let (said, warnings) = read(layout);
            let wanted: Vec<_> = TURNS.iter().map(|(name, one, _)| ((*name).to_owned(), (*one).to_owned())).collect();
            assert_eq!(said, wanted, "{layout}");
            let told = |warning: &&String| warning.contains("the 6 turns in the other are set aside");
            assert_eq!(warnings.iter().filter(told).count(), 1, "{layout} {warnings:?}");
        }
    }

    #[test]
    fn what_may_be_a_translation_is_said() {
        for (layout, count) in [
            ("%: $ (€)\n", 6),
            ("%: $\n*€*\n\n", 6),
            ("%: $\n€\n\n", 6),
            ("[00:01] %: $\n[00:01] %: €\n", 12),
            ("%: $ [€]\n", 6),
            ("%: $\n%: €\n", 12),
            ("%: [EN] $ [DE] €\n", 6),
        ] {
            let (said, warnings) = read(layout);
            assert_eq!(said.len(), count, "{layout}");
            let told = |warning: &&String| warning.contains("it may be a translation of what was said");
            assert_eq!(warnings.iter().filter(told).count(), 1, "{layout} {warnings:?}");
        }
        // One turn in a single language: nothing is set aside, and there is no other speaker.
        let file = "Dana (EN): How was it all?\nDana (DE): Wie war es denn?\nPriya (EN): Long, this time.\nPriya (DE): Lang, dieses Mal.\n\
                    Dana (EN): And so what?\nPriya (EN): Good, this time.\n";
        let read = parse(file.as_bytes()).expect("a talk");
        assert!(
            read.utterances.len() == 6
                && read.utterances.iter().all(|said| matches!(said.label.as_deref(), Some("Dana" | "Priya")))
        );
        assert!(read.warnings.iter().any(|warning| warning.message.contains("what is said may stand there twice")));
    }

    #[test]
    fn other_talks_are_left_alone() {
        for file in [
            "Dana (DE): How was it all?\nPriya (SE): Long, this time.\nDana (DE): And so what?\nPriya (SE): Good, this time.\n",
            "Dana: How was it (all in all)?\nPriya: Long this time (and good).\nDana: And so what?\nPriya: Good (so far).\n",
            "Dana: So it is.\nDana: Well then.\nPriya: Long, I say.\nDana: And so what?\nPriya: Good, I say.\nPriya: Fine, I say.\n",
        ] {
            let read = parse(file.as_bytes()).expect("a talk");
            let told = |message: &str| message.contains("twice") || message.contains("translation");
            assert!(!read.warnings.iter().any(|warning| told(&warning.message)), "{file} {:?}", read.warnings);
            assert!(read.set_aside.is_empty(), "{file}");
        }
    }
}
