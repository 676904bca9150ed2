//! Answers out of the tables, through the analyzer: one snapshot per question, one file per page.

mod evaluation;
mod filters;
mod finding;
mod findings;
mod function;
mod functions;
mod home;
mod ingest;
mod measure;
mod numbers;
mod rule;
mod setup;
#[cfg(test)]
mod tests;
mod tiles;
mod trace;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pennyspan_analyzer::analysis::courses::{Course, Grid, Keep, courses};
use pennyspan_analyzer::analysis::deployed::deployed;
use pennyspan_analyzer::analysis::overview::Overview;
use pennyspan_analyzer::analysis::seen::{Seen, seen};
use pennyspan_analyzer::analysis::{Group, Scope, Tally, part};
use pennyspan_analyzer::session::{Session, Settings};
use pennyspan_analyzer::{AnalysisError, Snapshot, Span};
use pennyspan_rules::Catalogue;
use pennyspan_rules::price::PriceBooks;
use pennyspan_schema::progress::LastDone;
use pennyspan_schema::{Counter, Table};

pub use evaluation::{Evaluation, FirstSeen, Judged};

use super::{
    Answer, AnswerError, Answers, Badge, Emptiness, FindingAnswer, FindingsAnswer, FunctionAnswer, FunctionId,
    FunctionTab, FunctionsAnswer, Health, HomeAnswer, IngestAnswer, Question, RuleAnswer, SetupAnswer, Status,
    TraceAnswer, TraceView,
};
use crate::chart::Deployment;
use crate::state::Window;
use filters::keep;

/// How long a page may be worked on.
const LIMIT: Duration = Duration::from_secs(30);

/// The window of a session that no attempts are asked of: it lies before the first of them, so none is read.
const NO_TIME: Window = Window { start: 0, end: 0 };

/// An error of whoever holds the tables.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Holds the tables of one workspace.
#[async_trait]
pub trait SnapshotSource: Send + Sync + 'static {
    /// Returns all tables as they are now; cheap enough to be asked for every page.
    ///
    /// # Errors
    /// Whatever keeps the tables from being read.
    async fn snapshot(&self) -> Result<Snapshot, SourceError>;

    /// Returns how telemetry comes in.
    fn intake(&self) -> Intake;
}

/// How telemetry comes in, as far as its receiver knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intake {
    /// 95th percentile of the time from an event's end to its arrival, in microseconds.
    pub lag_p95_us: Option<i64>,
    /// Rows rejected since the start, with the most frequent reason.
    pub rejected: Option<(i64, String)>,
    /// Files that hold the tables; none where they lie in memory.
    pub files: i64,
    /// What keeps telemetry from moving, one sentence each; empty where all is well.
    pub degraded: Vec<String>,
    /// What was lost or damaged for good, one sentence each.
    pub damaged: Vec<String>,
    /// What an earlier run left and is not read yet, in a sentence; while there is any, answers lack it.
    pub unread: Option<String>,
    /// What the receiver and the tables have counted since the server started.
    pub counters: Vec<Counter>,
    /// When each stage last finished its work.
    pub last_done: LastDone,
}

/// Where senders send to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Over HTTP, as a sender writes it: `http://127.0.0.1:4318`.
    pub http: String,
    /// Over gRPC.
    pub grpc: String,
    /// Whether senders need a token.
    pub token_needed: bool,
}

/// Answers the pages' questions out of the tables.
pub struct AnalyzerAnswers {
    source: Arc<dyn SnapshotSource>,
    books: Arc<PriceBooks>,
    catalogue: Arc<Catalogue>,
    evaluation: Arc<Evaluation>,
    addresses: Addresses,
    workspace: String,
    settings: Settings,
}

/// One question with the tables that it is asked of.
struct Asked {
    session: Session,
    snapshot: Snapshot,
    seen: Seen,
    began: Instant,
}

impl AnalyzerAnswers {
    /// Makes answers for one workspace; `settings` bounds what one page may use.
    #[must_use]
    pub fn new(
        source: Arc<dyn SnapshotSource>,
        books: Arc<PriceBooks>,
        catalogue: Arc<Catalogue>,
        evaluation: Arc<Evaluation>,
        addresses: Addresses,
        workspace: String,
        settings: Settings,
    ) -> Self {
        Self {
            source,
            books,
            catalogue,
            evaluation,
            addresses,
            workspace,
            settings,
        }
    }

