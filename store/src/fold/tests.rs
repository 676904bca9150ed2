mod given;
mod oracle;
mod properties;

pub(super) use given::{Given, call, end, invocation_span, log, ms, read, record, report, span_fact, start};
