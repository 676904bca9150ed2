//! What `pennyspan storage` says and does of a data directory.

use std::path::Path;

use pennyspan_fixtures::Scenario;

use crate::company::{Company, pennyspan, pennyspan_with};
use crate::server::{Server, post};

/// Runs `storage` with arguments over a directory; returns its exit code, what it says, and what it complains about.
fn storage(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut all = vec!["storage"];
    all.extend(arguments);
    all.extend(["--data", data.to_str().unwrap()]);
    let output = pennyspan_with(&all, environment);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Returns the directory of an imported company.
fn imported() -> tempfile::TempDir {
    let mut scenario = Scenario::new(5);
    scenario.minutes = 20;
    let company = Company::of(&scenario);
    let data = tempfile::tempdir().unwrap();
    let (from, to) = (
        company.directory.path().to_str().unwrap(),
        data.path().to_str().unwrap(),
    );
    assert!(pennyspan(&["import", from, "--data", to, "--quiet"]).status.success());
    data
}

fn asked(data: &Path, sql: &str) -> String {
    let output = pennyspan(&[
        "query",
        sql,
        "--data",
        data.to_str().unwrap(),
        "--format",
        "csv",
        "--quiet",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .nth(1)
        .unwrap()
        .to_owned()
}

#[test]
fn what_is_imported_is_proven_and_a_damaged_file_is_named() {
    let data = imported();
    let (code, text, stderr) = storage(data.path(), &["verify"], &[]);
    assert!(code == 0 && text.contains(" 0 problems"), "{text}{stderr}");
    let spans = std::fs::read_dir(data.path().join("default/spans")).unwrap();
    let file = spans
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some())
        .unwrap();
    let mut content = std::fs::read(&file).unwrap();
    content[100] ^= 1;
    std::fs::write(&file, content).unwrap();
    let (code, text, _) = storage(data.path(), &["verify"], &[]);
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(
        code == 3 && text.contains(name) && text.contains("another checksum"),
        "{text}"
    );
}

#[test]
fn what_is_older_than_its_table_keeps_it_is_removed_and_told() {
    let data = imported();
    let (spans, invocations) = ("SELECT count(*) FROM spans", "SELECT count(*) FROM invocations");
    let (before, attempts) = (asked(data.path(), spans), asked(data.path(), invocations));
    let kept = |table: &str| (format!("PENNYSPAN_RETENTION_{table}"), "forever");
    let environment: Vec<(String, &str)> = pennyspan_schema::Table::ALL
        .iter()
        .map(|table| table.name().to_uppercase())
        .filter(|name| name != "SPANS")
        .map(|name| kept(&name))
        .collect();
    let mut environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    environment.push(("PENNYSPAN_RETENTION_SPANS", "1 days"));
    let (code, text, stderr) = storage(data.path(), &["expire"], &environment);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        text.contains(&format!("default/spans: kept 1 days, removed {before} rows")),
        "{text}"
    );
    assert!(
        text.contains("default/logs: kept forever, removed 0 rows and 0 bytes"),
        "{text}"
    );
    assert_eq!(
        (asked(data.path(), spans), asked(data.path(), invocations)),
        ("0".to_owned(), attempts)
    );
    let (_, status, _) = storage(data.path(), &["status"], &[]);
    let line = status
        .lines()
        .find(|line| line.trim_start().starts_with("spans "))
        .unwrap();
    assert!(line.contains(&before) && line.contains('T'), "{status}");
    let (code, text, _) = storage(data.path(), &["verify"], &[]);
    assert!(code == 0 && text.contains(" 0 problems"), "{text}");
    let (code, _, stderr) = storage(data.path(), &["expire"], &[("PENNYSPAN_RETENTION_SPANS", "soon")]);
    assert!(
        code == 2 && stderr.contains("`retention.spans` is \"soon\", expected such as"),
        "{stderr}"
    );
}

#[test]
fn a_function_is_deleted_wherever_it_stands_and_nothing_beside_it() {
    let data = imported();
    let busiest =
        "SELECT function FROM invocations WHERE function IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1";
    let function = asked(data.path(), busiest);
    let of = |what: &str| {
        let sql = format!("SELECT count(*) FROM invocations WHERE function {what} '{function}'");
        asked(data.path(), &sql)
    };
    let (own, others) = (of("="), of("<>"));
    assert!(own != "0" && others != "0", "{own} {others}");
    let (code, would, _) = storage(data.path(), &["delete", "--function", &function, "--dry-run"], &[]);
    assert!(
        code == 0 && would.contains(&format!("default/invocations: would delete {own} rows")),
        "{would}"
    );
    assert_eq!(of("="), own);
    let (code, did, stderr) = storage(data.path(), &["delete", "--function", &function], &[]);
    assert_eq!((code, did), (0, would.replace("would delete", "deleted")), "{stderr}");
    assert_eq!((of("="), of("<>")), ("0".to_owned(), others));
    let (code, text, _) = storage(data.path(), &["verify"], &[]);
    assert!(code == 0 && text.contains(" 0 problems"), "{text}");
    let (code, _, stderr) = storage(data.path(), &["delete", "--everything", "--workspace", "team-a"], &[]);
    assert!(code == 2 && stderr.contains("there is no workspace team-a"), "{stderr}");
    let (code, _, stderr) = storage(data.path(), &["delete"], &[]);
    assert!(code == 2 && stderr.contains("--function"), "{stderr}");
    let (code, text, _) = storage(data.path(), &["delete", "--everything"], &[]);
    assert!(code == 0 && text.contains("default/spans: deleted"), "{text}");
    assert_eq!(asked(data.path(), "SELECT count(*) FROM spans"), "0");
}

#[test]
fn what_only_the_write_ahead_log_holds_is_deleted_too() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let record =
        r#"{"provider":"aws","function":"f","invocation_id":"a","start_time":"2026-10-08T07:30:28Z","duration_ms":1}"#;
    let sent = post(&server.http, "/v1/invocations", "application/json", record.as_bytes());
    assert_eq!(sent, Some(200));
    let (code, _, stderr) = storage(data.path(), &["delete", "--function", "f"], &[]);
    assert!(code == 2, "a server is running: {stderr}");
    server.kill();
    let (code, text, stderr) = storage(data.path(), &["delete", "--function", "f"], &[]);
    assert!(
        code == 0 && text.contains("default/invocation_facts: deleted 1 rows"),
        "{text}{stderr}"
    );
    let server = Server::start(data.path());
    server.stop();
    assert_eq!(asked(data.path(), "SELECT count(*) FROM invocations"), "0");
}
