//! `by_function_minute`: attempts by function, version, alias, memory size and minute, from the look-back's start on.

use std::collections::BTreeMap;

use pennyspan_schema::{Outcome, Slice};

use super::attempt::Row;
use super::tally::{Sum, larger, smaller};
use super::views::ByFunctionMinute;
use crate::grouped::Grouped;

/// A minute since 1970, and the memory size.
type At = (i64, Option<i64>);

/// Groups by function, version and alias, then by minute and memory size.
#[derive(Debug, Default)]
pub(crate) struct Minutes(Grouped<6, BTreeMap<At, Minute>>);

/// What a minute adds up to.
#[derive(Debug, Default)]
struct Minute {
    service: Option<String>,
    environment: Option<String>,
    platform: Option<String>,
    max_memory_used_mib: Option<i64>,
    invocations: i64,
    timeouts: i64,
    billed: Sum,
    usd_per_mib_ms: Option<f64>,
    cpu_time: Sum,
    cpu_duration: Sum,
    platform_invocations: Option<i64>,
}

impl Minutes {
    /// Adds one attempt that ran, and its price.
    pub(crate) fn add(&mut self, row: &Row<'_>, usd_per_mib_ms: Option<f64>) {
        let [provider, account, region, function] = row.scope();
        let minutes = self.0.of([provider, account, region, function, row.version, row.alias]);
        let of = minutes
            .entry((Slice::of(row.start_unix_nano).0, row.memory_size_mib))
            .or_default();
        let weight = row.sample_weight_milli;
        smaller(&mut of.service, row.service);
        smaller(&mut of.environment, row.environment);
        smaller(&mut of.platform, row.platform);
        larger(&mut of.max_memory_used_mib, row.max_memory_used_mib);
        of.invocations += 1;
        of.timeouts += i64::from(row.outcome() == Outcome::Timeout);
        of.billed.add(row.billed_mib_ms, weight);
        of.usd_per_mib_ms = [of.usd_per_mib_ms, usd_per_mib_ms]
            .into_iter()
            .flatten()
            .reduce(f64::max);
        if let (Some(cpu_us), Some(took_us)) = (row.cpu_time_us, row.took_us()) {
            of.cpu_time.add(Some(cpu_us), weight);
            of.cpu_duration.add(Some(took_us), weight);
        }
    }

    /// Adds what the platform itself counted in a minute.
    pub(crate) fn add_counted(
        &mut self,
        [provider, account, region, function]: [Option<&str>; 4],
        minute: i64,
        count: i64,
    ) {
        let minutes = self.0.of([provider, account, region, function, None, None]);
        let counted = &mut minutes.entry((minute, None)).or_default().platform_invocations;
        *counted = Some(counted.unwrap_or(0).saturating_add(count));
    }

    /// Returns the view's rows.
    pub(crate) fn rows(self) -> Vec<ByFunctionMinute> {
        let of = |(names, minutes): ([Option<String>; 6], BTreeMap<At, Minute>)| {
            minutes
                .into_iter()
                .map(move |(at, minute)| minute.row(names.clone(), at))
        };
        self.0.into_sorted().into_iter().flat_map(of).collect()
    }
}

impl Minute {
    fn row(self, names: [Option<String>; 6], (unix_minute, memory_size_mib): At) -> ByFunctionMinute {
        let [provider, account, region, function, version, alias] = names;
        let narrow = |sum: &Sum| sum.if_known().and_then(|sum| i64::try_from(sum).ok());
        ByFunctionMinute {
            provider,
            account,
            region,
            function,
            service: self.service,
            environment: self.environment,
            version,
            alias,
            platform: self.platform,
            unix_minute: Some(unix_minute),
            memory_size_mib,
            max_memory_used_mib: self.max_memory_used_mib,
            invocations: Some(self.invocations),
            timeouts: Some(self.timeouts),
            billed_mib_ms: self.billed.value(),
            duration_usd_per_mib_ms: self.usd_per_mib_ms,
            cpu_time_us: narrow(&self.cpu_time),
            cpu_duration_us: narrow(&self.cpu_duration),
            platform_invocations: self.platform_invocations,
        }
    }
}
