use crate::gallery::{Scene, words};

#[tokio::test]
async fn the_first_line_is_the_verdict_and_what_to_do() {
    let words = words(Scene::Incident, "/").await;
    let order = [
        "Critical Open for 31 min, since 14:20:41 2 findings, one cause",
        "checkout fails 98 % of its attempts since v42 went live at 14:20",
        "Do first Send checkout back to version 41 aws lambda update-alias",
        "Undo aws lambda update-alias",
        "Why, with high confidence",
        "Error rate 6.2 % × 17 was 0.37 %",
        "How it unfolded: attempts of checkout",
        "14:20 v42 goes live",
        "Findings evaluated 14:51:40 over 18 Nov 14:52 – 19 Nov 14:52",
        "checkout errors 38 s after v42 0.20 % 98.0 % × 490",
        "ConnectTimeoutError: connect ETIMEDOUT payments-v2.internal:443 checkout v42 22,951 14:21:00 14:51:00 5f3c0a91",
        "checkout 98.2 0.20 397 ~8.92 s 8.03 312 not priced",
    ];
    let mut from = 0;
    for part in order {
        let at = words[from..].find(part);
        assert!(
            at.is_some(),
            "`{part}` is missing or out of order in: {}",
            &words[from..]
        );
        from += at.unwrap_or(0);
    }
}

#[tokio::test]
async fn calm_is_a_sentence_too() {
    let words = words(Scene::Calm, "/").await;
    assert!(
        words.contains("No incident 17 functions No incident since 09:12. 2 open findings, 127 USD a month."),
        "{words}"
    );
    assert!(words.contains("When you have time Give thumb-make 1,024 MiB"));
    assert!(words.contains("Nothing moved much."));
}

#[tokio::test]
async fn unknown_is_never_shown_as_zero() {
    let words = words(Scene::Unknown, "/").await;
    assert!(words.contains("Error rate unknown was 0.37 % no data"), "{words}");
    assert!(
        words.contains("checkout unknown unknown unknown unknown not priced no data"),
        "{words}"
    );
}
