//! Whatever is wrong with a file or a fold is found, and nothing else is.

use std::path::{Path as FsPath, PathBuf};

use pennyspan_schema::{Position, Sink, Table, Workspace};

use super::given::{frames, open, options};
use super::rollups::{HOUR_MS, at};
use crate::durable::DurableStore;
use crate::fold::tests::{Given, call, invocation_span, record, report, start};

async fn stored(folder: &FsPath) -> DurableStore {
    let store = open(folder, options()).await.unwrap();
    let hour = 3_600_000;
    let facts = [
        start("a", 0),
        report("a", 0, 900),
        record("b", 9 * hour, 900),
        record("c", 30 * hour, 900),
    ];
    let spans = [invocation_span(1, 0, 900), call(2, 1, 10, 20), call(3, 9, 9 * hour, 20)];
    for frame in frames(&Given::facts(facts).spans(spans), 1, 1) {
        store
            .publish(frame.position, &Workspace::default(), frame.rows)
            .unwrap();
        store.flush_all().await.unwrap();
    }
    store
}

async fn problems(folder: &FsPath) -> Vec<String> {
    let store = DurableStore::open_read_only(folder, options()).await.unwrap();
    store.verify().await.unwrap().remove(0).problems
}

fn a_file(folder: &FsPath, table: Table) -> PathBuf {
    let entries = std::fs::read_dir(folder.join("default").join(table.name())).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    files.sort();
    files.remove(0)
}

#[tokio::test]
async fn what_was_stored_merged_and_folded_is_proven() {
    let folder = tempfile::tempdir().unwrap();
    let store = stored(folder.path()).await;
    store.compact_all().await.unwrap();
    let verified = store.verify().await.unwrap().remove(0);
    assert_eq!(verified.problems, Vec::<String>::new());
    assert_eq!(verified.without_checksum, 0);
    assert!(
        verified.files >= 7 && verified.rows >= 4 + 3 + 3 && verified.slices >= 360,
        "{verified:?}"
    );
    drop(store);
    assert_eq!(problems(folder.path()).await, Vec::<String>::new());
}

#[tokio::test]
async fn any_changed_byte_of_a_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    drop(stored(folder.path()).await);
    let file = a_file(folder.path(), Table::Spans);
    let whole = std::fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&file, damaged).unwrap();
        let problems = problems(folder.path()).await;
        assert!(
            problems[0].contains("has another checksum than its name says"),
            "byte {at}: {problems:?}"
        );
    }
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert!(problems(folder.path()).await[0].contains("and the log says"));
    std::fs::remove_file(&file).unwrap();
    assert!(problems(folder.path()).await[0].contains("cannot be read"));
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(problems(folder.path()).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_attempt_that_the_facts_do_not_say_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = stored(folder.path()).await;
    let workspace = Workspace::default();
    // A fold of other facts than those that are stored.
    let other = tempfile::tempdir().unwrap();
    let another = open(other.path(), options()).await.unwrap();
    let facts = Given::facts([
        start("a", 0),
        record("b", 9 * 3_600_000, 901),
        record("c", 30 * 3_600_000, 900),
    ]);
    let rows = frames(&facts, 9, 9).remove(0).rows;
    another.publish(Position(9), &workspace, rows).unwrap();
    another.flush_all().await.unwrap();
    drop((store, another));
    for table in Table::folded() {
        let name = table.name();
        let (ours, theirs) = (
            folder.path().join("default").join(name),
            other.path().join("default").join(name),
        );
        std::fs::remove_dir_all(&ours).unwrap();
        std::fs::rename(&theirs, &ours).unwrap();
    }
    let problems = problems(folder.path()).await;
    let found = |table: Table| {
        problems
            .iter()
            .any(|problem| problem.starts_with(&format!("`{}` lacks", table.name())))
    };
    assert!(found(Table::Invocations) && found(Table::RollupMinute), "{problems:?}");
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("spans without an attempt")),
        "{problems:?}"
    );
}

#[tokio::test]
async fn hours_and_days_that_the_minutes_do_not_add_up_to_are_found() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let facts = [
        Given::facts([start("a", 0), record("b", 9 * HOUR_MS, 900)]),
        Given::facts([start("a", 0), record("b", 9 * HOUR_MS, 901)]),
    ];
    for (folder, given) in [&folder, &other].into_iter().zip(facts) {
        let store = open(folder.path(), at(200 * HOUR_MS)).await.unwrap();
        let rows = frames(&given, 9, 9).remove(0).rows;
        store.publish(Position(1), &Workspace::default(), rows).unwrap();
        store.flush_all().await.unwrap();
    }
    assert_eq!(problems(folder.path()).await, Vec::<String>::new());
    for table in [Table::RollupDay, Table::RollupHour] {
        let of = |folder: &FsPath| folder.join("default").join(table.name());
        std::fs::remove_dir_all(of(folder.path())).unwrap();
        std::fs::rename(of(other.path()), of(folder.path())).unwrap();
        let problems = problems(folder.path()).await;
        let lacks = format!(
            "`{}` lacks 1 rows that the facts say, and has 1 that they do not",
            table.name()
        );
        assert!(
            problems.iter().any(|problem| problem.starts_with(&lacks)),
            "{problems:?}"
        );
    }
}
