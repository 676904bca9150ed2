//! `Metric` and its data points.

use serde_json::value::RawValue;

use super::super::super::object::Object;
use super::super::fields::{Buckets, MetricFields, Number, PointFields, PointKind};
use super::super::intake::Intake;
use super::reading::Reading;
use super::{LevelError, array, object};

/// The kinds of points by their key in `Metric`.
const KINDS: &[(&str, PointKind)] = &[
    ("gauge", PointKind::Gauge),
    ("sum", PointKind::Sum),
    ("histogram", PointKind::Histogram),
    ("exponentialHistogram", PointKind::Exponential),
    ("summary", PointKind::Summary),
];

/// Reads a metric: what it says about its points, then each point.
pub(super) fn metric<'a>(
    value: &'a RawValue,
    intake: &mut Intake<'_, 'a, PointFields<'a>>,
) -> Result<(), LevelError<'a>> {
    let settings = intake.context().settings;
    let of_metric = object(value)?;
    let mut index = 0;
    for (key, kind) in KINDS {
        let Some(points) = of_metric.get(key) else { continue };
        let points = object(points)?;
        let mut reading = Reading::new(settings);
        intake.item.metric = of_points(&of_metric, &points, *kind, &mut reading);
        let metric_fault = reading.finish().err();
        for point in array(&points, "dataPoints")? {
            let mut reading = Reading::new(settings);
            if let Some(fault) = &metric_fault {
                reading.note(fault.clone());
            }
            read(point, &mut intake.item, &mut reading);
            intake.take(index, reading.finish());
            index += 1;
        }
    }
    Ok(())
}

fn of_points<'a>(
    of_metric: &Object<'a>,
    points: &Object<'a>,
    kind: PointKind,
    reading: &mut Reading,
) -> MetricFields<'a> {
    let accumulates = !matches!(kind, PointKind::Gauge | PointKind::Summary);
    let temporality = points.get("aggregationTemporality").filter(|_| accumulates);
    let monotonic = points.get("isMonotonic").filter(|_| kind == PointKind::Sum);
    MetricFields {
        name: of_metric
            .get("name")
            .map(|value| reading.text("metric.name", value))
            .unwrap_or_default(),
        unit: of_metric
            .get("unit")
            .map(|value| reading.text("metric.unit", value))
            .unwrap_or_default(),
        kind,
        temporality: temporality.map(|value| reading.code("aggregation_temporality", value)),
        monotonic: (kind == PointKind::Sum)
            .then(|| monotonic.is_some_and(|value| reading.truth("is_monotonic", value))),
    }
}

fn read<'a>(value: &'a RawValue, point: &mut PointFields<'a>, reading: &mut Reading) {
    let kind = point.metric.kind;
    reading.members("data_point", value, |reading, key, value| match (key, kind) {
        ("startTimeUnixNano", _) => point.start_unix_nano = reading.uint64("start_time_unix_nano", value),
        ("timeUnixNano", _) => point.time_unix_nano = reading.uint64("time_unix_nano", value),
        ("attributes", _) => reading.attributes(value, &mut point.attributes),
        ("asDouble", PointKind::Gauge | PointKind::Sum) => {
            point.number = Number::Double(reading.double("as_double", value));
        }
        ("asInt", PointKind::Gauge | PointKind::Sum) => point.number = Number::Int(reading.int64("as_int", value)),
        (_, PointKind::Gauge | PointKind::Sum) => {}
        ("count", _) => point.count = reading.uint64("count", value),
        ("sum", _) => point.sum = Some(reading.double("sum", value)),
        ("quantileValues", PointKind::Summary) => quantiles(value, point, reading),
        (_, PointKind::Summary) => {}
        ("min", _) => point.min = Some(reading.double("min", value)),
        ("max", _) => point.max = Some(reading.double("max", value)),
        ("bucketCounts", PointKind::Histogram) => point.counts = counts(value, reading),
        ("explicitBounds", PointKind::Histogram) => {
            let bounds = reading.elements("explicit_bounds", value).into_iter();
            point.bounds = bounds.map(|bound| reading.double("explicit_bounds", bound)).collect();
        }
        (key, PointKind::Exponential) => exponential(key, value, point, reading),
        _ => {}
    });
}

fn exponential<'a>(key: &str, value: &'a RawValue, point: &mut PointFields<'a>, reading: &mut Reading) {
    match key {
        "scale" => point.scale = reading.int32("scale", value),
        "zeroCount" => point.zero_count = reading.uint64("zero_count", value),
        "zeroThreshold" => point.zero_threshold = reading.double("zero_threshold", value),
        "positive" => buckets(value, &mut point.positive, reading),
        "negative" => buckets(value, &mut point.negative, reading),
        _ => {}
    }
}

fn buckets(value: &RawValue, buckets: &mut Buckets, reading: &mut Reading) {
    reading.members("buckets", value, |reading, key, value| match key {
        "offset" => buckets.offset = reading.int32("buckets.offset", value),
        "bucketCounts" => buckets.counts = counts(value, reading),
        _ => {}
    });
}

fn counts(value: &RawValue, reading: &mut Reading) -> Vec<u64> {
    let elements = reading.elements("bucket_counts", value);
    elements
        .into_iter()
        .map(|count| reading.uint64("bucket_counts", count))
        .collect()
}

fn quantiles(value: &RawValue, point: &mut PointFields<'_>, reading: &mut Reading) {
    for element in reading.elements("quantile_values", value) {
        let (mut quantile, mut at) = (0.0, 0.0);
        reading.members("quantile_values", element, |reading, key, value| match key {
            "quantile" => quantile = reading.double("quantile_values.quantile", value),
            "value" => at = reading.double("quantile_values.value", value),
            _ => {}
        });
        point.quantiles.push((quantile, at));
    }
}
