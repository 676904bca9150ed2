//! What `aws lambda` and `aws sqs` print about settings. Environment variables are never read: they hold secrets.
//!
//! Source: AWS CLI command reference, the "Output" of each command.

use std::borrow::Cow;

use super::Given;
use super::statement::{Observed, Statement};
use crate::decode::fault::Fault;
use crate::decode::names::FunctionArn;
use crate::decode::object::{self, Object};
use crate::decode::{Output, Reason, number};

/// A command's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Printed {
    /// `get-function-configuration`, and one of `list-functions`.
    Function,
    /// `get-function`.
    FunctionWithCode,
    /// `list-functions`.
    Functions,
    /// `get-function-concurrency`.
    ReservedConcurrency,
    /// `list-provisioned-concurrency-configs`.
    ProvisionedConcurrency,
    /// `get-event-source-mapping`, and one of `list-event-source-mappings`.
    EventSource,
    /// `list-event-source-mappings`.
    EventSources,
    /// `get-function-event-invoke-config`.
    EventInvoke,
    /// `list-function-event-invoke-configs`.
    EventInvokes,
    /// `get-account-settings`.
    Account,
    /// `aws sqs get-queue-attributes`.
    Queue,
}

/// The keys by which an output is recognised, all of which must be there; the first that fits counts.
const RECOGNISED: &[(&[&str], Printed)] = &[
    (&["Functions"], Printed::Functions),
    (&["EventSourceMappings"], Printed::EventSources),
    (&["ProvisionedConcurrencyConfigs"], Printed::ProvisionedConcurrency),
    (&["FunctionEventInvokeConfigs"], Printed::EventInvokes),
    (&["AccountLimit"], Printed::Account),
    (&["Configuration", "Code"], Printed::FunctionWithCode),
    (&["FunctionName", "FunctionArn"], Printed::Function),
    (&["EventSourceArn", "FunctionArn"], Printed::EventSource),
    (&["MaximumRetryAttempts", "FunctionArn"], Printed::EventInvoke),
    (&["MaximumEventAgeInSeconds", "FunctionArn"], Printed::EventInvoke),
    (&["ReservedConcurrentExecutions"], Printed::ReservedConcurrency),
    (&["Attributes"], Printed::Queue),
];

impl Printed {
    /// Returns which command printed an object, by its keys.
    pub(crate) fn recognise(object: &Object<'_>) -> Option<Self> {
        Self::of_keys(|key| object.has(key))
    }

    /// Returns which command printed what has the keys.
    pub(crate) fn of_keys(has: impl Fn(&str) -> bool) -> Option<Self> {
        let (_, printed) = RECOGNISED.iter().find(|(keys, _)| keys.iter().all(|key| has(key)))?;
        Some(*printed)
    }

    /// Returns the command, by which rows name their source.
    fn command(self) -> &'static str {
        match self {
            Self::Function => "aws lambda get-function-configuration",
            Self::FunctionWithCode => "aws lambda get-function",
            Self::Functions => "aws lambda list-functions",
            Self::ReservedConcurrency => "aws lambda get-function-concurrency",
            Self::ProvisionedConcurrency => "aws lambda list-provisioned-concurrency-configs",
            Self::EventSource => "aws lambda get-event-source-mapping",
            Self::EventSources => "aws lambda list-event-source-mappings",
            Self::EventInvoke => "aws lambda get-function-event-invoke-config",
            Self::EventInvokes => "aws lambda list-function-event-invoke-configs",
            Self::Account => "aws lambda get-account-settings",
            Self::Queue => "aws sqs get-queue-attributes",
        }
    }

    /// Appends the settings, and of a function its deployment.
    ///
    /// # Errors
    /// The fault names the field that is missing or is not what it should be.
    pub(super) fn read(self, object: &mut Object<'_>, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
        let command = self.command();
        match self {
            Self::Function => function(object, command, given, output),
            Self::FunctionWithCode => with_code(object, command, given, output),
            Self::Functions => each(object, "Functions", |object| function(object, command, given, output)),
            Self::ReservedConcurrency => reserved(object, command, given, output),
            Self::ProvisionedConcurrency => each(object, "ProvisionedConcurrencyConfigs", |object| {
                provisioned(object, command, given, output)
            }),
            Self::EventSource => event_source(object, command, given, output),
            Self::EventSources => each(object, "EventSourceMappings", |object| {
                event_source(object, command, given, output)
            }),
            Self::EventInvoke => event_invoke(object, command, given, output),
            Self::EventInvokes => each(object, "FunctionEventInvokeConfigs", |object| {
                event_invoke(object, command, given, output)
            }),
            Self::Account => account(object, command, given, output),
            Self::Queue => queue(object, command, given, output),
        }
    }
}

