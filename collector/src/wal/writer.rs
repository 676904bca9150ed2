//! The thread that writes: drains the queue, writes a group, syncs once, answers all.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;

use pennyspan_schema::Position;

use super::catalogue::{SegmentRecord, segment_name};
use super::error::{WalError, is_full};
use super::format::{Head, Prefix, Salt, header_checksum};
use super::order::Durable;
use super::queue::Waiting;
use super::segment::{Segment, create_durably, write_all_at};
use super::state::Shared;
use super::sync::atomic::Ordering;
use crate::fault;

/// Writes groups of frames to segments. There is one per log, on a thread of its own.
pub(super) struct Writer {
    shared: Arc<Shared>,
    open: Option<OpenSegment>,
    next: Position,
}

/// The segment that is being written.
struct OpenSegment {
    segment: Box<dyn Segment>,
    salt: Salt,
    /// Where the next frame goes; everything before is durable.
    end: u64,
    len_bytes: u64,
}

/// A group of frames with their first bytes, ready to be written.
struct Group {
    frames: VecDeque<Waiting>,
    prefixes: Vec<Vec<u8>>,
    bytes: usize,
}

impl Writer {
    pub(super) const fn new(shared: Arc<Shared>, next: Position) -> Self {
        Self {
            shared,
            open: None,
            next,
        }
    }

    /// Writes until the queue is closed and empty, or the disk fails.
    pub(super) fn run(mut self) {
        while let Some(frames) = self.shared.queue.take(self.shared.group_bytes) {
            self.shared.begin_writing();
            self.append(frames);
            self.shared.end_writing();
        }
        if self.shared.queue.poisoned().is_none() {
            self.seal();
        }
    }

    /// Begins a new segment for the next frame, and lets go of the one before.
    pub(super) fn begin_segment(&mut self, frame_bytes: u64) -> Result<(), WalError> {
        self.seal();
        let first = self.next;
        let name = segment_name(first);
        let head = Head {
            id: self.shared.id,
            first,
            settings: self.shared.settings.clone(),
        }
        .encode();
        let end = head.len() as u64;
        let len_bytes = self.shared.segment_bytes.max(end + frame_bytes);
        let segment = create_durably(&*self.shared.directory, &name, len_bytes, |segment| {
            write_all_at(segment, &mut [IoSlice::new(&head)], 0)
        })
        .map_err(|source| WalError::io("create the segment", &name, source))?;
        self.shared.catalogue().add(SegmentRecord::new(first, len_bytes));
        self.open = Some(OpenSegment {
            segment,
            salt: Salt::of(self.shared.id, first),
            end,
            len_bytes,
        });
        Ok(())
    }

