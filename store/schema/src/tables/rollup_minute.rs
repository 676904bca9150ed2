//! Attempts by minute.

use crate::unit::Unit;

crate::rollup_columns! { crate::columns {
    /// The attempts of one minute that share provider, account, region, environment, service, function, version, alias,
    /// architecture, memory size, init type, trigger, outcome and cold start; counts, integer sums and histograms, nothing else.
    table "rollup_minute";

    /// The minute's first instant.
    minute_unix_nano: Int { unit: Unit::UnixNano, source: "fold" },
} }
