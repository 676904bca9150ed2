//! Judgement: rules over the measure views of one window become findings.

pub mod cases;
mod exemplars;
pub(crate) mod functions;
mod query;

pub use cases::{CaseReport, CheckError, check};
