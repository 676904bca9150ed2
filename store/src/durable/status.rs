//! What a workspace's tables hold, as the ones who keep a data directory ask.

use pennyspan_schema::{Position, Table, Workspace};

use super::StoreError;
use super::expire::Expired;
use super::space::Space;

/// What one workspace holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceStatus {
    /// The workspace.
    pub workspace: Workspace,
    /// The last frame of the write-ahead log up to which every raw table holds all; unknown without a log.
    pub flushed: Option<Position>,
    /// The last frame that the folded tables cover.
    pub folded: Position,
    /// The tables that were created.
    pub tables: Vec<TableStatus>,
}

/// What one table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStatus {
    /// The table.
    pub table: Table,
    /// Live files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Their rows.
    pub rows: u64,
    /// The last frame that the table holds: of a raw table the write-ahead log's, unknown without one; of a folded table the
    /// last that was folded.
    pub through: Option<Position>,
    /// What retention removed from it.
    pub expired: Expired,
}

impl Space {
    /// Returns what the tables hold, and how far they hold the frames of a log.
    pub(super) async fn status(&self, wal: Option<&str>) -> Result<WorkspaceStatus, StoreError> {
        let mut tables = self.tables.lock().await;
        if let Some(wal) = wal {
            tables.follow(wal).await?;
        }
        let folded = tables.folded_through().await?;
        let through = |table: Table| {
            if table.is_raw() {
                wal.and_then(|_| tables.stored().get(&table).copied())
            } else {
                Some(folded)
            }
        };
        let created = Table::ALL
            .iter()
            .filter_map(|table| Some((*table, tables.get(*table)?)));
        let mut status = Vec::new();
        for (table, logged) in created {
            status.push(TableStatus {
                table,
                files: logged.files().count(),
                bytes: logged.files().map(|file| file.size_bytes()).sum(),
                rows: logged.files().map(|file| file.rows() as u64).sum(),
                through: through(table),
                expired: tables.expired(table).await?,
            });
        }
        Ok(WorkspaceStatus {
            workspace: self.workspace().clone(),
            flushed: wal.map(|_| tables.complete()),
            folded,
            tables: status,
        })
    }
}
