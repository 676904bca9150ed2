//! Analyses against an independent computation: plain loops over the same rows, and SQL over the same view.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use pennyspan_schema::tables::invocations::Row;
use proptest::prelude::*;

use super::cold_starts::cold_starts;
use super::coverage::coverage;
use super::errors::errors;
use super::functions::functions;
use super::latency::latency;
use super::retries::retries;
use super::trigger_lag::trigger_lag;
use super::*;
use crate::testing::{World, attempt};
use crate::{Session, Span};

const OUTCOMES: [&str; 6] = ["ok", "error", "timeout", "throttled", "out_of_memory", "cancelled"];
const FUNCTIONS: [&str; 2] = ["checkout", "mail"];
const VERSIONS: [&str; 2] = ["1", "2"];

/// What one attempt of a random world is made of.
#[derive(Clone, Debug)]
struct Made {
    id: usize,
    start_s: i64,
    outcome: usize,
    function: usize,
    version: usize,
    duration_us: i64,
    init_us: Option<i64>,
    lag_us: Option<i64>,
}

fn made() -> impl Strategy<Value = Made> {
    let times = (0_i64..4_000, 1_i64..5_000_000);
    let optional = (prop::option::of(1_i64..900_000), prop::option::of(0_i64..90_000_000));
    let which = (0_usize..12, 0..OUTCOMES.len(), 0..FUNCTIONS.len(), 0..VERSIONS.len());
    (times, optional, which).prop_map(
        |((start_s, duration_us), (init_us, lag_us), (id, outcome, function, version))| Made {
            id,
            start_s,
            outcome,
            function,
            version,
            duration_us,
            init_us,
            lag_us,
        },
    )
}

const IDS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

impl Made {
    fn row(&self) -> Row<'static> {
        let ran = self.outcome() != "throttled";
        Row {
            outcome: Some(self.outcome()),
            function: Some(FUNCTIONS[self.function]),
            version: Some(VERSIONS[self.version]),
            duration_us: Some(self.duration_us),
            init_duration_us: self.init_us,
            trigger_lag_us: self.lag_us,
            enqueued_min_unix_nano: self
                .lag_us
                .map(|us| attempt("", self.start_s).start_unix_nano - us * 1_000),
            error_fingerprint: (self.outcome() == "error").then_some(VERSIONS[self.version]),
            billed_duration_ms: ran.then_some(1),
            ..attempt(IDS[self.id], self.start_s)
        }
    }

    fn outcome(&self) -> &'static str {
        OUTCOMES[self.outcome]
    }

    fn ran(&self) -> bool {
        self.outcome() != "throttled"
    }
}

/// Attempts of one key start at different times.
fn worlds() -> impl Strategy<Value = Vec<Made>> {
    prop::collection::vec(made(), 1..30).prop_map(|mut all| {
        let mut seen = BTreeSet::new();
        all.retain(|one| seen.insert((one.id, one.start_s)));
        all
    })
}

fn world_of(all: &[Made]) -> World {
    let mut world = World::default();
    for one in all {
        world.attempt(&one.row());
    }
    world
}

fn nearest_rank(mut values: Vec<i64>, percent: usize) -> Option<i64> {
    values.sort_unstable();
    values.get((values.len() * percent).div_ceil(100).max(1) - 1).copied()
}

/// What loops over the rows find for one function.
#[derive(Debug, Default, PartialEq)]
struct Found {
    attempts: i128,
    invocations: i128,
    cold: i128,
    errors: i128,
    p95: Option<i64>,
    lag_p50: Option<i64>,
    events: i128,
    most: Option<i64>,
}

fn found(all: &[Made], function: usize) -> Found {
    let of: Vec<&Made> = all.iter().filter(|one| one.function == function).collect();
    let ran: Vec<&&Made> = of.iter().filter(|one| one.ran()).collect();
    let interval = |one: &Made| (one.start_s * 1_000_000, one.start_s * 1_000_000 + one.duration_us);
    let open = |t: i64| {
        ran.iter()
            .filter(|one| interval(one).0 <= t && t < interval(one).1)
            .count()
    };
    let first_of_key = |one: &Made| {
        all.iter()
            .all(|other| other.id != one.id || other.start_s >= one.start_s)
    };
    let count = |n: usize| i128::try_from(n).unwrap() * 1_000;
    Found {
        attempts: count(of.len()),
        invocations: count(ran.len()),
        cold: count(ran.iter().filter(|one| one.init_us.is_some()).count()),
        errors: count(of.iter().filter(|one| one.outcome() == "error").count()),
        p95: nearest_rank(ran.iter().map(|one| one.duration_us).collect(), 95),
        lag_p50: nearest_rank(
            ran.iter()
                .filter(|one| first_of_key(one))
                .filter_map(|one| one.lag_us)
                .collect(),
            50,
        ),
        events: count(of.iter().filter(|one| first_of_key(one)).count()),
        most: ran
            .iter()
            .map(|one| open(interval(one).0))
            .max()
            .and_then(|most| i64::try_from(most).ok()),
    }
}

