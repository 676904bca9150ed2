use pennyspan_schema::Table;
use pennyspan_schema::tables::configurations as table;

use super::{jsonc, yaml};
use crate::decode::configuration::configurations;
use crate::decode::time::EARLIEST_UNIX_NANO;
use crate::decode::{DecodeError, Origin, Settings, number};
use crate::request::Door;

fn try_decode(body: &str, received_at_unix_nano: Option<i64>) -> Result<table::Reader, DecodeError> {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano,
    };
    let decoded = configurations(body.as_bytes(), &origin, &Settings::default())?;
    let rows = decoded.rows.iter().find(|(of, _)| *of == Table::Configurations);
    Ok(table::Reader::new(rows.unwrap().1).unwrap())
}

fn decode(body: &str) -> table::Reader {
    try_decode(body, None).unwrap()
}

/// Returns `function/resource key=value` of each row, the function left out where it is the resource.
fn said(rows: &table::Reader) -> Vec<String> {
    let name = |row: &table::Row<'_>| match row.function {
        Some(function) if function == row.resource => function.to_owned(),
        Some(function) => format!("{function}/{}", row.resource),
        None => format!("/{}", row.resource),
    };
    rows.rows()
        .map(|row| format!("{} {}={}", name(&row), row.key, row.value.unwrap_or("nothing")))
        .collect()
}

const SAM: &str = "
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: prod}
  Memory: {Type: Number, Default: 1024}
Globals:
  Function:
    Timeout: 30
    Architectures: [arm64]
Resources:
  Pay:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub 'pay-${Stage}'
      MemorySize: !Ref Memory
      Events:
        Orders:
          Type: SQS
          Properties:
            Queue: !GetAtt Orders.Arn
            BatchSize: 10
            MaximumBatchingWindowInSeconds: 5
            FunctionResponseTypes: [ReportBatchItemFailures]
        Nightly:
          Type: Schedule
          Properties: {Schedule: 'rate(1 day)'}
  Unnamed:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 3
      MemorySize: !ImportValue shared-memory
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: orders
      VisibilityTimeout: 180
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt [Dead, Arn]
        maxReceiveCount: 5
  Dead:
    Type: AWS::SQS::Queue
";

#[test]
fn a_sam_template_is_read_with_its_globals_parameters_and_references() {
    let rows = decode(SAM);
    assert_eq!(
        said(&rows),
        [
            "pay-prod timeout_ms=30000",
            "pay-prod memory_size_mib=1024",
            "pay-prod architecture=arm64",
            "pay-prod/orders batch_size=10",
            "pay-prod/orders batch_window_ms=5000",
            "pay-prod/orders partial_batch_response=true",
            "pay-prod schedule=rate(1 day)",
            "Unnamed timeout_ms=3000",
            "Unnamed architecture=arm64",
            "/orders visibility_timeout_ms=180000",
            "/orders max_receive_count=5",
            "/orders dead_letter=Dead",
        ]
    );
    assert!(
        rows.rows()
            .all(|row| row.source == "CloudFormation template" && row.provider == "aws")
    );
}

#[test]
fn a_template_in_a_file_holds_at_all_times_and_a_received_one_from_its_receipt() {
    assert!(
        decode(SAM)
            .rows()
            .all(|row| row.observed_unix_nano == EARLIEST_UNIX_NANO && !row.time_suspect)
    );
    let received = number::unix_nano("2026-10-08T07:00:00Z");
    let rows = try_decode(SAM, received).unwrap();
    assert!(rows.rows().all(|row| Some(row.observed_unix_nano) == received));
}

