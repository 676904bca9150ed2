//! The tree of a trace's spans, and the rows that it is shown as.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pennyspan_analyzer::analysis::trace::{AttemptRow, SpanRow, Trace};

use super::{place, times};
use crate::answers::{Span, SpanFate};
use crate::format::duration;

/// From how many equal siblings without children on they are one row.
const FOLDED: usize = 5;

/// Who is whose child, by place among the spans.
pub(super) struct Tree {
    pub(super) parent: Vec<Option<usize>>,
    pub(super) children: Vec<Vec<usize>>,
    pub(super) roots: Vec<usize>,
    /// Roots that name a parent which is not there.
    pub(super) orphans: BTreeSet<usize>,
}

impl Tree {
    /// Joins spans that are in the order of their starts; a circle of parents is cut at its first span.
    pub(super) fn of(spans: &[SpanRow]) -> Self {
        let by_id: HashMap<&str, usize> = spans
            .iter()
            .enumerate()
            .map(|(at, span)| (span.span_id.as_str(), at))
            .collect();
        let mut parent: Vec<Option<usize>> = spans
            .iter()
            .map(|span| by_id.get(span.parent_span_id.as_deref()?).copied())
            .collect();
        cut_circles(&mut parent);
        let mut tree = Self {
            children: vec![Vec::new(); spans.len()],
            roots: Vec::new(),
            orphans: BTreeSet::new(),
            parent,
        };
        for (at, span) in spans.iter().enumerate() {
            if let Some(parent) = tree.parent[at] {
                tree.children[parent].push(at);
                continue;
            }
            tree.roots.push(at);
            if span.parent_span_id.is_some() {
                tree.orphans.insert(at);
            }
        }
        tree
    }
}

/// Takes the parent from the first span of every circle.
fn cut_circles(parent: &mut [Option<usize>]) {
    // 0 is not looked at, 1 is on the way up, 2 leads to a root.
    let mut state = vec![0_u8; parent.len()];
    for start in 0..parent.len() {
        let (mut at, mut way) = (start, Vec::new());
        loop {
            match state[at] {
                0 => {
                    state[at] = 1;
                    way.push(at);
                }
                1 => {
                    parent[at] = None;
                    break;
                }
                _ => break,
            }
            match parent[at] {
                Some(up) => at = up,
                None => break,
            }
        }
        for at in way {
            state[at] = 2;
        }
    }
}

/// Returns the rows in the order in which they are shown.
pub(super) fn rows(
    tree: &Tree,
    trace: &Trace,
    path: &BTreeMap<usize, Vec<(i64, i64)>>,
    services: &BTreeMap<&str, usize>,
) -> Vec<Span> {
    let writer = Writer {
        tree,
        trace,
        path,
        services,
        attempts: attempts(trace),
    };
    let mut rows = Vec::new();
    // Each entry is a run of equal siblings, its first and how many, with its depth.
    let mut stack: Vec<(usize, usize, u16)> = Vec::new();
    writer.push(&tree.roots, 0, &mut stack);
    while let Some((at, run, depth)) = stack.pop() {
        writer.write(at, run, depth, &mut rows);
        if run == 1 {
            writer.push(&tree.children[at], depth.saturating_add(1), &mut stack);
        }
    }
    rows
}

struct Writer<'a> {
    tree: &'a Tree,
    trace: &'a Trace,
    path: &'a BTreeMap<usize, Vec<(i64, i64)>>,
    services: &'a BTreeMap<&'a str, usize>,
    attempts: HashMap<usize, &'a AttemptRow>,
}

/// Finds the attempt that each invocation span stands for: the same id, the nearest start.
fn attempts(trace: &Trace) -> HashMap<usize, &AttemptRow> {
    let mut found = HashMap::new();
    for (at, span) in trace.spans.iter().enumerate().filter(|(_, span)| span.invocation_span) {
        if let Some(attempt) = attempt_of(span, trace) {
            found.insert(at, attempt);
        }
    }
    found
}

/// Returns the attempt that a span stands for.
pub(super) fn attempt_of<'a>(span: &SpanRow, trace: &'a Trace) -> Option<&'a AttemptRow> {
    let function = span.scope.as_ref().and_then(|scope| scope.function.as_deref());
    let same = |attempt: &&AttemptRow| match &span.invocation_id {
        Some(id) => attempt.invocation_id == *id,
        None => span.invocation_span && function.is_some() && attempt.scope.function.as_deref() == function,
    };
    let apart = |attempt: &&AttemptRow| attempt.start_unix_nano.abs_diff(span.start_unix_nano);
    trace.attempts.iter().filter(same).min_by_key(apart)
}

