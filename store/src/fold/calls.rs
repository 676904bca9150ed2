//! The calls of attempts: client and producer spans by dependency and operation.

use pennyspan_schema::Histogram;
use pennyspan_schema::tables::{invocation_calls, invocations};

use super::merge::half_even_us;
use super::ownership::Owner;
use super::trace::{Span, Spans};

/// The kinds of span that are calls: client and producer.
const CALLS: [i64; 2] = [3, 4];
/// The status code of an error.
const ERROR: i64 = 2;

/// The calls that attempts own, sorted by attempt, dependency, operation and time.
#[derive(Debug)]
pub(super) struct Calls<'a> {
    spans: &'a Spans,
    /// (attempt, span), as they were sorted.
    owned: Vec<(usize, Span)>,
}

/// What calls are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Callee<'a> {
    dependency_kind: &'a str,
    dependency: &'a str,
    operation: Option<&'a str>,
    dependency_region: Option<&'a str>,
}

impl<'a> Calls<'a> {
    pub(super) fn of(spans: &'a Spans, owners: &[Owner]) -> Self {
        let mut calls = Self {
            spans,
            owned: Vec::new(),
        };
        for (span, owner) in spans.list.iter().zip(owners) {
            if let Owner::Attempt(attempt) = owner
                && calls.callee(span).is_some()
            {
                calls.owned.push((*attempt, *span));
            }
        }
        let mut owned = std::mem::take(&mut calls.owned);
        owned.sort_unstable_by_key(|(attempt, span)| {
            (
                *attempt,
                calls.callee(span),
                span.start,
                calls.end(span),
                span.trace,
                span.id,
                span.kind,
            )
        });
        Self { spans, owned }
    }

    /// Appends the rows of one attempt.
    pub(super) fn append(&self, attempt: usize, row: &invocations::Row<'_>, builder: &mut invocation_calls::Builder) {
        let from = self.owned.partition_point(|(of, _)| *of < attempt);
        let len = self.owned[from..].partition_point(|(of, _)| *of == attempt);
        for calls in self.owned[from..from + len].chunk_by(|(_, a), (_, b)| self.callee(a) == self.callee(b)) {
            if let Some(callee) = self.callee(&calls[0].1) {
                self.append_callee(callee, calls, row, builder);
            }
        }
    }

    fn append_callee(
        &self,
        callee: Callee<'_>,
        calls: &[(usize, Span)],
        row: &invocations::Row<'_>,
        builder: &mut invocation_calls::Builder,
    ) {
        let counts = self.count(calls, row.sample_weight_milli);
        let starts = || calls.iter().map(|(_, span)| span.start);
        builder.append(&invocation_calls::Row {
            provider: row.provider,
            key_scope: row.key_scope,
            invocation_id: row.invocation_id,
            start_unix_nano: row.start_unix_nano,
            account: row.account,
            region: row.region,
            function: row.function,
            version: row.version,
            service: row.service,
            environment: row.environment,
            trigger_type: row.trigger_type,
            sample_weight_milli: row.sample_weight_milli,
            dependency_kind: callee.dependency_kind,
            dependency: callee.dependency,
            operation: callee.operation,
            dependency_region: callee.dependency_region,
            call_count: count_of(calls.len()),
            error_count: counts.errors,
            throttled_count: counts.throttled,
            retry_count: counts.retries,
            without_duration_count: counts.without_duration,
            total_us: counts.total_us,
            busy_us: self.busy_us(calls),
            max_us: counts.max_us,
            sequential_run_count: self.longest_run(calls),
            first_unix_nano: starts().min().unwrap_or(row.start_unix_nano),
            last_unix_nano: starts().max().unwrap_or(row.start_unix_nano),
            duration_hist: counts.histogram.borrowed(),
            ..invocation_calls::Row::default()
        });
    }

    fn count(&self, calls: &[(usize, Span)], weight_milli: i64) -> Counts {
        let mut counts = Counts::default();
        for (_, span) in calls {
            let (reader, row) = self.spans.of(span);
            counts.errors += i64::from(reader.status_code(row) == ERROR);
            counts.throttled += i64::from(reader.throttled(row));
            counts.retries = counts.retries.saturating_add(reader.retry_count(row).unwrap_or(0));
            match reader.duration_us(row) {
                Some(us) => {
                    counts.total_us = counts.total_us.saturating_add(us);
                    counts.max_us = counts.max_us.max(Some(us));
                    counts.histogram.record(us, weight_milli);
                }
                None => counts.without_duration += 1,
            }
        }
        counts
    }

    /// Returns the time in which at least one of the calls was open.
    fn busy_us(&self, calls: &[(usize, Span)]) -> i64 {
        let (mut busy, mut covered) = (0_i64, i64::MIN);
        for (_, span) in calls {
            let Some(end) = self.end(span) else { continue };
            let from = span.start.max(covered);
            busy = busy.saturating_add(end.saturating_sub(from).max(0));
            covered = covered.max(end);
        }
        half_even_us(busy)
    }

    /// Returns the most calls in a row of which each began after the one before had ended. A call without end ends a row.
    fn longest_run(&self, calls: &[(usize, Span)]) -> i64 {
        let (mut longest, mut run, mut ended) = (0, 0, None);
        for (_, span) in calls {
            run = if ended.is_some_and(|ended| span.start >= ended) {
                run + 1
            } else {
                1
            };
            longest = run.max(longest);
            ended = self.end(span);
        }
        longest
    }

    /// Returns the span's end, unless it has none or one before its start.
    fn end(&self, span: &Span) -> Option<i64> {
        let (reader, row) = self.spans.of(span);
        reader.end_unix_nano(row).filter(|end| *end >= span.start)
    }

    fn callee(&self, span: &Span) -> Option<Callee<'a>> {
        let (reader, row) = self.spans.of(span);
        if !CALLS.contains(&span.kind) {
            return None;
        }
        Some(Callee {
            dependency_kind: reader.dependency_kind(row)?,
            dependency: reader.dependency(row)?,
            operation: reader.operation(row),
            dependency_region: reader.dependency_region(row),
        })
    }
}

/// What is added up over calls.
#[derive(Debug, Default)]
struct Counts {
    errors: i64,
    throttled: i64,
    retries: i64,
    without_duration: i64,
    total_us: i64,
    max_us: Option<i64>,
    histogram: Histogram,
}

/// Returns a length as a stored count.
pub(super) fn count_of(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
