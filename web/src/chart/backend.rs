//! The drawing backend: takes what plotters draws and writes it onto the canvas.

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::canvas::{ACROSS, Anchor, Canvas, PathEnd};
use super::ink::Ink;
use super::width::{FONT_PX, text_width};

/// Width of the column of y labels in backend units; what lies left of it is not part of the stretching drawing.
pub(crate) const GUTTER: i32 = 460;

/// Widths of text are estimated for a drawing of this many pixels.
const TYPICAL_PX: i32 = 640;

/// Draws for plotters onto a [`Canvas`]. x below [`GUTTER`] is the column of y labels, the rest is the drawing.
pub(crate) struct SvgBackend<'canvas> {
    canvas: &'canvas mut Canvas,
    x_labels: usize,
}

impl<'canvas> SvgBackend<'canvas> {
    pub(crate) fn new(canvas: &'canvas mut Canvas) -> Self {
        Self { canvas, x_labels: 0 }
    }
}

/// Returns where a backend position lies in the drawing.
pub(crate) fn in_drawing((x, y): BackendCoord) -> (i32, i32) {
    (x - GUTTER, y)
}

fn ink(color: &BackendColor) -> Option<Ink> {
    if color.alpha <= 0.0 { None } else { Ink::of(color.rgb) }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        ((GUTTER + ACROSS).unsigned_abs(), self.canvas.down().unsigned_abs())
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect(point, (point.0 + 10, point.1 + 10), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        if let Some(ink) = ink(&style.color()) {
            self.canvas.line(&stroke_class(ink), in_drawing(from), in_drawing(to));
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, fill: bool) -> Drawn {
        let Some(ink) = ink(&style.color()) else { return Ok(()) };
        let ((ax, ay), (bx, by)) = (in_drawing(a), in_drawing(b));
        let (top_left, bottom_right) = ((ax.min(bx), ay.min(by)), (ax.max(bx), ay.max(by)));
        if !fill {
            let ((left, top), (right, bottom)) = (top_left, bottom_right);
            let outline = [(left, top), (right, top), (right, bottom), (left, bottom)];
            self.canvas.path(&stroke_class(ink), &outline, PathEnd::Closed);
        } else if ink == Ink::Throttled {
            self.canvas.rect("bx thr", top_left, bottom_right, "");
        } else {
            self.canvas
                .column(&format!("ar {}", ink.class()), top_left, bottom_right);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let Some(ink) = ink(&style.color()) else { return Ok(()) };
        let points: Vec<_> = path.into_iter().map(in_drawing).collect();
        match points[..] {
            [] | [_] => {}
            [from, to] if ink == Ink::Grid => self.canvas.line("grid-l", from, to),
            _ => self.canvas.path(&stroke_class(ink), &points, PathEnd::Open),
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, _radius: u32, style: &S, _fill: bool) -> Drawn {
        if let Some(ink) = ink(&style.color()) {
            self.canvas.marker("mk-f", ink, in_drawing(center));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Drawn {
        let color = style.color();
        let Some(ink) = ink(&color) else { return Ok(()) };
        let points: Vec<_> = vert.into_iter().map(in_drawing).collect();
        let weight = if color.alpha < 1.0 { "ar wash" } else { "ar" };
        self.canvas
            .path(&format!("{weight} {}", ink.class()), &points, PathEnd::Closed);
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, pos: BackendCoord) -> Drawn {
        let Some(ink) = ink(&style.color()) else { return Ok(()) };
        let baseline = pos.1
            + match style.anchor().v_pos {
                VPos::Top => FONT_PX * 10 + 40,
                VPos::Center => FONT_PX * 10 / 3,
                VPos::Bottom => 0,
            };
        if text.is_empty() {
            return Ok(());
        }
        if ink == Ink::YLabel {
            self.canvas.y_label(baseline, text);
            return Ok(());
        }
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        // Every second label goes where there is no room for all.
        let class = if self.x_labels % 2 == 1 { "tick-2" } else { "tick" };
        self.x_labels += 1;
        self.canvas.text(class, (in_drawing(pos).0, baseline), 0, anchor, text);
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        _style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let across = text_width(text) * ACROSS / (TYPICAL_PX * 10);
        Ok((across.unsigned_abs(), FONT_PX.unsigned_abs() * 10))
    }

    fn blit_bitmap(&mut self, _pos: BackendCoord, _size: (u32, u32), _src: &[u8]) -> Drawn {
        Ok(())
    }
}

fn stroke_class(ink: Ink) -> String {
    if ink == Ink::Grid {
        "grid-l".to_owned()
    } else {
        format!("ln {}", ink.class())
    }
}
