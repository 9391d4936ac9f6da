//! A small OpenID provider on loopback, on good days and bad: its document, its keys, the page that people sign in at, and the
//! endpoint that gives tokens. It holds its clients to the rules itself: the redirect address, PKCE, the secret, each code once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const CLIENT: &str = "debrief-client";
pub(crate) const SECRET: &str = "s3cret/of the=client";

/// What the provider does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wrong {
    #[default]
    Nothing,
    Nonce,
    NoNonce,
    Audience,
    SecondAudience,
    Expired,
    /// Signed with a key that isn't in its set, under the name of one that is.
    Key,
    /// The issuer in the ID token.
    Issuer,
    /// `alg: none`, without a signature.
    Unsigned,
    /// Signed with the client's secret.
    SharedSecret,
    NoIdToken,
    NoSubject,
    /// The answer to the browser names another issuer.
    AnswerOfAnother,
    /// The answer to the browser names no issuer.
    AnswerOfNobody,
    /// The token endpoint redirects.
    Redirects,
    /// The token endpoint's answer never ends.
    Endless,
    /// The token endpoint never answers.
    Hangs,
    /// The token endpoint refuses the code.
    RefusesCode,
    /// The token endpoint answers with a page.
    Page,
    /// The document is of another issuer.
    Document,
    /// The userinfo endpoint tells of somebody else.
    UserInfo,
    /// An access token that no header can hold.
    AccessToken,
}

/// How it signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Algorithm {
    #[default]
    Es256,
    Rs256,
}

/// Who signs in there.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    /// As it stands in the token.
    pub(crate) email_verified: Value,
    /// How many seconds ago the person showed who they are; not told if `None`.
    pub(crate) proved_seconds_ago: Option<i64>,
    /// Whether the address is told by the userinfo endpoint alone.
    pub(crate) email_elsewhere: bool,
}

impl Account {
    pub(crate) fn new(subject: &str, email: &str) -> Self {
        Self {
            subject: subject.into(),
            email: Some(email.into()),
            email_verified: json!(true),
            proved_seconds_ago: Some(0),
            email_elsewhere: false,
        }
    }
}

struct Inner {
    account: Account,
    wrong: Wrong,
    algorithm: Algorithm,
    /// An error in place of a code.
    error: Option<&'static str>,
    /// The key of ES256, and its name.
    key: (EcdsaKeyPair, String),
    /// By code: what was asked for.
    codes: BTreeMap<String, BTreeMap<String, String>>,
    /// What browsers came with.
    asked: Vec<BTreeMap<String, String>>,
    tokens_given: usize,
    by_body: bool,
}

/// The provider; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct IdentityProvider {
    inner: Arc<Mutex<Inner>>,
    pub(crate) issuer: String,
}

impl IdentityProvider {
    /// Starts one at which this person signs in.
    pub(crate) async fn start(account: Account) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let issuer = format!("http://{}", listener.local_addr().expect("it is bound"));
        let inner = Inner {
            account,
            wrong: Wrong::Nothing,
            algorithm: Algorithm::Es256,
            error: None,
            key: (new_key(), "key 1".into()),
            codes: BTreeMap::new(),
            asked: Vec::new(),
            tokens_given: 0,
            by_body: false,
        };
        let provider = Self { inner: Arc::new(Mutex::new(inner)), issuer };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no panic holds it")
    }

    /// From now on somebody else signs in there, or the same person otherwise.
    pub(crate) fn is(&self, change: impl FnOnce(&mut Account)) {
        change(&mut self.lock().account);
    }

    pub(crate) fn does(&self, wrong: Wrong) {
        self.lock().wrong = wrong;
    }

    pub(crate) fn signs(&self, algorithm: Algorithm) {
        self.lock().algorithm = algorithm;
    }

    /// Answers browsers with this error in place of a code.
    pub(crate) fn answers_with(&self, error: Option<&'static str>) {
        self.lock().error = error;
    }

    /// Takes the client's secret in the body alone.
    pub(crate) fn wants_the_secret_in_the_body(&self) {
        self.lock().by_body = true;
    }

    /// Replaces the key.
    pub(crate) fn rotates(&self) {
        self.lock().key = (new_key(), "key 2".into());
    }

    /// What the last browser came with.
    pub(crate) fn last_asked(&self) -> BTreeMap<String, String> {
        self.lock().asked.last().cloned().expect("somebody came")
    }

    /// How many came.
    pub(crate) fn visits(&self) -> usize {
        self.lock().asked.len()
    }

    /// How often tokens were given.
    pub(crate) fn tokens_given(&self) -> usize {
        self.lock().tokens_given
    }

    /// Somebody signs in at this address; returns where the browser is sent back to.
    pub(crate) async fn visit(&self, url: &str) -> String {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let answer = http.get(url).send().await.expect("it answers");
        let (status, headers) = (answer.status(), answer.headers().clone());
        assert_eq!(status, StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap_or_default());
        headers["location"].to_str().expect("text").to_owned()
    }
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).expect("a key")
}

