//! Times and lengths of the command line.

use chrono::{DateTime, NaiveDate};
use pennyspan_analyzer::session::Span;
use pennyspan_schema::Window;

use crate::failure::Failure;

/// Reads `--since` and `--until`.
///
/// # Errors
/// [`Failure`] says what a time or a length looks like.
pub fn span(since: Option<&str>, until: Option<&str>) -> Result<Span, Failure> {
    let until_unix_nano = until.map(|text| instant("--until", text)).transpose()?;
    let Some(since) = since else {
        return Ok(until_unix_nano.map_or(Span::Whole, |until_unix_nano| Span::Until { until_unix_nano }));
    };
    if let Some(length_nanos) = length_nanos(since) {
        return Ok(Span::Last {
            length_nanos,
            until_unix_nano,
        });
    }
    let start_unix_nano = instant("--since", since)?;
    let end_unix_nano = until_unix_nano.unwrap_or(i64::MAX);
    if start_unix_nano >= end_unix_nano {
        return Err(Failure::usage(format!(
            "--since {since} does not lie before --until {}",
            until.unwrap_or_default()
        )));
    }
    Ok(Span::Window(Window {
        start_unix_nano,
        end_unix_nano,
    }))
}

/// Reads a length such as `90s`, `15m`, `24h`, `7d` or `2w`.
pub fn length_nanos(text: &str) -> Option<i64> {
    let unit_s = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let count: i64 = text[..text.len() - 1].parse().ok().filter(|count| *count > 0)?;
    count.checked_mul(unit_s)?.checked_mul(1_000_000_000)
}

/// Prints a length in its largest unit; less than a second is one.
#[must_use]
pub fn length(nanos: i64) -> String {
    let seconds = (nanos / 1_000_000_000).max(1);
    let (count, unit) = match seconds {
        ..120 => (seconds, "s"),
        120..7_200 => (seconds / 60, "min"),
        7_200..172_800 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit}")
}

fn instant(flag: &str, text: &str) -> Result<i64, Failure> {
    let day = |text: &str| Some(text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?.and_utc());
    let parsed = DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
        .or_else(|| day(text));
    parsed.and_then(|time| time.timestamp_nanos_opt()).ok_or_else(|| {
        Failure::usage(format!(
            "{flag} {text} is no time such as 2026-10-08T07:00:00Z or 2026-10-08, and no length such as 7d"
        ))
    })
}

#[cfg(test)]
mod tests {
    use pennyspan_analyzer::session::Span;
    use pennyspan_schema::Window;

    use super::{length, span};

    const HOUR_NANOS: i64 = 3_600_000_000_000;

    #[test]
    fn lengths_and_times_make_spans() {
        assert_eq!(span(None, None).unwrap(), Span::Whole);
        let last = Span::Last {
            length_nanos: 168 * HOUR_NANOS,
            until_unix_nano: None,
        };
        assert_eq!(span(Some("7d"), None).unwrap(), last);
        let window = Window {
            start_unix_nano: 0,
            end_unix_nano: HOUR_NANOS,
        };
        assert_eq!(
            span(Some("1970-01-01"), Some("1970-01-01T02:00:00+01:00")).unwrap(),
            Span::Window(window)
        );
        assert_eq!(
            span(None, Some("1970-01-01")).unwrap(),
            Span::Until { until_unix_nano: 0 }
        );
    }

    #[test]
    fn lengths_are_printed_in_their_largest_unit() {
        let cases = [
            (0, "1 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_200, "2 h"),
            (200_000, "2 days"),
        ];
        for (seconds, text) in cases {
            assert_eq!(length(seconds * 1_000_000_000), text);
        }
        assert_eq!(length(-5), "1 s");
    }

    #[test]
    fn what_is_no_time_is_refused_in_words() {
        for bad in ["yesterday", "7", "d", "-3d", "0h", "é", "2026-13-01", "99999999999w"] {
            let error = span(Some(bad), None).unwrap_err().to_string();
            assert!(error.starts_with(&format!("--since {bad} is no time")), "{error}");
        }
        assert!(span(Some("2026-01-02"), Some("2026-01-01")).is_err());
    }
}