impl Writer<'_> {
    /// Puts siblings on the stack, the first on top, runs of equal ones as one.
    fn push(&self, siblings: &[usize], depth: u16, stack: &mut Vec<(usize, usize, u16)>) {
        let mut runs: Vec<(usize, usize, u16)> = Vec::new();
        let mut from = 0;
        while let Some(first) = siblings.get(from) {
            let equal = siblings[from..]
                .iter()
                .take_while(|other| self.equal(*first, **other))
                .count()
                .max(1);
            if equal >= FOLDED {
                runs.push((*first, equal, depth));
                from += equal;
            } else {
                runs.push((*first, 1, depth));
                from += 1;
            }
        }
        stack.extend(runs.into_iter().rev());
    }

    /// Returns whether a span is like the first of a run: the same name and place, no failure, no children.
    fn equal(&self, first: usize, other: usize) -> bool {
        let spans = &self.trace.spans;
        let plain =
            |at: usize| self.tree.children[at].is_empty() && !spans[at].failed && !self.attempts.contains_key(&at);
        plain(first)
            && plain(other)
            && spans[first].name == spans[other].name
            && place(&spans[first]) == place(&spans[other])
    }

    fn write(&self, at: usize, run: usize, depth: u16, rows: &mut Vec<Span>) {
        let span = &self.trace.spans[at];
        let attempt = self.attempts.get(&at);
        let init_us = attempt
            .filter(|one| one.cold_start == Some(true))
            .and_then(|one| one.init_us);
        if let Some(us) = init_us {
            rows.push(Span {
                name: "environment starts".to_owned(),
                start_unix_nano: span.start_unix_nano.saturating_sub(us.saturating_mul(1_000)),
                end_unix_nano: span.start_unix_nano,
                self_us: us,
                critical: Vec::new(),
                fate: SpanFate::Starting,
                note: format!("cold start {}", duration(us).text()),
                ..self.span(at, depth)
            });
        }
        let mut row = self.span(at, depth);
        if run > 1 {
            self.fold(at, run, &mut row);
        } else if init_us.is_none() && attempt.is_some_and(|one| one.cold_start == Some(true)) {
            "cold start".clone_into(&mut row.note);
        }
        rows.push(row);
    }

    fn span(&self, at: usize, depth: u16) -> Span {
        let span = &self.trace.spans[at];
        let orphan = self.tree.orphans.contains(&at);
        Span {
            span_id: span.span_id.clone(),
            depth,
            service: place(span).to_owned(),
            service_index: self.services.get(place(span)).copied().unwrap_or(usize::MAX),
            name: span.name.clone(),
            start_unix_nano: span.start_unix_nano,
            end_unix_nano: span.end_unix_nano,
            self_us: self_us(at, self.tree, &self.trace.spans),
            critical: self.path.get(&at).cloned().unwrap_or_default(),
            fate: match (span.failed, orphan) {
                (true, _) => SpanFate::Failed,
                (false, true) => SpanFate::Orphan,
                (false, false) => SpanFate::Well,
            },
            note: if span.error.is_empty() && orphan {
                "its parent did not arrive".to_owned()
            } else {
                crate::text::cut(&span.error, 80)
            },
            folded_count: 1,
        }
    }

    /// Makes one row of a run of siblings.
    fn fold(&self, at: usize, run: usize, row: &mut Span) {
        let siblings = match self.tree.parent[at] {
            Some(parent) => &self.tree.children[parent],
            None => &self.tree.roots,
        };
        let from = siblings.iter().position(|sibling| *sibling == at).unwrap_or(0);
        let spans: Vec<&SpanRow> = siblings
            .iter()
            .skip(from)
            .take(run)
            .map(|at| &self.trace.spans[*at])
            .collect();
        let total: i64 = spans
            .iter()
            .map(|span| span.end_unix_nano - span.start_unix_nano)
            .sum::<i64>()
            / 1_000;
        let serial = spans
            .windows(2)
            .all(|pair| pair[0].end_unix_nano <= pair[1].start_unix_nano);
        let each = duration(total / i64::try_from(run).unwrap_or(1).max(1)).text();
        row.note = format!(
            "{} {}, {each} each",
            times(run),
            if serial { "one after the other" } else { "side by side" }
        );
        row.end_unix_nano = spans
            .iter()
            .map(|span| span.end_unix_nano)
            .max()
            .unwrap_or(row.end_unix_nano);
        row.self_us = total;
        let parts = siblings.iter().skip(from).take(run).filter_map(|at| self.path.get(at));
        row.critical = parts.flatten().copied().collect();
        row.folded_count = i64::try_from(run).unwrap_or(i64::MAX);
    }
}

/// Returns the time of a span in which no child ran.
fn self_us(at: usize, tree: &Tree, spans: &[SpanRow]) -> i64 {
    let span = &spans[at];
    let mut covered = 0;
    let mut until = span.start_unix_nano;
    // Children are in the order of their starts.
    for child in &tree.children[at] {
        let start = spans[*child].start_unix_nano.max(until);
        let end = spans[*child].end_unix_nano.min(span.end_unix_nano);
        if end > start {
            covered += end - start;
            until = end;
        }
    }
    (span.end_unix_nano - span.start_unix_nano - covered) / 1_000
}
