//! `pennyspan config`: what is in force and where it came from.

use pennyspan_analyzer::report::SCHEMA;

use super::answer;
use crate::cli::ConfigCommand;
use crate::config::{InForce, Layer, page, schema};
use crate::exit::Exit;

/// Runs the subcommand.
///
/// # Errors
/// What is wrong with the configuration, or standard output that cannot be written.
pub fn run(command: &ConfigCommand, in_force: &InForce) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Show => answer(&in_force.show())?,
        ConfigCommand::Schema { report: true, .. } => answer(SCHEMA)?,
        ConfigCommand::Schema { markdown: true, .. } => answer(&page::text())?,
        ConfigCommand::Schema { .. } => answer(&schema::text())?,
        ConfigCommand::Check { file } => {
            InForce::of([Layer::of_file(file.as_std_path())?])?;
            answer(&format!("{file}: every key is known and fits\n"))?;
        }
    }
    Ok(Exit::Passed)
}
