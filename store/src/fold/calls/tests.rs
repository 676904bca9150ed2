use crate::fold::tests::{Given, call, invocation_span, ms, span_fact};

type Fact = pennyspan_schema::tables::invocation_facts::Row<'static>;
type Span = pennyspan_schema::tables::spans::Row<'static>;

fn given(calls: impl IntoIterator<Item = Span>) -> Given {
    let fact = Fact {
        trace_id: Some([1; 16]),
        span_id: Some([1; 8]),
        function: Some("checkout"),
        account: Some("123"),
        sample_weight_milli: 4_000,
        ..span_fact("r", 0, 1_000)
    };
    Given::facts([fact]).spans([invocation_span(1, 0, 1_000)].into_iter().chain(calls))
}

#[test]
fn calls_are_counted_by_dependency_operation_and_region() {
    let put = Span {
        operation: Some("PutItem"),
        ..call(3, 1, 20, 5)
    };
    let abroad = Span {
        dependency_region: Some("us-east-1"),
        ..call(4, 1, 30, 5)
    };
    let queue = Span {
        kind: 4,
        dependency_kind: Some("queue"),
        ..call(5, 1, 40, 5)
    };
    let server = Span {
        kind: 2,
        ..call(6, 1, 40, 5)
    };
    let counted = given([call(2, 1, 10, 5), put, abroad, queue, server]).each_call(|row| {
        let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
        (
            row.dependency_kind.to_owned(),
            text(row.operation),
            text(row.dependency_region),
            row.call_count,
        )
    });
    let expected = [
        ("database", "GetItem", "-"),
        ("database", "GetItem", "us-east-1"),
        ("database", "PutItem", "-"),
        ("queue", "GetItem", "-"),
    ];
    assert_eq!(
        counted,
        expected.map(|(kind, operation, region)| (kind.to_owned(), operation.to_owned(), region.to_owned(), 1))
    );
}

#[test]
fn a_row_carries_its_attempt() {
    let row = given([call(2, 1, 10, 5)]).each_call(|row| {
        (
            row.invocation_id.to_owned(),
            row.start_unix_nano,
            row.account.map(str::to_owned),
            row.sample_weight_milli,
        )
    });
    assert_eq!(row, [("r".to_owned(), ms(0), Some("123".to_owned()), 4_000)]);
}

#[test]
fn errors_throttles_retries_and_durations_add_up() {
    let failed = Span {
        status_code: 2,
        throttled: true,
        retry_count: Some(3),
        ..call(3, 1, 40, 30)
    };
    let open = Span {
        end_unix_nano: None,
        duration_us: None,
        ..call(4, 1, 90, 0)
    };
    let sums = given([call(2, 1, 10, 5), failed, open]).each_call(|row| {
        let counts = [
            row.call_count,
            row.error_count,
            row.throttled_count,
            row.retry_count,
            row.without_duration_count,
        ];
        (counts, row.total_us, row.max_us, row.duration_hist.weight_milli())
    });
    assert_eq!(sums, [([3, 1, 1, 3, 1], 35_000, Some(30_000), 8_000)]);
    assert_eq!(given([open]).each_call(|row| (row.max_us, row.total_us)), [(None, 0)]);
}

#[test]
fn busy_time_is_the_union_of_the_calls() {
    let calls = [
        call(2, 1, 0, 100),
        call(3, 1, 10, 10),
        call(4, 1, 90, 30),
        call(5, 1, 200, 10),
    ];
    let spans = given(calls).each_call(|row| (row.busy_us, row.total_us, row.first_unix_nano, row.last_unix_nano));
    assert_eq!(spans, [(130_000, 150_000, ms(0), ms(200))]);
}

#[test]
fn a_run_is_of_calls_that_wait_for_each_other() {
    let run = |calls: Vec<Span>| given(calls).each_call(|row| row.sequential_run_count)[0];
    let sequence = |spans: std::ops::Range<u8>| {
        spans
            .map(|span| call(span, 1, i64::from(span) * 10, 10))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(sequence(2..9)), 7);
    assert_eq!(run((2..9).map(|span| call(span, 1, 10, 10)).collect()), 1);
    let mut broken = sequence(2..6);
    broken.push(call(6, 1, 55, 1));
    broken.extend(sequence(7..9));
    assert_eq!(run(broken), 4, "a call that overlaps the one before begins a new run");
}