fn each(
    object: &mut Object<'_>,
    field: &'static str,
    mut read: impl FnMut(&mut Object<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    object
        .objects(field)?
        .unwrap_or_default()
        .iter_mut()
        .try_for_each(&mut read)
}

fn function(
    object: &mut Object<'_>,
    command: &'static str,
    given: Given<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let arn = required(object, "FunctionArn")?;
    let observed = Observed::at(moment(object, "LastModified")?, "LastModified", given)?;
    let architecture = object
        .texts("Architectures")?
        .unwrap_or_default()
        .into_iter()
        .next()
        .map(Cow::into_owned);
    let storage = object
        .object("EphemeralStorage")?
        .map(|mut storage| count(&mut storage, "Size"))
        .transpose()?
        .flatten();
    let snap_start = object
        .object("SnapStart")?
        .map(|mut snap| text(&mut snap, "ApplyOn"))
        .transpose()?
        .flatten();
    let settings = [
        ("timeout_ms", seconds_as_ms(object, "Timeout")?),
        ("memory_size_mib", count(object, "MemorySize")?),
        ("architecture", architecture),
        ("runtime", text(object, "Runtime")?),
        ("package_type", text(object, "PackageType")?),
        ("ephemeral_storage_mib", storage),
        ("snap_start", snap_start),
        ("dead_letter", target(object, "DeadLetterConfig", "TargetArn")?),
    ];
    let statement = Statement {
        source: command,
        ..Statement::of_resource(&arn)
    };
    statement.append_given(&settings, observed, output);
    let (version, revision) = (text(object, "Version")?, text(object, "CodeSha256")?);
    if revision.is_some() {
        statement.append_deployment(version.as_deref(), revision.as_deref(), observed, output);
    }
    Ok(())
}

fn with_code(
    object: &mut Object<'_>,
    command: &'static str,
    given: Given<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let missing = || {
        Fault::of(
            "Configuration",
            Reason::MissingField,
            "expected the function's configuration",
        )
    };
    let mut configuration = object.object("Configuration")?.ok_or_else(missing)?;
    let arn = required(&mut configuration.clone(), "FunctionArn")?;
    let observed = Observed::at(
        moment(&mut configuration.clone(), "LastModified")?,
        "LastModified",
        given,
    )?;
    function(&mut configuration, command, given, output)?;
    let concurrency = object.object("Concurrency")?;
    let reserved = concurrency
        .map(|mut concurrency| count(&mut concurrency, "ReservedConcurrentExecutions"))
        .transpose()?;
    let statement = Statement {
        source: command,
        ..Statement::of_resource(&arn)
    };
    statement.append_given(&[("reserved_concurrency", reserved.flatten())], observed, output);
    Ok(())
}

/// Reads an output that names neither function nor time: both come from the door and from the time of receipt.
fn reserved(
    object: &mut Object<'_>,
    command: &'static str,
    given: Given<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let remedy = "this output names no function; give its ARN as the resource, or send `get-function` instead";
    let resource = given
        .0
        .door
        .resource
        .as_deref()
        .ok_or_else(|| Fault::of("resource", Reason::MissingField, remedy))?;
    let observed = Observed::at(moment(object, "LastModified")?, "LastModified", given)?;
    let statement = Statement {
        source: command,
        ..Statement::of_resource(resource)
    };
    let function = statement.function.unwrap_or(statement.resource);
    let settings = [("reserved_concurrency", count(object, "ReservedConcurrentExecutions")?)];
    let statement = Statement {
        function: Some(function),
        ..statement
    };
    statement.append_given(&settings, observed, output);
    Ok(())
}

fn provisioned(
    object: &mut Object<'_>,
    command: &'static str,
    given: Given<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let arn = required(object, "FunctionArn")?;
    let observed = Observed::at(moment(object, "LastModified")?, "LastModified", given)?;
    let settings = [(
        "provisioned_concurrency",
        count(object, "RequestedProvisionedConcurrentExecutions")?,
    )];
    let statement = Statement {
        source: command,
        ..Statement::of_resource(&arn)
    };
    statement.append_given(&settings, observed, output);
    Ok(())
}

fn event_source(
    object: &mut Object<'_>,
    command: &'static str,
    given: Given<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let (arn, source) = (required(object, "FunctionArn")?, required(object, "EventSourceArn")?);
    let observed = Observed::at(moment(object, "LastModified")?, "LastModified", given)?;
    let scaling = object
        .object("ScalingConfig")?
        .map(|mut scaling| count(&mut scaling, "MaximumConcurrency"))
        .transpose()?;
    let partial = object
        .texts("FunctionResponseTypes")?
        .map(|types| types.iter().any(|kind| kind == "ReportBatchItemFailures"));
    let on_failure = object
        .object("DestinationConfig")?
        .map(|mut to| target(&mut to, "OnFailure", "Destination"))
        .transpose()?;
    let settings = [
        ("batch_size", count(object, "BatchSize")?),
        (
            "batch_window_ms",
            seconds_as_ms(object, "MaximumBatchingWindowInSeconds")?,
        ),
        ("parallelization_factor", count(object, "ParallelizationFactor")?),
        ("maximum_concurrency", scaling.flatten()),
        ("max_retry_count", whole(object, "MaximumRetryAttempts")?),
        (
            "max_record_age_ms",
            whole(object, "MaximumRecordAgeInSeconds")?
                .and_then(|text| number::scaled(&text, 3))
                .map(|ms| ms.to_string()),
        ),
        (
            "bisect_batch",
            object.flag("BisectBatchOnFunctionError")?.map(|flag| flag.to_string()),
        ),
        ("partial_batch_response", partial.map(|flag| flag.to_string())),
        ("dead_letter", on_failure.flatten()),
    ];
    let function = FunctionArn::parse(&arn).map(|arn| arn.function);
    let statement = Statement {
        source: command,
        function,
        ..Statement::of_resource(&source)
    };
    statement.append_given(&settings, observed, output);
    Ok(())
}

fn event_invoke(
    object: &mut Object<'_>,
    command: &'static str,
    given: Given<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let arn = required(object, "FunctionArn")?;
    let observed = Observed::at(moment(object, "LastModified")?, "LastModified", given)?;
    let on_failure = object
        .object("DestinationConfig")?
        .map(|mut to| target(&mut to, "OnFailure", "Destination"))
        .transpose()?;
    let settings = [
        ("max_retry_count", count(object, "MaximumRetryAttempts")?),
        ("max_event_age_ms", seconds_as_ms(object, "MaximumEventAgeInSeconds")?),
        ("on_failure", on_failure.flatten()),
    ];
    let statement = Statement {
        source: command,
        ..Statement::of_resource(&arn)
    };
    statement.append_given(&settings, observed, output);
    Ok(())
}

fn account(object: &mut Object<'_>, command: &'static str, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let mut limits = object.object("AccountLimit")?.unwrap_or_default();
    let observed = Observed::at(moment(object, "LastModified")?, "LastModified", given)?;
    let door = given.0.door.resource.as_deref().map(Statement::of_resource);
    let region = door.and_then(|door| door.region).or(given.0.region);
    let statement = Statement {
        account: door.and_then(|door| door.account),
        region,
        source: command,
        ..Statement::of_resource("account")
    };
    let settings = [
        ("concurrency_limit", count(&mut limits, "ConcurrentExecutions")?),
        (
            "unreserved_concurrency",
            count(&mut limits, "UnreservedConcurrentExecutions")?,
        ),
    ];
    statement.append_given(&settings, observed, output);
    Ok(())
}

/// Reads a queue's attributes, all of which are texts.
fn queue(object: &mut Object<'_>, command: &'static str, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let mut attributes = object.object("Attributes")?.unwrap_or_default();
    let door = given.0.door.resource.as_deref();
    let named = attributes.text("QueueArn")?.or(door.map(Cow::Borrowed));
    let remedy = "ask for the attribute QueueArn as well (`--attribute-names All`)";
    let arn = named.ok_or_else(|| Fault::of("QueueArn", Reason::MissingField, remedy))?;
    let modified = attributes.text("LastModifiedTimestamp")?;
    let modified = modified.and_then(|seconds| number::unix_nano_of_seconds(&seconds));
    let observed = Observed::at(modified, "LastModifiedTimestamp", given)?;
    let policy = attributes.text("RedrivePolicy")?;
    let mut policy = policy
        .as_deref()
        .and_then(|policy| Object::parse(policy).ok())
        .unwrap_or_default();
    let receives = policy
        .take("maxReceiveCount")
        .map(|value| value.get().trim_matches('"').to_owned());
    let mut seconds = |field| -> Result<Option<String>, Fault> {
        Ok(attributes
            .text(field)?
            .and_then(|seconds| number::scaled(&seconds, 3))
            .map(|ms| ms.to_string()))
    };
    let settings = [
        ("visibility_timeout_ms", seconds("VisibilityTimeout")?),
        ("retention_ms", seconds("MessageRetentionPeriod")?),
        ("delay_ms", seconds("DelaySeconds")?),
        (
            "max_receive_count",
            receives.filter(|count| number::whole(count).is_some()),
        ),
        ("dead_letter", text(&mut policy, "deadLetterTargetArn")?),
    ];
    let statement = Statement {
        source: command,
        ..Statement::of_resource(&arn)
    };
    statement.append_given(&settings, observed, output);
    Ok(())
}

fn required<'a>(object: &mut Object<'a>, field: &'static str) -> Result<Cow<'a, str>, Fault> {
    object
        .text(field)?
        .ok_or_else(|| Fault::of(field, Reason::MissingField, "send the whole output of the command"))
}

fn text(object: &mut Object<'_>, field: &'static str) -> Result<Option<String>, Fault> {
    Ok(object.text(field)?.map(Cow::into_owned))
}

fn count(object: &mut Object<'_>, field: &'static str) -> Result<Option<String>, Fault> {
    Ok(object.count(field)?.map(|count| count.to_string()))
}

/// Takes a whole number that may be -1, which stands for no limit and so says nothing.
fn whole(object: &mut Object<'_>, field: &'static str) -> Result<Option<String>, Fault> {
    Ok(object
        .scaled(field, 0)?
        .filter(|count| *count >= 0)
        .map(|count| count.to_string()))
}

fn seconds_as_ms(object: &mut Object<'_>, field: &'static str) -> Result<Option<String>, Fault> {
    Ok(object.scaled(field, 3)?.filter(|ms| *ms >= 0).map(|ms| ms.to_string()))
}

/// Takes a text out of an object within.
fn target(object: &mut Object<'_>, field: &'static str, within: &'static str) -> Result<Option<String>, Fault> {
    object
        .object(field)?
        .map_or(Ok(None), |mut inner| text(&mut inner, within))
}

/// Takes a time that the command prints as text, or in its older version as seconds since 1970.
fn moment(object: &mut Object<'_>, field: &'static str) -> Result<Option<i64>, Fault> {
    match object.get(field).map(|value| object::text(value.get()).is_some()) {
        Some(true) => object.time(field),
        _ => object.scaled(field, 9),
    }
}
