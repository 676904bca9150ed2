//! Telemetry in: from a socket or a file to decoded, durable, acknowledged rows. Judges nothing.

pub mod decode;
pub mod fault;
pub mod import;
pub mod receive;
pub mod replay;
pub mod request;
pub mod wal;

/// What the program allocates by, so that what tests measure is what it takes.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
