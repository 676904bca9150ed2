use super::{LAMBDA, Reason, START, TRACE, deliveries_of, only_span, reasons, received, span, spans_of, texts};
use crate::decode::{DecodeError, Origin, Settings};
use crate::request::{ContentType, Door};

fn one_of(bad: &str) -> Vec<Reason> {
    let decoded = spans_of(&[span(1, ""), bad.to_owned(), span(2, "")].join(","), "");
    assert_eq!((decoded.accepted, decoded.rejections.total()), (2, 1), "{bad}");
    let rejection = &decoded.rejections.first()[0];
    assert_eq!(rejection.place, "resourceSpans[0].scopeSpans[0].spans[1]");
    reasons(&decoded)
}

#[test]
fn one_bad_span_does_not_reject_its_neighbours() {
    let good = span(1, "");
    let with = |from: &str, to: &str| good.replacen(from, to, 1);
    for (bad, reason) in [
        (with(TRACE, &TRACE[1..]), Reason::BadId),
        (with(TRACE, &"0".repeat(32)), Reason::BadId),
        (with(TRACE, &"x".repeat(32)), Reason::BadId),
        (with("\"kind\":1", "\"kind\":\"SPAN_KIND_SERVER\""), Reason::BadValue),
        (with("\"kind\":1", "\"kind\":4294967296"), Reason::BadValue),
        (
            with("\"kind\":1", "\"kind\":1,\"links\":[{\"traceId\":\"ab\"}]"),
            Reason::BadId,
        ),
        (with("\"kind\":1", "\"kind\":1,\"attributes\":{}"), Reason::BadValue),
        (
            with(
                "\"kind\":1",
                "\"kind\":1,\"attributes\":[{\"key\":\"a\",\"value\":{\"intValue\":\"1.5\"}}]",
            ),
            Reason::BadValue,
        ),
        (
            with(
                "\"kind\":1",
                "\"kind\":1,\"attributes\":[{\"key\":\"a\",\"value\":{\"bytesValue\":\"!\"}}]",
            ),
            Reason::BadValue,
        ),
        (with("\"kind\":1", "\"kind\":1,\"name\":\"\\ud800\""), Reason::BadValue),
        (with(&START.to_string(), "-1"), Reason::BadValue),
        (with(&START.to_string(), "99999999999999999999"), Reason::BadValue),
        (with(&START.to_string(), "18446744073709551615"), Reason::BadValue),
        (with(&START.to_string(), "0"), Reason::MissingField),
        ("7".to_owned(), Reason::Malformed),
    ] {
        assert_eq!(one_of(&bad), [reason], "{bad}");
    }
}

#[test]
fn keys_are_lower_camel_case_and_unknown_ones_are_skipped() {
    let more = r#""parent_span_id":"00f067aa0ba902b7","unknown":{"deep":[1]},"status":null"#;
    only_span(&spans_of(&span(1, more), ""), |row| {
        assert_eq!((row.parent_span_id, row.status_code), (None, 0));
    });
}

#[test]
fn values_come_in_every_spelling() {
    let more = r#""attributes":[{"key":"i","value":{"intValue":9007199254740993}},{"key":"s","value":{"intValue":"-9223372036854775808"}},{"key":"d","value":{"doubleValue":5}},{"key":"n","value":{"doubleValue":"NaN"}},{"key":"b","value":{"bytesValue":"-_8"}},{"key":"e","value":{}},{"key":"l","value":{"arrayValue":{"values":[{"boolValue":true}]}}},{"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}}]"#;
    only_span(&spans_of(&span(1, more), ""), |row| {
        let json = r#"{"i":9007199254740993,"s":-9223372036854775808,"d":5.0,"n":{"double":"NaN"},"b":{"bytes":"+/8="},"e":null,"l":[true],"m":{"k":"v"}}"#;
        assert_eq!(row.attributes_json, Some(json));
    });
    let upper = span(1, "")
        .replace(TRACE, &TRACE.to_uppercase())
        .replace(&format!("\"{START}\""), &START.to_string());
    only_span(&spans_of(&upper, ""), |row| {
        assert_eq!(
            (hex::encode(row.trace_id).as_str(), row.start_unix_nano),
            (TRACE, START)
        );
    });
}

