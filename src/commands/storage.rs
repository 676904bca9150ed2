//! `pennyspan storage`: what a data directory holds, proving it, merging its files, and removing what is old or named.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use pennyspan_collector::wal::{DiskDirectory, Standing};
use pennyspan_schema::{Position, Workspace};
use pennyspan_store::durable::{DataDir, Deletion, DurableOptions, DurableStore, Retention, WorkspaceStatus};

use super::answer;
use crate::cli::storage::{StorageCommand, StorageDeleteArgs};
use crate::config::{Config, InForce};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::serving::{durable_options, recovered};

/// The log whose transactions stand for merging: it has no frames.
const MAINTENANCE: &str = "maintenance";

/// Runs the subcommand.
///
/// # Errors
/// A directory that is no data directory, or that another process writes where it is to be changed.
pub fn run(command: &StorageCommand, in_force: &InForce) -> anyhow::Result<Exit> {
    let config = &in_force.config;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        StorageCommand::Status(_) => runtime.block_on(status(config))?,
        StorageCommand::Compact(_) => runtime.block_on(compact(config))?,
        StorageCommand::Verify(_) => return runtime.block_on(verify(config)),
        StorageCommand::Expire(_) => runtime.block_on(expire(config))?,
        StorageCommand::Delete(args) => runtime.block_on(delete(args, config))?,
    }
    Ok(Exit::Passed)
}

/// Lists tables with their files, bytes, rows and positions, beside whoever writes them.
async fn status(config: &Config) -> anyhow::Result<()> {
    let store = open(config).await?;
    let log = wal(config);
    // Opening a folder of a log creates it, and looking must not.
    let standing = if log.is_dir() {
        Standing::of(&DiskDirectory::open(&log)?)?
    } else {
        None
    };
    let wal_id = standing.as_ref().map(|standing| standing.id.to_string());
    let mut text = String::new();
    for workspace in store.status(wal_id.as_deref()).await? {
        show(&workspace, &mut text)?;
    }
    match standing {
        Some(standing) => writeln!(
            text,
            "write-ahead log {}: {} segments of {} bytes, {} frames through {}, {} damaged ranges",
            log.display(),
            standing.segment_count,
            standing.segment_bytes,
            standing.frame_count,
            position(standing.last),
            standing.gap_count,
        )?,
        None => writeln!(text, "write-ahead log {}: none", log.display())?,
    }
    answer(&text)
}

/// Merges small files now; a server that is running does so by itself.
async fn compact(config: &Config) -> anyhow::Result<()> {
    open(config).await?;
    let store = open_to_rewrite(config, Retention::default()).await?;
    let before = store.status(None).await?;
    store.compact_all().await?;
    let mut text = String::new();
    for (before, after) in before.iter().zip(store.status(None).await?) {
        for table in after.tables {
            let was = before.tables.iter().find(|was| was.table == table.table);
            let (files, rows) = was.map_or((0, 0), |was| (was.files, was.rows));
            writeln!(
                text,
                "{}/{}: {} files became {}, {} rows became {}",
                after.workspace,
                table.table.name(),
                files,
                table.files,
                rows,
                table.rows
            )?;
        }
    }
    answer(&text)
}

/// Reads everything again, and says what is wrong.
async fn verify(config: &Config) -> anyhow::Result<Exit> {
    let (mut text, mut exit) = (String::new(), Exit::Passed);
    for verified in open(config).await?.verify().await? {
        writeln!(
            text,
            "workspace {}: {} files of {} bytes with {} rows, {} minutes folded again, {} problems",
            verified.workspace,
            verified.files,
            verified.bytes,
            verified.rows,
            verified.slices,
            verified.problems.len(),
        )?;
        if verified.without_checksum > 0 {
            writeln!(
                text,
                "  {} files of an earlier version tell no checksum; `storage compact` writes them anew where they are small",
                verified.without_checksum
            )?;
        }
        for problem in &verified.problems {
            writeln!(text, "  {problem}")?;
            exit = Exit::NoData;
        }
    }
    answer(&text)?;
    Ok(exit)
}

