//! Platform records as rows: statements about invocations and about execution environments.

use std::borrow::Cow;

use pennyspan_schema::tables::{environment_facts, invocation_facts};
use pennyspan_schema::{InitType, Source};

use super::outcome::outcome;
use super::statement::{Kind, Statement};
use super::whence::{Whence, name};
use super::{PLATFORM, PROVIDER};
use crate::decode::fingerprint::fingerprint;
use crate::decode::names::text_up_to;
use crate::decode::{Clock, Origin, Output, Settings};

/// Appends what a platform record says; `time_unix_nano` is the record's, and `whence` what is known beside it.
pub(super) fn append(
    statement: &Statement<'_>,
    time_unix_nano: i64,
    whence: &Whence<'_>,
    (origin, settings): (&Origin<'_>, &Settings),
    output: &mut Output,
) {
    let whence = Whence::of_statement(statement).or(whence).cut(settings);
    if statement.kind.of_invocation() {
        append_invocation(statement, time_unix_nano, &whence, (origin, settings), output);
    } else {
        append_environment(statement, time_unix_nano, &whence, (origin, settings), output);
    }
}

/// Returns a statement's (start hint, end): START's time; a report's time less its duration; of END only the end.
fn bounds(statement: &Statement<'_>, time: i64) -> (Option<i64>, Option<i64>) {
    match statement.kind {
        Kind::Start => (Some(time), None),
        Kind::Report | Kind::RuntimeDone => {
            let nanos = statement.duration_us.and_then(|duration| duration.checked_mul(1000));
            (nanos.and_then(|nanos| time.checked_sub(nanos)), Some(time))
        }
        _ => (None, Some(time)),
    }
}

fn append_invocation(
    statement: &Statement<'_>,
    time_unix_nano: i64,
    whence: &Whence<'_>,
    (origin, settings): (&Origin<'_>, &Settings),
    output: &mut Output,
) {
    let clock = Clock::new(origin.received_at_unix_nano);
    let filed = clock.file(time_unix_nano);
    let (start_hint, end) = bounds(statement, filed.unix_nano);
    let suspect = filed.suspect || start_hint.is_some_and(|start| clock.file(start).suspect);
    let invocation_id = name(
        Cow::Borrowed(statement.request_id.as_deref().unwrap_or_default()),
        settings,
    );
    let error_type = statement
        .error_type
        .as_deref()
        .map(|text| name(Cow::Borrowed(text), settings));
    let tenant = statement
        .tenant
        .as_deref()
        .map(|text| name(Cow::Borrowed(text), settings));
    let fingerprint = error_type
        .as_deref()
        .map(|kind| fingerprint(kind, statement.error_message.as_deref(), None));
    let handler = statement.kind == Kind::RuntimeDone;
    let restored = statement.restore_duration_us.map(|_| InitType::SnapStart.as_str());
    let mut row = invocation_facts::Row {
        provider: PROVIDER,
        invocation_id: &invocation_id,
        source: Source::Platform.as_str(),
        fact_kind: statement.kind.fact_kind(),
        fact_unix_nano: filed.unix_nano,
        start_hint_unix_nano: start_hint.map(|start| clock.file(start).unix_nano),
        end_unix_nano: end,
        sample_weight_milli: 1000,
        platform: Some(PLATFORM),
        account: whence.account.as_deref(),
        region: whence.region.as_deref(),
        function: whence.function.as_deref(),
        version: whence.version.as_deref(),
        alias: whence.alias.as_deref(),
        resource_id: whence.resource_id.as_deref(),
        runtime: whence.runtime.as_deref(),
        instance_id: whence.instance_id.as_deref(),
        execution_model: execution_model(whence),
        trace_id: statement.trace_id,
        time_suspect: suspect.then_some(true),
        duration_us: statement.duration_us.filter(|_| !handler),
        runtime_us: statement.duration_us.filter(|_| handler),
        init_duration_us: statement.init_duration_us,
        init_type: restored.or(whence.init_type.as_deref()),
        restore_duration_us: statement.restore_duration_us,
        restore_billed_ms: statement.restore_billed_ms,
        billed_duration_ms: statement.billed_ms,
        memory_size_mib: statement.memory_size_mib,
        max_memory_used_mib: statement.max_memory_used_mib,
        out_bytes: statement.produced_bytes,
        outcome: outcome(statement).map(pennyspan_schema::Outcome::as_str),
        error_type: error_type.as_deref(),
        error_message: statement
            .error_message
            .as_deref()
            .map(|text| text_up_to(text, settings.value_bytes)),
        error_fingerprint: fingerprint.as_deref(),
        tenant: tenant.as_deref(),
        trace_sampled: statement.sampled,
        attributes_json: statement.attributes_json.as_deref(),
        received_unix_nano: origin.received_at_unix_nano,
        ..invocation_facts::Row::default()
    };
    row.content_hash = row.hash();
    output.invocation_facts.append(&row);
}

/// Returns how Lambda runs it, where that is known: managed instances name themselves in the initialization's type.
fn execution_model(whence: &Whence<'_>) -> Option<&'static str> {
    let init_type = InitType::from_word(whence.init_type.as_deref()?)?;
    Some(if init_type == InitType::ManagedInstances {
        "managed_instance"
    } else {
        "event_function"
    })
}

fn append_environment(
    statement: &Statement<'_>,
    time_unix_nano: i64,
    whence: &Whence<'_>,
    (origin, settings): (&Origin<'_>, &Settings),
    output: &mut Output,
) {
    let filed = Clock::new(origin.received_at_unix_nano).file(time_unix_nano);
    let cut = |text: &Option<Cow<'_, str>>| {
        text.as_deref()
            .map(|text| name(Cow::Borrowed(text), settings).into_owned())
    };
    let (phase, status, error_type) = (
        cut(&statement.phase),
        cut(&statement.status),
        cut(&statement.error_type),
    );
    let (extension, reason) = (cut(&statement.extension), statement.reason.as_deref());
    let (runtime_version, runtime_arn) = (cut(&statement.runtime_version), cut(&statement.runtime_version_arn));
    let mut row = environment_facts::Row {
        provider: PROVIDER,
        fact_kind: statement.kind.fact_kind(),
        fact_unix_nano: filed.unix_nano,
        time_suspect: filed.suspect,
        platform: Some(PLATFORM),
        account: whence.account.as_deref(),
        region: whence.region.as_deref(),
        function: whence.function.as_deref(),
        version: whence.version.as_deref(),
        instance_id: whence.instance_id.as_deref(),
        init_type: whence.init_type.as_deref(),
        phase: phase.as_deref(),
        status: status.as_deref(),
        error_type: error_type.as_deref(),
        duration_us: statement.duration_us,
        billed_ms: statement.billed_ms,
        memory_size_mib: statement.memory_size_mib,
        runtime_version: runtime_version.as_deref(),
        runtime_version_arn: runtime_arn.as_deref(),
        extension: extension.as_deref(),
        reason: reason.map(|text| text_up_to(text, settings.value_bytes)),
        dropped_record_count: statement.dropped_records,
        dropped_bytes: statement.dropped_bytes,
        attributes_json: statement.attributes_json.as_deref(),
        received_unix_nano: origin.received_at_unix_nano,
        ..environment_facts::Row::default()
    };
    row.content_hash = row.hash();
    output.environment_facts.append(&row);
}
