//! What writing and sending email requires.

use std::sync::Arc;

use super::Mailer;
use crate::template::Templates;

/// Email templates and the transport. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Post {
    /// The templates.
    pub templates: Arc<Templates>,
    /// The transport.
    pub mailer: Arc<Mailer>,
}
