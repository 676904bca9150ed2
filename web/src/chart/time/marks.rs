//! What stands on the series: gaps, limits, deployments, names, pins, and the areas that answer the pointer.

use std::fmt::Write;

use super::{Drawing, Role, TimeChart};
use crate::chart::canvas::{ACROSS, Anchor, Canvas, px, share};
use crate::chart::width::text_width;
use crate::format::instant;
use crate::text::{escape, label};

/// Where things belong, as the chart's coordinate system translated them.
pub(super) struct Places {
    edges: Vec<i32>,
    top: i32,
    bottom: i32,
    base: i32,
    high: f64,
    points: Vec<Vec<Option<i32>>>,
    limits: Vec<i32>,
    deployments: Vec<i32>,
    exemplars: Vec<(i32, i32)>,
    pins: Vec<i32>,
}

impl Places {
    pub(super) fn of(chart: &TimeChart, high: f64, place: impl Fn(i64, f64) -> (i32, i32)) -> Self {
        let start = chart.bins.start_unix_nano;
        let at_value = |value: f64| place(start, value).1;
        let stacked = chart.drawing == Drawing::Columns;
        let mut floors = vec![0.0; chart.bins.count];
        let mut points = Vec::new();
        for series in &chart.series {
            let place_one = |(bin, floor): (usize, &mut f64)| {
                let value = series.at(bin)?;
                let middle = if stacked { *floor + value / 2.0 } else { value };
                *floor += value;
                Some(at_value(middle))
            };
            points.push(floors.iter_mut().enumerate().map(place_one).collect());
        }
        Self {
            edges: (0..=chart.bins.count)
                .map(|bin| place(chart.bins.start(bin), 0.0).0)
                .collect(),
            top: at_value(f64::MAX),
            bottom: at_value(f64::MIN),
            base: at_value(0.0),
            high,
            points,
            limits: chart.limits.iter().map(|limit| at_value(limit.value)).collect(),
            deployments: chart.deployments.iter().map(|d| place(d.at_unix_nano, 0.0).0).collect(),
            exemplars: chart.exemplars.iter().map(|e| place(e.at_unix_nano, e.value)).collect(),
            pins: chart.pins.iter().map(|pin| place(pin.at_unix_nano, 0.0).0).collect(),
        }
    }

    fn middle(&self, bin: usize) -> i32 {
        let edge = |bin: usize| self.edges.get(bin).copied().unwrap_or(0);
        i32::midpoint(edge(bin), edge(bin + 1))
    }
}

/// Returns whether no series has any value.
pub(super) fn nothing(chart: &TimeChart) -> bool {
    (0..chart.bins.count).all(|bin| empty(chart, bin))
}

fn empty(chart: &TimeChart, bin: usize) -> bool {
    chart.series.iter().all(|s| s.at(bin).is_none())
}

/// Draws the line of zero, stronger than the grid.
pub(super) fn base(places: &Places, canvas: &mut Canvas) {
    canvas.line("grid-l base", (0, places.base), (ACROSS, places.base));
}

/// Hatches what nothing was written for, and what is not complete yet.
pub(super) fn gaps(chart: &TimeChart, places: &Places, canvas: &mut Canvas) {
    let mut bin = 0;
    while bin < chart.bins.count {
        let first = bin;
        while bin < chart.bins.count && empty(chart, bin) {
            bin += 1;
        }
        if bin > first {
            hatch(canvas, places, (places.edges[first], places.edges[bin]), "no data");
        }
        bin += 1;
    }
    if chart.bins.count == 0 {
        hatch(canvas, places, (0, ACROSS), "no data");
    }
    if let Some(late) = chart.late_from_unix_nano {
        let first = (0..chart.bins.count).find(|bin| chart.bins.start(bin + 1) > late);
        if let Some(left) = first.and_then(|bin| places.edges.get(bin)) {
            hatch(canvas, places, (*left, ACROSS), "not complete");
        }
    }
}

fn hatch(canvas: &mut Canvas, places: &Places, (left, right): (i32, i32), word: &str) {
    canvas.rect("nd", (left, places.top), (right, places.bottom), word);
    if right - left > 1_400 {
        let middle = i32::midpoint(places.top, places.bottom) + 40;
        canvas.text("lab-2", (i32::midpoint(left, right), middle), 0, Anchor::Middle, word);
    }
}

/// Draws limits as dashed lines with their names; one that lies far above is named at the top.
pub(super) fn limits(chart: &TimeChart, places: &Places, canvas: &mut Canvas) {
    if nothing(chart) {
        return;
    }
    for (limit, y) in chart.limits.iter().zip(&places.limits) {
        if limit.value > places.high {
            canvas.text(
                "lab-2",
                (0, places.top + 110),
                2,
                Anchor::Start,
                &format!("{}, above this chart", limit.name),
            );
        } else {
            canvas.line("ln lim", (0, *y), (ACROSS, *y));
            canvas.text("lab-2", (0, y - 50), 2, Anchor::Start, &limit.name);
        }
    }
}

