//! What tools take: arguments, and which of them is wrong.

use std::sync::Arc;

use rmcp::{
    ErrorData,
    handler::server::{
        common::FromContextPart,
        tool::{ToolCallContext, schema_for_input},
    },
    model::JsonObject,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The arguments of a call. What can't be used is refused by its name, as models correct themselves by it.
pub(super) struct Asked<T>(pub(super) T);

impl<S, T: DeserializeOwned> FromContextPart<ToolCallContext<'_, S>> for Asked<T> {
    fn from_context_part(context: &mut ToolCallContext<'_, S>) -> Result<Self, ErrorData> {
        let arguments = Value::Object(context.arguments.take().unwrap_or_default());
        serde_path_to_error::deserialize(arguments).map(Self).map_err(|error| {
            let place = match error.path().to_string() {
                place if place == "." => String::new(),
                place => format!(" (`{place}`)"),
            };
            let problem = format!(
                "The arguments can’t be used{place}: {}. The tool’s input schema says what it takes.",
                error.inner()
            );
            ErrorData::invalid_params(problem, None)
        })
    }
}

/// The schema of a tool's arguments. All are structs, so there is one; a fixture holds it.
pub(super) fn takes<T: JsonSchema + 'static>() -> Arc<JsonObject> {
    schema_for_input::<T>().unwrap_or_default()
}
