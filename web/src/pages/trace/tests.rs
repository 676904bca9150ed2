use crate::gallery::{Scene, ask, words};

const TRACE: &str = "/traces/5f3c0a91d2b84e7c9a10e6b3c4d7f821";

#[tokio::test]
async fn parts_add_up_and_amounts_say_what_they_leave_out() {
    let words = words(Scene::Incident, TRACE).await;
    assert!(
        words.contains("From first span to last 11,192 ms 100&nbsp;%")
            || words.contains("From first span to last 11,192 ms 100 %"),
        "{words}"
    );
    assert!(words.contains("This trace, 1 not priced 144.40"), "{words}");
    assert!(
        words.contains(
            "11.2 s end to end 39 spans in 4 functions 1 cold start on the path 1 orphan clocks corrected by 12 ms"
        ),
        "{words}"
    );
    assert!(words.contains("⇢ waits in queue orders 2.24 s"), "{words}");
}

#[tokio::test]
async fn a_span_can_be_chosen_and_rows_paged() {
    let (_, markup) = ask(Scene::Incident, &format!("{TRACE}?span=0000000000000009&row=9")).await;
    assert_eq!(markup.matches("class=\"is-sel\"").count(), 1);
    assert!(markup.contains("Rows before") && markup.contains("id=\"panel\""));
    let (_, plain) = ask(Scene::Incident, TRACE).await;
    assert!(!plain.contains("id=\"panel\"") && plain.contains("more</a>"));
}
