//! The last evaluation of the catalogue, and when each of its findings was first seen.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use pennyspan_analyzer::judge::judgement::{Finding, Judgement};
use pennyspan_rules::rule::Severity;
use serde::{Deserialize, Serialize};

use crate::answers::Evaluated;
use crate::state::Window;

/// How long the first sight of a finding is remembered after the finding was seen last.
const REMEMBERED_NANOS: i64 = 24 * 3_600_000_000_000;

/// The last result of the evaluation that runs in the background; pages show it with its time.
#[derive(Debug, Default)]
pub struct Evaluation(RwLock<Option<Arc<Judged>>>);

impl Evaluation {
    /// Replaces the result.
    pub fn replace(&self, judged: Judged) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(judged));
    }

    /// Returns the last result; none before the first evaluation.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Judged>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One evaluation.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What was evaluated, and when.
    pub evaluated: Evaluated,
    /// What the rules said.
    pub judgement: Judgement,
    /// When each finding was first seen.
    pub first_seen: FirstSeen,
}

impl Judged {
    /// Puts the result of an evaluation together, with the first sights of the one before.
    #[must_use]
    pub fn new(window: Window, at_unix_nano: i64, judgement: Judgement, earlier: &FirstSeen) -> Self {
        Self {
            evaluated: Evaluated { window, at_unix_nano },
            first_seen: earlier.merged(&judgement.findings, at_unix_nano),
            judgement,
        }
    }

    /// Returns how many findings that nobody muted are critical or high.
    #[must_use]
    pub fn urgent(&self) -> i64 {
        let urgent = self.open().filter(|finding| finding.severity >= Severity::High).count();
        i64::try_from(urgent).unwrap_or(i64::MAX)
    }

    /// Returns the findings that nobody muted, the most severe first.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.judgement
            .findings
            .iter()
            .filter(|finding| finding.suppressed.is_none())
    }

    /// Returns when a finding was first seen, in nanoseconds since 1970.
    #[must_use]
    pub fn since(&self, finding: &Finding) -> i64 {
        self.first_seen
            .0
            .get(&key(finding))
            .map_or(self.evaluated.at_unix_nano, |sight| sight.first_unix_nano)
    }
}

/// When findings were first seen, by account and fingerprint; kept over restarts in a small file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSeen(BTreeMap<String, Sight>);

/// When a finding was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sight {
    first_unix_nano: i64,
    last_unix_nano: i64,
}

impl FirstSeen {
    /// Returns the first sights after an evaluation: those of findings that are open keep their time, and those of
    /// findings that went away are remembered for a day, so that one that comes and goes has one beginning.
    #[must_use]
    pub fn merged(&self, findings: &[Finding], at_unix_nano: i64) -> Self {
        let since = at_unix_nano.saturating_sub(REMEMBERED_NANOS);
        let mut sights = self.0.clone();
        sights.retain(|_, sight| sight.last_unix_nano >= since);
        for finding in findings {
            let sight = sights.entry(key(finding)).or_insert(Sight {
                first_unix_nano: at_unix_nano,
                last_unix_nano: at_unix_nano,
            });
            sight.last_unix_nano = sight.last_unix_nano.max(at_unix_nano);
        }
        Self(sights)
    }
}

fn key(finding: &Finding) -> String {
    format!("{} {}", finding.account.as_deref().unwrap_or("-"), finding.fingerprint)
}
