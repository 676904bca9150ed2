use pennyspan_schema::tables::invocations;

use super::half_even_us;
use crate::fold::tests::{Given, end, log, ms, record, report, span_fact, start};

type Fact = pennyspan_schema::tables::invocation_facts::Row<'static>;

/// Returns a value of the only attempt.
fn only<T>(facts: impl IntoIterator<Item = Fact>, value: impl Fn(&invocations::Row<'_>) -> T) -> T {
    let mut values = Given::facts(facts).each(value);
    assert_eq!(values.len(), 1);
    values.remove(0)
}

fn outcome(facts: impl IntoIterator<Item = Fact>) -> String {
    only(facts, |row| row.outcome.unwrap_or("none").to_owned())
}

fn ends(outcome: &'static str, fact: &Fact) -> Fact {
    Fact {
        outcome: Some(outcome),
        ..*fact
    }
}

#[test]
fn the_best_source_gives_a_value_and_worse_ones_fill_what_it_leaves_open() {
    let platform = Fact {
        version: Some("7"),
        ..report("r", 100, 100)
    };
    let span = Fact {
        version: Some("8"),
        service: Some("shop"),
        ..span_fact("r", 0, 90)
    };
    let log = Fact {
        version: Some("9"),
        service: Some("other"),
        tenant: Some("blue"),
        ..log("r", 50)
    };
    let row = only([log, span, platform], |row| {
        [row.version, row.service, row.tenant, row.alias].map(|text| text.map(str::to_owned))
    });
    assert_eq!(
        row,
        [Some("7"), Some("shop"), Some("blue"), None].map(|text| text.map(str::to_owned))
    );
}

#[test]
fn of_one_source_the_earliest_statement_wins() {
    let later = Fact {
        version: Some("7"),
        ..report("r", 100, 100)
    };
    let earlier = Fact {
        version: Some("8"),
        ..start("r", 0)
    };
    assert_eq!(
        only([later, earlier], |row| row.version.map(str::to_owned)),
        Some("8".to_owned())
    );
}

#[test]
fn minimum_maximum_and_any_look_at_every_fact() {
    let one = Fact {
        enqueued_min_unix_nano: Some(ms(-50)),
        enqueued_max_unix_nano: Some(ms(-50)),
        trace_sampled: Some(false),
        ..start("r", 0)
    };
    let other = Fact {
        enqueued_min_unix_nano: Some(ms(-90)),
        enqueued_max_unix_nano: Some(ms(-20)),
        receive_max_count: Some(3),
        trace_sampled: Some(true),
        ..log("r", 10)
    };
    let found = only([one, other], |row| {
        (
            row.enqueued_min_unix_nano,
            row.enqueued_max_unix_nano,
            row.receive_max_count,
            row.trace_sampled,
            row.time_suspect,
        )
    });
    assert_eq!(found, (Some(ms(-90)), Some(ms(-20)), Some(3), Some(true), None));
}

#[test]
fn the_start_is_the_best_sources_and_the_end_the_latest() {
    let facts = [
        start("r", 0),
        report("r", 3_010, 3_000),
        span_fact("r", -200, 3_300),
        end("r", 3_005),
    ];
    assert_eq!(
        only(facts, |row| (row.start_unix_nano, row.end_unix_nano)),
        (ms(0), Some(ms(3_100)))
    );
}

#[test]
fn an_end_before_the_start_is_none() {
    let facts = [
        start("r", 0),
        Fact {
            end_unix_nano: Some(ms(-900)),
            ..log("r", 5)
        },
    ];
    assert_eq!(only(facts, |row| row.end_unix_nano), None);
    let with_duration = Fact {
        duration_us: Some(2_000),
        ..log("r", 5)
    };
    assert_eq!(
        only([start("r", 0), with_duration], |row| row.end_unix_nano),
        Some(ms(2))
    );
}

#[test]
fn a_report_without_status_is_ok_unless_another_fact_says_otherwise() {
    assert_eq!(outcome([start("r", 0), report("r", 5, 5)]), "ok");
    assert_eq!(
        outcome([start("r", 0), report("r", 5, 5), ends("error", &log("r", 4))]),
        "error"
    );
    assert_eq!(
        outcome([
            report("r", 5, 5),
            ends("error", &span_fact("r", 0, 5)),
            ends("ok", &log("r", 4))
        ]),
        "error"
    );
    assert_eq!(
        outcome([ends("ok", &report("r", 5, 5)), ends("error", &span_fact("r", 0, 5))]),
        "ok"
    );
}

#[test]
fn an_attempt_without_end_is_unknown() {
    assert_eq!(outcome([start("r", 0)]), "unknown");
    assert_eq!(outcome([start("r", 0), log("r", 9)]), "unknown");
    assert_eq!(outcome([start("r", 0), end("r", 9)]), "ok");
    assert_eq!(
        outcome([record("r", 0, 5)]),
        "unknown",
        "a record says its outcome or nothing does"
    );
    assert_eq!(outcome([ends("no such word", &record("r", 0, 5))]), "unknown");
}

#[test]
fn of_one_source_the_most_telling_outcome_stands() {
    assert_eq!(
        outcome([ends("ok", &report("r", 5, 5)), ends("timeout", &end("r", 5))]),
        "timeout"
    );
    assert_eq!(
        outcome([ends("crash", &report("r", 5, 5)), ends("timeout", &end("r", 5))]),
        "timeout"
    );
    assert_eq!(
        outcome([ends("throttled", &record("r", 0, 0)), ends("ok", &record("r", 0, 5))]),
        "ok"
    );
}

#[test]
fn a_kill_with_all_memory_used_is_out_of_memory_whoever_says_the_parts() {
    let memory = |used| Fact {
        memory_size_mib: Some(512),
        max_memory_used_mib: Some(used),
        ..report("r", 5, 5)
    };
    let exit = Fact {
        outcome: Some("crash"),
        error_type: Some("Runtime.ExitError"),
        ..end("r", 5)
    };
    assert_eq!(outcome([memory(512), exit]), "out_of_memory");
    assert_eq!(outcome([memory(511), exit]), "crash");
    let killed = Fact {
        error_message: Some("RequestId: r Error: Runtime exited with error: signal: killed"),
        ..log("r", 4)
    };
    assert_eq!(outcome([memory(513), ends("crash", &killed)]), "out_of_memory");
    let named = Fact {
        outcome: Some("error"),
        error_type: Some("Runtime.OutOfMemory"),
        ..report("r", 5, 5)
    };
    assert_eq!(outcome([named]), "out_of_memory");
    assert_eq!(outcome([memory(512), ends("timeout", &end("r", 5)), exit]), "timeout");
}

#[test]
fn weight_is_one_where_a_source_vouches_that_sees_everything() {
    let sampled = Fact {
        sample_weight_milli: 8_000,
        ..span_fact("r", 0, 5)
    };
    let weight = |facts: Vec<Fact>| only(facts, |row| row.sample_weight_milli);
    assert_eq!(weight(vec![sampled]), 8_000);
    assert_eq!(weight(vec![sampled, log("r", 2)]), 8_000);
    assert_eq!(weight(vec![sampled, start("r", 0)]), 1_000);
    assert_eq!(weight(vec![sampled, record("r", 0, 5)]), 1_000);
    assert_eq!(weight(vec![log("r", 2)]), 1_000);
}

#[test]
fn products_and_differences_are_unknown_where_a_part_is() {
    let full = Fact {
        memory_size_mib: Some(512),
        billed_duration_ms: Some(7),
        ..report("r", 9, 9)
    };
    let computed = |facts: Vec<Fact>| only(facts, |row| (row.billed_mib_ms, row.post_runtime_us));
    assert_eq!(computed(vec![full, span_fact("r", 0, 6)]), (Some(3_584), Some(3_000)));
    assert_eq!(
        computed(vec![Fact {
            memory_size_mib: None,
            ..full
        }]),
        (None, None)
    );
    assert_eq!(
        computed(vec![full, span_fact("r", 0, 10)]),
        (Some(3_584), None),
        "a handler is not longer than its attempt"
    );
    assert_eq!(
        computed(vec![Fact {
            memory_size_mib: Some(i64::MAX),
            ..full
        }])
        .0,
        None
    );
}

#[test]
fn evidence_and_conflicts_are_visible() {
    let named = |function, fact| Fact {
        function: Some(function),
        ..fact
    };
    let facts = [named("a", start("r", 0)), named("a", span_fact("r", 0, 5)), log("r", 3)];
    let flags = |row: &invocations::Row<'_>| {
        [
            row.evidence_platform,
            row.evidence_insights,
            row.evidence_record,
            row.evidence_span,
            row.evidence_log,
        ]
    };
    assert_eq!(only(facts, flags), [true, false, false, true, true]);
    assert!(!only(facts, |row| row.function_conflict));
    assert!(only([named("a", start("r", 0)), named("b", log("r", 3))], |row| row
        .function_conflict));
}

