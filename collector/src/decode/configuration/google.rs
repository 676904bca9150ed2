//! What `gcloud run services describe --format json` prints, and each item of `list`.
//!
//! Source: Cloud Run Admin API v1, `Service`; its annotations.

use super::Given;
use super::quantity;
use super::statement::{Observed, Setting, Statement, whole};
use crate::decode::fault::Fault;
use crate::decode::object::Object;
use crate::decode::{Output, Reason};

/// Who says it.
const SOURCE: &str = "gcloud run services describe";

/// Returns whether what has the keys is a service of Cloud Run.
pub(crate) fn has_keys(has: impl Fn(&str) -> bool) -> bool {
    ["apiVersion", "kind", "metadata", "spec"].into_iter().all(has)
}

/// Appends the settings of the service, and the deployment of the revision that is ready.
///
/// # Errors
/// The fault names the field that is missing or is not what it should be.
pub(super) fn read(service: &mut Object<'_>, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let mut metadata = service.object("metadata")?.unwrap_or_default();
    let missing = || {
        Fault::of(
            "metadata.name",
            Reason::MissingField,
            "send the whole output of the command",
        )
    };
    let name = metadata.text("name")?.ok_or_else(missing)?;
    let labels = metadata.object("labels")?;
    let region = labels
        .map(|mut labels| labels.text("cloud.googleapis.com/location"))
        .transpose()?;
    let (region, project) = (region.flatten(), metadata.text("namespace")?);
    let created = metadata.time("creationTimestamp")?;
    let mut status = service.object("status")?.unwrap_or_default();
    let ready = ready_since(&mut status)?;
    let observed = Observed::at(ready.or(created), "metadata.creationTimestamp", given)?;
    let statement = Statement {
        provider: "gcp",
        account: project.as_deref(),
        region: region.as_deref().or(given.0.region),
        function: Some(&name),
        resource: &name,
        source: SOURCE,
    };
    let template = service.object("spec")?.unwrap_or_default().object("template")?;
    let settings = settings(&mut template.unwrap_or_default())?;
    statement.append_given(&settings, observed, output);
    if let (Some(revision), Some(_)) = (status.text("latestReadyRevisionName")?, ready) {
        statement.append_deployment(Some(&revision), None, observed, output);
    }
    Ok(())
}

/// Returns since when the service is ready as it is.
fn ready_since(status: &mut Object<'_>) -> Result<Option<i64>, Fault> {
    for mut condition in status.objects("conditions")?.unwrap_or_default() {
        if condition.text("type")?.as_deref() == Some("Ready") {
            return condition.time("lastTransitionTime");
        }
    }
    Ok(None)
}

/// Reads the template of the service's revisions.
fn settings(template: &mut Object<'_>) -> Result<[Setting; 8], Fault> {
    let metadata = template.object("metadata")?.unwrap_or_default();
    let mut annotations = metadata.clone().object("annotations")?.unwrap_or_default();
    let mut spec = template.object("spec")?.unwrap_or_default();
    let container = spec
        .objects("containers")?
        .and_then(|containers| containers.into_iter().next());
    let resources = container.unwrap_or_default().object("resources")?.unwrap_or_default();
    let mut limits = resources.clone().object("limits")?.unwrap_or_default();
    let throttled = annotations.text("run.googleapis.com/cpu-throttling")?;
    let billing = throttled
        .as_deref()
        .map(|word| if word == "false" { "instance" } else { "request" });
    Ok([
        ("timeout_ms", whole(spec.scaled("timeoutSeconds", 3)?)),
        (
            "memory_size_mib",
            whole(limits.text("memory")?.and_then(|text| quantity::mib(&text))),
        ),
        (
            "cpu_milli",
            whole(limits.text("cpu")?.and_then(|text| quantity::milli(&text))),
        ),
        ("concurrency_per_instance", whole(spec.count("containerConcurrency")?)),
        (
            "min_instances",
            annotations.text("autoscaling.knative.dev/minScale")?.map(Into::into),
        ),
        (
            "max_instances",
            annotations.text("autoscaling.knative.dev/maxScale")?.map(Into::into),
        ),
        (
            "execution_environment",
            annotations
                .text("run.googleapis.com/execution-environment")?
                .map(Into::into),
        ),
        ("billing_mode", billing.map(str::to_owned)),
    ])
}
