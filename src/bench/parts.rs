//! The generated day in parts, made side by side and handed on in order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use pennyspan_collector::decode::{Decoded, Origin, Settings, decode};
use pennyspan_collector::request::{ContentType, Door, RequestKind};
use pennyspan_fixtures::{BenchRow, BenchShape, Request, bench, day_requests};
use pennyspan_schema::Rows;

/// Invocations of one part.
const PART_INVOCATIONS: usize = 2_000;
/// Parts that wait between two steps at most, per worker.
const WAITING: usize = 2;

/// Makes the day's parts with `make`, which runs on every core, and hands them to `take` in their order.
///
/// # Errors
/// The first error of either.
pub fn each<P: Send>(
    seed: u64,
    shape: BenchShape,
    make: impl Fn(Vec<Request>) -> anyhow::Result<P> + Sync,
    mut take: impl FnMut(P) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (rows_in, rows_out) = sync_channel::<(u64, Vec<BenchRow>)>(workers * WAITING);
    let (parts_in, parts_out) = sync_channel(workers * WAITING);
    let rows_out = Mutex::new(rows_out);
    std::thread::scope(|scope| {
        scope.spawn(move || generate(seed, shape, &rows_in));
        for _ in 0..workers {
            let (parts_in, rows_out, make) = (parts_in.clone(), &rows_out, &make);
            scope.spawn(move || {
                while let Some((nth, rows)) = next(rows_out) {
                    let part = make(day_requests(seed, shape, nth, &rows));
                    if parts_in.send((nth, part)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(parts_in);
        let taken = in_order(&parts_out, &mut take);
        // Workers that still make parts end when nobody takes them, and the generator when no worker does.
        drop(parts_out);
        *rows_out.lock().unwrap_or_else(PoisonError::into_inner) = sync_channel(0).1;
        taken
    })
}

fn generate(seed: u64, shape: BenchShape, rows_in: &SyncSender<(u64, Vec<BenchRow>)>) {
    let (mut rows, mut nth) = (bench(seed, shape), 0);
    loop {
        let part: Vec<BenchRow> = rows.by_ref().take(PART_INVOCATIONS).collect();
        if part.is_empty() || rows_in.send((nth, part)).is_err() {
            return;
        }
        nth += 1;
    }
}

fn next(rows_out: &Mutex<Receiver<(u64, Vec<BenchRow>)>>) -> Option<(u64, Vec<BenchRow>)> {
    rows_out.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn in_order<P>(
    parts_out: &Receiver<(u64, anyhow::Result<P>)>,
    take: &mut impl FnMut(P) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut early, mut due) = (BTreeMap::new(), 0);
    for (nth, part) in parts_out {
        early.insert(nth, part);
        while let Some(part) = early.remove(&due) {
            take(part?)?;
            due += 1;
        }
    }
    Ok(())
}

/// Decodes requests as a server and `import` do, one set of rows for each.
///
/// # Errors
/// Where a request is not understood.
pub fn decoded(requests: &[Request], settings: &Settings) -> anyhow::Result<Vec<Rows>> {
    let door = Door::default();
    let origin = Origin {
        door: &door,
        region: None,
        received_at_unix_nano: None,
    };
    let rows = |request: &Request| {
        let (kind, content_type) = match request.path.as_str() {
            "/v1/traces" => (RequestKind::Spans, ContentType::Protobuf),
            "/v1/logs" => (RequestKind::Logs, ContentType::Protobuf),
            _ => (RequestKind::Invocations, ContentType::Ndjson),
        };
        let Decoded { rows, rejections, .. } = decode(kind, content_type, &request.body, origin, settings)?;
        match rejections.first().first() {
            Some(first) => Err(anyhow::anyhow!("{first}")),
            None => Ok(rows),
        }
    };
    requests.iter().map(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: BenchShape = BenchShape {
        invocations: 9_001,
        traced_per_mille: 0,
        spans_per_trace: 0,
        logs_per_invocation: 0,
    };

    #[test]
    fn parts_come_in_order_and_hold_everything() {
        let mut records = Vec::new();
        each(1, SHAPE, Ok, |requests| {
            records.extend(requests.into_iter().flat_map(|request| request.body));
            Ok(())
        })
        .unwrap();
        let alone: Vec<u8> = bench(1, SHAPE)
            .flat_map(|row| (row.record() + "\n").into_bytes())
            .collect();
        assert!(records == alone);
    }

    #[test]
    fn an_error_ends_it() {
        let failed = each(1, SHAPE, Ok, |_| anyhow::bail!("full"));
        assert_eq!(failed.unwrap_err().to_string(), "full");
    }
}
