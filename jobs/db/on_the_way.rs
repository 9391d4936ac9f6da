//! How a connection to Postgres is kept from others on its way: by TLS with a certificate that is checked, unless the server
//! is near or the URL says otherwise. Reads the URL and `PGSSLMODE`.

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::network;

/// What others could do on the way to the database, because of an `sslmode` that somebody chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTheWay {
    /// Nothing: the server is near, or shows a certificate that is checked.
    Nothing,
    /// Read all that is sent, the password too: TLS isn't used, or is given up when the server doesn't offer it.
    Read,
    /// Pose as the server: TLS is used, and no certificate is checked.
    Pose,
}

/// The options of connections to `url`. Without an `sslmode`, a server that isn't near ([`network::is_near`], or a socket) has to
/// show a certificate for its name, which the machine or `sslrootcert` vouches for: the library's default gives TLS up
/// when somebody on the way says that there is none.
///
/// # Errors
/// Returns an error if the URL can't be parsed.
pub(super) fn options(url: &SecretString) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = url.expose_secret().parse()?;
    let url = url::Url::parse(url.expose_secret()).map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
    let in_url = url.query_pairs().any(|(key, _)| matches!(&*key, "sslmode" | "ssl-mode"));
    let in_environment = std::env::var("PGSSLMODE").is_ok_and(|mode| mode.parse::<PgSslMode>().is_ok());
    let chosen = in_url || in_environment;
    Ok(if chosen || is_near(&options) { options } else { options.ssl_mode(PgSslMode::VerifyFull) })
}

fn is_near(options: &PgConnectOptions) -> bool {
    options.get_socket().is_some() || options.get_host().starts_with('/') || network::is_near(options.get_host())
}

/// What others could do on the way to the database at `url`.
///
/// # Errors
/// Returns an error if the URL can't be parsed.
pub fn on_the_way(url: &SecretString) -> Result<OnTheWay, sqlx::Error> {
    let options = options(url)?;
    Ok(match options.get_ssl_mode() {
        _ if is_near(&options) => OnTheWay::Nothing,
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => OnTheWay::Read,
        PgSslMode::Require => OnTheWay::Pose,
        PgSslMode::VerifyCa | PgSslMode::VerifyFull => OnTheWay::Nothing,
    })
}

/// One connection to `url`, outside of a pool. All are made here or by [`super::Db::connect`].
///
/// # Errors
/// Returns an error if the URL can't be parsed or the server can't be reached.
pub async fn connect(url: &SecretString) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(&options(url)?).await
}

/// What an error in connecting means if it is about TLS, with what to do.
#[must_use]
pub fn about_tls(error: &sqlx::Error) -> Option<&'static str> {
    match error {
        sqlx::Error::Tls(_) => Some(
            "a server on another network has to offer TLS: turn it on there (in a network of your own, sslmode=prefer in the \
             URL does without)",
        ),
        // The handshake's errors come as those of the connection.
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => Some(
            "the server's certificate has to be for its name, and vouched for by this machine or by the file in \
             sslrootcert=FILE of the URL",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_far_away_shows_a_certificate_unless_the_url_says_otherwise() {
        use OnTheWay::{Nothing, Pose, Read};
        for (rest, mode, on_the_way) in [
            ("u:p@db.example.org/x", "VerifyFull", Nothing),
            ("u:p@db.example.org/x?sslrootcert=/ca.pem", "VerifyFull", Nothing),
            ("u:p@134744072/x", "VerifyFull", Nothing),
            ("u:p@[2600::1]/x", "VerifyFull", Nothing),
            ("u:p@localhost/x?host=db.example.org", "VerifyFull", Nothing),
            ("u:p@localhost/x?hostaddr=8.8.8.8", "VerifyFull", Nothing),
            ("u:p@db.example.org/x?sslmode=disable", "Disable", Read),
            ("u:p@db.example.org/x?sslmode=allow", "Allow", Read),
            ("u:p@db.example.org/x?sslmode=prefer", "Prefer", Read),
            ("u:p@db.example.org/x?ssl-mode=require", "Require", Pose),
            ("u:p@db.example.org/x?sslmode=verify-ca", "VerifyCa", Nothing),
            ("u:p@postgres/x", "Prefer", Nothing),
            ("u:p@127.0.0.1:5433/x", "Prefer", Nothing),
            ("u:p@10.0.0.7/x", "Prefer", Nothing),
            ("u:p@%2Fvar%2Frun%2Fpostgresql/x", "Prefer", Nothing),
            ("u:p@localhost/x?host=/var/run/postgresql", "Prefer", Nothing),
            ("u:p@postgres/x?sslmode=verify-full", "VerifyFull", Nothing),
        ] {
            let url = SecretString::from(format!("postgres://{rest}"));
            let options = options(&url).expect(rest);
            assert_eq!(format!("{:?}", options.get_ssl_mode()), mode, "{rest}");
            assert_eq!(super::on_the_way(&url).expect(rest), on_the_way, "{rest}");
        }
    }
}
