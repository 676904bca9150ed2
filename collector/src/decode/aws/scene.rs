//! What is known of a line of a log beside its text, and what it turns out to be.

use std::borrow::Cow;

use super::whence::Whence;
use crate::decode::{Origin, Settings};

/// What lines are decoded with.
pub(super) type Given<'o> = (&'o Origin<'o>, &'o Settings);

/// What is known of a line beside its text, with everything that its body and door say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) time_unix_nano: Option<i64>,
    pub(super) invocation_id: Option<&'a str>,
    pub(super) whence: &'a Whence<'a>,
}

/// What a line is, for its row among the logs; what it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineKind<'a> {
    /// The kind of platform line, such as `platform.report`; `None` for a function's own line.
    pub(crate) platform_type: Option<Cow<'a, str>>,
    /// The invocation that it is about.
    pub(crate) invocation_id: Option<Cow<'a, str>>,
    /// The line's own time.
    pub(crate) time_unix_nano: Option<i64>,
    /// The severity, 1 to 24.
    pub(crate) severity_number: Option<i64>,
    /// The severity as written.
    pub(crate) severity_text: Option<Cow<'a, str>>,
    /// The trace.
    pub(crate) trace_id: Option<[u8; 16]>,
    /// The kind of the error.
    pub(crate) error_type: Option<Cow<'a, str>>,
    /// The message within the line, where the line says more than that.
    pub(crate) message: Option<Cow<'a, str>>,
    /// Fields of a JSON line that have no column, as JSON.
    pub(crate) attributes_json: Option<String>,
}
