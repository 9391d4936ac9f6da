//! The JSON schema of a Rust type in the strict form that structured output wants: every field required, what may be
//! missing is null, and nothing else allowed.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The strict schema of `T`.
pub(super) fn strict<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    normalize(&mut schema);
    schema
}

fn normalize(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(normalize),
        Value::Object(object) => {
            // None of these constrains an answer that the program would not refuse itself, and not every endpoint
            // takes them.
            for key in ["$schema", "title", "default", "format", "minimum"] {
                object.remove(key);
            }
            if let Some(variants) = object.remove("oneOf") {
                one_of(object, variants);
            }
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                properties.values_mut().for_each(normalize);
                let names: Vec<Value> = properties.keys().map(|name| json!(name)).collect();
                object.insert("required".into(), Value::Array(names));
                object.insert("additionalProperties".into(), json!(false));
            }
            for key in ["items", "anyOf", "$defs"] {
                if let Some(inner) = object.get_mut(key) {
                    normalize(inner);
                }
            }
        }
        _ => {}
    }
}

/// An enum of documented names becomes a plain enum with the documentation in one place; anything else an `anyOf`.
fn one_of(object: &mut Map<String, Value>, variants: Value) {
    let Value::Array(variants) = variants else { return };
    let names: Vec<Value> = variants.iter().filter_map(|variant| variant.get("const").cloned()).collect();
    if names.len() < variants.len() {
        object.insert("anyOf".into(), Value::Array(variants));
        return;
    }
    let documentation: Vec<String> = variants
        .iter()
        .filter_map(|variant| {
            Some(format!("{}: {}", variant.get("const")?.as_str()?, variant.get("description")?.as_str()?))
        })
        .collect();
    object.insert("type".into(), json!("string"));
    object.insert("enum".into(), Value::Array(names));
    object.insert("description".into(), json!(documentation.join(" ")));
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Answer {
        items: Vec<Item>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Item {
        kind: Kind,
        #[serde(default)]
        owner: Option<Kind>,
        #[serde(default)]
        note: Option<String>,
        number: usize,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        /// The first.
        One,
        /// The second.
        Two,
    }

    #[test]
    fn every_field_is_required_and_nothing_else_is_allowed() {
        let schema = strict::<Answer>();
        let item = &schema["properties"]["items"]["items"];
        assert_eq!(item["additionalProperties"], json!(false));
        let mut required: Vec<&str> =
            item["required"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        required.sort_unstable();
        assert_eq!(required, ["kind", "note", "number", "owner"]);
        assert_eq!(item["properties"]["kind"]["enum"], json!(["one", "two"]));
        assert_eq!(item["properties"]["note"]["type"], json!(["string", "null"]));
        assert_eq!(item["properties"]["number"], json!({ "type": "integer" }));
        let text = schema.to_string();
        for unsupported in ["oneOf", "$ref", "\"default\"", "\"format\""] {
            assert!(!text.contains(unsupported), "{unsupported} in {text}");
        }
        assert!(item["properties"]["owner"].to_string().contains("null"), "{text}");
    }
}
