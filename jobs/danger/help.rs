//! Words for help against danger to life: who offers it, or asks for it, speaks of the danger. Pure.
//!
//! They are no signs by themselves (an article may name a crisis line), and so mark no session; but they do not go into what
//! a client gets.

use std::sync::LazyLock;

use regex::Regex;

const NAMES: [&str; 8] = [
    r"(?:crisis|suicide|emergency|help) ?-?(?:line|lifeline|hotline|number|text line)s?|helplines?|hotlines?",
    r"samaritans|women.s (?:shelter|refuge)|safe house|emergency room|call 911|call 999|call 112",
    r"krisen(?:telefon|dienst|hotline|nummer)\w*|telefonseelsorge|notruf\w*|frauenhaus\w*|notaufnahme",
    r"krislinje\w*|självmordslinje\w*|jourhavande medmänniska|kvinnojour\w*|nödnummer|akutmottagning\w*",
    r"teléfono de (?:la )?esperanza|línea de (?:crisis|ayuda)|número de emergencias?|urgencias",
    r"numéro d.urgence|sos amitié|ligne d.écoute|aux urgences",
    r"telefono amico|numero di emergenza|pronto soccorso",
    r"linha de (?:crise|apoio|ajuda)|número de emergência",
];

/// Whether words name such help, in one of the seven languages.
#[must_use]
pub fn names_help(words: &str) -> bool {
    static HELP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!(r"(?i)\b(?:{})\b", NAMES.join("|"))).expect("a constant pattern"));
    HELP.is_match(words)
}

#[cfg(test)]
mod tests {
    use super::names_help;

    #[test]
    fn help_is_known_by_its_names() {
        for words in [
            "I'll send you the number of the crisis line, so that you have it at night too.",
            "Please keep the helpline on your phone.",
            "Ich schicke dir die Nummer der Telefonseelsorge.",
            "Je t'envoie le numéro d'urgence.",
        ] {
            assert!(names_help(words), "{words}");
        }
        for words in ["We need help with the pipeline.", "The hotel line was long.", "I line up the numbers."] {
            assert!(!names_help(words), "{words}");
        }
    }
}
