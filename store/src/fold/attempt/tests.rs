use crate::fold::tests::{Given, end, log, ms, record, report, span_fact, start};

type Fact = pennyspan_schema::tables::invocation_facts::Row<'static>;

fn on(instance: &'static str, fact: &Fact) -> Fact {
    Fact {
        instance_id: Some(instance),
        ..*fact
    }
}

#[test]
fn one_request_that_timed_out_twice_is_two_attempts_of_one_event() {
    let timeout = |at, took| Fact {
        outcome: Some("timeout"),
        ..report("r", at, took)
    };
    let given = Given::facts([
        start("r", 0),
        timeout(3_000, 3_000),
        start("r", 63_000),
        timeout(66_000, 3_000),
    ]);
    assert_eq!(given.starts(), [(0, 2), (63_000, 2)]);
    assert_eq!(
        given.each(|row| row.outcome.map(str::to_owned)),
        [Some("timeout".to_owned()), Some("timeout".to_owned())]
    );
    assert_eq!(given.each(|row| row.invocation_id.to_owned()), ["r", "r"]);
}

#[test]
fn a_next_try_right_behind_the_end_is_another_attempt() {
    let given = Given::facts([
        start("r", 0),
        report("r", 3_000, 3_000),
        start("r", 3_500),
        report("r", 6_500, 3_000),
    ]);
    assert_eq!(given.starts(), [(0, 2), (3_500, 2)]);
}

#[test]
fn start_and_end_alone_tell_attempts_apart() {
    let given = Given::facts([start("r", 0), end("r", 2_000), start("r", 5_000), end("r", 7_000)]);
    assert_eq!(given.starts(), [(0, 2), (5_000, 2)]);
}

#[test]
fn without_an_end_ten_seconds_belong_to_an_attempt() {
    assert_eq!(Given::facts([start("r", 0), start("r", 10_000)]).starts(), [(0, 2)]);
    assert_eq!(
        Given::facts([start("r", 0), start("r", 10_001)]).starts(),
        [(0, 1), (10_001, 1)]
    );
}

#[test]
fn a_hint_at_the_end_still_joins() {
    let joins = [record("r", 0, 500), record("r", 500, 500)];
    assert_eq!(Given::facts(joins).starts(), [(0, 2)]);
    let opens = [record("r", 0, 500), record("r", 501, 500)];
    assert_eq!(Given::facts(opens).starts(), [(0, 1), (501, 1)]);
}

#[test]
fn clocks_a_second_apart_do_not_part_a_short_attempt() {
    for skew in [-990, -3, 5, 990] {
        let given = Given::facts([start("r", 0), end("r", 2), report("r", 9, 2), span_fact("r", skew, 2)]);
        assert_eq!(given.each(|row| row.fact_count), [4], "{skew}");
        assert_eq!(given.starts()[0].0, 0, "the platform's clock gives the start");
    }
    let late = Given::facts([start("r", 0), end("r", 2), span_fact("r", 1_003, 2)]);
    assert_eq!(late.starts(), [(0, 2), (1_003, 1)]);
}

#[test]
fn instances_keep_attempts_apart() {
    let given = Given::facts([
        on("x", &start("r", 0)),
        on("y", &start("r", 500)),
        on("x", &report("r", 3_000, 3_000)),
        on("y", &report("r", 3_400, 2_900)),
        report("r", 3_400, 2_899),
    ]);
    assert_eq!(given.starts(), [(0, 2), (500, 3)]);
    assert_eq!(
        given.each(|row| row.instance_id.map(str::to_owned)),
        [Some("x".to_owned()), Some("y".to_owned())]
    );
}

#[test]
fn a_fact_without_instance_joins_and_learns_it() {
    let given = Given::facts([
        start("r", 0),
        on("x", &span_fact("r", 10, 80)),
        on("y", &span_fact("r", 20, 80)),
    ]);
    assert_eq!(
        given.each(|row| (row.instance_id.map(str::to_owned), row.fact_count)),
        [(Some("x".to_owned()), 2), (Some("y".to_owned()), 1)]
    );
}

#[test]
fn facts_without_hint_join_the_last_attempt_that_started_before_them_or_the_next() {
    let two = [start("r", 0), report("r", 3_000, 3_000), start("r", 63_000)];
    let counts = |at| Given::facts(two.into_iter().chain([log("r", at)])).starts();
    assert_eq!(counts(-400), [(0, 3), (63_000, 1)]);
    assert_eq!(counts(2_000), [(0, 3), (63_000, 1)]);
    assert_eq!(counts(62_999), [(0, 3), (63_000, 1)]);
    assert_eq!(counts(63_000), [(0, 2), (63_000, 2)]);
}

