//! Levels as words.

/// Returns OTLP's severity number of a level's word, as loggers of any language write it.
///
/// Source: OpenTelemetry logs data model, "Mapping of `SeverityNumber`", and the levels of Lambda's runtimes.
pub(super) fn number(level: &str) -> Option<i64> {
    let number = match level.to_ascii_uppercase().as_str() {
        "TRACE" | "ALL" => 1,
        "DEBUG" => 5,
        "INFO" | "INFORMATION" | "LOG" => 9,
        "WARN" | "WARNING" => 13,
        "ERROR" | "ERR" => 17,
        "FATAL" | "CRITICAL" | "PANIC" => 21,
        _ => return None,
    };
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn levels_have_numbers() {
        assert_eq!(
            (number("info"), number("WARNING"), number("Critical"), number("loud")),
            (Some(9), Some(13), Some(21), None)
        );
    }
}
