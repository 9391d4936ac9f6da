//! `debrief doctor` with real parts: it says what is fine, and for a problem names the setting to check.

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::get,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::Executor;

use crate::support::{
    SmtpServer,
    identity_provider::{Account, IdentityProvider, Wrong},
    installation::{Installation, free_port},
};

/// The detail of the check `name`, and whether it passed.
async fn check(installation: &Installation, name: &str) -> (bool, String) {
    let output = installation.output(&["doctor", "--json"]).await;
    let checks: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a JSON document");
    let well = checks.iter().all(|check| check["ok"] == true);
    assert_eq!(output.status.code(), Some(i32::from(!well)), "the exit code tells the same: {checks:?}");
    let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {checks:?}"));
    (check["ok"] == true, check["detail"].as_str().expect("a text").to_owned())
}

#[tokio::test]
async fn a_healthy_installation_is_told_so_and_no_mail_is_written() {
    let installation = Installation::new().await;
    for name in ["settings", "schedules", "database", "isolation", "bucket", "mail", "search", "summaries"] {
        let (ok, detail) = check(&installation, name).await;
        assert!(ok, "{name}: {detail}");
    }
    let left = std::fs::read_dir(installation.folder.path().join("mail")).expect("the folder is made").count();
    assert_eq!(left, 0, "nothing is left in the folder of mails");
}

#[tokio::test]
async fn a_program_that_signs_in_as_a_superuser_is_told_how_to_sign_in() {
    let mut installation = Installation::new().await;
    let owner = installation.database.url.expose_secret().to_owned();
    installation.set("DATABASE_URL", owner);
    let (ok, detail) = check(&installation, "isolation").await;
    assert!(!ok && detail.contains("DATABASE_OWNER_URL") && detail.contains("`debrief migrate`"), "{detail}");
}

#[tokio::test]
async fn settings_for_trying_it_out_are_well_and_say_what_they_mean() {
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_MAIL__FROM", "Debrief <debrief@localhost>");
    let note = async |installation: &Installation, name: &str| {
        let checks = installation.json(&["doctor"]).await;
        let check = checks.as_array().expect("checks").iter().find(|check| check["name"] == name).expect(name).clone();
        assert_eq!(check["ok"], true, "{check}");
        check["note"].as_str().map(str::to_owned)
    };
    for (name, key) in [
        ("mail", "mail.url"),
        ("sender", "mail.from"),
        ("links", "review.base_url"),
        ("second factors", "sign_in.secret_key"),
    ] {
        let said = note(&installation, name).await.unwrap_or_else(|| panic!("{name} says nothing"));
        assert!(said.contains(key), "{said}");
    }
    let table = installation.run(&["doctor"]).await;
    assert!(table.contains("note") && table.contains("reach nobody"), "{table}");

    let smtp = SmtpServer::start();
    installation.set("DEBRIEF_MAIL__URL", smtp.url());
    installation.set("DEBRIEF_MAIL__FROM", "Debrief <debrief@northlight-coaching.se>");
    installation.set("DEBRIEF_REVIEW__BASE_URL", "https://debrief.northlight-coaching.se");
    installation.set("DEBRIEF_SIGN_IN__SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    for name in ["mail", "sender", "links", "second factors"] {
        assert_eq!(note(&installation, name).await, None, "{name}");
    }
}

/// Whoever lost the key learns it before somebody stands before a closed door.
#[tokio::test]
async fn secrets_of_another_key_are_told_of() {
    let mut installation = Installation::new().await;
    installation.people().await;
    let owner = |sql: &'static str| {
        installation.database.ask(async move |mut owner| owner.execute(sql).await.map(|done| done.rows_affected()))
    };
    let stored = "insert into credentials (organization_id, person_id, totp_secret, totp_since)
                  select organization_id, id, '\\x01000102030405060708090a0b0c0d0e0f', now() from coaches where handle = 'maya'";
    assert_eq!(owner(stored), Some(1));
    let (ok, detail) = check(&installation, "second factors").await;
    assert!(!ok && detail.contains("1 person's") && detail.contains("is empty"), "{detail}");
    installation.set("DEBRIEF_SIGN_IN__SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let (ok, detail) = check(&installation, "second factors").await;
    assert!(!ok && detail.contains("another key") && detail.contains("reset-factor"), "{detail}");
}

