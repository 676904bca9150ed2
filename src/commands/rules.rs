//! `pennyspan rules`: the catalogue.

use camino::Utf8Path;
use pennyspan_analyzer::judge;
use pennyspan_rules::Catalogue;

use super::answer;
use crate::chain;
use crate::cli::RulesCommand;
use crate::exit::Exit;
use crate::failure::Failure;

/// Runs the subcommand.
///
/// # Errors
/// A rule that does not exist, or standard output that cannot be written.
pub fn run(command: &RulesCommand) -> anyhow::Result<Exit> {
    let catalogue = Catalogue::embedded()?;
    match command {
        RulesCommand::List => {
            for rule in catalogue.rules() {
                answer(&format!(
                    "{:<28} {:<9} {:<14} {}\n",
                    rule.name, rule.severity, rule.topic, rule.title
                ))?;
            }
        }
        RulesCommand::Check { directory } => return check(directory),
        RulesCommand::Explain { name } => {
            let Some(rule) = catalogue.get(name) else {
                let known: Vec<_> = catalogue.rules().iter().map(|rule| rule.name.as_str()).collect();
                let known = known.join(", ");
                return Err(Failure::usage(format!("there is no rule `{name}`; the rules are {known}")).into());
            };
            answer(&rule.text)?;
        }
    }
    Ok(Exit::Passed)
}

/// Checks the rules of a directory, one line each.
fn check(directory: &Utf8Path) -> anyhow::Result<Exit> {
    let files = files(directory)
        .map_err(|error| Failure::usage(format!("cannot read the rules of {directory}")).because(error))?;
    let catalogue = Catalogue::from_dir(files).map_err(|error| Failure::usage(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut exit = Exit::Passed;
    for rule in catalogue.rules() {
        match runtime.block_on(judge::check(rule)) {
            Ok(report) => answer(&format!(
                "{}: {} rows fire, {} stay silent, {} queries of its runbook plan\n",
                rule.name, report.firing, report.silent, report.runbook
            ))?,
            Err(error) => {
                answer(&format!("{}: {}\n", rule.name, chain(&anyhow::Error::new(error))))?;
                exit = Exit::WrongUsage;
            }
        }
    }
    Ok(exit)
}

/// Returns the rule files of a directory, by name, with their texts.
fn files(directory: &Utf8Path) -> std::io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        let (name, path) = (entry.file_name().to_owned(), entry.path());
        if path.extension() == Some("md") && name != "README.md" {
            files.push((name, std::fs::read_to_string(path)?));
        }
    }
    files.sort();
    Ok(files)
}
