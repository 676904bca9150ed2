//! The parts of a log entry.

use std::borrow::Cow;

use super::PROVIDER;
use crate::decode::fault::Fault;
use crate::decode::object::Object;
use crate::decode::sender::Sender;
use crate::decode::{Reason, ids, number};

/// The log of requests to a Cloud Run revision.
const REQUESTS: &str = "run.googleapis.com/requests";
/// How the logs begin in which the platform itself speaks, and a function of the first generation as well.
const PLATFORM_LOGS: &[&str] = &[SYSTEM, "cloudfunctions.googleapis.com/"];
/// The log in which Cloud Run alone speaks.
const SYSTEM: &str = "run.googleapis.com/varlog/system";
/// What runs functions.
const RESOURCES: &[&str] = &["cloud_run_revision", "cloud_function", "cloud_run_job"];

/// One log entry.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) insert_id: Option<Cow<'a, str>>,
    /// The log's name without its project, such as `run.googleapis.com/requests`.
    pub(super) log: String,
    resource_type: Cow<'a, str>,
    resource: Object<'a>,
    pub(super) labels: Object<'a>,
    pub(super) time_unix_nano: Option<i64>,
    pub(super) severity: Option<Cow<'a, str>>,
    pub(super) trace_id: Option<[u8; 16]>,
    pub(super) span_id: Option<[u8; 8]>,
    pub(super) sampled: Option<bool>,
    pub(super) http: Option<Object<'a>>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) json: Option<Object<'a>>,
    /// What is read nowhere else.
    pub(super) rest: Object<'a>,
}

impl<'a> Entry<'a> {
    /// Takes an entry apart.
    ///
    /// # Errors
    /// The fault says that the object is no log entry.
    pub(super) fn read(mut object: Object<'a>) -> Result<Self, Fault> {
        let log_name = object.word("logName");
        let mut resource = object.first_object(&["resource"]).unwrap_or_default();
        if log_name.is_none() && object.get("insertId").is_none() && resource.get("type").is_none() {
            let remedy =
                "a log entry has `logName`, `insertId` and `resource`; send entries as Cloud Logging writes them";
            return Err(Fault::of("logName", Reason::MissingField, remedy));
        }
        let time = object
            .word("timestamp")
            .or_else(|| object.get("receiveTimestamp").and_then(text_of));
        let trace = object.word("trace");
        Ok(Self {
            log: log_name.as_deref().map(log_of).unwrap_or_default(),
            insert_id: object.word("insertId"),
            resource_type: resource.word("type").unwrap_or_default(),
            resource: resource.first_object(&["labels"]).unwrap_or_default(),
            labels: object.first_object(&["labels"]).unwrap_or_default(),
            time_unix_nano: time.as_deref().and_then(number::unix_nano),
            severity: object.word("severity"),
            trace_id: trace.and_then(|trace| ids::trace_id(trace.rsplit('/').next()?)),
            span_id: object.word("spanId").and_then(|id| ids::span_id(&id)),
            sampled: object.flag("traceSampled").ok().flatten(),
            http: object.first_object(&["httpRequest"]),
            text: object.word("textPayload"),
            json: object.first_object(&["jsonPayload"]),
            rest: object,
        })
    }

    /// Returns the request of an entry that is a request to a Cloud Run revision, which makes it an invocation.
    pub(super) fn request_log(&self) -> Option<Object<'a>> {
        let of_request = self.log == REQUESTS && self.is_revision();
        self.http.clone().filter(|_| of_request)
    }

    fn is_revision(&self) -> bool {
        self.resource_type == "cloud_run_revision"
    }

    /// Returns whether it is of a function of the first generation.
    pub(super) fn is_first_generation(&self) -> bool {
        self.resource_type == "cloud_function"
    }

    /// Returns whether the platform itself may have written it.
    pub(super) fn of_platform(&self) -> bool {
        PLATFORM_LOGS.iter().any(|start| self.log.starts_with(start))
    }

    /// Returns whether it is neither a function's own line nor of a kind that is read: of a resource that runs no functions, or what
    /// only the platform writes.
    pub(super) fn is_unknown(&self) -> bool {
        !RESOURCES.contains(&&*self.resource_type) || self.log.starts_with(SYSTEM)
    }

    /// Returns the execution that the platform, or the functions framework, labels the entry with.
    pub(super) fn execution_id(&self) -> Option<Cow<'a, str>> {
        self.labels.clone().word("execution_id")
    }

    /// Returns the id of the invocation that the entry belongs to, and whether it is surely that of the platform's own records.
    ///
    /// A request of Cloud Run is told by the trace and span that the platform gave it. An application's line may name a span of
    /// its own instead, unless the functions framework wrote it, which labels it with the execution.
    pub(super) fn invocation(&self) -> (Option<String>, bool) {
        let execution = self.execution_id().map(Cow::into_owned);
        match (self.trace_id, self.span_id) {
            _ if self.is_first_generation() => (execution, true),
            (Some(trace), Some(span)) if self.is_revision() && (execution.is_some() || self.of_platform()) => {
                (Some(request_id(trace, span)), true)
            }
            _ => (execution, false),
        }
    }

    /// Returns whose entry it is.
    pub(super) fn sender(&self) -> Sender<'a> {
        let mut resource = self.resource.clone();
        let mut labels = self.labels.clone();
        let managed = labels.word("goog-managed-by");
        let (function, platform, model) = match &*self.resource_type {
            "cloud_run_revision" if managed.as_deref() == Some("cloudfunctions") => (
                resource.word("service_name"),
                Some("gcp_cloud_functions"),
                Some("container_function"),
            ),
            "cloud_run_revision" => (
                resource.word("service_name"),
                Some("gcp_cloud_run"),
                Some("container_function"),
            ),
            "cloud_function" => (
                resource.word("function_name"),
                Some("gcp_cloud_functions"),
                Some("event_function"),
            ),
            "cloud_run_job" => (
                resource.word("job_name"),
                Some("gcp_cloud_run"),
                Some("container_function"),
            ),
            _ => (None, None, None),
        };
        Sender {
            provider: PROVIDER,
            platform,
            execution_model: model,
            account: resource.word("project_id"),
            region: resource.first_word(&["location", "region"]),
            function,
            version: resource.word("revision_name"),
            instance_id: labels.first_word(&["instanceId", "instance_id"]),
            ..Sender::default()
        }
    }
}

/// Returns the id of a request of Cloud Run: its trace and span.
pub(super) fn request_id(trace: [u8; 16], span: [u8; 8]) -> String {
    format!("{}:{}", hex::encode(trace), hex::encode(span))
}

fn text_of(value: &serde_json::value::RawValue) -> Option<Cow<'_, str>> {
    crate::decode::object::text(value.get())
}

/// Returns a log's own name: `projects/p/logs/run.googleapis.com%2Frequests` is `run.googleapis.com/requests`.
fn log_of(log_name: &str) -> String {
    let own = log_name.split_once("/logs/").map_or(log_name, |(_, own)| own);
    own.replace("%2F", "/").replace("%2f", "/")
}
