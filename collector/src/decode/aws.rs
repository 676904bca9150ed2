//! AWS Lambda in its own forms: Telemetry API events, text and JSON log lines, CloudWatch Logs subscription messages.

mod application;
pub(crate) mod cloudwatch;
mod emf;
mod event;
pub(crate) mod export;
mod facts;
pub(crate) mod firehose;
mod insights;
pub(crate) mod line;
pub(crate) mod log_events;
pub(crate) mod log_insights;
mod logs;
pub(crate) mod metric_stream;
mod outcome;
pub(crate) mod scene;
mod statement;
pub(crate) mod telemetry;
mod text;
mod web_function;
mod whence;
pub(crate) mod xray;

pub use cloudwatch::cloudwatch;
pub use firehose::firehose;
pub use telemetry::telemetry;

/// The provider of every row that is decoded here.
const PROVIDER: &str = "aws";
/// The product, as OpenTelemetry's `cloud.platform` names it.
const PLATFORM: &str = "aws_lambda";

#[cfg(test)]
mod tests;
