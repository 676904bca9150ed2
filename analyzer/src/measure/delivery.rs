//! What measures read of one delivery, from the view `deliveries`.

use pennyspan_schema::{Unit, columns};

columns! {
    /// One message handed to one invocation, as measures read it.
    table "measured deliveries";

    /// The provider.
    provider: Text { unit: Unit::None, source: "deliveries" },
    /// The key scope of the invocation.
    key_scope: Text { unit: Unit::None, source: "deliveries" },
    /// When it was said.
    fact_unix_nano: Int { unit: Unit::UnixNano, source: "deliveries" },
    /// What became of it.
    outcome: Text { unit: Unit::None, source: "deliveries" },
    /// The invocation.
    invocation_id: Text { unit: Unit::None, nullable: "unknown", source: "deliveries" },
    /// What caused the invocation.
    trigger_type: Text { unit: Unit::None, nullable: "unknown", source: "deliveries" },
    /// Where the message came from.
    trigger_source: Text { unit: Unit::None, nullable: "unknown", source: "deliveries" },
    /// The partition of the source.
    trigger_partition: Text { unit: Unit::None, nullable: "unknown", source: "deliveries" },
    /// The message.
    message_id: Text { unit: Unit::None, nullable: "unknown", source: "deliveries" },
    /// Messages in the batch.
    batch_size_count: Int { unit: Unit::Count, nullable: "unknown", source: "deliveries" },
}
