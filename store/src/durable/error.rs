//! Why a data directory could not be used.

use std::path::PathBuf;

use crate::delta::DeltaError;
use crate::fold::FoldError;

/// Why a data directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A table's log or file failed.
    #[error(transparent)]
    Table(#[from] DeltaError),
    /// Rows could not be folded.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// Rows could not be read back.
    #[error("cannot read `{file}` back: check the disk, then try again")]
    Read {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// Rows could not be compared with those that are stored.
    #[error("cannot compare rows of `{table}` with those that are stored: decode them with this version's schema")]
    Compare {
        /// The table.
        table: &'static str,
        /// Why.
        #[source]
        source: arrow::error::ArrowError,
    },
    /// Rows could not be written as Parquet.
    #[error("cannot write rows of `{table}` as Parquet")]
    Encode {
        /// The table.
        table: &'static str,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The directory could not be used.
    #[error("cannot {what} `{path}`: check that it is a directory on a working disk")]
    Directory {
        /// What was to be done.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process writes the directory.
    #[error(
        "`{path}` is written by another process: stop it, or name another directory; `report`, `query` and `explain` read it meanwhile"
    )]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The directory is of another format.
    #[error(
        "`{path}` says format `{found}`, and this version knows {known}: use the version that wrote it, or a later one"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this version knows.
        known: u32,
    },
    /// The directory does not hold tables.
    #[error("`{path}` is no data directory: name one that `serve` or `import` has written")]
    NotData {
        /// The directory.
        path: PathBuf,
    },
    /// This process may only read.
    #[error("the data directory was opened to read: rows cannot be written to it")]
    ReadOnly,
    /// The computation was ended from outside.
    #[error("the work on `{table}` was broken off: try again")]
    BrokenOff {
        /// The table.
        table: &'static str,
        /// How.
        #[source]
        source: tokio::task::JoinError,
    },
    /// A position does not fit a transaction's version.
    #[error("position {position} is larger than a transaction's version can be: begin a new data directory")]
    Position {
        /// The position.
        position: u64,
    },
}

impl StoreError {
    /// Returns the sentence with its causes.
    pub(super) fn sentence(&self) -> String {
        let mut sentence = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            sentence = format!("{sentence}: {source}");
            cause = source.source();
        }
        sentence
    }
}
