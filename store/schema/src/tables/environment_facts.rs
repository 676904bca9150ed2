//! Statements about execution environments.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One statement about an execution environment, or about an interval of its life.
    table "environment_facts";

    /// The provider.
    provider: Text { unit: Unit::None, source: "the format" },
    /// What is stated: `init_start`, `init_runtime_done`, `init_report`, `restore_start`, `restore_runtime_done`, `restore_report`, `extension`, `subscription`, `logs_dropped`, `interval` or `shutdown`.
    fact_kind: Text { unit: Unit::None, source: "the format" },
    /// When it was stated.
    fact_unix_nano: Int { unit: Unit::UnixNano, source: "the record's time" },
    /// Whether the time cannot be: before 2014 or more than a day ahead.
    time_suspect: Bool { unit: Unit::None, source: "decode" },
    /// The product.
    platform: Text { unit: Unit::None, nullable: "not said", source: "the format" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "door, envelope" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "runtimeVersionArn, door" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "not said", source: "functionName, log group, door" },
    /// The version.
    version: Text { unit: Unit::None, nullable: "not said", source: "functionVersion" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, nullable: "not said", source: "instanceId, log stream, door" },
    /// How it was initialized.
    init_type: Text { unit: Unit::None, nullable: "not said", source: "initializationType" },
    /// `init` or `invoke`.
    phase: Text { unit: Unit::None, nullable: "not said", source: "phase" },
    /// How it ended.
    status: Text { unit: Unit::None, nullable: "not said", source: "status" },
    /// The kind of the error.
    error_type: Text { unit: Unit::None, nullable: "no error", source: "errorType" },
    /// How long it took.
    duration_us: Int { unit: Unit::Microsecond, nullable: "not said", source: "metrics.durationMs" },
    /// What was billed for it.
    billed_ms: Int { unit: Unit::Millisecond, nullable: "not said", source: "metrics.billedDurationMs" },
    /// Where an interval is stated, its start.
    start_unix_nano: Int { unit: Unit::UnixNano, nullable: "not an interval", source: "the record" },
    /// Where an interval is stated, its end.
    end_unix_nano: Int { unit: Unit::UnixNano, nullable: "not an interval", source: "the record" },
    /// Requests served in the interval.
    request_count: Int { unit: Unit::Count, nullable: "not said", source: "the record" },
    /// Memory of the environment.
    memory_size_mib: Int { unit: Unit::Mebibyte, nullable: "not said", source: "instanceMaxMemory (bytes)" },
    /// Processors of the environment, in thousandths.
    vcpu_milli: Int { unit: Unit::Milli, nullable: "not said", source: "the record" },
    /// The runtime.
    runtime_version: Text { unit: Unit::None, nullable: "not said", source: "runtimeVersion" },
    /// The runtime's ARN, whose change is a deployment by the provider.
    runtime_version_arn: Text { unit: Unit::None, nullable: "not said", source: "runtimeVersionArn" },
    /// The extension, or the log subscription.
    extension: Text { unit: Unit::None, nullable: "not about one", source: "name" },
    /// Why, in the platform's words.
    reason: Text { unit: Unit::None, nullable: "not said", source: "reason" },
    /// Records that were lost.
    dropped_record_count: Int { unit: Unit::Count, nullable: "nothing was lost", source: "droppedRecords" },
    /// Bytes that were lost.
    dropped_bytes: Int { unit: Unit::Byte, nullable: "nothing was lost", source: "droppedBytes" },
    /// What has no column, as JSON.
    attributes_json: Json { unit: Unit::None, nullable: "none is left", source: "the record" },
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
