//! Who spoke, on the pages: viewed at any time, corrected, assigned turn by turn.

use axum::http::StatusCode;

use super::visit::{Visit, get, post};

#[tokio::test]
async fn who_spoke_is_looked_at_and_corrected_on_a_page_of_its_own() {
    let visit = Visit::new().await;
    assert!(visit.read().await.body.contains("Correct who spoke"), "the review leads there");
    let path = format!("{}/speakers", visit.page);
    let page = get(&visit.router, &path, &visit.cookie).await;
    for words in
        ["Identified as <strong>Priya Raman", "the roster", "0:06", "I ran the planning meeting myself", "confident"]
    {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    assert_eq!(get(&visit.router, &path, "").await.status, StatusCode::UNAUTHORIZED);

    // Priya spoke most, so she comes first. Submitting the form unchanged changes nothing.
    let (token, priya) = (page.field("form_token"), page.field("was.0"));
    assert_eq!(priya, format!("client:{}", visit.world.priya));
    let tom = format!("client:{}", visit.world.tom);
    let send = async |who: &str, was: &str| {
        let fields = [
            ("form_token", token.as_str()),
            ("label.0", "Priya Raman"),
            ("was.0", was),
            ("who.0", who),
            ("label.1", "Maya Okafor"),
            ("was.1", "coach"),
            ("who.1", "coach"),
        ];
        post(&visit.router, &path, &visit.cookie, &fields).await
    };
    assert!(send(&priya, &priya).await.header("location").contains("done=same-speakers"));
    let stale = send(&tom, &tom.replace('0', "1")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.body);
    let unsaid = send("new", &priya).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsaid.body.contains("Enter the new client"), "{}", unsaid.body);
    assert_eq!(visit.count("select count(*) from summaries where state = 'done'").await, 1);

    let corrected = send(&tom, &priya).await;
    assert!(corrected.header("location").contains("done=corrected"), "{} {}", corrected.status, corrected.body);
    assert_eq!(visit.count("select count(*) from summaries where withdrawn_reason is not null").await, 1);
    assert_eq!(visit.count("select count(*) from audit_events where kind = 'speakers_corrected'").await, 1);
    let review = visit.read().await.body;
    for words in ["Priya Raman didn’t speak in this session", "withdrawn", "being written"] {
        assert!(review.contains(words), "{words} is missing in {review}");
    }
    assert!(!review.contains("Hand the release notes to Jonas"), "what was another's is not shown as Priya's");
}

