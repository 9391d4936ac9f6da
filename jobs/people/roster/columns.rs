//! The meaning of a roster's columns, by the words of its header: those of contact books and booking tools, in the
//! languages in which they are exported. Pure.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

/// What a column contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Meaning {
    /// The full name; or the family name, if the given name has a column of its own.
    Name,
    Given,
    Middle,
    Family,
    /// Other names.
    Aliases,
    Email,
    Tags,
    /// How to greet the person.
    Greeting,
}

const WORDS: &[(Meaning, &[&str])] = &[
    (
        Meaning::Name,
        &[
            "name",
            "full name",
            "fullname",
            "display name",
            "contact name",
            "client name",
            "client",
            "contact",
            "person",
            "invitee name",
            "invitee",
            "attendee name",
            "attendee",
            "participant",
            "participant name",
            "your name",
            "names",
            "namn",
            "navn",
            "naam",
            "nimi",
            "nom",
            "nom complet",
            "nombre",
            "nombre completo",
            "nombre y apellidos",
            "nome",
            "nome completo",
            "nome e cognome",
            "vollständiger name",
            "anzeigename",
            "kunde",
            "kundin",
            "klient",
            "klientin",
            "kontakt",
            "kontaktname",
            "volledige naam",
            "fullständigt namn",
            "imię i nazwisko",
            "jméno a příjmení",
            "jméno",
            "meno a priezvisko",
            "név",
            "teljes név",
            "nume",
            "nume complet",
            "ad soyad",
            "adı soyadı",
            "isim",
            "ime i prezime",
            "ονοματεπώνυμο",
            "όνομα",
            "фио",
            "ф и о",
            "имя и фамилия",
            "полное имя",
            "имя",
            "клиент",
            "піб",
            "ім'я",
            "име",
            "名前",
            "氏名",
            "お名前",
            "姓名",
            "名字",
            "이름",
            "성명",
            "الاسم",
            "שם",
            "ชื่อ",
        ],
    ),
    (
        Meaning::Given,
        &[
            "first name",
            "firstname",
            "given name",
            "givenname",
            "forename",
            "first",
            "vorname",
            "rufname",
            "prénom",
            "nombre de pila",
            "primer nombre",
            "förnamn",
            "fornavn",
            "voornaam",
            "etunimi",
            "imię",
            "imiona",
            "křestní jméno",
            "keresztnév",
            "utónév",
            "prenume",
            "ad",
            "adı",
            "primeiro nome",
            "ime",
            "nome próprio",
            "invitee first name",
            "名",
        ],
    ),
    (
        Meaning::Middle,
        &[
            "middle name",
            "middlename",
            "middle",
            "additional name",
            "second name",
            "zweiter vorname",
            "weitere vornamen",
            "deuxième prénom",
            "segundo nombre",
            "mellannamn",
            "mellemnavn",
            "tussenvoegsel",
            "отчество",
            "по батькові",
        ],
    ),
    (
        Meaning::Family,
        &[
            "last name",
            "lastname",
            "family name",
            "familyname",
            "surname",
            "last",
            "nachname",
            "familienname",
            "zuname",
            "nom de famille",
            "apellido",
            "apellidos",
            "cognome",
            "sobrenome",
            "apelido",
            "último nome",
            "efternamn",
            "efternavn",
            "etternavn",
            "achternaam",
            "sukunimi",
            "nazwisko",
            "příjmení",
            "priezvisko",
            "vezetéknév",
            "családnév",
            "soyad",
            "soyadı",
            "prezime",
            "фамилия",
            "прізвище",
            "επώνυμο",
            "επίθετο",
            "invitee last name",
            "姓",
        ],
    ),
    (
        Meaning::Aliases,
        &[
            "aliases",
            "alias",
            "nickname",
            "nicknames",
            "nick name",
            "also known as",
            "aka",
            "other names",
            "spitzname",
            "surnom",
            "apodo",
            "soprannome",
            "smeknamn",
            "bijnaam",
            "short name",
        ],
    ),
    (
        Meaning::Tags,
        &[
            "tags",
            "tag",
            "labels",
            "label",
            "groups",
            "group",
            "group membership",
            "categories",
            "category",
            "kategorien",
            "gruppen",
            "étiquettes",
            "etiquetas",
            "etichette",
            "taggar",
            "etiketter",
        ],
    ),
    (
        Meaning::Greeting,
        &[
            "greeting",
            "called",
            "call me",
            "preferred name",
            "preferred first name",
            "goes by",
            "known as",
            "addressed as",
            "address as",
            "salutation",
            "anrede",
            "briefanrede",
            "begrüßung",
            "rufname anrede",
            "tilltal",
            "tilltalsnamn",
            "prénom usuel",
            "saludo",
            "saluto",
            "aanhef",
            "обращение",
        ],
    ),
];

