//! What holds for any facts: order, duplicates, batches and slices change nothing, and nothing is lost or counted twice.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use pennyspan_schema::tables::{invocation_calls, invocation_facts, invocations, rollup_minute, spans};
use pennyspan_schema::{Period, Slice, Table, Window};
use proptest::prelude::*;

use super::given::{Given, lines, ms, read};
use super::oracle;
use crate::fold::{FoldInput, Folded, Reading, fold_slices, slices_of};

type Fact = invocation_facts::Row<'static>;
type Span = spans::Row<'static>;

const IDS: [&str; 3] = ["a", "b", "c"];
const FUNCTIONS: [Option<&str>; 3] = [None, Some("checkout"), Some("mailer")];
const INSTANCES: [Option<&str>; 4] = [None, None, Some("x"), Some("y")];
const OUTCOMES: [Option<&str>; 6] = [None, None, Some("ok"), Some("error"), Some("timeout"), Some("crash")];
const HOUR_MS: i64 = 3_600_000;

/// Returns any statement about one of three keys, at most half an hour from a slice's, hour's and day's edge.
pub(crate) fn any_fact() -> impl Strategy<Value = Fact> {
    let half_hour = HOUR_MS / 2;
    let near = prop_oneof![-3_000_i64..3_000, -70_000_i64..70_000, -half_hour..half_hour];
    let kind = prop::sample::select(vec![
        ("platform", "start", true, false),
        ("platform", "report", true, true),
        ("platform", "end", false, true),
        ("insights", "insights", true, true),
        ("record", "record", true, true),
        ("span", "span", true, true),
        ("log", "error", false, false),
        ("log", "delivery", false, false),
    ]);
    let names = (
        prop::sample::select(IDS.to_vec()),
        prop::sample::select(FUNCTIONS.to_vec()),
        prop::sample::select(INSTANCES.to_vec()),
    );
    let took = prop_oneof![0_i64..5, 0_i64..3_000, 0_i64..900_000];
    let values = (
        prop::sample::select(OUTCOMES.to_vec()),
        prop::option::of(0_i64..3),
        prop::bool::weighted(0.05),
        1_i64..4,
    );
    (near, kind, names, took, values).prop_map(
        |(at, (source, fact_kind, hinted, ended), (id, function, instance_id), took, rest)| {
            let (outcome, number, suspect, weight) = rest;
            Fact {
                provider: "aws",
                invocation_id: id,
                source,
                fact_kind,
                fact_unix_nano: ms(if fact_kind == "report" { at + took } else { at }),
                start_hint_unix_nano: hinted.then(|| ms(at)),
                end_unix_nano: (ended && took % 3 > 0).then(|| ms(if hinted { at + took } else { at })),
                duration_us: (ended && hinted).then_some(took * 1000),
                sample_weight_milli: if source == "span" { weight * 1000 } else { 1000 },
                function,
                version: number.map(|number| ["1", "2", "3"][usize::try_from(number).unwrap()]),
                instance_id,
                outcome,
                error_type: (outcome == Some("crash")).then_some("Runtime.ExitError"),
                memory_size_mib: number.map(|number| number * 128),
                max_memory_used_mib: number.map(|_| 128),
                billed_duration_ms: (fact_kind == "report").then_some(took),
                receive_max_count: number.filter(|number| *number > 0),
                enqueued_min_unix_nano: number.map(|number| ms(at - number * 700)),
                trace_id: (source == "span").then_some([u8::try_from(weight).unwrap(); 16]),
                span_id: (source == "span").then_some([u8::try_from(took % 4).unwrap(); 8]),
                time_suspect: suspect.then_some(true),
                ..Fact::default()
            }
        },
    )
}

