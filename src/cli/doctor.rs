//! The flags of `doctor`.

use clap::Args;

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Where OTLP and the other routes are received over HTTP: http://HOST:PORT; the address that `serve` is configured with
    /// without it.
    #[arg(long, value_name = "URL")]
    pub http: Option<String>,
    /// Where OTLP is received over gRPC: http://HOST:PORT; the address that `serve` is configured with without it.
    #[arg(long, value_name = "URL")]
    pub grpc: Option<String>,
    /// Where the pages are: http://HOST:PORT; the address that `serve` is configured with without it.
    #[arg(long, value_name = "URL")]
    pub web: Option<String>,
    /// Sends this token as a sender would: `authorization: Bearer TOKEN`.
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Sends this access key as Amazon Data Firehose would.
    #[arg(long, value_name = "KEY")]
    pub firehose_key: Option<String>,
}
