//! What is read of every attempt to learn about its neighbours.

use pennyspan_schema::{Unit, columns};

columns! {
    /// The part of an attempt that others learn from.
    table "attempts and their neighbours";

    /// The provider.
    provider: Text { unit: Unit::None, source: "invocations" },
    /// The key scope.
    key_scope: Text { unit: Unit::None, source: "invocations" },
    /// The invocation id.
    invocation_id: Text { unit: Unit::None, source: "invocations" },
    /// The start.
    start_unix_nano: Int { unit: Unit::UnixNano, source: "invocations" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The version.
    version: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The service.
    service: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The service's version.
    service_version: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// How it ended.
    outcome: Text { unit: Unit::None, nullable: "not said", source: "invocations" },
    /// Links of the invocation span, as JSON.
    links_json: Json { unit: Unit::None, nullable: "no links", source: "invocations" },
    /// When the oldest message of the batch was enqueued.
    enqueued_min_unix_nano: Int { unit: Unit::UnixNano, nullable: "not said", source: "invocations" },
}
