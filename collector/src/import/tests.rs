use std::io::Write as _;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use pennyspan_schema::Table;
use pennyspan_schema::tables::{invocation_facts, logs};
use proptest::prelude::*;
use prost::Message as _;

use super::{FileSummary, Format, ImportError, decode_file};
use crate::decode::{Decoded, Origin, Settings};
use crate::request::Door;

const ID: &str = "0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01";

fn read_within(content: &[u8], settings: &Settings) -> (Result<FileSummary, ImportError>, Vec<Decoded>) {
    let door = Door {
        resource: Some("arn:aws:lambda:eu-west-1:1:function:checkout".into()),
        instance: None,
    };
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let mut parts = Vec::new();
    let summary = decode_file(content, &origin, settings, |decoded| parts.push(decoded));
    (summary, parts)
}

fn read(content: &[u8]) -> (FileSummary, Vec<Decoded>) {
    let (summary, parts) = read_within(content, &Settings::default());
    (summary.unwrap(), parts)
}

fn count(parts: &[Decoded], table: Table) -> usize {
    parts.iter().map(|part| part.rows.count(table)).sum()
}

fn record(n: usize) -> String {
    format!(
        r#"{{"provider":"aws","function":"f","invocation_id":"i-{n}","start_time_unix_ms":{}}}"#,
        1_791_444_628_000_usize + n
    )
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_large_file_comes_in_parts_and_a_bad_line_keeps_its_number() {
    let mut lines: Vec<String> = (0..51_000).map(record).collect();
    lines[50_500] = "nonsense".to_owned();
    let (summary, parts) = read(&gzip(lines.join("\n").as_bytes()));
    assert_eq!(
        summary,
        FileSummary {
            format: Format::Invocations,
            accepted: 50_999,
            rejected: 1
        }
    );
    assert!(parts.len() == 2);
    assert_eq!(count(&parts, Table::InvocationFacts), 50_999);
    let rejection = parts.iter().find_map(|part| part.rejections.first().first()).unwrap();
    assert_eq!(rejection.place, "line 50501");
}

#[test]
fn an_array_is_read_item_by_item() {
    let mut items: Vec<String> = (0..51_000).map(record).collect();
    items[50_500] = "{\"provider\" \"aws\"}".to_owned();
    items[50_501] = "{\"provider\":\"aws\"}".to_owned();
    let (summary, parts) = read(format!("[\n{}\n]", items.join(",\n")).as_bytes());
    assert_eq!((summary.accepted, summary.rejected), (50_998, 2));
    let places: Vec<_> = parts
        .iter()
        .flat_map(|part| part.rejections.first())
        .map(|rejection| rejection.place.as_str())
        .collect();
    assert_eq!(places, ["item 50501", "item 50502"]);
}

#[test]
fn values_that_span_lines_are_read() {
    let pretty = "{\n \"FunctionName\": \"f\",\n \"FunctionArn\": \"arn:aws:lambda:eu-west-1:1:function:f\",\n \"Timeout\": 3,\n \"LastModified\": \"2026-10-08T07:30:28.000+0000\"\n}\n";
    let (summary, parts) = read([pretty, pretty].concat().as_bytes());
    assert_eq!((summary.format, summary.accepted), (Format::Configurations, 2));
    assert_eq!(count(&parts, Table::Configurations), 2);
}

#[test]
fn log_events_of_the_command_line_are_read_by_stream() {
    let event = |stream: &str, id: u32, message: &str| {
        format!(
            r#"{{"logStreamName":"{stream}","timestamp":179144462800{id},"message":"{message}","ingestionTime":1,"eventId":"e-{id}"}}"#
        )
    };
    let (a, b) = (
        "2026/10/08/[7]22be53a8cfde4e68b844f8ec293b2543",
        "2026/10/08/[8]99be53a8cfde4e68b844f8ec293b2543",
    );
    let start = format!("START RequestId: {ID} Version: 7\\n");
    let events = [
        event(a, 1, &start),
        event(b, 2, "hello"),
        event(a, 3, "bye"),
        "{\"timestamp\":\"x\",\"eventId\":\"e\"}".to_owned(),
    ];
    let (summary, parts) = read(
        format!(
            "{{\n\"events\": [\n{}\n],\n\"searchedLogStreams\": []\n}}",
            events.join(",\n")
        )
        .as_bytes(),
    );
    assert_eq!(
        (summary.format, summary.accepted, summary.rejected),
        (Format::LogEvents, 3, 1)
    );
    let logs = logs::Reader::new(parts[0].rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1).unwrap();
    let mut found: Vec<_> = logs
        .rows()
        .map(|row| (row.record_id.unwrap(), row.version.unwrap(), row.function.unwrap()))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("e-1", "7", "checkout"),
            ("e-2", "8", "checkout"),
            ("e-3", "7", "checkout")
        ]
    );
    assert_eq!(count(&parts, Table::InvocationFacts), 1);
}

