//! The report as comma-separated values (RFC 4180): line items, functions or findings, each as a table of its own.

use crate::report::Sheet;
use crate::report::escape::terminal;

/// One cell.
pub(crate) enum Cell<'a> {
    /// A text, which may come from anybody.
    Text(&'a str),
    /// A text that may be unknown.
    Known(Option<&'a String>),
    /// A number that we print.
    Number(String),
    /// Nothing.
    Null,
}

/// A table that grows by rows.
pub(crate) struct Rows {
    text: String,
}

impl Rows {
    /// Begins a table.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let text = columns.join(",") + "\r\n";
        Self { text }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, cells: &[Cell<'_>]) {
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            match cell {
                Cell::Text(text) => self.text.push_str(&field(text)),
                Cell::Known(Some(text)) => self.text.push_str(&field(text)),
                Cell::Number(number) => self.text.push_str(number),
                Cell::Known(None) | Cell::Null => {}
            }
        }
        self.text.push_str("\r\n");
    }

    /// Returns the table.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// Returns a text as one field: a spreadsheet shows it and computes nothing.
fn field(text: &str) -> String {
    let text = terminal(text);
    let computes = |c: char| {
        matches!(
            c,
            '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '|' | '%' | '\u{fffd}'
        )
    };
    let guard = if text.trim_start().starts_with(computes) {
        "'"
    } else {
        ""
    };
    if guard.is_empty() && !text.contains(['"', ',']) {
        return text.into_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// Prints what each function's line items cost; they add up to the total.
#[must_use]
pub fn line_items(sheet: &Sheet) -> String {
    let columns = "provider,account,region,function,item,quantity,unit,price_usd,cost_usd,window_start,window_end";
    let mut rows = Rows::new(&[columns]);
    let window = &sheet.report.window;
    for item in &sheet.report.cost.line_items {
        rows.push(&[
            Cell::Text(&item.provider),
            Cell::Known(item.account.as_ref()),
            Cell::Known(item.region.as_ref()),
            Cell::Known(item.function.as_ref()),
            Cell::Text(&item.item),
            Cell::Number(item.quantity.clone()),
            Cell::Text(&item.unit),
            Cell::Number(item.price_usd.clone()),
            Cell::Number(item.cost_usd.clone()),
            Cell::Text(&window.start),
            Cell::Text(&window.end),
        ]);
    }
    rows.finish()
}

/// Prints one row per function.
#[must_use]
pub fn functions(sheet: &Sheet) -> String {
    let mut rows = Rows::new(&[
        "provider,account,region,function,invocations,cold_starts,cold_start_rate,errors,timeouts,out_of_memory,throttles",
        "duration_p50_ms,duration_p95_ms,duration_p99_ms,duration_max_ms,init_duration_p95_ms,billed_duration_ms,billed_gb_s",
        "memory_size_mib,max_memory_used_mib,cost_usd,waste_usd,not_priced",
    ]);
    let integer = |number: i64| Cell::Number(number.to_string());
    let number = |number: Option<f64>| number.map_or(Cell::Null, |number| Cell::Number(number.to_string()));
    let mib = |mib: Option<i64>| mib.map_or(Cell::Null, |mib| Cell::Number(mib.to_string()));
    for row in &sheet.report.functions {
        rows.push(&[
            Cell::Text(&row.provider),
            Cell::Known(row.account.as_ref()),
            Cell::Known(row.region.as_ref()),
            Cell::Known(row.function.as_ref()),
            integer(row.invocations),
            integer(row.cold_starts),
            number(row.cold_start_rate),
            integer(row.errors),
            integer(row.timeouts),
            integer(row.out_of_memory),
            integer(row.throttles),
            number(row.duration_ms.p50),
            number(row.duration_ms.p95),
            number(row.duration_ms.p99),
            number(row.duration_ms.max),
            number(row.init_duration_ms.p95),
            integer(row.billed_duration_ms),
            Cell::Number(row.billed_gb_s.clone()),
            mib(row.memory_size_mib),
            mib(row.max_memory_used_mib),
            Cell::Number(row.cost_usd.clone()),
            Cell::Number(row.waste_usd.clone()),
            integer(row.not_priced),
        ]);
    }
    rows.finish()
}

/// Prints one row per finding.
#[must_use]
pub fn findings(sheet: &Sheet) -> String {
    let mut rows = Rows::new(&[
        "severity,rule,provider,account,region,function,sub_resource,message,confidence,n,impact_low_usd,impact_high_usd",
        "baseline,suppressed,fingerprint,path,line",
    ]);
    for finding in &sheet.report.findings {
        let usd = |end: usize| match &finding.impact.usd {
            Some(ends) => Cell::Number(ends[end].clone()),
            None => Cell::Null,
        };
        let confidence = format!("{:?}", finding.confidence).to_lowercase();
        let place = finding.place.as_ref();
        rows.push(&[
            Cell::Text(finding.severity.as_str()),
            Cell::Text(&finding.rule),
            Cell::Known(finding.provider.as_ref()),
            Cell::Known(finding.account.as_ref()),
            Cell::Known(finding.region.as_ref()),
            Cell::Known(finding.function.as_ref()),
            Cell::Known(finding.sub_resource.as_ref()),
            Cell::Text(&finding.message),
            Cell::Text(&confidence),
            Cell::Number(finding.n.to_string()),
            usd(0),
            usd(1),
            Cell::Known(finding.baseline.as_ref()),
            Cell::Known(finding.suppressed.as_ref()),
            Cell::Text(&finding.fingerprint),
            Cell::Known(place.map(|place| &place.path)),
            place.map_or(Cell::Null, |place| Cell::Number(place.line.to_string())),
        ]);
    }
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_computes_nothing() {
        for formula in ["=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1", " =1", "＝1"] {
            assert!(field(formula).starts_with("\"'"), "{}", field(formula));
        }
        assert_eq!(field("a-b"), "a-b");
        assert_eq!(field("a,\"b\"\n"), "\"a,\"\"b\"\"\u{fffd}\"");
    }
}
