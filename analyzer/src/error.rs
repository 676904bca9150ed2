//! Why a question has no answer.

use datafusion::error::DataFusionError;
use pennyspan_schema::tables::ReadError;

/// Why the analyzer could not answer.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// The session could not be set up.
    #[error("cannot prepare `{what}` for questions")]
    Prepare {
        /// The table, view or function.
        what: String,
        /// Why.
        #[source]
        source: Box<DataFusionError>,
    },
    /// Reading or computing failed.
    #[error("cannot answer the question about {question}")]
    Run {
        /// The question.
        question: String,
        /// Why.
        #[source]
        source: Box<DataFusionError>,
    },
    /// The rows read are not those of the tables.
    #[error("cannot read the rows for the question about {question}")]
    Rows {
        /// The question.
        question: String,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// A part of the work ended early.
    #[error("the question about {question} was stopped before its end; ask again")]
    Stopped {
        /// The question.
        question: String,
    },
}

impl AnalysisError {
    pub(crate) fn prepare(what: impl Into<String>) -> impl FnOnce(DataFusionError) -> Self {
        let what = what.into();
        move |source| Self::Prepare {
            what,
            source: Box::new(source),
        }
    }

    pub(crate) fn run(question: impl Into<String>) -> impl FnOnce(DataFusionError) -> Self {
        let question = question.into();
        move |source| Self::Run {
            question,
            source: Box::new(source),
        }
    }

    pub(crate) fn rows(question: impl Into<String>) -> impl FnOnce(ReadError) -> Self {
        let question = question.into();
        move |source| Self::Rows { question, source }
    }
}
