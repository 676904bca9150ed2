//! Messages handed to invocations.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One message handed to one invocation, or to a dead-letter target. Messages that a delivery line leaves out are counted in its batch size only.
    table "deliveries";

    /// The provider of the invocation's key.
    provider: Text { unit: Unit::None, source: "the format" },
    /// The key scope of the invocation's key.
    key_scope: Text { unit: Unit::None, source: "decode" },
    /// The invocation that got the message.
    invocation_id: Text { unit: Unit::None, nullable: "handed to a dead-letter target, or not said", source: "delivery line, record, span" },
    /// Who says it: `record`, `span` or `log`.
    source: Text { unit: Unit::None, source: "the format" },
    /// When it was said.
    fact_unix_nano: Int { unit: Unit::UnixNano, source: "the record's time" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "the format" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "the format" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "not said", source: "the format" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, nullable: "not said", source: "the format" },
    /// What kind of source.
    trigger_type: Text { unit: Unit::None, nullable: "not said", source: "delivery line, record, messaging.system" },
    /// The queue, topic or stream.
    trigger_source: Text { unit: Unit::None, nullable: "not said", source: "delivery line, record, messaging.destination.name" },
    /// Its partition.
    trigger_partition: Text { unit: Unit::None, nullable: "only streams have them", source: "delivery line" },
    /// The message; of a stream, shard and sequence number.
    message_id: Text { unit: Unit::None, nullable: "not said", source: "delivery line, record" },
    /// Messages in the batch, listed or not.
    batch_size_count: Int { unit: Unit::Count, nullable: "not said", source: "delivery line, record" },
    /// Size of the message.
    message_bytes: Int { unit: Unit::Byte, nullable: "not said", source: "delivery line" },
    /// When it was sent.
    enqueued_unix_nano: Int { unit: Unit::UnixNano, nullable: "not said", source: "delivery line, record" },
    /// When it was first received.
    first_received_unix_nano: Int { unit: Unit::UnixNano, nullable: "only queues tell", source: "delivery line, record" },
    /// How often it was received, this time included.
    receive_count: Int { unit: Unit::Count, nullable: "not said", source: "delivery line, record" },
    /// `delivered`, `failed` where the function named it in its partial batch response, or `dead_letter`.
    outcome: Text { unit: Unit::None, source: "delivery line, envelope" },
    /// For a dead-lettered message, where it came from.
    dead_letter_of: Text { unit: Unit::None, nullable: "not dead-lettered", source: "envelope" },
    /// Whether the time cannot be: before 2014 or more than a day ahead.
    time_suspect: Bool { unit: Unit::None, source: "decode" },
    /// What identifies the statement's content: equal statements count once.
    content_hash: Hash { unit: Unit::None, source: "SHA-256 over all values but the time of receipt" },
    /// When it was received.
    received_unix_nano: Int { unit: Unit::UnixNano, nullable: "files have no time of receipt", source: "the collector's clock" },
}

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
