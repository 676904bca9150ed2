//! The drawing itself: axes and series by plotters, then what stands on them.

use std::convert::Infallible;

use plotters::prelude::*;

use super::marks::{self, Places};
use super::{Drawing, TimeChart};
use crate::chart::axis::{TimeAxis, ValueAxis};
use crate::chart::backend::{GUTTER, SvgBackend, in_drawing};
use crate::chart::canvas::Canvas;
use crate::chart::ink::Ink;
use crate::chart::width::FONT_PX;

/// Room above the plot for names of deployments and pins.
pub(super) const TOP_PX: i32 = 22;
/// Room below it for the labels of the time axis.
pub(super) const BOTTOM_PX: i32 = 22;

type Failure = DrawingAreaErrorKind<Infallible>;
type Plot<'a, 'c> = ChartContext<'a, SvgBackend<'c>, Cartesian2d<TimeAxis, ValueAxis>>;

/// Draws `chart` and returns its hit areas.
pub(super) fn draw(chart: &TimeChart, canvas: &mut Canvas) -> Result<String, Failure> {
    let places = plot(chart, canvas)?;
    marks::base(&places, canvas);
    marks::gaps(chart, &places, canvas);
    marks::limits(chart, &places, canvas);
    marks::deployments(chart, &places, canvas);
    marks::names(chart, &places, canvas);
    marks::pins(chart, &places, canvas);
    Ok(marks::hits(chart, &places))
}

/// Lets plotters draw, and asks its coordinate system where everything else belongs.
fn plot(chart: &TimeChart, canvas: &mut Canvas) -> Result<Places, Failure> {
    let values = ValueAxis::over(reach(chart).into_iter(), chart.unit);
    let high = values.high();
    let root = SvgBackend::new(canvas).into_drawing_area();
    let mut plot = ChartBuilder::on(&root)
        .margin_top(TOP_PX * 10)
        .set_label_area_size(LabelAreaPosition::Left, GUTTER)
        .set_label_area_size(LabelAreaPosition::Bottom, BOTTOM_PX * 10)
        .build_cartesian_2d(
            TimeAxis::over(chart.bins.start_unix_nano, chart.bins.end(), chart.tz),
            values,
        )?;
    mesh(chart, &mut plot)?;
    match chart.drawing {
        Drawing::Columns => columns(chart, &mut plot)?,
        Drawing::Lines => lines(chart, &mut plot)?,
        Drawing::Area => {
            areas(chart, &mut plot)?;
            lines(chart, &mut plot)?;
        }
    }
    let spec = plot.plotting_area().as_coord_spec();
    Ok(Places::of(chart, high, |at, value| {
        in_drawing(spec.translate(&(at, value)))
    }))
}

/// Returns every value that the axis must reach: sums of stacks, and limits that are not far above.
fn reach(chart: &TimeChart) -> Vec<f64> {
    let mut values: Vec<f64> = match chart.drawing {
        Drawing::Columns => (0..chart.bins.count)
            .map(|bin| chart.series.iter().filter_map(|s| s.at(bin)).sum())
            .collect(),
        _ => (0..chart.bins.count)
            .flat_map(|bin| chart.series.iter().filter_map(move |s| s.at(bin)))
            .collect(),
    };
    values.extend(chart.exemplars.iter().map(|e| e.value));
    let highest = values.iter().copied().filter(|v| v.is_finite()).fold(0.0_f64, f64::max);
    values.extend(
        chart
            .limits
            .iter()
            .map(|limit| limit.value)
            .filter(|limit| *limit <= highest * 3.0),
    );
    values
}

fn mesh(chart: &TimeChart, plot: &mut Plot<'_, '_>) -> Result<(), Failure> {
    let silent = |_: &f64| String::new();
    let (x_rgb, y_rgb) = (Ink::XLabel.rgb(), Ink::YLabel.rgb());
    let mut mesh = plot.configure_mesh();
    mesh.disable_x_mesh()
        .axis_style(TRANSPARENT)
        .set_all_tick_mark_size(0)
        .light_line_style(TRANSPARENT)
        .bold_line_style(Ink::Grid.rgb())
        .x_label_style(("sans-serif", FONT_PX, &x_rgb))
        .y_label_style(("sans-serif", FONT_PX, &y_rgb));
    if marks::nothing(chart) {
        // An axis from 0 would claim that something was measured.
        mesh.disable_y_mesh().y_label_formatter(&silent);
    }
    mesh.draw()
}

/// Draws each unbroken run of values as a line, and a value that stands alone as a dot.
fn lines(chart: &TimeChart, plot: &mut Plot<'_, '_>) -> Result<(), Failure> {
    for (index, series) in chart.series.iter().enumerate() {
        let rgb = series.ink(index).rgb();
        for run in runs(chart, index) {
            if let [alone] = run[..] {
                plot.draw_series(std::iter::once(Circle::new(alone, 40, rgb.filled())))?;
            } else {
                plot.draw_series(LineSeries::new(run, rgb.stroke_width(2)))?;
            }
        }
    }
    Ok(())
}

fn areas(chart: &TimeChart, plot: &mut Plot<'_, '_>) -> Result<(), Failure> {
    for (index, series) in chart.series.iter().enumerate() {
        let wash = series.ink(index).rgb().mix(0.2);
        for run in runs(chart, index) {
            if run.len() > 1 {
                plot.draw_series(AreaSeries::new(run, 0.0, wash).border_style(TRANSPARENT))?;
            }
        }
    }
    Ok(())
}

fn runs(chart: &TimeChart, series: usize) -> Vec<Vec<(i64, f64)>> {
    let mut runs: Vec<Vec<(i64, f64)>> = Vec::new();
    let mut open = false;
    for bin in 0..chart.bins.count {
        let value = chart.series.get(series).and_then(|s| s.at(bin));
        let Some(value) = value else {
            open = false;
            continue;
        };
        if !open {
            runs.push(Vec::new());
            open = true;
        }
        let middle = chart.bins.start(bin).saturating_add(chart.bins.step_ns / 2);
        if let Some(run) = runs.last_mut() {
            run.push((middle, value));
        }
    }
    runs
}

/// Stacks the series of each interval; series by series, so that equal columns share one path.
fn columns(chart: &TimeChart, plot: &mut Plot<'_, '_>) -> Result<(), Failure> {
    let mut floors = vec![0.0; chart.bins.count];
    for (index, series) in chart.series.iter().enumerate() {
        let style = series.ink(index).rgb().filled();
        let mut boxes = Vec::new();
        for (bin, floor) in floors.iter_mut().enumerate() {
            let Some(value) = series.at(bin).filter(|value| *value > 0.0) else {
                continue;
            };
            let inset = chart.bins.step_ns / 10;
            let left = chart.bins.start(bin).saturating_add(inset);
            let right = chart.bins.start(bin + 1).saturating_sub(inset);
            boxes.push(Rectangle::new([(left, *floor), (right, *floor + value)], style));
            *floor += value;
        }
        plot.draw_series(boxes)?;
    }
    Ok(())
}
