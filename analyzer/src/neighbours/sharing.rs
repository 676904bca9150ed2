//! Requests that share an instance: each bears its request-seconds' share of the time in which the instance was busy.
//!
//! Read are all attempts of platforms that bill instances by the union of their requests' times, from the start of the
//! window's month, or the look-back before it, to an hour after its end. So two windows that share a busy time see the
//! same of it, unless it is longer than that.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use datafusion::prelude::{col, lit};
use futures::StreamExt;
use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::{Interval, TimeRule, shares_ms};
use pennyspan_schema::{Outcome, Table, Unit, Window, columns};

use crate::error::AnalysisError;
use crate::pricing::Plan;
use crate::reading::Reading;

columns! {
    /// The part of an attempt that tells how long its instance was busy.
    table "attempts that share instances";

    /// The provider.
    provider: Text { unit: Unit::None, source: "invocations" },
    /// The key scope.
    key_scope: Text { unit: Unit::None, source: "invocations" },
    /// The invocation id.
    invocation_id: Text { unit: Unit::None, source: "invocations" },
    /// The start.
    start_unix_nano: Int { unit: Unit::UnixNano, source: "invocations" },
    /// How the platform runs it.
    execution_model: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// How it ended.
    outcome: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// What the platform reports.
    duration_us: Int { unit: Unit::Microsecond, nullable: "not said", source: "invocations" },
    /// The handler alone.
    runtime_us: Int { unit: Unit::Microsecond, nullable: "not said", source: "invocations" },
}

/// Billed milliseconds of attempts, by provider and instance.
#[derive(Debug, Default)]
pub(crate) struct Sharing(HashMap<Plan, HashMap<String, Vec<Share>>>);

/// One attempt's share, in the order of start and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Share {
    start_unix_nano: i64,
    /// Stands for its key: two attempts of one instance and one nanosecond are told apart by it.
    name: u64,
    length_us: i64,
    billed_ms: i64,
}

impl Sharing {
    /// Reads the attempts of a range of time.
    pub(crate) async fn read(reading: &Reading, range: Window, books: &PriceBooks) -> Result<Self, AnalysisError> {
        let shared = col("provider").in_list(vec![lit("gcp"), lit("azure")], false);
        let mut rows = reading
            .stream_where(Table::Invocations, COLUMNS, Some(range), Some(shared))
            .await?;
        let mut all = Self::default();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(AnalysisError::run(NAME))?;
            let reader = Reader::new(&batch).map_err(AnalysisError::rows(NAME))?;
            reader.rows().for_each(|row| all.see(&row));
        }
        all.settle(books);
        Ok(all)
    }

    fn see(&mut self, row: &Row<'_>) {
        let plan = match (row.provider, row.execution_model) {
            ("gcp", Some("event_function")) => return,
            ("gcp", _) => Plan::CloudRun,
            _ => Plan::Flex,
        };
        let ran = row.outcome.and_then(Outcome::from_word).is_none_or(Outcome::ran);
        let (Some(instance), Some(length_us)) = (row.instance_id, row.duration_us.or(row.runtime_us)) else {
            return;
        };
        if ran {
            let instances = self.0.entry(plan).or_default();
            instances.entry(instance.to_owned()).or_default().push(Share {
                start_unix_nano: row.start_unix_nano,
                name: name(row.key_scope, row.invocation_id),
                length_us,
                billed_ms: 0,
            });
        }
    }

    fn settle(&mut self, books: &PriceBooks) {
        for (plan, instances) in &mut self.0 {
            for shares in instances.values_mut() {
                shares.sort_unstable();
                let first = shares.first().map_or(0, |share| share.start_unix_nano);
                let Some(rule) = time_rule(books, *plan, first) else {
                    shares.clear();
                    continue;
                };
                let intervals: Vec<Interval> = shares.iter().map(Share::interval).collect();
                for (share, billed_ms) in shares.iter_mut().zip(shares_ms(&rule, &intervals)) {
                    share.billed_ms = billed_ms;
                }
            }
        }
    }

    /// Returns an attempt's billed milliseconds; none where its instance or its duration is not known.
    pub(crate) fn billed_ms(
        &self,
        plan: Plan,
        instance_id: Option<&str>,
        (key_scope, invocation_id): (&str, &str),
        start_unix_nano: i64,
    ) -> Option<i64> {
        let shares = self.0.get(&plan)?.get(instance_id?)?;
        let wanted = (start_unix_nano, name(key_scope, invocation_id));
        let at = shares.binary_search_by_key(&wanted, |share| (share.start_unix_nano, share.name));
        Some(shares.get(at.ok()?)?.billed_ms)
    }
}

impl Share {
    fn interval(&self) -> Interval {
        let start_us = self.start_unix_nano.div_euclid(1_000);
        Interval {
            start_us,
            end_us: start_us.saturating_add(self.length_us),
        }
    }
}

/// Returns how a plan bills time at an instant.
pub(super) fn time_rule(books: &PriceBooks, plan: Plan, unix_nano: i64) -> Option<TimeRule> {
    let (provider, service) = plan.service();
    books.billing_rule(provider, service, plan.rule()?, unix_nano)?.time
}

fn name(key_scope: &str, invocation_id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key_scope, invocation_id).hash(&mut hasher);
    hasher.finish()
}
