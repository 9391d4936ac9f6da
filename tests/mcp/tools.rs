//! The tools themselves: which there are, what they are described to take and give, and that none of them decides.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use debrief::http::mcp;
use debrief_jobs::rights::Right;
use serde_json::Value;

use crate::api::form::same_as_committed;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mcp/tools.json");
const MANUAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/MCP.md");

/// All that an assistant can do. A tool that is added is added here, after thinking about it.
const NAMES: [&str; 10] = [
    "draft_refinement",
    "get_client",
    "get_session",
    "get_summary",
    "get_transcript",
    "list_action_items",
    "list_clients",
    "list_goals",
    "list_sessions",
    "search",
];

/// What no tool asks for: whoever decides is a person.
const NEVER: [Right; 13] = [
    Right::SummariesApprove,
    Right::SessionsWrite,
    Right::SessionsDelete,
    Right::TranscriptsWrite,
    Right::ClientsWrite,
    Right::GoalsWrite,
    Right::PeopleWrite,
    Right::OrganizationWrite,
    Right::KeysOwn,
    Right::KeysOrganization,
    Right::WebhooksWrite,
    Right::JobsWrite,
    Right::TemplatesWrite,
];

#[test]
fn the_tools_are_these_and_no_other() {
    let tools = mcp::tools();
    let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, NAMES);
    for tool in &tools {
        let hints = tool.annotations.as_ref().expect("hints");
        let changes = tool.name == "draft_refinement";
        assert_eq!(hints.read_only_hint, Some(!changes), "{}", tool.name);
        assert_eq!(changes, hints.destructive_hint == Some(false), "{}", tool.name);
        let about = about(tool);
        assert!(about.len() > 80, "{} says too little of itself: {about}", tool.name);
        assert!(!needed(&about).is_empty(), "{} says which scope it needs", tool.name);
    }
}

#[test]
fn no_tool_approves_sends_deletes_or_changes_people() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/mcp");
    let files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the tools").map(|entry| entry.expect("an entry").path()).collect();
    assert!(files.len() > 5, "the sources are read");
    let mut asked = BTreeSet::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("a source");
        for right in NEVER {
            assert!(!text.contains(&format!("Right::{right:?}")), "{} asks for {right}", path.display());
        }
        for action in ["approve(", "cancel(", "dismiss(", "send(", "::remove", "::merge"] {
            assert!(!text.contains(action), "{} calls {action}", path.display());
        }
        let rights = text.split("Right::").skip(1).filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
        asked.extend(rights.map(str::to_owned));
    }
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    assert_eq!(asked, ["ClientsRead", "GoalsRead", "SessionsRead", "SummariesRead", "SummariesWrite"]);
}

#[test]
fn their_schemas_are_the_committed_ones() {
    let made = serde_json::to_string_pretty(&mcp::tools()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(FIXTURE, &made).expect("it is written");
    }
    let held = fs::read_to_string(FIXTURE).expect("fixtures/mcp/tools.json is committed");
    assert!(held == made, "{FIXTURE} is out of date: run this test with UPDATE_FIXTURES=1, and read what changed");
}

#[test]
fn what_they_take_is_bounded_and_known() {
    for tool in mcp::tools() {
        let schema = tool.schema_as_json_value();
        assert_eq!(schema["additionalProperties"], false, "{} ignores typing errors", tool.name);
        for (name, field) in schema["properties"].as_object().expect("fields") {
            let is = |kind: &str| {
                field["type"] == kind || field["type"].as_array().is_some_and(|all| all.contains(&kind.into()))
            };
            let has = |key: &str| field.get(key).is_some();
            let bounded = if is("string") {
                has("maxLength") || has("format") || has("enum")
            } else if is("integer") {
                has("minimum")
            } else {
                is("boolean") || has("anyOf") || has("$ref")
            };
            assert!(bounded, "{}.{name} has no bound: {field}", tool.name);
            assert!(has("description"), "{}.{name} isn't described", tool.name);
        }
    }
}

/// A tool's description, on one line.
fn about(tool: &rmcp::model::Tool) -> String {
    tool.description.as_deref().unwrap_or_default().replace('\n', " ")
}

/// The scope that a description names.
fn needed(about: &str) -> &str {
    about.split_once("Needs `").and_then(|(_, rest)| rest.split('`').next()).unwrap_or_default()
}

#[test]
fn the_manual_lists_every_tool() {
    let mut table = String::from("\n| Tool | What it does | Scope of the key |\n|---|---|---|\n");
    for tool in mcp::tools() {
        let about = about(&tool);
        let first = about.split_once(". ").map_or(&*about, |(first, _)| first);
        table.push_str(&format!("| `{}` | {first} | `{}` |\n", tool.name, needed(&about)));
    }
    same_as_committed(MANUAL, "<!-- tools -->", "<!-- end of tools -->", &table);
}

/// Whether `value` has the fields that `schema` promises, and no others. Clients refuse what doesn't.
pub(super) fn fits(schema: &Value, root: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = root.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{at}: no {name}"));
        return fits(schema, root, value, at);
    }
    match value {
        Value::Object(fields) => {
            let known = schema["properties"].as_object().unwrap_or_else(|| panic!("{at} is no object: {schema}"));
            for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(fields.contains_key(required), "{at}.{required} is missing");
            }
            for (name, value) in fields {
                let schema = known.get(name).unwrap_or_else(|| panic!("{at}.{name} isn't in the schema"));
                fits(schema, root, value, &format!("{at}.{name}"));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fits(&schema["items"], root, item, at)),
        other => {
            let kind = match other {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Number(number) if number.is_f64() => "number",
                Value::Number(_) => "integer",
                _ => "string",
            };
            let kinds = schema["type"].to_string();
            let fits = kinds.contains(kind) || kind == "integer" && kinds.contains("number");
            assert!(fits, "{at} is {kind}, and should be {kinds}");
            if let Some(names) = schema["enum"].as_array() {
                assert!(names.contains(other), "{at} is {other}");
            }
        }
    }
}
