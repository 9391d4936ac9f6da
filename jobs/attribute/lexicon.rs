//! Words that indicate coaching, one lexicon per language. Pure, plain data.
//!
//! English was evaluated on public corpora. The others contain the same kinds of words for German, French, Spanish,
//! Portuguese, Italian and Dutch; they were evaluated on less, so more evidence is required (see `roles`). In any other
//! language, words alone don't decide.

use std::sync::LazyLock;

use regex::Regex;

use super::roles::Utterance;

/// The cues of one language. Patterns apply to lower-case text.
#[derive(Debug)]
pub(super) struct Lexicon {
    /// Frequent function words that the other languages here don't have, or not as often.
    little: &'static [&'static str],
    /// "you", "your".
    pub(super) you: &'static [&'static str],
    /// The polite "you" that only its capital distinguishes from "she" and "they".
    pub(super) polite: &'static [&'static str],
    /// "I", "my".
    pub(super) own: &'static [&'static str],
    /// The beginning of a question.
    pub(super) asking: Regex,
    /// Asks how the other person feels or is doing.
    pub(super) asks_you: Regex,
    /// Guides and recommends.
    pub(super) guides: Regex,
    /// Talks about one's own life.
    pub(super) tells: Regex,
}

/// How many words of a session are used to detect its language.
const LOOKED_AT: usize = 4_000;

