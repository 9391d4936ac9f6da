//! What people call the relatives of others, and who sits at somebody's account for them, as plain data. Folded (lower
//! case, no accents).

use std::{collections::HashSet, sync::LazyLock};

/// Relatives and helpers, in the languages known here. Some of these words are names as well ("Son", "Mann").
pub(crate) const RELATIVES: &str = "wife husband partner spouse mother mum mom father dad son daughter sister brother granny grandma grandpa \
    assistant secretary interpreter translator carer caregiver nanny babysitter nurse colleague frau mann partnerin mutter vater sohn \
    tochter schwester bruder oma opa assistentin assistent sekretarin kollegin kollege dolmetscherin betreuer betreuerin femme mari \
    compagne compagnon mere pere fils fille soeur frere epouse epoux assistante interprete collegue mujer esposa marido esposo madre \
    padre hijo hija hermana hermano asistente colega mulher mae pai filho filha irma irmao moglie marito figlio figlia sorella fratello \
    assistente collega vrouw man moeder vader zoon dochter zus broer mor far fru dotter syster bror";

/// Whether a word, folded, is one of them.
pub(crate) fn is_relative(word: &str) -> bool {
    static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| RELATIVES.split_whitespace().collect());
    WORDS.contains(word)
}
