//! `pennyspan completions`: what a shell completes, from the same definitions as the help.

use super::answer;
use crate::cli::{CompletionsArgs, configured};
use crate::exit::Exit;

/// Prints the script of a shell.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut command = configured::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    answer(&String::from_utf8(script)?)?;
    Ok(Exit::Passed)
}
