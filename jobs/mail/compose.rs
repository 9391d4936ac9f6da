//! Renders a [`Message`] and assembles the bytes that are sent, as RFC 5322 requires. Pure.

use std::collections::HashMap;

use base64::Engine;
use lettre::{
    Address,
    address::Envelope,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use mrml::prelude::{parser::ParserOptions, render::RenderOptions};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Message, Post};
use crate::{
    clean,
    template::{TemplateError, Templates},
};

/// Gmail clips anything longer; such an email is sent as text only, which isn't clipped.
const MAX_HTML_BYTES: usize = 102 * 1024;
/// A subject is cut after this many characters.
const MAX_SUBJECT: usize = 180;
/// A mailbox name is cut after this many characters.
const MAX_NAME: usize = 300;

/// Why an email could not be written.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address is invalid. The caller knows whose it is; the address itself stays out of logs.
    #[error("the recipient's address is not an email address: correct it in the roster")]
    Recipient,
    /// The reply address is invalid.
    #[error("the coach's address is not an email address: correct it with `debrief coach`")]
    ReplyTo,
    /// A template is faulty.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The message itself is faulty.
    #[error("the message cannot be put together: {0}")]
    Message(#[from] lettre::error::Error),
    /// The query failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// A person with a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The name, as shown.
    pub name: String,
    /// The address.
    pub email: String,
}

impl Recipient {
    /// The mailbox of a person with this name, if there is an address.
    #[must_use]
    pub fn of(name: &str, email: Option<&str>) -> Option<Self> {
        let email = email.map(str::trim).filter(|email| !email.is_empty())?;
        Some(Self { name: name.to_owned(), email: email.to_owned() })
    }

    /// The name on one line, without control characters, as stored and shown.
    #[must_use]
    pub fn shown_name(&self) -> String {
        one_line(&self.name)
    }

    /// Whether both are the same mailbox of the same person.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }

    fn canonical(&self) -> (String, String) {
        (self.shown_name(), self.email.trim().to_lowercase())
    }

    /// SHA-256 in hex of name and address, for places where neither may appear.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let (name, email) = self.canonical();
        let digest = Sha256::new().chain_update(email).chain_update([0]).chain_update(name).finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The address as it is on the ledger, or `None` if it is invalid.
    pub(super) fn address(&self) -> Option<String> {
        Some(self.mailbox()?.email.to_string())
    }

    /// The mailbox, or `None` if the address is invalid. A name cannot break out of its header.
    pub(super) fn mailbox(&self) -> Option<Mailbox> {
        let address: Address = self.email.trim().parse().ok()?;
        let name = self.shown_name();
        Some(Mailbox::new((!name.is_empty()).then_some(name), address))
    }
}

/// The three parts of an email.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The subject, on one line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part; `None` if it can't be rendered, so that the text goes alone.
    pub html: Option<String>,
}

/// Renders the three templates of a message. What people and tools wrote is cleaned here again: older rows may contain
/// characters that no email may.
///
/// # Errors
/// Returns an error if the template of the subject or the text is faulty.
pub fn render(templates: &Templates, message: &Message) -> Result<Rendered, MailError> {
    let kind = message.kind();
    let fault = |error: serde_json::Error| TemplateError::new(format!("mail/{kind}"), error);
    let mut context = serde_json::to_value(message).map_err(fault)?;
    clean::value(&mut context);
    let part = |file: &str| templates.render(&format!("mail/{kind}/{file}"), &context);
    let subject = clean::line(&part("subject.txt")?).chars().take(MAX_SUBJECT).collect();
    let text = part("body.txt")?;
    let html = or_text_alone(kind, part("body.mjml").and_then(|mjml| to_html(kind, &mjml)));
    Ok(Rendered { subject, text, html })
}

/// An email without its HTML still says everything; no email says nothing. The fault is still logged for the operator.
fn or_text_alone(kind: &str, html: Result<String, TemplateError>) -> Option<String> {
    html.inspect_err(|error| {
        metrics::counter!("debrief_mails_text_alone_total", "kind" => kind.to_owned()).increment(1);
        tracing::error!(target: "mail", { mail.kind = kind, %error }, "the HTML of a mail cannot be made: its text goes alone");
    })
    .ok()
}

fn to_html(kind: &str, mjml: &str) -> Result<String, TemplateError> {
    let fault = |error: &dyn std::fmt::Display| TemplateError::new(format!("mail/{kind}/body.mjml"), error);
    // minijinja escapes slashes too; some programs that read links don't unescape them.
    let mjml = mjml.replace("&#x2f;", "/");
    let parsed = mrml::parse_with_options(&mjml, &ParserOptions::default()).map_err(|error| fault(&error))?;
    // Otherwise a system font that is also a Google font would be loaded from Google.
    let options = RenderOptions { fonts: HashMap::new(), ..RenderOptions::default() };
    parsed.element.render(&options).map_err(|error| fault(&error))
}

