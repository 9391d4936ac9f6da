//! Labels that put several people at one microphone ("Priya & Tom", "Ana y Luis"), or someone in another's place ("Tom
//! Becker's assistant"). Pure.
//!
//! Such words belong to no single person. Names that are written like that ("Baker and Sons", "Ortega y Gasset") are
//! recognized where people are known: see `names::holds_others`.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use super::{fold, nicknames, relatives};

/// Whether a label is one. `folded` is the label, folded, without badges and pronouns.
pub(super) fn is(label: &str, folded: &str) -> bool {
    static JOINED: LazyLock<Regex> =
        LazyLock::new(|| regex(r"[&+]|\bw/|\b(?:and|und|och|et|for|behalf|with|of|mit|avec)\b|\bguests\b"));
    JOINED.is_match(folded) || is_instead(folded) || joins_names(label) || lists_names(folded)
}

/// Whether a label is that of someone else than the person whom it names: a relative, an assistant, a guest.
pub(super) fn is_instead(folded: &str) -> bool {
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        let roles = "assistant|assistante|assistente|assistent|assistentin|asistente|ea|pa|secretary|sekretar|sekretarin|\
                     interpreter|translator|dolmetscher|dolmetscherin|ubersetzer|ubersetzerin|interprete|traducteur|\
                     traductrice|traductor|traductora|tolk|tlumacz|tlumaczka|переводчик|переводчица|notetaker|\
                     note taker|notes|bot|recorder";
        let family = "husband|wife|partner|spouse|mother|mom|mum|father|dad|brother|sister|carer|family|familie|\
                      ehemann|ehefrau|mutter|vater|famille|mari|femme|familia|esposa|esposo|marido|mujer|famiglia|moglie|\
                      marito|mama|papa|kids|children|couple|ehepaar";
        // "Mei Guest" is a name.
        let guests = r"'s\s+guest\b|\bguest\s+(?:of|from)\b";
        let elsewhere = "通訳|翻译|翻譯|口译|통역";
        regex(&format!(r"\b(?:{roles}|{family})\b|{guests}|{elsewhere}"))
    });
    OTHER.is_match(folded) || in_brackets(folded)
}

/// `Tom Becker (Sohn)`: a relative, or someone in another's place. Without brackets some of these words are names.
fn in_brackets(folded: &str) -> bool {
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        let relatives = relatives::RELATIVES.split_whitespace().collect::<Vec<_>>().join("|");
        let places = r"sekretariat|vertretung|stellvertretung|vertreter|vertreterin|i\.? ?v\.?|i\.? ?a\.?|stagiaire|praktikant|\
                       praktikantin|intern|trainee|substitute|stand-in|deputy";
        let elsewhere = "жена|муж|сын|дочь|дочка|мама|папа|мать|отец|брат|сестра|娘|息子|妻|夫|母|父|儿子|女儿|妻子|丈夫|妈妈|爸爸|\
                         아들|딸|아내|남편|엄마|아빠";
        regex(&format!(
            r"[(\[（【](?:[^)\]）】]*[\s,.])?(?:{relatives}|{places}|{elsewhere})(?:[\s,.][^)\]）】]*)?[)\]）】]"
        ))
    });
    OTHER.is_match(folded)
}

/// Short words that join names but also have other meanings: they are in lower case between two names.
fn joins_names(label: &str) -> bool {
    static JOINED: LazyLock<Regex> = LazyLock::new(|| {
        let words = "y|e|i|a|en|og|ve|ja|u|și|és|dan|και|и|і|та|або";
        let between_capitals = format!(r"(?:^|[\s(])\p{{Lu}}[\p{{L}}\p{{M}}'’.-]*\s+(?:{words})\s+\p{{Lu}}");
        let east = r"\p{Han}{2,}\s*[和与與跟及]\s*\p{Han}{2,}|[\p{Han}\p{Katakana}]{2,}と[\p{Han}\p{Katakana}]{2,}|\S{2,}\s+[和与と]\s+\S|\S{2,}[와과]\s+\S{2,}|\s및\s";
        let south = r"\sو\s|\S{2,}\sו\p{Hebrew}{2,}";
        regex(&format!("{between_capitals}|{east}|{south}"))
    });
    static IN_LOWER_CASE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?:^|\s)(\p{Ll}+)\s+(?:y|e|i|a|en|og|ve|ja|u)\s+(\p{Ll}+)"));
    let label: String = label.nfkc().collect();
    let is_given = |word: &str| nicknames::is_given(&fold::fold(word));
    JOINED.is_match(&label)
        || IN_LOWER_CASE.captures(&label).is_some_and(|found| is_given(&found[1]) && is_given(&found[2]))
}

/// `Maya / Tom`: given names side by side.
fn lists_names(folded: &str) -> bool {
    let parts = folded.split(['/', ';', '|']).map(fold::words);
    let is_person =
        |words: &Vec<String>| words.len() <= 3 && words.first().is_some_and(|word| nicknames::is_given(word));
    let mut people: Vec<String> = parts.filter(is_person).filter_map(|words| words.into_iter().next()).collect();
    people.dedup_by(|a, b| nicknames::alike(a, b));
    let listed = folded.split(',').map(fold::words).filter(|words| words.len() > 1 && is_person(words)).count();
    people.len() > 1 || listed > 1
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

#[cfg(test)]
mod tests {
    use crate::names;

    #[test]
    fn several_people_and_people_in_anothers_place() {
        for label in [
            "Priya Raman and Tom Becker",
            "Priya & Tom",
            "Maya / Tom",
            "Anna und Tom",
            "Ana y Luis",
            "ana y luis",
            "Jan en Piet",
            "Marta i Tomek",
            "Ayşe ve Ali",
            "Anna og Per Hansen",
            "Анна и Иван",
            "田中 と 山本",
            "王伟和李娜",
            "Priya + 1",
            "Priya w/ Tom",
            "Priya Raman, Tom Becker",
            "Priya's guest",
            "Tom Becker's assistant",
            "Tom Becker (Interpreter)",
            "Tom Becker (Sohn)",
            "Tom Becker (hija)",
            "Tom Becker (жена)",
            "Tom Becker (son Tobi)",
            "Tom Becker (Vertretung)",
            "Tom Becker (i.V.)",
            "Tom Becker (stagiaire)",
            "Tom Becker （娘）",
            "Familie Becker",
            "Priya (Guest) & Tom (Guest)",
        ] {
            assert!(names::puts_several(label), "{label}");
        }
        for (label, instead) in [
            ("Grace's husband", true),
            ("Tom Becker's assistant", true),
            ("Tom Becker (Sohn)", true),
            ("Priya's guest", true),
            ("Priya & Tom", false),
            ("Familie Becker", true),
        ] {
            assert_eq!(names::is_instead(label), instead, "{label}");
        }
        for label in [
            "Tom Becker (Guest)",
            "Becker, Tom (Guest)",
            "Mei Guest",
            "Guest, Mei",
            "Maria E Lopez",
            "Priya Raman | Acme",
            "@pri / Priya Raman (EIP-7)",
            "Tom / Thomas Becker",
            "Raman, Priya",
            "和田 まさこ",
            "田中和也",
            "Priya Raman (she/her)",
            "Wendy Anderson",
            "Thomas Mann",
            "Heung-min Son",
            "Tom Becker (Mannheim)",
        ] {
            assert!(!names::puts_several(label), "{label}");
        }
    }
}
