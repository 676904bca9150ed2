//! Threads for one kind of a server's work, so that no other kind waits for it, and the operating system tells its processor time
//! by their name.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// The threads that receive and answer requests.
pub const DOORS: &str = "pspan-doors";
/// The threads that fold and write tables.
pub const UPKEEP: &str = "pspan-upkeep";
/// How much less of a busy processor upkeep gets than requests, in steps of `nice`: rows that wait to be folded are durable,
/// and who sent a request waits for its answer.
const UPKEEP_NICE: i32 = 5;

/// A runtime with threads of its own. Dropping it ends what still runs there.
#[derive(Debug)]
pub struct Threads {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Threads {
    /// Starts the threads that receive and answer requests.
    ///
    /// # Errors
    /// Where the operating system starts no threads.
    pub fn doors() -> io::Result<Self> {
        Self::start(Builder::new_multi_thread().thread_name(DOORS))
    }

    /// Starts the threads that fold and write tables.
    ///
    /// # Errors
    /// As for [`Self::doors`].
    pub fn upkeep() -> io::Result<Self> {
        Self::start(Builder::new_multi_thread().thread_name(UPKEEP).on_thread_start(|| {
            // Where that is not allowed, upkeep is as urgent as the rest.
            let _ = rustix::process::setpriority_process(None, UPKEEP_NICE);
        }))
    }

    fn start(builder: &mut Builder) -> io::Result<Self> {
        let runtime = builder.enable_all().build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// Runs a task there.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.handle.spawn(task)
    }

    /// Moves a listener there, which then wakes those threads.
    ///
    /// # Errors
    /// Where the operating system refuses.
    pub fn listener(&self, listener: tokio::net::TcpListener) -> io::Result<tokio::net::TcpListener> {
        let listener = listener.into_std()?;
        let _there = self.handle.enter();
        tokio::net::TcpListener::from_std(listener)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
