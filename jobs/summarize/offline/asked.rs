//! Whether someone was asked if something is done, and whether the answer is yes or no. Pure; English.

use std::sync::LazyLock;

use regex::Regex;

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident = $pattern:expr;)+) => {
        $($(#[$doc])* static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));)+
    };
}

patterns! {
    /// Asks whether the listener did something.
    ASKS_DONE = r"\b(?:were you able to|did you manage to|did you get (?:round|around) to|did you get to|did you get a chance to|did you end up|did you|have you)(?: \w+ly| also| then| already| ever| actually| manage to| get to| find (?:the )?time to)* (?P<deed>[\w'-]+)";
    /// Asks whether something the speaker sent has arrived.
    ASKS_ARRIVED = r"\b(?:did|has|have|do|does) (?:you (?:get|got|receive|received|see|seen|find|found|have)\b|(?:my|the|that|those|it|they|our)\b[\w' -]{0,50}\b(?:arrive|arrived|come through|came through|get (?:there|through|to you)|reach(?:ed)? you|land|landed|turn(?:ed)? up|made it|make it)\b)";
    /// Yes, as the first word of an answer.
    YES = r"^(?:(?:um+|uh+|oh|well|ah)[,.…-]* )*(?:(?:it|they) (?:did|has|have)(?:[,.!;…]|$)|(?:yes|yeah|yep|yup|(?:it|they) (?:arrived|came)|(?:i )?got (?:it|them)|it's here|i did|i have|we did|we have|sure did|of course i did|done|absolutely|i sure did)\b)";
    /// A no, or not yet, as the first word of an answer.
    NO = r"^(?:(?:um+|uh+|oh|well|ah|hm+|honestly|actually|sadly|unfortunately)[,.…-]* )*(?:no|nope|nah|not yet|not really|i didn't|i did not|i haven't|i have not|we didn't|we haven't|(?:it|they) (?:didn't|did not|hasn't|haven't)|nothing (?:came|arrived)|not quite|sorry,? no|still not)\b";
    /// It was done after all: "No, wait, I did."
    YET_DONE = r"\b(?:i did|i have|we did|wait|problem|no need|no trouble|no doubt|actually yes)\b";
    /// The yes is qualified.
    NOT_WHOLLY = r"\b(?:but|almost|nearly|half|partly|partially|sort of|kind of|some of|not|no|never|tried|started|began|except|i think|i guess|maybe|probably|will|going to|if|unless|\w+n't)\b|'ll\b";
    /// The next words take it back.
    TAKES_BACK = r"^(?:(?:um+|uh+|oh|well|ah|hm+|and)[,.…-]* )*(?:no\b|not\b|but\b|actually\b|almost|nearly|half|partly|wait|sort of|kind of|i (?:only|just|mean|tried|started)|at least)|\b(?:haven't|didn't|not yet)\b";
}

/// The deed that a question asks about: "call" in "did you call the school?".
pub(super) fn deed(own: &str) -> Option<&str> {
    Some(ASKS_DONE.captures(own)?.name("deed")?.as_str())
}

/// Whether a question asks if something the speaker gave has arrived: "Did my sheet arrive?"
pub(super) fn asks_arrival(own: &str) -> bool {
    ASKS_ARRIVED.is_match(own)
}

/// Whether a sentence answers yes or no to whether it was done; `None` if it does neither, or qualifies a yes. `rest`
/// is what follows immediately: it may take the answer back ("Yes. Well, half of it.").
pub(super) fn answer(own: &str, rest: &str) -> Option<bool> {
    if NO.is_match(own) {
        return (!YET_DONE.is_match(own) && !YET_DONE.is_match(rest)).then_some(false);
    }
    (YES.is_match(own) && !NOT_WHOLLY.is_match(own) && !TAKES_BACK.is_match(rest)).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_yes_or_no_answers_whether_it_was_done() {
        for (question, verb) in [
            ("did you call the school?", Some("call")),
            ("so, did you actually call the school?", Some("call")),
            ("have you sent lena the plan yet?", Some("sent")),
            ("did you manage to call the school?", Some("call")),
            ("did you get round to calling the school?", Some("calling")),
            ("were you able to write the letter?", Some("write")),
            ("how was the call with the school?", None),
            ("will you call the school?", None),
        ] {
            assert_eq!(deed(question), verb, "{question}");
        }
        for (own, rest, met) in [
            ("yes, they have a place.", "", Some(true)),
            ("yeah.", "they have a place.", Some(true)),
            ("i did.", "", Some(true)),
            ("no, not yet.", "", Some(false)),
            ("not yet.", "", Some(false)),
            ("it did, it did.", "i used it.", Some(true)),
            ("it didn't.", "", Some(false)),
            ("um, no.", "i was too tired.", Some(false)),
            ("yes, but nobody answered.", "", None),
            ("yes, i will.", "", None),
            ("yes.", "well, half of it.", None),
            ("yeah, no.", "", None),
            ("no problem, i did it on monday.", "", None),
            ("they have a place.", "", None),
        ] {
            assert_eq!(answer(own, rest), met, "{own} {rest}");
        }
    }
}
