//! A sparkline: the course of one number, without axes.

use std::convert::Infallible;

use plotters::prelude::*;

use super::axis::{Unit, ValueAxis};
use super::backend::{GUTTER, SvgBackend};
use super::canvas::{ACROSS, Canvas};
use super::ink::Ink;
use crate::format::Harm;
use crate::text::label;

/// The course of one number beside another.
#[derive(Debug, Clone, PartialEq)]
pub struct Spark {
    /// What is seen, for its title.
    pub title: String,
    /// Values side by side; `None` where nothing was written.
    pub values: Vec<Option<f64>>,
    /// The same before, for comparison; empty for none.
    pub compare: Vec<Option<f64>>,
    /// Where a deployment lies, in thousandths of the width.
    pub deployment_milli: Option<i32>,
    /// Whether its rule fires.
    pub harm: Harm,
}

impl Spark {
    /// Draws it as tall as a tile's.
    #[must_use]
    pub fn tall(&self) -> String {
        self.svg("spark", 36)
    }

    /// Draws it as small as a table's.
    #[must_use]
    pub fn small(&self) -> String {
        self.svg("spark spark-s", 18)
    }

    fn svg(&self, class: &str, height_px: i32) -> String {
        if self.values.iter().flatten().all(|value| !value.is_finite()) {
            return "<span class=\"nodata\">no data</span>".to_owned();
        }
        let mut canvas = Canvas::new(height_px * 10);
        if let Some(milli) = self.deployment_milli {
            let x = milli.clamp(0, 1_000) * (ACROSS / 1_000);
            canvas.line("dep", (x, 0), (x, height_px * 10));
        }
        if let Err(error) = self.draw(&mut canvas) {
            tracing::error!(%error, "cannot draw a sparkline");
        }
        let (body, _) = canvas.finish();
        let title = label(&self.title);
        format!(
            "<svg class=\"{class}\" width=\"100%\" height=\"{height_px}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>{body}</svg>"
        )
    }

    fn draw(&self, canvas: &mut Canvas) -> Result<(), DrawingAreaErrorKind<Infallible>> {
        let values = ValueAxis::over(self.values.iter().chain(&self.compare).flatten().copied(), Unit::Count);
        let high = self
            .values
            .iter()
            .chain(&self.compare)
            .flatten()
            .copied()
            .filter(|v| v.is_finite())
            .fold(values.low(), f64::max);
        let high = if high > values.low() { high } else { values.high() };
        let root = SvgBackend::new(canvas).into_drawing_area();
        let length = u32::try_from(self.values.len()).unwrap_or(u32::MAX).max(1);
        let mut plot = ChartBuilder::on(&root)
            .margin_left(GUTTER)
            .margin_top(15)
            .margin_bottom(15)
            .build_cartesian_2d(0.0..f64::from(length), values.low()..high)?;
        let harm = if self.harm.fires() { Ink::Harm } else { Ink::Series1 };
        for (values, ink) in [(&self.compare, Ink::Compare), (&self.values, harm)] {
            for run in runs(values) {
                match run[..] {
                    [alone] => {
                        let left = (alone.0 - 0.5).max(0.0);
                        plot.draw_series(LineSeries::new([(left, alone.1), (left + 1.0, alone.1)], ink.rgb()))?;
                    }
                    _ => {
                        plot.draw_series(LineSeries::new(run, ink.rgb()))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn runs(values: &[Option<f64>]) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    let mut x = 0.5;
    for value in values {
        match (value.filter(|v| v.is_finite()), runs.last_mut()) {
            (Some(value), Some(run)) => run.push((x, value)),
            _ => runs.push(Vec::new()),
        }
        x += 1.0;
    }
    runs.retain(|run| !run.is_empty());
    runs
}
