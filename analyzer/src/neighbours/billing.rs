//! Billed duration: the logged one wins, always; where none was logged, the rule in force at the start computes it.

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::Packaging;
use pennyspan_schema::tables::invocations::Row;
use pennyspan_schema::{InitType, Outcome};

/// The provider whose billing rules are known.
pub(crate) const PROVIDER: &str = "aws";
/// Its service, as the price books name it.
pub(crate) const SERVICE: &str = "lambda";

/// Returns whether an attempt is billed by its duration and memory as Lambda's event functions are.
pub(crate) fn is_lambda(
    provider: &str,
    platform: Option<&str>,
    execution_model: Option<&str>,
    init_type: Option<&str>,
) -> bool {
    provider == PROVIDER
        && platform.is_none_or(|platform| platform == "aws_lambda")
        && execution_model.is_none_or(|model| model == "event_function")
        && init_type != Some(InitType::ManagedInstances.as_str())
}

/// Returns the billed duration in milliseconds and where it comes from.
pub(super) fn billed(
    row: &Row<'_>,
    init_type: Option<&str>,
    package: Option<&str>,
    books: &PriceBooks,
) -> Option<(i64, &'static str)> {
    if let Some(reported) = row.billed_duration_ms {
        return Some((reported, "reported"));
    }
    let ran = row.outcome.and_then(Outcome::from_word).is_none_or(Outcome::ran);
    if !ran || !is_lambda(row.provider, row.platform, row.execution_model, init_type) {
        return None;
    }
    let run_us = row.duration_us.or(row.runtime_us)?;
    let rule = books.billing_rule(PROVIDER, SERVICE, row.start_unix_nano)?;
    let packaging = if package.is_some_and(|kind| kind.eq_ignore_ascii_case("image")) {
        Packaging::Other
    } else {
        Packaging::ManagedZip
    };
    Some((rule.billed_ms(run_us, init_us(row, init_type), packaging), "computed"))
}

/// Returns what is initialized at the request's expense: a restore's billed part, or the init that it waited for.
fn init_us(row: &Row<'_>, init_type: Option<&str>) -> Option<i64> {
    if init_type == Some(InitType::ProvisionedConcurrency.as_str()) {
        return None;
    }
    match row.restore_billed_ms {
        Some(restore_ms) => Some(restore_ms.saturating_mul(1_000)),
        None => row
            .init_duration_us
            .filter(|_| init_type != Some(InitType::SnapStart.as_str())),
    }
}
