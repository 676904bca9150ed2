//! The values behind the fixed answers: one hour, one incident that begins 32 minutes in.

mod finding;
mod function;
mod home;
mod trace;

use super::{Fixed, MINUTE, NOW, Scene};
use crate::answers::*;
use crate::chart::{Bins, Deployment, Exemplar, HistogramBar, Limit, PartKind, Series, Unit};
use crate::format::{Amount, Harm, Precision, Shown, Usd, count, duration, percent, usd};

pub(super) const START: i64 = NOW - 60 * MINUTE;
const CENT: i128 = 10_000_000_000_000_000;

pub(super) fn bins() -> Bins {
    Bins {
        start_unix_nano: START,
        step_ns: MINUTE,
        count: 60,
    }
}

/// A level with a small wave on it.
fn level(value: i64, wave: i64) -> Vec<Option<i64>> {
    (0..60)
        .map(|i: i64| Some(value + (i * 7919 % 13 - 6) * wave / 6))
        .collect()
}

/// A level until the incident, then a rise.
fn rise(before: i64, after: i64) -> Vec<Option<i64>> {
    (0..60_i64)
        .map(|i| {
            Some(if i < 28 {
                before
            } else {
                before + (after - before) * (i - 27) / 32
            })
        })
        .collect()
}

fn floats(values: &[Option<i64>]) -> Vec<Option<f64>> {
    values.iter().map(|v| v.map(|v| v as f64)).collect()
}

fn usd_cents(cents: i128) -> Usd {
    Usd(cents * CENT)
}

impl Fixed {
    pub(super) fn harm(&self) -> Harm {
        if self.0 == Scene::Calm {
            Harm::Quiet
        } else {
            Harm::Fires
        }
    }

    fn failed(&self) -> Vec<Option<i64>> {
        self.values(if self.0 == Scene::Calm {
            level(0, 0)
        } else {
            rise(0, 1_121)
        })
    }

    pub(super) fn deployments(&self) -> Vec<Deployment> {
        if self.0 == Scene::Calm {
            return Vec::new();
        }
        vec![Deployment {
            at_unix_nano: START + 28 * MINUTE + 3_000_000_000,
            version: self.name("v42"),
        }]
    }

    pub(super) fn status(&self) -> Status {
        Status {
            newest_unix_nano: Some(NOW - 2_000_000_000),
            ingest_lag_p95_us: Some(self.known(600_000)),
            as_of_unix_nano: Some(NOW - 3_000_000_000),
            badges: vec![
                Badge {
                    label: "Spans".into(),
                    value: "1 in 10, weighted".into(),
                },
                Badge {
                    label: "List prices of".into(),
                    value: "1 Nov 2026".into(),
                },
            ],
            rows_read: 41_208,
            files_read: 6,
            elapsed_us: 38_000,
            workspace: "default".into(),
            urgent_findings: if self.0 == Scene::Calm { 0 } else { 2 },
            services: vec![self.name("orders"), "shop".into()],
            regions: vec!["eu-central-1".into()],
            environments: vec!["prod".into()],
        }
    }

    pub(super) fn evaluated() -> Evaluated {
        Evaluated {
            window: crate::state::Window {
                start: NOW - 24 * 60 * MINUTE,
                end: NOW,
            },
            at_unix_nano: NOW - 20_000_000_000,
        }
    }
}
