//! A mutation of any one input record changes the report.
//!
//! Two things are shown of each recipe. The bytes of the report differ: `input.content` is a sum over all that was decoded, so
//! that no record can be another, be missing or be repeated without a trace. And where a statement decides a number,
//! a number differs too; a recipe that says [`Shows::InputAlone`] names why its statement need not decide any.
//! These are the reasons:
//!
//! - *Told better.* Another record states the same with more authority (platform before record before span before log), or the
//!   same source states it as well: REPORT tells the start as START does, to a millisecond, and its own init; runtimeDone and
//!   spans tell how long a warm attempt ran, from which what is billed follows.
//! - *Not asked.* The report has no number of it: sizes of messages, bodies of logs, durations of calls to managed services,
//!   metric points, the service's name. Pages, queries and rules read them.
//! - *Repeated.* A record that was sent twice is one statement: the other copy still stands.

mod recipes;
mod telemetry;

use std::collections::BTreeMap;

use pennyspan_fixtures::{Fault, Injection, Scenario, Side, Telemetry, generate};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;

use crate::company::{pennyspan, seeds, slice, window_flags};
use recipes::{RECIPES, Recipe, Shows};
use telemetry::{Place, Records};

/// Recipes per run; each is about a second's work.
const DRAWN: usize = 30;
/// The only rule that judges: the report must differ without the help of findings.
const RULE: &str = "oom";

/// What the program says of records.
struct Bench {
    window: Vec<String>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn of(telemetry: &Telemetry) -> Self {
        Self {
            window: window_flags(&telemetry.truth),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Returns the bytes of the JSON report.
    fn report(&self, records: &Records) -> Vec<u8> {
        records.write(self.folder.path());
        let from = self.folder.path().to_str().unwrap();
        let mut arguments = vec!["report", "--from", from, "-o", "json", "--quiet", "--rule", RULE];
        arguments.extend(self.window.iter().map(String::as_str));
        let output = pennyspan(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{:?}: {said}",
            output.status
        );
        output.stdout
    }
}

/// Draws a record that the recipe is meant for, of those that nothing repeats.
fn drawn(recipe: &Recipe, records: &Records, said: &BTreeMap<String, usize>, random: &mut StdRng) -> Option<Place> {
    let meant = |place: &Place| {
        let record = records.get(place);
        (recipe.meant)(record) && said[&telemetry::said(record)] == 1
    };
    let places: Vec<Place> = records.places(recipe.file).into_iter().filter(meant).collect();
    let at = (!places.is_empty()).then(|| random.random_range(0..places.len()))?;
    Some(places[at].clone())
}

#[test]
fn a_mutation_of_any_one_record_changes_the_report() {
    let (seed, telemetry) = company();
    let records = Records::of(&telemetry.files());
    let said = records.said();
    let bench = Bench::of(&telemetry);
    let first = bench.report(&records);
    assert!(bench.report(&records) == first, "the same records give the same bytes");
    let first: Value = serde_json::from_slice(&first).unwrap();
    let mut random = StdRng::seed_from_u64(seed);
    let (mut wrong, mut missing) = (Vec::new(), 0);
    for recipe in slice(RECIPES.iter().collect(), DRAWN) {
        // A small company need not have a record of every kind.
        let Some(place) = drawn(recipe, &records, &said, &mut random) else {
            missing += 1;
            continue;
        };
        let mutated = records.mutated(&place, recipe.change);
        let report = serde_json::from_slice(&bench.report(&mutated)).unwrap();
        wrong.extend(fault(recipe, &first, &report).map(|fault| format!("{} {place:?}: {fault}", recipe.name)));
    }
    assert!(wrong.is_empty(), "seed {seed}\n{}", wrong.join("\n"));
    assert!(missing <= DRAWN / 5, "seed {seed}: {missing} recipes found no record");
}

#[test]
fn a_copy_of_a_record_says_nothing_more() {
    let (_, telemetry) = company();
    let records = Records::of(&telemetry.files());
    let bench = Bench::of(&telemetry);
    let first: Value = serde_json::from_slice(&bench.report(&records)).unwrap();
    let twice: Value = serde_json::from_slice(&bench.report(&records.twice())).unwrap();
    assert_ne!(first["input"]["content"], twice["input"]["content"]);
    assert_eq!(beyond_input(&first), beyond_input(&twice));
}

/// Generates a small company, some of whose invocations fail, and returns its seed.
fn company() -> (u64, Telemetry) {
    let seed = seeds(&[], 1)[0];
    let scenario = Scenario {
        minutes: 60,
        scale: 30,
        ..Scenario::new(seed)
    };
    let failing = Injection {
        fault: Fault::ErrorRate,
        side: Side::Above,
    };
    (seed, generate(&scenario.with(failing)))
}

/// Returns how a report contradicts the recipe.
fn fault(recipe: &Recipe, first: &Value, mutated: &Value) -> Option<String> {
    if first == mutated {
        return Some("nothing differs".to_owned());
    }
    if first["input"]["content"] == mutated["input"]["content"] {
        return Some("the content of the input does not differ".to_owned());
    }
    match recipe.shows {
        // Which number a statement decides depends on what else is said of the invocation; that one is decided does not.
        Shows::At(pointer) if beyond_input(first) == beyond_input(mutated) => {
            Some(format!("nothing beyond the input differs, although {pointer} may"))
        }
        _ => None,
    }
}

fn beyond_input(report: &Value) -> Value {
    let mut report = report.clone();
    report.as_object_mut().unwrap().remove("input");
    report
}