#[test]
fn only_a_first_attempt_has_a_lag() {
    let queued = Fact {
        trigger_type: Some("queue"),
        enqueued_min_unix_nano: Some(ms(-2_000)),
        receive_max_count: Some(1),
        ..record("r", 0, 5)
    };
    let lag = |fact| only([fact], |row| row.trigger_lag_us);
    assert_eq!(lag(queued), Some(2_000_000));
    assert_eq!(
        lag(Fact {
            receive_max_count: Some(2),
            ..queued
        }),
        None
    );
    assert_eq!(
        lag(Fact {
            receive_max_count: None,
            ..queued
        }),
        None,
        "a queue that does not count may have delivered before"
    );
    assert_eq!(
        lag(Fact {
            receive_max_count: None,
            trigger_type: Some("object"),
            ..queued
        }),
        Some(2_000_000)
    );
    assert_eq!(
        lag(Fact {
            receive_max_count: None,
            trigger_type: Some("topic"),
            ..queued
        }),
        Some(2_000_000)
    );
    assert_eq!(
        lag(Fact {
            receive_max_count: None,
            trigger_type: Some("topic"),
            provider: "gcp",
            ..queued
        }),
        None
    );
    assert_eq!(
        lag(Fact {
            attempt_reported: Some(2),
            ..queued
        }),
        None
    );
    let timer = Fact {
        trigger_type: Some("timer"),
        scheduled_unix_nano: Some(ms(-30)),
        ..record("r", 0, 5)
    };
    assert_eq!(lag(timer), Some(30_000));
    assert_eq!(
        lag(Fact {
            enqueued_min_unix_nano: Some(ms(40)),
            ..queued
        }),
        Some(-40_000)
    );
    let topic = |at| Fact {
        trigger_type: Some("topic"),
        enqueued_min_unix_nano: Some(ms(-100)),
        ..record("r", at, 5)
    };
    assert_eq!(
        Given::facts([topic(0), topic(60_000)]).each(|row| row.trigger_lag_us),
        [Some(100_000), None]
    );
}

