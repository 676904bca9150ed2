//! What neighbours say, asked through the view.

use datafusion::arrow::util::pretty::pretty_format_batches;
use pennyspan_schema::Window;
use pennyspan_schema::tables::{deliveries, invocations};

use crate::testing::{SECOND, SEVEN, World, attempt};
use crate::{Session, Span};

async fn text(session: &Session, sql: &str) -> String {
    let batches = session.context().sql(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

fn handed(invocation_id: &'static str, start_s: i64, message_id: &'static str) -> deliveries::Row<'static> {
    deliveries::Row {
        provider: "aws",
        invocation_id: Some(invocation_id),
        source: "log",
        fact_unix_nano: SEVEN + start_s * SECOND + SECOND / 2,
        function: Some("checkout"),
        trigger_source: Some("orders"),
        message_id: Some(message_id),
        batch_size_count: Some(2),
        outcome: "delivered",
        ..deliveries::Row::default()
    }
}

const EVENTS: &str =
    "SELECT invocation_id, start_unix_nano, attempt, retry, event_count, delivery_count, event_attempts_count,
                             unseen_delivery_count FROM invocations ORDER BY start_unix_nano, invocation_id";

#[tokio::test]
async fn attempts_of_one_key_are_ranked_from_six_hours_before_the_window() {
    let mut world = World::default();
    let tried = |start_s, outcome| invocations::Row {
        outcome: Some(outcome),
        ..attempt("same", start_s)
    };
    world
        .attempt(&tried(-7 * 3_600, "error"))
        .attempt(&tried(-3_600, "error"));
    world
        .attempt(&tried(10, "timeout"))
        .attempt(&tried(20, "ok"))
        .attempt(&tried(30, "ok"))
        .attempt(&attempt("alone", 15));
    let window = Window {
        start_unix_nano: SEVEN,
        end_unix_nano: SEVEN + 60 * SECOND,
    };
    let session = world.session(Span::Window(window)).await;
    let sql = format!("SELECT * FROM ({EVENTS}) WHERE start_unix_nano >= {SEVEN} ORDER BY start_unix_nano");
    insta::assert_snapshot!(text(&session, &sql).await);
}

#[tokio::test]
async fn messages_are_the_events_where_deliveries_name_them() {
    let mut world = World::default();
    world.attempt(&invocations::Row {
        outcome: Some("error"),
        ..attempt("1 both fail", 0)
    });
    world
        .delivery(&handed("1 both fail", 0, "m-1"))
        .delivery(&handed("1 both fail", 0, "m-2"));
    world.attempt(&attempt("2 one given back", 10));
    world.delivery(&handed("2 one given back", 10, "m-1"));
    world.delivery(&deliveries::Row {
        outcome: "failed",
        ..handed("2 one given back", 10, "m-2")
    });
    world
        .attempt(&attempt("3 first success", 20))
        .delivery(&handed("3 first success", 20, "m-2"));
    world
        .attempt(&attempt("4 again", 30))
        .delivery(&handed("4 again", 30, "m-2"));
    world.attempt(&attempt("5 no message", 40));
    let session = world.session(Span::Whole).await;
    insta::assert_snapshot!(text(&session, EVENTS).await);
}

#[tokio::test]
async fn equal_deliveries_count_once_and_other_functions_are_other_events() {
    let mut world = World::default();
    world
        .attempt(&attempt("a", 0))
        .delivery(&handed("a", 0, "m"))
        .delivery(&handed("a", 0, "m"));
    world.delivery(&deliveries::Row {
        source: "record",
        function: None,
        trigger_source: None,
        ..handed("a", 0, "m")
    });
    world.attempt(&invocations::Row {
        function: Some("other"),
        ..attempt("b", 1)
    });
    world.delivery(&deliveries::Row {
        function: Some("other"),
        ..handed("b", 1, "m")
    });
    let session = world.session(Span::Whole).await;
    let sql = "SELECT function, event_count, delivery_count, retry FROM invocations ORDER BY function";
    insta::assert_snapshot!(text(&session, sql).await);
}

#[tokio::test]
async fn lag_is_of_first_attempts_and_less_what_is_waited_on_purpose() {
    let mut world = World::default();
    let late = |id, start_s: i64, trigger| invocations::Row {
        trigger_type: Some(trigger),
        trigger_source: Some("orders"),
        enqueued_min_unix_nano: Some(SEVEN + (start_s - 5) * SECOND),
        trigger_lag_us: Some(5_000_000),
        ..attempt(id, start_s)
    };
    world
        .attempt(&late("1 queue", 10, "queue"))
        .setting("batch_window_ms", "2000", 0);
    world.attempt(&invocations::Row {
        init_duration_us: Some(700_000),
        ..late("2 http", 20, "http")
    });
    world.attempt(&invocations::Row {
        trigger_lag_us: None,
        ..late("3 redelivered", 30, "queue")
    });
    world.attempt(&invocations::Row {
        trigger_lag_us: Some(-9),
        ..late("4 clocks differ", 40, "topic")
    });
    world
        .attempt(&late("5 same message", 50, "queue"))
        .delivery(&handed("5 same message", 50, "m"));
    world.delivery(&handed("1 queue", 10, "m"));
    let session = world.session(Span::Whole).await;
    let sql = "SELECT invocation_id, trigger_lag_ms, event_age_ms FROM invocations ORDER BY invocation_id";
    insta::assert_snapshot!(text(&session, sql).await);
}

#[tokio::test]
async fn the_first_sight_of_a_version_is_a_deployment() {
    let mut world = World::default();
    let of = |id, start_s, version| invocations::Row {
        version: Some(version),
        ..attempt(id, start_s)
    };
    world
        .attempt(&of("a", 0, "41"))
        .attempt(&of("b", 60, "42"))
        .attempt(&of("c", 90, "41"))
        .attempt(&of("d", 120, "$LATEST"));
    world
        .setting("code_sha256", "x", 0)
        .setting("code_sha256", "x", 200)
        .setting("code_sha256", "y", 100);
    let session = world.session(Span::Whole).await;
    let found = text(
        &session,
        "SELECT deployed_time, function, version, source FROM deployments ORDER BY 1, 4",
    )
    .await;
    let last = text(
        &session,
        "SELECT invocation_id, deployed_time FROM invocations ORDER BY 1",
    )
    .await;
    insta::assert_snapshot!(format!("{found}\n{last}"));
}
