//! Which language a text is in, by its function words and its script: fourteen languages, and nine scripts. If these are
//! inconclusive, nothing is said. Pure.

/// How many words are read to detect the language.
const WORDS: usize = 4000;
/// With fewer words, nothing is said.
const FEWEST_WORDS: usize = 12;

/// Function words that are frequent in one language and rare in the others. Lower case.
#[rustfmt::skip]
const SMALL: [(&str, &[&str]); 14] = [
    ("English", &["the", "and", "you", "i", "it", "is", "to", "of", "my", "that", "not", "are", "have", "with", "for", "they", "what", "be", "this", "your", "it's", "i'm", "i'll", "how", "we", "but", "would", "will", "do", "did", "don't", "about", "there"]),
    ("German", &["und", "ich", "nicht", "das", "ist", "sie", "dass", "auch", "wenn", "aber", "noch", "habe", "mich", "wie", "der", "dann", "wir", "ein", "eine", "mit", "für", "auf", "dir", "mir", "dem", "kein", "bis", "werde", "schon", "sich", "du", "es"]),
    ("French", &["je", "est", "pas", "les", "des", "une", "vous", "ça", "mais", "avec", "dans", "sur", "et", "qu", "ai", "suis", "mon", "alors", "j'ai", "c'est", "pour", "nous", "elle", "du", "le"]),
    ("Spanish", &["los", "las", "y", "pero", "muy", "yo", "está", "estoy", "porque", "cómo", "qué", "lo", "es", "fue", "entonces", "el", "voy", "hacer", "también", "más", "cuando", "tengo"]),
    ("Italian", &["che", "non", "è", "di", "il", "sono", "anche", "ho", "ma", "questo", "gli", "della", "perché", "come", "ti", "cosa", "allora", "più", "lo", "ci"]),
    ("Portuguese", &["não", "eu", "você", "uma", "um", "mas", "muito", "os", "isso", "estou", "também", "meu", "minha", "ele", "foi", "do", "é", "então", "vou", "com", "são"]),
    ("Dutch", &["ik", "het", "een", "niet", "dat", "je", "van", "maar", "ook", "heb", "mijn", "zijn", "wel", "naar", "voor", "nog", "wat", "hoe", "ben", "deze", "dan"]),
    ("Swedish", &["och", "jag", "inte", "det", "är", "att", "var", "har", "som", "på", "för", "hur", "vi", "med", "sedan", "så", "mig", "ett", "ska", "dig"]),
    ("Danish", &["og", "jeg", "ikke", "det", "er", "at", "har", "som", "på", "hvad", "vi", "med", "af", "mig", "et", "skal", "dig", "til", "også", "meget"]),
    ("Norwegian", &["og", "jeg", "ikke", "det", "er", "å", "har", "som", "på", "hva", "vi", "med", "av", "meg", "et", "skal", "deg", "til", "også", "veldig"]),
    ("Polish", &["nie", "się", "że", "jest", "na", "jak", "ale", "mam", "tak", "już", "czy", "mnie", "bardzo", "jestem", "tego", "będę"]),
    ("Czech", &["jsem", "že", "se", "není", "ale", "jak", "jsou", "je", "budu", "mám", "už", "mě", "velmi", "jako", "bylo"]),
    ("Turkish", &["bir", "ve", "bu", "çok", "ne", "için", "ama", "değil", "ben", "daha", "var", "gibi", "evet", "nasıl", "şey"]),
    ("Finnish", &["ja", "en", "se", "että", "mutta", "niin", "minä", "ei", "on", "oli", "mitä", "kun", "sen", "joka", "olen"]),
];

/// The languages of [`SMALL`], in lower case.
const NAMES: [&str; 14] = [
    "english",
    "german",
    "french",
    "spanish",
    "italian",
    "portuguese",
    "dutch",
    "swedish",
    "danish",
    "norwegian",
    "polish",
    "czech",
    "turkish",
    "finnish",
];

