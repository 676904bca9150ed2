//! `pennyspan man`: the manual pages, from the same definitions as the help.

use anyhow::Context as _;

use crate::cli::{ManArgs, configured};
use crate::exit::Exit;

/// Writes a page for each command.
///
/// # Errors
/// A directory or a page that cannot be written.
pub fn run(args: &ManArgs) -> anyhow::Result<Exit> {
    let directory = &args.directory;
    let written =
        std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(configured::command(), directory));
    written.with_context(|| format!("cannot write the manual pages into {directory}"))?;
    Ok(Exit::Passed)
}
