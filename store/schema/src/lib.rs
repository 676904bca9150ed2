//! The contract between the stages of a telemetry row's life.
//!
//! Every table is one `columns!` declaration ([`tables`]); its Arrow schema, typed [`Row`](tables::spans::Row), builder, reader
//! and documentation page come from the same lines. [`Sink`] is how decoded rows reach the store, [`Progress`] how pages and
//! health checks see how far each stage has come. The crate knows Arrow and nothing above it.
//!
//! Units, once: instants are `Int64` nanoseconds since 1970 UTC in columns ending in `_unix_nano`; durations are `Int64`
//! microseconds in columns ending in `_us`, except whole-millisecond quantities that a provider bills by (`_ms`). Unknown is
//! null, and zero never means unknown.

pub mod attempt;
pub mod column;
pub mod content;
pub mod docs;
pub mod histogram;
pub mod position;
pub mod progress;
pub mod rollup;
pub mod rows;
pub mod sink;
pub mod tables;
pub mod unit;
pub mod vocabulary;
pub mod window;
pub mod workspace;

pub use column::{Column, Merge};
pub use content::{Content, ContentId};
pub use histogram::{Histogram, HistogramRef};
pub use position::Position;
pub use progress::{Counter, Progress};
pub use rows::Rows;
pub use sink::{Sink, SinkError, TablePositions};
pub use tables::Table;
pub use unit::Unit;
pub use vocabulary::{InitType, Outcome, Source, TriggerType};
pub use window::{Period, Slice, Window};
pub use workspace::Workspace;
