//! The command line: every subcommand with its flags.

pub mod bench;
pub mod doctor;
pub mod loadgen;
pub mod report;
pub mod storage;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use pennyspan_rules::Decimal;

pub mod configured;
#[cfg(test)]
mod tests;

use crate::exit::Exit;

/// Observability, cost and operations analyzer for serverless functions.
#[derive(Debug, Parser)]
#[command(name = "pennyspan", propagate_version = true, after_help = Exit::HELP, max_term_width = 110)]
pub struct Cli {
    /// Reads this configuration instead of ./pennyspan.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// Colours answers and progress.
    #[arg(long, global = true, value_enum)]
    pub color: Option<Color>,
    /// Says nothing on stderr but errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Receives telemetry and shows its pages, in one process.
    #[command(after_help = "Example:\n  pennyspan serve --data ./pennyspan-data --web 127.0.0.1:8080\n")]
    Serve(ServeArgs),
    /// Serves a generated company in a temporary directory, and keeps sending its telemetry.
    #[command(after_help = "Example:\n  pennyspan demo\n")]
    Demo(DemoArgs),
    /// Loads telemetry files into the data directory.
    #[command(after_help = "Example:\n  pennyspan import telemetry/ --data ./pennyspan-data\n")]
    Import(ImportArgs),
    /// Answers one read-only SQL statement over the views.
    #[command(
        after_help = "Example:\n  pennyspan query 'SELECT function, COUNT(*) FROM invocations GROUP BY function ORDER BY 1' --from telemetry/\n"
    )]
    Query(QueryArgs),
    /// Reports on telemetry, and judges it for CI.
    #[command(
        after_help = "Examples:\n  pennyspan report --from telemetry/ --fail-on high -o markdown=report.md\n  pennyspan report --from telemetry/ --baseline baseline.json --write-baseline\n"
    )]
    Report(Box<report::ReportArgs>),
    /// Explains one invocation: its facts, which of them won, what it cost step by step, and what it took part in.
    #[command(after_help = "Example:\n  pennyspan explain 8286a188-ba32-4475-8077-530cd35c09a9 --from telemetry/\n")]
    Explain(ExplainArgs),
    /// Lists, explains and checks the rules.
    #[command(after_help = "Example:\n  pennyspan rules explain cold-start-rate\n")]
    Rules(RulesArgs),
    /// Lists, explains and checks the price books.
    #[command(after_help = "Example:\n  pennyspan prices explain duration-x86 --region us-east-1 --quantity 1024000\n")]
    Prices(PricesArgs),
    /// Shows what the data directory holds, proves it, merges its files, or removes what is old or named.
    #[command(after_help = "Example:\n  pennyspan storage status --data ./pennyspan-data\n")]
    Storage(storage::StorageArgs),
    /// Shows the configuration in force, or checks a file.
    #[command(after_help = "Example:\n  pennyspan config show\n")]
    Config(ConfigArgs),
    /// Measures this program on this machine, and prints the figures.
    #[command(after_help = "Example:\n  pennyspan bench ingest --protocol grpc --encoding zstd\n")]
    Bench(bench::BenchArgs),
    /// Sends telemetry to any OTLP server, and prints what it acknowledged, refused and lost.
    #[command(
        after_help = "No two requests are alike: each has trace ids, span ids, invocation ids and times of its own. With --rate, an answer's time\n\
        counts from when its request was due. A refusal is not sent again. To another server than pennyspan, say its address.\n\nExamples:\n  \
        pennyspan loadgen --target http://127.0.0.1:4318 --signal logs --rate 50000 --encoding gzip\n  \
        pennyspan loadgen --target http://127.0.0.1:4317 --protocol grpc --seconds 60\n"
    )]
    Loadgen(loadgen::LoadgenArgs),
    /// Tries every door of a running server as a sender would, and says in words what is wrong.
    #[command(
        after_help = "It sends a span, a log record and a data point through each door of OTLP, and an invocation record of the function\n\
        pennyspan-doctor. It ends with 0 where all is well, with 2 where an address, a token or a clock is wrong, and with 3 where nobody\n\
        answers.\n\nExample:\n  pennyspan doctor --http http://127.0.0.1:4318 --grpc http://127.0.0.1:4317 --web http://127.0.0.1:8080\n"
    )]
    Doctor(doctor::DoctorArgs),
    /// Prints what a shell needs to complete this program's commands and flags.
    #[command(
        after_help = "Example:\n  pennyspan completions bash > ~/.local/share/bash-completion/completions/pennyspan\n"
    )]
    Completions(CompletionsArgs),
    /// Writes the manual pages of this program, one for each command.
    #[command(after_help = "Example:\n  pennyspan man ~/.local/share/man/man1\n")]
    Man(ManArgs),
}