/// The lexicon of the session's language; `None` for English and for languages without one.
pub(super) fn of(said: &[Utterance<'_>]) -> Option<&'static Lexicon> {
    let mut counts = [0_usize; 6];
    let (mut english, mut all) = (0_usize, 0_usize);
    let words = said.iter().flat_map(|one| one.text.split(|c: char| !c.is_alphanumeric()));
    for word in words.filter(|word| !word.is_empty()).take(LOOKED_AT) {
        let word = word.to_lowercase();
        all += 1;
        english += usize::from(ENGLISH.contains(&word.as_str()));
        for (count, lexicon) in counts.iter_mut().zip(LEXICONS.iter()) {
            *count += usize::from(lexicon.little.contains(&word.as_str()));
        }
    }
    let (best, count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let second = counts.iter().enumerate().filter(|(at, _)| *at != best).map(|(_, count)| *count).max()?;
    // One word in twenty, and clearly more than of any other language.
    let is_clear = count * 20 >= all && *count * 2 >= second * 3 && *count >= english * 2;
    (all > 0 && is_clear).then(|| &LEXICONS[best])
}

const ENGLISH: &[&str] = &["the", "and", "you", "that", "of", "to", "is", "it", "was", "what", "have", "with", "this"];

static LEXICONS: LazyLock<[Lexicon; 6]> =
    LazyLock::new(|| [german(), french(), spanish(), portuguese(), italian(), dutch()]);

fn german() -> Lexicon {
    Lexicon {
        little: &[
            "ich", "und", "nicht", "das", "ist", "sie", "dass", "auch", "wenn", "aber", "noch", "habe", "mich", "mir",
            "dir", "wir", "auf", "ein", "eine",
        ],
        you: &["du", "dich", "dir", "dein", "deine", "deinen", "deinem", "deiner", "euch", "euer", "eure"],
        polite: &["Sie", "Ihnen", "Ihr", "Ihre", "Ihren", "Ihrem", "Ihrer"],
        own: &["ich", "mich", "mir", "mein", "meine", "meinen", "meinem", "meiner"],
        asking: begin(
            "wie|was|wann|wo|wohin|woran|womit|warum|wieso|weshalb|wer|wem|welche[rsnm]?|gibt es|(?:hast|kannst|bist|\
             willst|möchtest|magst|würdest|könntest|hattest|warst) du|(?:haben|können|sind|wollen|möchten|mögen|würden|\
             könnten|hatten|waren) sie",
        ),
        asks_you: words(
            r"(?:wie|was|warum|wann|wo|woran|wofür) (?:\w+ )?(?:du|dich|dir|sie|ihnen)|(?:hast|kannst|möchtest|willst|bist|würdest|könntest|magst|fühlst|denkst|glaubst) du|(?:haben|können|möchten|wollen|würden|könnten|fühlen|denken) sie",
        ),
        guides: words(
            r"lass uns|lassen sie uns|versuch(?:e|en sie)?|probier(?:e|en sie)?|ich (?:schlage vor|würde (?:vorschlagen|dich|dir|sie|ihnen)|möchte (?:dich|dir|sie|ihnen)|lade (?:dich|sie) ein|empfehle)|(?:du|sie) (?:könntest|könnten|solltest|sollten|kannst ja)|erzähl(?:e|en sie)? (?:mir|mal|doch)|ich höre|das klingt|klingt so|wir (?:können|könnten|sollten|werden)|nimm dir|nehmen sie sich|was wäre,? wenn|bis zum nächsten mal",
        ),
        tells: words(
            r"ich (?:habe|hab|bin|war|hatte|fühle|fühlte|weiß|wusste|denke|dachte|glaube|will|wollte|kann|konnte|muss|musste|brauche|arbeite|ging|traue)|mein(?:e|en|em|er)? (?:frau|mann|mutter|vater|chef|chefin|team|job|arbeit|kinder|sohn|tochter|partner|partnerin|familie|freund|freundin|leben|kopf|projekt|kollegin|kollege|kollegen)",
        ),
    }
}

fn french() -> Lexicon {
    Lexicon {
        little: &[
            "je", "est", "pas", "les", "des", "une", "vous", "ça", "mais", "avec", "dans", "sur", "c", "qu", "j", "ai",
            "suis", "mon", "ce", "et",
        ],
        you: &["tu", "te", "t", "toi", "ton", "ta", "tes", "vous", "votre", "vos"],
        polite: &[],
        own: &["je", "j", "me", "m", "moi", "mon", "ma", "mes"],
        asking: begin(
            "comment|que|qu'est-ce|quoi|quand|où|pourquoi|quel(?:le)?s?|qui|combien|est-ce|(?:as|es|peux|veux|penses)-tu|\
             (?:avez|êtes|pouvez|voulez|pensez)-vous",
        ),
        asks_you: words(
            r"(?:comment|que|quand|pourquoi|où|qu'est-ce que|qu'est-ce qui) (?:\w+ )?(?:tu|te|vous)|qu'est-ce (?:que tu|que vous|qui te|qui vous)|(?:as|es|peux|veux|pourrais|voudrais|penses|ressens|sens|ferais)-tu|(?:avez|êtes|pouvez|voulez|pourriez|voudriez|pensez|ressentez|sentez|feriez)-vous|est-ce que (?:tu|vous)",
        ),
        guides: words(
            r"essaie|essayez|je (?:te|vous) (?:propose|suggère|invite|encourage|recommande|conseille)|tu (?:pourrais|devrais)|vous (?:pourriez|devriez)|racont(?:e|ez)|parl(?:e|ez)-moi|di(?:s|tes)-moi|on (?:va|peut|pourrait)|nous (?:allons|pouvons|pourrions)|j'entends|prenons|prends|prenez|voyons|d'ici (?:la|notre) prochaine",
        ),
        tells: words(
            r"j'ai|j'étais|j'avais|je (?:suis|me|pense|pensais|crois|croyais|voulais|veux|dois|devais|travaille|sais|n'ai|n'étais|ne sais|sens)|m(?:on|a|es) (?:femme|mari|mère|père|chef|cheffe|patron|patronne|équipe|travail|boulot|enfants|fils|fille|famille|ami|amie|vie|tête|projet|collègue|collègues)",
        ),
    }
}

fn spanish() -> Lexicon {
    Lexicon {
        little: &[
            "que", "el", "los", "las", "y", "pero", "muy", "una", "con", "yo", "está", "estoy", "porque", "cómo",
            "qué", "lo", "mi", "del", "es", "tengo",
        ],
        you: &["tú", "te", "ti", "tu", "tus", "usted", "ustedes", "contigo"],
        polite: &[],
        own: &["yo", "me", "mi", "mis", "mí", "conmigo", "mío", "mía"],
        asking: begin(
            "¿|cómo|qué|cuándo|dónde|por qué|para qué|cuál(?:es)?|quién|cuánto|has |puedes|tienes|quieres|te gustaría",
        ),
        asks_you: words(
            r"(?:cómo|qué|cuándo|por qué|dónde) (?:\w+ )?(?:te|le|tú|usted|has|quieres|piensas|sientes|harías|podrías|quiere|piensa|siente|puedes|necesitas|esperas)|¿(?:has|puedes|quieres|tienes|podrías|sientes|crees|te) ",
        ),
        guides: words(
            r"intenta|intente|prueba|(?:te|le) (?:propongo|sugiero|invito|animo|recomiendo|pido)|podrías|deberías|podría usted|vamos a|cuénta(?:me|nos)|cuénteme|háblame|hábleme|dime|dígame|podemos|podríamos|escucho que|parece que|para la próxima",
        ),
        tells: words(
            r"he|estoy|estaba|tengo|tenía|siento|sentí|quería|quiero|creo|creía|pensé|pienso|necesito|trabajo|fui|hice|no sé|me (?:siento|sentí|cuesta|gusta|da|quedé)|mis? (?:mujer|esposa|marido|madre|padre|jefe|jefa|equipo|trabajo|hijos|hijo|hija|familia|pareja|amigo|amiga|vida|cabeza|proyecto|compañeros)",
        ),
    }
}

fn portuguese() -> Lexicon {
    Lexicon {
        little: &[
            "não", "eu", "você", "uma", "um", "mas", "com", "muito", "os", "as", "isso", "estou", "também", "meu",
            "minha", "ele", "ela", "foi", "do", "da",
        ],
        you: &["você", "vocês", "te", "ti", "teu", "tua", "teus", "tuas", "contigo"],
        polite: &[],
        own: &["eu", "me", "mim", "meu", "minha", "meus", "minhas", "comigo"],
        asking: begin(
            "como|o que|quando|onde|por que|porquê|para quê|qual|quais|quem|quanto|você (?:pode|acha|quer|consegue|já)",
        ),
        asks_you: words(
            r"(?:como|o que|quando|por que|onde) (?:\w+ )?(?:você|te|tu)|você (?:pode|consegue|acha|quer|sente|se sente|está|gostaria|poderia|pensa|precisa)|(?:queres|podes|achas|sentes|gostavas|precisas)",
        ),
        guides: words(
            r"tente|tenta|experimente|experimenta|sugiro|proponho|recomendo|convido|você (?:poderia|deveria|pode tentar)|vamos|me (?:conta|conte|fala|fale|diga|diz)|conte-me|conta-me|fale-me|podemos|poderíamos|parece que|ouço que|até à? próxima",
        ),
        tells: words(
            r"estou|estava|tenho|tinha|sinto|senti|queria|quero|acho|achei|preciso|trabalho|fui|fiz|não sei|consegui|m(?:eu|inha|eus|inhas) (?:mulher|esposa|marido|mãe|pai|chefe|equipe|equipa|time|trabalho|filhos|filho|filha|família|parceiro|parceira|amigo|amiga|vida|cabeça|projeto|colegas)",
        ),
    }
}

fn italian() -> Lexicon {
    Lexicon {
        little: &[
            "che", "non", "è", "di", "il", "per", "sono", "anche", "ho", "mi", "ma", "questo", "questa", "gli",
            "della", "perché", "più", "come", "ti", "cosa",
        ],
        you: &["tu", "te", "ti", "tuo", "tua", "tuoi", "tue", "voi", "vostro", "vostra"],
        polite: &["Lei", "Suo", "Sua", "Suoi", "Sue"],
        own: &["io", "me", "mi", "mio", "mia", "miei", "mie"],
        asking: begin(
            "come|cosa|che cosa|quando|dove|perché|quale|quali|chi|quanto|(?:hai|puoi|vuoi|pensi|senti) |ti piacerebbe",
        ),
        asks_you: words(
            r"(?:come|cosa|quando|perché|dove) (?:\w+ )?(?:ti|tu|lei|hai|vuoi|pensi|senti|faresti|potresti|stai|vorresti)|(?:hai|puoi|vuoi|senti|pensi|potresti|vorresti) (?:mai|provato|pensato|detto|fatto|dire|dirmi|fare)|ti piacerebbe",
        ),
        guides: words(
            r"prova(?:re)?(?: a)?|provi|(?:ti|le) (?:propongo|suggerisco|invito|incoraggio|consiglio|chiedo di)|potresti|dovresti|potrebbe|dovrebbe|raccontami|mi racconti|dimmi|mi dica|parlami|mi parli|possiamo|potremmo|facciamo|vediamo|sento che|sembra che|per la prossima",
        ),
        tells: words(
            r"ho|ero|avevo|mi (?:sento|sentivo|sono)|volevo|voglio|penso|pensavo|credo|credevo|devo|dovevo|lavoro|non so|sono (?:andata|andato|stata|stato|stanca|stanco)|mi[oae]i? (?:moglie|marito|madre|padre|mamma|papà|capo|squadra|team|lavoro|figli|figlio|figlia|famiglia|amico|amica|vita|testa|progetto|colleghi)",
        ),
    }
}

fn dutch() -> Lexicon {
    Lexicon {
        little: &[
            "ik", "het", "een", "niet", "dat", "je", "van", "maar", "ook", "heb", "mijn", "zijn", "wel", "naar",
            "voor", "nog", "wat", "hoe", "op",
        ],
        you: &["jij", "je", "jou", "jouw", "u", "uw"],
        polite: &[],
        own: &["ik", "mij", "me", "mijn"],
        asking: begin(
            "hoe|wat|wanneer|waar|waarom|welke?|wie|(?:heb|kun|ben|wil|zou|denk|voel|had|was) (?:je|jij)|(?:hebt|kunt|bent|wilt|zou) u",
        ),
        asks_you: words(
            r"(?:hoe|wat|wanneer|waarom|waar) (?:\w+ )?(?:je|jij|jou|u)|(?:heb|kun|wil|ben|zou|denk|voel|had) (?:je|jij)|(?:hebt|kunt|wilt|bent|zou) u",
        ),
        guides: words(
            r"probeer|ik (?:stel voor|zou (?:je|u)|nodig (?:je|u)|raad (?:je|u))|(?:je|u) (?:zou kunnen|kunt|zou)|laten we|vertel(?:t u)?(?: me| eens)?|we (?:kunnen|gaan|zouden)|ik hoor|het klinkt|neem|voor de volgende keer",
        ),
        tells: words(
            r"ik (?:heb|ben|was|had|voel|voelde|wil|wilde|denk|dacht|moet|moest|weet|wist|werk|vind|vond|kan|kon)|mijn (?:vrouw|man|moeder|vader|baas|team|werk|baan|kinderen|zoon|dochter|partner|familie|vriend|vriendin|leven|hoofd|project|collega|collega's)",
        ),
    }
}

/// Matches at the beginning of a clause.
fn begin(pattern: &str) -> Regex {
    // A particle may come first: "und wie", "et comment".
    regex(&format!(
        r"(?:^|[.!,;:¿]\s*|\b(?:und|aber|also|ja|gut|et|mais|alors|bon|y|pero|bueno|entonces|e|mas|então|ma|allora|en|maar|dus)\s+)(?:{pattern})"
    ))
}

fn words(pattern: &str) -> Regex {
    regex(&format!(r"(?:^|[^\w])(?:{pattern})(?:[^\w]|$)"))
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::{super::roles, *};

    fn said<'a>(session: &'a [(usize, &'a str)]) -> Vec<Utterance<'a>> {
        session.iter().map(|(label, text)| Utterance { label: *label, text }).collect()
    }

    const GERMAN: [(usize, &str); 8] = [
        (0, "Schön, dass du da bist. Wie geht es dir, und was möchtest du dir heute ansehen?"),
        (
            1,
            "Ich war die ganze Woche durcheinander. Mein Chef hat mein Projekt schon wieder verschoben, und ich habe mich dumm gefühlt, weil ich es meinem Team schon erzählt hatte. Ich habe nachts nicht geschlafen.",
        ),
        (
            0,
            "Das klingt so, als hättest du es auf dich genommen. Was hast du dir gewünscht, als du es ihnen erzählt hast?",
        ),
        (1, "Ich wollte, dass sie wissen, dass ich auf ihrer Seite bin. Ich habe es auch meiner Frau gesagt."),
        (0, "Woran würdest du merken, dass sie es wissen? Was könntest du sie fragen?"),
        (1, "Ich glaube, ich kann meine Kollegin fragen. Ich habe es nicht versucht."),
        (
            0,
            "Lass uns das klein machen. Ich schlage vor, dass du bis zum nächsten Mal eine von ihnen fragst. Erzähl mir dann, was du hörst.",
        ),
        (1, "Das kann ich. Ich bin nervös, aber ich brauche es."),
    ];

    const FRENCH: [(usize, &str); 8] = [
        (0, "Bonjour, comment vas-tu depuis la dernière fois, et qu'est-ce que tu veux regarder aujourd'hui ?"),
        (
            1,
            "Je suis un peu perdue. Mon chef a encore déplacé mon projet, et je me suis sentie bête, parce que j'avais déjà tout dit à mon équipe. J'ai passé la nuit sans dormir, je ne sais pas ce que j'ai mal fait.",
        ),
        (0, "J'entends que tu l'as pris sur toi. Qu'est-ce que tu voulais qu'il se passe quand tu leur as parlé ?"),
        (1, "Je voulais qu'ils sachent que je suis de leur côté. J'ai dit la même chose à mon mari."),
        (0, "Comment est-ce que tu saurais qu'ils le savent ? Que pourrais-tu leur demander ?"),
        (1, "Je pense que je peux demander à ma collègue. Je n'ai pas essayé."),
        (
            0,
            "On va faire simple. Je te propose de demander à une personne d'ici la prochaine séance. Raconte-moi ensuite ce que tu entends.",
        ),
        (1, "Je peux le faire. J'ai un peu peur, mais j'en ai besoin."),
    ];

    const SPANISH: [(usize, &str); 8] = [
        (0, "Hola, ¿cómo te sientes desde la última vez, y qué quieres mirar hoy?"),
        (
            1,
            "Estoy un poco perdida. Mi jefe ha movido mi proyecto otra vez, y me sentí tonta porque ya lo había contado a mi equipo. No dormí en toda la noche, no sé qué hice mal.",
        ),
        (0, "Escucho que te lo llevaste contigo. ¿Qué querías que pasara cuando se lo contaste?"),
        (1, "Quería que supieran que estoy de su lado. Se lo dije también a mi marido."),
        (0, "¿Cómo sabrías que lo saben? ¿Qué podrías preguntarles?"),
        (1, "Creo que puedo preguntar a mi compañera. Yo no lo he intentado."),
        (
            0,
            "Vamos a hacerlo pequeño. Te propongo que preguntes a una persona para la próxima. Cuéntame después qué te dice.",
        ),
        (1, "Puedo hacerlo. Estoy nerviosa, pero lo necesito."),
    ];

    #[test]
    fn coaching_is_heard_in_other_languages() {
        for session in [GERMAN, FRENCH, SPANISH] {
            let said = said(&session);
            assert!(of(&said).is_some(), "{said:?}");
            let found = roles::coaching(&said);
            assert_eq!(found.map(|found| found.coach), Some(0), "{:?}", roles::likeliest(&said));
        }
    }

    #[test]
    fn what_is_english_or_unknown_has_no_other_lexicon() {
        for text in [
            "I was at the office and the team was there, and what you said of it is true.",
            "Minulla on ollut kiire koko viikon, enkä ole ehtinyt kirjoittaa sitä loppuun.",
            "",
        ] {
            assert!(of(&[Utterance { label: 0, text }]).is_none(), "{text}");
        }
        // Two people who talk about their work aren't coaching, in any language.
        let chat = [
            (0, "Die Version kommt am Dienstag, und die Notizen sind fast fertig."),
            (1, "Gut, die Tests laufen auf beiden Rechnern, das sah heute morgen gut aus."),
            (0, "Dann führe ich es zusammen. Die Zahlen sind die gleichen wie beim letzten Mal."),
            (1, "Ich würde auf die Durchsicht warten, der zweite Teil ist noch nicht drin."),
            (0, "In Ordnung, bis zum Nachmittag, das macht keinen Unterschied für mich."),
            (1, "Die Anleitung braucht auch ein Wort über den neuen Schalter, einen Absatz vielleicht."),
        ];
        assert_eq!(roles::coaching(&said(&chat)), None);
    }
}
