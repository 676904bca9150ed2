//! What the pages ask, and the plain values in which they are answered.
//!
//! The pages know nothing about tables or queries; whoever implements [`Answers`] knows nothing about pages. Every number
//! is an integer in the unit of its name, every amount is exact, and what is not known is a
//! [`Missing`](crate::format::Missing) with its reason.

pub mod analyzer;
mod finding;
mod function;
mod home;
mod ingest;
mod setup;
mod status;
mod trace;

use async_trait::async_trait;

pub use finding::{
    Confidence, Course, EvidenceRows, FindingAnswer, FindingRow, FindingsAnswer, Impact, RuleAnswer, RuleParameter,
    RunbookStep, Severity, Suppression,
};
pub use function::{
    ColdStarts, Configuration, CostLine, FunctionAnswer, FunctionCost, FunctionGroup, FunctionId, FunctionOverview,
    FunctionRow, FunctionTab, FunctionsAnswer, InitGroup, Quantiles, VersionRow, WasteRow,
};
pub use home::{ErrorGroup, Fact, FirstStep, HomeAnswer, Incident, Mover, Story, StoryPoint, Tile, Verdict};
pub use ingest::{IngestAnswer, Named, SourceCounts, Stage, StoredTable};
pub use setup::{SetupAnswer, Source, SourceState};
pub use status::{Badge, Emptiness, Evaluated, Status};
pub use trace::{LogLine, Span, SpanDetail, SpanFate, TimePart, TraceAnswer, TraceCost, TraceLink, TraceView};

use crate::state::{State, Window};

/// A page's question: its state, and the window that the state means now.
#[derive(Debug, Clone)]
pub struct Question {
    /// Range, zone and filters.
    pub state: State,
    /// The window, absolute.
    pub window: Window,
    /// The moment at which it is asked, nanoseconds since 1970.
    pub now_unix_nano: i64,
}

/// An answer: the state of the data, and what was asked for or why there is none.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// What the answer is based on.
    pub status: Status,
    /// The answer, or which kind of nothing there is.
    pub body: Result<T, Emptiness>,
}

/// Why there is no answer at all.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// What the address names does not exist.
    #[error("there is no {what} `{name}` here")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The question took longer than it may.
    #[error("the answer took longer than {limit_ms} ms: ask for a shorter range or set a filter")]
    TooSlow {
        /// The limit.
        limit_ms: u64,
    },
    /// The question failed.
    #[error("the question could not be answered")]
    Failed {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a probe finds, one sentence each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// What stands still, since when; empty where all is well.
    pub amiss: Vec<String>,
    /// What was lost or damaged for good; no reason to send nothing, or to restart.
    pub damaged: Vec<String>,
}

/// Answers the pages' questions.
#[async_trait]
pub trait Answers: Send + Sync + 'static {
    /// What is broken, why, and what to do first.
    async fn home(&self, question: &Question) -> Result<Answer<HomeAnswer>, AnswerError>;
    /// Every function, comparable.
    async fn functions(&self, question: &Question) -> Result<Answer<FunctionsAnswer>, AnswerError>;
    /// One function, for one tab.
    async fn function(
        &self,
        question: &Question,
        id: &FunctionId,
        tab: FunctionTab,
    ) -> Result<Answer<FunctionAnswer>, AnswerError>;
    /// One trace, or the part of it that `view` asks for.
    async fn trace(
        &self,
        question: &Question,
        trace_id: &str,
        view: &TraceView,
    ) -> Result<Answer<TraceAnswer>, AnswerError>;
    /// The findings of the last evaluation.
    async fn findings(&self, question: &Question) -> Result<Answer<FindingsAnswer>, AnswerError>;
    /// One finding with its evidence and runbook.
    async fn finding(&self, question: &Question, fingerprint: &str) -> Result<Answer<FindingAnswer>, AnswerError>;
    /// One rule of the catalogue.
    async fn rule(&self, question: &Question, name: &str) -> Result<Answer<RuleAnswer>, AnswerError>;
    /// What has arrived and what is awaited.
    async fn setup(&self, question: &Question) -> Result<Answer<SetupAnswer>, AnswerError>;
    /// How telemetry comes in.
    async fn ingest(&self, question: &Question) -> Result<Answer<IngestAnswer>, AnswerError>;
    /// What keeps questions from being answered on all that was acknowledged.
    async fn ready(&self) -> Health;
    /// What keeps telemetry from moving through.
    async fn healthy(&self) -> Health;
}
