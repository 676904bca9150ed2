//! The fixed answers.

use async_trait::async_trait;

use super::values::bins;
use super::{Fixed, NOW, Scene};
use crate::answers::*;
use crate::format::{Harm, count, percent};

type Answered<T> = Result<Answer<T>, AnswerError>;

impl Fixed {
    fn wrap<T>(&self, body: T) -> Answered<T> {
        match &self.0 {
            Scene::Broken => Err(AnswerError::Failed {
                source: "the table `secret` is gone".into(),
            }),
            Scene::Empty(why) => Ok(Answer {
                status: self.status(),
                body: Err(why.clone()),
            }),
            _ => Ok(Answer {
                status: self.status(),
                body: Ok(body),
            }),
        }
    }
}

#[async_trait]
impl Answers for Fixed {
    async fn home(&self, _question: &Question) -> Answered<HomeAnswer> {
        let mover = |what: &str, harm| Mover {
            what: self.name(what),
            because: self.name("38 s after v42"),
            was: percent(2, 1_000),
            now: percent(98, 100).harmful(harm),
            change: (0.2, 98.0),
            harm,
        };
        let errors = ErrorGroup {
            message: self.name("ConnectTimeoutError: connect ETIMEDOUT payments-v2.internal:443"),
            scope: self.name("checkout v42"),
            count: 22_951,
            first_unix_nano: NOW - 31 * super::MINUTE,
            last_unix_nano: NOW - super::MINUTE,
            trace_id: Some("5f3c0a91d2b84e7c9a10e6b3c4d7f821".into()),
        };
        self.wrap(HomeAnswer {
            verdict: self.verdict(),
            tiles: self.tiles(),
            tile_bins: bins(),
            deployments: self.deployments(),
            story: (self.0 != Scene::Calm).then(|| self.story()),
            findings: self.findings(),
            findings_total: 14,
            evaluated: Some(Self::evaluated()),
            compared: true,
            movers: if self.0 == Scene::Calm {
                Vec::new()
            } else {
                vec![
                    mover("checkout errors", Harm::Fires),
                    Mover {
                        was: count(92),
                        now: count(1_139),
                        change: (92.0, 1_139.0),
                        ..mover("fraud-score invocations per min", Harm::Quiet)
                    },
                ]
            },
            new_errors: if self.0 == Scene::Calm {
                Vec::new()
            } else {
                vec![
                    errors.clone(),
                    ErrorGroup {
                        trace_id: None,
                        ..errors
                    },
                ]
            },
            worst: self.rows(),
        })
    }

    async fn functions(&self, _question: &Question) -> Answered<FunctionsAnswer> {
        let mut silent = self.function_row("nightly-rollup", 0, Harm::Quiet);
        silent.invocations = Err(crate::format::Missing::NoData);
        silent.course = vec![None; 60];
        self.wrap(FunctionsAnswer {
            sentence: self.name("One of 4 functions is failing: checkout"),
            lede: "The others are as they were an hour ago.".into(),
            groups: vec![
                FunctionGroup {
                    service: self.name("orders"),
                    rows: self.rows(),
                },
                FunctionGroup {
                    service: String::new(),
                    rows: vec![silent],
                },
            ],
        })
    }

    async fn function(&self, _question: &Question, id: &FunctionId, tab: FunctionTab) -> Answered<FunctionAnswer> {
        if id.function == "nobody" {
            return Err(AnswerError::NotFound {
                what: "function",
                name: id.function.clone(),
            });
        }
        let findings = self.findings();
        self.wrap(FunctionAnswer {
            row: self.function_row("checkout", 23_380, self.harm()),
            service: self.name("orders"),
            notice: (self.0 != Scene::Calm).then(|| findings[0].clone()),
            findings,
            overview: (tab == FunctionTab::Overview).then(|| self.overview()),
            cold_starts: (tab == FunctionTab::ColdStarts).then(|| self.cold_starts()),
            cost: (tab == FunctionTab::Cost).then(|| self.cost()),
        })
    }

