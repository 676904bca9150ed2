//! How decoded rows reach the store.

use std::collections::BTreeMap;

use crate::position::Position;
use crate::rows::Rows;
use crate::tables::Table;
use crate::workspace::Workspace;

/// For each raw table, the position up to which its committed files hold every frame.
pub type TablePositions = BTreeMap<Table, Position>;

/// Why rows could not be published.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The hot rows are at their memory budget; the sender may retry when a flush has made room.
    #[error(
        "the hot rows of workspace `{workspace}` hold {held_bytes} bytes, their budget: retry after the next flush"
    )]
    Full {
        /// The workspace.
        workspace: Workspace,
        /// Bytes held.
        held_bytes: usize,
    },
    /// The store cannot take rows any more.
    #[error("the store of workspace `{workspace}` cannot take rows")]
    Failed {
        /// The workspace.
        workspace: Workspace,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Takes decoded rows in the order of their positions.
pub trait Sink: Send + Sync {
    /// Says whether the hot rows of the workspace have room for `bytes` more; asked before a request is made durable.
    ///
    /// # Errors
    /// [`SinkError::Full`] is retryable, [`SinkError::Failed`] is not.
    fn room(&self, workspace: &Workspace, bytes: usize) -> Result<(), SinkError>;

    /// Makes a frame's rows visible to queries, whatever room there is, for they are durable; positions arrive in rising order.
    ///
    /// # Errors
    /// [`SinkError::Failed`]; nothing is published then until a restart reads the rows from the log again.
    fn publish(&self, position: Position, workspace: &Workspace, rows: Rows) -> Result<(), SinkError>;

    /// Returns the position up to which every frame of the workspace is stored in every table, or needs no storing.
    fn flushed(&self, workspace: &Workspace) -> Position;

    /// Returns each raw table's own position, from which replay goes on.
    fn versions(&self, workspace: &Workspace) -> TablePositions;
}
