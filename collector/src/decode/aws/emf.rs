//! Embedded metrics: a JSON log line that says which of its members are metrics.
//!
//! `{"_aws":{"Timestamp":..,"CloudWatchMetrics":[{"Namespace","Metrics":[{"Name","Unit"}],"Dimensions":[["FunctionName"]]}]},..}`:
//! the values of metrics and dimensions are members of the line itself; a metric's value is a number or a list of them. Each
//! metric becomes a point per set of dimensions, named as CloudWatch's metric streams name it.
//!
//! Source: "Specification: Embedded metric format", Amazon CloudWatch user guide,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use std::borrow::Cow;

use pennyspan_schema::tables::metric_points;
use serde_json::value::RawValue;

use super::scene::{Given, Scene};
use super::whence::name;
use super::{PROVIDER, metric_stream};
use crate::decode::attributes::double_text;
use crate::decode::fault::Fault;
use crate::decode::names::text_up_to;
use crate::decode::object::{self, Object, Rest};
use crate::decode::{Clock, Output, Settings, number};

/// The most values of one metric, and the most metrics of one directive.
const MOST: usize = 100;
/// The most sets of dimensions of one directive, and dimensions of one set.
const MOST_DIMENSIONS: usize = 30;

/// Returns when a line's metrics were measured: its `_aws.Timestamp`.
pub(super) fn time_unix_nano(line: &Object<'_>) -> Option<i64> {
    let mut aws: Object<'_> = serde_json::from_str(line.get("_aws")?.get()).ok()?;
    aws.time_unix_ms("Timestamp").ok().flatten()
}

/// Appends the points of a line that embeds metrics. What is not as specified is left out; the line itself is kept as a log.
pub(super) fn append(line: &Object<'_>, scene: Scene<'_>, given: Given<'_>, output: &mut Output) {
    let Some(aws) = line.get("_aws") else { return };
    let Ok(mut aws) = serde_json::from_str::<Object<'_>>(aws.get()) else {
        return;
    };
    let own_time = aws.time_unix_ms("Timestamp").ok().flatten();
    let untimed = || {
        Clock::new(given.0.received_at_unix_nano)
            .file_untimed()
            .map(|filed| filed.unix_nano)
    };
    let Some(time_unix_nano) = own_time.or(scene.time_unix_nano).or_else(untimed) else {
        return;
    };
    let directives = aws.objects("CloudWatchMetrics").ok().flatten().unwrap_or_default();
    for mut directive in directives.into_iter().take(MOST) {
        let Some(namespace) = directive.text("Namespace").ok().flatten() else {
            continue;
        };
        let sets = directive.get("Dimensions").map(dimension_sets).unwrap_or_default();
        let metrics = directive.objects("Metrics").ok().flatten().unwrap_or_default();
        for mut metric in metrics.into_iter().take(MOST) {
            let Some(metric_name) = metric.text("Name").ok().flatten() else {
                continue;
            };
            let Some(values) = line.get(&metric_name).and_then(Values::read) else {
                continue;
            };
            let unit = metric.text("Unit").ok().flatten();
            let point = Point {
                namespace: &namespace,
                name: &metric_name,
                unit: unit.as_deref(),
                values: &values,
                time_unix_nano,
            };
            for set in &sets {
                point.append(line, set, scene, given, output);
            }
            if sets.is_empty() {
                point.append(line, &[], scene, given, output);
            }
        }
    }
}

/// Reads `[["FunctionName"],["FunctionName","Service"]]`.
fn dimension_sets(value: &RawValue) -> Vec<Vec<String>> {
    let mut sets: Vec<Vec<String>> = serde_json::from_str(value.get()).unwrap_or_default();
    sets.truncate(MOST_DIMENSIONS);
    for set in &mut sets {
        set.truncate(MOST_DIMENSIONS);
    }
    sets
}

