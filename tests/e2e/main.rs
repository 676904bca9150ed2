//! Promises, kept end to end. One binary, because linking the query engine takes long.

mod company;
mod house;
mod truth;