#[tokio::test]
async fn an_identity_provider_is_asked_whether_it_can_be_used() {
    let mut installation = Installation::new().await;
    let provider = IdentityProvider::start(Account::new("maya", "maya@northlight.example")).await;
    for (key, value) in [
        ("ORGANIZATION", "northlight"),
        ("ISSUER", provider.issuer.as_str()),
        ("CLIENT_ID", "debrief"),
        ("CLIENT_SECRET", "very secret"),
        ("DOMAINS", "northlight.example,north.example"),
        ("REQUIRED", "true"),
    ] {
        installation.set(&format!("DEBRIEF_SIGN_IN__PROVIDERS__ACME__{key}"), value);
    }
    let said = async |installation: &Installation| check(installation, "identity providers").await;
    let (ok, detail) = said(&installation).await;
    assert!(!ok && detail.contains("there is no organization northlight"), "{detail}");
    installation.people().await;
    let (ok, detail) = said(&installation).await;
    let back = format!("http://127.0.0.1:{}/sign-in/with/acme/answer", installation.port);
    assert!(ok && detail.contains("in no other way") && detail.contains(&format!("register {back} there")), "{detail}");
    provider.does(Wrong::Document);
    let (ok, detail) = said(&installation).await;
    assert!(
        !ok && detail.contains("to the last slash") && detail.contains("sign_in.providers.acme.issuer"),
        "{detail}"
    );
    installation.set("DEBRIEF_SIGN_IN__PROVIDERS__ACME__ISSUER", format!("{}/realms/staff", provider.issuer));
    let (ok, detail) = said(&installation).await;
    assert!(!ok && detail.contains("HTTP 404") && !detail.contains("very secret"), "{detail}");

    // When it's away, somebody with this command line lets a person in.
    let link = installation.run(&["people", "sign-in-link", "maya"]).await;
    let page = format!("http://127.0.0.1:{}/sign-in/link/dbo_", installation.port);
    assert!(link.trim().starts_with(&page) && link.trim().lines().count() == 1, "{link}");
    assert!(installation.run(&["people", "disconnect-provider", "maya"]).await.contains("no account is connected"));
}

#[tokio::test]
async fn no_password_and_no_key_is_shown_wherever_it_stands() {
    let said = async |installation: &Installation, arguments: &[&str]| {
        let output = installation.output(arguments).await;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!said.contains("SECRET"), "{arguments:?}: {said}");
        said
    };
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_LLM__URL", "http://u:SECRET@127.0.0.1:1/v1");
    installation.set("DEBRIEF_LLM__MODEL", "m");
    let told = said(&installation, &["doctor"]).await;
    assert!(told.contains("http://***@127.0.0.1:1/v1/models can't be reached"), "{told}");
    for (variable, value) in [
        ("DEBRIEF_LLM__URL", "u:SECRET@host"),
        ("DEBRIEF_LLM__PROVIDER", "SECRET"),
        ("DEBRIEF_INDEX__EMBEDDER", "SECRET"),
        ("DEBRIEF_BUCKET", "//u:SECRET@host"),
        ("DEBRIEF_BUCKET", "s3://u:SECRET@bucket/?secret=SECRET"),
        ("DEBRIEF_MAIL__URL", "smtp://u:SECRET@127.0.0.1:1?tls=never"),
        ("DEBRIEF_REVIEW__BASE_URL", "http://u:SECRET@127.0.0.1"),
        ("DEBRIEF_QUEUE__SHUTDOWN_SECONDS", "SECRET"),
        ("DATABASE_URL", "postgres://u:SECRET@127.0.0.1:1/x?sslpassword=SECRET"),
    ] {
        let mut installation = Installation::new().await;
        installation.set(variable, value);
        for arguments in [["doctor"].as_slice(), &["work", "--drain"]] {
            said(&installation, arguments).await;
        }
    }
    let installation = Installation::new().await;
    let file = installation.folder.path().join("debrief.toml");
    std::fs::write(&file, "[llm]\nmodel = \"m\"\napi_key = SECRET\n").expect("the temporary folder can be written");
    for arguments in [["doctor"].as_slice(), &["up"]] {
        let told = said(&installation, arguments).await;
        assert!(told.contains("debrief.toml, line 3, api_key: "), "{told}");
    }
}

#[tokio::test]
async fn a_misspelt_setting_or_schedule_is_found_and_the_right_name_is_said() {
    for (variable, value, told) in [
        ("DEBRIEF_QUEUE__SCHEDULES__EXPROT", "off", "did you mean DEBRIEF_QUEUE__SCHEDULES__EXPORT?"),
        ("DEBRIEF_QUEUE__SCHEDULES__EXPORT", "every day", "six fields"),
        ("DEBRIEF_QUEUE__SCHEDULES__EXPORT", "0 0 25 * * *", "export"),
        ("DEBRIEF_MAIL_URL", "smtp://mail.example", "did you mean DEBRIEF_MAIL__URL?"),
    ] {
        let mut installation = Installation::new().await;
        installation.set(variable, value);
        let (ok, detail) = check(&installation, "settings").await;
        assert!(!ok && detail.contains(told), "{variable}={value}: {detail}");
    }
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_QUEUE__SCHEDULES__EXPORT", "off");
    let (ok, detail) = check(&installation, "schedules").await;
    assert!(ok && detail.contains("8 schedules") && detail.contains("yours: export"), "{detail}");
    installation.set("DEBRIEF_QUEUE__SCHEDULES__EXPORT", "0 0 2 30 Feb *");
    let (ok, detail) = check(&installation, "schedules").await;
    assert!(!ok && detail.contains("never occurs"), "{detail}");
    installation.set("DEBRIEF_QUEUE__SCHEDULES__EXPORT", "off");
    let file = installation.folder.path().join("debrief.toml");
    std::fs::write(&file, "[review]\nhold_second = 60\n").expect("the temporary folder can be written");
    let (ok, detail) = check(&installation, "settings").await;
    assert!(!ok && detail.contains("did you mean review.hold_seconds?"), "{detail}");
    assert!(detail.contains("debrief.toml"), "it says where it stands: {detail}");
}

