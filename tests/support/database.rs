//! A new database per test, copied from a migrated template on one server for the whole run.

use debrief::postgres::databases;
use debrief_jobs::db::{Db, Urls, migrate};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();

#[derive(Debug)]
struct Template {
    server: url::Url,
    name: String,
}

/// A separate migrated database, dropped with the value.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    /// Its URL, as the cluster's owner.
    pub(crate) url: SecretString,
    /// The program's login, and the owner's.
    pub(crate) urls: Urls,
    /// A pool like the program's: a login with its rights, in the app role.
    pub(crate) db: Db,
    name: String,
    server: url::Url,
}

impl TestDatabase {
    /// Creates a migrated database.
    pub(crate) async fn new() -> Self {
        let template = TEMPLATE.get_or_init(make_template).await;
        Self::create(template.server.clone(), &format!("template {}", template.name)).await
    }

    /// Creates an unmigrated database, as an operator finds it.
    pub(crate) async fn empty() -> Self {
        let server = tokio::task::spawn_blocking(super::server::url).await.expect("the test server starts");
        Self::create(server, "").await
    }

    async fn create(server: url::Url, options: &str) -> Self {
        let name = format!("t_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect(server.as_str()).await.expect("the test server answers");
        let create = format!("create database {name} {options}");
        connection.execute(sqlx::AssertSqlSafe(create)).await.expect("a database is made");
        let url = with_database(&server, &name);
        let urls = urls(url.clone());
        let db = Db::connect(&urls.app, 5).expect("a good URL");
        Self { url, urls, db, name, server }
    }
}

impl TestDatabase {
    /// Ends every connection and accepts no new ones, like a server that is being restarted.
    pub(crate) async fn shut(&self) {
        self.command(&format!("alter database {} with allow_connections false", self.name)).await;
        let end = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'", self.name);
        self.command(&end).await;
    }

    /// Undoes [`TestDatabase::shut`].
    pub(crate) async fn reopen(&self) {
        self.command(&format!("alter database {} with allow_connections true", self.name)).await;
    }

    /// Asks the database something where nothing can be awaited, as in a `Drop`; none if it can't be reached.
    pub(crate) fn ask<T, F>(&self, question: impl FnOnce(PgConnection) -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    {
        let url = self.url.clone();
        blocking(async move { question(PgConnection::connect(url.expose_secret()).await?).await })
    }

    async fn command(&self, sql: &str) {
        let mut connection = PgConnection::connect(self.server.as_str()).await.expect("the test server answers");
        connection.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.expect("the command is good");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        blocking(async move {
            let mut connection = PgConnection::connect(server.as_str()).await?;
            let drop = format!("drop database if exists {name} with (force)");
            connection.execute(sqlx::AssertSqlSafe(drop)).await
        });
    }
}

/// Waits for a result where nothing can be awaited and the test's runtime may be gone: on a thread with its own runtime.
fn blocking<T: Send + 'static>(work: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static) -> Option<T> {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(work).ok()
    });
    thread.join().ok().flatten()
}

async fn make_template() -> Template {
    let server = tokio::task::spawn_blocking(super::server::url).await.expect("the test server starts");
    let name = format!("template_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(server.as_str()).await.expect("the test server answers");
    connection.execute(sqlx::AssertSqlSafe(format!("create database {name}"))).await.expect("a template is made");
    let url = with_database(&server, &name);
    migrate(&urls(url)).await.expect("the template is migrated");
    Template { server, name }
}

/// The program's login on a test server; different from an installation's.
fn urls(owner: SecretString) -> Urls {
    databases::with_login(owner, "debrief_of_tests").expect("it is a URL")
}

fn with_database(server: &url::Url, name: &str) -> SecretString {
    let mut url = server.clone();
    url.set_path(name);
    SecretString::from(url.to_string())
}

#[tokio::test]
async fn a_test_database_is_migrated() {
    let database = TestDatabase::new().await;
    assert!(debrief_jobs::db::is_migrated(&database.urls.app).await.expect("the database answers"));
    assert!(database.url.expose_secret().contains(&database.name));
}