/// "Write each text in this language", in that language: a small model follows the last words it reads, and writes in the
/// language in which it is asked. In the order of [`SMALL`], without English.
#[rustfmt::skip]
const ASK_FOR: [&str; 13] = [
    "Schreibe jeden Text auf Deutsch.", "Écris chaque texte en français.", "Escribe cada texto en español.",
    "Scrivi ogni testo in italiano.", "Escreve cada texto em português.", "Schrijf elke tekst in het Nederlands.",
    "Skriv varje text på svenska.", "Skriv hver tekst på dansk.", "Skriv hver tekst på norsk.", "Napisz każdy tekst po polsku.",
    "Každý text napiš česky.", "Her metni Türkçe yaz.", "Kirjoita jokainen teksti suomeksi.",
];

/// The same for scripts that one language uses.
#[rustfmt::skip]
const ASK_FOR_SCRIPT: [(&str, &str); 7] = [
    ("in Greek", "Γράψε κάθε κείμενο στα ελληνικά."), ("in Hebrew", "כתוב כל טקסט בעברית."), ("in Hindi", "हर पाठ हिंदी में लिखें।"),
    ("in Thai", "เขียนทุกข้อความเป็นภาษาไทย"), ("in Japanese", "テキストはすべて日本語で書いてください。"),
    ("in Korean", "모든 텍스트를 한국어로 쓰세요."), ("in Chinese", "请用中文写每一段文字。"),
];

/// Scripts used by one language or a few related ones.
#[rustfmt::skip]
const SCRIPTS: [(&str, std::ops::RangeInclusive<char>); 9] = [
    ("in Cyrillic script", '\u{400}'..='\u{52f}'), ("in Greek", '\u{370}'..='\u{3ff}'), ("in Hebrew", '\u{590}'..='\u{5ff}'),
    ("in Arabic script", '\u{600}'..='\u{6ff}'), ("in Hindi", '\u{900}'..='\u{97f}'), ("in Thai", '\u{e00}'..='\u{e7f}'),
    ("in Japanese", '\u{3040}'..='\u{30ff}'), ("in Korean", '\u{ac00}'..='\u{d7af}'), ("in Chinese", '\u{4e00}'..='\u{9fff}'),
];

/// "in German", "partly in German"; `None` if it is English or unclear.
pub(crate) fn not_english(said: &[impl AsRef<str>]) -> Option<String> {
    if let Some(script) = script(said) {
        return Some(script.to_owned());
    }
    let (all, counts) = function_words(said);
    let [english, others @ ..] = counts;
    let (at, most) = others.into_iter().enumerate().max_by_key(|(at, count)| (*count, usize::MAX - at))?;
    // Some function words occur in several languages, and names in all: a few of them prove nothing.
    if all < FEWEST_WORDS || most * 12 < all {
        return (all >= 3 * FEWEST_WORDS && english * 20 < all).then(|| "in another language".to_owned());
    }
    let language = SMALL[at + 1].0;
    match (most, english) {
        (most, english) if most >= 2 * english => Some(format!("in {language}")),
        (most, english) if most * 2 >= english => Some(format!("partly in {language}")),
        _ => None,
    }
}

/// A request to write in the language of `said`, in that language; `None` if it's English, unclear, or mixed.
pub(crate) fn request(said: &[impl AsRef<str>]) -> Option<&'static str> {
    if let Some(script) = script(said) {
        return ASK_FOR_SCRIPT.iter().find(|(name, _)| *name == script).map(|(_, request)| *request);
    }
    ASK_FOR.get(main_language(said)?.checked_sub(1)?).copied()
}

