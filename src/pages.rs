//! The pages over the store: what they read, the evaluation that runs beside them, and the metrics of this process.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pennyspan_analyzer::judge::{self, Judging};
use pennyspan_analyzer::report::suppress::{self, Suppression};
use pennyspan_analyzer::session::{Settings, Span};
use pennyspan_analyzer::{Question, Selection, Session, Snapshot};
use pennyspan_collector::receive::Collector;
use pennyspan_rules::{Catalogue, PriceBooks};
use pennyspan_schema::progress::{LastDone, Waiting};
use pennyspan_schema::{Counter, Progress as _, Rows, Window, Workspace};
use pennyspan_store::durable::DurableStore;
use pennyspan_web::answers::analyzer::{
    Addresses, AnalyzerAnswers, Evaluation, FirstSeen, Intake, Judged, SnapshotSource, SourceError,
};
use pennyspan_web::routes::{self, Exposure};
use tokio::net::TcpListener;
use tracing::{error, warn};

use crate::config::InForce;
use crate::serving::Serving;
use crate::{clock, health, metrics, source};

/// How often the catalogue is evaluated.
const EVALUATE_EVERY: Duration = Duration::from_mins(1);
/// How soon telemetry is looked for that a first evaluation could judge.
const FIRST_EVALUATION_AFTER: Duration = Duration::from_secs(1);
/// The window that is evaluated, in nanoseconds.
const EVALUATED_NANOS: i64 = 24 * 3_600_000_000_000;
/// The memory that one page or evaluation may use.
const MEMORY_BYTES: usize = 512 << 20;
/// The file of the workspace that keeps when findings were first seen.
const FIRST_SEEN_FILE: &str = "_first_seen.json";

/// The pages of the default workspace.
pub struct Pages {
    held: Arc<Held>,
    books: Arc<PriceBooks>,
    suppressions: Vec<Suppression>,
    catalogue: Arc<Catalogue>,
    evaluation: Arc<Evaluation>,
    addresses: Addresses,
    settings: Settings,
    first_seen: PathBuf,
}

/// What pages read.
struct Held {
    store: Arc<DurableStore>,
    collector: Collector,
    workspace: Workspace,
    /// How long a stage may have work without going on.
    stalled_after: Duration,
    /// What the configuration says of functions.
    stated: Rows,
}

impl Held {
    fn snapshot(&self) -> Snapshot {
        self.store.snapshot(&self.workspace).with(&self.stated)
    }
}

#[async_trait]
impl SnapshotSource for Held {
    async fn snapshot(&self) -> Result<Snapshot, SourceError> {
        Ok(Held::snapshot(self))
    }

    fn intake(&self) -> Intake {
        let waiting = Waiting {
            fsync_unix_nano: self.collector.waiting().fsync_unix_nano,
            ..self.store.waiting()
        };
        let still = health::standing_still(waiting, clock::now_unix_nano(), self.stalled_after);
        let degraded = self
            .collector
            .degraded()
            .into_iter()
            .chain(self.store.degraded())
            .chain(still)
            .collect();
        Intake {
            degraded,
            damaged: self
                .collector
                .damaged()
                .into_iter()
                .chain(self.store.damaged())
                .collect(),
            unread: self.collector.unread(),
            rejected: metrics::rejected(&self.collector.counters()),
            counters: self
                .collector
                .counters()
                .into_iter()
                .chain(self.store.counters())
                .collect(),
            last_done: LastDone {
                fsync_unix_nano: self.collector.last_done().fsync_unix_nano,
                ..self.store.last_done()
            },
            ..Intake::default()
        }
    }
}

impl Pages {
    /// Prepares the pages of a running server.
    ///
    /// # Errors
    /// A rule of the catalogue that does not load, or a setting of the configuration that says nothing.
    pub fn open(serving: &Serving, books: Arc<PriceBooks>, in_force: &InForce, data: &Path) -> anyhow::Result<Self> {
        let workspace = Workspace::default();
        let first_seen = data.join(workspace.as_str()).join(FIRST_SEEN_FILE);
        let (store, collector) = (Arc::clone(&serving.store), serving.collector.clone());
        Ok(Self {
            held: Arc::new(Held {
                store,
                collector,
                workspace,
                stalled_after: Duration::from_millis(in_force.config.serve.stalled_after_ms.into()),
                stated: source::stated(&in_force.config)?,
            }),
            books,
            suppressions: in_force.suppressions().to_vec(),
            catalogue: Arc::new(Catalogue::embedded()?),
            evaluation: Arc::new(Evaluation::default()),
            addresses: addresses(serving.otlp_http, serving.otlp_grpc),
            settings: Settings {
                partitions: NonZeroUsize::MIN,
                memory_bytes: MEMORY_BYTES,
                spill: in_force.config.query.spill(),
                skew_limit_us: in_force.config.analysis.skew_limit_us(),
            },
            first_seen,
        })
    }

