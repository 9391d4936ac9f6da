//! Access tokens: JWTs (RFC 7519) signed with HMAC-SHA256 by a key that is derived from `sign_in.secret_key`. Pure.
//!
//! A token names a sign-in and nothing else of its person; whether it still works is the sign-in's to say.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
};
use ring::hmac;
use serde::{Deserialize, Serialize};
use signature::{Signer, Verifier};
use uuid::Uuid;

/// How long an access token works.
pub(super) const ACCESS_MINUTES: i64 = 15;
const AUDIENCE: &str = "debrief-api";
/// How far apart the clocks of two processes may be.
const LEEWAY_SECONDS: u64 = 5;

/// What is in a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The address that the pages are at.
    iss: String,
    /// The API.
    aud: String,
    /// The person.
    pub(super) sub: Uuid,
    /// The organization.
    pub(super) org: Uuid,
    /// The sign-in.
    pub(super) sid: Uuid,
    iat: i64,
    exp: i64,
    /// Its own id: no two are the same.
    jti: Uuid,
}

/// What a token is.
#[derive(Clone, Debug)]
pub(super) enum Checked {
    /// It's ours, and works as far as it can tell itself.
    Good(Claims),
    /// It was ours.
    Old,
    /// Anything else.
    NotOurs,
}

/// Whose token it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub(super) organization: Uuid,
    pub(super) person: Uuid,
    pub(super) sign_in: Uuid,
}

/// Signs and checks access tokens.
#[derive(Clone)]
pub(super) struct TokenSigner {
    keys: Arc<(EncodingKey, DecodingKey)>,
    issuer: Arc<str>,
}

impl std::fmt::Debug for TokenSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenSigner(…)")
    }
}

impl TokenSigner {
    /// Derives a key from the one of the settings, which serves other ends as well. `issuer` is the address of the pages.
    pub(super) fn new(key: &[u8], issuer: &str) -> Option<Self> {
        // Another part of the process may have done so.
        let _ = PROVIDER.install_default();
        let key = derived(key);
        let keys = (EncodingKey::from_secret(&key).ok()?, DecodingKey::from_secret(&key).ok()?);
        Some(Self { keys: Arc::new(keys), issuer: issuer.into() })
    }

    /// A token that works from `now` on.
    pub(super) fn sign(&self, subject: Subject, now: DateTime<Utc>) -> Option<String> {
        let claims = Claims {
            iss: self.issuer.to_string(),
            aud: AUDIENCE.to_owned(),
            sub: subject.person,
            org: subject.organization,
            sid: subject.sign_in,
            iat: now.timestamp(),
            exp: (now + Duration::minutes(ACCESS_MINUTES)).timestamp(),
            jti: Uuid::new_v4(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.keys.0).ok()
    }

    /// What is in a token of ours.
    pub(super) fn check(&self, token: &str) -> Checked {
        let mut wanted = Validation::new(Algorithm::HS256);
        wanted.set_audience(&[AUDIENCE]);
        wanted.set_issuer(&[&self.issuer]);
        wanted.set_required_spec_claims(&["exp", "iss", "aud"]);
        wanted.leeway = LEEWAY_SECONDS;
        match jsonwebtoken::decode::<Claims>(token, &self.keys.1, &wanted) {
            Ok(token) => Checked::Good(token.claims),
            // The signature was checked first.
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Checked::Old,
            Err(_) => Checked::NotOurs,
        }
    }
}

/// The key of tokens, for the key of the settings.
fn derived(key: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"debrief access tokens, 1").as_ref().to_vec()
}

/// HMAC-SHA256 of ring, and nothing else: a token that names another algorithm is none of ours.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hmac(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())))),
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hmac(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?)))),
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hmac(hmac::Key);

impl Signer<Vec<u8>> for Hmac {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hmac {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hmac {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hmac {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn subject() -> Subject {
        Subject { organization: Uuid::now_v7(), person: Uuid::now_v7(), sign_in: Uuid::now_v7() }
    }

    fn signer(key: u8) -> TokenSigner {
        TokenSigner::new(&[key; 32], "https://debrief.example").expect("a key")
    }

    #[test]
    fn a_token_names_its_sign_in_for_a_quarter_of_an_hour() {
        let (signer, subject, now) = (signer(1), subject(), Utc::now());
        let token = signer.sign(subject, now).expect("a token");
        let Checked::Good(claims) = signer.check(&token) else { panic!("it is ours") };
        assert_eq!((claims.sub, claims.org, claims.sid), (subject.person, subject.organization, subject.sign_in));
        assert_ne!(signer.sign(subject, now), Some(token), "each is another");
        let old = signer.sign(subject, now - Duration::minutes(ACCESS_MINUTES) - Duration::seconds(6));
        assert!(matches!(signer.check(&old.expect("a token")), Checked::Old));
    }

    #[test]
    fn a_token_of_somebody_else_is_none() {
        let ours = signer(1);
        let none = |signer: &TokenSigner, token: &str| matches!(signer.check(token), Checked::NotOurs);
        let token = ours.sign(subject(), Utc::now()).expect("a token");
        assert!(none(&signer(2), &token), "another key");
        let elsewhere = TokenSigner::new(&[1; 32], "https://other.example").expect("a key");
        assert!(none(&elsewhere, &token), "another installation");
        let [head, body, mark] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let changed = text(body).replace("debrief-api", "debrief-all");
        assert!(none(&ours, &format!("{head}.{}.{mark}", URL_SAFE_NO_PAD.encode(changed))), "unsigned");
        // Signed with our own key, but with another algorithm, or saying something else.
        let key = derived(&[1; 32]);
        let signed = |algorithm, head: &str, body: &str| {
            let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(body));
            let mark = hmac::sign(&hmac::Key::new(algorithm, &key), message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(mark))
        };
        let (head, body) = (text(head), text(body));
        assert!(matches!(ours.check(&signed(hmac::HMAC_SHA256, &head, &body)), Checked::Good(_)), "as it is");
        for (name, algorithm) in [("HS512", hmac::HMAC_SHA512), ("HS384", hmac::HMAC_SHA384)] {
            assert!(none(&ours, &signed(algorithm, &head.replace("HS256", name), &body)), "{name}");
        }
        for name in ["none", "RS256", "ES256", "EdDSA"] {
            assert!(none(&ours, &signed(hmac::HMAC_SHA256, &head.replace("HS256", name), &body)), "{name}");
            assert!(
                none(&ours, &format!("{}.{}.", URL_SAFE_NO_PAD.encode(&head), URL_SAFE_NO_PAD.encode(&body))),
                "{name}"
            );
        }
        for (said, instead) in [
            (r#""aud":"debrief-api""#, r#""aud":"another""#),
            (r#""aud":"debrief-api","#, ""),
            (r#""iss":"https://debrief.example""#, r#""iss":"https://other.example""#),
            (r#""iss":"https://debrief.example","#, ""),
        ] {
            assert!(body.contains(said), "{body}");
            assert!(none(&ours, &signed(hmac::HMAC_SHA256, &head, &body.replace(said, instead))), "{said}");
        }
        assert!(none(&ours, ""));
    }

    fn text(part: &str) -> String {
        String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
    }
}
