//! The tables of one workspace: raw rows as senders gave them, and what fold makes of them.
//!
//! [`Snapshot`] is what questions are asked of: all tables at one moment. [`MemoryStore`] keeps the rows of files for one
//! report, without a log or a disk. [`DurableStore`] keeps them in a data directory: hot rows in memory, and Parquet files under
//! a Delta log. [`fold`] is the pure core that turns facts, spans and deliveries into invocations, calls
//! and rollups; every store uses the same one.

mod delta;
pub mod durable;
pub mod fold;
pub mod local;
pub mod memory;
pub mod newcomers;
mod scan;
pub mod snapshot;

pub use durable::{DataDir, DurableOptions, DurableStore, StoreError};
pub use fold::{FoldError, FoldInput, Folded};
pub use memory::MemoryStore;
pub use newcomers::{Compared, Newcomers};
pub use snapshot::Snapshot;
