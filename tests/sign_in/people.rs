//! Invitations, roles, teams, and the command line for them.

use axum::http::StatusCode;
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx, View},
    export::ExportOrganization,
    model::Role,
    people::{self, CoachChange, NewCoach, PeopleError, Presence},
    rights::{Caller, Right, Via},
    sign_in::{self, ChangeError, InviteError, NewPerson},
};
use uuid::Uuid;

use super::{House, MAYA, PASSWORD};
use crate::support::installation::Installation;

const JONAS: &str = "jonas@northlight.example";

/// Invites Jonas as an admin does who sees no coach's sessions; returns his id.
async fn invite(house: &House) -> Uuid {
    let db = &house.world.database.db;
    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    let new = NewPerson { name: "Jonas Weber", email: JONAS, roles: &[Role::Coach, Role::Lead], team: None };
    let admin = Visitor { person_id: Some(house.world.coach), ..Visitor::default() };
    let invited = sign_in::invite(&mut tx, &house.world.services.gate, &new, &admin).await.expect("he is invited");
    tx.commit().await.expect("it commits");
    assert_eq!(invited.handle, "jonas.weber");
    invited.id
}

async fn presence(house: &House, id: Uuid) -> Presence {
    let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
    people::person(&mut tx, id).await.expect("he is there").presence
}