fn rsa_key() -> RsaKeyPair {
    RsaKeyPair::from_der(&STANDARD.decode(RSA_KEY.concat()).expect("base64")).expect("a key")
}

/// ring makes no RSA keys, so this one was made for these tests, and signs nothing else.
const RSA_KEY: [&str; 16] = [
    "MIIEpAIBAAKCAQEAvKSqDXppO/GmF6T/f/O7acXUvVpdhrQP/1v7GccgeatQQ0uOEdA4fTBMzGXvV10bfXcBQ8H3wWpswFmBFgZa",
    "DJC4PcOKt1DC4lzGPLIJf45xUlxfKP33/xlEYRS8SXshfzqE7KGsQ6m8+S4a4cZcVyu95gIs3U2suzxcJTnI6vjeuuHQ9NwjdCtS",
    "WPnq0D75ENblSEPpsVJ6JgBsBpQXUxZITHK+ccicBaNFzQN/HyKOHPTXS49sFQzyvvWgT6w5DeUr0KSiz7iCau4cVHX2ZvWmoEPz",
    "oes/EFzMHu9n2oXCTP3fI97148v19sjLp+8rlNzm3fLUKzRRErhDwouIaQIDAQABAoIBAFHABlXa85nfqfvbLEJV7KT077GzZI6I",
    "n9opEVNlgQRZImpXZtT/aEuQT+fQUP2KQuyHUwv7FhRCu6hL4W4bCJEjckSJ5iZ1IE+apuoMuaMGpsNrdm28SenKGGD97G7npmeN",
    "g6dMlOuptlRCD7JCFShNs3jm/mxVSgLGMKSNOy3gNgcSt12DQYObqeuENHstdv8QpTPo+OsnbukzUUbzNBjwdbYAnanmNS7WMQB/",
    "s2yYEbSo7rgybyZzUDMNYE2lV4LqbovcfBaZCV2qCUMVaExZKSxsNTX4wtsmp41F012YEXSZF4Q2fQhOrmf3Lil7fq7HSgJuc4f0",
    "pL3uxdORVhUCgYEA+lgbzmlxT9d+UK4TxH9OXIGa1TJDj+tbJooJA7klBMaJ3UrvBgyJGsoUt04WxZ5vWIeJ9PiaPhnhZgFaaDdW",
    "iolc/8FJjRc1ctkiG1p1jKSECqWp/HrXnl+gM9oq+PdYJzusEn8TykTbw6ZydUFlvFTAwbBODyaD6RQ3Ntvha28CgYEAwOezqbiL",
    "KvKX6yZJkAIWg0xUIt2ZxDvYUZNPqCvvM+YPKCWKJB+XQMr2Z9tITiDKAu3BdThiPjmYZOfQBw9Z5hOEj/vlEWuh5bG6oowZh/Lo",
    "G8xCGkApiF89FrbjINep5Wg+TTRPj/kUGdg5OM1nsc49QTRhvAvDaPQUXVPrPacCgYA0Sl0cg0fIzpEy1vmIDLNYfTXTHFmiYR27",
    "8g8p+O0zjyjS0UkV8V5d+yHSm/wDsTE+w6jcQ2UsXYmIHfY9WHm6HDERttTfJJ7ka1hFcGKnSuHNu4bDFwGcsgqragGZ2UhPgZZS",
    "krqWgEWLG2RC+7L9YJKWonXbkkbxU2ipC8qM/wKBgQCEEFxkri3AmlK9Lvoft/43p1LWh8WUna/rsSFQrbtWWYM45fJb5rDDL/Bf",
    "i7VFn5cNSD4whQhlN0MImddGbhEKvYP8muPo+DnfKbzvOWDlPLwBA+ahWBnW/fSxj0WRn3P11VcJve1WUJydUPVj2OPLy7kN4dGj",
    "Tp5aRPeIKUKccwKBgQC3yKexxKCm0pYMYpwgxGwy1+oDWads2Vgdj9dlnKm2lcPVeTWumP2D9QwxIM9mFt1DlTmgpe1XKc2u38Z/",
    "Z6yl0tVZxfQ+jdiJkacHnMdDzgI2qIAPrC3whP+4s2OHVEbsGL60nWrC9u/GQQSW43pLlXODTBv6GsGtJGZv92IanQ==",
];

