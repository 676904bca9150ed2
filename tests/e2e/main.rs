//! Promises, kept end to end. One binary, because linking the query engine takes long.

mod house;
