use pennyspan_schema::TriggerType;

use super::{Delivery, in_text, of_line, read, read_json, summary};
use crate::decode::number::unix_nano;
use crate::decode::object::Object;

fn event(json: &str) -> Delivery<'_> {
    read(&Object::parse(json).unwrap()).unwrap()
}

/// What a payload says of its only message: type, source, id, partition, enqueued, first received, receive count.
type Said<'a> = (
    TriggerType,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

fn said<'d>(delivery: &'d Delivery<'_>) -> Said<'d> {
    let (trigger, message) = (&delivery.trigger, &delivery.trigger.messages[0]);
    assert_eq!(trigger.batch_size, Some(1));
    assert_eq!(trigger.enqueued_min_unix_nano, message.enqueued_unix_nano);
    (
        trigger.kind.unwrap(),
        trigger.source.as_deref(),
        message.id.as_deref(),
        message.partition.as_deref(),
        message.enqueued_unix_nano,
        message.first_received_unix_nano,
        message.receive_count,
    )
}

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;

#[test]
fn a_queue_message_names_when_it_was_sent_and_how_often_it_was_received() {
    let delivery = event(
        r#"{"Records":[{"messageId":"m-7","body":"{\"card\":\"4111\"}","attributes":{"ApproximateReceiveCount":"3",
        "SentTimestamp":"1791444620125","ApproximateFirstReceiveTimestamp":"1791444621000","DeadLetterQueueSourceArn":"arn:aws:sqs:eu-west-1:1:orders"},
        "eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders-dead"}]}"#,
    );
    let (sent, received) = (1_791_444_620_125 * MILLI, 1_791_444_621_000 * MILLI);
    let queue = (
        TriggerType::Queue,
        Some("orders-dead"),
        Some("m-7"),
        None,
        Some(sent),
        Some(received),
        Some(3),
    );
    assert_eq!(said(&delivery), queue);
    assert_eq!(delivery.trigger.messages[0].dead_letter_of.as_deref(), Some("orders"));
    assert_eq!(delivery.trigger.receive_max_count, Some(3));
}

#[test]
fn notifications_objects_and_mails_name_their_time() {
    let at = unix_nano("2026-10-08T07:30:20.125Z");
    let topic = event(
        r#"{"Records":[{"Sns":{"MessageId":"n-1","TopicArn":"arn:aws:sns:eu-west-1:1:paid","Message":"x","Timestamp":"2026-10-08T07:30:20.125Z"}}]}"#,
    );
    assert_eq!(
        said(&topic),
        (TriggerType::Topic, Some("paid"), Some("n-1"), None, at, None, None)
    );
    let object = event(
        r#"{"Records":[{"eventSource":"aws:s3","eventTime":"2026-10-08T07:30:20.125Z","s3":{"bucket":{"name":"scans"},"object":{"key":"a.pdf"}}}]}"#,
    );
    assert_eq!(
        said(&object),
        (TriggerType::Object, Some("scans"), None, None, at, None, None)
    );
    let mail = event(
        r#"{"Records":[{"eventSource":"aws:ses","ses":{"mail":{"messageId":"e-1","timestamp":"2026-10-08T07:30:20.125Z"}}}]}"#,
    );
    assert_eq!(
        said(&mail),
        (TriggerType::Email, None, Some("e-1"), None, at, None, None)
    );
}

#[test]
fn what_a_queue_carries_inside_is_a_queue_message() {
    let inside = r#"{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventTime\":\"2020-01-01T00:00:00Z\"}]}"#;
    let text = format!(
        r#"{{"Records":[{{"messageId":"m","body":"{inside}","attributes":{{"SentTimestamp":"1791444620125","ApproximateReceiveCount":"1"}},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:scans"}}]}}"#
    );
    let delivery = event(&text);
    let sent = Some(1_791_444_620_125 * MILLI);
    assert_eq!(
        said(&delivery),
        (TriggerType::Queue, Some("scans"), Some("m"), None, sent, None, Some(1))
    );
}

