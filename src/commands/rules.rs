//! `pennyspan rules`: the catalogue.

use pennyspan_rules::Catalogue;

use super::answer;
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
        RulesCommand::Explain { name } => match catalogue.get(name) {
            Some(rule) => answer(&rule.text)?,
            None => {
                let known = catalogue
                    .rules()
                    .iter()
                    .map(|rule| rule.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(Failure::usage(format!("there is no rule `{name}`; the rules are {known}")).into());
            }
        },
    }
    Ok(Exit::Passed)
}
