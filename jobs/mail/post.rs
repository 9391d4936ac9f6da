//! What it takes to write a mail and to send it.

use std::sync::Arc;

use super::Mailer;
use crate::template::Templates;

/// The templates of mails and what sends them. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Post {
    /// What the mails say.
    pub templates: Arc<Templates>,
    /// How they leave.
    pub mailer: Arc<Mailer>,
}
