//! This process's own counters, as Prometheus reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pennyspan_schema::Counter;

/// Returns the page of `/metrics`: counters by name and labels, each name with its type once.
pub fn page(counters: &[Counter]) -> String {
    let mut by_name: BTreeMap<&str, Vec<&Counter>> = BTreeMap::new();
    for counter in counters {
        by_name.entry(counter.name).or_default().push(counter);
    }
    let mut page = String::new();
    for (name, mut counters) in by_name {
        counters.sort();
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        // Writing into a String cannot fail.
        let _ = writeln!(page, "# TYPE pennyspan_{name} {kind}");
        for counter in counters {
            let labels = counter
                .labels
                .iter()
                .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)));
            let labels = labels.collect::<Vec<_>>().join(",");
            let braces = if labels.is_empty() {
                String::new()
            } else {
                format!("{{{labels}}}")
            };
            let _ = writeln!(page, "pennyspan_{name}{braces} {}", counter.value);
        }
    }
    page
}

/// Returns how many rows were rejected, and for which reason most of them.
pub fn rejected(counters: &[Counter]) -> Option<(i64, String)> {
    let rejected = || {
        counters
            .iter()
            .filter(|counter| counter.name.contains("rejected") && counter.value > 0)
    };
    let worst = rejected().max_by_key(|counter| counter.value)?;
    let total: u64 = rejected().map(|counter| counter.value).sum();
    let reason = worst.labels.get("reason").cloned().unwrap_or_default();
    Some((i64::try_from(total).unwrap_or(i64::MAX), reason))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::{page, rejected};
    use pennyspan_schema::Counter;

    fn counter(name: &'static str, reason: &str, value: u64) -> Counter {
        Counter {
            name,
            labels: [("reason", reason.to_owned())].into(),
            value,
        }
    }

    #[test]
    fn names_are_declared_once_and_values_escaped() {
        let counters = [
            counter("spans_rejected_total", "b\"d", 2),
            counter("spans_rejected_total", "a", 1),
        ];
        assert_eq!(
            page(&counters),
            "# TYPE pennyspan_spans_rejected_total counter\n\
             pennyspan_spans_rejected_total{reason=\"a\"} 1\n\
             pennyspan_spans_rejected_total{reason=\"b\\\"d\"} 2\n"
        );
        assert_eq!(rejected(&counters), Some((3, "b\"d".to_owned())));
        assert_eq!(rejected(&[]), None);
    }
}
