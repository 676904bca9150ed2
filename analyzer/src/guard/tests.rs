//! What people may ask, and what they are told where they may not.

use std::collections::BTreeMap;
use std::time::Duration;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;

use super::{Answer, GuardError, Limits};
use crate::Span;
use crate::testing::{World, attempt};

const LIMITS: Limits = Limits {
    time: Duration::from_secs(20),
    rows: 3,
    bytes: 1 << 20,
};

async fn ask(sql: &str, limits: Limits) -> Result<Answer, GuardError> {
    let mut world = World::default();
    for (id, start_s) in ["a", "b", "c", "d", "e"].into_iter().zip(0..) {
        world.attempt(&attempt(id, start_s));
    }
    let params = BTreeMap::from([("fn".to_owned(), ScalarValue::from("checkout"))]);
    world.session(Span::Whole).await.query(sql, &params, limits).await
}

#[tokio::test]
async fn one_select_over_the_views_is_answered() {
    let sql = "WITH x AS (SELECT function, count(*) AS n FROM invocations WHERE function = $fn GROUP BY function) SELECT n FROM x";
    let answer = ask(sql, LIMITS).await.unwrap();
    assert_eq!(answer.batches[0].column(0).as_primitive::<Int64Type>().value(0), 5);
    assert!(!answer.truncated);
}

#[tokio::test]
async fn rows_beyond_the_limit_are_cut_and_said() {
    let answer = ask("SELECT invocation_id FROM invocations ORDER BY 1", LIMITS)
        .await
        .unwrap();
    assert_eq!(
        (
            answer.batches.iter().map(RecordBatch::num_rows).sum::<usize>(),
            answer.truncated
        ),
        (3, true)
    );
    let exact = ask("SELECT invocation_id FROM invocations LIMIT 3", LIMITS)
        .await
        .unwrap();
    assert!(!exact.truncated);
}

#[tokio::test]
async fn json_attributes_can_be_asked() {
    ask("SELECT attributes_json ->> 'team' FROM logs", LIMITS)
        .await
        .unwrap();
    assert!(
        ask("SELECT json_get_str(attributes_json, 'team') FROM spans", LIMITS)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn whatever_is_no_select_is_refused_in_words() {
    for sql in [
        "DELETE FROM invocations",
        "CREATE TABLE x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN SELECT 1",
        "SHOW TABLES",
        "INSERT INTO invocations SELECT * FROM invocations",
    ] {
        assert!(
            matches!(
                ask(sql, LIMITS).await,
                Err(GuardError::NotSelect | GuardError::Parse { .. })
            ),
            "{sql}"
        );
    }
    assert!(matches!(
        ask("SELECT 1; SELECT 2", LIMITS).await,
        Err(GuardError::NotOne { count: 2 })
    ));
    assert!(matches!(ask("  ", LIMITS).await, Err(GuardError::NotOne { count: 0 })));
    assert!(matches!(
        ask("SELECT 1 INTO x", LIMITS).await,
        Err(GuardError::Plan { .. })
    ));
    assert!(matches!(
        ask(&format!("SELECT '{}'", "x".repeat(70_000)), LIMITS).await,
        Err(GuardError::TooLong { .. })
    ));
}

#[tokio::test]
async fn stored_tables_files_and_schemas_cannot_be_named() {
    for sql in [
        "SELECT * FROM stored.invocations",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM nothing",
        "SELECT (SELECT count(*) FROM stored.spans)",
    ] {
        assert!(
            matches!(ask(sql, LIMITS).await, Err(GuardError::UnknownTable { .. })),
            "{sql}"
        );
    }
    let refused = ask("SELECT * FROM invocation", LIMITS).await.unwrap_err().to_string();
    assert!(
        refused.starts_with("`invocation` is no view; ask spans, logs,"),
        "{refused}"
    );
}

#[tokio::test]
async fn clocks_chance_and_bottomless_functions_do_not_exist() {
    for call in [
        "now()",
        "current_timestamp()",
        "random()",
        "uuid()",
        "repeat('x', 1000000000)",
        "range(1, 1000000000000)",
        "lpad('x', 2000000000)",
    ] {
        let sql = format!("SELECT {call} FROM invocations");
        assert!(
            matches!(ask(&sql, LIMITS).await, Err(GuardError::Plan { .. })),
            "{call}"
        );
    }
}

#[tokio::test]
async fn time_and_size_are_limited() {
    let product = "SELECT count(*) FROM logs RIGHT JOIN (SELECT a.start_unix_nano AS x FROM invocations a, invocations b, invocations c,
                   invocations d, invocations e, invocations f, invocations g, invocations h, invocations i, invocations j,
                   invocations k, invocations l) ON true WHERE x % 7 = 3";
    let slow = ask(
        product,
        Limits {
            time: Duration::from_millis(50),
            ..LIMITS
        },
    )
    .await;
    assert!(matches!(slow, Err(GuardError::TooSlow { .. })), "{slow:?}");
    let large = ask("SELECT * FROM invocations", Limits { bytes: 10, ..LIMITS }).await;
    assert!(matches!(large, Err(GuardError::TooLarge { bytes: 10 })));
}
