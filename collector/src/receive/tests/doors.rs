//! What Google Cloud, Azure and Cloudflare send themselves, as they send it.

use pennyspan_schema::Table;

use super::server::{Server, gzip};

const GCP: &str = include_str!("../../../fixtures/gcp/logging-read.json");
const PUBSUB: &str = include_str!("../../../fixtures/gcp/pubsub-push.json");
const AZURE: &str = include_str!("../../../fixtures/azure/records.json");
const LOGPUSH: &str = include_str!("../../../fixtures/cloudflare/logpush.ndjson");
const TAIL: &str = include_str!("../../../fixtures/cloudflare/wrangler-tail.json");

/// Pub/Sub takes any 2xx for an acknowledgement, and sends the message again after anything else. Each delivery has another
/// envelope; the message's id is its identity.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_pubsub_delivers_again_counts_once_and_one_that_is_none_is_not_acknowledged() {
    let server = Server::start().await;
    let first = server
        .post("/v1/gcp/pubsub", &[("content-type", "application/json")], PUBSUB)
        .await;
    assert_eq!(
        (first.status.as_u16(), first.json()["accepted"].as_u64()),
        (200, Some(1))
    );
    let again = PUBSUB.replace("\"deliveryAttempt\": 1", "\"deliveryAttempt\": 2");
    assert_ne!(again, PUBSUB);
    let second = server.post("/v1/gcp/pubsub", &[], again).await;
    assert_eq!((second.status, second.body), (first.status, first.body));
    assert_eq!(server.store.count(Table::InvocationFacts), 1);
    assert_eq!(
        server.counter("requests_duplicate_total", &[("source", "gcp_pubsub")]),
        1
    );
    let other = PUBSUB
        .replace("9921774102934811", "9921774102934812")
        .replace("\"data\": \"", "\"data\": \"!");
    for attempt in 0..2 {
        let refused = server.post("/v1/gcp/pubsub", &[], other.clone()).await;
        assert_eq!(refused.status.as_u16(), 400, "attempt {attempt}");
        assert!(refused.json()["detail"].as_str().unwrap().contains("message.data"));
    }
}

/// Cloudflare, "Enable HTTP destination": before a job is made, Logpush uploads a compressed `{"content":"tests"}`, and makes the
/// job only if that is answered with success.
#[tokio::test(flavor = "multi_thread")]
async fn the_test_upload_of_logpush_is_answered_with_success_and_leaves_nothing() {
    let server = Server::start().await;
    let headers = [
        ("content-encoding", "gzip"),
        ("content-type", "text/plain; charset=utf-8"),
    ];
    let answer = server
        .post("/v1/cloudflare/logpush", &headers, gzip(br#"{"content":"tests"}"#))
        .await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(server.store.rows().iter().all(pennyspan_schema::Rows::is_empty));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_takes_what_its_platform_sends() {
    let server = Server::start().await;
    for (path, source, body, accepted) in [
        ("/v1/gcp/logs", "gcp_logs", GCP, 22),
        ("/v1/azure/records", "azure_records", AZURE, 15),
        ("/v1/cloudflare/logpush", "cloudflare_logpush", LOGPUSH, 6),
        ("/v1/cloudflare/tail", "cloudflare_tail", TAIL, 5),
    ] {
        for content_type in ["application/json", "application/octet-stream", "application/gzip"] {
            let answer = server.post(path, &[("content-type", content_type)], body).await;
            assert_eq!(
                answer.status.as_u16(),
                200,
                "{path}: {}",
                String::from_utf8_lossy(&answer.body)
            );
            assert_eq!(
                answer.json(),
                serde_json::json!({ "accepted": accepted, "rejected": 0 }),
                "{path}"
            );
        }
        assert_eq!(server.counter("items_accepted_total", &[("source", source)]), accepted);
        assert_eq!(server.counter("requests_duplicate_total", &[("source", source)]), 2);
    }
}
