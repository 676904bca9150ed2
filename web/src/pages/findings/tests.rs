use crate::gallery::{Scene, words};

#[tokio::test]
async fn findings_stand_by_severity_and_muted_ones_apart() {
    let words = words(Scene::Incident, "/findings").await;
    assert!(
        words.contains("3 findings are open, 2 of them critical or high 14 of 16 rules can judge on what arrives"),
        "{words}"
    );
    let (medium, muted) = (
        words.find("Medium 1 finding").unwrap(),
        words.find("Muted 1 finding").unwrap(),
    );
    assert!(medium < muted);
    assert!(words.contains("muted known until 31 Dec"));
    assert!(words.contains("trigger-lag no event names its time of arrival"));
}
