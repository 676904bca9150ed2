//! The columns of the rollups: one list for the minute's, the hour's and the day's.

/// Hands the list of a rollup's columns to a callback macro, behind what stands before it.
///
/// The callback gets `$before`, which names the table and declares its time, then the columns as `columns!` takes them.
#[macro_export]
macro_rules! rollup_columns {
    ($callback:path { $($before:tt)* }) => {
        $callback! {
            $($before)*
            /// The provider.
            provider: Text { unit: Unit::None, source: "invocations" },
            /// The account.
            account: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// The region.
            region: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// The environment.
            environment: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// The service.
            service: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// The function.
            function: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// The version.
            version: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// The alias.
            alias: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// The architecture.
            architecture: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// Configured memory.
            memory_size_mib: Int { unit: Unit::Mebibyte, nullable: "not said", source: "invocations" },
            /// How the environment was initialized.
            init_type: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// What caused it.
            trigger_type: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// Where it came from.
            trigger_source: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
            /// How it ended.
            outcome: Text { unit: Unit::None, source: "invocations" },
            /// Whether it was a cold start, as far as the attempt itself tells.
            cold_start: Bool { unit: Unit::None, nullable: "only a neighbour could tell", source: "an init or restore was reported, or the sender says so" },
            /// Attempts.
            attempt_count: Int { unit: Unit::Count, source: "fold" },
            /// What the attempts stand for, in thousandths.
            weight_milli: Int { unit: Unit::Milli, source: "fold" },
            /// The sum of the durations.
            duration_us: Int { unit: Unit::Microsecond, source: "fold" },
            /// The shortest duration.
            duration_min_us: Int { unit: Unit::Microsecond, nullable: "none is known", source: "fold" },
            /// The longest duration.
            duration_max_us: Int { unit: Unit::Microsecond, nullable: "none is known", source: "fold" },
            /// The sum of the init durations.
            init_duration_us: Int { unit: Unit::Microsecond, source: "fold" },
            /// The longest init.
            init_max_us: Int { unit: Unit::Microsecond, nullable: "none is known", source: "fold" },
            /// The sum of the restore durations.
            restore_duration_us: Int { unit: Unit::Microsecond, source: "fold" },
            /// The sum of the CPU times.
            cpu_time_us: Int { unit: Unit::Microsecond, source: "fold" },
            /// The sum of the billed durations, as reported.
            billed_duration_ms: Int { unit: Unit::Millisecond, source: "fold" },
            /// The sum of memory size times billed duration, as reported.
            billed_mib_ms: Int { unit: Unit::MebibyteMillisecond, source: "fold" },
            /// The highest memory use.
            max_memory_used_mib: Int { unit: Unit::Mebibyte, nullable: "none is known", source: "fold" },
            /// Attempts without a reported billed duration.
            without_billed_count: Int { unit: Unit::Count, source: "fold" },
            /// Attempts without a memory size.
            without_memory_count: Int { unit: Unit::Count, source: "fold" },
            /// Attempts without a region.
            without_region_count: Int { unit: Unit::Count, source: "fold" },
            /// The durations in microseconds.
            duration_hist: Hist { unit: Unit::None, source: "fold" },
            /// The init durations in microseconds.
            init_hist: Hist { unit: Unit::None, source: "fold" },
            /// The restore durations in microseconds.
            restore_hist: Hist { unit: Unit::None, source: "fold" },
            /// The lags of first attempts in microseconds.
            lag_hist: Hist { unit: Unit::None, source: "fold" },
        }
    };
}
