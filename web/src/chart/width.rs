//! How wide a label is, without a font: advance widths of the common system fonts, in thousandths of the font size.

/// Size of the text in charts, in pixels.
pub(crate) const FONT_PX: i32 = 12;

/// Estimates the width of `text` at the charts' size, in tenths of a pixel.
///
/// Digits are tabular. Widths are those of Helvetica's and `DejaVu`'s regular faces, the wider of the two, so that a label
/// is rather given too much room than too little.
pub(crate) fn text_width(text: &str) -> i32 {
    let milli: i32 = text.chars().map(advance).sum();
    milli * FONT_PX / 100
}

fn advance(character: char) -> i32 {
    match character {
        '0'..='9' => 636,
        'i' | 'j' | 'l' | '\'' | '|' => 278,
        'f' | 't' | 'r' | 'I' | '(' | ')' | '[' | ']' | '/' | '-' => 400,
        ' ' | '.' | ',' | ':' | ';' | '!' | '\u{a0}' => 318,
        '\u{202f}' => 200,
        'm' | 'M' | 'w' | 'W' | '%' | '@' => 980,
        'A'..='Z' => 740,
        c if c.is_ascii() => 615,
        c if is_wide(c) => 1_000,
        _ => 680,
    }
}

fn is_wide(character: char) -> bool {
    matches!(character, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_tabular_and_wide_letters_wider() {
        assert_eq!(text_width("111"), text_width("888"));
        assert!(text_width("WW") > text_width("ll"));
        assert!(text_width("漢字") > text_width("ab"));
        assert_eq!(text_width(""), 0);
    }
}
