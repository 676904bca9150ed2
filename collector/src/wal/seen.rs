//! Requests that were sent twice are counted once: the first of three layers against duplicates.
//!
//! A request is remembered by its [`Digest`] from its first copy on. A copy that comes while the first is still on its way
//! waits for it; later copies get the first one's answer at once. Time is an argument.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use pennyspan_schema::Workspace;
use tokio::sync::watch;

use crate::request::Digest;

mod side_file;

/// How long requests are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenOptions {
    /// Requests younger than this are remembered, nanoseconds.
    pub window_nanos: i64,
    /// So many of a workspace's requests are remembered, however old.
    pub at_least: usize,
    /// Never more of a workspace's requests are remembered, however young; it bounds the memory.
    pub at_most: usize,
}

impl Default for SeenOptions {
    fn default() -> Self {
        Self {
            window_nanos: 15 * 60 * 1_000_000_000,
            at_least: 100_000,
            at_most: 1_000_000,
        }
    }
}

/// What is remembered of earlier requests, per workspace. Cloning gives another handle to the same memory.
#[derive(Debug, Clone)]
pub struct Seen {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: SeenOptions,
    workspaces: Mutex<HashMap<Workspace, Remembered>>,
    repeats: AtomicU64,
    forgotten_early: AtomicU64,
}

/// One workspace's requests.
#[derive(Debug, Default)]
struct Remembered {
    requests: HashMap<Digest, Answer>,
    /// The answered ones, oldest first.
    answered: VecDeque<(i64, Digest)>,
}

/// What the first copy of a request was answered with.
#[derive(Debug)]
enum Answer {
    Pending(watch::Receiver<Option<Bytes>>),
    Given { at_unix_nano: i64, answer: Bytes },
}

/// Whether a request came before.
#[derive(Debug)]
pub enum Admission {
    /// It did not, or the first copy was refused: take it.
    First(FirstCopy),
    /// It did: answer what the first copy was answered.
    Repeat(RepeatedCopy),
}

/// The duty to answer the first copy of a request. Dropped without an answer, the request is forgotten, so that it is taken
/// when it is sent again.
#[derive(Debug)]
#[must_use = "copies of the request wait for its answer"]
pub struct FirstCopy {
    inner: Arc<Inner>,
    workspace: Workspace,
    digest: Digest,
    at_unix_nano: i64,
    answer: watch::Sender<Option<Bytes>>,
}

/// A copy that waits for the first one's answer.
#[derive(Debug)]
pub struct RepeatedCopy {
    answer: Waited,
}

#[derive(Debug)]
enum Waited {
    Given(Bytes),
    Pending(watch::Receiver<Option<Bytes>>),
}

