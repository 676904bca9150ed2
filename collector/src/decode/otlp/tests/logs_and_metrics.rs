use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, metric_points};

use super::{LAMBDA, Reason, START, only_fact, only_log, only_point, reasons, received, texts};
use crate::decode::otlp;
use crate::decode::{Decoded, Origin, Settings};
use crate::request::{ContentType, Door};

const REPORT: &str = "REPORT RequestId: 24addd09-5c8b-4f2b-9d3b-0d6a3a0b7c11\\tDuration: 127.10 ms\\tBilled Duration: 154 ms\\tMemory Size: 2048 MB\\tMax Memory Used: 212 MB";

fn logs_of(records: &str, resource: &str) -> Decoded {
    let body = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{resource}]}},"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#
    );
    received(otlp::logs, body.as_bytes(), ContentType::Json).unwrap()
}

fn metrics_of(metrics: &str) -> Decoded {
    let resource = texts(LAMBDA);
    let body = format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{resource}]}},"scopeMetrics":[{{"metrics":[{metrics}]}}]}}]}}"#
    );
    received(otlp::metrics, body.as_bytes(), ContentType::Json).unwrap()
}

#[test]
fn a_record_keeps_what_it_says() {
    let record = format!(
        r#"{{"timeUnixNano":"{START}","observedTimeUnixNano":"{}","severityNumber":17,"severityText":"ERROR","body":{{"stringValue":"it failed"}},"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","attributes":[{}]}}"#,
        START + 1,
        texts(&[
            ("faas.invocation_id", "a"),
            ("http.method", "GET"),
            ("exception.type", "E")
        ])
    );
    let decoded = logs_of(&record, &texts(LAMBDA));
    only_log(&decoded, |row| {
        assert_eq!((row.time_unix_nano, row.observed_unix_nano), (START, Some(START + 1)));
        assert_eq!(
            (row.severity_number, row.severity_text, row.body),
            (Some(17), Some("ERROR"), Some("it failed"))
        );
        assert_eq!(
            (row.function, row.service, row.invocation_id),
            (Some("checkout"), Some("shop"), Some("a"))
        );
        assert_eq!((row.error_type, row.body_bytes), (Some("E"), 9));
        assert_eq!(
            row.attributes_json,
            Some(r#"{"http.method":"GET","exception.type":"E"}"#)
        );
        let resource = r#"{"cloud.platform":"aws_lambda","cloud.resource_id":"arn:aws:lambda:eu-west-1:123456789012:function:checkout:42","team":"pay"}"#;
        assert_eq!(row.resource_json, Some(resource));
        assert!(row.trace_id.is_some() && row.span_id.is_some());
    });
    only_fact(&decoded, |fact| {
        assert_eq!((fact.source, fact.fact_kind, fact.outcome), ("log", "error", None));
        assert_eq!((fact.error_type, fact.invocation_id), (Some("E"), "a"));
    });
}

#[test]
fn a_platform_line_becomes_a_fact() {
    let record = format!(r#"{{"timeUnixNano":"{START}","body":{{"stringValue":"{REPORT}"}}}}"#);
    let decoded = logs_of(&record, &texts(LAMBDA));
    only_log(&decoded, |row| {
        assert_eq!(row.platform_type, Some("platform.report"));
        assert_eq!(row.invocation_id, Some("24addd09-5c8b-4f2b-9d3b-0d6a3a0b7c11"));
    });
    only_fact(&decoded, |fact| {
        assert_eq!(
            (fact.source, fact.fact_kind, fact.billed_duration_ms),
            ("platform", "report", Some(154))
        );
        assert_eq!(
            (fact.duration_us, fact.function, fact.region),
            (Some(127_100), Some("checkout"), Some("eu-west-1"))
        );
    });
}

#[test]
fn a_structured_platform_event_becomes_a_fact() {
    let record = r#"{"body":{"kvlistValue":{"values":[{"key":"time","value":{"stringValue":"2026-10-08T07:30:28.235Z"}},{"key":"type","value":{"stringValue":"platform.start"}},{"key":"record","value":{"kvlistValue":{"values":[{"key":"requestId","value":{"stringValue":"79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36"}}]}}}]}}}"#;
    let decoded = logs_of(record, &texts(LAMBDA));
    only_fact(&decoded, |fact| {
        assert_eq!((fact.fact_kind, fact.start_hint_unix_nano), ("start", Some(START)));
    });
    only_log(&decoded, |row| {
        assert_eq!((row.platform_type, row.time_unix_nano), (Some("platform.start"), START));
    });
}

#[test]
fn a_delivery_line_is_of_its_own_provider() {
    let line = r#"{\"pennyspan\":\"delivery\",\"invocation_id\":\"x\",\"trigger\":{\"type\":\"topic\"},\"batch_size\":1,\"records\":[{\"id\":\"m-1\"}]}"#;
    let record = format!(r#"{{"timeUnixNano":"{START}","body":{{"stringValue":"{line}"}}}}"#);
    for (provider, key) in [("gcp", ("gcp", "checkout")), ("aws", ("aws", ""))] {
        let resource = texts(&[("cloud.provider", provider), ("faas.name", "checkout")]);
        let decoded = logs_of(&record, &resource);
        assert_eq!(decoded.rows.count(Table::Deliveries), 1, "{provider}");
        only_fact(&decoded, |fact: invocation_facts::Row<'_>| {
            assert_eq!((fact.provider, fact.key_scope), key);
            assert_eq!(
                (fact.fact_kind, fact.trigger_type, fact.invocation_id),
                ("delivery", Some("topic"), "x")
            );
        });
    }
}

#[test]
fn fields_of_a_json_line_join_the_attributes() {
    let line = r#"{\"level\":\"WARN\",\"message\":\"slow\",\"requestId\":\"79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36\",\"order\":17}"#;
    let record = format!(
        r#"{{"timeUnixNano":"{START}","body":{{"stringValue":"{line}"}},"attributes":[{}]}}"#,
        texts(&[("a", "b")])
    );
    only_log(&logs_of(&record, &texts(LAMBDA)), |row| {
        assert_eq!((row.body, row.severity_text), (Some("slow"), Some("WARN")));
        assert_eq!(row.attributes_json, Some(r#"{"a":"b","order":17}"#));
    });
}

#[test]
fn a_record_without_a_time_is_filed_under_its_receipt_or_rejected() {
    let record = r#"{"body":{"stringValue":"x"}}"#;
    only_log(&logs_of(record, ""), |row| {
        assert_eq!((row.time_unix_nano, row.time_suspect), (START + 1_000_000_000, false));
    });
    let body = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{record},{{"timeUnixNano":1,"observedTimeUnixNano":2}}]}}]}}]}}"#
    );
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let decoded = otlp::logs(body.as_bytes(), ContentType::Json, origin, &Settings::default()).unwrap();
    assert_eq!((decoded.accepted, reasons(&decoded)), (1, vec![Reason::NoTime]));
    only_log(&decoded, |row| assert!(row.time_suspect));
}

