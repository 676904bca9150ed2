//! One statement about one resource's setting, as a row.

use pennyspan_schema::tables::{configurations, deployments};

use super::Given;
use crate::decode::fault::Fault;
use crate::decode::names::{self, Arn, text_up_to};
use crate::decode::object::{self, no_time};
use crate::decode::time::{EARLIEST_UNIX_NANO, Filed};
use crate::decode::{Clock, Output, Settings};

/// A setting's key, and its value where it is given.
pub(super) type Setting = (&'static str, Option<String>);

/// What a setting is of, and who says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement<'a> {
    pub(super) provider: &'a str,
    pub(super) account: Option<&'a str>,
    pub(super) region: Option<&'a str>,
    pub(super) function: Option<&'a str>,
    pub(super) resource: &'a str,
    pub(super) source: &'a str,
}

impl<'a> Statement<'a> {
    /// Returns a statement of AWS about a resource, given by its ARN or by its name.
    pub(super) fn of_resource(text: &'a str) -> Self {
        let arn = Arn::parse(text);
        let function = arn.and_then(|arn| arn.function()).map(|arn| arn.function);
        let named = arn.as_ref().map(resource_name);
        Self {
            provider: "aws",
            account: arn.and_then(|arn| arn.account),
            region: arn.and_then(|arn| arn.region),
            function,
            resource: function.or(named).unwrap_or(text),
            source: "",
        }
    }

    /// Appends the row of one key; no value says that it is set to nothing.
    pub(super) fn append(&self, key: &str, value: Option<&str>, observed: Observed<'_>, output: &mut Output) {
        let cut = |text: &str| names::name(text, observed.settings.name_bytes).into_owned();
        let (account, region, function) = (self.account.map(cut), self.region.map(cut), self.function.map(cut));
        output.configurations.append(&configurations::Row {
            provider: &cut(self.provider),
            account: account.as_deref(),
            region: region.as_deref(),
            function: function.as_deref(),
            resource: &cut(self.resource),
            key: &cut(key),
            value: value.map(|value| text_up_to(value, observed.settings.value_bytes)),
            observed_unix_nano: observed.filed.unix_nano,
            time_suspect: observed.filed.suspect,
            source: &cut(self.source),
            received_unix_nano: observed.received_unix_nano,
            ..configurations::Row::default()
        });
    }
}

impl Statement<'_> {
    /// Appends the rows of the settings that have a value.
    pub(super) fn append_given(&self, settings: &[Setting], observed: Observed<'_>, output: &mut Output) {
        for (key, value) in settings {
            if let Some(value) = value {
                self.append(key, Some(value), observed, output);
            }
        }
    }

    /// Appends that the function was deployed when its settings were observed.
    pub(super) fn append_deployment(
        &self,
        version: Option<&str>,
        revision: Option<&str>,
        observed: Observed<'_>,
        output: &mut Output,
    ) {
        let cut = |text: &str| names::name(text, observed.settings.name_bytes).into_owned();
        output.deployments.append(&deployments::Row {
            deployed_unix_nano: observed.filed.unix_nano,
            time_suspect: observed.filed.suspect,
            provider: Some(self.provider),
            account: self.account.map(cut).as_deref(),
            region: self.region.map(cut).as_deref(),
            function: self.function.map(cut).as_deref(),
            version: version.map(cut).as_deref(),
            revision: revision.map(cut).as_deref(),
            source: self.source,
            received_unix_nano: observed.received_unix_nano,
            ..deployments::Row::default()
        });
    }
}

/// Returns a number as a setting's value.
pub(super) fn whole(number: Option<i64>) -> Option<String> {
    number.map(|number| number.to_string())
}

/// Returns a resource's own name: of a table's stream, the table's.
fn resource_name<'a>(arn: &Arn<'a>) -> &'a str {
    let name = arn.resource_name();
    if arn.service == "dynamodb" {
        name.split('/').next().unwrap_or(name)
    } else {
        name
    }
}

/// When settings were observed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed<'s> {
    pub(super) filed: Filed,
    pub(super) received_unix_nano: Option<i64>,
    pub(super) settings: &'s Settings,
}

impl<'s> Observed<'s> {
    /// Returns a time as it is filed; without one, settings were observed when they were received.
    ///
    /// # Errors
    /// The fault says that a file's settings have no time.
    pub(super) fn at(time: Option<i64>, field: &'static str, (origin, settings): Given<'s>) -> Result<Self, Fault> {
        let clock = Clock::new(origin.received_at_unix_nano);
        let filed = time.map(|time| clock.file(time)).or_else(|| clock.file_untimed());
        let filed = filed.ok_or_else(|| no_time(field))?;
        Ok(Self {
            filed,
            received_unix_nano: origin.received_at_unix_nano,
            settings,
        })
    }

    /// Returns when a template's settings hold from: the time that it names, that of its receipt, else the earliest there is.
    pub(super) fn of_template(time: Option<i64>, (origin, settings): Given<'s>) -> Self {
        let clock = Clock::new(origin.received_at_unix_nano);
        let filed = time.map(|time| clock.file(time)).or_else(|| clock.file_untimed());
        let always = Filed {
            unix_nano: EARLIEST_UNIX_NANO,
            suspect: false,
        };
        Self {
            filed: filed.unwrap_or(always),
            received_unix_nano: origin.received_at_unix_nano,
            settings,
        }
    }
}

/// Returns a value as text: a text as it is, anything else as compact JSON.
pub(super) fn value_text(json: &str, settings: &Settings) -> String {
    match object::text(json) {
        Some(text) => text.into_owned(),
        None => object::compact(json, settings.depth).unwrap_or_else(|| json.to_owned()),
    }
}
