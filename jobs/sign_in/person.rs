//! The person behind an account: what the account page shows, and the mail that tells of a change. Reads `coaches`,
//! `organizations`, `credentials`, `recovery_codes` and `passkeys`; writes mails.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Gate,
    provider::{Provider, only_way},
};
use crate::{
    db::{TenantTx, Tx},
    mail::{self, AccountChange, AccountChanged, MailError, Message, NewMail, Recipient},
    model::Role,
};

/// A person's account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The person.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their roles.
    pub roles: Vec<Role>,
    /// Their IANA time zone.
    pub time_zone: String,
    /// The organization's name.
    pub organization: String,
    /// Whether the organization wants a second factor of everybody.
    pub factor_required: bool,
    /// When the password was set; `None` if there is none.
    pub password_since: Option<DateTime<Utc>>,
    /// Since when there is a second factor.
    pub factor_since: Option<DateTime<Utc>>,
    /// Recovery codes that weren't used.
    pub codes_left: i64,
    /// How many passkeys there are.
    pub passkeys: i64,
}

/// A person's account; `None` if there is no such person, or they were removed.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn account(tx: &mut TenantTx, person: Uuid) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"select coaches.id, coaches.name, email, roles as "roles: Vec<Role>", coaches.time_zone,
                  organizations.name as organization, require_second_factor as factor_required,
                  case when password_hash is not null then password_set_at end as password_since,
                  case when totp_secret is not null then totp_since end as factor_since,
                  (select count(*) from recovery_codes where recovery_codes.person_id = coaches.id and used_at is null) as "codes_left!",
                  (select count(*) from passkeys where passkeys.person_id = coaches.id) as "passkeys!"
           from coaches join organizations on organizations.id = coaches.organization_id
           left join credentials on credentials.person_id = coaches.id
           where coaches.id = $1 and removed_at is null"#,
        person
    )
    .fetch_optional(tx.conn())
    .await
}

/// Whether a person has to have a second factor of ours: the organization wants one, and its provider isn't both the only way in
/// and the one who asks for it.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn wants_factor(tx: &mut TenantTx, gate: &Gate, person: &Account) -> Result<bool, sqlx::Error> {
    Ok(person.factor_required && !only_way(tx, gate).await?.is_some_and(Provider::asks_for_factor))
}

/// Mails a person that something of their account changed. Whoever didn't do it learns of it, and what helps.
pub(super) async fn tell_of_change(
    tx: &mut TenantTx,
    gate: &Gate,
    person: &Account,
    change: AccountChange,
) -> Result<(), MailError> {
    let provider = only_way(tx, gate).await?;
    let path = provider.map_or_else(|| "sign-in".to_owned(), |provider| format!("sign-in/with/{}", provider.name()));
    let (link, label) = (gate.desk.settings.url(&path), provider.map(Provider::label));
    let message = Message::AccountChanged(AccountChanged::new(&person.name, &person.organization, change, label, link));
    send(tx, gate, person.id, person, message, Uuid::now_v7()).await
}

/// Queues a mail to a person, about `subject`.
pub(super) async fn send(
    tx: &mut TenantTx,
    gate: &Gate,
    person: Uuid,
    to: &Account,
    message: Message,
    subject: Uuid,
) -> Result<(), MailError> {
    let to = Recipient { name: to.name.clone(), email: to.email.clone() };
    mail::queue_mail(tx, &gate.desk.post, new_mail(person, to, message, subject)).await?;
    Ok(())
}

pub(super) fn new_mail(person: Uuid, to: Recipient, message: Message, subject: Uuid) -> NewMail {
    NewMail {
        message,
        to,
        reply_to: None,
        subject_id: subject,
        version: 1,
        session_id: None,
        coach_id: Some(person),
        client_id: None,
        due_at: None,
        correlation_id: Uuid::now_v7(),
    }
}
