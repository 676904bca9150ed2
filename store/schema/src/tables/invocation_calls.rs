//! Calls of attempts to their dependencies.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One attempt's calls to one dependency and operation, from the client and producer spans that the attempt owns.
    table "invocation_calls";

    /// The provider of the attempt's key.
    provider: Text { unit: Unit::None, source: "fold" },
    /// The key scope of the attempt's key.
    key_scope: Text { unit: Unit::None, source: "fold" },
    /// The invocation id of the attempt's key.
    invocation_id: Text { unit: Unit::None, source: "fold" },
    /// The attempt's start, which with the key identifies it.
    start_unix_nano: Int { unit: Unit::UnixNano, source: "fold" },
    /// The caller's account.
    account: Text { unit: Unit::None, nullable: "not said", source: "the attempt" },
    /// The caller's region.
    region: Text { unit: Unit::None, nullable: "not said", source: "the attempt" },
    /// The calling function.
    function: Text { unit: Unit::None, nullable: "not said", source: "the attempt" },
    /// The caller's version.
    version: Text { unit: Unit::None, nullable: "not said", source: "the attempt" },
    /// The caller's service.
    service: Text { unit: Unit::None, nullable: "not said", source: "the attempt" },
    /// The caller's environment.
    environment: Text { unit: Unit::None, nullable: "not said", source: "the attempt" },
    /// How the caller was triggered.
    trigger_type: Text { unit: Unit::None, nullable: "not said", source: "the attempt" },
    /// How many attempts this one stands for, in thousandths.
    sample_weight_milli: Int { unit: Unit::Milli, source: "the attempt" },
    /// What is called.
    dependency_kind: Text { unit: Unit::None, source: "spans" },
    /// Whom.
    dependency: Text { unit: Unit::None, source: "spans" },
    /// The operation.
    operation: Text { unit: Unit::None, nullable: "not said", source: "spans" },
    /// The region that is called.
    dependency_region: Text { unit: Unit::None, nullable: "not said", source: "spans" },
    /// Calls.
    call_count: Int { unit: Unit::Count, source: "spans" },
    /// Calls with status error.
    error_count: Int { unit: Unit::Count, source: "spans" },
    /// Calls refused for want of capacity.
    throttled_count: Int { unit: Unit::Count, source: "spans" },
    /// Tries after the first, as the SDK counts them.
    retry_count: Int { unit: Unit::Count, source: "spans" },
    /// Calls whose duration is unknown.
    without_duration_count: Int { unit: Unit::Count, source: "spans" },
    /// The sum of the calls' durations.
    total_us: Int { unit: Unit::Microsecond, source: "spans" },
    /// The time in which at least one of the calls was open.
    busy_us: Int { unit: Unit::Microsecond, source: "the union of the spans' intervals" },
    /// The longest call.
    max_us: Int { unit: Unit::Microsecond, nullable: "no call has a duration", source: "spans" },
    /// The most calls in a row, each beginning after the one before ended.
    sequential_run_count: Int { unit: Unit::Count, source: "spans" },
    /// The first call's start.
    first_unix_nano: Int { unit: Unit::UnixNano, source: "spans" },
    /// The last call's start.
    last_unix_nano: Int { unit: Unit::UnixNano, source: "spans" },
    /// The calls' durations in microseconds.
    duration_hist: Hist { unit: Unit::None, source: "spans" },
}
