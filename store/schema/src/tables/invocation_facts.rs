//! Statements about invocations.

use crate::columns;
use crate::unit::Unit;

crate::attempt_columns! { columns {
    /// One statement about one invocation, from one source: partial, append-only, and merged by fold.
    table "invocation_facts";

    /// The provider: with key scope and invocation id the key by which facts belong together.
    provider: Text { unit: Unit::None, source: "the format, cloud.provider" },
    /// Empty where the provider's id is unique by itself, else the function's name.
    key_scope: Text { unit: Unit::None, source: "decode" },
    /// The provider's id of the invocation; `trace_id:span_id` of a span without one; else the content hash.
    invocation_id: Text { unit: Unit::None, source: "requestId, faas.invocation_id, the record" },
    /// How far the source is trusted: `platform`, `insights`, `record`, `span` or `log`.
    source: Text { unit: Unit::None, source: "the format" },
    /// What is stated: `start`, `runtime_done`, `report`, `end`, `record`, `span`, `delivery`, `error`, and so on.
    fact_kind: Text { unit: Unit::None, source: "the format" },
    /// When the statement was made.
    fact_unix_nano: Int { unit: Unit::UnixNano, source: "the record's time" },
    /// When the attempt began, as this statement knows it.
    start_hint_unix_nano: Int { unit: Unit::UnixNano, nullable: "END and log lines do not know", source: "START's time; a report's time less its duration; a span's or record's start" },
    /// When the attempt ended, as this statement knows it.
    end_unix_nano: Int { unit: Unit::UnixNano, nullable: "not stated", source: "END's time; start plus duration" },
    /// How many attempts this one stands for, in thousandths.
    sample_weight_milli: Int { unit: Unit::Milli, source: "1000 for platform and record facts; ot=th: of a span" },
    /// What identifies the statement's content: equal statements count once.
    content_hash: Hash { unit: Unit::None, source: "SHA-256 over source, key, kind, times and values, without the time of receipt" },
} {
    /// The version that the team gave the service.
    service_version: Text { unit: Unit::None, nullable: "only spans say it", source: "service.version" },
    /// What has no column, as JSON.
    attributes_json: Json { unit: Unit::None, nullable: "none is left", source: "the record" },
    /// When it was received.
    received_unix_nano: Int { unit: Unit::UnixNano, nullable: "files have no time of receipt", source: "the collector's clock" },
} }

impl Row<'_> {
    /// Returns the hash of what the row states: everything but the hash itself and the time of receipt.
    #[must_use]
    pub fn hash(&self) -> [u8; 16] {
        let mut digest = crate::column::Digest::default();
        Row {
            content_hash: [0; 16],
            received_unix_nano: None,
            ..*self
        }
        .feed(&mut digest);
        digest.finish()
    }
}
