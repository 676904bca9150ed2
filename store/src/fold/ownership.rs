//! Which attempt a span belongs to.
//!
//! A span belongs to the attempt of its nearest ancestor that is an invocation span, in the same trace and resource; with
//! ancestors missing, to the only attempt of that trace and resource whose interval contains its start; else to none. Spans
//! that lie further apart than an attempt can run are not each other's ancestors, nor one another's attempt.

use pennyspan_schema::tables::{invocation_facts, spans};

use super::attempt::REACH;
use super::attempts::{Attempts, Members};
use super::trace::{Span, Spans};

/// The bits of a span's flags that say that its parent lies in another process.
///
/// Source: opentelemetry-proto, `SpanFlags`, `CONTEXT_HAS_IS_REMOTE` and `CONTEXT_IS_REMOTE`.
const REMOTE_PARENT: i64 = 0x300;

/// What is known of each span, in the order of [`Spans`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// It is an invocation span: its attempt's own.
    Invocation,
    /// It belongs to the attempt of this number.
    Attempt(usize),
    /// It belongs to no attempt that is known.
    Orphan,
}

/// Returns the owner of each span.
pub(super) fn owners(spans: &Spans, attempts: &Attempts<'_>) -> Vec<Owner> {
    let known = KnownAttempts::of(attempts);
    let mut owners = Vec::with_capacity(spans.list.len());
    for trace in spans.list.chunk_by(|a, b| a.trace == b.trace) {
        let ancestry = Ancestry {
            spans,
            trace,
            known: &known,
        };
        let inherited = ancestry.resolve();
        owners.extend(trace.iter().zip(inherited).map(|(span, inherited)| {
            let (reader, row) = spans.of(span);
            if reader.invocation_span(row) {
                return Owner::Invocation;
            }
            let inherited = inherited.filter(|index| in_reach(attempts.get(*index).0.start, span.start));
            let owner = inherited.or_else(|| known.containing(span, &Resource::of_span(reader, row)));
            owner.map_or(Owner::Orphan, Owner::Attempt)
        }));
    }
    owners
}

/// Returns whether two instants lie no further apart than an attempt can run.
fn in_reach(one: i64, other: i64) -> bool {
    i64::try_from(one.abs_diff(other)).is_ok_and(|apart| apart <= REACH)
}

/// Who emitted a span, or ran an attempt, as far as it is said.
#[derive(Clone, Copy, Debug)]
struct Resource<'a> {
    /// Function, instance, service and region.
    names: [Option<&'a str>; 4],
}

impl<'a> Resource<'a> {
    fn of_span(reader: &'a spans::Reader, row: usize) -> Self {
        Self {
            names: [
                reader.function(row),
                reader.instance_id(row),
                reader.service(row),
                reader.region(row),
            ],
        }
    }

    fn of_attempt(members: Members<'a>) -> Self {
        use invocation_facts::Reader;
        Self {
            names: [
                members.first(Reader::function),
                members.first(Reader::instance_id),
                members.first(Reader::service),
                members.first(Reader::region),
            ],
        }
    }

    /// Returns whether nothing that both say differs.
    fn may_be(&self, other: &Self) -> bool {
        self.names
            .iter()
            .zip(&other.names)
            .all(|(a, b)| a.is_none() || b.is_none() || a == b)
    }

    /// Returns whether both name the same function, instance or service, and nothing that both say differs.
    fn is(&self, other: &Self) -> bool {
        self.may_be(other)
            && self.names[..3]
                .iter()
                .zip(&other.names[..3])
                .any(|(a, b)| a.is_some() && a == b)
    }
}

/// The ancestry of one trace's spans.
struct Ancestry<'a> {
    spans: &'a Spans,
    trace: &'a [Span],
    known: &'a KnownAttempts<'a>,
}

/// What is known of a span's nearest invocation span while ancestors are walked.
#[derive(Clone, Copy)]
enum Walk {
    Ahead,
    Now,
    Done(Option<usize>),
}

