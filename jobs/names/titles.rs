//! Degrees with periods, before or after a name: "M.Sc.", "Dipl.-Psych.", "Dr. rer. nat.". Pure.
//!
//! A single letter with a period may be an initial ("M. A. Becker"), so these count only after a comma.

use std::sync::LazyLock;

use regex::Regex;

/// Folded text without such degrees; unchanged if nothing else would be left.
pub(super) fn without(folded: &str) -> String {
    static DEGREES: LazyLock<Regex> = LazyLock::new(|| {
        let fields =
            "psych|psychol|ing|pad|paed|kfm|kffr|soz|theol|med|oec|volksw|betriebsw|wirt|inf|phys|chem|biol|math";
        let faculties = r"phil|med|rer|iur|jur|ing|oec|theol|h\.?\s?c";
        let degrees = [
            r"[mb]\.?\s?sc",
            r"[mb]\.(?:eng|ed|ba|fa|phil|arch)",
            r"m\.\s?b\.\s?a",
            r"ph\.\s?d|psy\.?\s?d|ed\.\s?d|ll\.\s?[mb]|lic\.\s?phil",
            &format!(r"dipl\.?[\s-]*(?:{fields})\w*\.?(?:[\s-]*(?:{fields})\w*)?|dipl"),
            &format!(r"dr\.?\s?(?:{faculties})(?:\.?\s?(?:nat|pol|oec|soc|dent|vet|habil))?"),
            &format!(r"mag\.(?:\s?(?:{faculties}|art))?|univ\.-?\s?prof"),
        ]
        .join("|");
        regex(&format!(r"(^|[\s,;(/|])(?:{degrees})\.?(?:\s?\((?:fh|univ|ba|uni|usa)\.?\))?([\s,;)/|]|$)"))
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| regex(r"(,)\s*[mb]\.?\s?a\.?([\s,;)/|]|$)"));
    let mut text = folded.to_owned();
    // The end of one match is the start of the next.
    for _ in 0..4 {
        let less = DEGREES.replace_all(&text, "$1 $2");
        let less = BEHIND.replace_all(&less, "$1 $2").into_owned();
        if less == text || !less.chars().any(char::is_alphabetic) {
            break;
        }
        text = less;
    }
    text
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

/// `Mr`, `Frau`, `Señora`: a surname follows.
pub(crate) fn is_title(word: &str) -> bool {
    matches!(
        word,
        "mr" | "mrs"
            | "ms"
            | "miss"
            | "mister"
            | "mx"
            | "dr"
            | "doctor"
            | "doc"
            | "prof"
            | "professor"
            | "herr"
            | "frau"
            | "doktor"
            | "monsieur"
            | "madame"
            | "mademoiselle"
            | "mme"
            | "docteur"
            | "senor"
            | "senora"
            | "senorita"
            | "sr"
            | "sra"
            | "doctora"
            | "profesor"
            | "profesora"
            | "senhor"
            | "senhora"
            | "doutor"
            | "doutora"
            | "signor"
            | "signora"
            | "signorina"
            | "dottor"
            | "dottore"
            | "dottoressa"
            | "meneer"
            | "mevrouw"
            | "dokter"
    )
}

#[cfg(test)]
mod tests {
    use super::super::{forms, name_words};

    #[test]
    fn degrees_are_no_part_of_a_name() {
        for label in [
            "Priya Raman, M.Sc.",
            "Priya Raman, M. Sc.",
            "Priya Raman M.Sc.",
            "M.Sc. Priya Raman",
            "Dipl.-Psych. Priya Raman",
            "Dipl. Psych. Priya Raman",
            "Dipl.-Ing. (FH) Priya Raman",
            "Dr. rer. nat. Priya Raman",
            "Dr. phil. Priya Raman, M.A.",
            "Prof. Dr. Dipl.-Psych. Priya Raman",
            "Priya Raman, B.Sc., M.Sc.",
            "Priya Raman, Ph.D.",
            "Priya Raman, Ph. D.",
            "Mag. Priya Raman",
            "Raman, Priya, M.Sc.",
        ] {
            let words = ["priya".to_owned(), "raman".to_owned()];
            assert!(forms(label).iter().any(|form| form.words == words), "{label}: {:?}", forms(label));
            assert!(
                name_words(label).ends_with(&words) || label.starts_with("Raman"),
                "{label}: {:?}",
                name_words(label)
            );
        }
        for (name, words) in [
            ("M. A. Becker", &["m", "a", "becker"][..]),
            ("Ma Becker", &["ma", "becker"]),
            ("Magda Becker", &["magda", "becker"]),
            ("Tom Scott", &["tom", "scott"]),
            ("M.Sc.", &["m", "sc"]),
        ] {
            assert_eq!(name_words(name), words, "{name}");
        }
    }
}
