//! Charts: plotters lays out axes and series, our own drawing backend writes the SVG.
//!
//! plotters sees colours and positions only. A colour is a palette slot ([`ink::Ink`]) by exact RGB, which becomes a class
//! styled by CSS variables, so one picture serves light and dark. Positions are hundredths of a percent across and tenths
//! of a pixel down: a chart fills any width while its text keeps its size. Titles, hit areas and links are written from the
//! same points, through the chart's own coordinate translation. All output is integers in decimal notation, so equal
//! answers give equal bytes.

mod axis;
mod backend;
mod canvas;
mod figure;
mod histogram;
mod ink;
mod sentence;
mod spark;
mod split;
mod time;
mod waterfall;
mod width;

pub use axis::Unit;
pub use figure::{Figure, Key};
pub use histogram::{Histogram, HistogramBar};
pub use sentence::{describe, turn};
pub use spark::Spark;
pub use split::{Part, PartKind, Split};
pub use time::{Bins, Deployment, Drawing, Exemplar, Limit, Pin, Role, Series, TimeChart};
pub use waterfall::{Bar, BarKind, Minimap, Ruler, Scale};

#[cfg(test)]
mod tests;
