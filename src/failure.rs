//! Failures whose exit code is known where they happen.

use pennyspan_store::durable::StoreError;

use crate::exit::Exit;

/// A failure with the exit code that it ends in; every other failure is internal.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    sentence: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Failure {
    /// Wrong usage or configuration.
    #[must_use]
    pub fn usage(sentence: String) -> Self {
        Self {
            exit: Exit::WrongUsage,
            sentence,
            source: None,
        }
    }

    /// A source that cannot be read or reached.
    #[must_use]
    pub fn no_data(sentence: String) -> Self {
        Self {
            exit: Exit::NoData,
            sentence,
            source: None,
        }
    }

    /// Keeps the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// Returns the exit code of an error.
#[must_use]
pub fn exit_of(error: &anyhow::Error) -> Exit {
    if let Some(failure) = error.chain().find_map(|cause| cause.downcast_ref::<Failure>()) {
        return failure.exit;
    }
    let configuration = error
        .chain()
        .any(<dyn std::error::Error>::is::<crate::config::ConfigError>);
    // Another directory, or another moment, would do.
    let directory = error.chain().filter_map(|cause| cause.downcast_ref()).any(|refused| {
        matches!(
            refused,
            StoreError::Locked { .. } | StoreError::Format { .. } | StoreError::NotData { .. }
        )
    });
    if configuration || directory {
        Exit::WrongUsage
    } else {
        Exit::Internal
    }
}