/// The values of one metric, as their decimal texts.
enum Values<'a> {
    One(&'a str),
    Several(Vec<&'a str>),
}

impl<'a> Values<'a> {
    fn read(value: &'a RawValue) -> Option<Self> {
        let is_number = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite) && number::scaled(text, 0).is_some();
        let text = value.get();
        if !text.starts_with('[') {
            return is_number(text).then_some(Self::One(text));
        }
        let values: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        let values: Vec<_> = values.into_iter().map(RawValue::get).take(MOST).collect();
        (!values.is_empty() && values.iter().all(|value| is_number(value))).then_some(Self::Several(values))
    }
}

/// One metric of a line.
struct Point<'a> {
    namespace: &'a str,
    name: &'a str,
    unit: Option<&'a str>,
    values: &'a Values<'a>,
    time_unix_nano: i64,
}

impl Point<'_> {
    fn append(
        &self,
        line: &Object<'_>,
        set: &[String],
        scene: Scene<'_>,
        (origin, settings): Given<'_>,
        output: &mut Output,
    ) {
        if output.room(output.metric_points.len(), settings).is_err() {
            return;
        }
        let Ok(dimensions) = dimensions(line, set, settings) else {
            return;
        };
        let Ok(dimensions) = Object::parse(&dimensions) else {
            return;
        };
        let Ok(attributes) = metric_stream::attributes(self.namespace, self.name, &dimensions, settings) else {
            return;
        };
        let function = dimensions.clone().text("FunctionName").ok().flatten();
        let own = line.clone().text("function_name").ok().flatten();
        let function = function.or(own).map(|text| name(text, settings).into_owned());
        let whence = scene.whence.clone().cut(settings);
        let filed = Clock::new(origin.received_at_unix_nano).file(self.time_unix_nano);
        let numbers = Numbers::of(self.values);
        output.metric_points.append(&metric_points::Row {
            metric: &name(Cow::Owned(metric_stream::metric(self.namespace, self.name)), settings),
            point_kind: if numbers.value.is_some() { "gauge" } else { "summary" },
            metric_unit: self.unit.map(|unit| text_up_to(unit, settings.name_bytes)),
            time_unix_nano: filed.unix_nano,
            time_suspect: filed.suspect,
            value_text: numbers.value,
            observation_count: numbers.count,
            sum_text: numbers.sum.as_deref(),
            min_text: numbers.min,
            max_text: numbers.max,
            provider: Some(PROVIDER),
            account: whence.account.as_deref(),
            region: whence.region.as_deref(),
            function: function.as_deref().or(whence.function.as_deref()),
            version: whence.version.as_deref(),
            attributes_json: attributes.as_deref(),
            received_unix_nano: origin.received_at_unix_nano,
            ..metric_points::Row::default()
        });
    }
}

/// Returns the members of a line that a set names, as JSON; numbers and truth values become their text, as CloudWatch takes them.
fn dimensions(line: &Object<'_>, set: &[String], settings: &Settings) -> Result<String, Fault> {
    let mut dimensions = Rest::default();
    for key in set {
        let Some(value) = line.get(key) else { continue };
        let text = object::text(value.get()).unwrap_or(Cow::Borrowed(value.get()));
        let text = serde_json::Value::from(text_up_to(&text, settings.name_bytes)).to_string();
        dimensions.add(key, &text, settings)?;
    }
    Ok(dimensions.into_json().unwrap_or_else(|| "{}".to_owned()))
}

/// What the columns of a point hold.
#[derive(Default)]
struct Numbers<'a> {
    value: Option<&'a str>,
    count: Option<i64>,
    sum: Option<String>,
    min: Option<&'a str>,
    max: Option<&'a str>,
}

impl<'a> Numbers<'a> {
    fn of(values: &Values<'a>) -> Self {
        let values = match values {
            Values::One(value) => {
                return Self {
                    value: Some(value),
                    ..Self::default()
                };
            }
            Values::Several(values) => values,
        };
        let double = |text: &&str| text.parse::<f64>().unwrap_or_default();
        let by_value = |a: &&&'a str, b: &&&'a str| double(a).total_cmp(&double(b));
        Self {
            value: None,
            count: i64::try_from(values.len()).ok(),
            sum: Some(double_text(values.iter().map(double).sum())),
            min: values.iter().min_by(by_value).copied(),
            max: values.iter().max_by(by_value).copied(),
        }
    }
}

#[cfg(test)]
mod tests;