/// Returns any span of the traces that facts name.
fn any_span() -> impl Strategy<Value = Span> {
    let at = prop_oneof![-3_000_i64..3_000, -70_000_i64..70_000, -HOUR_MS / 2..HOUR_MS / 2];
    let ids = (1_u8..4, 0_u8..9, prop::option::of(0_u8..9));
    let names = (
        prop::sample::select(FUNCTIONS.to_vec()),
        prop::sample::select(INSTANCES.to_vec()),
        0_usize..2,
    );
    (at, ids, names, prop::bool::ANY, 0_i64..2_000).prop_map(
        |(at, (trace, id, parent), (function, instance_id, callee), call, took)| Span {
            trace_id: [trace; 16],
            span_id: [id; 8],
            parent_span_id: parent.map(|parent| [parent; 8]),
            kind: if call { 3 } else { 2 },
            start_unix_nano: ms(at),
            end_unix_nano: (took % 5 > 0).then(|| ms(at + took)),
            duration_us: (took % 5 > 0).then_some(took * 1000),
            status_code: took % 3,
            invocation_span: !call && id < 4,
            function,
            instance_id,
            dependency_kind: call.then_some("database"),
            dependency: call.then_some(["orders", "users"][callee]),
            sample_weight_milli: 1000,
            ..Span::default()
        },
    )
}

/// Returns facts and spans, some of them twice, in any order.
fn any_given() -> impl Strategy<Value = Given> {
    (
        prop::collection::vec(any_fact(), 1..24),
        prop::collection::vec(any_span(), 0..24),
    )
        .prop_map(|(facts, spans)| Given::facts(facts).spans(spans))
}

/// Returns the same rows, some twice, in another order.
fn shuffled(given: Given) -> impl Strategy<Value = (Given, Given)> {
    let doubled = |given: &Given| {
        let facts = given.facts.iter().chain(&given.facts[..given.facts.len() / 2]);
        let spans = given.spans.iter().chain(&given.spans[..given.spans.len() / 2]);
        (facts.copied().collect::<Vec<_>>(), spans.copied().collect::<Vec<_>>())
    };
    let (facts, spans) = doubled(&given);
    (Just(given), Just(facts).prop_shuffle(), Just(spans).prop_shuffle())
        .prop_map(|(given, facts, spans)| (given, Given { facts, spans }))
}

/// Returns facts and spans in bursts some hours apart: what one burst says, no slice of another needs.
pub(crate) fn bursts() -> impl Strategy<Value = Given> {
    prop::collection::vec(any_given(), 1..4).prop_map(|bursts| {
        let mut all = Given::default();
        for (burst, number) in bursts.into_iter().zip(0_i64..) {
            let later = number * 5 * HOUR_MS * 1_000_000;
            let shift = |time: Option<i64>| time.map(|time| time + later);
            let facts = burst.facts.into_iter().map(|fact| Fact {
                fact_unix_nano: fact.fact_unix_nano + later,
                start_hint_unix_nano: shift(fact.start_hint_unix_nano),
                end_unix_nano: shift(fact.end_unix_nano),
                ..fact
            });
            all.facts.extend(Given::facts(facts).facts);
            let spans = burst.spans.into_iter();
            all.spans.extend(spans.map(|span| Span {
                start_unix_nano: span.start_unix_nano + later,
                end_unix_nano: shift(span.end_unix_nano),
                ..span
            }));
        }
        all
    })
}

/// Folds slices from what a reading of them keeps, and from nothing else.
fn fold_by_reading(given: &Given, slices: &[Slice]) -> Vec<Folded> {
    let Some(mut reading) = Reading::of(slices) else {
        return Vec::new();
    };
    let within = |window: Window| Given {
        facts: given
            .facts
            .iter()
            .filter(|fact| window.contains(fact.fact_unix_nano))
            .copied()
            .collect(),
        spans: given
            .spans
            .iter()
            .filter(|span| window.contains(span.start_unix_nano))
            .copied()
            .collect(),
    };
    let near = within(reading.near());
    near.fact_batches(5)
        .iter()
        .for_each(|batch| reading.note_facts(batch).unwrap());
    near.span_batches(5)
        .iter()
        .for_each(|batch| reading.note_spans(batch).unwrap());
    let wide = within(reading.wide());
    let facts = wide.fact_batches(7);
    reading.widen(&facts).unwrap();
    let facts: Vec<_> = facts.iter().map(|batch| reading.facts(batch).unwrap()).collect();
    let spans: Vec<_> = wide
        .span_batches(7)
        .iter()
        .map(|batch| reading.spans(batch).unwrap())
        .collect();
    fold_slices(
        &FoldInput {
            facts: &facts,
            spans: &spans,
        },
        slices,
    )
    .unwrap()
    .into_values()
    .collect()
}

