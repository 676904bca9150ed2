//! The flags of `bench`.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand, ValueEnum};

/// Flags of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What to measure.
    #[command(subcommand)]
    pub command: BenchCommand,
}

/// The subcommands of `bench`.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Writes a day of generated telemetry, which the other benchmarks read.
    #[command(
        after_help = "The day has 200 functions of Zipf load and 2,000 instances; one invocation in a hundred fails; all ids are random.\n\
        It goes through the decoders and the store, as if it had been imported: without a server's log, and in larger files than a\n\
        server writes at once. Ten million invocations as they come by default are 110 million rows, take about 8 GiB of disk (2 GiB\n\
        with --logs-per-invocation 0), some GiB of memory, and minutes on idle cores.\n\nExample:\n  pennyspan bench data /tmp/day --invocations 1000000 --logs-per-invocation 0\n"
    )]
    Data(DataArgs),
    /// Sends telemetry to a server, one request after the other on each connection, and times its durable answers.
    #[command(
        after_help = "The server is a process of its own with a fresh data directory. A run's bodies are made before it starts and kept\n\
        in memory: about 0.8 MB per request of 1,000 spans.\n\nExample:\n  pennyspan bench ingest --protocol grpc --encoding zstd --signal spans\n"
    )]
    Ingest(IngestArgs),
    /// Folds facts and spans in memory, whole and minute by minute.
    #[command(after_help = "Example:\n  pennyspan bench fold --invocations 200000\n")]
    Fold(FoldArgs),
    /// Reports on a data directory, in a fresh process each time, and says which stage took how long.
    #[command(after_help = "Example:\n  pennyspan bench report /tmp/day --runs 5\n")]
    Report(ReportArgs),
    /// Asks for every page of a server over a data directory, while telemetry comes in.
    #[command(
        after_help = "The directory is not changed: the server works on hard links beside it.\n\nExample:\n  pennyspan bench pages /tmp/day --rate 20000\n"
    )]
    Pages(PagesArgs),
}

/// Flags of `bench data`.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// The directory, which is created and must not hold anything.
    #[arg(value_name = "DIR")]
    pub directory: Utf8PathBuf,
    /// Invocations of the day.
    #[arg(long, default_value_t = 10_000_000, value_name = "N")]
    pub invocations: u64,
    /// The seed of everything.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Of a thousand invocations, how many are traced.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1000))]
    pub traced_per_mille: u32,
    /// Spans of a traced invocation.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub spans_per_trace: usize,
    /// Log records of every invocation.
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub logs_per_invocation: usize,
    /// Writes files for `import` and `report --from`, instead of a data directory.
    #[arg(long)]
    pub files: bool,
}

/// Flags of `bench ingest`.
#[derive(Debug, Args)]
pub struct IngestArgs {
    /// How requests travel.
    #[arg(long, value_enum, default_value_t = Protocol::Grpc)]
    pub protocol: Protocol,
    /// How bodies are compressed.
    #[arg(long, value_enum, default_value_t = Encoding::Identity)]
    pub encoding: Encoding,
    /// How messages are written; gRPC only carries protobuf.
    #[arg(long, value_enum, default_value_t = Written::Protobuf)]
    pub written: Written,
    /// What is sent; invocations only travel over HTTP.
    #[arg(long, value_enum, default_value_t = Signal::Spans)]
    pub signal: Signal,
    /// Requests of one run.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub requests: u64,
    /// Spans, log records or invocations of one request.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub items: usize,
    /// Connections; each has one request under way at a time.
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub connections: usize,
    /// How often it is measured, each time with a fresh server.
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub runs: u64,
    /// Keeps the server to the first core and this client to the second, so that neither takes time from the other.
    #[arg(long)]
    pub pinned: bool,
    /// Lets the server fold and write nothing until the load has ended: what its doors alone can do, in as much memory as the
    /// rows take.
    #[arg(long)]
    pub apart: bool,
}

/// Flags of `bench fold`.
#[derive(Debug, Args)]
pub struct FoldArgs {
    /// Invocations that are folded.
    #[arg(long, default_value_t = 200_000, value_name = "N")]
    pub invocations: u64,
    /// How often it is measured.
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub runs: u64,
}

/// Flags of `bench report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The data directory.
    #[arg(value_name = "DIR")]
    pub directory: Utf8PathBuf,
    /// How often it is measured, after one run that warms the operating system's cache.
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub runs: u64,
}

/// Flags of `bench pages`.
#[derive(Debug, Args)]
pub struct PagesArgs {
    /// The data directory.
    #[arg(value_name = "DIR")]
    pub directory: Utf8PathBuf,
    /// Spans per second that come in meanwhile; 0 for none.
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub rate: u64,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub runs: u64,
}

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// OTLP over gRPC.
    Grpc,
    /// OTLP over HTTP.
    Http,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// As protobuf.
    Protobuf,
    /// As JSON; only over HTTP.
    Json,
}

/// How bodies are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Encoding {
    /// Not.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Signal {
    /// OTLP spans of about 800 bytes.
    Spans,
    /// OTLP log records of about 360 bytes.
    Logs,
    /// Invocation records, a line of JSON each.
    Invocations,
}
