//! `by_trigger_source`: first attempts of the window by trigger type and source, and how long their events waited.

use pennyspan_schema::Histogram;

use super::attempt::Row;
use super::tally::{recorded, smaller};
use super::views::ByTriggerSource;
use crate::analysis::bounded::Weighed;
use crate::grouped::Grouped;

/// Groups by function, trigger type and source.
#[derive(Debug, Default)]
pub(crate) struct Sources(Grouped<6, Source>);

/// What a source adds up to.
#[derive(Debug, Default)]
struct Source {
    service: Option<String>,
    environment: Option<String>,
    first_attempts: Weighed,
    lags: Histogram,
}

impl Sources {
    /// Adds one attempt of the window that ran.
    pub(crate) fn add(&mut self, row: &Row<'_>) {
        let [provider, account, region, function] = row.scope();
        let of = self.0.of([
            provider,
            account,
            region,
            function,
            row.trigger_type,
            row.trigger_source,
        ]);
        smaller(&mut of.service, row.service);
        smaller(&mut of.environment, row.environment);
        if let Some(lag_us) = row.trigger_lag_us {
            of.first_attempts.add(row.sample_weight_milli);
            of.lags.record(lag_us, row.sample_weight_milli);
        }
    }

    /// Returns the view's rows.
    pub(crate) fn rows(self) -> Vec<ByTriggerSource> {
        let row = |([provider, account, region, function, trigger_type, source], of): ([Option<String>; 6], Source)| {
            ByTriggerSource {
                provider,
                account,
                region,
                function,
                service: of.service,
                environment: of.environment,
                trigger_type,
                source,
                first_attempts: Some(of.first_attempts.rows),
                first_attempts_n_eff: Some(of.first_attempts.effective()),
                first_attempt_lag_hist: recorded(of.lags),
            }
        };
        self.0.into_sorted().into_iter().map(row).collect()
    }
}