    /// Cuts the unused end of the open segment. A crash may leave it, and then it reads as zeros.
    fn seal(&mut self) {
        let Some(open) = self.open.take() else { return };
        if let Err(error) = open.segment.truncate(open.end) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "failed to cut the unused end of a write-ahead log segment"
            );
            return;
        }
        if let Some(record) = self.shared.catalogue().segments.last_mut() {
            record.len_bytes = open.end;
        }
    }

    /// Writes and answers `frames`, in as many groups as they need segments. What nobody waits for any more is not written.
    fn append(&mut self, mut frames: VecDeque<Waiting>) {
        frames.retain(|frame| {
            let awaited = !frame.answer.is_closed();
            if !awaited {
                self.shared.queue.settle(frame.frame_bytes());
            }
            awaited
        });
        while let Some(frame) = frames.front() {
            let frame_bytes = frame.frame_bytes() as u64;
            let room = self.open.as_ref().map_or(0, |open| open.len_bytes - open.end);
            if frame_bytes > room
                && let Err(error) = self.begin_segment(frame_bytes)
            {
                let error = self.refuse_or_stop(error);
                self.answer_all(frames, &error);
                return;
            }
            let Some(open) = &self.open else { return };
            let group = Group::take(&mut frames, open, self.next);
            match self.write(&group) {
                Ok(()) => self.answer_durable(group),
                Err(error) => {
                    self.answer_all(group.frames, &error);
                    self.answer_all(frames, &error);
                    return;
                }
            }
        }
    }

    /// Writes and syncs one group.
    fn write(&mut self, group: &Group) -> Result<(), WalError> {
        let Some(open) = &mut self.open else {
            return Err(WalError::Closed);
        };
        fault::reached(fault::APPEND);
        if let Err(error) = write_all_at(&*open.segment, &mut group.parts(), open.end) {
            return Err(self.withdraw(error));
        }
        fault::reached(fault::FSYNC);
        if let Err(error) = open.segment.sync_data() {
            return Err(self.poison(Arc::new(error)));
        }
        fault::reached(fault::SYNCED);
        open.end += group.bytes as u64;
        self.shared.synced();
        Ok(())
    }

    /// A full disk refuses frames until there is room for a segment; any other failure to begin one stops the log.
    fn refuse_or_stop(&mut self, error: WalError) -> WalError {
        match error {
            WalError::Io { source, .. } => self.poison(source),
            retryable => retryable,
        }
    }

    /// Takes back a write that failed: on a full disk the segment ends before it, else the log stops.
    fn withdraw(&mut self, error: io::Error) -> WalError {
        let Some(open) = self.open.take_if(|_| is_full(&error)) else {
            return self.poison(Arc::new(error));
        };
        match open.segment.truncate(open.end).and_then(|()| open.segment.sync_data()) {
            Ok(()) => {
                if let Some(record) = self.shared.catalogue().segments.last_mut() {
                    record.len_bytes = open.end;
                }
                WalError::DiskFull {
                    source: Arc::new(error),
                }
            }
            Err(error) => self.poison(Arc::new(error)),
        }
    }

    fn poison(&mut self, source: Arc<io::Error>) -> WalError {
        tracing::error!(
            error = &*source as &dyn std::error::Error,
            "the disk of the write-ahead log failed; nothing is accepted until a restart"
        );
        self.open = None;
        self.shared.queue.poison(&source);
        WalError::Poisoned { source }
    }

    fn answer_durable(&mut self, group: Group) {
        let first = self.next;
        self.next = Position(first.0 + group.frames.len() as u64);
        if let Some(record) = self.shared.catalogue().segments.last_mut() {
            for (position, frame) in (first.0..).zip(&group.frames) {
                record.record(&frame.workspace, Position(position));
            }
        }
        self.shared.durable.store(self.next.0 - 1, Ordering::Release);
        self.shared.queue.settle(group.bytes);
        for (position, frame) in (first.0..).zip(group.frames) {
            // A receiver that is gone drops the answer, which stalls the order and says so.
            let _ = frame
                .answer
                .send(Ok(Durable::new(Position(position), &self.shared.order)));
        }
    }

    fn answer_all(&self, frames: VecDeque<Waiting>, error: &WalError) {
        self.shared.queue.settle(frames.iter().map(Waiting::frame_bytes).sum());
        for frame in frames {
            // A receiver that is gone needs no answer.
            let _ = frame.answer.send(Err(error.clone()));
        }
    }
}

impl Group {
    /// Takes as many of `frames` as fit in `open`, and checksums them.
    fn take(frames: &mut VecDeque<Waiting>, open: &OpenSegment, first: Position) -> Self {
        let mut group = Self {
            frames: VecDeque::new(),
            prefixes: Vec::new(),
            bytes: 0,
        };
        let room = open.len_bytes - open.end;
        while let Some(frame) = frames.pop_front_if(|frame| (group.bytes + frame.frame_bytes()) as u64 <= room) {
            group.add(frame, open.salt, first);
        }
        group
    }

    fn add(&mut self, frame: Waiting, salt: Salt, first: Position) {
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).expect("the queue takes no frame with longer parts");
        let prefix = Prefix {
            header_bytes: len(&frame.header),
            payload_bytes: len(&frame.payload),
            position: Position(first.0 + self.frames.len() as u64),
            group_first: first,
            header_checksum: header_checksum(&frame.header, salt),
            payload_checksum: frame.payload_checksum,
        };
        let mut bytes = Vec::with_capacity(frame.header.len() + 64);
        bytes.extend(prefix.encode(salt));
        bytes.extend(&frame.header);
        self.prefixes.push(bytes);
        self.bytes += frame.frame_bytes();
        self.frames.push_back(frame);
    }

    fn parts(&self) -> Vec<IoSlice<'_>> {
        let pairs = self.prefixes.iter().zip(&self.frames);
        pairs
            .flat_map(|(prefix, frame)| [IoSlice::new(prefix), IoSlice::new(&frame.payload)])
            .collect()
    }
}
