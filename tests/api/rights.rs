//! Every endpoint by every kind of caller: what happens is what the table of rights says.

mod endpoints;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use debrief_jobs::{
    db::Tx,
    follow_up,
    index::IndexSession,
    model::Role,
    rights::{Reach, Right, TABLE},
    summarize::template::SummaryTemplate,
    webhook,
};
use futures::{StreamExt, stream};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{Api, all_of, all_of_organization};
use endpoints::{Of, Operation, about, operations};

/// Who asks.
struct Asking {
    name: &'static str,
    key: String,
    /// The reaches that its roles have, given a right; none for a stranger.
    reach: fn(Right) -> Vec<Reach>,
    scopes: Vec<Right>,
    /// Whether the coach's clients are in the reach of `Own`, `Team` and `OrganizationIfAllowed`.
    sees: (bool, bool, bool),
    is_of_another_organization: bool,
}

impl Asking {
    /// Whether it may do this at all, and whether Maya's things are within reach.
    fn expects(&self, right: Option<Right>) -> Expected {
        let Some(right) = right else { return Expected::Allowed };
        if !self.scopes.contains(&right) {
            return Expected::Refused("COACH_004");
        }
        let (own, team, allowed) = self.sees;
        let (mut may, mut sees) = (false, false);
        for reach in (self.reach)(right) {
            match reach {
                Reach::Nobody => {}
                Reach::Own => (may, sees) = (true, sees || own),
                Reach::Team => (may, sees) = (true, sees || team),
                Reach::Organization => (may, sees) = (true, true),
                Reach::OrganizationIfAllowed if allowed => (may, sees) = (true, true),
                Reach::OrganizationIfAllowed => {}
                Reach::NoClientData => may = true,
            }
        }
        match (may, sees && !self.is_of_another_organization) {
            (false, _) => Expected::Refused("COACH_003"),
            (true, true) => Expected::Allowed,
            (true, false) => Expected::Blind,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Refused(&'static str),
    /// It may, but not see Maya's things.
    Blind,
    Allowed,
}

fn line(right: Right) -> &'static debrief_jobs::rights::Line {
    TABLE.iter().find(|line| line.right == right).expect("every right has a line")
}

/// All kinds of callers in one world, those who may do less first.
async fn callers(api: &mut Api) -> Vec<Asking> {
    let coach = |right: Right| vec![line(right).coach];
    let lead = |right: Right| vec![line(right).lead];
    let admin = |right: Right| vec![line(right).admin];
    let coach_and_lead = |right: Right| vec![line(right).coach, line(right).lead];
    let key = |right: Right| vec![line(right).key];
    let ben = api.person("ben", &[Role::Coach]).await;
    let lea = api.person("lea", &[Role::Lead]).await;
    let loner = api.person("loner", &[Role::Coach, Role::Lead]).await;
    let ada = api.person("ada", &[Role::Admin]).await;
    api.execute("insert into teams (id, organization_id, name) select gen_random_uuid(), id, 'T' from organizations")
        .await;
    api.execute(
        "insert into team_members (organization_id, team_id, coach_id, leads)
         select teams.organization_id, teams.id, coaches.id, handle = 'lea' from teams cross join coaches
         where handle in ('lea', 'maya')",
    )
    .await;
    let (own, home) = (api.world.coach, api.world.organization);
    let mut asking = Vec::new();
    for (name, person, reach, scopes, sees) in [
        ("a coach without the scope", Some(own), coach as fn(Right) -> Vec<Reach>, vec![], (true, false, false)),
        ("another coach", Some(ben), coach, all_of(Role::Coach), (false, false, false)),
        ("a coach and lead of no team", Some(loner), coach_and_lead, all_of(Role::Coach), (false, false, false)),
        ("an admin who may not read", Some(ada), admin, all_of(Role::Admin), (false, false, false)),
        ("the lead of the team", Some(lea), lead, all_of(Role::Lead), (false, true, false)),
        ("a key of the organization", None, key, all_of_organization(), (false, false, false)),
        ("the coach", Some(own), coach, all_of(Role::Coach), (true, false, false)),
    ] {
        // A key has at least one scope; this one is for nothing that is tried.
        let granted = if scopes.is_empty() { vec![Right::VoiceWrite] } else { scopes.clone() };
        let key = api.key(person, &granted).await;
        asking.push(Asking { name, key, reach, scopes, sees, is_of_another_organization: false });
    }
    // The same roles, in another organization.
    let [organization, coach_there, _] = api.world.neighbour().await;
    for (name, person, reach, scopes) in [
        ("a coach of another organization", Some(coach_there), coach as fn(Right) -> Vec<Reach>, all_of(Role::Coach)),
        ("a key of another organization", None, key, all_of_organization()),
    ] {
        let key = api.key_of(organization, person, &scopes).await;
        let sees = (true, true, true);
        asking.insert(0, Asking { name, key, reach, scopes, sees, is_of_another_organization: true });
    }
    api.world.organization = home;
    asking
}

/// What exists in the world, by what it's for.
async fn places(api: &Api) -> BTreeMap<&'static str, String> {
    api.execute(
        "insert into exports (id, organization_id, manifest) select gen_random_uuid(), id, null from organizations",
    )
    .await;
    api.execute(
        "insert into summary_templates (id, organization_id, name, version, definition)
         select gen_random_uuid(), id, 'a', 1, 'name = \"a\"' from organizations",
    )
    .await;
    api.execute(
        "insert into refinements (id, organization_id, summary_id, base_version, instruction, state, finished_at)
         select gen_random_uuid(), organization_id, id, 1, 'shorter', 'failed', now() from summaries",
    )
    .await;
    api.execute(
        "insert into goals (id, organization_id, coach_id, client_id, text, since)
         select gen_random_uuid(), organization_id, coach_id, id, 'After the planning meeting.', '2026-01-01'
         from clients where name = 'Priya Raman'",
    )
    .await;
    api.execute(
        "insert into mails (id, organization_id, kind, subject_id, recipient, session_id, client_id, subject, message_id,
             message, message_sha256, correlation_id)
         select gen_random_uuid(), organization_id, 'follow_up', id, 'priya@raman.example', session_id, client_id,
             'After the planning meeting', 'm', '', '', id
         from summaries",
    )
    .await;
    api.execute("update transcripts set stored_key = 'transcripts/x'").await;
    api.execute(
        "insert into uploads (id, organization_id, coach_id, account_id, file_name, replaces, size_bytes, expires_at)
         select gen_random_uuid(), organization_id, id, id, 'b.vtt', false, 9, now() + interval '1 day'
         from coaches where handle = 'maya'",
    )
    .await;
    api.world.services.bucket.put("transcripts/x", "WEBVTT").await.expect("it is there");
    api.world.services.bucket.put("inbox/maya/new.vtt", "WEBVTT").await.expect("it is there");
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    let new = webhook::New { url: "https://crm.example/hook".into(), ..webhook::New::default() };
    let added = webhook::add(&mut tx, api.world.services.webhooks.rules(), &new).await.expect("a webhook");
    webhook::test(&mut tx, added.id).await.expect("a delivery");
    tx.commit().await.expect("it commits");
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    let mut places = BTreeMap::from([
        ("session", api.reviewed.session.to_string()),
        ("summary", api.reviewed.summary.to_string()),
        ("client", api.world.priya.to_string()),
        ("coach", api.world.coach.to_string()),
    ]);
    for (name, table) in [
        ("transcript", "transcripts"),
        ("export", "exports"),
        ("job", "jobs"),
        ("key", "api_keys"),
        ("webhook", "webhooks"),
        ("delivery", "webhook_deliveries"),
        ("upload", "uploads"),
        ("team", "teams"),
        ("refinement", "refinements"),
        ("goal", "goals"),
    ] {
        let sql = format!("select id from {table} order by id limit 1");
        let id = sqlx::query_scalar::<_, Uuid>(AssertSqlSafe(sql)).fetch_optional(tx.conn()).await.expect("an answer");
        places.insert(name, id.unwrap_or_default().to_string());
    }
    let item = sqlx::query_scalar::<_, Uuid>("select lasting_id from claims where section = 'action_items'");
    places.insert("item", item.fetch_one(tx.conn()).await.expect("an action item").to_string());
    let ben = sqlx::query_scalar::<_, Uuid>("select id from coaches where handle = 'ben'");
    places.insert("person", ben.fetch_one(tx.conn()).await.expect("a person").to_string());
    places
}

