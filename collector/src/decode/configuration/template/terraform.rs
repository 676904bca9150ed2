//! Terraform: what `terraform show -json` prints of a plan or of the state.
//!
//! Sources: Terraform documentation, "JSON Output Format"; the attribute references of the providers for AWS, Google Cloud and Azure.

use serde_json::Value;

use super::{Found, Subject, count, count_text, elements, first, seconds_as_ms, text};
use crate::decode::configuration::quantity;
use crate::decode::names::Arn;
use crate::decode::number;

/// Who says it.
const SOURCE: &str = "terraform show";
/// How deep modules may nest.
const DEPTH: usize = 32;

/// Returns when a plan was made, which newer versions print.
pub(super) fn timestamp(shown: &Value) -> Option<i64> {
    number::unix_nano(shown.get("timestamp")?.as_str()?)
}

/// Reads the settings of what is planned, or of what stands.
pub(super) fn read(shown: &Value, found: &mut Found<'_>) {
    let values = shown.get("planned_values").or_else(|| shown.get("values"));
    if let Some(root) = values.and_then(|values| values.get("root_module")) {
        module(root, DEPTH, found);
    }
}

fn module(of: &Value, depth: usize, found: &mut Found<'_>) {
    for resource in elements(of.get("resources")).filter(|resource| resource["mode"] != "data") {
        let values = Values(&resource["values"]);
        match resource["type"].as_str().unwrap_or_default() {
            "aws_lambda_function" => values.lambda(found),
            "aws_lambda_event_source_mapping" => values.event_source(found),
            "aws_lambda_provisioned_concurrency_config" => values.provisioned(found),
            "aws_lambda_function_event_invoke_config" => values.event_invoke(found),
            "aws_sqs_queue" => values.queue(found),
            "aws_cloudwatch_event_rule" | "aws_scheduler_schedule" => values.schedule(found),
            "google_cloud_run_v2_service" => values.cloud_run(found),
            "google_cloudfunctions2_function" => values.cloud_function(found),
            "azurerm_function_app_flex_consumption" => values.flex(found),
            _ => {}
        }
    }
    if let Some(depth) = depth.checked_sub(1) {
        for child in elements(of.get("child_modules")) {
            module(child, depth, found);
        }
    }
}

/// The values of one resource. A block that stands once is a list of one.
#[derive(Clone, Copy)]
struct Values<'v>(&'v Value);

