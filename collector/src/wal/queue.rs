//! Frames that wait for the disk, bounded by their bytes.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use pennyspan_schema::Workspace;
use tokio::sync::oneshot;

use super::error::WalError;
use super::format::PREFIX_BYTES;
use super::order::Durable;
use super::sync::{Condvar, Mutex, MutexGuard};

/// A frame that waits to be written.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) workspace: Workspace,
    pub(super) header: Vec<u8>,
    pub(super) payload: Bytes,
    pub(super) payload_checksum: u32,
    pub(super) answer: oneshot::Sender<Result<Durable, WalError>>,
}

impl Waiting {
    /// Bytes that the frame takes in a segment.
    pub(super) fn frame_bytes(&self) -> usize {
        PREFIX_BYTES + self.header.len() + self.payload.len()
    }
}

/// The frames that wait, in the order in which they will be written.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    limit_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Bytes that wait or are being written.
    bytes: usize,
    end: Option<End>,
}

/// Why no more frames are taken.
#[derive(Debug, Clone)]
enum End {
    Closed,
    Poisoned(Arc<io::Error>),
}

impl Queue {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            limit_bytes,
        }
    }

    /// Adds a frame, or says why not.
    pub(super) fn push(&self, frame: Waiting) -> Result<(), WalError> {
        let limit_bytes = self.limit_bytes;
        let size_bytes = frame.frame_bytes();
        if size_bytes > limit_bytes || u32::try_from(frame.payload.len()).is_err() {
            return Err(WalError::TooLarge {
                size_bytes,
                limit_bytes,
            });
        }
        let mut state = self.lock();
        match &state.end {
            None => {}
            Some(End::Closed) => return Err(WalError::Closed),
            Some(End::Poisoned(source)) => {
                return Err(WalError::Poisoned {
                    source: Arc::clone(source),
                });
            }
        }
        if state.bytes + size_bytes > limit_bytes {
            return Err(WalError::Full {
                queued_bytes: state.bytes,
                limit_bytes,
            });
        }
        state.bytes += size_bytes;
        state.waiting.push_back(frame);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for frames and takes all, up to `group_bytes` but at least one; `None` when closed and empty.
    pub(super) fn take(&self, group_bytes: usize) -> Option<VecDeque<Waiting>> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.end.is_some() {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut bytes = 0;
        let count = state.waiting.iter().take_while(|frame| {
            let fits = bytes == 0 || bytes + frame.frame_bytes() <= group_bytes;
            bytes += frame.frame_bytes();
            fits
        });
        let count = count.count();
        let rest = state.waiting.split_off(count);
        Some(std::mem::replace(&mut state.waiting, rest))
    }

    /// Gives back the room of frames that were answered.
    pub(super) fn settle(&self, bytes: usize) {
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
    }

    /// Takes no more frames; what waits is still written.
    pub(super) fn close(&self) {
        self.lock().end.get_or_insert(End::Closed);
        self.arrived.notify_all();
    }

    /// Takes no more frames, and answers what waits with the failure.
    pub(super) fn poison(&self, source: &Arc<io::Error>) {
        let mut state = self.lock();
        state.end = Some(End::Poisoned(Arc::clone(source)));
        state.bytes = 0;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for frame in waiting {
            // A receiver that is gone needs no answer.
            let _ = frame.answer.send(Err(WalError::Poisoned {
                source: Arc::clone(source),
            }));
        }
        self.arrived.notify_all();
    }

    /// Why the log accepts nothing until a restart; `None` while it does.
    pub(super) fn poisoned(&self) -> Option<Arc<io::Error>> {
        match &self.lock().end {
            Some(End::Poisoned(source)) => Some(Arc::clone(source)),
            _ => None,
        }
    }

    /// Bytes that wait or are being written.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, so a poisoned one still holds a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
