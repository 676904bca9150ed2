//! Splitting one key's facts into attempts: a pure function of the set of facts.
//!
//! Lambda's asynchronous retries reuse one request id, so a key may have several attempts, told apart by time and instance.
//! On the key's time line (start hint, source rank, content hash) a fact joins an attempt when its hint is not later than that
//! attempt's end, or than its start plus [`UNENDED`] while no end is known; else it opens the next. Facts that name different
//! instances never share an attempt. Beyond that rule:
//!
//! - Sources' clocks differ, and a report is written a little after what it reports, so that its hint, time less duration, may
//!   lie behind the end of a short attempt. Up to [`CLOCKS`] behind the end a fact still joins, unless the attempt has a
//!   fact of the same source and kind: another START is another attempt, a REPORT behind its END is not.
//! - An END without hint takes part at its own time, so that START, END, START, END are two attempts.
//! - Other facts without hint join the last attempt that started before them, else the next.
//! - What is inferred from a function's own log lines (source `log`: deliveries, error lines) joins in the same way and opens
//!   no attempt while anything else names the key.
//! - No fact joins an attempt that started more than [`REACH`] before it: no platform runs longer, and a fold of one slice
//!   needs to know no more than that.
//! - What is left opens attempts of its own, which start at their earliest fact.

use super::fact::Fact;
use timeline::{Starts, Timeline};

mod timeline;

/// The longest time in nanoseconds that an attempt runs, on any platform.
pub(super) const REACH: i64 = 3_600_000_000_000;
/// How long in nanoseconds after its start an attempt without end takes facts.
pub(super) const UNENDED: i64 = 10_000_000_000;
/// How far in nanoseconds the clocks of sources lie apart.
pub(super) const CLOCKS: i64 = 1_000_000_000;

/// Gives each fact the number of its attempt, and returns how many attempts there are.
///
/// `facts` are sorted and freed of duplicates; `owners` gets one number per fact that is left.
pub(super) fn split(facts: &mut Vec<Fact<'_>>, owners: &mut Vec<usize>) -> usize {
    facts.sort_unstable_by_key(|fact| fact.hash);
    facts.dedup_by_key(|fact| fact.hash);
    facts.sort_unstable_by_key(Fact::on_time_line);
    owners.clear();
    if facts.len() == 1 {
        owners.push(0);
        return 1;
    }
    let mut placed = vec![None; facts.len()];
    let mut shaped = Timeline::default();
    place_shaping(facts, &mut shaped, &mut placed);
    if placed.iter().any(Option::is_none) && !shaped.is_empty() {
        place_beside(facts, &Starts::of(&shaped), &mut placed);
    }
    let mut left = Timeline::default();
    owners.extend(
        facts
            .iter()
            .zip(&placed)
            .map(|(fact, place)| place.unwrap_or_else(|| shaped.len() + left.gather(fact))),
    );
    shaped.len() + left.len()
}

/// Places the facts that open attempts, and those that end them.
fn place_shaping<'a>(facts: &[Fact<'a>], timeline: &mut Timeline<'a>, placed: &mut [Option<usize>]) {
    for (fact, place) in facts.iter().zip(placed) {
        if fact.shapes_attempts() {
            *place = if fact.hinted {
                Some(timeline.join_or_open(fact))
            } else {
                timeline.end(fact)
            };
        }
    }
}

/// Places the facts that only join.
fn place_beside(facts: &[Fact<'_>], starts: &Starts<'_>, placed: &mut [Option<usize>]) {
    for (fact, place) in facts.iter().zip(placed) {
        if place.is_none() {
            *place = starts.nearest(fact);
        }
    }
}

#[cfg(test)]
mod tests;