/// The language of a text, in lower case, as far as a stemmer has to know it: of two that share most function words either will
/// do. `None` if that is unclear.
pub(crate) fn of(said: &[impl AsRef<str>]) -> Option<&'static str> {
    if let Some(script) = script(said) {
        return [("in Cyrillic script", "russian"), ("in Greek", "greek"), ("in Arabic script", "arabic")]
            .into_iter()
            .find_map(|(name, language)| (name == script).then_some(language));
    }
    let (all, counts) = function_words(said);
    let (at, most) = counts.iter().enumerate().max_by_key(|(at, count)| (**count, usize::MAX - at))?;
    (all >= FEWEST_WORDS && most * 8 >= all).then_some(NAMES[at])
}

/// Whether a sentence may be English: it has no more function words of any other language.
pub(crate) fn may_be_english(sentence: &str) -> bool {
    let (_, [english, others @ ..]) = function_words(&[sentence]);
    others.into_iter().all(|other| other <= english)
}

/// The number of words, and for each language how many of them are its function words.
fn function_words(texts: &[impl AsRef<str>]) -> (usize, [usize; SMALL.len()]) {
    let split = |letter: char| !letter.is_alphanumeric() && letter != '\'' && letter != '\u{2019}';
    let (mut all, mut counts) = (0_usize, [0_usize; SMALL.len()]);
    for word in texts.iter().flat_map(|text| text.as_ref().split(split)).filter(|word| !word.is_empty()).take(WORDS) {
        let word = word.to_lowercase().replace('\u{2019}', "'");
        all += 1;
        for (count, (_, small)) in counts.iter_mut().zip(SMALL) {
            *count += usize::from(small.contains(&word.as_str()));
        }
    }
    (all, counts)
}

/// Whether `written` is certainly in another language than `said`. Of a session in two languages either may be written.
pub(crate) fn is_other(said: &[String], written: &[String]) -> bool {
    match (script(said), script(written)) {
        (None, None) => {
            let both = main_language(said).zip(main_language(written));
            both.is_some_and(|(of_session, of_text)| of_session != of_text)
        }
        // A few words in Latin script may be names.
        (Some(_), None) => function_words(written).0 >= FEWEST_WORDS,
        (said, written) => said != written,
    }
}

/// The place of a text's language in [`SMALL`], if it has many of its function words and half as many of any other's.
fn main_language(texts: &[impl AsRef<str>]) -> Option<usize> {
    let (all, counts) = function_words(texts);
    let (at, most) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let second = counts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, count)| *count).max()?;
    (all >= FEWEST_WORDS && most * 6 >= all && *most >= 2 * second).then_some(at)
}

/// The script of most letters, unless English uses it.
fn script(said: &[impl AsRef<str>]) -> Option<&'static str> {
    let letters =
        || said.iter().flat_map(|text| text.as_ref().chars()).filter(|letter| letter.is_alphabetic()).take(4 * WORDS);
    let mut counts = [0_usize; SCRIPTS.len()];
    for letter in letters() {
        for (count, (_, range)) in counts.iter_mut().zip(&SCRIPTS) {
            *count += usize::from(range.contains(&letter));
        }
    }
    let foreign: usize = counts.iter().sum();
    if foreign == 0 || foreign * 2 < letters().count() {
        return None;
    }
    // Japanese contains Han too.
    let japanese = SCRIPTS.iter().position(|(name, _)| *name == "in Japanese").filter(|at| counts[*at] * 10 > foreign);
    let most = counts.iter().enumerate().max_by_key(|(_, count)| **count).map(|(at, _)| at);
    Some(SCRIPTS[japanese.or(most)?].0)
}

#[cfg(test)]
mod tests {
    use super::{is_other, not_english, request};

