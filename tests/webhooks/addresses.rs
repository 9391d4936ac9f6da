//! Nobody makes Debrief call its own network: whatever a name or a number leads to, and however it is written.

use std::{sync::Arc, time::Duration};

use debrief_jobs::{
    db::Tx,
    webhook::{self, Deliver, New, Settings, UrlError, WebhookError},
};
use reqwest::dns::{Name, Resolve, Resolving};

use super::{Names, attempt, begin, happens, last_error, listen, loopback, pause, world_that_asks, world_with};
use crate::support::{
    Reviewed, World,
    receiver::{Receiver, Take},
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_not_called() {
    let receiver = Receiver::start([]).await;
    let url = format!("http://crm.example:{}/", receiver.port);
    for private in ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0"]
    {
        let settings = Settings { allow_http: true, allow_private: Vec::new() };
        let world = world_with(settings, vec![private], SECOND).await;
        let session = Reviewed::new(&world).await.session;
        listen(&world, &url, &[]).await;
        happens(&world, session).await;
        pause(attempt(&world).await);
        let error = last_error(&world).await;
        assert!(error.contains("no address that may be called"), "{private}: {error}");
        assert!(!error.contains(private), "whoever added it learns nothing of the network: {error}");
        world.leaves::<Deliver>();
    }
    assert!(receiver.received().is_empty());
}

/// There is no such name.
struct NoName;

impl Resolve for NoName {
    fn resolve(&self, _name: Name) -> Resolving {
        Box::pin(async { Err("failed to lookup address information".into()) })
    }
}

#[tokio::test]
async fn whether_there_is_a_name_in_the_operators_network_is_not_told() {
    let settings = Settings { allow_http: true, allow_private: Vec::new() };
    let resolvers: [Arc<dyn Resolve>; 3] =
        [Arc::new(NoName), Arc::new(Names(Vec::new())), Arc::new(Names(vec!["10.0.0.1"]))];
    let mut told = Vec::new();
    for resolver in resolvers {
        let world = world_that_asks(settings.clone(), resolver, SECOND).await;
        let session = Reviewed::new(&world).await.session;
        listen(&world, "http://crm.lan/", &[]).await;
        happens(&world, session).await;
        pause(attempt(&world).await);
        told.push(last_error(&world).await);
        world.leaves::<Deliver>();
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

/// A name server may answer with several addresses, and with others when it is asked again.
#[tokio::test]
async fn of_several_addresses_only_those_that_are_allowed_are_called() {
    let receiver = Receiver::start([]).await;
    // Nobody listens on the first: if it were tried, the attempt would fail after its second.
    let settings = Settings { allow_http: true, allow_private: vec!["127.0.0.1".into()] };
    let world = world_with(settings, vec!["10.255.255.1", "127.0.0.1"], SECOND).await;
    let session = Reviewed::new(&world).await.session;
    listen(&world, &format!("http://crm.example:{}/", receiver.port), &[]).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    assert_eq!(receiver.received()[0].headers["host"], format!("crm.example:{}", receiver.port));
}

#[tokio::test]
async fn a_host_that_the_operator_allows_is_called_wherever_it_is() {
    let receiver = Receiver::start([]).await;
    let settings = Settings { allow_http: true, allow_private: vec!["crm.lan".into()] };
    let world = world_with(settings, vec!["127.0.0.1"], SECOND).await;
    let session = Reviewed::new(&world).await.session;
    listen(&world, &format!("http://CRM.lan:{}/", receiver.port), &[]).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn a_private_address_cannot_be_added_nor_called_once_it_is_no_longer_allowed() {
    let receiver = Receiver::start([]).await;
    let world = world_with(Settings::default(), vec!["127.0.0.1"], SECOND).await;
    let add = async |url: &str| {
        let new = New { url: url.to_owned(), ..New::default() };
        webhook::add(&mut begin(&world).await, world.services.webhooks.rules(), &new).await.map(|_| ())
    };
    for (url, expected) in [
        ("https://127.0.0.1/", UrlError::Private),
        ("https://2130706433/", UrlError::Private),
        ("https://[::1]:8443/", UrlError::Private),
        ("http://crm.example/", UrlError::PlainHttp),
        ("https://me:secret@crm.example/", UrlError::Credentials),
    ] {
        let refused = add(url).await.expect_err("it is refused");
        assert!(matches!(refused, WebhookError::Url(error) if error == expected), "{url}: {refused}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
    // Added under other rules.
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, "https://crm.example/", &[]).await;
    for url in [receiver.url.clone(), format!("https://127.0.0.1:{}/", receiver.port)] {
        let mut tx = begin(&world).await;
        sqlx::query("update webhooks set url = $2 where id = $1")
            .bind(id)
            .bind(&url)
            .execute(tx.conn())
            .await
            .expect("a row");
        tx.commit().await.expect("it is committed");
        happens(&world, session).await;
        pause(attempt(&world).await);
        let error = last_error(&world).await;
        assert!(error.contains("private") || error.contains("plain http"), "{url}: {error}");
    }
    assert!(receiver.received().is_empty());
    world.leaves::<Deliver>();
}

/// With the machine's own resolver.
#[tokio::test]
async fn this_machine_is_not_called_by_its_name() {
    let receiver = Receiver::start([]).await;
    let world = World::with(|settings| settings.webhooks.allow_http = true).await;
    let session = Reviewed::new(&world).await.session;
    listen(&world, &format!("http://localhost:{}/", receiver.port), &[]).await;
    happens(&world, session).await;
    pause(attempt(&world).await);
    assert!(last_error(&world).await.contains("no address that may be called"), "{}", last_error(&world).await);
    assert!(receiver.received().is_empty());
    world.leaves::<Deliver>();
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let (inner, outer) = (Receiver::start([]).await, Receiver::start([]).await);
    let location = format!("location: {}\r\n", inner.url);
    let location: &'static str = Box::leak(location.into_boxed_str());
    outer.then([301, 302, 303, 307, 308].map(|status| Take::Status(status, location, String::new())));
    let world = World::with(|settings| settings.webhooks = loopback()).await;
    let session = Reviewed::new(&world).await.session;
    listen(&world, &outer.url, &[]).await;
    for _ in 0..5 {
        happens(&world, session).await;
        pause(attempt(&world).await);
    }
    assert_eq!((outer.received().len(), inner.received().len()), (5, 0));
    world.leaves::<Deliver>();
}
