//! A coach's rules and examples in the database.
//!
//! Reads and writes `voice_rules` and `voice_examples`. Adding an existing rule turns it on; removing a learned one
//! keeps the row, so that it isn't suggested again.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::Voice;
use crate::{
    db::{TenantTx, Tx},
    text::{is_readable, one_line},
};

/// The maximum number of rules per coach: the model reads the whole prompt, and the coach the whole page.
const MOST_RULES: i64 = 100;
/// How many of a client's examples go in a prompt, latest first.
const MOST_EXAMPLES: i64 = 6;

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It tells a language model something in words.
    Said,
    /// It replaces words with others.
    Replace,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its id.
    pub id: Uuid,
    /// What it does.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// `coach`, or `learned` from what the coach changed.
    pub source: String,
    /// Whether it is used. A learned one is off until the coach turns it on.
    pub active: bool,
}

/// A sentence of a client's summary, and the coach's version of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Its id.
    pub id: Uuid,
    /// The client; it is used for no other.
    pub client: String,
    /// As it was written.
    pub before: String,
    /// As the coach approved it.
    pub after: String,
    /// When it was learned.
    pub created_at: DateTime<Utc>,
}

/// The profile of a coach.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Profile {
    /// The rules: those in use first, then the suggestions.
    pub rules: Vec<Rule>,
    /// The examples, newest first.
    pub examples: Vec<Example>,
}

/// A rule to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewRule {
    /// In words.
    Said(String),
    /// Words, and their replacement.
    Replace(String, String),
}

/// Why a profile wasn't changed.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// The rule is invalid.
    #[error("{0}")]
    Bad(&'static str),
    /// The coach has no such rule or example.
    #[error("this coach has no such rule or example: it may already have been removed")]
    Unknown,
    /// The query failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl NewRule {
    /// The rule with normalized spaces.
    ///
    /// # Errors
    /// Returns what is wrong with it.
    fn checked(self) -> Result<Self, VoiceError> {
        let good = |text: &str, most: usize| {
            if text.is_empty() {
                return Err(VoiceError::Bad("the rule is empty: write what you want"));
            }
            if text.chars().count() > most {
                return Err(VoiceError::Bad(
                    "the rule is too long: at most 200 characters for a sentence, 60 for words",
                ));
            }
            if !is_readable(text) {
                return Err(VoiceError::Bad("the rule contains characters that can’t be shown: type it again"));
            }
            Ok(())
        };
        match self {
            Self::Said(rule) => {
                let rule = one_line(&rule);
                good(&rule, 200)?;
                Ok(Self::Said(rule))
            }
            Self::Replace(from, to) => {
                let (from, to) = (one_line(&from), one_line(&to));
                good(&from, 60)?;
                good(&to, 60)?;
                if from.to_lowercase() == to.to_lowercase() {
                    return Err(VoiceError::Bad("both words are the same: there’s nothing to replace"));
                }
                if [&from, &to].iter().any(|text| text.contains(['"', '\u{201c}', '\u{201d}', '\u{201e}', '<', '>'])) {
                    return Err(VoiceError::Bad("write the words without quotation marks or markup"));
                }
                Ok(Self::Replace(from, to))
            }
        }
    }
}

/// A coach's profile. Behind the link to a session, it has only the examples of that session's clients.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn profile(tx: &mut TenantTx, coach_id: Uuid, behind_link_to: Option<Uuid>) -> Result<Profile, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, kind, rule, from_words, to_words, source, active from voice_rules
         where coach_id = $1 and not removed order by active desc, source, created_at, id",
        coach_id
    )
    .fetch_all(tx.conn())
    .await?;
    let rules = rows.into_iter().map(|row| Rule {
        id: row.id,
        kind: if row.kind == "said" { Kind::Said } else { Kind::Replace },
        text: row.rule.unwrap_or_else(|| {
            let (to, from) = (row.to_words.unwrap_or_default(), row.from_words.unwrap_or_default());
            format!("\u{201c}{to}\u{201d} instead of \u{201c}{from}\u{201d}")
        }),
        source: row.source,
        active: row.active,
    });
    let rules = rules.collect();
    let examples = sqlx::query_as!(
        Example,
        "select voice_examples.id, clients.name as client, before_text as before, after_text as after,
                voice_examples.created_at
         from voice_examples join clients on clients.id = client_id
         where voice_examples.coach_id = $1
           and ($2::uuid is null or client_id in (select client_id from participants where session_id = $2))
         order by voice_examples.created_at desc, voice_examples.id desc limit 200",
        coach_id,
        behind_link_to
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Profile { rules, examples })
}

