//! Promises, kept end to end. One binary, because linking the query engine takes long.

#![expect(unreachable_pub, reason = "a test's modules are seen by nobody else")]
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be is a failed test, also outside of test functions"
)]

mod aws;
mod bench;
#[path = "../../analyzer/src/report/tests/broken.rs"]
mod broken;
mod bytes;
mod clouds;
mod commands;
mod company;
mod doors;
mod explained;
mod exporters;
mod faults;
mod findings;
mod flapping;
mod formats;
mod full_disk;
mod gate;
mod health;
mod hostile;
mod house;
mod kill;
mod limits;
mod mutations;
mod network;
mod parts;
mod pixel;
mod prices;
mod readers;
mod samples;
mod server;
mod storage;
mod storm;
mod trust;
mod truth;
mod vectors;
