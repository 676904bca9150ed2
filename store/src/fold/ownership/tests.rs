use crate::fold::tests::{Given, call, invocation_span, report, span_fact, start};

type Fact = pennyspan_schema::tables::invocation_facts::Row<'static>;
type Span = pennyspan_schema::tables::spans::Row<'static>;

/// Returns what an invocation span of trace 1 states.
fn traced(span: u8, fact: &Fact) -> Fact {
    Fact {
        trace_id: Some([1; 16]),
        span_id: Some([span; 8]),
        function: Some("checkout"),
        ..*fact
    }
}

fn inner(span: u8, parent: u8, at_ms: i64) -> Span {
    Span {
        kind: 1,
        dependency_kind: None,
        dependency: None,
        ..call(span, parent, at_ms, 1)
    }
}

/// Returns the owners' ids and calls, and the number of orphans.
fn owners(given: &Given) -> (Vec<(String, i64)>, u64) {
    (
        given.each_call(|row| (row.invocation_id.to_owned(), row.call_count)),
        given.fold().orphan_span_count,
    )
}

fn one(id: &str, calls: i64) -> Vec<(String, i64)> {
    vec![(id.to_owned(), calls)]
}

#[test]
fn a_call_belongs_to_its_nearest_ancestor_invocation() {
    let facts = [
        traced(1, &span_fact("outer", 0, 100)),
        traced(2, &span_fact("inner", 10, 50)),
    ];
    let nested = Span {
        parent_span_id: Some([1; 8]),
        ..invocation_span(2, 10, 50)
    };
    let spans = [
        invocation_span(1, 0, 100),
        nested,
        inner(3, 2, 11),
        call(4, 3, 12, 1),
        call(5, 1, 13, 1),
        call(6, 1, 14, 1),
    ];
    let given = Given::facts(facts).spans(spans);
    assert_eq!(
        owners(&given),
        (vec![("outer".to_owned(), 2), ("inner".to_owned(), 1)], 0)
    );
}

#[test]
fn ancestry_ends_where_the_resource_does() {
    let facts = [traced(1, &span_fact("r", 0, 100))];
    let elsewhere = Span {
        function: Some("other"),
        ..inner(2, 1, 5)
    };
    let within = |span| Span {
        function: Some("other"),
        ..span
    };
    let given = Given::facts(facts).spans([invocation_span(1, 0, 100), elsewhere, within(call(3, 2, 6, 1))]);
    assert_eq!(owners(&given), (vec![], 2));
    let remote = Span {
        flags: Some(0x301),
        ..call(4, 1, 200, 1)
    };
    let given = Given::facts(facts).spans([invocation_span(1, 0, 100), remote]);
    assert_eq!(
        owners(&given),
        (vec![], 1),
        "a remote parent is another process, and the attempt is over"
    );
}

#[test]
fn without_ancestors_the_only_attempt_at_that_time_owns_it() {
    let lost = |at| call(3, 9, at, 1);
    let timed_out = [traced(1, &start("a", 0)), traced(1, &report("a", 100, 100))];
    assert_eq!(owners(&Given::facts(timed_out).spans([lost(100)])), (one("a", 1), 0));
    assert_eq!(owners(&Given::facts(timed_out).spans([lost(101)])), (vec![], 1));
    assert_eq!(owners(&Given::facts(timed_out).spans([lost(-1)])), (vec![], 1));
    let open = [traced(1, &start("a", 0))];
    assert_eq!(
        owners(&Given::facts(open).spans([lost(900_000)])),
        (one("a", 1), 0),
        "an attempt without end may still run"
    );
}

#[test]
fn two_attempts_at_that_time_own_nothing() {
    let both = [traced(1, &report("a", 100, 100)), traced(2, &report("b", 150, 100))];
    let at = |at| owners(&Given::facts(both).spans([call(3, 9, at, 1)]));
    assert_eq!(at(70), (vec![], 1));
    assert_eq!(at(10), (one("a", 1), 0));
    assert_eq!(at(120), (one("b", 1), 0));
    let other = Fact {
        function: Some("other"),
        ..traced(2, &report("b", 150, 100))
    };
    assert_eq!(
        owners(&Given::facts([both[0], other]).spans([call(3, 9, 70, 1)])),
        (one("a", 1), 0)
    );
}

#[test]
fn another_trace_or_a_nameless_resource_is_not_guessed() {
    let facts = [traced(1, &report("a", 100, 100))];
    let foreign = Span {
        trace_id: [2; 16],
        ..call(3, 9, 50, 1)
    };
    assert_eq!(owners(&Given::facts(facts).spans([foreign])), (vec![], 1));
    let nameless = Span {
        function: None,
        ..call(3, 9, 50, 1)
    };
    assert_eq!(
        owners(&Given::facts(facts).spans([nameless])),
        (vec![], 0),
        "only spans of functions are orphans"
    );
}

#[test]
fn spans_that_are_each_others_parents_end() {
    let facts = [traced(1, &span_fact("r", 0, 100))];
    let given = Given::facts(facts).spans([
        call(3, 4, 500, 1),
        call(4, 3, 500, 1),
        call(5, 5, 500, 1),
        call(6, 3, 500, 1),
    ]);
    assert_eq!(owners(&given), (vec![], 4));
}

#[test]
fn a_deep_chain_is_walked_once() {
    let facts = [traced(1, &span_fact("r", 0, 60_000))];
    let id = |number: u64| number.to_be_bytes();
    let chain = (2..30_000_u64).map(|number| Span {
        span_id: id(number),
        parent_span_id: Some(id(number + 1)),
        ..call(1, 1, 1, 1)
    });
    let root = Span {
        span_id: id(30_000),
        parent_span_id: Some([1; 8]),
        ..call(1, 1, 1, 1)
    };
    let given = Given::facts(facts).spans(chain.chain([root, invocation_span(1, 0, 60_000)]));
    assert_eq!(owners(&given), (one("r", 29_999), 0));
}

#[test]
fn equal_spans_count_once_and_the_ended_one_stands() {
    let facts = [traced(1, &span_fact("r", 0, 100))];
    let whole = call(3, 1, 10, 20);
    let open = Span {
        end_unix_nano: None,
        duration_us: None,
        received_unix_nano: Some(1),
        ..whole
    };
    for spans in [[whole, open, whole], [open, whole, open]] {
        let given = Given::facts(facts).spans(spans.into_iter().chain([invocation_span(1, 0, 100)]));
        assert_eq!(
            given.each_call(|row| (row.call_count, row.total_us, row.without_duration_count)),
            [(1, 20_000, 0)]
        );
    }
    let server = Span { kind: 2, ..whole };
    let given = Given::facts(facts).spans([whole, server, invocation_span(1, 0, 100)]);
    assert_eq!(
        given.each_call(|row| row.call_count),
        [1],
        "the other side of a call is another span"
    );
}
