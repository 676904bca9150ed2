//! The fields of one item as they were sent, borrowed from the body: what both encodings fill and one code reads.

use std::borrow::Cow;
use std::ops::Range;

use super::super::attributes::{Attribute, Value};
use super::super::fault::Fault;
use super::super::names::name;
use super::super::{Reason, Settings};

/// An id as it was sent: bytes in protobuf, hex in JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Id<'a> {
    /// Bytes of any length.
    Bytes(&'a [u8]),
    /// A text that should be hex.
    Hex(Cow<'a, str>),
}

impl Default for Id<'_> {
    fn default() -> Self {
        Self::Bytes(&[])
    }
}

impl Id<'_> {
    /// Returns the id; `None` where none was sent, or only zeros.
    pub(super) fn get<const N: usize>(&self, field: &'static str) -> Result<Option<[u8; N]>, Fault> {
        let mut id = [0; N];
        match self {
            Self::Bytes([]) => {}
            Self::Hex(text) if text.is_empty() => {}
            Self::Bytes(bytes) if bytes.len() == N => id.copy_from_slice(bytes),
            Self::Bytes(bytes) => {
                return Err(Fault::of(
                    field,
                    Reason::BadId,
                    format!("{} bytes instead of {N}", bytes.len()),
                ));
            }
            Self::Hex(text) => hex::decode_to_slice(text.as_bytes(), &mut id)
                .map_err(|_| Fault::of(field, Reason::BadId, format!("not {} hex digits", 2 * N)))?,
        }
        Ok((id != [0; N]).then_some(id))
    }

    /// Returns the id that an item must have.
    pub(super) fn require<const N: usize>(&self, field: &'static str) -> Result<[u8; N], Fault> {
        self.get(field)?
            .ok_or_else(|| Fault::of(field, Reason::BadId, "empty or all zero"))
    }
}

/// Empties an item's fields, so that its buffers serve the next one.
pub(super) trait Clear {
    /// Empties the fields.
    fn clear(&mut self);
}

/// The fields of a span.
#[derive(Debug, Default)]
pub(super) struct SpanFields<'a> {
    pub(super) trace_id: Id<'a>,
    pub(super) span_id: Id<'a>,
    pub(super) parent_span_id: Id<'a>,
    pub(super) trace_state: Cow<'a, str>,
    pub(super) flags: u32,
    pub(super) name: Cow<'a, str>,
    pub(super) kind: i32,
    pub(super) start_unix_nano: u64,
    pub(super) end_unix_nano: u64,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) attributes_left_out: u32,
    pub(super) events: Vec<EventFields<'a>>,
    pub(super) events_left_out: u32,
    pub(super) links: Vec<LinkFields<'a>>,
    pub(super) links_left_out: u32,
    pub(super) status_code: i32,
    pub(super) status_message: Cow<'a, str>,
    /// The attributes of all events and links, one after another.
    pub(super) pool: Vec<Attribute<'a>>,
}

impl Clear for SpanFields<'_> {
    fn clear(&mut self) {
        let kept = std::mem::take(self);
        self.attributes = emptied(kept.attributes);
        self.events = emptied(kept.events);
        self.links = emptied(kept.links);
        self.pool = emptied(kept.pool);
    }
}

/// The fields of a span's event.
#[derive(Debug, Default)]
pub(super) struct EventFields<'a> {
    pub(super) time_unix_nano: u64,
    pub(super) name: Cow<'a, str>,
    /// Where its attributes stand in the span's pool.
    pub(super) attributes: Range<usize>,
    pub(super) attributes_left_out: u32,
}

/// The fields of a span's link.
#[derive(Debug, Default)]
pub(super) struct LinkFields<'a> {
    pub(super) trace_id: Id<'a>,
    pub(super) span_id: Id<'a>,
    pub(super) trace_state: Cow<'a, str>,
    pub(super) flags: u32,
    /// Where its attributes stand in the span's pool.
    pub(super) attributes: Range<usize>,
    pub(super) attributes_left_out: u32,
}

/// The fields of a log record.
#[derive(Debug, Default)]
pub(super) struct LogFields<'a> {
    pub(super) time_unix_nano: u64,
    pub(super) observed_unix_nano: u64,
    pub(super) severity_number: i32,
    pub(super) severity_text: Cow<'a, str>,
    pub(super) body: Value<'a>,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) attributes_left_out: u32,
    pub(super) trace_id: Id<'a>,
    pub(super) span_id: Id<'a>,
    pub(super) event_name: Cow<'a, str>,
}

impl Clear for LogFields<'_> {
    fn clear(&mut self) {
        self.attributes = emptied(std::mem::take(self).attributes);
    }
}

/// What a metric says about all its points.
#[derive(Clone, Debug, Default)]
pub(super) struct MetricFields<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) unit: Cow<'a, str>,
    pub(super) kind: PointKind,
    pub(super) temporality: Option<i32>,
    pub(super) monotonic: Option<bool>,
}

/// The kinds of data points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PointKind {
    /// A value that was read.
    #[default]
    Gauge,
    /// A value that accumulates.
    Sum,
    /// Counts between bounds.
    Histogram,
    /// Counts between powers of a base.
    Exponential,
    /// Quantiles.
    Summary,
}

impl PointKind {
    /// Returns the word that the column holds.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Sum => "sum",
            Self::Histogram => "histogram",
            Self::Exponential => "exponential_histogram",
            Self::Summary => "summary",
        }
    }
}

/// The fields of a data point; which of them count depends on its metric's kind.
#[derive(Debug, Default)]
pub(super) struct PointFields<'a> {
    /// What its metric says.
    pub(super) metric: MetricFields<'a>,
    pub(super) time_unix_nano: u64,
    pub(super) start_unix_nano: u64,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) number: Number,
    pub(super) count: u64,
    pub(super) sum: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) bounds: Vec<f64>,
    pub(super) counts: Vec<u64>,
    pub(super) scale: i32,
    pub(super) zero_count: u64,
    pub(super) zero_threshold: f64,
    pub(super) positive: Buckets,
    pub(super) negative: Buckets,
    /// Pairs of quantile and value.
    pub(super) quantiles: Vec<(f64, f64)>,
}

impl Clear for PointFields<'_> {
    fn clear(&mut self) {
        let kept = std::mem::take(self);
        self.metric = kept.metric;
        self.attributes = emptied(kept.attributes);
        self.bounds = emptied(kept.bounds);
        self.counts = emptied(kept.counts);
        self.positive.counts = emptied(kept.positive.counts);
        self.negative.counts = emptied(kept.negative.counts);
        self.quantiles = emptied(kept.quantiles);
    }
}

fn emptied<T>(mut buffer: Vec<T>) -> Vec<T> {
    buffer.clear();
    buffer
}

/// The value of a number point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Number {
    /// No recorded value.
    #[default]
    Missing,
    /// An integer.
    Int(i64),
    /// A binary fraction.
    Double(f64),
}

/// One side of an exponential histogram.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    pub(super) offset: i32,
    pub(super) counts: Vec<u64>,
}

/// The instrumentation scope.
#[derive(Clone, Debug, Default)]
pub(super) struct ScopeFields<'a> {
    pub(super) name: Cow<'a, str>,
}

impl ScopeFields<'_> {
    /// Cuts the name to its limit.
    pub(super) fn cut(mut self, settings: &Settings) -> Self {
        if let Cow::Owned(name) = name(&self.name, settings.name_bytes) {
            self.name = Cow::Owned(name);
        }
        self
    }
}