#[test]
fn microseconds_are_rounded_half_to_even() {
    let cases = [
        (0, 0),
        (500, 0),
        (501, 1),
        (1_500, 2),
        (2_500, 2),
        (-500, 0),
        (-1_500, -2),
        (-501, -1),
        (i64::MAX, i64::MAX / 1000 + 1),
    ];
    for (nanos, us) in cases {
        assert_eq!(half_even_us(nanos), us, "{nanos}");
    }
}

#[test]
fn the_payload_names_the_trigger_more_exactly_than_a_span() {
    let span = Fact {
        trigger_type: Some("queue"),
        trigger_given: Some("pubsub"),
        trigger_source: Some("guessed"),
        ..span_fact("r", 0, 90)
    };
    let delivery = Fact {
        fact_kind: "delivery",
        trigger_type: Some("bus"),
        trigger_source: Some("domain-events"),
        ..log("r", 2)
    };
    let words = |facts: Vec<Fact>| {
        only(facts, |row| {
            [row.trigger_type, row.trigger_source, row.trigger_given].map(|text| text.map(str::to_owned))
        })
    };
    let owned = |texts: [&str; 3]| texts.map(|text| Some(text.to_owned()));
    assert_eq!(words(vec![span, delivery]), owned(["bus", "domain-events", "pubsub"]));
    assert_eq!(words(vec![span]), owned(["queue", "guessed", "pubsub"]));
    let silent = Fact {
        trigger_source: None,
        ..delivery
    };
    assert_eq!(words(vec![silent, span]), owned(["bus", "guessed", "pubsub"]));
}

#[test]
fn errors_of_one_type_are_told_apart_by_the_source_that_knows_the_message() {
    let platform = Fact {
        error_type: Some("Function.Refused"),
        error_fingerprint: Some("type alone"),
        ..report("r", 100, 100)
    };
    let line = Fact {
        error_type: Some("Refused"),
        error_message: Some("card declined"),
        error_fingerprint: Some("type and message"),
        ..log("r", 50)
    };
    let of = |facts: Vec<Fact>| {
        only(facts, |row| {
            [row.error_type, row.error_fingerprint].map(|text| text.unwrap_or_default().to_owned())
        })
    };
    assert_eq!(of(vec![platform, line]), ["Function.Refused", "type and message"]);
    assert_eq!(of(vec![platform]), ["Function.Refused", "type alone"]);
}

#[test]
fn an_end_of_which_the_platform_does_not_know_how_is_unknown() {
    let ended = report("r", 3_000, 3_000);
    assert_eq!(outcome([ends("unknown", &ended)]), "unknown");
    assert_eq!(outcome([ends("unknown", &ended), ends("error", &ended)]), "error");
    assert_eq!(outcome([ended]), "ok");
}
