//! `pennyspan report`: the report, and the gate of CI.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use pennyspan_analyzer::judge::{self, Judging};
use pennyspan_analyzer::report::gate::{Against, OnNoData};
use pennyspan_analyzer::report::{Asked, GatePolicy, Redaction, Report, Sheet};
use pennyspan_analyzer::session::Settings;
use pennyspan_analyzer::{Question, Selection, Session, Span};
use pennyspan_rules::Catalogue;
use pennyspan_rules::price::Allowances;
use pennyspan_rules::rule::Severity;

use self::known::{Known, Writing};
use self::limits::Limits;
use self::output::{outputs, write_all};
use self::trust::Demands;
use super::prices;
use crate::cli::SelectionArgs;
use crate::cli::report::ReportArgs;
use crate::config::{Config, InForce};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::places::Places;
use crate::source;
use crate::stages::Stages;
use crate::when;

pub mod formats;
mod known;
mod limits;
mod output;
mod trust;

/// Memory for sorts, joins and aggregates of a report, in bytes.
const MEMORY_BYTES: usize = 1 << 30;

/// Reads the telemetry, asks, writes every output, and returns the gate's verdict.
///
/// # Errors
/// Wrong flags, no telemetry, or an output that cannot be written.
pub fn run(args: &ReportArgs, in_force: &InForce, quiet: bool) -> anyhow::Result<Exit> {
    let mut stages = Stages::begin();
    let config = &in_force.config;
    let outputs = outputs(args)?;
    let redaction = redaction(config)?;
    let span = when::span(args.window.since.as_deref(), args.window.until.as_deref())?;
    let known = Known::read(args, config)?;
    let limits = Limits::read(in_force)?;
    let selection = selection(&args.selection);
    let demands = Demands::read(&config.report, args.from.is_empty(), known.as_ref(), &selection)?;
    let gate = gate(known.as_ref(), in_force, demands)?;
    let threads = threads(config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.get())
        .enable_all()
        .build()?;
    let judging = Judging {
        rules: args.selection.rule.clone(),
        identities: in_force.identities().to_vec(),
        profile: Some(config.report.profile.clone()),
        ..Judging::default()
    };
    let books = Arc::new(prices::books(config)?);
    let catalogue = Catalogue::embedded()?;
    let settings = settings(config, threads);
    let (snapshot, input, session, completeness) = loop {
        let (snapshot, input) = source::snapshot(&runtime, &args.from, &args.door, config, quiet)?;
        stages.end("open");
        let session = runtime.block_on(Session::open(&snapshot, Arc::clone(&books), span, settings.clone()))?;
        stages.end("neighbours");
        let completeness = runtime.block_on(demands.completeness(&session))?;
        if !runtime.block_on(demands.wait(completeness.as_ref())) {
            break (snapshot, input, session, completeness);
        }
    };
    let (mut report, asked) = runtime.block_on(async {
        let question = Question {
            window: session.window(),
            selection: selection.clone(),
        };
        let mut done = |what: &str| stages.end(&format!("judge: {what}"));
        let mut judgement = judge::judge_observed(&session, &question, &catalogue, &judging, &mut done).await?;
        if let Some(known) = &known {
            known.mark(&mut judgement.findings, &catalogue, &books);
        }
        if !judgement.findings.is_empty() {
            Places::read(Path::new("."), in_force.sources()).mark(&mut judgement.findings);
        }
        let before = match limits.window(session.window()).map(Span::Window) {
            Some(before) => {
                let before = Session::open(&snapshot, Arc::clone(&books), before, settings).await?;
                limits.measured(&before, &selection).await?
            }
            None => limits.earlier(),
        };
        stages.end("compare");
        let asked = Asked {
            selection: selection.clone(),
            rules: args.selection.rule.clone(),
            input,
            payers: config.payers.clone(),
            allowances: allowances(config),
            suppressions: in_force.suppressions().to_vec(),
            trust: trust::of(&session, in_force, known.as_ref(), completeness).await?,
            gate,
            numbers: limits.numbers(in_force, before),
        };
        let report = Report::assemble(&session, &snapshot, &asked, judgement).await?;
        stages.end("assemble");
        if let Some(known) = known.as_ref().filter(|known| known.is_written) {
            let near = known.near(&session, &question, &catalogue, &judging).await?;
            let writing = Writing {
                report: &report,
                exercised: &asked.trust.exercised_now,
                catalogue: &catalogue,
                books: &books,
                near: &near,
            };
            known.write(&writing, &judging, &selection)?;
        }
        anyhow::Ok((report, asked))
    })?;
    if args.new_only {
        report
            .findings
            .retain(|finding| finding.baseline.as_deref() != Some("known"));
    }
    let written = write_all(&outputs, &Sheet::new(&report, &catalogue, &asked), redaction);
    stages.end("write");
    if let Some(path) = &args.timings {
        stages.write(path)?;
    }
    written?;
    Ok(match report.gate.exit_code {
        0 => Exit::Passed,
        1 => Exit::GateFailed,
        _ => Exit::NoData,
    })
}

fn gate(known: Option<&Known>, in_force: &InForce, demands: Demands) -> Result<GatePolicy, Failure> {
    let config = &in_force.config.report;
    let asked_for = in_force.was_set("report.fail_on");
    let level = match config.fail_on.as_str() {
        "never" => None,
        level => Some(
            level
                .parse::<Severity>()
                .map_err(|error| Failure::usage(error.to_string()))?,
        ),
    };
    let on_no_data = match config.on_no_data.as_str() {
        "warn" => OnNoData::Warn,
        "pass" => OnNoData::Pass,
        _ => OnNoData::Fail,
    };
    let (fail_on, against) = match known {
        // What is written into the baseline is accepted by that, unless a level was asked for.
        Some(known) if known.is_written && !asked_for => (None, Against::Baseline),
        Some(known) if known.is_written => (level, Against::Everything),
        Some(_) => (level, Against::Baseline),
        None if asked_for => (level, Against::Everything),
        None => (level, Against::Nothing),
    };
    Ok(GatePolicy {
        fail_on,
        against,
        max_monthly: limits::max_monthly(in_force)?,
        on_no_data,
        require_complete: demands.require_complete,
        on_partial: demands.on_partial,
        min_coverage: demands.min_coverage,
    })
}

fn redaction(config: &Config) -> Result<Redaction, Failure> {
    let parsed = config.report.redact.parse();
    parsed.map_err(|error| Failure::usage("`report.redact` (--redact) cannot be used".to_owned()).because(error))
}

fn settings(config: &Config, partitions: NonZeroUsize) -> Settings {
    Settings {
        partitions,
        memory_bytes: MEMORY_BYTES,
        spill: config.query.spill(),
        skew_limit_us: config.analysis.skew_limit_us(),
    }
}

fn allowances(config: &Config) -> Allowances {
    if config.prices.allowances == "applied" {
        Allowances::Applied
    } else {
        Allowances::Ignored
    }
}

fn selection(args: &SelectionArgs) -> Selection {
    Selection {
        functions: args.function.clone(),
        services: args.service.clone(),
        environments: args.env.clone(),
        tenants: args.tenant.clone(),
        within: None,
    }
}

fn threads(config: &Config) -> NonZeroUsize {
    let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(config.report.threads).unwrap_or_else(all)
}
