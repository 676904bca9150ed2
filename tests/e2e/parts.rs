//! What parts of the attempts cost, by version, tenant and trace, and what the bill view makes of the whole, equals the truth.

use std::collections::BTreeMap;

use pennyspan_analyzer::analysis::cost::{CostTally, Payers, bill, cost, cost_of_traces};
use pennyspan_analyzer::analysis::{Scope, part, tally};
use pennyspan_fixtures::{PartTruth, Scenario, generate};
use pennyspan_rules::price::{Allowances, Amount};
use serde_json::json;

use crate::company::{Company, seeds, slice};
use crate::findings::opened;

/// Decimal places of a printed amount.
const PLACES: u32 = 18;

#[tokio::test]
async fn versions_tenants_and_traces_cost_what_they_truly_cost() {
    for seed in slice(seeds(&[4, 5], 1), 1) {
        let telemetry = generate(&Scenario::new(seed));
        let truth = &telemetry.truth;
        let (session, question) = opened(&telemetry).await;
        let traces = cost_of_traces(&session, &question).await.unwrap();
        let traces = traces.iter().map(|(trace, cost)| (trace.clone(), cost.amount.clone()));
        assert_eq!(printed(traces), parts(&truth.traces), "seed {seed}: traces");
        let mut tenants: BTreeMap<Option<String>, Amount> = BTreeMap::new();
        for (group, cost) in cost(&session, &question, part::tenant).await.unwrap() {
            *tenants.entry(group.part).or_insert_with(Amount::zero) += cost.amount;
        }
        assert_eq!(printed(tenants), parts(&truth.tenants), "seed {seed}: tenants");
        let versions = cost(&session, &question, part::version).await.unwrap();
        let versions = versions
            .into_iter()
            .map(|(group, cost)| ((group.scope.function, group.part), cost.amount));
        let expected = truth.functions.iter().flat_map(|row| {
            let of = |version: &pennyspan_fixtures::VersionTruth| {
                let named = (Some(row.function.clone()), Some(version.version.to_owned()));
                (named, version.cost_usd.clone())
            };
            row.versions.iter().map(of)
        });
        assert_eq!(printed(versions), expected.collect(), "seed {seed}: versions");
    }
}

/// A small company's requests and seconds lie within the free tier; what no allowance covers is paid at the list price.
#[tokio::test]
async fn the_bill_takes_allowances_off_the_list_amount() {
    let telemetry = generate(&Scenario::new(seeds(&[], 1)[0]));
    let (session, question) = opened(&telemetry).await;
    let groups = tally::<CostTally>(&session, &question, part::none).await.unwrap();
    let groups: BTreeMap<Scope, CostTally> = groups.into_iter().map(|(group, sums)| (group.scope, sums)).collect();
    let billed = |allowances| bill(&groups, &Payers::new(), allowances, &session.books()).exact;
    let truth = &telemetry.truth.cost;
    assert_eq!(print(&billed(Allowances::Ignored)), truth.bill.exact_usd);
    let covered = ["requests", "duration-x86", "duration-arm64"];
    let paid = truth.line_items.iter().filter(|item| !covered.contains(&item.item));
    let paid: i128 = paid.map(|item| atto(&item.cost_usd)).sum();
    assert!(paid > 0, "provisioned and restored environments are paid for");
    let difference = atto(&print(&billed(Allowances::Applied))) - paid;
    assert!(difference.abs() <= 1, "two lines, each printed by itself: {difference}");
}

#[test]
fn a_report_can_be_asked_for_one_tenant() {
    let company = Company::of(&Scenario {
        scale: 30,
        ..Scenario::new(6)
    });
    let named = |tenant: &&PartTruth| tenant.part.is_some();
    let tenants = company.telemetry.truth.tenants.iter().filter(named).collect();
    for tenant in slice(tenants, 1) {
        let report = company.report(&["--tenant", tenant.part.as_deref().unwrap()]);
        assert_eq!(report["totals"]["attempts"], json!(tenant.attempts), "{tenant:?}");
        assert_eq!(report["totals"]["cost_usd"], json!(tenant.cost_usd), "{tenant:?}");
    }
}

fn printed<K: Ord>(amounts: impl IntoIterator<Item = (K, Amount)>) -> BTreeMap<K, String> {
    amounts.into_iter().map(|(key, amount)| (key, print(&amount))).collect()
}

fn parts(truth: &[PartTruth]) -> BTreeMap<Option<String>, String> {
    truth
        .iter()
        .map(|part| (part.part.clone(), part.cost_usd.clone()))
        .collect()
}

fn print(amount: &Amount) -> String {
    amount.rounded(PLACES).to_string()
}

/// Reads a printed amount in 10^-18 dollars.
fn atto(usd: &str) -> i128 {
    let (whole, fraction) = usd.split_once('.').unwrap_or((usd, ""));
    format!("{whole}{fraction:0<18}").parse().unwrap()
}
