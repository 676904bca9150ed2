//! Firehose's protocol: "HTTP endpoint delivery request and response specifications" of its developer guide.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pennyspan_schema::Table;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::server::{Answer, NOW, Server};

const PATH: &str = "/v1/aws/firehose";
const ID: &str = "0f0a3c52-3c1f-4a0e-9a5e-5f2f4f6d1a33";
const JSON: (&str, &str) = ("content-type", "application/json");
const NAMED: (&str, &str) = ("x-amz-firehose-request-id", ID);
const VERSION: (&str, &str) = ("x-amz-firehose-protocol-version", "1.0");
const SENT: [(&str, &str); 3] = [JSON, NAMED, VERSION];

fn body(id: &str, records: &[&str]) -> String {
    let records: Vec<_> = records
        .iter()
        .map(|text| json!({ "data": STANDARD.encode(text) }))
        .collect();
    json!({ "requestId": id, "timestamp": 1_791_417_599_000_i64, "records": records }).to_string()
}

fn line(message: &str) -> String {
    json!({ "level": "INFO", "message": message }).to_string()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Checks the form of an answer, and returns its error message.
fn error(answer: &Answer, status: u16, id: &str) -> String {
    assert_eq!(
        (answer.status.as_u16(), answer.content_type()),
        (status, "application/json"),
        "{answer:?}"
    );
    assert_eq!(answer.header("content-encoding"), "");
    let answer = answer.json();
    assert_eq!(
        (answer["requestId"].as_str(), answer["timestamp"].as_i64()),
        (Some(id), Some(NOW / 1_000_000))
    );
    answer["errorMessage"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_names_the_request_and_nothing_else() {
    let server = Server::start().await;
    let answer = server.post(PATH, &SENT, body(ID, &[&line("one")])).await;
    assert_eq!(
        (answer.status.as_u16(), answer.content_type()),
        (200, "application/json")
    );
    assert_eq!(answer.json(), json!({ "requestId": ID, "timestamp": NOW / 1_000_000 }));
    assert_eq!(server.store.count(Table::Logs), 1);

    let packed = gzip(body("packed", &[&line("two")]).as_bytes());
    let headers = [
        JSON,
        ("x-amz-firehose-request-id", "packed"),
        ("content-encoding", "gzip"),
        ("accept-encoding", "gzip"),
    ];
    let answer = server.post(PATH, &headers, packed).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-encoding")), (200, ""));
    assert_eq!(server.store.count(Table::Logs), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_known_again_by_its_id() {
    let server = Server::start().await;
    let first = server.post(PATH, &SENT, body(ID, &[&line("one"), "{broken"])).await;
    assert_eq!(first.status.as_u16(), 200, "{first:?}");
    // A retry may be packed anew.
    let headers = [JSON, NAMED, ("content-encoding", "gzip")];
    let again = server
        .post(PATH, &headers, gzip(body(ID, &[&line("one"), "{broken"]).as_bytes()))
        .await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    assert_eq!(server.store.count(Table::Logs), 1);
    assert_eq!(server.counter("requests_duplicate_total", &[("source", "firehose")]), 1);
    assert_eq!(
        server.counter("items_rejected_total", &[("source", "firehose")]),
        1,
        "counted once, with its reason"
    );

    let other = [JSON, ("x-amz-firehose-request-id", "other")];
    assert_eq!(
        server
            .post(PATH, &other, body("other", &[&line("one")]))
            .await
            .status
            .as_u16(),
        200
    );
    assert_eq!(
        server.store.count(Table::Logs),
        2,
        "the same records in another request are others"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_in_the_protocols_form() {
    let server = Server::start_with(|options| options.settings.request_bytes = 4096).await;
    let good = body(ID, &[&line("one")]);
    let long = "x".repeat(8192);
    let bomb = gzip(&vec![b' '; 1 << 20]);
    for (headers, body, status, words) in [
        (vec![JSON], good.clone().into_bytes(), 400, "names the request"),
        (
            vec![JSON, ("x-amz-firehose-request-id", "another")],
            good.clone().into_bytes(),
            400,
            "is not the one of the header",
        ),
        (
            vec![JSON, NAMED, ("x-amz-firehose-protocol-version", "2.0")],
            good.clone().into_bytes(),
            400,
            "`2.0`",
        ),
        (
            vec![JSON, NAMED, ("x-amz-firehose-common-attributes", "{")],
            good.clone().into_bytes(),
            400,
            "commonAttributes",
        ),
        (
            vec![("content-type", "text/plain"), NAMED],
            good.clone().into_bytes(),
            415,
            "application/json",
        ),
        (
            vec![JSON, NAMED, ("content-encoding", "br")],
            good.clone().into_bytes(),
            415,
            "`br`",
        ),
        (
            vec![JSON, NAMED, ("content-encoding", "gzip")],
            good.clone().into_bytes(),
            400,
            "gzip",
        ),
        (vec![JSON, NAMED, ("content-encoding", "gzip")], bomb, 413, "4096"),
        (SENT.to_vec(), long.into_bytes(), 413, "4096"),
        (SENT.to_vec(), b"{\"requestId\":".to_vec(), 400, "a Firehose request"),
        (SENT.to_vec(), body_of_nothing(), 400, "none of the 1"),
    ] {
        let id = headers
            .iter()
            .find(|(name, _)| *name == NAMED.0)
            .map_or("", |(_, id)| id);
        let message = error(&server.post(PATH, &headers, body).await, status, id);
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(server.store.count(Table::Logs), 0);
    assert_eq!(
        server.counter("requests_refused_total", &[("reason", "firehose_protocol")]),
        4
    );
}

fn body_of_nothing() -> Vec<u8> {
    body(ID, &["no format"]).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_room_is_worth_sending_again() {
    let server = Server::start().await;
    server.store.is_full.store(true, std::sync::atomic::Ordering::SeqCst);
    let answer = server.post(PATH, &SENT, body(ID, &[&line("one")])).await;
    error(&answer, 503, ID);
    assert_ne!(answer.header("retry-after"), "");
    server.store.is_full.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(
        server
            .post(PATH, &SENT, body(ID, &[&line("one")]))
            .await
            .status
            .as_u16(),
        200,
        "a refused request is not known again"
    );
    assert_eq!(server.store.count(Table::Logs), 1);

    let slow = Server::start_with(|options| options.workspace_bytes_per_s = std::num::NonZeroU64::new(1)).await;
    slow.post(PATH, &SENT, body(ID, &[&line("one")])).await;
    let headers = [JSON, ("x-amz-firehose-request-id", "next")];
    error(
        &slow.post(PATH, &headers, body("next", &[&line("two")])).await,
        429,
        "next",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_key_is_asked_for_where_one_is_set() {
    let server =
        Server::start_with(|options| options.firehose_key_sha256 = Some(Sha256::digest("s3cret").into())).await;
    for (key, status) in [
        (None, 401),
        (Some("s3cre"), 401),
        (Some(""), 401),
        (Some("s3cret"), 200),
    ] {
        let mut headers = SENT.to_vec();
        headers.extend(key.map(|key| ("x-amz-firehose-access-key", key)));
        let answer = server.post(PATH, &headers, body(ID, &[&line("one")])).await;
        assert_eq!(answer.status.as_u16(), status, "{key:?}");
        assert_eq!(answer.json()["requestId"], Value::from(ID));
    }
    assert_eq!(
        server.post("/v1/aws/cloudwatch", &[JSON], "[]").await.status.as_u16(),
        200,
        "the key is Firehose's alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn common_attributes_are_the_doors_words() {
    let server = Server::start().await;
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:checkout";
    let attributes = json!({ "commonAttributes": { "resource": arn, "instance": "i-7" } }).to_string();
    let headers = [JSON, NAMED, ("x-amz-firehose-common-attributes", attributes.as_str())];
    assert_eq!(
        server
            .post(PATH, &headers, body(ID, &[&line("one")]))
            .await
            .status
            .as_u16(),
        200
    );
    let rows = server.store.rows();
    let batch = rows[0].iter().find(|(table, _)| *table == Table::Logs).unwrap().1;
    let logs = pennyspan_schema::tables::logs::Reader::new(batch).unwrap();
    let row = logs.row(0);
    assert_eq!(
        (row.function, row.region, row.account, row.instance_id),
        (Some("checkout"), Some("eu-west-1"), Some("123456789012"), Some("i-7"))
    );
}