    /// Serves the pages until told to stop.
    pub async fn serve(
        &self,
        listener: TcpListener,
        exposure: Exposure,
        stopping: impl Future<Output = ()> + Send + 'static,
    ) {
        let answers = AnalyzerAnswers::new(
            Arc::clone(&self.held) as Arc<dyn SnapshotSource>,
            Arc::clone(&self.books),
            Arc::clone(&self.catalogue),
            Arc::clone(&self.evaluation),
            self.addresses.clone(),
            self.held.workspace.to_string(),
            self.settings.clone(),
        );
        let (held, evaluation) = (Arc::clone(&self.held), Arc::clone(&self.evaluation));
        let metrics = axum::routing::get(move || async move {
            let counters: Vec<_> = held
                .collector
                .counters()
                .into_iter()
                .chain(held.store.counters())
                .chain(
                    evaluation
                        .current()
                        .map(|judged| not_judged(&judged))
                        .unwrap_or_default(),
                )
                .collect();
            (
                [("content-type", "text/plain; version=0.0.4")],
                metrics::page(&counters),
            )
        });
        let router = routes::router(Arc::new(answers), clock::shared(), exposure).route("/metrics", metrics);
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopping).await {
            error!("the pages ended: {error}");
        }
    }

    /// Evaluates the catalogue every minute, until told to stop; before there is a first result, every second.
    pub async fn keep_evaluating(&self, stopping: impl Future<Output = ()>) {
        let mut stopping = std::pin::pin!(stopping);
        let mut pause = self.pause();
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = &mut stopping => return,
            }
            tokio::select! {
                evaluated = self.evaluate_now() => if let Err(error) = evaluated {
                    error!("the evaluation failed, and is tried again: {error:#}");
                },
                () = &mut stopping => return,
            }
            pause = self.pause();
        }
    }

    /// Returns how long to wait for the next evaluation; before the first telemetry, not long.
    fn pause(&self) -> Duration {
        match self.evaluation.current() {
            Some(_) => EVALUATE_EVERY,
            None => FIRST_EVALUATION_AFTER,
        }
    }

    /// Evaluates the catalogue over the last day, shows the result, and keeps when its findings were first seen.
    ///
    /// # Errors
    /// Tables that cannot be read, or a rule that cannot be run.
    pub async fn evaluate_now(&self) -> anyhow::Result<()> {
        let earlier = match self.evaluation.current() {
            Some(judged) => judged.first_seen.clone(),
            None => read_first_seen(&self.first_seen),
        };
        if let Some(judged) = self.judged(&earlier).await? {
            if judged.first_seen != earlier {
                keep_first_seen(&self.first_seen, &judged.first_seen);
            }
            self.evaluation.replace(judged);
        }
        Ok(())
    }

    /// Returns the judgement on the last day, or nothing while there is no telemetry.
    async fn judged(&self, sights: &FirstSeen) -> anyhow::Result<Option<Judged>> {
        let snapshot = self.held.snapshot();
        if snapshot.rows(pennyspan_schema::Table::Invocations) == 0 {
            return Ok(None);
        }
        let now = clock::now_unix_nano();
        let window = Window {
            start_unix_nano: now.saturating_sub(EVALUATED_NANOS),
            end_unix_nano: now,
        };
        let books = Arc::clone(&self.books);
        let session = Session::open(&snapshot, books, Span::Window(window), self.settings.clone()).await?;
        let question = Question {
            window,
            selection: Selection::default(),
        };
        let mut judgement = judge::judge(&session, &question, &self.catalogue, &Judging::default()).await?;
        suppress::apply(&mut judgement.findings, &self.suppressions, window, |_| true);
        let shown = pennyspan_web::state::Window {
            start: window.start_unix_nano,
            end: window.end_unix_nano,
        };
        Ok(Some(Judged::new(shown, now, judgement, sights)))
    }
}

/// Returns how many scopes each rule could not judge in the last evaluation, and why.
fn not_judged(judged: &Judged) -> Vec<Counter> {
    let gaps = judged.judgement.not_judged.iter();
    gaps.map(|gap| Counter {
        name: "rule_scopes_not_judged",
        labels: [
            ("needs", gap.needs.join(",")),
            ("reason", gap.reason.clone()),
            ("rule", gap.rule.clone()),
        ]
        .into(),
        value: gap.scopes,
    })
    .collect()
}

fn addresses(http: SocketAddr, grpc: SocketAddr) -> Addresses {
    Addresses {
        http: format!("http://{http}"),
        grpc: format!("http://{grpc}"),
        token_needed: false,
    }
}

fn read_first_seen(path: &Path) -> FirstSeen {
    let Ok(text) = std::fs::read(path) else {
        return FirstSeen::default();
    };
    serde_json::from_slice(&text).unwrap_or_else(|error| {
        warn!("{} is damaged, so findings count as new: {error}", path.display());
        FirstSeen::default()
    })
}

/// Writes the file aside and renames it, so that a crash leaves the old or the new one.
fn keep_first_seen(path: &Path, sights: &FirstSeen) {
    let aside = path.with_extension("json.new");
    let written = serde_json::to_vec(sights)
        .map_err(std::io::Error::other)
        // The first evaluation may come before the first table.
        .and_then(|text| path.parent().map_or(Ok(()), std::fs::create_dir_all).map(|()| text))
        .and_then(|text| std::fs::write(&aside, text))
        .and_then(|()| std::fs::rename(&aside, path));
    if let Err(error) = written {
        warn!(
            "cannot keep when findings were first seen in {}: {error}",
            path.display()
        );
    }
}
