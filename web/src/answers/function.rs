//! All functions, and one of them.

use super::FindingRow;
use crate::chart::{Bins, Deployment, HistogramBar, PartKind};
use crate::format::{Amount, Harm, Precision, Reading, Usd};
use crate::text::percent;

/// What identifies a function. Empty is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionId {
    /// Cloud.
    pub provider: String,
    /// Account, project or subscription.
    pub account: String,
    /// Region.
    pub region: String,
    /// Name.
    pub function: String,
}

impl FunctionId {
    /// Returns the path of its page: four encoded parts, `-` for an unknown one.
    #[must_use]
    pub fn path(&self) -> String {
        let part = |text: &str| match text {
            "" => "-".to_owned(),
            // A name that is a dash, or that a browser would take for a step up, is written in full.
            "-" | "." | ".." => text.replace('-', "%2D").replace('.', "%2E"),
            text => percent(text),
        };
        format!(
            "/functions/{}/{}/{}/{}",
            part(&self.provider),
            part(&self.account),
            part(&self.region),
            part(&self.function)
        )
    }

    /// Reads the encoded parts of a path back.
    #[must_use]
    pub fn of_parts(provider: &str, account: &str, region: &str, function: &str) -> Option<Self> {
        let part = |raw: &str| match raw {
            "-" => Some(String::new()),
            raw => decode(raw),
        };
        Some(Self {
            provider: part(provider)?,
            account: part(account)?,
            region: part(region)?,
            function: part(function)?,
        })
    }
}

fn decode(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(rest.next()?)? * 16 + digit(rest.next()?)?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Quantiles of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles {
    /// Median.
    pub p50_us: Reading<i64>,
    /// 95th percentile.
    pub p95_us: Reading<i64>,
    /// 99th percentile.
    pub p99_us: Reading<i64>,
    /// Exact, or from buckets.
    pub precision: Precision,
}

/// One function in a table.
#[derive(Debug, Clone)]
pub struct FunctionRow {
    /// What identifies it.
    pub id: FunctionId,
    /// Runtime and architecture: "nodejs22.x arm64"; empty is unknown.
    pub runtime: String,
    /// Configured memory.
    pub memory_mib: Reading<i64>,
    /// Invocations in the window; an error says why there are none to count.
    pub invocations: Reading<i64>,
    /// Those that ended in an error, a timeout or out of memory.
    pub errors: i64,
    /// The same in the window before, as invocations and errors.
    pub before: Reading<(i64, i64)>,
    /// Cold starts among the invocations of which that is known.
    pub cold: Reading<(i64, i64)>,
    /// Peak memory used in millionths of the configured.
    pub memory_ppm: Reading<i64>,
    /// Duration.
    pub duration: Quantiles,
    /// Estimated cost of the window.
    pub amount: Amount,
    /// Last deployment, nanoseconds since 1970.
    pub deployed_unix_nano: Option<i64>,
    /// Its version; empty is unknown.
    pub version: String,
    /// Open findings, and whether one is critical or high.
    pub findings: (i64, Harm),
    /// Invocations per interval.
    pub course: Vec<Option<f64>>,
    /// Whether its error rate fires.
    pub harm: Harm,
}

/// Functions of one service.
#[derive(Debug, Clone)]
pub struct FunctionGroup {
    /// The service; empty where none is named.
    pub service: String,
    /// Its functions, in the order asked for.
    pub rows: Vec<FunctionRow>,
}

/// Every function, by service.
#[derive(Debug, Clone)]
pub struct FunctionsAnswer {
    /// What is so, in one sentence.
    pub sentence: String,
    /// A second sentence; may be empty.
    pub lede: String,
    /// By service, worst first.
    pub groups: Vec<FunctionGroup>,
}

/// Which part of a function's page is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FunctionTab {
    /// Charts, findings, configuration, versions.
    #[default]
    Overview,
    /// Cold starts.
    ColdStarts,
    /// Cost.
    Cost,
    /// Findings.
    Findings,
}

impl FunctionTab {
    /// All tabs in order.
    pub const ALL: [Self; 4] = [Self::Overview, Self::ColdStarts, Self::Cost, Self::Findings];

    /// Returns its value in the address.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::ColdStarts => "cold",
            Self::Cost => "cost",
            Self::Findings => "findings",
        }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::ColdStarts => "Cold starts",
            Self::Cost => "Cost",
            Self::Findings => "Findings",
        }
    }
}

/// One function.
#[derive(Debug, Clone)]
pub struct FunctionAnswer {
    /// As in the table.
    pub row: FunctionRow,
    /// Its service; empty where none is named.
    pub service: String,
    /// Its worst finding, shown above the tabs.
    pub notice: Option<FindingRow>,
    /// Its findings.
    pub findings: Vec<FindingRow>,
    /// For the overview.
    pub overview: Option<FunctionOverview>,
    /// For the tab of cold starts.
    pub cold_starts: Option<ColdStarts>,
    /// For the tab of cost.
    pub cost: Option<FunctionCost>,
}

/// A function's settings as rows: name, value, whether a rule fires on it.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The rows.
    pub rows: Vec<(String, Reading<String>, Harm)>,
}

