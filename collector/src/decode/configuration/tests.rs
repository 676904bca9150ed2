use pennyspan_schema::Table;
use pennyspan_schema::tables::{configurations as table, deployments};

use super::configurations;
use crate::decode::{DecodeError, Decoded, Origin, Reason, Settings, number};
use crate::request::Door;

fn decode_at(body: &str, resource: Option<&str>, received_at_unix_nano: Option<i64>) -> Result<Decoded, DecodeError> {
    let door = Door {
        resource: resource.map(Into::into),
        instance: None,
    };
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano,
    };
    configurations(body.as_bytes(), &origin, &Settings::default())
}

fn rows(decoded: &Decoded) -> table::Reader {
    table::Reader::new(
        decoded
            .rows
            .iter()
            .find(|(of, _)| *of == Table::Configurations)
            .unwrap()
            .1,
    )
    .unwrap()
}

/// Returns `resource key=value` of each row.
fn said(rows: &table::Reader) -> Vec<String> {
    rows.rows()
        .map(|row| format!("{} {}={}", row.resource, row.key, row.value.unwrap_or("nothing")))
        .collect()
}

#[test]
fn rows_of_our_own_name_resource_key_and_value() {
    let body = r#"{"provider":"aws","region":"eu-west-1","resource":"checkout","key":"timeout_ms","value":30000,"observed_time":"2026-10-08T07:00:00Z"}
{"resource":"arn:aws:sqs:eu-west-1:1:orders","key":"visibility_timeout_ms","value":"30000","observed_time_unix_ms":1791444628000,"source":"terraform"}
{"provider":"gcp","function":"resize","key":"min_instances","value":null,"observed_time":"2026-10-08T07:00:00Z"}"#;
    let decoded = decode_at(body, None, None).unwrap();
    let rows = rows(&decoded);
    assert_eq!(
        said(&rows),
        [
            "checkout timeout_ms=30000",
            "orders visibility_timeout_ms=30000",
            "resize min_instances=nothing"
        ]
    );
    assert_eq!(
        (rows.row(0).function, rows.row(1).function, rows.row(2).function),
        (Some("checkout"), None, Some("resize"))
    );
    assert_eq!(
        (rows.row(1).region, rows.row(1).account, rows.row(1).source),
        (Some("eu-west-1"), Some("1"), "terraform")
    );
}

#[test]
fn a_bad_row_is_rejected_with_its_field() {
    let good = r#"{"provider":"aws","resource":"f","key":"k","value":1,"observed_time":"2026-10-08T07:00:00Z"}"#;
    for (bad, field, reason) in [
        (r#"{"key":"k","value":1}"#, "resource", Reason::MissingField),
        (
            r#"{"provider":"aws","resource":"f","value":1}"#,
            "key",
            Reason::MissingField,
        ),
        (
            r#"{"provider":"aws","resource":"f","key":"k"}"#,
            "value",
            Reason::MissingField,
        ),
        (
            r#"{"resource":"f","key":"k","value":1,"observed_time":"2026-10-08T07:00:00Z"}"#,
            "provider",
            Reason::MissingField,
        ),
        (
            r#"{"provider":"aws","resource":"f","key":"k","value":1}"#,
            "observed_time",
            Reason::NoTime,
        ),
    ] {
        let decoded = decode_at(&format!("{good}\n{bad}"), None, None).unwrap();
        let rejection = &decoded.rejections.first()[0];
        assert_eq!(
            (rejection.field, rejection.reason, rejection.place.as_str()),
            (Some(field), reason, "line 2")
        );
    }
}

const FUNCTION: &str = r#"{
    "FunctionName": "checkout", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:checkout", "Runtime": "nodejs22.x",
    "Role": "arn:aws:iam::123456789012:role/r", "CodeSize": 100, "Timeout": 30, "MemorySize": 512,
    "LastModified": "2026-10-08T07:30:28.000+0000", "CodeSha256": "abc=", "Version": "$LATEST", "PackageType": "Zip",
    "Environment": {"Variables": {"SECRET": "hunter2"}}, "Architectures": ["arm64"], "EphemeralStorage": {"Size": 1024},
    "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead"}, "SnapStart": {"ApplyOn": "None"}
}"#;

