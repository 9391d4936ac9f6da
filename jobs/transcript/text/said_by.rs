//! Ways to combine a name and the words without a separator: a verb of saying, or quotation marks around the words.

use super::mark::found;
use crate::{
    label::{self, Candidate},
    transcript::Utterance,
};

/// Verbs of saying between a name and a colon. Lower case.
#[rustfmt::skip]
const SAYS: &[&str] = &[
    "says", "said", "asks", "asked", "answers", "answered", "replies", "replied", "responds", "responded", "adds", "added",
    "continues", "continued", "speaks", "speaking", "writes", "sagt", "sagte", "fragt", "fragte", "antwortet", "antwortete",
    "dit", "demande", "répond", "dice", "pregunta", "responde", "diz", "pergunta", "risponde", "chiede", "säger", "frågar",
    "svarar", "zegt", "vraagt", "antwoordt",
];

/// Verbs of saying that follow a name without a space, longest first.
#[rustfmt::skip]
const SAYS_OF_HAN: &[&str] = &[
    "回答说", "回答說", "回答道", "说道", "說道", "问道", "問道", "答道", "接着说", "接著說", "表示", "回答", "提问", "提問", "说", "說", "问", "問",
    "答", "道", "は言った", "が言った", "は言いました", "は尋ねた", "は答えた", "が尋ねた", "が答えた",
];

/// Quotation marks around the words.
const QUOTES: &[(char, char)] =
    &[('「', '」'), ('『', '』'), ('“', '”'), ('„', '“'), ('„', '”'), ('«', '»'), ('»', '«'), ('"', '"')];

/// Whether a candidate ends in a verb of saying, without a space before it.
pub(super) fn ends_in_a_verb(label: &str) -> bool {
    SAYS_OF_HAN.iter().any(|verb| label.strip_suffix(verb).is_some_and(|name| !name.is_empty()))
}

/// `Maya says: text`, `张三说：“text”`.
pub(super) fn says(text: &str) -> Option<Candidate<'_>> {
    let spoken = label::candidate(text).filter(|spoken| !spoken.tight)?;
    let of_han = || SAYS_OF_HAN.iter().find_map(|verb| spoken.label.strip_suffix(verb));
    let apart = || {
        let (name, verb) = spoken.label.rsplit_once(char::is_whitespace)?;
        let is_verb = |verb: &str| SAYS.contains(&verb.to_lowercase().as_str());
        (verb.len() <= 24 && verb.split('/').all(is_verb)).then_some(name)
    };
    let name = apart().or_else(of_han).filter(|name| !name.is_empty())?;
    found(name, unquoted(spoken.rest).unwrap_or(spoken.rest))
}

/// `田中さん「text」`, `Maya “text”`: only the quotation follows the name.
pub(super) fn quotes(text: &str) -> Option<Candidate<'_>> {
    let text = label::unlisted(text).trim_end();
    let at = text.find(|letter: char| QUOTES.iter().any(|(open, _)| *open == letter))?;
    let (name, quoted) = text.split_at(at);
    let name = name.trim_end().trim_end_matches([',', '、', ':', '：']);
    (at > 0 && at <= 120).then(|| found(name, unquoted(quoted)?)).flatten()
}

/// Removes the quotation marks around the words, if nearly every turn has them.
pub(super) fn unquote(said: &mut [Utterance]) {
    /// Fewer turns prove nothing.
    const FEWEST: usize = 3;
    let inner = |text: &str| {
        let marks = |letter: char| QUOTES.iter().any(|(open, close)| *open == letter || *close == letter);
        unquoted(text).filter(|inner| !inner.contains(marks)).map(str::to_owned)
    };
    let quoted = said.iter().filter(|said| inner(&said.text).is_some()).count();
    if quoted >= FEWEST && quoted * 10 >= said.len() * 8 {
        for said in said {
            if let Some(inner) = inner(&said.text) {
                said.text = inner;
            }
        }
    }
}

/// The contents of quotation marks around a whole text.
fn unquoted(text: &str) -> Option<&str> {
    let inner =
        |(open, close): &(char, char)| text.strip_prefix(*open)?.trim_end_matches(['.', '。']).strip_suffix(*close);
    let inner = QUOTES.iter().find_map(inner)?;
    (!inner.trim().is_empty()).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::{quotes, says};
    use crate::parse;

    #[test]
    fn names_before_quotations_and_verbs() {
        for (line, wanted) in [
            ("田中さん「今週はどうでしたか。」", Some(("田中さん", "今週はどうでしたか。"))),
            ("张三说：“很忙。”", Some(("张三", "很忙。"))),
            ("张三问道：“很忙？”", Some(("张三", "很忙？"))),
            ("Maya says: “so it is.”", Some(("Maya", "so it is."))),
            ("Maya “so it is.”", Some(("Maya", "so it is."))),
            ("Maya, «so it is.»", Some(("Maya", "so it is."))),
            ("Maya: so it is.", None),
            ("She said “no” to me.", None),
        ] {
            let seen = says(line).or_else(|| quotes(line)).map(|found| (found.label, found.rest));
            assert_eq!(seen, wanted, "{line}");
        }
    }

    #[test]
    fn talks_of_east_asia_are_read() {
        for layout in
            ["%「$」\n", "%：「$」\n", "%「$」\n\n", "%：$\n", "% 「$」\n", "%说：“$”\n", "%　$\n", "【%】$\n"]
        {
            let turns = [("コーチ", "今週はいかがでしたか。"), ("田中さん", "忙しかったです。上司と話せました。")];
            let turn = |(name, text): &(&str, &str)| layout.replace('%', name).replace('$', text);
            let file = turns.iter().map(turn).collect::<String>().repeat(3);
            let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
            assert!(read.account.balances(), "{file}");
            let labels: Vec<_> = read.utterances.iter().map(|said| said.label.as_deref()).collect();
            assert_eq!(labels, turns.repeat(3).iter().map(|(name, _)| Some(*name)).collect::<Vec<_>>(), "{file}");
            let said = |said: &str| said.trim_matches(['「', '」', '“', '”']) == turns[0].1;
            assert!(said(&read.utterances[0].text), "{file}");
        }
    }
}
