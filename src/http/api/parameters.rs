//! Query parameters that an operation doesn't have: they're refused by name, because a mistyped filter would show everything.
//! Which ones there are is read from the OpenAPI document, once. Reads the request's address; writes nothing.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::form_urlencoded;
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{HttpMethod, ParameterIn},
};

use super::{
    document::operations,
    problem::{Code, Problem, UNSTORABLE},
    words::listed,
};

/// The query parameters of each operation, by method and path.
#[derive(Clone)]
pub(super) struct Known(Arc<HashMap<(Method, String), Vec<String>>>);

/// Those of the document.
pub(super) fn known(openapi: &mut OpenApi) -> Known {
    let of_operation = |(path, method, operation): (&str, _, &mut utoipa::openapi::path::Operation)| {
        let named = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
            RefOr::T(_) | RefOr::Ref(_) => None,
        });
        ((method_of(method), path.to_owned()), named.collect())
    };
    Known(Arc::new(operations(openapi).map(of_operation).collect()))
}

/// Refuses a request with a parameter that its operation doesn't have, or that can't be anything that is stored.
pub(super) async fn refuse(State(known): State<Known>, request: Request, next: Next) -> Response {
    match known.problem(&request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

impl Known {
    fn problem(&self, request: &Request) -> Option<Problem> {
        let query = request.uri().query()?;
        let path = request.extensions().get::<MatchedPath>()?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let known = self.0.get(&(method.clone(), path.as_str().to_owned()))?;
        let sent = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        let unknown: BTreeSet<String> = sent
            .filter(|name| known.iter().all(|known| known != name))
            .map(|name| name.chars().take(60).collect())
            .collect();
        if unknown.is_empty() {
            let unstorable = form_urlencoded::parse(query.as_bytes()).find(|(_, value)| value.contains('\0'));
            return unstorable.map(|(name, _)| Problem::invalid(&name, UNSTORABLE));
        }
        let there_are = match known.as_slice() {
            [] => "this operation has no parameters".to_owned(),
            known => format!("its parameters are {}", listed(known.iter().map(String::as_str))),
        };
        let detail = format!("There’s no parameter {} here; {there_are}.", listed(unknown.iter().map(String::as_str)));
        let fields =
            unknown.iter().take(20).map(|name| (name.as_str(), format!("There’s no such parameter; {there_are}.")));
        Some(Problem::new(Code::BadParameter, detail).with_fields(fields))
    }
}

fn method_of(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Head => Method::HEAD,
        _ => Method::GET,
    }
}
