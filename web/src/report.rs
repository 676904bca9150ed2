//! A report as one page that needs nothing else: no server, no script, no request.
//!
//! The page carries the style sheets of all pages, and a policy by which a browser applies them and nothing else.

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pennyspan_analyzer::judge::Finding;
use pennyspan_analyzer::report::sheet::subject;
use pennyspan_analyzer::report::{FunctionRow, Report, Sheet};
use pennyspan_rules::Decimal;
use pennyspan_rules::rule::Severity;
use sha2::{Digest, Sha256};

use crate::assets::Assets;
use crate::chart::{Part, PartKind, Split};
use crate::markdown;
use crate::text::cut;

/// The most findings that the page lists; the rest are counted.
pub const MOST_FINDINGS: usize = 1_000;
/// The most functions in a chart, and in the table of functions.
const MOST_BARS: usize = 20;
const MOST_FUNCTIONS: usize = 1_000;
/// The longest name and the longest sentence.
const NAME_WIDTH: usize = 120;
const TEXT_WIDTH: usize = 600;
/// The units across a bar.
const ACROSS: f64 = 1_000.0;
/// What this page adds to the style sheets of all pages.
const OWN_STYLE: &str = include_str!("../assets/report.css");

/// A chart of one number over the functions, the largest first, with the numbers beside the bars.
struct Bars {
    title: &'static str,
    unit: &'static str,
    rows: Vec<BarRow>,
    more: usize,
}

struct BarRow {
    name: String,
    width: i64,
    shown: String,
}

struct FindingRow {
    severity: &'static str,
    rule: String,
    subject: String,
    message: String,
    aside: String,
    place: String,
}

struct RuleRow {
    name: String,
    title: String,
    count: usize,
    what: String,
    steps: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "pages/report.html")]
struct Page<'a> {
    report: &'a Report,
    style: String,
    policy: String,
    failed: i64,
    severities: Split,
    charts: Vec<Bars>,
    findings: Vec<FindingRow>,
    placed: bool,
    more_findings: usize,
    functions: Vec<&'a FunctionRow>,
    more_functions: usize,
    rules: Vec<RuleRow>,
}

/// Prints the report as a page.
///
/// # Errors
/// The template's, where a value cannot be written.
pub fn render(sheet: &Sheet) -> Result<String, askama::Error> {
    let report = &*sheet.report;
    let style = style();
    let totals = &report.totals;
    let mut functions: Vec<&FunctionRow> = report.functions.iter().collect();
    functions.sort_by_key(|row| std::cmp::Reverse(row.cost_usd.parse::<Decimal>().ok()));
    let page = Page {
        report,
        policy: policy(&style),
        style,
        failed: totals.errors + totals.timeouts + totals.out_of_memory,
        severities: severities(&report.findings),
        charts: charts(&functions),
        findings: sheet
            .findings()
            .take(MOST_FINDINGS)
            .map(|(finding, _)| row(finding))
            .collect(),
        placed: report.findings.iter().any(|finding| finding.place.is_some()),
        more_findings: report.findings.len().saturating_sub(MOST_FINDINGS),
        more_functions: functions.len().saturating_sub(MOST_FUNCTIONS),
        functions: functions.into_iter().take(MOST_FUNCTIONS).collect(),
        rules: rules(sheet),
    };
    page.render()
}

impl Page<'_> {
    fn name(row: &FunctionRow) -> String {
        name(row)
    }

    #[expect(clippy::ref_option, reason = "templates hand out references")]
    fn ms(value: &Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1}"))
    }
}

fn style() -> String {
    let assets = Assets::get();
    let sheets = [assets.tokens.content, assets.style.content].map(String::from_utf8_lossy);
    format!("{}{}{OWN_STYLE}", sheets[0], sheets[1])
}

