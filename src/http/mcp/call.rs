//! One call of a tool: who asks, within which limit, the transaction that a right gives, and the audit entry that ends it.
//!
//! Over HTTP the caller was let in and counted at the API's door ([`api::call::admit`]). Over standard input and output the key
//! is looked up again with every call, so that one that was revoked ends at once, and counted by the same rule.

use std::sync::Arc;

use axum::http::request::Parts;
use debrief_jobs::{
    Services,
    audit::{EventKind, Visitor},
    db::{TenantTx, Tx},
    rights::{self, Caller, KeyText, Right},
};
use rmcp::{RoleServer, model::CallToolResult, service::RequestContext};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Server,
    answer::{self, Refused},
};
use crate::http::{
    api::{
        Code, Problem,
        call::{self, About},
    },
    guard,
};

/// What a tool gives.
pub(super) type Told = Result<CallToolResult, Refused>;

/// How callers come in.
#[derive(Clone)]
pub(super) enum Door {
    /// Over HTTP: each request carries its caller.
    Admitted,
    /// Over a pipe: all calls are by whoever has this key.
    Key {
        /// The key.
        key: KeyText,
        /// For the audit.
        visitor: Visitor,
    },
}

/// One call by a known caller.
pub(super) struct Call<'a> {
    pub(super) services: &'a Services,
    caller: Arc<Caller>,
    tool: &'static str,
}

impl Server {
    /// Begins a call of `tool`.
    pub(super) async fn call(
        &self,
        tool: &'static str,
        context: &RequestContext<RoleServer>,
    ) -> Result<Call<'_>, Refused> {
        let caller = match &self.door {
            Door::Admitted => {
                let sent = context.extensions.get::<Parts>();
                let admitted = sent.and_then(|parts| parts.extensions.get::<Arc<Caller>>()).cloned();
                admitted.ok_or_else(|| Problem::internal(&"/mcp is outside of `admit`"))?
            }
            Door::Key { key, visitor } => Arc::new(self.known(key, visitor.clone()).await?),
        };
        Ok(Call { services: &self.services, caller, tool })
    }

    async fn known(&self, key: &KeyText, visitor: Visitor) -> Result<Caller, Refused> {
        let db = &self.services.db;
        let Some(caller) = rights::signed_in(db, key, visitor).await? else {
            let problem = "The key was revoked or has expired: make another one with `debrief keys create`.";
            return Err(Problem::new(Code::BadCredentials, problem).into());
        };
        let left = call::count(db, &self.limits, &caller).await?;
        if left.allowed {
            return Ok(caller);
        }
        Err(Refused::new(format!("{} Try again in {} seconds.", call::too_many(left).sentence(), left.seconds)))
    }
}

impl Call<'_> {
    /// Begins to read, or to change, what `right` reaches.
    pub(super) async fn enter(&self, right: Right) -> Result<TenantTx, Refused> {
        self.must_have(right)?;
        Ok(self.caller.enter(&self.services.db, right).await?)
    }

    /// Refuses before any work is done, where `right` isn't the caller's.
    pub(super) fn must_have(&self, right: Right) -> Result<(), Refused> {
        // The answer is no error of HTTP, so nobody else notes it.
        self.caller.view(right).inspect_err(|_| guard::note_refused_to("right", self.caller.account()))?;
        Ok(())
    }

    /// Counts a refinement.
    pub(super) async fn count_refinement(&self) -> Result<(), Refused> {
        Ok(call::count_refinement(&self.services.db, &self.caller).await?)
    }

    /// Who acts, for the audit.
    pub(super) fn visitor(&self) -> &Visitor {
        &self.caller.visitor
    }

    /// Ends a read: notes it, and tells `value`.
    pub(super) async fn shown<T: Serialize + JsonSchema>(&self, tx: TenantTx, about: About, value: &T) -> Told {
        self.end(tx, EventKind::Read, about, value).await
    }

    /// Ends a change: notes it, and commits both together.
    pub(super) async fn done<T: Serialize + JsonSchema>(&self, tx: TenantTx, about: About, value: &T) -> Told {
        self.end(tx, EventKind::Changed, about, value).await
    }

    async fn end<T: Serialize>(&self, mut tx: TenantTx, kind: EventKind, about: About, value: &T) -> Told {
        let told = answer::told(value)?;
        call::note(&mut tx, &self.caller.visitor, kind, &format!("mcp {}", self.tool), about).await?;
        tx.commit().await?;
        Ok(told)
    }
}
