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
        "{file}, line {line}: `{id}` in {region} overlaps the entry of line {other}; end one before the other begins"
    )]
    Overlap {
        /// File name as given.
        file: String,
        /// Line, from 1.
        line: u32,
        /// The item.
        id: String,
        /// The region.
        region: String,
        /// Line of the other entry, from 1.
        other: u32,
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
