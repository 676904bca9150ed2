//! The same telemetry gives the same bytes, however it is stored and wherever the program runs.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use pennyspan_fixtures::{Fault, File, Injection, Scenario, Side};
use pennyspan_schema::Table;
use pennyspan_store::durable::{DataDir, DurableOptions};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde_json::Value;

use crate::company::{Company, pennyspan_with, seeds, slice, window_flags, write};
use crate::server::{Server, post};

/// The formats of the report.
const FORMATS: [&str; 3] = ["json", "table", "markdown"];
/// Servers that store a share of the requests each, so that every table gets several files.
const RUNS: usize = 3;
/// Into how many files a file is split.
const PARTS: usize = 3;

/// Where the program runs, and with how many threads.
#[derive(Clone, Copy, Debug)]
struct Place {
    threads: &'static str,
    time_zone: &'static str,
    locale: &'static str,
}

const HERE: Place = Place {
    threads: "1",
    time_zone: "UTC",
    locale: "C",
};

const PLACES: [Place; 3] = [
    Place {
        threads: "2",
        time_zone: "Asia/Kathmandu",
        locale: "de_DE.UTF-8",
    },
    Place {
        threads: "1",
        time_zone: "America/St_Johns",
        locale: "tr_TR.UTF-8",
    },
    Place {
        threads: "2",
        time_zone: "Pacific/Apia",
        locale: "ar_EG.UTF-8",
    },
];

fn company() -> Company {
    let seed = seeds(&[], 1)[0];
    let scenario = Scenario {
        minutes: 180,
        scale: 40,
        ..Scenario::new(seed)
    };
    let with = |scenario: Scenario, fault| {
        scenario.with(Injection {
            fault,
            side: Side::Above,
        })
    };
    Company::of(
        &[Fault::Oom, Fault::Timeouts, Fault::ChattyFunction]
            .into_iter()
            .fold(scenario, with),
    )
}

#[test]
fn files_give_the_same_bytes_in_any_order_and_at_any_place() {
    let company = company();
    let first = reports("--from", company.directory.path(), &company, HERE);
    assert!(first[0].contains("\"rule\": \"oom\""), "{}", first[0]);
    let scattered = tempfile::tempdir().unwrap();
    write(scattered.path(), &shuffled_and_split(&company.telemetry.files()));
    for place in slice(PLACES.to_vec(), 2) {
        let again = reports("--from", scattered.path(), &company, place);
        for ((format, first), again) in FORMATS.iter().zip(&first).zip(&again) {
            assert_eq!(first, again, "{format}: {place:?}");
        }
    }
    assert_eq!(reports("--from", company.directory.path(), &company, PLACES[0]), first);
}

#[tokio::test]
async fn stored_telemetry_gives_the_bytes_of_files_before_and_after_compaction() {
    let company = company();
    let data = tempfile::tempdir().unwrap();
    let requests = &company.telemetry.requests;
    for share in requests.chunks(requests.len().div_ceil(RUNS)) {
        let server = Server::start(data.path());
        for request in share {
            // Files name no door, so what the door would say beside a body is not said here either.
            let path = request.path.split('?').next().unwrap();
            let answer = post(&server.http, path, request.content_type, &request.body);
            assert_eq!(answer, Some(200), "{}", request.path);
        }
        server.stop();
    }
    let before = reports("--data", data.path(), &company, HERE);
    let files = reports("--from", company.directory.path(), &company, HERE);
    assert_eq!(without_input(&before[0]), without_input(&files[0]));
    assert_eq!(before[1..], files[1..], "table and markdown");
    let live = live_files(data.path());
    compact(data.path()).await;
    assert!(live_files(data.path()) < live);
    for place in [HERE, PLACES[0]] {
        // Equal rows that came in different requests are one row now, which the block `input` counts.
        let after = reports("--data", data.path(), &company, place);
        assert_eq!(without_input(&after[0]), without_input(&before[0]), "{place:?}");
        assert_eq!(after[1..], before[1..], "table and markdown, {place:?}");
    }
}

/// Returns the report in every format; the program is asked once.
fn reports(flag: &str, source: &Path, company: &Company, place: Place) -> [String; 3] {
    let folder = tempfile::tempdir().unwrap();
    let path = |format: &str| folder.path().join(format);
    let outputs = FORMATS.map(|format| format!("{format}={}", path(format).display()));
    let mut arguments = vec![
        "report",
        flag,
        source.to_str().unwrap(),
        "--quiet",
        "--threads",
        place.threads,
    ];
    arguments.extend(outputs.iter().flat_map(|output| ["-o", output.as_str()]));
    let window = window_flags(&company.telemetry.truth);
    arguments.extend(window.iter().map(String::as_str));
    let output = pennyspan_with(&arguments, &[("TZ", place.time_zone), ("LC_ALL", place.locale)]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{:?}: {said}",
        output.status
    );
    FORMATS.map(|format| std::fs::read_to_string(path(format)).unwrap())
}

/// Returns the JSON report without what it says of its input, and without what a request tells beyond its records: that they
/// come from one environment, by whose first sight a cold start is known. A file of records may be cut anywhere.
fn without_input(report: &str) -> String {
    let mut report: Value = serde_json::from_str(report).unwrap();
    report.as_object_mut().unwrap().shift_remove("input");
    for function in report["functions"].as_array_mut().unwrap() {
        function.as_object_mut().unwrap().shift_remove("cold_start_unknown");
    }
    serde_json::to_string_pretty(&report).unwrap()
}

/// Puts the lines of each file into another order and into several files under other names, one of them compressed.
fn shuffled_and_split(files: &[File]) -> Vec<File> {
    let mut random = StdRng::seed_from_u64(seeds(&[], 1)[0]);
    let mut scattered = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let mut lines: Vec<&[u8]> = file.body.split_inclusive(|byte| *byte == b'\n').collect();
        lines.shuffle(&mut random);
        for (part, lines) in lines.chunks(lines.len().div_ceil(PARTS)).enumerate() {
            let body = lines.concat();
            let name = format!("{}/part-{number}", PARTS - part);
            scattered.push(if part == 0 {
                File {
                    name: format!("{name}.gz"),
                    body: gzip(&body),
                }
            } else {
                File { name, body }
            });
        }
    }
    scattered
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Merges the small files of every table, as a server does once there are many.
async fn compact(data: &Path) {
    let options = DurableOptions {
        live_files: 1,
        keep_nanos: 0,
        ..DurableOptions::new(Arc::new(in_an_hour))
    };
    let directory = DataDir::open(data, options).await.unwrap();
    let store = directory.follow("compaction").await.unwrap();
    store.flush_all().await.unwrap();
    store.flush_all().await.unwrap();
}

/// Returns a time at which nobody reads the replaced files any more, in nanoseconds since 1970.
fn in_an_hour() -> i64 {
    let then = std::time::SystemTime::now() + std::time::Duration::from_hours(1);
    let since = then.duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

/// Counts the Parquet files of the raw tables.
fn live_files(data: &Path) -> usize {
    let parquet = |table: Table| {
        let entries = std::fs::read_dir(data.join("default").join(table.name()));
        let names = entries.into_iter().flatten().map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| name.to_string_lossy().ends_with(".parquet"))
            .count()
    };
    Table::raw().map(parquet).sum()
}
