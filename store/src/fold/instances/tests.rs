use pennyspan_schema::tables::instance_minutes::{Reader, Row};

use crate::fold::tests::{Given, ms, read, record};

type Fact = pennyspan_schema::tables::invocation_facts::Row<'static>;

fn minutes<T>(facts: impl IntoIterator<Item = Fact>, value: impl Fn(&Row<'_>) -> T) -> Vec<T> {
    let folded = Given::facts(facts).fold();
    read(&folded.instance_minutes, |batch| {
        Reader::new(batch).unwrap().rows().map(|row| value(&row)).collect()
    })
}

fn on(instance_id: &'static str, id: &'static str, at: i64, took: i64) -> Fact {
    Fact {
        function: Some("checkout"),
        instance_id: Some(instance_id),
        outcome: Some("ok"),
        ..record(id, at, took)
    }
}

#[test]
fn a_minute_of_an_instance_has_its_first_start_and_last_end() {
    let cold = Fact {
        init_duration_us: Some(9),
        ..on("x", "a", 100, 300)
    };
    let facts = [
        on("x", "b", 500, 50),
        cold,
        on("y", "c", 50, 10),
        on("x", "d", 60_000, 10),
    ];
    let rows = minutes(facts, |row| {
        (
            row.instance_id.to_owned(),
            row.attempt_count,
            row.first_start_unix_nano,
            row.last_end_unix_nano,
            row.init_evident,
        )
    });
    assert_eq!(
        rows,
        [
            ("x".to_owned(), 2, ms(100), Some(ms(550)), true),
            ("y".to_owned(), 1, ms(50), Some(ms(60)), false),
            ("x".to_owned(), 1, ms(60_000), Some(ms(60_010)), false)
        ]
    );
}

#[test]
fn attempts_that_did_not_run_or_name_no_instance_show_no_instance() {
    let throttled = Fact {
        outcome: Some("throttled"),
        ..on("x", "a", 0, 0)
    };
    assert_eq!(
        minutes(
            [
                throttled,
                Fact {
                    instance_id: None,
                    ..on("x", "b", 0, 5)
                }
            ],
            |row| row.attempt_count
        ),
        Vec::<i64>::new()
    );
}
