use crate::gallery::{Scene, ask, words};

#[tokio::test]
async fn a_finding_shows_runbook_evidence_and_the_lines_that_mute_it() {
    let words = words(Scene::Incident, "/findings/retry-81c0").await;
    for part in [
        "Critical since 14:20:41, 31 min confidence high",
        "Estimated cost 9.39 USD at list prices; 312 not priced",
        "2 Contain Pause the mapping from queue orders to checkout. aws lambda update-event-source-mapping",
        "97.9 % of attempts",
        "14:25–14:30 no data 7,691",
        "Judged on n = 110,901",
        "To mute this finding, add to pennyspan.toml: [[suppress]]",
    ] {
        assert!(words.contains(part), "`{part}` is missing in: {words}");
    }
}

#[tokio::test]
async fn runbooks_run_nothing() {
    let (_, markup) = ask(Scene::Incident, "/findings/x").await;
    assert!(markup.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(markup.contains("<a href=\"#main\">evil</a>"));
}
