//! Accepted requests. The sections are those of the OpenTelemetry protocol specification.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use pennyspan_schema::Table;
use prost::Message as _;

use crate::decode::inflate;
use crate::request::ContentEncoding;

use super::server::{NOW, Server, framed};
use super::signals::{SIGNALS, SPANS, partial_success, span, spans};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Sections "Full Success" of OTLP/gRPC and OTLP/HTTP.
#[tokio::test(flavor = "multi_thread")]
async fn full_success_leaves_partial_success_unset() {
    let server = Server::start().await;
    for signal in SIGNALS {
        let answer = server
            .post(signal.path, &[PROTOBUF], signal.request(2, 0, 1).protobuf)
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.content_type()),
            (200, PROTOBUF.1),
            "{signal:?}"
        );
        assert_eq!(answer.body.len(), 0, "{signal:?}");

        let answer = server.post(signal.path, &[JSON], signal.request(2, 0, 2).json).await;
        assert_eq!(
            (answer.status.as_u16(), answer.content_type()),
            (200, JSON.1),
            "{signal:?}"
        );
        assert_eq!(&*answer.body, b"{}", "{signal:?}");

        let answer = server
            .call(signal.method, &[], framed(false, &signal.request(2, 0, 3).protobuf))
            .await;
        assert_eq!(answer.status.code(), tonic::Code::Ok, "{signal:?}");
        assert_eq!(&*answer.message, [0; 5], "a message of no bytes");
        assert_eq!(server.store.count(signal.table), 6, "{signal:?}");
    }
    assert_eq!(server.counter("items_accepted_total", &[]), 18);
    assert_eq!(server.counter("items_accepted_total", &[("source", "logs")]), 6);
}

/// Section "Full Success": an empty request succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn empty_requests_succeed() {
    let server = Server::start().await;
    for signal in SIGNALS {
        assert_eq!(
            server.post(signal.path, &[PROTOBUF], "").await.body.len(),
            0,
            "{signal:?}"
        );
        let field = signal.resources;
        for json in [
            "{}".to_owned(),
            format!("{{\"{field}\":[]}}"),
            format!("{{\"{field}\":[{{\"resource\":{{}}}}]}}"),
        ] {
            let answer = server.post(signal.path, &[JSON], json.clone()).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (200, &b"{}"[..]), "{json}");
        }
        let answer = server.call(signal.method, &[], framed(false, b"")).await;
        assert_eq!(
            (answer.status.code(), &*answer.message),
            (tonic::Code::Ok, &[0; 5][..]),
            "{signal:?}"
        );
    }
    assert!(server.store.rows().iter().all(pennyspan_schema::Rows::is_empty));
}

/// Section "Partial Success".
#[tokio::test(flavor = "multi_thread")]
async fn rejected_items_are_counted_and_their_neighbours_kept() {
    let server = Server::start().await;
    for signal in SIGNALS {
        let answer = server
            .post(signal.path, &[PROTOBUF], signal.request(2, 3, 1).protobuf)
            .await;
        let (rejected, message) = partial_success(&answer.body).unwrap();
        assert_eq!((answer.status.as_u16(), rejected), (200, 3), "{signal:?}");
        assert!(message.starts_with("3 of 5 "), "{message}");

        let answer = server.post(signal.path, &[JSON], signal.request(2, 3, 2).json).await;
        assert_eq!(answer.status, 200);
        let partial = &answer.json()["partialSuccess"];
        assert_eq!(partial[signal.rejected], "3", "{partial}");
        assert!(
            partial["errorMessage"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );

        let answer = server
            .call(signal.method, &[], framed(false, &signal.request(2, 3, 3).protobuf))
            .await;
        assert_eq!(answer.status.code(), tonic::Code::Ok);
        assert_eq!(partial_success(&answer.message[5..]).unwrap().0, 3, "{signal:?}");
        assert_eq!(server.store.count(signal.table), 6, "{signal:?}");
    }
    assert_eq!(server.counter("items_rejected_total", &[("reason", "bad_value")]), 27);
}

/// Section "Partial Success": a warning rejects nothing, and says something.
#[tokio::test(flavor = "multi_thread")]
async fn attributes_left_out_are_a_warning() {
    let server = Server::start_with(|options| options.settings.attributes = 2).await;
    let attribute = |key: u32| KeyValue {
        key: format!("key.{key}"),
        value: Some(AnyValue {
            value: Some(any_value::Value::IntValue(1)),
        }),
        ..KeyValue::default()
    };
    let mut one = span(NOW.cast_unsigned(), 1);
    one.attributes = (0..5).map(attribute).collect();
    let answer = server
        .post("/v1/traces", &[PROTOBUF], spans(vec![one]).encode_to_vec())
        .await;
    let (rejected, message) = partial_success(&answer.body).unwrap();
    assert_eq!((rejected, server.store.count(Table::Spans)), (0, 1));
    assert!(message.starts_with("3 attributes were left out"), "{message}");
    assert_eq!(server.counter("attributes_dropped_total", &[]), 3);
}

/// Section "OTLP/HTTP Response": the size of answers is limited, and their text cut before anything fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_bad_spans_get_a_short_answer() {
    let server = Server::start().await;
    let sent = SPANS.request(1, 100_000, 1);
    let answer = server.call(SPANS.method, &[], framed(false, &sent.protobuf)).await;
    let (rejected, message) = partial_success(&answer.message[5..]).unwrap();
    assert_eq!(rejected, 100_000);
    assert!(message.len() <= 1024 && message.ends_with("..."), "{message}");
    let all_bad = server
        .post("/v1/traces", &[PROTOBUF], SPANS.request(0, 1000, 2).protobuf)
        .await;
    assert_eq!(all_bad.status, 400);
    assert!(all_bad.body.len() < 4096);
}

