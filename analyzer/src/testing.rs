//! Attempts for tests: rows as fold would leave them, and a session over them.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use pennyspan_rules::PriceBooks;
use pennyspan_schema::Table;
use pennyspan_schema::tables::{
    configurations, deliveries, environment_facts, instance_minutes, invocation_calls, invocations, metric_points,
    rollup_minute, spans, workflow_steps,
};
use pennyspan_store::{Folded, Snapshot};

use crate::session::{Session, Settings, Span};

/// 2026-10-08T07:00:00Z.
pub(crate) const SEVEN: i64 = 1_791_442_800_000_000_000;
/// Nanoseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000_000;

/// An attempt of `checkout` that took and was billed a second, on an instance of its own.
pub(crate) fn attempt(id: &'static str, start_s: i64) -> invocations::Row<'static> {
    invocations::Row {
        provider: "aws",
        invocation_id: id,
        start_unix_nano: SEVEN + start_s * SECOND,
        end_unix_nano: Some(SEVEN + (start_s + 1) * SECOND),
        platform: Some("aws_lambda"),
        region: Some("us-east-1"),
        function: Some("checkout"),
        version: Some("42"),
        architecture: Some("x86_64"),
        instance_id: Some(id),
        memory_size_mib: Some(1_024),
        max_memory_used_mib: Some(512),
        duration_us: Some(1_000_000),
        billed_duration_ms: Some(1_000),
        billed_mib_ms: Some(1_024_000),
        cold_start_reported: Some(false),
        outcome: Some("ok"),
        sample_weight_milli: 1_000,
        evidence_record: true,
        fact_count: 1,
        ..invocations::Row::default()
    }
}

/// Everything that a test's snapshot holds, one row per batch, so that order can be changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    attempts: Vec<RecordBatch>,
    calls: Vec<RecordBatch>,
    deliveries: Vec<RecordBatch>,
    environments: Vec<RecordBatch>,
    configurations: Vec<RecordBatch>,
    spans: Vec<RecordBatch>,
    rollups: Vec<RecordBatch>,
    instance_minutes: Vec<RecordBatch>,
    workflow_steps: Vec<RecordBatch>,
    metric_points: Vec<RecordBatch>,
}

impl World {
    pub(crate) fn attempt(&mut self, row: &invocations::Row<'_>) -> &mut Self {
        let mut builder = invocations::Builder::default();
        builder.append(row);
        self.attempts.push(builder.finish());
        self
    }

    pub(crate) fn call(&mut self, row: &invocation_calls::Row<'_>) -> &mut Self {
        let mut builder = invocation_calls::Builder::default();
        builder.append(row);
        self.calls.push(builder.finish());
        self
    }

    pub(crate) fn delivery(&mut self, row: &deliveries::Row<'_>) -> &mut Self {
        let mut builder = deliveries::Builder::default();
        builder.append(row);
        self.deliveries.push(builder.finish());
        self
    }

    pub(crate) fn environment(&mut self, row: &environment_facts::Row<'_>) -> &mut Self {
        let mut builder = environment_facts::Builder::default();
        builder.append(row);
        self.environments.push(builder.finish());
        self
    }

    pub(crate) fn span(&mut self, row: &spans::Row<'_>) -> &mut Self {
        let mut builder = spans::Builder::default();
        builder.append(row);
        self.spans.push(builder.finish());
        self
    }

    pub(crate) fn workflow_step(&mut self, row: &workflow_steps::Row<'_>) -> &mut Self {
        let mut builder = workflow_steps::Builder::default();
        builder.append(row);
        self.workflow_steps.push(builder.finish());
        self
    }

    pub(crate) fn metric_point(&mut self, row: &metric_points::Row<'_>) -> &mut Self {
        let mut builder = metric_points::Builder::default();
        builder.append(row);
        self.metric_points.push(builder.finish());
        self
    }

    pub(crate) fn rollup(&mut self, row: &rollup_minute::Row<'_>) -> &mut Self {
        let mut builder = rollup_minute::Builder::default();
        builder.append(row);
        self.rollups.push(builder.finish());
        self
    }

    pub(crate) fn instance_minute(&mut self, row: &instance_minutes::Row<'_>) -> &mut Self {
        let mut builder = instance_minutes::Builder::default();
        builder.append(row);
        self.instance_minutes.push(builder.finish());
        self
    }

    /// Adds a setting of `checkout`.
    pub(crate) fn setting(&mut self, key: &str, value: &str, observed_s: i64) -> &mut Self {
        self.setting_of("aws", "checkout", [key, value], observed_s)
    }

    /// Adds a setting of a resource.
    pub(crate) fn setting_of(
        &mut self,
        provider: &str,
        resource: &str,
        [key, value]: [&str; 2],
        observed_s: i64,
    ) -> &mut Self {
        let mut builder = configurations::Builder::default();
        builder.append(&configurations::Row {
            provider,
            function: Some(resource),
            resource,
            key,
            value: Some(value),
            observed_unix_nano: SEVEN + observed_s * SECOND,
            source: "test",
            ..configurations::Row::default()
        });
        self.configurations.push(builder.finish());
        self
    }

    /// Reverses the order of all rows.
    pub(crate) fn reversed(&self) -> Self {
        let back = |batches: &[RecordBatch]| batches.iter().rev().cloned().collect();
        Self {
            attempts: back(&self.attempts),
            calls: back(&self.calls),
            deliveries: back(&self.deliveries),
            environments: back(&self.environments),
            configurations: back(&self.configurations),
            spans: back(&self.spans),
            rollups: back(&self.rollups),
            instance_minutes: back(&self.instance_minutes),
            workflow_steps: back(&self.workflow_steps),
            metric_points: back(&self.metric_points),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let raw = [
            (Table::Deliveries, self.deliveries.clone()),
            (Table::EnvironmentFacts, self.environments.clone()),
            (Table::Configurations, self.configurations.clone()),
            (Table::Spans, self.spans.clone()),
            (Table::WorkflowSteps, self.workflow_steps.clone()),
            (Table::MetricPoints, self.metric_points.clone()),
        ];
        let folded = Folded {
            invocations: self.attempts.clone(),
            invocation_calls: self.calls.clone(),
            rollup_minute: self.rollups.clone(),
            instance_minutes: self.instance_minutes.clone(),
            ..Folded::default()
        };
        Snapshot::new(raw, folded, None)
    }

    pub(crate) async fn session(&self, span: Span) -> Session {
        self.session_of(span, 2).await
    }

    pub(crate) async fn session_of(&self, span: Span, partitions: usize) -> Session {
        let books = Arc::new(PriceBooks::embedded().unwrap());
        let settings = Settings {
            partitions: NonZeroUsize::new(partitions).unwrap(),
            memory_bytes: 256 << 20,
            spill: None,
            skew_limit_us: 1_000_000,
        };
        Session::open(&self.snapshot(), books, span, settings).await.unwrap()
    }
}
