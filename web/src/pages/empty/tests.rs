use crate::answers::Emptiness;
use crate::gallery::{NOW, Scene, ask, words};

#[tokio::test]
async fn each_kind_of_nothing_says_which_it_is_and_what_helps() {
    let never = words(Scene::Empty(Emptiness::NeverSent), "/").await;
    assert!(
        never.contains("Nothing has arrived yet") && never.contains("OTEL_EXPORTER_OTLP_ENDPOINT="),
        "{never}"
    );
    assert!(never.contains("What is broken, since when"), "{never}");

    let (_, range) = ask(
        Scene::Empty(Emptiness::NotInRange {
            newest_unix_nano: NOW - 3 * 86_400_000_000_000,
        }),
        "/functions",
    )
    .await;
    assert!(range.contains("Nothing between 13:52 and 14:52"));
    assert!(
        range.contains("/functions?from=2026-11-16T13%3A53%3A00Z&#38;to=")
            || range.contains("/functions?from=2026-11-16T13%3A53%3A00Z&amp;to="),
        "{range}"
    );

    let filtered = Scene::Empty(Emptiness::FilteredAway {
        filter: "region",
        without_count: 8_214,
    });
    let filtered = words(filtered, "/functions?region=us-east-1").await;
    assert!(
        filtered.contains(
            "Without region us-east-1 there are 8,214 invocations. Remove region us-east-1 Remove all filters"
        ),
        "{filtered}"
    );

    let few = words(
        Scene::Empty(Emptiness::TooFew {
            count: 212,
            needed_count: 1_000,
        }),
        "/",
    )
    .await;
    assert!(few.contains("n = 212; this needs 1,000."), "{few}");
}