impl Ancestry<'_> {
    /// Returns the attempt that each span has from its ancestors. Each span is walked once; spans that are each other's
    /// ancestors have none.
    fn resolve(&self) -> Vec<Option<usize>> {
        let mut walks = vec![Walk::Ahead; self.trace.len()];
        let mut path = Vec::new();
        for from in 0..self.trace.len() {
            let mut next = Some(from);
            let found = loop {
                let Some(index) = next else { break None };
                match walks[index] {
                    Walk::Done(found) => break found,
                    Walk::Now => break None,
                    Walk::Ahead => {
                        walks[index] = Walk::Now;
                        path.push(index);
                        if self.is_invocation(index) {
                            break self.known.of_span(&self.trace[index]);
                        }
                        next = self.parent(index);
                    }
                }
            };
            for index in path.drain(..) {
                walks[index] = Walk::Done(found);
            }
        }
        walks
            .into_iter()
            .map(|walk| if let Walk::Done(found) = walk { found } else { None })
            .collect()
    }

    fn is_invocation(&self, index: usize) -> bool {
        let (reader, row) = self.spans.of(&self.trace[index]);
        reader.invocation_span(row)
    }

    /// Returns the parent, unless it is missing or another resource's.
    fn parent(&self, index: usize) -> Option<usize> {
        let (reader, row) = self.spans.of(&self.trace[index]);
        let id = reader.parent_span_id(row)?;
        if reader
            .flags(row)
            .is_some_and(|flags| flags & REMOTE_PARENT == REMOTE_PARENT)
        {
            return None;
        }
        let own = Resource::of_span(reader, row);
        let from = self.trace.partition_point(|span| span.id < id);
        let named = self.trace[from..].iter().take_while(|span| span.id == id).enumerate();
        let mut parents = named.filter(|(_, span)| {
            let (reader, row) = self.spans.of(span);
            in_reach(span.start, self.trace[index].start) && own.may_be(&Resource::of_span(reader, row))
        });
        parents.next().map(|(offset, _)| from + offset)
    }
}

/// The attempts that spans can belong to, by their invocation spans and by their traces.
struct KnownAttempts<'a> {
    attempts: &'a Attempts<'a>,
    /// (trace, span, start, attempt).
    by_span: Vec<([u8; 16], [u8; 8], i64, usize)>,
    /// (trace, start, attempt), and with each the latest end of its trace's attempts up to it.
    by_trace: Vec<([u8; 16], i64, usize)>,
    latest_end: Vec<i64>,
}

impl<'a> KnownAttempts<'a> {
    fn of(attempts: &'a Attempts<'a>) -> Self {
        let (mut by_span, mut by_trace) = (Vec::new(), Vec::new());
        for (index, (attempt, members)) in attempts.iter().enumerate() {
            for (reader, row) in members.iter() {
                let Some(trace) = reader.trace_id(row) else { continue };
                by_trace.push((trace, attempt.start, index));
                if let Some(span) = reader.span_id(row) {
                    by_span.push((trace, span, attempt.start, index));
                }
            }
        }
        by_span.sort_unstable();
        by_trace.sort_unstable();
        by_trace.dedup();
        let mut latest_end: Vec<i64> = Vec::with_capacity(by_trace.len());
        for (place, (trace, _, index)) in by_trace.iter().enumerate() {
            let end = end_of(attempts, *index);
            let same = place > 0 && by_trace[place - 1].0 == *trace;
            latest_end.push(if same { end.max(latest_end[place - 1]) } else { end });
        }
        Self {
            attempts,
            by_span,
            by_trace,
            latest_end,
        }
    }

    /// Returns the attempt whose invocation span this is: of those that say so the one that started nearest to it.
    fn of_span(&self, span: &Span) -> Option<usize> {
        let later = self
            .by_span
            .partition_point(|(trace, id, start, _)| (trace, id, start) <= (&span.trace, &span.id, &span.start));
        let around = [later.checked_sub(1), Some(later)];
        let named = around.into_iter().flatten().filter_map(|place| self.by_span.get(place));
        let claims = named
            .filter(|(trace, id, start, _)| (trace, id) == (&span.trace, &span.id) && in_reach(*start, span.start));
        claims
            .min_by_key(|(_, _, start, index)| (start.abs_diff(span.start), *index))
            .map(|(.., index)| *index)
    }

    /// Returns the only attempt of the span's trace and resource whose interval contains the span's start.
    fn containing(&self, span: &Span, resource: &Resource<'_>) -> Option<usize> {
        let after = self
            .by_trace
            .partition_point(|(trace, start, _)| (trace, *start) <= (&span.trace, span.start));
        let mut only = None;
        for place in (0..after).rev() {
            let (trace, _, index) = self.by_trace[place];
            if trace != span.trace || self.latest_end[place] < span.start {
                break;
            }
            let (_, members) = self.attempts.get(index);
            if end_of(self.attempts, index) >= span.start && resource.is(&Resource::of_attempt(members)) {
                if only.is_some() {
                    return None;
                }
                only = Some(index);
            }
        }
        only
    }
}

/// Returns an attempt's end; without one it may run as long as any.
fn end_of(attempts: &Attempts<'_>, index: usize) -> i64 {
    let (attempt, members) = attempts.get(index);
    super::merge::stated_end(attempt.start, members).unwrap_or(attempt.start.saturating_add(REACH))
}

#[cfg(test)]
mod tests;
