use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;

use super::{Format, Shape, look, recognise, signal};
use crate::request::RequestKind;

#[test]
#[expect(clippy::too_many_lines, reason = "one line per content")]
fn every_format_is_told_by_its_content() {
    for (content, format, shape) in [
        (
            r#"{"resourceSpans":[{"scopeSpans":[]}]}"#,
            Format::OtlpJson,
            Shape::Lines,
        ),
        ("{\n \"resourceMetrics\": [\n", Format::OtlpJson, Shape::Values),
        (
            r#"{"provider":"aws","function":"f","start_time_unix_ms":1}"#,
            Format::Invocations,
            Shape::Lines,
        ),
        (
            "[{\"function\":\"f\",\"provider\":\"aws\",\"start_time\":\"x\"}]",
            Format::Invocations,
            Shape::Values,
        ),
        (
            r#"{"time":"x","type":"platform.start","record":{}}"#,
            Format::AwsTelemetry,
            Shape::Lines,
        ),
        (
            "[\n{\"time\":\"x\",\"type\":\"function\",\"record\":\"words",
            Format::AwsTelemetry,
            Shape::Values,
        ),
        (r#"{"awslogs":{"data":"H4sI"#, Format::Cloudwatch, Shape::Values),
        (
            "{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[]}{\"messageType\":\"DATA_MESSAGE\"",
            Format::Cloudwatch,
            Shape::Lines,
        ),
        (
            "{\n  \"events\": [\n    {\n      \"logStreamName\": \"s\"",
            Format::LogEvents,
            Shape::Values,
        ),
        (
            "{\"events\":[],\"searchedLogStreams\":[]}",
            Format::LogEvents,
            Shape::Lines,
        ),
        (
            "{\n \"FunctionName\": \"f\", \"FunctionArn\": \"arn\"",
            Format::Configurations,
            Shape::Values,
        ),
        ("{\n \"Functions\": [ {", Format::Configurations, Shape::Values),
        (
            r#"{"Attributes":{"QueueArn":"arn:aws:sqs:r:a:q"}}"#,
            Format::Configurations,
            Shape::Lines,
        ),
        (
            r#"{"provider":"aws","resource":"f","key":"timeout_ms","value":1}"#,
            Format::Configurations,
            Shape::Lines,
        ),
        (
            r#"{"time":"x","function":"f","version":"7"}"#,
            Format::Deployments,
            Shape::Lines,
        ),
        (
            "{\n    \"results\": [\n        [\n            {\n                \"field\": \"@timestamp\"",
            Format::LogInsights,
            Shape::Values,
        ),
        (
            r#"{"results":[],"statistics":{},"status":"Complete"}"#,
            Format::LogInsights,
            Shape::Lines,
        ),
        (
            "@timestamp,@message,@logStream\n2026-10-08 07:30:29.000,\"two\nlines\",s\n",
            Format::LogInsights,
            Shape::Records,
        ),
        (
            r#"[{"@timestamp":"2026-10-08 07:30:29.000","@message":"m"}]"#,
            Format::LogInsights,
            Shape::Values,
        ),
        (
            r#"{"metric_stream_name":"s","namespace":"AWS/Lambda","metric_name":"Errors"}"#,
            Format::MetricStream,
            Shape::Lines,
        ),
        (
            "\u{5}\n\u{3}\u{12}\u{1}\0\u{5}\n",
            Format::MetricStreamMessages,
            Shape::Delimited,
        ),
        ("{\n \"Traces\": [\n  {\n   \"Id\": \"1-", Format::Xray, Shape::Values),
        (
            "{\"format\": \"json\", \"version\": 1}\n{\"trace_id\"",
            Format::Xray,
            Shape::Lines,
        ),
        (
            r#"{"trace_id":"1-x","id":"y","name":"n","start_time":1.0}"#,
            Format::Xray,
            Shape::Lines,
        ),
        (
            "{\n  \"events\": [\n    {\n      \"timestamp\": 1.0, \"type\": \"ExecutionStarted\", \"id\": 1, \"previousEventId\": 0",
            Format::ExecutionHistory,
            Shape::Values,
        ),
        (
            r#"{"id":"1","type":"ExecutionStarted","execution_arn":"arn:aws:states:r:a:execution:m:e"}"#,
            Format::LambdaLog,
            Shape::Lines,
        ),
        (
            r#"{"timestamp":"x","level":"INFO","message":"hello"}"#,
            Format::LambdaLog,
            Shape::Lines,
        ),
        (
            r#"{"pennyspan":"delivery","batch_size":1}"#,
            Format::LambdaLog,
            Shape::Lines,
        ),
        (
            "# queues\nAWSTemplateFormatVersion: '2010-09-09'\nResources:\n",
            Format::Configurations,
            Shape::Whole,
        ),
        (
            "name = \"edge\"\ncompatibility_date = \"2026-01-01\"\n",
            Format::Configurations,
            Shape::Whole,
        ),
        (
            "// the edge\n{ \"name\": \"edge\", \"compatibility_date\": \"2026-01-01\" }",
            Format::Configurations,
            Shape::Whole,
        ),
        (
            r#"{"format_version":"1.2","terraform_version":"1.9.0","planned_values":{}}"#,
            Format::Configurations,
            Shape::Lines,
        ),
        (
            "{\n \"apiVersion\": \"serving.knative.dev/v1\", \"kind\": \"Service\", \"metadata\": {}, \"spec\": {} }",
            Format::Configurations,
            Shape::Values,
        ),
        (
            "{\n \"defaultHostName\": \"x\", \"kind\": \"functionapp\", \"siteConfig\": {} }",
            Format::Configurations,
            Shape::Values,
        ),
        ("START RequestId: 1 Version: 7\n", Format::LambdaLog, Shape::Lines),
        (
            "[\n  {\n    \"httpRequest\": {},\n    \"insertId\": \"1\",\n    \"logName\": \"projects/p/logs/l\"",
            Format::GcpLogs,
            Shape::Values,
        ),
        (
            r#"{"insertId":"1","resource":{"type":"cloud_run_revision"},"timestamp":"x","jsonPayload":{"message":"m"}}"#,
            Format::GcpLogs,
            Shape::Lines,
        ),
        (
            r#"{"message":{"data":"e30=","messageId":"1"},"subscription":"s"}"#,
            Format::GcpLogs,
            Shape::Lines,
        ),
        (
            "{\"records\":[\n{\"time\":\"x\",\"resourceId\":\"/SUBSCRIPTIONS/1\"",
            Format::AzureRecords,
            Shape::Values,
        ),
        (
            r#"{"time":"x","resourceId":"/SUBSCRIPTIONS/1","category":"FunctionAppLogs","level":"Error"}"#,
            Format::AzureRecords,
            Shape::Lines,
        ),
        (
            r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"timestamp"}],"rows":[]}]}"#,
            Format::AzureRecords,
            Shape::Lines,
        ),
        (
            "[\n {\n \"AppRoleName\": \"shop\", \"TimeGenerated\": \"x\"",
            Format::AzureRecords,
            Shape::Values,
        ),
        (
            r#"{"CPUTimeMs":1,"EventTimestampMs":2,"Outcome":"ok","ScriptName":"edge"}"#,
            Format::CloudflareEvents,
            Shape::Lines,
        ),
        (
            "{\n  \"wallTime\": 13,\n  \"cpuTime\": 10,\n  \"outcome\": \"ok\",\n",
            Format::CloudflareEvents,
            Shape::Values,
        ),
        ("2026-10-08T07:30:28.235Z hello\n", Format::LambdaLog, Shape::Lines),
        ("\u{feff}  {\"resource_logs\":[]}", Format::OtlpJson, Shape::Lines),
    ] {
        assert_eq!(look(content.as_bytes()), Ok((format, shape)), "{content}");
    }
}

