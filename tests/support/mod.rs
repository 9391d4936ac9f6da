//! What the tests share: a Postgres server, a database a test, services over it, people to work with, a browser.

pub(crate) mod browser;
mod database;
pub(crate) mod filled;
pub(crate) mod reviewed;
mod smtp;
mod world;

pub(crate) use database::TestDatabase;
pub(crate) use reviewed::Reviewed;
pub(crate) use smtp::{Letter, SmtpServer, letters_in};
pub(crate) use world::World;