/// A message ready to be frozen.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) subject: String,
    pub(super) message_id: String,
    pub(super) recipient: String,
    pub(super) bytes: Vec<u8>,
}

/// Assembles the message. The Message-ID comes from the ledger row's id, so that a copy is recognized as one.
pub(super) fn compose(post: &Post, id: Uuid, mail: &super::NewMail) -> Result<Composed, MailError> {
    let rendered = render(&post.templates, &mail.message)?;
    let to = mail.to.mailbox().ok_or(MailError::Recipient)?;
    let message_id = format!("<{id}@{}>", post.mailer.from().email.domain());
    // The library would parse the envelope from its own headers; these are written by `mailbox_header`.
    let envelope = Envelope::new(Some(post.mailer.from().email.clone()), vec![to.email.clone()])?;
    let mut builder = lettre::Message::builder()
        .envelope(envelope)
        .raw_header(mailbox_header("From", post.mailer.from()))
        .raw_header(mailbox_header("To", &to))
        .subject(rendered.subject.as_str())
        .date_now()
        .message_id(Some(message_id.clone()))
        .raw_header(header("Debrief-Correlation-Id", &mail.correlation_id.to_string()));
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.raw_header(mailbox_header("Reply-To", &reply_to.mailbox().ok_or(MailError::ReplyTo)?));
    }
    if !mail.message.sent_by_a_person() {
        builder = builder.raw_header(header("Auto-Submitted", "auto-generated"));
    }
    let message = match rendered.html.filter(|html| html.len() <= MAX_HTML_BYTES) {
        None => builder.singlepart(SinglePart::plain(rendered.text))?,
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(rendered.text, html))?,
    };
    Ok(Composed { subject: rendered.subject, message_id, recipient: to.email.to_string(), bytes: message.formatted() })
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A header with one mailbox, written so that every reader can parse it: a plain name is quoted; any other is in
/// encoded words, one per line, each made of whole characters; the address stands alone. If a name has a comma and
/// letters beyond ASCII, the library would put half of it in quotes and half in encoded words.
fn mailbox_header(name: &'static str, mailbox: &Mailbox) -> HeaderValue {
    let address = format!("<{}>", mailbox.email);
    let beside = |person: String| {
        let last = person.rsplit('\n').next().map_or(0, str::len);
        let fold = if name.len() + 2 + last + 1 + address.len() > 76 { "\r\n " } else { " " };
        format!("{person}{fold}{address}")
    };
    let encoded = match mailbox.name.as_deref().map(shown) {
        None => mailbox.email.to_string(),
        Some(person) if person.is_empty() => mailbox.email.to_string(),
        Some(person) if person.is_ascii() && person.len() < MOST_PLAIN && !person.contains("=?") => {
            let is_atom = |c: char| c.is_ascii_alphanumeric() || " !#$%&'*+-/=?^_`{|}~".contains(c);
            let is_plain = person.chars().all(is_atom);
            let quoted = || format!("\"{}\"", person.replace('\\', "\\\\").replace('"', "\\\""));
            beside(if is_plain { person.clone() } else { quoted() })
        }
        Some(person) => beside(encoded_words(&person)),
    };
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), mailbox.email.to_string(), encoded)
}

/// A longer name is folded, and not every reader accepts that in quoted text.
const MOST_PLAIN: usize = 60;

