//! One struct per page: what its template shows, filled from an answer's plain values.

mod empty;
mod error;
mod finding;
mod findings;
mod function;
mod functions;
mod home;
mod ingest;
mod parts;
mod rule;
mod setup;
mod trace;

pub use empty::EmptyPage;
pub use error::ErrorPage;
pub use finding::FindingPage;
pub use findings::FindingsPage;
pub use function::FunctionPage;
pub use functions::{FunctionsPage, Sort};
pub use home::HomePage;
pub use ingest::IngestPage;
pub(crate) use parts::provider_name;
pub use rule::RulePage;
pub use setup::{Platform, SetupPage};
pub use trace::TracePage;

use crate::chart::Figure;

/// A page that can be rendered, and whose charts can be asked for as CSV.
pub trait Page: askama::Template {
    /// Returns the charts of the page.
    fn figures(&self) -> Vec<&Figure> {
        Vec::new()
    }
}
