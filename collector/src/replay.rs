//! Reads back what earlier runs made durable, so that it is stored once and answered as it was.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pennyspan_schema::{Position, Rows, Sink, SinkError, Table, TablePositions, Workspace};

use crate::decode::{self, DecodeError, Decoded, Origin, Settings, inflate};
use crate::receive::Receipt;
use crate::request::Request;
use crate::wal::{Frame, Recovery, Wal, WalError};

/// What reading the log back did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Frames that were read.
    pub frames: u64,
    /// Frames that were published, because a table had not stored them.
    pub published: u64,
    /// Their rows.
    pub rows: u64,
    /// Frames that this program cannot decode; they hold no rows now.
    pub undecodable: u64,
    /// Frames whose decode settings could not be read, so that those in force now were taken.
    pub settings_unknown: u64,
    /// Ranges of segments that became unreadable after the log was opened.
    pub damaged: u64,
}

/// Why the log could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A segment cannot be read.
    #[error("cannot read the write-ahead log back; check its disk, then restart")]
    Unreadable {
        /// The log's answer.
        #[source]
        source: WalError,
    },
    /// The store took no rows.
    #[error("cannot publish the frame at position {position}; the log keeps it")]
    Unpublished {
        /// The frame.
        position: Position,
        /// The store's answer.
        #[source]
        source: SinkError,
    },
}

impl Replayed {
    /// What is amiss, in sentences.
    pub(crate) fn degraded(&self, recovery: &Recovery) -> Vec<String> {
        let mut degraded: Vec<_> = recovery
            .damage
            .iter()
            .map(|damage| {
                let (segment, bytes) = (&damage.segment, &damage.bytes);
                format!(
                    "bytes {} to {} of segment `{segment}` of the write-ahead log are damaged",
                    bytes.start, bytes.end
                )
            })
            .collect();
        if recovery.remembered_damaged {
            degraded.push(
                "what the write-ahead log remembered of earlier requests is lost; copies may count twice".to_owned(),
            );
        }
        let counted = [
            (
                self.undecodable,
                "frames of the write-ahead log could not be decoded, and have no rows",
            ),
            (
                self.settings_unknown,
                "frames of the write-ahead log were decoded with other settings than when they came",
            ),
            (
                self.damaged,
                "ranges of the write-ahead log became unreadable while it was read back",
            ),
        ];
        degraded.extend(
            counted
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}")),
        );
        degraded
    }
}

/// Publishes to each table the frames above its own version, in order, and answers the copies of every request.
///
/// # Errors
/// [`ReplayError`] at the first frame that cannot be read or published. Damage is no error.
pub(crate) fn replay(wal: &Wal, sink: &dyn Sink, settings_now: &Settings) -> Result<Replayed, ReplayError> {
    let mut replay = Replay {
        wal,
        sink,
        settings_now,
        stored: HashMap::new(),
        replayed: Replayed::default(),
    };
    for frame in wal.replay(Position(0)) {
        match frame {
            Ok(frame) => replay.frame(frame)?,
            Err(WalError::Damaged { .. }) => replay.replayed.damaged += 1,
            Err(source) => return Err(ReplayError::Unreadable { source }),
        }
    }
    wal.forget_unread();
    Ok(replay.replayed)
}

struct Replay<'r> {
    wal: &'r Wal,
    sink: &'r dyn Sink,
    settings_now: &'r Settings,
    stored: HashMap<Workspace, Stored>,
    replayed: Replayed,
}

/// What a workspace's tables hold already.
struct Stored {
    everything: Position,
    versions: TablePositions,
}

impl Stored {
    fn of(sink: &dyn Sink, workspace: &Workspace) -> Self {
        let versions = sink.versions(workspace);
        let raw = Table::ALL.iter().filter(|table| table.is_raw());
        let in_each = raw.map(|table| versions.get(table).copied().unwrap_or_default()).min();
        Self {
            everything: sink.flushed(workspace).max(in_each.unwrap_or_default()),
            versions,
        }
    }

    /// The rows of a frame that their table does not hold.
    fn missing(&self, position: Position, rows: Rows) -> Rows {
        let mut missing = Rows::default();
        for (table, batch) in rows.into_batches() {
            if self.versions.get(&table).is_none_or(|version| *version < position) {
                missing.push(table, batch);
            }
        }
        missing
    }
}

impl Replay<'_> {
    fn frame(&mut self, frame: Frame) -> Result<(), ReplayError> {
        let Frame {
            position,
            request,
            settings,
        } = frame;
        self.replayed.frames += 1;
        let stored = self
            .stored
            .entry(request.workspace.clone())
            .or_insert_with(|| Stored::of(self.sink, &request.workspace));
        let first = self.wal.unread(position);
        if position <= stored.everything && first.is_none() {
            // Only its answer is wanted, which a released segment left behind.
            return Ok(());
        }
        let settings = settings.and_then(|settings| serde_json::from_slice(&settings).ok());
        self.replayed.settings_unknown += u64::from(settings.is_none());
        let settings = settings.as_ref().unwrap_or(self.settings_now);
        let decoded = decode_frame(&request, settings).unwrap_or_else(|problem| {
            let position = position.0;
            tracing::error!(
                wal.position = position,
                problem,
                "failed to decode a frame of the write-ahead log"
            );
            self.replayed.undecodable += 1;
            Decoded::default()
        });
        let receipt = Receipt::of(request.kind, &decoded, settings);
        if position > stored.everything {
            let rows = stored.missing(position, decoded.rows);
            self.replayed.published += 1;
            self.replayed.rows += rows.iter().map(|(_, batch)| batch.num_rows() as u64).sum::<u64>();
            let published = self.sink.publish(position, &request.workspace, rows);
            published.map_err(|source| ReplayError::Unpublished { position, source })?;
        }
        if let Some(first) = first {
            first.answer(receipt.encode());
        }
        Ok(())
    }
}

/// Decodes a frame as it was decoded when it came.
fn decode_frame(request: &Request, settings: &Settings) -> Result<Decoded, String> {
    let decode = || -> Result<Decoded, DecodeError> {
        let body = inflate(request.content_encoding, &request.body, settings.request_bytes)?;
        let received_at_unix_nano = Some(request.received_at_unix_nano);
        let origin = Origin {
            door: &request.door,
            region: None,
            received_at_unix_nano,
        };
        decode::decode(request.kind, request.content_type, &body, origin, settings)
    };
    // A frame that the decoder cannot bear must not keep the program from starting.
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(decoded) => decoded.map_err(|error| error.to_string()),
        Err(_) => Err("the decoder panicked".to_owned()),
    }
}
