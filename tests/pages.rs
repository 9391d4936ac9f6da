//! The review in a real browser: what a coach does on a laptop and on a phone, without any script.

use std::{net::Ipv4Addr, time::Duration};

use debrief::http::{HttpState, Limits, public_router, serve};
use debrief_jobs::{db::Tx, path::RefineSummary};
use fantoccini::{Client, Locator};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Reviewed, World,
    browser::{Browser, press, text},
    installation::PATIENCE,
};

/// A world whose pages are served on their own port.
struct Served {
    world: World,
    reviewed: Reviewed,
    base: String,
    stop: CancellationToken,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn served() -> Served {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let world = World::with(|settings| settings.review.base_url = base.parse().expect("a URL")).await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let router = public_router(HttpState {
        services: world.services.clone(),
        metrics,
        api: std::sync::Arc::default(),
        proxies: std::sync::Arc::default(),
    });
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, router, Limits::new(64, Duration::from_secs(5)), stop.clone()));
    Served { world, reviewed, base, stop }
}

/// Follows the emailed link and clicks its button.
async fn open(client: &Client, served: &Served) {
    let token = served.reviewed.link(&served.world).await;
    client.goto(&format!("{}/r/{}", served.base, token.reveal())).await.expect("the link opens");
    press(client, "Open the review", "Delegating the release notes").await;
    let here = client.current_url().await.expect("an address");
    assert_eq!(here.path(), format!("/review/{}", served.reviewed.session));
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn a_coach_reads_corrects_and_approves_in_a_browser() {
    let browser = Browser::start(1200, &[]).await;
    let (client, served) = (browser.client.clone(), served().await);
    open(&client, &served).await;
    let page = text(&client).await;
    for words in
        ["Delegating the release notes", "I ran the planning meeting myself", "0:06", "12:40", "Only you see this"]
    {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
    keep(&client, "review").await;

    let field = client.find(Locator::Css("textarea[name^='text.']")).await.expect("a sentence");
    field.clear().await.expect("it is emptied");
    field.send_keys("You ran the planning meeting in half an hour.").await.expect("it is typed");
    press(&client, "Save changes", "Your changes are saved.").await;
    press(&client, "Approve and send", "Approved. It will be sent to priya@raman.example at").await;
    let page = text(&client).await;
    assert!(page.contains("You ran the planning meeting in half an hour."), "{page}");
    keep(&client, "approved").await;

    let mut tx = served.world.database.db.tenant(served.world.organization).await.expect("a transaction");
    let approved: (i32, String) = sqlx::query_as(
        "select approved_version, content_hash from summaries join summary_versions on summary_id = id and summary_versions.version = approved_version
         where state = 'approved' and approved_hash = content_hash",
    )
    .fetch_one(tx.conn())
    .await
    .expect("the edited version is approved, with its hash");
    assert_eq!(approved.0, 2);
    let from: i64 = sqlx::query_scalar(
        "select count(*) from audit_events where kind in ('opened', 'viewed', 'edited', 'approved')
            and address = '127.0.0.1' and agent like '%Chrome%'",
    )
    .fetch_one(tx.conn())
    .await
    .expect("the audit says who, from where");
    assert_eq!(from, 4);
    browser.close().await;
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn the_review_fits_a_phone_and_a_keyboard() {
    let browser = Browser::start(360, &[]).await;
    let (client, served) = (browser.client.clone(), served().await);
    let token = served.reviewed.link(&served.world).await;
    client.goto(&format!("{}/r/{}", served.base, token.reveal())).await.expect("the link opens");
    fits(&client).await;
    keep(&client, "phone-open").await;
    press(&client, "Open the review", "Delegating the release notes").await;
    fits(&client).await;
    keep(&client, "phone").await;

    // Every control can be reached with the tab key, in order, and shows that it has the focus.
    let reached = client
        .execute(
            "return [...document.querySelectorAll('a[href], button, summary, input:not([type=hidden]), textarea')]
                 .filter(one => one.checkVisibility()).every(one => { one.focus(); return document.activeElement === one && one.tabIndex >= 0; })",
            Vec::new(),
        )
        .await
        .expect("the page answers");
    assert_eq!(reached, true);
    // Fingers are wide: click targets are at least 24 CSS pixels high (WCAG 2.2, 2.5.8).
    let small = client
        .execute(
            "return [...document.querySelectorAll('a[href], button, summary, label')].filter(one => one.checkVisibility())
                 .map(one => [one.textContent.trim(), one.getBoundingClientRect().height]).filter(([, height]) => height < 24)",
            Vec::new(),
        )
        .await
        .expect("the page answers");
    assert_eq!(small, serde_json::json!([]));
    browser.close().await;
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn a_coach_refines_reads_what_changed_and_teaches_a_voice() {
    for (kind, width) in [("desktop", 1100), ("phone", 360)] {
        let browser = Browser::start(width, &[]).await;
        let (client, served) = (browser.client.clone(), served().await);
        open(&client, &served).await;
        let field = client.find(Locator::Css("input[name=instruction]")).await.expect("a field");
        // The Enter key submits the instruction, and saves nothing else.
        field.send_keys("use her words about the meeting\u{e007}").await.expect("it is typed");
        let waiting = Locator::XPath("//main//*[contains(., 'Being refined:')]");
        client.wait().for_element(waiting).await.expect("it is asked for");
        keep(&client, &format!("{kind}-refining")).await;
        served.world.run_queued::<RefineSummary>().await.expect("a job").expect("it runs");
        // The page refreshes itself.
        let done = Locator::XPath("//main//*[contains(., 'Refined as you asked')]");
        client.wait().at_most(PATIENCE).for_element(done).await.expect("it is done");
        client.find(Locator::Css(".diff summary")).await.expect("the difference").click().await.expect("it opens");
        let page = text(&client).await;
        assert!(page.contains("said: \u{201c}I"), "{page}");
        if width < 500 {
            fits(&client).await;
        }
        least_contrast(&client, "diff").await;
        keep(&client, &format!("{kind}-refined")).await;
        press(&client, "Undo", "the previous version is back").await;

        client.find(Locator::LinkText("Your voice")).await.expect("a link").click().await.expect("it opens");
        let field = client.wait().for_element(Locator::Css("input[name=said]")).await.expect("a field");
        field.send_keys("short sentences\u{e007}").await.expect("it is typed");
        let added = Locator::XPath("//main//*[contains(., 'Rule added')]");
        client.wait().for_element(added).await.expect("it is added");
        if width < 500 {
            fits(&client).await;
        }
        least_contrast(&client, "voice").await;
        keep(&client, &format!("{kind}-voice")).await;
        browser.close().await;
    }
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn who_spoke_is_corrected_on_a_phone() {
    let browser = Browser::start(360, &[]).await;
    let (client, served) = (browser.client.clone(), served().await);
    let mut tx = served.world.database.db.tenant(served.world.organization).await.expect("a transaction");
    for sql in [
        "update participants set engagement = 'high', share = 0.74, questions = 3, longest_turn_seconds = 84",
        "update utterances set label = 'Room' where position = 4",
        "insert into attributions (organization_id, session_id, label, confidence, reason, is_shared, by_coach)
         select organization_id, id, 'Room', 1, 'You named this speaker.', true, true from sessions",
        "insert into mails (id, organization_id, kind, subject_id, recipient, session_id, subject, message_id, message,
            message_sha256, state, sent_at, correlation_id)
         select id, organization_id, 'follow_up', id, 'priya@raman.example', session_id, 's', 'm', '', '', 'sent', now(), id
         from summaries",
        "insert into misdeliveries (id, organization_id, session_id, summary_id, mail_id, claim_ids)
         select id, organization_id, session_id, id, id, array(select id from claims where section = 'wins') from summaries",
    ] {
        sqlx::query(sql).execute(tx.conn()).await.expect("it is set");
    }
    tx.commit().await.expect("it is committed");
    let token = served.reviewed.link(&served.world).await;
    client.goto(&format!("{}/r/{}", served.base, token.reveal())).await.expect("the link opens");
    press(&client, "Open the review", "Delegating the release notes").await;
    client
        .execute("document.querySelectorAll('details').forEach(one => one.open = true)", Vec::new())
        .await
        .expect("open");
    fits(&client).await;
    least_contrast(&client, "review").await;
    keep(&client, "phone-measures").await;
    let link = client.find(Locator::LinkText("Correct who spoke")).await.expect("a link leads there");
    link.click().await.expect("it is followed");
    client.wait().for_element(Locator::Css("#speakers")).await.expect("the page");
    fits(&client).await;
    least_contrast(&client, "who").await;
    keep(&client, "phone-who").await;
    let turns = client.find(Locator::LinkText("Say who spoke, turn by turn")).await.expect("a link leads there");
    let turns = turns.attr("href").await.expect("an address").expect("an address");
    client
        .execute("document.querySelectorAll('details').forEach(one => one.open = true)", Vec::new())
        .await
        .expect("open");
    keep(&client, "phone-who-open").await;
    let tom = "//fieldset[contains(., 'Priya Raman')]//label[contains(., 'Tom Becker')]//input";
    client.find(Locator::XPath(tom)).await.expect("a choice").click().await.expect("it is chosen");
    press(&client, "Save who spoke", "Priya Raman didn’t speak in this session").await;
    keep(&client, "phone-corrected").await;

    client.goto(&format!("{}{turns}", served.base)).await.expect("the turns");
    fits(&client).await;
    keep(&client, "phone-turns").await;
    press(&client, "Save who spoke", "We’re rewriting the affected summaries").await;
    browser.close().await;
}

/// The lowest contrast of text on a page with its background, as WCAG computes it, and the element.
const LEAST_CONTRAST: &str = r"
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const read = (colour) => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data;
    };
    const light = ([r, g, b]) => {
        const part = (value) => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = (one) => {
        for (; one; one = one.parentElement) {
            const colour = read(getComputedStyle(one).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255];
    };
    let least = [21, 'nothing'];
    for (const one of document.querySelectorAll('body *')) {
        const speaks = one.matches('textarea') || [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!speaks || !one.checkVisibility()) continue;
        const [a, b] = [light(read(getComputedStyle(one).color)), light(behind(one))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < least[0]) least = [ratio, one.outerHTML.slice(0, 120)];
    }
    return least";

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn every_word_can_be_read_by_day_and_by_night() {
    for (scheme, further) in [("light", &[][..]), ("dark", &["--force-dark-mode"][..])] {
        let browser = Browser::start(1000, further).await;
        let (client, served) = (browser.client.clone(), served().await);
        open(&client, &served).await;
        let is_dark = client.execute("return matchMedia('(prefers-color-scheme: dark)').matches", Vec::new()).await;
        assert_eq!(is_dark.expect("the page answers"), scheme == "dark");
        least_contrast(&client, scheme).await;
        client
            .find(Locator::Css("textarea[name^='text.']"))
            .await
            .expect("a sentence")
            .clear()
            .await
            .expect("it is emptied");
        press(&client, "Save changes", "This sentence is empty.").await;
        least_contrast(&client, scheme).await;
        keep(&client, scheme).await;
        browser.close().await;
    }
}

pub(crate) async fn least_contrast(client: &Client, scheme: &str) {
    let least = client.execute(LEAST_CONTRAST, Vec::new()).await.expect("the page answers");
    assert!(least[0].as_f64() >= Some(4.5), "{scheme}: {least}");
    assert!(least[0].as_f64() < Some(21.0), "the page has words: {least}");
}

/// No page is wider than its window.
pub(crate) async fn fits(client: &Client) {
    let widths = client
        .execute("return [document.documentElement.scrollWidth, window.innerWidth, visualViewport.width]", Vec::new())
        .await
        .expect("the page answers");
    assert_eq!(widths[1], 360, "the window is a phone's: {widths}");
    assert!(widths[0].as_f64() <= Some(360.0), "the page scrolls sideways: {widths}");
}

/// Saves pictures of the page, one per screen, in the folder named by `DEBRIEF_TESTS_PICTURES`, for people to look at.
pub(crate) async fn keep(client: &Client, name: &str) {
    let Some(folder) = std::env::var_os("DEBRIEF_TESTS_PICTURES") else { return };
    for screen in 1.. {
        let picture = client.screenshot().await.expect("a picture");
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}-{screen}.png")), picture)
            .expect("it is kept");
        let scroll =
            "const before = scrollY; scrollBy({ top: innerHeight - 40, behavior: 'instant' }); return scrollY > before";
        if client.execute(scroll, Vec::new()).await.expect("the page scrolls") != true {
            break;
        }
    }
    client.execute("scrollTo({ top: 0, behavior: 'instant' })", Vec::new()).await.expect("the page scrolls");
}
