//! Values over time: lines, areas, and stacked columns.

mod draw;
mod marks;

use chrono_tz::Tz;

use super::axis::Unit;
use super::canvas::Canvas;
use super::figure::{Figure, Key};
use super::ink::Ink;
use super::sentence::describe;
use crate::format::{Missing, instant};
use crate::text::cut;

/// Intervals of equal length, side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bins {
    /// Start of the first interval, nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// Length of each, nanoseconds.
    pub step_ns: i64,
    /// How many there are.
    pub count: usize,
}

impl Bins {
    /// Returns the start of interval `index`, which is the end of the one before it.
    #[must_use]
    pub fn start(self, index: usize) -> i64 {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        self.start_unix_nano.saturating_add(self.step_ns.saturating_mul(index))
    }

    /// Returns the end of the last interval.
    #[must_use]
    pub fn end(self) -> i64 {
        self.start(self.count)
    }
}

/// What a series stands for, which decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One of up to five; more are summed into "other" by whoever asks.
    Plain,
    /// What went wrong: the only red.
    Failed,
    /// What waited or was refused: hatched.
    Throttled,
}

/// One series: a value per interval, `None` where nothing was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name, as written at its mark.
    pub name: String,
    /// What it stands for.
    pub role: Role,
    /// Its values, as many as there are intervals.
    pub values: Vec<Option<f64>>,
}

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// A line per series.
    Lines,
    /// A line over a pale area.
    Area,
    /// Stacked columns, one per interval.
    Columns,
}

/// A deployment: a dashed line with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// When it went live, nanoseconds since 1970.
    pub at_unix_nano: i64,
    /// What it is called.
    pub version: String,
}

/// One example: a diamond that links to its trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    /// When, nanoseconds since 1970.
    pub at_unix_nano: i64,
    /// Its own value.
    pub value: f64,
    /// What it is, for its title.
    pub title: String,
    /// Where it leads.
    pub href: String,
}

/// A named limit across the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// What it is: "timeout 10 s".
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// A numbered pin that the text under the chart explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// When, nanoseconds since 1970.
    pub at_unix_nano: i64,
    /// Its number.
    pub number: usize,
}

/// A chart of values over time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeChart {
    /// Unique on the page; letters, digits and hyphens.
    pub id: &'static str,
    /// The claim.
    pub title: String,
    /// Measure and unit.
    pub subtitle: String,
    /// What is seen, for who does not see it; empty: written from the values.
    pub sentence: String,
    /// The intervals.
    pub bins: Bins,
    /// The reader's time zone.
    pub tz: Tz,
    /// What the values are.
    pub unit: Unit,
    /// How they are drawn.
    pub drawing: Drawing,
    /// The series, in the order of their colours.
    pub series: Vec<Series>,
    /// Named limits.
    pub limits: Vec<Limit>,
    /// Deployments in the window.
    pub deployments: Vec<Deployment>,
    /// Examples.
    pub exemplars: Vec<Exemplar>,
    /// Numbered pins.
    pub pins: Vec<Pin>,
    /// Where each interval leads, or nothing.
    pub links: Vec<String>,
    /// From when on telemetry is not complete yet, nanoseconds since 1970.
    pub late_from_unix_nano: Option<i64>,
    /// Height of the plot in pixels.
    pub plot_px: i32,
    /// The question behind it.
    pub sql: Option<String>,
}

impl TimeChart {
    /// Makes a chart without marks.
    #[must_use]
    pub fn new(id: &'static str, bins: Bins, tz: Tz, unit: Unit, drawing: Drawing) -> Self {
        Self {
            id,
            title: String::new(),
            subtitle: String::new(),
            sentence: String::new(),
            bins,
            tz,
            unit,
            drawing,
            series: Vec::new(),
            limits: Vec::new(),
            deployments: Vec::new(),
            exemplars: Vec::new(),
            pins: Vec::new(),
            links: Vec::new(),
            late_from_unix_nano: None,
            plot_px: 140,
            sql: None,
        }
    }

    /// Draws the chart and writes its table.
    #[must_use]
    pub fn figure(&self) -> Figure {
        let mut canvas = Canvas::new((draw::TOP_PX + self.plot_px + draw::BOTTOM_PX) * 10);
        let hits = draw::draw(self, &mut canvas).unwrap_or_else(|error| {
            tracing::error!(chart.id = self.id, %error, "cannot draw a chart");
            String::new()
        });
        let height_px = canvas.down() / 10;
        let (body, labels) = canvas.finish();
        Figure {
            id: self.id.to_owned(),
            title: cut(&self.title, 200),
            subtitle: self.subtitle.clone(),
            sentence: self.seen(),
            keys: self.keys(),
            height_px,
            labels,
            body,
            hits,
            zoom: Some((self.bins.start_unix_nano, self.bins.end())),
            head: std::iter::once(self.tz.name().to_owned())
                .chain(self.series.iter().map(|s| s.name.clone()))
                .collect(),
            rows: self.rows(),
            sql: self.sql.clone(),
            csv_href: None,
        }
    }

    fn seen(&self) -> String {
        if !self.sentence.is_empty() {
            return self.sentence.clone();
        }
        if self.series.is_empty() {
            return format!("{}.", Missing::NoData);
        }
        let seen = self
            .series
            .iter()
            .map(|s| describe(&s.name, &s.values, self.bins, self.unit, self.tz));
        seen.collect::<Vec<_>>().join(" ")
    }

    fn keys(&self) -> Vec<Key> {
        if self.series.len() < 2 {
            return Vec::new();
        }
        let keys = self.series.iter().enumerate().map(|(index, series)| {
            let ink = series.ink(index);
            match (self.drawing, series.role) {
                (Drawing::Columns, Role::Throttled) => Key::area(&series.name, "bx thr"),
                (Drawing::Columns, _) => Key::area(&series.name, &format!("ar {}", ink.class())),
                _ => Key::line(&series.name, ink.class(), ink.marker()),
            }
        });
        keys.collect()
    }

    fn rows(&self) -> Vec<(String, Vec<String>)> {
        let form = if self.bins.step_ns % 60_000_000_000 != 0 {
            "%H:%M:%S"
        } else if self.bins.end().saturating_sub(self.bins.start_unix_nano) > 86_400_000_000_000 {
            "%Y-%m-%d %H:%M"
        } else {
            "%H:%M"
        };
        (0..self.bins.count)
            .map(|bin| {
                let cells = self.series.iter().map(|s| self.cell(s.at(bin)));
                (
                    instant(self.bins.start(bin), self.tz).format(form).to_string(),
                    cells.collect(),
                )
            })
            .collect()
    }

    fn cell(&self, value: Option<f64>) -> String {
        value.map_or_else(|| Missing::NoData.to_string(), |value| self.unit.write(value))
    }
}

impl Series {
    /// Makes a plain series.
    #[must_use]
    pub fn plain(name: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        Self {
            name: name.into(),
            role: Role::Plain,
            values,
        }
    }

    pub(super) fn ink(&self, index: usize) -> Ink {
        match self.role {
            Role::Plain => Ink::series(index),
            Role::Failed => Ink::Harm,
            Role::Throttled => Ink::Throttled,
        }
    }

    /// Returns the value of one interval; what is not finite, or beyond any measure, is not there.
    pub(super) fn at(&self, bin: usize) -> Option<f64> {
        self.values
            .get(bin)
            .copied()
            .flatten()
            .filter(|value| value.abs() <= 1e300)
    }
}
