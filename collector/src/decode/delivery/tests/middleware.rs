//! The middleware of `docs/delivery`, run by the runtimes that it is for: its lines say what the events say.

use std::io::Write as _;
use std::process::{Command, Stdio};

use pennyspan_schema::Table;
use pennyspan_schema::tables::{deliveries, invocation_facts};
use serde_json::{Value, json};

use crate::decode::object::Object;
use crate::decode::{Decoded, Origin, Settings, aws, payload};
use crate::request::Door;

/// A runtime of Lambda for Node.js: it puts time, request and level before what a handler logs.
const NODE: &str = r"
const { withDelivery } = require(process.argv[1]);
const write = (id) => (text) => process.stdout.write(`2026-10-08T07:30:28.235Z\t${id}\tINFO\t${text}\n`);
(async () => {
  for (const { id, event, result } of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
    console.log = write(id);
    const handler = withDelivery(async () => { if (result === 'error') throw new Error(result); return result; });
    const answer = await handler(event, { awsRequestId: id }).catch((error) => error.message);
    if (JSON.stringify(answer) !== JSON.stringify(result)) throw new Error(`${id}: the answer changed`);
  }
})();
";

/// A runtime of Lambda for Python, which leaves what a handler prints as it is.
const PYTHON: &str = r"
import importlib.util, json, sys, types
spec = importlib.util.spec_from_file_location('middleware', sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
for case in json.load(sys.stdin):
    @module.with_delivery
    def handler(event, context):
        if case['result'] == 'error':
            raise ValueError('error')
        return case['result']
    try:
        answer = handler(case['event'], types.SimpleNamespace(aws_request_id=case['id']))
    except ValueError as error:
        answer = str(error)
    assert answer == case['result'], case['id']
";

/// Events, what the handler answers, and what it gives back by that.
fn cases() -> Vec<(Value, Value, Vec<&'static str>)> {
    let queue = |id: &str, count: u32| {
        json!({ "messageId": id, "receiptHandle": "r", "body": "{\"card\":\"4111\"}", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders", "attributes": { "ApproximateReceiveCount": count.to_string(),
            "SentTimestamp": "1791444620125", "ApproximateFirstReceiveTimestamp": "1791444621000" } })
    };
    let kinesis = |sequence: &str| {
        json!({ "eventID": format!("shardId-000000000003:{sequence}"), "eventSource": "aws:kinesis",
            "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/clicks",
            "kinesis": { "sequenceNumber": sequence, "approximateArrivalTimestamp": 1_791_444_620.125, "data": "eA==" } })
    };
    let gateway = |context: Value| {
        let mut context = context;
        context["apiId"] = json!("r1");
        context["requestId"] = json!("q-1");
        json!({ "resource": "/orders/{id}", "httpMethod": "GET", "body": "secret", "requestContext": context })
    };
    vec![
        (
            json!({ "Records": [queue("m-1", 1), queue("m-2", 3)] }),
            json!({ "batchItemFailures": [{ "itemIdentifier": "m-2" }] }),
            vec!["m-2"],
        ),
        (json!({ "Records": [queue("m-3", 1)] }), json!("error"), vec![]),
        (
            json!({ "Records": [kinesis("41"), kinesis("42")] }),
            json!({ "batchItemFailures": [{ "itemIdentifier": "42" }] }),
            vec!["shardId-000000000003:42"],
        ),
        (
            json!({ "Records": [{ "eventID": "c1", "eventSource": "aws:dynamodb",
                "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/carts/stream/2026-01-01T00:00:00.000",
                "dynamodb": { "ApproximateCreationDateTime": 1_791_444_620, "SequenceNumber": "7", "SizeBytes": 26 } }] }),
            json!(null),
            vec![],
        ),
        (
            json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "MessageId": "n-1", "Message": "secret",
                "TopicArn": "arn:aws:sns:eu-west-1:1:paid", "Timestamp": "2026-10-08T07:30:20.125Z" } }] }),
            json!(null),
            vec![],
        ),
        (
            json!({ "Records": [{ "eventSource": "aws:s3", "eventTime": "2026-10-08T07:30:20.125Z",
                "s3": { "bucket": { "name": "scans" }, "object": { "key": "secret.pdf" } } }] }),
            json!(null),
            vec![],
        ),
        (
            json!({ "eventSource": "aws:kafka", "records": {
                "carts-0": [{ "topic": "carts", "partition": 0, "offset": 15, "timestamp": 1_791_444_620_125_i64, "value": "eA==" }],
                "paid-2": [{ "topic": "paid", "partition": 2, "offset": 7, "timestamp": 1_791_444_620_000_i64 }] } }),
            json!(null),
            vec![],
        ),
        (
            json!({ "id": "b-1", "detail-type": "Paid", "source": "shop", "time": "2026-10-08T07:30:20Z", "detail": { "card": "4111" } }),
            json!(null),
            vec![],
        ),
        (
            json!({ "id": "t-1", "detail-type": "Scheduled Event", "source": "aws.events", "time": "2026-10-08T07:30:20Z",
                "resources": ["arn:aws:events:eu-west-1:1:rule/nightly"], "detail": {} }),
            json!(null),
            vec![],
        ),
        (
            gateway(
                json!({ "resourcePath": "/orders/{id}", "httpMethod": "GET", "requestTimeEpoch": 1_791_444_620_125_i64 }),
            ),
            json!({ "statusCode": 404 }),
            vec![],
        ),
        (
            gateway(json!({ "routeKey": "GET /orders/{id}", "timeEpoch": 1_791_444_620_125_i64 })),
            json!("error"),
            vec![],
        ),
        (
            json!({ "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/6d0e" } } }),
            json!({ "statusCode": 200 }),
            vec![],
        ),
        (json!({ "direct": true }), json!({ "statusCode": 200 }), vec![]),
        (json!("no object"), json!(null), vec![]),
        (json!({ "Records": [null] }), json!(null), vec![]),
    ]
}

