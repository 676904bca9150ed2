//! A whole, cut into parts that add up exactly.

use std::fmt::Write;

use super::canvas::{ACROSS, share};
use crate::format::percent;
use crate::text::label;

/// How a part looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// What the sentence is about: red.
    Harm,
    /// Waiting: hatched.
    Waiting,
    /// Starting: hatched in blue.
    Starting,
    /// Useful, pale.
    Pale,
    /// One of the series' colours, counted from 0; from the sixth on "other".
    Series(usize),
}

impl PartKind {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Harm => "ar cx",
            Self::Waiting => "nd",
            Self::Starting => "sp-init",
            Self::Pale => "ar soft c1",
            Self::Series(0) => "ar c1",
            Self::Series(1) => "ar c2",
            Self::Series(2) => "ar c3",
            Self::Series(3) => "ar c4",
            Self::Series(4) => "ar c5",
            Self::Series(_) => "ar co",
        }
    }
}

/// One part of a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// How much of it, in the whole's unit.
    pub value: i128,
    /// The value as the table writes it.
    pub shown: String,
    /// How it looks.
    pub kind: PartKind,
}

impl Part {
    /// Returns the markup of the part's swatch.
    #[must_use]
    pub fn swatch(&self) -> String {
        format!(
            "<svg class=\"i\" aria-hidden=\"true\" viewBox=\"0 0 12 12\"><rect class=\"{}\" width=\"12\" height=\"12\"/></svg>",
            self.kind.class()
        )
    }
}

/// A whole and its parts, in the order in which they are drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What is seen.
    pub sentence: String,
    /// The parts.
    pub parts: Vec<Part>,
}

impl Split {
    /// Draws the bar. Parts without extent are left to the table; a whole of nothing is no data.
    #[must_use]
    pub fn svg(&self) -> String {
        let cuts = self.cuts();
        let sentence = label(&self.sentence);
        let mut markup =
            format!("<svg class=\"split\" width=\"100%\" height=\"28\" role=\"img\" aria-label=\"{sentence}\">");
        if cuts.last().is_none_or(|end| *end == 0) {
            markup.push_str("<rect class=\"nd\" width=\"100%\" height=\"28\"><title>no data</title></rect></svg>");
            return markup;
        }
        let mut left = 0;
        for (index, (part, right)) in self.parts.iter().zip(&cuts).enumerate() {
            if *right > left {
                let _ = write!(
                    markup,
                    "<rect class=\"{}\" x=\"{}\" width=\"{}\" height=\"28\"><title>{}: {}, {}</title></rect>",
                    part.kind.class(),
                    share(left),
                    share(right - left),
                    label(&part.name),
                    label(&part.shown),
                    label(&self.share(index))
                );
            }
            left = *right;
        }
        markup.push_str("</svg>");
        markup
    }

    /// Returns the share of a part in words.
    #[must_use]
    pub fn share(&self, index: usize) -> String {
        let total: i128 = self.total();
        let value = self.parts.get(index).map_or(0, |part| part.value.max(0));
        // Percent takes 64-bit integers: both sides lose the same low bits.
        let shift = (128 - total.leading_zeros()).saturating_sub(62);
        percent(
            i64::try_from(value >> shift).unwrap_or(0),
            i64::try_from(total >> shift).unwrap_or(0),
        )
        .text()
    }

    fn total(&self) -> i128 {
        self.parts
            .iter()
            .fold(0, |sum, part| sum.saturating_add(part.value.max(0)))
    }

    /// Returns where each part ends; the last ends at the right edge, so that the parts add up.
    fn cuts(&self) -> Vec<i32> {
        let total = self.total();
        if total == 0 {
            return vec![0; self.parts.len()];
        }
        let mut sum: i128 = 0;
        self.parts
            .iter()
            .map(|part| {
                sum = sum.saturating_add(part.value.max(0));
                let units = match sum.checked_mul(i128::from(ACROSS)) {
                    Some(product) => product / total,
                    None => sum / (total / i128::from(ACROSS)).max(1),
                };
                i32::try_from(units).unwrap_or(ACROSS).min(ACROSS)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(values: &[i128]) -> Split {
        let part = |value: &i128| Part {
            name: "a".into(),
            value: *value,
            shown: value.to_string(),
            kind: PartKind::Harm,
        };
        Split {
            sentence: "s".into(),
            parts: values.iter().map(part).collect(),
        }
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        assert_eq!(split(&[1, 1, 1]).cuts(), [3_333, 6_666, 10_000]);
        assert_eq!(split(&[i128::MAX, 1]).cuts().last(), Some(&10_000));
        assert_eq!(split(&[7_500, 2_500]).share(0), "75.0\u{a0}%");
    }

    #[test]
    fn a_whole_of_nothing_is_no_data() {
        assert!(split(&[0, 0]).svg().contains("no data"));
        assert!(split(&[]).svg().contains("no data"));
        assert_eq!(split(&[0]).share(0), "no data");
    }
}
