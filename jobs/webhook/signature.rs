//! Signatures as Standard Webhooks has them: HMAC-SHA256 of id, time and body, in base64, under a secret that Debrief and
//! the receiver share. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::RngCore;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The prefix of a secret, so that a leaked one is recognized.
const PREFIX: &str = "whsec_";

/// Makes a secret: 256 random bits.
pub(super) fn random_secret() -> SecretString {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    format!("{PREFIX}{}", STANDARD.encode(bytes)).into()
}

/// The header `webhook-signature`: one signature for each secret. `None` if a secret isn't one.
pub(super) fn sign(secrets: &[SecretString], id: &str, timestamp: i64, body: &str) -> Option<String> {
    let signed = format!("{id}.{timestamp}.{body}");
    let signature = |secret: &SecretString| {
        let key = STANDARD.decode(secret.expose_secret().strip_prefix(PREFIX)?).ok()?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(tag)))
    };
    Some(secrets.iter().map(signature).collect::<Option<Vec<_>>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the reference libraries of Standard Webhooks are tested with.
    #[test]
    fn the_published_example_has_its_signature() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let sign = |secrets: &[SecretString]| {
            sign(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#).expect("a secret")
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(std::slice::from_ref(&secret)), expected);
        let both = sign(&[random_secret(), secret]);
        assert_eq!(both.split(' ').next_back(), Some(expected), "{both}");
    }

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let [one, other] = [random_secret(), random_secret()].map(|secret| secret.expose_secret().to_owned());
        assert_ne!(one, other);
        assert_eq!(STANDARD.decode(one.strip_prefix("whsec_").expect("the prefix")).map(|key| key.len()), Ok(32));
    }
}
