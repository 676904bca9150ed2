//! The overview: tiles, charts on one time axis, configuration, versions.

use super::with_csv;
use crate::answers::{FunctionOverview, FunctionTab, Question, VersionRow};
use crate::chart::{Bins, Drawing, Exemplar, Figure, Limit, Role, Series, TimeChart, Unit, turn};
use crate::format::{Harm, Missing, Reading, Shown, count, millis, minute, percent};
use crate::pages::parts::{TileStrip, series, shares, since, sums, trace_href, usd_cell, zooms};

#[derive(Debug)]
pub(super) struct OverviewView {
    pub(super) tiles: TileStrip,
    pub(super) figures: Vec<Figure>,
    pub(super) configuration: Vec<(String, Reading<String>, bool)>,
    pub(super) versions: Vec<VersionView>,
}

#[derive(Debug)]
pub(super) struct VersionView {
    pub(super) version: String,
    pub(super) since: String,
    pub(super) attempts: String,
    pub(super) errors: String,
    pub(super) p50: String,
    pub(super) p95: String,
    pub(super) cold: String,
    pub(super) usd: String,
    pub(super) verdict: String,
    pub(super) harm: bool,
}

impl OverviewView {
    pub(super) fn of(overview: &FunctionOverview, path: &str, question: &Question) -> Self {
        let draft = Draft { overview, question };
        let mut charts = vec![draft.attempts(), draft.errors(), draft.durations()];
        charts.extend(draft.concurrency());
        charts.extend(draft.throttles());
        charts.extend(draft.lag());
        let finish = |chart: TimeChart| with_csv(chart.figure(), path, FunctionTab::Overview, question);
        let configuration = overview.configuration.rows.iter();
        Self {
            tiles: TileStrip::of(&overview.tiles, &overview.deployments, overview.bins, &question.state),
            figures: charts.into_iter().map(finish).collect(),
            configuration: configuration
                .map(|(name, value, harm)| (name.clone(), value.clone(), harm.fires()))
                .collect(),
            versions: overview
                .versions
                .iter()
                .map(|row| VersionView::of(row, question))
                .collect(),
        }
    }
}

/// Charts in the making, all over the same intervals.
struct Draft<'a> {
    overview: &'a FunctionOverview,
    question: &'a Question,
}

