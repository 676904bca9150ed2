//! What splitting needs to know of one fact.

use pennyspan_schema::Source;

use super::key::{At, Facts};

/// The provider whose tables name one instance by different ids (host process, role instance, site instance). It never uses an
/// invocation's id again, so that instances need not tell attempts apart.
const ONE_INSTANCE_MANY_NAMES: &str = "azure";

/// The parts of a fact by which attempts are told apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact<'a> {
    pub(super) at: At,
    /// The start hint; where there is none, the fact's time.
    pub(super) point: i64,
    /// Whether `point` is a start hint.
    pub(super) hinted: bool,
    /// The end that it states: END's time, or start plus duration.
    pub(super) end: Option<i64>,
    pub(super) time: i64,
    pub(super) source: Source,
    pub(super) kind: &'a str,
    pub(super) instance: Option<&'a str>,
    pub(super) hash: [u8; 16],
}

impl<'a> Fact<'a> {
    pub(super) fn read(facts: &'a Facts, at: At) -> Self {
        let (reader, row) = facts.of(at);
        let hint = reader.start_hint_unix_nano(row);
        let time = reader.fact_unix_nano(row);
        let took = reader.duration_us(row).or(reader.runtime_us(row));
        Self {
            at,
            point: hint.unwrap_or(time),
            hinted: hint.is_some(),
            end: reader
                .end_unix_nano(row)
                .or(hint.zip(took).map(|(start, us)| after(start, us))),
            time,
            // A word that this version does not know is trusted least.
            source: Source::from_word(reader.source(row)).unwrap_or(Source::Log),
            kind: reader.fact_kind(row),
            instance: reader
                .instance_id(row)
                .filter(|_| reader.provider(row) != ONE_INSTANCE_MANY_NAMES),
            hash: reader.content_hash(row),
        }
    }

    /// Returns whether it may open an attempt or end one: all but what is inferred from log lines, and statements without time.
    pub(super) fn shapes_attempts(&self) -> bool {
        self.source != Source::Log && (self.hinted || self.end.is_some())
    }

    /// Returns its place on the key's time line.
    pub(super) fn on_time_line(&self) -> impl Ord + use<> {
        (self.point, !self.hinted, self.source, self.hash)
    }

    /// Returns its place among the facts of an attempt when columns are merged: best source first, then smallest (time, hash).
    pub(super) fn in_merge(&self) -> impl Ord + use<> {
        (self.source, self.time, self.hash)
    }
}

/// Returns the instant `us` microseconds after `start`.
pub(super) fn after(start: i64, us: i64) -> i64 {
    start.saturating_add(us.saturating_mul(1000))
}
