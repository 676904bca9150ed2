//! `Metric` and its data points.

use super::super::fields::{Buckets, MetricFields, Number, PointFields, PointKind};
use super::super::intake::Intake;
use super::super::wire::{Field, Message, WireError};
use super::reading::Reading;
use crate::decode::attributes::Value;

/// Reads a metric: what it says about its points, then each point.
pub(super) fn metric<'a>(message: Message<'a>, intake: &mut Intake<'_, 'a, PointFields<'a>>) -> Result<(), WireError> {
    let settings = intake.context().settings;
    let mut reading = Reading::new(settings);
    let mut metric = MetricFields::default();
    message.fields(|field| {
        match field.number {
            1 => metric.name = reading.text("metric.name", field.message()?),
            3 => metric.unit = reading.text("metric.unit", field.message()?),
            _ => {}
        }
        Ok(())
    })?;
    let metric_fault = reading.finish().err();
    let mut index = 0;
    message.fields(|field| {
        let Some(kind) = kind(field.number) else { return Ok(()) };
        let points = field.message()?;
        intake.item.metric = of_points(points, MetricFields { kind, ..metric.clone() })?;
        super::each(points, 1, |point, _| {
            let mut reading = Reading::new(settings);
            if let Some(fault) = &metric_fault {
                reading.note(fault.clone());
            }
            read(point, &mut intake.item, &mut reading)?;
            intake.take(index, reading.finish());
            index += 1;
            Ok(())
        })
    })
}

/// Returns the kind of the points in a field of `Metric`.
fn kind(number: u32) -> Option<PointKind> {
    match number {
        5 => Some(PointKind::Gauge),
        7 => Some(PointKind::Sum),
        9 => Some(PointKind::Histogram),
        10 => Some(PointKind::Exponential),
        11 => Some(PointKind::Summary),
        _ => None,
    }
}

/// Adds what stands beside the points: temporality (2) and whether the sum only rises (3).
fn of_points<'a>(message: Message<'a>, mut metric: MetricFields<'a>) -> Result<MetricFields<'a>, WireError> {
    let accumulates = !matches!(metric.kind, PointKind::Gauge | PointKind::Summary);
    metric.temporality = accumulates.then_some(0);
    metric.monotonic = (metric.kind == PointKind::Sum).then_some(false);
    message.fields(|field| {
        match field.number {
            2 if accumulates => metric.temporality = Some(field.int32()?),
            3 if metric.kind == PointKind::Sum => metric.monotonic = Some(field.varint()? != 0),
            _ => {}
        }
        Ok(())
    })?;
    Ok(metric)
}

fn read<'a>(message: Message<'a>, point: &mut PointFields<'a>, reading: &mut Reading) -> Result<(), WireError> {
    let kind = point.metric.kind;
    message.fields(|field| match (field.number, kind) {
        (2, _) => {
            point.start_unix_nano = field.fixed64()?;
            Ok(())
        }
        (3, _) => {
            point.time_unix_nano = field.fixed64()?;
            Ok(())
        }
        (7, PointKind::Gauge | PointKind::Sum | PointKind::Summary)
        | (9, PointKind::Histogram)
        | (1, PointKind::Exponential) => reading.attribute(field.message()?, &mut point.attributes),
        // Labels of protocol 0.7, which CloudWatch's older metric streams still write, are texts by key as attributes are.
        (1, PointKind::Summary) => label(field.message()?, point, reading),
        (_, PointKind::Gauge | PointKind::Sum) => number(field, point),
        (_, PointKind::Histogram) => histogram(field, point),
        (_, PointKind::Exponential) => exponential(field, point),
        (_, PointKind::Summary) => summary(field, point),
    })
}

/// Reads a `StringKeyValue` of protocol 0.7.
fn label<'a>(message: Message<'a>, point: &mut PointFields<'a>, reading: &mut Reading) -> Result<(), WireError> {
    let mut label = super::empty_attribute();
    message.fields(|field| {
        match field.number {
            1 => label.key = reading.text("labels.key", field.message()?),
            2 => label.value = Value::Text(reading.text("labels.value", field.message()?)),
            _ => {}
        }
        Ok(())
    })?;
    point.attributes.push(label);
    Ok(())
}

fn number(field: Field<'_>, point: &mut PointFields<'_>) -> Result<(), WireError> {
    match field.number {
        4 => point.number = Number::Double(field.double()?),
        6 => point.number = Number::Int(field.fixed64()?.cast_signed()),
        _ => {}
    }
    Ok(())
}

fn histogram(field: Field<'_>, point: &mut PointFields<'_>) -> Result<(), WireError> {
    match field.number {
        4 => point.count = field.fixed64()?,
        5 => point.sum = Some(field.double()?),
        6 => field.repeated_fixed64(&mut point.counts)?,
        7 => {
            let mut bits = Vec::new();
            field.repeated_fixed64(&mut bits)?;
            point.bounds.extend(bits.into_iter().map(f64::from_bits));
        }
        11 => point.min = Some(field.double()?),
        12 => point.max = Some(field.double()?),
        _ => {}
    }
    Ok(())
}

fn exponential(field: Field<'_>, point: &mut PointFields<'_>) -> Result<(), WireError> {
    match field.number {
        4 => point.count = field.fixed64()?,
        5 => point.sum = Some(field.double()?),
        6 => point.scale = field.sint32()?,
        7 => point.zero_count = field.fixed64()?,
        8 => buckets(field.message()?, &mut point.positive)?,
        9 => buckets(field.message()?, &mut point.negative)?,
        12 => point.min = Some(field.double()?),
        13 => point.max = Some(field.double()?),
        14 => point.zero_threshold = field.double()?,
        _ => {}
    }
    Ok(())
}

fn buckets(message: Message<'_>, buckets: &mut Buckets) -> Result<(), WireError> {
    message.fields(|field| match field.number {
        1 => {
            buckets.offset = field.sint32()?;
            Ok(())
        }
        2 => field.repeated_varint(&mut buckets.counts),
        _ => Ok(()),
    })
}

fn summary(field: Field<'_>, point: &mut PointFields<'_>) -> Result<(), WireError> {
    match field.number {
        4 => point.count = field.fixed64()?,
        5 => point.sum = Some(field.double()?),
        6 => {
            let (mut quantile, mut value) = (0.0, 0.0);
            field.message()?.fields(|field| {
                match field.number {
                    1 => quantile = field.double()?,
                    2 => value = field.double()?,
                    _ => {}
                }
                Ok(())
            })?;
            point.quantiles.push((quantile, value));
        }
        _ => {}
    }
    Ok(())
}
