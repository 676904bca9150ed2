//! A server as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use pennyspan_schema::Table;

use crate::usage::Process;

/// How often a server that was told to end is asked whether it has.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// A running server; dropping it kills the process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where gRPC listens.
    pub grpc: SocketAddr,
    /// Where HTTP listens.
    pub http: SocketAddr,
    /// Where the pages are.
    pub web: SocketAddr,
}

impl Server {
    /// Starts a server over a data directory, on free ports, and waits until it listens.
    ///
    /// # Errors
    /// Where the program cannot be started, or ends before it listens.
    pub fn start(data: &Path) -> anyhow::Result<Self> {
        Self::start_by(own()?, data)
    }

    /// Starts a server by a command that runs this program with the arguments that are added here.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub fn start_by(mut command: Command, data: &Path) -> anyhow::Result<Self> {
        let data = std::path::absolute(data)?;
        let any = "127.0.0.1:0";
        let mut child = command
            .envs(kept_for_ever())
            .args(["serve", "--otlp-grpc", any, "--otlp-http", any, "--web", any, "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a server")?;
        let told = child.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(told).lines();
        let mut address = || {
            let line = lines.next().context("the server ended before it listened")??;
            let (_, address) = line
                .rsplit_once("http://")
                .context("the server does not say where it listens")?;
            anyhow::Ok(address.trim().parse::<SocketAddr>()?)
        };
        let (grpc, http, web) = match (address(), address(), address()) {
            (Ok(grpc), Ok(http), Ok(web)) => (grpc, http, web),
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        Ok(Self { child, grpc, http, web })
    }

    /// Returns the process.
    pub fn process(&self) -> Process {
        Process::Child(self.child.id())
    }

    /// Asks the process to end, waits until it has drained and flushed, and returns the processor time of its life.
    ///
    /// # Errors
    /// Where it does not end as it should.
    pub fn stop(mut self) -> anyhow::Result<Option<Duration>> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.context("the server has no id")?, rustix::process::Signal::TERM)?;
        while !self.process().has_ended() {
            std::thread::sleep(ASK_EVERY);
        }
        let cpu_time = self.process().cpu_time();
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(cpu_time)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns this program, to be run again on one core; it says nothing but errors.
///
/// # Errors
/// Where the program's own file is not known.
pub fn own_on_core(core: usize) -> anyhow::Result<Command> {
    let own = own()?;
    let mut command = Command::new("taskset");
    command
        .args(["-c", &core.to_string()])
        .arg(own.get_program())
        .args(own.get_args());
    Ok(command)
}

/// Keeps the threads that this one starts from now on, and itself, to one core.
///
/// # Errors
/// Where `taskset` of util-linux is missing or refuses.
pub fn keep_to_core(core: usize) -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    let kept = Command::new("taskset")
        .args(["-cp", &core.to_string(), &own])
        .stdout(Stdio::null())
        .status()
        .context("cannot run taskset, of the package util-linux")?;
    if !kept.success() {
        bail!("taskset ended with {kept}");
    }
    Ok(())
}

/// Returns what keeps every row: the generated day is older than rows are usually kept.
fn kept_for_ever() -> impl Iterator<Item = (String, &'static str)> {
    let variable = |table: &Table| format!("PENNYSPAN_RETENTION_{}", table.name().to_uppercase());
    Table::ALL.iter().map(move |table| (variable(table), "forever"))
}

/// Returns this program, to be run again; it says nothing but errors.
///
/// # Errors
/// Where the program's own file is not known.
pub fn own() -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program does not know its own file")?);
    command.arg("--quiet");
    Ok(command)
}
