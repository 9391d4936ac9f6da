//! Words for help against danger to life, and for the means of it: someone who offers help or asks for it is talking
//! about the danger, and so is someone who mentions a rope next to it. Pure.
//!
//! They are no signs by themselves (an article may name a crisis line), and so they mark no session; but help, and
//! means close to what is marked, must not end up in what a client gets.

use std::sync::LazyLock;

use regex::Regex;

use super::{concepts::CONCEPTS, language::Languages, words::plain};

const NAMES: [&str; 9] = [
    r"(?:crisis|suicide|emergency|help) ?-?(?:line|lifeline|hotline|number|text line)s?|helplines?|hotlines?",
    r"samaritans|women.s (?:shelter|refuge)|safe house|emergency room|call 911|call 999|call 112",
    r"krisen(?:telefon|dienst|hotline|nummer)\w*|telefonseelsorge|notruf\w*|frauenhaus\w*|notaufnahme",
    r"krislinje\w*|självmordslinje\w*|jourhavande medmänniska|kvinnojour\w*|nödnummer|akutmottagning\w*",
    r"teléfono de (?:la )?esperanza|línea de (?:crisis|ayuda)|número de emergencias?|urgencias",
    r"numéro d.urgence|sos amitié|ligne d.écoute|aux urgences",
    r"telefono amico|numero di emergenza|pronto soccorso",
    r"linha de (?:crise|apoio|ajuda)|número de emergência",
    r"(?:zelfmoord|crisis|hulp|nood)(?:lijn|nummer|dienst)\w*|113 zelfmoordpreventie|bel(?:len)? (?:met |naar )?(?:113|1813|112)|(?:113|1813) (?:te )?bellen|tele-?onthaal|veilig thuis|blijf-van-mijn-lijf\w*|vrouwenopvang|vluchthuis\w*|spoedeisende hulp|crisisopvang",
];

/// The meanings that name a means of harm.
const MEANS: [&str; 7] = ["suicide", "rope", "pills", "gun", "blade", "poison", "high"];
/// Who helps, or is asked whether there is danger, beside it.
const HELPERS: [&str; 8] = [
    r"clinics?|doctors?|hospitals?|ambulance|police|psychiatr\w+|therapists?|counsell?or|shelter|(?:in|out of) danger|safe|unsafe|weapons?|medicines?",
    r"klinik|arzt|ärztin|krankenhaus|krankenwagen|polizei|psychiat\w+|therapeut\w*|in gefahr|in sicherheit|waffen?|medizin",
    r"kliniken|läkare\w*|sjukhus\w*|ambulans\w*|polis\w*|psykiat\w+|terapeut\w*|i fara|trygg|vapen|vapnet|medicin\w*",
    r"clínica|médic[oa]|hospital|ambulancia|policía|psiquiat\w+|terapeuta|en peligro|a salvo|armas?|medicinas?",
    r"clinique|médecin|docteur|hôpital|police|psychiatr\w+|psy|thérapeute|en danger|en sécurité|armes?|médicaments?",
    r"clinica|medico|dottor\w*|ospedale|ambulanza|polizia|psichiatr\w+|in pericolo|al sicuro|arm[ai]|medicin[ae]",
    r"médic[oa]|hospital|ambulância|polícia|psiquiatr\w+|em perigo|em segurança|remédios?|medicamentos?",
    r"kliniek|(?:huis)?arts|dokter|ziekenhuis|ambulance|ziekenwagen|spoed|politie|wijkagent|psychiat\w+|therapeut\w*|psycholo\w+|in gevaar|in veiligheid|veilig|onveilig|wapens?|medicijnen|medicatie",
];

/// Whether words name a means of harm, or who is called in an emergency. They prove nothing by themselves: they
/// continue talk that does.
#[must_use]
pub fn names_means(words: &str) -> bool {
    static ALL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!(r"(?i)\b(?:{})\b", HELPERS.join("|"))).expect("a constant pattern"));
    if ALL.is_match(words) {
        return true;
    }
    let plain = plain(words);
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    let meant = CONCEPTS.of(&plain, Languages::of(plain.iter().copied()));
    meant.iter().any(|it| MEANS.contains(&CONCEPTS.names[it.concept].as_str()))
}

/// Whether words name such help, in any of the eight languages.
#[must_use]
pub fn names_help(words: &str) -> bool {
    static HELP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!(r"(?i)\b(?:{})\b", NAMES.join("|"))).expect("a constant pattern"));
    HELP.is_match(words)
}

#[cfg(test)]
mod tests {
    use super::{names_help, names_means};

    #[test]
    fn means_are_known_in_every_language() {
        for words in [
            "And the rope from the garage?",
            "Gibst du die Tabletten deiner Schwester?",
            "Och repet i garaget?",
            "¿Y la pistola?",
            "Et les somnifères ?",
            "E il coltello?",
            "E os comprimidos?",
            "En de slaappillen van je moeder?",
            "Will you ring the clinic?",
        ] {
            assert!(names_means(words), "{words}");
        }
        for words in [
            "I'll send the deck on Monday.",
            "Ich rufe Tom am Freitag an.",
            "Je l'envoie lundi.",
            "Ik stuur het maandag.",
        ] {
            assert!(!names_means(words), "{words}");
        }
    }

    #[test]
    fn help_is_known_by_its_names() {
        for words in [
            "I'll send you the number of the crisis line, so that you have it at night too.",
            "Please keep the helpline on your phone.",
            "Ich schicke dir die Nummer der Telefonseelsorge.",
            "Je t'envoie le numéro d'urgence.",
            "Ik stuur je het nummer van de zelfmoordlijn.",
            "Je kunt ook naar Tele-Onthaal bellen.",
        ] {
            assert!(names_help(words), "{words}");
        }
        for words in [
            "We need help with the pipeline.",
            "The hotel line was long.",
            "I line up the numbers.",
            "De lijn was slecht.",
        ] {
            assert!(!names_help(words), "{words}");
        }
    }
}
