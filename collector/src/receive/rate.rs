//! How many bytes a second each workspace may send.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};

use pennyspan_schema::Workspace;

use super::refusal::Refusal;

const NANOS_PER_S: i128 = 1_000_000_000;

/// Meters each workspace's bytes: a second's worth may come at once, and what a request takes beyond it is waited for by the
/// next ones.
#[derive(Debug)]
pub(super) struct Rate {
    bytes_per_s: Option<NonZeroU64>,
    meters: Mutex<HashMap<Workspace, Meter>>,
}

/// What one workspace may still send, in bytes times nanoseconds; below zero it has to wait.
#[derive(Debug)]
struct Meter {
    left: i128,
    at_unix_nano: i64,
}

impl Rate {
    pub(super) fn new(bytes_per_s: Option<NonZeroU64>) -> Self {
        Self {
            bytes_per_s,
            meters: Mutex::default(),
        }
    }

    /// Says whether the workspace may send now.
    pub(super) fn admit(&self, workspace: &Workspace, now_unix_nano: i64) -> Result<(), Refusal> {
        match self.metered(workspace, now_unix_nano, 0) {
            Some((left, bytes_per_s)) if left <= 0 => {
                let wait = (-left).div_euclid(i128::from(bytes_per_s.get()) * NANOS_PER_S) + 1;
                Err(Refusal::Rate {
                    workspace: workspace.clone(),
                    bytes_per_s: bytes_per_s.get(),
                    wait_s: u64::try_from(wait).unwrap_or(u64::MAX),
                })
            }
            _ => Ok(()),
        }
    }

    /// Counts bytes that came.
    pub(super) fn charge(&self, workspace: &Workspace, now_unix_nano: i64, bytes: usize) {
        self.metered(workspace, now_unix_nano, bytes);
    }

    fn metered(&self, workspace: &Workspace, now_unix_nano: i64, bytes: usize) -> Option<(i128, NonZeroU64)> {
        let bytes_per_s = self.bytes_per_s?;
        let rate = i128::from(bytes_per_s.get());
        let most = rate * NANOS_PER_S;
        // No code panics while it holds the lock, so a poisoned one still holds a whole map.
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Meter {
            left: most,
            at_unix_nano: now_unix_nano,
        };
        let meter = meters.entry(workspace.clone()).or_insert_with(fresh);
        let passed = i128::from(now_unix_nano.saturating_sub(meter.at_unix_nano).max(0));
        meter.left = (meter.left + passed * rate).min(most) - i128::try_from(bytes).unwrap_or(most) * NANOS_PER_S;
        meter.at_unix_nano = now_unix_nano;
        Some((meter.left, bytes_per_s))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use pennyspan_schema::Workspace;

    use super::{Rate, Refusal};

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_workspace_waits_for_what_it_sent_too_much_and_no_other_does() {
        let rate = Rate::new(NonZeroU64::new(100));
        let (greedy, other) = (Workspace::new("greedy").unwrap(), Workspace::new("other").unwrap());
        rate.admit(&greedy, 0).unwrap();
        rate.charge(&greedy, 0, 350);
        let refused = rate.admit(&greedy, SECOND).unwrap_err();
        assert!(matches!(refused, Refusal::Rate { wait_s: 2, .. }), "{refused:?}");
        rate.admit(&other, SECOND).unwrap();
        assert!(rate.admit(&greedy, 2 * SECOND).is_err());
        rate.admit(&greedy, 3 * SECOND).unwrap();
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        let rate = Rate::new(None);
        rate.charge(&Workspace::default(), 0, usize::MAX);
        rate.admit(&Workspace::default(), 0).unwrap();
    }
}