#[test]
fn what_nests_too_deep_is_rejected_and_does_not_overflow() {
    let nested = |levels: usize| {
        let value = format!(
            "{}{{\"boolValue\":true}}{}",
            "{\"arrayValue\":{\"values\":[".repeat(levels),
            "]}}".repeat(levels)
        );
        span(1, &format!(r#""attributes":[{{"key":"a","value":{value}}}]"#))
    };
    assert_eq!(one_of(&nested(33)), [Reason::TooDeep]);
    assert_eq!(one_of(&nested(10_000)), [Reason::TooDeep]);
    assert_eq!(spans_of(&nested(32), "").accepted, 1);
    let brackets = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(spans_of(&span(1, &format!(r#""unknown":{brackets}"#)), "").accepted, 1);
}

#[test]
fn a_resource_that_cannot_be_read_rejects_its_own_spans_only() {
    let of = |attributes: &str| {
        format!(
            r#"{{"resource":{{"attributes":[{attributes}]}},"scopeSpans":[{{"spans":[{}]}}]}}"#,
            span(1, "")
        )
    };
    let body = format!(r#"{{"resourceSpans":[{},{}]}}"#, of(r#"{"key":5}"#), of(&texts(LAMBDA)));
    let decoded = received(super::super::spans, body.as_bytes(), ContentType::Json).unwrap();
    assert_eq!((decoded.accepted, reasons(&decoded)), (1, vec![Reason::BadValue]));
}

#[test]
fn empty_requests_succeed() {
    for body in [
        "{}",
        r#"{"resourceSpans":[]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[]}]}"#,
        r#"{"resourceSpans":null}"#,
    ] {
        let decoded = received(super::super::spans, body.as_bytes(), ContentType::Json).unwrap();
        assert_eq!(
            (decoded.accepted, decoded.rejections.total(), decoded.rows.is_empty()),
            (0, 0, true),
            "{body}"
        );
    }
    assert_eq!(
        received(super::super::spans, b"", ContentType::Protobuf)
            .unwrap()
            .accepted,
        0
    );
}

#[test]
fn broken_bodies_are_malformed() {
    let refused = |body: &[u8], content_type| {
        received(super::super::spans, body, content_type)
            .unwrap_err()
            .to_string()
    };
    let json = |body: &str| refused(body.as_bytes(), ContentType::Json);
    assert!(
        json("{").starts_with("line 1 column 1: not an ExportTraceServiceRequest in JSON: EOF"),
        "{}",
        json("{")
    );
    assert!(json("").contains("EOF"));
    assert_eq!(
        json("[]"),
        "byte 0: not an ExportTraceServiceRequest in JSON: an object was expected"
    );
    assert_eq!(
        json(r#"{"resourceSpans":{}}"#),
        "byte 17: not an ExportTraceServiceRequest in JSON: an array was expected"
    );
    assert_eq!(
        json(r#"{"resourceSpans":[5]}"#),
        "byte 18: not an ExportTraceServiceRequest in JSON: an object was expected"
    );
    assert_eq!(
        refused(b"{\"a\":\"\xff\"}", ContentType::Json),
        "byte 6: not an ExportTraceServiceRequest in JSON: not UTF-8"
    );
    let protobuf = refused(b"\x0a\x05", ContentType::Protobuf);
    assert_eq!(
        protobuf,
        "byte 1: not an ExportTraceServiceRequest in protobuf: a field is longer than what is left of its message"
    );
}

#[test]
fn a_request_without_an_acceptable_span_is_refused() {
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        span(1, "").replace(TRACE, "ab")
    );
    let error = received(super::super::spans, body.as_bytes(), ContentType::Json).unwrap_err();
    assert!(
        matches!(
            error,
            DecodeError::NothingAcceptable {
                items: 1,
                what: "spans",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn limits_reject_or_cut_and_count() {
    let settings = Settings {
        items: 2,
        slices: 1,
        attributes: 1,
        name_bytes: 32,
        value_bytes: 4,
        ..Settings::default()
    };
    let door = Door {
        resource: Some("arn:aws:lambda:eu-west-1:1:function:checkout".into()),
        instance: None,
    };
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: Some(START),
    };
    let more = format!(r#""attributes":[{}]"#, texts(&[("a", "12345678"), ("b", "x")]));
    let later = span(1, "").replace(&START.to_string(), &(START + 60_000_000_000).to_string());
    let named = span(1, &more).replace("\"work\"", &format!("{:?}", "long ".repeat(20)));
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{named},{later},{}]}}]}}]}}"#,
        span(1, "")
    );
    let decoded = super::super::spans(body.as_bytes(), ContentType::Json, origin, &settings).unwrap();
    assert_eq!(reasons(&decoded), [Reason::TooManySlices, Reason::TooMany]);
    assert_eq!((decoded.accepted, decoded.attributes_dropped), (1, 1));
    only_span(&decoded, |row| {
        assert_eq!((row.name.len(), row.attributes_json), (32, Some(r#"{"a":"1234"}"#)));
        assert_eq!(
            (row.function, row.region),
            (Some("checkout"), Some("eu-west-1")),
            "the door says it"
        );
    });
    assert!(deliveries_of(&decoded).is_empty());
}

#[test]
fn the_content_tells_an_unnamed_encoding() {
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        span(1, "")
    );
    assert_eq!(
        received(super::super::spans, body.as_bytes(), ContentType::Unspecified)
            .unwrap()
            .accepted,
        1
    );
    assert_eq!(
        received(super::super::spans, b"\x0a\x00", ContentType::Unspecified)
            .unwrap()
            .accepted,
        0
    );
}
