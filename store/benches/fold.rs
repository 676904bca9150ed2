//! Prints how many facts one core folds in a second.
//!
//! `cargo bench -p pennyspan-store --bench fold -- [invocations]`: each invocation has a START, a REPORT and every second one a
//! delivery line; one in ten is traced with an invocation span and nine calls; one in a hundred is tried again.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use arrow::array::RecordBatch;
use pennyspan_schema::tables::{invocation_facts, spans};
use pennyspan_store::fold::{FoldInput, fold_all};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DAY_START: i64 = 1_772_323_200_000_000_000;
const DAY_MICROS: i64 = 86_400_000_000;
const BATCH_ROWS: usize = 65_536;

fn main() {
    let invocations = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(50_000);
    let mut load = Load::default();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..invocations {
        load.invocation(&mut random);
    }
    let (facts, spans) = load.finish();
    let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
    let began = (Instant::now(), cpu_nanos());
    let folded = fold_all(&FoldInput {
        facts: &facts,
        spans: &spans,
    })
    .expect("the benchmark's own rows are those of the tables");
    let wall = began.0.elapsed();
    let busy = cpu_nanos()
        .zip(began.1)
        .map_or(wall.as_nanos(), |(after, before)| u128::from(after - before));
    let per_second = |rows: usize| (rows as u128 * 1_000_000_000) / busy.max(1);
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("build                     {build}");
    println!("facts                     {}", rows(&facts));
    println!("spans                     {}", rows(&spans));
    println!("attempts                  {}", rows(&folded.invocations));
    println!("rollup rows               {}", rows(&folded.rollup_minute));
    println!("wall time                 {} ms", wall.as_millis());
    println!("core time                 {} ms", busy / 1_000_000);
    println!("facts per core-second     {}", per_second(rows(&facts)));
    println!("all rows per core-second  {}", per_second(rows(&facts) + rows(&spans)));
}

/// Returns how long this thread has run on a core, where the system tells.
fn cpu_nanos() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

#[derive(Default)]
struct Load {
    facts: Batches<invocation_facts::Builder>,
    spans: Batches<spans::Builder>,
}

#[derive(Default)]
struct Batches<B> {
    builder: B,
    done: Vec<RecordBatch>,
}

impl Load {
    fn invocation(&mut self, random: &mut ChaCha8Rng) {
        let id = format!("{:032x}", random.random::<u128>());
        let instance = format!("{:032x}", random.random_range(0..2_000_u128));
        let popular = random.random_range(0..200_u32).min(random.random_range(0..200));
        let function = format!("function-{popular:03}");
        let mut start = DAY_START + random.random_range(0..DAY_MICROS) * 1000;
        let trace = (random.random_range(0..10) == 0).then(|| random.random::<[u8; 16]>());
        for _ in 0..if random.random_range(0..100) == 0 { 2 } else { 1 } {
            let took_us = random.random_range(1_000..900_000);
            self.attempt(&id, &instance, &function, (start, took_us), trace);
            start += 60_000_000_000;
        }
        if random.random() {
            self.fact(&invocation_facts::Row {
                source: "log",
                fact_kind: "delivery",
                fact_unix_nano: start - 59_999_000_000,
                trigger_type: Some("queue"),
                trigger_source: Some("orders"),
                receive_max_count: Some(1),
                enqueued_min_unix_nano: Some(start - 60_100_000_000),
                ..fact(&id)
            });
        }
    }

    fn attempt(
        &mut self,
        id: &str,
        instance: &str,
        function: &str,
        (start, took_us): (i64, i64),
        trace: Option<[u8; 16]>,
    ) {
        let named = invocation_facts::Row {
            function: Some(function),
            region: Some("eu-west-1"),
            instance_id: Some(instance),
            fact_unix_nano: start,
            start_hint_unix_nano: Some(start),
            ..fact(id)
        };
        let end = start + took_us * 1000;
        self.fact(&invocation_facts::Row {
            version: Some("42"),
            ..named
        });
        self.fact(&invocation_facts::Row {
            fact_kind: "report",
            fact_unix_nano: end,
            end_unix_nano: Some(end),
            duration_us: Some(took_us),
            billed_duration_ms: Some(took_us / 1000 + 1),
            memory_size_mib: Some(512),
            max_memory_used_mib: Some(120),
            ..named
        });
        if let Some(trace_id) = trace {
            self.fact(&invocation_facts::Row {
                source: "span",
                fact_kind: "span",
                end_unix_nano: Some(end),
                trace_id: Some(trace_id),
                span_id: Some([1; 8]),
                outcome: Some("ok"),
                ..named
            });
            self.trace(trace_id, function, start, took_us);
        }
    }

    fn trace(&mut self, trace_id: [u8; 16], function: &str, start: i64, took_us: i64) {
        for number in 1..=10_u8 {
            let root = number == 1;
            self.spans.builder.append(&spans::Row {
                trace_id,
                span_id: [number; 8],
                parent_span_id: (!root).then_some([1; 8]),
                kind: if root { 2 } else { 3 },
                start_unix_nano: start,
                end_unix_nano: Some(start + took_us * 1000),
                duration_us: Some(took_us),
                sample_weight_milli: 1000,
                invocation_span: root,
                function: Some(function),
                dependency_kind: (!root).then_some("database"),
                dependency: (!root).then_some("orders"),
                operation: (!root).then_some("GetItem"),
                ..spans::Row::default()
            });
        }
        if self.spans.builder.len() >= BATCH_ROWS {
            self.spans.done.push(self.spans.builder.finish());
        }
    }

    fn fact(&mut self, row: &invocation_facts::Row<'_>) {
        self.facts.builder.append(&invocation_facts::Row {
            content_hash: row.hash(),
            ..*row
        });
        if self.facts.builder.len() >= BATCH_ROWS {
            self.facts.done.push(self.facts.builder.finish());
        }
    }

    fn finish(mut self) -> (Vec<RecordBatch>, Vec<RecordBatch>) {
        self.facts.done.push(self.facts.builder.finish());
        self.spans.done.push(self.spans.builder.finish());
        (self.facts.done, self.spans.done)
    }
}

fn fact(id: &str) -> invocation_facts::Row<'_> {
    invocation_facts::Row {
        provider: "aws",
        invocation_id: id,
        source: "platform",
        fact_kind: "start",
        sample_weight_milli: 1000,
        ..invocation_facts::Row::default()
    }
}
