//! Billed duration: the logged one wins, always; where none was logged, the rule in force at the start computes it, and
//! where requests share an instance, its share of the time in which the instance was busy.

use pennyspan_rules::PriceBooks;
use pennyspan_rules::price::Packaging;
use pennyspan_schema::tables::invocations::Row;
use pennyspan_schema::{InitType, Outcome};

use super::sharing::{Sharing, time_rule};
use crate::pricing::{Plan, Product};

/// What settings and the environment say of an attempt, as far as billing asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) init_type: Option<&'a str>,
    pub(super) billing_mode: Option<&'a str>,
    pub(super) package: Option<&'a str>,
    pub(super) concurrency_per_instance: Option<i64>,
}

/// Returns the plan that bills an attempt, where one is known.
pub(super) fn plan(row: &Row<'_>, said: Said<'_>) -> Option<Plan> {
    let product = Product {
        provider: row.provider,
        platform: row.platform,
        execution_model: row.execution_model,
        init_type: said.init_type,
        billing_mode: said.billing_mode,
    };
    Plan::of(product).ok()
}

/// Returns the billed duration in milliseconds and where it comes from.
pub(super) fn billed(
    row: &Row<'_>,
    said: Said<'_>,
    books: &PriceBooks,
    sharing: &Sharing,
) -> Option<(i64, &'static str)> {
    if let Some(reported) = row.billed_duration_ms {
        return Some((reported, "reported"));
    }
    let ran = row.outcome.and_then(Outcome::from_word).is_none_or(Outcome::ran);
    let plan = plan(row, said).filter(|_| ran)?;
    if plan.shares_instances() && said.concurrency_per_instance != Some(1) {
        let key = (row.key_scope, row.invocation_id);
        let share = sharing.billed_ms(plan, row.instance_id, key, row.start_unix_nano);
        return share.map(|ms| (ms, "shared"));
    }
    let run_us = row.duration_us.or(row.runtime_us)?;
    let rule = time_rule(books, plan, row.start_unix_nano)?;
    let packaging = if said.package.is_some_and(|kind| kind.eq_ignore_ascii_case("image")) {
        Packaging::Other
    } else {
        Packaging::ManagedZip
    };
    Some((
        rule.billed_ms(run_us, init_us(row, said.init_type), packaging),
        "computed",
    ))
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
