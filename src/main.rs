//! pennyspan: observability, cost and operations analyzer for serverless functions.
//!
//! This program wires the crates: it alone reads the command line, the environment, the clock and the working directory.

#![expect(unreachable_pub, reason = "a program's modules are seen by nobody else")]

mod bench;
mod cli;
mod clock;
mod commands;
mod config;
mod exit;
mod failure;
#[cfg(feature = "fault-points")]
mod fault_points;
mod health;
mod metrics;
mod pages;
mod places;
mod sending;
mod serving;
mod source;
mod stages;
mod threads;
mod usage;
mod version;
mod when;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::cli::{Cli, Command, configured};
use crate::config::{InForce, Layer};
use crate::exit::Exit;

/// Telemetry comes on one thread and goes on another, in pieces of every size: the system's allocator keeps several times
/// what is alive.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches = configured::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(&cli, &configured::flags(&matches)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            say(&format!("error: {}\n", chain(&error)));
            failure::exit_of(&error).into()
        }
    }
}

fn run(cli: &Cli, flags: &[(&'static str, String, String)]) -> anyhow::Result<Exit> {
    #[cfg(feature = "fault-points")]
    fault_points::arm()?;
    let in_force = in_force(cli, flags)?;
    start_logging(cli.quiet, &in_force.config.color);
    match &cli.command {
        Command::Serve(args) => commands::serve::run(args, &in_force),
        Command::Demo(args) => commands::demo::run(args, &in_force),
        Command::Import(args) => commands::import::run(args, &in_force, cli.quiet),
        Command::Query(args) => commands::query::run(args, &in_force, cli.quiet),
        Command::Report(args) => commands::report::run(args, &in_force, cli.quiet),
        Command::Explain(args) => commands::explain::run(args, &in_force, cli.quiet),
        Command::Rules(args) => commands::rules::run(&args.command),
        Command::Prices(args) => commands::prices::run(&args.command, &in_force.config),
        Command::Storage(args) => commands::storage::run(&args.command, &in_force),
        Command::Config(args) => commands::config::run(&args.command, &in_force),
        Command::Bench(args) => commands::bench::run(&args.command, &in_force),
        Command::Doctor(args) => commands::doctor::run(args, &in_force),
        Command::Loadgen(args) => commands::loadgen::run(args),
        Command::Completions(args) => commands::completions::run(args),
        Command::Man(args) => commands::man::run(args),
    }
}

/// Reads the one configuration file, the environment and the flags.
fn in_force(cli: &Cli, flags: &[(&'static str, String, String)]) -> anyhow::Result<InForce> {
    let mut layers = Vec::new();
    match &cli.config {
        Some(file) => layers.push(Layer::of_file(file.as_std_path())?),
        None if Path::new("pennyspan.toml").exists() => layers.push(Layer::of_file(Path::new("pennyspan.toml"))?),
        None => {}
    }
    layers.push(Layer::of_environment(std::env::vars())?);
    layers.push(Layer::of_flags(flags.iter().cloned()));
    Ok(InForce::of(layers)?)
}

fn start_logging(quiet: bool, color: &str) {
    let level = if quiet { "error" } else { "info" };
    let ansi = match color {
        "always" => true,
        "never" => false,
        _ => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(format!("warn,pennyspan={level}")))
        .with_writer(std::io::stderr)
        .with_ansi(ansi)
        .with_target(false)
        .init();
}

/// Returns an error's sentence with its causes, each once.
fn chain(error: &anyhow::Error) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for cause in error.chain() {
        let sentence = cause.to_string();
        if sentences.last() != Some(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.join(": ")
}

/// Writes to standard error, where a reader that has gone away is no reason to stop.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
