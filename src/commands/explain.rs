//! `pennyspan explain`: one invocation, from its facts to its price and the findings that it took part in.

use std::num::NonZeroUsize;
use std::sync::Arc;

use pennyspan_analyzer::judge::{self, Judging};
use pennyspan_analyzer::report::suppress;
use pennyspan_analyzer::session::Settings;
use pennyspan_analyzer::{Question, Selection, Session, explain};
use pennyspan_rules::Catalogue;

use super::{answer, prices};
use crate::cli::ExplainArgs;
use crate::config::InForce;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{source, when};

/// Reads the telemetry, judges it, and explains the invocation.
///
/// # Errors
/// An id that no invocation has, no telemetry, or tables that cannot be read.
pub fn run(args: &ExplainArgs, in_force: &InForce, quiet: bool) -> anyhow::Result<Exit> {
    let config = &in_force.config;
    let span = when::span(args.window.since.as_deref(), args.window.until.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (snapshot, input) = source::snapshot(&runtime, &args.from, &args.door, config, quiet)?;
    let text = runtime.block_on(async {
        let settings = Settings {
            partitions: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            memory_bytes: config.query.memory_limit_mib << 20,
            spill: config.query.spill(),
            skew_limit_us: config.analysis.skew_limit_us(),
        };
        let session = Session::open(&snapshot, Arc::new(prices::books(config)?), span, settings).await?;
        let question = Question {
            window: session.window(),
            selection: Selection::default(),
        };
        let mut judgement = judge::judge(&session, &question, &Catalogue::embedded()?, &Judging::default()).await?;
        suppress::apply(
            &mut judgement.findings,
            in_force.suppressions(),
            question.window,
            |_| true,
        );
        let id = args.invocation_id.trim();
        let Some(explanation) = explain::explain(&session, &judgement.findings, id).await? else {
            let nearest = explain::nearest(&session, id).await?;
            return Err(anyhow::Error::from(unknown(id, &nearest)));
        };
        match config.explain.format.as_str() {
            "json" => anyhow::Ok(serde_json::to_string_pretty(&explanation)? + "\n"),
            _ => Ok(explain::render(&explanation)?),
        }
    })?;
    answer(&text)?;
    Ok(if input.partial { Exit::NoData } else { Exit::Passed })
}

fn unknown(id: &str, nearest: &[String]) -> Failure {
    let hint = if nearest.is_empty() {
        "`pennyspan query 'SELECT invocation_id, function FROM invocations LIMIT 10'` lists some".to_owned()
    } else {
        format!("the nearest: {}", nearest.join(", "))
    };
    Failure::no_data(format!("no invocation of this input has the id {id}; {hint}"))
}
