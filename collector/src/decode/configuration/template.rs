//! Settings in what functions are deployed from: CloudFormation and SAM templates, `serverless.yml`, `wrangler.toml` and
//! `wrangler.jsonc`, and Terraform's plans and state (`terraform show -json`).
//!
//! A template says how things shall be and not since when. In a file it is filed under the earliest time there is, so that it holds
//! at all times until a statement that was observed; over the network it holds from its receipt. Only a Terraform plan names a time.
//! What a template leaves to its deployment (an import, a parameter without a default) is not known, and nothing is said about it.

use pennyspan_schema::Table;
use serde_json::{Map, Value};

use super::Given;
use super::statement::{Observed, Statement};
use crate::decode::fault::Fault;
use crate::decode::object::Object;
use crate::decode::{DecodeError, Origin, Output, Reason, Settings};

mod cloudformation;
pub(crate) mod jsonc;
mod serverless;
mod terraform;
mod wrangler;
mod yaml;

/// What a body should be.
const EXPECTED: &str =
    "a CloudFormation or SAM template, serverless.yml, wrangler.toml, wrangler.jsonc or a Terraform plan";

/// Lines all of which stand in `serverless.yml`.
const SERVERLESS: &[&str] = &["service:", "provider:", "functions:"];
/// Assignments of which one stands in `wrangler.toml`.
const WRANGLER: &[&str] = &["compatibility_date", "workers_dev", "main", "account_id"];

/// How a template is written that is not plain JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Yaml,
    Toml,
    JsonWithComments,
}

/// Returns whether a text, which may be cut off, is a template in another form than JSON.
pub(crate) fn recognise(text: &str) -> bool {
    written(text).is_some()
}

fn written(text: &str) -> Option<Written> {
    let begins = |start: &str| text.lines().any(|line| line.starts_with(start));
    if text.starts_with("//") || text.starts_with("/*") || text.starts_with('{') {
        let plain = jsonc::plain(text);
        return (plain != text && plain.contains("\"compatibility_date\"")).then_some(Written::JsonWithComments);
    }
    let cloudformation = begins("AWSTemplateFormatVersion:") || (begins("Resources:") && text.contains("AWS::"));
    if cloudformation || SERVERLESS.iter().all(|start| begins(start)) {
        return Some(Written::Yaml);
    }
    let assigns = |name: &str| {
        let rest = |line: &'_ str| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        text.lines().any(rest)
    };
    (assigns("name") && WRANGLER.iter().any(|name| assigns(name))).then_some(Written::Toml)
}

