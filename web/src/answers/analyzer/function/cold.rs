//! The cold starts of one function.

use pennyspan_analyzer::analysis::cold_starts::ColdStarts as Sums;
use pennyspan_analyzer::analysis::cost::Waste;
use pennyspan_analyzer::analysis::overview::Inits;
use pennyspan_analyzer::analysis::part;

use super::{AnalyzerAnswers, Seen, by_part, counted};
use crate::answers::analyzer::{numbers, run_by};
use crate::answers::{AnswerError, ColdStarts, InitGroup};
use crate::chart::HistogramBar;
use crate::format::Amount;

/// Bars of the distribution.
const BARS: i64 = 24;
/// The most kinds of a table.
const GROUPS: usize = 12;

impl AnalyzerAnswers {
    pub(super) async fn cold_starts(&self, seen: &Seen<'_>) -> Result<ColdStarts, AnswerError> {
        let session = &seen.asked.session;
        let by_type = by_part(run_by::<Inits>(session, part::init_type, &seen.keep).await?, seen.scope);
        let by_version = by_part(run_by::<Inits>(session, part::version, &seen.keep).await?, seen.scope);
        let sums = super::super::home::sum(&seen.sums);
        let cold = sums.cold_starts.answer();
        let took: Vec<(i64, i64)> = by_type
            .iter()
            .flat_map(|(_, inits)| inits.took_us.iter().copied())
            .collect();
        let per = |value: fn(&Sums) -> i64| -> Vec<Option<i64>> {
            seen.sums
                .iter()
                .map(|cell| cell.as_ref().map(|cell| value(&cell.cold_starts.answer())))
                .collect()
        };
        let cost = sums.cost.cost(&self.books);
        let billed = cost.waste.iter().find(|(kind, _)| *kind == Waste::ColdStart);
        Ok(ColdStarts {
            bins: numbers::bins(seen.grid),
            known: per(|sums| counted(sums.invocations_milli - sums.unknown_milli)),
            cold: per(|sums| counted(sums.cold_milli)),
            totals: (
                counted(cold.cold_milli),
                counted(cold.invocations_milli - cold.unknown_milli),
                counted(cold.unknown_milli),
            ),
            init: numbers::quantiles(&cold.init_us),
            by_type: groups(by_type, "not said"),
            by_version: groups(by_version, "unknown"),
            by_cause: Vec::new(),
            distribution: distribution(&took),
            amount: Amount {
                usd: billed.map(|(_, amount)| numbers::usd(amount)).unwrap_or_default(),
                ..numbers::amount(&cost)
            },
            deployments: seen.deployments.clone(),
        })
    }
}

fn groups(parts: Vec<(Option<String>, Inits)>, unnamed: &str) -> Vec<InitGroup> {
    let group = |(name, inits): (Option<String>, Inits)| {
        let sums = inits.sums.answer();
        let restored = sums.init_us.p50.is_none() && sums.restore_us.p50.is_some();
        InitGroup {
            name: name.unwrap_or_else(|| unnamed.to_owned()),
            note: if restored {
                "restored from a snapshot".to_owned()
            } else {
                String::new()
            },
            cold_count: counted(sums.cold_milli),
            init: numbers::quantiles(if restored { &sums.restore_us } else { &sums.init_us }),
        }
    };
    let mut groups: Vec<InitGroup> = parts
        .into_iter()
        .map(group)
        .filter(|group| group.cold_count > 0)
        .collect();
    groups.sort_by(|a, b| b.cold_count.cmp(&a.cold_count).then_with(|| a.name.cmp(&b.name)));
    groups.truncate(GROUPS);
    groups
}

/// Counts durations into equal bars from nothing to the longest.
#[expect(clippy::cast_precision_loss, reason = "positions in a picture")]
fn distribution(took_us: &[(i64, i64)]) -> (Vec<HistogramBar>, f64) {
    let Some(longest) = took_us.iter().map(|(us, _)| *us).max() else {
        return (Vec::new(), 0.0);
    };
    let width = (longest / BARS + 1).max(1);
    let mut milli = vec![0_i128; usize::try_from(longest / width + 1).unwrap_or(1)];
    for (us, weight) in took_us {
        if let Some(bar) = usize::try_from(us / width).ok().and_then(|bar| milli.get_mut(bar)) {
            *bar += i128::from(*weight);
        }
    }
    let bars = milli.iter().zip(0_i64..).map(|(milli, bar)| HistogramBar {
        low: (bar * width) as f64,
        count: counted(*milli),
    });
    (bars.collect(), (width * i64::try_from(milli.len()).unwrap_or(1)) as f64)
}
