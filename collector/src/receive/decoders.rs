//! Threads that decode: work that is long enough to keep other requests waiting, apart from those that receive and answer.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The threads' name, by which the operating system tells their processor time.
const NAME: &str = "pspan-decode";

type Work = Box<dyn FnOnce() + Send>;

/// Threads that take work in the order in which it came. Dropping them ends them, when each has done what it does.
#[derive(Debug)]
pub(super) struct Decoders {
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    ended: bool,
}

impl Decoders {
    /// Starts so many threads, at least one.
    ///
    /// # Panics
    /// Where the operating system starts no thread, as a program without threads serves nobody.
    pub(super) fn start(count: usize) -> Self {
        let queue = Arc::<Queue>::default();
        for _ in 0..count.max(1) {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name(NAME.to_owned())
                .spawn(move || queue.run())
                .expect("the operating system starts threads");
        }
        Self { queue }
    }

    /// Does work in its turn, and returns what it gave; `None` where it panicked.
    pub(super) async fn run<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> Option<R> {
        let (done, result) = oneshot::channel();
        self.queue.lock().waiting.push_back(Box::new(move || {
            // Who does not wait any more needs no answer.
            let _ = done.send(work());
        }));
        self.queue.arrived.notify_one();
        result.await.ok()
    }
}

impl Drop for Decoders {
    fn drop(&mut self) {
        self.queue.lock().ended = true;
        self.queue.arrived.notify_all();
    }
}

impl Queue {
    /// Works until the queue ends.
    fn run(&self) {
        while let Some(work) = self.next() {
            // Work that panics drops its answer, which says so.
            let _ = catch_unwind(AssertUnwindSafe(work));
        }
    }

    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                return Some(work);
            }
            if state.ended {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, so a poisoned one still holds a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("waiting", &self.lock().waiting.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Decoders;

    #[tokio::test]
    async fn work_is_done_and_a_panic_ends_no_thread() {
        let decoders = Decoders::start(1);
        assert_eq!(decoders.run(|| 1).await, Some(1));
        assert_eq!(decoders.run(|| std::panic::panic_any("on purpose")).await, None::<()>);
        assert_eq!(decoders.run(|| 2).await, Some(2));
    }
}
