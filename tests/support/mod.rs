//! What the tests share: a Postgres server, a database per test, services on it, people to work with, other real
//! servers, a browser, and the real binary.

pub(crate) mod browser;
mod chromium;
mod database;
pub(crate) mod filled;
pub(crate) mod identity_provider;
pub(crate) mod installation;
pub(crate) mod llm_server;
pub(crate) mod model;
mod proxy;
pub(crate) mod python;
pub(crate) mod receiver;
pub(crate) mod reviewed;
pub(crate) mod s3;
mod server;
mod smtp;
pub(crate) mod world;

pub(crate) use database::TestDatabase;
pub(crate) use llm_server::{LlmServer, Reply};
pub(crate) use proxy::SlowPostgres;
pub(crate) use reviewed::{Reviewed, written_by};
pub(crate) use smtp::{Letter, SmtpServer, letters_in};
pub(crate) use world::{Runnable, World, search};
