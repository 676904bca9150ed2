//! Judgement as data: the rule catalogue and the price books.
//!
//! A rule is one Markdown file that is at once declaration, documentation, test and runbook; a price book is one TOML
//! file of dated prices with their sources. This crate parses and checks both and does exact arithmetic with money.
//! It runs no query and reads no file: callers pass names and texts.

mod catalogue;
mod decimal;
mod docs;
mod embedded;
mod fields;
pub mod price;
pub mod rule;

pub use catalogue::{Catalogue, CatalogueError};
pub use decimal::{Decimal, DecimalError};
pub use docs::{prices_page, rules_page};
pub use fields::FieldError;
pub use price::{Amount, PriceBooks};
pub use rule::Rule;