async fn document(State(provider): State<IdentityProvider>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", provider.issuer);
    let inner = provider.lock();
    let issuer = if inner.wrong == Wrong::Document { "http://127.0.0.1:9/other" } else { &provider.issuer };
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // HS256 as well: it mustn't be taken at its word.
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        "token_endpoint_auth_methods_supported": [if inner.by_body { "client_secret_post" } else { "client_secret_basic" }],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(provider): State<IdentityProvider>) -> Json<Value> {
    let inner = provider.lock();
    let point = inner.key.0.public_key().as_ref();
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let rsa = rsa_key();
    let rsa: ring::rsa::PublicKeyComponents<Vec<u8>> = rsa.public().into();
    Json(json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": inner.key.1,
          "x": encoded(&point[1..33]), "y": encoded(&point[33..65]) },
        { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "rsa", "n": encoded(&rsa.n), "e": encoded(&rsa.e) },
        { "kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "other", "n": encoded(&rsa.n), "e": encoded(&rsa.e) },
    ] }))
}

type Fields = BTreeMap<String, String>;

async fn authorize(State(provider): State<IdentityProvider>, Query(asked): Query<Fields>) -> Response {
    let mut inner = provider.lock();
    let is_right = asked.get("client_id").map(String::as_str) == Some(CLIENT)
        && asked.get("response_type").map(String::as_str) == Some("code")
        && asked.get("code_challenge_method").map(String::as_str) == Some("S256")
        && asked.get("scope").is_some_and(|scope| scope.split(' ').any(|one| one == "openid"))
        && asked.get("redirect_uri").is_some_and(|uri| uri.ends_with("/sign-in/with/acme/answer"))
        && ["state", "nonce", "code_challenge"].iter().all(|name| asked.get(*name).is_some_and(|it| it.len() >= 43));
    if !is_right {
        return (StatusCode::BAD_REQUEST, format!("this isn't a request: {asked:?}")).into_response();
    }
    if asked.get("max_age").map(String::as_str) == Some("0")
        && inner.account.proved_seconds_ago.is_some_and(|ago| ago < 1_000_000)
    {
        inner.account.proved_seconds_ago = Some(0);
    }
    let mut back: url::Url = asked["redirect_uri"].parse().expect("a URL");
    {
        let mut query = back.query_pairs_mut();
        query.append_pair("state", &asked["state"]);
        match inner.wrong {
            Wrong::AnswerOfAnother => drop(query.append_pair("iss", "https://other.example")),
            Wrong::AnswerOfNobody => {}
            _ => drop(query.append_pair("iss", &provider.issuer)),
        }
        match inner.error {
            Some(error) => {
                query.append_pair("error", error).append_pair("error_description", "<b>because of maya</b>");
            }
            None => {
                let code = format!("code-{}", inner.asked.len());
                query.append_pair("code", &code);
                inner.codes.insert(code, asked.clone());
            }
        }
    }
    inner.asked.push(asked);
    (StatusCode::SEE_OTHER, [(header::LOCATION, String::from(back))]).into_response()
}