#[test]
fn stream_records_are_named_by_shard_and_sequence() {
    let delivery = event(
        r#"{"Records":[{"eventID":"shardId-000000000003:4711","eventSource":"aws:kinesis","eventSourceARN":"arn:aws:kinesis:eu-west-1:1:stream/clicks","kinesis":{"approximateArrivalTimestamp":1791444620.125}},
        {"eventID":"shardId-000000000003:4712","eventSource":"aws:kinesis","eventSourceARN":"arn:aws:kinesis:eu-west-1:1:stream/clicks","kinesis":{"approximateArrivalTimestamp":1791444619.5}}]}"#,
    );
    let trigger = &delivery.trigger;
    assert_eq!((trigger.kind, trigger.batch_size), (Some(TriggerType::Stream), Some(2)));
    assert_eq!(trigger.partition.as_deref(), Some("shardId-000000000003"));
    assert_eq!(trigger.messages[1].id.as_deref(), Some("shardId-000000000003:4712"));
    // The oldest record counts: what it waited is the iterator's age at the start.
    assert_eq!(trigger.enqueued_min_unix_nano, Some(1_791_444_619_500 * MILLI));
    assert_eq!(trigger.enqueued_max_unix_nano, Some(1_791_444_620_125 * MILLI));
}

#[test]
fn a_tables_stream_knows_its_time_to_the_second() {
    let delivery = event(
        r#"{"Records":[{"eventID":"c1","eventSource":"aws:dynamodb","eventSourceARN":"arn:aws:dynamodb:eu-west-1:1:table/carts/stream/2026-01-01T00:00:00.000",
        "dynamodb":{"ApproximateCreationDateTime":1791444620,"SizeBytes":26}}]}"#,
    );
    let at = Some(1_791_444_620 * SECOND);
    assert_eq!(
        said(&delivery),
        (TriggerType::Stream, Some("carts"), Some("c1"), None, at, None, None)
    );
    assert_eq!(delivery.trigger.messages[0].bytes, Some(26));
}

#[test]
fn kafka_records_are_named_by_topic_partition_and_offset() {
    let text = r#"{"eventSource":"SelfManagedKafka","records":{"carts-0":[{"topic":"carts","partition":0,"offset":15,"timestamp":1791444620125,"value":"eA=="}],
        "paid-2":{"0":{"topic":"paid","partition":2,"offset":7,"timestamp":1791444620000}}}}"#;
    let delivery = event(text);
    let messages = &delivery.trigger.messages;
    assert_eq!(
        (messages[0].id.as_deref(), messages[0].source.as_deref()),
        (Some("carts-0:15"), Some("carts"))
    );
    assert_eq!(
        (messages[1].id.as_deref(), messages[1].partition.as_deref()),
        (Some("paid-2:7"), Some("paid-2"))
    );
    assert_eq!(delivery.trigger.enqueued_min_unix_nano, Some(1_791_444_620_000 * MILLI));
}

#[test]
fn bus_events_and_schedules_are_told_apart() {
    let at = unix_nano("2026-10-08T07:30:20Z");
    let bus = event(
        r#"{"version":"0","id":"b-1","detail-type":"Paid","source":"shop","time":"2026-10-08T07:30:20Z","detail":{}}"#,
    );
    assert_eq!(
        said(&bus),
        (TriggerType::Bus, Some("shop"), Some("b-1"), None, at, None, None)
    );
    let rule = event(
        r#"{"id":"t-1","detail-type":"Scheduled Event","source":"aws.events","time":"2026-10-08T07:30:20Z","resources":["arn:aws:events:eu-west-1:1:rule/nightly"],"detail":{}}"#,
    );
    assert_eq!(
        said(&rule),
        (TriggerType::Timer, Some("nightly"), Some("t-1"), None, None, None, None)
    );
    assert_eq!(rule.trigger.scheduled_unix_nano, at);
    let scheduler = event(
        r#"{"schedule_arn":"arn:aws:scheduler:eu-west-1:1:schedule/default/hourly","scheduled-time":"2026-10-08T07:30:20Z","executionId":"x-1","attempt_number":"2"}"#,
    );
    assert_eq!(said(&scheduler).1, Some("hourly"));
    assert_eq!(
        (scheduler.trigger.scheduled_unix_nano, scheduler.attempt),
        (at, Some(2))
    );
}

