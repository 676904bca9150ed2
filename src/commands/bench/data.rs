//! `pennyspan bench data`: a generated day, as a data directory or as files.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use camino::Utf8Path;
use pennyspan_fixtures::{BenchShape, Request};
use pennyspan_schema::{Position, Sink as _, Workspace};
use pennyspan_store::durable::{DataDir, DurableStore};

use super::size_of;
use crate::bench::figures::{Figures, grouped, mib, per_second};
use crate::bench::parts;
use crate::cli::bench::DataArgs;
use crate::commands::answer;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::serving::durable_options;
use crate::usage::Process;

/// The log whose transactions stand for generated requests: they are not in any write-ahead log.
const GENERATED: &str = "bench";
/// Bytes of rows in memory from which they are written: larger than a server's, for few and large files, as a directory has
/// whose files were merged.
const FLUSH_BYTES: usize = 768 << 20;
/// Bytes of a file of telemetry from which the next is begun.
const FILE_BYTES: u64 = 256 << 20;

/// Writes the day, and says what it took.
///
/// # Errors
/// A directory that holds something, or cannot be written.
pub fn run(args: &DataArgs, config: &Config) -> anyhow::Result<Exit> {
    let directory = &args.directory;
    fs::create_dir_all(directory).with_context(|| format!("cannot create {directory}"))?;
    if fs::read_dir(directory)?.next().is_some() {
        return Err(Failure::usage(format!("{directory} holds something already; give an empty directory")).into());
    }
    let shape = BenchShape {
        invocations: args.invocations,
        traced_per_mille: args.traced_per_mille,
        spans_per_trace: args.spans_per_trace,
        logs_per_invocation: args.logs_per_invocation,
    };
    let mut figures = Figures::of("a generated day", sentence(shape, directory));
    let begun = Instant::now();
    if args.files {
        write_files(args.seed, shape, directory)?;
    } else {
        write_tables(args.seed, shape, directory.as_std_path(), config)?;
    }
    let took = begun.elapsed();
    figures.add("time", "s", took.as_secs_f64());
    figures.add(
        "processor time",
        "core-s",
        Process::Own.cpu_time().as_ref().map(Duration::as_secs_f64),
    );
    figures.add("invocations", "1/s", per_second(shape.invocations, took));
    figures.add("on disk", "MiB", mib(size_of(directory.as_std_path())?));
    figures.add("peak resident memory", "MiB", Process::Own.peak_rss_bytes().map(mib));
    answer(&figures.table())?;
    Ok(Exit::Passed)
}

/// Returns what is written where.
fn sentence(shape: BenchShape, directory: &Utf8Path) -> String {
    format!(
        "{} invocations, {} of 1,000 traced with {} spans each, {} log records each, in {directory}",
        grouped(&shape.invocations.to_string()),
        shape.traced_per_mille,
        shape.spans_per_trace,
        shape.logs_per_invocation,
    )
}

fn write_tables(seed: u64, shape: BenchShape, directory: &Path, config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store: DurableStore = runtime.block_on(async {
        let mut options = durable_options(&config.storage);
        options.flush_bytes = FLUSH_BYTES;
        options.flush_nanos = i64::MAX;
        DataDir::open(directory, options).await?.follow(GENERATED).await
    })?;
    let mut position = Position::default();
    parts::each(
        seed,
        shape,
        |requests| parts::decoded(&requests, &config.limits),
        |part| {
            for rows in part {
                position = position.next();
                store.publish(position, &Workspace::default(), rows)?;
            }
            Ok(runtime.block_on(store.flush_due())?)
        },
    )?;
    Ok(runtime.block_on(store.flush_all())?)
}

fn write_files(seed: u64, shape: BenchShape, directory: &Utf8Path) -> anyhow::Result<()> {
    let mut records = Files::of(directory, "invocations", "ndjson");
    let mut spans = Files::of(directory, "spans", "otlp");
    let mut logs = Files::of(directory, "logs", "otlp");
    parts::each(seed, shape, Ok, |requests: Vec<Request>| {
        for request in requests {
            // Files of messages have the length before each, in four bytes.
            let length =
                u32::try_from(request.body.len()).context("a request is larger than a file of messages allows")?;
            match request.path.as_str() {
                "/v1/traces" => spans.append(&[&length.to_be_bytes(), &request.body])?,
                "/v1/logs" => logs.append(&[&length.to_be_bytes(), &request.body])?,
                _ => records.append(&[&request.body])?,
            }
        }
        Ok(())
    })?;
    [records, spans, logs].into_iter().try_for_each(Files::close)
}

/// Files of one kind, one after the other.
struct Files<'a> {
    directory: &'a Utf8Path,
    stem: &'static str,
    ending: &'static str,
    open: Option<(BufWriter<File>, u64)>,
    begun: usize,
}

impl<'a> Files<'a> {
    fn of(directory: &'a Utf8Path, stem: &'static str, ending: &'static str) -> Self {
        Self {
            directory,
            stem,
            ending,
            open: None,
            begun: 0,
        }
    }

    fn append(&mut self, parts: &[&[u8]]) -> anyhow::Result<()> {
        let (file, bytes) = match &mut self.open {
            Some(open) => open,
            none => {
                self.begun += 1;
                let path = self
                    .directory
                    .join(format!("{}-{:04}.{}", self.stem, self.begun, self.ending));
                let file = File::create(&path).with_context(|| format!("cannot write {path}"))?;
                none.insert((BufWriter::new(file), 0))
            }
        };
        for part in parts {
            file.write_all(part)?;
            *bytes += part.len() as u64;
        }
        if *bytes >= FILE_BYTES
            && let Some((mut full, _)) = self.open.take()
        {
            full.flush()?;
        }
        Ok(())
    }

    fn close(self) -> anyhow::Result<()> {
        match self.open {
            Some((mut last, _)) => Ok(last.flush()?),
            None => Ok(()),
        }
    }
}
