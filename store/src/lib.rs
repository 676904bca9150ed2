//! The tables of one workspace: raw rows as senders gave them, and what fold makes of them.
//!
//! [`Snapshot`] is what questions are asked of: all tables at one moment. [`MemoryStore`] keeps the rows of files for one
//! report, without a log or a disk. [`fold`] is the pure core that turns facts, spans and deliveries into invocations, calls
//! and rollups; every store uses the same one.

pub mod fold;
pub mod memory;
pub mod snapshot;

pub use fold::{FoldError, FoldInput, Folded};
pub use memory::MemoryStore;
pub use snapshot::Snapshot;
