mod given;
mod oracle;
pub(crate) mod properties;

pub(crate) use given::{Given, call, end, invocation_span, log, ms, read, record, report, span_fact, start};
