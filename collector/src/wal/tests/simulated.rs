//! A disk in memory that keeps apart what was written and what was synced, and fails where it is told to.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Directory, Segment, first_of_name};

/// Bytes that reach the disk together or not at all.
const SECTOR_BYTES: usize = 64;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A sector that was written and not synced is not there after a power failure.
    LostSector,
    ShortWrite,
    WriteIo,
    WriteFull,
    CreateFull,
    SyncIo,
    ReadIo,
    /// Creating, renaming, removing or syncing names fails.
    NamesIo,
    FlippedBit,
}

impl Fault {
    pub(super) const ALL: [Self; 9] = [
        Self::LostSector,
        Self::ShortWrite,
        Self::WriteIo,
        Self::WriteFull,
        Self::CreateFull,
        Self::SyncIo,
        Self::ReadIo,
        Self::NamesIo,
        Self::FlippedBit,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LostSector => "unsynced sectors lost",
            Self::ShortWrite => "short writes",
            Self::WriteIo => "EIO on write",
            Self::WriteFull => "ENOSPC on write",
            Self::CreateFull => "ENOSPC on create",
            Self::SyncIo => "EIO on sync",
            Self::ReadIo => "EIO on read",
            Self::NamesIo => "EIO on names",
            Self::FlippedBit => "flipped bits",
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Disk {
    state: Arc<Mutex<State>>,
    /// Calls that began, so that a test knows that one waits while the disk is halted.
    arrivals: Arc<AtomicU64>,
}

/// Faults by chance: how often of a thousand calls each kind happens.
#[derive(Debug, Clone)]
struct Chances {
    random: ChaCha8Rng,
    per_mille: BTreeMap<Fault, u32>,
}

#[derive(Debug, Default, Clone)]
struct State {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    /// Steps that were taken: every call that changes or syncs something is one.
    steps: u64,
    /// The step at which the power fails.
    power_fails_at: Option<u64>,
    faults: Faults,
    chances: Option<Chances>,
    injected: BTreeMap<Fault, u64>,
}

/// What goes wrong, and when.
#[derive(Debug, Default, Clone)]
pub(super) struct Faults {
    /// Bytes of room left; `None` is a disk without end.
    pub(super) room_bytes: Option<u64>,
    /// Most bytes that one write takes.
    pub(super) most_written: Option<usize>,
    /// The next syncs of files fail.
    pub(super) sync_fails: bool,
    /// The next writes fail, after they wrote half.
    pub(super) write_fails: Option<io::ErrorKind>,
    /// Reads that touch this range fail, in every file.
    pub(super) unreadable: Option<(u64, u64)>,
}

#[derive(Debug, Default, Clone)]
struct File {
    synced: Vec<u8>,
    written: Vec<u8>,
}

impl Disk {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Lets nothing through until what is returned is dropped.
    pub(super) fn halt(&self) -> impl Drop + '_ {
        self.lock()
    }

    pub(super) fn fail(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.lock().faults);
    }

    /// Lets each kind of fault happen by chance from now on; some kinds not at all.
    pub(super) fn fail_by_chance(&self, random: &mut ChaCha8Rng) {
        let per_mille = Fault::ALL.map(|fault| {
            let most = if fault == Fault::ShortWrite { 500 } else { 60 };
            (
                fault,
                if random.random_bool(0.4) {
                    random.random_range(1..most)
                } else {
                    0
                },
            )
        });
        self.lock().chances = Some(Chances {
            random: ChaCha8Rng::seed_from_u64(random.random()),
            per_mille: per_mille.into(),
        });
    }

    /// Flips one bit of one segment, as no program would.
    pub(super) fn flip_bit(&self, random: &mut ChaCha8Rng) {
        let segments = self.segments();
        let Some(segment) = segments.get(random.random_range(0..segments.len().max(1))) else {
            return;
        };
        let written = self.content(segment).iter().rposition(|byte| *byte != 0).unwrap_or(0);
        self.tamper(segment, |bytes| {
            if let Some(byte) = bytes.get_mut(random.random_range(0..=written)) {
                *byte ^= 1 << random.random_range(0..8);
            }
        });
        self.lock().inject(Fault::FlippedBit);
    }

    /// The faults that happened, of this disk and of those that it was found from.
    pub(super) fn injected(&self) -> BTreeMap<Fault, u64> {
        self.lock().injected.clone()
    }

