//! The one way of a request: `Arrived -> Understood -> Stored -> Receipt`.

use std::sync::Arc;

use bytes::Bytes;
use pennyspan_schema::{Position, SinkError, Workspace};

use super::admission::Grant;
use super::metrics::{Part, Parts, newest_event_unix_nano};
use super::receipt::Receipt;
use super::refusal::Refusal;
use super::room::Promise;
use super::{Inner, firehose};
use crate::decode::{self, Decoded, Origin, Settings, inflate};
use crate::fault;
use crate::request::{ContentEncoding, ContentType, Digest, Door, Request, RequestKind};
use crate::wal::seen::{Admission, FirstCopy, RepeatedCopy};
use crate::wal::{Durable, Seen, WalError};

/// A request whose bytes are here, as they were sent.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) workspace: Workspace,
    pub(super) kind: RequestKind,
    pub(super) content_type: ContentType,
    pub(super) content_encoding: ContentEncoding,
    pub(super) door: Door,
    /// The name that the sender gave the request, by which it is recognised when it is sent again.
    pub(super) request_id: Option<String>,
    pub(super) received_at_unix_nano: i64,
    pub(super) body: Bytes,
    pub(super) grant: Grant,
    /// Room for its rows, by what its length lets expect.
    pub(super) promise: Promise,
}

/// A request that is new, and what it says.
struct Understood {
    request: Request,
    decoded: Decoded,
    receipt: Receipt,
    first: FirstCopy,
    held: (Grant, Promise),
}

/// A request that survives a crash, and waits to become visible.
struct Stored {
    durable: Durable,
    workspace: Workspace,
    kind: RequestKind,
    decoded: Decoded,
    receipt: Receipt,
    first: FirstCopy,
    held: (Grant, Promise),
}

/// Whether a request came before.
enum Judged {
    New(Box<Understood>),
    Again(RepeatedCopy, Box<Arrived>),
}

impl Inner {
    /// Takes a request, and answers when it is durable and visible.
    ///
    /// Nothing may drop this half done, so it runs in a task of its own.
    pub(super) async fn take(self: Arc<Self>, mut arrived: Arrived) -> Result<Receipt, Refusal> {
        let kind = arrived.kind;
        self.metrics.requests.add(kind, 1);
        self.metrics.request_bytes.add(kind, arrived.body.len() as u64);
        self.rate
            .charge(&arrived.workspace, arrived.received_at_unix_nano, arrived.body.len());
        loop {
            match self.judge(arrived).await? {
                Judged::New(understood) => return self.make_durable(*understood).await?.publish(&self).await,
                Judged::Again(copy, copied) => match copy.answer().await {
                    Some(answer) => {
                        self.metrics.duplicates.add(kind, 1);
                        return Ok(Receipt::decode(answer));
                    }
                    None => arrived = *copied,
                },
            }
        }
    }

    /// Decodes a request on a thread that may take its time, unless the request came before.
    async fn judge(self: &Arc<Self>, arrived: Arrived) -> Result<Judged, Refusal> {
        let inner = Arc::clone(self);
        let work = move || arrived.judge(inner.wal.seen(), &inner.options.settings, &inner.metrics.parts);
        self.decoders.run(work).await.unwrap_or_else(|| {
            tracing::error!("decoding a request panicked; the request was refused");
            Err(Refusal::Fault)
        })
    }

    /// Appends a request to the log, once its rows have room.
    async fn make_durable(&self, understood: Understood) -> Result<Stored, Refusal> {
        let Understood {
            request,
            decoded,
            receipt,
            first,
            mut held,
        } = understood;
        self.ready()?;
        held.1.settle(&*self.sink, decoded.rows.memory_bytes())?;
        let (workspace, kind) = (request.workspace.clone(), request.kind);
        let (received, newest) = (request.received_at_unix_nano, newest_event_unix_nano(&decoded.rows));
        let durable = self.wal.append(request).await?;
        self.metrics.note_time(kind, received, newest);
        Ok(Stored {
            durable,
            workspace,
            kind,
            decoded,
            receipt,
            first,
            held,
        })
    }

