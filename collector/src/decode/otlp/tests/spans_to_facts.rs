use pennyspan_schema::Table;

use super::{LAMBDA, SPAN, START, TRACE, deliveries_of, only_fact, only_span, span, spans_of, texts};

fn attributes(list: &[(&str, &str)], more: &str) -> String {
    let comma = if more.is_empty() || list.is_empty() { "" } else { "," };
    format!(r#""attributes":[{}{comma}{more}]"#, texts(list))
}

#[test]
fn a_span_keeps_what_it_says() {
    let more = format!(
        r#""traceState":"ot=th:8","parentSpanId":"00f067aa0ba902b7","flags":257,{},"status":{{"code":1}}"#,
        attributes(
            &[("http.request.method", "POST"), ("custom", "x")],
            r#"{"key":"http.response.status_code","value":{"intValue":"201"}}"#
        )
    );
    let decoded = spans_of(&span(1, &more), &texts(LAMBDA));
    assert_eq!(decoded.accepted, 1);
    only_span(&decoded, |row| {
        assert_eq!(hex::encode(row.trace_id), TRACE);
        assert_eq!(hex::encode(row.span_id), SPAN);
        assert_eq!(row.parent_span_id.map(hex::encode).as_deref(), Some("00f067aa0ba902b7"));
        assert_eq!(
            (row.start_unix_nano, row.duration_us, row.clock_skew),
            (START, Some(12_346), false)
        );
        assert_eq!(
            (row.sample_weight_milli, row.flags, row.status_code),
            (2000, Some(257), 1)
        );
        assert_eq!(
            (row.service, row.function, row.version),
            (Some("shop"), Some("checkout"), Some("42"))
        );
        assert_eq!((row.account, row.region), (Some("123456789012"), Some("eu-west-1")));
        assert_eq!(row.instance_id, Some("22be53a8cfde4e68b844f8ec293b2543"));
        assert_eq!((row.http_method, row.http_status), (Some("POST"), Some(201)));
        assert_eq!(row.attributes_json, Some(r#"{"custom":"x"}"#));
        assert_eq!(row.resource_json, Some(r#"{"team":"pay"}"#));
        assert_eq!(row.scope_name, Some("lib"));
        assert!(!row.invocation_span);
    });
    assert_eq!(decoded.rows.count(Table::InvocationFacts), 0);
}

#[test]
fn an_end_before_the_start_has_no_duration() {
    let mut skewed = span(1, "");
    skewed = skewed.replace(&(START + 12_345_500).to_string(), &(START - 1).to_string());
    only_span(&spans_of(&skewed, ""), |row| {
        assert_eq!(
            (row.duration_us, row.clock_skew, row.end_unix_nano),
            (None, true, Some(START - 1))
        );
    });
    let unended = span(1, "").replace(&(START + 12_345_500).to_string(), "0");
    only_span(&spans_of(&unended, ""), |row| {
        assert_eq!(
            (row.duration_us, row.clock_skew, row.end_unix_nano),
            (None, false, None)
        );
    });
}

#[test]
fn a_start_that_cannot_be_is_filed_under_the_receipt() {
    let decoded = spans_of(&span(2, "").replace(&format!("\"{START}\""), "\"5\""), &texts(LAMBDA));
    only_span(&decoded, |row| {
        assert_eq!((row.start_unix_nano, row.time_suspect), (START + 1_000_000_000, true));
        assert_eq!(row.attributes_json, Some(r#"{"pennyspan.start_time_unix_nano":5}"#));
    });
    only_fact(&decoded, |fact| {
        assert_eq!((fact.time_suspect, fact.end_unix_nano), (Some(true), None));
    });
}

#[test]
fn old_names_fill_the_same_columns() {
    let old = attributes(
        &[
            ("http.method", "GET"),
            ("net.peer.name", "api.example.com"),
            ("faas.execution", "79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36"),
            ("db.system", "postgresql"),
            ("db.statement", "SELECT 1"),
            ("db.operation", "SELECT"),
            ("messaging.operation", "process"),
        ],
        r#"{"key":"http.status_code","value":{"intValue":"200"}},{"key":"faas.coldstart","value":{"boolValue":true}}"#,
    );
    only_span(&spans_of(&span(2, &old), &texts(LAMBDA)), |row| {
        assert_eq!(
            (row.http_method, row.http_status, row.server_address),
            (Some("GET"), Some(200), Some("api.example.com"))
        );
        assert_eq!(row.invocation_id, Some("79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36"));
        assert_eq!(
            (row.db_system, row.db_query, row.db_operation),
            (Some("postgresql"), Some("SELECT 1"), Some("SELECT"))
        );
        assert_eq!(
            (row.messaging_operation, row.cold_start_reported),
            (Some("process"), Some(true))
        );
        assert_eq!(row.attributes_json, None);
    });
}

#[test]
fn a_newer_name_wins_and_another_value_of_the_older_is_kept() {
    let both = attributes(
        &[
            ("http.method", "_OTHER"),
            ("http.request.method", "GET"),
            ("faas.id", "x"),
        ],
        "",
    );
    only_span(&spans_of(&span(2, &both), ""), |row| {
        assert_eq!((row.http_method, row.resource_id), (Some("GET"), Some("x")));
        assert_eq!(row.attributes_json, Some(r#"{"http.method":"_OTHER"}"#));
    });
}

#[test]
fn an_invocation_span_states_a_fact() {
    let more = format!(
        r#"{},"status":{{"code":2,"message":"failed"}},"events":[{{"name":"exception","timeUnixNano":"{START}","attributes":[{}]}}]"#,
        attributes(
            &[
                ("faas.invocation_id", "79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36"),
                ("faas.trigger", "http"),
                ("http.request.method", "POST"),
                ("http.route", "/orders"),
                (
                    "aws.lambda.invoked_arn",
                    "arn:aws:lambda:eu-west-1:123456789012:function:checkout:live"
                ),
            ],
            r#"{"key":"http.response.status_code","value":{"intValue":500}},{"key":"faas.coldstart","value":{"boolValue":true}}"#,
        ),
        texts(&[
            ("exception.type", "TimeoutError"),
            ("exception.message", "order 17 timed out")
        ]),
    );
    let resource = format!(
        r#"{},{{"key":"faas.max_memory","value":{{"intValue":"536870912"}}}},{}"#,
        texts(LAMBDA),
        texts(&[("host.arch", "amd64")])
    );
    let decoded = spans_of(&span(2, &more), &resource);
    only_span(&decoded, |row| {
        assert!(row.invocation_span && row.error_type == Some("TimeoutError"));
    });
    only_fact(&decoded, |fact| {
        assert_eq!(
            (fact.provider, fact.key_scope, fact.invocation_id),
            ("aws", "", "79b5e81f-9cdd-4145-b1f6-7c50ef8a2a36")
        );
        assert_eq!(
            (fact.source, fact.fact_kind, fact.outcome),
            ("span", "span", Some("error"))
        );
        assert_eq!(
            (fact.start_hint_unix_nano, fact.end_unix_nano),
            (Some(START), Some(START + 12_345_500))
        );
        assert_eq!((fact.duration_us, fact.runtime_us), (None, Some(12_346)));
        assert_eq!(
            (fact.error_type, fact.error_message),
            (Some("TimeoutError"), Some("order 17 timed out"))
        );
        assert!(fact.error_fingerprint.is_some());
        assert_eq!((fact.trigger_type, fact.trigger_given), (Some("http"), Some("http")));
        assert_eq!((fact.http_status, fact.route), (Some(500), Some("POST /orders")));
        assert_eq!(
            (fact.memory_size_mib, fact.architecture, fact.alias),
            (Some(512), Some("x86_64"), Some("live"))
        );
        assert_eq!((fact.cold_start_reported, fact.trace_sampled), (Some(true), Some(true)));
        assert_eq!(fact.content_hash, fact.hash());
    });
}

#[test]
fn a_span_without_an_id_is_its_own_invocation() {
    only_fact(&spans_of(&span(2, ""), &texts(LAMBDA)), |fact| {
        assert_eq!(
            (fact.key_scope, fact.invocation_id),
            ("checkout", format!("{TRACE}:{SPAN}").as_str())
        );
        assert_eq!((fact.outcome, fact.trigger_type), (Some("ok"), None));
    });
}

#[test]
fn init_and_extension_spans_are_no_invocations() {
    for name in ["init", "init checkout", "extension telemetry"] {
        let named = span(2, &attributes(&[("faas.invocation_id", "a")], "")).replace("\"work\"", &format!("{name:?}"));
        assert_eq!(
            spans_of(&named, &texts(LAMBDA)).rows.count(Table::InvocationFacts),
            0,
            "{name}"
        );
    }
    assert_eq!(
        spans_of(&span(2, ""), "").rows.count(Table::InvocationFacts),
        0,
        "no function is named"
    );
    assert_eq!(
        spans_of(&span(1, ""), &texts(LAMBDA))
            .rows
            .count(Table::InvocationFacts),
        0,
        "an internal span"
    );
}

#[test]
fn memory_of_older_senders_is_in_megabytes() {
    for (value, mib) in [
        (r#"{"stringValue":"128"}"#, Some(128)),
        (r#"{"intValue":1024}"#, Some(1024)),
        (r#"{"intValue":0}"#, None),
    ] {
        let resource = format!(r#"{},{{"key":"faas.max_memory","value":{value}}}"#, texts(LAMBDA));
        only_fact(&spans_of(&span(2, ""), &resource), |fact| {
            assert_eq!(fact.memory_size_mib, mib, "{value}");
        });
    }
}

#[test]
fn triggers_are_told_by_word_and_system() {
    for (list, trigger) in [
        (
            &[("faas.trigger", "pubsub"), ("messaging.system", "AmazonSQS")][..],
            "queue",
        ),
        (
            &[("faas.trigger", "pubsub"), ("messaging.system", "gcp_pubsub")],
            "topic",
        ),
        (&[("faas.trigger", "pubsub"), ("messaging.system", "kafka")], "stream"),
        (&[("faas.trigger", "pubsub"), ("messaging.system", "eventgrid")], "bus"),
        (&[("faas.trigger", "pubsub")], "queue"),
        (&[("faas.trigger", "datasource"), ("aws.s3.bucket", "b")], "object"),
        (&[("faas.trigger", "datasource")], "database"),
        (&[("faas.trigger", "timer")], "timer"),
        (&[("faas.trigger", "cron")], "timer"),
        (&[("faas.trigger", "email")], "email"),
        (&[("faas.trigger", "whatever")], "other"),
        (&[("http.request.method", "GET")], "http"),
        (&[("rpc.system", "grpc")], "rpc"),
    ] {
        only_fact(&spans_of(&span(2, &attributes(list, "")), &texts(LAMBDA)), |fact| {
            assert_eq!(fact.trigger_type, Some(trigger), "{list:?}");
        });
    }
}

#[test]
fn messages_stand_on_the_span_or_its_links() {
    let link = |id: &str, more: &str| {
        format!(
            r#"{{"traceId":"{TRACE}","spanId":"{SPAN}","attributes":[{},{{"key":"faas.trigger.enqueued_time_unix_ms","value":{{"intValue":"{}"}}}}{more}]}}"#,
            texts(&[("messaging.message.id", id)]),
            START / 1_000_000 - 100
        )
    };
    let more = format!(
        r#"{},"links":[{},{}]"#,
        attributes(
            &[
                ("faas.trigger", "pubsub"),
                ("messaging.system", "aws_sqs"),
                ("messaging.destination.name", "arn:aws:sqs:eu-west-1:1:orders")
            ],
            ""
        ),
        link("m-1", r#",{"key":"receive_count","value":{"intValue":2}}"#),
        link("m-2", ""),
    );
    let decoded = spans_of(&span(5, &more), &texts(LAMBDA));
    let sent = Some(START - 100_000_000);
    assert_eq!(
        deliveries_of(&decoded),
        [(Some("m-1".into()), sent, Some(2)), (Some("m-2".into()), sent, None)]
    );
    only_fact(&decoded, |fact| {
        assert_eq!(
            (fact.trigger_type, fact.trigger_source),
            (Some("queue"), Some("orders"))
        );
        assert_eq!((fact.batch_size_count, fact.receive_max_count), (Some(2), Some(2)));
        assert_eq!((fact.enqueued_min_unix_nano, fact.enqueued_max_unix_nano), (sent, sent));
        assert!(fact.links_json.is_some_and(|links| links.contains("m-2")));
    });
}

#[test]
fn waits_and_seconds_become_times_of_sending() {
    for (attribute, sent) in [
        (
            r#"{"key":"queue.dwell_ms","value":{"doubleValue":100.5}}"#,
            START - 100_500_000,
        ),
        (
            r#"{"key":"messaging.servicebus.message.enqueued_time","value":{"intValue":"1791444600"}}"#,
            1_791_444_600_000_000_000,
        ),
    ] {
        only_fact(
            &spans_of(&span(5, &attributes(&[], attribute)), &texts(LAMBDA)),
            |fact| {
                assert_eq!(fact.enqueued_min_unix_nano, Some(sent), "{attribute}");
            },
        );
    }
}

#[test]
fn a_delivery_line_may_stand_as_attributes() {
    let list = attributes(
        &[
            ("pennyspan", "delivery"),
            ("trigger.type", "stream"),
            ("trigger.source", "clicks"),
            ("tenant", "blue"),
            ("records", r#"[{\"id\":\"shard-1:7\",\"receive_count\":3}]"#),
            ("failed_ids", r#"[\"shard-1:7\"]"#),
        ],
        r#"{"key":"batch_size","value":{"intValue":"9"}}"#,
    );
    let decoded = spans_of(&span(5, &list), &texts(LAMBDA));
    assert_eq!(deliveries_of(&decoded), [(Some("shard-1:7".into()), None, Some(3))]);
    only_fact(&decoded, |fact| {
        assert_eq!(
            (fact.trigger_type, fact.trigger_source, fact.batch_size_count),
            (Some("stream"), Some("clicks"), Some(9))
        );
        assert_eq!(fact.tenant, Some("blue"));
    });
}

/// Checks what a client span with these attributes calls.
fn calls(list: &[(&str, &str)], called: (&str, &str, Option<&str>)) {
    let (kind, dependency, operation) = called;
    only_span(&spans_of(&span(3, &attributes(list, "")), &texts(LAMBDA)), |row| {
        let call = (row.dependency_kind, row.dependency, row.operation);
        assert_eq!(call, (Some(kind), Some(dependency), operation), "{list:?}");
    });
}

#[test]
fn calls_of_aws_services_name_the_resource() {
    let sqs = "https://sqs.eu-west-1.amazonaws.com/1/orders";
    for (service, method, kind, attribute, resource, name) in [
        ("S3", "PutObject", "object", "aws.s3.bucket", "images", "images"),
        ("SQS", "SendMessage", "queue", "aws.sqs.queue.url", sqs, "orders"),
        (
            "SNS",
            "Publish",
            "topic",
            "aws.sns.topic.arn",
            "arn:aws:sns:us-east-1:1:news",
            "news",
        ),
        (
            "Kinesis",
            "PutRecord",
            "stream",
            "aws.kinesis.stream_name",
            "clicks",
            "clicks",
        ),
        (
            "DynamoDB",
            "GetItem",
            "database",
            "db.collection.name",
            "orders",
            "orders",
        ),
        ("Lambda", "Invoke", "function", "faas.invoked_name", "stock", "stock"),
        ("KMS", "Decrypt", "aws", "unrelated", "x", "KMS"),
    ] {
        let rpc = [
            ("rpc.system", "aws-api"),
            ("rpc.service", service),
            ("rpc.method", method),
            (attribute, resource),
        ];
        calls(&rpc, (kind, name, Some(method)));
    }
    let qualified = [("rpc.system.name", "aws-api"), ("rpc.method", "DynamoDB/GetItem")];
    calls(&qualified, ("database", "DynamoDB", Some("GetItem")));
}

#[test]
fn calls_name_what_they_call() {
    calls(&[("faas.invoked_name", "stock")], ("function", "stock", Some("invoke")));
    let database = [
        ("db.system.name", "postgresql"),
        ("db.namespace", "shop"),
        ("db.operation.name", "SELECT"),
    ];
    calls(&database, ("database", "shop", Some("SELECT")));
    let destination = ("messaging.destination.name", "clicks");
    let messaging = [
        ("messaging.system", "kafka"),
        destination,
        ("messaging.operation.type", "send"),
    ];
    calls(&messaging, ("stream", "clicks", Some("send")));
    let rpc = [("rpc.system.name", "grpc"), ("rpc.method", "shop.Stock/Get")];
    calls(&rpc, ("rpc", "shop.Stock", Some("Get")));
    let http = [
        ("http.request.method", "GET"),
        ("url.full", "https://u@api.example.com:8443/x"),
    ];
    calls(&http, ("http", "api.example.com", Some("GET")));
    calls(&[], ("other", "work", None));
    only_span(&spans_of(&span(1, &attributes(&http, "")), ""), |row| {
        assert_eq!(row.dependency_kind, None);
    });
}

#[test]
fn calls_name_the_region_that_they_call() {
    for (list, region) in [
        (
            &[("aws.sqs.queue.url", "https://sqs.us-east-1.amazonaws.com/1/orders")][..],
            "us-east-1",
        ),
        (
            &[("server.address", "dynamodb.ap-southeast-2.amazonaws.com")],
            "ap-southeast-2",
        ),
        (&[("cloud.region", "us-west-2")], "us-west-2"),
        (&[("faas.invoked_region", "eu-central-1")], "eu-central-1"),
    ] {
        let mut list = list.to_vec();
        list.push(("messaging.system", "aws_sqs"));
        only_span(&spans_of(&span(3, &attributes(&list, "")), &texts(LAMBDA)), |row| {
            assert_eq!(
                (row.region, row.dependency_region),
                (Some("eu-west-1"), Some(region)),
                "{list:?}"
            );
        });
    }
}

#[test]
fn refusals_for_want_of_capacity_are_throttled() {
    for (list, more, throttled) in [
        (
            &[][..],
            r#"{"key":"http.response.status_code","value":{"intValue":429}}"#,
            true,
        ),
        (&[("error.type", "ProvisionedThroughputExceededException")], "", true),
        (&[], r#"{"key":"rpc.grpc.status_code","value":{"intValue":8}}"#, true),
        (&[("error.type", "AccessDenied")], "", false),
        (&[], "", false),
    ] {
        let more = format!(r#"{},"status":{{"code":2}}"#, attributes(list, more));
        only_span(&spans_of(&span(3, &more), ""), |row| {
            assert_eq!(row.throttled, throttled, "{list:?}");
        });
    }
}

#[test]
fn a_worker_tells_its_own_outcome() {
    let resource = texts(&[
        ("cloud.provider", "cloudflare"),
        ("cloud.platform", "cloudflare.workers"),
        ("cloudflare.script_name", "edge"),
    ]);
    let list = attributes(
        &[("cloudflare.outcome", "exceededCpu"), ("cloudflare.ray_id", "8f1a")],
        r#"{"key":"cloudflare.cpu_time","value":{"doubleValue":10.25}},{"key":"faas.cold_start","value":{"boolValue":false}}"#,
    );
    only_fact(&spans_of(&span(2, &list), &resource), |fact| {
        assert_eq!(
            (fact.provider, fact.key_scope, fact.invocation_id),
            ("cloudflare", "edge", "8f1a")
        );
        assert_eq!(
            (fact.outcome, fact.cpu_time_us, fact.execution_model),
            (Some("exceeded_cpu"), Some(10_250), Some("worker"))
        );
        assert_eq!(fact.cold_start_reported, Some(false));
    });
}

#[test]
fn spans_of_orchestrators_are_workflow_steps() {
    use pennyspan_schema::tables::workflow_steps;
    let durable = |kind: &str, task: &str, more: &[(&str, &str)]| {
        let mut list = vec![
            ("durabletask.type", kind),
            ("durabletask.task.name", task),
            ("durabletask.task.instance_id", "i-1"),
        ];
        list.extend(more);
        attributes(&list, "")
    };
    let temporal = attributes(&[("temporalWorkflowID", "orders-7"), ("temporalRunID", "r-7")], "");
    let failed = format!(
        r#"{},"status":{{"code":2,"message":"card refused"}}"#,
        durable("activity", "Charge", &[])
    );
    let named = |name: &str, span: String| span.replace("\"name\":\"work\"", &format!("\"name\":\"{name}\""));
    for (span, expected) in [
        (
            named(
                "orchestration:Order",
                span(
                    2,
                    &durable("orchestration", "Order", &[("durabletask.task.status", "COMPLETED")]),
                ),
            ),
            Some((Some("Order"), None, "i-1", "succeeded")),
        ),
        (
            named("activity:Charge", span(2, &failed)),
            Some((None, Some("Charge"), "i-1", "failed")),
        ),
        (
            named("activity:Charge", span(3, &durable("activity", "Charge", &[]))),
            None,
        ),
        (
            named(
                "create_orchestration:Order",
                span(1, &durable("orchestration", "Order", &[])),
            ),
            None,
        ),
        (
            named("RunWorkflow:Order", span(2, &temporal)),
            Some((Some("Order"), None, "r-7", "succeeded")),
        ),
        (
            named("RunActivity:Charge", span(2, &temporal)),
            Some((None, Some("Charge"), "r-7", "succeeded")),
        ),
        (named("StartWorkflow:Order", span(3, &temporal)), None),
        (span_without_orchestrator(), None),
    ] {
        let decoded = spans_of(&span, "");
        let steps = decoded.rows.iter().find(|(of, _)| *of == Table::WorkflowSteps);
        let Some(expected) = expected else {
            assert!(steps.is_none(), "{span}");
            continue;
        };
        let steps = workflow_steps::Reader::new(steps.unwrap().1).unwrap();
        let row = steps.row(0);
        assert_eq!(
            (row.workflow, row.state, row.execution_id, row.status.unwrap()),
            expected,
            "{span}"
        );
        assert_eq!((row.start_unix_nano, row.provider), (Some(START), "unknown"));
    }
}

fn span_without_orchestrator() -> String {
    span(2, &attributes(&[("durabletask.type", "orchestration")], ""))
}
