//! Why a segment failed: the exception that its `cause` names first.

use std::borrow::Cow;

use pennyspan_schema::Outcome;
use serde_json::value::RawValue;

use crate::decode::object::Object;

/// The most frames of a stack that are read.
const FRAMES: usize = 50;

/// The first exception of a cause. A cause that is only the id of another segment's exception says nothing here.
#[derive(Debug, Default)]
pub(super) struct Cause<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) message: Option<Cow<'a, str>>,
    /// The frames, one per line.
    pub(super) stack: Option<String>,
}

impl<'a> Cause<'a> {
    /// Reads `{"exceptions":[{"type","message","stack":[{"path","line","label"}]}]}`.
    pub(super) fn read(cause: Option<&'a RawValue>) -> Self {
        let read = || -> Option<Self> {
            let mut cause: Object<'_> = serde_json::from_str(cause?.get()).ok()?;
            let mut first = cause.objects("exceptions").ok().flatten()?.into_iter().next()?;
            Some(Self {
                kind: first.text("type").ok().flatten(),
                message: first.text("message").ok().flatten(),
                stack: first.objects("stack").ok().flatten().map(stack),
            })
        };
        read().unwrap_or_default()
    }

    /// Returns how a function ended that failed: the platform names its own reasons in type or message.
    pub(super) fn outcome(&self) -> Outcome {
        let says = |words: &[&str]| {
            let texts = [self.kind.as_deref(), self.message.as_deref()];
            texts
                .into_iter()
                .flatten()
                .any(|text| words.iter().any(|word| text.contains(word)))
        };
        if says(&["Sandbox.Timedout", "Task timed out", "TimeoutError: Task"]) {
            Outcome::Timeout
        } else if says(&["Runtime.OutOfMemory"]) {
            Outcome::OutOfMemory
        } else if says(&[
            "Runtime.ExitError",
            "Runtime exited",
            "signal: killed",
            "Process exited before",
        ]) {
            Outcome::Crash
        } else {
            Outcome::Error
        }
    }
}

fn stack(frames: Vec<Object<'_>>) -> String {
    let frame = |mut frame: Object<'_>| {
        let label = frame.text("label").ok().flatten().unwrap_or_default().into_owned();
        let path = frame.text("path").ok().flatten().unwrap_or_default().into_owned();
        let line = frame.count("line").ok().flatten().unwrap_or_default();
        format!("at {label} ({path}:{line})")
    };
    frames
        .into_iter()
        .take(FRAMES)
        .map(frame)
        .collect::<Vec<_>>()
        .join("\n")
}