async fn opened(world: &World) -> (Session, Question) {
    let session = world.session(Span::Whole).await;
    let question = Question {
        window: session.window(),
        selection: Selection::default(),
    };
    (session, question)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn functions_agree_with_loops_over_the_rows(all in worlds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers = runtime.block_on(async {
            let (session, question) = opened(&world_of(&all)).await;
            functions(&session, &question).await.unwrap()
        });
        for (function, name) in FUNCTIONS.iter().enumerate() {
            let answer = answers.iter().find(|(scope, _)| scope.function.as_deref() == Some(name)).map(|(_, sums)| sums);
            let told = answer.map_or_else(Found::default, |sums| Found {
                attempts: sums.counts.attempts_milli,
                invocations: sums.counts.invocations_milli,
                cold: sums.cold_starts.cold_milli(),
                errors: sums.counts.errors_milli,
                p95: sums.latency.answer().p95,
                lag_p50: sums.lag.answer().first_attempt_us.p50,
                events: sums.retries.answer().events_milli,
                most: sums.concurrency.most(),
            });
            prop_assert_eq!(told, found(&all, function));
        }
    }
}

fn some() -> Vec<Made> {
    let one = |id, start_s, outcome, init_us| Made {
        id,
        start_s,
        outcome,
        function: 0,
        version: id % 2,
        duration_us: 1_000,
        init_us,
        lag_us: None,
    };
    vec![
        one(0, 0, 0, Some(7)),
        one(1, 1, 1, None),
        one(1, 5, 0, None),
        one(2, 9, 2, Some(9)),
        one(3, 9, 3, None),
        one(5, 11, 1, None),
    ]
}

#[tokio::test]
async fn sql_over_the_view_counts_the_same() {
    let (session, question) = opened(&world_of(&some())).await;
    let answer = cold_starts(&session, &question).await.unwrap();
    let sql = "SELECT version, count(*) FILTER (WHERE cold_start) AS cold, count(*) AS n
               FROM invocations WHERE outcome NOT IN ('throttled', 'dropped') GROUP BY version ORDER BY version";
    let batches = session.context().sql(sql).await.unwrap().collect().await.unwrap();
    let count = |column: usize, row: usize| {
        i128::from(batches[0].column(column).as_primitive::<Int64Type>().value(row)) * 1_000
    };
    let told: Vec<(i128, i128)> = answer
        .by_version
        .values()
        .map(|cold| (cold.cold_milli, cold.invocations_milli))
        .collect();
    assert_eq!(
        told,
        (0..told.len())
            .map(|row| (count(1, row), count(2, row)))
            .collect::<Vec<_>>()
    );
    assert_eq!(answer.by_init_type.len(), 1);
}

#[tokio::test]
async fn errors_are_grouped_by_fingerprint_with_their_earliest_exemplar() {
    let (session, question) = opened(&world_of(&some())).await;
    let groups = errors(&session, &question).await.unwrap();
    let told: BTreeMap<Option<&str>, (i128, &str)> = groups
        .iter()
        .map(|(group, errors)| {
            (
                group.part.as_deref(),
                (
                    errors.failed_milli,
                    errors.exemplar.as_ref().unwrap().invocation_id.as_str(),
                ),
            )
        })
        .collect();
    assert_eq!(told, BTreeMap::from([(None, (1_000, "c")), (Some("2"), (2_000, "b"))]));
}

#[tokio::test]
async fn retries_are_counted_and_priced() {
    let (session, question) = opened(&world_of(&some())).await;
    let groups = retries(&session, &question).await.unwrap();
    let answer = groups.values().next().unwrap();
    assert_eq!(
        (answer.retries.events_milli, answer.retries.attempts_milli),
        (5_000, 6_000)
    );
    assert_eq!((answer.retries.ratio, answer.retries.most_attempts), (Some(1.2), 2));
    assert!(
        answer.cost.is_zero(),
        "the second attempt of `b` is its first success: {}",
        answer.cost
    );
}

#[tokio::test]
async fn latency_lag_and_coverage_answer_by_function_and_part() {
    let (session, question) = opened(&world_of(&some())).await;
    let versions = latency(&session, &question, part::version).await.unwrap();
    assert_eq!(
        versions
            .values()
            .map(|us| (us.weight_milli, us.max))
            .collect::<Vec<_>>(),
        [(2_000, Some(1_000)), (3_000, Some(1_000))]
    );
    let lags = trigger_lag(&session, &question).await.unwrap();
    assert!(
        lags.values()
            .all(|lag| lag.first_attempt_us.p50.is_none() && lag.age_us.p50.is_none())
    );
    let seen = coverage(&session, &question).await.unwrap();
    assert_eq!(
        seen.values()
            .map(|seen| (seen.attempts_milli, seen.without_billed_milli))
            .collect::<Vec<_>>(),
        [(6_000, 1_000)]
    );
}

#[tokio::test]
async fn a_selection_leaves_the_rest_out() {
    let mut world = world_of(&some());
    world.attempt(&Row {
        function: Some("mail"),
        tenant: Some("blue"),
        ..attempt("m", 3)
    });
    let (session, question) = opened(&world).await;
    for (selection, expected) in [
        (
            Selection {
                functions: vec!["ma*".to_owned()],
                ..Selection::default()
            },
            1,
        ),
        (
            Selection {
                tenants: vec!["blue".to_owned(), "red".to_owned()],
                ..Selection::default()
            },
            1,
        ),
        (
            Selection {
                services: vec!["*".to_owned()],
                ..Selection::default()
            },
            0,
        ),
        (Selection::default(), 2),
    ] {
        let answer = functions(
            &session,
            &Question {
                selection,
                ..question.clone()
            },
        )
        .await
        .unwrap();
        assert_eq!(answer.len(), expected);
    }
}
