//! The write-ahead log: what makes a request durable before it is answered.
//!
//! Requests are appended as received, as checksummed frames in preallocated segments, by one thread that writes what waits as
//! one group and syncs it once. A frame's life: [`Wal::append`] makes it [`Durable`], [`Durable::publish`] makes it visible in
//! the order of positions, [`Wal::release`] removes its segment when its rows are stored elsewhere, and after a crash
//! [`Wal::replay`] gives it back.
//!
//! The folder holds `id`, the segments (`<first position in 20 digits>.wal`), `seen` (requests of segments that are gone) and
//! `quarantine/` (damaged bytes, copied as they were found).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use pennyspan_schema::Position;
use tokio::sync::oneshot;

mod catalogue;
mod disk;
mod error;
mod format;
mod options;
mod order;
mod queue;
mod read;
mod recovery;
mod release;
mod replay;
mod scan;
pub mod seen;
mod segment;
mod standing;
mod state;
mod sync;
mod writer;

pub use disk::DiskDirectory;
pub use error::WalError;
pub use format::WalId;
pub use options::{Clock, WalOptions};
pub use order::{Durable, Held};
pub use recovery::{Damage, Recovery};
pub use replay::{Frame, Replay};
pub use seen::{Seen, SeenOptions};
pub use segment::{Directory, Segment};
pub use standing::Standing;

use crate::request::Request;
use queue::{Queue, Waiting};
use release::SEEN_FILE;
use seen::FirstCopy;
use state::{EndQueue, Shared};
use sync::Mutex;
use sync::atomic::{AtomicI64, AtomicU64, Ordering};
use sync::thread::JoinHandle;
use writer::Writer;

/// The folder for damaged bytes, within the log's own.
const QUARANTINE: &str = "quarantine";

/// The write-ahead log. Dropping it writes what waits, and ends its thread.
#[derive(Debug)]
pub struct Wal {
    shared: Arc<Shared>,
    seen: Seen,
    thread: Option<JoinHandle<()>>,
    /// The duties to answer copies of what earlier runs made durable, until it is read back.
    unread: Mutex<HashMap<Position, FirstCopy>>,
    /// Held while segments are released, so that one side file is written at a time.
    releasing: Mutex<()>,
}

/// How far the log has come.
#[derive(Debug, Clone)]
pub struct WalProgress {
    /// The last durable position.
    pub durable: Position,
    /// The position up to which everything is visible.
    pub published: Position,
    /// When the last group was synced, nanoseconds since 1970 UTC; unknown before the first.
    pub last_sync_unix_nano: Option<i64>,
    /// Since when a group is being written and synced, nanoseconds since 1970 UTC; `None` while none is.
    pub writing_since_unix_nano: Option<i64>,
    /// How many groups were synced since the log was opened.
    pub sync_count: u64,
    /// Segments on the disk.
    pub segment_count: usize,
    /// Bytes that they take.
    pub segment_bytes: u64,
    /// Bytes that wait for the disk, or are being written.
    pub queued_bytes: usize,
    /// Why nothing is accepted or published until a restart; `None` while all is well.
    pub stopped: Option<WalError>,
}

impl Wal {
    /// Opens the log in `directory`, which holds one log and is used by one process, and says what an earlier run left.
    ///
    /// Damage is no reason to fail, and neither is a full disk: appending is then refused until there is room.
    ///
    /// # Errors
    /// A log of a newer format ([`WalError::NewerFormat`], [`WalError::UnknownCode`]) or of another directory, settings that
    /// do not fit, or a disk that does not even open, cut or list its files.
    pub fn open(options: WalOptions, directory: Arc<dyn Directory>) -> Result<(Self, Recovery), WalError> {
        let (size_bytes, limit_bytes) = (options.settings.len(), format::MOST_SETTINGS_BYTES);
        if size_bytes > limit_bytes {
            return Err(WalError::SettingsTooLarge {
                size_bytes,
                limit_bytes,
            });
        }
        let recovery::Recovered {
            catalogue,
            frames,
            mut recovery,
        } = recovery::recover(&*directory, options.fresh_id, options.above)?;
        let seen = Seen::new(options.seen);
        let side_file =
            segment::read_whole(&*directory, SEEN_FILE).map_err(|source| WalError::io("read", SEEN_FILE, source))?;
        release::take_spare(
            &*directory,
            side_file.as_ref().map_or(0, |side_file| side_file.len() as u64),
        );
        recovery.remembered_damaged = side_file.is_some_and(|side_file| seen.restore(&side_file).is_none());
        let expected = frames.into_iter().filter_map(|frame| {
            let first = seen.expect(&frame.workspace, frame.digest, frame.received_at_unix_nano)?;
            Some((frame.position, first))
        });
        let unread = Mutex::new(expected.collect());
        let shared = Arc::new(Shared {
            id: recovery.id,
            directory,
            settings: options.settings,
            segment_bytes: options.segment_bytes,
            group_bytes: options.group_bytes,
            clock: options.clock,
            queue: Queue::new(options.queue_bytes),
            order: Arc::new(order::Order::starting_at(recovery.next)),
            catalogue: Mutex::new(catalogue),
            durable: AtomicU64::new(recovery.next.0 - 1),
            last_sync_unix_nano: AtomicI64::new(0),
            writing_since_unix_nano: AtomicI64::new(0),
            syncs: AtomicU64::new(0),
        });
        let thread = Self::start(&shared, recovery.next)?;
        Ok((
            Self {
                shared,
                seen,
                thread: Some(thread),
                unread,
                releasing: Mutex::default(),
            },
            recovery,
        ))
    }

