//! What views show, and what reaches the files.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::MemTable;
use datafusion::error::DataFusionError;
use pennyspan_rules::PriceBooks;
use pennyspan_schema::Window;
use pennyspan_schema::tables::{environment_facts, invocations, metric_points, workflow_steps};

use crate::functions::show::millisecond_type;
use crate::guard::{GuardError, failed};
use crate::session::{Settings, Spill};
use crate::testing::{SECOND, SEVEN, World, attempt};
use crate::{Session, Span, views};

async fn text(session: &Session, sql: &str) -> String {
    let batches = session.context().sql(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

async fn plan(session: &Session, sql: &str) -> String {
    let (state, plan) = session.context().sql(sql).await.unwrap().into_parts();
    state.optimize(&plan).unwrap().display_indent().to_string()
}

#[tokio::test]
async fn every_view_shows_ids_as_text_times_as_timestamps_and_durations_in_milliseconds() {
    let session = World::default().session(Span::Whole).await;
    for name in views::names() {
        let schema = session.context().table(name).await.unwrap().schema().as_arrow().clone();
        for field in schema.fields() {
            let shown = field.data_type();
            assert!(
                !matches!(shown, DataType::FixedSizeBinary(_)),
                "{name}.{}",
                field.name()
            );
            if field.name().ends_with("_time") {
                assert_eq!(
                    shown,
                    &DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
                    "{name}.{}",
                    field.name()
                );
            }
            if let Some(stem) = field.name().strip_suffix("_us") {
                let beside = schema.field_with_name(&format!("{stem}_ms")).unwrap();
                assert_eq!(beside.data_type(), &millisecond_type(), "{name}.{stem}_ms");
            }
        }
    }
}

#[tokio::test]
async fn comparisons_of_ids_and_times_reach_the_stored_columns() {
    let session = World::default().session(Span::Whole).await;
    let by_trace = plan(
        &session,
        "SELECT name FROM spans WHERE trace_id = '5b8aa5a2d2c872e8321cf37308d69df2'",
    )
    .await;
    assert!(by_trace.contains("spans.trace_id = FixedSizeBinary(16"), "{by_trace}");
    let by_list = plan(&session, "SELECT name FROM spans WHERE span_id IN ('051581bf3cb55c13', '5fb397be34d26b51', '93564f51e1abe1c2', 'eee19b7ec3c1b174')").await;
    assert!(
        by_list.contains("spans.span_id IN") && !by_list.contains("hex_8"),
        "{by_list}"
    );
    let by_time = plan(
        &session,
        "SELECT name FROM spans WHERE start_time >= '2026-10-08T07:00:00Z'",
    )
    .await;
    assert!(
        by_time.contains("spans.start_unix_nano >= Int64(1791442800000000000)"),
        "{by_time}"
    );
    let by_start = plan(
        &session,
        "SELECT function FROM invocations WHERE start_time < '2026-10-08T07:00:00Z'",
    )
    .await;
    assert!(
        by_start.contains("invocations.start_unix_nano < Int64(1791442800000000000)"),
        "{by_start}"
    );
}

#[tokio::test]
async fn an_id_of_another_length_matches_nothing() {
    let mut world = World::default();
    world.attempt(&invocations::Row {
        trace_id: Some([0xab; 16]),
        ..attempt("a", 0)
    });
    let session = world.session(Span::Whole).await;
    for (id, found) in [
        ("abababababababababababababababab", 1),
        ("abab", 0),
        ("ABABABABABABABABABABABABABABABAB", 0),
    ] {
        let sql = format!("SELECT count(*) FROM invocations WHERE trace_id = '{id}'");
        let batches = session.context().sql(&sql).await.unwrap().collect().await.unwrap();
        assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().value(0), found, "{id}");
    }
}

#[tokio::test]
async fn the_derivation_is_evaluated_once_per_batch() {
    let session = World::default().session(Span::Whole).await;
    let sql = "SELECT region, cold_start, attempt, billed_mib_ms, trigger_lag_ms FROM invocations";
    let plan = plan(&session, sql).await;
    assert_eq!(plan.matches("derive(").count(), 1, "{plan}");
}

#[tokio::test]
async fn what_records_leave_out_is_filled_and_flagged() {
    let mut world = World::default();
    let bare = invocations::Row {
        region: None,
        function: None,
        architecture: None,
        memory_size_mib: None,
        ..attempt("bare", 5)
    };
    world.attempt(&invocations::Row {
        instance_id: Some("env"),
        billed_mib_ms: None,
        ..bare
    });
    world.environment(&environment_facts::Row {
        provider: "aws",
        fact_kind: "init_start",
        fact_unix_nano: SEVEN,
        instance_id: Some("env"),
        function: Some("checkout"),
        region: Some("us-east-1"),
        ..environment_facts::Row::default()
    });
    world
        .setting("architecture", "x86_64", -100)
        .setting("architecture", "arm64", 0)
        .setting("memory_size_mib", "256", 60);
    world.setting("timeout_ms", "3000", 1);
    let session = world.session(Span::Whole).await;
    let sql = "SELECT function, region, architecture, memory_size_mib, timeout_ms, billed_mib_ms, assumed_architecture,
                      from_environment, from_configuration, cost_usd FROM invocations";
    insta::assert_snapshot!(text(&session, sql).await);
}

#[tokio::test]
async fn a_missing_billed_duration_follows_the_rule_of_its_day() {
    let mut world = World::default();
    let unlogged = |id, start_unix_nano, init_us| invocations::Row {
        start_unix_nano,
        duration_us: Some(693_920),
        init_duration_us: init_us,
        billed_duration_ms: None,
        billed_mib_ms: None,
        ..attempt(id, 0)
    };
    let (day_2020, day_2025) = (1_606_694_400 * SECOND, 1_753_920_000 * SECOND);
    world.attempt(&unlogged("steps of 100 ms", day_2020, Some(397_680)));
    world.attempt(&unlogged("init free", day_2025, Some(397_680)));
    world.attempt(&unlogged("init billed", day_2025 + 86_400 * SECOND, Some(397_680)));
    world.attempt(&invocations::Row {
        restore_billed_ms: Some(53),
        duration_us: Some(147_156),
        ..unlogged("snapshot", SEVEN, None)
    });
    world.attempt(&invocations::Row {
        billed_duration_ms: Some(694),
        ..unlogged("logged", SEVEN, Some(397_680))
    });
    world.attempt(&invocations::Row {
        duration_us: None,
        ..unlogged("no end", SEVEN, None)
    });
    world.attempt(&invocations::Row {
        outcome: Some("throttled"),
        ..unlogged("throttled", SEVEN, None)
    });
    world.attempt(&invocations::Row {
        platform: Some("gcp_cloud_run"),
        provider: "gcp",
        ..unlogged("elsewhere", SEVEN, None)
    });
    let session = world.session(Span::Whole).await;
    let sql = "SELECT invocation_id, billed_duration_ms, billed_source, billed_mib_ms FROM invocations ORDER BY invocation_id";
    insta::assert_snapshot!(text(&session, sql).await);
}

#[tokio::test]
async fn cold_starts_are_told_by_init_then_sender_then_first_sight() {
    let mut world = World::default();
    let unsaid = |id, start_s, instance_id| invocations::Row {
        cold_start_reported: None,
        instance_id,
        ..attempt(id, start_s)
    };
    world.attempt(&unsaid("1 first seen", 0, Some("one")));
    world.attempt(&unsaid("2 seen again", 10, Some("one")));
    world.attempt(&unsaid("3 nothing tells", 10, None));
    world.attempt(&invocations::Row {
        init_duration_us: Some(5),
        ..unsaid("4 init", 20, Some("one"))
    });
    world.attempt(&invocations::Row {
        cold_start_reported: Some(true),
        ..unsaid("5 reported", 30, Some("one"))
    });
    let provisioned = invocations::Row {
        init_type: Some("provisioned-concurrency"),
        ..unsaid("6 provisioned", 40, Some("two"))
    };
    world.attempt(&invocations::Row {
        init_duration_us: Some(5),
        ..provisioned
    });
    world.attempt(&unsaid("7 proactive", 50, Some("three")));
    world.environment(&environment_facts::Row {
        provider: "aws",
        fact_kind: "init_report",
        fact_unix_nano: SEVEN,
        instance_id: Some("three"),
        ..environment_facts::Row::default()
    });
    world.attempt(&invocations::Row {
        restore_duration_us: Some(9),
        ..unsaid("8 restored", 60, None)
    });
    let session = world.session(Span::Whole).await;
    let sql = "SELECT invocation_id, cold_start, cold_start_source FROM invocations ORDER BY invocation_id";
    insta::assert_snapshot!(text(&session, sql).await);
}

#[tokio::test]
async fn first_sight_looks_back_before_the_window() {
    let mut world = World::default();
    let on = |id, start_s| invocations::Row {
        cold_start_reported: None,
        instance_id: Some("one"),
        ..attempt(id, start_s)
    };
    world.attempt(&on("before", -3_600)).attempt(&on("inside", 30));
    let window = pennyspan_schema::Window {
        start_unix_nano: SEVEN,
        end_unix_nano: SEVEN + 60 * SECOND,
    };
    let session = world.session(Span::Window(window)).await;
    let sql = "SELECT cold_start FROM invocations WHERE invocation_id = 'inside'";
    let batches = session.context().sql(sql).await.unwrap().collect().await.unwrap();
    assert!(!batches[0].column(0).as_boolean().value(0));
}

/// Groups every row by itself, and orders the groups: more than the memory of the session holds.
const WIDE: &str =
    "SELECT key, COUNT(*) AS n, MIN(padding) AS padding FROM wide GROUP BY key ORDER BY padding, key DESC LIMIT 3";
const WIDE_ROWS: i64 = 200_000;

async fn narrow(spill: Option<Spill>) -> Result<String, DataFusionError> {
    let settings = Settings {
        partitions: NonZeroUsize::new(2).unwrap(),
        memory_bytes: 16 << 20,
        spill,
        skew_limit_us: 0,
    };
    let books = Arc::new(PriceBooks::default());
    let snapshot = World::default().snapshot();
    let session = Session::open(&snapshot, books, Span::Whole, settings).await.unwrap();
    let keys = Arc::new(Int64Array::from_iter_values(1..=WIDE_ROWS));
    let padding = Arc::new(StringArray::from_iter_values((0..WIDE_ROWS).map(|_| "x".repeat(200))));
    let wide = RecordBatch::try_from_iter([("key", keys as ArrayRef), ("padding", padding as ArrayRef)])?;
    let halves = vec![vec![wide.slice(0, 100_000)], vec![wide.slice(100_000, 100_000)]];
    let table = MemTable::try_new(wide.schema(), halves)?;
    session.context().register_table("wide", Arc::new(table))?;
    let batches = session.context().sql(WIDE).await?.collect().await?;
    Ok(pretty_format_batches(&batches)?.to_string())
}

#[tokio::test]
async fn what_outgrows_the_memory_is_put_down_in_the_folder_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let spill = Spill {
        folder: folder.path().to_owned(),
        bytes: 1 << 30,
    };
    let answer = narrow(Some(spill)).await.unwrap();
    assert!(answer.contains("| 200000 | 1 "), "{answer}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_outgrows_the_memory_without_a_folder_or_beyond_its_limit_is_an_error() {
    let error = failed(narrow(None).await.unwrap_err());
    assert!(matches!(error, GuardError::TooMuchMemory { .. }), "{error:?}");
    let folder = tempfile::tempdir().unwrap();
    let spill = Spill {
        folder: folder.path().to_owned(),
        bytes: 1 << 20,
    };
    let error = failed(narrow(Some(spill)).await.unwrap_err());
    assert!(matches!(error, GuardError::TooMuchSpilled { .. }), "{error:?}");
}

#[tokio::test]
async fn environments_last_from_their_first_record_to_their_last() {
    let mut world = World::default();
    let said = |instance_id, fact_kind, second: i64| environment_facts::Row {
        provider: "aws",
        fact_kind,
        fact_unix_nano: SEVEN + second * SECOND,
        instance_id: Some(instance_id),
        ..environment_facts::Row::default()
    };
    let managed = Some("lambda-managed-instances");
    for fact in [
        environment_facts::Row {
            init_type: managed,
            function: Some("checkout"),
            memory_size_mib: Some(2_048),
            ..said("managed", "init_start", 0)
        },
        said("managed", "init_report", 2),
        environment_facts::Row {
            status: Some("out_of_memory"),
            ..said("ended", "shutdown", 50)
        },
        environment_facts::Row {
            start_unix_nano: Some(SEVEN),
            end_unix_nano: Some(SEVEN + 60 * SECOND),
            request_count: Some(412),
            billed_ms: Some(60_000),
            ..said("web", "interval", 60)
        },
    ] {
        world.environment(&fact);
    }
    for (id, instance_id, start_s) in [
        ("a", "managed", 30),
        ("b", "managed", 600),
        ("c", "ended", 40),
        ("d", "seen", 5),
    ] {
        world.attempt(&invocations::Row {
            instance_id: Some(instance_id),
            init_type: None,
            memory_size_mib: None,
            ..attempt(id, start_s)
        });
    }
    let sql = "SELECT instance_id, function, init_type, memory_size_mib, start_time, end_time, end_stated, end_status, attempt_count, \
               request_stated_count, attempts_ms, billed_stated_ms FROM environments ORDER BY instance_id";
    let session = world.session(Span::Whole).await;
    insta::assert_snapshot!(text(&session, sql).await);
    let later = Window {
        start_unix_nano: SEVEN + 500 * SECOND,
        end_unix_nano: SEVEN + 900 * SECOND,
    };
    let empty = World::default().session(Span::Window(later)).await;
    let none = text(&empty, "SELECT COUNT(*) AS n FROM environments").await;
    assert!(none.contains("| 0 |"), "{none}");
}

#[tokio::test]
async fn executions_are_told_by_the_states_that_they_entered_and_left() {
    let mut world = World::default();
    let step = |execution_id, state, second: i64, status| workflow_steps::Row {
        provider: "aws",
        workflow: Some("orders"),
        execution_id,
        state,
        fact_kind: "event",
        fact_unix_nano: SEVEN + second * SECOND,
        status: Some(status),
        ..workflow_steps::Row::default()
    };
    for row in [
        step("1", None, 0, "running"),
        step("1", Some("pay"), 1, "running"),
        workflow_steps::Row {
            attempt: Some(1),
            error_type: Some("Busy"),
            ..step("1", Some("pay"), 2, "failed")
        },
        workflow_steps::Row {
            attempt: Some(2),
            ..step("1", Some("pay"), 4, "succeeded")
        },
        step("1", None, 5, "succeeded"),
        step("2", None, 7, "running"),
    ] {
        world.workflow_step(&row);
    }
    let sql = "SELECT execution_id, workflow, start_time, end_time, status, state_count, retry_count, failed_state_count, error_type \
               FROM executions ORDER BY execution_id";
    insta::assert_snapshot!(text(&world.session(Span::Whole).await, sql).await);
}

/// A cumulative point of a histogram: instance, since when, when, count and sum.
type Point = (&'static str, i64, i64, i64, f64);

fn cumulative((instance_id, since_s, at_s, count, _): Point, sum_text: &str) -> metric_points::Row<'_> {
    metric_points::Row {
        metric: "faas.invoke_duration",
        point_kind: "histogram",
        temporality: Some(2),
        start_unix_nano: Some(SEVEN + since_s * SECOND),
        time_unix_nano: SEVEN + at_s * SECOND,
        observation_count: Some(count),
        sum_text: Some(sum_text),
        function: Some("checkout"),
        instance_id: Some(instance_id),
        ..metric_points::Row::default()
    }
}

#[tokio::test]
async fn cumulative_histograms_rise_per_environment_and_begin_anew_with_it() {
    // Two environments interleave; the first is replaced by one of the same name, which counts from its own start.
    let points: [Point; 7] = [
        ("i-1", 0, 10, 3, 1.5),
        ("i-2", 5, 12, 10, 20.0),
        ("i-1", 0, 20, 5, 2.5),
        ("i-2", 5, 22, 10, 20.0),
        ("i-1", 25, 30, 2, 0.5),
        ("i-1", 25, 40, 6, 3.0),
        ("i-2", 5, 42, 11, 25.0),
    ];
    let sums: Vec<String> = points.iter().map(|point| point.4.to_string()).collect();
    let mut world = World::default();
    for (point, sum) in points.iter().zip(&sums) {
        world.metric_point(&cumulative(*point, sum));
    }
    let sql = "SELECT instance_id, time_unix_nano, observation_increase_count, increase, anew FROM metric_increases \
               ORDER BY instance_id, time_unix_nano";
    let told = text(&world.session(Span::Whole).await, sql).await;
    assert_eq!(text(&world.reversed().session(Span::Whole).await, sql).await, told);
    insta::assert_snapshot!(told);

    // Whoever adds the last counts of each life of each environment finds as many.
    let mut lives = std::collections::BTreeMap::new();
    for (instance, since, _, count, sum) in points {
        lives.insert((instance, since), (count, sum));
    }
    let (count, sum) = lives
        .values()
        .fold((0, 0.0), |(n, s), (count, sum)| (n + count, s + sum));
    let whole = "SELECT SUM(observation_increase_count) AS n, SUM(increase) AS s FROM metric_increases";
    let told = text(&world.session(Span::Whole).await, whole).await;
    assert!(told.contains(&format!("| {count} | {sum:.1} |")), "{told}");
}

#[tokio::test]
async fn a_counter_that_falls_or_says_no_start_is_taken_for_what_it_is() {
    let counter = |temporality, at_s: i64, value: &'static str| metric_points::Row {
        metric: "faas.errors",
        point_kind: "sum",
        temporality: Some(temporality),
        monotonic: Some(true),
        time_unix_nano: SEVEN + at_s * SECOND,
        value_text: Some(value),
        ..metric_points::Row::default()
    };
    let mut world = World::default();
    for row in [
        counter(2, 0, "7"),
        counter(2, 10, "9"),
        counter(2, 20, "4"),
        counter(1, 30, "5"),
        counter(1, 40, "6"),
    ] {
        world.metric_point(&row);
    }
    world.metric_point(&metric_points::Row {
        monotonic: Some(false),
        ..counter(2, 50, "1")
    });
    let sql = "SELECT time_unix_nano, increase, anew FROM metric_increases ORDER BY time_unix_nano";
    insta::assert_snapshot!(text(&world.session(Span::Whole).await, sql).await);
}
