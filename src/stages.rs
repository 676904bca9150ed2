//! How long the stages of a command took.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::usage::Process;

/// A clock that is asked at the end of each stage.
#[derive(Debug)]
pub struct Stages {
    last: Instant,
    done: Vec<(String, Duration)>,
}

/// What the stages of a finished command took.
#[derive(Debug, Serialize, Deserialize)]
pub struct Timings {
    /// Stages in their order, with what each took in microseconds.
    pub stages_us: Vec<(String, u64)>,
    /// The most memory that was resident at once, in bytes; none where the operating system does not say.
    pub peak_rss_bytes: Option<u64>,
}

impl Stages {
    /// Begins the first stage.
    pub fn begin() -> Self {
        Self {
            last: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Ends a stage, and begins the next.
    pub fn end(&mut self, stage: &str) {
        let now = Instant::now();
        self.done.push((stage.to_owned(), now - self.last));
        self.last = now;
    }

    /// Writes what the stages took as JSON.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, path: &Utf8Path) -> anyhow::Result<()> {
        let micros = |took: &Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let timings = Timings {
            stages_us: self
                .done
                .iter()
                .map(|(stage, took)| (stage.clone(), micros(took)))
                .collect(),
            peak_rss_bytes: Process::Own.peak_rss_bytes(),
        };
        std::fs::write(path, serde_json::to_vec(&timings)?).with_context(|| format!("cannot write {path}"))
    }
}

impl Timings {
    /// Reads what a command wrote.
    ///
    /// # Errors
    /// Where the file is missing or another.
    pub fn read(path: &Utf8Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).with_context(|| format!("cannot read {path}"))?;
        serde_json::from_slice(&text).with_context(|| format!("{path} holds no timings"))
    }
}
