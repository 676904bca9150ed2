//! `pennyspan bench report`: the report as a process of its own, again and again.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use camino::Utf8Path;

use super::size_of;
use crate::bench::figures::{Figures, grouped, mib};
use crate::bench::server::own;
use crate::cli::bench::ReportArgs;
use crate::commands::answer;
use crate::exit::Exit;
use crate::stages::Timings;
use crate::usage::Process;

/// How often a report under way is asked whether it has ended.
const ASK_EVERY: Duration = Duration::from_millis(2);

/// Reports, and prints how long it took.
///
/// # Errors
/// A directory that cannot be reported on.
pub fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let place = tempfile::tempdir()?;
    let folder = Utf8Path::from_path(place.path()).context("the temporary directory's name is not UTF-8")?;
    let warm = once(&args.directory, folder)?;
    let invocations = grouped(&warm.invocations.to_string());
    let size = mib(size_of(args.directory.as_std_path())?);
    let input = format!("{}: {invocations} invocations, {size:.0} MiB", args.directory);
    let mut figures = Figures::of("report, warm, a fresh process each time", input);
    for _ in 0..args.runs {
        let run = once(&args.directory, folder)?;
        figures.add("report", "s", run.took.as_secs_f64());
        figures.add(
            "processor time",
            "core-s",
            run.cpu_time.as_ref().map(Duration::as_secs_f64),
        );
        figures.add("peak resident memory", "MiB", run.timings.peak_rss_bytes.map(mib));
        for (stage, us) in &run.timings.stages_us {
            figures.add(&format!("  {stage}"), "s", Duration::from_micros(*us).as_secs_f64());
        }
    }
    answer(&figures.table())?;
    Ok(Exit::Passed)
}

/// One report.
struct Run {
    took: Duration,
    cpu_time: Option<Duration>,
    timings: Timings,
    invocations: u64,
}

fn once(directory: &Utf8Path, folder: &Utf8Path) -> anyhow::Result<Run> {
    let (report, timings) = (folder.join("report.json"), folder.join("timings.json"));
    let mut command = own()?;
    command.args(["report", "--data", directory.as_str(), "--fail-on", "never"]);
    command.args(["-o", &format!("json={report}"), "--timings", timings.as_str()]);
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().context("cannot start a report")?;
    let process = Process::Child(child.id());
    while !process.has_ended() {
        std::thread::sleep(ASK_EVERY);
    }
    let cpu_time = process.cpu_time();
    let status = child.wait()?;
    let took = begun.elapsed();
    if !status.success() {
        bail!("the report on {directory} ended with {status}");
    }
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&report)?)?;
    Ok(Run {
        took,
        cpu_time,
        timings: Timings::read(&timings)?,
        invocations: report["totals"]["invocations"].as_u64().unwrap_or_default(),
    })
}
