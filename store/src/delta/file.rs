//! One Parquet file of a table, and what its name says.

use std::collections::HashMap;
use std::path::Path as FsPath;
use std::sync::Arc;

use datafusion::common::Statistics;
use deltalake_core::kernel::{Add, Remove};
use object_store::path::Path;
use pennyspan_schema::{Position, Slice, Table, Window};

use super::{DeltaError, Stats};

/// What a file holds, as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Rows of a raw table: those of the frames `first..=last`, as far as earlier files do not hold them.
    Frames { first: Position, last: Position },
    /// Rows of a folded table whose slices lie in `first..=last`, folded from every frame up to `through`.
    Slices {
        first: Slice,
        last: Slice,
        through: Position,
    },
}

impl Holds {
    /// Returns the first part of the name of a file whose content has this CRC-32C.
    pub(crate) fn stem(self, checksum: u32) -> String {
        let holds = match self {
            Self::Frames { first, last } => format!("rows_{:020}_{:020}", first.0, last.0),
            Self::Slices { first, last, through } => format!("fold_{}_{}_{:020}", first.0, last.0, through.0),
        };
        format!("{holds}_{checksum:08x}")
    }

    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".parquet")?.split('_');
        let mut next = || parts.next();
        match next()? {
            "rows" => Some(Self::Frames {
                first: Position(next()?.parse().ok()?),
                last: Position(next()?.parse().ok()?),
            }),
            "fold" => Some(Self::Slices {
                first: Slice(next()?.parse().ok()?),
                last: Slice(next()?.parse().ok()?),
                through: Position(next()?.parse().ok()?),
            }),
            _ => None,
        }
    }

    /// Returns the CRC-32C that a name tells of the content; names of earlier versions tell none.
    fn checksum(self, name: &str) -> Option<u32> {
        let before = match self {
            Self::Frames { .. } => 3,
            Self::Slices { .. } => 4,
        };
        let parts: Vec<&str> = name.strip_suffix(".parquet")?.split('_').collect();
        let checksum = parts.get(before).filter(|_| parts.len() == before + 2)?;
        u32::from_str_radix(checksum, 16).ok()
    }

    /// Returns the last frame that the file depends on.
    pub(crate) fn last(self) -> Position {
        match self {
            Self::Frames { last, .. } => last,
            Self::Slices { through, .. } => through,
        }
    }
}

/// One Parquet file of a table.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    name: String,
    location: Path,
    size_bytes: u64,
    stats: Stats,
    scan: Arc<Statistics>,
    times: Option<Window>,
    holds: Holds,
}

impl DataFile {
    /// Describes a file; `None` where its name is not one of ours.
    pub(crate) fn new(table: Table, location: Path, name: &str, size_bytes: u64, stats: Stats) -> Option<Self> {
        let times = stats.range(table.time_column()).map(|(first, last)| Window {
            start_unix_nano: first,
            end_unix_nano: last.saturating_add(1),
        });
        Some(Self {
            name: name.to_owned(),
            location,
            size_bytes,
            scan: Arc::new(stats.for_scan(&table.schema(), size_bytes)),
            stats,
            times,
            holds: Holds::parse(name)?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns where in the file system the file lies.
    pub(crate) fn location(&self) -> &Path {
        &self.location
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub(crate) fn rows(&self) -> usize {
        self.stats.rows()
    }

    /// Returns the CRC-32C that the name tells of the content; names of earlier versions tell none.
    pub(crate) fn checksum(&self) -> Option<u32> {
        self.holds.checksum(&self.name)
    }

    /// Returns whether the log's statistics are those of the rows.
    pub(crate) fn agrees_with(&self, rows: &Stats) -> bool {
        self.stats.agree_with(rows)
    }

    /// Returns the statistics for DataFusion.
    pub(crate) fn statistics(&self) -> Arc<Statistics> {
        Arc::clone(&self.scan)
    }

    /// Returns the window of the rows' times; `None` without rows.
    pub(crate) fn times(&self) -> Option<Window> {
        self.times
    }

    pub(crate) fn holds(&self) -> Holds {
        self.holds
    }

    /// Returns the folded file's slices, first and last.
    pub(crate) fn slices(&self) -> Option<(Slice, Slice)> {
        match self.holds {
            Holds::Slices { first, last, .. } => Some((first, last)),
            Holds::Frames { .. } => None,
        }
    }

    /// Returns whether some row may lie in the window.
    pub(crate) fn touches(&self, window: Window) -> bool {
        self.times.is_some_and(|times| {
            times.start_unix_nano < window.end_unix_nano && window.start_unix_nano < times.end_unix_nano
        })
    }

    pub(super) fn add(&self, data_change: bool, at_ms: i64) -> Add {
        Add {
            path: self.name.clone(),
            size: i64::try_from(self.size_bytes).unwrap_or(i64::MAX),
            modification_time: at_ms,
            data_change,
            stats: self.stats.text(),
            ..Add::default()
        }
    }

    pub(super) fn remove(&self, data_change: bool, at_ms: i64) -> Remove {
        Remove {
            path: self.name.clone(),
            data_change,
            deletion_timestamp: Some(at_ms),
            extended_file_metadata: Some(true),
            partition_values: Some(HashMap::new()),
            size: Some(i64::try_from(self.size_bytes).unwrap_or(i64::MAX)),
            ..Remove::default()
        }
    }
}

/// Returns where in the file system a table's file lies.
pub(super) fn location(folder: &FsPath, name: &str) -> Result<Path, DeltaError> {
    Path::from_absolute_path(folder.join(name)).map_err(|_| DeltaError::Folder {
        folder: folder.to_owned(),
    })
}