#[test]
fn what_no_format_has_is_told_in_words() {
    for (content, words) in [
        (&b"just some words\nand more"[..], "text that no format has"),
        (b"\x7fELF\0\0\0", "binary content"),
        (b"{\"hello\":1,\"world\":2}", "hello, world"),
        (b"{\"Attributes\":{\"size\":1}}", "Attributes"),
        (b"PK\x03\x04", "text that no format has"),
        (b"{\"trace_id\":\"1-x\",\"id\":\"y\"}", "trace_id, id"),
        (b"{\"results\":[],\"count\":0}", "results, count"),
        (b"{\"metric_name\":\"Errors\",\"value\":1}", "metric_name, value"),
        (b"\x05\x0a\x03\x08\x01\0", "binary content"),
    ] {
        let error = recognise(content).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("invocation records"), "{error}");
    }
}

#[test]
fn the_three_signals_are_told_apart_in_protobuf() {
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        start_time_unix_nano: 5,
        ..Span::default()
    };
    let spans = ScopeSpans {
        spans: vec![span],
        ..ScopeSpans::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![spans],
            ..ResourceSpans::default()
        }],
    };
    assert_eq!(signal(&request.encode_to_vec()), Some(RequestKind::Spans));
    for record in [
        LogRecord {
            time_unix_nano: 5,
            ..LogRecord::default()
        },
        LogRecord {
            observed_time_unix_nano: 5,
            severity_text: "INFO".to_owned(),
            ..LogRecord::default()
        },
    ] {
        let logs = ScopeLogs {
            log_records: vec![record],
            ..ScopeLogs::default()
        };
        let request = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                scope_logs: vec![logs],
                ..ResourceLogs::default()
            }],
        };
        assert_eq!(signal(&request.encode_to_vec()), Some(RequestKind::Logs));
    }
    let metric = Metric {
        name: "sixteen letters!".to_owned(),
        ..Metric::default()
    };
    let metrics = ScopeMetrics {
        metrics: vec![metric],
        ..ScopeMetrics::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![metrics],
            ..ResourceMetrics::default()
        }],
    };
    assert_eq!(signal(&request.encode_to_vec()), Some(RequestKind::Metrics));
    assert_eq!(
        (signal(b""), signal(b"\x0a\xff\xff"), signal(&[0xff; 40])),
        (None, None, None)
    );
}
