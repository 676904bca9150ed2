use crate::gallery::{Scene, words};

#[tokio::test]
async fn what_came_in_is_said_by_source_and_reason() {
    let words = words(Scene::Incident, "/ingest").await;
    for said in [
        "2,360,622 items were accepted, and 30 rejected",
        "14 requests are duplicates",
        "Each was counted once",
        "an id is no hex, has another length, or is all zero 12",
        "a reason of later 3",
        "requests in flight held all bytes that they may; senders come again 41",
        "Rows written to files not yet",
        "812 ms",
        "rows in memory 9 MiB",
        "invocation facts 14 812 MiB",
        "series of metrics ~1,204",
    ] {
        assert!(words.contains(said), "`{said}` is missing in: {words}");
    }
}