#[tokio::test]
async fn a_shared_name_is_told_apart_on_a_page_and_the_review_says_so() {
    let visit = Visit::new().await;
    visit.execute("update attributions set participant_id = null, is_shared = true where label = 'Priya Raman'").await;
    let review = visit.read().await;
    assert!(review.body.contains("in nobody’s summary"), "{}", review.body);
    let page = get(&visit.router, &format!("{}/speakers", visit.page), &visit.cookie).await;
    assert!(page.body.contains("Say who spoke, turn by turn") && page.body.contains("label=Priya"), "{}", page.body);
    let path = format!("{}/speakers/turns", visit.page);
    let turns = get(&visit.router, &format!("{path}?label=Priya+Raman"), &visit.cookie).await;
    assert_eq!(turns.body.matches("<select").count(), 3, "{}", turns.body);
    let turn =
        turns.body.split("select name=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a turn").to_owned();
    let (token, tom) = (page.field("form_token"), format!("client:{}", visit.world.tom));
    let fields = [("form_token", token.as_str()), ("label", "Priya Raman"), (turn.as_str(), &tom)];
    let saved = post(&visit.router, &path, &visit.cookie, &fields).await;
    assert!(saved.header("location").contains("done=corrected"), "{} {}", saved.status, saved.body);
    assert_eq!(visit.count("select count(*) from utterances where voice is not null").await, 1);
    assert_eq!(visit.count("select count(*) from summaries where state = 'due'").await, 1);
    assert_eq!(get(&visit.router, &format!("{path}?label=Nobody"), &visit.cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn how_each_took_part_is_a_table_for_the_coach_where_it_was_measured() {
    let visit = Visit::new().await;
    assert!(visit.read().await.body.contains("Not measured"));
    visit
        .execute("update participants set engagement = 'high', share = 0.74, questions = 3 where name = 'Priya Raman'")
        .await;
    let page = visit.read().await.body;
    for words in
        ["How each person took part", "<th scope=\"row\">Priya Raman</th>", "74%", ">3<", "high", "not measured"]
    {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
}

#[tokio::test]
async fn words_that_went_to_the_wrong_client_are_named_on_the_page() {
    let visit = Visit::new().await;
    visit
        .execute(
            "insert into mails (id, organization_id, kind, subject_id, recipient, session_id, subject, message_id, message,
                message_sha256, state, sent_at, correlation_id)
             select id, organization_id, 'follow_up', id, 'priya@raman.example', session_id, 's', 'm', '', '', 'sent', now(), id
             from summaries",
        )
        .await;
    visit
        .execute(
            "insert into misdeliveries (id, organization_id, session_id, summary_id, mail_id, claim_ids)
             select id, organization_id, session_id, id, id, array(select id from claims where section = 'wins') from summaries",
        )
        .await;
    let page = visit.read().await.body;
    for words in ["Someone else’s words were sent", "priya@raman.example", "received this", "can’t be taken back"] {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
}

#[tokio::test]
async fn a_guess_is_marked_on_the_page_and_taken_back_there() {
    let visit = Visit::new().await;
    assert!(!visit.read().await.body.contains("Please check who spoke"), "what is sure is not marked");
    visit
        .execute(
            "update attributions set basis = 'occasion', reason = 'The file is named after her.' where label = 'Priya Raman'",
        )
        .await;
    let page = visit.read().await;
    for words in [
        "Please check who spoke",
        "Debrief identified “Priya Raman” as",
        "The file is named after her.",
        "That’s wrong",
    ] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    let token = page.field("form_token");
    let fields = [("form_token", token.as_str()), ("label", "Priya Raman")];
    let path = format!("{}/speakers/undo", visit.page);
    let undone = post(&visit.router, &path, &visit.cookie, &fields).await;
    assert!(undone.header("location").contains("done=taken-back"), "{} {}", undone.status, undone.body);
    let page = visit.read().await.body;
    for words in ["Who is this?", "withdrawn", "You undid"] {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
    assert_eq!(post(&visit.router, &path, &visit.cookie, &fields).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_coach_names_a_speaker_on_the_page() {
    let visit = Visit::new().await;
    visit.reviewed.set_state(&visit.world, "waiting_for_speakers").await;
    visit.forget_summaries().await;
    visit.execute("update utterances set label = 'iPad (2)' where label = 'Priya Raman'").await;
    visit
        .execute("update attributions set label = 'iPad (2)', participant_id = null where label = 'Priya Raman'")
        .await;
    let page = visit.read().await;
    for words in ["iPad (2)", "I ran the planning meeting myself", "Tom Becker", "A new client"] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    let token = page.field("form_token");
    let path = format!("{}/speakers", visit.page);
    let unsaid = post(
        &visit.router,
        &path,
        &visit.cookie,
        &[("form_token", &token), ("label.0", "iPad (2)"), ("who.0", "new"), ("email.0", "pri@example.org")],
    )
    .await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsaid.body.contains("Enter the new client") && unsaid.body.contains("pri@example.org"));

    let priya = format!("client:{}", visit.world.priya);
    let fields = [("form_token", token.as_str()), ("label.0", "iPad (2)"), ("who.0", &priya)];
    let named = post(&visit.router, &path, &visit.cookie, &fields).await;
    assert_eq!(named.status, StatusCode::SEE_OTHER, "{}", named.body);
    assert_eq!(visit.count("select count(*) from attributions where participant_id is null").await, 0);
    assert_eq!(visit.count("select count(*) from jobs where kind = 'attribute.session'").await, 1);
    assert_eq!(visit.count("select count(*) from audit_events where kind = 'speakers_named'").await, 1);
    // Until the job has counted everyone's words, nobody "didn't speak".
    let after = visit.read().await;
    assert!(
        after.body.contains("We’re working out who said what") && !after.body.contains("didn’t speak"),
        "{}",
        after.body
    );
}

/// A likely person is never preselected: it is suggested, and accepted with one click.
#[tokio::test]
async fn what_is_likely_is_taken_with_one_click() {
    let visit = Visit::new().await;
    visit.reviewed.set_state(&visit.world, "waiting_for_speakers").await;
    visit.forget_summaries().await;
    for sql in [
        "update utterances set label = 'Priya' where label = 'Priya Raman'",
        "update utterances set label = 'Zoe Zimmer' where position = 4",
        "update attributions set label = 'Priya', participant_id = null where label = 'Priya Raman'",
        "insert into attributions (organization_id, session_id, label, confidence, reason)
         select organization_id, session_id, 'Zoe Zimmer', 0, 'None of your clients has that name.' from attributions limit 1",
    ] {
        visit.execute(sql).await;
    }
    let page = visit.read().await;
    assert!(!page.body.contains(" checked"), "nothing is chosen: {}", page.body);
    for words in ["“Priya” is <strong>Priya Raman</strong>", "Use these suggestions"] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    assert_eq!((page.field("label.0"), page.field("label.1")), ("Priya".to_owned(), "Zoe Zimmer".to_owned()));
    let (token, likely) = (page.field("form_token"), page.field("likely.0"));
    assert_eq!(likely, format!("client:{}", visit.world.priya));
    let path = format!("{}/speakers", visit.page);
    let send = async |more: &[(&str, &str)]| {
        let mut fields = vec![
            ("form_token", token.as_str()),
            ("label.0", "Priya"),
            ("likely.0", &likely),
            ("label.1", "Zoe Zimmer"),
        ];
        fields.extend(more);
        post(&visit.router, &path, &visit.cookie, &fields).await
    };
    let unsaid = send(&[("who.1", "guest")]).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY, "saving takes no suggestion by itself");
    let open = send(&[("use_suggestions", "yes")]).await;
    assert_eq!(open.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody is likely for the other name");
    let named = send(&[("use_suggestions", "yes"), ("who.1", "guest")]).await;
    assert_eq!(named.status, StatusCode::SEE_OTHER, "{}", named.body);
    let priya = "select count(*) from attributions join participants on participants.id = participant_id
                 where label = 'Priya' and client_id is not null";
    assert_eq!(visit.count(priya).await, 1);
}
