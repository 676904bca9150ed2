//! Room for rows, asked for before their request is read, and again before it is made durable.
//!
//! What is durable has to become visible, so a store without room must refuse a request before that; and before it is read,
//! decompressed and decoded, since a store without room has no time for that either.

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
        let mut promise = Promise {
            room: Arc::clone(self),
            workspace: workspace.clone(),
            bytes: 0,
        };
        promise.settle(sink, bytes)?;
        Ok(promise)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Workspace, usize>> {
        // A sink that panics leaves the map as it was.
        self.promised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Promise {
    /// Promises room for `bytes` instead of what was promised; more only where there is room.
    pub(super) fn settle(&mut self, sink: &dyn Sink, bytes: usize) -> Result<(), SinkError> {
        let mut promised = self.room.lock();
        let others = promised
            .get(&self.workspace)
            .map_or(0, |all| all.saturating_sub(self.bytes));
        let wanted = others.saturating_add(bytes);
        if bytes > self.bytes || self.bytes == 0 {
            sink.room(&self.workspace, wanted)?;
        }
        self.bytes = bytes;
        if wanted == 0 {
            promised.remove(&self.workspace);
        } else {
            promised.insert(self.workspace.clone(), wanted);
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pennyspan_schema::{Position, Rows, Sink, SinkError, TablePositions, Workspace};

    use super::Room;

    /// A store with room for a hundred bytes.
    struct Small;

    impl Sink for Small {
        fn room(&self, workspace: &Workspace, bytes: usize) -> Result<(), SinkError> {
            let full = SinkError::Full {
                workspace: workspace.clone(),
                held_bytes: 0,
            };
            if bytes > 100 { Err(full) } else { Ok(()) }
        }
        fn publish(&self, _: Position, _: &Workspace, _: Rows) -> Result<(), SinkError> {
            Ok(())
        }
        fn flushed(&self, _: &Workspace) -> Position {
            Position(0)
        }
        fn versions(&self, _: &Workspace) -> TablePositions {
            TablePositions::new()
        }
    }

    #[test]
    fn room_is_promised_once_and_given_back() {
        let (room, workspace) = (Arc::new(Room::default()), Workspace::default());
        let promise = |bytes| room.promise(&Small, &workspace, bytes);
        let mut one = promise(60).unwrap();
        assert!(promise(41).is_err());
        let two = promise(40).unwrap();
        assert!(one.settle(&Small, 61).is_err());
        one.settle(&Small, 10).unwrap();
        let three = promise(50).unwrap();
        drop((one, two, three));
        assert!(room.lock().is_empty(), "what is visible is promised no more");
    }

    #[test]
    fn a_body_without_a_length_asks_whether_there_is_any_room() {
        let room = Arc::new(Room::default());
        let mut unknown = room.promise(&Small, &Workspace::default(), 0).unwrap();
        unknown.settle(&Small, 100).unwrap();
        assert!(unknown.settle(&Small, 101).is_err());
    }
}
