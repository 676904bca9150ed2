//! Flags that stand for keys of the configuration: their help shows the key's default, and what they say goes over all else.

use clap::{ArgMatches, Command, CommandFactory as _};

use super::Cli;
use crate::commands::report::formats;
use crate::config::keys;
use crate::version;

/// The subcommand (none: every one), the flag's id, and the key.
const FLAGS: &[(&str, &str, &str)] = &[
    ("", "color", "color"),
    ("serve", "data", "data"),
    ("serve", "wal", "serve.wal"),
    ("serve", "otlp_grpc", "serve.otlp_grpc"),
    ("serve", "otlp_http", "serve.otlp_http"),
    ("serve", "web", "serve.web"),
    ("demo", "seed", "demo.seed"),
    ("import", "data", "data"),
    ("query", "data", "data"),
    ("query", "format", "query.format"),
    ("explain", "data", "data"),
    ("explain", "format", "explain.format"),
    ("report", "data", "data"),
    ("report", "fail_on", "report.fail_on"),
    ("report", "on_no_data", "report.on_no_data"),
    ("report", "baseline", "report.baseline"),
    ("report", "budget", "report.budgets"),
    ("report", "min_samples", "report.min_samples"),
    ("report", "compare", "report.compare"),
    ("report", "max_monthly", "report.max_monthly"),
    ("report", "max_increase", "report.max_increase"),
    ("report", "volumes", "report.volumes"),
    ("report", "redact", "report.redact"),
    ("report", "threads", "report.threads"),
    ("report", "profile", "report.profile"),
    ("report", "settle", "report.settle"),
    ("report", "require_complete", "report.require_complete"),
    ("report", "on_partial", "report.on_partial"),
    ("report", "min_coverage", "report.min_coverage"),
    ("storage status", "data", "data"),
    ("storage status", "wal", "serve.wal"),
    ("storage compact", "data", "data"),
    ("storage verify", "data", "data"),
    ("storage expire", "data", "data"),
    ("storage expire", "wal", "serve.wal"),
    ("storage delete", "data", "data"),
    ("storage delete", "wal", "serve.wal"),
    ("prices explain", "region", "prices.explain_region"),
];

/// Returns the command line, with the version of this program and the defaults of the configuration in its help.
#[must_use]
pub fn command() -> Command {
    let command = with_formats(Cli::command())
        .version(version::short())
        .long_version(version::long());
    FLAGS.iter().fold(command, |command, (of, flag, key)| {
        let path: Vec<&str> = of.split_whitespace().collect();
        show_default(command, &path, flag, key)
    })
}

/// Lists the formats of a report where its flag is described.
fn with_formats(command: Command) -> Command {
    command.mut_subcommand("report", |report| {
        report.mut_arg("output", |arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            arg.help(format!("{help} One of {}", formats::names()))
                .long_help(format!("{help}\n\n{}", formats::lines()))
        })
    })
}

fn show_default(command: Command, path: &[&str], flag: &'static str, key: &str) -> Command {
    if let Some((first, rest)) = path.split_first() {
        return command.mut_subcommand(first, |below| show_default(below, rest, flag, key));
    }
    let default = keys::all().into_iter().find(|known| known.path == key);
    let shown = default.and_then(|key| match key.default {
        toml::Value::String(text) if text.is_empty() => None,
        toml::Value::String(text) => Some(text),
        toml::Value::Array(list) if list.is_empty() => None,
        other => Some(other.to_string()),
    });
    match shown {
        Some(shown) => command.mut_arg(flag, |arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            arg.help(format!("{help} [default: {shown}]"))
        }),
        None => command,
    }
}

/// Returns what the command line says of configuration keys: the key, the flag, its text.
#[must_use]
pub fn flags(matches: &ArgMatches) -> Vec<(&'static str, String, String)> {
    let said = |(of, flag, key): &(&str, &str, &'static str)| {
        let mut at = matches;
        for name in of.split_whitespace() {
            at = at.subcommand_matches(name)?;
        }
        // A key that holds a list reads its parts between commas.
        let texts: Option<Vec<&str>> = at.get_raw(flag)?.map(std::ffi::OsStr::to_str).collect();
        let text = texts?.join(",");
        Some((*key, format!("--{}", flag.replace('_', "-")), text))
    };
    FLAGS.iter().filter_map(said).collect()
}
