//! Levels as words.

/// Returns OTLP's severity number of a level's word, as loggers of any language write it.
///
/// Source: OpenTelemetry logs data model, "Mapping of `SeverityNumber`", the levels of Lambda's runtimes, `LogSeverity` of Google
/// Cloud Logging, and the levels of .NET and of the JavaScript console.
pub(crate) fn number(level: &str) -> Option<i64> {
    let number = match level.to_ascii_uppercase().as_str() {
        "TRACE" | "ALL" | "VERBOSE" => 1,
        "DEBUG" => 5,
        "INFO" | "INFORMATION" | "INFORMATIONAL" | "LOG" => 9,
        "NOTICE" => 10,
        "WARN" | "WARNING" => 13,
        "ERROR" | "ERR" => 17,
        "ALERT" => 19,
        "FATAL" | "CRITICAL" | "PANIC" | "EMERGENCY" => 21,
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