/// Draws deployments; a name that would cover the one before it is left to the title.
pub(super) fn deployments(chart: &TimeChart, places: &Places, canvas: &mut Canvas) {
    let mut taken = i32::MIN;
    for (deployment, x) in chart.deployments.iter().zip(&places.deployments) {
        if !(chart.bins.start_unix_nano..chart.bins.end()).contains(&deployment.at_unix_nano) {
            continue;
        }
        canvas.line("dep", (*x, 40), (*x, places.bottom));
        // The narrowest chart is 300 px wide, so a tenth of a pixel is at most 3.4 units.
        let reach = text_width(&deployment.version).min(1_200) * 34 / 10;
        let at_end = *x > ACROSS * 3 / 4;
        let left = if at_end { x - reach } else { *x };
        // A pin tells what was deployed in its own words.
        if left > taken && chart.pins.is_empty() {
            let (anchor, dx) = if at_end { (Anchor::End, -5) } else { (Anchor::Start, 5) };
            canvas.text(
                "dep-l lab",
                (*x, 130),
                dx,
                anchor,
                &crate::text::cut(&deployment.version, 18),
            );
            taken = left + reach;
        }
    }
}

/// Writes each line's name at its end; columns, which have no room beside them, are named by the legend alone.
pub(super) fn names(chart: &TimeChart, places: &Places, canvas: &mut Canvas) {
    if chart.series.len() < 2 || chart.drawing == Drawing::Columns {
        return;
    }
    let mut taken: Vec<i32> = Vec::new();
    for (series, points) in chart.series.iter().zip(&places.points) {
        let last = points.iter().rposition(Option::is_some);
        let Some((bin, y)) = last.and_then(|bin| Some((bin, points.get(bin).copied().flatten()?))) else {
            continue;
        };
        let mut y = y - 60;
        while taken.iter().any(|other| (other - y).abs() < 130) {
            y -= 10;
        }
        taken.push(y);
        let class = if series.role == Role::Plain {
            "lab"
        } else {
            "lab lab-harm"
        };
        let x = places.middle(bin);
        let (anchor, dx) = match x {
            0..1_500 => (Anchor::Start, 2),
            1_500..8_500 => (Anchor::Middle, 0),
            _ => (Anchor::End, -2),
        };
        canvas.text(class, (x, y.max(100)), dx, anchor, &series.name);
    }
}

/// Draws the numbered pins of the story.
pub(super) fn pins(chart: &TimeChart, places: &Places, canvas: &mut Canvas) {
    for (pin, x) in chart.pins.iter().zip(&places.pins) {
        canvas.line("pin-l", (*x, 180), (*x, places.bottom));
        canvas.pin((*x, 100), pin.number);
    }
}

/// Writes the areas that answer the pointer, and the exemplars above them.
pub(super) fn hits(chart: &TimeChart, places: &Places) -> String {
    let mut markup = String::new();
    for bin in 0..chart.bins.count {
        let (left, right) = (places.edges[bin], places.edges[bin + 1]);
        let area = format!(
            "<rect x=\"{}\" width=\"{}\" y=\"{}\" height=\"{}\"><title>{}</title></rect>",
            share(left),
            share((right - left).max(0)),
            px(places.top),
            px(places.bottom - places.top),
            label(&title(chart, bin))
        );
        match chart.links.get(bin).filter(|href| !href.is_empty()) {
            Some(href) => {
                let _ = write!(markup, "<a href=\"{}\" tabindex=\"-1\">{area}</a>", escape(href));
            }
            None => markup.push_str(&area),
        }
    }
    for (exemplar, (x, y)) in chart.exemplars.iter().zip(&places.exemplars) {
        let _ = write!(
            markup,
            "<a href=\"{}\" tabindex=\"-1\"><svg class=\"at\" x=\"{}\" y=\"{}\"><path class=\"exm\" d=\"M0-6L6 0L0 6L-6 0z\"><title>{}</title></path></svg></a>",
            escape(&exemplar.href),
            share(*x),
            px(*y),
            label(&exemplar.title)
        );
    }
    markup
}

fn title(chart: &TimeChart, bin: usize) -> String {
    let long = chart.bins.end().saturating_sub(chart.bins.start_unix_nano) > 86_400_000_000_000;
    let form = match (long, chart.bins.step_ns % 60_000_000_000) {
        (true, _) => "%-d %b %H:%M",
        (false, 0) => "%H:%M",
        (false, _) => "%H:%M:%S",
    };
    let at = instant(chart.bins.start(bin), chart.tz).format(form);
    let values: Vec<String> = chart
        .series
        .iter()
        .map(|series| match series.at(bin) {
            Some(value) if chart.series.len() > 1 => format!("{} {}", series.name, chart.unit.write(value)),
            Some(value) => chart.unit.write(value),
            None => format!("{} no data", series.name),
        })
        .collect();
    if empty(chart, bin) {
        format!("{at}: no data")
    } else {
        format!("{at}: {}", values.join(", "))
    }
}
