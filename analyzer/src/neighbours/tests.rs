//! What neighbours say, asked through the view.

use datafusion::arrow::util::pretty::pretty_format_batches;
use pennyspan_schema::Window;
use pennyspan_schema::tables::{deliveries, environment_facts, invocations, spans};

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

#[tokio::test]
async fn a_link_to_the_senders_span_tells_when_a_message_was_sent() {
    let mut world = World::default();
    let sent = |id: u8, kind, end_s| spans::Row {
        trace_id: [7; 16],
        span_id: [id; 8],
        kind,
        name: "send",
        start_unix_nano: SEVEN + (end_s - 1) * SECOND,
        end_unix_nano: Some(SEVEN + end_s * SECOND),
        ..spans::Row::default()
    };
    world
        .span(&sent(1, 4, 10))
        .span(&sent(2, 4, 8))
        .span(&sent(3, 3, 10))
        .span(&sent(4, 4, 99));
    let trace = "07".repeat(16);
    let link = |id: u8| {
        format!(
            r#"{{"trace_id":"{trace}","span_id":"{}"}}"#,
            format!("{id:02x}").repeat(8)
        )
    };
    let one = format!("[{}]", link(1));
    let two = format!("[{},{}]", link(1), link(2));
    let call = format!("[{}]", link(3));
    let (later, unseen) = (format!("[{}]", link(4)), format!("[{}]", link(5)));
    let consumer = |id, start_s, links| invocations::Row {
        trigger_type: Some("queue"),
        links_json: Some(links),
        ..attempt(id, start_s)
    };
    world
        .attempt(&consumer("1 first", 12, &one))
        .attempt(&consumer("2 again, with an older one", 30, &two))
        .attempt(&consumer("3 links a call", 12, &call))
        .attempt(&consumer("4 clocks differ", 98, &later))
        .attempt(&consumer("5 not seen", 12, &unseen))
        .attempt(&invocations::Row {
            function: Some("mailer"),
            ..consumer("6 another function", 40, &one)
        })
        .attempt(&invocations::Row {
            enqueued_min_unix_nano: Some(SEVEN + 11 * SECOND),
            trigger_lag_us: Some(1_000_000),
            ..consumer("7 knows itself", 12, &one)
        });
    let sql = "SELECT invocation_id, trigger_lag_ms, event_age_ms FROM invocations ORDER BY invocation_id";
    let expected = text(&world.session(Span::Whole).await, sql).await;
    insta::assert_snapshot!(expected);
    assert_eq!(text(&world.reversed().session(Span::Whole).await, sql).await, expected);
}