#[test]
fn equal_records_of_a_file_stay_apart_and_come_again_the_same() {
    let line = "2026-10-08T07:30:28.235Z hello\n";
    let ids = |content: &str| {
        let (_, parts) = read(content.as_bytes());
        let logs = logs::Reader::new(parts[0].rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1).unwrap();
        logs.rows()
            .map(|row| row.record_id.unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let twice = ids(&line.repeat(2));
    assert!(twice[0].ends_with("-1") && twice[1].ends_with("-2") && twice[0][..32] == twice[1][..32]);
    assert_eq!(ids(&line.repeat(3))[..2], twice[..]);
    assert_ne!(ids("2026-10-08T07:30:28.236Z hello\n")[0], twice[0]);
}

#[test]
fn a_message_of_several_lines_is_never_parted() {
    let message = "2026-10-08T07:30:28.235Z first\n  second\n  third\n";
    let (summary, parts) = read(message.repeat(17_000).as_bytes());
    assert!(parts.len() > 1);
    assert_eq!(summary.accepted, 17_000);
    for part in &parts {
        let logs = logs::Reader::new(part.rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1).unwrap();
        assert!(logs.rows().all(|row| row.body == Some("first\n  second\n  third")));
    }
}

fn request(n: u8) -> ExportTraceServiceRequest {
    let span = Span {
        trace_id: vec![n; 16],
        span_id: vec![n; 8],
        name: "GET /".to_owned(),
        start_time_unix_nano: 1_791_444_628_000_000_000,
        end_time_unix_nano: 1_791_444_629_000_000_000,
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans {
        spans: vec![span],
        ..ScopeSpans::default()
    }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans,
            ..ResourceSpans::default()
        }],
    }
}

#[test]
fn otlp_files_hold_lines_or_messages() {
    let json = |n| serde_json::to_string(&request(n)).unwrap();
    let bad = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}"#;
    let (summary, parts) = read(
        [json(1), bad.to_owned(), "{}".to_owned(), json(2)]
            .join("\n")
            .as_bytes(),
    );
    assert_eq!(
        (summary.format, summary.accepted, summary.rejected),
        (Format::OtlpJson, 2, 2)
    );
    assert_eq!(count(&parts, Table::Spans), 2);
    let places: Vec<_> = parts
        .iter()
        .flat_map(|part| part.rejections.first())
        .map(|rejection| rejection.place.as_str())
        .collect();
    assert!(places[0].starts_with("line 2, ") && places[1] == "line 3", "{places:?}");
    let (summary, _) = read(serde_json::to_string_pretty(&request(1)).unwrap().as_bytes());
    assert_eq!(summary.accepted, 1);
    let mut file = Vec::new();
    let packed = zstd::encode_all(&*request(3).encode_to_vec(), 1).unwrap();
    for message in [request(1).encode_to_vec(), packed, json(4).into_bytes()] {
        file.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        file.extend(message);
    }
    let (summary, parts) = read(&file);
    assert_eq!(
        (summary.format, summary.accepted, count(&parts, Table::Spans)),
        (Format::OtlpMessages, 3, 3)
    );
    file.truncate(file.len() - 1);
    let (result, parts) = read_within(&file, &Settings::default());
    assert!(
        result
            .unwrap_err()
            .to_string()
            .contains("message 3: expected OTLP requests")
    );
    assert_eq!(count(&parts, Table::Spans), 2, "what came before is kept");
}

#[test]
fn files_that_are_not_understood_say_what_was_expected() {
    let small = Settings {
        request_bytes: 1000,
        ..Settings::default()
    };
    let error = |content: &[u8]| read_within(content, &small).0.unwrap_err().to_string();
    assert_eq!(error(b" \n\n"), "is empty");
    assert!(error(b"hello world").contains("expected one of: OTLP requests in JSON"));
    assert!(
        error(b"{\"provider\":\"aws\",\"function\":\"f\",\"start_time\":\"never\"}")
            .contains("none of its 1 items is one of invocation records")
    );
    assert!(error(b"[{\"provider\":\"aws\",\"function\":\"f\",\"start_time\":").contains("the file ends within it"));
    let long = format!(
        "{}\n{}\n{}",
        record(1),
        format_args!("{{\"x\":\"{}\"}}", "y".repeat(2000)),
        record(2)
    );
    let (summary, parts) = read_within(long.as_bytes(), &small);
    assert_eq!(summary.unwrap().accepted, 2);
    assert_eq!(
        parts
            .iter()
            .find_map(|part| part.rejections.first().first())
            .unwrap()
            .place,
        "line 2"
    );
}

