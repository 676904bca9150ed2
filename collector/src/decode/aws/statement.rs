//! What one platform record says, whichever form it came in: Telemetry API event, text line or JSON log line.

use std::borrow::Cow;

/// Lists the kinds of platform records once: the type in the Telemetry API, and the kind of the fact.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $type:literal, $fact:literal;)+) => {
        /// What a platform record is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { $($(#[$doc])* $kind,)+ }

        impl Kind {
            /// Returns the kind of a type of the Telemetry API.
            pub(super) fn from_type(name: &str) -> Option<Self> {
                match name {
                    $($type => Some(Self::$kind),)+
                    "platform.logsSubscription" => Some(Self::Subscription),
                    _ => None,
                }
            }

            /// Returns the type by the name that the Telemetry API gives it.
            pub(super) fn type_name(self) -> &'static str {
                match self { $(Self::$kind => $type),+ }
            }

            /// Returns the kind of fact that it becomes.
            pub(super) fn fact_kind(self) -> &'static str {
                match self { $(Self::$kind => $fact),+ }
            }
        }
    };
}

kinds! {
    /// The invocation began.
    Start = "platform.start", "start";
    /// The handler ended.
    RuntimeDone = "platform.runtimeDone", "runtime_done";
    /// The invocation ended, with what it took.
    Report = "platform.report", "report";
    /// The invocation ended.
    End = "platform.end", "end";
    /// The platform ended the invocation, in words.
    Fault = "platform.fault", "fault";
    /// The initialization began.
    InitStart = "platform.initStart", "init_start";
    /// The runtime's part of the initialization ended.
    InitRuntimeDone = "platform.initRuntimeDone", "init_runtime_done";
    /// The initialization ended, with what it took.
    InitReport = "platform.initReport", "init_report";
    /// Restoring a snapshot began.
    RestoreStart = "platform.restoreStart", "restore_start";
    /// The runtime's part of the restore ended.
    RestoreRuntimeDone = "platform.restoreRuntimeDone", "restore_runtime_done";
    /// The restore ended, with what it took.
    RestoreReport = "platform.restoreReport", "restore_report";
    /// An extension registered.
    Extension = "platform.extension", "extension";
    /// An extension subscribed to telemetry.
    Subscription = "platform.telemetrySubscription", "subscription";
    /// The platform lost log records.
    LogsDropped = "platform.logsDropped", "logs_dropped";
}

impl Kind {
    /// Returns whether it is about an invocation; the others are about the execution environment.
    pub(super) fn of_invocation(self) -> bool {
        matches!(
            self,
            Self::Start | Self::RuntimeDone | Self::Report | Self::End | Self::Fault
        )
    }
}

/// What one platform record says; what it does not say is `None`.
#[derive(Clone, Debug)]
pub(super) struct Statement<'a> {
    pub(super) kind: Kind,
    pub(super) request_id: Option<Cow<'a, str>>,
    pub(super) function_arn: Option<Cow<'a, str>>,
    pub(super) function: Option<Cow<'a, str>>,
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) instance_id: Option<Cow<'a, str>>,
    pub(super) runtime_version: Option<Cow<'a, str>>,
    pub(super) runtime_version_arn: Option<Cow<'a, str>>,
    pub(super) trace_id: Option<[u8; 16]>,
    pub(super) sampled: Option<bool>,
    pub(super) tenant: Option<Cow<'a, str>>,
    pub(super) init_type: Option<Cow<'a, str>>,
    pub(super) phase: Option<Cow<'a, str>>,
    pub(super) status: Option<Cow<'a, str>>,
    pub(super) error_type: Option<Cow<'a, str>>,
    pub(super) error_message: Option<Cow<'a, str>>,
    pub(super) duration_us: Option<i64>,
    pub(super) init_duration_us: Option<i64>,
    pub(super) restore_duration_us: Option<i64>,
    pub(super) restore_billed_ms: Option<i64>,
    pub(super) billed_ms: Option<i64>,
    pub(super) memory_size_mib: Option<i64>,
    pub(super) max_memory_used_mib: Option<i64>,
    pub(super) produced_bytes: Option<i64>,
    pub(super) extension: Option<Cow<'a, str>>,
    pub(super) reason: Option<Cow<'a, str>>,
    pub(super) dropped_records: Option<i64>,
    pub(super) dropped_bytes: Option<i64>,
    pub(super) attributes_json: Option<String>,
}

impl Statement<'_> {
    /// Returns a statement that says nothing yet.
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            request_id: None,
            function_arn: None,
            function: None,
            version: None,
            instance_id: None,
            runtime_version: None,
            runtime_version_arn: None,
            trace_id: None,
            sampled: None,
            tenant: None,
            init_type: None,
            phase: None,
            status: None,
            error_type: None,
            error_message: None,
            duration_us: None,
            init_duration_us: None,
            restore_duration_us: None,
            restore_billed_ms: None,
            billed_ms: None,
            memory_size_mib: None,
            max_memory_used_mib: None,
            produced_bytes: None,
            extension: None,
            reason: None,
            dropped_records: None,
            dropped_bytes: None,
            attributes_json: None,
        }
    }
}

/// Returns a request id, unless it is one of the words that runtimes print where there is none.
pub(super) fn request_id(id: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let absent = matches!(id.trim(), "" | "undefined" | "null" | "None" | "nil");
    (!absent).then_some(id)
}
