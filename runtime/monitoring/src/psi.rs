//! The population stability index: how far two histograms are apart.

/// The share that an empty bin counts as, so that its logarithm is finite.
const LEAST_SHARE: f64 = 1e-4;

/// The index of two histograms with the same bins; 0 where one of them is empty.
pub(crate) fn index(expected: &[u64], observed: &[u64]) -> f64 {
    let (all_expected, all_observed) = (total(expected), total(observed));
    if all_expected == 0.0 || all_observed == 0.0 {
        return 0.0;
    }
    let of_bin = |(expected, observed): (&u64, &u64)| {
        let expected = (*expected as f64 / all_expected).max(LEAST_SHARE);
        let observed = (*observed as f64 / all_observed).max(LEAST_SHARE);
        (observed - expected) * (observed / expected).ln()
    };
    expected.iter().zip(observed).map(of_bin).sum()
}

fn total(counts: &[u64]) -> f64 {
    counts.iter().sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    /// By hand: (0.3-0.5)·ln(0.3/0.5) + (0.7-0.5)·ln(0.7/0.5) = 0.2·ln(5/3) + 0.2·ln(7/5) = 0.2·ln(7/3).
    #[test]
    fn two_bins_are_as_by_hand() {
        let index = index(&[50, 50], &[30, 70]);
        assert!(close(index, 0.2 * (7.0f64 / 3.0).ln()), "{index}");
    }

    /// By hand: (0.0001-0.5)·ln(0.0001/0.5) + (0.9999…)… with the empty bin at 0.0001 and the other as it is, 1.
    #[test]
    fn an_empty_bin_counts_as_a_ten_thousandth() {
        let expected = (1e-4 - 0.5) * (1e-4f64 / 0.5).ln() + 0.5 * 2f64.ln();
        let index = index(&[50, 50], &[0, 20]);
        assert!(close(index, expected), "{index}");
    }

    proptest! {
        #[test]
        fn nothing_is_nearer_than_itself(counts in prop::collection::vec(0u64..1000, 1..20), times in 1u64..9) {
            let more: Vec<u64> = counts.iter().map(|count| count * times).collect();
            prop_assert!(index(&counts, &more).abs() < 1e-9);
        }

        #[test]
        fn it_is_a_distance(pairs in prop::collection::vec((0u64..1000, 0u64..1000), 1..20)) {
            let (one, other): (Vec<u64>, Vec<u64>) = pairs.into_iter().unzip();
            let there = index(&one, &other);
            prop_assert!(there >= 0.0);
            prop_assert!(close(there, index(&other, &one)));
        }
    }
}
