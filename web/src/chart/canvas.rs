//! The sheet that charts are drawn on: an SVG whose drawing stretches and whose text does not.

use std::fmt::Write;

use super::ink::Ink;
use crate::text::label;

/// Width of the drawing in units: one unit is a hundredth of a percent.
pub(crate) const ACROSS: i32 = 10_000;

/// An SVG in the making. Across, positions are hundredths of a percent of the width; down, tenths of a pixel.
///
/// Paths lie in runs of an inner `<svg>` that stretches (`preserveAspectRatio="none"`, strokes of fixed width); lines,
/// boxes, marks and text stand outside of it at percentages and keep their shape.
#[derive(Debug)]
pub(crate) struct Canvas {
    down: i32,
    body: String,
    run: Vec<(String, String)>,
    labels: String,
}

/// Where a text begins from its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

impl Canvas {
    /// Opens a sheet that is `down` tenths of a pixel high.
    pub(crate) fn new(down: i32) -> Self {
        Self {
            down,
            body: String::new(),
            run: Vec::new(),
            labels: String::new(),
        }
    }

    pub(crate) fn down(&self) -> i32 {
        self.down
    }

    /// Adds the outline `points` to the path with `class`; neighbours of one class become one path.
    pub(crate) fn path(&mut self, class: &str, points: &[(i32, i32)], end: PathEnd) {
        let mut outline = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let _ = write!(outline, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
        }
        if end == PathEnd::Closed {
            outline.push('z');
        }
        match self.run.last_mut() {
            Some((open, path)) if open == class => path.push_str(&outline),
            _ => self.run.push((class.to_owned(), outline)),
        }
    }

    /// Adds a filled box to the path with `class`.
    pub(crate) fn column(&mut self, class: &str, (left, top): (i32, i32), (right, bottom): (i32, i32)) {
        let outline = format!("M{left} {bottom}V{top}H{right}V{bottom}z");
        match self.run.last_mut() {
            Some((open, path)) if open == class => path.push_str(&outline),
            _ => self.run.push((class.to_owned(), outline)),
        }
    }

    /// Draws a straight line that keeps its dashes.
    pub(crate) fn line(&mut self, class: &str, from: (i32, i32), to: (i32, i32)) {
        self.settle();
        let _ = write!(
            self.body,
            "<line class=\"{class}\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>",
            share(from.0),
            share(to.0),
            px(from.1),
            px(to.1)
        );
    }

    /// Draws a box that keeps its pattern, with a title.
    pub(crate) fn rect(&mut self, class: &str, (left, top): (i32, i32), (right, bottom): (i32, i32), title: &str) {
        self.settle();
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{}\" width=\"{}\" y=\"{}\" height=\"{}\"",
            share(left),
            share((right - left).max(0)),
            px(top),
            px((bottom - top).max(0))
        );
        if title.is_empty() {
            self.body.push_str("/>");
        } else {
            let _ = write!(self.body, "><title>{}</title></rect>", label(title));
        }
    }

    /// Writes a text at a position, moved by `dx` pixels.
    pub(crate) fn text(&mut self, class: &str, (x, y): (i32, i32), dx: i32, anchor: Anchor, text: &str) {
        self.settle();
        let _ = write!(self.body, "<text class=\"{class}\" x=\"{}\"", share(x));
        if dx != 0 {
            let _ = write!(self.body, " dx=\"{dx}\"");
        }
        let _ = write!(
            self.body,
            " y=\"{}\" text-anchor=\"{}\">{}</text>",
            px(y),
            anchor.name(),
            label(text)
        );
    }

    /// Draws a mark of fixed size around a position.
    pub(crate) fn marker(&mut self, class: &str, ink: Ink, at: (i32, i32)) {
        self.mark(&format!("{class} {}", ink.class()), ink.marker(), at);
    }

    /// Draws an outline of fixed size around a position.
    pub(crate) fn mark(&mut self, class: &str, outline: &str, (x, y): (i32, i32)) {
        self.settle();
        let _ = write!(
            self.body,
            "<svg class=\"at\" x=\"{}\" y=\"{}\"><path class=\"{class}\" d=\"{outline}\"/></svg>",
            share(x),
            px(y)
        );
    }

    /// Draws a numbered pin.
    pub(crate) fn pin(&mut self, (x, y): (i32, i32), number: usize) {
        self.settle();
        let _ = write!(
            self.body,
            "<svg class=\"at\" x=\"{}\" y=\"{}\"><circle class=\"pin\" r=\"9\"/><text class=\"pin-t\" y=\"4\" text-anchor=\"middle\">{number}</text></svg>",
            share(x),
            px(y)
        );
    }

    /// Writes a label into the column of the y axis.
    pub(crate) fn y_label(&mut self, y: i32, text: &str) {
        let _ = write!(
            self.labels,
            "<text x=\"38\" y=\"{}\" text-anchor=\"end\">{}</text>",
            px(y),
            label(text)
        );
    }

    /// Adds markup that is already escaped.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.settle();
        self.body.push_str(markup);
    }

    /// Ends the run of stretching paths.
    fn settle(&mut self) {
        if self.run.is_empty() {
            return;
        }
        let _ = write!(
            self.body,
            "<svg width=\"100%\" height=\"{}\" viewBox=\"0 0 {ACROSS} {}\" preserveAspectRatio=\"none\">",
            px(self.down),
            self.down
        );
        for (class, outline) in self.run.drain(..) {
            let _ = write!(
                self.body,
                "<path class=\"{class}\" vector-effect=\"non-scaling-stroke\" d=\"{outline}\"/>"
            );
        }
        self.body.push_str("</svg>");
    }

    /// Returns the drawing and the labels of the y axis.
    pub(crate) fn finish(mut self) -> (String, String) {
        self.settle();
        (self.body, self.labels)
    }
}

/// Whether a path returns to its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathEnd {
    Open,
    Closed,
}

/// Writes a position across as a percentage.
pub(crate) fn share(units: i32) -> String {
    let magnitude = units.unsigned_abs();
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}%", magnitude / 100, magnitude % 100)
}

/// Writes a position down in pixels.
pub(crate) fn px(tenths: i32) -> String {
    let magnitude = tenths.unsigned_abs();
    let sign = if tenths < 0 { "-" } else { "" };
    match magnitude % 10 {
        0 => format!("{sign}{}", magnitude / 10),
        tenth => format!("{sign}{}.{tenth}", magnitude / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_decimal_text() {
        assert_eq!(
            (share(1_234), share(-5), share(10_000)),
            ("12.34%".into(), "-0.05%".into(), "100.00%".into())
        );
        assert_eq!((px(215), px(210), px(-3)), ("21.5".into(), "21".into(), "-0.3".into()));
    }

    #[test]
    fn neighbours_of_one_class_share_a_path() {
        let mut canvas = Canvas::new(100);
        canvas.column("ar c1", (0, 0), (10, 50));
        canvas.column("ar c1", (20, 0), (30, 50));
        canvas.line("dep", (0, 0), (0, 100));
        let (body, _) = canvas.finish();
        assert_eq!(body.matches("<path").count(), 1);
        assert!(
            body.ends_with("<line class=\"dep\" x1=\"0.00%\" x2=\"0.00%\" y1=\"0\" y2=\"10\"/>"),
            "{body}"
        );
    }
}
