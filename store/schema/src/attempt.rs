//! The columns that a fact states and that fold merges into the invocation: one list for both tables and for the merge.

/// Hands the list of merged columns to a callback macro, between what stands before and after it.
///
/// The callback gets `$before`, then the columns as `columns!` takes them, then `$after`.
#[macro_export]
macro_rules! attempt_columns {
    ($callback:path { $($before:tt)* } { $($after:tt)* }) => {
        $callback! {
            $($before)*
            /// The product that it runs on, as OpenTelemetry's `cloud.platform` names it.
            platform: Text { unit: Unit::None, nullable: "not every record names it", merge: First, source: "cloud.platform, or the format's own platform" },
            /// How the platform runs it: `event_function`, `web_function`, `managed_instance`, `container_function` or `worker`.
            execution_model: Text { unit: Unit::None, nullable: "not every record tells", merge: First, source: "the format" },
            /// The account, project or subscription.
            account: Text { unit: Unit::None, nullable: "neither record nor door names it", merge: First, source: "ARN, cloud.account.id, envelope owner, or the record" },
            /// The region.
            region: Text { unit: Unit::None, nullable: "neither record nor door names it", merge: First, source: "ARN, cloud.region, INIT_START's runtime ARN, or the door" },
            /// The function: the deployed unit.
            function: Text { unit: Unit::None, nullable: "some platform lines name only the request", merge: First, source: "faas.name, ARN, log group, or the record" },
            /// The version that ran.
            version: Text { unit: Unit::None, nullable: "not every record names it", merge: First, source: "faas.version, platform.start version" },
            /// The alias through which it was invoked.
            alias: Text { unit: Unit::None, nullable: "only an invoked ARN names it", merge: First, source: "aws.lambda.invoked_arn" },
            /// What the team calls the service.
            service: Text { unit: Unit::None, nullable: "only telemetry of the team's own names it", merge: First, source: "service.name" },
            /// Where the service is deployed.
            environment: Text { unit: Unit::None, nullable: "only telemetry of the team's own names it", merge: First, source: "deployment.environment.name, formerly deployment.environment" },
            /// The provider's full name of the function.
            resource_id: Text { unit: Unit::None, nullable: "only an ARN or resource id names it", merge: First, source: "cloud.resource_id, functionArn" },
            /// The language runtime.
            runtime: Text { unit: Unit::None, nullable: "only init records and configurations name it", merge: First, source: "runtimeVersion, process.runtime.name, or the record" },
            /// The instruction set.
            architecture: Text { unit: Unit::None, nullable: "Lambda's records never name it", merge: First, source: "host.arch, or the record" },
            /// The execution environment, cut to the 32 hex digits at its end where it ends in them.
            instance_id: Text { unit: Unit::None, nullable: "not every record names it", merge: First, source: "faas.instance, log stream, initStart instanceId" },
            /// The sender's own number of the attempt; never part of identity.
            attempt_reported: Int { unit: Unit::Code, nullable: "few senders number attempts", merge: First, source: "the record's attempt" },
            /// The trace that the attempt belongs to.
            trace_id: TraceId { unit: Unit::None, nullable: "not traced, or not said", merge: First, source: "OTLP, XRAY TraceId, tracing value" },
            /// The invocation span.
            span_id: SpanId { unit: Unit::None, nullable: "not traced, or not said", merge: First, source: "OTLP" },
            /// Links of the invocation span, as JSON.
            links_json: Json { unit: Unit::None, nullable: "no links", merge: First, source: "OTLP Span.links" },
            /// What caused it.
            trigger_type: Text { unit: Unit::None, nullable: "not said", merge: First, source: "faas.trigger with messaging.system, delivery line, or the record" },
            /// The trigger as the sender named it.
            trigger_given: Text { unit: Unit::None, nullable: "not said", merge: First, source: "faas.trigger" },
            /// The queue, topic, stream, bucket or schedule that it came from.
            trigger_source: Text { unit: Unit::None, nullable: "not said", merge: First, source: "messaging.destination.name, delivery line, or the record" },
            /// The partition of the source.
            trigger_partition: Text { unit: Unit::None, nullable: "only streams have them", merge: First, source: "messaging.destination.partition.id, delivery line" },
            /// Messages in the batch.
            batch_size_count: Int { unit: Unit::Count, nullable: "not said", merge: First, source: "messaging.batch.message_count, delivery line" },
            /// When the oldest message of the batch was enqueued.
            enqueued_min_unix_nano: Int { unit: Unit::UnixNano, nullable: "not said", merge: Min, source: "delivery line, span attributes, or the record" },
            /// When the newest message of the batch was enqueued.
            enqueued_max_unix_nano: Int { unit: Unit::UnixNano, nullable: "not said", merge: Max, source: "delivery line, span attributes, or the record" },
            /// When the batch's first message was first received.
            first_received_unix_nano: Int { unit: Unit::UnixNano, nullable: "only queues tell", merge: Min, source: "SQS ApproximateFirstReceiveTimestamp through the delivery line" },
            /// The highest receive count in the batch.
            receive_max_count: Int { unit: Unit::Count, nullable: "not said", merge: Max, source: "delivery line, messaging delivery counts" },
            /// When a schedule wanted it to start.
            scheduled_unix_nano: Int { unit: Unit::UnixNano, nullable: "only timers tell", merge: First, source: "faas.time, delivery line" },
            /// Whether the time that it came with cannot be: before 2014 or more than a day ahead.
            time_suspect: Bool { unit: Unit::None, nullable: "an ordinary time", merge: Any, source: "decode" },
            /// What the platform reports for the attempt, with extensions.
            duration_us: Int { unit: Unit::Microsecond, nullable: "an attempt without an end has none", merge: First, source: "platform.report durationMs, from its decimal text" },
            /// The handler alone.
            runtime_us: Int { unit: Unit::Microsecond, nullable: "only runtimeDone and spans tell", merge: First, source: "platform.runtimeDone durationMs, invocation span" },
            /// Initialization before the handler.
            init_duration_us: Int { unit: Unit::Microsecond, nullable: "no init was reported with this attempt", merge: First, source: "platform.report initDurationMs" },
            /// How the environment was initialized.
            init_type: Text { unit: Unit::None, nullable: "not said", merge: First, source: "initializationType" },
            /// `init`, or `invoke` for an init that ran again inside the invocation.
            init_phase: Text { unit: Unit::None, nullable: "not said", merge: First, source: "platform.initReport phase" },
            /// How the init ended.
            init_status: Text { unit: Unit::None, nullable: "not said", merge: First, source: "platform.initReport status" },
            /// The init's own billed duration.
            init_billed_ms: Int { unit: Unit::Millisecond, nullable: "only the old Logs API says it", merge: First, source: "billedInitDurationMs" },
            /// Restoring a snapshot before the handler.
            restore_duration_us: Int { unit: Unit::Microsecond, nullable: "no restore was reported", merge: First, source: "platform.report restoreDurationMs" },
            /// The restore's billed duration, which the billed duration contains already.
            restore_billed_ms: Int { unit: Unit::Millisecond, nullable: "no restore was reported", merge: First, source: "platform.report billedRestoreDurationMs" },
            /// What the provider charges, as it logged it; from 2025-08-01 it contains init on managed ZIP runtimes.
            billed_duration_ms: Int { unit: Unit::Millisecond, nullable: "only the platform report knows it; a span alone does not", merge: First, source: "platform.report billedDurationMs" },
            /// Configured memory.
            memory_size_mib: Int { unit: Unit::Mebibyte, nullable: "not said", merge: First, source: "platform.report memorySizeMB, faas.max_memory" },
            /// The highest memory use of the environment so far.
            max_memory_used_mib: Int { unit: Unit::Mebibyte, nullable: "not said", merge: First, source: "platform.report maxMemoryUsedMB" },
            /// CPU that the attempt used.
            cpu_time_us: Int { unit: Unit::Microsecond, nullable: "only Lambda Insights and Workers tell", merge: First, source: "cpu_total_time, cpuTime" },
            /// Bytes sent.
            out_bytes: Int { unit: Unit::Byte, nullable: "not said", merge: First, source: "producedBytes, or the record's bytes_out" },
            /// How it ended; fold adds what several facts say together.
            outcome: Text { unit: Unit::None, nullable: "this statement does not tell", merge: First, source: "status of the format" },
            /// The kind of the error.
            error_type: Text { unit: Unit::None, nullable: "no error, or not said", merge: First, source: "errorType, error.type, exception.type" },
            /// The error's message.
            error_message: Text { unit: Unit::None, nullable: "no error, or not said", merge: First, source: "exception.message, errorMessage" },
            /// What groups errors: a hash over type, normalised message and top frame.
            error_fingerprint: Text { unit: Unit::None, nullable: "no error, or not said", merge: First, source: "decode" },
            /// The HTTP status that it answered.
            http_status: Int { unit: Unit::Code, nullable: "no HTTP trigger, or not said", merge: First, source: "http.response.status_code, delivery line" },
            /// The route that it answered.
            route: Text { unit: Unit::None, nullable: "no HTTP trigger, or not said", merge: First, source: "http.route, delivery line" },
            /// The workload's own customer.
            tenant: Text { unit: Unit::None, nullable: "not said", merge: First, source: "platform.start tenantId, delivery line" },
            /// Whether the sender says that this was the environment's first invocation.
            cold_start_reported: Bool { unit: Unit::None, nullable: "not said", merge: First, source: "faas.coldstart, or the record" },
            /// Whether the attempt's trace is known to be recorded.
            trace_sampled: Bool { unit: Unit::None, nullable: "not said", merge: Any, source: "XRAY Sampled, tracing value, trace flags" },
            $($after)*
        }
    };
}
