//! The endpoints, as the document has them, and what each is about: one that isn't here fails the test.

use axum::http::Method;
use debrief::http::api::openapi;
use debrief_jobs::rights::Right;
use serde_json::{Value, json};
use uuid::Uuid;

/// An endpoint, as the document has it.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: Method,
    pub(super) path: String,
    /// None for `/v1/me`, which every key may ask.
    pub(super) right: Option<Right>,
    /// Those that other requests of the same operation take instead.
    pub(super) or: Vec<Right>,
}

pub(super) fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(openapi()).expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if path.starts_with("/v1/auth/") {
                // For whoever isn't known yet: `sign_in::tokens`.
                assert_eq!(operation["security"][0], json!({}), "{path}");
                continue;
            }
            let scopes = operation["security"][0]["key"].as_array().unwrap_or_else(|| panic!("{path} has no security"));
            let right = scopes.first().map(|scope| scope.as_str().expect("a scope").parse().expect("a right"));
            let others = operation["security"].as_array().into_iter().flatten().skip(1);
            let or = others.filter_map(|one| one["key"][0].as_str()?.parse().ok()).collect();
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            found.push(Operation { id, method, path: path.clone(), right, or });
        }
    }
    found
}

/// What an endpoint is about, and a body that it takes. An endpoint that isn't here fails the test.
pub(super) fn about(id: &str) -> (Of, Option<Value>) {
    let uuid = Uuid::nil();
    match id {
        "get_me" => (Of::Nobody, None),
        "list_keys"
        | "list_people"
        | "list_teams"
        | "get_organization"
        | "list_templates"
        | "list_jobs"
        | "list_costs"
        | "list_schedules"
        | "list_mail_templates"
        | "get_mail_template"
        | "list_prompts"
        | "get_prompt"
        | "list_exports"
        | "get_export_schema"
        | "list_audit" => (Of::Nobody, None),
        "list_sessions" | "list_action_items" | "list_goals" | "list_clients" | "list_summaries" | "list_rollups"
        | "list_mails" => (Of::List, None),
        "search" | "suggest" => (Of::Search, None),
        "search_by_body" => (Of::Search, Some(json!({ "q": "planning meeting" }))),
        "create_key" => (Of::Nobody, Some(json!({ "name": "k", "scopes": ["sessions:read"] }))),
        "invite_person" => (Of::Nobody, Some(json!({ "name": "Nina Novak", "email": "nina@northlight.example" }))),
        "get_person" | "deactivate_person" | "activate_person" => (Of::Person, None),
        "change_roles" => (Of::Person, Some(json!({ "roles": ["coach"] }))),
        "create_team" => (Of::Nobody, Some(json!({ "name": "South" }))),
        "rename_team" => (Of::Team, Some(json!({ "name": "East" }))),
        "delete_team" | "remove_team_member" => (Of::Team, None),
        "add_team_member" => (Of::Team, Some(json!({ "leads": false }))),
        "revoke_key" => (Of::Key, None),
        "change_organization" => (Of::Nobody, Some(json!({ "name": "Northlight" }))),
        "get_session" | "list_utterances" | "follow_session" | "list_speakers" | "list_similar_sessions" => {
            (Of::Session, None)
        }
        "close_session" | "delete_session" => (Of::Session, None),
        "change_session" => (Of::Session, Some(json!({ "title": "Another title" }))),
        "name_speakers" => (Of::Session, Some(json!({ "speakers": [{ "label": "x", "is": { "kind": "coach" } }] }))),
        "split_speaker" => {
            (Of::Session, Some(json!({ "label": "x", "turns": [{ "utterance_id": uuid, "is": null }] })))
        }
        "create_upload" => (Of::Upload, None),
        "get_resumable_upload" | "append_upload" | "delete_upload" => (Of::Parts, None),
        "upload_transcript" => (Of::Upload, None),
        "get_upload" => (Of::File, None),
        "download_transcript" => (Of::Transcript, None),
        "create_client" => (Of::Coach, Some(json!({ "name": "Nina Novak" }))),
        "import_roster" => (Of::Coach, None),
        "get_client" | "remove_client" | "list_client_sessions" | "get_client_bundle" => (Of::Client, None),
        "change_client" => (Of::Client, Some(json!({ "tags": ["a"] }))),
        "merge_clients" => (Of::Client, Some(json!({ "into": uuid }))),
        "get_summary"
        | "list_summary_versions"
        | "compare_summary_versions"
        | "undo_summary"
        | "dismiss_summary"
        | "reopen_summary"
        | "preview_letter"
        | "cancel_letter" => (Of::Summary, None),
        "get_action_item" | "complete_action_item" | "drop_action_item" | "reopen_action_item" => {
            (Of::ActionItem, None)
        }
        "change_action_item" => (Of::ActionItem, Some(json!({ "owner": "unclear" }))),
        "create_goal" => (Of::NewGoal, Some(json!({ "text": "Lead the team." }))),
        "get_goal" | "achieve_goal" | "drop_goal" | "reopen_goal" | "remove_goal" => (Of::Goal, None),
        "change_goal" => (Of::Goal, Some(json!({ "text": "Lead the whole team." }))),
        "get_summary_version" => (Of::SummaryVersion, None),
        "get_refinement" => (Of::Refinement, None),
        "edit_summary" => (Of::Summary, Some(json!({ "add": [{ "section": "wins", "text": "It went well." }] }))),
        "refine_summary" => (Of::Summary, Some(json!({ "instruction": "shorter" }))),
        "approve_summaries" => {
            (Of::Nobody, Some(json!({ "approvals": [{ "id": uuid, "version": 1, "hash": "x", "recipient": null }] })))
        }
        "approve_summary" => (Of::Summary, Some(json!({ "version": 1, "hash": "x", "recipient": null }))),
        "schedule_letter" => (Of::Summary, Some(json!({ "send_at": null }))),
        "decide_letter" => (Of::Summary, Some(json!({ "fate": "arrived" }))),
        "start_export" => (Of::Nobody, None),
        "get_export" | "download_export" => (Of::Export, None),
        "get_template" | "retire_template" => (Of::Template, None),
        "save_template" => (Of::Nobody, Some(json!({ "definition": "name = \"b\"" }))),
        "get_job" | "retry_job" | "cancel_job" => (Of::Job, None),
        "list_webhooks" => (Of::Nobody, None),
        "create_webhook" => (Of::Nobody, Some(json!({ "url": "https://crm.example/hook" }))),
        "change_webhook" => (Of::Webhook, Some(json!({ "description": "The CRM" }))),
        "get_webhook" | "remove_webhook" | "rotate_webhook_secret" | "test_webhook" | "list_webhook_deliveries" => {
            (Of::Webhook, None)
        }
        "replay_webhook_delivery" => (Of::Delivery, None),
        other => panic!("{other} is not in the table of endpoints: say what it is about"),
    }
}

/// What an endpoint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Nobody,
    List,
    Search,
    Session,
    Summary,
    SummaryVersion,
    Refinement,
    ActionItem,
    Goal,
    /// Of a client, named in the body.
    NewGoal,
    Client,
    Transcript,
    /// A coach, named in the parameters.
    Coach,
    Upload,
    /// An upload in parts.
    Parts,
    File,
    // Things of the organization.
    Export,
    Template,
    Job,
    Key,
    Webhook,
    Delivery,
    Person,
    Team,
}

impl Of {
    pub(super) fn is_clients_data(self) -> bool {
        use Of::*;
        matches!(
            self,
            Session
                | Summary
                | SummaryVersion
                | Refinement
                | ActionItem
                | Goal
                | NewGoal
                | Client
                | Transcript
                | Coach
                | Upload
                | Parts
                | File
        )
    }

    pub(super) fn is_of_organization(self) -> bool {
        use Of::*;
        matches!(self, Export | Template | Job | Key | Webhook | Delivery | Person | Team)
    }
}
