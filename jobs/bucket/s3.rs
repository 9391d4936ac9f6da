//! The client of a bucket in S3: how it is reached, and that it goes nowhere else. Contacts nothing by itself.

use std::{sync::Arc, time::Duration};

use object_store::{
    ClientConfigKey, ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    client::{HttpClient, HttpConnector},
    prefix::PrefixStore,
};
use url::Url;

use super::bad_url;
use crate::{
    SettingsError,
    network::{Hosts, READABLE},
    web::install_ring,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(60);

/// The store that `s3://name[/prefix]` names, and its name. Of `private` hosts an endpoint may be `http://`.
pub(super) fn open(url: &Url, private: &Hosts) -> Result<(Arc<dyn ObjectStore>, String), SettingsError> {
    let bucket = url.host_str().filter(|host| !host.is_empty());
    let bucket = bucket.ok_or_else(|| bad_url("the bucket name is missing: write s3://name/prefix"))?;
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    for (key, value) in url.query_pairs() {
        match &*key {
            // The key of S3 alone goes before the general one, and the environment may have either.
            "endpoint" => builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, &*value),
            "region" => builder = builder.with_region(&*value),
            "anonymous" => builder = builder.with_skip_signature(value == "true"),
            other => {
                return Err(bad_url(format!("`?{other}=` isn't supported; use endpoint, region or anonymous")));
            }
        }
    }
    // Only an endpoint with an explicit `http` scheme is reached without TLS.
    let plain = endpoint(&builder, private)?.is_some_and(|endpoint| endpoint.scheme() == "http");
    let client = ClientOptions::new().with_allow_http(plain);
    let retry = RetryConfig { max_retries: 5, retry_timeout: TIMEOUT, ..RetryConfig::default() };
    let builder = builder.with_client_options(client).with_http_connector(StraightOn).with_retry(retry);
    let store = builder.build().map_err(bad_url)?;
    let prefix = url.path().trim_matches('/');
    let name = format!("s3://{bucket}/{prefix}").trim_end_matches('/').to_owned();
    let store: Arc<dyn ObjectStore> =
        if prefix.is_empty() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, prefix)) };
    Ok((store, name))
}

/// The endpoint, of the setting or of the environment, if it isn't Amazon's own.
fn endpoint(builder: &AmazonS3Builder, private: &Hosts) -> Result<Option<Url>, SettingsError> {
    let keys = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint];
    let Some(written) = keys.iter().find_map(|key| builder.get_config_value(key)) else { return Ok(None) };
    let wrong =
        |problem: &dyn std::fmt::Display| bad_url(format!("its endpoint (?endpoint= or AWS_ENDPOINT_URL): {problem}"));
    let url = Url::parse(&written).map_err(|error| wrong(&error))?;
    if private.is_readable_on_the_way(&url) { Err(wrong(&READABLE)) } else { Ok(Some(url)) }
}

/// A client that follows no redirect: it would carry transcripts to an address that nobody set. The library's own follows
/// ten, and has no setting for it.
#[derive(Debug)]
struct StraightOn;

impl HttpConnector for StraightOn {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        install_ring();
        let plain = options.get_config_value(&ClientConfigKey::AllowHttp).is_some_and(|allowed| allowed == "true");
        // The library sets a second for the machine's own address that gives keys, which most machines don't have.
        let connect = options.get_config_value(&ClientConfigKey::ConnectTimeout);
        let connect = connect.and_then(|text| text.strip_suffix('s')?.parse().ok()).map(Duration::from_secs);
        let client = reqwest::Client::builder()
            .connect_timeout(connect.unwrap_or(CONNECT_TIMEOUT))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .https_only(!plain)
            .build();
        client
            .map(HttpClient::new)
            .map_err(|error| object_store::Error::Generic { store: "S3", source: Box::new(error) })
    }
}
