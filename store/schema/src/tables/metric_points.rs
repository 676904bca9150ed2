//! Metric data points.

use crate::columns;
use crate::unit::Unit;

columns! {
    /// One metric data point.
    table "metric_points";

    /// The metric.
    metric: Text { unit: Unit::None, source: "OTLP Metric.name" },
    /// `gauge`, `sum`, `histogram`, `exponential_histogram` or `summary`.
    point_kind: Text { unit: Unit::None, source: "OTLP Metric.data" },
    /// The metric's unit, as sent.
    metric_unit: Text { unit: Unit::None, nullable: "not said", source: "OTLP Metric.unit" },
    /// 1 delta, 2 cumulative.
    temporality: Int { unit: Unit::Code, nullable: "gauges and summaries have none", source: "OTLP AggregationTemporality" },
    /// Whether a sum only rises.
    monotonic: Bool { unit: Unit::None, nullable: "not a sum", source: "OTLP Sum.is_monotonic" },
    /// The instant of the point.
    time_unix_nano: Int { unit: Unit::UnixNano, source: "OTLP time_unix_nano" },
    /// Since when it accumulates.
    start_unix_nano: Int { unit: Unit::UnixNano, nullable: "not said", source: "OTLP start_time_unix_nano" },
    /// Whether the time cannot be: before 2014 or more than a day ahead.
    time_suspect: Bool { unit: Unit::None, source: "decode" },
    /// The value, as decimal text: integers exact, doubles in their shortest form.
    value_text: Text { unit: Unit::None, nullable: "not a number point", source: "OTLP NumberDataPoint.value" },
    /// Observations.
    observation_count: Int { unit: Unit::Count, nullable: "a number point has none", source: "OTLP count" },
    /// The sum of the observations, as decimal text.
    sum_text: Text { unit: Unit::None, nullable: "not said", source: "OTLP sum" },
    /// The smallest observation, as decimal text.
    min_text: Text { unit: Unit::None, nullable: "not said", source: "OTLP min, summary quantile 0" },
    /// The largest observation, as decimal text.
    max_text: Text { unit: Unit::None, nullable: "not said", source: "OTLP max, summary quantile 1" },
    /// Bounds, counts, scale, offsets or quantiles, as JSON.
    detail_json: Json { unit: Unit::None, nullable: "a number point has none", source: "OTLP" },
    /// The provider.
    provider: Text { unit: Unit::None, nullable: "not said", source: "cloud.provider" },
    /// The account.
    account: Text { unit: Unit::None, nullable: "not said", source: "cloud.account.id" },
    /// The region.
    region: Text { unit: Unit::None, nullable: "not said", source: "cloud.region" },
    /// The service.
    service: Text { unit: Unit::None, nullable: "not said", source: "service.name" },
    /// Where it is deployed.
    environment: Text { unit: Unit::None, nullable: "not said", source: "deployment.environment.name" },
    /// The function.
    function: Text { unit: Unit::None, nullable: "not said", source: "faas.name, Dimensions.FunctionName" },
    /// The function's version.
    version: Text { unit: Unit::None, nullable: "not said", source: "faas.version" },
    /// The execution environment, whose counters start anew.
    instance_id: Text { unit: Unit::None, nullable: "not said", source: "faas.instance" },
    /// Attributes of the point, as JSON, sorted by key: with metric and resource they name the series.
    attributes_json: Json { unit: Unit::None, nullable: "none", source: "OTLP attributes" },
    /// Resource attributes that have no column, as JSON.
    resource_json: Json { unit: Unit::None, nullable: "none is left", source: "OTLP Resource.attributes" },
    /// The instrumentation scope.
    scope_name: Text { unit: Unit::None, nullable: "not said", source: "OTLP InstrumentationScope.name" },
    /// When it was received.
    received_unix_nano: Int { unit: Unit::UnixNano, nullable: "files have no time of receipt", source: "the collector's clock" },
}
