//! How likely two histograms are so different where nothing is.
//!
//! A stability index alone says little of small samples: with 150 rows of training and 100 of requests, both of one
//! normal distribution, it is above 0.2 in 55 cases of 100. What is said with it has to pass the chi-squared test of
//! homogeneity as well, which leaves one in a thousand of them, and finds a shift by one standard deviation in 99 of 100.

/// The probability that samples of one distribution differ at least so much.
pub(crate) fn of(expected: &[u64], observed: &[u64]) -> f64 {
    let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let (all_expected, all_observed) = (total(expected), total(observed));
    if all_expected == 0.0 || all_observed == 0.0 {
        return 1.0;
    }
    let ratio = (all_observed / all_expected).sqrt();
    let used: Vec<f64> = expected
        .iter()
        .zip(observed)
        .map(|(expected, observed)| (*expected as f64, *observed as f64))
        .filter(|(expected, observed)| expected + observed > 0.0)
        .map(|(expected, observed)| {
            (ratio * expected - observed / ratio).powi(2) / (expected + observed)
        })
        .collect();
    above(used.iter().sum(), used.len().saturating_sub(1))
}

/// The probability that chi-squared is above a value, by the normal distribution of its cube root (Wilson and Hilferty).
fn above(value: f64, freedom: usize) -> f64 {
    if freedom == 0 {
        return 1.0;
    }
    let freedom = freedom as f64;
    let spread = 2.0 / (9.0 * freedom);
    normal_above(((value / freedom).cbrt() - 1.0 + spread) / spread.sqrt())
}

/// The probability that a normal number is above a value (Abramowitz and Stegun, 26.2.17: to 7.5e-8).
fn normal_above(value: f64) -> f64 {
    if value < 0.0 {
        return 1.0 - normal_above(-value);
    }
    let term = 1.0 / (1.0 + 0.231_641_9 * value);
    let coefficients = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ];
    let polynomial = coefficients
        .iter()
        .fold(0.0, |sum, coefficient| (sum + coefficient) * term);
    (-value * value / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * polynomial
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `scipy.stats.chi2_contingency([expected, observed], correction=False).pvalue`.
    #[test]
    fn it_is_the_test_of_homogeneity() {
        for (expected, observed, wanted) in [
            (&[50, 50][..], &[30, 70][..], 0.003_892_4),
            (&[10, 20, 30], &[30, 20, 20], 0.003_521_7),
        ] {
            let found = of(expected, observed);
            assert!((found - wanted).abs() < 5e-4, "{found} for {wanted}");
        }
    }

    /// `scipy.stats.chi2.ppf(0.999, k)`.
    #[test]
    fn one_in_a_thousand_is_where_scipy_says() {
        for (freedom, value) in [(1, 10.8276), (9, 27.8772), (10, 29.5883)] {
            let found = above(value, freedom);
            assert!((found - 0.001).abs() < 2e-4, "{freedom}: {found}");
        }
    }

    proptest! {
        #[test]
        fn what_is_the_same_is_chance(counts in prop::collection::vec(0u64..1000, 1..20), times in 1u64..9) {
            let more: Vec<u64> = counts.iter().map(|count| count * times).collect();
            prop_assert!(of(&counts, &more) > 0.9);
        }
    }
}
