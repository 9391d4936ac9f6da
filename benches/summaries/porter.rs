//! ROUGE's stemmer: Porter's, with NLTK's changes, since `rouge_score` uses that. Crates implement its successor
//! (Snowball English), which returns different stems.

/// The stem of a lower-case word.
pub(crate) fn stem(word: &str) -> String {
    const IRREGULAR: [(&str, &str); 14] = [
        ("sky", "sky"),
        ("skies", "sky"),
        ("dying", "die"),
        ("lying", "lie"),
        ("tying", "tie"),
        ("news", "news"),
        ("innings", "inning"),
        ("inning", "inning"),
        ("outings", "outing"),
        ("outing", "outing"),
        ("cannings", "canning"),
        ("canning", "canning"),
        ("howe", "howe"),
        ("proceed", "proceed"),
    ];
    if let Some((_, stem)) = IRREGULAR.iter().find(|(form, _)| *form == word) {
        return (*stem).to_owned();
    }
    if matches!(word, "exceed" | "succeed") || word.len() <= 2 || !word.is_ascii() {
        return word.to_owned();
    }
    let word = step_1b(&step_1a(word));
    let word = apply(&word, &[("y", "i", |stem| stem.len() > 1 && is_consonant(stem, stem.len() - 1))]);
    let word = step_3(&step_2(&word));
    step_5(&step_4(&word))
}

fn is_consonant(word: &str, at: usize) -> bool {
    match word.as_bytes()[at] {
        b'a' | b'e' | b'i' | b'o' | b'u' => false,
        b'y' => at == 0 || !is_consonant(word, at - 1),
        _ => true,
    }
}

/// How often a vowel is followed by a consonant.
fn measure(stem: &str) -> usize {
    (1..stem.len()).filter(|at| !is_consonant(stem, at - 1) && is_consonant(stem, *at)).count()
}

fn has_vowel(stem: &str) -> bool {
    (0..stem.len()).any(|at| !is_consonant(stem, at))
}

fn ends_in_double(word: &str) -> bool {
    let bytes = word.as_bytes();
    word.len() >= 2 && bytes[word.len() - 1] == bytes[word.len() - 2] && is_consonant(word, word.len() - 1)
}

fn ends_cvc(word: &str) -> bool {
    let n = word.len();
    (n >= 3
        && is_consonant(word, n - 3)
        && !is_consonant(word, n - 2)
        && is_consonant(word, n - 1)
        && !word.ends_with(['w', 'x', 'y']))
        || (n == 2 && !is_consonant(word, 0) && is_consonant(word, 1))
}

type Rule = (&'static str, &'static str, fn(&str) -> bool);

/// The first rule whose ending matches decides, whether or not its condition holds.
fn apply(word: &str, rules: &[Rule]) -> String {
    for (ending, instead, holds) in rules {
        if let Some(stem) = word.strip_suffix(ending) {
            return if holds(stem) { format!("{stem}{instead}") } else { word.to_owned() };
        }
    }
    word.to_owned()
}

fn step_1a(word: &str) -> String {
    if word.len() == 4 && word.ends_with("ies") {
        return format!("{}ie", &word[..1]);
    }
    apply(word, &[("sses", "ss", |_| true), ("ies", "i", |_| true), ("ss", "ss", |_| true), ("s", "", |_| true)])
}

fn step_1b(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ied") {
        return format!("{stem}{}", if word.len() == 4 { "ie" } else { "i" });
    }
    if let Some(stem) = word.strip_suffix("eed") {
        return if measure(stem) > 0 { format!("{stem}ee") } else { word.to_owned() };
    }
    let Some(stem) = ["ed", "ing"].iter().filter_map(|ending| word.strip_suffix(ending)).find(|stem| has_vowel(stem))
    else {
        return word.to_owned();
    };
    for (ending, instead) in [("at", "ate"), ("bl", "ble"), ("iz", "ize")] {
        if let Some(rest) = stem.strip_suffix(ending) {
            return format!("{rest}{instead}");
        }
    }
    if ends_in_double(stem) {
        return if stem.ends_with(['l', 's', 'z']) { stem.to_owned() } else { stem[..stem.len() - 1].to_owned() };
    }
    if measure(stem) == 1 && ends_cvc(stem) { format!("{stem}e") } else { stem.to_owned() }
}

fn some(stem: &str) -> bool {
    measure(stem) > 0
}

fn several(stem: &str) -> bool {
    measure(stem) > 1
}

fn step_2(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("alli")
        && some(stem)
    {
        return step_2(&format!("{stem}al"));
    }
    const RULES: [Rule; 21] = [
        ("ational", "ate", some),
        ("tional", "tion", some),
        ("enci", "ence", some),
        ("anci", "ance", some),
        ("izer", "ize", some),
        ("bli", "ble", some),
        ("alli", "al", some),
        ("entli", "ent", some),
        ("eli", "e", some),
        ("ousli", "ous", some),
        ("ization", "ize", some),
        ("ation", "ate", some),
        ("ator", "ate", some),
        ("alism", "al", some),
        ("iveness", "ive", some),
        ("fulness", "ful", some),
        ("ousness", "ous", some),
        ("aliti", "al", some),
        ("iviti", "ive", some),
        ("biliti", "ble", some),
        ("fulli", "ful", some),
    ];
    // Measured with the "l" of the ending.
    if let Some(stem) = word.strip_suffix("logi") {
        return if some(&word[..word.len() - 3]) { format!("{stem}log") } else { word.to_owned() };
    }
    apply(word, &RULES)
}

fn step_3(word: &str) -> String {
    const RULES: [Rule; 7] = [
        ("icate", "ic", some),
        ("ative", "", some),
        ("alize", "al", some),
        ("iciti", "ic", some),
        ("ical", "ic", some),
        ("ful", "", some),
        ("ness", "", some),
    ];
    apply(word, &RULES)
}

fn step_4(word: &str) -> String {
    const RULES: [Rule; 19] = [
        ("al", "", several),
        ("ance", "", several),
        ("ence", "", several),
        ("er", "", several),
        ("ic", "", several),
        ("able", "", several),
        ("ible", "", several),
        ("ant", "", several),
        ("ement", "", several),
        ("ment", "", several),
        ("ent", "", several),
        ("ion", "", |stem| several(stem) && stem.ends_with(['s', 't'])),
        ("ou", "", several),
        ("ism", "", several),
        ("ate", "", several),
        ("iti", "", several),
        ("ous", "", several),
        ("ive", "", several),
        ("ize", "", several),
    ];
    apply(word, &RULES)
}

fn step_5(word: &str) -> String {
    let mut word = word.to_owned();
    if let Some(stem) = word.strip_suffix('e')
        && (measure(stem) > 1 || measure(stem) == 1 && !ends_cvc(stem))
    {
        word.truncate(word.len() - 1);
    }
    if word.ends_with("ll") && measure(&word[..word.len() - 1]) > 1 {
        word.truncate(word.len() - 1);
    }
    word
}