#[tokio::test]
async fn lags_by_links_are_corrected_for_clocks_and_what_is_still_below_zero_is_shown_as_zero() {
    let mut world = World::default();
    let trace = "07".repeat(16);
    // Messages of a sender whose clock is 400 ms ahead of the receiver's, and one of a sender that is minutes ahead.
    let sent: Vec<(u8, &str, i64)> = vec![(1, "orders", 100), (2, "orders", 700), (3, "lost", 90_000)];
    for (id, sender, lag_ms) in &sent {
        let shown_ms = lag_ms - if *sender == "lost" { 180_000 } else { 500 };
        world.span(&spans::Row {
            trace_id: [7; 16],
            span_id: [*id; 8],
            kind: 4,
            name: "send",
            service: Some(sender),
            start_unix_nano: SEVEN,
            end_unix_nano: Some(SEVEN + 600 * SECOND - shown_ms * 1_000_000),
            ..spans::Row::default()
        });
    }
    let links: Vec<String> = sent
        .iter()
        .map(|(id, ..)| {
            let span = format!("{id:02x}").repeat(8);
            format!(r#"[{{"trace_id":"{trace}","span_id":"{span}"}}]"#)
        })
        .collect();
    for (id, links) in ["1 earliest", "2 later", "3 lost"].into_iter().zip(&links) {
        world.attempt(&invocations::Row {
            trigger_type: Some("queue"),
            links_json: Some(links),
            ..attempt(id, 600)
        });
    }
    let sql = "SELECT invocation_id, trigger_lag_ms, event_age_ms, clock_correction_ms, trigger_lag_below_zero \
               FROM invocations ORDER BY invocation_id";
    let session = world.session(Span::Whole).await;
    insta::assert_snapshot!(text(&session, sql).await);
    let skews: Vec<_> = session.neighbours().skews().collect();
    let told: Vec<_> = skews
        .iter()
        .map(|skew| {
            (
                &*skew.sender,
                &*skew.receiver,
                skew.estimated_us,
                skew.applied_us,
                skew.below_zero_count,
            )
        })
        .collect();
    let (found, limit) = (400_000, 1_000_000);
    assert_eq!(
        told,
        [
            ("lost", "checkout", 90_000_000, limit, 1),
            ("orders", "checkout", found, found, 0)
        ]
    );
}

#[tokio::test]
async fn requests_that_broke_off_with_their_environment_end_as_it_did() {
    let mut world = World::default();
    let request = |id, instance_id, start_s, outcome| invocations::Row {
        provider: "gcp",
        instance_id: Some(instance_id),
        outcome: Some(outcome),
        ..attempt(id, start_s)
    };
    world
        .attempt(&request("1 broke off", "full", 100, "crash"))
        .attempt(&request("2 failed by itself", "full", 100, "error"))
        .attempt(&request("3 answered in time", "full", 100, "ok"))
        .attempt(&request("4 long before", "full", 50, "crash"))
        .attempt(&request("5 of the next container", "full", 104, "crash"))
        .attempt(&request("6 elsewhere", "other", 100, "crash"));
    for (instance_id, status) in [("full", "out_of_memory"), ("other", "error")] {
        world.environment(&environment_facts::Row {
            provider: "gcp",
            fact_kind: "shutdown",
            fact_unix_nano: SEVEN + 103 * SECOND,
            instance_id: Some(instance_id),
            status: Some(status),
            ..environment_facts::Row::default()
        });
    }
    let sql = "SELECT invocation_id, outcome, from_environment FROM invocations ORDER BY invocation_id";
    insta::assert_snapshot!(text(&world.session(Span::Whole).await, sql).await);
}

#[tokio::test]
async fn a_lag_is_told_no_more_precisely_than_its_source_knows_it() {
    let mut world = World::default();
    let event = |id, trigger_type, lag_ms: i64, enqueued_unix_nano| invocations::Row {
        trigger_type: Some(trigger_type),
        enqueued_min_unix_nano: Some(enqueued_unix_nano),
        trigger_lag_us: Some(lag_ms * 1_000),
        ..attempt(id, 10)
    };
    let (second, millis) = (SEVEN, SEVEN + 1_000_000);
    world
        .attempt(&event("1 bus", "bus", 300, second))
        .attempt(&event("2 bus, late", "bus", 1_700, second))
        .attempt(&event("3 bus to the millisecond", "bus", 300, millis))
        .attempt(&event("4 table's stream", "stream", 1_900, second))
        .attempt(&event("5 table's stream, late", "stream", 2_000, second))
        .attempt(&event("6 stream to the millisecond", "stream", 300, millis))
        .attempt(&event("7 queue", "queue", 300, second))
        .attempt(&invocations::Row {
            trigger_partition: Some("shard-1"),
            ..event("8 shard on the second", "stream", 300, second)
        });
    let sql = "SELECT invocation_id, trigger_lag_ms FROM invocations ORDER BY invocation_id";
    insta::assert_snapshot!(text(&world.session(Span::Whole).await, sql).await);
}

#[tokio::test]
async fn environments_replaced_at_once_are_a_deployment_of_what_never_changes_its_version() {
    let mut world = World::default();
    let names: Vec<String> = (0..12).map(|index| format!("i-{index:02}")).collect();
    for (index, name) in names.iter().enumerate() {
        let old = index < 6;
        for minute in if old { 0..10 } else { 10..20 } {
            world.attempt(&invocations::Row {
                instance_id: Some(name),
                version: Some("$LATEST"),
                ..attempt("x", minute * 60 + i64::try_from(index).unwrap())
            });
        }
    }
    let sql = "SELECT deployed_time, region, function, source FROM deployments ORDER BY 1";
    insta::assert_snapshot!(text(&world.session(Span::Whole).await, sql).await);
}

#[tokio::test]
async fn a_setting_holds_from_when_it_was_observed_until_the_next_statement() {
    let mut world = World::default();
    let unsaid = |id, start_s| invocations::Row {
        architecture: None,
        memory_size_mib: None,
        max_memory_used_mib: None,
        billed_mib_ms: None,
        ..attempt(id, start_s)
    };
    for (id, start_s) in [
        ("1 before", 0),
        ("2 at the first", 100),
        ("3 between", 150),
        ("4 at the second", 200),
        ("5 after", 300),
    ] {
        world.attempt(&unsaid(id, start_s));
    }
    world
        .setting("architecture", "x86_64", 100)
        .setting("architecture", "arm64", 200)
        .setting("memory_size_mib", "1024", 100)
        .setting("memory_size_mib", "2048", 200)
        .setting("timeout_ms", "3000", 100)
        .setting("timeout_ms", "30000", 200);
    // A template of long ago gives way to what was observed, but for the time before.
    world
        .setting("ephemeral_storage_mib", "512", -400_000_000)
        .setting("ephemeral_storage_mib", "1024", 150);
    let sql = "SELECT invocation_id, architecture, memory_size_mib, timeout_ms, ephemeral_storage_mib, assumed_architecture, cost_usd
               FROM invocations ORDER BY invocation_id";
    let expected = text(&world.session(Span::Whole).await, sql).await;
    insta::assert_snapshot!(expected);
    assert_eq!(text(&world.reversed().session(Span::Whole).await, sql).await, expected);
}
