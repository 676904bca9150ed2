//! The program serving, as a process of its own: started, sent to, ended or killed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running server; dropping it kills the process.
pub struct Server {
    child: Child,
    pub http: String,
    pub web: String,
}

impl Server {
    /// Starts a server over a data directory, on free ports, and waits until it listens.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &BTreeMap::new())
    }

    /// Starts a server with variables in its environment.
    pub fn start_with(data: &Path, environment: &BTreeMap<&str, String>) -> Self {
        let any = "127.0.0.1:0";
        let mut child = Command::new(env!("CARGO_BIN_EXE_pennyspan"))
            .args([
                "serve",
                "--quiet",
                "--otlp-grpc",
                any,
                "--otlp-http",
                any,
                "--web",
                any,
                "--data",
            ])
            .arg(data)
            .current_dir(data)
            .env_remove("PENNYSPAN_SAMPLES")
            .envs(environment)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |what: &str| {
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("the server ended before it said where {what} is"))
                .unwrap();
            assert!(line.contains(what), "{line}");
            line.rsplit("http://").next().unwrap().trim().to_owned()
        };
        let (_, http, web) = (address("gRPC"), address("HTTP"), address("pages"));
        Self { child, http, web }
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

/// Sends one request on a connection of its own, and returns the status; none where no answer came.
pub fn post(to: &str, path: &str, content_type: &str, body: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(to).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {to}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    status_of(&mut stream).map(|(status, _)| status)
}

/// Gets a page: its status and everything after the head's first line.
pub fn get(from: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(from).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    let head = format!("GET {path} HTTP/1.1\r\nhost: {from}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    status_of(&mut stream)
}

fn status_of(stream: &mut TcpStream) -> Option<(u16, String)> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, text))
}
