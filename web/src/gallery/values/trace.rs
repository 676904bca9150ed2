//! One trace.

use super::*;

impl Fixed {
    pub(in crate::gallery) fn spans(&self) -> Vec<Span> {
        let ms = 1_000_000;
        let span = |id: u64,
                    depth: u16,
                    service: (&str, usize),
                    name: &str,
                    from: i64,
                    length: i64,
                    fate: SpanFate,
                    note: &str| Span {
            span_id: format!("{id:016x}"),
            depth,
            service: self.name(service.0),
            service_index: service.1,
            name: self.name(name),
            start_unix_nano: START + from * ms,
            end_unix_nano: START + (from + length) * ms,
            self_us: length * 1_000 / 2,
            critical: vec![(START + from * ms, START + (from + length / 2) * ms)],
            fate,
            note: note.into(),
            folded_count: if name.contains("24") { 24 } else { 1 },
        };
        let (front, check, fraud) = (("storefront", 1), ("checkout", 0), ("fraud-score", 2));
        vec![
            span(
                1,
                0,
                front,
                "POST /orders",
                0,
                142,
                SpanFate::Well,
                "202, order accepted",
            ),
            span(2, 1, front, "orders send", 98, 23, SpanFate::Well, ""),
            span(
                3,
                0,
                ("", 0),
                "waits in queue orders",
                121,
                2_235,
                SpanFate::Waiting,
                "linked, no parent",
            ),
            span(
                4,
                0,
                check,
                "cold start, init",
                2_356,
                412,
                SpanFate::Starting,
                "cold start 412 ms",
            ),
            span(
                5,
                0,
                check,
                "orders process, batch of 4",
                2_768,
                8_424,
                SpanFate::Failed,
                "",
            ),
            span(
                6,
                1,
                check,
                "secrets get payments/key",
                2_775,
                14,
                SpanFate::Orphan,
                "parent never arrived",
            ),
            span(7, 1, fraud, "score", 2_806, 303, SpanFate::Well, ""),
            span(
                8,
                1,
                check,
                "24 × GetItem prices",
                3_125,
                226,
                SpanFate::Well,
                "one after the other, 9 ms each",
            ),
            span(
                9,
                2,
                check,
                "payments-v2.internal, try 3",
                8_680,
                2_500,
                SpanFate::Failed,
                "ETIMEDOUT",
            ),
        ]
    }

    pub(in crate::gallery) fn trace(&self, trace_id: &str, view: &TraceView) -> TraceAnswer {
        let part = |name: &str, ms: i64, kind| TimePart {
            name: self.name(name),
            us: ms * 1_000,
            kind,
        };
        let detail = |id: &String| SpanDetail {
            span_id: id.clone(),
            name: self.name("POST payments-v2.internal"),
            error: self.name("connect ETIMEDOUT 10.40.3.17:443"),
            facts: vec![
                ("Lasts".into(), Some("2,500 ms".into())),
                ("server.address".into(), Some(self.name("payments-v2.internal"))),
                ("http.response.status_code".into(), None),
            ],
            links: vec![TraceLink {
                words: "orders send in storefront, 2.24 s earlier".into(),
                trace_id: trace_id.into(),
                span_id: "0000000000000002".into(),
            }],
            function: Some(FunctionId {
                provider: "aws".into(),
                function: self.name("checkout"),
                ..FunctionId::default()
            }),
        };
        TraceAnswer {
            trace_id: trace_id.into(),
            sentence: self.name("This order failed: payments-v2.internal did not answer for 7.5 of 11.2 seconds"),
            start_unix_nano: START,
            end_unix_nano: START + 11_192_000_000,
            spans_count: 39,
            functions_count: 4,
            cold_count: 1,
            orphans_count: 1,
            spans: self.spans(),
            first_row: view.first_row,
            rows_count: 17,
            page_rows: 9,
            parts: vec![
                part("payments-v2.internal, three tries", 7_500, PartKind::Harm),
                part("queue orders", 2_235, PartKind::Waiting),
                part("checkout cold start", 412, PartKind::Starting),
                part("fraud-score", 331, PartKind::Series(3)),
                part("the rest of checkout", 714, PartKind::Series(0)),
            ],
            cost: TraceCost {
                lines: vec![
                    (
                        self.name("checkout, 8,836 ms with init, failed"),
                        Usd(118_010_000_000_000),
                    ),
                    ("fraud-score".into(), Usd(26_390_000_000_000)),
                ],
                total: Amount {
                    usd: Usd(144_400_000_000_000),
                    priced: 4,
                    not_priced: 1,
                },
                price_book: "1 Nov 2026".into(),
            },
            span: view.span_id.as_ref().map(detail),
            links: vec![TraceLink {
                words: "next attempt, 38 s later".into(),
                trace_id: "77d1a0c477d1a0c477d1a0c477d1a0c4".into(),
                span_id: String::new(),
            }],
            logs: vec![
                LogLine {
                    at_unix_nano: START,
                    level: "info".into(),
                    body: "order 88-40617 accepted".into(),
                },
                LogLine {
                    at_unix_nano: START + 5_000_000_000,
                    level: "error".into(),
                    body: self.name("charge try 1 of 3: connect ETIMEDOUT"),
                },
            ],
            skew: "clocks corrected by 12 ms".into(),
        }
    }
}
