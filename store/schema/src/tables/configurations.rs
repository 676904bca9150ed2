//! Statements about settings.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One statement about one resource's setting. It holds from when it was observed until the next statement of the same resource and key; the first one also holds before.
    table "configurations";

    /// The provider.
    provider: Text { unit: Unit::None, source: "the format" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "ARN, record" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "ARN, record" },
    /// The function that the setting is of.
    function: Text { unit: Unit::None, nullable: "a setting of another resource", source: "FunctionName, record" },
    /// The resource: the function's name, or the queue, stream, schedule or account.
    resource: Text { unit: Unit::None, source: "record" },
    /// What is set, such as `timeout_ms` or `architecture`.
    key: Text { unit: Unit::None, source: "record" },
    /// The value, as text in the key's unit.
    value: Text { unit: Unit::None, nullable: "set to nothing", source: "record" },
    /// When it was observed.
    observed_unix_nano: Int { unit: Unit::UnixNano, source: "record, LastModified" },
    /// Whether the time cannot be: before 2014 or more than a day ahead.
    time_suspect: Bool { unit: Unit::None, source: "decode" },
    /// Where it was read.
    source: Text { unit: Unit::None, source: "record, or the file's format" },
    /// When it was received.
    received_unix_nano: Int { unit: Unit::UnixNano, nullable: "files have no time of receipt", source: "the collector's clock" },
}
