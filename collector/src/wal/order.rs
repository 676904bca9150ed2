//! Makes durable frames visible in the order of their positions, in whatever order their decoding ends.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use pennyspan_schema::Position;
use tokio::sync::oneshot;

use super::error::WalError;
use super::sync::{Mutex, MutexGuard};
use crate::fault;

type Publication = Box<dyn FnOnce() + Send>;

/// A frame that survives a crash, and waits to become visible.
///
/// It must be [published](Self::publish): the rows of later frames wait for it. When one is dropped instead, nothing is
/// published from there on until a restart replays the log ([`WalError::Stalled`]). A server that drops the work of a
/// disconnected client therefore appends and publishes in a task of its own.
#[derive(Debug)]
#[must_use = "later frames wait until this one is published"]
pub struct Durable {
    position: Position,
    order: Option<Arc<Order>>,
}

impl Durable {
    pub(super) fn new(position: Position, order: &Arc<Order>) -> Self {
        Self {
            position,
            order: Some(Arc::clone(order)),
        }
    }

    /// The frame's position.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Runs `make_visible` after those of all earlier positions, and returns its answer.
    ///
    /// Publications run one at a time, so `make_visible` must be short. What it does is done before any segment that holds
    /// the frame can be released.
    ///
    /// # Errors
    /// [`WalError::Stalled`] where an earlier frame was dropped unpublished.
    pub async fn publish<R: Send + 'static>(
        mut self,
        make_visible: impl FnOnce(Position) -> R + Send + 'static,
    ) -> Result<R, WalError> {
        let position = self.position;
        let (done, answer) = oneshot::channel();
        let Some(order) = self.order.take() else {
            return Err(WalError::Stalled { position });
        };
        order.submit(
            position,
            Box::new(move || {
                let visible = make_visible(position);
                // A publisher that is gone needs no answer; its rows are visible all the same.
                let _ = done.send(visible);
            }),
        );
        answer.await.map_err(|_| WalError::Stalled {
            position: order.stalled().unwrap_or(position),
        })
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        if let Some(order) = self.order.take() {
            order.stall(self.position);
        }
    }
}

/// Keeps frames that are appended from becoming visible, until those of an earlier run are. Dropped before it is let go of,
/// nothing becomes visible until a restart.
#[derive(Debug)]
#[must_use = "nothing is published while it is there"]
pub struct Held {
    order: Option<Arc<Order>>,
}

impl Held {
    /// Lets what waits become visible, and what comes.
    pub fn let_go(mut self) {
        if let Some(order) = self.order.take() {
            order.run();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(order) = self.order.take() {
            order.stall(order.published());
        }
    }
}

/// Runs publications in the order of their positions.
pub(super) struct Order {
    state: Mutex<State>,
}

struct State {
    next: u64,
    ready: BTreeMap<u64, Publication>,
    running: bool,
    stalled: Option<Position>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order")
            .field("published", &self.published())
            .finish_non_exhaustive()
    }
}

impl Order {
    /// An order whose first publication is that of `next`.
    pub(super) fn starting_at(next: Position) -> Self {
        let state = State {
            next: next.0,
            ready: BTreeMap::new(),
            running: false,
            stalled: None,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// Holds publications back; called before the first.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        // As if a publication ran that takes long.
        self.lock().running = true;
        Held {
            order: Some(Arc::clone(self)),
        }
    }

    /// The position up to which everything is visible.
    pub(super) fn published(&self) -> Position {
        Position(self.lock().next.saturating_sub(1))
    }

    /// The frame that was dropped unpublished, if one was.
    pub(super) fn stalled(&self) -> Option<Position> {
        self.lock().stalled
    }

    fn submit(&self, position: Position, publication: Publication) {
        let mut state = self.lock();
        if state.stalled.is_some_and(|stalled| stalled < position) {
            return;
        }
        state.ready.insert(position.0, publication);
        if state.running {
            return;
        }
        state.running = true;
        drop(state);
        self.run();
    }

    /// Runs what is due; only the caller that set `running`, or a [`Held`], is here.
    fn run(&self) {
        loop {
            let mut state = self.lock();
            let next = state.next;
            let Some(publication) = state.ready.remove(&next) else {
                state.running = false;
                return;
            };
            drop(state);
            let unwinding = StallOnUnwind {
                order: self,
                position: Position(next),
            };
            fault::reached(fault::PUBLISH);
            publication();
            std::mem::forget(unwinding);
            self.lock().next += 1;
        }
    }

    fn stall(&self, position: Position) {
        let mut state = self.lock();
        let stalled = state.stalled.map_or(position, |earlier| earlier.min(position));
        state.stalled = Some(stalled);
        let dropped = state.ready.split_off(&stalled.0);
        drop(state);
        // Their publishers learn of it, outside the lock.
        drop(dropped);
        tracing::error!(
            wal.position = position.0,
            "a durable frame was not published; restart to replay it"
        );
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, so a poisoned one still holds a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stalls the order when a publication panics, instead of leaving later ones waiting for ever.
struct StallOnUnwind<'a> {
    order: &'a Order,
    position: Position,
}

impl Drop for StallOnUnwind<'_> {
    fn drop(&mut self) {
        self.order.stall(self.position);
        self.order.lock().running = false;
    }
}

#[cfg(test)]
mod tests;
