//! Room for rows, asked for before their request is made durable.
//!
//! What is durable has to become visible, so a store without room must refuse a request before that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pennyspan_schema::{Sink, SinkError, Workspace};

/// Bytes of rows that are on their way into each workspace.
#[derive(Debug, Default)]
pub(super) struct Room {
    promised: Mutex<HashMap<Workspace, usize>>,
}

/// Room for one request's rows; dropping it says that they are visible, or never will be.
#[derive(Debug)]
pub(super) struct Promise {
    room: Arc<Room>,
    workspace: Workspace,
    bytes: usize,
}

impl Room {
    /// Promises room for `bytes` of rows, beside all that was promised before.
    pub(super) fn promise(
        self: &Arc<Self>,
        sink: &dyn Sink,
        workspace: &Workspace,
        bytes: usize,
    ) -> Result<Promise, SinkError> {
        let mut promised = self.lock();
        let wanted = promised.get(workspace).copied().unwrap_or(0).saturating_add(bytes);
        sink.room(workspace, wanted)?;
        promised.insert(workspace.clone(), wanted);
        Ok(Promise {
            room: Arc::clone(self),
            workspace: workspace.clone(),
            bytes,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Workspace, usize>> {
        // A sink that panics leaves the map as it was.
        self.promised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let mut promised = self.room.lock();
        if let Some(bytes) = promised.get_mut(&self.workspace) {
            *bytes = bytes.saturating_sub(self.bytes);
            if *bytes == 0 {
                promised.remove(&self.workspace);
            }
        }
    }
}
