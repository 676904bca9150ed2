//! A span posted to a socket becomes a mark in a served picture, together with the platform's word about the same invocation.

use std::time::{Duration, Instant};

use crate::server::{Server, get, post};

const TRACE: &str = "5f3c0a1122334455667788990a0b0c0d";
const SPAN: &str = "1111111111111111";
const REQUEST: &str = "79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36";
const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnailer";
/// Three quarters of an hour around the span, as the address of a page says it.
const RANGE: &str = "from=2026-10-08T07:00:00Z&to=2026-10-08T08:00:00Z&tz=UTC";
/// Longer than fold and pages take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A consumer span of 1,200 ms and the call that it made.
fn spans() -> String {
    let start: u64 = 1_791_444_628_235_000_000;
    let attribute = |key: &str, value: &str| format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#);
    let resource = [
        attribute("service.name", "media"),
        attribute("cloud.provider", "aws"),
        attribute("cloud.platform", "aws_lambda"),
        attribute("cloud.region", "eu-west-1"),
        attribute("cloud.account.id", "123456789012"),
        attribute("faas.name", "thumbnailer"),
    ];
    let named = attribute("faas.invocation_id", REQUEST);
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{}]}},"scopeSpans":[{{"spans":[
        {{"traceId":"{TRACE}","spanId":"{SPAN}","kind":5,"name":"uploads process","attributes":[{named}],
          "startTimeUnixNano":"{start}","endTimeUnixNano":"{}"}},
        {{"traceId":"{TRACE}","spanId":"2222222222222222","parentSpanId":"{SPAN}","kind":3,"name":"S3.GetObject","attributes":[],
          "startTimeUnixNano":"{}","endTimeUnixNano":"{}"}}]}}]}}]}}"#,
        resource.join(","),
        start + 1_200_000_000,
        start + 100_000_000,
        start + 400_000_000,
    )
}

fn report() -> String {
    format!(
        r#"[{{"time":"2026-10-08T07:30:29.470Z","type":"platform.report","record":{{"requestId":"{REQUEST}","status":"success",
        "metrics":{{"durationMs":1234.56,"billedDurationMs":1235,"memorySizeMB":256,"maxMemoryUsedMB":123}}}}}}]"#
    )
}

#[test]
fn a_span_posted_to_a_socket_becomes_a_mark_in_a_served_picture() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let json = "application/json";
    let sent = [
        post(&server.http, "/v1/traces", json, spans().as_bytes()),
        post(
            &server.http,
            &format!("/v1/aws/telemetry?resource={ARN}"),
            json,
            report().as_bytes(),
        ),
    ];
    assert_eq!(sent, [Some(200); 2]);
    let path = format!("/functions/aws/123456789012/eu-west-1/thumbnailer?{RANGE}");
    let page = shown(&server, &path, &format!("/traces/{TRACE}"));
    let figure = figure(&page, "duration");
    let (picture, numbers) = figure.split_once("<details").unwrap();
    let (_, mark) = picture.split_once(&format!("<a href=\"/traces/{TRACE}")).unwrap();
    let mark = mark.split("</a>").next().unwrap();
    assert!(mark.contains("<path class=\"exm\" d=\""), "{mark}");
    assert!(mark.contains("<title>") && mark.contains("1.23"), "{mark}");
    let rows: Vec<&str> = numbers
        .split("<tr>")
        .skip(1)
        .filter(|row| row.contains("1.23"))
        .collect();
    assert!(rows.len() == 1 && rows[0].contains("07:30"), "{numbers}");
    let (marked, _) = figure_of_attempts(&page);
    assert!(marked.contains("succeeded 1, failed 0"), "{marked}");
    let trace = shown(&server, &format!("/traces/{TRACE}?{RANGE}"), "S3.GetObject");
    let bars = trace
        .split("<tr data-row")
        .skip(1)
        .map(|row| row.split("</tr>").next().unwrap());
    let bars: Vec<&str> = bars.filter(|row| row.contains("<rect class=\"sp")).collect();
    assert_eq!(bars.len(), 2, "{trace}");
    server.stop();
}

fn figure_of_attempts(page: &str) -> (&str, &str) {
    figure(page, "attempts").split_once("<details").unwrap()
}

/// Asks for a page until it has what is waited for.
fn shown(server: &Server, path: &str, what: &str) -> String {
    let since = Instant::now();
    loop {
        let (status, page) = get(&server.web, path).unwrap();
        if status == 200 && page.contains(what) {
            return page;
        }
        assert!(
            since.elapsed() < PATIENCE,
            "{path} has no {what} after {PATIENCE:?}: {status} {page}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Returns the figure of an id.
fn figure<'p>(page: &'p str, id: &str) -> &'p str {
    let titled = format!("aria-labelledby=\"{id}-t ");
    let figures = page.split("<figure").filter(|figure| figure.contains(&titled));
    let found: Vec<&str> = figures
        .map(|figure| figure.split("</figure>").next().unwrap())
        .collect();
    assert_eq!(found.len(), 1, "{id}: {page}");
    found[0]
}
