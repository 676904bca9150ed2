//! Senders as honest ones are: they send again what was refused for the moment or not answered, and nothing else.

use std::collections::BTreeSet;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::server::exchange;

/// Records of each request.
pub const RECORDS: usize = 4;

/// What clients sent, and what was answered.
#[derive(Default)]
pub struct Ledger {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    acknowledged: BTreeSet<String>,
    unanswered: Vec<Vec<String>>,
    acknowledged_requests: usize,
    refused: usize,
    sent_again: usize,
    sent_again_halved: usize,
}

/// One client of a server that will be killed.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    pub address: &'a str,
    /// Whether the server is being killed: from then on, and only then, connections may break.
    pub killed: &'a AtomicBool,
    pub ledger: &'a Ledger,
}

impl Sender<'_> {
    /// Sends one request until it is acknowledged or the server is gone; returns whether it was acknowledged.
    pub fn send(self, ids: Vec<String>) -> bool {
        let acknowledged = self.is_acknowledged(&ids);
        let mut entries = self.ledger.entries.lock().unwrap();
        if acknowledged {
            entries.acknowledged_requests += 1;
            entries.acknowledged.extend(ids);
        } else {
            entries.unanswered.push(ids);
        }
        acknowledged
    }

    fn is_acknowledged(&self, ids: &[String]) -> bool {
        let body = ids.iter().map(|id| record(id)).collect::<Vec<_>>().join("\n");
        loop {
            let answer = exchange(self.address, "/v1/invocations", "application/x-ndjson", body.as_bytes());
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => {
                    let is_gone = self.killed.load(Ordering::Acquire) && is_broken_off(&error);
                    assert!(is_gone, "the connection failed: {error}");
                    return false;
                }
            };
            match (answer.status, answer.retry_after()) {
                (200, _) => return true,
                (429 | 503, Some(wait)) if !self.killed.load(Ordering::Acquire) => {
                    self.ledger.entries.lock().unwrap().refused += 1;
                    std::thread::sleep(wait);
                }
                (429 | 503, Some(_)) => return false,
                _ => panic!(
                    "a request was neither acknowledged nor refused for the moment: {}",
                    answer.text
                ),
            }
        }
    }
}

impl Ledger {
    /// Sends what was not answered again, the same bytes or in two halves; all of it is acknowledged in the end.
    pub fn send_again(&self, address: &str, halved: bool) {
        let unanswered = std::mem::take(&mut self.entries.lock().unwrap().unanswered);
        let sender = Sender {
            address,
            killed: &AtomicBool::new(false),
            ledger: self,
        };
        for ids in unanswered {
            let part = if halved { RECORDS / 2 } else { RECORDS };
            for part in ids.chunks(part) {
                assert!(sender.send(part.to_vec()), "a request that is sent again is taken");
            }
            let mut entries = self.entries.lock().unwrap();
            entries.sent_again += 1;
            entries.sent_again_halved += usize::from(halved);
        }
    }

    /// Returns the acknowledged ids, and a sentence on what came of everything.
    pub fn close(self) -> (BTreeSet<String>, String) {
        let entries = self.entries.into_inner().unwrap();
        assert!(entries.unanswered.is_empty(), "everything was sent again");
        let told = format!(
            "{} requests and {} records acknowledged, {} sent again ({} in halves), {} refused for the moment",
            entries.acknowledged_requests,
            entries.acknowledged.len(),
            entries.sent_again,
            entries.sent_again_halved,
            entries.refused
        );
        (entries.acknowledged, told)
    }
}

/// Returns whether an error is what a sender sees of a server that dies.
fn is_broken_off(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}

fn record(id: &str) -> String {
    format!(
        r#"{{"provider":"aws","account":"1","region":"us-east-1","function":"orders","invocation_id":"{id}","start_time":"2026-10-08T07:30:28Z","duration_ms":12.5,"billed_duration_ms":13,"memory_size_mib":128,"outcome":"ok"}}"#
    )
}
