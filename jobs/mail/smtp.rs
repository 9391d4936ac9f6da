//! SMTP in phases. lettre's own `send` reports one error for the whole conversation. Here the phases are driven one by
//! one, because only a failure after transmission of the message has started leaves its outcome unknown; before that, a
//! lost connection means that nothing was sent. So [`Smtp::open`] goes up to the server's "go ahead" (354), and
//! [`Conversation::transmit`] does the rest, once the caller has committed `sending`.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
        response::Response,
    },
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use url::Url;

use super::SendError;
use crate::{SettingsError, network};

/// The timeout for the connection, greeting, TLS and login together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The timeout for one command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// The timeout for the response to the message. RFC 5321 allows ten minutes; after this the outcome is unknown.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(90);
/// The timeout for a conversation up to the server's "go ahead", including the wait for a slot.
const OPEN_TIMEOUT: Duration = Duration::from_secs(120);
/// Concurrent conversations in one process: relays limit connections and answer the rest with errors.
const MAX_CONVERSATIONS: usize = 4;
/// Idle connections kept for the next email.
const MAX_IDLE: usize = 2;

/// When a connection becomes encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encryption {
    /// From the first byte (`smtps://`).
    Always,
    /// With STARTTLS, or no email is sent.
    Required,
    /// With STARTTLS if the server offers it.
    Offered,
    /// Never.
    Never,
}

/// A client of one relay.
pub(super) struct Smtp {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    /// No phase takes longer than this.
    patience: Duration,
    conversations: Semaphore,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({}:{}, {:?})", self.host, self.port, self.encryption)
    }
}

impl Smtp {
    /// Parses `smtp[s]://[user:password@]host[:port][?tls=required|offered|never&timeout=seconds]`. Without `tls`, all is
    /// sent over an encrypted connection, unless the server is near ([`network::is_near`]) and takes no password, or is this
    /// machine: whoever is on the way could otherwise say that the server has no TLS, and read each link. No `tls` lets a
    /// password go to another machine in clear.
    pub(super) fn new(url: &Url) -> Result<Self, SettingsError> {
        let wrong = |problem: String| SettingsError::new("mail.url", problem);
        // For a scheme that isn't the web's, `url` leaves an address as text, and an IPv6 address in brackets.
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(wrong("it has no host: write smtp://host:port".into()));
        }
        let (here, near) = (network::is_here(&host), network::is_near(&host));
        let credentials = match (url.username(), url.password()) {
            ("", _) => None,
            (user, password) => Some(Credentials::new(decode(user)?, decode(password.unwrap_or_default())?)),
        };
        let (mut encryption, port) = match url.scheme() {
            "smtps" => (Encryption::Always, 465),
            _ if !near || credentials.is_some() && !here => (Encryption::Required, 587),
            _ => (Encryption::Offered, 587),
        };
        let mut patience = MESSAGE_TIMEOUT;
        for (key, value) in url.query_pairs() {
            match (key.as_ref(), value.as_ref()) {
                ("tls", _) if encryption == Encryption::Always => {
                    return Err(wrong("smtps:// is always encrypted: leave out tls=".into()));
                }
                ("tls", "required") => encryption = Encryption::Required,
                ("tls", "offered") => encryption = Encryption::Offered,
                ("tls", "never") => encryption = Encryption::Never,
                ("timeout", seconds) => {
                    let seconds = seconds.parse().map_err(|_| wrong("timeout= is a number of seconds".into()))?;
                    patience = Duration::from_secs(seconds).min(MESSAGE_TIMEOUT);
                }
                _ => {
                    return Err(wrong(format!(
                        "{key}= isn’t supported: use tls=required, offered or never, and timeout="
                    )));
                }
            }
        }
        if credentials.is_some() && !here && matches!(encryption, Encryption::Offered | Encryption::Never) {
            return Err(wrong(
                "with tls=offered and tls=never everybody on the way could read the password: leave out tls= and let the server \
                 offer TLS, or, in your own network, let it take mail without a password. Only a server on this machine \
                 (localhost, 127.0.0.1) may get a password in clear"
                    .into(),
            ));
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            encryption,
            credentials,
            patience,
            conversations: Semaphore::new(MAX_CONVERSATIONS),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Opens a conversation up to where the server waits for the text of one message to one recipient.
    pub(super) async fn open(&self, envelope: &Envelope, message: &[u8]) -> Result<Conversation<'_>, SendError> {
        timeout(OPEN_TIMEOUT, self.announced(envelope, message))
            .await
            .map_err(|_| SendError::NotSent("the mail server was too busy or too slow".into()))?
    }