    /// Begins a segment of this run's own, with its settings, and the thread that writes it.
    fn start(shared: &Arc<Shared>, next: Position) -> Result<JoinHandle<()>, WalError> {
        let mut writer = Writer::new(Arc::clone(shared), next);
        match writer.begin_segment(0) {
            Ok(()) | Err(WalError::DiskFull { .. }) => {}
            Err(error) => return Err(error),
        }
        let end_queue = EndQueue(Arc::clone(shared));
        sync::thread::Builder::new()
            .name("pennyspan-wal".to_owned())
            .spawn(move || {
                let _end_queue = end_queue;
                writer.run();
            })
            .map_err(|source| WalError::io("start the thread", ".", source))
    }

    /// Appends `request`, its bytes as received, to the log.
    ///
    /// When this returns `Ok`, the frame survives a crash of the process and of the machine. It then has to be published:
    /// see [`Durable`] for what becomes of a frame that is not.
    ///
    /// # Errors
    /// [`WalError::Full`], [`WalError::DiskFull`] and [`WalError::Closed`] are retryable, [`WalError::TooLarge`] concerns this
    /// request only; [`WalError::Poisoned`] needs an operator.
    pub async fn append(&self, request: Request) -> Result<Durable, WalError> {
        let header = format::Header::encode(&request);
        if header.len() > format::MOST_HEADER_BYTES {
            return Err(WalError::TooLarge {
                size_bytes: header.len(),
                limit_bytes: format::MOST_HEADER_BYTES,
            });
        }
        let (answer, durable) = oneshot::channel();
        let Request {
            workspace,
            body: payload,
            ..
        } = request;
        let payload_checksum = format::payload_checksum(&payload);
        self.shared.queue.push(Waiting {
            workspace,
            header,
            payload,
            payload_checksum,
            answer,
        })?;
        durable.await.unwrap_or(Err(WalError::Closed))
    }

    /// The frames from `from` on that are durable now, in the order of their positions. No segment may be released meanwhile.
    #[must_use]
    pub fn replay(&self, from: Position) -> Replay {
        let segments = self.shared.catalogue().segments.clone();
        Replay::new(
            Arc::clone(&self.shared.directory),
            self.shared.id,
            from,
            segments.into_iter(),
        )
    }

    /// Keeps what is appended from becoming visible, while what [`Self::replay`] gives is published; called before anything is
    /// appended.
    pub fn hold(&self) -> Held {
        self.shared.order.hold()
    }

    /// Takes the duty to answer copies of the request at a position of an earlier run; `None` where they are answered already.
    pub(crate) fn unread(&self, position: Position) -> Option<FirstCopy> {
        self.lock_unread().remove(&position)
    }

    /// Says that nothing more is read back: requests that could not be are taken when they are sent again.
    pub(crate) fn forget_unread(&self) {
        let unread = std::mem::take(&mut *self.lock_unread());
        // Those who wait learn of it, outside the lock.
        drop(unread);
    }

    fn lock_unread(&self) -> sync::MutexGuard<'_, HashMap<Position, FirstCopy>> {
        // No code panics while it holds the lock.
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered of earlier requests, to recognise copies.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The log's id, by which a store tells the transactions of logs apart.
    #[must_use]
    pub fn id(&self) -> WalId {
        self.shared.id
    }

    /// How far the log has come.
    #[must_use]
    pub fn progress(&self) -> WalProgress {
        let shared = &*self.shared;
        let (segment_count, segment_bytes) = {
            let catalogue = shared.catalogue();
            (catalogue.segments.len(), catalogue.len_bytes())
        };
        let poisoned = shared.queue.poisoned().map(|source| WalError::Poisoned { source });
        let stalled = || shared.order.stalled().map(|position| WalError::Stalled { position });
        let sync_count = shared.syncs.load(Ordering::Acquire);
        // Read first, as what is published later was durable before.
        let published = shared.order.published();
        WalProgress {
            durable: Position(shared.durable.load(Ordering::Acquire)),
            published,
            writing_since_unix_nano: shared.writing_since(),
            last_sync_unix_nano: (sync_count > 0).then(|| shared.last_sync_unix_nano.load(Ordering::Acquire)),
            sync_count,
            segment_count,
            segment_bytes,
            queued_bytes: shared.queue.bytes(),
            stopped: poisoned.or_else(stalled),
        }
    }

    /// Refuses new frames, writes those that wait, and ends the thread.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the write-ahead log died");
        }
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests;
