//! Functions.

use super::*;

impl Fixed {
    pub(in crate::gallery) fn function_row(&self, name: &str, errors: i64, harm: Harm) -> FunctionRow {
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

    pub(in crate::gallery) fn amount(&self, cents: i128) -> Amount {
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

    pub(in crate::gallery) fn rows(&self) -> Vec<FunctionRow> {
        let failing = if self.harm() == Harm::Fires { 23_380 } else { 0 };
        vec![
            self.function_row("checkout", failing, self.harm()),
            self.function_row("fraud-score", 62, Harm::Quiet),
            self.function_row("thumb-make", 155, Harm::Quiet),
        ]
    }

    pub(in crate::gallery) fn overview(&self) -> FunctionOverview {
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

    pub(in crate::gallery) fn cold_starts(&self) -> ColdStarts {
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

    pub(in crate::gallery) fn cost(&self) -> FunctionCost {
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
}
