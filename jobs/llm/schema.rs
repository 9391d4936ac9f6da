//! The JSON schema of a Rust type in the strict form that structured output requires: every field is required, optional
//! ones are nullable, and nothing else is allowed.
//!
//! A model writes an answer's properties in the order of the schema, which is thus the order of its reasoning: first
//! the quoted words, then its conclusions. The order is that of the type's fields. A JSON map of `serde_json` has no
//! order; `required` is a list and does, and [`Ordered`] writes in it.

use std::fmt;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{
    Serialize, Serializer,
    ser::{Error, SerializeMap},
};
use serde_json::{Map, Value, json};

/// The strict schema of `T`. `required` lists all fields, in the type's order.
pub(super) fn strict<T: JsonSchema>() -> Value {
    // Serialization writes every field; deserialization may omit some, and then the list would be incomplete.
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    normalize(&mut schema);
    schema
}

/// JSON as sent: a schema's keywords in the usual order, and its properties in the order of `required`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ordered<'a>(pub(super) &'a Value);

/// The order of the keywords; all others follow by name.
const KEYWORDS: [&str; 4] = ["type", "description", "nullable", "enum"];

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered)),
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                let place = |key: &str| KEYWORDS.iter().position(|other| *other == key).unwrap_or(KEYWORDS.len());
                let mut entries: Vec<(&String, &Value)> = object.iter().collect();
                entries.sort_by(|a, b| place(a.0).cmp(&place(b.0)).then_with(|| a.0.cmp(b.0)));
                for (key, value) in entries {
                    match (key.as_str(), object.get("required"), value) {
                        ("properties", Some(Value::Array(order)), Value::Object(properties)) => {
                            map.serialize_entry(key, &Properties { order, properties })?;
                        }
                        _ => map.serialize_entry(key, &Ordered(value))?,
                    }
                }
                map.end()
            }
            other => other.serialize(serializer),
        }
    }
}

/// For prompts, which contain the schema as text.
impl fmt::Display for Ordered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// An object's properties, all of them required.
struct Properties<'a> {
    order: &'a [Value],
    properties: &'a Map<String, Value>,
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.order.len() != self.properties.len() {
            return Err(S::Error::custom("a schema that is not strict has no order"));
        }
        let mut map = serializer.serialize_map(Some(self.order.len()))?;
        for name in self.order.iter().filter_map(Value::as_str) {
            let property = self.properties.get(name).ok_or_else(|| S::Error::custom("a field without a schema"))?;
            map.serialize_entry(name, &Ordered(property))?;
        }
        map.end()
    }
}

/// The bounds that an endpoint accepts in a strict schema. It would reject a schema with others, so those are put in
/// words; the answer is checked against them here in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// `minItems`. Our answers need at most one, which is all that some accept.
    pub(super) min_items: bool,
    /// `maxItems`.
    pub(super) max_items: bool,
    /// `minLength` and `maxLength`.
    pub(super) length: bool,
}

/// `schema`, with the bounds that the endpoint doesn't accept moved to the description.
pub(super) fn within(schema: &Value, bounds: Bounds) -> Value {
    let mut schema = schema.clone();
    say_bounds(&mut schema, bounds);
    schema
}

fn say_bounds(value: &mut Value, bounds: Bounds) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| say_bounds(item, bounds)),
        Value::Object(object) => {
            // A property may be named like a keyword: only numbers are bounds.
            let mut said = String::new();
            for (key, taken, words, thing) in [
                ("minItems", bounds.min_items, "At least", "item"),
                ("maxItems", bounds.max_items, "At most", "item"),
                ("minLength", bounds.length, "At least", "character"),
                ("maxLength", bounds.length, "At most", "character"),
            ] {
                let number = object.get(key).and_then(Value::as_u64).filter(|_| !taken);
                if let Some(number) = number {
                    object.remove(key);
                    said.push_str(&format!(" {words} {number} {thing}{}.", if number == 1 { "" } else { "s" }));
                }
            }
            if !said.is_empty() {
                let before = object.get("description").and_then(Value::as_str).unwrap_or_default();
                object.insert("description".into(), json!(format!("{before}{said}").trim()));
            }
            object.values_mut().for_each(|inner| say_bounds(inner, bounds));
        }
        _ => {}
    }
}

