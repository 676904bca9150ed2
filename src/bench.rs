//! What benchmarks share: processes of this program as children, requests to them, and figures as a table.
//!
//! Figures are printed with their spread and the machine they were measured on. Nothing is judged by them.

pub mod bodies;
pub mod client;
pub mod figures;
pub mod load;
pub mod machine;
pub mod parts;
pub mod server;