#[test]
fn requests_name_gateway_request_time_and_route() {
    let at = Some(1_791_444_620_125 * MILLI);
    let rest = event(
        r#"{"resource":"/orders/{id}","httpMethod":"GET","requestContext":{"apiId":"r1","requestId":"q-1","requestTimeEpoch":1791444620125}}"#,
    );
    assert_eq!(
        said(&rest),
        (TriggerType::Http, Some("r1"), Some("q-1"), None, at, None, None)
    );
    assert_eq!(rest.route.as_deref(), Some("GET /orders/{id}"));
    let http = event(
        r#"{"version":"2.0","routeKey":"POST /orders","requestContext":{"apiId":"h1","requestId":"q-2","routeKey":"POST /orders","timeEpoch":1791444620125}}"#,
    );
    assert_eq!((said(&http).4, http.route.as_deref()), (at, Some("POST /orders")));
    let url = event(
        r#"{"version":"2.0","routeKey":"$default","requestContext":{"apiId":"u1","domainName":"u1.lambda-url.eu-west-1.on.aws","requestId":"q-3","routeKey":"$default","timeEpoch":1791444620125}}"#,
    );
    assert_eq!(
        (said(&url).1, said(&url).4, url.route.as_deref()),
        (Some("u1"), at, None)
    );
    let socket = event(
        r#"{"requestContext":{"apiId":"w1","requestId":"q-4","routeKey":"$connect","eventType":"CONNECT","requestTimeEpoch":1791444620125}}"#,
    );
    assert_eq!(
        (said(&socket).2, socket.route.as_deref()),
        (Some("q-4"), Some("$connect"))
    );
    let balancer = event(
        r#"{"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/6d0e"}},"httpMethod":"GET","path":"/"}"#,
    );
    assert_eq!(
        said(&balancer),
        (TriggerType::Http, Some("shop"), None, None, None, None, None)
    );
}