    async fn trace(&self, _question: &Question, trace_id: &str, view: &TraceView) -> Answered<TraceAnswer> {
        self.wrap(self.trace(trace_id, view))
    }

    async fn findings(&self, _question: &Question) -> Answered<FindingsAnswer> {
        self.wrap(FindingsAnswer {
            findings: self.findings(),
            evaluated: Self::evaluated(),
            rules_judging: 14,
            rules_total: 16,
            lacking: vec![("trigger-lag".into(), "no event names its time of arrival".into())],
        })
    }

    async fn finding(&self, _question: &Question, fingerprint: &str) -> Answered<FindingAnswer> {
        self.wrap(self.finding_answer(fingerprint))
    }

    async fn rule(&self, _question: &Question, name: &str) -> Answered<RuleAnswer> {
        self.wrap(RuleAnswer {
            name: name.into(),
            title: "Most attempts are retries".into(),
            severity: Severity::High,
            markdown: "## What it shows\n\nMore than `min_share` of the attempts are not first attempts.\n\n- a\n- b\n\n| a | b |\n| - | - |\n| 1 | 2 |".into(),
            parameters: vec![RuleParameter { name: "min_share".into(), value: "20 %".into(), reason: "three times what queues do by themselves".into() }],
            needs: vec![("deliveries".into(), true), ("platform records".into(), false)],
            findings: self.findings(),
            evaluated: Some(Self::evaluated()),
        })
    }

    async fn setup(&self, _question: &Question) -> Answered<SetupAnswer> {
        let source = |name: &str, state| Source {
            place: self.name("AWS, eu-central-1"),
            name: self.name(name),
            state,
            per_minute: 61_300,
        };
        self.wrap(SetupAnswer {
            sentence: "One source arrives, one is awaited".into(),
            http_endpoint: "http://127.0.0.1:4318".into(),
            grpc_endpoint: "http://127.0.0.1:4317".into(),
            token_needed: true,
            sources: vec![
                source("Spans, OTLP over HTTP", SourceState::Received(NOW - 2_000_000_000)),
                source("Platform records", SourceState::Waiting),
            ],
            rejected: Some((12, "the span id is all zeros".into())),
            rules_judging: 14,
            rules_total: 16,
            would_add: vec![("platform records".into(), 2)],
        })
    }

    async fn ingest(&self, _question: &Question) -> Answered<IngestAnswer> {
        let source = |name: &str, newest: Option<i64>| SourceCounts {
            name: self.name(name),
            requests: 1_204,
            accepted: 1_180_311,
            rejected: vec![("bad_id".into(), 12), (self.name("a reason of later"), 3)],
            duplicates: 7,
            kept_raw: 2,
            attributes_dropped: 5,
            received_unix_nano: newest,
            newest_unix_nano: newest,
            lag_us: newest.map(|_| 812_000),
        };
        self.wrap(IngestAnswer {
            sources: vec![source("spans", Some(NOW - 2_000_000_000)), source("logs", None)],
            refused: vec![("busy".into(), 41)],
            stages: vec![
                Stage {
                    name: "Written-ahead log synced".into(),
                    last_unix_nano: Some(NOW - 1_000_000_000),
                },
                Stage {
                    name: "Rows written to files".into(),
                    last_unix_nano: None,
                },
            ],
            held_bytes: 3 << 20,
            log_bytes: 64 << 20,
            hot_bytes: 9 << 20,
            tables: vec![StoredTable {
                name: "invocation_facts".into(),
                files: 14,
                bytes: 812 << 20,
            }],
            cardinality: vec![Named {
                what: "series of metrics".into(),
                count: 1_204,
                estimated: true,
            }],
        })
    }

    async fn ready(&self) -> Health {
        Health {
            amiss: self.wrap(()).err().map(|error| error.to_string()).into_iter().collect(),
            damaged: Vec::new(),
        }
    }

    async fn healthy(&self) -> Health {
        self.ready().await
    }
}