    async fn snapshot(&self) -> Result<Snapshot, AnswerError> {
        self.source
            .snapshot()
            .await
            .map_err(|source| AnswerError::Failed { source })
    }

    async fn open(&self, snapshot: &Snapshot, window: Window) -> Result<Session, AnswerError> {
        let span = Span::Window(numbers::window(window));
        Session::open(snapshot, Arc::clone(&self.books), span, self.settings.clone())
            .await
            .map_err(failed)
    }

    async fn ask(&self, window: Window) -> Result<Asked, AnswerError> {
        self.ask_over(window, window).await
    }

    /// Asks for what there is in a window, without reading its attempts.
    async fn glance(&self, window: Window) -> Result<Asked, AnswerError> {
        self.ask_over(NO_TIME, window).await
    }

    async fn ask_over(&self, answered: Window, window: Window) -> Result<Asked, AnswerError> {
        let began = Instant::now();
        let snapshot = self.snapshot().await?;
        let session = self.open(&snapshot, answered).await?;
        let seen = seen(&session, numbers::window(window)).await.map_err(failed)?;
        Ok(Asked {
            session,
            snapshot,
            seen,
            began,
        })
    }

    /// Says what an answer is based on, with the rows that it counted.
    fn status(&self, asked: &Asked, rows_read: i64) -> Status {
        let intake = self.source.intake();
        let judged = self.evaluation.current();
        let mut badges: Vec<Badge> = intake
            .degraded
            .iter()
            .chain(&intake.damaged)
            .chain(&intake.unread)
            .map(|sentence| badge("Degraded", sentence))
            .collect();
        let orphans = asked.snapshot.orphan_span_count();
        if orphans > 0 {
            let orphans = i64::try_from(orphans).unwrap_or(i64::MAX);
            badges.push(badge("Spans without invocation", &crate::format::count(orphans).text()));
        }
        let skews = asked.session.neighbours().skews();
        if let Some(furthest) = skews.max_by_key(|skew| (skew.estimated_us.abs(), skew.below_zero_count)) {
            let apart = crate::format::duration(furthest.estimated_us.abs()).text();
            let (from, to) = (
                crate::text::cut(&furthest.sender, 40),
                crate::text::cut(&furthest.receiver, 40),
            );
            badges.push(badge("Clocks disagree", &format!("{apart}, {from} and {to}")));
        }
        badges.extend(
            numbers::price_dates(&self.books)
                .into_iter()
                .next()
                .map(|date| badge("List prices of", &date)),
        );
        Status {
            newest_unix_nano: asked.seen.newest_unix_nano,
            ingest_lag_p95_us: intake.lag_p95_us.map(Ok),
            as_of_unix_nano: asked.snapshot.as_of_unix_nano(),
            badges,
            rows_read,
            files_read: intake.files,
            elapsed_us: i64::try_from(asked.began.elapsed().as_micros()).unwrap_or(i64::MAX),
            workspace: self.workspace.clone(),
            urgent_findings: judged.map_or(0, |judged| judged.urgent()),
            services: asked.seen.services.iter().cloned().collect(),
            regions: asked.seen.regions.iter().cloned().collect(),
            environments: asked.seen.environments.iter().cloned().collect(),
        }
    }

    fn answer<T>(&self, asked: &Asked, rows_read: i64, body: Result<T, Emptiness>) -> Answer<T> {
        Answer {
            status: self.status(asked, rows_read),
            body,
        }
    }

    /// Answers a question about functions: what each adds up to per interval, or why there is nothing.
    async fn overviews(&self, asked: &Asked, question: &Question) -> Result<Result<Overviews, Emptiness>, AnswerError> {
        let grid = numbers::grid(question.window);
        let all = run::<Overview>(&asked.session, grid, &keep(&question.state.filters)).await?;
        if all.is_empty() {
            return Ok(Err(filters::emptiness(asked, question).await?));
        }
        Ok(Ok(all))
    }

