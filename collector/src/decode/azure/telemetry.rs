//! What kind of telemetry a record is, and the columns that its kinds share.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::decode::items::Items;
use crate::decode::number;
use crate::decode::object::{Object, text};
use crate::decode::{Settings, ids};

/// What a record tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A line of the host or of a function.
    HostLog,
    /// The same, as Application Insights keeps it.
    Trace,
    Request,
    Dependency,
    Exception,
    /// A data point of a platform metric, by the metric's name.
    Metric(Cow<'a, str>),
    /// Something else, by its name.
    Other(Option<Cow<'a, str>>),
}

impl<'a> Kind<'a> {
    /// Tells the kind, by the table's name, or by its columns where a query left that out.
    pub(super) fn of(object: &mut Object<'a>) -> Self {
        let named = ["Type", "itemType", "category", "Category"]
            .into_iter()
            .find_map(|key| text(object.get(key)?.get()));
        if let Some(kind) = named.as_deref().and_then(Self::of_name) {
            for key in ["Type", "itemType", "category"] {
                object.take(key);
            }
            return kind;
        }
        if let Some(metric) = object.word("metricName") {
            return Self::Metric(metric);
        }
        let any = |keys: &[&str]| keys.iter().any(|key| object.has(key));
        if any(&["FunctionInvocationId"]) {
            Self::HostLog
        } else if any(&["DependencyType", "target", "Target"]) {
            Self::Dependency
        } else if any(&["resultCode", "ResultCode"]) && any(&["duration", "DurationMs"]) {
            Self::Request
        } else if any(&["outerMessage", "OuterMessage", "problemId", "ProblemId"]) {
            Self::Exception
        } else if any(&["message", "Message"]) && any(&["severityLevel", "SeverityLevel"]) {
            Self::Trace
        } else {
            Self::Other(named)
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "FunctionAppLogs" => Self::HostLog,
            "AppTraces" | "traces" | "trace" => Self::Trace,
            "AppRequests" | "requests" | "request" => Self::Request,
            "AppDependencies" | "dependencies" | "dependency" => Self::Dependency,
            "AppExceptions" | "exceptions" | "exception" => Self::Exception,
            _ => return None,
        })
    }
}

/// The columns of a span: a request or a call.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) trace_id: Option<[u8; 16]>,
    pub(super) span_id: Option<[u8; 8]>,
    pub(super) parent_span_id: Option<[u8; 8]>,
    pub(super) root_name: Option<Cow<'a, str>>,
    pub(super) success: Option<bool>,
    pub(super) result_code: Option<Cow<'a, str>>,
    pub(super) duration_us: Option<i64>,
    duration_text: Option<Cow<'a, str>>,
    pub(super) sample_weight_milli: i64,
}

impl<'a> Operation<'a> {
    pub(super) fn take(object: &mut Object<'a>) -> Self {
        let trace = object.first_word(&["OperationId", "operation_Id"]);
        let parent = object.first_word(&["ParentId", "operation_ParentId"]);
        let duration = object.first_word(&["DurationMs", "duration"]);
        // A root names its operation as its parent.
        let parent = parent.filter(|parent| Some(parent) != trace.as_ref());
        Self {
            name: object.first_word(&["Name", "name"]).unwrap_or_default(),
            trace_id: trace.as_deref().map(trace_of),
            span_id: object.first_word(&["Id", "id"]).as_deref().map(span_of),
            parent_span_id: parent.as_deref().map(span_of),
            root_name: object.first_word(&["OperationName", "operation_Name"]),
            success: truth(object, &["Success", "success"]),
            result_code: object.first_word(&["ResultCode", "resultCode"]),
            duration_us: duration.as_deref().and_then(number::duration_us),
            duration_text: duration,
            sample_weight_milli: weight_milli(object),
        }
    }

    /// Returns when it ended, to the nanosecond.
    pub(super) fn end_unix_nano(&self, start: i64) -> Option<i64> {
        let nanos = number::scaled(self.duration_text.as_deref()?, 6).filter(|nanos| *nanos >= 0)?;
        start.checked_add(nanos)
    }

    /// Returns the result code where it is an HTTP status.
    pub(super) fn http_status(&self) -> Option<i64> {
        let code = number::whole(self.result_code.as_deref()?)?;
        (100..600).contains(&code).then_some(code)
    }
}

/// Returns how many items one stands for: adaptive sampling says it in the item count.
pub(super) fn weight_milli(object: &mut Object<'_>) -> i64 {
    let count = object.first_word(&["ItemCount", "itemCount"]);
    let count = count.as_deref().and_then(number::whole).filter(|count| *count > 0);
    count.and_then(|count| count.checked_mul(1000)).unwrap_or(1000)
}

/// Returns a truth value, which classic tables write as `True`.
fn truth(object: &mut Object<'_>, keys: &[&str]) -> Option<bool> {
    keys.iter().find_map(|key| {
        let value = object.get(key)?.get().trim_matches('"').to_ascii_lowercase();
        let truth = match value.as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return None,
        };
        object.take(key);
        Some(truth)
    })
}

/// Returns a trace's id; one that is no W3C id, as older SDKs write them, is hashed.
pub(super) fn trace_of(text: &str) -> [u8; 16] {
    ids::trace_id(text).unwrap_or_else(|| hashed(text))
}

/// Returns a span's id in the same way.
pub(super) fn span_of(text: &str) -> [u8; 8] {
    ids::span_id(text).unwrap_or_else(|| hashed(text))
}

fn hashed<const N: usize>(text: &str) -> [u8; N] {
    let digest = Sha256::digest(text.as_bytes());
    let mut id = [0; N];
    for (to, from) in id.iter_mut().zip(digest.as_slice()) {
        *to = *from;
    }
    id
}

/// Returns what is left of a record and its properties as JSON.
pub(super) fn rest_json(object: &Object<'_>, properties: &Object<'_>, items: &mut Items<'_>) -> Option<String> {
    /// Columns that say nothing of the function.
    const NOISE: &[&str] = &[
        "ResourceGUID",
        "IKey",
        "_BilledSize",
        "ClientIP",
        "ClientType",
        "TenantId",
        "PerformanceBucket",
        "itemId",
        "appId",
        "iKey",
        "performanceBucket",
        "client_IP",
        "client_Type",
        "ReferencedItemId",
        "ReferencedType",
        "SourceSystem",
    ];
    let mut kept = properties.clone();
    let mut columns = object.clone();
    for key in NOISE {
        columns.take(key);
    }
    let settings: &Settings = items.settings;
    let mut rest = columns.rest(settings).ok()?;
    for (key, value) in std::mem::take(&mut kept).into_members() {
        if columns.has(&key) {
            rest.add(&format!("properties.{key}"), value.get(), settings).ok()?;
        } else if value.get() != "null" {
            rest.add(&key, value.get(), settings).ok()?;
        }
    }
    items.json_of(rest)
}