/// Adds a rule of the coach's own and turns it on; also turns on an existing or removed one.
///
/// # Errors
/// [`VoiceError::Bad`] says what is wrong with it.
pub async fn add(tx: &mut TenantTx, coach_id: Uuid, rule: NewRule) -> Result<Uuid, VoiceError> {
    let rule = rule.checked()?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from voice_rules where coach_id = $1 and not removed"#,
        coach_id
    )
    .fetch_one(tx.conn())
    .await?;
    if count >= MOST_RULES {
        return Err(VoiceError::Bad("there are already 100 rules: remove some first"));
    }
    let id = insert(tx, coach_id, &rule, "coach").await?;
    sqlx::query!("update voice_rules set active = true, removed = false where id = $1", id).execute(tx.conn()).await?;
    Ok(id)
}

/// Suggests a learned rule: off until the coach turns it on. An existing or removed one stays as it is.
pub(super) async fn suggest(tx: &mut TenantTx, coach_id: Uuid, rule: NewRule) -> Result<(), sqlx::Error> {
    match rule.checked() {
        Ok(rule) => insert(tx, coach_id, &rule, "learned").await.map(|_| ()),
        Err(_) => Ok(()),
    }
}

/// Inserts a rule if it is missing, and returns its id.
async fn insert(tx: &mut TenantTx, coach_id: Uuid, rule: &NewRule, source: &str) -> Result<Uuid, sqlx::Error> {
    let (kind, said, from, to) = match rule {
        NewRule::Said(rule) => ("said", Some(rule), None, None),
        NewRule::Replace(from, to) => ("replace", None, Some(from), Some(to)),
    };
    let organization = tx.tenant();
    sqlx::query!(
        "insert into voice_rules (id, organization_id, coach_id, kind, rule, from_words, to_words, source, active)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8 = 'coach') on conflict do nothing",
        Uuid::now_v7(),
        organization,
        coach_id,
        kind,
        said,
        from,
        to,
        source
    )
    .execute(tx.conn())
    .await?;
    sqlx::query_scalar!(
        "select id from voice_rules where coach_id = $1 and lower(coalesce(rule, '')) = lower(coalesce($2, ''))
            and lower(coalesce(from_words, '')) = lower(coalesce($3, ''))
            and lower(coalesce(to_words, '')) = lower(coalesce($4, ''))",
        coach_id,
        said,
        from,
        to
    )
    .fetch_one(tx.conn())
    .await
}

/// Turns a rule on or off.
///
/// # Errors
/// [`VoiceError::Unknown`] if the coach has no such rule.
pub async fn switch(tx: &mut TenantTx, coach_id: Uuid, rule: Uuid, active: bool) -> Result<(), VoiceError> {
    let sql = sqlx::query!(
        "update voice_rules set active = $3 where id = $1 and coach_id = $2 and not removed",
        rule,
        coach_id,
        active
    );
    if sql.execute(tx.conn()).await?.rows_affected() == 0 { Err(VoiceError::Unknown) } else { Ok(()) }
}

/// Removes a rule. It won't be learned again.
///
/// # Errors
/// [`VoiceError::Unknown`] if the coach has no such rule.
pub async fn remove(tx: &mut TenantTx, coach_id: Uuid, rule: Uuid) -> Result<(), VoiceError> {
    let sql = sqlx::query!(
        "update voice_rules set active = false, removed = true where id = $1 and coach_id = $2",
        rule,
        coach_id
    );
    if sql.execute(tx.conn()).await?.rows_affected() == 0 { Err(VoiceError::Unknown) } else { Ok(()) }
}

/// Removes an example; behind the link to a session, only one of that session's clients.
///
/// # Errors
/// [`VoiceError::Unknown`] if the coach has no such example.
pub async fn forget(
    tx: &mut TenantTx,
    coach_id: Uuid,
    behind_link_to: Option<Uuid>,
    example: Uuid,
) -> Result<(), VoiceError> {
    let sql = sqlx::query!(
        "delete from voice_examples where id = $1 and coach_id = $2
           and ($3::uuid is null or client_id in (select client_id from participants where session_id = $3))",
        example,
        coach_id,
        behind_link_to
    );
    if sql.execute(tx.conn()).await?.rows_affected() == 0 { Err(VoiceError::Unknown) } else { Ok(()) }
}

/// The coach's profile for one client: the rules in use, and that client's latest examples.
pub(crate) async fn for_client(tx: &mut TenantTx, coach_id: Uuid, client_id: Uuid) -> Result<Voice, sqlx::Error> {
    let rules = sqlx::query!(
        "select rule, from_words, to_words from voice_rules where coach_id = $1 and active order by created_at, id",
        coach_id
    )
    .fetch_all(tx.conn())
    .await?;
    let mut voice = Voice::default();
    for row in rules {
        voice.rules.extend(row.rule);
        voice.replacements.extend(row.from_words.zip(row.to_words));
    }
    let examples = sqlx::query!(
        "select before_text, after_text from voice_examples where coach_id = $1 and client_id = $2
         order by created_at desc, id desc limit $3",
        coach_id,
        client_id,
        MOST_EXAMPLES
    )
    .fetch_all(tx.conn())
    .await?;
    voice.examples = examples.into_iter().map(|row| (row.before_text, row.after_text)).collect();
    Ok(voice)
}
