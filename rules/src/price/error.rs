//! What can be wrong with a price book.

use crate::FieldError;

/// Names the file, the line, the key and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// A key is missing, unknown or of the wrong kind.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Two entries of one item are in force at the same time.
    #[error(
        "{file}, line {line}: {what} overlaps the entry of line {other}; end one (`effective_to`) before the other begins"
    )]
    Overlap {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The entry in words.
        what: String,
        /// Line of the other entry, from 1.
        other: u32,
    },
    /// A price follows a rule of billing that its service does not have.
    #[error(
        "{file}, line {line}: `rule` of `{id}` is `{rule}`; add that `[[billing_rule]]`, or write one that its service has ({known})"
    )]
    UnknownRule {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The item.
        id: String,
        /// The rule that it names.
        rule: String,
        /// The rules that its service has.
        known: String,
    },
    /// A region is to stand in for others, and no book has a price there.
    #[error("no price book has a price in `{region}`; name a region of `pennyspan prices list`")]
    NoRegion {
        /// The region as given.
        region: String,
    },
    /// Two books have one name.
    #[error("{file}: the price book `{id}` is already loaded from {first}; give it another `id`")]
    Twice {
        /// File name as given.
        file: String,
        /// The book.
        id: String,
        /// The file that came first.
        first: String,
    },
}
