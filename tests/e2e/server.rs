//! The program serving, as a process of its own: started, sent to, ended or killed.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use pennyspan_schema::Table;

/// A running server; dropping it kills the process.
pub struct Server {
    child: Child,
    said: Receiver<String>,
    pub grpc: String,
    pub http: String,
    pub web: String,
}

/// Returns what keeps every row: what tests send has times of its own, which real clocks leave behind.
fn kept_for_ever() -> impl Iterator<Item = (String, &'static str)> {
    let variable = |table: &Table| format!("PENNYSPAN_RETENTION_{}", table.name().to_uppercase());
    Table::ALL.iter().map(move |table| (variable(table), "forever"))
}

/// Where a server is to listen: OTLP over gRPC, over HTTP, and the pages.
pub type Listen<'a> = [&'a str; 3];

/// Free ports.
pub const ANYWHERE: Listen<'static> = ["127.0.0.1:0"; 3];

impl Server {
    /// Starts a server over a data directory, on free ports, and waits until it listens.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &BTreeMap::new())
    }

    /// Starts a server with variables in its environment.
    pub fn start_with(data: &Path, environment: &BTreeMap<&str, String>) -> Self {
        Self::start_at(data, environment, ANYWHERE)
    }

    /// Starts a server at addresses.
    pub fn start_at(data: &Path, environment: &BTreeMap<&str, String>, [grpc, http, web]: Listen<'_>) -> Self {
        let own = Command::new(env!("CARGO_BIN_EXE_pennyspan"));
        Self::start_by(own, data, environment, [grpc, http, web])
    }

    /// Starts a server by a command that runs the program with the arguments that are added here.
    pub fn start_by(
        mut command: Command,
        data: &Path,
        environment: &BTreeMap<&str, String>,
        [grpc, http, web]: Listen<'_>,
    ) -> Self {
        let mut child = command
            .args([
                "serve",
                "--quiet",
                "--otlp-grpc",
                grpc,
                "--otlp-http",
                http,
                "--web",
                web,
            ])
            .arg("--data")
            .arg(data)
            .current_dir(data)
            .env_remove("PENNYSPAN_SAMPLES")
            .envs(kept_for_ever())
            .envs(environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = forward(BufReader::new(child.stderr.take().unwrap()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |what: &str| {
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("the server ended before it said where {what} is"))
                .unwrap();
            assert!(line.contains(what), "{line}");
            line.rsplit("http://").next().unwrap().trim().to_owned()
        };
        let (grpc, http, web) = (address("gRPC"), address("HTTP"), address("pages"));
        Self {
            child,
            said,
            grpc,
            http,
            web,
        }
    }

    /// Returns the process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the process says a line with `text` on standard error, and returns whether it did in time.
    pub fn says(&self, text: &str, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        while let Ok(line) = self
            .said
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            if line.contains(text) {
                return true;
            }
        }
        false
    }

    /// Kills the process, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end, and waits until it has drained and flushed.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on what a process says on standard error, and keeps it.
fn forward(said: impl io::BufRead + Send + 'static) -> Receiver<String> {
    let (to, kept) = channel();
    std::thread::spawn(move || {
        for line in said.lines().map_while(Result::ok) {
            // Neither has to have a reader.
            let _ = writeln!(io::stderr(), "{line}");
            let _ = to.send(line);
        }
    });
    kept
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    /// Returns after how long the request is worth sending again, if the server says so.
    pub fn retry_after(&self) -> Option<Duration> {
        let head = self.text.split("\r\n\r\n").next()?;
        let header = |line: &str| {
            let line = line.to_ascii_lowercase();
            line.strip_prefix("retry-after:")?.trim().parse().ok()
        };
        head.lines().find_map(header).map(Duration::from_secs)
    }
}

/// Sends one request on a connection of its own, and returns the status; none where no answer came.
pub fn post(to: &str, path: &str, content_type: &str, body: &[u8]) -> Option<u16> {
    exchange(to, path, content_type, body).ok().map(|answer| answer.status)
}

/// Sends one request on a connection of its own.
pub fn exchange(to: &str, path: &str, content_type: &str, body: &[u8]) -> io::Result<Answer> {
    exchange_with(to, path, &[("content-type", content_type)], body)
}

/// Sends one request, whose content type and encoding are said, on a connection of its own.
pub fn exchange_encoded(
    to: &str,
    path: &str,
    (content_type, encoding): (&str, &str),
    body: &[u8],
) -> io::Result<Answer> {
    exchange_with(
        to,
        path,
        &[("content-type", content_type), ("content-encoding", encoding)],
        body,
    )
}

/// Sends one request with headers of its own on a connection of its own.
pub fn exchange_with(to: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    let headers: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let headers = headers.concat();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {to}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    answer_of(&mut stream)
}

/// Gets a page: its status and everything after the head's first line.
pub fn get(from: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(from).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    let head = format!("GET {path} HTTP/1.1\r\nhost: {from}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    let answer = answer_of(&mut stream).ok()?;
    Some((answer.status, answer.text))
}

/// Reads an answer to its end; one that is cut short before its status is an unexpected end.
fn answer_of(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Answer { status, text })
}
