//! The same rows give the same bytes, in whatever order and in however many parts they are read.

use super::*;

#[tokio::test]
async fn order_and_partitions_do_not_change_a_byte() {
    let mut world = ten();
    world.attempt(&pennyspan_schema::tables::invocations::Row {
        outcome: Some("error"),
        ..attempt("a", 30)
    });
    world.attempt(&pennyspan_schema::tables::invocations::Row {
        function: Some("other"),
        architecture: None,
        account: Some("1"),
        sample_weight_milli: 2_500,
        ..attempt("z", 42)
    });
    let mut texts = Vec::new();
    for world in [world.clone(), world.reversed()] {
        for partitions in [1, 2, 3] {
            let session = world.session_of(Span::Whole, partitions).await;
            let report = Report::assemble(&session, &world.snapshot(), &asked(), judgement())
                .await
                .unwrap();
            texts.push(json::render(&report).unwrap());
        }
    }
    assert!(texts[0].contains("\"estimated\": true"));
    texts.dedup();
    assert_eq!(texts.len(), 1);
}
