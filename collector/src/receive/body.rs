//! Reads a request's body within its limits of size and time.

use std::fmt::Display;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::admission::Grant;
use super::options::ConnectionLimits;
use super::refusal::Refusal;

/// The most bytes that are read of a refused body.
const DISCARD_BYTES: usize = 128 << 20;
/// How long a refused body may bring no byte.
const DISCARD_IDLE: Duration = Duration::from_secs(2);

/// A body that is being read.
#[derive(Debug)]
pub(super) struct Reader<B> {
    body: B,
    idle_timeout: Duration,
    timeout: Duration,
    deadline: Instant,
}

impl<B> Reader<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    pub(super) fn new(body: B, limits: &ConnectionLimits) -> Self {
        let (idle_timeout, timeout) = (limits.body_idle_timeout, limits.body_timeout);
        Self {
            body,
            idle_timeout,
            timeout,
            deadline: Instant::now() + timeout,
        }
    }

    /// How many bytes the body says that it has; 0 where it does not.
    pub(super) fn declared_bytes(&self) -> usize {
        let declared = self.body.size_hint().exact().unwrap_or_default();
        usize::try_from(declared).unwrap_or(usize::MAX)
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let idle = Instant::now() + self.idle_timeout;
            let Ok(frame) = timeout_at(idle.min(self.deadline), self.body.frame()).await else {
                let waited = if idle < self.deadline {
                    self.idle_timeout
                } else {
                    self.timeout
                };
                return Err(Refusal::TooSlow { waited });
            };
            match frame {
                None => return Ok(None),
                Some(Err(problem)) => {
                    return Err(Refusal::BadBody {
                        problem: problem.to_string(),
                    });
                }
                // Trailers say nothing about the body.
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data()
                        && !bytes.is_empty()
                    {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// Reads on and keeps nothing, for a while, so that the sender of a refused body comes to read its answer.
    pub(super) async fn discard(mut self) {
        self.idle_timeout = self.idle_timeout.min(DISCARD_IDLE);
        let mut left = DISCARD_BYTES;
        while let Ok(Some(bytes)) = self.next().await
            && bytes.len() < left
        {
            left -= bytes.len();
        }
    }

    /// The whole body, never more than `limit_bytes` of it; bytes that were not declared are asked for as they come.
    pub(super) async fn whole(&mut self, limit_bytes: usize, grant: &mut Grant) -> Result<Bytes, Refusal> {
        let too_large = Refusal::TooLarge { limit_bytes };
        let declared = self.body.size_hint().exact();
        let mut granted = match declared.map(usize::try_from) {
            None => 0,
            Some(Ok(declared)) if declared <= limit_bytes => declared,
            Some(_) => return Err(too_large),
        };
        grant.grow(granted)?;
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        let mut more = BytesMut::new();
        let mut next = Some(first.clone());
        let mut length = 0;
        while let Some(bytes) = next {
            length += bytes.len();
            if length > limit_bytes {
                return Err(too_large);
            }
            if length > granted {
                grant.grow(length - granted)?;
                granted = length;
            }
            if length > first.len() {
                if more.is_empty() {
                    more.reserve(granted.max(length));
                    more.extend_from_slice(&first);
                }
                more.extend_from_slice(&bytes);
            }
            next = self.next().await?;
        }
        Ok(if more.is_empty() { first } else { more.freeze() })
    }
}
