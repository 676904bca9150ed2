use pennyspan_schema::Outcome;

use super::super::outcome::outcome;
use super::super::statement::{Kind, Statement};
use super::{is_platform_line, statement};
use crate::decode::{Settings, ids};

fn read(line: &str) -> Statement<'_> {
    statement(line, &Settings::default()).unwrap_or_else(|| panic!("a platform line: {line}"))
}

const ID: &str = "0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01";

#[test]
fn a_report_is_read_field_by_field() {
    let line = format!(
        "REPORT RequestId: {ID}\tDuration: 127.10 ms\tBilled Duration: 154 ms\tMemory Size: 2048 MB\tMax Memory Used: 212 MB\t\
         Restore Duration: 325.93 ms\tBilled Restore Duration: 26 ms\t\nXRAY TraceId: 1-66d978e5-56c7378e556e94b5461da07c\t\
         SegmentId: 29c3839e6ecb5895\tSampled: true\t\n"
    );
    let report = read(&line);
    assert_eq!((report.kind, report.request_id.as_deref()), (Kind::Report, Some(ID)));
    assert_eq!((report.duration_us, report.billed_ms), (Some(127_100), Some(154)));
    assert_eq!(
        (report.memory_size_mib, report.max_memory_used_mib),
        (Some(2048), Some(212))
    );
    assert_eq!(
        (report.restore_duration_us, report.restore_billed_ms),
        (Some(325_930), Some(26))
    );
    assert_eq!(report.trace_id, ids::trace_id("66d978e556c7378e556e94b5461da07c"));
    assert_eq!((report.sampled, outcome(&report)), (Some(true), None));
    assert_eq!(
        report.attributes_json.as_deref(),
        Some(r#"{"SegmentId":"29c3839e6ecb5895"}"#)
    );
}

#[test]
fn spaces_and_doubled_escapes_are_the_same_report() {
    let tabs =
        format!("REPORT RequestId: {ID}\tDuration: 1.76 ms\tBilled Duration: 100 ms\tInit Duration: 120.96 ms\t\n");
    let (spaces, escaped) = (tabs.replace('\t', " "), tabs.replace('\t', "\\t").replace('\n', "\\n"));
    for line in [&tabs, &spaces, &escaped] {
        let report = read(line);
        let fields = (
            report.request_id.as_deref(),
            report.duration_us,
            report.billed_ms,
            report.init_duration_us,
        );
        assert_eq!(fields, (Some(ID), Some(1760), Some(100), Some(120_960)), "{line}");
    }
}

#[test]
fn platform_time_out_bills_what_it_logged() {
    let line = format!(
        "REPORT RequestId: {ID}\tDuration: 600000.00 ms\tBilled Duration: 600477 ms\tMemory Size: 1536 MB\t\
         Max Memory Used: 1035 MB\tInit Duration: 476.75 ms\tStatus: timeout"
    );
    let report = read(&line);
    assert_eq!(
        (report.duration_us, report.init_duration_us),
        (Some(600_000_000), Some(476_750))
    );
    assert_eq!(
        (report.billed_ms, outcome(&report)),
        (Some(600_477), Some(Outcome::Timeout))
    );
}

#[test]
fn out_of_memory_is_named_or_seen_by_its_size() {
    let report = |status: &str, used: u32| {
        let sizes = format!("Memory Size: 1024 MB\tMax Memory Used: {used} MB");
        let line =
            format!("REPORT RequestId: {ID}\tDuration: 10935.70 ms\tBilled Duration: 10936 ms\t{sizes}\t{status}");
        outcome(&read(&line))
    };
    assert_eq!(
        report("Status: error\tError Type: Runtime.OutOfMemory", 1024),
        Some(Outcome::OutOfMemory)
    );
    assert_eq!(
        report("Status: error\tError Type: Runtime.ExitError", 1024),
        Some(Outcome::OutOfMemory)
    );
    assert_eq!(
        report("Status: error\tError Type: Runtime.ExitError", 1023),
        Some(Outcome::Crash)
    );
    assert_eq!(report("Status: failure", 80), Some(Outcome::Crash));
    assert_eq!(
        report("Status: error\tError Type: Runtime.UserCodeSyntaxError", 1024),
        Some(Outcome::Error)
    );
    assert_eq!(report("Status: success", 1024), Some(Outcome::Ok));
    assert_eq!(report("Status: brand-new", 80), None);
}

#[test]
fn inits_state_phase_status_and_error() {
    let line = "INIT_REPORT Init Duration: 498.46 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError";
    let init = read(line);
    assert_eq!(
        (init.kind, init.duration_us, init.phase.as_deref()),
        (Kind::InitReport, Some(498_460), Some("invoke"))
    );
    assert_eq!(
        (init.status.as_deref(), init.error_type.as_deref()),
        (Some("error"), Some("Runtime.ExitError"))
    );
    let init = read("INIT_REPORT Initialization Type: on-demand Phase: init Status: success Duration: 1.00 ms");
    assert_eq!(
        (init.init_type.as_deref(), init.phase.as_deref()),
        (Some("on-demand"), Some("init"))
    );
    assert_eq!(
        (init.status.as_deref(), init.duration_us),
        (Some("success"), Some(1000))
    );
    let arn = "arn:aws:lambda:us-east-1::runtime:fb4a";
    for line in [
        format!("INIT_START Runtime Version: python:3.12.mainlinev2.v27\tRuntime Version ARN: {arn}"),
        format!("INIT_START Runtime Version: python:3.12.mainlinev2.v27 Runtime Version ARN: {arn}\n"),
    ] {
        let init = read(&line);
        assert_eq!(init.runtime_version.as_deref(), Some("python:3.12.mainlinev2.v27"));
        assert_eq!(init.runtime_version_arn.as_deref(), Some(arn));
    }
}

#[test]
fn restores_are_read_in_both_spellings() {
    for line in [
        "RESTORE_REPORT Restore Duration: 511.25 ms",
        "RESTORE_REPORT Status: success Duration: 511.25 ms",
    ] {
        let restore = read(line);
        assert_eq!(
            (restore.kind, restore.duration_us),
            (Kind::RestoreReport, Some(511_250))
        );
    }
    assert_eq!(
        read("RESTORE_START Runtime Version: java:21.v1").kind,
        Kind::RestoreStart
    );
    assert_eq!(
        read("RESTORE_RUNTIME_DONE Status: success").kind,
        Kind::RestoreRuntimeDone
    );
}

#[test]
fn the_lambda_receivers_rendering_is_read() {
    let start = format!("START RequestId: {ID} Version: $LATEST");
    assert_eq!(read(&start).version.as_deref(), Some("$LATEST"));
    let end = format!("END RequestId: {ID} Version: 7");
    assert_eq!(
        (read(&end).kind, read(&end).request_id.as_deref()),
        (Kind::End, Some(ID))
    );
    let dropped = read("LOGS_DROPPED DroppedRecords: 12 DroppedBytes: 4096 Reason: consumer too slow");
    assert_eq!((dropped.dropped_records, dropped.dropped_bytes), (Some(12), Some(4096)));
    assert_eq!(dropped.reason.as_deref(), Some("consumer too slow"));
    let subscription = read("TELEMETRY: collector Subscribed Types: [platform function]");
    assert_eq!(
        (subscription.kind, subscription.extension.as_deref()),
        (Kind::Subscription, Some("collector"))
    );
    let extension = read("EXTENSION Name: collector State: Ready Events: [INVOKE SHUTDOWN]");
    assert_eq!(extension.extension.as_deref(), Some("collector"));
    let report = format!("REPORT RequestId: {ID} Duration: 12.00 ms Status: failure");
    assert_eq!(outcome(&read(&report)), Some(Outcome::Crash));
}

#[test]
fn old_lines_tell_how_it_ended() {
    let line = format!("2019-06-09T15:29:13.120Z {ID} Task timed out after 3.00 seconds\n\n");
    let fault = read(line.trim());
    assert_eq!(
        (fault.request_id.as_deref(), outcome(&fault)),
        (Some(ID), Some(Outcome::Timeout))
    );
    let line = format!("RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError");
    let fault = read(&line);
    assert_eq!(
        (fault.error_type.as_deref(), outcome(&fault)),
        (Some("Runtime.ExitError"), Some(Outcome::Crash))
    );
    assert_eq!(
        fault.error_message.as_deref(),
        Some("Runtime exited with error: signal: killed")
    );
    let line = format!("RequestId: {ID} Process exited before completing request");
    assert_eq!(outcome(&read(&line)), Some(Outcome::Crash));
}

#[test]
fn a_functions_own_words_are_no_platform_line() {
    for line in [
        "START of the batch",
        "REPORT: all is well",
        "END",
        "END RequestId: ",
        "START RequestId: undefined Version: $LATEST",
        "REPORTED RequestId: 1",
        "the Task timed out after 3.00 seconds",
        "RequestId: 12 is slow",
        "TELEMETRY is on",
        "",
    ] {
        assert!(statement(line, &Settings::default()).is_none(), "{line}");
    }
    assert!(is_platform_line("START RequestId: 1 Version: 2") && !is_platform_line("hello"));
}

#[test]
fn yandex_prints_the_same_report() {
    let line = format!(
        "REPORT RequestId: {ID} Duration: 20.152 ms Billed Duration: 100 ms \
         Memory Size: 128 MB Max Memory Used: 44 MB Queuing Duration: 0.052 ms Function Init Duration: 205.500 ms"
    );
    let report = read(&line);
    assert_eq!(
        (report.duration_us, report.init_duration_us),
        (Some(20_152), Some(205_500))
    );
    assert_eq!(
        report.attributes_json.as_deref(),
        Some(r#"{"Queuing Duration":"0.052 ms"}"#)
    );
}

#[test]
fn later_fields_are_kept() {
    let line = format!("REPORT RequestId: {ID}\tDuration: 1.00 ms\tNew Thing: 5 GB\t");
    assert_eq!(read(&line).attributes_json.as_deref(), Some(r#"{"New Thing":"5 GB"}"#));
}

#[test]
fn a_tenant_is_read_in_both_spellings() {
    for line in [
        "START RequestId: 0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01 Version: 7 TenantId: blue",
        "START RequestId: 0e7a3a52-3c1f-4a0e-9a5e-5f2f4f6d1a01\tTenant ID: blue\tVersion: 7",
    ] {
        let statement = read(line);
        assert_eq!(
            (statement.tenant.as_deref(), statement.version.as_deref()),
            (Some("blue"), Some("7")),
            "{line}"
        );
    }
}
