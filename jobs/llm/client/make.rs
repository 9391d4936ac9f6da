//! How the client of a model is made: its provider, where that is, and what it is reached with.

use std::{
    fmt::Display,
    sync::{Mutex, atomic::AtomicBool},
    time::Duration,
};

use url::Url;

use super::{
    super::{
        anthropic::{self, Anthropic},
        azure::Azure,
        gemini::{self, Gemini},
        limits::Limits,
        openai::OpenAi,
        price::{Learned, Prices},
        settings::Profile,
        wire::Wire,
    },
    Client,
};
use crate::{
    SettingsError,
    network::{Hosts, READABLE, is_here},
    web::install_ring,
};

impl Client {
    /// Makes the client of a model. Of `private` hosts its URL may be `http://`. Nothing is contacted.
    pub(in crate::llm) fn new(profile: Profile, budget: Option<i64>, private: &Hosts) -> Result<Self, SettingsError> {
        let model = profile.model.clone().ok_or_else(|| {
            profile
                .wrong("model", format!("the provider {} needs the name of a model of the endpoint", profile.provider))
        });
        let base = |default: Option<&str>| base(&profile, default, private);
        // A new provider is a file of its own and a line here.
        let wire: Box<dyn Wire> = match profile.provider.as_str() {
            "openai" => Box::new(OpenAi::new(&profile, &base(None)?)?),
            "azure" => Box::new(Azure::new(&profile, &base(None)?, model.as_deref().unwrap_or_default())?),
            "anthropic" => Box::new(Anthropic::new(&profile, &base(Some(anthropic::URL))?)?),
            "gemini" => {
                Box::new(Gemini::new(&profile, &base(Some(gemini::URL))?, model.as_deref().unwrap_or_default())?)
            }
            _ => {
                let problem = "there is no such provider; use offline, openai, azure, anthropic or gemini";
                return Err(profile.wrong("provider", problem));
            }
        };
        let model = model?;
        install_ring();
        // A redirect would carry the key and the transcript to an address that nobody set.
        let mut builder = reqwest::Client::builder()
            .timeout(Duration::from_secs(profile.timeout_seconds))
            .redirect(reqwest::redirect::Policy::none());
        if wire.endpoint().host_str().is_some_and(is_here) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| profile.wrong("url", format!("no client can be made: {error}")))?;
        Ok(Self {
            wire,
            http,
            model,
            limits: Limits::new(&profile),
            prices: Prices::new(&profile),
            learned: Learned::default(),
            budget,
            dialect: Mutex::default(),
            is_small: AtomicBool::new(false),
            profile,
        })
    }
}

/// The base URL that the settings name, or the provider's own.
fn base(profile: &Profile, default: Option<&str>, private: &Hosts) -> Result<Url, SettingsError> {
    let wrong = |problem: &dyn Display| profile.wrong("url", problem);
    let text = profile.url.as_deref().or(default).ok_or_else(|| {
        wrong(&format!(
            "the provider {} needs the endpoint's base URL, such as {}",
            profile.provider,
            if profile.provider == "azure" { "https://NAME.openai.azure.com" } else { "https://api.openai.com/v1" }
        ))
    })?;
    let url: Url = text.parse().map_err(|error| wrong(&format!("it isn't a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(&"only http and https are supported"));
    }
    if private.is_readable_on_the_way(&url) {
        return Err(wrong(&READABLE));
    }
    Ok(url)
}
