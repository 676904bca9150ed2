//! Exceptions and log lines of a worker.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::instant::instant;
use crate::decode::exception::Exception;
use crate::decode::fault::Fault;
use crate::decode::items::Items;
use crate::decode::object::{Object, compact, text};

/// One exception or log line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) time_unix_nano: Option<i64>,
    pub(super) severity: Option<Cow<'a, str>>,
    pub(super) body: Cow<'a, str>,
    /// The exception's type; a log line has none.
    kind: Option<Cow<'a, str>>,
    stack: Option<Cow<'a, str>>,
}

/// Returns the lines of a list; a list that Logpush cut off is kept as the text that is left.
///
/// # Errors
/// The fault says that there are more.
pub(super) fn of<'a>(list: Option<&'a RawValue>, items: &Items<'_>) -> Result<Vec<Line<'a>>, Fault> {
    let Some(list) = list.filter(|list| list.get() != "null") else {
        return Ok(Vec::new());
    };
    let mut holder = Object::of(vec![(Cow::Borrowed("lines"), list)]);
    match holder.values_up_to("lines", items.left()) {
        Some((_, 1..)) => Err(items.too_many()),
        Some((values, 0)) => Ok(values.into_iter().map(|value| Line::read(value, items)).collect()),
        None => Ok(vec![Line {
            time_unix_nano: None,
            severity: None,
            body: text(list.get()).unwrap_or(Cow::Borrowed(list.get())),
            kind: None,
            stack: None,
        }]),
    }
}

impl<'a> Line<'a> {
    /// Reads `{Level, Message[], TimestampMs}` of a log line or `{Name, Message, TimestampMs, Stack}` of an exception.
    fn read(value: &'a RawValue, items: &Items<'_>) -> Self {
        let Ok(mut object) = Object::parse(value.get()) else {
            return Self {
                time_unix_nano: None,
                severity: None,
                body: text(value.get()).unwrap_or(Cow::Borrowed(value.get())),
                kind: None,
                stack: None,
            };
        };
        let time = object.first_word(&["TimestampMs", "Timestamp", "timestamp"]);
        let level = object.first_word(&["Level", "level"]);
        let kind = object.first_word(&["Name", "name"]);
        let message = object.get("Message").or(object.get("message"));
        Self {
            time_unix_nano: time.as_deref().and_then(instant),
            severity: level.or_else(|| kind.as_ref().map(|_| Cow::Borrowed("error"))),
            body: message.map(|message| words(message, items)).unwrap_or_default(),
            stack: object.first_word(&["Stack", "stack"]),
            kind,
        }
    }

    /// Returns the exception that the line is, if it is one.
    pub(super) fn exception(&self) -> Option<Exception<'_>> {
        Some(Exception {
            kind: Some(self.kind.as_deref()?),
            message: Some(&*self.body).filter(|message| !message.is_empty()),
            stack: self.stack.as_deref(),
        })
    }
}

/// Returns what was logged: the arguments of one call, texts as they are and other values as JSON, with spaces between.
fn words<'a>(message: &'a RawValue, items: &Items<'_>) -> Cow<'a, str> {
    let mut holder = Object::of(vec![(Cow::Borrowed("message"), message)]);
    let Some((arguments, _)) = holder.values_up_to("message", items.left()) else {
        return word(message, items);
    };
    if let [only] = arguments.as_slice() {
        return word(only, items);
    }
    let words: Vec<Cow<'_, str>> = arguments.into_iter().map(|argument| word(argument, items)).collect();
    Cow::Owned(words.join(" "))
}

fn word<'a>(value: &'a RawValue, items: &Items<'_>) -> Cow<'a, str> {
    text(value.get())
        .or_else(|| compact(value.get(), items.settings.depth).map(Cow::Owned))
        .unwrap_or(Cow::Borrowed(value.get()))
}
