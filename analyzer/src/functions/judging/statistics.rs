//! Bounds and tests, by textbook formulas, from counts.

use std::f64::consts::PI;

use pennyspan_schema::HistogramRef;

/// The quantile of the normal distribution that leaves 2.5 % above it.
const Z_95: f64 = 1.959_963_984_540_054;
/// Terms after which series and fractions are cut off; they end long before where they converge.
const MOST_TERMS: usize = 100_000;
/// Relative size of a term that no longer matters.
const NEGLIGIBLE: f64 = 1e-16;

/// Returns the bounds of the 95 % Wilson interval of `k / n`; none where `n` is not above zero.
pub(crate) fn wilson(k: f64, n: f64) -> Option<(f64, f64)> {
    if !(n > 0.0 && k.is_finite() && n.is_finite()) {
        return None;
    }
    let share = (k / n).clamp(0.0, 1.0);
    let z2 = Z_95 * Z_95;
    let middle = share + z2 / (2.0 * n);
    let reach = Z_95 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    Some((((middle - reach) / scale).max(0.0), ((middle + reach) / scale).min(1.0)))
}

/// Returns the two-sided p of the Mann-Whitney test by the normal approximation, with corrections for ties and continuity;
/// none where a side is empty, 1 where all values are equal.
#[expect(
    clippy::cast_precision_loss,
    reason = "weights become numbers only here, after they are summed"
)]
pub(crate) fn mann_whitney_p(a: HistogramRef<'_>, b: HistogramRef<'_>) -> Option<f64> {
    let count = |weight_milli: i64| weight_milli as f64 / 1_000.0;
    let (of_a, of_b) = (count(a.weight_milli()), count(b.weight_milli()));
    if of_a <= 0.0 || of_b <= 0.0 {
        return None;
    }
    let (mut first, mut second) = (a.iter().peekable(), b.iter().peekable());
    let (mut seconds_below, mut wins, mut ties) = (0.0, 0.0, 0.0);
    while let Some(bucket) = [first.peek(), second.peek()]
        .into_iter()
        .flatten()
        .map(|(bucket, _)| *bucket)
        .min()
    {
        let of_first = first
            .next_if(|(at, _)| *at == bucket)
            .map_or(0.0, |(_, weight)| count(weight));
        let of_second = second
            .next_if(|(at, _)| *at == bucket)
            .map_or(0.0, |(_, weight)| count(weight));
        wins += of_first * (seconds_below + of_second / 2.0);
        seconds_below += of_second;
        let equal = of_first + of_second;
        ties += equal * equal * equal - equal;
    }
    let all = of_a + of_b;
    let variance = of_a * of_b / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance.is_nan() || variance <= 0.0 {
        return Some(1.0);
    }
    let distance = ((wins - of_a * of_b / 2.0).abs() - 0.5).max(0.0) / variance.sqrt();
    Some(upper_gamma_share(0.5, distance * distance / 2.0))
}

/// Returns the probability that a Poisson variable with that mean is at most `observed`; none for an impossible mean.
#[expect(clippy::cast_precision_loss, reason = "a count becomes a number only here")]
pub(crate) fn poisson_tail(observed: i64, expected: f64) -> Option<f64> {
    match expected {
        _ if !expected.is_finite() || expected < 0.0 => None,
        _ if observed < 0 => Some(0.0),
        0.0 => Some(1.0),
        _ => Some(upper_gamma_share(observed as f64 + 1.0, expected)),
    }
}

/// Returns the regularized upper incomplete gamma function Q(a, x), for a > 0 and x >= 0.
fn upper_gamma_share(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        return (1.0 - scale * lower_series(a, x)).clamp(0.0, 1.0);
    }
    (scale * upper_fraction(a, x)).clamp(0.0, 1.0)
}

/// Sums the series of the lower incomplete gamma function, which converges fast below a + 1.
fn lower_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut at) = (1.0 / a, 1.0 / a, a);
    for _ in 0..MOST_TERMS {
        at += 1.0;
        term *= x / at;
        sum += term;
        if term < sum * NEGLIGIBLE {
            break;
        }
    }
    sum
}

/// Evaluates the continued fraction of the upper incomplete gamma function by Lentz's method, which converges fast above a + 1.
fn upper_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut summand = x + 1.0 - a;
    let mut upper = 1.0 / TINY;
    let mut lower = 1.0 / away_from_zero(summand);
    let mut fraction = lower;
    let mut term = 0.0;
    for _ in 0..MOST_TERMS {
        term += 1.0;
        let factor = -term * (term - a);
        summand += 2.0;
        lower = 1.0 / away_from_zero(factor * lower + summand);
        upper = away_from_zero(summand + factor / upper);
        fraction *= lower * upper;
        if (lower * upper - 1.0).abs() < NEGLIGIBLE * 10.0 {
            break;
        }
    }
    fraction
}

/// Returns the logarithm of the gamma function by Lanczos's approximation (g = 7, n = 9), for arguments above zero.
fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const OTHERS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let (mut sum, mut at) = (FIRST, x);
    for coefficient in OTHERS {
        at += 1.0;
        sum += coefficient / at;
    }
    let t = x + G + 0.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests;
