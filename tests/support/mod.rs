//! What the tests share: a Postgres server, a database a test, services over it, people to work with.

mod database;
mod llm_server;
mod world;

pub(crate) use database::TestDatabase;
pub(crate) use llm_server::{LlmServer, Reply};
pub(crate) use world::World;
