use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RenameOptions,
    RenameTargetMode,
};

use super::LocalStore;

async fn read(store: &LocalStore, path: &Path) -> Vec<u8> {
    store.get(path).await.unwrap().bytes().await.unwrap().to_vec()
}

async fn listed(store: &LocalStore) -> Vec<String> {
    let mut names: Vec<String> = store
        .list(None)
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
        .unwrap();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_put_is_whole_and_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::of(folder.path()).unwrap();
    let path = Path::from("a/b/c.json");
    store.put(&path, PutPayload::from_static(b"first")).await.unwrap();
    store.put(&path, PutPayload::from_static(b"second")).await.unwrap();
    assert_eq!(read(&store, &path).await, b"second");
    assert_eq!(listed(&store).await, ["a/b/c.json"]);
    let entries = std::fs::read_dir(folder.path().join("a/b")).unwrap().count();
    assert_eq!(entries, 1, "nothing is left beside the file");
}

#[tokio::test]
async fn creating_never_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::of(folder.path()).unwrap();
    let path = Path::from("entry");
    let create =
        |content: &'static [u8]| store.put_opts(&path, PutPayload::from_static(content), PutMode::Create.into());
    create(b"mine").await.unwrap();
    assert!(matches!(create(b"yours").await, Err(Error::AlreadyExists { .. })));
    let other = Path::from("other");
    store.put(&other, PutPayload::from_static(b"other")).await.unwrap();
    let copied = store.copy_if_not_exists(&other, &path).await;
    assert!(matches!(copied, Err(Error::AlreadyExists { .. })));
    let kept = RenameOptions::new().with_target_mode(RenameTargetMode::Create);
    let renamed = store.rename_opts(&other, &path, kept).await;
    assert!(matches!(renamed, Err(Error::AlreadyExists { .. })));
    assert_eq!(read(&store, &path).await, b"mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn copies_renames_and_uploads_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::of(folder.path()).unwrap();
    let (a, b, c) = (Path::from("a"), Path::from("deep/b"), Path::from("deeper/c"));
    let mut upload = store.put_multipart(&a).await.unwrap();
    upload.put_part(PutPayload::from_static(b"one, ")).await.unwrap();
    upload.put_part(PutPayload::from_static(b"two")).await.unwrap();
    assert!(
        listed(&store).await.is_empty(),
        "an upload is not there before it is complete"
    );
    upload.complete().await.unwrap();
    store.copy_opts(&a, &b, CopyOptions::new()).await.unwrap();
    store.rename(&b, &c).await.unwrap();
    assert_eq!(listed(&store).await, ["a", "deeper/c"]);
    assert_eq!(read(&store, &c).await, b"one, two");
    let missing = store.rename(&b, &c).await;
    assert!(matches!(missing, Err(Error::NotFound { .. })));
}