    /// Calls that began.
    pub(super) fn arrivals(&self) -> u64 {
        self.arrivals.load(Ordering::SeqCst)
    }

    /// The disk as it is found after the power failed, with nothing but what was synced.
    pub(super) fn synced(&self) -> Arc<Self> {
        let mut state = self.lock().clone();
        for file in &mut state.files {
            file.written.clone_from(&file.synced);
        }
        state.names.clone_from(&state.synced_names);
        Self::found(state)
    }

    pub(super) fn fail_power_at(&self, step: u64) {
        self.lock().power_fails_at = Some(step);
    }

    pub(super) fn has_power(&self) -> bool {
        let state = self.lock();
        state.power_fails_at.is_none_or(|at| state.steps < at)
    }

    pub(super) fn steps(&self) -> u64 {
        self.lock().steps
    }

    /// The disk as it is found after the power failed: of each file what was synced, and any of the sectors written since.
    pub(super) fn after_power_failure(&self, random: &mut ChaCha8Rng) -> Arc<Self> {
        let mut state = self.lock().clone();
        for file in state.files.iter_mut().filter(|file| file.written != file.synced) {
            let keeps_length = random.random_bool(0.5);
            let len = if keeps_length {
                file.written.len()
            } else {
                file.synced.len()
            };
            let mut found = file.synced.clone();
            found.resize(len, 0);
            let share = random.random_range(0.0..=1.0);
            let mut lost = 0;
            for (index, sector) in found.chunks_mut(SECTOR_BYTES).enumerate() {
                let start = index * SECTOR_BYTES;
                let written = file.written.get(start..start + sector.len());
                match written {
                    Some(written) if random.random_bool(share) => sector.copy_from_slice(written),
                    written => lost += u64::from(written.is_some_and(|written| written != sector)),
                }
            }
            *state.injected.entry(Fault::LostSector).or_default() += lost;
            *file = File {
                synced: found.clone(),
                written: found,
            };
        }
        if random.random_bool(0.5) {
            state.names = state.synced_names.clone();
        }
        state.synced_names = state.names.clone();
        Self::found(state)
    }

    /// The disk as it is found after only the process died: everything that was written.
    pub(super) fn after_kill(&self) -> Arc<Self> {
        let state = self.lock().clone();
        Self::found(state)
    }

    fn found(mut state: State) -> Arc<Self> {
        for (index, file) in state.files.iter_mut().enumerate() {
            if !state.names.values().any(|named| *named == index) {
                *file = File::default();
            }
        }
        state.steps = 0;
        state.power_fails_at = None;
        state.faults = Faults::default();
        state.chances = None;
        Arc::new(Self {
            state: Arc::new(Mutex::new(state)),
            arrivals: Arc::default(),
        })
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.lock().names.keys().cloned().collect()
    }

    /// The segments, oldest first.
    pub(super) fn segments(&self) -> Vec<String> {
        self.names()
            .into_iter()
            .filter(|name| first_of_name(name).is_some())
            .collect()
    }

    pub(super) fn content(&self, name: &str) -> Vec<u8> {
        let state = self.lock();
        state.files[state.names[name]].written.clone()
    }

    /// Changes a file's bytes as no program would.
    pub(super) fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.lock();
        let index = state.names[name];
        let file = &mut state.files[index];
        change(&mut file.written);
        file.synced.clone_from(&file.written);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.arrivals.fetch_add(1, Ordering::SeqCst);
        self.state.lock().unwrap()
    }

    fn handle(&self, index: usize) -> Box<dyn Segment> {
        Box::new(Handle {
            state: Arc::clone(&self.state),
            arrivals: Arc::clone(&self.arrivals),
            index,
        })
    }
}

impl State {
    fn inject(&mut self, fault: Fault) {
        *self.injected.entry(fault).or_default() += 1;
    }

    /// Whether a fault happens now.
    fn happens(&mut self, fault: Fault) -> bool {
        let Some(chances) = &mut self.chances else { return false };
        let happens = chances.random.random_range(0..1000) < chances.per_mille[&fault];
        if happens {
            self.inject(fault);
        }
        happens
    }

    /// A number below `end`, for what a fault leaves.
    fn draw(&mut self, end: usize) -> usize {
        self.chances
            .as_mut()
            .map_or(0, |chances| chances.random.random_range(0..end.max(1)))
    }

