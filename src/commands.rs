//! The subcommands: each reads what it needs, asks, writes the answer, and says how it ended.

pub mod bench;
pub mod completions;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod import;
pub mod loadgen;
pub mod man;
pub mod prices;
pub mod query;
pub mod report;
pub mod rules;
pub mod serve;
pub mod storage;

use std::io::Write as _;

use anyhow::Context as _;

/// Writes an answer to standard output; a reader that has gone away is no error.
pub fn answer(text: &str) -> anyhow::Result<()> {
    answer_bytes(text.as_bytes())
}

/// Writes an answer that is no text to standard output; a reader that has gone away is no error.
pub fn answer_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut output = std::io::stdout();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}
