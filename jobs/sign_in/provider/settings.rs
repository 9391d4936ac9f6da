//! The settings of an identity provider: `[sign_in.providers.NAME]`. Pure.

use std::fmt;

use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use url::Url;

use crate::{SettingsError, network::Hosts};

const IN_CLEAR: &str = "with http:// everybody on the way could see who signs in; write https:// (http:// is for this machine and private networks)";

/// An identity provider, by which the people of one organization sign in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// The handle of the organization.
    pub organization: String,
    /// The provider's issuer, exactly as it writes it itself.
    pub issuer: String,
    /// The id that the provider gave to this installation.
    pub client_id: String,
    /// The secret that belongs to it; empty for none.
    #[serde(default)]
    pub client_secret: SecretString,
    /// What the button calls it ("Sign in with …"); the section's name if left out.
    pub label: Option<String>,
    /// The domains whose addresses are believed; empty for all.
    #[serde(default, deserialize_with = "list")]
    pub domains: Vec<String>,
    /// Whether an address is believed of which the provider doesn't say whether it verified it.
    #[serde(default)]
    pub trust_email: bool,
    /// Who asks for the second factor.
    #[serde(default)]
    pub second_factor: SecondFactor,
    /// Whether the organization's people sign in by the provider and in no other way.
    #[serde(default)]
    pub required: bool,
    /// How long one question to it may take, in seconds.
    pub timeout_seconds: Option<u16>,
    /// Whether its button is on the sign-in page that everybody sees; if left out, it is as long as there's no other provider.
    pub listed: Option<bool>,
}

/// Who asks for the second factor of whoever comes from a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// Debrief, where the person or the organization wants one.
    #[default]
    Debrief,
    /// The provider; Debrief asks for none.
    Provider,
}

impl ProviderSettings {
    /// Checks what a type can't express. Returns the issuer as a URL.
    pub(super) fn check(&self, name: &str) -> Result<Url, SettingsError> {
        let wrong = |key: &str, problem: &str| SettingsError::new(format!("sign_in.providers.{name}.{key}"), problem);
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
            let problem = "the name of a provider is part of an address: use letters, digits, hyphens and underscores";
            return Err(SettingsError::new("sign_in.providers", problem));
        }
        let issuer: Url = self.issuer.parse().map_err(|error| {
            let problem =
                format!("it isn't a URL ({error}); write the provider's issuer, such as https://login.example.org");
            wrong("issuer", &problem)
        })?;
        if !matches!(issuer.scheme(), "http" | "https") || issuer.host_str().is_none() {
            return Err(wrong("issuer", "it starts with neither http:// nor https://"));
        }
        if Hosts::default().is_readable_on_the_way(&issuer) {
            return Err(wrong("issuer", IN_CLEAR));
        }
        if issuer.query().is_some()
            || issuer.fragment().is_some()
            || !issuer.username().is_empty()
            || issuer.password().is_some()
        {
            return Err(wrong(
                "issuer",
                "an issuer has no user, no query and no fragment; write scheme, host and path alone",
            ));
        }
        if self.client_id.trim().is_empty() {
            return Err(wrong("client_id", "it is empty; the provider gives one when Debrief is registered there"));
        }
        if self.organization.trim().is_empty() {
            return Err(wrong(
                "organization",
                "it is empty; write the handle of the organization whose people sign in here",
            ));
        }
        let is_domain = |domain: &String| domain.contains('.') && !domain.contains(['@', ' ', '/', ':']);
        if !self.domains.iter().all(is_domain) {
            return Err(wrong(
                "domains",
                "one of them isn't a domain; write what stands behind the @, such as [\"example.org\"]",
            ));
        }
        if self.timeout_seconds == Some(0) {
            return Err(wrong("timeout_seconds", "0 is too little; write 1 or more"));
        }
        if self.trust_email && self.domains.is_empty() {
            let problem = "only addresses of known domains can be believed without proof; write those of the organization in domains";
            return Err(wrong("trust_email", problem));
        }
        Ok(issuer)
    }
}

/// A list, or what the environment has: a text with commas.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct List;
    impl<'de> Visitor<'de> for List {
        type Value = Vec<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            Ok(list)
        }
    }
    deserializer.deserialize_any(List)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ProviderSettings {
        ProviderSettings {
            organization: "northlight".into(),
            issuer: "https://login.northlight.example/realms/staff".into(),
            client_id: "debrief".into(),
            client_secret: SecretString::default(),
            label: None,
            domains: vec!["northlight.example".into()],
            trust_email: false,
            second_factor: SecondFactor::Debrief,
            required: false,
            timeout_seconds: None,
            listed: None,
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert!(settings().check("acme").is_ok());
        let issuer = |issuer: &str| ProviderSettings { issuer: issuer.into(), ..settings() };
        assert!(issuer("http://127.0.0.1:9000").check("acme").is_ok());
        for (settings, told) in [
            (issuer("login.example.org"), "acme.issuer: it isn't a URL"),
            (issuer("ftp://login.example.org"), "acme.issuer: it starts with neither"),
            (issuer("http://login.example.org"), "acme.issuer: with http:// everybody"),
            (issuer("https://login.example.org/?tenant=a"), "acme.issuer: an issuer has no"),
            (issuer("https://u:SECRET@login.example.org"), "acme.issuer: an issuer has no"),
            (ProviderSettings { client_id: " ".into(), ..settings() }, "acme.client_id: it is empty"),
            (ProviderSettings { organization: String::new(), ..settings() }, "acme.organization: it is empty"),
            (
                ProviderSettings { domains: vec!["@northlight.example".into()], ..settings() },
                "acme.domains: one of them",
            ),
            (
                ProviderSettings { domains: Vec::new(), trust_email: true, ..settings() },
                "acme.trust_email: only addresses",
            ),
        ] {
            let error = settings.check("acme").expect_err(told).to_string();
            assert!(error.contains(told) && !error.contains("SECRET"), "{error}");
        }
        for name in ["", "a/b", "a b"] {
            assert!(settings().check(name).is_err(), "{name:?}");
        }
    }
}
