//! The measure views, column by column; the catalogue's own page says what each means.

use crate::measure::view::{MeasureRow, MeasureView, measure_view};

measure_view! {
    /// Attempts by function, version and alias.
    ByFunction = "by_function" {
        provider: Text,
        account: Text,
        region: Text,
        function: Text,
        service: Text,
        environment: Text,
        version: Text,
        alias: Text,
        memory_size_mib: Int,
        timeout_ms: Int,
        attempts: Int,
        invocations: Int,
        invocations_milli: Int,
        n_eff: Double,
        failed: Int,
        failed_milli: Int,
        failed_billed_mib_ms: Quantity,
        timeouts: Int,
        timeouts_milli: Int,
        timeouts_billed_mib_ms: Quantity,
        out_of_memory: Int,
        out_of_memory_milli: Int,
        out_of_memory_billed_mib_ms: Quantity,
        max_memory_used_mib: Int,
        duration_hist: Hist,
        ok_duration_hist: Hist,
        cold_starts: Int,
        init_count: Int,
        init_hist: Hist,
        on_demand_init_count: Int,
        on_demand_init_hist: Hist,
        sync_triggered: Int,
        sync_invocations: Int,
        sync_invocations_milli: Int,
        sync_n_eff: Double,
        sync_cold_starts: Int,
        sync_cold_starts_milli: Int,
        sync_latency_hist: Hist,
        sync_warm_latency_hist: Hist,
        sync_init_billed_mib_ms: Quantity,
        sampled_ok: Int,
        sampled_ok_dark: Int,
        sampled_failed: Int,
        sampled_failed_dark: Int,
        dark_billed_mib_ms: Quantity,
    }
}

measure_view! {
    /// Attempts by function, version, alias, memory size and minute.
    ByFunctionMinute = "by_function_minute" {
        provider: Text,
        account: Text,
        region: Text,
        function: Text,
        service: Text,
        environment: Text,
        version: Text,
        alias: Text,
        platform: Text,
        unix_minute: Int,
        memory_size_mib: Int,
        max_memory_used_mib: Int,
        invocations: Int,
        timeouts: Int,
        billed_mib_ms: Quantity,
        duration_usd_per_mib_ms: Double,
        cpu_time_us: Int,
        cpu_duration_us: Int,
        platform_invocations: Int,
    }
}

measure_view! {
    /// A version beside the one before it.
    ByVersion = "by_version" {
        provider: Text,
        account: Text,
        region: Text,
        function: Text,
        service: Text,
        environment: Text,
        route: Text,
        trigger_type: Text,
        alias: Text,
        version: Text,
        previous_version: Text,
        memory_size_mib: Int,
        invocations: Int,
        previous_invocations: Int,
        duration_hist: Hist,
        previous_duration_hist: Hist,
    }
}

measure_view! {
    /// First attempts by trigger type and source.
    ByTriggerSource = "by_trigger_source" {
        provider: Text,
        account: Text,
        region: Text,
        function: Text,
        service: Text,
        environment: Text,
        trigger_type: Text,
        source: Text,
        first_attempts: Int,
        first_attempts_n_eff: Double,
        first_attempt_lag_hist: Hist,
    }
}

measure_view! {
    /// Calls by dependency, operation, calling function and minute.
    ByDependency = "by_dependency" {
        provider: Text,
        account: Text,
        region: Text,
        function: Text,
        service: Text,
        environment: Text,
        dependency_kind: Text,
        dependency: Text,
        operation: Text,
        sync_caller: Bool,
        unix_minute: Int,
        calls: Int,
        errors: Int,
        duration_hist: Hist,
        failing_invocations: Int,
        failing_billed_mib_ms: Quantity,
    }
}

measure_view! {
    /// Messages by what became of them.
    ByMessage = "by_message" {
        provider: Text,
        account: Text,
        region: Text,
        function: Text,
        service: Text,
        environment: Text,
        trigger_type: Text,
        source: Text,
        fifo: Bool,
        max_receive_count: Int,
        attempts: Int,
        failed_attempts: Int,
        succeeded: Bool,
        error_fingerprints: Int,
        error_fingerprint: Text,
        messages: Int,
        message_id: Text,
        attempts_billed_mib_ms: Quantity,
        attempts_total: Int,
    }
}

measure_view! {
    /// Events by their number of attempts.
    ByEvent = "by_event" {
        provider: Text,
        account: Text,
        region: Text,
        function: Text,
        service: Text,
        environment: Text,
        trigger_type: Text,
        source: Text,
        attempts_per_event: Int,
        events: Int,
        wasted_attempts: Int,
        wasted_billed_mib_ms: Quantity,
    }
}

measure_view! {
    /// The calls of invocations with spans, by function, version and alias.
    ByTraceShape = "by_trace_shape" {
        provider: Text,
        account: Text,
        region: Text,
        function: Text,
        service: Text,
        environment: Text,
        version: Text,
        alias: Text,
        memory_size_mib: Int,
        duration_usd_per_mib_ms: Double,
        traced_invocations: Int,
        calls_p50: Int,
        longest_run_p50: Int,
        busiest_dependency: Text,
        busiest_operation: Text,
        parallel_saving_p50_us: Int,
        sync_depth_p50: Int,
        awaited_function: Text,
        function_wait_us: Int,
        function_wait_p50_us: Int,
        function_wait_mib_ms: Quantity,
        runtime_us: Int,
        user_latency_p95_us: Int,
    }
}
/// Every measure view.
pub const VIEWS: [MeasureView; 8] = [
    ByFunction::VIEW,
    ByFunctionMinute::VIEW,
    ByVersion::VIEW,
    ByTriggerSource::VIEW,
    ByDependency::VIEW,
    ByMessage::VIEW,
    ByEvent::VIEW,
    ByTraceShape::VIEW,
];
