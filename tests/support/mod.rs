//! What the tests share: a Postgres server, a database a test, services over it, people to work with.

mod database;
pub(crate) mod s3;
mod smtp;
mod world;

pub(crate) use database::TestDatabase;
pub(crate) use smtp::{Letter, SmtpServer, letters_in};
pub(crate) use world::World;