    fn told(said: &[&str]) -> Option<String> {
        not_english(&said.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    /// Each request is in the language that it asks for, as far as so few words tell.
    #[test]
    fn a_model_is_asked_in_the_language_of_the_session() {
        let asked = |said: &str| request(&[said.repeat(3)]);
        let german =
            "Wie war die Woche? Ich habe mit Anna gesprochen, und ich werde ihr bis Freitag den Plan schicken. ";
        assert_eq!(asked(german), Some("Schreibe jeden Text auf Deutsch."));
        let swedish = "Hur var veckan? Jag har pratat med Anna, och jag ska skicka planen till henne på fredag så att vi har den. ";
        assert_eq!(asked(swedish), Some("Skriv varje text på svenska."));
        assert_eq!(asked("今週はどうでしたか。アンナと話しました。"), Some("テキストはすべて日本語で書いてください。"));
        assert_eq!(asked("How was the week? I talked to Anna, and I will send her the plan by Friday. "), None);
        // Each list asks for its own language; Danish and Norwegian share too many words to be told apart by them alone.
        let told = (1..super::SMALL.len()).filter(|at| {
            let asked = request(&[super::SMALL[*at].1.join(" ").repeat(2)]);
            assert!(asked.is_none_or(|asked| asked == super::ASK_FOR[at - 1]), "{}: {asked:?}", super::SMALL[*at].0);
            asked.is_some()
        });
        assert!(told.count() >= 10);
    }

    #[test]
    fn the_language_of_a_session_is_named_where_it_is_not_english() {
        for (language, said) in [
            (
                "in German",
                "Wie war die Woche? Ich habe mit Anna gesprochen, und ich werde ihr bis Freitag den Plan schicken.",
            ),
            (
                "in French",
                "Je suis content, mais je n'ai pas encore parlé avec elle. Je vais envoyer les notes dans la semaine.",
            ),
            (
                "in Spanish",
                "Esta semana estoy mejor, pero no he hablado con ella porque fue muy difícil. Lo voy a hacer el lunes.",
            ),
            (
                "in Swedish",
                "Jag har pratat med Anna och det var inte lätt. Jag ska skicka planen på fredag, så att hon vet.",
            ),
            (
                "in Dutch",
                "Ik heb met Anna gesproken, maar het was niet makkelijk. Ik stuur haar vrijdag het plan van de week.",
            ),
            ("in Japanese", "先週はどうでしたか。金曜日までにアンナに計画を送ります。"),
            ("in Cyrillic script", "Я поговорила с Анной и отправлю ей план в пятницу."),
        ] {
            assert_eq!(told(&[said]).as_deref(), Some(language), "{said}");
        }
        for said in [
            "How was the week? I talked to Anna, and I will send her the plan by Friday.",
            "Yes. Okay. Good.",
            "We met Jürgen at the Café de la Paix in Paris, and he told me about Das Kapital. It was good to see him.",
            "I said no to the die casting job, and I was in Lima with Señora de la Cruz. That is all I have for you.",
        ] {
            assert_eq!(told(&[said]), None, "{said}");
        }
        let mixed = [
            "How was the week? I have not seen you for a while, and it is good.",
            "Ich habe mit Anna gesprochen, und ich werde ihr den Plan schicken.",
        ];
        assert_eq!(told(&mixed).as_deref(), Some("partly in German"));
    }

    #[test]
    fn a_text_in_another_language_than_the_session_is_noticed() {
        let texts = |text: &str| vec![text.to_owned()];
        let english =
            texts("How was the week? I talked to Anna, and I will send her the plan by Friday, but it is not easy.");
        let german = texts(
            "Ich habe mit Anna gesprochen, und ich werde ihr bis Freitag den Plan schicken, aber das ist nicht leicht.",
        );
        let japanese = texts("先週はどうでしたか。金曜日までにアンナに計画を送ります。");
        for (said, written) in [(&german, &english), (&english, &german), (&japanese, &english), (&english, &japanese)]
        {
            assert!(is_other(said, written), "{said:?} {written:?}");
        }
        let both = [english.clone(), german.clone()].concat();
        for (said, written) in [
            (&english, &english),
            (&german, &german),
            (&both, &english),
            (&both, &german),
            (&german, &texts("Anna, Berlin.")),
            (&german, &texts("You talked to Anna.")),
        ] {
            assert!(!is_other(said, written), "{said:?} {written:?}");
        }
    }
}