    /// Returns the deployments of a window for charts.
    fn deployments(
        asked: &Asked,
        keep: impl Fn(&pennyspan_analyzer::analysis::deployed::Deployment) -> bool,
    ) -> Vec<Deployment> {
        numbers::markers(
            deployed(&asked.session, asked.session.window())
                .iter()
                .filter(|deployment| keep(deployment)),
        )
    }
}

/// What functions add up to, per interval.
type Overviews = BTreeMap<Scope, Course<Overview>>;

/// Runs a tally over functions.
async fn run<T: Tally>(session: &Session, grid: Grid, keep: &Keep) -> Result<BTreeMap<Scope, Course<T>>, AnswerError> {
    let groups = courses::<T>(session, grid, part::none, keep).await.map_err(failed)?;
    Ok(groups
        .into_iter()
        .map(|(group, course)| (group.scope, course))
        .collect())
}

/// Runs a tally over parts of functions in the whole window.
async fn run_by<T: Tally>(
    session: &Session,
    by: pennyspan_analyzer::analysis::Part,
    keep: &Keep,
) -> Result<BTreeMap<Group, T>, AnswerError> {
    let groups = courses::<T>(session, Grid::whole(session.window()), by, keep)
        .await
        .map_err(failed)?;
    let total = |(group, course)| (group, pennyspan_analyzer::analysis::courses::total(course));
    Ok(groups.into_iter().map(total).collect())
}

fn badge(label: &str, value: &str) -> Badge {
    Badge {
        label: label.to_owned(),
        value: value.to_owned(),
    }
}

fn failed(error: AnalysisError) -> AnswerError {
    AnswerError::Failed {
        source: Box::new(error),
    }
}

async fn limited<T>(work: impl Future<Output = Result<T, AnswerError>> + Send) -> Result<T, AnswerError> {
    let limit_ms = u64::try_from(LIMIT.as_millis()).unwrap_or(u64::MAX);
    tokio::time::timeout(LIMIT, work)
        .await
        .unwrap_or(Err(AnswerError::TooSlow { limit_ms }))
}

#[async_trait]
impl Answers for AnalyzerAnswers {
    async fn home(&self, question: &Question) -> Result<Answer<HomeAnswer>, AnswerError> {
        limited(self.answer_home(question)).await
    }

    async fn functions(&self, question: &Question) -> Result<Answer<FunctionsAnswer>, AnswerError> {
        limited(self.answer_functions(question)).await
    }

    async fn function(
        &self,
        question: &Question,
        id: &FunctionId,
        tab: FunctionTab,
    ) -> Result<Answer<FunctionAnswer>, AnswerError> {
        Box::pin(limited(self.answer_function(question, id, tab))).await
    }

    async fn trace(
        &self,
        question: &Question,
        trace_id: &str,
        view: &TraceView,
    ) -> Result<Answer<TraceAnswer>, AnswerError> {
        limited(self.answer_trace(question, trace_id, view)).await
    }

    async fn findings(&self, question: &Question) -> Result<Answer<FindingsAnswer>, AnswerError> {
        limited(self.answer_findings(question)).await
    }

    async fn finding(&self, question: &Question, fingerprint: &str) -> Result<Answer<FindingAnswer>, AnswerError> {
        Box::pin(limited(self.answer_finding(question, fingerprint))).await
    }

    async fn rule(&self, question: &Question, name: &str) -> Result<Answer<RuleAnswer>, AnswerError> {
        limited(self.answer_rule(question, name)).await
    }

    async fn setup(&self, question: &Question) -> Result<Answer<SetupAnswer>, AnswerError> {
        limited(self.answer_setup(question)).await
    }

    async fn ingest(&self, question: &Question) -> Result<Answer<IngestAnswer>, AnswerError> {
        limited(self.answer_ingest(question)).await
    }

    async fn ready(&self) -> Health {
        let mut health = self.healthy().await;
        health.amiss.extend(self.source.intake().unread);
        health
            .amiss
            .extend(self.snapshot().await.err().map(|error| error.to_string()));
        health
    }

    async fn healthy(&self) -> Health {
        let Intake { degraded, damaged, .. } = self.source.intake();
        Health {
            amiss: degraded,
            damaged,
        }
    }
}

/// Returns how many attempts a snapshot holds.
fn attempts(snapshot: &Snapshot) -> i64 {
    i64::try_from(snapshot.rows(Table::Invocations)).unwrap_or(i64::MAX)
}