/// What a column contains, by its header; `None` if it's unknown.
pub(super) fn meaning(header: &str) -> Option<Meaning> {
    static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
        let whose = "primary|work|home|personal|private|business|other|secondary|invitee|attendee|client|contact|your|the|\
                     main|default|preferred|participant|guest";
        let word = "e ?mails?|mail|mailadresse|e ?mail ?adress(?:e|es)?|e ?post(?:adress|adresse)?|correo(?: electronico)?|\
                    courriel|adresse (?:e ?mail|mail|electronique)|indirizzo (?:e ?mail|mail)|posta elettronica|\
                    endereco de e ?mail|sahkoposti(?:osoite)?|adres e ?mail|poczta|e ?posta|e ?mail cim|\
                    почта|э ?почта|эл почта|электронная почта|e ?mail адрес|адрес электроннои почты|имеил|пошта|\
                    ηλεκτρονικο ταχυδρομειο|メール|メールアドレス|邮箱|电子邮件|电子邮箱|電子郵件|이메일";
        let pattern = format!(
            r"^(?:(?:{whose})s? )*(?:{word})(?: (?:address|addresses|adresse|adres|adresi|id))?(?: \d)?(?: (?:value|address|home|work|primary|private|business|other))*$"
        );
        Regex::new(&pattern).expect("a constant pattern that the tests compile")
    });
    let header = folded(header);
    if EMAIL.is_match(&header) {
        return Some(Meaning::Email);
    }
    WORDS.iter().find(|(_, words)| words.iter().any(|word| folded(word) == header)).map(|(meaning, _)| *meaning)
}

/// Lower case without accents, one space for all else; without what forms add (`(required)`, `*`).
fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).nfc().collect::<String>().to_lowercase();
    let words: Vec<&str> = plain
        .split(|c: char| !c.is_alphanumeric() && !('\u{e00}'..='\u{e7f}').contains(&c))
        .filter(|word| !word.is_empty() && !["required", "optional", "pflichtfeld"].contains(word))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_many_words() {
        for (header, wanted) in [
            ("name", Some(Meaning::Name)),
            ("NAME", Some(Meaning::Name)),
            ("Namn", Some(Meaning::Name)),
            ("ФИО", Some(Meaning::Name)),
            ("First Name", Some(Meaning::Given)),
            ("Prénom", Some(Meaning::Given)),
            ("Vorname", Some(Meaning::Given)),
            ("Last name (required)", Some(Meaning::Family)),
            ("Фамилия", Some(Meaning::Family)),
            ("Additional Name", Some(Meaning::Middle)),
            ("E-Mail", Some(Meaning::Email)),
            ("E-mail 1 - Value", Some(Meaning::Email)),
            ("E-mail Address", Some(Meaning::Email)),
            ("E-mail 2 Address", Some(Meaning::Email)),
            ("Invitee Email", Some(Meaning::Email)),
            ("E-postadress", Some(Meaning::Email)),
            ("Correo electrónico", Some(Meaning::Email)),
            ("Электронная почта", Some(Meaning::Email)),
            ("メールアドレス", Some(Meaning::Email)),
            ("E-mail 1 - Label", None),
            ("E-mail 1 - Type", None),
            ("E-mail Display Name", None),
            ("E-mail Type", None),
            ("Email Domain", None),
            ("Email opt in", None),
            ("Anrede", Some(Meaning::Greeting)),
            ("Preferred Name", Some(Meaning::Greeting)),
            ("Group Membership", Some(Meaning::Tags)),
            ("Phone 1 - Value", None),
            ("Company", None),
            ("", None),
        ] {
            assert_eq!(meaning(header), wanted, "{header}");
        }
    }
}
