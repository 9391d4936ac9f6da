//! What the tests share: a Postgres server, a database a test, services over it, people to work with.

mod database;
pub(crate) mod python;
mod server;
pub(crate) mod filled;
pub(crate) mod installation;
mod world;

pub(crate) use database::TestDatabase;
pub(crate) use world::World;