#[test]
fn a_state_machines_task_names_state_and_retries_wherever_the_context_stands() {
    let context = r#"{"Execution":{"Id":"arn:x"},"StateMachine":{"Id":"arn:y","Name":"checkout"},"State":{"Name":"Pay","EnteredTime":"2026-10-08T07:30:20.125Z","RetryCount":2}}"#;
    for text in [
        context.to_owned(),
        format!(r#"{{"Payload":{context}}}"#),
        format!(r#"{{"order":1,"context":{context}}}"#),
        format!(r#"{{"Payload":{{"_trace":{context}}}}}"#),
    ] {
        let delivery = event(&text);
        let at = unix_nano("2026-10-08T07:30:20.125Z");
        assert_eq!(
            said(&delivery),
            (TriggerType::Workflow, Some("checkout"), None, None, at, None, None),
            "{text}"
        );
        assert_eq!(delivery.attempt, Some(3), "{text}");
    }
}

#[test]
fn a_push_without_a_count_of_attempts_is_not_known_to_be_the_first() {
    let at = unix_nano("2026-10-08T07:30:20.125Z");
    let push = event(
        r#"{"message":{"data":"eA==","messageId":"p-1","publishTime":"2026-10-08T07:30:20.125Z"},"subscription":"projects/shop/subscriptions/orders-sub"}"#,
    );
    assert_eq!(
        said(&push),
        (
            TriggerType::Topic,
            Some("orders-sub"),
            Some("p-1"),
            None,
            at,
            None,
            None
        )
    );
    let counted = event(
        r#"{"message":{"message_id":"p-1","publish_time":"2026-10-08T07:30:20.125Z"},"deliveryAttempt":5,"subscription":"projects/shop/subscriptions/orders-sub"}"#,
    );
    assert_eq!(said(&counted).6, Some(5));
}

#[test]
fn cloud_events_name_their_source_and_time() {
    let at = unix_nano("2026-10-08T07:30:20.125Z");
    let published = event(
        r#"{"specversion":"1.0","id":"p-1","type":"google.cloud.pubsub.topic.v1.messagePublished","source":"//pubsub.googleapis.com/projects/shop/topics/orders","time":"2026-10-08T07:30:21Z",
        "data":{"message":{"messageId":"p-1","publishTime":"2026-10-08T07:30:20.125Z","data":"eA=="},"subscription":"projects/shop/subscriptions/s"}}"#,
    );
    assert_eq!(
        said(&published),
        (TriggerType::Topic, Some("orders"), Some("p-1"), None, at, None, None)
    );
    let stored = event(
        r#"{"specversion":"1.0","id":"o-1","type":"google.cloud.storage.object.v1.finalized","source":"//storage.googleapis.com/projects/_/buckets/scans","time":"2026-10-08T07:30:20.125Z","data":{}}"#,
    );
    assert_eq!(
        said(&stored),
        (TriggerType::Object, Some("scans"), Some("o-1"), None, at, None, None)
    );
    let other = event(
        r#"{"specversion":"1.0","id":"c-1","type":"com.example.paid","source":"/shop/pay","time":"2026-10-08T07:30:20.125Z"}"#,
    );
    assert_eq!(
        said(&other),
        (TriggerType::Bus, Some("/shop/pay"), Some("c-1"), None, at, None, None)
    );
    let first_generation = event(
        r#"{"eventId":"g-1","timestamp":"2026-10-08T07:30:20.125Z","eventType":"google.pubsub.topic.publish","resource":{"service":"pubsub.googleapis.com","name":"projects/shop/topics/orders"}}"#,
    );
    assert_eq!(
        said(&first_generation),
        (TriggerType::Topic, Some("orders"), Some("g-1"), None, at, None, None)
    );
}

#[test]
fn requests_of_tasks_and_schedules_are_told_by_their_headers() {
    let task = event(
        r#"{"headers":{"x-cloudtasks-taskname":"t-9","x-cloudtasks-queuename":"mails","x-cloudtasks-tasketa":"1791444620.125","x-cloudtasks-taskretrycount":"2"}}"#,
    );
    let due = Some(1_791_444_620_125 * MILLI);
    assert_eq!(
        said(&task),
        (TriggerType::Queue, Some("mails"), Some("t-9"), None, due, None, Some(3))
    );
    assert_eq!(task.attempt, Some(3));
    let job = event(
        r#"{"X-CloudScheduler":"true","X-CloudScheduler-JobName":"projects/shop/locations/europe-west1/jobs/nightly","X-CloudScheduler-ScheduleTime":"2026-10-08T07:30:00Z"}"#,
    );
    assert_eq!(said(&job).1, Some("nightly"));
    assert_eq!(job.trigger.scheduled_unix_nano, unix_nano("2026-10-08T07:30:00Z"));
}

#[test]
fn azures_messages_are_read_in_either_case() {
    let at = unix_nano("2026-10-08T07:30:20.125Z");
    let grid = event(
        r#"{"id":"g-1","topic":"/subscriptions/s/resourceGroups/r/providers/Microsoft.EventGrid/topics/orders","subject":"x","eventType":"Paid","eventTime":"2026-10-08T07:30:20.125Z","data":{}}"#,
    );
    assert_eq!(
        said(&grid),
        (TriggerType::Bus, Some("orders"), Some("g-1"), None, at, None, None)
    );
    for text in [
        r#"{"MessageId":"s-1","EnqueuedTimeUtc":"2026-10-08T07:30:20.125","DeliveryCount":2}"#,
        r#"{"messageId":"s-1","enqueuedTimeUtc":"2026-10-08T07:30:20.125Z","deliveryCount":2,"lockToken":"x"}"#,
    ] {
        let bus = event(text);
        assert_eq!(
            said(&bus),
            (TriggerType::Queue, None, Some("s-1"), None, at, None, Some(2)),
            "{text}"
        );
    }
    let stored =
        event(r#"{"id":"q-1","dequeueCount":3,"insertionTime":"2026-10-08T07:30:20.125+00:00","popReceipt":"x"}"#);
    assert_eq!(
        said(&stored),
        (TriggerType::Queue, None, Some("q-1"), None, at, None, Some(3))
    );
    let hub = event(
        r#"{"PartitionContext":{"EventHubName":"clicks","PartitionId":"4"},"SequenceNumber":77,"EnqueuedTimeUtc":"2026-10-08T07:30:20.125Z","Offset":"9"}"#,
    );
    assert_eq!(
        said(&hub),
        (
            TriggerType::Stream,
            Some("clicks"),
            Some("4:77"),
            Some("4"),
            at,
            None,
            None
        )
    );
    let batch = event(
        r#"{"partitionContext":{"eventHubName":"clicks","partitionId":"4"},"sequenceNumberArray":[77,78],"enqueuedTimeUtcArray":["2026-10-08T07:30:20.125Z","2026-10-08T07:30:21.125Z"]}"#,
    );
    assert_eq!(
        (batch.trigger.batch_size, batch.trigger.enqueued_min_unix_nano),
        (Some(2), at)
    );
    assert_eq!(batch.trigger.messages[1].id.as_deref(), Some("4:78"));
}

#[test]
fn workers_queues_and_crons_are_read() {
    let batch = event(
        r#"{"queue":"orders","messages":[{"id":"w-1","timestamp":"2026-10-08T07:30:20.125Z","attempts":2,"body":{"card":"4111"}}]}"#,
    );
    let at = unix_nano("2026-10-08T07:30:20.125Z");
    assert_eq!(
        said(&batch),
        (TriggerType::Queue, Some("orders"), Some("w-1"), None, at, None, Some(2))
    );
    let cron = event(r#"{"scheduledTime":1791444620125,"cron":"*/5 * * * *"}"#);
    assert_eq!(
        (said(&cron).0, said(&cron).1),
        (TriggerType::Timer, Some("*/5 * * * *"))
    );
    assert_eq!(cron.trigger.scheduled_unix_nano, at);
}

#[test]
fn what_is_no_event_is_none() {
    for text in [
        r#"{"level":"INFO","message":"paid","requestId":"x"}"#,
        r#"{"Records":[]}"#,
        r#"{"Records":[{"eventSource":"aws:codecommit"}]}"#,
        r#"{"source":"shop","time":"2026-10-08T07:30:20Z","id":"1"}"#,
        r#"{"requestContext":{"stage":"prod"}}"#,
        r#"{"message":"hello","subscription":"s"}"#,
        r#"{"queue":"orders","messages":[{"text":"hello"}]}"#,
        r#"{"awslogs":{"data":"bm8="}}"#,
    ] {
        assert_eq!(read(&Object::parse(text).unwrap()), None, "{text}");
    }
}

#[test]
fn pythons_dictionaries_are_read_as_what_they_are() {
    let line = r#"got event: {'Records': [{'messageId': 'm-1', 'body': "it's \"x\" (\xe4)", 'attributes': {'SentTimestamp': '1791444620125', 'ApproximateReceiveCount': '1'}, 'eventSource': 'aws:sqs', 'eventSourceARN': 'arn:aws:sqs:eu-west-1:1:orders', 'md5OfMessageAttributes': None, 'flag': True}]}"#;
    let delivery = in_text(line).unwrap();
    assert_eq!(said(&delivery).2, Some("m-1"));
    assert_eq!(in_text("{'a': (1, 2)}"), None);
    assert_eq!(in_text("{'open"), None);
    assert_eq!(in_text("no event"), None);
}

#[test]
fn a_line_gives_its_event_and_never_the_events_bodies() {
    let inner = r#"{"Records":[{"messageId":"m-1","body":"secret","attributes":{"SentTimestamp":"1791444620125"},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders"},
        {"messageId":"m-2","body":"secret","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders"}]}"#;
    for line in [
        inner.to_owned(),
        format!("EVENT {inner}"),
        format!(r#"{{"level":"INFO","message":{inner}}}"#),
        format!(r#"{{"level":"INFO","message":"Lambda invocation event","event":{inner}}}"#),
    ] {
        let told = of_line(&line).unwrap();
        assert_eq!(
            told.instead.as_deref(),
            Some("trigger event: queue orders, batch of 2"),
            "{line}"
        );
        assert_eq!(told.delivery.trigger.messages.len(), 2);
    }
    let written = of_line(r#"{"pennyspan":"delivery","batch_size":1}"#).unwrap();
    assert_eq!((written.instead, written.delivery.trigger.batch_size), (None, Some(1)));
    assert!(of_line("nothing").is_none());
}

#[test]
fn batches_of_any_size_list_a_hundred_messages_and_count_all() {
    let record = r#"{"messageId":"m","attributes":{"SentTimestamp":"1791444620125"},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders"}"#;
    let text = format!(r#"{{"Records":[{}]}}"#, vec![record; 250].join(","));
    let delivery = event(&text);
    assert_eq!(
        (delivery.trigger.messages.len(), delivery.trigger.batch_size),
        (100, Some(250))
    );
    assert_eq!(summary(&delivery), "trigger event: queue orders, batch of 250");
}

proptest::proptest! {
    #[test]
    fn no_line_panics(line in "[ \\n{}\\[\\]:,\"'\\\\a-zA-Z0-9.ä-]{0,200}") {
        let _ = of_line(&line).map(|told| told.delivery.trigger.batch_size);
    }

    #[test]
    fn pythons_form_of_an_event_says_what_json_says(id in "[a-z0-9'\" ä]{1,12}", count in 0..100_i64) {
        let json = serde_json::json!({ "Records": [{ "messageId": id, "eventSource": "aws:sqs", "md5": null,
            "attributes": { "ApproximateReceiveCount": count.to_string() } }] }).to_string();
        let quoted = format!("'{}'", id.replace('\'', "\\'"));
        let python = format!("{{'Records': [{{'messageId': {quoted}, 'eventSource': 'aws:sqs', 'md5': None, 'attributes': {{'ApproximateReceiveCount': '{count}'}}}}]}}");
        proptest::prop_assert_eq!(in_text(&python), in_text(&json));
    }
}

/// A pipe's batch of two queue messages.
const PIPED: &str = r#"[{"messageId":"m-1","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1791444620125"},"body":"{}",
    "eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders"},
    {"messageId":"m-2","attributes":{"ApproximateReceiveCount":"4","SentTimestamp":"1791444620250"},"body":"[]",
    "eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders"}]"#;

#[test]
fn a_list_of_records_is_what_a_pipe_hands_over() {
    let delivery = read_json(PIPED).unwrap();
    let trigger = &delivery.trigger;
    let ids: Vec<_> = trigger
        .messages
        .iter()
        .map(|message| message.id.as_deref().unwrap())
        .collect();
    assert_eq!(
        (trigger.kind, trigger.source.as_deref()),
        (Some(TriggerType::Queue), Some("orders"))
    );
    assert_eq!((trigger.batch_size, ids), (Some(2), vec!["m-1", "m-2"]));
    assert_eq!(trigger.receive_max_count, Some(4));
    assert_eq!(trigger.enqueued_max_unix_nano, Some(1_791_444_620_250 * MILLI));

    let shard = read_json(
        r#"[{"eventSource":"aws:kinesis","eventID":"shardId-000000000006:4959","partitionKey":"k","sequenceNumber":"4959","data":"aGk=",
        "approximateArrivalTimestamp":1791444620.5,"eventSourceARN":"arn:aws:kinesis:eu-west-1:1:stream/clicks"}]"#,
    );
    let arrived = Some(1_791_444_620_500 * MILLI);
    let clicks = (
        TriggerType::Stream,
        Some("clicks"),
        Some("shardId-000000000006:4959"),
        Some("shardId-000000000006"),
        arrived,
        None,
        None,
    );
    assert_eq!(said(&shard.unwrap()), clicks);
}

#[test]
fn a_list_of_events_of_one_kind_is_a_batch_of_them() {
    let event = |id: &str, second: u8| {
        format!(
            r#"{{"specversion":"1.0","type":"shop.order","source":"/shop","id":"{id}","time":"2026-10-08T07:30:{second:02}Z"}}"#
        )
    };
    let both = format!("[{},{}]", event("a", 20), event("b", 21));
    let trigger = read_json(&both).unwrap().trigger;
    assert_eq!((trigger.kind, trigger.batch_size), (Some(TriggerType::Bus), Some(2)));
    assert_eq!(trigger.enqueued_min_unix_nano, unix_nano("2026-10-08T07:30:20Z"));
    assert_eq!(trigger.enqueued_max_unix_nano, unix_nano("2026-10-08T07:30:21Z"));
    let grid = r#"[{"id":"g","eventType":"Shop.Ordered","topic":"/subscriptions/1/topics/shop","subject":"1","eventTime":"2026-10-08T07:30:20Z","data":{}}]"#;
    assert_eq!(read_json(grid).unwrap().trigger.source.as_deref(), Some("shop"));
    let queued = PIPED.trim_start_matches('[').trim_end_matches(']');
    for none in [
        "[]",
        "[1,2]",
        r#"[{"id":"a"}]"#,
        &format!("[{},{queued}]", event("a", 20)),
        &format!("[{queued},7]"),
    ] {
        assert!(read_json(none).is_none(), "{none}");
    }
}

#[test]
fn a_line_that_is_or_holds_a_list_of_records_is_read_and_not_kept() {
    let flat = PIPED.replace('\n', " ");
    let python = flat.replace('"', "'");
    for line in [
        flat.clone(),
        format!("got {flat}"),
        python,
        format!(r#"{{"message":{flat}}}"#),
        format!(r#"{{"level":"INFO","event":{flat}}}"#),
    ] {
        let told = of_line(&line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(told.delivery.trigger.messages.len(), 2, "{line}");
        assert_eq!(told.instead.as_deref(), Some("trigger event: queue orders, batch of 2"));
    }
}
