//! The files that are compiled in; the list is written by the build script from the folders themselves.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
