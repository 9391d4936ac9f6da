//! TLS: the cryptography of every connection to other servers.

use std::sync::Once;

/// Installs ring for the whole process, unless something is installed: reqwest is built without a provider of its own.
pub(crate) fn install_ring() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
