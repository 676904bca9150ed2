//! A distribution: how many values lie in each range.

use std::convert::Infallible;
use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;

use super::axis::{Unit, ValueAxis, project};
use super::backend::{GUTTER, SvgBackend, in_drawing};
use super::canvas::{ACROSS, Anchor, Canvas, px, share};
use super::figure::Figure;
use super::ink::Ink;
use super::width::FONT_PX;
use crate::format::{group, plural};
use crate::text::label;

const PLOT_PX: i32 = 140;
const EDGE_PX: i32 = 22;

/// One range of a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistogramBar {
    /// Its lower bound.
    pub low: f64,
    /// How many values lie in it.
    pub count: i64,
}

/// How often a value lies in which range.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Unique on the page.
    pub id: &'static str,
    /// The claim.
    pub title: String,
    /// Measure and unit.
    pub subtitle: String,
    /// What the ranges are of.
    pub unit: Unit,
    /// Ranges side by side, in order.
    pub bars: Vec<HistogramBar>,
    /// The upper bound of the last range.
    pub high: f64,
}

/// An axis of equal steps, one per bar, labelled at every so many.
struct StepAxis {
    labels: Vec<String>,
}

impl Ranged for StepAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_precision_loss, reason = "bars are few")]
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        project(*value, 0.0, self.labels.len().max(1) as f64, limit)
    }

    #[expect(clippy::cast_precision_loss, reason = "bars are few")]
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        let every = self.labels.len().div_ceil(6).max(1);
        (0..self.labels.len())
            .step_by(every)
            .map(|index| index as f64)
            .collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "bars are few")]
    fn range(&self) -> Range<f64> {
        0.0..self.labels.len() as f64
    }
}

impl ValueFormatter<f64> for StepAxis {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index that this axis handed out"
    )]
    fn format_ext(&self, value: &f64) -> String {
        self.labels.get(*value as usize).cloned().unwrap_or_default()
    }
}

impl Histogram {
    /// Draws the distribution and writes its table.
    #[must_use]
    pub fn figure(&self) -> Figure {
        let mut canvas = Canvas::new((PLOT_PX + 2 * EDGE_PX) * 10);
        let hits = self.draw(&mut canvas).unwrap_or_else(|error| {
            tracing::error!(chart.id = self.id, %error, "cannot draw a chart");
            String::new()
        });
        let height_px = canvas.down() / 10;
        let (body, labels) = canvas.finish();
        Figure {
            id: self.id.to_owned(),
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            sentence: self.seen(),
            keys: Vec::new(),
            height_px,
            labels,
            body,
            hits,
            zoom: None,
            head: vec!["Range".to_owned(), "Count".to_owned()],
            rows: (0..self.bars.len())
                .map(|i| (self.range(i), vec![group(i128::from(self.bars[i].count))]))
                .collect(),
            sql: None,
            csv_href: None,
        }
    }

    fn draw(&self, canvas: &mut Canvas) -> Result<String, DrawingAreaErrorKind<Infallible>> {
        if self.bars.iter().all(|bar| bar.count == 0) {
            canvas.rect("nd", (0, EDGE_PX * 10), (ACROSS, (EDGE_PX + PLOT_PX) * 10), "no data");
            canvas.text(
                "lab-2",
                (ACROSS / 2, (EDGE_PX + PLOT_PX / 2) * 10),
                0,
                Anchor::Middle,
                "no data",
            );
            return Ok(String::new());
        }
        #[expect(clippy::cast_precision_loss, reason = "a height in a picture")]
        let heights: Vec<f64> = self.bars.iter().map(|bar| bar.count.max(0) as f64).collect();
        let values = ValueAxis::over(heights.iter().copied(), Unit::Count);
        let steps = StepAxis {
            labels: self.bars.iter().map(|bar| self.unit.write(bar.low)).collect(),
        };
        let root = SvgBackend::new(canvas).into_drawing_area();
        let mut plot = ChartBuilder::on(&root)
            .margin_top(EDGE_PX * 10)
            .set_label_area_size(LabelAreaPosition::Left, GUTTER)
            .set_label_area_size(LabelAreaPosition::Bottom, EDGE_PX * 10)
            .build_cartesian_2d(steps, values)?;
        let (x_rgb, y_rgb) = (Ink::XLabel.rgb(), Ink::YLabel.rgb());
        plot.configure_mesh()
            .disable_x_mesh()
            .axis_style(TRANSPARENT)
            .set_all_tick_mark_size(0)
            .light_line_style(TRANSPARENT)
            .bold_line_style(Ink::Grid.rgb())
            .x_label_style(("sans-serif", FONT_PX, &x_rgb))
            .y_label_style(("sans-serif", FONT_PX, &y_rgb))
            .draw()?;
        #[expect(clippy::cast_precision_loss, reason = "bars are few")]
        plot.draw_series(
            heights
                .iter()
                .enumerate()
                .filter(|(_, height)| **height > 0.0)
                .map(|(index, height)| {
                    let left = index as f64 + 0.06;
                    Rectangle::new([(left, 0.0), (left + 0.88, *height)], Ink::Series1.rgb().filled())
                }),
        )?;
        let spec = plot.plotting_area().as_coord_spec();
        #[expect(clippy::cast_precision_loss, reason = "bars are few")]
        let edge = |index: usize| in_drawing(spec.translate(&(index as f64, 0.0)));
        Ok((0..self.bars.len())
            .map(|index| self.hit(index, edge(index), edge(index + 1)))
            .collect())
    }

    fn hit(&self, index: usize, (left, bottom): (i32, i32), (right, _): (i32, i32)) -> String {
        format!(
            "<rect x=\"{}\" width=\"{}\" y=\"{}\" height=\"{}\"><title>{}: {}</title></rect>",
            share(left),
            share(right - left),
            px(EDGE_PX * 10),
            px(bottom - EDGE_PX * 10),
            label(&self.range(index)),
            group(i128::from(self.bars[index].count))
        )
    }

    fn range(&self, index: usize) -> String {
        let high = self.bars.get(index + 1).map_or(self.high, |next| next.low);
        format!("{} to {}", self.unit.write(self.bars[index].low), self.unit.write(high))
    }

    fn seen(&self) -> String {
        let total: i64 = self.bars.iter().map(|bar| bar.count).sum();
        let most = (0..self.bars.len()).max_by_key(|index| (self.bars[*index].count, std::cmp::Reverse(*index)));
        match most.filter(|index| self.bars[*index].count > 0) {
            Some(index) => format!(
                "{} in all, most of them, {}, from {}.",
                plural(total, "value", "values"),
                group(i128::from(self.bars[index].count)),
                self.range(index)
            ),
            None => "no data.".to_owned(),
        }
    }
}