/// Returns the slices of attempts and of spans.
fn all_slices(given: &Given) -> BTreeSet<Slice> {
    let mut slices = slices_of(&given.fact_batches(100)).unwrap();
    slices.extend(given.spans.iter().map(|span| Slice::of(span.start_unix_nano)));
    slices
}

fn sum<T>(values: impl IntoIterator<Item = T>) -> i64
where
    i64: std::iter::Sum<T>,
{
    values.into_iter().sum()
}

/// What is added up of attempts, and its place in a rollup.
const SUMS: [&str; 7] = [
    "attempt_count",
    "weight_milli",
    "duration_us",
    "billed_duration_ms",
    "billed_mib_ms",
    "without_billed_count",
    "without_memory_count",
];

/// Returns the sums of a rollup's rows by period.
fn sums_of(rollup: &[RecordBatch], table: Table, period: Period) -> BTreeMap<i64, [i64; 7]> {
    let mut sums: BTreeMap<i64, [i64; 7]> = BTreeMap::new();
    for batch in rollup {
        let column = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().clone();
        let (times, columns) = (column(table.time_column()), SUMS.map(column));
        for row in 0..batch.num_rows() {
            let of_period = sums.entry(period.start_of(times.value(row))).or_default();
            for (sum, column) in of_period.iter_mut().zip(&columns) {
                *sum += column.value(row);
            }
        }
    }
    sums
}

