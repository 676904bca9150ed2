//! The values behind the fixed answers: one hour, one incident that begins 32 minutes in.

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

    fn finding(&self, severity: Severity, rule: &str, sentence: &str, impact: Option<(&str, &str)>) -> FindingRow {
        FindingRow {
            fingerprint: format!("{rule}-81c0f4e2"),
            severity,
            sentence: self.name(sentence),
            rule: rule.into(),
            scope: self.name("checkout v42"),
            since_unix_nano: START + 28 * MINUTE + 41_000_000_000,
            step_verb: "Contain".into(),
            step: self.name("send alias live back to v41"),
            impact: impact.map(|(figure, words)| Impact {
                figure: figure.into(),
                words: words.into(),
            }),
            muted: None,
        }
    }

    pub(super) fn findings(&self) -> Vec<FindingRow> {
        let mut findings = Vec::new();
        if self.0 != Scene::Calm {
            findings.push(self.finding(
                Severity::Critical,
                "retry-amplification",
                "checkout retries every order again and again: 98 % of its attempts are retries",
                Some(("9.39", "USD per hour")),
            ));
            findings.push(self.finding(
                Severity::High,
                "error-rate",
                "checkout fails 98 % of its attempts",
                None,
            ));
        }
        findings.push(self.finding(
            Severity::Medium,
            "memory-over-provisioned",
            "thumb-make uses a third of its memory",
            Some(("109 – 145", "USD per month")),
        ));
        let mut muted = self.finding(
            Severity::Low,
            "cold-start-rate",
            "recommend starts cold too often",
            Some(("2.40", "USD per month")),
        );
        muted.muted = Some("known until 31 Dec".into());
        findings.push(muted);
        findings
    }

    pub(super) fn function_row(&self, name: &str, errors: i64, harm: Harm) -> FunctionRow {
        let quantiles = Quantiles {
            p50_us: self.known(640_000),
            p95_us: self.known(8_920_000),
            p99_us: self.known(9_710_000),
            precision: Precision::Buckets,
        };
        FunctionRow {
            id: FunctionId {
                provider: "aws".into(),
                account: "123456789012".into(),
                region: "eu-central-1".into(),
                function: self.name(name),
            },
            runtime: if self.0 == Scene::Unknown {
                String::new()
            } else {
                "nodejs22.x arm64".into()
            },
            memory_mib: self.known(1_024),
            invocations: self.known(23_798),
            errors,
            before: self.known((5_520, 11)),
            cold: self.known((173, 23_798)),
            memory_ppm: self.known(370_000),
            duration: quantiles,
            amount: self.amount(803),
            deployed_unix_nano: (self.0 != Scene::Unknown).then_some(START + 28 * MINUTE),
            version: if self.0 == Scene::Unknown {
                String::new()
            } else {
                self.name("42")
            },
            findings: (if harm == Harm::Fires { 2 } else { 0 }, harm),
            course: self.values(floats(&rise(92, 1_139))),
            harm,
        }
    }

    fn amount(&self, cents: i128) -> Amount {
        match self.0 {
            Scene::Unknown => Amount {
                usd: Usd(0),
                priced: 0,
                not_priced: 31,
            },
            _ => Amount {
                usd: usd_cents(cents),
                priced: 23_486,
                not_priced: 312,
            },
        }
    }

    pub(super) fn rows(&self) -> Vec<FunctionRow> {
        let failing = if self.harm() == Harm::Fires { 23_380 } else { 0 };
        vec![
            self.function_row("checkout", failing, self.harm()),
            self.function_row("fraud-score", 62, Harm::Quiet),
            self.function_row("thumb-make", 155, Harm::Quiet),
        ]
    }

    fn tile(
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

    pub(super) fn tiles(&self) -> Vec<Tile> {
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

    pub(super) fn story(&self) -> Story {
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

    pub(super) fn verdict(&self) -> Verdict {
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

    pub(super) fn overview(&self) -> FunctionOverview {
        let scaled =
            |values: Vec<Option<i64>>, by: i64| self.values(values.into_iter().map(|v| v.map(|v| v * by)).collect());
        FunctionOverview {
            tiles: self.tiles()[..6].to_vec(),
            bins: bins(),
            succeeded: self.story().succeeded,
            failed: self.failed(),
            throttled: self.story().throttled,
            p50_us: scaled(rise(640, 8_400), 1_000),
            p95_us: scaled(rise(1_410, 8_920), 1_000),
            p99_us: self.values(
                (0..60)
                    .map(|i| (!(12..18).contains(&i)).then_some(if i < 28 { 2_300_000 } else { 9_710_000 }))
                    .collect(),
            ),
            lag_p95_us: self.values(
                (0..60)
                    .map(|i| (!(14..30).contains(&i)).then_some(900_000 + i * 1_000))
                    .collect(),
            ),
            concurrency: scaled(rise(2, 160), 1),
            reserved_count: Some(160),
            timeout_us: Some(10_000_000),
            deployments: self.deployments(),
            exemplars: vec![(
                "5f3c0a91d2b84e7c9a10e6b3c4d7f821".into(),
                START + 38 * MINUTE,
                8_420_000,
                Harm::Fires,
            )],
            configuration: Configuration {
                rows: vec![
                    ("Memory".into(), Ok("1,024 MiB, 37 % used at most".into()), Harm::Quiet),
                    ("Time limit".into(), Ok("10 s".into()), Harm::Quiet),
                    ("Trigger".into(), Ok(self.name("queue orders, batch 10")), Harm::Quiet),
                    ("Dead-letter queue".into(), Ok("none".into()), Harm::Fires),
                    ("Tracing".into(), Err(crate::format::Missing::Unknown), Harm::Quiet),
                ],
            },
            versions: vec![VersionRow {
                version: self.name("42"),
                since_unix_nano: self.known(START + 28 * MINUTE),
                attempts: (23_798, 23_380),
                duration: self.function_row("x", 0, Harm::Quiet).duration,
                cold: self.known((160, 23_798)),
                usd_per_thousand: self.known(Usd(CENT * 12)),
                verdict: "p < 0.001".into(),
                harm: self.harm(),
            }],
        }
    }

    pub(super) fn cold_starts(&self) -> ColdStarts {
        let group = |name: &str, note: &str, n: i64| InitGroup {
            name: self.name(name),
            note: note.into(),
            cold_count: n,
            init: self.function_row("x", 0, Harm::Quiet).duration,
        };
        ColdStarts {
            bins: bins(),
            known: self.values(level(400, 20)),
            cold: self.values(level(6, 6)),
            totals: if self.0 == Scene::Unknown {
                (0, 0, 23_798)
            } else {
                (173, 23_486, 312)
            },
            init: self.function_row("x", 0, Harm::Quiet).duration,
            by_type: vec![group("on-demand", "", 170), group("snap-start", "restored", 3)],
            by_version: vec![group("42", "", 160), group("41", "", 13)],
            by_cause: vec![
                group("deploy", "first 15 minutes of a version", 160),
                group("scale-out", "more at once than there were environments", 13),
            ],
            distribution: (
                (0..12_i64)
                    .map(|i| HistogramBar {
                        low: 100_000.0 * i as f64,
                        count: if self.0 == Scene::Unknown {
                            0
                        } else {
                            40 - (i - 4) * (i - 4)
                        },
                    })
                    .collect(),
                1_200_000.0,
            ),
            amount: self.amount(14),
            deployments: self.deployments(),
        }
    }

    pub(super) fn cost(&self) -> FunctionCost {
        let waste = |what: &str, cents: i128, because: &str, kind: PartKind| WasteRow {
            what: what.into(),
            usd: usd_cents(cents),
            because: because.into(),
            kind,
        };
        FunctionCost {
            total: self.amount(803),
            before: self.known(usd_cents(6)),
            per_thousand: self.known(Usd(CENT * 34)),
            per_month: self.known(usd_cents(578_160)),
            waste: vec![
                waste("useful", 12, "work that ended well", PartKind::Pale),
                waste("retry", 741, "attempts after the first", PartKind::Harm),
                waste("cold start", 14, "billed init", PartKind::Starting),
                waste("idle wait", 36, "waiting for payments-v2.internal", PartKind::Waiting),
            ],
            lines: vec![
                CostLine {
                    item: "duration, arm64".into(),
                    quantity: "602,250.2".into(),
                    unit: "GB-s".into(),
                    price: "0.0000133334".into(),
                    usd: self.known(usd_cents(798)),
                },
                CostLine {
                    item: "requests".into(),
                    quantity: "23,486".into(),
                    unit: "requests".into(),
                    price: "0.0000002".into(),
                    usd: self.known(usd_cents(5)),
                },
            ],
            bins: bins(),
            course: self.values(
                rise(1, 24)
                    .into_iter()
                    .map(|v| v.map(|v| usd_cents(i128::from(v))))
                    .collect(),
            ),
            price_book: "aws-lambda of 1 Nov 2026".into(),
            deployments: self.deployments(),
        }
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        let ms = 1_000_000;
        let span = |id: u64,
                    depth: u16,
                    service: (&str, usize),
                    name: &str,
                    from: i64,
                    length: i64,
                    fate: SpanFate,
                    note: &str| Span {
            span_id: format!("{id:016x}"),
            depth,
            service: self.name(service.0),
            service_index: service.1,
            name: self.name(name),
            start_unix_nano: START + from * ms,
            end_unix_nano: START + (from + length) * ms,
            self_us: length * 1_000 / 2,
            critical: vec![(START + from * ms, START + (from + length / 2) * ms)],
            fate,
            note: note.into(),
            folded_count: if name.contains("24") { 24 } else { 1 },
        };
        let (front, check, fraud) = (("storefront", 1), ("checkout", 0), ("fraud-score", 2));
        vec![
            span(
                1,
                0,
                front,
                "POST /orders",
                0,
                142,
                SpanFate::Well,
                "202, order accepted",
            ),
            span(2, 1, front, "orders send", 98, 23, SpanFate::Well, ""),
            span(
                3,
                0,
                ("", 0),
                "waits in queue orders",
                121,
                2_235,
                SpanFate::Waiting,
                "linked, no parent",
            ),
            span(
                4,
                0,
                check,
                "cold start, init",
                2_356,
                412,
                SpanFate::Starting,
                "cold start 412 ms",
            ),
            span(
                5,
                0,
                check,
                "orders process, batch of 4",
                2_768,
                8_424,
                SpanFate::Failed,
                "",
            ),
            span(
                6,
                1,
                check,
                "secrets get payments/key",
                2_775,
                14,
                SpanFate::Orphan,
                "parent never arrived",
            ),
            span(7, 1, fraud, "score", 2_806, 303, SpanFate::Well, ""),
            span(
                8,
                1,
                check,
                "24 × GetItem prices",
                3_125,
                226,
                SpanFate::Well,
                "one after the other, 9 ms each",
            ),
            span(
                9,
                2,
                check,
                "payments-v2.internal, try 3",
                8_680,
                2_500,
                SpanFate::Failed,
                "ETIMEDOUT",
            ),
        ]
    }

    pub(super) fn trace(&self, trace_id: &str, view: &TraceView) -> TraceAnswer {
        let part = |name: &str, ms: i64, kind| TimePart {
            name: self.name(name),
            us: ms * 1_000,
            kind,
        };
        let detail = |id: &String| SpanDetail {
            span_id: id.clone(),
            name: self.name("POST payments-v2.internal"),
            error: self.name("connect ETIMEDOUT 10.40.3.17:443"),
            facts: vec![
                ("Lasts".into(), Some("2,500 ms".into())),
                ("server.address".into(), Some(self.name("payments-v2.internal"))),
                ("http.response.status_code".into(), None),
            ],
            links: vec![TraceLink {
                words: "orders send in storefront, 2.24 s earlier".into(),
                trace_id: trace_id.into(),
                span_id: "0000000000000002".into(),
            }],
            function: Some(FunctionId {
                provider: "aws".into(),
                function: self.name("checkout"),
                ..FunctionId::default()
            }),
        };
        TraceAnswer {
            trace_id: trace_id.into(),
            sentence: self.name("This order failed: payments-v2.internal did not answer for 7.5 of 11.2 seconds"),
            start_unix_nano: START,
            end_unix_nano: START + 11_192_000_000,
            spans_count: 39,
            functions_count: 4,
            cold_count: 1,
            orphans_count: 1,
            spans: self.spans(),
            first_row: view.first_row,
            rows_count: 17,
            page_rows: 9,
            parts: vec![
                part("payments-v2.internal, three tries", 7_500, PartKind::Harm),
                part("queue orders", 2_235, PartKind::Waiting),
                part("checkout cold start", 412, PartKind::Starting),
                part("fraud-score", 331, PartKind::Series(3)),
                part("the rest of checkout", 714, PartKind::Series(0)),
            ],
            cost: TraceCost {
                lines: vec![
                    (
                        self.name("checkout, 8,836 ms with init, failed"),
                        Usd(118_010_000_000_000),
                    ),
                    ("fraud-score".into(), Usd(26_390_000_000_000)),
                ],
                total: Amount {
                    usd: Usd(144_400_000_000_000),
                    priced: 4,
                    not_priced: 1,
                },
                price_book: "1 Nov 2026".into(),
            },
            span: view.span_id.as_ref().map(detail),
            links: vec![TraceLink {
                words: "next attempt, 38 s later".into(),
                trace_id: "77d1a0c477d1a0c477d1a0c477d1a0c4".into(),
                span_id: String::new(),
            }],
            logs: vec![
                LogLine {
                    at_unix_nano: START,
                    level: "info".into(),
                    body: "order 88-40617 accepted".into(),
                },
                LogLine {
                    at_unix_nano: START + 5_000_000_000,
                    level: "error".into(),
                    body: self.name("charge try 1 of 3: connect ETIMEDOUT"),
                },
            ],
            skew: "clocks corrected by 12 ms".into(),
        }
    }

    pub(super) fn finding_answer(&self, fingerprint: &str) -> FindingAnswer {
        let step = |verb: &str, markdown: &str| RunbookStep {
            verb: verb.into(),
            markdown: self.name(markdown),
        };
        let mut row = self.finding(
            Severity::Critical,
            "retry-amplification",
            "checkout retries every order again and again: 29 attempts each, 98 % fail",
            Some(("9.39", "USD per hour")),
        );
        row.fingerprint = fingerprint.into();
        FindingAnswer {
            row,
            evaluated: Self::evaluated(),
            confidence: Confidence::High,
            confidence_because: "platform records, complete".into(),
            disproved_by: "receive counts missing, or redelivery by hand".into(),
            function: Some(FunctionId {
                provider: "aws".into(),
                function: self.name("checkout"),
                ..FunctionId::default()
            }),
            figures: vec![(
                "Risk".into(),
                Impact {
                    figure: "3,476".into(),
                    words: "orders unpaid; lost after 4 days".into(),
                },
            )],
            amount: Some(self.amount(939)),
            n_count: 110_901,
            value: "97.9 % of attempts".into(),
            threshold: "20 % and 3 × usual (default)".into(),
            runbook: vec![
                step(
                    "Confirm",
                    "Run the evidence query again. It is a storm if the last two rows fire.",
                ),
                step(
                    "Contain",
                    "**Pause the mapping** from queue orders to checkout.\n\n```sh\naws lambda update-event-source-mapping \\\n  --uuid 7d1f0c52 --no-enabled\n```\n\nUndo: the same with `--enabled`.",
                ),
                step(
                    "Diagnose",
                    "1. **The new version is broken.** v42 fails 98.2 %.\n2. **A few poison messages.** [evil](javascript:alert(1))",
                ),
                step("Fix", "Send alias `live` back to v41. <img src=x onerror=alert(1)>"),
            ],
            sql: "SELECT bin, sum(messages) FROM deliveries\nWHERE function = 'checkout' AND n < 3".into(),
            evidence: EvidenceRows {
                columns: vec!["bin".into(), "attempts".into(), "retries".into()],
                rows: vec![
                    vec![
                        Some("14:20–14:25".into()),
                        Some("2,743".into()),
                        Some(self.name("2,155")),
                    ],
                    vec![Some("14:25–14:30".into()), None, Some("7,691".into())],
                ],
            },
            course: Some(Course {
                measure: "retries, % of attempts per minute".into(),
                bins: bins(),
                unit: Unit::Percent,
                series: Series::plain("retries", self.values(floats(&rise(1, 98)))),
                limit: Some(Limit {
                    name: "threshold 20 %".into(),
                    value: 20.0,
                }),
                deployments: self.deployments(),
                exemplars: vec![Exemplar {
                    at_unix_nano: START + 40 * MINUTE,
                    value: 60.0,
                    title: "5f3c0a91d2b84e7c9a10e6b3c4d7f821".into(),
                    href: String::new(),
                }],
            }),
            exemplars: vec!["5f3c0a91d2b84e7c9a10e6b3c4d7f821".into()],
            impact_text: self.name("103,676 deliveries after the first, 8.4 s each at 1,024 MiB."),
            suppression: Suppression {
                toml: "[[suppress]]\nrule = \"retry-amplification\"\nreason = \"\"".into(),
            },
        }
    }
}
