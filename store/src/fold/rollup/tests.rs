use pennyspan_schema::tables::rollup_minute::{Reader, Row};

use crate::fold::tests::read;
use crate::fold::tests::{Given, log, ms, record, report, span_fact, start};

type Fact = pennyspan_schema::tables::invocation_facts::Row<'static>;

fn rollup<T>(facts: impl IntoIterator<Item = Fact>, value: impl Fn(&Row<'_>) -> T) -> Vec<T> {
    let folded = Given::facts(facts).fold();
    read(&folded.rollup_minute, |batch| {
        Reader::new(batch).unwrap().rows().map(|row| value(&row)).collect()
    })
}

fn full(id: &'static str, at: i64, took: i64) -> Fact {
    Fact {
        function: Some("checkout"),
        region: Some("eu-west-1"),
        memory_size_mib: Some(512),
        billed_duration_ms: Some(took),
        outcome: Some("ok"),
        ..record(id, at, took)
    }
}

#[test]
fn a_minute_adds_up_its_attempts() {
    let facts = [full("a", 0, 10), full("b", 59_999, 30), full("c", 60_000, 50)];
    let sums = rollup(facts, |row| {
        let minute = (row.minute_unix_nano - ms(0)) / 60_000_000_000;
        (
            minute,
            row.attempt_count,
            row.duration_us,
            row.duration_min_us,
            row.duration_max_us,
            row.billed_duration_ms,
            row.billed_mib_ms,
        )
    });
    assert_eq!(
        sums,
        [
            (0, 2, 40_000, Some(10_000), Some(30_000), 40, 20_480),
            (1, 1, 50_000, Some(50_000), Some(50_000), 50, 25_600)
        ]
    );
}

#[test]
fn what_is_unknown_is_counted_and_never_zero() {
    let row = rollup([start("a", 0)], |row| {
        (
            row.duration_min_us,
            row.init_max_us,
            row.max_memory_used_mib,
            row.outcome.to_owned(),
            row.cold_start,
            [
                row.without_billed_count,
                row.without_memory_count,
                row.without_region_count,
            ],
        )
    });
    assert_eq!(row, [(None, None, None, "unknown".to_owned(), None, [1, 1, 1])]);
}

#[test]
fn histograms_hold_the_weights() {
    let sampled = Fact {
        sample_weight_milli: 5_000,
        duration_us: Some(90),
        ..span_fact("a", 0, 1)
    };
    let row = rollup([sampled], |row| {
        (
            row.weight_milli,
            row.duration_hist.iter().collect::<Vec<_>>(),
            row.init_hist.weight_milli(),
        )
    });
    assert_eq!(row, [(5_000, vec![(90, 5_000)], 0)]);
}

#[test]
fn a_cold_start_is_what_the_attempt_itself_tells() {
    let cold = |fact: Fact| rollup([fact], |row| row.cold_start)[0];
    assert_eq!(cold(report("a", 5, 5)), None);
    assert_eq!(
        cold(Fact {
            init_duration_us: Some(1),
            cold_start_reported: Some(false),
            ..report("a", 5, 5)
        }),
        Some(true)
    );
    assert_eq!(
        cold(Fact {
            restore_duration_us: Some(1),
            ..report("a", 5, 5)
        }),
        Some(true)
    );
    assert_eq!(
        cold(Fact {
            cold_start_reported: Some(false),
            ..report("a", 5, 5)
        }),
        Some(false)
    );
    assert_eq!(
        cold(Fact {
            cold_start_reported: Some(true),
            ..report("a", 5, 5)
        }),
        Some(true)
    );
}

#[test]
fn first_attempts_lags_are_spread_and_ages_are_not() {
    let queued = |id, received| Fact {
        trigger_type: Some("queue"),
        enqueued_min_unix_nano: Some(ms(-1)),
        receive_max_count: Some(received),
        ..full(id, 0, 10)
    };
    let lags = rollup([queued("a", 1), queued("b", 2)], |row| {
        (row.attempt_count, row.lag_hist.weight_milli())
    });
    assert_eq!(lags, [(2, 1_000)]);
}

#[test]
fn attempts_at_impossible_times_are_in_no_minute() {
    let suspect = Fact {
        time_suspect: Some(true),
        ..full("a", 0, 10)
    };
    let given = Given::facts([suspect, full("b", 0, 10)]);
    assert_eq!(given.fold().invocations[0].num_rows(), 2);
    assert_eq!(rollup([suspect, full("b", 0, 10)], |row| row.attempt_count), [1]);
}

#[test]
fn groups_differ_in_every_dimension() {
    let base = full("a", 0, 10);
    let others = [
        Fact {
            invocation_id: "b",
            version: Some("2"),
            ..base
        },
        Fact {
            invocation_id: "c",
            outcome: Some("error"),
            ..base
        },
        Fact {
            invocation_id: "d",
            memory_size_mib: Some(1024),
            ..base
        },
        Fact {
            invocation_id: "e",
            trigger_source: Some("orders"),
            ..base
        },
        Fact {
            invocation_id: "f",
            cold_start_reported: Some(true),
            ..base
        },
        Fact {
            invocation_id: "g",
            ..base
        },
        Fact {
            function: Some("other"),
            ..log("h", 0)
        },
    ];
    let counts = rollup([base].into_iter().chain(others), |row| row.attempt_count);
    assert_eq!((counts.len(), counts.iter().sum::<i64>()), (7, 8));
}
