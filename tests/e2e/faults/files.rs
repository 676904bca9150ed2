//! The seam of the tables: a file system that fails by chance, and whose power fails together with that of the log's disk.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use super::simulated::Disk;

/// A kind of fault of the tables' files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A write fails and leaves nothing.
    WriteIo,
    WriteFull,
    /// A write is done, and its answer is an error.
    Unanswered,
    ReadIo,
    /// The write that was under way when the power failed left a part of its bytes.
    ShortWrite,
    /// The write that was under way when the power failed left nothing.
    LostWrite,
    /// A deletion was not synced, and the file is there again after a power failure.
    LostDeletion,
}

impl Fault {
    pub const ALL: [Self; 7] = [
        Self::WriteIo,
        Self::WriteFull,
        Self::Unanswered,
        Self::ReadIo,
        Self::ShortWrite,
        Self::LostWrite,
        Self::LostDeletion,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WriteIo => "EIO on put",
            Self::WriteFull => "ENOSPC on put",
            Self::Unanswered => "puts done and not answered",
            Self::ReadIo => "EIO on get",
            Self::ShortWrite => "short puts",
            Self::LostWrite => "puts lost",
            Self::LostDeletion => "deletions lost",
        })
    }
}

/// Files that fail by chance. What happens to a call depends on the seed, the file, and how often it was asked for it.
#[derive(Debug)]
pub struct Files {
    real: Arc<dyn ObjectStore>,
    log: Arc<Disk>,
    seed: u64,
    /// Of a thousand calls so many fail in each way.
    per_mille: BTreeMap<Fault, u64>,
    /// The change at which the power fails.
    power_fails_at: Option<u64>,
    changes: AtomicU64,
    dead: AtomicBool,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    asked: BTreeMap<(&'static str, String), u64>,
    injected: BTreeMap<Fault, u64>,
    deleted: Vec<(Path, PutPayload)>,
}

impl Files {
    pub fn new(files: Arc<dyn ObjectStore>, log: Arc<Disk>, seed: u64, power_fails_at: Option<u64>) -> Self {
        let per_mille = Fault::ALL.map(|fault| (fault, hashed(&(seed, fault)) % 3 * (hashed(&(fault, seed)) % 12)));
        Self {
            real: files,
            log,
            seed,
            per_mille: per_mille.into(),
            power_fails_at,
            changes: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            state: Arc::default(),
        }
    }

    /// Ends this life: nothing is changed any more, some deletions turn out not to have happened, and what was injected is told.
    pub async fn crash(&self) -> BTreeMap<Fault, u64> {
        self.die();
        let deleted = std::mem::take(&mut self.lock().deleted);
        for (number, (path, content)) in deleted.into_iter().enumerate() {
            if hashed(&(self.seed, number, "undeleted")).is_multiple_of(2) {
                let options = PutOptions::from(PutMode::Create);
                if self.real.put_opts(&path, content, options).await.is_ok() {
                    self.inject(Fault::LostDeletion);
                }
            }
        }
        self.lock().injected.clone()
    }

    fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.log.fail_power_at(0);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn inject(&self, fault: Fault) {
        *self.lock().injected.entry(fault).or_default() += 1;
    }

    fn alive(&self) -> Result<()> {
        if self.dead.load(Ordering::SeqCst) || !self.log.has_power() {
            self.die();
            return Err(failed("no power"));
        }
        Ok(())
    }

    /// Draws for one call on one file.
    fn draw(&self, call: &'static str, path: &Path) -> u64 {
        let parts: Vec<_> = path.parts().map(|part| part.as_ref().to_owned()).collect();
        let own = parts[parts.len().saturating_sub(3)..].join("/");
        let mut state = self.lock();
        let asked = state.asked.entry((call, own.clone())).or_default();
        *asked += 1;
        hashed(&(self.seed, call, own, *asked))
    }

    /// The fault of `faults` that happens to this call, if one does.
    fn happens(&self, drawn: u64, faults: &[Fault]) -> Option<Fault> {
        let fault = faults
            .iter()
            .copied()
            .find(|fault| hashed(&(drawn, fault)) % 1000 < self.per_mille[fault])?;
        self.inject(fault);
        Some(fault)
    }

    /// The power fails in the middle of this write: it is done, or not, or in part.
    async fn die_writing(&self, location: &Path, payload: PutPayload, options: PutOptions, drawn: u64) -> Error {
        self.die();
        let left = match hashed(&(drawn, "left")) % 3 {
            0 => {
                self.inject(Fault::LostWrite);
                return failed("no power");
            }
            1 => payload,
            _ => {
                self.inject(Fault::ShortWrite);
                let whole: Vec<u8> = payload.iter().flat_map(|part| part.iter().copied()).collect();
                whole[..whole.len() / 2].to_vec().into()
            }
        };
        // Nobody is told whether it worked.
        let _ = self.real.put_opts(location, left, options).await;
        failed("no power")
    }
}

fn failed(what: &'static str) -> Error {
    Error::Generic {
        store: "Files",
        source: what.into(),
    }
}

fn hashed(of: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Files {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.alive()?;
        let drawn = self.draw("put", location);
        if self.power_fails_at == Some(self.changes.fetch_add(1, Ordering::SeqCst)) {
            return Err(self.die_writing(location, payload, options, drawn).await);
        }
        match self.happens(drawn, &[Fault::WriteIo, Fault::WriteFull, Fault::Unanswered]) {
            Some(Fault::WriteIo) => Err(failed("input/output error")),
            Some(Fault::WriteFull) => Err(failed("no space left on device")),
            Some(_) => {
                self.real.put_opts(location, payload, options).await?;
                Err(failed("input/output error"))
            }
            None => self.real.put_opts(location, payload, options).await,
        }
    }

    async fn put_multipart_opts(&self, to: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.alive()?;
        self.real.put_multipart_opts(to, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.alive()?;
        if self.happens(self.draw("get", location), &[Fault::ReadIo]).is_some() {
            return Err(failed("input/output error"));
        }
        self.real.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        if let Err(error) = self.alive() {
            return futures::stream::once(async { Err(error) }).boxed();
        }
        let (files, state) = (Arc::clone(&self.real), Arc::clone(&self.state));
        let deleted = locations.then(move |location| {
            let (files, state) = (Arc::clone(&files), Arc::clone(&state));
            async move {
                let location = location?;
                if let Ok(found) = files.get(&location).await
                    && let Ok(content) = found.bytes().await
                {
                    state.lock().unwrap().deleted.push((location.clone(), content.into()));
                }
                files.delete(&location).await.map(|()| location)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(error) = self.alive() {
            return futures::stream::once(async { Err(error) }).boxed();
        }
        self.real.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.alive()?;
        self.real.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.alive()?;
        self.real.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.alive()?;
        self.real.rename_opts(from, to, options).await
    }
}