#[test]
fn a_function_tells_its_settings_and_its_deployment() {
    for body in [
        FUNCTION.to_owned(),
        format!("{{\"Functions\": [{FUNCTION}]}}"),
        format!("{{\"Configuration\": {FUNCTION}, \"Code\": {{}}}}"),
    ] {
        let decoded = decode_at(&body, None, None).unwrap();
        let rows = rows(&decoded);
        let expected = [
            "checkout timeout_ms=30000",
            "checkout memory_size_mib=512",
            "checkout architecture=arm64",
            "checkout runtime=nodejs22.x",
            "checkout package_type=Zip",
            "checkout ephemeral_storage_mib=1024",
            "checkout snap_start=None",
            "checkout dead_letter=arn:aws:sqs:eu-west-1:123456789012:dead",
        ];
        assert_eq!(said(&rows), expected);
        let row = rows.row(0);
        assert_eq!(
            (row.function, row.account, row.region),
            (Some("checkout"), Some("123456789012"), Some("eu-west-1"))
        );
        assert_eq!(Some(row.observed_unix_nano), number::unix_nano("2026-10-08T07:30:28Z"));
        let batch = decoded.rows.iter().find(|(of, _)| *of == Table::Deployments).unwrap().1;
        let deployed = deployments::Reader::new(batch).unwrap();
        assert_eq!(
            (deployed.len(), deployed.row(0).revision, deployed.row(0).version),
            (1, Some("abc="), Some("$LATEST"))
        );
        assert!(
            !format!("{decoded:?}").contains("hunter2"),
            "environment variables are never read"
        );
    }
}

#[test]
fn concurrency_is_of_the_function_at_the_door() {
    let body = r#"{"ReservedConcurrentExecutions": 100}"#;
    let arn = "arn:aws:lambda:eu-west-1:1:function:checkout";
    let decoded = decode_at(body, Some(arn), Some(1_791_444_628_000_000_000)).unwrap();
    assert_eq!(said(&rows(&decoded)), ["checkout reserved_concurrency=100"]);
    let error = decode_at(body, None, Some(1_791_444_628_000_000_000)).unwrap_err();
    assert!(error.to_string().contains("names no function"), "{error}");
    let provisioned = r#"{"ProvisionedConcurrencyConfigs":[{"FunctionArn":"arn:aws:lambda:eu-west-1:1:function:checkout:live","RequestedProvisionedConcurrentExecutions":7,"LastModified":"2026-10-08T07:30:28+0000"}]}"#;
    assert_eq!(
        said(&rows(&decode_at(provisioned, None, None).unwrap())),
        ["checkout provisioned_concurrency=7"]
    );
}

#[test]
fn event_sources_and_queues_tell_theirs() {
    let mappings = r#"{"EventSourceMappings":[{"UUID":"u","BatchSize":10,"MaximumBatchingWindowInSeconds":5,
        "EventSourceArn":"arn:aws:sqs:eu-west-1:1:orders","FunctionArn":"arn:aws:lambda:eu-west-1:1:function:consumer",
        "LastModified":1791444628.5,"MaximumRetryAttempts":-1,"FunctionResponseTypes":["ReportBatchItemFailures"]}]}"#;
    let decoded = decode_at(mappings, None, None).unwrap();
    let found = rows(&decoded);
    assert_eq!(
        said(&found),
        [
            "orders batch_size=10",
            "orders batch_window_ms=5000",
            "orders partial_batch_response=true"
        ]
    );
    assert_eq!(
        (found.row(0).function, found.row(0).observed_unix_nano),
        (Some("consumer"), 1_791_444_628_500_000_000)
    );
    let queue = r#"{"Attributes":{"QueueArn":"arn:aws:sqs:eu-west-1:1:orders","VisibilityTimeout":"30","MessageRetentionPeriod":"345600",
        "RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:1:dead\",\"maxReceiveCount\":5}","LastModifiedTimestamp":"1791444628"}}"#;
    let expected = [
        "orders visibility_timeout_ms=30000",
        "orders retention_ms=345600000",
        "orders max_receive_count=5",
        "orders dead_letter=arn:aws:sqs:eu-west-1:1:dead",
    ];
    assert_eq!(said(&rows(&decode_at(queue, None, None).unwrap())), expected);
}

