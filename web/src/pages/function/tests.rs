use crate::gallery::{Scene, words};

const FUNCTION: &str = "/functions/aws/123456789012/eu-central-1/checkout";

#[tokio::test]
async fn the_overview_claims_what_is_seen() {
    let words = words(Scene::Incident, FUNCTION).await;
    assert!(
        words.contains("AWS, 123456789012, eu-central-1 nodejs22.x arm64 1,024 MiB version 42, deployed 14:20:00"),
        "{words}"
    );
    assert!(
        words.contains("since 14:22, 0 % before") || words.contains("Error rate: about"),
        "{words}"
    );
    assert!(words.contains("Dead-letter queue none Tracing unknown"));
    assert!(
        words.contains("42 14:20:00 23,798 98.2 ~640 ~8,920 0.67 0.12 worse p < 0.001")
            || words.contains("worse p &lt; 0.001"),
        "{words}"
    );
}

#[tokio::test]
async fn cold_starts_count_what_is_not_known() {
    let words = words(Scene::Incident, &format!("{FUNCTION}?tab=cold")).await;
    assert!(
        words.contains("Cold starts 0.74 % 173 of 23,486 invocations; not known of 312 invocations"),
        "{words}"
    );
    assert!(words.contains("on-demand 170 98.3 % ~640 ~8,920"), "{words}");
}

#[tokio::test]
async fn cost_says_what_it_leaves_out() {
    let words = words(Scene::Incident, &format!("{FUNCTION}?tab=cost")).await;
    assert!(words.contains("This window 8.03 USD 312 not priced"), "{words}");
    assert!(words.contains("retry 7.41 92.3 % attempts after the first"), "{words}");
    assert!(words.contains("Total, 312 not priced 8.03"), "{words}");
    let unknown = self::words(Scene::Unknown, &format!("{FUNCTION}?tab=cost")).await;
    assert!(unknown.contains("This window not priced 31 not priced"), "{unknown}");
}
