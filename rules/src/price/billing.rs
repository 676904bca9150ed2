//! Rules of billing: what a provider bills of a run, which changes at other times than its prices.

use super::{Date, Place};

/// What a provider bills of a run, over one range of dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingRule {
    /// Name.
    pub id: String,
    /// First day on which it is in force.
    pub effective_from: Date,
    /// First day on which it is no longer in force.
    pub effective_to: Option<Date>,
    /// Billed time is rounded up to a multiple of this, in milliseconds.
    pub step_ms: i64,
    /// Least billed time of a run, in milliseconds.
    pub minimum_ms: i64,
    /// Whether initialization is billed.
    pub init: InitBilling,
    /// Public page from which it was taken.
    pub source: String,
    /// Day on which that was read.
    pub retrieved: Date,
    /// File and line of the entry.
    pub place: Place,
}

/// Whether initialization before the handler is part of the billed duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitBilling {
    /// Every initialization is billed.
    Billed,
    /// That of zip packages on managed runtimes, on demand, is free.
    FreeForManagedZip,
}

/// How a function's code is packaged, as far as billing asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packaging {
    /// A zip package on a managed runtime.
    ManagedZip,
    /// A container image, or a runtime of one's own.
    Other,
}

impl BillingRule {
    /// Tells whether the rule is in force at an instant, half-open, in nanoseconds since 1970, UTC.
    #[must_use]
    pub fn in_force_at(&self, unix_nano: i64) -> bool {
        let ended = self.effective_to.is_some_and(|to| to.start_unix_nano() <= unix_nano);
        self.effective_from.start_unix_nano() <= unix_nano && !ended
    }

    /// Computes the billed milliseconds of a run for which none were logged.
    ///
    /// `run_us` is the duration that the platform reports; `init_us` the initialization, or the billed part of a
    /// restore, before it. Both are rounded up together, once.
    #[must_use]
    pub fn billed_ms(&self, run_us: i64, init_us: Option<i64>, packaging: Packaging) -> i64 {
        let free = self.init == InitBilling::FreeForManagedZip && packaging == Packaging::ManagedZip;
        let init_us = if free { 0 } else { init_us.unwrap_or(0).max(0) };
        let step_us = self.step_ms.saturating_mul(1_000).max(1);
        let total_us = run_us.max(0).saturating_add(init_us);
        let steps = total_us / step_us + i64::from(total_us % step_us != 0);
        steps.saturating_mul(self.step_ms).max(self.minimum_ms)
    }
}

/// Reads from a logged billed duration which rule made it.
///
/// Returns none where both rules would bill the same, or where there was no initialization.
#[must_use]
pub fn init_billing_seen(run_us: i64, init_us: i64, billed_ms: i64) -> Option<InitBilling> {
    let ceil_ms = |us: i64| us / 1_000 + i64::from(us % 1_000 > 0);
    let (run, both) = (ceil_ms(run_us), ceil_ms(run_us.saturating_add(init_us)));
    match billed_ms {
        _ if run == both => None,
        billed if billed >= both => Some(InitBilling::Billed),
        _ => Some(InitBilling::FreeForManagedZip),
    }
}
