//! Facts and spans for tests, as platforms make them.

use arrow::array::RecordBatch;
use pennyspan_schema::tables::{
    instance_minutes, invocation_calls, invocation_facts, invocations, rollup_minute, spans,
};

use crate::fold::{FoldInput, Folded, fold_all};

type Fact = invocation_facts::Row<'static>;
type Span = spans::Row<'static>;

/// Returns an instant, in milliseconds after a day's first minute.
pub(crate) fn ms(after: i64) -> i64 {
    1_772_323_200_000_000_000 + after * 1_000_000
}

fn fact(id: &'static str, source: &'static str, kind: &'static str, time: i64) -> Fact {
    Fact {
        provider: "aws",
        invocation_id: id,
        source,
        fact_kind: kind,
        fact_unix_nano: time,
        sample_weight_milli: 1000,
        ..Fact::default()
    }
}

/// Returns a START at a time in milliseconds.
pub(crate) fn start(id: &'static str, at_ms: i64) -> Fact {
    Fact {
        start_hint_unix_nano: Some(ms(at_ms)),
        ..fact(id, "platform", "start", ms(at_ms))
    }
}

/// Returns an END.
pub(crate) fn end(id: &'static str, at_ms: i64) -> Fact {
    Fact {
        end_unix_nano: Some(ms(at_ms)),
        ..fact(id, "platform", "end", ms(at_ms))
    }
}

/// Returns a REPORT written at a time, over a duration in milliseconds, without status.
pub(crate) fn report(id: &'static str, at_ms: i64, took_ms: i64) -> Fact {
    Fact {
        start_hint_unix_nano: Some(ms(at_ms - took_ms)),
        end_unix_nano: Some(ms(at_ms)),
        duration_us: Some(took_ms * 1000),
        ..fact(id, "platform", "report", ms(at_ms))
    }
}

/// Returns an invocation record.
pub(crate) fn record(id: &'static str, at_ms: i64, took_ms: i64) -> Fact {
    Fact {
        start_hint_unix_nano: Some(ms(at_ms)),
        end_unix_nano: Some(ms(at_ms + took_ms)),
        duration_us: Some(took_ms * 1000),
        ..fact(id, "record", "record", ms(at_ms))
    }
}

/// Returns what an invocation span states.
pub(crate) fn span_fact(id: &'static str, at_ms: i64, took_ms: i64) -> Fact {
    Fact {
        start_hint_unix_nano: Some(ms(at_ms)),
        end_unix_nano: Some(ms(at_ms + took_ms)),
        runtime_us: Some(took_ms * 1000),
        ..fact(id, "span", "span", ms(at_ms))
    }
}

/// Returns what a function's own line states, such as an error or a delivery.
pub(crate) fn log(id: &'static str, at_ms: i64) -> Fact {
    fact(id, "log", "error", ms(at_ms))
}

/// Returns an invocation span of trace 1.
pub(crate) fn invocation_span(span: u8, at_ms: i64, took_ms: i64) -> Span {
    Span {
        trace_id: [1; 16],
        span_id: [span; 8],
        kind: 2,
        start_unix_nano: ms(at_ms),
        end_unix_nano: Some(ms(at_ms + took_ms)),
        duration_us: Some(took_ms * 1000),
        invocation_span: true,
        function: Some("checkout"),
        sample_weight_milli: 1000,
        ..Span::default()
    }
}

/// Returns a call of trace 1 to the table `orders`.
pub(crate) fn call(span: u8, parent: u8, at_ms: i64, took_ms: i64) -> Span {
    Span {
        parent_span_id: Some([parent; 8]),
        kind: 3,
        invocation_span: false,
        dependency_kind: Some("database"),
        dependency: Some("orders"),
        operation: Some("GetItem"),
        ..invocation_span(span, at_ms, took_ms)
    }
}

/// What a test gives to fold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) facts: Vec<Fact>,
    pub(crate) spans: Vec<Span>,
}

