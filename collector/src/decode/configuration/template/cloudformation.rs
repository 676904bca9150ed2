//! CloudFormation and SAM templates.
//!
//! A reference to a parameter is its default, one to a resource that resource's name. A function or queue without a name of its own
//! gets one when it is deployed, which begins with the stack's; until then it goes by its logical id.
//!
//! Source: AWS CloudFormation template reference, AWS SAM specification.

use serde_json::Value;

use super::{Found, Subject, count, count_text, elements, first, members, seconds_as_ms, text};
use crate::decode::names::Arn;

/// Who says it.
const SOURCE: &str = "CloudFormation template";

/// Reads the settings of functions, event sources, queues and schedules.
pub(super) fn read(template: &Value, found: &mut Found<'_>) {
    let template = Template(template);
    for (id, resource) in members(template.0.get("Resources")) {
        let properties = resource.get("Properties").unwrap_or(&Value::Null);
        match resource["Type"].as_str().unwrap_or_default() {
            "AWS::Serverless::Function" => {
                template.function(id, properties, Some(&template.0["Globals"]["Function"]), found);
            }
            "AWS::Lambda::Function" => template.function(id, properties, None, found),
            "AWS::Lambda::EventSourceMapping" => {
                if let Some(function) = template.name(&properties["FunctionName"]) {
                    template.event_source(&properties["EventSourceArn"], properties, &function, found);
                }
            }
            "AWS::Lambda::EventInvokeConfig" => template.event_invoke(properties, found),
            "AWS::Lambda::Alias" | "AWS::Lambda::Version" => template.provisioned(properties, found),
            "AWS::SQS::Queue" => template.queue(id, properties, found),
            "AWS::Events::Rule" | "AWS::Scheduler::Schedule" => template.schedule(id, properties, found),
            _ => {}
        }
    }
}

#[derive(Clone, Copy)]
struct Template<'v>(&'v Value);

impl<'v> Template<'v> {
    /// Returns what a value stands for: a reference to a parameter is its default.
    fn resolved(self, value: &'v Value) -> &'v Value {
        let referred = value.get("Ref").and_then(Value::as_str);
        referred
            .and_then(|name| self.0["Parameters"].get(name)?.get("Default"))
            .unwrap_or(value)
    }

    /// Returns the name of what a value refers to: a text, a parameter's default, a resource's own name, or the end of an ARN.
    fn name(self, value: &'v Value) -> Option<String> {
        match self.resolved(value) {
            Value::String(text) => Some(
                Arn::parse(text)
                    .map_or(text.as_str(), |arn| arn.resource_name())
                    .to_owned(),
            ),
            Value::Object(object) => {
                let get_att = object.get("Fn::GetAtt").and_then(|of| match of {
                    Value::String(path) => path.split('.').next(),
                    path => path.get(0)?.as_str(),
                });
                let id = object.get("Ref").and_then(Value::as_str).or(get_att);
                match id {
                    Some(id) => self.named(id),
                    None => self.substituted(object.get("Fn::Sub")?),
                }
            }
            _ => None,
        }
    }

    /// Returns the name of a resource by its logical id.
    fn named(self, id: &str) -> Option<String> {
        let properties = self.0["Resources"].get(id)?.get("Properties");
        let own = ["FunctionName", "QueueName", "Name", "TableName", "TopicName"]
            .iter()
            .find_map(|key| properties?.get(key));
        let own = own.and_then(|name| match self.resolved(name) {
            Value::String(name) => Some(name.clone()),
            name => self.substituted(name.get("Fn::Sub")?),
        });
        Some(own.unwrap_or_else(|| id.to_owned()))
    }

    /// Returns a text with its parameters' defaults in it; none where it holds anything else.
    fn substituted(self, value: &'v Value) -> Option<String> {
        let mut rest = value.as_str()?;
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            text.push_str(before);
            text.push_str(&super::text(self.0["Parameters"].get(name)?.get("Default"))?);
            rest = after;
        }
        text.push_str(rest);
        let name = Arn::parse(&text).map(|arn| arn.resource_name().to_owned());
        Some(name.unwrap_or(text))
    }

