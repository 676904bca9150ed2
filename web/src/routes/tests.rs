use axum::body::Body;
use axum::http::{Request, Response};
use tower::ServiceExt;

use super::*;
use crate::answers::Emptiness;
use crate::gallery::{HOSTILE, NOW, Scene, ask, site, words};

const TRACE: &str = "/traces/5f3c0a91d2b84e7c9a10e6b3c4d7f821?span=0000000000000009";
const FUNCTION: &str = "/functions/aws/123456789012/eu-central-1/checkout";

fn addresses() -> Vec<String> {
    let mut all: Vec<String> = [
        "/",
        "/functions",
        TRACE,
        "/findings",
        "/findings/x",
        "/rules/x",
        "/setup",
        "/ingest",
    ]
    .map(str::to_owned)
    .into();
    all.extend(["overview", "cold", "cost", "findings"].map(|tab| format!("{FUNCTION}?tab={tab}")));
    all.extend(["lambda", "otlp", "records", "delivery"].map(|platform| format!("/setup?platform={platform}")));
    all
}

fn scenes() -> Vec<Scene> {
    vec![
        Scene::Incident,
        Scene::Calm,
        Scene::Hostile,
        Scene::Unknown,
        Scene::Empty(Emptiness::NeverSent),
        Scene::Empty(Emptiness::NotInRange {
            newest_unix_nano: NOW - 1,
        }),
        Scene::Empty(Emptiness::FilteredAway {
            filter: "region",
            without_count: 3,
        }),
        Scene::Empty(Emptiness::TooFew {
            count: 3,
            needed_count: 100,
        }),
    ]
}

