//! The flags of `loadgen`.

use clap::{Args, ValueEnum};

use super::bench::{Encoding, Protocol, Written};

/// Flags of `loadgen`.
#[derive(Debug, Args)]
pub struct LoadgenArgs {
    /// The server: http://HOST:PORT, where its OTLP listens.
    #[arg(long, value_name = "URL")]
    pub target: String,
    /// How requests travel.
    #[arg(long, value_enum, default_value_t = Protocol::Http)]
    pub protocol: Protocol,
    /// What is sent.
    #[arg(long, value_enum, default_value_t = LoadSignal::Spans)]
    pub signal: LoadSignal,
    /// How messages are written; gRPC only carries protobuf.
    #[arg(long, value_enum, default_value_t = Written::Protobuf)]
    pub written: Written,
    /// How bodies are compressed.
    #[arg(long, value_enum, default_value_t = Encoding::Identity)]
    pub encoding: Encoding,
    /// Spans or log records per second; without it, as many as are answered.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub rate: Option<u64>,
    /// How long telemetry is sent.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Ends after so many requests, if the time has not ended before.
    #[arg(long, value_name = "N")]
    pub requests: Option<u64>,
    /// Spans or log records of one request.
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub items: u64,
    /// Connections; each has one request under way at a time.
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub connections: u64,
    /// What tells the ids of this run from those of another; the time of the start without it.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LoadSignal {
    /// OTLP spans of about 800 bytes.
    Spans,
    /// OTLP log records of about 360 bytes.
    Logs,
}
