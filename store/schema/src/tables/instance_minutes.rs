//! Execution environments by minute.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One execution environment in one minute.
    table "instance_minutes";

    /// The minute's first instant.
    minute_unix_nano: Int { unit: Unit::UnixNano, source: "fold" },
    /// The provider.
    provider: Text { unit: Unit::None, source: "invocations" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The version.
    version: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, source: "invocations" },
    /// Attempts that start in the minute.
    attempt_count: Int { unit: Unit::Count, source: "fold" },
    /// The first attempt's start.
    first_start_unix_nano: Int { unit: Unit::UnixNano, source: "fold" },
    /// The last attempt's end.
    last_end_unix_nano: Int { unit: Unit::UnixNano, nullable: "no end is known", source: "fold" },
    /// Whether an init or restore was reported in the minute.
    init_evident: Bool { unit: Unit::None, source: "fold" },
}
