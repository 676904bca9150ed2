//! The published schema and the report agree.

use super::broken::broken;
use super::*;

#[tokio::test]
async fn reports_follow_the_published_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut sampled = ten();
    sampled.attempt(&pennyspan_schema::tables::invocations::Row {
        architecture: None,
        instance_id: None,
        cold_start_reported: None,
        sample_weight_milli: 4_000,
        ..attempt("z", 1)
    });
    sampled.attempt(&pennyspan_schema::tables::invocations::Row {
        region: None,
        ..attempt("y", 2)
    });
    for world in [ten(), sampled, World::default()] {
        let report = report_of(&world, Span::Whole, &asked(), judgement()).await;
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(broken(&schema, &schema, &value, "report"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_schema_refuses_what_is_no_report() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let report = serde_json::to_value(report_of(&ten(), Span::Whole, &asked(), judgement()).await).unwrap();
    for (path, wrong) in [
        ("/totals/cost_usd", json!(0.5)),
        ("/totals/attempts", json!("10")),
        ("/functions/0/duration_ms/p50", json!("1")),
        ("/findings/0/severity", json!("fatal")),
        ("/gate/exit_code", json!(null)),
    ] {
        let mut changed = report.clone();
        *changed.pointer_mut(path).unwrap() = wrong;
        assert_eq!(broken(&schema, &schema, &changed, "report").len(), 1, "{path}");
    }
    let mut added = report.clone();
    added["totals"]["surprise"] = json!(1);
    assert_eq!(
        broken(&schema, &schema, &added, "report"),
        ["report.totals: `surprise` is not in the schema"]
    );
}
