//! The critical path: of each span, the parts of its own time that the end of the trace had to wait for.

use std::collections::BTreeMap;

use pennyspan_analyzer::analysis::trace::SpanRow;

use super::tree::Tree;

/// Returns those parts by span, going back from the end of the root that ends last.
pub(super) fn critical(tree: &Tree, spans: &[SpanRow]) -> BTreeMap<usize, Vec<(i64, i64)>> {
    let mut path: BTreeMap<usize, Vec<(i64, i64)>> = BTreeMap::new();
    let length = |at: &usize| spans[*at].end_unix_nano - spans[*at].start_unix_nano;
    let Some(root) = tree
        .roots
        .iter()
        .copied()
        .max_by_key(|at| (length(at), std::cmp::Reverse(*at)))
    else {
        return path;
    };
    let mut open = vec![(root, spans[root].start_unix_nano, spans[root].end_unix_nano)];
    while let Some((at, start, end)) = open.pop() {
        let mut children = tree.children[at].clone();
        children.sort_by_key(|child| std::cmp::Reverse((spans[*child].end_unix_nano, *child)));
        let mut until = end;
        let own = path.entry(at).or_default();
        for child in children {
            let from = spans[child].start_unix_nano.max(start);
            let to = spans[child].end_unix_nano.min(until);
            // A child that ended after the one chosen began did not hold up anything.
            if spans[child].end_unix_nano > until && until != end || to <= from {
                continue;
            }
            if to < until {
                own.push((to, until));
            }
            open.push((child, from, to));
            until = from;
        }
        if start < until {
            own.push((start, until));
        }
        own.reverse();
    }
    path
}