fn normalize(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(normalize),
        Value::Object(object) => {
            // None of these constrains an answer beyond what the program itself rejects, and some endpoints reject
            // them.
            for key in ["$schema", "title", "default", "format", "minimum"] {
                object.remove(key);
            }
            if let Some(variants) = object.remove("oneOf") {
                one_of(object, variants);
            }
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                properties.values_mut().for_each(normalize);
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

/// An enum of documented names becomes a plain enum with one description; anything else becomes an `anyOf`.
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

/// The same schema in the subset that Gemini supports: types in capitals, `nullable`, no `additionalProperties`, and
/// the order of the properties as a list of names.
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
                        // The field's own description takes precedence over its type's.
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
            ("required", names) => {
                out.insert("propertyOrdering".into(), names.clone());
                out.insert("required".into(), names.clone());
            }
            ("description" | "minItems" | "maxItems" | "minLength" | "maxLength", value) => {
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
        /// Why.
        #[schemars(length(min = 1))]
        because: Vec<Reason>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Reason {
        words: String,
        #[schemars(length(max = 80))]
        author: String,
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
        assert_eq!(item["required"], json!(["kind", "owner", "note", "number", "because"]), "in the type's order");
        assert_eq!(item["properties"]["kind"]["enum"], json!(["one", "two"]));
        assert_eq!(item["properties"]["note"]["type"], json!(["string", "null"]));
        assert_eq!(item["properties"]["number"], json!({ "type": "integer" }));
        let text = schema.to_string();
        for unsupported in ["oneOf", "$ref", "\"default\"", "\"format\""] {
            assert!(!text.contains(unsupported), "{unsupported} in {text}");
        }
        assert!(item["properties"]["owner"].to_string().contains("null"), "{text}");
    }

    /// Compares the bytes, since only they have the order.
    #[test]
    fn properties_stand_in_the_order_of_the_type() {
        let item = &strict::<Answer>()["properties"]["items"]["items"];
        let expected = concat!(
            r#"{"type":"object","additionalProperties":false,"properties":{"#,
            r#""kind":{"type":"string","description":"one: The first. two: The second.","enum":["one","two"]},"#,
            r#""owner":{"anyOf":[{"type":"string","description":"one: The first. two: The second.","#,
            r#""enum":["one","two"]},{"type":"null"}]},"note":{"type":["string","null"]},"number":{"type":"integer"},"#,
            r#""because":{"type":"array","description":"Why.","items":{"type":"object","additionalProperties":false,"#,
            r#""properties":{"words":{"type":"string"},"author":{"type":"string","maxLength":80}},"#,
            r#""required":["words","author"]},"minItems":1}},"required":["kind","owner","note","number","because"]}"#,
        );
        assert_eq!(Ordered(item).to_string(), expected);
        assert_eq!(serde_json::from_str::<Value>(expected).expect("JSON"), *item, "and nothing else differs");
    }

    #[test]
    fn bounds_that_an_endpoint_does_not_take_are_said_in_words() {
        let schema = strict::<Answer>();
        let because = |bounds| within(&schema, bounds)["properties"]["items"]["items"]["properties"]["because"].clone();
        let none = because(Bounds { min_items: false, max_items: false, length: false });
        assert_eq!(none["description"], "Why. At least 1 item.");
        assert_eq!(none.get("minItems"), None);
        assert_eq!(
            none["items"]["properties"]["author"],
            json!({ "type": "string", "description": "At most 80 characters." })
        );
        let all = Bounds { min_items: true, max_items: true, length: true };
        assert_eq!(within(&schema, all), schema);
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
        assert_eq!(item["propertyOrdering"], json!(["kind", "owner", "note", "number", "because"]));
        assert_eq!(item["properties"]["because"]["minItems"], 1);
        let text = schema.to_string();
        for unknown in ["additionalProperties", "null\"", "const", "$defs"] {
            assert!(!text.contains(unknown), "{unknown} in {text}");
        }
    }
}
