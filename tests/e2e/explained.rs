//! One invocation, explained by the program from files and from a data directory.

use pennyspan_fixtures::{Fault, Injection, Scenario, Side};
use serde_json::Value;

use crate::company::{Company, pennyspan};

#[test]
fn an_invocation_is_explained_from_its_facts_to_its_findings() {
    let company = Company::of(&Scenario::new(5).with(Injection {
        fault: Fault::Oom,
        side: Side::Above,
    }));
    let report = company.report(&[]);
    let finding = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["rule"] == "oom")
        .unwrap();
    let id = finding["exemplars"][0]["invocation_id"].as_str().unwrap();
    let from = company.directory.path().to_str().unwrap();
    let explained = |id: &str, format: &str| pennyspan(&["explain", id, "--from", from, "--format", format]);

    let output = explained(id, "json");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let explanation: Value = serde_json::from_slice(&output.stdout).unwrap();
    let attempt = explanation["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|attempt| attempt["outcome"] == "out_of_memory")
        .unwrap();
    assert_eq!(attempt["function"], finding["function"]);
    let facts = attempt["facts"].as_array().unwrap();
    let fields = attempt["fields"].as_array().unwrap();
    assert!(!facts.is_empty() && fields.len() > 5, "{attempt}");
    for field in fields.iter().filter(|field| !field["fact"].is_null()) {
        let fact = &facts[usize::try_from(field["fact"].as_u64().unwrap()).unwrap() - 1];
        let stated = fact["states"]
            .as_array()
            .unwrap()
            .iter()
            .find(|stated| stated["column"] == field["column"]);
        assert_eq!(stated.unwrap()["value"], field["value"], "{field}");
    }
    let took = explanation["findings"].as_array().unwrap();
    assert!(
        took.iter()
            .any(|took| took["rule"] == "oom" && took["relation"] == "exemplar"),
        "{took:?}"
    );

    let sql = format!(
        "SELECT CAST(cost_usd AS DOUBLE) AS usd FROM invocations WHERE invocation_id = '{id}' AND outcome = 'out_of_memory'"
    );
    let output = pennyspan(&["query", &sql, "--from", from, "--format", "json"]);
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cost: f64 = attempt["price"]["cost_usd"].as_str().unwrap().parse().unwrap();
    assert!((rows[0]["usd"].as_f64().unwrap() - cost).abs() < 1e-15, "{rows} {cost}");

    let text = String::from_utf8(explained(id, "text").stdout).unwrap();
    for words in [
        "facts, the most trusted first",
        "merged (platform > ",
        "price: priced",
        "it shows it",
    ] {
        assert!(text.contains(words), "{words} is missing in {text}");
    }
    let mut slip = id.to_owned();
    let last = slip.pop().unwrap();
    slip.push(if last == '0' { '1' } else { '0' });
    let output = explained(&slip, "text");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(3) && said.contains(id), "{said}");
}
