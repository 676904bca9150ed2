//! What is wrong with one item, before its place is known.

use std::borrow::Cow;

use pennyspan_schema::Table;

use super::{Reason, Rejection};

/// Why one item cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The field, where one is to blame.
    pub(crate) field: Option<&'static str>,
    /// The reason, by which it is counted.
    pub(crate) reason: Reason,
    /// What is wrong and what would be right, without the item's own text.
    pub(crate) detail: Cow<'static, str>,
}

impl Fault {
    /// Returns the fault of a field.
    pub(crate) fn of(field: &'static str, reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: Some(field),
            reason,
            detail: detail.into(),
        }
    }

    /// Returns the fault of an item as a whole.
    pub(crate) fn whole(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: None,
            reason,
            detail: detail.into(),
        }
    }

    /// Returns the rejection of the item at a place.
    pub(crate) fn at(self, table: Table, place: String) -> Rejection {
        Rejection {
            table,
            place,
            field: self.field,
            reason: self.reason,
            detail: self.detail.into_owned(),
        }
    }
}