async fn response(path: &str, host: &str) -> Response<Body> {
    let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
    site(Scene::Incident, Exposure::Loopback)
        .oneshot(request)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_page_shows_every_scene_without_nonsense_or_inline_code() {
    for scene in scenes() {
        for address in addresses() {
            let (status, markup) = ask(scene.clone(), &address).await;
            assert_eq!(status, 200, "{scene:?} {address}");
            for nonsense in [
                "NaN",
                ">inf",
                " style=",
                "<style",
                "onclick=",
                "javascript:",
                "<script>",
                "no data%",
                "ago ago",
            ] {
                assert!(!markup.contains(nonsense), "{scene:?} {address} holds {nonsense}");
            }
            assert_eq!(markup.matches("<script").count(), 1, "{scene:?} {address}");
            assert_eq!(markup.matches("<h1").count(), 1, "{scene:?} {address}");
        }
    }
}

#[tokio::test]
async fn names_from_telemetry_are_text_wherever_they_stand() {
    assert!(HOSTILE.contains("<script>") && HOSTILE.contains('\u{202e}'));
    for address in addresses() {
        let (_, markup) = ask(Scene::Hostile, &address).await;
        assert!(!markup.contains("<script>alert"), "{address}");
        let mut tags = markup.split('<').skip(1).filter_map(|rest| rest.split('>').next());
        let inside = |tag: &str| {
            tag.split('"')
                .step_by(2)
                .any(|outside_quotes| outside_quotes.contains("onload"))
        };
        assert_eq!(tags.find(|tag| inside(tag)), None, "{address}");
        assert!(
            !markup.contains('\u{202e}') && !markup.contains('\u{2066}'),
            "{address}"
        );
        assert!(markup.contains("&lt;script&gt;"), "{address}");
        let longest = markup.split(['<', '>', '"']).map(str::len).max();
        assert!(longest < Some(60_000), "{address}: {longest:?}");
    }
}

#[tokio::test]
async fn ids_are_unique_on_every_page() {
    for address in addresses() {
        let (_, markup) = ask(Scene::Incident, &address).await;
        let mut ids: Vec<&str> = markup
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{address}");
    }
}

#[tokio::test]
async fn links_of_pages_lead_to_pages() {
    for address in addresses() {
        let (_, markup) = ask(Scene::Incident, &address).await;
        let links = markup
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        let mut links: Vec<String> = links
            .filter(|href| href.starts_with('/'))
            .map(|href| href.replace("&amp;", "&"))
            .collect();
        links.sort();
        links.dedup();
        for link in links {
            let (status, _) = ask(Scene::Incident, link.split('#').next().unwrap()).await;
            assert_eq!(status, 200, "{address} links to {link}");
        }
    }
}

#[tokio::test]
async fn the_policy_allows_nothing_from_elsewhere_and_nothing_inline() {
    let response = response("/", "127.0.0.1:4310").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"));
    assert!(!policy.contains("unsafe"));
    assert!(response.headers().get("set-cookie").is_none());
}

#[tokio::test]
async fn foreign_names_are_refused_on_loopback() {
    for (host, status) in [
        ("localhost", 200),
        ("127.0.0.1:80", 200),
        ("[::1]:4310", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 421),
    ] {
        assert_eq!(response("/healthz", host).await.status(), status, "{host}");
    }
    let request = Request::get("/healthz")
        .header("host", "spans.example")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        site(Scene::Incident, Exposure::Network)
            .oneshot(request)
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn what_does_not_exist_is_said_in_words() {
    let (status, markup) = ask(Scene::Incident, "/nowhere").await;
    assert_eq!(status, 404);
    assert!(markup.contains("there is no page `/nowhere` here"));
    assert_eq!(ask(Scene::Incident, "/functions/aws/1/2/nobody").await.0, 404);
    assert_eq!(ask(Scene::Incident, "/traces/xyz").await.0, 404);
    assert_eq!(ask(Scene::Incident, "/functions/aws/%FF/2/x").await.0, 404);
    assert_eq!(ask(Scene::Incident, "/assets/style.css").await.0, 404);
}

#[tokio::test]
async fn failures_keep_their_detail_to_the_log() {
    let (status, markup) = ask(Scene::Broken, "/").await;
    assert_eq!(status, 500);
    assert!(markup.contains("This page could not be made") && !markup.contains("secret"));
    assert_eq!(ask(Scene::Broken, "/readyz").await.0, 503);
    assert_eq!(ask(Scene::Incident, "/readyz").await, (200, "ok\n".to_owned()));
}

#[tokio::test]
async fn a_slip_in_the_address_still_shows_the_page() {
    let words = words(Scene::Incident, "/functions?from=yesterday&refresh=5s").await;
    assert!(words.contains("left out `from=yesterday` is no time"), "{words}");
    assert!(words.contains("All functions"));
    let backwards = ask(Scene::Incident, "/?from=now&to=now-1h").await;
    assert_eq!(backwards.0, 200);
    assert!(backwards.1.contains("the range ends before it starts"));
}

#[tokio::test]
async fn charts_answer_with_their_numbers() {
    let (status, csv) = ask(Scene::Incident, "/?csv=unfolded").await;
    assert_eq!(status, 200);
    assert_eq!(csv.lines().next(), Some("UTC,succeeded,failed,throttled"));
    assert_eq!(csv.lines().count(), 61);
    assert_eq!(ask(Scene::Incident, "/?csv=nothing").await.0, 404);
}

#[tokio::test]
async fn searching_an_id_opens_its_trace() {
    let response = response("/search?q=5F3C0A91D2B84E7C9A10E6B3C4D7F821&env=prod", "localhost").await;
    assert_eq!(
        response.headers()["location"],
        "/traces/5f3c0a91d2b84e7c9a10e6b3c4d7f821?env=prod"
    );
    let response = self::response("/search?q=check%20out", "localhost").await;
    assert_eq!(response.headers()["location"], "/functions?q=check%20out");
}

#[tokio::test]
async fn files_are_kept_by_browsers_for_good() {
    let response = response(&Assets::get().style.path, "localhost").await;
    assert_eq!(
        response.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        self::response("/", "localhost").await.headers()["cache-control"],
        "no-store"
    );
}
