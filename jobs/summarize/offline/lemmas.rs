//! Matches the words of a promise with those of its outcome: "I'll send it" and "I sent it", "ring" and "call". For
//! open threads only: ranking compares words as they were said. Pure; English.

use std::{collections::HashMap, sync::LazyLock};

use super::stems;

/// A verb's base, then its past forms.
const IRREGULAR: &str = "send sent,write wrote written,tell told,speak spoke spoken,say said,ring rang rung,give gave given,\
    buy bought,bring brought,make made,do did done,go went gone,take took taken,get got gotten,have had,find found,\
    meet met,read read,run ran,see saw seen,sell sold,set set,put put,cut cut,hold held,keep kept,leave left,let let,\
    pay paid,think thought,teach taught,build built,begin began begun,choose chose chosen,draw drew drawn,drive drove driven,\
    eat ate eaten,feel felt,hear heard,hire hired,know knew known,lead led,learn learnt learned,lose lost,show showed shown,\
    sit sat,sleep slept,spend spent,stand stood,swim swam swum,win won,wear wore worn,break broke broken,catch caught,\
    come came,fall fell fallen,fly flew flown,forget forgot forgotten,grow grew grown,hide hid hidden,throw threw thrown,\
    quit quit,submit submitted,plan planned,stop stopped,drop dropped,ship shipped,apply applied,try tried,clarify clarified";
/// Words for the same deed, by the one that represents them.
const SAME: [(&str, &str); 24] = [
    ("ring", "call"),
    ("phone", "call"),
    ("telephone", "call"),
    ("speak", "talk"),
    ("say", "talk"),
    ("conversation", "talk"),
    ("chat", "talk"),
    ("discuss", "talk"),
    ("hand", "give"),
    ("email", "mail"),
    ("e-mail", "mail"),
    ("purchase", "buy"),
    ("complete", "finish"),
    ("schedule", "book"),
    ("arrange", "book"),
    ("reserve", "book"),
    ("publish", "post"),
    ("forward", "send"),
    ("submit", "send"),
    ("chief", "boss"),
    ("manager", "boss"),
    ("costs", "cost"),
    ("prices", "price"),
    ("pricing", "price"),
];
/// Regular verbs that people use in promises. Any other word is a thing.
const REGULAR: &str = "call ask talk mail book finish post start share check review change clean cook walk practise practice prepare \
    update upload raise move plan stop drop ship apply try launch close open sign order cancel contact invite \
    introduce confirm schedule delegate block protect rename rehearse record register visit help look follow interview \
    apologise apologize announce present deliver collect create add attach text remind return sort handle work want need use";

/// The base form of a word, stemmed as elsewhere, and whether the word is in the past tense.
pub(super) fn lemma(word: &str) -> (String, bool) {
    static FORMS: LazyLock<HashMap<&str, (&str, bool)>> = LazyLock::new(|| {
        let mut forms = HashMap::new();
        for verb in IRREGULAR.split(',') {
            let mut words = verb.split_whitespace();
            let Some(base) = words.next() else { continue };
            for past in words {
                forms.insert(past, (base, true));
            }
            forms.entry(base).or_insert((base, false));
        }
        forms
    });
    let (base, past) = match FORMS.get(word) {
        Some((base, past)) => ((*base).to_owned(), *past),
        None => (cut(word), word.ends_with("ed")),
    };
    (one_of(&base), past)
}

/// A word without its ending: "raise" and "raised" become the same.
fn cut(word: &str) -> String {
    let stem = stems::stem(word);
    stem.strip_suffix('e').filter(|short| short.chars().count() > 2).unwrap_or(&stem).to_owned()
}

fn one_of(base: &str) -> String {
    static ONE: LazyLock<HashMap<String, String>> =
        LazyLock::new(|| SAME.iter().map(|(word, one)| (cut(word), cut(one))).collect());
    let base = cut(base);
    ONE.get(&base).cloned().unwrap_or(base)
}

/// Whether a lemma is a deed rather than its object.
pub(super) fn is_verb(lemma: &str) -> bool {
    static VERBS: LazyLock<std::collections::HashSet<String>> = LazyLock::new(|| {
        let irregular = IRREGULAR.split(',').filter_map(|verb| verb.split_whitespace().next());
        irregular.chain(REGULAR.split_whitespace()).map(|word| one_of(&self::lemma(word).0)).collect()
    });
    VERBS.contains(lemma)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_and_its_past_are_one_word() {
        for (promised, done) in [
            ("send", "sent"),
            ("write", "written"),
            ("ring", "called"),
            ("hand", "gave"),
            ("speak", "talked"),
            ("post", "posted"),
            ("finish", "completed"),
            ("apply", "applied"),
            ("book", "scheduled"),
            ("raise", "raised"),
            ("close", "closed"),
        ] {
            assert_eq!(lemma(promised).0, lemma(done).0, "{promised}");
            assert!(!lemma(promised).1 && lemma(done).1, "{promised}");
            assert!(is_verb(&lemma(promised).0), "{promised}");
        }
        assert!(!is_verb(&lemma("draft").0), "a draft is a thing that is sent");
        assert_ne!(lemma("send").0, lemma("call").0);
        assert!(!is_verb(&lemma("numbers").0));
    }
}