    /// Makes a durable frame's rows visible, unless an earlier frame's could not be.
    fn make_visible(&self, position: Position, workspace: &Workspace, decoded: &mut Decoded) -> Result<(), Refusal> {
        self.ready()?;
        let rows = std::mem::take(&mut decoded.rows);
        let published = self
            .metrics
            .parts
            .time(Part::Publish, || self.sink.publish(position, workspace, rows));
        published.map_err(|error| self.stop(error))
    }

    /// Takes nothing any more, because rows that are durable are not visible; a restart reads them from the log.
    fn stop(&self, error: SinkError) -> Refusal {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "failed to publish durable rows; restart to replay them"
        );
        self.stopped.get_or_init(|| error.to_string().into());
        Refusal::Sink(error)
    }
}

impl Arrived {
    /// Recognises a copy, and decodes what is new.
    fn judge(mut self, seen: &Seen, settings: &Settings, parts: &Parts) -> Result<Judged, Refusal> {
        let body = parts.time(Part::Decompress, || {
            inflate(self.content_encoding, &self.body, settings.request_bytes)
        })?;
        if self.content_encoding != ContentEncoding::Identity {
            self.grant.grow(body.len())?;
        }
        let digest = parts.time(Part::Digest, || self.digest(&body))?;
        let first = match seen.admit(&self.workspace, digest, self.received_at_unix_nano) {
            Admission::First(first) => first,
            Admission::Repeat(copy) => {
                drop(body);
                self.grant.settle(self.body.len());
                return Ok(Judged::Again(copy, Box::new(self)));
            }
        };
        fault::reached(fault::DECODE);
        let received_at_unix_nano = Some(self.received_at_unix_nano);
        let origin = Origin {
            door: &self.door,
            region: None,
            received_at_unix_nano,
        };
        let decoded = parts.time(Part::Decode, || {
            decode::decode(self.kind, self.content_type, &body, origin, settings)
        })?;
        drop(body);
        self.grant
            .settle(self.body.len().saturating_add(decoded.rows.memory_bytes()));
        let receipt = Receipt::of(self.kind, &decoded, settings);
        let (request, held) = self.into_request(digest);
        Ok(Judged::New(Box::new(Understood {
            request,
            decoded,
            receipt,
            first,
            held,
        })))
    }

    /// Returns the identity of the request, whose body is decompressed.
    fn digest(&self, body: &[u8]) -> Result<Digest, Refusal> {
        match (&self.request_id, decode::own_identity(self.kind, body)) {
            (Some(request_id), _) => {
                if let Some(breach) = firehose::misnamed(body, request_id)? {
                    return Err(breach.into());
                }
                Ok(Digest::of_request_id(&self.workspace, self.kind, request_id))
            }
            (None, Some(id)) => Ok(Digest::of_request_id(&self.workspace, self.kind, &id)),
            (None, None) => Ok(Digest::of_sent_body(&self.workspace, self.kind, &self.door, body)),
        }
    }

    fn into_request(self, digest: Digest) -> (Request, (Grant, Promise)) {
        let Self {
            workspace,
            kind,
            content_type,
            content_encoding,
            door,
            request_id: _,
            received_at_unix_nano,
            body,
            grant,
            promise,
        } = self;
        let request = Request {
            workspace,
            kind,
            content_type,
            content_encoding,
            door,
            received_at_unix_nano,
            digest,
            body,
        };
        (request, (grant, promise))
    }
}

impl Stored {
    /// Makes the rows visible in their turn; with them, copies of the request get their answer.
    async fn publish(self, inner: &Arc<Inner>) -> Result<Receipt, Refusal> {
        let Self {
            durable,
            workspace,
            kind,
            mut decoded,
            receipt,
            first,
            held,
        } = self;
        let shared = Arc::clone(inner);
        let published = durable.publish(move |position| {
            shared.make_visible(position, &workspace, &mut decoded)?;
            first.answer(receipt.encode());
            shared.metrics.accept(kind, &decoded, &receipt);
            drop(held);
            Ok(receipt)
        });
        published.await.unwrap_or_else(|error| {
            if let WalError::Stalled { .. } = error {
                inner.stopped.get_or_init(|| error.to_string().into());
            }
            Err(Refusal::Wal(error))
        })
    }
}
