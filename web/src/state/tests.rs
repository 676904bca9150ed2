use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_795_099_920_000_000_000; // 2026-11-19T14:52:00Z

fn clean(query: &str) -> State {
    let (state, errors) = State::parse(query);
    assert_eq!(errors, [], "{query}");
    state
}

#[test]
fn without_a_range_it_is_the_last_hour() {
    let window = clean("").window(NOW).unwrap();
    assert_eq!(
        window,
        Window {
            start: NOW - 3_600_000_000_000,
            end: NOW
        }
    );
    assert_eq!(clean("").query(), "");
}

#[test]
fn ranges_are_absolute_relative_or_mixed() {
    let window = clean("from=2026-11-19T13:52Z&to=now-30m").window(NOW).unwrap();
    assert_eq!(window.length(), 30 * 60 * 1_000_000_000);
    assert_eq!(clean("from=now-1d-6h").from, Moment::ago(108_000));
}

#[test]
fn local_times_mean_the_zone_of_the_address() {
    let state = clean("from=2026-11-19T14:52&tz=Europe/Berlin&to=2026-11-19T15:52");
    assert_eq!(state.window(NOW).unwrap().start, NOW - 3_600_000_000_000);
    // 02:30 does not exist on the night the clocks go forward.
    assert_eq!(
        clean("from=2026-03-29T02:30&tz=Europe/Berlin").from,
        clean("from=2026-03-29T01:30Z").from
    );
}

#[test]
fn slips_are_said_in_words_and_the_rest_is_kept() {
    let (state, errors) = State::parse("from=yesterday&tz=Mars/Olympus&refresh=5s&fn=checkout&nonsense=1");
    assert_eq!(state.filters.function, "checkout");
    let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "`tz=Mars/Olympus` is no time zone: write a name such as Europe/Berlin or UTC",
            "`from=yesterday` is no time: write 2026-11-19T14:20, 2026-11-19T14:20Z, now, or now-1h (s, m, h, d, w)",
            "`refresh=5s` is not offered: choose one of off, 10s, 30s, 1m",
        ]
    );
    assert_eq!(clean("from=now&to=now-1h").window(NOW), Err(StateError::Backwards));
}

#[test]
fn addresses_say_only_what_is_not_standard() {
    let state = clean("from=now-24h&to=now&env=prod&fn=a%26b&theme=dark");
    assert_eq!(state.query(), "?from=now-24h&to=now&theme=dark&env=prod&fn=a%26b");
    assert_eq!(state.filtered("env", "").unfiltered().filters, Filters::default());
}

#[test]
fn zooming_out_does_not_reach_into_the_future() {
    let window = Window {
        start: NOW - 100,
        end: NOW,
    };
    assert_eq!(
        window.zoomed_out(NOW),
        Window {
            start: NOW - 200,
            end: NOW
        }
    );
    assert_eq!(
        window.shifted(-1),
        Window {
            start: NOW - 150,
            end: NOW - 50
        }
    );
    assert_eq!(
        window.before(),
        Window {
            start: NOW - 200,
            end: NOW - 100
        }
    );
}

proptest! {
    #[test]
    fn any_query_gives_a_page_and_what_is_written_is_read_again(query in ".{0,200}") {
        let (state, _) = State::parse(&query);
        let written = state.query();
        let (again, errors) = State::parse(written.trim_start_matches('?'));
        prop_assert!(errors.is_empty(), "{errors:?}");
        prop_assert_eq!(again, state);
    }

    #[test]
    fn ranges_survive_being_written(from in any::<i64>(), seconds in -4_000_000_000_i64..4_000_000_000, filter in "[^\u{0}]{0,40}") {
        let state = State { from: Moment::absolute(from), to: Moment::ago(seconds), ..State::default() }
            .filtered("fn", filter.trim());
        let (again, errors) = State::parse(state.query().trim_start_matches('?'));
        prop_assert!(errors.is_empty(), "{errors:?}");
        prop_assert_eq!(again, state);
    }

    #[test]
    fn moments_near_the_ends_of_time_do_not_overflow(now in any::<i64>(), seconds in any::<i64>()) {
        let state = State { from: Moment::ago(seconds), ..State::default() };
        if let Ok(window) = state.window(now) {
            prop_assert!(window.zoomed_out(now).start <= window.start);
        }
    }
}