    /// Says whether the names can be changed.
    fn change_names(&mut self) -> io::Result<()> {
        self.step()?;
        if self.happens(Fault::NamesIo) {
            return Err(eio());
        }
        Ok(())
    }

    /// Takes one step, or says that there is no power.
    fn step(&mut self) -> io::Result<()> {
        if self.power_fails_at.is_some_and(|at| self.steps >= at) {
            return Err(io::Error::other("no power"));
        }
        self.steps += 1;
        Ok(())
    }

    fn used_bytes(&self) -> u64 {
        self.names
            .values()
            .map(|index| self.files[*index].written.len() as u64)
            .sum()
    }

    /// Says whether there is room for `more` bytes.
    fn take_room(&self, more: u64) -> io::Result<()> {
        let full = self
            .faults
            .room_bytes
            .is_some_and(|room| self.used_bytes() + more > room);
        if full {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

impl Directory for Disk {
    fn create(&self, name: &str, len_bytes: u64) -> io::Result<Box<dyn Segment>> {
        let mut state = self.lock();
        state.change_names()?;
        state.names.remove(name);
        if state.happens(Fault::CreateFull) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.take_room(len_bytes)?;
        let index = state.files.len();
        state.files.push(File {
            synced: Vec::new(),
            written: vec![0; usize::try_from(len_bytes).unwrap()],
        });
        state.names.insert(name.to_owned(), index);
        Ok(self.handle(index))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        let state = self.lock();
        let index = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.handle(index))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names().into_iter().filter(|name| !name.contains('/')).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.change_names()?;
        let index = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), index);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.change_names()?;
        state
            .names
            .remove(name)
            .map(drop)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.change_names()?;
        state.synced_names = state.names.clone();
        Ok(())
    }
}

/// The error of a disk that fails.
fn eio() -> io::Error {
    io::Error::from_raw_os_error(5)
}

struct Handle {
    state: Arc<Mutex<State>>,
    arrivals: Arc<AtomicU64>,
    index: usize,
}

impl Handle {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.arrivals.fetch_add(1, Ordering::SeqCst);
        self.state.lock().unwrap()
    }
}

impl Segment for Handle {
    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let mut state = self.lock();
        let powered = state.step();
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        let mut failure = state.faults.write_fails.map(io::Error::from);
        if state.happens(Fault::WriteIo) {
            failure = Some(eio());
        } else if state.happens(Fault::WriteFull) {
            failure = Some(io::ErrorKind::StorageFull.into());
        } else if bytes.len() > 1 && state.happens(Fault::ShortWrite) {
            let most = 1 + state.draw(bytes.len() - 1);
            bytes.truncate(most);
        }
        if powered.is_err() || failure.is_some() {
            bytes.truncate(bytes.len() / 2);
        }
        if let Some(most) = state.faults.most_written {
            bytes.truncate(most);
        }
        let start = usize::try_from(offset).unwrap();
        let grown = (start + bytes.len()).saturating_sub(state.files[self.index].written.len());
        state.take_room(grown as u64)?;
        let file = &mut state.files[self.index].written;
        file.resize(file.len() + grown, 0);
        file[start..start + bytes.len()].copy_from_slice(&bytes);
        powered?;
        failure.map_or(Ok(bytes.len()), Err)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.lock();
        if state.happens(Fault::ReadIo) {
            return Err(eio());
        }
        let end = offset + buffer.len() as u64;
        if state
            .faults
            .unreadable
            .is_some_and(|(from, to)| offset < to && from < end)
        {
            return Err(io::Error::other("bad sector"));
        }
        let rest = state.files[self.index]
            .written
            .get(usize::try_from(offset).unwrap()..)
            .unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.step()?;
        if state.faults.sync_fails {
            return Err(io::Error::other("the disk lost a write"));
        }
        if state.happens(Fault::SyncIo) {
            return Err(eio());
        }
        let file = &mut state.files[self.index];
        file.synced.clone_from(&file.written);
        Ok(())
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.lock().files[self.index].written.len() as u64)
    }

    fn truncate(&self, len_bytes: u64) -> io::Result<()> {
        let mut state = self.lock();
        state.step()?;
        state.files[self.index]
            .written
            .resize(usize::try_from(len_bytes).unwrap(), 0);
        Ok(())
    }
}
