//! The locks, counters and threads by which the log's handle and its writing thread work together.
//!
//! They are those of the standard library. With the feature `shuttle` they are those of a scheduler that decides which thread
//! goes on at each of them, so that a test can try thousands of interleavings of this very code.

#[cfg(not(feature = "shuttle"))]
pub(super) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread,
};

#[cfg(feature = "shuttle")]
pub(super) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread,
};
