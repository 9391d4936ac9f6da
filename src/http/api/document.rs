//! The OpenAPI document: what is common to all endpoints is added here, once.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        Content, HeaderBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, Schema,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::problem::Document;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Debrief",
        version = "1",
        description = "Coaching sessions from transcript to follow-up. Every request needs an API key or an access token. Errors are problem \
                       documents (RFC 9457) with a stable `code`. Lists are paged by `cursor`. A POST, PUT, PATCH or DELETE \
                       with an `Idempotency-Key` can be sent again safely: within a day it gets the same answer. What a key \
                       can't see isn't there: it's 404, not 403.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Document)),
    modifiers(&Keys)
)]
struct Base;

struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("dbk_… or a JWT")
            .description(Some(
                "An API key, or the access token of a person who signed in. The scopes of an operation are what a key has to \
                 have been created with; a token has all rights of its person, but creates no keys.",
            ))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// The document without endpoints.
pub(super) fn base() -> OpenApi {
    Base::openapi()
}

/// What can go wrong with any request.
const ANY: [(&str, &str); 6] = [
    ("400", "The request can’t be understood"),
    ("401", "No key, or one that doesn’t work"),
    ("403", "The key lacks the scope, or its person the role"),
    ("429", "Too many requests; Retry-After says when to come back"),
    ("500", "Something failed"),
    ("503", "A part of the system isn’t responding, or it took too long"),
];
/// What can go wrong with a change.
const CHANGE: [(&str, &str); 4] = [
    ("409", "Its state doesn’t allow this"),
    ("413", "The body is too large"),
    ("415", "The body’s media type isn’t one that is read"),
    ("422", "Some values can’t be used; `errors` names them"),
];

/// Adds to a group that each of its changes can be sent again.
pub(super) fn repeatable(openapi: &mut OpenApi) {
    for (_, method, operation) in operations(openapi) {
        if is_change(&method) {
            operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
        }
    }
}

/// Adds to a group that it speaks the tus protocol.
pub(super) fn speaks_tus(openapi: &mut OpenApi) {
    for (_, _, operation) in operations(openapi) {
        operation.parameters.get_or_insert_default().push(RefOr::T(tus_version()));
        problem(operation, "412", "Another version of the tus protocol");
    }
}

const fn is_change(method: &HttpMethod) -> bool {
    !matches!(method, HttpMethod::Get | HttpMethod::Head)
}

/// Adds the problems that every endpoint has.
pub(super) fn finished(mut openapi: OpenApi) -> OpenApi {
    for (path, method, operation) in operations(&mut openapi) {
        for (status, description) in ANY {
            problem(operation, status, description);
        }
        if is_change(&method) {
            for (status, description) in CHANGE {
                problem(operation, status, description);
            }
        }
        if operation.parameters.iter().flatten().any(is_text) {
            problem(operation, "422", "A value can’t be used, such as the cursor of another list");
        }
        if path.contains('{') {
            problem(operation, "404", "There is no such thing that this key can see");
        }
        problems_have_a_schema(operation);
    }
    forbid_unknown_fields(&mut openapi);
    openapi
}

/// Every operation, with its path and method.
pub(super) fn operations(openapi: &mut OpenApi) -> impl Iterator<Item = (&str, HttpMethod, &mut Operation)> {
    openapi.paths.paths.iter_mut().flat_map(|(path, item)| {
        let all = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Head, &mut item.head),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        all.into_iter().filter_map(|(method, operation)| Some((path.as_str(), method, operation.as_mut()?)))
    })
}

/// The variants of a tagged enum refuse unknown fields as well, which the derived schema doesn't say.
fn forbid_unknown_fields(openapi: &mut OpenApi) {
    let schemas = openapi.components.as_mut().map(|components| &mut components.schemas);
    let Some(RefOr::T(Schema::OneOf(variants))) = schemas.and_then(|schemas| schemas.get_mut("SpeakerIs")) else {
        return;
    };
    for variant in &mut variants.items {
        if let RefOr::T(Schema::Object(object)) = variant {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Names this request, so that sending it again within a day has no second effect."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[!-~]{1,255}$"))))
        .build()
}

fn tus_version() -> Parameter {
    ParameterBuilder::new()
        .name("Tus-Resumable")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The version of the tus protocol. Clients of the protocol send it; another one is refused with 412.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^1\.0\.0$"))))
        .build()
}

/// Whether a parameter takes any text: a cursor, words to look for.
fn is_text(parameter: &RefOr<Parameter>) -> bool {
    let RefOr::T(Parameter { schema: Some(RefOr::T(Schema::Object(schema))), .. }) = parameter else { return false };
    let is_string = match &schema.schema_type {
        SchemaType::Type(of) => *of == Type::String,
        SchemaType::Array(of) => of.contains(&Type::String),
        SchemaType::AnyValue => false,
    };
    is_string && schema.format.is_none() && schema.enum_values.is_none()
}

fn problem(operation: &mut Operation, status: &str, description: &str) {
    let response =
        ResponseBuilder::new().description(description).content("application/problem+json", document()).build();
    operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
}

/// Endpoints describe some problems themselves: those have the same schema, and 429 its header.
fn problems_have_a_schema(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with(['4', '5']) && response.content.is_empty() {
            response.content.insert("application/problem+json".to_owned(), RefOr::T(document()));
        }
        if status == "429" {
            let header = HeaderBuilder::new()
                .description(Some("The seconds until the next request is allowed"))
                .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
                .build();
            response.headers.insert("Retry-After".to_owned(), RefOr::T(header));
        }
    }
}

fn document() -> Content {
    Content::builder().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build()
}

/// The document as it is served.
#[derive(Clone)]
pub(super) struct Served(String);

/// Makes it once.
pub(super) fn served(openapi: OpenApi) -> Served {
    Served(openapi.to_pretty_json().unwrap_or_default())
}

impl IntoResponse for Served {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.0).into_response()
    }
}
