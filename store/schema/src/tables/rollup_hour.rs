//! Attempts by hour.

use crate::unit::Unit;

crate::rollup_columns! { crate::columns {
    /// The attempts of one hour that share what those of a row of `rollup_minute` share: the sums of its minutes.
    table "rollup_hour";

    /// The hour's first instant.
    hour_unix_nano: Int { unit: Unit::UnixNano, source: "fold" },
} }
