//! Platform metrics of Azure Monitor, such as the execution units that consumption plans bill: sums over a minute.

use std::borrow::Cow;

use pennyspan_schema::tables::metric_points;

use super::PROVIDER;
use super::names::Place;
use crate::decode::fault::Fault;
use crate::decode::items::Items;
use crate::decode::number;
use crate::decode::object::Object;
use crate::decode::sender::name;

/// The temporality of what was counted in an interval, as OTLP numbers it.
const DELTA: i64 = 1;
/// The kind of what was counted in an interval, as OTLP names it.
const SUM: &str = "sum";
/// The intervals that metrics are exported at, in nanoseconds.
const GRAINS: &[(&str, i64)] = &[
    ("PT1M", 60_000_000_000),
    ("PT5M", 300_000_000_000),
    ("PT15M", 900_000_000_000),
    ("PT30M", 1_800_000_000_000),
    ("PT1H", 3_600_000_000_000),
];

/// Takes `{"metricName":..,"timeGrain":"PT1M","total":..,"count":..,"minimum":..,"maximum":..}`, whose time is its interval's start.
///
/// Source: Azure Monitor, "Supported metrics", `Microsoft.Web/sites`: `FunctionExecutionUnits` are MB-milliseconds.
pub(super) fn point(
    mut object: Object<'_>,
    metric: &str,
    place: &Place<'_>,
    items: &mut Items<'_>,
) -> Result<(), Fault> {
    let start = place.time.as_deref().and_then(number::unix_nano);
    let filed = items.file(start, "time")?;
    let grain = object.word("timeGrain");
    let grain = GRAINS
        .iter()
        .find(|(word, _)| Some(*word) == grain.as_deref())
        .map(|(_, nanos)| *nanos);
    let end = grain.and_then(|nanos| filed.unix_nano.checked_add(nanos));
    let total = object.first_word(&["total", "Total"]);
    let count = object.first_word(&["count", "Count"]);
    let (min, max) = (
        object.first_word(&["minimum", "Minimum"]),
        object.first_word(&["maximum", "Maximum"]),
    );
    let unit = match metric {
        "FunctionExecutionUnits" => Some("MB.ms"),
        "FunctionExecutionCount" => Some("{execution}"),
        _ => None,
    };
    let sender = place.sender(None, None, None).settled(items.origin, items.settings);
    let rest = items.json_of(object.rest(items.settings)?);
    let metric = name(Cow::Borrowed(metric), items.settings);
    items.output.metric_points.append(&metric_points::Row {
        metric: &metric,
        point_kind: SUM,
        metric_unit: unit,
        temporality: Some(DELTA),
        monotonic: Some(true),
        time_unix_nano: end.unwrap_or(filed.unix_nano),
        start_unix_nano: end.map(|_| filed.unix_nano),
        time_suspect: filed.suspect,
        value_text: total.as_deref(),
        observation_count: count.as_deref().and_then(number::whole).filter(|count| *count >= 0),
        min_text: min.as_deref(),
        max_text: max.as_deref(),
        provider: Some(PROVIDER),
        account: sender.account.as_deref(),
        region: sender.region.as_deref(),
        service: sender.service.as_deref(),
        attributes_json: rest.as_deref(),
        received_unix_nano: items.origin.received_at_unix_nano,
        ..metric_points::Row::default()
    });
    Ok(())
}
