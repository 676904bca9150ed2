//! Parts that more than one page shows.

use askama::Template;

use crate::answers::{FindingRow, FunctionRow, Question, Tile};
use crate::chart::{Bins, Deployment, Series, Spark};
use crate::format::{
    Direction, Missing, Shown, change, clock, date, day, duration, instant, mebibytes, millis, per_minute, percent,
    plural, ratio_ppm, usd_fine,
};
use crate::state::State;
use crate::text::cut;

/// Findings as rows: badge, sentence, scope, first step, impact.
#[derive(Debug, Template)]
#[template(path = "parts/findings.html")]
pub(crate) struct FindingList {
    pub(crate) rows: Vec<FindingView>,
}

/// One finding, ready to be shown.
#[derive(Debug)]
pub(crate) struct FindingView {
    pub(crate) row: FindingRow,
    pub(crate) href: String,
    pub(crate) rule_href: String,
    pub(crate) since: String,
}

impl FindingList {
    pub(crate) fn of(findings: &[FindingRow], question: &Question) -> Self {
        Self {
            rows: findings.iter().map(|row| FindingView::of(row, question)).collect(),
        }
    }
}

impl FindingView {
    pub(crate) fn of(row: &FindingRow, question: &Question) -> Self {
        Self {
            href: finding_href(&question.state, &row.fingerprint),
            rule_href: question
                .state
                .href(&format!("/rules/{}", crate::text::percent(&row.rule))),
            since: since(row.since_unix_nano, question),
            row: short(row),
        }
    }
}

/// Cuts what came from telemetry to what a list can show.
fn short(row: &FindingRow) -> FindingRow {
    FindingRow {
        sentence: cut(&row.sentence, SENTENCE),
        scope: cut(&row.scope, 120),
        step: cut(&row.step, SENTENCE),
        ..row.clone()
    }
}

/// The most characters of a sentence with names from telemetry in it.
pub(crate) const SENTENCE: usize = 320;

/// Returns the address of a finding.
pub(crate) fn finding_href(state: &State, fingerprint: &str) -> String {
    state.href(&format!("/findings/{}", crate::text::percent(fingerprint)))
}

/// Returns the address of a trace.
pub(crate) fn trace_href(state: &State, trace_id: &str) -> String {
    state.href(&format!("/traces/{}", crate::text::percent(trace_id)))
}

/// Writes a moment: the time if it is today, else the day as well.
pub(crate) fn since(unix_nano: i64, question: &Question) -> String {
    let tz = question.state.tz;
    let (then, now) = (
        instant(unix_nano, tz).date_naive(),
        instant(question.now_unix_nano, tz).date_naive(),
    );
    if then == now {
        clock(unix_nano, tz)
    } else if (now - then).num_days().abs() < 300 {
        format!("{} {}", day(unix_nano, tz), crate::format::minute(unix_nano, tz))
    } else {
        date(unix_nano, tz)
    }
}

/// Numbers with their courses, in one strip.
#[derive(Debug, Template)]
#[template(path = "parts/tiles.html")]
pub(crate) struct TileStrip {
    pub(crate) columns: usize,
    pub(crate) tiles: Vec<TileView>,
}

/// One tile, ready to be shown.
#[derive(Debug)]
pub(crate) struct TileView {
    label: String,
    href: String,
    value: Shown,
    arrow: &'static str,
    change: String,
    was: String,
    harm: bool,
    spark: String,
}

impl TileStrip {
    pub(crate) fn of(tiles: &[Tile], deployments: &[Deployment], bins: Bins, state: &State) -> Self {
        let columns = if tiles.len() > 6 { 8 } else { 6 };
        Self {
            columns,
            tiles: tiles
                .iter()
                .map(|tile| TileView::of(tile, deployments, bins, state))
                .collect(),
        }
    }
}

impl TileView {
    fn of(tile: &Tile, deployments: &[Deployment], bins: Bins, state: &State) -> Self {
        let moved = tile.change.map(|(was, now)| change(was, now));
        let arrow = match moved.as_ref().map(|change| change.direction) {
            Some(Direction::Up) => "i-up",
            Some(Direction::Down) => "i-down",
            _ => "",
        };
        let was = if tile.note.is_empty() {
            format!("was {}", tile.was.text())
        } else {
            tile.note.clone()
        };
        let spark = Spark {
            title: format!("{}, {} now", tile.label, tile.value.text()),
            values: tile.values.clone(),
            compare: tile.compare.clone(),
            deployment_milli: deployment_milli(deployments, bins),
            harm: tile.harm,
        };
        Self {
            label: tile.label.clone(),
            href: state.href(&tile.path),
            value: tile.value.clone(),
            arrow,
            change: moved.map(|change| change.words).unwrap_or_default(),
            was,
            harm: tile.harm.fires() && !tile.value.is_missing(),
            spark: spark.tall(),
        }
    }
}

/// Returns where the last deployment in a window lies, in thousandths of its length.
pub(crate) fn deployment_milli(deployments: &[Deployment], bins: Bins) -> Option<i32> {
    let length = bins.end().saturating_sub(bins.start_unix_nano);
    let within = deployments
        .iter()
        .map(|d| d.at_unix_nano.saturating_sub(bins.start_unix_nano));
    let at = within.filter(|at| (0..length).contains(at)).max()?;
    i32::try_from(i128::from(at) * 1_000 / i128::from(length)).ok()
}

