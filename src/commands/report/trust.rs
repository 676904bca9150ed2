//! What a report is asked about its input: whether it is complete, and whether it exercised what the baseline knows.

use std::time::{Duration, Instant};

use pennyspan_analyzer::report::completeness::{self, OnPartial};
use pennyspan_analyzer::report::{Completeness, Trust, exercised};
use pennyspan_analyzer::{Selection, Session};

use super::known::Known;
use crate::config::{InForce, Report};
use crate::failure::Failure;
use crate::when;

/// Between two looks at a source that may grow.
const EVERY: Duration = Duration::from_secs(2);

/// What the configuration asks of the input.
#[derive(Clone, Copy, Debug)]
pub struct Demands {
    /// How long to wait for attempts that started and were not reported.
    settle: Duration,
    /// The share of attempts that must have an end.
    pub require_complete: Option<f64>,
    /// The share of what the baseline exercised that must be exercised.
    pub min_coverage: Option<f64>,
    /// What less means.
    pub on_partial: OnPartial,
    /// Whether the source may grow while it is waited for.
    may_grow: bool,
    began: Instant,
}

impl Demands {
    /// Reads them.
    ///
    /// # Errors
    /// [`Failure`] where a value is none, or a demand cannot be judged.
    pub fn read(
        config: &Report,
        may_grow: bool,
        known: Option<&Known>,
        selection: &Selection,
    ) -> Result<Self, Failure> {
        let min_coverage = share("min_coverage", &config.min_coverage)?;
        if min_coverage.is_some() && known.is_none() {
            return Err(Failure::usage(
                "--min-coverage needs a baseline: name its file with --baseline FILE".to_owned(),
            ));
        }
        let narrowed = [&selection.services, &selection.environments, &selection.tenants];
        if min_coverage.is_some() && narrowed.iter().any(|globs| !globs.is_empty()) {
            return Err(Failure::usage(
                "--min-coverage cannot be judged with --service, --env or --tenant, which the baseline does not record; select by --function"
                    .to_owned(),
            ));
        }
        let on_partial = match config.on_partial.as_str() {
            "warn" => OnPartial::Warn,
            _ => OnPartial::Fail,
        };
        Ok(Self {
            settle: settle(&config.settle)?,
            require_complete: share("require_complete", &config.require_complete)?,
            min_coverage,
            on_partial,
            may_grow,
            began: Instant::now(),
        })
    }

    /// Returns whether the completeness was asked for.
    fn is_asked(&self) -> bool {
        !self.settle.is_zero() || self.require_complete.is_some()
    }

    /// Counts what was reported to its end, where that was asked for.
    ///
    /// # Errors
    /// Attempts that cannot be read.
    pub async fn completeness(&self, session: &Session) -> anyhow::Result<Option<Completeness>> {
        if !self.is_asked() {
            return Ok(None);
        }
        Ok(Some(completeness::of(session).await?))
    }

    /// Waits before the source is read again; returns whether it should be: it may grow, it is not complete, and there is time.
    pub async fn wait(&self, found: Option<&Completeness>) -> bool {
        let left = self.settle.saturating_sub(self.began.elapsed());
        let missing = found.filter(|found| found.attempts == 0 || found.share < self.require_complete.unwrap_or(1.0));
        let (true, Some(found)) = (self.may_grow && !left.is_zero(), missing) else {
            return false;
        };
        tracing::info!(
            "{} of {} attempts were reported to their end; waiting {} s at most",
            found.ended,
            found.attempts,
            left.as_secs()
        );
        tokio::time::sleep(EVERY.min(left)).await;
        true
    }
}

/// Compares what was exercised with what the baseline knows.
///
/// # Errors
/// Attempts that cannot be read.
pub async fn of(
    session: &Session,
    in_force: &InForce,
    known: Option<&Known>,
    completeness: Option<Completeness>,
) -> anyhow::Result<Trust> {
    let exercised_now = match known {
        Some(_) => exercised::of(session, in_force.identities()).await?,
        None => Vec::new(),
    };
    Ok(Trust {
        completeness,
        exercised_before: known.and_then(Known::exercised),
        exercised_now,
        expected_absent: in_force.expected_absent().to_vec(),
    })
}

/// Reads a share such as `0.98` or `98%`; nothing is none.
fn share(key: &str, text: &str) -> Result<Option<f64>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    let fits = number.ok().filter(|share| (0.0..=1.0).contains(share));
    fits.map(Some).ok_or_else(|| {
        Failure::usage(format!(
            "`report.{key}` is {text}, expected a share such as 0.98 or 98%"
        ))
    })
}

/// Reads a length such as `120s`; nothing is none.
fn settle(text: &str) -> Result<Duration, Failure> {
    if text.is_empty() {
        return Ok(Duration::ZERO);
    }
    let nanos = when::length_nanos(text).and_then(|nanos| u64::try_from(nanos).ok());
    nanos.map(Duration::from_nanos).ok_or_else(|| {
        Failure::usage(format!(
            "`report.settle` is {text}, expected a length such as 120s or 5m"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_as_numbers_or_percent() {
        assert_eq!(share("x", "0.98").unwrap(), Some(0.98));
        assert_eq!(share("x", "50%").unwrap(), Some(0.5));
        assert_eq!(share("x", "").unwrap(), None);
        for text in ["98", "-1", "much", "NaN"] {
            assert!(share("x", text).is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_to_settle_are_those_of_windows() {
        assert_eq!(settle("2m").unwrap(), Duration::from_mins(2));
        assert_eq!(settle("").unwrap(), Duration::ZERO);
        assert!(settle("soon").is_err());
    }
}
