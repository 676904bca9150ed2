//! Which stage of telemetry's way stands still, in words.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use pennyspan_schema::progress::Waiting;

/// Returns a sentence for each stage that has had work for longer than it may without going on.
pub fn standing_still(waiting: Waiting, now_unix_nano: i64, limit: Duration) -> Vec<String> {
    let stages = [
        (
            waiting.fsync_unix_nano,
            "the fsync of the write-ahead log",
            "requests wait for it",
        ),
        (
            waiting.fold_unix_nano,
            "the fold",
            "invocations and rollups are as of then",
        ),
        (
            waiting.commit_unix_nano,
            "the commit to a table's log",
            "rows wait for it in memory",
        ),
        (
            waiting.flush_unix_nano,
            "the flush",
            "rows that are due to be written into files are in memory and in the log",
        ),
    ];
    let still = stages.into_iter().filter_map(|(since, stage, meanwhile)| {
        let since = since?;
        let for_nanos = u64::try_from(now_unix_nano.saturating_sub(since)).unwrap_or(0);
        let still = Duration::from_nanos(for_nanos);
        (still > limit).then(|| {
            let at = DateTime::from_timestamp_nanos(since).to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("{stage} stands still since {at} ({} s): {meanwhile}", still.as_secs())
        })
    });
    still.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_stage_that_goes_on_or_has_nothing_to_do_is_well() {
        let limit = Duration::from_secs(10);
        let waiting = Waiting {
            fold_unix_nano: Some(90 * SECOND),
            ..Waiting::default()
        };
        assert_eq!(
            standing_still(Waiting::default(), i64::MAX, limit),
            Vec::<String>::new()
        );
        assert_eq!(standing_still(waiting, 100 * SECOND, limit), Vec::<String>::new());
        assert_eq!(
            standing_still(waiting, 80 * SECOND, limit),
            Vec::<String>::new(),
            "clocks go back"
        );
    }

    #[test]
    fn what_stands_still_is_said_with_since_when() {
        let told = |waiting| standing_still(waiting, 112 * SECOND, Duration::from_secs(10)).join("\n");
        let since = Some(100 * SECOND);
        let (fsync, fold) = (
            Waiting {
                fsync_unix_nano: since,
                ..Waiting::default()
            },
            Waiting {
                fold_unix_nano: since,
                ..Waiting::default()
            },
        );
        let (commit, flush) = (
            Waiting {
                commit_unix_nano: since,
                ..Waiting::default()
            },
            Waiting {
                flush_unix_nano: since,
                ..Waiting::default()
            },
        );
        assert_eq!(
            told(fsync),
            "the fsync of the write-ahead log stands still since 1970-01-01T00:01:40Z (12 s): requests wait for it"
        );
        for (waiting, stage) in [(fold, "the fold"), (commit, "the commit"), (flush, "the flush")] {
            assert!(told(waiting).starts_with(stage), "{}", told(waiting));
        }
    }
}
