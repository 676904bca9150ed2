//! Deleting files that are not live any more, when nobody can be reading them.

use std::collections::HashSet;
use std::sync::Arc;

use pennyspan_schema::Table;

use super::StoreError;
use super::state::Files;
use super::tables::Tables;
use crate::delta::DataFile;

/// A file that is not live any more.
#[derive(Debug)]
pub(super) struct Replaced {
    table: Table,
    name: String,
    /// Shared with the snapshots that still read it; none for a file that no run knew.
    file: Option<Arc<DataFile>>,
    at_unix_nano: i64,
}

impl Tables {
    /// Takes note of the files that were live before and are not now.
    pub(super) fn note_replaced(&mut self, before: &Files, now_unix_nano: i64) {
        let mut replaced = Vec::new();
        for (table, files) in before {
            let Some(logged) = self.get(*table) else { continue };
            let gone = files.iter().filter(|file| !logged.is_live(file.name()));
            replaced.extend(gone.map(|file| Replaced {
                table: *table,
                name: file.name().to_owned(),
                file: Some(Arc::clone(file)),
                at_unix_nano: now_unix_nano,
            }));
        }
        self.forget_orphans();
        self.replaced.extend(replaced);
    }

    /// Takes note of files that are stored and not live: an earlier run replaced them, or never committed them.
    pub(super) async fn find_strays(&mut self) -> Result<(), StoreError> {
        let mut strays = Vec::new();
        for table in Table::ALL {
            let Some(logged) = self.get(*table) else { continue };
            let (stored, removed) = (logged.stored().await?, logged.removed().await?);
            strays.extend(stored.into_iter().filter(|(name, _)| !logged.is_live(name)).map(
                |(name, written_unix_nano)| Replaced {
                    table: *table,
                    at_unix_nano: removed.get(&name).copied().unwrap_or(written_unix_nano),
                    name,
                    file: None,
                },
            ));
        }
        self.replaced.extend(strays);
        Ok(())
    }

    /// Deletes what was replaced up to an instant, but for files that a snapshot still holds.
    pub(super) async fn sweep(&mut self, until_unix_nano: i64) -> Result<(), StoreError> {
        let (due, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.replaced).into_iter().partition(|replaced| {
            let held = replaced.file.as_ref().is_some_and(|file| Arc::strong_count(file) > 1);
            replaced.at_unix_nano <= until_unix_nano && !held
        });
        self.replaced = kept;
        let mut seen = HashSet::new();
        for replaced in due {
            let Some(logged) = self.get(replaced.table) else {
                continue;
            };
            // A name that is taken again belongs to a live file now.
            if !logged.is_live(&replaced.name) && seen.insert((replaced.table, replaced.name.clone())) {
                logged.delete(&replaced.name).await?;
            }
        }
        Ok(())
    }
}
