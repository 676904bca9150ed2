//! Exceptions as runtimes print them into a log line: type, message and frames.

/// What a printed exception says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exception<'a> {
    pub(crate) kind: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    /// The whole text, frames included.
    pub(crate) stack: Option<&'a str>,
}

impl<'a> Exception<'a> {
    /// Reads a text that is a printed exception with its frames; `None` for any other text.
    ///
    /// JavaScript, Java and .NET print `Type: message` and then frames that begin with `at`; Python prints a traceback, whose last
    /// line is `Type: message`; Go prints `panic: message` before its goroutines.
    pub(crate) fn printed(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let head = if text.starts_with("Traceback (most recent call last)") {
            text.lines()
                .rfind(|line| !line.starts_with(' ') && !line.trim().is_empty())?
        } else if let Some(message) = text.strip_prefix("panic: ") {
            let message = message.lines().next()?;
            return text.contains("goroutine ").then_some(Self {
                kind: Some("panic"),
                message: Some(message),
                stack: Some(text),
            });
        } else {
            let mut lines = text.lines();
            let head = lines.next()?;
            lines.find(|line| line.trim_start().starts_with("at "))?;
            head
        };
        let (kind, message) = head
            .split_once(": ")
            .map_or((head, None), |(kind, message)| (kind, Some(message.trim())));
        let kind = kind.strip_prefix("Uncaught ").unwrap_or(kind).trim();
        is_type(kind).then_some(Self {
            kind: Some(kind),
            message,
            stack: Some(text),
        })
    }
}

/// Returns whether a text may be the name of an exception's type: one word with dots, colons or dollar signs in it.
fn is_type(text: &str) -> bool {
    const LONGEST: usize = 200;
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$' | ':' | '`' | '+');
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::Exception;

    #[test]
    fn printed_exceptions_are_read_in_any_language() {
        let cases = [
            (
                "TypeError: x is not a function\n    at pay (/app/a.js:1:2)",
                "TypeError",
                Some("x is not a function"),
            ),
            (
                "Uncaught RangeError: too deep\n  at f (worker.js:3:1)",
                "RangeError",
                Some("too deep"),
            ),
            (
                "java.lang.IllegalStateException: no\n\tat shop.Pay.run(Pay.java:7)",
                "java.lang.IllegalStateException",
                Some("no"),
            ),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: bad total\n",
                "ValueError",
                Some("bad total"),
            ),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyboardInterrupt",
                "KeyboardInterrupt",
                None,
            ),
            (
                "panic: nil map\n\ngoroutine 1 [running]:\nmain.main()",
                "panic",
                Some("nil map"),
            ),
        ];
        for (text, kind, message) in cases {
            let exception = Exception::printed(text).unwrap();
            assert_eq!((exception.kind, exception.message), (Some(kind), message), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_exceptions() {
        for text in [
            "",
            "Error: no frames",
            "order 7 failed: retry\nat noon",
            "panic: calm",
            "a b c: d\n   at x",
        ] {
            assert_eq!(Exception::printed(text), None, "{text}");
        }
    }
}
