//! Letters and emails, which contain colons and names too: a greeting above, a closing below, or the header of an
//! email.

/// First words of a greeting. Lower case.
#[rustfmt::skip]
const GREETINGS: &[&str] = &[
    "hi", "hello", "dear", "hey", "good", "hallo", "liebe", "lieber", "liebes", "sehr", "guten", "bonjour", "cher", "chère",
    "salut", "hola", "estimado", "estimada", "querido", "querida", "olá", "caro", "cara", "ciao", "gentile", "hej", "hejsan",
    "kära", "käre", "bästa", "beste", "geachte",
];

/// How a closing begins. Lower case.
#[rustfmt::skip]
const FAREWELLS: &[&str] = &[
    "kind regards", "best regards", "warm regards", "regards", "best wishes", "best", "yours", "sincerely", "cheers",
    "thanks", "thank you", "many thanks", "love", "take care", "all the best", "talk soon", "warmly", "mit freundlichen",
    "viele grüße", "liebe grüße", "beste grüße", "herzliche grüße", "grüße", "lg", "mfg", "vg", "cordialement", "bien à vous",
    "amicalement", "saludos", "un abrazo", "atentamente", "abraços", "atenciosamente", "cordiali saluti", "un saluto",
    "vänliga hälsningar", "med vänlig", "hälsningar", "mvh", "met vriendelijke", "groeten",
];

/// Keys of an email's header. Lower case.
const HEAD: &[&str] = &[
    "from", "to", "cc", "subject", "sent", "von", "an", "betreff", "gesendet", "de", "à", "objet", "asunto", "från",
    "till", "ämne",
];

fn begins(line: &str, starts: &[&str]) -> bool {
    let line = line.to_lowercase();
    starts.iter().any(|start| line.strip_prefix(start).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
}

/// The index of the line where a letter that contains a talk ends: a closing after a blank line, if there is a greeting
/// above.
pub(super) fn farewell(lines: &[&str]) -> Option<usize> {
    const LONGEST: usize = 80;
    let filled = |line: &&&str| !line.trim().is_empty();
    let short = |line: &str| line.len() <= LONGEST && line.trim().ends_with([',', '!']);
    lines.iter().filter(filled).take(2).find(|line| short(line) && begins(line.trim(), GREETINGS))?;
    // The closing and the names below it.
    let from = lines.len().saturating_sub(10);
    let at = from + lines[from..].iter().rposition(|line| short(line) && begins(line.trim(), FAREWELLS))?;
    let below = lines[at..].iter().filter(filled).count();
    (below <= 5 && at > 0 && lines[at - 1].trim().is_empty()).then_some(at)
}

/// Whether the lines are those of a letter.
pub(super) fn is_one(lines: &[&str]) -> bool {
    let filled = || lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let short = |line: &&str, words: usize| line.len() <= 80 && line.split_whitespace().count() <= words;
    let key =
        |line: &str| line.split_once(':').is_some_and(|(key, _)| HEAD.contains(&key.trim().to_lowercase().as_str()));
    let headed = filled().take(10).filter(|line| key(line)).count() >= 2;
    let greets = filled().take(if headed { 12 } else { 4 }).any(|line| {
        short(&line, 6) && line.ends_with([',', '!', '.', ':']) && !line.contains(": ") && begins(line, GREETINGS)
    });
    let farewell = lines.iter().rev().map(|line| line.trim()).filter(|line| !line.is_empty()).take(8);
    let parts =
        farewell.filter(|line| short(line, 5) && !line.ends_with(['.', '?'])).any(|line| begins(line, FAREWELLS));
    (greets && parts) || (headed && (greets || parts))
}

#[cfg(test)]
mod tests {
    use super::is_one;

    #[test]
    fn letters_are_known() {
        for (text, letter) in [
            ("Hi Priya,\n\nPrice: ten.\n\nKind regards,\nMaya", true),
            ("Liebe Priya,\nPreis: zehn.\nViele Grüße\nMaya", true),
            ("From: Maya\nTo: Priya\nSubject: Price\n\nHi Priya,\nso.", true),
            ("Maya: Hi Priya,\nPriya: Hello.\nMaya: Thanks", false),
            ("Here is the talk.\n\nMaya: Hi.\nPriya: Best of all.\n", false),
        ] {
            assert_eq!(is_one(&text.lines().collect::<Vec<_>>()), letter, "{text}");
        }
    }
}
