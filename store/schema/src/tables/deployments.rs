//! Changes of functions and services.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One change of a function or service.
    table "deployments";

    /// When it went live.
    deployed_unix_nano: Int { unit: Unit::UnixNano, source: "record" },
    /// Whether the time cannot be: before 2014 or more than a day ahead.
    time_suspect: Bool { unit: Unit::None, source: "decode" },
    /// The provider.
    provider: Text { unit: Unit::None, nullable: "not said", source: "record" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "record" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "record" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "the service is named instead", source: "record" },
    /// The service.
    service: Text { unit: Unit::None, nullable: "the function is named instead", source: "record" },
    /// The version.
    version: Text { unit: Unit::None, nullable: "not said", source: "record" },
    /// The revision of the source code.
    revision: Text { unit: Unit::None, nullable: "not said", source: "record, CodeSha256" },
    /// Where to read about it.
    link: Text { unit: Unit::None, nullable: "not said", source: "record" },
    /// Who says so.
    source: Text { unit: Unit::None, source: "record" },
    /// When it was received.
    received_unix_nano: Int { unit: Unit::UnixNano, nullable: "files have no time of receipt", source: "the collector's clock" },
}
