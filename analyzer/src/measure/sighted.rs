//! What is read of every attempt before any is measured, from the view `invocations`: few columns, since all rows are read twice.

use pennyspan_schema::{Outcome, Unit, columns};

use crate::analysis::Selection;
use crate::attempts;

columns! {
    /// One attempt, as it is seen before it is measured.
    table "seen attempts";

    /// The provider.
    provider: Text { unit: Unit::None, source: "invocations" },
    /// When it began.
    start_unix_nano: Int { unit: Unit::UnixNano, source: "invocations" },
    /// What it stands for, in thousandths.
    sample_weight_milli: Int { unit: Unit::Milli, source: "invocations" },
    /// Whether the platform's own records speak of it.
    evidence_platform: Bool { unit: Unit::None, source: "invocations" },
    /// Whether Lambda Insights speaks of it.
    evidence_insights: Bool { unit: Unit::None, source: "invocations" },
    /// Whether an invocation record speaks of it.
    evidence_record: Bool { unit: Unit::None, source: "invocations" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The version.
    version: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The service.
    service: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// Where it is deployed.
    environment: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The workload's own customer.
    tenant: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// The execution environment.
    instance_id: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
    /// How it ended.
    outcome: Text { unit: Unit::None, nullable: "unknown", source: "invocations" },
}

impl<'a> Row<'a> {
    /// Returns the names of its function: provider, account, region, function.
    pub(crate) fn scope(&self) -> [Option<&'a str>; 4] {
        [Some(self.provider), self.account, self.region, self.function]
    }

    /// Returns how it ended; unknown where nothing says.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome.and_then(Outcome::from_word).unwrap_or(Outcome::Unknown)
    }

    /// Returns whether more than its spans and log lines speak of it.
    pub(crate) fn recorded(&self) -> bool {
        self.evidence_platform || self.evidence_insights || self.evidence_record
    }

    /// Returns whether a selection means it.
    pub(crate) fn is_selected(&self, selection: &Selection) -> bool {
        selection.selects(&attempts::Row {
            function: self.function,
            service: self.service,
            environment: self.environment,
            tenant: self.tenant,
            ..attempts::Row::default()
        })
    }
}
