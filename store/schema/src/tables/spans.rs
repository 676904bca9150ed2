//! OTLP spans.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One OTLP span. Equal spans (trace, span, kind, start) that arrive in different requests are stored as they came, until their files are merged; fold counts them once.
    table "spans";

    /// The trace.
    trace_id: TraceId { unit: Unit::None, source: "OTLP Span.trace_id" },
    /// The span.
    span_id: SpanId { unit: Unit::None, source: "OTLP Span.span_id" },
    /// The parent span.
    parent_span_id: SpanId { unit: Unit::None, nullable: "a root has none", source: "OTLP Span.parent_span_id" },
    /// The vendor state that travels with the trace.
    trace_state: Text { unit: Unit::None, nullable: "empty", source: "OTLP Span.trace_state" },
    /// The kind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer; others as they came.
    kind: Int { unit: Unit::Code, source: "OTLP Span.kind" },
    /// The span's name.
    name: Text { unit: Unit::None, source: "OTLP Span.name" },
    /// Start.
    start_unix_nano: Int { unit: Unit::UnixNano, source: "OTLP Span.start_time_unix_nano" },
    /// End.
    end_unix_nano: Int { unit: Unit::UnixNano, nullable: "the span was sent without an end", source: "OTLP Span.end_time_unix_nano" },
    /// End minus start.
    duration_us: Int { unit: Unit::Microsecond, nullable: "no end, or an end before the start", source: "OTLP" },
    /// Whether the end lies before the start.
    clock_skew: Bool { unit: Unit::None, source: "decode" },
    /// Whether the start cannot be: before 2014 or more than a day ahead.
    time_suspect: Bool { unit: Unit::None, source: "decode" },
    /// The status: 0 unset, 1 ok, 2 error; others as they came.
    status_code: Int { unit: Unit::Code, source: "OTLP Status.code" },
    /// The status' message.
    status_message: Text { unit: Unit::None, nullable: "empty", source: "OTLP Status.message" },
    /// The trace flags and the two bits about a remote parent.
    flags: Int { unit: Unit::Code, nullable: "0 as sent by older SDKs", source: "OTLP Span.flags" },
    /// How many spans this one stands for, in thousandths.
    sample_weight_milli: Int { unit: Unit::Milli, source: "ot=th: in the trace state; else 1000" },
    /// Whether the span is its function's invocation.
    invocation_span: Bool { unit: Unit::None, source: "kind server or consumer, or faas.invocation_id, with a function named, and no init or extension span" },
    /// The provider.
    provider: Text { unit: Unit::None, nullable: "not said", source: "cloud.provider, or what the platform implies" },
    /// The product, as OpenTelemetry names it.
    platform: Text { unit: Unit::None, nullable: "not said", source: "cloud.platform" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "cloud.account.id, ARN" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "cloud.region, ARN" },
    /// The service.
    service: Text { unit: Unit::None, nullable: "not said", source: "service.name" },
    /// The service's version.
    service_version: Text { unit: Unit::None, nullable: "not said", source: "service.version" },
    /// Where it is deployed.
    environment: Text { unit: Unit::None, nullable: "not said", source: "deployment.environment.name, formerly deployment.environment" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "not a function's span", source: "faas.name, ARN" },
    /// The function's version.
    version: Text { unit: Unit::None, nullable: "not said", source: "faas.version" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, nullable: "not said", source: "faas.instance" },
    /// The invocation, where the span names it.
    invocation_id: Text { unit: Unit::None, nullable: "most spans do not name it", source: "faas.invocation_id, formerly faas.execution; aws.request_id on invocation spans" },
    /// The full name of the resource.
    resource_id: Text { unit: Unit::None, nullable: "not said", source: "cloud.resource_id, formerly faas.id" },
    /// The instruction set.
    architecture: Text { unit: Unit::None, nullable: "not said", source: "host.arch" },
    /// What the sender named as trigger.
    trigger_given: Text { unit: Unit::None, nullable: "not an invocation", source: "faas.trigger" },
    /// Whether the sender says that the environment was new.
    cold_start_reported: Bool { unit: Unit::None, nullable: "not said", source: "faas.coldstart" },
    /// For client and producer spans, what is called: `function`, `http`, `rpc`, `database`, `queue`, `topic`, `stream`, `bus`, `object`, `aws`, `other`.
    dependency_kind: Text { unit: Unit::None, nullable: "not a call", source: "decode" },
    /// For client and producer spans, whom: the table, queue, bucket, function, host or service.
    dependency: Text { unit: Unit::None, nullable: "not a call", source: "decode" },
    /// For client and producer spans, the operation.
    operation: Text { unit: Unit::None, nullable: "not a call, or not said", source: "rpc.method, db.operation.name, http.request.method, messaging.operation.type" },
    /// The region that is called, where it is another or said.
    dependency_region: Text { unit: Unit::None, nullable: "not said", source: "faas.invoked_region, server.address" },
    /// Whether the call was refused for want of capacity.
    throttled: Bool { unit: Unit::None, source: "status 429 or a throttling error" },
    /// Tries after the first, as the SDK counts them.
    retry_count: Int { unit: Unit::Count, nullable: "not said", source: "http.request.resend_count" },
    /// The kind of the error.
    error_type: Text { unit: Unit::None, nullable: "no error, or not said", source: "error.type, exception.type" },
    /// HTTP method.
    http_method: Text { unit: Unit::None, nullable: "not HTTP", source: "http.request.method, formerly http.method" },
    /// HTTP status.
    http_status: Int { unit: Unit::Code, nullable: "not HTTP", source: "http.response.status_code, formerly http.status_code" },
    /// HTTP route.
    http_route: Text { unit: Unit::None, nullable: "not HTTP, or not said", source: "http.route" },
    /// The peer's address.
    server_address: Text { unit: Unit::None, nullable: "not said", source: "server.address, formerly net.peer.name" },
    /// RPC system.
    rpc_system: Text { unit: Unit::None, nullable: "not RPC", source: "rpc.system.name, formerly rpc.system" },
    /// RPC service.
    rpc_service: Text { unit: Unit::None, nullable: "not RPC", source: "rpc.service, or the qualified rpc.method" },
    /// RPC method.
    rpc_method: Text { unit: Unit::None, nullable: "not RPC", source: "rpc.method" },
    /// Database system.
    db_system: Text { unit: Unit::None, nullable: "not a database", source: "db.system.name, formerly db.system" },
    /// Table or collection.
    db_collection: Text { unit: Unit::None, nullable: "not a database, or not said", source: "db.collection.name, aws.dynamodb.table_names" },
    /// Database operation.
    db_operation: Text { unit: Unit::None, nullable: "not a database, or not said", source: "db.operation.name, formerly db.operation" },
    /// Statement, as sent.
    db_query: Text { unit: Unit::None, nullable: "not a database, or not said", source: "db.query.text, formerly db.statement" },
    /// Messaging system.
    messaging_system: Text { unit: Unit::None, nullable: "not messaging", source: "messaging.system" },
    /// Queue, topic or stream.
    messaging_destination: Text { unit: Unit::None, nullable: "not messaging, or not said", source: "messaging.destination.name, aws.sqs.queue.url, aws.sns.topic.arn, aws.kinesis.stream_name" },
    /// Messaging operation.
    messaging_operation: Text { unit: Unit::None, nullable: "not messaging, or not said", source: "messaging.operation.type, formerly messaging.operation" },
    /// Message.
    message_id: Text { unit: Unit::None, nullable: "not messaging, or not said", source: "messaging.message.id" },
    /// Messages in a batch.
    message_count: Int { unit: Unit::Count, nullable: "not a batch, or not said", source: "messaging.batch.message_count" },
    /// Events, as JSON.
    events_json: Json { unit: Unit::None, nullable: "no events", source: "OTLP Span.events" },
    /// Links, as JSON.
    links_json: Json { unit: Unit::None, nullable: "no links", source: "OTLP Span.links" },
    /// Attributes that have no column, as JSON.
    attributes_json: Json { unit: Unit::None, nullable: "none is left", source: "OTLP Span.attributes" },
    /// Resource attributes that have no column, as JSON.
    resource_json: Json { unit: Unit::None, nullable: "none is left", source: "OTLP Resource.attributes" },
    /// The instrumentation scope.
    scope_name: Text { unit: Unit::None, nullable: "not said", source: "OTLP InstrumentationScope.name" },
    /// When it was received.
    received_unix_nano: Int { unit: Unit::UnixNano, nullable: "files have no time of receipt", source: "the collector's clock" },
}
