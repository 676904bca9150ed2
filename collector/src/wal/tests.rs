mod corpus;
mod crash;
mod damage;
mod disk;
mod faults;
#[cfg(feature = "shuttle")]
mod interleavings;
mod ledger;
mod life;
mod seeded;
mod seeds;
mod simulated;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use pennyspan_schema::{Position, Workspace};
use tokio::runtime::Runtime;

use super::catalogue::first_of_name;
use super::{Directory, Frame, Recovery, Segment, Wal, WalError, WalId, WalOptions};
use crate::request::{ContentEncoding, ContentType, Digest, Door, Request, RequestKind};

const FRESH_ID: &str = "0123456789abcdef";

/// Small segments, so that tests see many; a clock that counts.
fn options() -> WalOptions {
    let ticks = AtomicI64::new(1);
    let clock = Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed));
    let options = WalOptions::new(WalId::parse(FRESH_ID).unwrap(), b"{\"limit\":7}".to_vec(), clock);
    WalOptions {
        segment_bytes: 2048,
        queue_bytes: 64 << 10,
        group_bytes: 1500,
        ..options
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn workspace(name: &str) -> Workspace {
    Workspace::new(name).unwrap()
}

/// A request whose body of `len` bytes tells `number`.
fn request(number: u64, len: usize) -> Request {
    let body: Vec<u8> = format!("{number:08}")
        .into_bytes()
        .into_iter()
        .cycle()
        .take(len.max(8))
        .collect();
    let workspace = workspace(if number.is_multiple_of(3) { "other" } else { "default" });
    let kind = RequestKind::ALL[usize::try_from(number).unwrap() % RequestKind::ALL.len()];
    Request {
        digest: Digest::of_body(&workspace, kind, &body),
        workspace,
        kind,
        content_type: ContentType::Json,
        content_encoding: ContentEncoding::Gzip,
        door: Door {
            resource: Some(format!("arn:{number}")),
            instance: number.is_multiple_of(2).then(String::new),
        },
        received_at_unix_nano: i64::try_from(number).unwrap(),
        body: Bytes::from(body),
    }
}

fn open(directory: &Arc<impl Directory + 'static>) -> (Wal, Recovery) {
    Wal::open(options(), Arc::clone(directory) as Arc<dyn Directory>).unwrap()
}

/// Appends one request and makes it visible.
async fn accept(wal: &Wal, request: Request) -> Result<Position, WalError> {
    wal.append(request).await?.publish(|position| position).await
}

/// Appends requests one after the other, so that each is a group of its own.
fn accept_each(wal: &Wal, numbers: std::ops::Range<u64>, len: usize) {
    let runtime = runtime();
    for number in numbers {
        runtime.block_on(accept(wal, request(number, len))).unwrap();
    }
}

fn replayed(wal: &Wal) -> Vec<Frame> {
    wal.replay(Position(0)).map(Result::unwrap).collect()
}

/// The requests in the log by their numbers.
fn numbers(wal: &Wal) -> Vec<i64> {
    replayed(wal)
        .iter()
        .map(|frame| frame.request.received_at_unix_nano)
        .collect()
}
