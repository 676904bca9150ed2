//! Cold starts: how many, how long, of which kind, and what they were billed.

use super::overview::claim;
use super::with_csv;
use crate::answers::{ColdStarts, FunctionTab, InitGroup, Quantiles, Question};
use crate::chart::{Drawing, Figure, Histogram, TimeChart, Unit};
use crate::format::{Shown, count, duration, millis, percent, plural};
use crate::pages::parts::{shares, zooms};

#[derive(Debug)]
pub(super) struct ColdView {
    /// Figures in a row: label, figure, unit, note.
    pub(super) figures_line: Vec<(String, String, String)>,
    pub(super) figures: Vec<Figure>,
    pub(super) tables: Vec<(&'static str, &'static str, Vec<GroupView>)>,
}

#[derive(Debug)]
pub(super) struct GroupView {
    pub(super) name: String,
    pub(super) note: String,
    pub(super) cold: String,
    pub(super) share: String,
    pub(super) share_milli: i64,
    pub(super) p50: String,
    pub(super) p95: String,
}

impl ColdView {
    pub(super) fn of(cold: &ColdStarts, path: &str, question: &Question) -> Self {
        let tables = [
            ("By init type", "Init type", &cold.by_type),
            ("By version", "Version", &cold.by_version),
            ("By cause", "Cause", &cold.by_cause),
        ];
        let total = cold.totals.0;
        let finish = |figure: Figure| with_csv(figure, path, FunctionTab::ColdStarts, question);
        Self {
            figures_line: line(cold),
            figures: vec![finish(rate(cold, question)), finish(distribution(cold))],
            tables: tables
                .into_iter()
                .filter(|(_, _, groups)| !groups.is_empty())
                .map(|(title, head, groups)| {
                    (
                        title,
                        head,
                        groups.iter().map(|group| GroupView::of(group, total)).collect(),
                    )
                })
                .collect(),
        }
    }
}

fn line(cold: &ColdStarts) -> Vec<(String, String, String)> {
    let (starts, known, unknown) = cold.totals;
    let of_known = format!(
        "{} of {}",
        count(starts).text(),
        plural(known, "invocation", "invocations")
    );
    let not_known = format!("not known of {}", plural(unknown, "invocation", "invocations"));
    let note = match (known, unknown) {
        (_, 0) => of_known,
        (0, _) => not_known,
        _ => format!("{of_known}; {not_known}"),
    };
    let us =
        |us: &crate::format::Reading<i64>| Shown::reading(us, |us| duration(*us).quantile(cold.init.precision)).cell();
    vec![
        ("Cold starts".to_owned(), percent(starts, known).cell(), note),
        (
            "Init p50".to_owned(),
            us(&cold.init.p50_us),
            "before the handler runs".to_owned(),
        ),
        (
            "Init p95".to_owned(),
            us(&cold.init.p95_us),
            "one start in twenty takes longer".to_owned(),
        ),
        (
            "Billed for init".to_owned(),
            cold.amount.shown().cell(),
            format!("estimated, list prices{}", caveat(cold)),
        ),
    ]
}

fn caveat(cold: &ColdStarts) -> String {
    match cold.amount.caveat() {
        caveat if caveat.is_empty() => String::new(),
        caveat => format!("; {caveat}"),
    }
}

fn rate(cold: &ColdStarts, question: &Question) -> Figure {
    let mut chart = TimeChart::new("cold-rate", cold.bins, question.state.tz, Unit::Percent, Drawing::Lines);
    chart.series = vec![shares("cold starts", &cold.cold, &cold.known)];
    chart.title = claim("Cold starts", &chart.series[0], cold.bins, Unit::Percent, question);
    chart
        .subtitle
        .push_str("cold starts, % of the invocations of which it is known");
    chart.deployments.clone_from(&cold.deployments);
    chart.links = zooms(cold.bins, &question.state, &[("tab", FunctionTab::ColdStarts.key())]);
    chart.figure()
}

fn distribution(cold: &ColdStarts) -> Figure {
    let (bars, high) = &cold.distribution;
    Histogram {
        id: "cold-init",
        title: match cold.init.p95_us {
            Ok(us) => format!(
                "Nineteen of twenty starts are ready within {}",
                duration(us).quantile(cold.init.precision).text()
            ),
            Err(why) => format!("Init duration: {why}"),
        },
        subtitle: "cold starts by init duration".to_owned(),
        unit: Unit::Microseconds,
        bars: bars.clone(),
        high: *high,
    }
    .figure()
}

impl GroupView {
    fn of(group: &InitGroup, total: i64) -> Self {
        let Quantiles {
            p50_us,
            p95_us,
            precision,
            ..
        } = &group.init;
        let quantile = |us| Shown::reading(us, |us| millis(*us).bare().quantile(*precision)).cell();
        let share_milli = if total > 0 {
            group.cold_count.saturating_mul(1_000) / total
        } else {
            0
        };
        Self {
            name: group.name.clone(),
            note: group.note.clone(),
            cold: count(group.cold_count).cell(),
            share: percent(group.cold_count, total).cell(),
            share_milli: share_milli.clamp(0, 1_000),
            p50: quantile(p50_us),
            p95: quantile(p95_us),
        }
    }
}
