//! How long rows are kept: by age and by size, by table, and otherwise by workspace.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use pennyspan_schema::{Slice, Table, Window, Workspace};

use crate::delta::DataFile;

/// Nanoseconds of a day.
const DAY_NANOS: i64 = 86_400_000_000_000;
/// What says that nothing is removed.
const FOREVER: &str = "forever";
/// Units of size, with their bytes.
const SIZES: [(&str, u64); 3] = [("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// How many rows of one table are kept; what neither number limits is kept for ever.
///
/// ```
/// use pennyspan_store::durable::Limit;
/// let limit: Limit = "14 days, 20 GiB".parse()?;
/// assert_eq!((limit.days, limit.bytes), (Some(14), Some(20 << 30)));
/// assert_eq!("forever".parse::<Limit>()?, Limit::default());
/// # Ok::<(), pennyspan_store::durable::LimitError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// Days after its time for which a row is kept.
    pub days: Option<u32>,
    /// Bytes of files that are kept; the oldest rows go first.
    pub bytes: Option<u64>,
}

/// A text that is no limit.
#[derive(Debug, thiserror::Error)]
#[error("is \"{text}\", expected such as \"14 days\", \"20 GiB\", \"14 days, 20 GiB\" or \"forever\"")]
pub struct LimitError {
    text: String,
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let wrong = || LimitError { text: text.to_owned() };
        let mut limit = Self::default();
        if text == FOREVER {
            return Ok(limit);
        }
        for part in text.split(", ") {
            let (number, unit) = part.split_once(' ').ok_or_else(wrong)?;
            let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
            let size = SIZES.iter().find(|(name, _)| *name == unit);
            match (unit, size) {
                ("day" | "days", _) if limit.days.is_none() => limit.days = Some(number),
                (_, Some((_, bytes))) if limit.bytes.is_none() => limit.bytes = Some(u64::from(number) * bytes),
                _ => return Err(wrong()),
            }
        }
        Ok(limit)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.days.map(|days| format!("{days} days"));
        let bytes = self.bytes.map(|bytes| {
            let fits = |(_, unit): &&(&str, u64)| bytes % unit == 0;
            let (name, unit) = SIZES.iter().rev().find(fits).unwrap_or(&("bytes", 1));
            format!("{} {name}", bytes / unit)
        });
        let parts: Vec<String> = days.into_iter().chain(bytes).collect();
        if parts.is_empty() {
            f.write_str(FOREVER)
        } else {
            f.write_str(&parts.join(", "))
        }
    }
}

/// The limits of every table; without one, a table keeps every row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    tables: BTreeMap<Table, Limit>,
    of_workspaces: BTreeMap<(Workspace, Table), Limit>,
}

impl Retention {
    /// Limits a table in every workspace that has no limit of its own.
    pub fn set(&mut self, table: Table, limit: Limit) {
        self.tables.insert(table, limit);
    }

    /// Limits a table in one workspace.
    pub fn set_in(&mut self, workspace: Workspace, table: Table, limit: Limit) {
        self.of_workspaces.insert((workspace, table), limit);
    }

    /// Returns the limit of a workspace's table.
    #[must_use]
    pub fn of(&self, workspace: &Workspace, table: Table) -> Limit {
        let own = self.of_workspaces.get(&(workspace.clone(), table));
        own.or_else(|| self.tables.get(&table)).copied().unwrap_or_default()
    }
}

/// Returns the first instant whose rows are kept, at the start of a minute; `None` where every row is.
///
/// Files that are too many bytes together decide by the newest row of the first one that has no room, the newest files first.
pub(super) fn kept_from(files: &[Arc<DataFile>], limit: Limit, now_unix_nano: i64) -> Option<i64> {
    let by_age = limit
        .days
        .map(|days| now_unix_nano.saturating_sub(i64::from(days).saturating_mul(DAY_NANOS)));
    let by_size = limit.bytes.and_then(|bytes| {
        let mut newest_first: Vec<(i64, u64)> = files
            .iter()
            .filter_map(|file| Some((lies_in(file)?.end_unix_nano, file.size_bytes())))
            .collect();
        newest_first.sort_unstable_by(|one, other| other.cmp(one));
        let mut held = 0_u64;
        let without_room = newest_first.into_iter().find(|(_, size_bytes)| {
            held = held.saturating_add(*size_bytes);
            held > bytes
        });
        // The minute in which that row lies goes whole.
        without_room.map(|(end, _)| Slice::of(end.saturating_sub(1)).end_unix_nano())
    });
    let from = by_age.into_iter().chain(by_size).max()?;
    Some(Slice::of(from).start_unix_nano())
}

/// Returns the window in which all that a file holds lies: a folded file tells of orphans where it may have no rows.
pub(super) fn lies_in(file: &DataFile) -> Option<Window> {
    let of_slices = file.slices().map(|(first, last)| Window {
        start_unix_nano: first.start_unix_nano(),
        end_unix_nano: last.end_unix_nano(),
    });
    of_slices.or_else(|| file.times())
}

#[cfg(test)]
mod tests {
    use super::{Limit, Retention};
    use pennyspan_schema::{Table, Workspace};

    #[test]
    fn limits_are_read_as_they_are_written() {
        for text in [
            "14 days",
            "20 GiB",
            "14 days, 20 GiB",
            "1 days, 512 MiB",
            "3 TiB",
            "forever",
        ] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "14",
            "0 days",
            "14days",
            "1 day, 2 days",
            "5 GB",
            "-1 days",
            "never",
            "14 days,20 GiB",
        ] {
            let error = wrong.parse::<Limit>().unwrap_err().to_string();
            assert!(
                error.contains(&format!("\"{wrong}\"")) && error.contains("\"14 days\""),
                "{error}"
            );
        }
    }

    #[test]
    fn a_workspace_of_its_own_mind_goes_before_the_rest() {
        let (one, other) = (Workspace::default(), Workspace::new("team-a").unwrap());
        let limit = |days| Limit {
            days: Some(days),
            bytes: None,
        };
        let mut retention = Retention::default();
        retention.set(Table::Spans, limit(14));
        retention.set_in(other.clone(), Table::Spans, limit(3));
        assert_eq!(retention.of(&one, Table::Spans), limit(14));
        assert_eq!(retention.of(&other, Table::Spans), limit(3));
        assert_eq!(retention.of(&other, Table::Logs), Limit::default());
    }
}
