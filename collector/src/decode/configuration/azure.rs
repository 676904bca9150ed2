//! What `az functionapp show` prints, and each item of `az functionapp list`.
//!
//! Source: Azure Resource Manager, `Microsoft.Web/sites`; `functionAppConfig` is that of the Flex Consumption plan.

use super::Given;
use super::statement::{Observed, Setting, Statement, whole};
use crate::decode::fault::Fault;
use crate::decode::number;
use crate::decode::object::Object;
use crate::decode::{Output, Reason};

/// Who says it.
const SOURCE: &str = "az functionapp show";

/// Returns whether what has the keys is a function app.
pub(crate) fn has_keys(has: impl Fn(&str) -> bool) -> bool {
    has("functionAppConfig") || ["defaultHostName", "siteConfig", "kind"].into_iter().all(has)
}

/// Appends the settings of the app.
///
/// # Errors
/// The fault names the field that is missing or is not what it should be.
pub(super) fn read(app: &mut Object<'_>, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let missing = || Fault::of("name", Reason::MissingField, "send the whole output of the command");
    let name = app.text("name")?.ok_or_else(missing)?;
    let id = app.text("id")?;
    let subscription = id
        .as_deref()
        .and_then(|id| id.split('/').nth(2))
        .filter(|part| !part.is_empty());
    let region = app.text("location")?;
    // Azure writes this time without an offset, and means UTC.
    let modified = app.text("lastModifiedTimeUtc")?;
    let modified =
        modified.and_then(|text| number::unix_nano(&text).or_else(|| number::unix_nano(&format!("{text}Z"))));
    let observed = Observed::at(modified, "lastModifiedTimeUtc", given)?;
    let statement = Statement {
        provider: "azure",
        account: subscription,
        region: region.as_deref().or(given.0.region),
        function: Some(&name),
        resource: &name,
        source: SOURCE,
    };
    statement.append_given(&settings(app)?, observed, output);
    Ok(())
}

fn settings(app: &mut Object<'_>) -> Result<[Setting; 6], Fault> {
    let mut config = app.object("functionAppConfig")?.unwrap_or_default();
    let mut scale = config.object("scaleAndConcurrency")?.unwrap_or_default();
    let mut runtime = config.object("runtime")?.unwrap_or_default();
    let mut site = app.object("siteConfig")?.unwrap_or_default();
    let mut ready = None;
    for mut group in scale.objects("alwaysReady")?.unwrap_or_default() {
        ready = Some(
            ready
                .unwrap_or(0_i64)
                .saturating_add(group.count("instanceCount")?.unwrap_or(0)),
        );
    }
    let http = scale
        .object("triggers")?
        .map(|mut triggers| triggers.object("http"))
        .transpose()?
        .flatten();
    let per_instance = http
        .map(|mut http| http.count("perInstanceConcurrency"))
        .transpose()?
        .flatten();
    let plan = match app.text("sku")?.as_deref() {
        Some("FlexConsumption") => Some("flex_consumption".to_owned()),
        Some("Dynamic") => Some("consumption".to_owned()),
        Some("ElasticPremium") => Some("premium".to_owned()),
        other => other.map(str::to_owned),
    };
    Ok([
        ("memory_size_mib", whole(scale.count("instanceMemoryMb")?)),
        (
            "max_instances",
            whole(
                scale
                    .count("maximumInstanceCount")?
                    .or(site.count("functionAppScaleLimit")?),
            ),
        ),
        (
            "min_instances",
            whole(ready.or(site.count("minimumElasticInstanceCount")?)),
        ),
        ("concurrency_per_instance", whole(per_instance)),
        ("runtime", runtime.text("name")?.map(Into::into)),
        ("billing_mode", plan),
    ])
}