fn id(index: usize) -> String {
    format!("79b5e81f-9cdd-4145-b1f6-{index:012}")
}

/// Runs the middleware under a runtime and returns what it printed.
fn printed(program: &str, flag: &str, runtime: &str, file: &str) -> String {
    let cases: Vec<Value> = cases()
        .into_iter()
        .enumerate()
        .map(|(index, (event, result, _))| json!({ "id": id(index), "event": event, "result": result }))
        .collect();
    let path = format!("{}/../docs/delivery/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut run = Command::new(program)
        .args([flag, runtime, &path])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    run.stdin
        .take()
        .unwrap()
        .write_all(Value::from(cases).to_string().as_bytes())
        .unwrap();
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn decoded(lines: &str) -> Decoded {
    let event = |line: &str| json!({ "id": "1", "timestamp": 1_791_444_628_235_i64, "message": line });
    let events: Vec<Value> = lines.lines().map(event).collect();
    let message = json!({ "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/lambda/f", "logStream": "s", "logEvents": events });
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    aws::cloudwatch(message.to_string().as_bytes(), &origin, &Settings::default()).unwrap()
}

/// What a delivery says of one message: id, source, partition, enqueued, first received, count; and whether it was given back.
type Said = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    bool,
);

/// Compares the printed lines with what the events themselves say.
fn compare(lines: &str) {
    assert!(!lines.contains("4111") && !lines.contains("secret"), "{lines}");
    let rows = decoded(lines).rows;
    let batch = |table| rows.iter().find(|(of, _)| *of == table).unwrap().1;
    let handed = deliveries::Reader::new(batch(Table::Deliveries)).unwrap();
    let facts = invocation_facts::Reader::new(batch(Table::InvocationFacts)).unwrap();
    let text = |text: Option<&str>| text.map(str::to_owned);
    for (index, (event, result, given_back)) in cases().into_iter().enumerate() {
        let (id, json) = (id(index), event.to_string());
        let expected = Object::parse(&json).ok().and_then(|event| payload::read(&event));
        let Some(expected) = expected else {
            assert!(!lines.contains(&id), "{json}");
            continue;
        };
        let trigger = &expected.trigger;
        let said: std::collections::BTreeSet<Said> = handed
            .rows()
            .filter(|row| row.invocation_id == Some(&*id))
            .map(|row| {
                assert_eq!(
                    row.trigger_type,
                    trigger.kind.map(pennyspan_schema::TriggerType::as_str)
                );
                let (id, source) = (text(row.message_id), text(row.trigger_source));
                let times = (row.enqueued_unix_nano, row.first_received_unix_nano);
                let failed = row.outcome == "failed";
                (
                    id,
                    source,
                    text(row.trigger_partition),
                    times.0,
                    times.1,
                    row.receive_count,
                    failed,
                )
            })
            .collect();
        let back = |id: Option<&str>| id.is_some_and(|id| given_back.contains(&id));
        let of_event = |failed: bool| {
            trigger.messages.iter().map(move |message| {
                let id = message.id.as_deref();
                let source = message.source.as_deref().or(trigger.source.as_deref());
                let partition = message.partition.as_deref().or(trigger.partition.as_deref());
                let times = (message.enqueued_unix_nano, message.first_received_unix_nano);
                let failed = failed && back(id);
                (
                    text(id),
                    text(source),
                    text(partition),
                    times.0,
                    times.1,
                    message.receive_count,
                    failed,
                )
            })
        };
        let expected_rows = of_event(false).chain(of_event(true)).collect();
        assert_eq!(said, expected_rows, "{json}");
        for fact in facts.rows().filter(|fact| fact.invocation_id == id) {
            assert_eq!(fact.batch_size_count, trigger.batch_size, "{json}");
            assert_eq!(fact.scheduled_unix_nano, trigger.scheduled_unix_nano, "{json}");
            assert_eq!(text(fact.route), expected.route.as_deref().map(str::to_owned), "{json}");
            assert_eq!(fact.http_status, result["statusCode"].as_i64(), "{json}");
        }
    }
}

#[test]
#[ignore = "needs the program `node`"]
fn delivery_lines_of_node_say_what_the_events_say() {
    compare(&printed("node", "-e", NODE, "pennyspan-delivery.cjs"));
}

#[test]
#[ignore = "needs the program `python3`"]
fn delivery_lines_of_python_say_what_the_events_say() {
    compare(&printed("python3", "-c", PYTHON, "pennyspan_delivery.py"));
}