#[test]
fn a_cloudformation_template_in_json_is_the_same() {
    let rows = decode(
        r#"{"AWSTemplateFormatVersion":"2010-09-09","Resources":{
        "Fn":{"Type":"AWS::Lambda::Function","Properties":{"FunctionName":"resize","Timeout":"60","MemorySize":512,"EphemeralStorage":{"Size":1024},
            "ReservedConcurrentExecutions":7,"DeadLetterConfig":{"TargetArn":{"Fn::GetAtt":["Dead","Arn"]}}}},
        "Dead":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":"resize-dead","MessageRetentionPeriod":1209600}},
        "Map":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"FunctionName":{"Ref":"Fn"},"EventSourceArn":"arn:aws:kinesis:eu-west-1:1:stream/clicks","BatchSize":100,"ParallelizationFactor":2}},
        "Again":{"Type":"AWS::Lambda::EventInvokeConfig","Properties":{"FunctionName":{"Ref":"Fn"},"MaximumRetryAttempts":0,"MaximumEventAgeInSeconds":60}},
        "Live":{"Type":"AWS::Lambda::Alias","Properties":{"FunctionName":{"Ref":"Fn"},"ProvisionedConcurrencyConfig":{"ProvisionedConcurrentExecutions":4}}},
        "Clock":{"Type":"AWS::Events::Rule","Properties":{"Name":"nightly","ScheduleExpression":"cron(0 3 * * ? *)"}},
        "Role":{"Type":"AWS::IAM::Role","Properties":{}}}}"#,
    );
    assert_eq!(
        said(&rows),
        [
            "resize timeout_ms=60000",
            "resize memory_size_mib=512",
            "resize ephemeral_storage_mib=1024",
            "resize reserved_concurrency=7",
            "resize dead_letter=resize-dead",
            "/resize-dead retention_ms=1209600000",
            "resize/clicks batch_size=100",
            "resize/clicks parallelization_factor=2",
            "resize max_retry_count=0",
            "resize max_event_age_ms=60000",
            "resize provisioned_concurrency=4",
            "/nightly schedule=cron(0 3 * * ? *)",
        ]
    );
}

#[test]
fn serverless_yml_names_functions_as_it_deploys_them() {
    let rows = decode(
        "service: shop\nprovider:\n  name: aws\n  region: eu-west-1\n  memorySize: 512\n  architecture: arm64\nfunctions:\n  pay:\n    handler: pay.handler\n    timeout: 10\n    events:\n      - schedule: rate(5 minutes)\n      - sqs: x\n  other:\n    name: ${self:custom.name}\n    timeout: 3\n",
    );
    assert_eq!(
        said(&rows),
        [
            "shop-dev-pay timeout_ms=10000",
            "shop-dev-pay memory_size_mib=512",
            "shop-dev-pay architecture=arm64",
            "shop-dev-pay schedule=rate(5 minutes)",
        ]
    );
    assert_eq!(rows.row(0).region, Some("eu-west-1"));
}

#[test]
fn wrangler_files_name_workers_environments_and_the_queues_they_consume() {
    let expected = [
        "edge cpu_limit_ms=50",
        "edge compatibility_date=2026-01-01",
        "edge schedule=*/5 * * * *; 0 3 * * *",
        "/orders batch_size=25",
        "/orders batch_window_ms=5000",
        "/orders max_receive_count=4",
        "/orders dead_letter=orders-dead",
        "edge-staging cpu_limit_ms=10",
        "edge-staging compatibility_date=2026-01-01",
        "edge-staging schedule=*/5 * * * *; 0 3 * * *",
    ];
    let toml = "name = \"edge\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-01-01\"\n[limits]\ncpu_ms = 50\n[triggers]\ncrons = [\"*/5 * * * *\", \"0 3 * * *\"]\n[[queues.consumers]]\nqueue = \"orders\"\nmax_batch_size = 25\nmax_batch_timeout = 5\nmax_retries = 3\ndead_letter_queue = \"orders-dead\"\n[env.staging.limits]\ncpu_ms = 10\n";
    assert_eq!(said(&decode(toml)), expected);
    let jsonc = r#"// the edge
{
  "name": "edge", /* as it is called */
  "compatibility_date": "2026-01-01",
  "limits": { "cpu_ms": 50 },
  "triggers": { "crons": ["*/5 * * * *", "0 3 * * *",] },
  "queues": { "consumers": [{ "queue": "orders", "max_batch_size": 25, "max_batch_timeout": 5, "max_retries": 3, "dead_letter_queue": "orders-dead" }] },
  "env": { "staging": { "limits": { "cpu_ms": 10 } } },
}"#;
    assert_eq!(said(&decode(jsonc)), expected);
    assert!(decode(jsonc).rows().all(|row| row.provider == "cloudflare"));
}

