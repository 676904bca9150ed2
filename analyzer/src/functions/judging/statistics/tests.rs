//! Known values: from tables, or summed term by term.

use pennyspan_schema::Histogram;

use super::*;

fn near(found: Option<f64>, expected: f64, relative: f64) {
    let found = found.unwrap();
    assert!(
        (found - expected).abs() <= expected.abs() * relative,
        "{found} is not {expected}"
    );
}

fn histogram(values: &[(i64, i64)]) -> Histogram {
    let mut histogram = Histogram::default();
    for (value, count) in values {
        histogram.record(*value, count * 1_000);
    }
    histogram
}

fn p(a: &[(i64, i64)], b: &[(i64, i64)]) -> Option<f64> {
    let (a, b) = (histogram(a), histogram(b));
    mann_whitney_p(a.borrowed(), b.borrowed())
}

#[test]
fn wilson_bounds_are_those_of_the_tables() {
    let (lower, upper) = wilson(1.0, 10.0).unwrap();
    near(Some(lower), 0.017_876_213, 1e-6);
    near(Some(upper), 0.404_150_028, 1e-6);
    assert!(wilson(0.0, 10.0).unwrap().0.abs() < 1e-12);
    near(Some(wilson(10.0, 10.0).unwrap().1), 1.0, 1e-12);
    assert_eq!(
        (wilson(1.0, 0.0), wilson(f64::NAN, 3.0), wilson(1.0, -1.0)),
        (None, None, None)
    );
}

#[test]
fn one_event_passes_one_percent_up_to_seventeen_rows() {
    assert!(wilson(1.0, 17.0).unwrap().0 > 0.01 && wilson(1.0, 18.0).unwrap().0 < 0.01);
}

#[test]
fn poisson_tails_sum_the_probabilities() {
    near(poisson_tail(0, 2.0), (-2.0_f64).exp(), 1e-12);
    near(poisson_tail(2, 2.0), 5.0 * (-2.0_f64).exp(), 1e-12);
    near(poisson_tail(18, 60.0), sum_of_terms(18, 60.0), 1e-9);
    near(poisson_tail(1_000, 1_000.0), sum_of_terms(1_000, 1_000.0), 1e-9);
    near(poisson_tail(120, 60.0), sum_of_terms(120, 60.0), 1e-9);
    assert_eq!(
        (poisson_tail(3, 0.0), poisson_tail(-1, 5.0), poisson_tail(1, f64::NAN)),
        (Some(1.0), Some(0.0), None)
    );
}

/// Adds the single probabilities, from the largest factor down.
fn sum_of_terms(observed: i32, expected: f64) -> f64 {
    let mut ln_term = -expected;
    let mut sum = ln_term.exp();
    for k in 1..=observed {
        ln_term += expected.ln() - f64::from(k).ln();
        sum += ln_term.exp();
    }
    sum
}

#[test]
fn the_gamma_function_is_known_at_halves_and_factorials() {
    near(Some(ln_gamma(0.5).exp()), PI.sqrt(), 1e-13);
    near(Some(ln_gamma(11.0).exp()), 3_628_800.0, 1e-12);
}

#[test]
fn equal_samples_do_not_differ_and_separate_ones_do() {
    near(p(&[(10, 50), (20, 50)], &[(10, 50), (20, 50)]), 1.0, 1e-12);
    assert_eq!(p(&[(10, 5)], &[(10, 9)]), Some(1.0));
    assert!(p(&[(100, 200)], &[(50, 200)]).unwrap() < 1e-80);
    assert_eq!(p(&[], &[(1, 3)]), None);
}

#[test]
fn ranks_with_ties_are_tested_as_by_hand() {
    // a = 1 2 2 3, b = 2 3 4 5: U = 0 + 2 x 0.5 + 1 + 0.5 = 2.5, ties t = 3 and 2, variance 16/12 x (9 - 30/56).
    let variance: f64 = 16.0 / 12.0 * (9.0 - 30.0 / 56.0);
    let z: f64 = (8.0 - 2.5 - 0.5) / variance.sqrt();
    let found = p(&[(1, 1), (2, 2), (3, 1)], &[(2, 1), (3, 1), (4, 1), (5, 1)]).unwrap();
    // Phi(-1.48835) = 0.06833, between 0.06944 at 1.48 and 0.06811 at 1.49.
    assert!((z - 1.488_35).abs() < 1e-5, "{z}");
    assert!((found - 0.136_66).abs() < 5e-5, "{found}");
}

#[test]
fn the_sides_may_be_exchanged() {
    let (a, b) = ([(10, 30), (14, 20)], [(11, 25), (16, 30)]);
    assert_eq!(p(&a, &b), p(&b, &a));
}
