//! Metric data points: one row each.

use std::borrow::Cow;

use pennyspan_schema::Table;
use pennyspan_schema::tables::metric_points;

use super::super::attributes::{Attribute, Value, double_text, write_display, write_list, write_object, write_text};
use super::super::fault::Fault;
use super::super::names::name;
use super::super::time::Filed;
use super::super::{Reason, Settings};
use super::fields::{Buckets, MetricFields, Number, PointFields, PointKind};
use super::given;
use super::intake::{Context, Item, Room, Surroundings};
use super::resource::{Identity, Side, Words};
use super::slots::{Promoted, Slot, Slots, Standing};

/// How much memory invocations used, in bytes.
const MEMORY_USE: &str = "faas.mem_usage";
/// The scope that counts a megabyte as a million bytes: the Telemetry API receiver of opentelemetry-lambda multiplies what Lambda
/// calls megabytes, which are mebibytes, with a million.
const MEGABYTES_BY_MILLION: &str = "telemetryapi";
/// How many bytes are meant by one of that scope's.
const BYTES_PER_MILLION: f64 = 1.048_576;

/// Texts that are written anew for each point.
#[derive(Debug, Default)]
pub(super) struct PointBuffers {
    attributes: String,
    detail: String,
}

impl Item for PointFields<'_> {
    const TABLE: Table = Table::MetricPoints;
    const LEVELS: &'static [&'static str] = &["resourceMetrics", "scopeMetrics", "metrics", "dataPoints"];
    const RESOURCE: Standing = Standing::Resource;
    type Buffers = PointBuffers;

    fn append(
        &mut self,
        surroundings: Surroundings<'_, '_>,
        buffers: &mut PointBuffers,
        Room { output, slices }: Room<'_>,
    ) -> Result<(), Fault> {
        let context = surroundings.context;
        let times = Times::of(self, context)?;
        let count = i64::try_from(self.count)
            .map_err(|_| Fault::of("count", Reason::BadValue, "more than 9223372036854775807 observations"))?;
        if self.metric.name.is_empty() {
            return Err(Fault::of(
                "metric.name",
                Reason::MissingField,
                "a metric must have a name",
            ));
        }
        slices.open(times.filed.unix_nano)?;
        if self.metric.name == MEMORY_USE && surroundings.scope.name.contains(MEGABYTES_BY_MILLION) {
            self.scale(BYTES_PER_MILLION);
        }

        // A series is named by its attributes in any order.
        self.attributes.sort_by(|a, b| a.key.cmp(&b.key));
        let (slots, left_out) = Slots::fill(Standing::Point, &mut self.attributes, context.settings);
        output.attributes_dropped += left_out;
        let words = Words {
            item: slots.of(&self.attributes),
            resource: surroundings.resource.promoted(),
        };
        self.write(buffers);
        let names = Names::of(&self.metric, context.settings);
        let values = Values::of(self);
        let distribution = !matches!(self.metric.kind, PointKind::Gauge | PointKind::Sum);
        output.metric_points.append(&metric_points::Row {
            metric: &names.metric,
            metric_unit: given(&names.unit),
            time_unix_nano: times.filed.unix_nano,
            time_suspect: times.filed.suspect,
            start_unix_nano: times.start,
            value_text: values.value.as_deref(),
            observation_count: distribution.then_some(count),
            sum_text: values.sum.as_deref(),
            min_text: values.min.as_deref(),
            max_text: values.max.as_deref(),
            detail_json: given(&buffers.detail),
            attributes_json: given(&buffers.attributes),
            resource_json: surroundings.resource.json(),
            scope_name: given(&surroundings.scope.name),
            received_unix_nano: context.origin.received_at_unix_nano,
            ..self.row(words, context)
        });
        Ok(())
    }
}

/// When a point was measured, and since when it accumulates.
#[derive(Clone, Copy, Debug)]
struct Times {
    filed: Filed,
    start: Option<i64>,
}

impl Times {
    fn of(point: &PointFields<'_>, context: &Context<'_>) -> Result<Self, Fault> {
        let filed = match Context::instant("time_unix_nano", point.time_unix_nano)? {
            Some(time) => Some(context.clock.file(time)),
            None => context.clock.file_untimed(),
        };
        let no_time = || Fault::of("time_unix_nano", Reason::NoTime, "a point of a file must have a time");
        let start = Context::instant("start_time_unix_nano", point.start_unix_nano)?;
        Ok(Self {
            filed: filed.ok_or_else(no_time)?,
            start,
        })
    }
}

/// A metric's names, cut to their limit.
#[derive(Debug)]
struct Names<'v> {
    metric: Cow<'v, str>,
    unit: Cow<'v, str>,
}

impl<'v> Names<'v> {
    fn of(metric: &'v MetricFields<'_>, settings: &Settings) -> Self {
        Self {
            metric: name(&metric.name, settings.name_bytes),
            unit: name(&metric.unit, settings.name_bytes),
        }
    }
}