#[tokio::test]
async fn a_mail_server_is_greeted_and_gets_nothing() {
    let mut installation = Installation::new().await;
    let smtp = SmtpServer::start();
    installation.set("DEBRIEF_MAIL__URL", smtp.url());
    let (ok, detail) = check(&installation, "mail").await;
    assert!(ok, "{detail}");
    assert_eq!(smtp.letters().len(), 0);

    installation.set("DEBRIEF_MAIL__URL", smtp.url().replace("//", "//maya:hush@"));
    let (ok, detail) = check(&installation, "mail").await;
    assert!(!ok && detail.contains("mail.url") && !detail.contains("hush"), "a wrong password: {detail}");

    installation.set("DEBRIEF_MAIL__URL", format!("smtp://127.0.0.1:{}", free_port()));
    let (ok, detail) = check(&installation, "mail").await;
    assert!(!ok && detail.contains("mail.url"), "nobody there: {detail}");

    let file = installation.folder.path().join("a-file");
    std::fs::write(&file, "").expect("the temporary folder can be written");
    installation.set("DEBRIEF_MAIL__URL", format!("file://{}/mail", file.display()));
    let (ok, detail) = check(&installation, "mail").await;
    assert!(!ok && detail.contains("a-file/mail"), "no folder can be made: {detail}");
}

#[tokio::test]
async fn a_language_model_is_looked_for_where_the_settings_say() {
    async fn models(headers: HeaderMap) -> impl IntoResponse {
        if headers.get("authorization").is_none_or(|key| key != "Bearer right") {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        Json(json!({ "object": "list", "data": [{ "id": "small" }, { "id": "large:latest" }] })).into_response()
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/models", get(models))).await });

    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_LLM__PROVIDER", "openai");
    let (here, nowhere) = (format!("http://{address}/v1"), format!("http://127.0.0.1:{}/v1", free_port()));
    let wrong_path = format!("http://{address}");
    for (url, key, model, wrong) in [
        (&here, "right", "small", None),
        (&here, "right", "large", None),
        (&here, "right", "huge", Some("llm.model")),
        (&here, "hush", "small", Some("llm.api_key")),
        (&wrong_path, "right", "small", Some("llm.url")),
        (&nowhere, "right", "small", Some("llm.url")),
    ] {
        installation.set("DEBRIEF_LLM__URL", url.clone());
        installation.set("DEBRIEF_LLM__API_KEY", key);
        installation.set("DEBRIEF_LLM__MODEL", model);
        let (ok, detail) = check(&installation, "summaries").await;
        assert_eq!(ok, wrong.is_none(), "{url} {key} {model}: {detail}");
        assert!(wrong.is_none_or(|key| detail.contains(key)) && !detail.contains("hush"), "{detail}");
    }
}

#[tokio::test]
async fn what_can_be_read_on_the_way_is_told() {
    let note = async |variable: &str, value: &str, name: &str| {
        let mut installation = Installation::new().await;
        installation.set(variable, value);
        let output = installation.output(&["doctor", "--json"]).await;
        let checks: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a JSON document");
        let check =
            checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {checks:?}"));
        check["note"].as_str().unwrap_or_default().to_owned()
    };
    // Nobody has a name that ends in .invalid, so nothing is reached.
    for (query, told) in [
        ("?sslmode=prefer", "could read the password"),
        ("?sslmode=disable", "could read the password"),
        ("?sslmode=require", "could pose as the server"),
        ("", ""),
    ] {
        let said = note("DATABASE_URL", &format!("postgres://u@db.invalid/x{query}"), "database").await;
        assert!(said.contains(told) && said.is_empty() == told.is_empty(), "{query}: {said}");
    }
    let said = note("DEBRIEF_MAIL__URL", "smtp://mail.invalid?tls=never", "mail").await;
    assert!(said.contains("without encryption") && said.contains("tls=required"), "{said}");
    assert_eq!(note("DEBRIEF_MAIL__URL", "smtp://mail.invalid", "mail").await, "");
    // A server in one's own network may be without TLS, but then gets no password.
    let said = note("DEBRIEF_MAIL__URL", "smtp://10.0.0.5?timeout=0", "mail").await;
    assert!(said.contains("without encryption"), "{said}");
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_MAIL__URL", "smtp://u:hush@10.0.0.5:1025?tls=never");
    let (ok, detail) = check(&installation, "services").await;
    assert!(!ok && detail.contains("mail.url") && detail.contains("without a password"), "{detail}");
    assert!(!detail.contains("hush"), "{detail}");
}
