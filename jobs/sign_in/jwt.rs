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
pub(super) struct Signature {
    keys: Arc<(EncodingKey, DecodingKey)>,
    issuer: Arc<str>,
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Signature(…)")
    }
}

impl Signature {
    /// Derives a key from the one of the settings, which serves other ends as well. `issuer` is the address of the pages.
    pub(super) fn new(key: &[u8], issuer: &str) -> Option<Self> {
        // Another part of the process may have done so.
        let _ = PROVIDER.install_default();
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"debrief access tokens, 1");
        let key = derived.as_ref();
        let keys = (EncodingKey::from_secret(key).ok()?, DecodingKey::from_secret(key).ok()?);
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

    fn signature(key: u8) -> Signature {
        Signature::new(&[key; 32], "https://debrief.example").expect("a key")
    }

    #[test]
    fn a_token_names_its_sign_in_for_a_quarter_of_an_hour() {
        let (signature, subject, now) = (signature(1), subject(), Utc::now());
        let token = signature.sign(subject, now).expect("a token");
        let Checked::Good(claims) = signature.check(&token) else { panic!("it is ours") };
        assert_eq!((claims.sub, claims.org, claims.sid), (subject.person, subject.organization, subject.sign_in));
        assert_ne!(signature.sign(subject, now), Some(token), "each is another");
        let old = signature.sign(subject, now - Duration::minutes(ACCESS_MINUTES) - Duration::seconds(6));
        assert!(matches!(signature.check(&old.expect("a token")), Checked::Old));
    }

    #[test]
    fn a_token_of_somebody_else_is_none() {
        let ours = signature(1);
        let none = |signature: &Signature, token: &str| matches!(signature.check(token), Checked::NotOurs);
        let token = ours.sign(subject(), Utc::now()).expect("a token");
        assert!(none(&signature(2), &token), "another key");
        let elsewhere = Signature::new(&[1; 32], "https://other.example").expect("a key");
        assert!(none(&elsewhere, &token), "another installation");
        let [head, body, mark] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let changed = String::from_utf8(URL_SAFE_NO_PAD.decode(body).expect("base64")).expect("JSON");
        let changed = URL_SAFE_NO_PAD.encode(changed.replace("debrief-api", "debrief-all"));
        assert!(none(&ours, &format!("{head}.{changed}.{mark}")), "another body");
        for algorithm in ["none", "HS512", "RS256", "ES256"] {
            let head = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#));
            assert!(none(&ours, &format!("{head}.{body}.{mark}")), "{algorithm}");
            assert!(none(&ours, &format!("{head}.{body}.")), "{algorithm}, unsigned");
        }
        assert!(none(&ours, ""));
    }
}