/// Flags of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Flags of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The directory, which is created where it is missing; pages that are there are written anew.
    #[arg(value_name = "DIR")]
    pub directory: Utf8PathBuf,
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Directory of the tables.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Directory of the write-ahead log; DATA/wal without it.
    #[arg(long, value_name = "DIR")]
    pub wal: Option<String>,
    /// Address of OTLP over gRPC.
    #[arg(long, value_name = "ADDRESS")]
    pub otlp_grpc: Option<String>,
    /// Address of OTLP and the vendor routes over HTTP.
    #[arg(long, value_name = "ADDRESS")]
    pub otlp_http: Option<String>,
    /// Address of the pages.
    #[arg(long, value_name = "ADDRESS")]
    pub web: Option<String>,
    /// Listens beyond this machine although nobody is asked who they are.
    #[arg(long)]
    pub without_authentication: bool,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The company's seed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Ends by itself after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

/// Flags of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Files and directories of telemetry.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<Utf8PathBuf>,
    /// Directory of the tables.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    #[command(flatten)]
    pub door: DoorArgs,
    /// Says what would be new, what is there already and what would be rejected, and loads nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Flags of `query`.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// One SELECT over the views.
    pub sql: String,
    /// Files and directories of telemetry, instead of the data directory.
    #[arg(long = "from", value_name = "PATH", conflicts_with = "data")]
    pub from: Vec<Utf8PathBuf>,
    /// Directory of the tables.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    #[command(flatten)]
    pub door: DoorArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    /// How the rows are written.
    #[arg(long, value_enum)]
    pub format: Option<RowFormat>,
    /// A value for `$KEY` in the statement: a whole number where it reads as one, else text. Repeatable.
    #[arg(long = "param", value_name = "KEY=VALUE")]
    pub params: Vec<String>,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// A table to read.
    Table,
    /// A JSON array.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated, with a header.
    Csv,
    /// A Parquet file; not to a terminal.
    Parquet,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The invocation, as the provider names it.
    pub invocation_id: String,
    /// Files and directories of telemetry, instead of the data directory.
    #[arg(long = "from", value_name = "PATH", conflicts_with = "data")]
    pub from: Vec<Utf8PathBuf>,
    /// Directory of the tables; where a server writes it, what is committed there is read.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    #[command(flatten)]
    pub door: DoorArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    /// How the explanation is written.
    #[arg(long, value_enum)]
    pub format: Option<ExplainFormat>,
}

/// How an explanation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// Text to read.
    Text,
    /// A JSON object.
    Json,
}

/// What records themselves may not say.
#[derive(Debug, Args)]
pub struct DoorArgs {
    /// The resource that records belong to which name none, such as a function's ARN.
    #[arg(long, value_name = "ARN")]
    pub resource: Option<String>,
    /// The region of records that name none.
    #[arg(long)]
    pub region: Option<String>,
}

/// The window of a question.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// The first instant, or a length counted back from the newest start in the input, such as 7d.
    #[arg(long, value_name = "TIME|LENGTH")]
    pub since: Option<String>,
    /// The first instant after the window.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// Which functions a question is about; globs.
#[derive(Debug, Default, Args)]
pub struct SelectionArgs {
    /// Functions.
    #[arg(long, value_name = "GLOB")]
    pub function: Vec<String>,
    /// Services.
    #[arg(long, value_name = "GLOB")]
    pub service: Vec<String>,
    /// Environments.
    #[arg(long, value_name = "GLOB")]
    pub env: Vec<String>,
    /// Tenants of the workload.
    #[arg(long, value_name = "GLOB")]
    pub tenant: Vec<String>,
    /// Rules.
    #[arg(long, value_name = "GLOB")]
    pub rule: Vec<String>,
}

