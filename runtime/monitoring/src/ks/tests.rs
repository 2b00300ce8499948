use proptest::prelude::*;

use super::*;

fn sorted(mut numbers: Vec<f32>) -> Vec<f32> {
    numbers.sort_by(f32::total_cmp);
    numbers
}

fn one() -> Vec<f32> {
    sorted(
        (0..60u16)
            .map(|i| f32::from(i * 37 % 101) / 101.0)
            .collect(),
    )
}

fn other(shift: f32) -> Vec<f32> {
    let base = (0..80u16).map(|i| (f32::from(i * 53 % 97) / 97.0).powf(1.5) + shift);
    sorted(base.collect())
}

/// `scipy.stats.ks_2samp(one, other, method="exact")` of the same numbers, made by numpy.
#[test]
fn two_samples_are_as_scipy_says() {
    for (shift, statistic_wanted, p_wanted) in [
        (0.0, 0.179_166_67, 0.199_719),
        (0.25, 0.266_666_67, 0.012_711),
    ] {
        let (one, other) = (one(), other(shift));
        let found = statistic(&one, &other).expect("neither is empty");
        assert!((found - statistic_wanted).abs() < 1e-8, "{found}");
        let p = p_value(found, one.len(), other.len());
        assert!((p - p_wanted).abs() < 0.01, "{p} for {p_wanted}");
    }
}

/// `scipy.stats.ks_2samp([1, 2, 2, 3], [2, 2, 3, 4])`: ties are passed on both sides at once.
#[test]
fn ties_are_one_step() {
    assert_eq!(
        statistic(&[1.0, 2.0, 2.0, 3.0], &[2.0, 2.0, 3.0, 4.0]),
        Some(0.25)
    );
}

/// `scipy.special.kolmogorov`.
#[test]
fn the_tail_is_as_scipy_says() {
    for (value, wanted) in [
        (0.3, 0.999_990_694),
        (0.5, 0.963_945_244),
        (1.0, 0.269_999_672),
        (1.3581, 0.049_999_63),
        (2.0, 0.000_670_925_3),
    ] {
        let found = tail(value);
        assert!((found - wanted).abs() < 1e-8, "{found} for {wanted}");
    }
}

#[test]
fn of_nothing_there_is_no_distance() {
    assert_eq!(statistic(&[], &[1.0]), None);
    assert_eq!(statistic(&[1.0], &[]), None);
}

proptest! {
    #[test]
    fn nothing_is_nearer_than_itself(numbers in prop::collection::vec(-1e6f32..1e6, 1..200)) {
        let numbers = sorted(numbers);
        prop_assert_eq!(statistic(&numbers, &numbers), Some(0.0));
        prop_assert_eq!(p_value(0.0, numbers.len(), numbers.len()), 1.0);
    }

    #[test]
    fn what_does_not_overlap_is_as_far_as_can_be(numbers in prop::collection::vec(0f32..1.0, 1..200)) {
        let one = sorted(numbers);
        let other: Vec<f32> = one.iter().map(|number| number + 2.0).collect();
        prop_assert_eq!(statistic(&one, &other), Some(1.0));
        prop_assert_eq!(statistic(&other, &one), Some(1.0));
    }
}
