//! The flags of `report`.

use camino::Utf8PathBuf;
use clap::Args;

use super::{DoorArgs, SelectionArgs, WindowArgs};

/// Flags of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Files and directories of telemetry, in any format that `import` reads, instead of the data directory.
    #[arg(long = "from", value_name = "PATH", conflicts_with = "data")]
    pub from: Vec<Utf8PathBuf>,
    /// Directory of the tables; where a server writes it, what is committed there is read.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    #[command(flatten)]
    pub door: DoorArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Fails from this level on: critical, high, medium, low or never. With a baseline, only what is new or worse counts.
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<String>,
    /// What no data in the window means: fail, warn or pass.
    #[arg(long, value_name = "WHAT")]
    pub on_no_data: Option<String>,
    /// The findings that are known: they stay listed, and do not close the gate until they get worse.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<String>,
    /// Writes what is found into the baseline. What is known already keeps its day.
    #[arg(long)]
    pub write_baseline: bool,
    /// With --write-baseline: lets go of what is not found any more, also not at 0.8 of its threshold.
    #[arg(long, requires = "write_baseline")]
    pub prune: bool,
    /// Judges by the rules of this profile: full, or ci for short runs on fresh stacks.
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Waits so long, such as 120s, for attempts that started and were not reported, where a server is writing the directory.
    #[arg(long, value_name = "LENGTH")]
    pub settle: Option<String>,
    /// Ends with 3 where a smaller share of the attempts was reported to its end, such as 0.98.
    #[arg(long, value_name = "SHARE")]
    pub require_complete: Option<String>,
    /// What too few reported attempts or too little coverage mean: fail or warn.
    #[arg(long, value_name = "WHAT")]
    pub on_partial: Option<String>,
    /// Ends with 3 where a smaller share of the baseline's functions, routes and triggers was exercised, such as 80%.
    #[arg(long, value_name = "SHARE")]
    pub min_coverage: Option<String>,
    /// Lists only findings that are new or worse than the baseline knows them.
    #[arg(long)]
    pub new_only: bool,
    /// Limits as code, in `[[budget]]` tables: a broken one fails the gate. Repeatable.
    #[arg(long, value_name = "FILE")]
    pub budget: Vec<String>,
    /// Does not judge a budget of fewer samples.
    #[arg(long, value_name = "N")]
    pub min_samples: Option<u32>,
    /// Compares with the window before, the week before, or an earlier JSON report.
    #[arg(long, value_name = "previous|week|REPORT.json")]
    pub compare: Option<String>,
    /// Fails where a month costs more, at list prices.
    #[arg(long, value_name = "USD")]
    pub max_monthly: Option<String>,
    /// Fails where the cost rises by more than this against the comparison.
    #[arg(long, value_name = "10%|50USD")]
    pub max_increase: Option<String>,
    /// Gives monthly figures at production's counts: its JSON report, or an object of functions and invocations a month.
    #[arg(long, value_name = "FILE")]
    pub volumes: Option<String>,
    /// Leaves out of the formats for many readers: any of account, tenant and message, with commas between, or none.
    #[arg(long, value_name = "WHAT")]
    pub redact: Option<String>,
    /// Writes this format, to a file or to standard output. Repeatable.
    #[arg(short = 'o', long = "output", value_name = "FORMAT[=PATH]")]
    pub output: Vec<String>,
    /// Takes this many processor threads.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Writes how long each stage took, and the most memory, as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub timings: Option<Utf8PathBuf>,
}