#[test]
fn log_lines_make_no_attempt_beside_others() {
    let other_instance = [
        on("x", &start("r", 0)),
        on("y", &log("r", 100)),
        on("y", &log("r", 5_000)),
    ];
    assert_eq!(Given::facts(other_instance).starts(), [(0, 3)]);
    let hinted = Fact {
        start_hint_unix_nano: Some(ms(30_000)),
        ..log("r", 30_000)
    };
    assert_eq!(
        Given::facts([start("r", 0), report("r", 100, 100), hinted]).starts(),
        [(0, 3)]
    );
}

#[test]
fn log_lines_alone_are_one_attempt_from_the_first() {
    let given = Given::facts([log("r", 700), log("r", 200), log("r", 30_000)]);
    assert_eq!(given.starts(), [(200, 3)]);
    assert_eq!(
        given.each(|row| (row.evidence_log, row.outcome.map(str::to_owned))),
        [(true, Some("unknown".to_owned()))]
    );
}

#[test]
fn nothing_joins_an_attempt_from_an_hour_before() {
    let hour = 3_600_000;
    assert_eq!(Given::facts([start("r", 0), log("r", hour)]).starts(), [(0, 2)]);
    assert_eq!(
        Given::facts([start("r", 0), log("r", hour + 1)]).starts(),
        [(0, 1), (hour + 1, 1)]
    );
    let endless = Fact {
        end_unix_nano: Some(i64::MAX),
        ..start("r", 0)
    };
    assert_eq!(
        Given::facts([endless, start("r", hour + 1)]).starts(),
        [(0, 1), (hour + 1, 1)]
    );
}

#[test]
fn an_end_alone_is_an_attempt() {
    assert_eq!(Given::facts([end("r", 900)]).starts(), [(900, 1)]);
    assert_eq!(
        Given::facts([end("r", 900), report("r", 1_000, 400)]).starts(),
        [(600, 2)]
    );
}

#[test]
fn keys_of_other_scopes_and_providers_are_other_events() {
    let scoped = Fact {
        key_scope: "checkout",
        ..start("r", 0)
    };
    let foreign = Fact {
        provider: "gcp",
        ..start("r", 0)
    };
    assert_eq!(
        Given::facts([start("r", 0), scoped, foreign, start("s", 0)])
            .starts()
            .len(),
        4
    );
}

#[test]
fn repeated_statements_count_once() {
    let again = Fact {
        received_unix_nano: Some(7),
        ..start("r", 0)
    };
    assert_eq!(Given::facts([start("r", 0), again, start("r", 0)]).starts(), [(0, 1)]);
}

#[test]
fn extreme_times_overflow_nothing() {
    let at = |time, hint, end| Fact {
        fact_unix_nano: time,
        start_hint_unix_nano: hint,
        end_unix_nano: end,
        duration_us: Some(i64::MAX),
        runtime_us: Some(i64::MIN),
        ..record("r", 0, 0)
    };
    let facts = [
        at(i64::MAX, Some(i64::MIN), None),
        at(i64::MIN, Some(i64::MAX), Some(i64::MIN)),
        at(i64::MIN, None, None),
        at(i64::MAX, None, Some(i64::MAX)),
    ];
    assert_eq!(
        Given::facts(facts).starts().iter().map(|(_, facts)| facts).sum::<i64>(),
        4
    );
}

#[test]
fn a_key_with_very_many_facts_is_split_without_comparing_all_with_all() {
    const INSTANCES: [&str; 3] = ["x", "y", "z"];
    let many = (0..12_000_usize).flat_map(|number| {
        let at = i64::try_from(number).unwrap() * 11_000;
        [
            on(INSTANCES[number % 3], &start("r", at)),
            on(INSTANCES[number % 2], &log("r", at + 5)),
            log("r", at + 6),
        ]
    });
    let starts = Given::facts(many).starts();
    assert_eq!(
        (starts.len(), starts.iter().map(|(_, facts)| facts).sum::<i64>()),
        (12_000, 36_000)
    );
}

#[test]
fn one_invocation_of_azure_is_one_attempt_by_whatever_names_its_instance_goes() {
    let of = |fact: Fact| Fact {
        provider: "azure",
        ..fact
    };
    let given = Given::facts([
        of(on("host-process", &start("r", 0))),
        of(on("role-instance", &span_fact("r", 40, 600))),
        of(on("host-process", &report("r", 650, 640))),
    ]);
    assert_eq!(given.starts(), [(0, 3)]);
}
