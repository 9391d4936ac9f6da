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

/// The same schema in the few words of it that Gemini knows: a type in capitals, `nullable`, and no
/// `additionalProperties`.
pub(super) fn for_gemini(schema: &Value) -> Value {
    let Value::Object(object) = schema else { return schema.clone() };
    let mut out = Map::new();
    let null = json!("null");
    for (key, value) in object {
        match (key.as_str(), value) {
            ("type", Value::Array(types)) => {
                if types.contains(&null) {
                    out.insert("nullable".into(), json!(true));
                }
                if let Some(Value::String(kind)) = types.iter().find(|kind| **kind != null) {
                    out.insert("type".into(), json!(kind.to_uppercase()));
                }
            }
            ("type", Value::String(kind)) => {
                out.insert("type".into(), json!(kind.to_uppercase()));
            }
            ("anyOf", Value::Array(variants)) => {
                let is_null = |variant: &&Value| variant.get("type") == Some(&null);
                let mut others: Vec<Value> =
                    variants.iter().filter(|variant| !is_null(variant)).map(for_gemini).collect();
                if others.len() < variants.len() {
                    out.insert("nullable".into(), json!(true));
                }
                match (others.len(), others.pop()) {
                    (1, Some(Value::Object(only))) => {
                        // What is said of the field itself is more than what is said of its type.
                        for (key, value) in only {
                            out.entry(key).or_insert(value);
                        }
                    }
                    (_, last) => {
                        others.extend(last);
                        out.insert("anyOf".into(), Value::Array(others));
                    }
                }
            }
            ("enum", Value::Array(names)) => {
                out.insert("enum".into(), names.iter().filter(|name| !name.is_null()).cloned().collect());
            }
            ("properties", Value::Object(properties)) => {
                let properties = properties.iter().map(|(name, schema)| (name.clone(), for_gemini(schema)));
                out.insert("properties".into(), Value::Object(properties.collect()));
            }
            ("items", items) => {
                out.insert("items".into(), for_gemini(items));
            }
            ("description" | "required" | "minItems" | "maxItems", value) => {
                out.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    Value::Object(out)
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
    #[test]
    fn gemini_gets_what_it_knows() {
        let schema = for_gemini(&strict::<Answer>());
        let item = &schema["properties"]["items"]["items"];
        assert_eq!((&schema["type"], &item["type"]), (&json!("OBJECT"), &json!("OBJECT")));
        assert_eq!(
            (&item["properties"]["note"]["type"], &item["properties"]["note"]["nullable"]),
            (&json!("STRING"), &json!(true))
        );
        let owner = &item["properties"]["owner"];
        assert_eq!((&owner["nullable"], &owner["enum"]), (&json!(true), &json!(["one", "two"])), "{owner}");
        let text = schema.to_string();
        for unknown in ["additionalProperties", "null\"", "const", "$defs"] {
            assert!(!text.contains(unknown), "{unknown} in {text}");
        }
    }
}
