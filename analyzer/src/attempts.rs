//! What analyses read of one attempt, from the view `invocations`.

use pennyspan_schema::{Outcome, Unit, columns};

columns! {
    /// One attempt, as analyses read it.
    table "attempts";

    /// The provider.
    provider: Text { unit: Unit::None, source: "invocations" },
    /// The provider's id of the invocation.
    invocation_id: Text { unit: Unit::None, source: "invocations" },
    /// When it began.
    start_unix_nano: Int { unit: Unit::UnixNano, source: "invocations" },
    /// What it stands for, in thousandths.
    sample_weight_milli: Int { unit: Unit::Milli, source: "invocations" },
    /// Whether nothing names the instruction set that its price depends on.
    assumed_architecture: Bool { unit: Unit::None, source: "invocations" },
    /// Whether it tries an event again.
    retry: Bool { unit: Unit::None, source: "invocations" },
    /// Events of which it is the first attempt in the window.
    event_count: Int { unit: Unit::Count, source: "invocations" },
    /// Events that it tries.
    delivery_count: Int { unit: Unit::Count, source: "invocations" },
    /// The most attempts that one of its events had.
    event_attempts_count: Int { unit: Unit::Count, source: "invocations" },
    /// Messages of its batch that deliveries do not name.
    unseen_delivery_count: Int { unit: Unit::Count, source: "invocations" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The version.
    version: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The service.
    service: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Where it is deployed.
    environment: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The workload's own customer.
    tenant: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The product.
    platform: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// How the platform runs it.
    execution_model: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The language runtime.
    runtime: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The instruction set.
    architecture: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// What caused it.
    trigger_type: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Where it came from.
    trigger_source: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The route that it answered.
    route: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The trace, in hex.
    trace_id: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// How it ended.
    outcome: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Whether spans tell of it, and so of its calls.
    evidence_span: Bool { unit: Unit::None, nullable: "not asked for", source: "invocations" },
    /// The kind of the error.
    error_type: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The error's message.
    error_message: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// What groups errors.
    error_fingerprint: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// How the environment was initialized.
    init_type: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Whether it was a cold start.
    cold_start: Bool { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// When it ended.
    end_unix_nano: Int { unit: Unit::UnixNano, nullable: "unknown", source: "invocations" },
    /// What the platform reports.
    duration_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// The handler alone.
    runtime_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// Extensions' time after the handler.
    post_runtime_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// Initialization.
    init_duration_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// Restoring a snapshot.
    restore_duration_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// The restore's billed duration.
    restore_billed_ms: Int { unit: Unit::Millisecond, nullable: "unknown", source: "invocations" },
    /// How long calls to other functions were open.
    function_wait_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// CPU that it used.
    cpu_time_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// Its processor.
    cpu_milli: Int { unit: Unit::Milli, nullable: "unknown", source: "invocations" },
    /// Which plan bills it.
    billing_mode: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// What the provider charges for.
    billed_duration_ms: Int { unit: Unit::Millisecond, nullable: "unknown", source: "invocations" },
    /// Memory size times billed duration.
    billed_mib_ms: Int { unit: Unit::MebibyteMillisecond, nullable: "unknown", source: "invocations" },
    /// Configured memory.
    memory_size_mib: Int { unit: Unit::Mebibyte, nullable: "unknown", source: "invocations" },
    /// The highest memory use of the environment so far.
    max_memory_used_mib: Int { unit: Unit::Mebibyte, nullable: "unknown", source: "invocations" },
    /// Disk that it may use.
    ephemeral_storage_mib: Int { unit: Unit::Mebibyte, nullable: "unknown", source: "invocations" },
    /// From the event to the start of its first attempt.
    trigger_lag_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// Whether clocks showed the lag below zero.
    trigger_lag_below_zero: Bool { unit: Unit::None, nullable: "no lag is known", source: "invocations" },
    /// From the event to the start.
    event_age_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
}

/// Columns that only some analyses read, because they are long or many.
pub(crate) const ON_DEMAND: [&str; 6] = [
    "trace_id",
    "error_type",
    "error_message",
    "error_fingerprint",
    "route",
    "evidence_span",
];

/// Returns how a row's attempt ended.
pub(crate) fn outcome_of(row: &Row<'_>) -> Outcome {
    row.outcome.and_then(Outcome::from_word).unwrap_or(Outcome::Unknown)
}