#[test]
fn points_of_every_kind_become_rows() {
    let point = |more: &str| {
        format!(
            r#"{{"timeUnixNano":"{START}","attributes":[{}],{more}}}"#,
            texts(&[("b", "2"), ("a", "1")])
        )
    };
    let metric = |data: &str| metrics_of(&format!(r#"{{"name":"m","unit":"ms",{data}}}"#));
    let gauge = metric(&format!(r#""gauge":{{"dataPoints":[{}]}}"#, point(r#""asDouble":0.1"#)));
    only_point(&gauge, |row| {
        assert_eq!(
            (row.metric, row.metric_unit, row.point_kind),
            ("m", Some("ms"), "gauge")
        );
        assert_eq!(
            (row.value_text, row.temporality, row.monotonic),
            (Some("0.1"), None, None)
        );
        assert_eq!(
            (row.attributes_json, row.function),
            (Some(r#"{"a":"1","b":"2"}"#), Some("checkout"))
        );
    });
    let sum = metric(&format!(
        r#""sum":{{"dataPoints":[{}],"aggregationTemporality":2,"isMonotonic":true}}"#,
        point(r#""asInt":"9007199254740993""#)
    ));
    only_point(&sum, |row| {
        assert_eq!(
            (row.value_text, row.temporality, row.monotonic),
            (Some("9007199254740993"), Some(2), Some(true))
        );
    });
    let histogram = metric(&format!(
        r#""histogram":{{"aggregationTemporality":1,"dataPoints":[{}]}}"#,
        point(r#""count":"3","sum":2.5,"min":0,"bucketCounts":["1",2],"explicitBounds":[1.5]"#)
    ));
    only_point(&histogram, |row| {
        assert_eq!(
            (row.observation_count, row.sum_text, row.min_text, row.max_text),
            (Some(3), Some("2.5"), Some("0.0"), None)
        );
        assert_eq!(row.detail_json, Some(r#"{"bounds":[1.5],"counts":[1,2]}"#));
    });
    let exponential = metric(&format!(
        r#""exponentialHistogram":{{"aggregationTemporality":1,"dataPoints":[{}]}}"#,
        point(r#""count":3,"scale":-1,"zeroCount":"1","positive":{"offset":-2,"bucketCounts":["2"]}"#)
    ));
    only_point(&exponential, |row| {
        let detail = r#"{"scale":-1,"zero_count":1,"zero_threshold":0.0,"positive":{"offset":-2,"counts":[2]},"negative":{"offset":0,"counts":[]}}"#;
        assert_eq!(row.detail_json, Some(detail));
    });
    let summary = metric(&format!(
        r#""summary":{{"dataPoints":[{}]}}"#,
        point(r#""count":2,"sum":3,"quantileValues":[{"quantile":0,"value":1},{"quantile":1,"value":2}]"#)
    ));
    only_point(&summary, |row: metric_points::Row<'_>| {
        assert_eq!(
            (row.sum_text, row.min_text, row.max_text),
            (Some("3.0"), Some("1.0"), Some("2.0"))
        );
        assert_eq!(row.detail_json, Some(r#"{"quantiles":[[0.0,1.0],[1.0,2.0]]}"#));
    });
}

#[test]
fn one_bad_point_does_not_reject_its_neighbours() {
    let good = format!(r#"{{"timeUnixNano":"{START}","asInt":1}}"#);
    let metric = format!(
        r#"{{"name":"m","gauge":{{"dataPoints":[{good},{{"timeUnixNano":"{START}","asInt":"x"}}]}}}},{{"gauge":{{"dataPoints":[{good}]}}}},{{"name":"m","sum":{{"aggregationTemporality":"DELTA","dataPoints":[{good}]}}}}"#
    );
    let decoded = metrics_of(&metric);
    assert_eq!(
        (decoded.accepted, reasons(&decoded)),
        (1, vec![Reason::BadValue, Reason::MissingField, Reason::BadValue])
    );
    let places: Vec<&str> = decoded
        .rejections
        .first()
        .iter()
        .map(|rejection| rejection.place.as_str())
        .collect();
    let place = |metric, point| format!("resourceMetrics[0].scopeMetrics[0].metrics[{metric}].dataPoints[{point}]");
    assert_eq!(places, [place(0, 1), place(1, 0), place(2, 0)]);
}

#[test]
fn a_metric_streams_dimension_names_the_function() {
    let point = format!(
        r#"{{"timeUnixNano":"{START}","asInt":1,"attributes":[{{"key":"Dimensions","value":{{"kvlistValue":{{"values":[{}]}}}}}}]}}"#,
        texts(&[("FunctionName", "thumbs")])
    );
    let body = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m","gauge":{{"dataPoints":[{point}]}}}}]}}]}}]}}"#
    );
    let decoded = received(otlp::metrics, body.as_bytes(), ContentType::Json).unwrap();
    only_point(&decoded, |row| assert_eq!(row.function, Some("thumbs")));
}
