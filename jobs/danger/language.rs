//! Which languages a sentence may be in, judging by its small words. People switch languages from one sentence to the
//! next; if there is no hint, all languages are tried.

/// The languages, in the order of the files.
pub(super) const LANGUAGES: [&str; 8] = ["en", "de", "sv", "es", "fr", "it", "pt", "nl"];

/// A set of languages, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Languages(u16);

impl Languages {
    pub(super) const ALL: Self = Self((1 << LANGUAGES.len()) - 1);

    /// The indices of these languages in `LANGUAGES`.
    pub(super) fn places(self) -> impl Iterator<Item = usize> + Clone {
        (0..LANGUAGES.len()).filter(move |at| self.0 & (1 << at) != 0)
    }

    /// The languages that plain words may belong to.
    pub(super) fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut counts = [0_u32; LANGUAGES.len()];
        for word in words {
            for (count, small) in counts.iter_mut().zip(SMALL) {
                *count += u32::from(small.contains(&word));
            }
        }
        let most = counts.into_iter().max().unwrap_or(0);
        if most < 2 {
            return Self::ALL;
        }
        // Related languages share small words: any language with two thirds of the best count is possible.
        let may = |(at, count): (usize, u32)| if count * 3 >= most * 2 { 1 << at } else { 0 };
        Self(counts.into_iter().enumerate().map(may).sum())
    }
}

/// Small words that identify a language, in plain form.
const SMALL: [&[&str]; LANGUAGES.len()] = [
    &[
        "the", "and", "i", "you", "it", "is", "was", "to", "of", "my", "that", "he", "she", "not", "are", "have",
        "with", "for", "they", "what", "do", "am", "be", "him", "her", "his", "this", "on", "at", "if", "when", "but",
        "can", "will", "would", "all", "me", "so", "we", "there", "been", "had", "has", "in", "a", "an", "as", "from",
        "just", "no", "or", "them", "their", "does", "did", "were", "because", "about", "up", "out",
    ],
    &[
        "ich", "und", "der", "die", "das", "nicht", "ist", "es", "mir", "mich", "er", "sie", "ein", "eine", "zu",
        "mit", "auf", "den", "dass", "hat", "habe", "hab", "war", "wenn", "ihn", "ihr", "mein", "meine", "meinem",
        "meiner", "meinen", "dem", "von", "im", "am", "aber", "wie", "was", "noch", "schon", "nur", "sich", "so",
        "bin", "wir", "uns", "als", "vor", "bei", "aus", "einen", "einem", "einer", "kein", "keine", "mehr", "immer",
        "weil", "ob", "seit", "nach", "des", "du", "sind", "wird", "hast", "haben", "bist", "in", "ins",
    ],
    &[
        "jag", "och", "det", "att", "inte", "ar", "som", "en", "ett", "pa", "han", "hon", "mig", "min", "mitt", "mina",
        "har", "den", "av", "for", "med", "till", "sa", "om", "sig", "vi", "var", "nar", "de", "dem", "men", "hade",
        "ska", "kan", "vill", "inget", "ingen", "honom", "henne", "hans", "hennes", "vad", "nu", "bara", "fran",
        "efter", "i", "igen", "sedan", "ut", "in", "eller", "alla", "dig", "du", "skulle", "blir", "blev",
    ],
    &[
        "que", "de", "la", "el", "no", "me", "mi", "yo", "y", "en", "los", "las", "un", "una", "por", "con", "se",
        "lo", "es", "pero", "ha", "he", "a", "del", "al", "le", "su", "mis", "si", "ya", "muy", "cuando", "porque",
        "como", "esta", "estoy", "tengo", "para", "mas", "te", "nos", "les", "o", "sin", "sobre", "hay", "hace", "eso",
        "todo", "era", "desde", "ser", "sus",
    ],
    &[
        "je", "j", "que", "qu", "de", "la", "le", "les", "ne", "n", "pas", "et", "il", "elle", "me", "m", "mon", "ma",
        "mes", "est", "a", "c", "ce", "un", "une", "des", "du", "dans", "pour", "l", "d", "on", "en", "y", "s", "se",
        "sur", "avec", "plus", "ai", "suis", "mais", "qui", "au", "aux", "son", "sa", "ses", "tout", "ca", "quand",
        "si", "nous", "vous", "lui", "ils", "par", "depuis", "etait", "ou", "leur", "chez", "sans",
    ],
    &[
        "che", "di", "la", "il", "non", "mi", "ho", "e", "un", "una", "per", "con", "lo", "ha", "sono", "ma", "mio",
        "mia", "si", "a", "del", "della", "dei", "le", "gli", "i", "in", "da", "dal", "nel", "al", "alla", "io", "ci",
        "se", "come", "quando", "piu", "sto", "era", "o", "l", "c", "perche", "anche", "cosi", "suo", "sua", "hanno",
        "sul", "su", "mie", "miei", "questo", "tutto", "dopo",
    ],
    &[
        "que", "de", "a", "o", "nao", "eu", "me", "e", "um", "uma", "com", "meu", "minha", "ele", "ela", "se", "por",
        "para", "mas", "do", "da", "em", "os", "as", "no", "na", "dos", "das", "ao", "foi", "ja", "mais", "quando",
        "como", "estou", "esta", "tenho", "lhe", "pra", "tem", "so", "meus", "minhas", "sem", "isso", "sou", "era",
        "ou", "eles", "num", "numa", "voce", "pelo", "pela", "nem", "seu", "sua", "muito", "ate",
    ],
    &[
        "ik", "het", "een", "de", "en", "van", "dat", "niet", "is", "was", "hij", "zij", "ze", "je", "jij", "jou",
        "mij", "mijn", "mezelf", "zijn", "haar", "hem", "zich", "op", "met", "voor", "maar", "ook", "als", "dan",
        "nog", "wel", "er", "om", "aan", "naar", "uit", "bij", "door", "die", "dit", "deze", "zo", "heb", "hebt",
        "heeft", "ben", "bent", "wil", "kan", "geen", "meer", "want", "omdat", "wat", "hoe", "waar", "wie", "toch",
        "nooit", "ons", "onze", "wij", "hun", "hen", "weer", "in", "gij", "ge", "uw", "werd", "wordt", "moet", "mag",
        "zou", "gaat", "daar", "iets", "niks", "niets", "nu", "alles", "iemand", "mijne",
    ],
];
