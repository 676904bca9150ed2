//! What measures read of one attempt, from the view `invocations`.

use pennyspan_schema::{Outcome, TriggerType, Unit, columns};

use crate::attempts;

columns! {
    /// One attempt, as measures read it.
    table "measured attempts";

    /// The provider.
    provider: Text { unit: Unit::None, source: "invocations" },
    /// The key scope.
    key_scope: Text { unit: Unit::None, source: "invocations" },
    /// The provider's id of the invocation.
    invocation_id: Text { unit: Unit::None, source: "invocations" },
    /// When it began.
    start_unix_nano: Int { unit: Unit::UnixNano, source: "invocations" },
    /// What it stands for, in thousandths.
    sample_weight_milli: Int { unit: Unit::Milli, source: "invocations" },
    /// Whether nothing names the instruction set that its price depends on.
    assumed_architecture: Bool { unit: Unit::None, source: "invocations" },
    /// Whether the platform's own records speak of it.
    evidence_platform: Bool { unit: Unit::None, source: "invocations" },
    /// Whether Lambda Insights speaks of it.
    evidence_insights: Bool { unit: Unit::None, source: "invocations" },
    /// Whether an invocation record speaks of it.
    evidence_record: Bool { unit: Unit::None, source: "invocations" },
    /// Whether a span speaks of it.
    evidence_span: Bool { unit: Unit::None, source: "invocations" },
    /// Rank among the attempts of its key.
    attempt: Int { unit: Unit::Code, source: "invocations" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The version.
    version: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The alias.
    alias: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
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
    /// How the environment was initialized.
    init_type: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// What caused it.
    trigger_type: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Where it came from.
    trigger_source: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The route that it answered.
    route: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// How it ended.
    outcome: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// What groups errors.
    error_fingerprint: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Whether it was a cold start.
    cold_start: Bool { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Whether its trace is known to be recorded.
    trace_sampled: Bool { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// When it ended.
    end_unix_nano: Int { unit: Unit::UnixNano, nullable: "unknown", source: "invocations" },
    /// What the platform reports.
    duration_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// The handler alone.
    runtime_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// Initialization.
    init_duration_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// Restoring a snapshot.
    restore_duration_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// How long calls to other functions were open.
    function_wait_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// CPU that it used.
    cpu_time_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
    /// From the event to the start of its first attempt.
    trigger_lag_us: Int { unit: Unit::Microsecond, nullable: "unknown", source: "invocations" },
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
    /// The time after which the platform cuts it.
    timeout_ms: Int { unit: Unit::Millisecond, nullable: "unknown", source: "invocations" },
    /// Its processor.
    cpu_milli: Int { unit: Unit::Milli, nullable: "unknown", source: "invocations" },
    /// Which plan bills it.
    billing_mode: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Messages in the batch.
    batch_size_count: Int { unit: Unit::Count, nullable: "unknown", source: "invocations" },
}

impl<'a> Row<'a> {
    /// Returns the names of its function: provider, account, region, function.
    pub(crate) fn scope(&self) -> [Option<&'a str>; 4] {
        [Some(self.provider), self.account, self.region, self.function]
    }

    /// Returns how it ended; unknown where nothing says.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome.and_then(Outcome::from_word).unwrap_or(Outcome::Unknown)
    }

    /// Returns how long it took: what the platform reports, else the handler alone.
    pub(crate) fn took_us(&self) -> Option<i64> {
        self.duration_us.or(self.runtime_us)
    }

    /// Returns how long it took with the init or restore before it.
    pub(crate) fn latency_us(&self) -> Option<i64> {
        Some(self.took_us()?.saturating_add(self.before_us()))
    }

    /// Returns how long the environment's init or restore took before it.
    pub(crate) fn before_us(&self) -> i64 {
        self.restore_duration_us.or(self.init_duration_us).unwrap_or(0)
    }

    /// Returns whether somebody waits for the answer.
    pub(crate) fn synchronous(&self) -> bool {
        self.trigger().is_some_and(TriggerType::synchronous)
    }

    /// Returns what caused it.
    pub(crate) fn trigger(&self) -> Option<TriggerType> {
        self.trigger_type.and_then(TriggerType::from_word)
    }

    /// Returns whether more than its spans and log lines speak of it.
    pub(crate) fn recorded(&self) -> bool {
        self.evidence_platform || self.evidence_insights || self.evidence_record
    }

    /// Returns what its price depends on.
    pub(crate) fn priced(&self) -> attempts::Row<'a> {
        attempts::Row {
            provider: self.provider,
            invocation_id: self.invocation_id,
            start_unix_nano: self.start_unix_nano,
            sample_weight_milli: self.sample_weight_milli,
            assumed_architecture: self.assumed_architecture,
            account: self.account,
            region: self.region,
            function: self.function,
            service: self.service,
            environment: self.environment,
            tenant: self.tenant,
            platform: self.platform,
            execution_model: self.execution_model,
            runtime: self.runtime,
            architecture: self.architecture,
            init_type: self.init_type,
            trigger_type: self.trigger_type,
            outcome: self.outcome,
            duration_us: self.duration_us,
            runtime_us: self.runtime_us,
            cpu_time_us: self.cpu_time_us,
            cpu_milli: self.cpu_milli,
            billing_mode: self.billing_mode,
            restore_duration_us: self.restore_duration_us,
            billed_duration_ms: self.billed_duration_ms,
            memory_size_mib: self.memory_size_mib,
            ephemeral_storage_mib: self.ephemeral_storage_mib,
            ..attempts::Row::default()
        }
    }
}