impl Given {
    pub(crate) fn facts(facts: impl IntoIterator<Item = Fact>) -> Self {
        let hashed = facts.into_iter().map(|fact| Fact {
            content_hash: fact.hash(),
            ..fact
        });
        Self {
            facts: hashed.collect(),
            spans: Vec::new(),
        }
    }

    pub(crate) fn spans(self, spans: impl IntoIterator<Item = Span>) -> Self {
        Self {
            spans: spans.into_iter().collect(),
            ..self
        }
    }

    /// Returns the facts in batches of so many rows.
    pub(crate) fn fact_batches(&self, rows: usize) -> Vec<RecordBatch> {
        let mut builder = invocation_facts::Builder::default();
        let batch = |chunk: &[Fact]| {
            for row in chunk {
                builder.append(row);
            }
            builder.finish()
        };
        self.facts.chunks(rows.max(1)).map(batch).collect()
    }

    /// Returns the spans in batches of so many rows.
    pub(crate) fn span_batches(&self, rows: usize) -> Vec<RecordBatch> {
        let mut builder = spans::Builder::default();
        let batch = |chunk: &[Span]| {
            for row in chunk {
                builder.append(row);
            }
            builder.finish()
        };
        self.spans.chunks(rows.max(1)).map(batch).collect()
    }

    pub(crate) fn fold_in_batches(&self, rows: usize) -> Folded {
        fold_all(&FoldInput {
            facts: &self.fact_batches(rows),
            spans: &self.span_batches(rows),
        })
        .unwrap()
    }

    pub(crate) fn fold(&self) -> Folded {
        self.fold_in_batches(1000)
    }

    /// Returns a value of each attempt, in the order of rows.
    pub(crate) fn each<T>(&self, value: impl Fn(&invocations::Row<'_>) -> T) -> Vec<T> {
        read(&self.fold().invocations, |batch| {
            invocations::Reader::new(batch)
                .unwrap()
                .rows()
                .map(|row| value(&row))
                .collect()
        })
    }

    /// Returns a value of each row of calls.
    pub(crate) fn each_call<T>(&self, value: impl Fn(&invocation_calls::Row<'_>) -> T) -> Vec<T> {
        read(&self.fold().invocation_calls, |batch| {
            invocation_calls::Reader::new(batch)
                .unwrap()
                .rows()
                .map(|row| value(&row))
                .collect()
        })
    }

    /// Returns each attempt's start in milliseconds with its facts.
    pub(crate) fn starts(&self) -> Vec<(i64, i64)> {
        self.each(|row| (row.start_unix_nano.saturating_sub(ms(0)) / 1_000_000, row.fact_count))
    }
}

/// Returns what `rows` reads from each batch.
pub(crate) fn read<T>(batches: &[RecordBatch], rows: impl Fn(&RecordBatch) -> Vec<T>) -> Vec<T> {
    batches.iter().flat_map(rows).collect()
}

/// Returns all rows of all folded tables as sorted text, whatever batches they lie in.
pub(crate) fn lines<'a>(folded: impl IntoIterator<Item = &'a Folded>) -> Vec<String> {
    let mut lines = Vec::new();
    for folded in folded {
        lines.extend(read(&folded.invocations, |b| {
            invocations::Reader::new(b)
                .unwrap()
                .rows()
                .map(|r| format!("{r:?}"))
                .collect()
        }));
        lines.extend(read(&folded.invocation_calls, |b| {
            invocation_calls::Reader::new(b)
                .unwrap()
                .rows()
                .map(|r| format!("{r:?}"))
                .collect()
        }));
        lines.extend(read(&folded.rollup_minute, |b| {
            rollup_minute::Reader::new(b)
                .unwrap()
                .rows()
                .map(|r| format!("{r:?}"))
                .collect()
        }));
        lines.extend(read(&folded.instance_minutes, |b| {
            instance_minutes::Reader::new(b)
                .unwrap()
                .rows()
                .map(|r| format!("{r:?}"))
                .collect()
        }));
    }
    lines.sort();
    lines
}
