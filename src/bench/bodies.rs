//! Bodies of requests, made and compressed before anything is timed.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use pennyspan_fixtures::{log_request, record_request, span_request};

use crate::cli::bench::{Encoding, Signal};

/// How far apart requests lie in the time of their telemetry, in nanoseconds.
const APART_NANOS: i64 = 10_000_000;

/// What bodies are made of.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// What they hold.
    pub signal: Signal,
    /// How they are compressed.
    pub encoding: Encoding,
    /// Items of each.
    pub items: usize,
    /// What tells the bodies of one run from those of another.
    pub seed: u64,
    /// When their telemetry ends.
    pub until_unix_nano: i64,
}

impl Recipe {
    /// Makes so many bodies, no two of them equal, on all cores.
    ///
    /// # Errors
    /// Where a body cannot be compressed.
    pub fn make(&self, count: u64) -> std::io::Result<Vec<Bytes>> {
        let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let next = AtomicU64::new(0);
        let work = || {
            let mut made = Vec::new();
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= count {
                    return Ok(made);
                }
                made.push(self.body(nth, count)?);
            }
        };
        let parts: Vec<std::io::Result<Vec<Bytes>>> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let joined = |handle: std::thread::ScopedJoinHandle<'_, _>| {
                handle
                    .join()
                    .unwrap_or_else(|_| Err(std::io::Error::other("a body could not be made")))
            };
            handles.into_iter().map(joined).collect()
        });
        let mut bodies = Vec::new();
        for part in parts {
            bodies.extend(part?);
        }
        Ok(bodies)
    }

    fn body(&self, nth: u64, count: u64) -> std::io::Result<Bytes> {
        let before = i64::try_from(count - nth)
            .unwrap_or_default()
            .saturating_mul(APART_NANOS);
        let at = self.until_unix_nano.saturating_sub(before);
        let make = match self.signal {
            Signal::Spans => span_request,
            Signal::Logs => log_request,
            Signal::Invocations => record_request,
        };
        compressed(self.encoding, make(self.seed, nth, self.items, at).body)
    }
}

/// Compresses a body as exporters do, at the usual level.
fn compressed(encoding: Encoding, body: Vec<u8>) -> std::io::Result<Bytes> {
    match encoding {
        Encoding::Identity => Ok(body.into()),
        Encoding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&body)?;
            Ok(encoder.finish()?.into())
        }
        Encoding::Zstd => Ok(zstd::encode_all(&body[..], zstd::DEFAULT_COMPRESSION_LEVEL)?.into()),
    }
}