/// One function as cells of a table.
#[derive(Debug)]
pub(crate) struct FunctionView {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) errors: String,
    pub(crate) before: String,
    pub(crate) per_minute: String,
    pub(crate) spark: String,
    pub(crate) p50: String,
    pub(crate) p95: String,
    pub(crate) p95_unit: String,
    pub(crate) p99: String,
    pub(crate) cold: String,
    pub(crate) memory: String,
    pub(crate) usd: String,
    pub(crate) caveat: String,
    pub(crate) deployed: String,
    pub(crate) version: String,
    pub(crate) findings: String,
    pub(crate) findings_harm: bool,
    pub(crate) provider: String,
    pub(crate) region: String,
    pub(crate) runtime: String,
    pub(crate) mib: String,
}

impl FunctionView {
    pub(crate) fn of(row: &FunctionRow, question: &Question) -> Self {
        let window = question.window.length();
        let quantile =
            |reading| Shown::reading(reading, |us| millis(*us).bare().quantile(row.duration.precision)).cell();
        let per_minute = Shown::reading(&row.invocations, |n| per_minute(*n, window));
        Self {
            name: if row.id.function.is_empty() {
                "unknown".to_owned()
            } else {
                row.id.function.clone()
            },
            href: question.state.href(&row.id.path()),
            errors: Shown::reading(&row.invocations, |n| percent(row.errors, *n).bare().harmful(row.harm)).cell(),
            before: Shown::reading(&row.before, |(n, errors)| percent(*errors, *n).bare()).cell(),
            per_minute: per_minute.cell(),
            spark: Spark {
                title: format!("Invocations of {}", row.id.function),
                values: row.course.clone(),
                compare: Vec::new(),
                deployment_milli: None,
                harm: row.harm,
            }
            .small(),
            p50: quantile(&row.duration.p50_us),
            p95: quantile(&row.duration.p95_us),
            p95_unit: Shown::reading(&row.duration.p95_us, |us| {
                duration(*us).quantile(row.duration.precision)
            })
            .cell(),
            p99: quantile(&row.duration.p99_us),
            cold: Shown::reading(&row.cold, |(cold, known)| percent(*cold, *known).bare()).cell(),
            memory: Shown::reading(&row.memory_ppm, |ppm| ratio_ppm(*ppm).bare()).cell(),
            usd: row.amount.shown().bare().cell(),
            caveat: if row.amount.priced > 0 {
                row.amount.caveat()
            } else {
                String::new()
            },
            deployed: row.deployed_unix_nano.map(|at| since(at, question)).unwrap_or_default(),
            version: row.version.clone(),
            findings: if row.findings.0 > 0 {
                plural(row.findings.0, "finding", "findings")
            } else {
                String::new()
            },
            findings_harm: row.findings.1.fires(),
            provider: provider_name(&row.id.provider).to_owned(),
            region: row.id.region.clone(),
            runtime: row.runtime.clone(),
            mib: Shown::reading(&row.memory_mib, |mib| mebibytes(*mib).bare()).cell(),
        }
    }
}

/// Returns how people call a provider.
pub(crate) fn provider_name(provider: &str) -> &str {
    match provider {
        "aws" => "AWS",
        "gcp" => "Google",
        "azure" => "Azure",
        "cloudflare" => "Cloudflare",
        "" => "unknown",
        other => other,
    }
}

/// Makes a series out of counts.
#[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
pub(crate) fn series(name: &str, values: &[Option<i64>]) -> Series {
    Series::plain(
        name,
        values.iter().map(|value| value.map(|value| value as f64)).collect(),
    )
}

/// Makes a series of percentages out of parts and wholes, with no data where there is no whole.
#[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
pub(crate) fn shares(name: &str, parts: &[Option<i64>], wholes: &[Option<i64>]) -> Series {
    let share = |(part, whole): (&Option<i64>, &Option<i64>)| match (part, whole) {
        (Some(part), Some(whole)) if *whole > 0 => Some(*part as f64 * 100.0 / *whole as f64),
        _ => None,
    };
    Series::plain(name, parts.iter().zip(wholes).map(share).collect())
}

/// Adds counts per interval; an interval without any is no data.
pub(crate) fn sums(columns: &[&[Option<i64>]]) -> Vec<Option<i64>> {
    let length = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    let sum = |bin: usize| {
        let mut known = columns
            .iter()
            .filter_map(|column| column.get(bin).copied().flatten())
            .peekable();
        known.peek()?;
        Some(known.fold(0_i64, i64::saturating_add))
    };
    (0..length).map(sum).collect()
}

/// Returns the addresses behind the intervals of a chart: the same page, zoomed to the interval and its neighbours.
///
/// They are queries without a path, because a page has hundreds of them.
pub(crate) fn zooms(bins: Bins, state: &State, more: &[(&str, &str)]) -> Vec<String> {
    let window = |bin: usize| crate::state::Window {
        start: bins.start(bin.saturating_sub(1)),
        end: bins.start(bin + 2),
    };
    (0..bins.count)
        .map(|bin| state.over(window(bin)).query_with(more))
        .collect()
}

/// Shows dollars that may be missing, without the unit.
pub(crate) fn usd_cell(reading: &Result<crate::format::Usd, Missing>) -> String {
    Shown::reading(reading, |amount| usd_fine(*amount).bare()).cell()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_know_silence_from_zero() {
        let sums = sums(&[&[Some(1), None, Some(0)], &[Some(2), None, None]]);
        assert_eq!(sums, [Some(3), None, Some(0)]);
    }

    #[test]
    fn shares_of_nothing_are_no_data() {
        let series = shares("cold", &[Some(1), Some(0), None], &[Some(4), Some(0), Some(3)]);
        assert_eq!(series.values, [Some(25.0), None, None]);
    }
}