fn path(operation: &Operation, of: Of, places: &BTreeMap<&'static str, String>) -> String {
    let at = |name: &str| operation.path.replace("{id}", &places[name]);
    match of {
        Of::Nobody if operation.id == "get_mail_template" => operation.path.replace("{name}", "sign_in_link"),
        Of::Nobody if operation.id == "get_prompt" => operation.path.replace("{name}", "summarize"),
        Of::Nobody | Of::List | Of::NewGoal => operation.path.clone(),
        Of::Search if operation.method == Method::POST => operation.path.clone(),
        Of::Search if operation.id == "suggest" => format!("{}?q=priya", operation.path),
        Of::Search => format!("{}?q=planning+meeting", operation.path),
        Of::Session => at("session"),
        Of::Summary => at("summary"),
        Of::Refinement => at("refinement"),
        Of::ActionItem => at("item"),
        Of::Goal => at("goal"),
        Of::SummaryVersion => at("summary").replace("{version}", "1"),
        Of::Client => at("client"),
        Of::Transcript => at("transcript"),
        Of::Coach if operation.id == "create_client" => operation.path.clone(),
        Of::Coach => format!("{}?coach_id={}", operation.path, places["coach"]),
        Of::Upload => format!("{}?coach=maya&file_name=a.vtt", operation.path),
        Of::Parts => at("upload"),
        Of::File => format!("{}?object_key=inbox/maya/new.vtt", operation.path),
        Of::Export => at("export").replace("{table}", "sessions").replace("{format}", "csv"),
        Of::Template => operation.path.replace("{name}", "a"),
        Of::Job => at("job"),
        Of::Webhook => at("webhook"),
        Of::Delivery => at("delivery"),
        Of::Person => at("person"),
        Of::Team => at("team").replace("{person}", &places["coach"]),
        Of::Key => at("key"),
    }
}

