//! Palette slots: what plotters takes for colours, and the classes that they become.

use plotters::style::RGBColor;

/// One slot of the palette. Its RGB value is a name, not a colour: the style sheet gives it one per theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Series1,
    Series2,
    Series3,
    Series4,
    Series5,
    Other,
    Harm,
    Throttled,
    Compare,
    Grid,
    XLabel,
    YLabel,
}

impl Ink {
    pub(crate) const ALL: [Self; 12] = [
        Self::Series1,
        Self::Series2,
        Self::Series3,
        Self::Series4,
        Self::Series5,
        Self::Other,
        Self::Harm,
        Self::Throttled,
        Self::Compare,
        Self::Grid,
        Self::XLabel,
        Self::YLabel,
    ];

    /// Returns the slot of the `index`th series: five of their own, then "other".
    pub(crate) fn series(index: usize) -> Self {
        [
            Self::Series1,
            Self::Series2,
            Self::Series3,
            Self::Series4,
            Self::Series5,
        ]
        .get(index)
        .copied()
        .unwrap_or(Self::Other)
    }

    /// Returns the RGB value that stands for the slot inside plotters.
    pub(crate) fn rgb(self) -> RGBColor {
        RGBColor(0x70, 0x73, self as u8)
    }

    /// Finds the slot of an RGB value that came out of plotters.
    pub(crate) fn of((red, green, slot): (u8, u8, u8)) -> Option<Self> {
        if (red, green) != (0x70, 0x73) {
            return None;
        }
        Self::ALL.get(usize::from(slot)).copied()
    }

    /// Returns the class that carries the slot's colour.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Series1 => "c1",
            Self::Series2 => "c2",
            Self::Series3 => "c3",
            Self::Series4 => "c4",
            Self::Series5 => "c5",
            Self::Other => "co",
            Self::Harm => "cx",
            Self::Throttled => "thr",
            Self::Compare => "cmp",
            Self::Grid => "grid-l",
            Self::XLabel => "xl",
            Self::YLabel => "yl",
        }
    }

    /// Returns the outline of the slot's marker around (0, 0), in pixels.
    pub(crate) fn marker(self) -> &'static str {
        match self {
            Self::Series2 => "M-3.5-3.5h7v7h-7z",
            Self::Series3 => "M0-4.5L4.5 3.5h-9z",
            Self::Series4 => "M0-5L5 0L0 5L-5 0z",
            Self::Series5 => "M-4-1.5h2.5v-2.5h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5z",
            Self::Other => "M-4.5-3.5h9L0 4.5z",
            _ => "M-4 0a4 4 0 108 0a4 4 0 10-8 0z",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_is_found_by_its_rgb() {
        for ink in Ink::ALL {
            let rgb = ink.rgb();
            assert_eq!(Ink::of((rgb.0, rgb.1, rgb.2)), Some(ink));
        }
        assert_eq!(Ink::of((0, 0, 0)), None);
        assert_eq!(Ink::of((0x70, 0x73, 200)), None);
    }

    #[test]
    fn the_sixth_series_is_other() {
        assert_eq!(Ink::series(4), Ink::Series5);
        assert_eq!(Ink::series(5), Ink::Other);
    }
}
