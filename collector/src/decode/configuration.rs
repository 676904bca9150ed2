//! Settings of functions, queues and event sources: our own rows, what the providers' command lines print, and templates.

mod aws;
mod azure;
mod google;
mod quantity;
mod statement;
pub(crate) mod template;

use pennyspan_schema::Table;

use self::aws::Printed;
use self::statement::{Observed, Statement, value_text};
use super::documents::{Document, documents};
use super::fault::Fault;
use super::names::{Arn, FunctionArn};
use super::object::Object;
use super::record::{object_of, within};
use super::{DecodeError, Decoded, Origin, Output, Reason, Settings};

/// What a body should be.
const EXPECTED: &str = "settings as a JSON array or one per line, what a provider's command line prints, or a template";
/// Where it was read, where the sender does not tell.
const SOURCE: &str = "configuration record";
/// Keys that are settings of functions and of nothing else.
const FUNCTION_KEYS: &[&str] = &[
    "timeout_ms",
    "memory_size_mib",
    "architecture",
    "runtime",
    "package_type",
    "ephemeral_storage_mib",
    "reserved_concurrency",
    "provisioned_concurrency",
];

/// Decodes settings: `POST /v1/configurations`, and files.
///
/// A row has `resource` or `function`, `key`, `value`, and `observed_time` (RFC 3339) or `observed_time_unix_ms`. The outputs of
/// `aws lambda get-function-configuration`, `get-function`, `list-functions`, `get-function-concurrency`,
/// `list-provisioned-concurrency-configs`, `list-event-source-mappings`, `get-function-event-invoke-config`,
/// `get-account-settings`, `aws sqs get-queue-attributes`, `gcloud run services describe --format json` and `az functionapp show`
/// are read as they are, and so are templates of CloudFormation, SAM and the Serverless Framework, `wrangler.toml`,
/// `wrangler.jsonc` and what `terraform show -json` prints.
///
/// # Errors
/// [`DecodeError::Malformed`] where the body is an array that is not JSON, [`DecodeError::NothingAcceptable`] where no item is.
pub fn configurations(body: &[u8], origin: &Origin<'_>, settings: &Settings) -> Result<Decoded, DecodeError> {
    let is_template = std::str::from_utf8(body).is_ok_and(|text| template::recognise(text.trim_start()));
    let read = if is_template { template::items } else { items };
    read(body, 1, origin, settings)?.finish("settings")
}

/// Returns whether an object with the keys is an output of a command line or a template.
pub(crate) fn has_keys(has: impl Fn(&str) -> bool + Copy) -> bool {
    Printed::of_keys(has).is_some() || google::has_keys(has) || azure::has_keys(has) || template::has_keys(has)
}

/// Decodes a body, or a part of a larger one whose first line or item has the number `first`.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let mut output = Output::default();
    for (index, document) in documents(body, first, EXPECTED)?.into_iter().enumerate() {
        let place = document.place;
        let appended = within(index, settings).and_then(|()| one(document, (origin, settings), &mut output));
        match appended {
            Ok(()) => output.accepted += 1,
            Err(fault) => output.reject(fault.at(Table::Configurations, place.to_string())),
        }
    }
    Ok(output)
}

/// What items are decoded with.
type Given<'o> = (&'o Origin<'o>, &'o Settings);

fn one(document: Document<'_>, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let json = document.json.clone();
    let mut object = object_of(document)?;
    if let (true, Ok(json)) = (template::is_template(&object), json) {
        return template::read(json, given, output);
    }
    if google::has_keys(|key| object.has(key)) {
        return google::read(&mut object, given, output);
    }
    if azure::has_keys(|key| object.has(key)) {
        return azure::read(&mut object, given, output);
    }
    match Printed::recognise(&object) {
        Some(printed) => printed.read(&mut object, given, output),
        None => row(&mut object, given, output),
    }
}

/// Reads one row of our own.
fn row(object: &mut Object<'_>, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let (function, resource) = (object.text("function")?, object.text("resource")?);
    let missing = |field, detail: &'static str| Fault::of(field, Reason::MissingField, detail);
    let named = resource.clone().or(function.clone());
    let named = named.ok_or_else(|| missing("resource", "name the function, queue, stream or schedule that is set"))?;
    let key = object
        .text("key")?
        .ok_or_else(|| missing("key", "name the setting, such as `timeout_ms`"))?;
    if !object.has("value") {
        return Err(missing("value", "send the value, or null where it is set to nothing"));
    }
    let observed = object.time("observed_time")?;
    let observed = observed.or(object.time_unix_ms("observed_time_unix_ms")?);
    let mut statement = Statement::of_resource(&named);
    let of_function = function.is_some() || FUNCTION_KEYS.contains(&&*key);
    let function = function
        .as_deref()
        .map(|name| FunctionArn::parse(name).map_or(name, |arn| arn.function));
    let implied = Some(statement.resource).filter(|_| of_function);
    statement.function = function.or(statement.function).or(implied);
    let provider = object.text("provider")?;
    statement.provider = match provider.as_deref() {
        Some(provider) => provider,
        None if Arn::parse(&named).is_some() => "aws",
        None => {
            return Err(missing(
                "provider",
                "name it, such as `aws`, or name the resource by its ARN",
            ));
        }
    };
    let (account, region, source) = (object.text("account")?, object.text("region")?, object.text("source")?);
    statement.account = account.as_deref().or(statement.account);
    statement.region = region.as_deref().or(statement.region).or(given.0.region);
    statement.source = source.as_deref().unwrap_or(SOURCE);
    let value = object.take("value").map(|value| value_text(value.get(), given.1));
    let observed = Observed::at(observed, "observed_time", given)?;
    statement.append(&key, value.as_deref(), observed, output);
    Ok(())
}

#[cfg(test)]
mod tests;