/// Returns the same sums of the attempts themselves.
fn sums_of_attempts(given: &Given, period: Period) -> BTreeMap<i64, [i64; 7]> {
    let mut sums: BTreeMap<i64, [i64; 7]> = BTreeMap::new();
    let attempts = given.each(|row| {
        let values = [
            1,
            row.sample_weight_milli,
            row.duration_us.unwrap_or(0),
            row.billed_duration_ms.unwrap_or(0),
            row.billed_mib_ms.unwrap_or(0),
            i64::from(row.billed_duration_ms.is_none()),
            i64::from(row.memory_size_mib.is_none()),
        ];
        (row.time_suspect != Some(true)).then(|| (period.start_of(row.start_unix_nano), values))
    });
    for (start, values) in attempts.into_iter().flatten() {
        for (sum, value) in sums.entry(start).or_default().iter_mut().zip(values) {
            *sum += value;
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn minutes_hours_and_days_add_up_to_the_attempts(given in bursts()) {
        let folded = given.fold();
        let rollups = [
            (Table::RollupMinute, Period::Minute, &folded.rollup_minute),
            (Table::RollupHour, Period::Hour, &folded.rollup_hour),
            (Table::RollupDay, Period::Day, &folded.rollup_day),
        ];
        for (table, period, rows) in rollups {
            prop_assert_eq!(sums_of(rows, table, period), sums_of_attempts(&given, period), "{}", table.name());
        }
        let weights = |rows: &[RecordBatch], table: Table| {
            let hists = rows.iter().flat_map(|batch| {
                let minutes = RecordBatch::try_new(rollup_minute::schema(), batch.columns().to_vec()).unwrap();
                assert_eq!(batch.schema(), table.schema());
                let reader = rollup_minute::Reader::new(&minutes).unwrap();
                reader.rows().map(|row| row.duration_hist.weight_milli()).collect::<Vec<_>>()
            });
            hists.sum::<i64>()
        };
        prop_assert_eq!(
            weights(&folded.rollup_minute, Table::RollupMinute),
            weights(&folded.rollup_day, Table::RollupDay)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn order_duplicates_and_batches_change_nothing(
        (given, again) in any_given().prop_flat_map(shuffled),
        rows in 1_usize..9,
    ) {
        prop_assert_eq!(given.fold(), again.fold_in_batches(rows));
    }

    #[test]
    fn attempts_are_those_of_the_oracle(given in any_given()) {
        let mut told = given.each(oracle::told);
        let in_order = told.clone();
        told.sort();
        prop_assert_eq!(&told, &oracle::attempts(&given.facts));
        prop_assert!(in_order.is_sorted_by_key(oracle::Expected::place), "rows come by function, start and key");
    }

    #[test]
    fn every_distinct_fact_is_in_one_attempt(given in any_given()) {
        let distinct: BTreeSet<_> = given.facts.iter().map(|fact| (fact.invocation_id, fact.content_hash)).collect();
        prop_assert_eq!(sum(given.each(|row| row.fact_count)), i64::try_from(distinct.len()).unwrap());
    }

    #[test]
    fn every_attempt_is_in_one_rollup_and_every_call_in_one_row(given in any_given()) {
        let folded = given.fold();
        let ordinary = read(&folded.invocations, |batch| {
            invocations::Reader::new(batch).unwrap().rows().map(|row| i64::from(row.time_suspect != Some(true))).collect()
        });
        let rolled = read(&folded.rollup_minute, |batch| {
            rollup_minute::Reader::new(batch).unwrap().rows().map(|row| row.attempt_count).collect()
        });
        prop_assert_eq!(sum(ordinary), sum(rolled));
        let called = read(&folded.invocation_calls, |batch| {
            invocation_calls::Reader::new(batch).unwrap().rows().map(|row| (row.call_count, row.duration_hist.iter().count())).collect()
        });
        let named = given.spans.iter().filter(|span| span.kind == 3);
        let distinct: BTreeSet<_> = named.map(|span| (span.trace_id, span.span_id, span.start_unix_nano)).collect();
        let owned = sum(called.iter().map(|(calls, _)| *calls));
        prop_assert!(owned <= i64::try_from(distinct.len()).unwrap());
        let nameless = distinct.iter().filter(|(trace, id, start)| {
            let mut same = given.spans.iter().filter(|s| (s.trace_id, s.span_id, s.start_unix_nano, s.kind) == (*trace, *id, *start, 3));
            same.all(|span| span.function.is_none())
        });
        let server_orphans = given.spans.iter().filter(|span| span.kind == 2 && !span.invocation_span).count();
        let known = owned + i64::try_from(folded.orphan_span_count).unwrap();
        prop_assert!(known + i64::try_from(nameless.count()).unwrap() >= i64::try_from(distinct.len()).unwrap());
        prop_assert!(known <= i64::try_from(distinct.len() + server_orphans).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn slices_folded_one_by_one_are_the_whole(given in bursts()) {
        let slices = all_slices(&given);
        let parts: Vec<Folded> = slices.iter().flat_map(|slice| fold_by_reading(&given, &[*slice])).collect();
        let whole = given.fold();
        prop_assert_eq!(lines([&whole]), lines(&parts));
        prop_assert_eq!(whole.orphan_span_count, parts.iter().map(|part| part.orphan_span_count).sum::<u64>());
    }

    #[test]
    fn slices_folded_together_are_the_same(given in any_given(), parts in 1_usize..4) {
        let slices: Vec<Slice> = all_slices(&given).into_iter().collect();
        let folded: Vec<Folded> = slices.chunks(parts).flat_map(|slices| fold_by_reading(&given, slices)).collect();
        prop_assert_eq!(lines([&given.fold()]), lines(&folded));
    }
}
