//! A person's device with a passkey, in software: what a browser's `PublicKeyCredential.toJSON` would give.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Who used it was there, and was checked.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
/// A new key comes along.
const ATTESTED: u8 = 0x40;

/// A device with one key.
pub(super) struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    /// Whose key it is, as the device keeps it.
    pub(super) user: Vec<u8>,
    /// How often it signed, as it says.
    pub(super) counter: u32,
    /// Whether it checks who uses it.
    pub(super) verifies: bool,
    /// The page that it signs for.
    pub(super) origin: &'static str,
}

impl Device {
    pub(super) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).expect("a key");
        let id = [Uuid::now_v7().into_bytes(), Uuid::now_v7().into_bytes()].concat();
        Self { key, id, user: Vec::new(), counter: 0, verifies: true, origin: "http://localhost:8080" }
    }

    fn client_data(&self, what: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": what, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&mut self, host: &str, further: u8) -> Vec<u8> {
        self.counter += 1;
        let flags = PRESENT | further | if self.verifies { VERIFIED } else { 0 };
        [&Sha256::digest(host)[..], &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// Makes its key for an account.
    pub(super) fn make(&mut self, options: &Value) -> String {
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        self.user = decoded(&options["user"]["id"]);
        let mut data = self.authenticator_data(options["rp"]["id"].as_str().expect("a host"), ATTESTED);
        let point = self.key.public_key().as_ref().to_vec();
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("it's short").to_be_bytes());
        data.extend(&self.id);
        // A COSE key in CBOR: ES256 on P-256.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        let length = u8::try_from(data.len()).expect("it's short");
        let attestation = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..], &[length], &data].concat();
        let response = json!({
            "clientDataJSON": encoded(&self.client_data("webauthn.create", options)),
            "attestationObject": encoded(&attestation),
            "transports": ["internal", "something-new"],
        });
        self.answer(response)
    }

    /// Signs a challenge.
    pub(super) fn sign(&mut self, options: &Value) -> String {
        assert_eq!(options["userVerification"], "required");
        let data = self.authenticator_data(options["rpId"].as_str().expect("a host"), 0);
        let client = self.client_data("webauthn.get", options);
        let signed = [&data[..], &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("it signs");
        let response = json!({
            "clientDataJSON": encoded(&client),
            "authenticatorData": encoded(&data),
            "signature": encoded(signature.as_ref()),
            "userHandle": encoded(&self.user),
        });
        self.answer(response)
    }

    fn answer(&self, response: Value) -> String {
        let id = encoded(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform", "response": response,
            "clientExtensionResults": { "credProps": { "rk": true } },
        })
        .to_string()
    }

    /// Whether a challenge asks for this very key.
    pub(super) fn is_asked(&self, options: &Value) -> bool {
        let asked = options["allowCredentials"].as_array().expect("a list");
        asked.iter().any(|one| one["id"] == encoded(&self.id))
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().expect("text")).expect("base64url")
}
