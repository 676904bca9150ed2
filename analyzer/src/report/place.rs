//! Where a finding stands in the code.

use serde::Serialize;

use crate::judge::Finding;

/// The file of a finding whose function is nowhere in the code.
pub const UNPLACED: &str = "pennyspan.toml";

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, relative to the repository's root, with `/` between its parts.
    pub path: String,
    /// The line, counted from one.
    pub line: u32,
}

impl Place {
    /// Returns where a finding stands: in the code where that is known, else at the first line of the configuration file,
    /// whether it exists or not.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        finding.place.clone().unwrap_or_else(|| Self {
            path: UNPLACED.to_owned(),
            line: 1,
        })
    }
}