impl Seen {
    /// Remembers nothing yet.
    #[must_use]
    pub fn new(options: SeenOptions) -> Self {
        let inner = Inner {
            options,
            workspaces: Mutex::default(),
            repeats: AtomicU64::new(0),
            forgotten_early: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Says whether the request with `digest`, received at `now_unix_nano`, came before.
    #[must_use]
    pub fn admit(&self, workspace: &Workspace, digest: Digest, now_unix_nano: i64) -> Admission {
        let mut workspaces = self.inner.lock();
        let remembered = workspaces.entry(workspace.clone()).or_default();
        self.inner.forget(remembered, now_unix_nano);
        let repeated = remembered.requests.get(&digest).map(|answer| match answer {
            Answer::Given { answer, .. } => Waited::Given(answer.clone()),
            Answer::Pending(answer) => Waited::Pending(answer.clone()),
        });
        if let Some(answer) = repeated {
            self.inner.repeats.fetch_add(1, Ordering::Relaxed);
            return Admission::Repeat(RepeatedCopy { answer });
        }
        Admission::First(self.first_copy(remembered, workspace, digest, now_unix_nano))
    }

    /// Expects the answer to a request that an earlier run made durable, so that copies wait for it; `None` where it is known.
    pub(super) fn expect(&self, workspace: &Workspace, digest: Digest, at_unix_nano: i64) -> Option<FirstCopy> {
        let mut workspaces = self.inner.lock();
        let remembered = workspaces.entry(workspace.clone()).or_default();
        if remembered.requests.contains_key(&digest) {
            return None;
        }
        Some(self.first_copy(remembered, workspace, digest, at_unix_nano))
    }

    fn first_copy(
        &self,
        remembered: &mut Remembered,
        workspace: &Workspace,
        digest: Digest,
        at_unix_nano: i64,
    ) -> FirstCopy {
        let (sender, receiver) = watch::channel(None);
        remembered.requests.insert(digest, Answer::Pending(receiver));
        FirstCopy {
            inner: Arc::clone(&self.inner),
            workspace: workspace.clone(),
            digest,
            at_unix_nano,
            answer: sender,
        }
    }

    /// Remembers a request of an earlier run, received at `at_unix_nano`, and its answer.
    pub fn remember(&self, workspace: &Workspace, digest: Digest, at_unix_nano: i64, answer: Bytes) {
        let mut workspaces = self.inner.lock();
        let remembered = workspaces.entry(workspace.clone()).or_default();
        remembered.give(digest, at_unix_nano, answer);
        self.inner.forget(remembered, at_unix_nano);
    }

    /// How many copies were answered with the first one's answer, or told to wait for it.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.inner.repeats.load(Ordering::Relaxed)
    }

    /// How many requests were forgotten before their time, because a workspace sent more than may be remembered.
    #[must_use]
    pub fn forgotten_early(&self) -> u64 {
        self.inner.forgotten_early.load(Ordering::Relaxed)
    }

    /// What is remembered, as the bytes of the side file.
    pub(super) fn encode(&self) -> Vec<u8> {
        let workspaces = self.inner.lock();
        let given = workspaces
            .iter()
            .map(|(workspace, remembered)| (workspace, remembered.given()));
        side_file::encode(given)
    }

    /// Remembers what the side file says; `None`, and nothing, where it is damaged.
    pub(super) fn restore(&self, side_file: &[u8]) -> Option<()> {
        for entry in side_file::decode(side_file)? {
            self.remember(&entry.workspace, entry.digest, entry.at_unix_nano, entry.answer);
        }
        Some(())
    }
}

impl FirstCopy {
    /// Answers this copy and all that wait. Called where the frame becomes visible, so that no copy is answered before.
    ///
    /// The answer is kept as long as the request is remembered: it should be short.
    pub fn answer(self, answer: Bytes) {
        let mut workspaces = self.inner.lock();
        let remembered = workspaces.entry(self.workspace.clone()).or_default();
        remembered.give(self.digest, self.at_unix_nano, answer.clone());
        drop(workspaces);
        self.answer.send_replace(Some(answer));
    }
}

impl Drop for FirstCopy {
    fn drop(&mut self) {
        if let Some(remembered) = self.inner.lock().get_mut(&self.workspace)
            && let Some(Answer::Pending(_)) = remembered.requests.get(&self.digest)
        {
            remembered.requests.remove(&self.digest);
        }
    }
}

impl RepeatedCopy {
    /// What the first copy was answered; `None` where it was refused, so that this copy may be the first: admit it again.
    pub async fn answer(self) -> Option<Bytes> {
        match self.answer {
            Waited::Given(answer) => Some(answer),
            Waited::Pending(mut answer) => answer.wait_for(Option::is_some).await.ok()?.clone(),
        }
    }
}

impl Inner {
    /// Forgets what is too old, or too much.
    fn forget(&self, remembered: &mut Remembered, now_unix_nano: i64) {
        while let Some((at_unix_nano, digest)) = remembered.answered.front().copied() {
            let count = remembered.answered.len();
            let old = now_unix_nano.saturating_sub(at_unix_nano) > self.options.window_nanos;
            let too_many = count > self.options.at_most;
            if !(too_many || old && count > self.options.at_least) {
                return;
            }
            if !old {
                self.forgotten_early.fetch_add(1, Ordering::Relaxed);
            }
            remembered.answered.pop_front();
            remembered.requests.remove(&digest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Workspace, Remembered>> {
        // No code panics while it holds the lock, so a poisoned one still holds a whole map.
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn give(&mut self, digest: Digest, at_unix_nano: i64, answer: Bytes) {
        let before = self.requests.insert(digest, Answer::Given { at_unix_nano, answer });
        if !matches!(before, Some(Answer::Given { .. })) {
            self.answered.push_back((at_unix_nano, digest));
        }
    }

    /// The answered requests, oldest first.
    fn given(&self) -> impl Iterator<Item = (Digest, i64, &Bytes)> {
        self.answered
            .iter()
            .filter_map(|(_, digest)| match self.requests.get(digest)? {
                Answer::Given { at_unix_nano, answer } => Some((*digest, *at_unix_nano, answer)),
                Answer::Pending(_) => None,
            })
    }
}

#[cfg(test)]
mod tests;