async fn walk(operation: &Operation) {
    let (of, body) = about(&operation.id);
    let mut api = Api::new().await;
    api.world.leaves::<debrief_jobs::export::ExportOrganization>();
    api.world.leaves::<debrief_jobs::path::RefineSummary>();
    api.world.leaves::<webhook::Deliver>();
    api.world.leaves::<debrief_jobs::mail::SendMail>();
    // A job that the organization has.
    api.execute(
        "insert into jobs (id, organization_id, kind, args, max_attempts, state, correlation_id, finished_at)
        select gen_random_uuid(), id, 'test.nothing', '{}', 1, 'done', id, now() from organizations",
    )
    .await;
    let asking = callers(&mut api).await;
    let places = places(&api).await;
    let path = path(operation, of, &places);
    if operation.id == "follow_session" {
        // Then the stream ends at once.
        api.reviewed.set_state(&api.world, "closed").await;
    }
    if of == Of::Search {
        api.world.run(&IndexSession { session_id: api.reviewed.session }).await.expect("it is indexed");
    }
    let mut body = body;
    if operation.id == "create_client" {
        body.as_mut().expect("a body")["coach_id"] = places["coach"].clone().into();
    }
    if operation.id == "create_goal" {
        body.as_mut().expect("a body")["client_id"] = places["client"].clone().into();
    }
    if operation.id == "merge_clients" {
        body.as_mut().expect("a body")["into"] = api.world.tom.to_string().into();
        body.as_mut().expect("a body")["dry_run"] = true.into();
    }
    for key in ["", "nonsense", "dbk_000000000000000000000000000000000000"] {
        let answer = api.ask(key, operation.method.clone(), &path, body.as_ref(), &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{} by nobody: {}", operation.id, answer.body);
    }
    let mut was_done = false;
    for caller in asking {
        let who = format!("{} by {}", operation.id, caller.name);
        let audited = api.count("select count(*) from audit_events where kind in ('read', 'changed')").await;
        let headers = [("if-match", "*"), ("upload-length", "3")];
        let answer = api.ask(&caller.key, operation.method.clone(), &path, body.as_ref(), &headers).await;
        let expected = caller.expects(operation.right);
        let failure = || format!("{who}: {} {}", answer.status, answer.body);
        match expected {
            Expected::Refused(code) => {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", failure());
                assert_eq!(answer.code(), code, "{who}");
            }
            Expected::Blind if of.is_clients_data() => {
                // A coach or a client who isn't there is a value that can't be used.
                let is_named = matches!(of, Of::Coach | Of::Upload | Of::NewGoal);
                let absent = if is_named { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::NOT_FOUND };
                assert_eq!(answer.status, absent, "{}", failure());
            }
            _ if of.is_of_organization() && caller.is_of_another_organization => {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", failure());
            }
            // Maya's key, and the caller is neither she nor one who sees to all keys.
            _ if of == Of::Key
                && !caller.sees.0
                && matches!(caller.expects(Some(Right::KeysOrganization)), Expected::Refused(_)) =>
            {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", failure());
            }
            _ => {
                let status = answer.status.as_u16();
                assert!(![401, 403, 500, 503].contains(&status), "{}", failure());
                let is_once = operation.method == Method::DELETE || operation.id == "merge_clients";
                assert!(status != 404 || is_once && was_done || of == Of::Export, "{}", failure());
                // Whoever may see it does.
                if expected == Expected::Allowed
                    && matches!(of, Of::List | Of::Search)
                    && operation.id != "list_rollups"
                {
                    let seen =
                        ["session", "summary", "client"].iter().any(|thing| answer.body.contains(&places[*thing]));
                    assert!(seen, "{}", failure());
                }
                was_done = true;
            }
        }
        // Nothing of Maya's clients is in an answer to somebody who can't see it.
        if expected != Expected::Allowed {
            for thing in ["session", "summary", "client"] {
                let is_asked = path.contains(&places[thing]);
                assert!(is_asked || !answer.body.contains(&places[thing]), "{}", failure());
            }
            assert!(!answer.body.contains("planning meeting"), "{}", failure());
        }
        // Whatever was done is in the audit, by whom.
        if answer.status.is_success() && operation.id != "get_me" && !caller.is_of_another_organization {
            let now = api
                .count("select count(*) from audit_events where kind in ('read', 'changed') and key_id is not null")
                .await;
            assert_eq!(now, audited + 1, "{}", failure());
        }
    }
}

/// The offline writer learns when it's first asked, which takes a development build long enough to time a request out.
pub(super) async fn learn() {
    let learn = || follow_up::preview(&SummaryTemplate::default()).map(drop);
    tokio::task::spawn_blocking(learn).await.expect("it ends").expect("a preview");
}

#[tokio::test]
async fn every_endpoint_does_for_every_caller_what_the_table_of_rights_says() {
    let operations = operations();
    assert!(operations.len() > 45, "{}", operations.len());
    learn().await;
    // A few at a time: each has a database of its own.
    let mut walks = stream::iter(&operations).map(walk).buffer_unordered(6);
    while walks.next().await.is_some() {}
}

#[tokio::test]
async fn an_admin_reads_sessions_where_the_organization_says_so() {
    let api = Api::new().await;
    let ada = api.person("ada", &[Role::Admin]).await;
    let key = api.key(Some(ada), &[Right::SessionsRead, Right::ExportsRead]).await;
    let path = format!("/v1/sessions/{}", api.reviewed.session);
    assert_eq!(api.get(&key, &path).await.status, StatusCode::FORBIDDEN);
    api.execute("update organizations set admins_read_sessions = true").await;
    assert_eq!(api.get(&key, &path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_endpoint_has_its_own_name_and_asks_for_a_known_right() {
    let operations = operations();
    let names: BTreeSet<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(names.len(), operations.len());
    // What coaches dictate is on their pages.
    let asked: BTreeSet<&str> = operations
        .iter()
        .flat_map(|operation| operation.right.iter().chain(&operation.or))
        .map(|right| right.as_str())
        .collect();
    let known: BTreeSet<&str> = Right::NAMES.iter().copied().collect();
    let unasked: Vec<&str> = known.difference(&asked).copied().collect();
    assert_eq!(unasked, ["voice:write"]);
}