    fn function(self, id: &str, properties: &'v Value, globals: Option<&'v Value>, found: &mut Found<'_>) {
        let own = |key: &str| {
            properties
                .get(key)
                .or_else(|| globals?.get(key))
                .map(|value| self.resolved(value))
        };
        let within = |key: &str, inner: &str| own(key)?.get(inner).map(|value| self.resolved(value));
        let Some(name) = self.named(id) else { return };
        let dead_letter = ["DeadLetterQueue", "DeadLetterConfig"]
            .iter()
            .find_map(|key| within(key, "TargetArn"));
        let settings = [
            ("timeout_ms", seconds_as_ms(own("Timeout"))),
            ("memory_size_mib", count_text(own("MemorySize"))),
            (
                "architecture",
                text(first(own("Architectures")).map(|value| self.resolved(value))),
            ),
            ("runtime", text(own("Runtime"))),
            ("package_type", text(own("PackageType"))),
            ("ephemeral_storage_mib", count_text(within("EphemeralStorage", "Size"))),
            ("reserved_concurrency", count_text(own("ReservedConcurrentExecutions"))),
            (
                "provisioned_concurrency",
                count_text(within(
                    "ProvisionedConcurrencyConfig",
                    "ProvisionedConcurrentExecutions",
                )),
            ),
            ("snap_start", text(within("SnapStart", "ApplyOn"))),
            ("dead_letter", dead_letter.and_then(|target| self.name(target))),
        ];
        found.add(&Subject::function("aws", SOURCE, &name), settings);
        for (_, event) in members(properties.get("Events")) {
            let properties = &event["Properties"];
            let source = ["Queue", "Stream"].iter().find_map(|key| properties.get(key));
            if let Some(source) = source {
                self.event_source(source, properties, &name, found);
            }
            let schedule = properties
                .get("Schedule")
                .or_else(|| properties.get("ScheduleExpression"));
            let schedule = schedule.filter(|_| event["Type"].as_str().is_some_and(|kind| kind.starts_with("Schedule")));
            found.add(&Subject::function("aws", SOURCE, &name), [("schedule", text(schedule))]);
        }
    }

    fn event_source(self, source: &'v Value, properties: &'v Value, function: &str, found: &mut Found<'_>) {
        let Some(source) = self.name(source) else { return };
        let own = |key: &str| properties.get(key).map(|value| self.resolved(value));
        let partial = elements(own("FunctionResponseTypes")).any(|kind| kind == "ReportBatchItemFailures");
        let concurrency = own("ScalingConfig").and_then(|scaling| scaling.get("MaximumConcurrency"));
        let settings = [
            ("batch_size", count_text(own("BatchSize"))),
            ("batch_window_ms", seconds_as_ms(own("MaximumBatchingWindowInSeconds"))),
            ("parallelization_factor", count_text(own("ParallelizationFactor"))),
            ("maximum_concurrency", count_text(concurrency)),
            ("max_retry_count", count_text(own("MaximumRetryAttempts"))),
            ("max_record_age_ms", seconds_as_ms(own("MaximumRecordAgeInSeconds"))),
            ("bisect_batch", text(own("BisectBatchOnFunctionError"))),
            ("partial_batch_response", partial.then(|| "true".to_owned())),
        ];
        let of = Subject {
            resource: source,
            ..Subject::function("aws", SOURCE, function)
        };
        found.add(&of, settings);
    }

    fn event_invoke(self, properties: &'v Value, found: &mut Found<'_>) {
        let Some(name) = self.name(&properties["FunctionName"]) else {
            return;
        };
        let own = |key: &str| properties.get(key).map(|value| self.resolved(value));
        let settings = [
            ("max_retry_count", count_text(own("MaximumRetryAttempts"))),
            ("max_event_age_ms", seconds_as_ms(own("MaximumEventAgeInSeconds"))),
        ];
        found.add(&Subject::function("aws", SOURCE, &name), settings);
    }

    fn provisioned(self, properties: &'v Value, found: &mut Found<'_>) {
        let Some(name) = self.name(&properties["FunctionName"]) else {
            return;
        };
        let config = &properties["ProvisionedConcurrencyConfig"];
        let count = config
            .get("ProvisionedConcurrentExecutions")
            .map(|value| self.resolved(value));
        found.add(
            &Subject::function("aws", SOURCE, &name),
            [("provisioned_concurrency", count_text(count))],
        );
    }

    fn queue(self, id: &str, properties: &'v Value, found: &mut Found<'_>) {
        let Some(name) = self.named(id) else { return };
        let own = |key: &str| properties.get(key).map(|value| self.resolved(value));
        let policy = own("RedrivePolicy");
        let policy = |key: &str| policy?.get(key).map(|value| self.resolved(value));
        let settings = [
            ("visibility_timeout_ms", seconds_as_ms(own("VisibilityTimeout"))),
            ("retention_ms", seconds_as_ms(own("MessageRetentionPeriod"))),
            ("delay_ms", seconds_as_ms(own("DelaySeconds"))),
            (
                "max_receive_count",
                count(policy("maxReceiveCount")).map(|count| count.to_string()),
            ),
            (
                "dead_letter",
                policy("deadLetterTargetArn").and_then(|target| self.name(target)),
            ),
        ];
        found.add(&Subject::resource("aws", SOURCE, &name), settings);
    }

    fn schedule(self, id: &str, properties: &'v Value, found: &mut Found<'_>) {
        let Some(name) = self.named(id) else { return };
        let expression = properties.get("ScheduleExpression").map(|value| self.resolved(value));
        found.add(
            &Subject::resource("aws", SOURCE, &name),
            [("schedule", text(expression))],
        );
    }
}
