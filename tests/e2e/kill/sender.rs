//! Senders as honest ones are: they send again what was refused for the moment or not answered, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use tokio::runtime::Runtime;
use tonic::Code;
use tonic::transport::Channel;

use super::parcel::{Kind, Parcel};
use crate::server::{Server, exchange};

/// What clients sent, and what was answered.
#[derive(Default)]
pub struct Ledger {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    acknowledged: BTreeMap<Kind, BTreeSet<String>>,
    unanswered: Vec<Parcel>,
    acknowledged_requests: usize,
    refused: usize,
    sent_again: usize,
    sent_again_halved: usize,
}

/// What came of one request.
enum Outcome {
    Acknowledged,
    /// Refused as worth sending again after this long.
    Refused(Duration),
    /// The connection broke off, as it does when the server dies.
    BrokenOff,
}

/// One client of a server that will be killed.
pub struct Sender<'a> {
    address: String,
    grpc: TraceServiceClient<Channel>,
    runtime: Runtime,
    /// Whether the server is being killed: from then on, and only then, connections may break.
    killed: &'a AtomicBool,
    ledger: &'a Ledger,
}

impl<'a> Sender<'a> {
    pub fn to(server: &Server, killed: &'a AtomicBool, ledger: &'a Ledger) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let endpoint = Channel::from_shared(format!("http://{}", server.grpc)).unwrap();
        let grpc = runtime.block_on(async { TraceServiceClient::new(endpoint.connect_lazy()) });
        Self {
            address: server.http.clone(),
            grpc,
            runtime,
            killed,
            ledger,
        }
    }

    /// Sends one request until it is acknowledged or the server is gone; returns whether it was acknowledged.
    pub fn send(&mut self, parcel: Parcel) -> bool {
        let acknowledged = self.is_acknowledged(&parcel);
        let mut entries = self.ledger.lock();
        if acknowledged {
            entries.acknowledged_requests += 1;
            entries.acknowledged.entry(parcel.kind).or_default().extend(parcel.ids);
        } else {
            entries.unanswered.push(parcel);
        }
        acknowledged
    }

    fn is_acknowledged(&mut self, parcel: &Parcel) -> bool {
        loop {
            let outcome = match parcel.kind {
                Kind::SpansGrpc => self.call(parcel),
                _ => self.post(parcel),
            };
            let killed = self.killed.load(Ordering::Acquire);
            match outcome {
                Outcome::Acknowledged => return true,
                Outcome::Refused(_) | Outcome::BrokenOff if killed => return false,
                Outcome::Refused(wait) => {
                    self.ledger.lock().refused += 1;
                    std::thread::sleep(wait);
                }
                Outcome::BrokenOff => panic!("a connection broke off while the server lived"),
            }
        }
    }

    fn post(&self, parcel: &Parcel) -> Outcome {
        let (path, content_type) = parcel.kind.door();
        let answer = match exchange(&self.address, path, content_type, &parcel.body()) {
            Ok(answer) => answer,
            Err(error) if is_broken_off(&error) => return Outcome::BrokenOff,
            Err(error) => panic!("the connection failed: {error}"),
        };
        match (answer.status, answer.retry_after()) {
            (200, _) => Outcome::Acknowledged,
            (429 | 503, Some(wait)) => Outcome::Refused(wait),
            _ => panic!("neither acknowledged nor refused for the moment: {}", answer.text),
        }
    }

    fn call(&mut self, parcel: &Parcel) -> Outcome {
        match self.runtime.block_on(self.grpc.export(parcel.spans())) {
            Ok(_) => Outcome::Acknowledged,
            // What the server says has details; what the connection's end looks like has none.
            Err(status) if status.code() == Code::Unavailable && !status.details().is_empty() => {
                Outcome::Refused(Duration::from_secs(1))
            }
            Err(status)
                if matches!(
                    status.code(),
                    Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal
                ) =>
            {
                Outcome::BrokenOff
            }
            Err(status) => panic!("neither acknowledged nor refused for the moment: {status}"),
        }
    }
}

impl Ledger {
    /// Sends what was not answered again, the same bytes or in two halves; all of it is acknowledged in the end.
    pub fn send_again(&self, server: &Server, halved: bool) {
        let unanswered = std::mem::take(&mut self.lock().unanswered);
        let lives = AtomicBool::new(false);
        let mut sender = Sender::to(server, &lives, self);
        for parcel in unanswered {
            let halved = halved && parcel.kind.may_be_halved();
            let parts = if halved {
                parcel.halves().collect()
            } else {
                vec![parcel]
            };
            for part in parts {
                assert!(sender.send(part), "a request that is sent again is taken");
            }
            let mut entries = self.lock();
            entries.sent_again += 1;
            entries.sent_again_halved += usize::from(halved);
        }
    }

    /// Returns the acknowledged ids that each table must hold, and a sentence on what came of everything.
    pub fn close(self) -> (BTreeMap<&'static str, BTreeSet<String>>, String) {
        let entries = self.entries.into_inner().unwrap();
        assert!(entries.unanswered.is_empty(), "everything was sent again");
        let (mut by_table, mut count) = (BTreeMap::<_, BTreeSet<String>>::new(), 0);
        for (kind, ids) in entries.acknowledged {
            count += ids.len();
            for table in kind.tables() {
                by_table.entry(*table).or_default().extend(ids.iter().cloned());
            }
        }
        let told = format!(
            "{} requests and {count} ids acknowledged, {} sent again ({} in halves), {} refused for the moment",
            entries.acknowledged_requests, entries.sent_again, entries.sent_again_halved, entries.refused
        );
        (by_table, told)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap()
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
