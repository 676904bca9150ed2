//! AWS Lambda in its own forms: Telemetry API events, text and JSON log lines, CloudWatch Logs subscription messages.

mod application;
mod cloudwatch;
mod event;
mod facts;
pub(crate) mod line;
mod logs;
mod outcome;
mod severity;
mod statement;
mod telemetry;
mod text;
mod whence;

pub use cloudwatch::cloudwatch;
pub use telemetry::telemetry;

/// The provider of every row that is decoded here.
const PROVIDER: &str = "aws";
/// The product, as OTel's `cloud.platform` names it.
const PLATFORM: &str = "aws_lambda";