/// Removes every row that is due.
async fn expire(config: &Config) -> anyhow::Result<()> {
    let before = open(config).await?.status(None).await?;
    let store = open_to_rewrite(config, config.retention()).await?;
    store.expire_all().await?;
    let mut text = String::new();
    for after in store.status(None).await? {
        let was = before.iter().find(|before| before.workspace == after.workspace);
        for table in &after.tables {
            let was = was.and_then(|was| was.tables.iter().find(|was| was.table == table.table));
            let (rows, bytes) = was.map_or((0, 0), |was| (was.expired.rows, was.expired.bytes));
            writeln!(
                text,
                "{}/{}: kept {}, removed {} rows and {} bytes",
                after.workspace,
                table.table.name(),
                config.retention().of(&after.workspace, table.table),
                table.expired.rows - rows,
                table.expired.bytes - bytes,
            )?;
        }
    }
    answer(&text)
}

/// Deletes what a function or a workspace has sent, or says how much that is.
async fn delete(args: &StorageDeleteArgs, config: &Config) -> anyhow::Result<()> {
    let workspace = Workspace::new(&args.workspace).map_err(|error| Failure::usage(error.to_string()))?;
    let deletion = match &args.function {
        Some(function) => Deletion::Function(function.clone()),
        None => Deletion::Everything,
    };
    let store = open_to_rewrite(config, Retention::default()).await?;
    let known = store.workspaces();
    if !known.contains(&workspace) {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        let problem = format!(
            "there is no workspace {workspace} in {}: it holds {}",
            config.data,
            known.join(", ")
        );
        return Err(Failure::usage(problem).into());
    }
    let (rows, verb) = if args.dry_run {
        (store.count_deletion(&workspace, &deletion).await?, "would delete")
    } else {
        (store.delete(&workspace, &deletion).await?, "deleted")
    };
    let mut text = String::new();
    for (table, rows) in &rows {
        writeln!(text, "{workspace}/{}: {verb} {rows} rows", table.name())?;
    }
    if rows.is_empty() {
        writeln!(text, "{workspace}: {verb} nothing")?;
    }
    answer(&text)
}

/// Opens the directory to rewrite its files; what its write-ahead log holds is written into files first.
async fn open_to_rewrite(config: &Config, retention: Retention) -> anyhow::Result<Arc<DurableStore>> {
    open(config).await?;
    let options = DurableOptions {
        retention,
        ..durable_options(&config.storage)
    };
    let directory = DataDir::open(Path::new(&config.data), options).await?;
    let log = wal(config);
    if log.is_dir() && Standing::of(&DiskDirectory::open(&log)?)?.is_some() {
        return recovered(directory, &log, config).await;
    }
    Ok(Arc::new(directory.follow(MAINTENANCE).await?))
}

/// Opens the directory to read it, so that a wrong path is refused and not created.
async fn open(config: &Config) -> Result<DurableStore, Failure> {
    let path = Path::new(&config.data);
    let opened = DurableStore::open_read_only(path, durable_options(&config.storage)).await;
    opened.map_err(|error| {
        Failure::no_data(format!(
            "cannot read the data directory {}; give another with --data",
            path.display()
        ))
        .because(error)
    })
}

fn wal(config: &Config) -> PathBuf {
    if config.serve.wal.is_empty() {
        Path::new(&config.data).join("wal")
    } else {
        PathBuf::from(&config.serve.wal)
    }
}

fn show(workspace: &WorkspaceStatus, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "workspace {}: flushed through {}, folded through {}",
        workspace.workspace,
        position(workspace.flushed),
        workspace.folded.0
    )?;
    writeln!(
        text,
        "  {:<18} {:>7} {:>15} {:>13} {:>12} {:>13} {:>20}",
        "table", "files", "bytes", "rows", "through", "removed", "older than"
    )?;
    for table in &workspace.tables {
        let (name, through) = (table.table.name(), position(table.through));
        let before = table.expired.before_unix_nano.map_or_else(|| "-".to_owned(), instant);
        writeln!(
            text,
            "  {name:<18} {:>7} {:>15} {:>13} {through:>12} {:>13} {before:>20}",
            table.files, table.bytes, table.rows, table.expired.rows
        )?;
    }
    Ok(())
}

fn instant(unix_nano: i64) -> String {
    DateTime::from_timestamp_nanos(unix_nano).to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn position(position: Option<Position>) -> String {
    position.map_or_else(|| "-".to_owned(), |position| position.0.to_string())
}
