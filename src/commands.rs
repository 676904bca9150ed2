//! The subcommands: each reads what it needs, asks, writes the answer, and says how it ended.

pub mod bench;
pub mod config;
pub mod demo;
pub mod import;
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
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}
