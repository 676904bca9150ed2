//! The directory: its format, its lock, other workspaces and other processes.

use pennyspan_schema::{Position, Rows, Sink, SinkError, Table, Workspace};

use super::given::{WAL, expected, frames, open, options, replay, told, told_by};
use crate::durable::{DataDir, DurableOptions, DurableStore, StoreError};
use crate::fold::tests::{Given, report, start};

fn some() -> Given {
    Given::facts([start("a", 0), report("a", 0, 900)])
}

#[tokio::test]
async fn one_process_writes_and_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let frames = frames(&some(), 1, 1);
    let store = open(folder.path(), options()).await.unwrap();
    replay(&store, &frames);
    store.flush_all().await.unwrap();
    let second = open(folder.path(), options()).await.unwrap_err();
    assert!(
        second
            .to_string()
            .contains("is written by another process: stop it, or name another directory")
    );
    let reader = DurableStore::open_read_only(folder.path(), options()).await.unwrap();
    assert!(reader.is_read_only() && reader.workspaces() == [Workspace::default()]);
    assert_eq!(told_by(&reader).await, expected(&frames).await);
    let refused = reader
        .publish(Position(9), &Workspace::default(), Rows::default())
        .unwrap_err();
    assert!(matches!(refused, SinkError::Failed { .. }));
    assert!(matches!(reader.flush_all().await, Err(StoreError::ReadOnly)));
    drop(store);
    assert!(
        open(folder.path(), options()).await.is_ok(),
        "the lock ends with the process"
    );
}

#[tokio::test]
async fn a_newer_format_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = DurableStore::open_read_only(folder.path(), options())
        .await
        .unwrap_err();
    assert!(matches!(nothing, StoreError::NotData { .. }));
    drop(open(folder.path(), options()).await.unwrap());
    let format = folder.path().join("format");
    assert_eq!(std::fs::read_to_string(&format).unwrap(), "1\n");
    std::fs::write(&format, "2\n").unwrap();
    let newer = open(folder.path(), options()).await.unwrap_err().to_string();
    assert!(
        newer.ends_with("says format `2`, and this version knows 1: use the version that wrote it, or a later one")
    );
}

#[tokio::test]
async fn workspaces_are_apart_and_a_new_log_goes_on_above() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Workspace::default(), Workspace::new("two").unwrap());
    let frames = frames(&some(), 1, 1);
    let store = open(folder.path(), options()).await.unwrap();
    replay(&store, &frames);
    store.publish(Position(7), &two, frames[0].rows.clone()).unwrap();
    store.flush_all().await.unwrap();
    assert_eq!((store.flushed(&one), store.flushed(&two)), (Position(2), Position(7)));
    drop(store);
    let directory = DataDir::open(folder.path(), options()).await.unwrap();
    assert_eq!(directory.highest_position(), Position(7));
    let store = directory.follow("log-2").await.unwrap();
    assert_eq!((store.flushed(&one), store.flushed(&two)), (Position(0), Position(0)));
    store.publish(Position(8), &one, frames[1].rows.clone()).unwrap();
    store.flush_all().await.unwrap();
    assert_eq!(store.snapshot(&one).rows(Table::InvocationFacts), 3);
    assert_eq!(store.snapshot(&two).rows(Table::InvocationFacts), 1);
    assert_eq!(
        store.snapshot(&one).rows(Table::Invocations),
        1,
        "equal facts count once"
    );
}

#[tokio::test]
async fn a_torn_entry_of_a_log_is_removed_and_its_rows_come_again() {
    for torn in ["", "{\"commitInfo\":{\"timest"] {
        let folder = tempfile::tempdir().unwrap();
        let frames = frames(&some(), 1, 1);
        let store = open(folder.path(), options()).await.unwrap();
        replay(&store, &frames);
        store.flush_all().await.unwrap();
        drop(store);
        for table in [Table::InvocationFacts, Table::Invocations, Table::Logs] {
            let log = folder.path().join("default").join(table.name()).join("_delta_log");
            std::fs::write(log.join("00000000000000000001.json"), torn).unwrap();
        }
        let store = open(folder.path(), options()).await.unwrap();
        assert_eq!(store.snapshot(&Workspace::default()).rows(Table::InvocationFacts), 0);
        replay(&store, &frames);
        store.flush_all().await.unwrap();
        assert_eq!(told_by(&store).await, expected(&frames).await);
    }
}

#[tokio::test]
async fn requests_are_refused_while_hot_rows_fill_their_budget() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::default();
    let frames = frames(&some(), 1, 1);
    let bytes = frames[0].rows.memory_bytes();
    let options = DurableOptions {
        hot_bytes: bytes,
        flush_bytes: 1,
        ..options()
    };
    let store = DataDir::open(folder.path(), options)
        .await
        .unwrap()
        .follow(WAL)
        .await
        .unwrap();
    assert!(store.room(&workspace, bytes).is_ok());
    store
        .publish(frames[0].position, &workspace, frames[0].rows.clone())
        .unwrap();
    assert!(matches!(store.room(&workspace, 1), Err(SinkError::Full { held_bytes, .. }) if held_bytes == bytes));
    store
        .publish(frames[1].position, &workspace, frames[1].rows.clone())
        .unwrap();
    assert_eq!(
        store.snapshot(&workspace).rows(Table::InvocationFacts),
        2,
        "what is durable is published all the same"
    );
    store.flush_due().await.unwrap();
    assert!(store.room(&workspace, bytes).is_ok());
    assert_eq!(told(&store.snapshot(&workspace)).await, expected(&frames).await);
}
