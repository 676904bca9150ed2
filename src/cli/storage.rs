//! The flags of `storage`.

use clap::{Args, Subcommand};

/// Flags of `storage`.
#[derive(Debug, Args)]
pub struct StorageArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: StorageCommand,
}

/// The subcommands of `storage`.
#[derive(Debug, Subcommand)]
pub enum StorageCommand {
    /// Lists tables with their files, bytes, rows and positions; a server may be running.
    #[command(after_help = "Example:\n  pennyspan storage status --data ./pennyspan-data\n")]
    Status(StorageStatusArgs),
    /// Merges small files now, and equal rows in them; no server may be running.
    #[command(after_help = "Example:\n  pennyspan storage compact --data ./pennyspan-data\n")]
    Compact(StorageCompactArgs),
    /// Reads every file again and folds all facts once more, and says what is not as it should be; a server may be running.
    #[command(
        after_help = "Each file is read whole: its checksum, its number of rows and their ranges as the table's log says them, its order, and \
        no row twice. Then all facts and spans are folded and compared with the folded tables. It ends with 3 where anything is wrong, and \
        names it.\n\nExample:\n  pennyspan storage verify --data ./pennyspan-data\n"
    )]
    Verify(StorageVerifyArgs),
    /// Removes every row that is older than [retention] says; no server may be running.
    #[command(
        after_help = "What is in the write-ahead log is written into files first. The files that held the rows are deleted by the next command or \
        server ten minutes later, as other processes may be reading them.\n\nExample:\n  PENNYSPAN_RETENTION_LOGS=\"3 days\" pennyspan storage expire --data \
        ./pennyspan-data\n"
    )]
    Expire(StorageExpireArgs),
    /// Deletes what one function or one workspace has sent, and what was folded from it; no server may be running.
    #[command(
        after_help = "What is in the write-ahead log is written into files first. Rows go that name the function, and rows that name no function but \
        one of its invocations. Their files are deleted at once: another process that reads them has to start again. Requests stay in the \
        write-ahead log as they came until their segment is released.\n\nExamples:\n  pennyspan storage delete --function checkout --dry-run\n  \
        pennyspan storage delete --workspace team-a --everything\n"
    )]
    Delete(StorageDeleteArgs),
}

/// Flags of `storage status`.
#[derive(Debug, Args)]
pub struct StorageStatusArgs {
    /// Directory of the tables.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Directory of the write-ahead log; DATA/wal without it.
    #[arg(long, value_name = "DIR")]
    pub wal: Option<String>,
}

/// Flags of `storage verify`.
#[derive(Debug, Args)]
pub struct StorageVerifyArgs {
    /// Directory of the tables.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
}

/// Flags of `storage expire`.
#[derive(Debug, Args)]
pub struct StorageExpireArgs {
    /// Directory of the tables.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Directory of the write-ahead log; DATA/wal without it.
    #[arg(long, value_name = "DIR")]
    pub wal: Option<String>,
}

/// Flags of `storage delete`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct StorageDeleteArgs {
    /// Directory of the tables.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Directory of the write-ahead log; DATA/wal without it.
    #[arg(long, value_name = "DIR")]
    pub wal: Option<String>,
    /// The workspace.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub workspace: String,
    /// Deletes what this function has sent.
    #[arg(long, value_name = "NAME", group = "what")]
    pub function: Option<String>,
    /// Deletes all that the workspace holds.
    #[arg(long, group = "what")]
    pub everything: bool,
    /// Says how many rows would go, and deletes none.
    #[arg(long)]
    pub dry_run: bool,
}

/// Flags of `storage compact`.
#[derive(Debug, Args)]
pub struct StorageCompactArgs {
    /// Directory of the tables.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
}
