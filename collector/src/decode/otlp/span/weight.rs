//! How many spans one sampled span stands for.

/// Threshold digits: the rejection threshold is a number of 56 bits.
const DIGITS: usize = 14;
/// One more than the largest threshold.
const RANGE: u128 = 1 << 56;
/// The weight of a span that was not sampled, in thousandths.
pub(super) const ONE_MILLI: i64 = 1000;
/// The largest weight that is believed, in thousandths: sums of weights must fit their columns whatever a sender claims.
const LARGEST_MILLI: u128 = 1_000_000_000;

/// Returns the weight, in thousandths, that a trace state's `ot=th:` says: 2^56 / (2^56 - threshold), rounded half to even.
///
/// Trailing zeros of the threshold are left out by senders (OpenTelemetry specification, "Probability Sampling" in `tracestate`).
pub(super) fn sample_weight_milli(trace_state: &str) -> i64 {
    threshold(trace_state).map_or(ONE_MILLI, |threshold| {
        let (weight, divisor) = (RANGE * u128::from(ONE_MILLI.unsigned_abs()), RANGE - threshold);
        let (whole, twice_rest) = (weight / divisor, weight % divisor * 2);
        let up = twice_rest > divisor || (twice_rest == divisor && whole % 2 == 1);
        i64::try_from((whole + u128::from(up)).min(LARGEST_MILLI)).expect("the largest weight fits an i64")
    })
}

fn threshold(trace_state: &str) -> Option<u128> {
    let ot = trace_state
        .split(',')
        .find_map(|member| member.trim().strip_prefix("ot="))?;
    let digits = ot.split(';').find_map(|field| field.strip_prefix("th:"))?;
    if digits.is_empty() || digits.len() > DIGITS || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = u128::from_str_radix(digits, 16).ok()?;
    Some(value << (4 * (DIGITS - digits.len())))
}

#[cfg(test)]
mod tests {
    use super::sample_weight_milli;

    #[test]
    fn the_threshold_gives_the_weight() {
        for (trace_state, weight_milli) in [
            ("ot=th:0", 1000),
            ("ot=th:8", 2000),
            ("ot=th:c;rv:0123456789abcd", 4000),
            ("vendor=x, ot=rv:01;th:fd70a3d70a3d71", 100_000),
            ("ot=th:5", 1455),
        ] {
            assert_eq!(sample_weight_milli(trace_state), weight_milli, "{trace_state}");
        }
    }

    #[test]
    fn what_says_no_threshold_stands_for_itself() {
        for trace_state in [
            "",
            "ot=",
            "ot=th:",
            "ot=th:xyz",
            "ot=th:123456789abcdef0",
            "ot=p:8",
            "not=th:8",
            "ot=th:+1",
        ] {
            assert_eq!(sample_weight_milli(trace_state), 1000, "{trace_state}");
        }
    }

    #[test]
    fn no_claim_overflows_a_sum() {
        assert_eq!(sample_weight_milli("ot=th:ffffffffffffff"), 1_000_000_000);
    }
}
