//! What a crash can leave at the end of a table's log on a disk that does not keep its promises.

use std::path::Path as FsPath;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::DeltaError;

/// The folder of a table's log.
const LOG: &str = "_delta_log";

/// Removes the last entry of the log where it is empty or torn; its rows are still in the write-ahead log.
pub(super) async fn remove_torn_entry(store: &dyn ObjectStore, folder: &FsPath) -> Result<(), DeltaError> {
    let failed = |what: &'static str, file: &Path| {
        let (file, folder) = (file.to_string(), folder.to_owned());
        move |source| DeltaError::File {
            what,
            file,
            folder,
            source: Box::new(source),
        }
    };
    let log = Path::from(LOG);
    let entries: Vec<ObjectMeta> = store
        .list(Some(&log))
        .try_collect()
        .await
        .map_err(failed("list", &log))?;
    let numbered = entries.into_iter().map(|entry| entry.location).filter(is_entry);
    let Some(last) = numbered.max() else { return Ok(()) };
    let content = store.get(&last).await.map_err(failed("read", &last))?;
    let content = content.bytes().await.map_err(failed("read", &last))?;
    if is_whole(&content) {
        return Ok(());
    }
    tracing::warn!(entry = %last, folder = %folder.display(), "removed a torn entry of a table's log");
    store.delete(&last).await.map_err(failed("delete", &last))
}

/// Returns whether the name is that of an entry: 20 digits and `.json`.
fn is_entry(location: &Path) -> bool {
    let number = location.filename().and_then(|name| name.strip_suffix(".json"));
    number.is_some_and(|number| number.len() == 20 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_whole(content: &[u8]) -> bool {
    let mut lines = content
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .peekable();
    lines.peek().is_some() && lines.all(|line| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok())
}
