//! `pennyspan storage`: what a data directory holds, and merging its files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pennyspan_collector::wal::{DiskDirectory, Standing};
use pennyspan_schema::Position;
use pennyspan_store::durable::{DataDir, DurableStore, WorkspaceStatus};

use super::answer;
use crate::cli::StorageCommand;
use crate::config::{Config, InForce};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::serving::durable_options;

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
    let directory = DataDir::open(Path::new(&config.data), durable_options(&config.storage)).await?;
    let store = directory.follow(MAINTENANCE).await?;
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
        "  {:<18} {:>7} {:>15} {:>13} {:>12}",
        "table", "files", "bytes", "rows", "through"
    )?;
    for table in &workspace.tables {
        let (name, through) = (table.table.name(), position(table.through));
        writeln!(
            text,
            "  {name:<18} {:>7} {:>15} {:>13} {through:>12}",
            table.files, table.bytes, table.rows
        )?;
    }
    Ok(())
}

fn position(position: Option<Position>) -> String {
    position.map_or_else(|| "-".to_owned(), |position| position.0.to_string())
}
