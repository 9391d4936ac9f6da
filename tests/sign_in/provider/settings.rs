//! Whose buttons are seen, and what of the settings can't be used.

use super::acme;
use crate::{sign_in::House, support::world};

#[tokio::test]
async fn the_only_provider_is_offered_to_everybody_and_of_several_each_on_its_own_page() {
    let house = async |listed: [Option<bool>; 2]| {
        let house = House::with(|all| {
            for (name, listed) in ["acme", "fjord"].into_iter().zip(listed) {
                let mut provider = acme("http://127.0.0.1:9");
                (provider.organization, provider.label, provider.listed) = (name.into(), None, listed);
                all.sign_in.providers.insert(name.into(), provider);
            }
        })
        .await;
        let page = house.browser().get("/sign-in").await.body;
        let own = house.browser().get("/sign-in/with/fjord").await.body;
        assert!(
            own.contains("Sign in with fjord") && own.contains("Other ways to sign in") && !own.contains("acme"),
            "{own}"
        );
        [page.contains("Sign in with acme"), page.contains("Sign in with fjord")]
    };
    assert_eq!(house([None, None]).await, [false, false]);
    assert_eq!(house([None, Some(true)]).await, [false, true]);
}

#[tokio::test]
async fn an_organization_has_one_provider() {
    let house = House::new().await;
    let mut settings = world::settings(&house.world.folder);
    settings.sign_in.providers.insert("acme".into(), acme("http://127.0.0.1:9"));
    settings.sign_in.providers.insert("other".into(), acme("http://127.0.0.1:9"));
    let error = debrief_jobs::Services::new(house.world.database.db.clone(), &settings).expect_err("two").to_string();
    assert!(
        error.contains("sign_in.providers.other.organization") && error.contains("northlight has the provider acme"),
        "{error}"
    );
}
