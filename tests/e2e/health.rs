//! Health comes from progress: what stands still turns `/healthz` and `/readyz` red within seconds, and green when it goes on.
//!
//! The program is built with the feature `fault-points`, so that its own fsync, fold, flush and commit can be stopped.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::server::{Server, exchange, get};

/// How soon a change of health has to be seen; the limit of a stage is a second here.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// The stages, and how the sentence about each begins.
const STAGES: [(&str, &str); 4] = [
    ("fsync", "the fsync of the write-ahead log stands still since "),
    ("fold", "the fold stands still since "),
    ("flush", "the flush stands still since "),
    ("commit", "the commit to a table's log stands still since "),
];

#[test]
#[cfg_attr(
    not(feature = "fault-points"),
    ignore = "stops a program built with the feature `fault-points`"
)]
fn health_says_which_stage_stands_still_at_every_stage() {
    for (stage, sentence) in STAGES {
        let data = tempfile::tempdir().unwrap();
        let armed = data.path().join("armed");
        let environment = BTreeMap::from([
            ("PENNYSPAN_FAULT", format!("{stage}:0:{}", armed.display())),
            ("PENNYSPAN_STORAGE_FLUSH_AGE_MS", "300".to_owned()),
            ("PENNYSPAN_SERVE_STALLED_AFTER_MS", "1000".to_owned()),
        ]);
        let server = Server::start_with(data.path(), &environment);
        send(&server.http, "before");
        wait_for(&server, 200, "ok");
        std::fs::write(&armed, "").unwrap();
        std::thread::scope(|scope| {
            // What waits for its fsync is answered when that goes on.
            let http = &server.http;
            let still = &armed;
            let sent = scope.spawn(move || {
                // The stage is armed a moment after the file is there.
                for number in 0..1000 {
                    send(http, &format!("meanwhile-{number}"));
                    std::thread::sleep(Duration::from_millis(20));
                    if !still.exists() {
                        return;
                    }
                }
            });
            assert!(
                server.says(&format!("fault point `{stage}`"), SEEN_WITHIN),
                "{stage} is reached"
            );
            let told = wait_for(&server, 503, sentence);
            let since = told.split(sentence).nth(1).unwrap_or_default();
            let year = chrono::Utc::now().format("%Y-").to_string();
            assert!(since.starts_with(&year), "{stage}: since when: {told}");
            std::fs::remove_file(&armed).unwrap();
            sent.join().unwrap();
        });
        wait_for(&server, 200, "ok");
        send(&server.http, "after");
        server.stop();
    }
}

fn send(to: &str, id: &str) {
    let start = chrono::Utc::now().to_rfc3339();
    let record = format!(
        r#"{{"provider":"aws","account":"1","region":"us-east-1","function":"orders","invocation_id":"{id}","start_time":"{start}","duration_ms":12.5,"outcome":"ok"}}"#
    );
    let answer = exchange(to, "/v1/invocations", "application/x-ndjson", record.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Waits until both probes answer with a status and a text, and returns what the first said.
fn wait_for(server: &Server, status: u16, text: &str) -> String {
    let deadline = Instant::now() + SEEN_WITHIN;
    loop {
        let [healthz, readyz] = ["/healthz", "/readyz"].map(|path| get(&server.web, path).unwrap());
        let is_so = |probe: &(u16, String)| probe.0 == status && probe.1.contains(text);
        if is_so(&healthz) && is_so(&readyz) {
            return healthz.1;
        }
        assert!(
            Instant::now() < deadline,
            "no {status} with `{text}`, but {healthz:?} and {readyz:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
