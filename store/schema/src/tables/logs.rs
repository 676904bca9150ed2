//! Log records.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One log record.
    table "logs";

    /// When it happened; where that is not said, when it was observed.
    time_unix_nano: Int { unit: Unit::UnixNano, source: "OTLP LogRecord.time_unix_nano, observed_time_unix_nano; the envelope's timestamp" },
    /// When the collection system saw it.
    observed_unix_nano: Int { unit: Unit::UnixNano, nullable: "not said", source: "OTLP LogRecord.observed_time_unix_nano" },
    /// Whether the time cannot be: before 2014 or more than a day ahead.
    time_suspect: Bool { unit: Unit::None, source: "decode" },
    /// The severity, 1 to 24.
    severity_number: Int { unit: Unit::Code, nullable: "not said", source: "OTLP LogRecord.severity_number, or the level's word" },
    /// The severity as written.
    severity_text: Text { unit: Unit::None, nullable: "not said", source: "OTLP LogRecord.severity_text, level" },
    /// The message: text as it is, other values as JSON.
    body: Text { unit: Unit::None, nullable: "empty", source: "OTLP LogRecord.body, message" },
    /// The trace.
    trace_id: TraceId { unit: Unit::None, nullable: "not said", source: "OTLP LogRecord.trace_id" },
    /// The span.
    span_id: SpanId { unit: Unit::None, nullable: "not said", source: "OTLP LogRecord.span_id" },
    /// The event's name.
    event_name: Text { unit: Unit::None, nullable: "not an event", source: "OTLP LogRecord.event_name" },
    /// The provider.
    provider: Text { unit: Unit::None, nullable: "not said", source: "cloud.provider, or the format's" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "cloud.account.id, envelope owner" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "cloud.region, ARN, door" },
    /// The service.
    service: Text { unit: Unit::None, nullable: "not said", source: "service.name" },
    /// Where it is deployed.
    environment: Text { unit: Unit::None, nullable: "not said", source: "deployment.environment.name" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "not said", source: "faas.name, log group, door" },
    /// The function's version.
    version: Text { unit: Unit::None, nullable: "not said", source: "faas.version" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, nullable: "not said", source: "faas.instance, log stream" },
    /// The invocation that logged it.
    invocation_id: Text { unit: Unit::None, nullable: "not said", source: "faas.invocation_id, requestId, AWSRequestId" },
    /// What kind of platform line it is, such as `platform.report`.
    platform_type: Text { unit: Unit::None, nullable: "a function's own line", source: "type of the Telemetry API, or the line's first word" },
    /// The kind of the error.
    error_type: Text { unit: Unit::None, nullable: "no error, or not said", source: "exception.type, errorType" },
    /// Bytes of the message as it was sent.
    body_bytes: Int { unit: Unit::Byte, source: "decode" },
    /// Attributes and structured fields that have no column, as JSON.
    attributes_json: Json { unit: Unit::None, nullable: "none is left", source: "OTLP LogRecord.attributes, JSON log line" },
    /// Resource attributes that have no column, as JSON.
    resource_json: Json { unit: Unit::None, nullable: "none is left", source: "OTLP Resource.attributes" },
    /// The instrumentation scope.
    scope_name: Text { unit: Unit::None, nullable: "not said", source: "OTLP InstrumentationScope.name" },
    /// The provider's id of the record, or a content hash with the ordinal among equal records of one stream; by it overlapping imports are idempotent.
    record_id: Text { unit: Unit::None, nullable: "records from the network have none", source: "CloudWatch logEvents id, decode" },
    /// When it was received.
    received_unix_nano: Int { unit: Unit::UnixNano, nullable: "files have no time of receipt", source: "the collector's clock" },
}
