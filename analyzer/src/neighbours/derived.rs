//! The columns that the view `invocations` adds to the folded attempt, or fills in it.

use pennyspan_schema::{Unit, columns};

columns! {
    /// What neighbours, settings and billing rules say about one attempt.
    table "derived";

    /// The account, also from its environment.
    account: Text { unit: Unit::None, nullable: "neither record nor environment names it", source: "invocations, environment_facts" },
    /// The region, also from its environment.
    region: Text { unit: Unit::None, nullable: "neither record nor environment names it", source: "invocations, environment_facts" },
    /// The function, also from its environment.
    function: Text { unit: Unit::None, nullable: "neither record nor environment names it", source: "invocations, environment_facts" },
    /// The version that ran, also from its environment.
    version: Text { unit: Unit::None, nullable: "neither record nor environment names it", source: "invocations, environment_facts" },
    /// The language runtime, also from its environment or settings.
    runtime: Text { unit: Unit::None, nullable: "nothing names it", source: "invocations, environment_facts, configurations" },
    /// The instruction set, also from settings.
    architecture: Text { unit: Unit::None, nullable: "neither record nor setting names it", source: "invocations, configurations" },
    /// How the environment was initialized, also from its environment.
    init_type: Text { unit: Unit::None, nullable: "not said", source: "invocations, environment_facts" },
    /// Configured memory, also from its environment or settings.
    memory_size_mib: Int { unit: Unit::Mebibyte, nullable: "nothing says it", source: "invocations, environment_facts, configurations" },
    /// How it ended; out of memory where its environment was ended for that while it ran.
    outcome: Text { unit: Unit::None, nullable: "nothing tells", source: "invocations, environment_facts" },
    /// What the provider charges for; computed by the billing rule of the day where none was logged, and where requests
    /// share an instance its request-seconds' share of the time in which the instance was busy.
    billed_duration_ms: Int { unit: Unit::Millisecond, nullable: "none was logged, and the duration is unknown", source: "invocations, billing rules" },
    /// Memory size times billed duration.
    billed_mib_ms: Int { unit: Unit::MebibyteMillisecond, nullable: "memory size or billed duration is unknown", source: "invocations, billing rules" },
    /// `reported`, `computed` by the billing rule of the day, or `shared` with the requests on the same instance.
    billed_source: Text { unit: Unit::None, nullable: "no billed duration is known", source: "analyzer" },
    /// Whether nothing names the instruction set of an attempt whose price depends on it.
    assumed_architecture: Bool { unit: Unit::None, source: "analyzer" },
    /// Whether a statement about its environment filled in a column.
    from_environment: Bool { unit: Unit::None, source: "analyzer" },
    /// Whether a setting filled in a column.
    from_configuration: Bool { unit: Unit::None, source: "analyzer" },
    /// The time after which the platform cuts it.
    timeout_ms: Int { unit: Unit::Millisecond, nullable: "no setting says it", source: "configurations" },
    /// Disk that it may use.
    ephemeral_storage_mib: Int { unit: Unit::Mebibyte, nullable: "no setting says it", source: "configurations" },
    /// Whether it was the first invocation of an execution environment that a request had to wait for.
    cold_start: Bool { unit: Unit::None, nullable: "nothing tells", source: "analyzer" },
    /// What tells: `init`, `reported`, `first_seen`, or `init_type` and `init_end` where these rule it out.
    cold_start_source: Text { unit: Unit::None, nullable: "nothing tells", source: "analyzer" },
    /// Rank of its start among the attempts of its key in the window and the six hours before it.
    attempt: Int { unit: Unit::Code, source: "analyzer" },
    /// Whether it tries an event again: not the first attempt of its event, by message where deliveries name them, else
    /// by key, and not the first that succeeded.
    retry: Bool { unit: Unit::None, source: "analyzer" },
    /// Events of which it is the first attempt in the window: messages where deliveries name them, else the key.
    event_count: Int { unit: Unit::Count, source: "analyzer" },
    /// Events that it tries: messages where deliveries name them, else the key.
    delivery_count: Int { unit: Unit::Count, source: "analyzer" },
    /// The most attempts that one of its messages had, or its rank among the attempts of its key.
    event_attempts_count: Int { unit: Unit::Count, source: "analyzer" },
    /// Messages of its batch that deliveries do not name.
    unseen_delivery_count: Int { unit: Unit::Count, source: "analyzer" },
    /// From the event to the start of its first attempt; less batch window and delay where known, and for HTTP less
    /// init and restore.
    trigger_lag_us: Int { unit: Unit::Microsecond, nullable: "the event's time is unknown, or it is not known to be the first attempt", source: "analyzer" },
    /// From the event to the start of any attempt.
    event_age_us: Int { unit: Unit::Microsecond, nullable: "the event's time is unknown", source: "analyzer" },
    /// How long calls to other functions were open, at most as long as the attempt.
    function_wait_us: Int { unit: Unit::Microsecond, nullable: "it is not known to have called a function", source: "invocation_calls" },
    /// When its function or service was last deployed before it.
    deployed_unix_nano: Int { unit: Unit::UnixNano, nullable: "no deployment is known", source: "deployments, first sight of a version" },
    /// Which plan bills it, as settings say: `request`, `instance`, `flex_consumption` and others.
    billing_mode: Text { unit: Unit::None, nullable: "no setting says it", source: "configurations" },
    /// Its processor, in thousandths of a CPU.
    cpu_milli: Int { unit: Unit::Milli, nullable: "no setting says it", source: "configurations" },
    /// Whether clocks showed the lag below zero, so that it is shown as zero.
    trigger_lag_below_zero: Bool { unit: Unit::None, nullable: "no lag is known", source: "analyzer" },
    /// By how much the lag was raised because the clocks of sender and receiver disagree.
    clock_correction_us: Int { unit: Unit::Microsecond, nullable: "no sender's clock is in it, or it agrees", source: "analyzer" },
}
