//! `pennyspan query`: one read-only statement over the views.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum as _;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches_with_schema;
use datafusion::arrow::{csv, json};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::scalar::ScalarValue;
use pennyspan_analyzer::judge::{self, Judging};
use pennyspan_analyzer::report::escape::terminal;
use pennyspan_analyzer::session::Settings;
use pennyspan_analyzer::{Answer, Limits, Question, Selection, Session};
use pennyspan_rules::Catalogue;
use tracing::warn;

use super::{answer_bytes, prices};
use crate::cli::{QueryArgs, RowFormat};
use crate::config::{Config, InForce};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{source, when};

/// The most bytes of rows that one answer may have.
const ANSWER_BYTES: usize = 256 << 20;

/// Answers the statement.
///
/// # Errors
/// A statement that is not allowed or does not plan, no telemetry, or a limit that was reached.
pub fn run(args: &QueryArgs, in_force: &InForce, quiet: bool) -> anyhow::Result<Exit> {
    let config = &in_force.config;
    let span = when::span(args.window.since.as_deref(), args.window.until.as_deref())?;
    let params = params(&args.params)?;
    let format = format(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (snapshot, _) = source::snapshot(&runtime, &args.from, &args.door, config, quiet)?;
    let limits = Limits {
        time: Duration::from_millis(config.query.time_limit_ms),
        rows: config.query.row_limit,
        bytes: ANSWER_BYTES,
    };
    let rows: Answer = runtime.block_on(async {
        let books = Arc::new(prices::books(config)?);
        let partitions = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let settings = Settings {
            partitions,
            memory_bytes: config.query.memory_limit_mib << 20,
            spill: config.query.spill(),
            skew_limit_us: config.analysis.skew_limit_us(),
        };
        let session = Session::open(&snapshot, books, span, settings).await?;
        if reads_measures(&args.sql) {
            let question = Question {
                window: session.window(),
                selection: Selection::default(),
            };
            judge::judge(&session, &question, &Catalogue::embedded()?, &Judging::default()).await?;
        }
        let refused = |error| Failure::usage("the statement was not answered".to_owned()).because(error);
        anyhow::Ok(session.query(&args.sql, &params, limits).await.map_err(refused)?)
    })?;
    if rows.truncated {
        warn!(
            "only the first {} rows; `query.row_limit` allows more",
            config.query.row_limit
        );
    }
    answer_bytes(&written(&rows, format)?)?;
    Ok(Exit::Passed)
}

/// Returns how rows are written.
fn format(config: &Config) -> Result<RowFormat, Failure> {
    let format = RowFormat::from_str(&config.query.format, false)
        .map_err(|_| Failure::usage(format!("`query.format` is {}, which is no format", config.query.format)))?;
    if format == RowFormat::Parquet && std::io::stdout().is_terminal() {
        let sentence = "a Parquet file is not text to read; write it to a file: --format parquet > rows.parquet";
        return Err(Failure::usage(sentence.to_owned()));
    }
    Ok(format)
}

/// Returns whether a statement names a measure view, which is computed only where it is asked for.
fn reads_measures(sql: &str) -> bool {
    sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| word.to_ascii_lowercase().starts_with("by_"))
}

fn params(given: &[String]) -> Result<BTreeMap<String, ScalarValue>, Failure> {
    let one = |text: &String| {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--param {text} is not KEY=VALUE")))?;
        let number = value.parse::<i64>().ok().map(|number| ScalarValue::Int64(Some(number)));
        Ok((
            key.to_owned(),
            number.unwrap_or_else(|| ScalarValue::Utf8(Some(value.to_owned()))),
        ))
    };
    given.iter().map(one).collect()
}

fn written(rows: &Answer, format: RowFormat) -> anyhow::Result<Vec<u8>> {
    let batches: Vec<_> = rows.batches.iter().collect();
    let mut bytes = Vec::new();
    match format {
        RowFormat::Table => {
            let shown = pretty_format_batches_with_schema(Arc::clone(&rows.schema), &rows.batches)?.to_string();
            let lines: Vec<_> = shown.lines().map(terminal).collect();
            bytes.extend((lines.join("\n") + "\n").bytes());
        }
        RowFormat::Json => {
            let mut writer = json::ArrayWriter::new(&mut bytes);
            writer.write_batches(&batches)?;
            writer.finish()?;
            bytes.push(b'\n');
        }
        RowFormat::Ndjson => {
            let mut writer = json::LineDelimitedWriter::new(&mut bytes);
            writer.write_batches(&batches)?;
            writer.finish()?;
        }
        RowFormat::Csv => {
            let mut writer = csv::WriterBuilder::new().with_header(true).build(&mut bytes);
            // Without rows the header alone tells the columns.
            let none = RecordBatch::new_empty(Arc::clone(&rows.schema));
            for batch in if batches.is_empty() { vec![&none] } else { batches } {
                writer.write(batch)?;
            }
            drop(writer);
        }
        RowFormat::Parquet => {
            let compression = Compression::ZSTD(ZstdLevel::default());
            let properties = WriterProperties::builder().set_compression(compression).build();
            let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(&rows.schema), Some(properties))?;
            for batch in batches {
                writer.write(batch)?;
            }
            writer.close()?;
        }
    }
    Ok(bytes)
}
