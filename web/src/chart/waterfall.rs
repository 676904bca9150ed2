//! The waterfall of a trace: one bar per row, all on one scale.

use std::fmt::Write;

use super::axis::{Unit, ValueAxis, project};
use super::canvas::{ACROSS, Anchor, Canvas};
use crate::text::label;

/// How a bar looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarKind {
    /// A span: pale, its self time on the critical path solid. Carries the service's colour, counted from 0.
    Span(usize),
    /// A span that failed.
    Failed,
    /// An environment starting.
    Starting,
    /// Waiting between two functions.
    Waiting,
    /// A span whose parent never arrived.
    Orphan,
}

impl BarKind {
    fn class(self) -> &'static str {
        match self {
            Self::Span(service) => ["sp", "sp sp-b", "sp sp-c", "sp sp-d", "sp sp-e"][service % 5],
            Self::Failed => "sp sp-x",
            Self::Starting => "sp-init",
            Self::Waiting => "sp-wait",
            Self::Orphan => "sp-orph",
        }
    }
}

/// From when to when a waterfall reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// Nanoseconds since 1970.
    pub end_unix_nano: i64,
}

impl Scale {
    #[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
    fn place(self, unix_nano: i64) -> i32 {
        let span = self.end_unix_nano.saturating_sub(self.start_unix_nano) as f64;
        project(
            unix_nano.saturating_sub(self.start_unix_nano) as f64,
            0.0,
            span,
            (0, ACROSS),
        )
    }
}

/// One row of a waterfall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What it is, for its title.
    pub title: String,
    /// How it looks.
    pub kind: BarKind,
    /// From, nanoseconds since 1970.
    pub start_unix_nano: i64,
    /// To, nanoseconds since 1970.
    pub end_unix_nano: i64,
    /// Parts of it that are self time on the critical path.
    pub critical: Vec<(i64, i64)>,
    /// A word beside the bar.
    pub note: String,
}

/// A bar too short to see is drawn this wide.
const LEAST: i32 = 25;

impl Bar {
    /// Draws the row.
    #[must_use]
    pub fn svg(&self, scale: Scale) -> String {
        let mut canvas = Canvas::new(280);
        canvas.raw("<use href=\"#wfg\"/>");
        let (left, right) = self.extent(scale);
        canvas.rect(self.kind.class(), (left, 70), (right, 210), "");
        if matches!(self.kind, BarKind::Span(_) | BarKind::Failed) {
            for (start, end) in &self.critical {
                let from = scale.place(*start).min(right);
                let to = scale.place(*end).max(from + LEAST / 2).min(right.max(from + 1));
                canvas.rect(&format!("{} sp-cp", self.kind.class()), (from, 70), (to, 210), "");
            }
        }
        if !self.note.is_empty() {
            // Behind the bar, before it, or, where it leaves room on neither side, upon it.
            let (x, dx, anchor) = if right <= ACROSS * 7 / 10 {
                (right, 6, Anchor::Start)
            } else if left >= ACROSS * 3 / 10 {
                (left, -6, Anchor::End)
            } else {
                (left, 6, Anchor::Start)
            };
            canvas.text("wf-n", (x, 180), dx, anchor, &self.note);
        }
        let (body, _) = canvas.finish();
        let title = label(&self.title);
        format!(
            "<svg class=\"row\" width=\"100%\" height=\"28\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>{body}</svg>"
        )
    }

    fn extent(&self, scale: Scale) -> (i32, i32) {
        let left = scale.place(self.start_unix_nano).min(ACROSS - LEAST);
        (left, scale.place(self.end_unix_nano).max(left + LEAST))
    }
}

/// The bars of a waterfall in little.
#[derive(Debug, Clone, Copy)]
pub struct Minimap<'a> {
    /// The rows, as in the waterfall.
    pub bars: &'a [Bar],
}

impl Minimap<'_> {
    /// Draws the overview, at most 60 pixels high.
    #[must_use]
    pub fn svg(&self, scale: Scale) -> String {
        let rows = i32::try_from(self.bars.len()).unwrap_or(i32::MAX).max(1);
        let pitch = (600 / rows).clamp(1, 30);
        let height = (rows.saturating_mul(pitch) + 40).min(640);
        let mut canvas = Canvas::new(height);
        for (index, bar) in self.bars.iter().enumerate() {
            let y = 20 + i32::try_from(index).unwrap_or(0).saturating_mul(pitch).min(600);
            let (left, right) = bar.extent(scale);
            canvas.rect(bar.kind.class(), (left, y), (right, y + (pitch * 2 / 3).max(5)), "");
        }
        let (body, _) = canvas.finish();
        format!(
            "<svg class=\"minimap\" width=\"100%\" height=\"{}\" role=\"img\" aria-label=\"Overview of the spans shown\">{body}</svg>",
            super::canvas::px(height)
        )
    }
}

/// The scale's ticks: numbers for the head, lines for every row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruler {
    /// Markup of the numbers.
    pub head: String,
    /// Markup of the lines, for one definition that each row uses.
    pub lines: String,
}

impl Ruler {
    /// Rules `scale` at round durations from its start.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
    pub fn over(scale: Scale) -> Self {
        let span_us = scale.end_unix_nano.saturating_sub(scale.start_unix_nano) as f64 / 1e3;
        let axis = ValueAxis::in_steps(std::iter::once(span_us), Unit::Microseconds, 6.0);
        let (mut head, mut lines) = (String::new(), String::new());
        let unit = axis
            .label(axis.high())
            .split_once('\u{a0}')
            .map(|(_, unit)| unit.to_owned())
            .unwrap_or_default();
        let ticks = axis.ticks_within(span_us);
        for (index, tick) in ticks.iter().copied().enumerate() {
            let x = project(tick, 0.0, span_us, (0, ACROSS));
            let at = super::canvas::share(x);
            let anchor = if x == 0 { "start" } else { "middle" };
            let _ = write!(
                head,
                "<text x=\"{at}\" y=\"12\" text-anchor=\"{anchor}\">{}</text>",
                label(&if index + 1 == ticks.len() {
                    format!("{}\u{a0}{unit}", axis.label(tick))
                } else {
                    axis.label(tick)
                })
            );
            let _ = write!(lines, "<line class=\"gr\" x1=\"{at}\" x2=\"{at}\" y1=\"0\" y2=\"28\"/>");
        }
        Self { head, lines }
    }
}
