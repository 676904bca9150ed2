//! Pictures: server-rendered, read-only pages over the analyses.
//!
//! The way of one request: [`routes`] reads the URL into a [`state::State`], asks [`answers::Answers`] one question, fills
//! the page struct of [`pages`] with the answer's plain values, and renders it through a template. [`chart`] draws; [`format`]
//! writes numbers; [`chrome`] is what stands around every page. Nothing here reads the clock (it is given one), keeps a
//! cookie or writes anything.

pub mod answers;
mod assets;
pub mod chart;
pub mod chrome;
pub mod format;
mod markdown;
pub mod pages;
pub mod report;
pub mod routes;
pub mod state;
mod text;

#[cfg(test)]
mod gallery;
