//! The API through the router, as other software uses it.

mod approvals;
mod contract;
pub(crate) mod cross_origin;
mod flow;
pub(crate) mod form;
mod found;
mod goals;
mod refusals;
mod rights;
mod uploads;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use debrief::http::public_router;
use debrief_jobs::{
    db::Tx,
    model::Role,
    rights::{self as lib, NewKey, Right},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    http::visit::{self, Answer, send},
    support::{Reviewed, World},
};

/// A world with a reviewed session of Maya's, and the API over it.
pub(crate) struct Api {
    pub(crate) world: World,
    pub(crate) reviewed: Reviewed,
    pub(crate) router: Router,
}

impl Api {
    pub(crate) async fn new() -> Self {
        Self::over(World::new().await).await
    }

    pub(crate) async fn over(world: World) -> Self {
        let reviewed = Reviewed::new(&world).await;
        reviewed.set_state(&world, "in_review").await;
        let mut state = visit::state(&world.services);
        state.api = Arc::new(debrief::http::api::Settings { requests_per_minute: 100_000, ..Default::default() });
        Self { router: public_router(state), world, reviewed }
    }

    /// A person of the world's organization.
    pub(crate) async fn person(&self, handle: &str, roles: &[Role]) -> Uuid {
        let id = Uuid::now_v7();
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query(
            "insert into coaches (id, organization_id, handle, name, email, roles)
             values ($1, $2, $3, $3, $3 || '@northlight.example', $4)",
        )
        .bind(id)
        .bind(self.world.organization)
        .bind(handle)
        .bind(debrief_jobs::model::role::stored(roles))
        .execute(tx.conn())
        .await
        .expect("a person");
        tx.commit().await.expect("it commits");
        id
    }

    /// A key of a person, or of the organization.
    pub(crate) async fn key(&self, person: Option<Uuid>, scopes: &[Right]) -> String {
        self.key_of(self.world.organization, person, scopes).await
    }

    pub(crate) async fn key_of(&self, organization: Uuid, person: Option<Uuid>, scopes: &[Right]) -> String {
        let mut tx = self.world.database.db.tenant(organization).await.expect("a transaction");
        let scopes = scopes.to_vec();
        let new = NewKey { name: "a test".into(), person, scopes, expires_at: None, created_by: None, parent: None };
        let issued = lib::issue(&mut tx, &new).await.expect("a key");
        tx.commit().await.expect("it commits");
        issued.text.reveal().to_owned()
    }

    /// A key of Maya's with all that a coach may do.
    pub(crate) async fn maya(&self) -> String {
        self.key(Some(self.world.coach), &all_of(Role::Coach)).await
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query(sql).execute(tx.conn()).await.expect("it is done");
        tx.commit().await.expect("it commits");
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query_scalar(sql).fetch_one(tx.conn()).await.expect("it counts")
    }

    pub(crate) async fn get(&self, key: &str, path: &str) -> Answer {
        self.ask(key, Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&self, key: &str, path: &str, body: &Value) -> Answer {
        self.ask(key, Method::POST, path, Some(body), &[]).await
    }

    pub(crate) async fn ask(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        send(&self.router, request.body(body).expect("a request")).await
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The stable code of a problem document.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
        problem["code"].as_str().expect("a code").to_owned()
    }
}

/// Every right that a role may have, whoever's things it reaches.
pub(crate) fn all_of(role: Role) -> Vec<Right> {
    lib::TABLE.iter().filter(|line| line.of(role) != lib::Reach::Nobody).map(|line| line.right).collect()
}

/// Every right that a key of the organization may have.
pub(crate) fn all_of_organization() -> Vec<Right> {
    lib::TABLE.iter().filter(|line| line.key != lib::Reach::Nobody).map(|line| line.right).collect()
}
