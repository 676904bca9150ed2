//! AWS Lambda in its own forms: Telemetry API events, text and JSON log lines, CloudWatch Logs subscription messages.

mod application;
pub(crate) mod cloudwatch;
mod event;
pub(crate) mod export;
mod facts;
pub(crate) mod line;
pub(crate) mod log_events;
mod logs;
mod outcome;
mod statement;
pub(crate) mod telemetry;
mod text;
mod whence;

pub use cloudwatch::cloudwatch;
pub use telemetry::telemetry;

/// The provider of every row that is decoded here.
const PROVIDER: &str = "aws";
/// The product, as OpenTelemetry's `cloud.platform` names it.
const PLATFORM: &str = "aws_lambda";