#[tokio::test]
async fn an_invitation_is_accepted_once_with_a_password() {
    let house = House::new().await;
    let jonas = invite(&house).await;
    assert_eq!(presence(&house, jonas).await, Presence::Invited);
    let letters = house.letters().await;
    assert!(letters[0].text.contains("Maya Okafor invites you to Northlight Coaching"), "{}", letters[0].text);
    let link = house.link(JONAS).await;
    let mut browser = house.browser();
    let page = browser.get(&link).await;
    assert!(page.body.contains("Welcome to Northlight Coaching") && page.body.contains("Jonas Weber"), "{}", page.body);
    assert_eq!(presence(&house, jonas).await, Presence::Invited, "a GET accepts nothing");
    // A password that can't be taken doesn't use the link up.
    let refused = browser.post(&link, &[("password", "jonasweber2026")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let accepted = browser.post(&link, &[("password", PASSWORD)]).await;
    assert_eq!(accepted.header("location"), "/", "{}", accepted.body);
    assert!(browser.get("/").await.body.contains("as coach and lead"));
    assert_eq!(presence(&house, jonas).await, Presence::Active);
    let mut other = house.browser();
    assert_eq!(other.get(&link).await.status, StatusCode::GONE);
    other.get("/sign-in").await;
    assert_eq!(other.post(&link, &[]).await.status, StatusCode::GONE);
    assert_eq!(other.sign_in(JONAS, PASSWORD).await.status, StatusCode::SEE_OTHER);
    // A link to sign in is no invitation.
    other.post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await.replace("/sign-in/link/", "/invitation/");
    assert_eq!(other.get(&link).await.status, StatusCode::GONE);
    assert_eq!(other.post(&link, &[("password", PASSWORD)]).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn an_invitation_is_sent_again_expires_and_is_withdrawn() {
    let house = House::new().await;
    let (db, gate, nobody) = (&house.world.database.db, &house.world.services.gate, Visitor::default());
    let jonas = invite(&house).await;
    let first = house.link(JONAS).await;
    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    sign_in::resend(&mut tx, gate, jonas, &nobody).await.expect("it is sent again");
    tx.commit().await.expect("it commits");
    let second = house.link(JONAS).await;
    assert_ne!(first, second);
    let mut browser = house.browser();
    assert_eq!(browser.get(&first).await.status, StatusCode::GONE);
    assert_eq!(browser.get(&second).await.status, StatusCode::OK);
    assert_eq!(house.count("select count(*) from one_time_links where expires_at between now() + interval '6 days 23 hours' and now() + interval '7 days'").await, 2);
    house.execute("update one_time_links set expires_at = now()").await;
    assert_eq!(browser.post(&second, &[]).await.status, StatusCode::GONE);

    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    sign_in::resend(&mut tx, gate, jonas, &nobody).await.expect("it is sent again");
    tx.commit().await.expect("it commits");
    let third = house.link(JONAS).await;
    assert_eq!(browser.get(&third).await.status, StatusCode::OK);
    // Also when the last one is too old, and a mail that wasn't sent doesn't go.
    house.execute("update one_time_links set expires_at = now()").await;
    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    sign_in::resend(&mut tx, gate, jonas, &nobody).await.expect("it is sent again");
    tx.commit().await.expect("it commits");
    house.execute("update one_time_links set expires_at = now()").await;
    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    sign_in::withdraw(&mut tx, jonas, &nobody).await.expect("it is withdrawn");
    tx.commit().await.expect("it commits");
    assert_eq!(house.count("select count(*) from mails where state = 'queued'").await, 0);
    assert_eq!(browser.get(&third).await.status, StatusCode::NOT_FOUND, "he is no longer there");
    assert_eq!(presence(&house, jonas).await, Presence::Deactivated);

    // Whoever is here already isn't uninvited, and nobody is invited twice.
    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    let maya = sign_in::withdraw(&mut tx, house.world.coach, &nobody).await;
    assert!(matches!(maya, Err(InviteError::Accepted(_))), "{maya:?}");
    let new = NewPerson { name: "Another Maya", email: "Maya@Northlight.example", roles: &[], team: None };
    let twice = sign_in::invite(&mut tx, gate, &new, &nobody).await;
    assert!(matches!(twice, Err(InviteError::People(PeopleError::PersonExists { removed: false, .. }))), "{twice:?}");
}

#[tokio::test]
async fn an_invitation_lets_nobody_in_once_its_person_came_in_otherwise() {
    let house = House::new().await;
    let jonas = invite(&house).await;
    let link = house.link(JONAS).await;
    let browser = house.signed_in(JONAS).await;
    assert!(house.admits(&browser).await);
    assert_eq!(presence(&house, jonas).await, Presence::Active);
    assert_eq!(house.browser().get(&link).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn invitations_to_one_person_are_limited() {
    let house = House::new().await;
    let jonas = invite(&house).await;
    let (db, gate) = (&house.world.database.db, &house.world.services.gate);
    let mut tx = db.tenant(house.world.organization).await.expect("a transaction");
    for _ in 0..4 {
        sign_in::resend(&mut tx, gate, jonas, &Visitor::default()).await.expect("it is sent again");
    }
    let sixth = sign_in::resend(&mut tx, gate, jonas, &Visitor::default()).await;
    assert!(matches!(sixth, Err(InviteError::TooMany(_))), "{sixth:?}");
}

#[tokio::test]
async fn whoever_was_added_by_hand_needs_no_invitation() {
    let house = House::new().await;
    let db = &house.world.database.db;
    let coach = people::NewCoach {
        handle: "ada",
        name: "Ada Lindqvist",
        email: "ada@northlight.example",
        ..Default::default()
    };
    people::add_coach(db, "northlight", &coach).await.expect("she is added");
    let browser = house.signed_in("ada@northlight.example").await;
    assert!(house.admits(&browser).await);
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let house = House::new().await;
    let (db, organization, nobody) = (&house.world.database.db, house.world.organization, Visitor::default());
    let [ada, tove] =
        [house.person("ada", "ada@x.example", &["admin"]).await, house.person("tove", "t@x.example", &["admin"]).await];
    house.deactivate(organization, tove).await.expect("there is another admin");
    let last = house.deactivate(organization, ada).await;
    assert!(matches!(last, Err(PeopleError::LastAdmin)), "{last:?}");
    let mut tx = db.tenant(organization).await.expect("a transaction");
    let last = people::change_roles(&mut tx, ada, &[Role::Coach], &nobody).await;
    assert!(matches!(last, Err(PeopleError::LastAdmin)), "{last:?}");
    people::change_roles(&mut tx, ada, &[Role::Coach, Role::Admin], &nobody).await.expect("she stays admin");
    people::change_roles(&mut tx, house.world.coach, &[Role::Admin], &nobody).await.expect("another admin");
    people::change_roles(&mut tx, ada, &[Role::Coach], &nobody).await.expect("there is another admin");
    assert!(matches!(people::change_roles(&mut tx, ada, &[], &nobody).await, Err(PeopleError::NoRole)));
}

/// A mistyped address is put right before anybody accepted.
#[tokio::test]
async fn an_invitation_follows_its_person_to_another_address() {
    let house = House::new().await;
    let (db, gate) = (&house.world.database.db, &house.world.services.gate);
    let jonas = invite(&house).await;
    let first = house.link(JONAS).await;
    let mut tx = db.tenant(house.world.organization).await.expect("a transaction");
    let handle = people::person(&mut tx, jonas).await.expect("he is there").handle;
    drop(tx);
    let right = "jonas.right@x.example";
    let change = CoachChange { email: Some(right.into()), ..CoachChange::default() };
    let changed = sign_in::change_coach(db, gate, &handle, &change).await.expect("it is changed");
    assert!(changed.invited_until.is_some());
    assert_eq!(presence(&house, jonas).await, Presence::Invited);
    let mut browser = house.browser();
    assert_eq!(browser.get(&first).await.status, StatusCode::GONE);
    assert_eq!(browser.get(&house.link(right).await).await.status, StatusCode::OK);
    let to_the_wrong_one = house.letters().await.iter().filter(|letter| letter.to == [JONAS]).count();
    assert_eq!(to_the_wrong_one, 1, "who has that mailbox isn't told where he went");
}

#[tokio::test]
async fn an_operator_changes_and_removes_coaches_under_the_same_rules() {
    let house = House::new().await;
    let (db, gate) = (&house.world.database.db, &house.world.services.gate);
    house.person("ada", "ada@x.example", &["admin"]).await;
    let change = async |handle, change: CoachChange| sign_in::change_coach(db, gate, handle, &change).await;
    let roles = |roles: &[Role]| CoachChange { roles: Some(roles.to_vec()), ..CoachChange::default() };
    let email = |email: &str| CoachChange { email: Some(email.into()), ..CoachChange::default() };
    let add = async |handle, name, email, roles: &[Role]| {
        people::add_coach(db, "northlight", &NewCoach { handle, name, email, roles, time_zone: None }).await
    };
    // The last admin stays one.
    let last = change("ada", roles(&[Role::Coach])).await;
    assert!(matches!(last, Err(ChangeError::People(PeopleError::LastAdmin))), "{last:?}");
    let last = add("ada", "Ada", "ada@x.example", &[Role::Coach]).await;
    assert!(matches!(last, Err(PeopleError::LastAdmin)), "{last:?}");
    for dry_run in [true, false] {
        let last = people::remove_coach(db, "ada", dry_run).await;
        assert!(matches!(last, Err(PeopleError::LastAdmin)), "{last:?}");
    }
    // An address is one person's.
    let taken = change("maya", email("ADA@x.example")).await;
    assert!(matches!(taken, Err(ChangeError::People(PeopleError::PersonExists { .. }))), "{taken:?}");
    let taken = add("ada2", "Another Ada", "ada@x.example", &[]).await;
    assert!(matches!(taken, Err(PeopleError::PersonExists { removed: false, .. })), "{taken:?}");
    // Whoever gets another role signs in anew.
    for (round, given) in
        [[Role::Coach, Role::Lead].as_slice(), &[Role::Coach, Role::Lead, Role::Admin]].into_iter().enumerate()
    {
        let browser = house.maya().await;
        assert!(house.admits(&browser).await);
        if round == 0 {
            change("maya", roles(given)).await.expect("she is a lead");
        } else {
            add("maya", "Maya Okafor", MAYA, given).await.expect("she is an admin");
        }
        assert!(!house.admits(&browser).await, "{given:?}");
    }
    // Given once more, nothing is changed.
    let browser = house.maya().await;
    add("maya", "Maya Okafor", MAYA, &[Role::Admin, Role::Lead, Role::Coach]).await.expect("she is there");
    assert!(house.admits(&browser).await);
    assert_eq!(house.count("select count(*) from audit_events where kind = 'roles_changed'").await, 2);
    // Ada leaves, her address is another's, and she comes back with one of her own.
    people::remove_coach(db, "ada", false).await.expect("there is another admin");
    change("maya", email("ada@x.example")).await.expect("it's free");
    let taken = add("ada", "Ada", "ada@x.example", &[]).await;
    assert!(matches!(taken, Err(PeopleError::PersonExists { .. })), "{taken:?}");
    add("ada", "Ada Lind", "ada@lind.example", &[Role::Coach]).await.expect("she is back");
    let presence = "select count(*) from audit_events where kind = 'person_changed' and detail ? 'presence'";
    assert_eq!(house.count(presence).await, 2, "both are in the audit");
}

#[tokio::test]
async fn what_names_the_organization_is_written_while_its_people_are_changed() {
    let house = House::new().await;
    let db = &house.world.database.db;
    house.world.leaves::<ExportOrganization>();
    let start = async |tx: &mut TenantTx| {
        // Who would have to wait fails.
        sqlx::query("set local lock_timeout = '2s'").execute(tx.conn()).await.expect("a setting");
        let added = "insert into teams (id, organization_id, name) select gen_random_uuid(), id, $1 from organizations";
        sqlx::query(added).bind(Uuid::now_v7().to_string()).execute(tx.conn()).await
    };
    let mut held = db.tenant(house.world.organization).await.expect("a transaction");
    people::change_roles(&mut held, house.world.coach, &[Role::Coach, Role::Lead], &Visitor::default())
        .await
        .expect("changed");
    let mut other = db.tenant(house.world.organization).await.expect("a transaction");
    start(&mut other).await.expect("it waits for nobody");
    drop((held, other));
    let mut held = db.tenant(house.world.organization).await.expect("a transaction");
    debrief_jobs::export::start(&mut held).await.expect("it starts");
    let mut other = db.tenant(house.world.organization).await.expect("a transaction");
    start(&mut other).await.expect("it waits for nobody");
}

#[tokio::test]
async fn whoever_gets_another_role_signs_in_anew_and_whoever_loses_one_loses_its_rights_at_once() {
    let house = House::new().await;
    let (db, nobody) = (&house.world.database.db, Visitor::default());
    house.person("ada", "ada@x.example", &["admin"]).await;
    let browser = house.maya().await;
    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    people::change_roles(&mut tx, house.world.coach, &[Role::Coach, Role::Admin], &nobody).await.expect("changed");
    tx.commit().await.expect("it commits");
    assert!(!house.admits(&browser).await);
    let browser = house.maya().await;
    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    people::change_roles(&mut tx, house.world.coach, &[Role::Coach], &nobody).await.expect("changed");
    tx.commit().await.expect("it commits");
    assert!(house.admits(&browser).await);
    let mut tx = db.tenant(house.world.organization).await.expect("a transaction");
    let caller = Caller::load(&mut tx, Some(house.world.coach), Via::SignIn(Uuid::nil()), None, nobody).await;
    assert!(caller.expect("it answers").expect("she is there").view(Right::PeopleWrite).is_err());
    assert_eq!(house.count("select count(*) from audit_events where kind = 'roles_changed'").await, 2);
}

#[tokio::test]
async fn teams_have_members_and_leads() {
    let house = House::new().await;
    let (db, nobody) = (&house.world.database.db, Visitor::default());
    let lena = house.person("lena", "lena@x.example", &["lead"]).await;
    let mut tx = db.view(house.world.organization, &View::nothing()).await.expect("a transaction");
    let team = people::create_team(&mut tx, "  North  team ", &nobody).await.expect("a team");
    assert!(matches!(people::create_team(&mut tx, "north team", &nobody).await, Err(PeopleError::TeamExists(_))));
    assert!(matches!(people::create_team(&mut tx, " ", &nobody).await, Err(PeopleError::BadTeam)));
    people::add_member(&mut tx, team, house.world.coach, false, &nobody).await.expect("a member");
    people::add_member(&mut tx, team, lena, true, &nobody).await.expect("a lead");
    people::rename_team(&mut tx, team, "South team", &nobody).await.expect("renamed");
    let teams = people::list_teams(&mut tx).await.expect("teams");
    let members: Vec<(&str, bool)> = teams[0].members.iter().map(|one| (one.handle.as_str(), one.leads)).collect();
    assert_eq!((teams[0].name.as_str(), members), ("South team", vec![("lena", true), ("maya", false)]));
    let sees = async |tx: &mut TenantTx| {
        let caller = Caller::load(tx, Some(lena), Via::SignIn(Uuid::nil()), None, Visitor::default()).await;
        caller.expect("it answers").expect("she is there").view(Right::SessionsRead).expect("a lead")
    };
    let mut both = vec![house.world.coach, lena];
    both.sort_unstable();
    assert_eq!(sees(&mut tx).await, View::Coaches(both));
    assert!(people::remove_member(&mut tx, team, house.world.coach, &nobody).await.expect("it answers"));
    assert!(!people::remove_member(&mut tx, team, house.world.coach, &nobody).await.expect("it answers"));
    assert_eq!(sees(&mut tx).await, View::Coaches(vec![lena]));
    people::delete_team(&mut tx, team, &nobody).await.expect("deleted");
    assert_eq!(sees(&mut tx).await, View::Coaches(vec![]));
    assert!(matches!(people::delete_team(&mut tx, team, &nobody).await, Err(PeopleError::NoTeam)));
    tx.commit().await.expect("it commits");
    assert_eq!(house.count("select count(*) from audit_events where kind = 'team_changed'").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_manages_people_and_teams() {
    let installation = Installation::new().await;
    installation.people().await;
    let run = async |arguments: &[&str]| installation.run(arguments).await;
    assert!(run(&["people", "teams", "create", "North"]).await.contains("created"));
    let invited =
        installation.json(&["people", "invite", "Jonas Weber", JONAS, "--role", "lead", "--team", "north"]).await;
    assert_eq!(invited["handle"], "jonas.weber");
    run(&["people", "teams", "add", "North", "jonas.weber", "--lead"]).await;
    let teams = installation.json_lines(&["people", "teams", "list"]).await;
    assert_eq!((&teams[0]["name"], &teams[0]["members"][0]["leads"]), (&"North".into(), &true.into()));
    let presence = async || {
        let people = installation.json_lines(&["people", "list", "--all"]).await;
        let jonas = people.iter().find(|one| one["email"] == JONAS).expect("he is listed").clone();
        jonas["presence"].as_str().expect("a word").to_owned()
    };
    assert_eq!(presence().await, "invited");
    assert!(run(&["people", "resend", JONAS]).await.contains("invited again"));
    run(&["people", "roles", JONAS, "admin"]).await;
    let refused = installation.output(&["people", "deactivate", "jonas.weber", "--yes"]).await;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("only admin"), "{refused:?}");
    run(&["people", "roles", "maya", "coach", "admin"]).await;
    assert!(run(&["people", "deactivate", "jonas.weber", "--yes"]).await.contains("deactivated"));
    assert_eq!(presence().await, "deactivated");
    run(&["people", "activate", "jonas.weber"]).await;
    assert_ne!(presence().await, "deactivated");
    let none = installation.output(&["people", "reset-factor", "maya", "--yes"]).await;
    assert!(String::from_utf8_lossy(&none.stderr).contains("no second factor"), "{none:?}");
    let has_one = installation.database.ask(|mut connection| async move {
        sqlx::query(
            "insert into credentials (organization_id, person_id, totp_secret, totp_since)
             select organization_id, id, '\\x00', now() from coaches where handle = 'maya'",
        )
        .execute(&mut connection)
        .await
        .map(|_| ())
    });
    has_one.expect("she has one");
    assert!(run(&["people", "reset-factor", "maya", "--yes"]).await.contains("the second factor is reset"));
    run(&["org", "change", "northlight", "--require-second-factor", "yes"]).await;
    let nobody = installation.output(&["people", "roles", "nobody", "coach"]).await;
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("debrief people list"), "{nobody:?}");
}