/// RFC 2047: base64 of at most 42 bytes per word, so that no line is longer than 78, `Reply-To` included.
fn encoded_words(text: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in text.chars() {
        if words.last().is_some_and(|word| word.len() + c.len_utf8() > 42) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let word = |word: &String| format!("=?utf-8?b?{}?=", base64::prelude::BASE64_STANDARD.encode(word));
    words.iter().map(word).collect::<Vec<_>>().join("\r\n ")
}

/// A name on one line, so that no part of it can start a header of its own. A control character becomes a space here:
/// its usual replacement would look like part of the name.
fn one_line(name: &str) -> String {
    clean::line(&name.replace(char::is_control, " "))
}

/// A name as a header shows it.
fn shown(name: &str) -> String {
    one_line(name).chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{super::Mailer, *};

    #[test]
    fn what_people_wrote_is_never_markup() {
        let templates = Templates::new();
        let hostile = "<script>alert(1)</script> & </mj-text> {{ coach }}";
        for mut message in Message::samples() {
            match &mut message {
                Message::ReviewRequest(mail) => mail.clients = vec![hostile.into()],
                Message::SpeakersNeeded(mail) => mail.title = hostile.into(),
                Message::SessionRejected(mail) => mail.files[0].file = hostile.into(),
                Message::SessionFailed(mail) => mail.reason = hostile.into(),
                Message::FollowUp(mail) => mail.wins = vec![hostile.into()],
                Message::WeeklyRollup(mail) => mail.open_items[0].client = hostile.into(),
                Message::WrongWords(mail) => mail.letters[0].sentences = vec![hostile.into()],
                Message::RosterProblems(mail) => mail.problems = vec![hostile.into()],
                Message::WebhookPaused(mail) => mail.description = hostile.into(),
                Message::SignInLink(mail) => {
                    for link in &mut mail.links {
                        link.organization = hostile.into();
                    }
                }
                Message::Invitation(mail) => mail.organization = hostile.into(),
                Message::ConfirmAddress(mail) => mail.organization = hostile.into(),
                Message::AccountChanged(mail) => mail.organization = hostile.into(),
            }
            let rendered = render(&templates, &message).unwrap_or_else(|error| panic!("{error}"));
            let html = rendered.html.expect("the HTML can be made");
            assert!(!html.contains("<script"), "{}", message.kind());
            assert!(html.contains("&lt;script&gt;alert(1)"), "{} shows the words", message.kind());
            let flowing = rendered.text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flowing.contains(hostile), "the text of {} has them as written:\n{flowing}", message.kind());
        }
    }

    /// Every string of every email, with every character that XML forbids and those that mislead.
    #[test]
    fn no_character_keeps_a_mail_from_going() {
        fn spoil(value: &mut serde_json::Value, with: &str) {
            match value {
                serde_json::Value::String(text) if text.parse::<chrono::NaiveDate>().is_err() => text.push_str(with),
                serde_json::Value::Array(values) => values.iter_mut().for_each(|value| spoil(value, with)),
                serde_json::Value::Object(fields) => fields.values_mut().for_each(|value| spoil(value, with)),
                _ => {}
            }
        }
        let hostile: String =
            ('\0'..'\u{20}').chain(['\u{7f}', '\u{9b}', '\u{202e}', '\u{2028}', '\u{fffe}', '\u{ffff}']).collect();
        let hostile = format!("{hostile}end");
        let templates = Templates::new();
        for message in Message::samples() {
            let mut context = serde_json::to_value(&message).expect("a context");
            spoil(&mut context, &hostile);
            clean::value(&mut context);
            let kind = message.kind();
            let mjml = templates.render(&format!("mail/{kind}/body.mjml"), &context).expect("it renders");
            let html = to_html(kind, &mjml).unwrap_or_else(|error| panic!("{kind}: {error}"));
            assert!(html.contains("end"), "{kind}");
            assert!(
                !html.contains(|c: char| c.is_control() && !c.is_whitespace() && c != '\u{7f}' && c != '\u{9b}'),
                "{kind}"
            );
            assert!(!html.contains('\u{202e}'), "{kind}");
        }
        // Also through the formatter itself, with a one-line subject.
        let mut failed = crate::mail::SessionFailed::sample();
        failed.title = format!("Goals{hostile}");
        let rendered = render(&templates, &Message::SessionFailed(failed)).expect("it renders");
        assert!(rendered.html.is_some() && rendered.text.contains('\u{fffd}'), "{rendered:?}");
        assert!(!rendered.subject.contains(char::is_control), "{:?}", rendered.subject);
    }

    #[test]
    fn where_no_html_can_be_made_the_text_goes_alone() {
        let broken = to_html("session_failed", "<mjml><mj-body><mj-text>a \u{1} b</mj-text></mj-body></mjml>");
        assert!(broken.is_err(), "XML does not allow it");
        assert_eq!(or_text_alone("session_failed", broken), None);
    }

    #[test]
    fn an_endless_mail_goes_as_text_alone() {
        let settings = crate::mail::Settings { url: "file:///m".to_owned().into(), from: "d@debrief.example".into() };
        let mailer = Arc::new(Mailer::new(&settings).expect("good settings"));
        let post = Post { templates: Arc::new(Templates::new()), mailer };
        let sentences = |count| vec!["A sentence of some length that repeats. ".repeat(100); count];
        for (count, html) in [(1, true), (40, false)] {
            let mail = crate::mail::NewMail {
                message: Message::FollowUp(crate::mail::FollowUp {
                    wins: sentences(count),
                    ..crate::mail::FollowUp::sample()
                }),
                to: Recipient { name: String::new(), email: "priya@raman.example".into() },
                reply_to: None,
                subject_id: Uuid::nil(),
                version: 1,
                session_id: None,
                coach_id: None,
                client_id: None,
                due_at: None,
                correlation_id: Uuid::nil(),
            };
            let composed = compose(&post, Uuid::nil(), &mail).expect("a good mail");
            let message = String::from_utf8(composed.bytes).expect("mail is text");
            assert!(message.contains("text/plain"));
            assert_eq!(message.contains("text/html"), html, "{count} wins");
        }
    }
}
