//! The first page.

use super::*;

impl Fixed {
    pub(in crate::gallery) fn tile(
        &self,
        label: &str,
        value: Shown,
        was: Shown,
        change: (f64, f64),
        course: Vec<Option<i64>>,
        path: &str,
    ) -> Tile {
        let unknown = self.0 == Scene::Unknown;
        let harm = if path == "/functions" { Harm::Quiet } else { self.harm() };
        Tile {
            label: label.into(),
            value: if unknown {
                Shown::missing(crate::format::Missing::Unknown)
            } else {
                value
            },
            was,
            change: (!unknown).then_some(change),
            note: String::new(),
            harm,
            values: self.values(floats(&course)),
            compare: self.values(floats(&level(200, 20))),
            path: path.into(),
        }
    }

    pub(in crate::gallery) fn tiles(&self) -> Vec<Tile> {
        vec![
            self.tile(
                "Error rate",
                percent(62, 1_000),
                percent(37, 10_000),
                (0.37, 6.2),
                self.failed(),
                "/findings",
            ),
            self.tile(
                "p95 duration",
                duration(8_240_000),
                duration(412_000),
                (412.0, 8_240.0),
                rise(400, 8_300),
                "/findings",
            ),
            self.tile(
                "Throttles",
                count(694),
                count(0),
                (0.0, 694.0),
                rise(0, 200),
                "/findings",
            ),
            self.tile(
                "Timeouts and OOM",
                count(102),
                count(0),
                (0.0, 102.0),
                rise(0, 21),
                "/findings",
            ),
            self.tile(
                "Cost per hour",
                usd(usd_cents(1_372)),
                usd(usd_cents(433)),
                (4.33, 13.72),
                rise(433, 1_372),
                "/findings",
            ),
            self.tile(
                "Invocations per min",
                count(18_954),
                count(17_381),
                (17_381.0, 18_954.0),
                level(18_000, 400),
                "/functions",
            ),
            self.tile(
                "Cold starts",
                percent(26, 10_000),
                percent(26, 10_000),
                (0.26, 0.26),
                level(26, 8),
                "/functions",
            ),
            self.tile(
                "Ingest lag p95",
                duration(600_000),
                duration(500_000),
                (0.5, 0.6),
                level(600, 90),
                "/functions",
            ),
        ]
    }

    pub(in crate::gallery) fn story(&self) -> Story {
        let point = |minute: i64, headline: &str, detail: &str| StoryPoint {
            at_unix_nano: START + minute * MINUTE,
            headline: self.name(headline),
            detail: self.name(detail),
        };
        Story {
            scope: format!("attempts of {}", self.name("checkout")),
            bins: bins(),
            succeeded: self.values(if self.0 == Scene::Calm {
                level(92, 6)
            } else {
                rise(92, 16)
            }),
            failed: self.failed(),
            throttled: self.values(
                (0..60_i64)
                    .map(|i| {
                        Some(if i < 54 || self.0 == Scene::Calm {
                            0
                        } else {
                            (i - 53) * 38
                        })
                    })
                    .collect(),
            ),
            deployments: self.deployments(),
            points: vec![
                point(
                    28,
                    "v42 goes live",
                    "From 0 to 100 % of traffic in 20 s. The first call to payments-v2.internal times out 38 s later.",
                ),
                point(
                    32,
                    "Retries take over",
                    "79 % of the attempts since 14:20 are retries: one failing order sends its whole batch back.",
                ),
                point(
                    54,
                    "All 160 slots are taken",
                    "checkout reaches its reserved concurrency.",
                ),
            ],
            sql: Some(
                "SELECT minute, sum(succeeded) FROM by_function_minute\nWHERE function = 'checkout' AND minute < 3"
                    .into(),
            ),
        }
    }

    pub(in crate::gallery) fn verdict(&self) -> Verdict {
        let fact = |label: &str, headline: &str, detail: &str| Fact {
            label: label.into(),
            headline: self.name(headline),
            detail: self.name(detail),
            link: Some((
                "See one trace".into(),
                "/traces/5f3c0a91d2b84e7c9a10e6b3c4d7f821".into(),
            )),
        };
        let facts = vec![
            fact(
                "What is broken",
                "The call from checkout to payments-v2.internal",
                "23,380 of 23,798 attempts failed. The host never answers.",
            ),
            fact(
                "Why, with high confidence",
                "Version 42 calls a host that v41 never called",
                "Live at 14:20:03; first failure at 14:20:41. v41 failed 0.2 % of its last hour.",
            ),
            fact(
                "Effect",
                "3,476 orders unpaid, 113 more each minute",
                "Each order was tried 29 times on average, which costs 9.39 USD per hour extra.",
            ),
        ];
        let first = FirstStep {
            headline: self.name("Send checkout back to version 41"),
            command: "aws lambda update-alias --function-name checkout \\\n  --name live --function-version 41".into(),
            undo: "aws lambda update-alias --function-name checkout \\\n  --name live --function-version 42".into(),
            fingerprint: "error-rate-81c0f4e2".into(),
        };
        if self.0 == Scene::Calm {
            return Verdict::Calm {
                sentence: "No incident since 09:12. 2 open findings, 127 USD a month.".into(),
                note: "17 functions".into(),
                facts: vec![fact(
                    "Last deployment",
                    "edge-geo e41c, yesterday 16:40",
                    "No difference in errors, duration or cost.",
                )],
                later: Some(FirstStep {
                    headline: "Give thumb-make 1,024 MiB".into(),
                    command: String::new(),
                    undo: String::new(),
                    ..first
                }),
            };
        }
        Verdict::Incident(Incident {
            severity: Severity::Critical,
            since_unix_nano: START + 28 * MINUTE + 41_000_000_000,
            findings_count: 2,
            sentence: self.name("checkout fails 98 % of its attempts since v42 went live at 14:20"),
            facts,
            first: Some(first),
        })
    }
}