async fn token(State(provider): State<IdentityProvider>, headers: HeaderMap, body: String) -> Response {
    let fields: Fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let wrong = provider.lock().wrong;
    match wrong {
        Wrong::Hangs => std::future::pending::<()>().await,
        Wrong::Redirects => {
            return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("{}/token?", provider.issuer))])
                .into_response();
        }
        Wrong::Endless => {
            let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1 << 16]));
            return axum::body::Body::from_stream(endless).into_response();
        }
        Wrong::Page => return axum::response::Html("<p>Welcome").into_response(),
        _ => {}
    }
    let mut inner = provider.lock();
    let refused = |error: &str| {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "error_description": "of maya" }))).into_response()
    };
    if !knows_secret(&headers, &fields, inner.by_body) {
        return refused("invalid_client");
    }
    // Each code works once.
    let Some(asked) = fields.get("code").and_then(|code| inner.codes.remove(code)) else {
        return refused("invalid_grant");
    };
    let verifier = fields.get("code_verifier").map_or(&b""[..], |verifier| verifier.as_bytes());
    let is_right = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == asked["code_challenge"]
        && fields.get("redirect_uri") == asked.get("redirect_uri")
        && wrong != Wrong::RefusesCode;
    if !is_right {
        return refused("invalid_grant");
    }
    inner.tokens_given += 1;
    let mut tokens = json!({ "access_token": "access-token", "token_type": "Bearer", "expires_in": 300, "refresh_token": "refresh-token" });
    if wrong == Wrong::AccessToken {
        tokens["access_token"] = json!("two\nlines");
    }
    if wrong != Wrong::NoIdToken {
        tokens["id_token"] = json!(id_token(&provider, &inner, &asked["nonce"]));
    }
    Json(tokens).into_response()
}

fn knows_secret(headers: &HeaderMap, fields: &Fields, by_body: bool) -> bool {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "));
    if by_body {
        return basic.is_none()
            && fields.get("client_id").map(String::as_str) == Some(CLIENT)
            && fields.get("client_secret").map(String::as_str) == Some(SECRET);
    }
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    basic == Some(&STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET))))
        && !fields.contains_key("client_secret")
}

fn id_token(provider: &IdentityProvider, inner: &Inner, nonce: &str) -> String {
    let (account, wrong, now) = (&inner.account, inner.wrong, chrono::Utc::now().timestamp());
    let mut claims = json!({
        "iss": provider.issuer, "sub": account.subject, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
    });
    if let (Some(email), false) = (&account.email, account.email_elsewhere) {
        claims["email"] = json!(email);
        if !account.email_verified.is_null() {
            claims["email_verified"] = account.email_verified.clone();
        }
    }
    if let Some(ago) = account.proved_seconds_ago {
        claims["auth_time"] = json!(now - ago);
    }
    match wrong {
        Wrong::Nonce => claims["nonce"] = json!("another"),
        Wrong::NoNonce => drop(claims.as_object_mut().expect("an object").remove("nonce")),
        Wrong::Audience => claims["aud"] = json!("another-client"),
        Wrong::SecondAudience => claims["aud"] = json!([CLIENT, "another-client"]),
        Wrong::Expired => (claims["iat"], claims["exp"]) = (json!(now - 900), json!(now - 600)),
        Wrong::Issuer => claims["iss"] = json!("https://other.example"),
        Wrong::NoSubject => claims["sub"] = json!(""),
        _ => {}
    }
    let (algorithm, kid) = match (wrong, inner.algorithm) {
        (Wrong::Unsigned, _) => ("none", inner.key.1.as_str()),
        (Wrong::SharedSecret, _) => ("HS256", inner.key.1.as_str()),
        (_, Algorithm::Es256) => ("ES256", inner.key.1.as_str()),
        (_, Algorithm::Rs256) => ("RS256", "rsa"),
    };
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encoded(&json!({ "alg": algorithm, "typ": "JWT", "kid": kid })), encoded(&claims));
    let random = SystemRandom::new();
    let signature = match algorithm {
        "none" => Vec::new(),
        "HS256" => {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message.as_bytes()).as_ref().to_vec()
        }
        "RS256" => {
            let key = rsa_key();
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).expect("it is signed");
            signature
        }
        _ if wrong == Wrong::Key => {
            new_key().sign(&random, message.as_bytes()).expect("it is signed").as_ref().to_vec()
        }
        _ => inner.key.0.sign(&random, message.as_bytes()).expect("it is signed").as_ref().to_vec(),
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn userinfo(State(provider): State<IdentityProvider>, headers: HeaderMap) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|value| value != "Bearer access-token") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let inner = provider.lock();
    let subject = if inner.wrong == Wrong::UserInfo { "somebody else" } else { &inner.account.subject };
    Json(json!({ "sub": subject, "email": inner.account.email, "email_verified": inner.account.email_verified }))
        .into_response()
}