proptest! {
    #[test]
    fn no_file_panics(lead in 0_usize..8, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
        let starts: [&[u8]; 8] = [b"", b"{", b"[{\"type\":\"x\",\"record\":", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\0\0\0\x05\x0a",
            b"START RequestId: ", b"{\"provider\":\"aws\",\"function\":\"f\",\"start_time\":1}\n"];
        let content = [starts[lead], &rest].concat();
        let _ = read_within(&content, &Settings::default());
    }

    #[test]
    fn how_a_file_is_written_does_not_matter(n in 1_usize..40, newline in prop::sample::select(vec!["\n", "\r\n", "\n\n"])) {
        let items: Vec<String> = (0..n).map(record).collect();
        let hashes = |content: &[u8]| {
            let (_, parts) = read(content);
            let mut hashes = Vec::new();
            for (table, batch) in parts.iter().flat_map(|part| part.rows.iter()) {
                prop_assert_eq!(table, Table::InvocationFacts);
                hashes.extend(invocation_facts::Reader::new(batch).unwrap().rows().map(|row| row.content_hash));
            }
            hashes.sort_unstable();
            Ok(hashes)
        };
        let lines = hashes(items.join(newline).as_bytes())?;
        prop_assert_eq!(lines.len(), n);
        prop_assert_eq!(&hashes(format!("[{}]", items.join(",")).as_bytes())?, &lines);
        prop_assert_eq!(&hashes(&gzip(items.join(newline).as_bytes()))?, &lines);
    }
}

#[test]
fn what_the_clouds_own_commands_print_is_read() {
    let files: [(&[u8], Format, usize, usize); 6] = [
        (
            include_bytes!("../../fixtures/gcp/logging-read.json"),
            Format::GcpLogs,
            22,
            16,
        ),
        (
            include_bytes!("../../fixtures/gcp/pubsub-push.json"),
            Format::GcpLogs,
            1,
            1,
        ),
        (
            include_bytes!("../../fixtures/azure/records.json"),
            Format::AzureRecords,
            15,
            11,
        ),
        (
            include_bytes!("../../fixtures/azure/app-insights-query.json"),
            Format::AzureRecords,
            2,
            2,
        ),
        (
            include_bytes!("../../fixtures/cloudflare/logpush.ndjson"),
            Format::CloudflareEvents,
            6,
            6,
        ),
        (
            include_bytes!("../../fixtures/cloudflare/wrangler-tail.json"),
            Format::CloudflareEvents,
            5,
            6,
        ),
    ];
    for (content, format, accepted, facts) in files {
        for content in [content.to_vec(), gzip(content)] {
            let (summary, parts) = read(&content);
            let expected = FileSummary {
                format,
                accepted,
                rejected: 0,
            };
            assert_eq!((summary, count(&parts, Table::InvocationFacts)), (expected, facts));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Exports of the clouds with a few bytes changed, cut or repeated are read or refused.
    #[test]
    fn damaged_exports_are_read_or_refused(which in 0_usize..5, at in 0_usize..20_000, take in 0_usize..40, put in "[\"{}\\[\\],:0-9a-z' .-]{0,12}") {
        let files: [&[u8]; 5] = [
            include_bytes!("../../fixtures/gcp/logging-read.json"),
            include_bytes!("../../fixtures/azure/records.json"),
            include_bytes!("../../fixtures/azure/app-insights-query.json"),
            include_bytes!("../../fixtures/cloudflare/logpush.ndjson"),
            include_bytes!("../../fixtures/cloudflare/wrangler-tail.json"),
        ];
        let mut content = files[which].to_vec();
        let start = at % content.len();
        let end = (start + take).min(content.len());
        content.splice(start..end, put.bytes());
        let (summary, parts) = read_within(&content, &Settings::default());
        if let Ok(summary) = summary {
            prop_assert_eq!(summary.accepted, parts.iter().map(|part| part.accepted).sum::<usize>());
        }
    }
}

#[test]
fn the_consoles_records_of_logs_insights_are_log_events() {
    let report = format!("\"REPORT RequestId: {ID}\tDuration: 765.00 ms\tBilled Duration: 765 ms\t\n\"");
    let stream = "2026/10/08/[7]44be53a8cfde4e68b844f8ec293b2543";
    let text = format!(
        "@timestamp,@message,@logStream,@log\n2026-10-08 07:30:29.000,{report},{stream},123456789012:/aws/lambda/checkout\n\
         2026-10-08 07:30:30.000,\"said \"\"hello\"\", twice\",{stream},123456789012:/aws/lambda/checkout\nsoon,m,,\n"
    );
    let (summary, parts) = read(text.as_bytes());
    assert_eq!(
        (summary.format, summary.accepted, summary.rejected),
        (Format::LogInsights, 2, 1)
    );
    let batch = parts[0].rows.iter().find(|(of, _)| *of == Table::Logs).unwrap().1;
    let logs = logs::Reader::new(batch).unwrap();
    assert_eq!(logs.row(1).body, Some("said \"hello\", twice"));
    assert_eq!(logs.row(0).function, Some("checkout"));
    assert_eq!(count(&parts, Table::InvocationFacts), 1);
}
