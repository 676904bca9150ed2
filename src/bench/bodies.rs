//! Bodies of requests, made and compressed before anything is timed.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use pennyspan_fixtures::{Renewable, Request, in_json, log_request, record_request, span_request};

use crate::cli::bench::{Encoding, Signal, Written};

/// How far apart requests lie in the time of their telemetry, in nanoseconds.
const APART_NANOS: i64 = 10_000_000;

/// What bodies are made of.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// What they hold.
    pub signal: Signal,
    /// How they are written; invocation records always as JSON.
    pub written: Written,
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
        let request = self.request(nth, at);
        self.finished(&request.path, request.body)
    }

    fn request(&self, nth: u64, at_unix_nano: i64) -> Request {
        let make = match self.signal {
            Signal::Spans => span_request,
            Signal::Logs => log_request,
            Signal::Invocations => record_request,
        };
        make(self.seed, nth, self.items, at_unix_nano)
    }

    /// Writes a body as it is sent.
    fn finished(&self, path: &str, body: Vec<u8>) -> std::io::Result<Bytes> {
        let body = match self.written {
            Written::Json if self.signal != Signal::Invocations => {
                in_json(path, &body).ok_or_else(|| std::io::Error::other("a body could not be written as JSON"))?
            }
            Written::Json | Written::Protobuf => body,
        };
        compressed(self.encoding, body)
    }
}

/// Bodies without end, no two of them equal, made as cheaply as they can be.
#[derive(Debug)]
pub struct Mould {
    recipe: Recipe,
    path: String,
    of: Renewable,
}

impl Mould {
    /// Makes the first body, from which the others come.
    pub fn of(recipe: Recipe) -> Self {
        let request = recipe.request(0, recipe.until_unix_nano);
        Self {
            recipe,
            path: request.path.clone(),
            of: Renewable::of(request),
        }
    }

    /// Makes the nth body, whose telemetry lies around an instant.
    ///
    /// # Errors
    /// Where it cannot be compressed.
    pub fn body(&self, nth: u64, at_unix_nano: i64) -> std::io::Result<Bytes> {
        let body = self.of.renewed(self.recipe.seed, nth, at_unix_nano);
        self.recipe.finished(&self.path, body)
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
