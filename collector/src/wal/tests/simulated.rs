//! A disk in memory that keeps apart what was written and what was synced, and fails where it is told to.

use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard};

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::wal::catalogue::first_of_name;
use crate::wal::segment::{Directory, Segment};

/// Bytes that reach the disk together or not at all.
const SECTOR_BYTES: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Disk {
    state: Arc<Mutex<State>>,
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

    pub(super) fn fail_power_at(&self, step: u64) {
        self.lock().power_fails_at = Some(step);
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
            for (index, sector) in found.chunks_mut(SECTOR_BYTES).enumerate() {
                let start = index * SECTOR_BYTES;
                if random.random_bool(share)
                    && let Some(written) = file.written.get(start..start + sector.len())
                {
                    sector.copy_from_slice(written);
                }
            }
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
        Arc::new(Self {
            state: Arc::new(Mutex::new(state)),
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
        self.state.lock().unwrap()
    }
}

impl State {
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
        state.step()?;
        state.names.remove(name);
        state.take_room(len_bytes)?;
        let index = state.files.len();
        state.files.push(File {
            synced: Vec::new(),
            written: vec![0; usize::try_from(len_bytes).unwrap()],
        });
        state.names.insert(name.to_owned(), index);
        Ok(Box::new(Handle {
            state: Arc::clone(&self.state),
            index,
        }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        let state = self.lock();
        let index = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Handle {
            state: Arc::clone(&self.state),
            index,
        }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names().into_iter().filter(|name| !name.contains('/')).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.step()?;
        let index = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), index);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.step()?;
        state
            .names
            .remove(name)
            .map(drop)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.step()?;
        state.synced_names = state.names.clone();
        Ok(())
    }
}

struct Handle {
    state: Arc<Mutex<State>>,
    index: usize,
}

impl Handle {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Segment for Handle {
    fn write_vectored_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let mut state = self.lock();
        let powered = state.step();
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        let failure = state.faults.write_fails;
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
        failure.map_or(Ok(bytes.len()), |failure| Err(failure.into()))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.lock();
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
