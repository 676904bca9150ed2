//! Attempts by day.

use crate::unit::Unit;

crate::rollup_columns! { crate::columns {
    /// The attempts of one day of UTC that share what those of a row of `rollup_minute` share: the sums of its hours.
    table "rollup_day";

    /// The day's first instant.
    day_unix_nano: Int { unit: Unit::UnixNano, source: "fold" },
} }