/// Decodes a template that is not plain JSON; `first` is the number of its first line.
///
/// # Errors
/// [`DecodeError::Malformed`] where it cannot be read as what it looks like.
pub(crate) fn items(
    body: &[u8],
    first: usize,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Result<Output, DecodeError> {
    let malformed = |problem: String| DecodeError::Malformed {
        place: format!("line {first}"),
        expected: EXPECTED,
        problem,
    };
    let text = std::str::from_utf8(body).map_err(|problem| malformed(problem.to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = match written(text.trim_start()) {
        Some(Written::Yaml) => yaml::value(text).map_err(malformed)?,
        Some(Written::Toml) => toml::from_str(text).map_err(|problem| malformed(problem.message().to_owned()))?,
        Some(Written::JsonWithComments) => {
            serde_json::from_str(&jsonc::plain(text)).map_err(|problem| malformed(problem.to_string()))?
        }
        None => return Err(malformed("none of them".to_owned())),
    };
    let mut output = Output::default();
    match append(&value, (origin, settings), &mut output) {
        Ok(()) => output.accepted += 1,
        Err(fault) => output.reject(fault.at(Table::Configurations, format!("line {first}"))),
    }
    Ok(output)
}

/// Returns whether an object in JSON is a template, by its keys.
pub(crate) fn has_keys(has: impl Fn(&str) -> bool) -> bool {
    has("AWSTemplateFormatVersion")
        || has("terraform_version")
        || has("compatibility_date")
        || (has("Resources") && !has("ResourcesVpcConfig"))
}

/// Reads a template in JSON.
///
/// # Errors
/// The fault says that it nests too deep, or that nothing in it is a setting.
pub(super) fn read(json: &str, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let value = serde_json::from_str(json).map_err(|_| Fault::whole(Reason::TooDeep, "not a template in JSON"))?;
    append(&value, given, output)
}

/// Returns whether an object is a template.
pub(super) fn is_template(object: &Object<'_>) -> bool {
    has_keys(|key| object.has(key))
}

fn append(template: &Value, given: Given<'_>, output: &mut Output) -> Result<(), Fault> {
    let mut found = Found::new(given);
    if template.get("Resources").is_some() {
        cloudformation::read(template, &mut found);
    } else if template.get("terraform_version").is_some() {
        found.observe(terraform::timestamp(template));
        terraform::read(template, &mut found);
    } else if template.get("functions").is_some() {
        serverless::read(template, &mut found);
    } else {
        wrangler::read(template, &mut found);
    }
    if found.settings.is_empty() {
        return Err(Fault::whole(
            Reason::MissingField,
            "names no function, queue or schedule whose settings are known",
        ));
    }
    found.append(output);
    Ok(())
}

/// The settings that a template states.
struct Found<'o> {
    given: Given<'o>,
    observed_unix_nano: Option<i64>,
    settings: Vec<Setting>,
}

/// One setting of one resource.
#[derive(Clone, Debug, Default)]
struct Setting {
    of: Subject,
    key: &'static str,
    value: String,
}

/// What a setting is of.
#[derive(Clone, Debug, Default)]
struct Subject {
    provider: &'static str,
    source: &'static str,
    account: Option<String>,
    region: Option<String>,
    /// The function; none for a setting of another resource.
    function: Option<String>,
    resource: String,
}

impl Subject {
    fn function(provider: &'static str, source: &'static str, name: &str) -> Self {
        Self {
            provider,
            source,
            function: Some(name.to_owned()),
            resource: name.to_owned(),
            ..Self::default()
        }
    }

    fn resource(provider: &'static str, source: &'static str, name: &str) -> Self {
        Self {
            function: None,
            ..Self::function(provider, source, name)
        }
    }
}

impl<'o> Found<'o> {
    fn new(given: Given<'o>) -> Self {
        Self {
            given,
            observed_unix_nano: None,
            settings: Vec::new(),
        }
    }

    fn observe(&mut self, unix_nano: Option<i64>) {
        self.observed_unix_nano = unix_nano;
    }

    /// Adds the settings that have a value.
    fn add(&mut self, of: &Subject, settings: impl IntoIterator<Item = (&'static str, Option<String>)>) {
        for (key, value) in settings {
            if let Some(value) = value {
                let of = of.clone();
                self.settings.push(Setting { of, key, value });
            }
        }
    }

    fn append(&self, output: &mut Output) {
        let observed = Observed::of_template(self.observed_unix_nano, self.given);
        for Setting { of, key, value } in &self.settings {
            let statement = Statement {
                provider: of.provider,
                account: of.account.as_deref(),
                region: of.region.as_deref().or(self.given.0.region),
                function: of.function.as_deref(),
                resource: &of.resource,
                source: of.source,
            };
            statement.append(key, Some(value), observed, output);
        }
    }
}

/// Returns a value's text, be it a text, a number or a truth value.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Returns a whole number that is not negative, which may stand as text.
fn count(value: Option<&Value>) -> Option<i64> {
    text(value)?.parse().ok().filter(|count| *count >= 0)
}

fn count_text(value: Option<&Value>) -> Option<String> {
    count(value).map(|count| count.to_string())
}

fn seconds_as_ms(value: Option<&Value>) -> Option<String> {
    count(value)?.checked_mul(1_000).map(|ms| ms.to_string())
}

fn first(value: Option<&Value>) -> Option<&Value> {
    value?.as_array()?.first()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests;