    async fn announced(&self, envelope: &Envelope, message: &[u8]) -> Result<Conversation<'_>, SendError> {
        let turn = self.conversations.acquire().await.map_err(|error| SendError::NotSent(error.to_string()))?;
        let mut connection = self.connection().await?;
        if let Err(error) = announce(&mut connection, COMMAND_TIMEOUT.min(self.patience), envelope, message).await {
            close(connection).await;
            return Err(error);
        }
        Ok(Conversation { smtp: self, connection, _turn: turn })
    }

    /// Greets the server, with TLS and login as for an email, and quits.
    pub(super) async fn check(&self) -> Result<String, SendError> {
        let connected = timeout(CONNECT_TIMEOUT.min(self.patience), self.connect())
            .await
            .map_err(|_| SendError::NotSent("it did not greet in time".into()))?;
        let connection = connected.map_err(|error| SendError::NotSent(describe(&error)))?;
        let encrypted = if connection.is_encrypted() { "encrypted" } else { "not encrypted" };
        let login = if self.credentials.is_some() { ", logged in" } else { "" };
        close(connection).await;
        Ok(format!("{}:{} greets, {encrypted}{login}", self.host, self.port))
    }

    /// Whether somebody on the way to another machine could read an email.
    pub(super) fn may_go_in_clear(&self) -> bool {
        matches!(self.encryption, Encryption::Offered | Encryption::Never) && !network::is_here(&self.host)
    }

    /// The server's address for display.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// An idle connection that still answers, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, SendError> {
        while let Some(mut connection) = self.take_idle() {
            if timeout(COMMAND_TIMEOUT.min(self.patience), connection.test_connected()).await == Ok(true) {
                return Ok(connection);
            }
        }
        timeout(CONNECT_TIMEOUT.min(self.patience), self.connect())
            .await
            .map_err(|_| SendError::NotSent("the mail server did not greet in time".into()))?
            .map_err(|error| match error.status() {
                // A refused login or greeting says nothing about the message: someone can fix it.
                Some(code) => SendError::NotSent(format!("the mail server refused the connection ({code})")),
                None => SendError::NotSent(describe(&error)),
            })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let hello = ClientId::default();
        let tls = || TlsParameters::new(self.host.clone());
        let wrapped = if self.encryption == Encryption::Always { Some(tls()?) } else { None };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_TIMEOUT), &hello, wrapped, None).await?;
        let upgrade = match self.encryption {
            Encryption::Required => true,
            Encryption::Offered => connection.can_starttls(),
            Encryption::Always | Encryption::Never => false,
        };
        if upgrade {
            connection.starttls(tls()?, &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }
}

/// A conversation up to the server's "go ahead". Dropping it closes the connection without a QUIT (which would now be
/// message text); a server discards a message without its final dot.
pub(super) struct Conversation<'a> {
    smtp: &'a Smtp,
    connection: AsyncSmtpConnection,
    _turn: SemaphorePermit<'a>,
}

impl Conversation<'_> {
    /// Transmits the text and its final dot, and waits for the response.
    pub(super) async fn transmit(mut self, message: &[u8]) -> Result<(), SendError> {
        match timeout(self.smtp.patience, self.connection.message(message)).await {
            Ok(Ok(_)) => {
                self.smtp.keep(self.connection);
                Ok(())
            }
            // An error response settles it: the server did not accept the message.
            Ok(Err(error)) if error.status().is_some() => {
                close(self.connection).await;
                Err(answered(&error))
            }
            Ok(Err(error)) => Err(SendError::Uncertain(describe(&error))),
            Err(_) => Err(SendError::Uncertain("the server did not answer to the message in time".into())),
        }
    }
}

/// Sends MAIL, RCPT and DATA: whatever fails here, nothing was sent.
async fn announce(
    connection: &mut AsyncSmtpConnection,
    patience: Duration,
    envelope: &Envelope,
    message: &[u8],
) -> Result<(), SendError> {
    let mut parameters = Vec::new();
    let ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.to().iter().chain(envelope.from()).all(ascii) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let words = "the server does not take addresses with letters outside ASCII".into();
            return Err(SendError::Refused { code: 553, words });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !message.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    command(patience, connection.command(Mail::new(envelope.from().cloned(), parameters))).await?;
    for to in envelope.to() {
        command(patience, connection.command(Rcpt::new(to.clone(), Vec::new()))).await?;
    }
    command(patience, connection.command(Data)).await
}

async fn command(patience: Duration, call: impl Future<Output = Result<Response, Error>>) -> Result<(), SendError> {
    match timeout(patience, call).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(answered(&error)),
        Err(_) => Err(SendError::NotSent("the mail server did not answer in time".into())),
    }
}

/// What an error means if the message was certainly not accepted.
fn answered(error: &Error) -> SendError {
    match error.status() {
        Some(code) if error.is_permanent() => SendError::Refused { code: code.into(), words: describe(error) },
        _ => SendError::NotSent(describe(error)),
    }
}

/// Quits without waiting long for the response.
async fn close(mut connection: AsyncSmtpConnection) {
    let _ = timeout(Duration::from_secs(2), connection.abort()).await;
}

/// The error's text without anything like an address, since it is logged.
fn describe(error: &Error) -> String {
    crate::clean::line(&error.to_string())
        .split(' ')
        .map(|word| if word.contains('@') { "(address)" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(500)
        .collect()
}

/// Percent-decodes a URL's user and password.
fn decode(text: &str) -> Result<String, SettingsError> {
    let wrong =
        || SettingsError::new("mail.url", "the user or password has a % that is not followed by two hex digits");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().ok_or_else(wrong)?, rest.next().ok_or_else(wrong)?];
            let hex = std::str::from_utf8(&digits).map_err(|_| wrong())?;
            bytes.push(u8::from_str_radix(hex, 16).map_err(|_| wrong())?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}