impl<'v> Values<'v> {
    fn get(self, key: &str) -> Option<&'v Value> {
        self.0.get(key)
    }

    fn block(self, key: &str) -> Self {
        Self(first(self.get(key)).unwrap_or(&Value::Null))
    }

    /// Returns the own name in a name or an ARN.
    fn own_name(self, key: &str) -> Option<String> {
        let text = text(self.get(key))?;
        let name = Arn::parse(&text).map(|arn| match arn.function() {
            Some(function) => function.function.to_owned(),
            None => arn.resource_name().to_owned(),
        });
        Some(name.unwrap_or(text))
    }

    /// Returns what the resource's settings are of; its ARN, which only the state has, tells account and region.
    fn of_aws(self, name: &str) -> Subject {
        let arn = text(self.get("arn"));
        let arn = arn.as_deref().and_then(Arn::parse);
        Subject {
            account: arn.and_then(|arn| arn.account).map(str::to_owned),
            region: arn.and_then(|arn| arn.region).map(str::to_owned),
            ..Subject::function("aws", SOURCE, name)
        }
    }

    fn lambda(self, found: &mut Found<'_>) {
        let Some(name) = self.own_name("function_name") else {
            return;
        };
        let settings = [
            ("timeout_ms", seconds_as_ms(self.get("timeout"))),
            ("memory_size_mib", count_text(self.get("memory_size"))),
            ("architecture", text(first(self.get("architectures")))),
            ("runtime", text(self.get("runtime"))),
            ("package_type", text(self.get("package_type"))),
            (
                "ephemeral_storage_mib",
                count_text(self.block("ephemeral_storage").get("size")),
            ),
            (
                "reserved_concurrency",
                count_text(self.get("reserved_concurrent_executions")),
            ),
            ("snap_start", text(self.block("snap_start").get("apply_on"))),
            ("dead_letter", text(self.block("dead_letter_config").get("target_arn"))),
        ];
        found.add(&self.of_aws(&name), settings);
    }

    fn event_source(self, found: &mut Found<'_>) {
        let (function, source) = (self.own_name("function_name"), self.own_name("event_source_arn"));
        let (Some(function), Some(source)) = (function, source) else {
            return;
        };
        let partial = elements(self.get("function_response_types")).any(|kind| kind == "ReportBatchItemFailures");
        let settings = [
            ("batch_size", count_text(self.get("batch_size"))),
            (
                "batch_window_ms",
                seconds_as_ms(self.get("maximum_batching_window_in_seconds")),
            ),
            ("parallelization_factor", count_text(self.get("parallelization_factor"))),
            (
                "maximum_concurrency",
                count_text(self.block("scaling_config").get("maximum_concurrency")),
            ),
            ("max_retry_count", count_text(self.get("maximum_retry_attempts"))),
            (
                "max_record_age_ms",
                seconds_as_ms(self.get("maximum_record_age_in_seconds")),
            ),
            ("bisect_batch", text(self.get("bisect_batch_on_function_error"))),
            ("partial_batch_response", partial.then(|| "true".to_owned())),
        ];
        let of = Subject {
            resource: source,
            ..Subject::function("aws", SOURCE, &function)
        };
        found.add(&of, settings);
    }

    fn provisioned(self, found: &mut Found<'_>) {
        let Some(name) = self.own_name("function_name") else {
            return;
        };
        let count = count_text(self.get("provisioned_concurrent_executions"));
        found.add(
            &Subject::function("aws", SOURCE, &name),
            [("provisioned_concurrency", count)],
        );
    }

    fn event_invoke(self, found: &mut Found<'_>) {
        let Some(name) = self.own_name("function_name") else {
            return;
        };
        let settings = [
            ("max_retry_count", count_text(self.get("maximum_retry_attempts"))),
            (
                "max_event_age_ms",
                seconds_as_ms(self.get("maximum_event_age_in_seconds")),
            ),
        ];
        found.add(&Subject::function("aws", SOURCE, &name), settings);
    }

    /// A queue's policy is JSON in a text.
    fn queue(self, found: &mut Found<'_>) {
        let Some(name) = text(self.get("name")) else { return };
        let policy = text(self.get("redrive_policy")).and_then(|policy| serde_json::from_str::<Value>(&policy).ok());
        let policy = |key: &str| policy.as_ref()?.get(key);
        let settings = [
            (
                "visibility_timeout_ms",
                seconds_as_ms(self.get("visibility_timeout_seconds")),
            ),
            ("retention_ms", seconds_as_ms(self.get("message_retention_seconds"))),
            ("delay_ms", seconds_as_ms(self.get("delay_seconds"))),
            (
                "max_receive_count",
                count(policy("maxReceiveCount")).map(|count| count.to_string()),
            ),
            ("dead_letter", text(policy("deadLetterTargetArn"))),
        ];
        let of = self.of_aws(&name);
        found.add(&Subject { function: None, ..of }, settings);
    }

    fn schedule(self, found: &mut Found<'_>) {
        let Some(name) = text(self.get("name")) else { return };
        let of = self.of_aws(&name);
        found.add(
            &Subject { function: None, ..of },
            [("schedule", text(self.get("schedule_expression")))],
        );
    }

    fn of_google(self, name: &str) -> Subject {
        Subject {
            account: text(self.get("project")),
            region: text(self.get("location")),
            ..Subject::function("gcp", SOURCE, name)
        }
    }

    fn cloud_run(self, found: &mut Found<'_>) {
        let Some(name) = text(self.get("name")) else { return };
        let template = self.block("template");
        let resources = template.block("containers").block("resources");
        let limits = resources.get("limits");
        let limit = |key: &str| text(limits.and_then(|limits| limits.get(key)));
        let idle = resources.get("cpu_idle").and_then(Value::as_bool);
        let timeout = text(template.get("timeout")).and_then(|text| quantity::seconds_as_ms(&text));
        let settings = [
            ("timeout_ms", timeout.map(|ms| ms.to_string())),
            (
                "memory_size_mib",
                limit("memory")
                    .and_then(|text| quantity::mib(&text))
                    .map(|mib| mib.to_string()),
            ),
            (
                "cpu_milli",
                limit("cpu")
                    .and_then(|text| quantity::milli(&text))
                    .map(|milli| milli.to_string()),
            ),
            (
                "concurrency_per_instance",
                count_text(template.get("max_instance_request_concurrency")),
            ),
            (
                "min_instances",
                count_text(template.block("scaling").get("min_instance_count")),
            ),
            (
                "max_instances",
                count_text(template.block("scaling").get("max_instance_count")),
            ),
            (
                "billing_mode",
                idle.map(|idle| if idle { "request" } else { "instance" }.to_owned()),
            ),
        ];
        found.add(&self.of_google(&name), settings);
    }

    fn cloud_function(self, found: &mut Found<'_>) {
        let Some(name) = text(self.get("name")) else { return };
        let config = self.block("service_config");
        let memory = text(config.get("available_memory")).and_then(|text| quantity::mib(&text));
        let cpu = text(config.get("available_cpu")).and_then(|text| quantity::milli(&text));
        let settings = [
            ("timeout_ms", seconds_as_ms(config.get("timeout_seconds"))),
            ("memory_size_mib", memory.map(|mib| mib.to_string())),
            ("cpu_milli", cpu.map(|milli| milli.to_string())),
            (
                "concurrency_per_instance",
                count_text(config.get("max_instance_request_concurrency")),
            ),
            ("min_instances", count_text(config.get("min_instance_count"))),
            ("max_instances", count_text(config.get("max_instance_count"))),
            ("runtime", text(self.block("build_config").get("runtime"))),
        ];
        found.add(&self.of_google(&name), settings);
    }

    fn flex(self, found: &mut Found<'_>) {
        let Some(name) = text(self.get("name")) else { return };
        let settings = [
            ("memory_size_mib", count_text(self.get("instance_memory_in_mb"))),
            ("max_instances", count_text(self.get("maximum_instance_count"))),
            ("runtime", text(self.get("runtime_name"))),
            ("billing_mode", Some("flex_consumption".to_owned())),
        ];
        let of = Subject {
            region: text(self.get("location")),
            ..Subject::function("azure", SOURCE, &name)
        };
        found.add(&of, settings);
    }
}