/// The values of a point, as decimal texts.
#[derive(Debug, Default)]
struct Values {
    value: Option<String>,
    sum: Option<String>,
    min: Option<String>,
    max: Option<String>,
}

impl Values {
    fn of(point: &PointFields<'_>) -> Self {
        let text = |value: Option<f64>| value.map(double_text);
        let at = |wanted: f64| {
            let found = point
                .quantiles
                .iter()
                .find(|(quantile, _)| quantile.total_cmp(&wanted).is_eq());
            text(found.map(|(_, value)| *value))
        };
        match point.metric.kind {
            PointKind::Gauge | PointKind::Sum => Self {
                value: number_text(point.number),
                ..Self::default()
            },
            PointKind::Histogram | PointKind::Exponential => Self {
                value: None,
                sum: text(point.sum),
                min: text(point.min),
                max: text(point.max),
            },
            PointKind::Summary => Self {
                value: None,
                sum: text(point.sum.or(Some(0.0))),
                min: at(0.0),
                max: at(1.0),
            },
        }
    }
}

fn number_text(number: Number) -> Option<String> {
    match number {
        Number::Missing => None,
        Number::Int(value) => Some(value.to_string()),
        Number::Double(value) => Some(double_text(value)),
    }
}

impl PointFields<'_> {
    /// Multiplies what was measured.
    fn scale(&mut self, factor: f64) {
        let values = [&mut self.sum, &mut self.min, &mut self.max].into_iter().flatten();
        values.chain(&mut self.bounds).for_each(|value| *value *= factor);
        if let Number::Double(value) = &mut self.number {
            *value *= factor;
        }
    }

    /// Returns what the metric says of all its points, and whose they are.
    fn row<'v>(&self, words: Words<'v, '_>, context: &'v Context<'v>) -> metric_points::Row<'v> {
        let of = Identity::of(words, Side::Own, context);
        metric_points::Row {
            point_kind: self.metric.kind.as_str(),
            temporality: self.metric.temporality.filter(|code| *code != 0).map(i64::from),
            monotonic: self.metric.monotonic,
            provider: of.provider,
            account: of.account,
            region: of.region,
            service: of.service,
            environment: of.environment,
            function: of.function.or_else(|| dimension(words.item, "FunctionName")),
            version: of.version,
            instance_id: of.instance_id,
            ..metric_points::Row::default()
        }
    }

    fn write(&self, buffers: &mut PointBuffers) {
        buffers.attributes.clear();
        if !self.attributes.is_empty() {
            write_object(&mut buffers.attributes, self.attributes.iter());
        }
        let out = &mut buffers.detail;
        out.clear();
        match self.metric.kind {
            PointKind::Gauge | PointKind::Sum => {}
            PointKind::Histogram => {
                out.push_str("{\"bounds\":");
                write_list(out, self.bounds.iter(), |out, bound| write_double(out, *bound));
                out.push_str(",\"counts\":");
                write_list(out, self.counts.iter(), write_display);
                out.push('}');
            }
            PointKind::Exponential => self.write_exponential(out),
            PointKind::Summary => {
                out.push_str("{\"quantiles\":");
                write_list(out, self.quantiles.iter(), |out, (quantile, value)| {
                    out.push('[');
                    write_double(out, *quantile);
                    out.push(',');
                    write_double(out, *value);
                    out.push(']');
                });
                out.push('}');
            }
        }
    }

    fn write_exponential(&self, out: &mut String) {
        write_display(
            out,
            format_args!("{{\"scale\":{},\"zero_count\":{}", self.scale, self.zero_count),
        );
        out.push_str(",\"zero_threshold\":");
        write_double(out, self.zero_threshold);
        out.push_str(",\"positive\":");
        write_buckets(out, &self.positive);
        out.push_str(",\"negative\":");
        write_buckets(out, &self.negative);
        out.push('}');
    }
}

fn write_buckets(out: &mut String, buckets: &Buckets) {
    write_display(out, format_args!("{{\"offset\":{},\"counts\":", buckets.offset));
    write_list(out, buckets.counts.iter(), write_display);
    out.push('}');
}

/// Writes a double; one that JSON cannot write is its name.
fn write_double(out: &mut String, value: f64) {
    if value.is_finite() {
        out.push_str(&double_text(value));
    } else {
        write_text(out, &double_text(value));
    }
}

/// Returns a CloudWatch dimension, which metric streams write as an attribute of their own or within `Dimensions`.
fn dimension<'v>(item: Promoted<'v, '_>, wanted: &str) -> Option<&'v str> {
    let within = |entries: &'v [Attribute<'_>]| entries.iter().find(|entry| entry.key == wanted)?.value.as_text();
    let nested = match item.value(Slot::Dimensions) {
        Some(Value::Map(entries)) => within(entries),
        _ => None,
    };
    nested.or_else(|| item.text(Slot::FunctionName))
}