#[test]
fn a_terraform_plan_names_its_time_and_what_it_plans() {
    let rows = decode(
        r#"{"format_version":"1.2","terraform_version":"1.9.5","timestamp":"2026-10-08T07:00:00Z","planned_values":{"root_module":{"resources":[
        {"address":"aws_lambda_function.pay","mode":"managed","type":"aws_lambda_function","values":{"function_name":"pay","timeout":30,"memory_size":512,"architectures":["arm64"],"ephemeral_storage":[{"size":512}],"reserved_concurrent_executions":-1}},
        {"mode":"managed","type":"aws_sqs_queue","values":{"name":"orders","visibility_timeout_seconds":180,"redrive_policy":"{\"maxReceiveCount\":3,\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:1:dead\"}"}},
        {"mode":"data","type":"aws_sqs_queue","values":{"name":"theirs","visibility_timeout_seconds":1}}],
        "child_modules":[{"resources":[{"mode":"managed","type":"google_cloud_run_v2_service","values":{"name":"orders-api","location":"europe-west1","project":"shop","template":[
            {"timeout":"300s","max_instance_request_concurrency":80,"scaling":[{"min_instance_count":1,"max_instance_count":9}],"containers":[{"resources":[{"limits":{"cpu":"2","memory":"1Gi"},"cpu_idle":false}]}]}]}},
        {"mode":"managed","type":"google_cloudfunctions2_function","values":{"name":"resize","location":"europe-west1","service_config":[{"available_memory":"256M","timeout_seconds":60}]}},
        {"mode":"managed","type":"azurerm_function_app_flex_consumption","values":{"name":"mailer","location":"westeurope","instance_memory_in_mb":2048}}]}]}}}"#,
    );
    assert_eq!(
        said(&rows),
        [
            "pay timeout_ms=30000",
            "pay memory_size_mib=512",
            "pay architecture=arm64",
            "pay ephemeral_storage_mib=512",
            "/orders visibility_timeout_ms=180000",
            "/orders max_receive_count=3",
            "/orders dead_letter=arn:aws:sqs:eu-west-1:1:dead",
            "orders-api timeout_ms=300000",
            "orders-api memory_size_mib=1024",
            "orders-api cpu_milli=2000",
            "orders-api concurrency_per_instance=80",
            "orders-api min_instances=1",
            "orders-api max_instances=9",
            "orders-api billing_mode=instance",
            "resize timeout_ms=60000",
            "resize memory_size_mib=256",
            "mailer memory_size_mib=2048",
            "mailer billing_mode=flex_consumption",
        ]
    );
    let planned = number::unix_nano("2026-10-08T07:00:00Z");
    assert!(rows.rows().all(|row| Some(row.observed_unix_nano) == planned));
    let run = rows.rows().find(|row| row.resource == "orders-api").unwrap();
    assert_eq!(
        (run.provider, run.account, run.region),
        ("gcp", Some("shop"), Some("europe-west1"))
    );
}

#[test]
fn what_is_no_template_or_states_nothing_is_refused_in_words() {
    for (body, words) in [
        (
            "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n",
            "names no function",
        ),
        ("AWSTemplateFormatVersion: '2010-09-09'\nResources: [\n", "template"),
        (r#"{"terraform_version":"1.9.5"}"#, "names no function"),
        ("name = \"edge\"\nmain = \n", "template"),
    ] {
        let error = try_decode(body, None).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn yaml_is_bounded_and_follows_no_alias() {
    let deep = format!(
        "AWSTemplateFormatVersion: 1\nResources: {}{}",
        "[".repeat(200),
        "]".repeat(200)
    );
    assert!(
        try_decode(&deep, None)
            .unwrap_err()
            .to_string()
            .contains("nests deeper")
    );
    let laughs = "a: &a [x, x]\nb: [*a, *a, *a]\n";
    assert_eq!(yaml::value(laughs).unwrap()["b"], serde_json::json!([null, null, null]));
}

#[test]
fn comments_are_left_out_and_texts_are_not() {
    assert_eq!(
        jsonc::plain("{\"a\": \"// no /* comment */ \\\"\", // one\n \"b\": [1,],}"),
        "{\"a\": \"// no /* comment */ \\\"\", \n \"b\": [1]}"
    );
    assert_eq!(jsonc::plain("{\"open"), "{\"open");
}

proptest::proptest! {
    #[test]
    fn no_template_panics(
        start in proptest::sample::select(vec![
            "AWSTemplateFormatVersion: 1\nResources:\n",
            "name = \"edge\"\nmain = \"x\"\n",
            "// edge\n{\"compatibility_date\":",
            "service: s\nprovider: p\nfunctions:\n",
            "{\"Resources\":{\"A\":{\"Type\":\"AWS::Lambda::Function\",\"Properties\":",
            "{\"terraform_version\":\"1\",\"values\":{\"root_module\":{\"resources\":[{\"type\":\"aws_sqs_queue\",\"values\":",
        ]),
        rest in "[ \\n{}\\[\\]:,\"'!&*|>#=a-zA-Z0-9$.-]{0,200}",
    ) {
        let _ = try_decode(&format!("{start}{rest}"), None).map(|rows| said(&rows).len());
    }
}