#[test]
fn a_cloud_run_service_names_its_settings_and_since_when_its_revision_is_ready() {
    let body = r#"{"apiVersion":"serving.knative.dev/v1","kind":"Service",
        "metadata":{"name":"orders-api","namespace":"4711","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"cloud.googleapis.com/location":"europe-west1"}},
        "spec":{"template":{"metadata":{"annotations":{"autoscaling.knative.dev/minScale":"1","autoscaling.knative.dev/maxScale":"20","run.googleapis.com/cpu-throttling":"false"}},
            "spec":{"containerConcurrency":80,"timeoutSeconds":300,"containers":[{"image":"x","resources":{"limits":{"cpu":"1000m","memory":"512Mi"}}}]}}},
        "status":{"latestReadyRevisionName":"orders-api-00007-2gd","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-10-08T07:00:00Z"}]}}"#;
    let decoded = decode_at(body, None, None).unwrap();
    let rows = rows(&decoded);
    assert_eq!(
        said(&rows),
        [
            "orders-api timeout_ms=300000",
            "orders-api memory_size_mib=512",
            "orders-api cpu_milli=1000",
            "orders-api concurrency_per_instance=80",
            "orders-api min_instances=1",
            "orders-api max_instances=20",
            "orders-api billing_mode=instance",
        ]
    );
    let first = rows.row(0);
    assert_eq!(
        (first.provider, first.account, first.region),
        ("gcp", Some("4711"), Some("europe-west1"))
    );
    assert_eq!(
        Some(first.observed_unix_nano),
        number::unix_nano("2026-10-08T07:00:00Z")
    );
    let deployed = decoded.rows.iter().find(|(of, _)| *of == Table::Deployments).unwrap().1;
    let deployed = deployments::Reader::new(deployed).unwrap();
    assert_eq!(deployed.row(0).version, Some("orders-api-00007-2gd"));
}

#[test]
fn a_function_app_names_its_plan_and_its_instances() {
    let body = r#"{"id":"/subscriptions/s-1/resourceGroups/r/providers/Microsoft.Web/sites/mailer","name":"mailer","kind":"functionapp,linux","location":"West Europe",
        "lastModifiedTimeUtc":"2026-10-08T07:00:00.123333","sku":"FlexConsumption","defaultHostName":"mailer.azurewebsites.net","siteConfig":{},
        "functionAppConfig":{"runtime":{"name":"python","version":"3.12"},"scaleAndConcurrency":{"instanceMemoryMb":2048,"maximumInstanceCount":100,
            "alwaysReady":[{"name":"http","instanceCount":2},{"name":"blob","instanceCount":1}],"triggers":{"http":{"perInstanceConcurrency":16}}}}}"#;
    let decoded = decode_at(body, None, None).unwrap();
    let rows = rows(&decoded);
    assert_eq!(
        said(&rows),
        [
            "mailer memory_size_mib=2048",
            "mailer max_instances=100",
            "mailer min_instances=3",
            "mailer concurrency_per_instance=16",
            "mailer runtime=python",
            "mailer billing_mode=flex_consumption",
        ]
    );
    assert_eq!((rows.row(0).provider, rows.row(0).account), ("azure", Some("s-1")));
    assert_eq!(
        Some(rows.row(0).observed_unix_nano),
        number::unix_nano("2026-10-08T07:00:00.123333Z")
    );
}