/// Section "OTLP/HTTP Response": compressed only where the request accepts it.
#[tokio::test(flavor = "multi_thread")]
async fn answers_are_compressed_only_for_those_who_accept_it() {
    let server = Server::start().await;
    for (seed, accept, compressed) in [
        (1, "gzip", true),
        (2, "br, GZIP;q=0.5", true),
        (3, "gzip;q=0", false),
        (4, "br", false),
    ] {
        let headers = [PROTOBUF, ("accept-encoding", accept)];
        let answer = server
            .post("/v1/traces", &headers, SPANS.request(1, 5, seed).protobuf)
            .await;
        assert_eq!(answer.header("content-encoding") == "gzip", compressed, "{accept}");
        let encoding = if compressed {
            ContentEncoding::Gzip
        } else {
            ContentEncoding::Identity
        };
        let body = inflate(encoding, &answer.body, 4096).unwrap();
        assert_eq!(partial_success(&body).unwrap().0, 5, "{accept}");
    }
    let plain = server
        .post("/v1/traces", &[PROTOBUF], SPANS.request(1, 5, 9).protobuf)
        .await;
    assert_eq!(plain.header("content-encoding"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_routes_answer_with_counts() {
    let server = Server::start().await;
    let good = r#"{"provider":"aws","function":"checkout","start_time":"2026-10-08T00:00:00Z","duration_ms":12.5}"#;
    let answer = server
        .post(
            "/v1/invocations",
            &[("content-type", "application/x-ndjson")],
            format!("{good}\n{{}}\n"),
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.content_type()),
        (200, "application/json")
    );
    let json = answer.json();
    assert_eq!(
        (json["accepted"].as_u64(), json["rejected"].as_u64()),
        (Some(1), Some(1)),
        "{json}"
    );
    assert!(
        json["message"]
            .as_str()
            .is_some_and(|message| message.contains("line 2")),
        "{json}"
    );
    assert_eq!(server.store.count(Table::InvocationFacts), 1);

    let event = r#"[{"time":"2026-10-08T00:00:00.000Z","type":"platform.start","record":{"requestId":"79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36","version":"1"}}]"#;
    for arn in [
        "arn:aws:lambda:eu-west-1:123456789012:function:one",
        "arn:aws:lambda:eu-west-1:123456789012:function:two",
    ] {
        let answer = server
            .post(&format!("/v1/aws/telemetry?resource={arn}"), &[JSON], event)
            .await;
        assert_eq!(
            answer.json(),
            serde_json::json!({ "accepted": 1, "rejected": 0 }),
            "{arn}"
        );
    }
    assert_eq!(
        server.counter("requests_duplicate_total", &[]),
        0,
        "two functions may say the same"
    );
}