/// The charts of the overview: values per interval.
#[derive(Debug, Clone)]
pub struct FunctionOverview {
    /// The tiles.
    pub tiles: Vec<super::Tile>,
    /// Intervals.
    pub bins: Bins,
    /// Attempts that succeeded.
    pub succeeded: Vec<Option<i64>>,
    /// Attempts that failed.
    pub failed: Vec<Option<i64>>,
    /// Attempts that were throttled.
    pub throttled: Vec<Option<i64>>,
    /// Median duration, microseconds.
    pub p50_us: Vec<Option<i64>>,
    /// 95th percentile.
    pub p95_us: Vec<Option<i64>>,
    /// 99th percentile.
    pub p99_us: Vec<Option<i64>>,
    /// 95th percentile of the lag of first attempts; empty where no trigger tells it.
    pub lag_p95_us: Vec<Option<i64>>,
    /// Highest concurrency; empty where it is not known.
    pub concurrency: Vec<Option<i64>>,
    /// Reserved concurrency.
    pub reserved_count: Option<i64>,
    /// Time limit.
    pub timeout_us: Option<i64>,
    /// Deployments in the window.
    pub deployments: Vec<Deployment>,
    /// Traces to look at: id, when, duration in microseconds, whether it failed.
    pub exemplars: Vec<(String, i64, i64, Harm)>,
    /// Settings.
    pub configuration: Configuration,
    /// The last versions.
    pub versions: Vec<VersionRow>,
}

/// One version beside the others.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Its name.
    pub version: String,
    /// When it was first seen, nanoseconds since 1970.
    pub since_unix_nano: Reading<i64>,
    /// Attempts and errors.
    pub attempts: (i64, i64),
    /// Duration.
    pub duration: Quantiles,
    /// Cold starts among the invocations of which that is known.
    pub cold: Reading<(i64, i64)>,
    /// Estimated cost per thousand invocations.
    pub usd_per_thousand: Reading<Usd>,
    /// The verdict against the one before, in words.
    pub verdict: String,
    /// Whether it is worse.
    pub harm: Harm,
}

/// Cold starts of one kind.
#[derive(Debug, Clone)]
pub struct InitGroup {
    /// Kind: version, init type or cause.
    pub name: String,
    /// What it means; may be empty.
    pub note: String,
    /// How many.
    pub cold_count: i64,
    /// Init or restore duration.
    pub init: Quantiles,
}

/// Cold starts of a function.
#[derive(Debug, Clone)]
pub struct ColdStarts {
    /// Intervals.
    pub bins: Bins,
    /// Invocations of which it is known whether they started cold, per interval.
    pub known: Vec<Option<i64>>,
    /// Cold starts per interval.
    pub cold: Vec<Option<i64>>,
    /// In all: cold, known, not known.
    pub totals: (i64, i64, i64),
    /// Init duration of all.
    pub init: Quantiles,
    /// By init type.
    pub by_type: Vec<InitGroup>,
    /// By version.
    pub by_version: Vec<InitGroup>,
    /// By cause.
    pub by_cause: Vec<InitGroup>,
    /// Distribution of the init duration in microseconds, and its upper end.
    pub distribution: (Vec<HistogramBar>, f64),
    /// What init was billed.
    pub amount: Amount,
    /// Deployments in the window.
    pub deployments: Vec<Deployment>,
}

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostLine {
    /// What.
    pub item: String,
    /// How much, with thousands parted.
    pub quantity: String,
    /// Of what.
    pub unit: String,
    /// Price of one, as the price book writes it.
    pub price: String,
    /// The amount.
    pub usd: Reading<Usd>,
}

/// One part of what the money bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WasteRow {
    /// What.
    pub what: String,
    /// The amount.
    pub usd: Usd,
    /// Why it counts as this.
    pub because: String,
    /// How it is drawn.
    pub kind: PartKind,
}

/// What a function costs.
#[derive(Debug, Clone)]
pub struct FunctionCost {
    /// All of it.
    pub total: Amount,
    /// In the window before.
    pub before: Reading<Usd>,
    /// Per thousand invocations.
    pub per_thousand: Reading<Usd>,
    /// If it went on for 30 days.
    pub per_month: Reading<Usd>,
    /// What it bought; sums to the total.
    pub waste: Vec<WasteRow>,
    /// Line items; sum to the total.
    pub lines: Vec<CostLine>,
    /// Intervals.
    pub bins: Bins,
    /// Amount per interval.
    pub course: Vec<Option<Usd>>,
    /// Price book and date: "aws-lambda of 1 Nov 2026".
    pub price_book: String,
    /// Deployments in the window.
    pub deployments: Vec<Deployment>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_survives_its_address() {
        for name in ["checkout", "a/b", "-", "..", "%2F", "ü ?#&", ""] {
            let id = FunctionId {
                provider: "aws".into(),
                account: String::new(),
                region: "-".into(),
                function: name.into(),
            };
            let path = id.path();
            let parts: Vec<&str> = path.split('/').skip(2).collect();
            assert_eq!(parts.len(), 4, "{path}");
            assert_eq!(FunctionId::of_parts(parts[0], parts[1], parts[2], parts[3]), Some(id));
        }
        assert_eq!(FunctionId::of_parts("%G0", "", "", ""), None);
    }
}
