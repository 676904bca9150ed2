//! `pennyspan bench`: what this program does per second on this machine, measured and printed, never judged.

use std::path::Path;

use crate::cli::bench::BenchCommand;
use crate::config::InForce;
use crate::exit::Exit;

mod data;
mod fold;
mod ingest;
mod pages;
mod report;

/// Measures what was asked for, and prints its figures.
///
/// # Errors
/// Wrong flags, or a server or report that fails.
pub fn run(command: &BenchCommand, in_force: &InForce) -> anyhow::Result<Exit> {
    let config = &in_force.config;
    match command {
        BenchCommand::Data(args) => data::run(args, config),
        BenchCommand::Ingest(args) => ingest::run(args),
        BenchCommand::Fold(args) => fold::run(args, config),
        BenchCommand::Report(args) => report::run(args),
        BenchCommand::Pages(args) => pages::run(args),
    }
}

/// Returns the size of all files below a directory, in bytes.
fn size_of(directory: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += if found.is_dir() {
            size_of(&entry.path())?
        } else {
            found.len()
        };
    }
    Ok(bytes)
}