/// Returns the policy under which a browser takes this style sheet from the page, and nothing from anywhere.
fn policy(style: &str) -> String {
    let digest = STANDARD.encode(Sha256::digest(style));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

fn severities(findings: &[Finding]) -> Split {
    let part = |level: Severity, kind: PartKind| {
        let count = findings.iter().filter(|finding| finding.severity == level).count();
        Part {
            name: level.as_str().to_owned(),
            value: i128::try_from(count).unwrap_or(i128::MAX),
            shown: count.to_string(),
            kind,
        }
    };
    Split {
        sentence: format!("{} findings by severity", findings.len()),
        parts: vec![
            part(Severity::Critical, PartKind::Harm),
            part(Severity::High, PartKind::Series(1)),
            part(Severity::Medium, PartKind::Series(0)),
            part(Severity::Low, PartKind::Series(2)),
            part(Severity::Info, PartKind::Series(5)),
        ],
    }
}

fn charts(functions: &[&FunctionRow]) -> Vec<Bars> {
    let number = |text: &str| text.parse::<f64>().ok();
    let about = |row: &FunctionRow| if row.duration_ms.approximate { "~" } else { "" };
    vec![
        bars("Estimated cost by function", "USD at list prices", functions, |row| {
            Some((number(&row.cost_usd)?, row.cost_usd.clone()))
        }),
        bars(
            "Cold starts by function",
            "cold starts, and their share",
            functions,
            |row| {
                let share = row
                    .cold_start_rate
                    .map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
                #[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
                let length = row.cold_starts as f64;
                Some((length, format!("{} ({share})", row.cold_starts)))
            },
        ),
        bars("Duration by function", "ms at the 95th percentile", functions, |row| {
            let ms = row.duration_ms.p95?;
            Some((ms, format!("{}{ms:.1}", about(row))))
        }),
    ]
}

fn bars(
    title: &'static str,
    unit: &'static str,
    functions: &[&FunctionRow],
    measure: impl Fn(&FunctionRow) -> Option<(f64, String)>,
) -> Bars {
    let measured = functions.iter().filter_map(|row| Some((*row, measure(row)?)));
    let mut rows: Vec<(&FunctionRow, (f64, String))> = measured.filter(|(_, (length, _))| *length > 0.0).collect();
    rows.sort_by(|(_, (a, _)), (_, (b, _))| b.total_cmp(a));
    let longest = rows.first().map_or(1.0, |(_, (length, _))| *length);
    #[expect(clippy::cast_possible_truncation, reason = "from nothing to all units across")]
    let width = |length: f64| (length / longest * ACROSS).round().clamp(1.0, ACROSS) as i64;
    Bars {
        title,
        unit,
        more: rows.len().saturating_sub(MOST_BARS),
        rows: rows
            .into_iter()
            .take(MOST_BARS)
            .map(|(row, (length, shown))| BarRow {
                name: name(row),
                width: width(length),
                shown,
            })
            .collect(),
    }
}

fn name(row: &FunctionRow) -> String {
    cut(row.function.as_deref().unwrap_or("(unknown)"), NAME_WIDTH)
}

fn row(finding: &Finding) -> FindingRow {
    let aside = match (&finding.suppressed, finding.baseline.as_deref()) {
        (Some(why), _) => format!("suppressed: {}", cut(why, TEXT_WIDTH)),
        (None, Some(standing)) => standing.to_owned(),
        (None, None) => String::new(),
    };
    let place = finding.place.as_ref();
    FindingRow {
        severity: finding.severity.as_str(),
        rule: finding.rule.clone(),
        subject: cut(&subject(finding), NAME_WIDTH),
        message: cut(&finding.message, TEXT_WIDTH),
        aside,
        place: place.map_or_else(String::new, |place| format!("{}:{}", place.path, place.line)),
    }
}

/// Returns the runbooks of the rules that found something, by name.
fn rules(sheet: &Sheet) -> Vec<RuleRow> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &sheet.report.findings {
        *counts.entry(&finding.rule).or_default() += 1;
    }
    let found = counts.into_iter();
    let row = |(name, count): (&str, usize)| {
        let rule = sheet.catalogue.get(name)?;
        let step = |step: &pennyspan_rules::rule::Step| (step.name.clone(), markdown::render(&step.text));
        Some(RuleRow {
            name: name.to_owned(),
            title: rule.title.clone(),
            count,
            what: markdown::render(&rule.what_it_finds),
            steps: rule.runbook.steps().map(step).into(),
        })
    };
    found.filter_map(row).collect()
}
