//! How likely two histograms are so different where nothing is.
//!
//! A stability index alone says little of small samples: with 150 rows of training and 100 of requests, both of one
//! normal distribution, it is above 0.2 in 55 cases of 100. What is said with it has to pass one of two tests as well, each at half
//! of the chance. The chi-squared test of homogeneity is about what enough is expected of: where next to nothing is, it calls
//! everything different. Whether there is more of what was rare in training is told exactly.
//!
//! What is beyond all numbers of training is next to none there because its least and its largest are the bounds, so it counts with the
//! first and the last bin; categories that are rare or unseen are so by the same chance, and count as one.

/// How often something was there in training, and how often now.
pub(crate) type Counts = (u64, u64);

/// The least that is expected in a bin of the chi-squared test.
const LEAST_EXPECTED: f64 = 5.0;

/// The probability that samples of one distribution differ at least so much. Neighbours are put together until enough is expected
/// in them: of bins that are `ordered` all, of those that are `loose` such as were not rare in training. The rare ones are one.
pub(crate) fn of(ordered: &[Counts], loose: &[Counts]) -> f64 {
    let all = plus(total(ordered), total(loose));
    if all.0 == 0 || all.1 == 0 {
        return 1.0;
    }
    let smaller = (all.1 as f64 / all.0 as f64).min(1.0);
    let is_enough = |counts: Counts| counts.0 as f64 * smaller >= LEAST_EXPECTED;
    let (frequent, rare): (Vec<Counts>, Vec<Counts>) = loose
        .iter()
        .partition(|counts| counts.0 as f64 >= LEAST_EXPECTED);
    let (mut bins, lone) = together(ordered, is_enough);
    let (others, lone_other) = together(&frequent, is_enough);
    bins.extend(others);
    let rare = plus(total(&rare), plus(lone, lone_other));
    if is_enough(rare) {
        bins.push(rare);
        return homogeneity(&bins);
    }
    (2.0 * homogeneity(&bins).min(more(rare, all))).min(1.0)
}

/// Neighbours put together until each has enough; the last ones with those before them. All of them where that is not enough.
fn together(bins: &[Counts], is_enough: impl Fn(Counts) -> bool) -> (Vec<Counts>, Counts) {
    let mut found: Vec<Counts> = Vec::new();
    let mut next: Counts = (0, 0);
    for counts in bins {
        next = plus(next, *counts);
        if is_enough(next) {
            found.push(std::mem::take(&mut next));
        }
    }
    if let Some(last) = found.last_mut() {
        *last = plus(*last, std::mem::take(&mut next));
    }
    (found, next)
}

fn total(counts: &[Counts]) -> Counts {
    counts.iter().copied().fold((0, 0), plus)
}

fn plus(one: Counts, other: Counts) -> Counts {
    (one.0 + other.0, one.1 + other.1)
}

/// The chi-squared test of homogeneity.
fn homogeneity(bins: &[Counts]) -> f64 {
    let all = total(bins);
    if all.0 == 0 || all.1 == 0 {
        return 1.0;
    }
    let ratio = (all.1 as f64 / all.0 as f64).sqrt();
    let used = bins.iter().filter(|bin| bin.0 + bin.1 > 0);
    let terms = used.map(|(expected, observed)| {
        let (expected, observed) = (*expected as f64, *observed as f64);
        (ratio * expected - observed / ratio).powi(2) / (expected + observed)
    });
    let terms: Vec<f64> = terms.collect();
    above(terms.iter().sum(), terms.len().saturating_sub(1))
}

/// The probability that at least so many of those in a bin are there now, out of all that are there now (Fisher's exact test).
fn more(bin: Counts, all: Counts) -> f64 {
    let in_bin = bin.0 + bin.1;
    let outside = all.0 + all.1 - in_bin;
    let logarithm =
        choices(in_bin, bin.1) + choices(outside, all.1 - bin.1) - choices(in_bin + outside, all.1);
    let mut term = logarithm.exp();
    let mut sum = 0.0;
    for now in bin.1..=in_bin.min(all.1) {
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
        let left_out = (outside + now + 1) as f64 - all.1 as f64;
        term *= (in_bin - now) as f64 * (all.1 - now) as f64 / ((now + 1) as f64 * left_out);
    }
    sum.min(1.0)
}

/// The logarithm of the number of choices of some of all.
fn choices(all: u64, some: u64) -> f64 {
    factorial(all) - factorial(some) - factorial(all - some)
}

/// The logarithm of a factorial, by Stirling's series for all but small ones.
fn factorial(number: u64) -> f64 {
    if number < 16 {
        return (1..=number).map(|factor| (factor as f64).ln()).sum();
    }
    let number = number as f64;
    let rest = 1.0 / (12.0 * number) - 1.0 / (360.0 * number.powi(3));
    number * number.ln() - number + (2.0 * std::f64::consts::PI * number).ln() / 2.0 + rest
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
        for (bins, wanted) in [
            (&[(50, 30), (50, 70)][..], 0.003_892_4),
            (&[(10, 30), (20, 20), (30, 20)], 0.003_521_7),
        ] {
            let found = homogeneity(bins);
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

    /// `scipy.stats.fisher_exact([[now, all now - now], [then, all then - then]], alternative="greater")`.
    #[test]
    fn what_is_new_is_told_as_fisher_does() {
        for (bin, all, wanted) in [
            ((0, 5), (1000, 50), 2.011215e-07),
            ((3, 2), (1000, 50), 2.027364e-02),
            ((12, 40), (10_000, 5000), 1.416772e-10),
            ((0, 0), (1000, 50), 1.0),
            ((100, 0), (100, 50), 1.0),
            ((100, 50), (100, 50), 1.0),
        ] {
            let found = more(bin, all);
            assert!(
                (found / wanted - 1.0).abs() < 1e-4,
                "{bin:?}: {found} for {wanted}"
            );
        }
    }

    /// One row in which nothing was expected is no drift, and five of fifty are.
    #[test]
    fn a_bin_of_no_expectation_is_told_exactly() {
        let ordered = [(100, 5); 10];
        let one = of(&ordered, &[(0, 0), (0, 1)]);
        assert!(one > 0.05, "{one}");
        let one = of(&[(1000, 5); 10], &[(0, 0), (7, 1)]);
        assert!(one > 0.05, "{one}");
        let five = of(&ordered, &[(0, 0), (0, 5)]);
        assert!(five < 1e-5, "{five}");
    }

    proptest! {
        #[test]
        fn what_is_the_same_is_chance(counts in prop::collection::vec(0u64..1000, 1..20), times in 1u64..9) {
            let counts: Vec<Counts> = counts.iter().map(|count| (*count, count * times)).collect();
            let (ordered, loose) = counts.split_at(counts.len() / 2);
            prop_assert!(of(ordered, loose) > 0.9);
        }
    }
}
