use super::Sort;
use crate::gallery::{Scene, words};

#[tokio::test]
async fn functions_stand_by_service_with_sums_and_words_for_what_is_missing() {
    let words = words(Scene::Incident, "/functions").await;
    assert!(
        words.contains("orders 3 functions, 24.09 USD, 936 not priced checkout 98.2 397"),
        "{words}"
    );
    assert!(words.contains("nightly-rollup no data no data no data"), "{words}");
    assert!(words.contains("4 functions 32.12 1,248 not priced"), "{words}");
}

#[tokio::test]
async fn a_head_sorts_and_unknown_comes_last() {
    let by_name = words(Scene::Incident, "/functions?sort=name").await;
    let (checkout, fraud) = (
        by_name.find("checkout 98.2").unwrap(),
        by_name.find("fraud-score").unwrap(),
    );
    assert!(checkout < fraud && fraud < by_name.find("thumb-make").unwrap());
    assert_eq!(Sort::parse("nonsense"), Sort::Errors);
}
