use pennyspan_schema::column::Merge;
use proptest::prelude::*;

use super::{Choice, Explained, explain};
use crate::fold::tests::properties::any_fact;
use crate::fold::tests::{Given, record, report, span_fact, start};
use crate::fold::{FoldInput, fold_all};

type Fact = pennyspan_schema::tables::invocation_facts::Row<'static>;

fn explained(facts: impl IntoIterator<Item = Fact>) -> Vec<Explained> {
    explain(&Given::facts(facts).fact_batches(2)).unwrap()
}

fn choice<'a>(explained: &'a Explained, name: &str) -> &'a Choice {
    let found = explained.choices.iter().find(|choice| choice.column.name == name);
    found.unwrap_or_else(|| panic!("{name} has no choice"))
}

#[test]
fn the_platform_wins_over_a_span_and_the_difference_is_a_conflict() {
    let spoken = Fact {
        duration_us: Some(900_000),
        ..span_fact("a", 0, 900)
    };
    let all = explained([spoken, start("a", 0), report("a", 1000, 1000)]);
    assert_eq!(all.len(), 1);
    let (explained, duration) = (&all[0], choice(&all[0], "duration_us"));
    let sources = pennyspan_schema::tables::invocation_facts::Reader::new(&explained.facts).unwrap();
    assert_eq!(duration.given_by.map(|row| sources.fact_kind(row)), Some("report"));
    assert!(duration.conflict && duration.stated_by.len() == 2);
    let handler = choice(explained, "runtime_us");
    assert_eq!(handler.given_by.map(|row| sources.source(row)), Some("span"));
    assert!(!handler.conflict);
}

#[test]
fn what_fold_concludes_is_given_by_no_fact() {
    let all = explained([start("a", 0), report("a", 1000, 1000)]);
    assert_eq!(
        choice(&all[0], "outcome").given_by,
        None,
        "a report without status is ok"
    );
}

#[test]
fn attempts_of_a_key_are_explained_apart_and_in_order() {
    let all = explained([record("a", 700_000, 10), record("a", 0, 10), record("b", 5, 10)]);
    let counts: Vec<_> = all.iter().map(|explained| explained.facts.num_rows()).collect();
    assert_eq!(counts, [1, 1, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Guarantees: what is explained is what fold makes, and every value has the fact that the column's merge names.
    #[test]
    fn every_value_of_an_attempt_is_given_by_the_fact_that_its_merge_names(facts in prop::collection::vec(any_fact(), 1..20)) {
        let given = Given::facts(facts);
        let folded = fold_all(&FoldInput { facts: &given.fact_batches(7), spans: &[] }).unwrap();
        let explained = explain(&given.fact_batches(3)).unwrap();
        prop_assert_eq!(explained.len(), folded.invocations.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>());
        for one in &explained {
            for choice in one.choices.iter().filter(|choice| choice.column.name != "outcome") {
                prop_assert!(choice.given_by.is_some(), "{} comes from nowhere", choice.column.name);
                if choice.column.merge == Merge::First {
                    prop_assert_eq!(choice.given_by, choice.stated_by.first().copied(), "{}", choice.column.name);
                }
            }
        }
    }
}
