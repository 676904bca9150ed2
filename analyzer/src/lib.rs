//! Questions about telemetry: views over one snapshot, analyses with typed answers, what they cost, and the report.
//!
//! Reads, never writes telemetry. Whatever reaches an answer is aggregated by operations that do not depend on order,
//! and every answer ends in a total order, so that the same rows give the same bytes. Nothing here looks at a clock, a
//! file or the environment.

pub mod analysis;
pub mod attempts;
pub mod error;
pub mod explain;
mod functions;
mod grouped;
pub mod guard;
pub mod judge;
pub mod measure;
pub mod neighbours;
pub mod pricing;
mod reading;
pub mod report;
pub mod session;
#[cfg(test)]
mod testing;
pub mod views;

pub use analysis::{Question, Selection};
pub use error::AnalysisError;
pub use guard::{Answer, GuardError, Limits};
pub use pennyspan_store::Snapshot;
pub use report::Report;
pub use session::{Session, Settings, Span};
