//! A finished chart: the drawing, what it says, and the same numbers as a table.

use askama::Template;

/// A finished chart with its caption, its keys and its table.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/figure.html")]
pub struct Figure {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) sentence: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) height_px: i32,
    pub(crate) labels: String,
    pub(crate) body: String,
    pub(crate) hits: String,
    pub(crate) zoom: Option<(i64, i64)>,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<(String, Vec<String>)>,
    pub(crate) sql: Option<String>,
    pub(crate) csv_href: Option<String>,
}

/// How one series looks, for the line above a chart that names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub(crate) name: String,
    pub(crate) swatch: String,
}

impl Key {
    pub(crate) fn line(name: &str, class: &str, marker: &str) -> Self {
        let swatch = format!(
            "<path class=\"ln {class}\" d=\"M0 6H24\"/><path class=\"mk-f {class}\" transform=\"translate(12 6)\" d=\"{marker}\"/>"
        );
        Self {
            name: name.to_owned(),
            swatch,
        }
    }

    pub(crate) fn area(name: &str, class: &str) -> Self {
        Self {
            name: name.to_owned(),
            swatch: format!("<rect class=\"{class}\" x=\"4\" width=\"16\" height=\"12\"/>"),
        }
    }
}

impl Figure {
    /// Returns the name under which the figure's numbers can be asked for.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sets the address that answers with the figure's numbers as CSV.
    #[must_use]
    pub fn with_csv(mut self, href: String) -> Self {
        self.csv_href = Some(href);
        self
    }

    /// Writes the table as CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets a quote before it.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut lines = vec![
            self.head
                .iter()
                .map(|cell| csv_cell(cell))
                .collect::<Vec<_>>()
                .join(","),
        ];
        for (head, cells) in &self.rows {
            let cells = std::iter::once(head).chain(cells).map(|cell| csv_cell(cell));
            lines.push(cells.collect::<Vec<_>>().join(","));
        }
        lines.join("\r\n") + "\r\n"
    }
}

fn csv_cell(cell: &str) -> String {
    let cell = cell.replace(['\u{a0}', '\u{202f}'], " ");
    let cell = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_and_defuses() {
        assert_eq!(csv_cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv_cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(csv_cell("1,139"), "\"1,139\"");
    }
}