/// Flags of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// The subcommands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Prints every key in force, and where its value came from.
    #[command(after_help = "Example:\n  PENNYSPAN_REPORT_FAIL_ON=low pennyspan config show\n")]
    Show,
    /// Prints the JSON schema of the configuration, or of the report.
    #[command(after_help = "Example:\n  pennyspan config schema --report > report.schema.json\n")]
    Schema {
        /// The schema of `report -o json` instead.
        #[arg(long)]
        report: bool,
        /// The keys as a page to read instead.
        #[arg(long, conflicts_with = "report")]
        markdown: bool,
    },
    /// Checks a file.
    #[command(after_help = "Example:\n  pennyspan config check pennyspan.toml\n")]
    Check {
        /// The file.
        file: Utf8PathBuf,
    },
}

/// Flags of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// The subcommands of `rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Prints every rule with its severity and topic.
    #[command(after_help = "Example:\n  pennyspan rules list\n")]
    List,
    /// Prints a rule's file: what it finds, its query, its cases and its runbook.
    #[command(after_help = "Example:\n  pennyspan rules explain oom\n")]
    Explain {
        /// The rule.
        name: String,
    },
    /// Runs the cases of every rule file in a directory, and plans every query of its runbooks.
    #[command(after_help = "Example:\n  pennyspan rules check my-rules/\n")]
    Check {
        /// The directory.
        directory: Utf8PathBuf,
    },
}

/// Flags of `prices`.
#[derive(Debug, Args)]
pub struct PricesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PricesCommand,
}

/// The subcommands of `prices`.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one value in the life of the program")]
pub enum PricesCommand {
    /// Prints every price with its unit, date and source.
    #[command(after_help = "Example:\n  pennyspan prices list\n")]
    List,
    /// Shows how an amount of one entry comes about, step by step: from a billed quantity, or from what was measured of a use.
    #[command(
        after_help = "Examples:\n  pennyspan prices explain requests --region us-east-1 --quantity 1000000 --on 2026-10-08\n  \
                      pennyspan prices explain duration-arm64 --run-ms 1233.96 --init-ms 463.512 --memory-mib 256\n  \
                      pennyspan prices explain request-processor --region europe-west1 --run-ms 120 --cpu-milli 1000\n"
    )]
    Explain {
        /// The entry, such as `duration-x86`.
        entry: String,
        /// The region.
        #[arg(long)]
        region: Option<String>,
        /// The quantity, in the smallest unit that is counted (MiB-milliseconds, requests); one unit of the price without it.
        #[arg(long)]
        quantity: Option<u64>,
        /// The day, as 2026-10-08; the newest price without it.
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
        /// What was measured of a use.
        #[command(flatten)]
        measured: MeasuredArgs,
    },
    /// Checks a price book of your own.
    #[command(after_help = "Example:\n  pennyspan prices check our-prices.toml\n")]
    Check {
        /// The file.
        file: Utf8PathBuf,
    },
}

/// What was measured of one use; the rule of billing makes the billed quantity of it.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Measured")]
pub struct MeasuredArgs {
    /// How long it ran, in milliseconds; may have decimals.
    #[arg(long, value_name = "MS", conflicts_with = "quantity")]
    pub run_ms: Option<Decimal>,
    /// Initialization before it, in milliseconds; may have decimals.
    #[arg(long, value_name = "MS", conflicts_with = "quantity")]
    pub init_ms: Option<Decimal>,
    /// Memory, or storage, in MiB.
    #[arg(long, value_name = "MIB", conflicts_with = "quantity")]
    pub memory_mib: Option<i64>,
    /// Processor, in thousandths of a vCPU.
    #[arg(long, value_name = "MILLI", conflicts_with = "quantity")]
    pub cpu_milli: Option<i64>,
    /// Processor time, in milliseconds; may have decimals.
    #[arg(long, value_name = "MS", conflicts_with = "quantity")]
    pub cpu_ms: Option<Decimal>,
    /// Payload, in bytes.
    #[arg(long, value_name = "BYTES", conflicts_with = "quantity")]
    pub payload_bytes: Option<i64>,
    /// Whether the code is a container image, or brings its own runtime.
    #[arg(long, conflicts_with = "quantity")]
    pub image: bool,
    /// How many equal uses.
    #[arg(long, value_name = "COUNT", conflicts_with = "quantity")]
    pub uses: Option<u64>,
}
