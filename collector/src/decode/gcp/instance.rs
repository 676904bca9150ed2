//! What Cloud Run says of an instance: why it started, when it was ready, and what ended it.

use pennyspan_schema::tables::{environment_facts, invocation_facts};
use pennyspan_schema::{InitType, Outcome, Source};

use super::entry::Entry;
use crate::decode::items::Items;
use crate::decode::names::{key_scope, text_up_to};
use crate::decode::number;
use crate::decode::sender::Sender;
use crate::decode::time::Filed;

/// What a line says of its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    /// It starts, for a reason.
    Starting { reason: &'a str },
    /// A probe tells whether it is ready.
    Probed { ready: bool },
    /// It is ended for using more memory than it has.
    OutOfMemory {
        limit_mib: Option<i64>,
        used_mib: Option<i64>,
    },
    /// Its container ended.
    Ended,
}

/// Appends the statement in a line about an instance, and returns the kind of line that it is; `None` for any other.
pub(super) fn append(
    entry: &Entry<'_>,
    filed: Filed,
    sender: &Sender<'_>,
    items: &mut Items<'_>,
) -> Option<&'static str> {
    if !entry.of_platform() {
        return None;
    }
    let text = entry.text.as_deref()?.trim();
    let line = Line::parse(text)?;
    let mut row = environment_facts::Row {
        fact_kind: line.fact_kind(),
        fact_unix_nano: filed.unix_nano,
        time_suspect: filed.suspect,
        reason: Some(text_up_to(text, items.settings.value_bytes)),
        ..sender.environment()
    };
    match line {
        Line::Starting { reason } => {
            row.init_type = init_type(reason);
            row.reason = Some(text_up_to(reason, items.settings.value_bytes));
        }
        Line::Probed { ready } => {
            row.phase = Some("init");
            row.status = Some(if ready { "success" } else { "error" });
            row.error_type = (!ready).then_some("StartupProbeFailed");
        }
        Line::OutOfMemory { limit_mib, .. } => {
            row.status = Some(Outcome::OutOfMemory.as_str());
            row.memory_size_mib = limit_mib;
        }
        Line::Ended => {}
    }
    items.append_environment(&row);
    if let Line::OutOfMemory { limit_mib, used_mib } = line {
        append_out_of_memory(entry, (limit_mib, used_mib), filed, sender, items);
    }
    Some(line.platform_type())
}

/// Appends that memory ended an invocation, where the line names it; most name the instance alone.
fn append_out_of_memory(
    entry: &Entry<'_>,
    (limit_mib, used_mib): (Option<i64>, Option<i64>),
    filed: Filed,
    sender: &Sender<'_>,
    items: &mut Items<'_>,
) {
    let (Some(id), true) = entry.invocation() else {
        return;
    };
    items.append_fact(&invocation_facts::Row {
        key_scope: key_scope(sender.provider, &id, sender.function.as_deref()),
        invocation_id: &id,
        source: Source::Platform.as_str(),
        fact_kind: "memory_limit",
        fact_unix_nano: filed.unix_nano,
        end_unix_nano: Some(filed.unix_nano),
        time_suspect: filed.suspect.then_some(true),
        trace_id: entry.trace_id,
        memory_size_mib: limit_mib,
        max_memory_used_mib: used_mib,
        outcome: Some(Outcome::OutOfMemory.as_str()),
        ..sender.fact()
    });
}

/// Returns how a reason says that an instance was started: for a request, or kept ready.
fn init_type(reason: &str) -> Option<&'static str> {
    let word = reason.split_whitespace().next()?;
    match word.trim_end_matches('.') {
        "AUTOSCALING" => Some(InitType::OnDemand.as_str()),
        "MANUAL_OR_CUSTOMER_MIN_INSTANCE" => Some(InitType::MinInstance.as_str()),
        _ => None,
    }
}

impl<'a> Line<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if let Some(reason) = text.strip_prefix("Starting new instance. Reason: ") {
            return Some(Self::Starting { reason });
        }
        if let Some(rest) = text.strip_prefix("Memory limit of ") {
            let (limit, rest) = rest.split_once(" exceeded with ")?;
            let used = rest.split(" used").next()?;
            return Some(Self::OutOfMemory {
                limit_mib: mib(limit),
                used_mib: mib(used),
            });
        }
        if text.starts_with("Container terminated on signal") || text.starts_with("Container called exit(") {
            return Some(Self::Ended);
        }
        let probe = text.strip_prefix("Default ").unwrap_or(text).strip_prefix("STARTUP ")?;
        let (_, verdict) = probe.split_once(" probe ")?;
        let ready = verdict.starts_with("succeeded");
        (ready || verdict.starts_with("failed")).then_some(Self::Probed { ready })
    }

    fn fact_kind(self) -> &'static str {
        match self {
            Self::Starting { .. } => "init_start",
            Self::Probed { .. } => "init_report",
            Self::OutOfMemory { .. } | Self::Ended => "shutdown",
        }
    }

    fn platform_type(self) -> &'static str {
        match self {
            Self::Starting { .. } => "platform.initStart",
            Self::Probed { .. } => "platform.initReport",
            Self::OutOfMemory { .. } => "platform.memoryLimit",
            Self::Ended => "platform.shutdown",
        }
    }
}

/// Returns a size such as `512 MiB` in mebibytes.
fn mib(size: &str) -> Option<i64> {
    let (amount, unit) = size.trim().split_once(' ')?;
    let amount = number::whole(amount)?;
    match unit {
        "MiB" | "M" | "MB" => Some(amount),
        "GiB" | "G" | "GB" => amount.checked_mul(1024),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, init_type};

    #[test]
    fn what_an_instance_is_said_to_do_is_read() {
        let out = |limit_mib, used_mib| Some(Line::OutOfMemory { limit_mib, used_mib });
        for (text, line) in [
            (
                "Memory limit of 512 MiB exceeded with 517 MiB used. Consider increasing the limit",
                out(Some(512), Some(517)),
            ),
            (
                "Memory limit of 2 GiB exceeded with 2100 MiB used",
                out(Some(2048), Some(2100)),
            ),
            (
                "Default STARTUP TCP probe succeeded after 1 attempt for container \"a\" on port 8080.",
                Some(Line::Probed { ready: true }),
            ),
            (
                "STARTUP HTTP probe failed 3 times consecutively for container \"a\" on path \"/\".",
                Some(Line::Probed { ready: false }),
            ),
            ("Container called exit(1).", Some(Line::Ended)),
            ("Starting the worker", None),
        ] {
            assert_eq!(Line::parse(text), line, "{text}");
        }
    }

    #[test]
    fn only_instances_that_wait_for_no_request_are_kept_ready() {
        assert_eq!(init_type("AUTOSCALING - no existing capacity"), Some("on-demand"));
        assert_eq!(
            init_type("MANUAL_OR_CUSTOMER_MIN_INSTANCE - as configured"),
            Some("min-instance")
        );
        assert_eq!(init_type("DEPLOYMENT_ROLLOUT - traffic shifts"), None);
    }
}
