//! Attempts, merged from their facts.

use crate::columns;
use crate::unit::Unit;

crate::attempt_columns! { columns {
    /// One attempt, merged by fold from its facts; identified by its key and start.
    table "invocations";

    /// The provider: with key scope and invocation id the key of the event.
    provider: Text { unit: Unit::None, source: "the facts' key" },
    /// Empty where the provider's id is unique by itself, else the function's name.
    key_scope: Text { unit: Unit::None, source: "the facts' key" },
    /// The provider's id of the invocation.
    invocation_id: Text { unit: Unit::None, source: "the facts' key" },
    /// When the attempt began: the hint of the best source.
    start_unix_nano: Int { unit: Unit::UnixNano, source: "fold, from start_hint_unix_nano" },
    /// When the attempt ended: the latest END, or start plus duration.
    end_unix_nano: Int { unit: Unit::UnixNano, nullable: "no fact knows its end", source: "fold" },
    /// Extensions' and the platform's time after the handler: duration less runtime.
    post_runtime_us: Int { unit: Unit::Microsecond, nullable: "duration or runtime is unknown", source: "fold" },
    /// How many attempts this one stands for, in thousandths: 1000 where a platform or record fact vouches for it.
    sample_weight_milli: Int { unit: Unit::Milli, source: "fold" },
    /// Memory size times billed duration, as reported.
    billed_mib_ms: Int { unit: Unit::MebibyteMillisecond, nullable: "memory size or billed duration is unknown", source: "fold" },
    /// Whether the platform's records speak of it.
    evidence_platform: Bool { unit: Unit::None, source: "fold" },
    /// Whether Lambda Insights speaks of it.
    evidence_insights: Bool { unit: Unit::None, source: "fold" },
    /// Whether an invocation record speaks of it.
    evidence_record: Bool { unit: Unit::None, source: "fold" },
    /// Whether a span speaks of it.
    evidence_span: Bool { unit: Unit::None, source: "fold" },
    /// Whether a log line speaks of it.
    evidence_log: Bool { unit: Unit::None, source: "fold" },
    /// Distinct facts that it was merged from.
    fact_count: Int { unit: Unit::Count, source: "fold" },
    /// Whether its facts name different functions.
    function_conflict: Bool { unit: Unit::None, source: "fold" },
    /// The service's version, by which deployments without a function version are seen.
    service_version: Text { unit: Unit::None, nullable: "only spans say it", source: "service.version" },
    /// How long what started it had waited: start less the oldest enqueue time, of a timer less the scheduled time; negative where clocks differ.
    trigger_lag_us: Int { unit: Unit::Microsecond, nullable: "not known to be the first attempt, or when it was enqueued is unknown", source: "fold" },
} {} }
