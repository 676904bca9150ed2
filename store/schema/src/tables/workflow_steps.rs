//! States of workflow executions.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One state entered or left by one workflow execution, or the execution's own start or end.
    table "workflow_steps";

    /// The provider.
    provider: Text { unit: Unit::None, source: "the format" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "ARN" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "ARN" },
    /// The workflow.
    workflow: Text { unit: Unit::None, nullable: "not said", source: "ARN, span" },
    /// The execution.
    execution_id: Text { unit: Unit::None, source: "execution ARN, span" },
    /// The state.
    state: Text { unit: Unit::None, nullable: "the execution as a whole", source: "the record" },
    /// The attempt at the state.
    attempt: Int { unit: Unit::Code, nullable: "not said", source: "the record" },
    /// What happened, in the provider's words.
    fact_kind: Text { unit: Unit::None, source: "the record" },
    /// When it happened.
    fact_unix_nano: Int { unit: Unit::UnixNano, source: "the record" },
    /// Whether the time cannot be: before 2014 or more than a day ahead.
    time_suspect: Bool { unit: Unit::None, source: "decode" },
    /// When the state was entered.
    start_unix_nano: Int { unit: Unit::UnixNano, nullable: "not said", source: "the record" },
    /// When it was left.
    end_unix_nano: Int { unit: Unit::UnixNano, nullable: "not said", source: "the record" },
    /// `running`, `succeeded`, `failed`, `timed_out` or `aborted`.
    status: Text { unit: Unit::None, nullable: "not said", source: "the record" },
    /// The error.
    error_type: Text { unit: Unit::None, nullable: "no error", source: "the record" },
    /// The error's cause.
    error_message: Text { unit: Unit::None, nullable: "no error", source: "the record" },
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
