//! `LogRecord`.

use serde_json::value::RawValue;

use super::super::fields::LogFields;
use super::reading::Reading;

/// Reads a log record into empty fields.
pub(super) fn read<'a>(value: &'a RawValue, log: &mut LogFields<'a>, reading: &mut Reading) {
    reading.members("log_record", value, |reading, key, value| match key {
        "timeUnixNano" => log.time_unix_nano = reading.uint64("time_unix_nano", value),
        "observedTimeUnixNano" => log.observed_unix_nano = reading.uint64("observed_time_unix_nano", value),
        "severityNumber" => log.severity_number = reading.code("severity_number", value),
        "severityText" => log.severity_text = reading.text("severity_text", value),
        "body" => log.body = reading.value(value),
        "attributes" => reading.attributes(value, &mut log.attributes),
        "droppedAttributesCount" => log.attributes_left_out = reading.uint32("dropped_attributes_count", value),
        "traceId" => log.trace_id = reading.id("trace_id", value),
        "spanId" => log.span_id = reading.id("span_id", value),
        "eventName" => log.event_name = reading.text("event_name", value),
        _ => {}
    });
}
