//! How email is sent: to a folder of `.eml` files, or over SMTP.
//!
//! A file is named after the Message-ID and put in place by a rename, so sending twice leaves one file with the same
//! bytes: a repeat is harmless, whoever the recipient is. Over SMTP the phases are separate (see `smtp.rs`), because
//! what a failure means depends on whether the message may have been accepted.

use std::path::{Path, PathBuf};

use lettre::{Address, address::Envelope, message::Mailbox};
use secrecy::ExposeSecret;
use url::Url;

use super::{
    Settings,
    smtp::{self, Smtp},
};
use crate::{SettingsError, private};

/// Sends email.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
}

#[derive(Debug)]
enum Transport {
    File(PathBuf),
    Smtp(Box<Smtp>),
}

/// Why a message was not sent, by what is known of its fate. The text never contains an address.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It was not accepted, and never will be: the server refused it for good.
    #[error("the mail server refused the message ({code}): {words}")]
    Refused {
        /// The server's code.
        code: u16,
        /// The server's words, without addresses.
        words: String,
    },
    /// It was not accepted, but may be later.
    #[error("the mail was not sent: {0}")]
    NotSent(String),
    /// It may have been accepted: the connection was lost or silent after the whole message had been sent.
    #[error("the mail may have been sent: {0}")]
    Uncertain(String),
}

impl Mailer {
    /// Creates the transport that the settings name. Doesn't contact anything yet.
    ///
    /// # Errors
    /// Returns an error if the URL or the sender is invalid.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let from = sender(&settings.from).map_err(|error| {
            SettingsError::new("mail.from", format!("{error}; write it as `Debrief <debrief@example.org>`"))
        })?;
        // The URL may contain a password, so no message repeats it.
        let wrong = |problem: &str| SettingsError::new("mail.url", problem);
        let url: Url = settings
            .url
            .expose_secret()
            .parse()
            .map_err(|error| wrong(&format!("{error}; write smtp://host:port, smtps://… or file:///folder")))?;
        let transport = match url.scheme() {
            "file" => Transport::File(
                url.to_file_path().map_err(|()| wrong("a folder is written with three slashes: file:///var/mail"))?,
            ),
            "smtp" | "smtps" => Transport::Smtp(Box::new(Smtp::new(&url)?)),
            other => return Err(wrong(&format!("{other}:// isn’t supported; use smtp://, smtps:// or file:///"))),
        };
        Ok(Self { from, transport })
    }

    /// The sender of every email.
    #[must_use]
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// The folder that email goes to, if it goes to one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.transport {
            Transport::File(folder) => Some(folder),
            Transport::Smtp(_) => None,
        }
    }

    /// Whether somebody on the way to another machine could read an email.
    #[must_use]
    pub fn may_go_in_clear(&self) -> bool {
        match &self.transport {
            Transport::File(_) => false,
            Transport::Smtp(smtp) => smtp.may_go_in_clear(),
        }
    }

    /// Checks whether email can be sent, and describes how. Sends nothing: writes and removes a file, or greets the
    /// server.
    ///
    /// # Errors
    /// Returns what is wrong with the setting.
    pub async fn check(&self) -> Result<String, SettingsError> {
        let wrong = |problem: String| SettingsError::new("mail.url", problem);
        match &self.transport {
            Transport::File(folder) => {
                let probe = folder.join(format!(".check.{}", uuid::Uuid::now_v7().simple()));
                let written = async {
                    private::make_folder(folder)?;
                    drop(private::new_file(&probe)?);
                    tokio::fs::remove_file(&probe).await
                };
                written.await.map_err(|error| wrong(format!("{} cannot be written: {error}", folder.display())))?;
                Ok(format!("{}: written and removed a file", folder.display()))
            }
            Transport::Smtp(smtp) => smtp.check().await.map_err(|error| {
                let why = match error {
                    SendError::NotSent(why) | SendError::Uncertain(why) => why,
                    SendError::Refused { code, words } => format!("{code} {words}"),
                };
                wrong(format!("{} doesn’t accept mail: {why}; check the host, port, user and password", smtp.address()))
            }),
        }
    }

    /// Whether sending a message twice leaves only the first copy: then an attempt of unknown outcome is simply
    /// repeated, even to a client.
    #[must_use]
    pub fn repeat_is_harmless(&self) -> bool {
        matches!(self.transport, Transport::File(_))
    }

    /// Does everything up to the message itself: over SMTP, the connection, the sender, the recipient, and the server's
    /// "go ahead". Nothing is sent yet, nor if the returned value is dropped.
    ///
    /// # Errors
    /// Returns [`SendError::Refused`] or [`SendError::NotSent`].
    pub async fn open<'a>(
        &'a self,
        message_id: &'a str,
        recipient: &str,
        message: &'a [u8],
    ) -> Result<Opened<'a>, SendError> {
        let channel = match &self.transport {
            Transport::File(folder) => Channel::File(folder, message_id),
            Transport::Smtp(smtp) => {
                let not_sent = |error: &dyn std::fmt::Display| SendError::NotSent(error.to_string());
                let to: Address = recipient.parse().map_err(|error| not_sent(&error))?;
                let envelope =
                    Envelope::new(Some(self.from.email.clone()), vec![to]).map_err(|error| not_sent(&error))?;
                Channel::Smtp(Box::new(smtp.open(&envelope, message).await?))
            }
        };
        Ok(Opened { channel, message })
    }
}

/// Parses the sender as people write it: a name needs no quotes for its comma or letters.
fn sender(written: &str) -> Result<Mailbox, lettre::address::AddressError> {
    match written.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => {
            let name = name.trim().trim_matches('"').trim().replace("\\\"", "\"");
            Ok(Mailbox::new(Some(name).filter(|name| !name.is_empty()), address.trim().parse()?))
        }
        None => written.trim().parse(),
    }
}

/// A message about to be sent: see [`Mailer::open`].
#[must_use = "nothing is sent until it is transmitted"]
pub struct Opened<'a> {
    channel: Channel<'a>,
    message: &'a [u8],
}

enum Channel<'a> {
    File(&'a Path, &'a str),
    Smtp(Box<smtp::Conversation<'a>>),
}

impl Opened<'_> {
    /// Sends the message. Its outcome is unknown if this does not complete.
    ///
    /// # Errors
    /// Returns what is known of the message's fate: see [`SendError`].
    pub async fn transmit(self) -> Result<(), SendError> {
        match self.channel {
            Channel::File(folder, message_id) => write_file(folder, message_id, self.message)
                .await
                .map_err(|error| SendError::NotSent(format!("the folder of mails cannot be written: {error}"))),
            Channel::Smtp(conversation) => conversation.transmit(self.message).await,
        }
    }
}

impl std::fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.channel {
            Channel::File(..) => "Opened(file)",
            Channel::Smtp(_) => "Opened(smtp)",
        })
    }
}

/// Writes a temporary file and renames it, so that readers of the folder see only whole messages.
async fn write_file(folder: &Path, message_id: &str, message: &[u8]) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt;

    private::make_folder(folder)?;
    let name = message_id.trim_matches(['<', '>']);
    let temporary = folder.join(format!(".{name}.{}", uuid::Uuid::now_v7().simple()));
    let mut file = tokio::fs::File::from_std(private::new_file(&temporary)?);
    let written = async {
        file.write_all(message).await?;
        file.sync_all().await?;
        tokio::fs::rename(&temporary, folder.join(format!("{name}.eml"))).await
    };
    let written = written.await;
    if written.is_err() {
        // A full disk must not fill up with the remains of attempts.
        let _ = tokio::fs::remove_file(&temporary).await;
    }
    written
}
