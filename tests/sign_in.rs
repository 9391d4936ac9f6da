//! People sign in: with mailed links, passwords and second factors, through the router as a browser does.

mod account;
mod address;
mod at_once;
mod device;
mod factor;
mod links;
mod pages;
mod passkeys;
mod passkeys_in_a_browser;
mod passkeys_refused;
mod password;
mod people;
mod provider;
mod required;
mod review;
mod tokens;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use debrief::http::public_router;
use debrief_jobs::{
    Services, Settings,
    audit::Visitor,
    db::{Db, Tx},
    mail::SendMail,
    people::{CoachRemoval, PeopleError, activate, deactivate},
    secret::Secret,
    sign_in::{self, MailLinks},
};
use uuid::Uuid;

use crate::{
    http::visit::{Answer, body, form, send, state},
    support::{Letter, World, letters_in},
};

/// A password that nobody guesses.
const PASSWORD: &str = "wooden lamp under rain";
const MAYA: &str = "maya@northlight.example";

/// A world with pages, and the letters that were sent in it.
struct House {
    world: World,
    router: Router,
}

impl House {
    /// Deactivates a person, as an admin of `organization` does.
    async fn deactivate(&self, organization: Uuid, person: Uuid) -> Result<CoachRemoval, PeopleError> {
        let mut tx = self.world.database.db.tenant(organization).await?;
        let removal = deactivate(&mut tx, person, &Visitor::default()).await?;
        tx.commit().await?;
        Ok(removal)
    }

    /// Brings a person back.
    async fn activate(&self, organization: Uuid, person: Uuid) -> Result<(), PeopleError> {
        let mut tx = self.world.database.db.tenant(organization).await?;
        activate(&mut tx, person, &Visitor::default()).await?;
        Ok(tx.commit().await?)
    }

    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let world = World::with(change).await;
        // Who reads a letter asks for it; those that tell of a change have tests of their own.
        world.leaves::<SendMail>();
        let router = public_router(state(&world.services));
        Self { world, router }
    }

    /// A browser without cookies.
    fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), token: String::new(), address: None }
    }

    /// The pages of another process on the same database.
    async fn another_process(&self) -> Router {
        let db = Db::connect(&self.world.database.urls.app, 3).expect("a good URL");
        let settings = crate::support::world::settings(&self.world.folder);
        public_router(state(&Arc::new(Services::new(db, &settings).expect("good settings"))))
    }

    /// Mails the links that were asked for. Returns how many there were.
    async fn mail_links(&self) -> i64 {
        let mut links = 0;
        while let Some(ran) = self.world.run_queued_of_installation::<MailLinks>().await {
            links += ran.expect("it runs")["links"].as_i64().expect("a count");
        }
        links
    }

    /// Sends all that is to be sent, and returns the letters so far.
    async fn letters(&self) -> Vec<Letter> {
        self.mail_links().await;
        while let Some(sent) = self.world.run_queued::<SendMail>().await {
            sent.expect("it is sent");
        }
        let folder = self.world.folder.path().join("mail");
        if folder.is_dir() { letters_in(&folder) } else { Vec::new() }
    }

    /// The path of the link in the newest letter to this address.
    async fn link(&self, to: &str) -> String {
        let letters = self.letters().await;
        let letter = letters.iter().rfind(|letter| letter.to == [to]);
        links_in(letter.unwrap_or_else(|| panic!("no letter to {to}"))).remove(0)
    }

    /// A browser in which maya signed in with a mailed link.
    async fn maya(&self) -> Browser {
        self.signed_in(MAYA).await
    }

    async fn signed_in(&self, email: &str) -> Browser {
        // The limit of mailed links has a test of its own.
        self.owner("delete from request_counts").await;
        let mut browser = self.browser();
        browser.get("/sign-in").await;
        assert_eq!(browser.post("/sign-in/link", &[("email", email)]).await.status, StatusCode::OK);
        let link = self.link(email).await;
        browser.get(&link).await;
        let answer = browser.post(&link, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// A browser in which maya signed in, who has now a password.
    async fn maya_with_password(&self) -> Browser {
        let mut browser = self.maya().await;
        browser.get("/account").await;
        let answer = browser.post("/account/password", &[("password", PASSWORD)]).await;
        assert_eq!(answer.header("location"), "/account?done=password", "{}", answer.body);
        browser
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    async fn execute(&self, sql: &'static str) {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query(sql).execute(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        tx.commit().await.expect("it commits");
    }

    /// As the owner of the database.
    async fn owner(&self, sql: &'static str) {
        let asked = self
            .world
            .database
            .ask(move |mut connection| async move { sqlx::query(sql).execute(&mut connection).await.map(|_| ()) });
        asked.expect("it is done");
    }

    /// As if everybody had signed in a while ago.
    async fn a_while_later(&self) {
        self.execute("update sign_ins set proved_at = now() - interval '10 minutes'").await;
    }

    /// Whether a cookie is that of somebody who is signed in and may act.
    async fn admits(&self, browser: &Browser) -> bool {
        let secret = browser.cookies.get("debrief").map_or("", String::as_str);
        let found = sign_in::find(&self.world.database.db, &Secret::from_cookie(secret), Visitor::default()).await;
        found.expect("the database answers").is_some()
    }

    /// Adds a person with these roles; returns their id.
    async fn person(&self, handle: &str, email: &str, roles: &[&str]) -> Uuid {
        let id = Uuid::now_v7();
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query(
            "insert into coaches (id, organization_id, handle, name, email, roles) values ($1, $2, $3, initcap($3), $4, $5)",
        )
        .bind(id)
        .bind(self.world.organization)
        .bind(handle)
        .bind(email)
        .bind(roles)
        .execute(tx.conn())
        .await
        .expect("a person");
        tx.commit().await.expect("it commits");
        id
    }
}

/// The text of a letter on one line.
fn flowing(letter: &Letter) -> String {
    letter.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The paths of the links in a letter.
fn links_in(letter: &Letter) -> Vec<String> {
    let bases = ["http://127.0.0.1:8080", "http://localhost:8080"];
    let path = |line: &str| bases.iter().find_map(|base| line.strip_prefix(base)).map(str::to_owned);
    letter.text.lines().filter_map(path).collect()
}

/// A browser: it keeps cookies, and sends the token of the last form that it was shown.
struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    token: String,
    /// From where its connections come; `None` for nowhere.
    address: Option<IpAddr>,
}

impl Browser {
    /// Somebody else's browser with a copy of the cookies.
    fn copy(&self) -> Self {
        Self {
            router: self.router.clone(),
            cookies: self.cookies.clone(),
            token: self.token.clone(),
            address: self.address,
        }
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, self.cookie()).body(Body::empty());
        self.sent(request.expect("a request")).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token.clone();
        let fields = [&[("form_token", token.as_str())], fields].concat();
        self.post_without_token(path, &fields).await
    }

    async fn post_without_token(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = form(path, fields)
            .header(header::COOKIE, self.cookie())
            .header("sec-fetch-site", "same-origin")
            .header(header::USER_AGENT, "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0");
        self.sent(request.body(body(fields)).expect("a request")).await
    }

    async fn sent(&mut self, mut request: Request<Body>) -> Answer {
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 50_000)));
        }
        let answer = send(&self.router, request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if answer.body.contains("name=\"form_token\"") {
            self.token = answer.field("form_token");
        }
        answer
    }

    /// Types an address and a password on the sign-in page.
    async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.get("/sign-in").await;
        self.post("/sign-in/password", &[("email", email), ("password", password)]).await
    }
}
