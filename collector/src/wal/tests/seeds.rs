//! Which seeds a test takes: a slice drawn by `SLICE_SEED`, more where `SLICE` is `all`, or the one that `FAULT_SEED` names.

use std::ops::Range;

/// Returns the seeds of this run: so many of a slice, or of all.
pub(super) fn seeds(slice: u64, all: u64) -> Range<u64> {
    if let Some(seed) = std::env::var("FAULT_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return seed..seed + 1;
    }
    let drawn = std::env::var("SLICE_SEED").ok();
    let drawn = drawn.and_then(|text| u64::from_str_radix(&text, 16).ok()).unwrap_or(1);
    let first = drawn.wrapping_mul(31) % (1 << 32);
    first..first + if is_whole() { all } else { slice }
}

/// Returns whether all seeds are run.
pub(super) fn is_whole() -> bool {
    std::env::var("SLICE").is_ok_and(|slice| slice == "all")
}
