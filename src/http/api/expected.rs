//! What a value that can't be read should have been, and where it stands: from the schema that the OpenAPI document has of it.
//! Pure.

use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{
    problem::{Code, Problem},
    words::listed,
};

/// An id, as an example.
const ID: &str = "01976f5e-2f0b-7c52-9d5c-1f6c2b8f4a10";

/// A query parameter that can't be read. `path` and `error` are serde's.
pub(super) fn of_query<T: IntoParams>(path: &str, error: &str) -> Problem {
    let parameters = serde_json::to_value(T::into_params(|| None)).unwrap_or_default();
    let mut properties = json!({});
    for parameter in parameters.as_array().into_iter().flatten() {
        properties[parameter["name"].as_str().unwrap_or_default()] = parameter["schema"].clone();
    }
    let schema = json!({ "properties": properties });
    // An address has no `null`.
    let expected = Schemas(json!({})).at(&schema, path).map(|expected| expected.replace(", or `null`", ""));
    problem(Code::BadParameter, path, error, expected)
}

/// A field of a JSON body that can't be read, or the body itself.
pub(super) fn of_body<T: ToSchema>(path: &str, error: &str) -> Problem {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let mut schemas = json!({});
    for (name, schema) in named {
        schemas[name] = serde_json::to_value(schema).unwrap_or_default();
    }
    let schema = serde_json::to_value(T::schema()).unwrap_or_default();
    // Where it stands in the text says less than the field.
    let error = error.rsplit_once(" at line ").map_or(error, |(error, _)| error);
    problem(Code::UnreadableBody, path, error, Schemas(schemas).at(&schema, path))
}

fn problem(code: Code, path: &str, error: &str, expected: Option<String>) -> Problem {
    let path = if path == "." { "" } else { path };
    let named = |rest: &str| rest.split('`').next().unwrap_or_default().to_owned();
    let (field, problem) = if let Some(rest) = error.strip_prefix("missing field `") {
        (joined(path, &named(rest)), "is missing".to_owned())
    } else if let Some(rest) = error.strip_prefix("unknown field `") {
        let there_are = rest.split_once("`, ").map_or("", |(_, there_are)| there_are);
        (joined(path, &named(rest)), format!("isn’t a field of this: {there_are}"))
    } else if let Some(rest) = error.strip_prefix("duplicate field `") {
        (joined(path, &named(rest)), "is there twice".to_owned())
    } else if let Some(expected) = expected {
        (path.to_owned(), format!("must be {expected}"))
    } else if error.starts_with("UUID parsing failed") {
        (path.to_owned(), format!("holds an id that isn’t one: an id is a UUID such as {ID}"))
    } else {
        (path.to_owned(), format!("can’t be used: {error}"))
    };
    if field.is_empty() {
        return Problem::new(code, format!("The body {problem}."));
    }
    Problem::new(code, format!("`{field}` {problem}.")).with_fields([(field.as_str(), format!("It {problem}."))])
}

/// The path of a field; serde's may end with its name already.
fn joined(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    }
}

/// The schemas that others refer to, by name.
struct Schemas(Value);

impl Schemas {
    /// What is expected at a path such as `claims[0].due_date`, as "is …" goes on.
    fn at(&self, schema: &Value, path: &str) -> Option<String> {
        let mut schema = self.one(schema)?;
        for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
            let is_index = part.bytes().all(|byte| byte.is_ascii_digit());
            schema = self.one(if is_index { schema.get("items")? } else { schema.get("properties")?.get(part)? })?;
        }
        expected(schema, self)
    }

    /// The schema itself, where one refers to it or it may be `null`.
    fn one<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        if let Some(name) = schema["$ref"].as_str() {
            return self.0.get(name.rsplit('/').next()?);
        }
        let Some(several) = schema["oneOf"].as_array() else { return Some(schema) };
        let mut others = several.iter().filter(|one| one["type"] != "null");
        match (others.next(), others.next()) {
            (Some(only), None) => self.one(only),
            _ => None,
        }
    }
}

fn expected(schema: &Value, schemas: &Schemas) -> Option<String> {
    let (mut kinds, mut nullable) = (Vec::new(), false);
    match &schema["type"] {
        Value::String(kind) => kinds.push(kind.as_str()),
        Value::Array(several) => kinds.extend(several.iter().filter_map(Value::as_str)),
        _ => {}
    }
    kinds.retain(|kind| {
        nullable |= *kind == "null";
        *kind != "null"
    });
    let example = schema["example"].as_str();
    let what = match (kinds.as_slice(), schema["format"].as_str(), example) {
        _ if schema["enum"].is_array() => {
            let values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
            format!("one of {}", listed(values))
        }
        (_, Some("date"), _) => "a day such as 2026-11-29".to_owned(),
        (_, Some("date-time"), _) => "a time such as 2026-11-29T09:30:00Z".to_owned(),
        (_, Some("uuid"), _) => format!("an id, a UUID such as {ID}"),
        (["string"], _, Some(example)) => format!("text such as {example}"),
        (["string"], ..) => "text".to_owned(),
        (["boolean"], ..) => "`true` or `false`".to_owned(),
        (["integer"], ..) => match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
            (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            _ => "a whole number".to_owned(),
        },
        (["number"], ..) => "a number".to_owned(),
        (["array"], ..) => {
            let items = schemas.one(&schema["items"]).and_then(|items| expected(items, schemas));
            items.map_or_else(|| "a list".to_owned(), |items| format!("a list, each {items}"))
        }
        (["object"], ..) => "an object".to_owned(),
        _ => return None,
    };
    Some(if nullable { format!("{what}, or `null`") } else { what })
}