impl Draft<'_> {
    fn chart(&self, id: &'static str, unit: Unit, drawing: Drawing, series: Vec<Series>) -> TimeChart {
        let bins = self.overview.bins;
        let mut chart = TimeChart::new(id, bins, self.question.state.tz, unit, drawing);
        chart.deployments.clone_from(&self.overview.deployments);
        chart.links = zooms(bins, &self.question.state, &[]);
        chart.series = series;
        chart
    }

    /// Says above a chart what one of its series shows, and what is measured.
    fn say(&self, chart: &mut TimeChart, what: &str, series: usize, measured: &str) {
        let series = &chart.series[series];
        chart.title = claim(what, series, self.overview.bins, chart.unit, self.question);
        measured.clone_into(&mut chart.subtitle);
    }

    fn attempts(&self) -> TimeChart {
        let mut failed = series("failed", &self.overview.failed);
        failed.role = Role::Failed;
        let mut chart = self.chart(
            "attempts",
            Unit::Count,
            Drawing::Columns,
            vec![series("succeeded", &self.overview.succeeded), failed],
        );
        self.say(&mut chart, "Failures", 1, "attempts per interval, by outcome");
        chart
    }

    fn errors(&self) -> TimeChart {
        let attempts = sums(&[&self.overview.succeeded, &self.overview.failed]);
        let mut failed = shares("failed", &self.overview.failed, &attempts);
        failed.role = Role::Failed;
        let mut chart = self.chart("errors", Unit::Percent, Drawing::Lines, vec![failed]);
        self.say(&mut chart, "Error rate", 0, "failed attempts, % of attempts");
        chart
    }

    fn durations(&self) -> TimeChart {
        let overview = self.overview;
        let series = vec![
            series("p50", &overview.p50_us),
            series("p95", &overview.p95_us),
            series("p99", &overview.p99_us),
        ];
        let mut chart = self.chart("duration", Unit::Microseconds, Drawing::Lines, series);
        self.say(
            &mut chart,
            "p95 duration",
            1,
            "duration p50, p95, p99; diamonds are traces",
        );
        chart.limits = overview
            .timeout_us
            .into_iter()
            .map(|us| limit("timeout", us, Unit::Microseconds))
            .collect();
        chart.exemplars = overview
            .exemplars
            .iter()
            .map(|(id, at, us, harm)| self.exemplar(id, *at, *us, *harm))
            .collect();
        chart
    }

    #[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
    fn exemplar(&self, trace_id: &str, at_unix_nano: i64, us: i64, harm: Harm) -> Exemplar {
        let fate = if harm.fires() { ", failed" } else { "" };
        Exemplar {
            at_unix_nano,
            value: us as f64,
            title: format!("trace {trace_id}: {}{fate}", Unit::Microseconds.write(us as f64)),
            href: trace_href(&self.question.state, trace_id),
        }
    }

    fn concurrency(&self) -> Option<TimeChart> {
        let overview = self.overview;
        overview.concurrency.iter().any(Option::is_some).then_some(())?;
        let mut chart = self.chart(
            "concurrency",
            Unit::Count,
            Drawing::Area,
            vec![series("concurrent", &overview.concurrency)],
        );
        self.say(&mut chart, "Concurrency", 0, "concurrent executions, maximum");
        chart.limits = overview
            .reserved_count
            .into_iter()
            .map(|n| limit("reserved concurrency", n, Unit::Count))
            .collect();
        Some(chart)
    }

    fn throttles(&self) -> Option<TimeChart> {
        let overview = self.overview;
        overview.throttled.iter().flatten().any(|n| *n > 0).then_some(())?;
        let mut throttled = series("throttled", &overview.throttled);
        throttled.role = Role::Throttled;
        let mut chart = self.chart("throttles", Unit::Count, Drawing::Columns, vec![throttled]);
        self.say(&mut chart, "Throttling", 0, "throttled attempts per interval");
        Some(chart)
    }

    fn lag(&self) -> Option<TimeChart> {
        let overview = self.overview;
        overview.lag_p95_us.iter().any(Option::is_some).then_some(())?;
        let mut chart = self.chart(
            "lag",
            Unit::Microseconds,
            Drawing::Lines,
            vec![series("lag p95", &overview.lag_p95_us)],
        );
        self.say(
            &mut chart,
            "Lag of first attempts",
            0,
            "from the event to its first attempt, p95",
        );
        Some(chart)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
fn limit(name: &str, value: i64, unit: Unit) -> Limit {
    Limit {
        name: format!("{name} {}", unit.write(value as f64)),
        value: value as f64,
    }
}

/// Makes a chart's title out of what is seen: "Error rate: about 98 % since 14:20, 0.2 % before".
pub(super) fn claim(what: &str, series: &Series, bins: Bins, unit: Unit, question: &Question) -> String {
    let known: Vec<f64> = series
        .values
        .iter()
        .flatten()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    if known.is_empty() {
        return format!("{what}: no data");
    }
    if known.iter().all(|value| *value == 0.0) {
        return format!("{what}: none");
    }
    let sum: f64 = known.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "intervals are few")]
    let average = sum / known.len() as f64;
    if unit == Unit::Count && average < 1.0 {
        return format!("{what}: {} in this window", unit.write(sum));
    }
    match turn(&series.values) {
        Some(turn) => format!(
            "{what}: about {} since {}, {} before",
            unit.write(turn.after),
            minute(bins.start(turn.bin), question.state.tz),
            unit.write(turn.before)
        ),
        None => format!("{what}: level at about {}", unit.write(average)),
    }
}

impl VersionView {
    fn of(row: &VersionRow, question: &Question) -> Self {
        let quantile = |us: &Reading<i64>| {
            Shown::reading(us, |us| {
                millis(*us).bare().quantile(row.duration.precision).harmful(row.harm)
            })
            .cell()
        };
        let (attempts, errors) = row.attempts;
        Self {
            version: if row.version.is_empty() {
                "unknown".to_owned()
            } else {
                row.version.clone()
            },
            since: row
                .since_unix_nano
                .map_or_else(|why: Missing| why.to_string(), |at| since(at, question)),
            attempts: count(attempts).cell(),
            errors: percent(errors, attempts).bare().harmful(row.harm).cell(),
            p50: quantile(&row.duration.p50_us),
            p95: quantile(&row.duration.p95_us),
            cold: Shown::reading(&row.cold, |(cold, known)| percent(*cold, *known).bare()).cell(),
            usd: usd_cell(&row.usd_per_thousand),
            verdict: row.verdict.clone(),
            harm: row.harm.fires(),
        }
    }
}
