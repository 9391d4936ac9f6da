//! Quotations that a coach typed: a letter must not quote what nobody said, nor give somebody another's words.
//!
//! Reads the session's utterances and who said them. What nobody is named for may be anybody's.

use std::sync::LazyLock;

use regex::Regex;
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::{Claim, Content, Section, Support},
    text,
};

/// What one person said in a session.
struct Said {
    /// `None` where nobody knows who it was.
    name: Option<String>,
    is_coach: bool,
    /// Whether the summary is this person's.
    is_you: bool,
    text: String,
}

/// The quotations in what was typed: a whole sentence, what somebody "said", and key quotes. A title or a word in quotation
/// marks isn't one.
fn quotations(claim: &Claim) -> Vec<String> {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)(?:^|\b(?:said|says|asked|asks|told|tells|suggested|wrote|answered|words)\b[^“"]*)[“"]"#)
            .expect("a constant pattern")
    });
    let quotes = claim.section == Section::KeyQuotes || SAYS.is_match(&claim.text);
    if quotes { text::quoted(&claim.text) } else { Vec::new() }
}

/// Who is said to have said the first quotation: "Priya said: “…”", "You told me that “…”". `None` if more than one is named
/// before it: "You asked, and I answered: “…”".
fn named(text: &str) -> Option<&str> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)([\p{L}\p{M}'’ -]*?)\s+(?:said|says|told|tells|suggested|asked|asks|wrote|answered)\b")
            .expect("a constant pattern")
    });
    let before = &text[..text.find(['“', '"'])?];
    let mut all = NAMED.captures_iter(before);
    match (all.next(), all.next()) {
        (Some(only), None) => Some(only.get(1)?.as_str().trim()),
        _ => None,
    }
}

/// The claims that a coach typed and that quote what wasn't said so, each with what is wrong.
pub(super) async fn misquoted<'a>(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    edited: &'a Content,
) -> Result<Vec<(&'a Claim, String)>, sqlx::Error> {
    let typed = |claim: &&Claim| claim.support == Support::Own && claim.edited;
    let quoting: Vec<(&Claim, Vec<String>)> =
        edited.claims.iter().filter(typed).map(|claim| (claim, quotations(claim))).collect();
    if quoting.iter().all(|(_, quotes)| quotes.is_empty()) {
        return Ok(Vec::new());
    }
    let said = sqlx::query_as!(
        Said,
        r#"select participants.name as "name?", coalesce(kind = 'coach', false) as "is_coach!",
                  coalesce(participants.client_id = (select client_id from summaries where id = $2), false) as "is_you!",
                  string_agg(text, ' ' order by transcript_id, position) as "text!"
           from utterances
           left join attributions on attributions.session_id = utterances.session_id and attributions.label = utterances.label
           left join participants on participants.id = participant_id
           where utterances.session_id = $1 and replaced_at is null
           group by participants.id, participants.name, kind, participants.client_id"#,
        session_id,
        summary_id
    )
    .fetch_all(tx.conn())
    .await?;
    let wrong = |(claim, quotes): (&'a Claim, Vec<String>)| Some((claim, problem(&said, &claim.text, &quotes)?));
    Ok(quoting.into_iter().filter_map(wrong).collect())
}

/// What is wrong with the quotations of a sentence.
fn problem(said: &[Said], sentence: &str, quotes: &[String]) -> Option<String> {
    const INSTEAD: &str = "Quote the words as they were said, or leave out the quotation marks.";
    let whose = |quote: &str| said.iter().filter(|one| text::locate(&one.text, quote).is_some()).collect::<Vec<_>>();
    if let Some(quote) = quotes.iter().find(|quote| whose(quote).is_empty()) {
        let stop = if quote.ends_with(['.', '!', '?', '…']) { "" } else { "." };
        return Some(format!("Nobody said “{quote}”{stop} {INSTEAD}"));
    }
    // Of several quotations only the first is surely that person's.
    let (quote, name) = (quotes.first()?, named(sentence)?);
    let is_meant = |one: &&Said| match name.to_lowercase().as_str() {
        "you" => one.is_you,
        "i" => one.is_coach,
        name => one.name.as_deref().is_some_and(|own| is_called(&own.to_lowercase(), name)),
    };
    let meant: Vec<&Said> = said.iter().filter(is_meant).collect();
    let [meant] = meant[..] else { return None };
    let theirs = whose(quote);
    let is_theirs = theirs.iter().any(|one| std::ptr::eq(*one, meant) || one.name.is_none());
    let other = theirs.first()?.name.as_deref()?;
    let who = meant.name.as_deref()?;
    (!is_theirs).then(|| {
        format!("It was {other} who said “{quote}”, not {who}. Name the right person, or leave the sentence out.")
    })
}

/// Whether somebody of this name is called so: by the whole, or by one of its words.
fn is_called(own: &str, name: &str) -> bool {
    let name = name.rsplit(['.', ',']).next().unwrap_or(name).trim();
    own == name || own.split(' ').any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_in_quotation_marks_is_no_quotation() {
        let of = |section, text: &str| quotations(&Claim::new(section, text.to_owned())).len();
        assert_eq!(of(Section::Recommendations, "Read “Start with Heart” by Friday."), 0);
        assert_eq!(of(Section::Wins, "Priya said: “I did it.”"), 1);
        assert_eq!(of(Section::Wins, "“I did it.”"), 1);
        assert_eq!(of(Section::KeyQuotes, "Your word for it: “enough”"), 1);
    }

    #[test]
    fn a_quotation_is_of_whoever_said_it() {
        let one = |name: Option<&str>, is_coach, text: &str| Said {
            name: name.map(Into::into),
            is_coach,
            is_you: name == Some("Priya Raman"),
            text: text.into(),
        };
        let said = [
            one(Some("Maya Okafor"), true, "I'll send you the article by Wednesday. How was it?"),
            one(Some("Priya Raman"), false, "I asked him, and he said yes. It was hard."),
            one(None, false, "The room is taken on Monday."),
        ];
        let told = |sentence: &str| {
            let claim = Claim::new(Section::Wins, sentence.into());
            problem(&said, sentence, &quotations(&claim)).unwrap_or_default()
        };
        for good in [
            "Priya said: “I asked him, and he said yes.”",
            "Priya Raman said: “It was hard.”",
            "You told me: “I asked him, and he said yes.”",
            "I said: “I'll send you the article by Wednesday.”",
            "Maya told you: “I'll send you the article by Wednesday.”",
            "Priya said: “The room is taken on Monday.”",
            "Anders said: “It was hard.”",
            "You asked, and I answered: “I'll send you the article by Wednesday.”",
            "“It was hard.”",
        ] {
            assert_eq!(told(good), "", "{good}");
        }
        for swapped in [
            "Priya said: “I'll send you the article by Wednesday.”",
            "You said: “I'll send you the article by Wednesday.”",
            "I said: “I asked him, and he said yes.”",
            "Maya said that “It was hard.”",
        ] {
            let told = told(swapped);
            assert!(told.starts_with("It was ") && told.contains(", not "), "{swapped}: {told}");
        }
        assert!(told("Priya said: “I will quit.”").starts_with("Nobody said “I will quit.” Quote"));
        assert!(told("Priya said: “I will quit”").starts_with("Nobody said “I will quit”. Quote"));
    }
}
