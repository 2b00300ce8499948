use proptest::prelude::*;

use super::*;
use crate::{Cell, Column, Observed, Profile, Table, of_csv};

const USUAL: Thresholds = Thresholds {
    psi: 0.2,
    least_rows: 50,
};

fn table(lines: impl IntoIterator<Item = String>) -> Table {
    let text: String = lines.into_iter().collect();
    of_csv(format!("width,colour\n{text}").as_bytes()).expect("it is a table")
}

/// So many rows with widths that are evenly distributed between 0 and 1 from `shift` on.
fn rows(count: u32, shift: f64) -> Vec<String> {
    let row = |at: u32| {
        let width = f64::from(at * 7919 % count) / f64::from(count) + shift;
        let colour = ["red", "red", "blue"][at as usize % 3];
        format!("{width},{colour}\n")
    };
    (0..count).map(row).collect()
}

fn profile() -> Profile {
    Profile::of(&table(rows(300, 0.0))).expect("it has rows")
}

fn drift(profile: &Profile, table: &Table) -> Drift {
    let mut observed = Observed::new(profile);
    observed.add(table).expect("it has the profile's features");
    observed.drift(&USUAL)
}

#[test]
fn the_same_distribution_is_stable() {
    let drift = drift(&profile(), &table(rows(200, 0.0)));
    assert_eq!(drift.rows, 200);
    for feature in drift.all() {
        assert_eq!(feature.verdict, Verdict::Stable, "{feature:?}");
    }
}

/// Each of the ten bins has 30 rows of 300. Shifted by 0.3, the lower three are empty and 0.3 are above: by hand,
/// 3·(1e-4-0.1)·ln(1e-4/0.1) + (0.3-1e-4)·ln(0.3/1e-4), and the seven others are as they were.
#[test]
fn a_shift_is_found_and_the_other_feature_is_not() {
    let profile = profile();
    let drift = drift(&profile, &table(rows(300, 0.3)));
    let [width, colour] = drift.features.as_slice() else {
        panic!("there are two features");
    };
    assert_eq!(width.verdict, Verdict::Significant);
    let by_hand = 3.0 * (1e-4 - 0.1) * (1e-4f64 / 0.1).ln() + (0.3 - 1e-4) * (0.3f64 / 1e-4).ln();
    assert!(
        (width.psi - by_hand).abs() < 0.05,
        "{} for {by_hand}",
        width.psi
    );
    let ks = width.ks.expect("widths are numbers");
    assert!((ks.statistic - 0.3).abs() < 0.01, "{ks:?}");
    assert!(ks.p_value < 1e-6, "{ks:?}");
    assert_eq!((colour.verdict, colour.ks), (Verdict::Stable, None));
}

#[test]
fn the_histograms_have_what_is_out_of_range_unseen_and_missing() {
    let profile = profile();
    let seen = table(["-1,green\n", "9,\n", ",red\n"].map(str::to_owned));
    let drift = drift(&profile, &seen);
    let observed = |feature: usize, range: &Range| {
        let bins = drift.features[feature].bins.iter();
        let bin = bins.clone().find(|bin| bin.range == *range);
        bin.expect("there is such a bin").observed
    };
    let widths = &drift.features[0].bins;
    assert_eq!(widths[0].observed, 1, "{widths:?}");
    assert_eq!(widths[widths.len() - 2].observed, 1, "{widths:?}");
    assert_eq!(observed(0, &Range::Missing), 1);
    assert_eq!(observed(1, &Range::Other), 1);
    assert_eq!(observed(1, &Range::Missing), 1);
    assert_eq!(observed(1, &Range::Category("red".to_owned())), 1);
    assert_eq!(drift.features[0].verdict, Verdict::TooFewRows);
}

#[test]
fn few_rows_are_not_judged() {
    let drift = drift(&profile(), &table(rows(49, 5.0)));
    assert_eq!(drift.features[0].verdict, Verdict::TooFewRows);
}

/// One of the categories goes from a third to all of it: (1-1/3)·ln(3) + (1e-4-2/3)·ln(1e-4·3/2) by hand.
#[test]
fn categories_drift_as_numbers_do() {
    let blue: Vec<String> = rows(300, 0.0)
        .iter()
        .map(|row| row.replace("red", "blue"))
        .collect();
    let drift = drift(&profile(), &table(blue));
    let colour = &drift.features[1];
    let by_hand = 2.0 / 3.0 * 3f64.ln() + (1e-4 - 2.0 / 3.0) * (1e-4f64 * 1.5).ln();
    assert!((colour.psi - by_hand).abs() < 1e-9, "{}", colour.psi);
    assert_eq!(colour.verdict, Verdict::Significant);
    assert_eq!(drift.features[0].verdict, Verdict::Stable);
}

#[test]
fn half_of_the_threshold_is_the_beginning_of_it() {
    let profile = profile();
    let seen = table(rows(300, 0.3));
    let mut observed = Observed::new(&profile);
    observed.add(&seen).expect("it has the profile's features");
    let index = observed.drift(&USUAL).features[0].psi;
    let verdict = |psi: f64| {
        let thresholds = Thresholds { psi, least_rows: 1 };
        observed.drift(&thresholds).features[0].verdict
    };
    assert_eq!(verdict(index), Verdict::Significant);
    assert_eq!(verdict(index * 1.01), Verdict::Moderate);
    assert_eq!(verdict(index * 2.01), Verdict::Stable);
}

#[test]
fn columns_are_found_by_name_or_else_by_order() {
    let profile = profile();
    let of = |text: &str| of_csv(text.as_bytes()).expect("it is a table");
    let mut observed = Observed::new(&profile);
    observed
        .add(&of("colour,width\nred,0.5\n"))
        .expect("by name");
    observed.add(&of("x,y\n0.5,red\n")).expect("by order");
    observed.add(&of("width\n0.5\n")).expect("one is missing");
    let mismatch = observed.add(&of("x,y,z\n1,2,3\n")).expect_err("neither");
    assert_eq!((mismatch.sent, mismatch.known), (3, 2));
    let drift = observed.drift(&USUAL);
    assert_eq!(drift.rows, 3);
    let observed = |feature: usize, range: &Range| {
        let mut bins = drift.features[feature].bins.iter();
        bins.find(|bin| bin.range == *range).map(|bin| bin.observed)
    };
    assert_eq!(observed(0, &Range::Missing), Some(0));
    assert_eq!(observed(1, &Range::Missing), Some(1));
    assert_eq!(observed(1, &Range::Category("red".to_owned())), Some(2));
}

/// Numbers whose column is told by their size: 10 and up in the first, 20 and up in the second.
fn told_apart(rows: u32) -> Vec<[u32; 2]> {
    (0..rows)
        .map(|row| [10 + row % 10, 20 + row % 10])
        .collect()
}

/// What is said of features of training data of which one column was taken as the target, where requests have no names.
fn of_unnamed(training: Table, target: &str) -> Vec<(String, Verdict)> {
    let profile = Profile::with_target(training, target).expect("there is such a column");
    let sent = serde_json::json!({ "instances": told_apart(100) }).to_string();
    let sent = crate::of_json(sent.as_bytes()).expect("these are rows");
    let features = drift(&profile, &sent).features.into_iter();
    features.map(|found| (found.name, found.verdict)).collect()
}

#[test]
fn a_target_before_features_without_names_shifts_none_of_them() {
    let stable = ["feature 0", "feature 1"].map(|name| (name.to_owned(), Verdict::Stable));
    let lines = told_apart(300)
        .into_iter()
        .map(|[x, y]| format!("{},{x},{y}\n", x % 2));
    let lines: String = lines.collect();
    let table = of_csv(lines.as_bytes()).expect("it is a table");
    assert_eq!(of_unnamed(table, "0"), stable);
    let rows: Vec<[u32; 3]> = told_apart(300)
        .into_iter()
        .map(|[x, y]| [x, x % 2, y])
        .collect();
    let rows = serde_json::json!(rows).to_string();
    let table = crate::of_json(rows.as_bytes()).expect("these are rows");
    assert_eq!(of_unnamed(table, "feature 1"), stable);
}

#[test]
fn the_index_of_a_data_frame_is_no_feature() {
    let stable = ["width", "height"].map(|name| (name.to_owned(), Verdict::Stable));
    let lines = told_apart(300).into_iter().enumerate();
    let lines: String = lines
        .map(|(at, [x, y])| format!("{at},{x},{y},{}\n", x % 2))
        .collect();
    let table = of_csv(format!(",width,height,kind\n{lines}").as_bytes()).expect("it is a table");
    assert_eq!(of_unnamed(table, "kind"), stable);
}

#[test]
fn predictions_drift_against_what_was_to_be_predicted() {
    let text: String = (0..300).map(|row| format!("{row},{}\n", row % 3)).collect();
    let training = of_csv(text.as_bytes()).expect("it is a table");
    let profile = Profile::with_target(training, "1").expect("there is such a column");
    let predicted = |class: fn(u32) -> u32| {
        let mut observed = Observed::new(&profile);
        let cells: Vec<_> = (0..100)
            .map(|row| Cell::number(class(row).into()))
            .collect();
        observed.add_predictions(&cells);
        let drift = observed.drift(&USUAL);
        drift.prediction.map(|prediction| prediction.verdict)
    };
    assert_eq!(predicted(|row| row % 3), Some(Verdict::Stable));
    assert_eq!(predicted(|_| 2), Some(Verdict::Significant));
}

#[test]
fn truths_of_a_table_are_those_of_requests_and_answers() {
    let lines: String = ["True,False\n", "False,True\n"].repeat(100).concat();
    let training = of_csv(format!("member,bought\n{lines}").as_bytes()).expect("it is a table");
    let profile = Profile::with_target(training, "bought").expect("there is such a column");
    assert_eq!(profile.classes(), ["false", "true"]);
    let rows = [[true], [false]].repeat(100);
    let sent = serde_json::json!({ "instances": rows }).to_string();
    let sent = crate::of_json(sent.as_bytes()).expect("these are rows");
    let mut observed = Observed::new(&profile);
    observed.add(&sent).expect("it has the profile's features");
    let predictions: Vec<Cell> = (0..200).map(|row| Cell::truth(row % 2 == 0)).collect();
    observed.add_predictions(&predictions);
    for feature in observed.drift(&USUAL).all() {
        assert_eq!(feature.verdict, Verdict::Stable, "{feature:?}");
    }
}

#[test]
fn numbers_with_fractions_are_not_compared_with_whole_ones() {
    let found = |predictions: &[f64]| {
        let text: String = (0..300).map(|row| format!("{row},{}\n", row % 2)).collect();
        let training = of_csv(text.as_bytes()).expect("it is a table");
        let profile = Profile::with_target(training, "1").expect("there is such a column");
        let mut observed = Observed::new(&profile);
        let cells: Vec<Cell> = predictions.iter().copied().map(Cell::number).collect();
        observed.add_predictions(&cells);
        let drift = observed.drift(&USUAL);
        (drift.fractions, drift.prediction.map(|found| found.verdict))
    };
    assert_eq!(found(&[0.0, 1.0].repeat(50)), (0, Some(Verdict::Stable)));
    assert_eq!(found(&[0.0, 0.97].repeat(50)), (50, None));
    assert_eq!(found(&[7.0; 100]), (0, Some(Verdict::Significant)));
}

/// So many numbers that are nearly normal, as they are and in steps as categories, and the seed of the next ones.
fn normal(count: usize, mut seed: u64, shift: f64) -> (Table, u64) {
    let mut even = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 53) as f64
    };
    // Twelve have a variance of one together.
    let numbers = (0..count).map(|_| (0..12).map(|_| even()).sum::<f64>() - 6.0 + shift);
    let numbers: Vec<f64> = numbers.collect();
    let column = |name: &str, cells: Vec<Cell>| Column {
        name: Some(name.to_owned()),
        cells,
    };
    let step = |number: &f64| Cell::text(&format!("step {}", (number * 4.0).floor()));
    let columns = vec![
        column(
            "number",
            numbers.iter().copied().map(Cell::number).collect(),
        ),
        column("category", numbers.iter().map(step).collect()),
    ];
    (
        Table::of_columns(columns).expect("they are of one length"),
        seed,
    )
}

/// Of a thousand windows, how many are called significant by the index alone, and how many here.
#[derive(Debug, Default)]
struct Called {
    by_index: usize,
    here: usize,
}

/// What is said of numbers and of categories, in ten windows of so many rows for each of a hundred trainings of so many.
fn significant(training: usize, window: usize, shift: f64) -> [Called; 2] {
    let mut seed = 7;
    let mut called = [Called::default(), Called::default()];
    for _ in 0..100 {
        let (training, next) = normal(training, seed, 0.0);
        seed = next;
        let profile = Profile::of(&training).expect("it has rows");
        for _ in 0..10 {
            let (window, next) = normal(window, seed, shift);
            seed = next;
            for (called, found) in called.iter_mut().zip(drift(&profile, &window).features) {
                called.by_index += usize::from(found.psi >= USUAL.psi);
                called.here += usize::from(found.verdict == Verdict::Significant);
            }
        }
    }
    called
}

/// Of windows of the same distribution the index alone calls half, and the chi-squared test with bins in which next to nothing is
/// expected one in twenty-five of those of 50 rows. Of those that are shifted by a standard deviation hardly any is missed.
#[test]
fn what_differs_by_chance_is_not_called_drift() {
    for (training, window) in [(150, 100), (1000, 50), (10_000, 50)] {
        let [numbers, categories] = significant(training, window, 0.0);
        assert!(numbers.by_index > 450, "{training} {window}: {numbers:?}");
        assert!(numbers.here <= 2, "{training} {window}: {numbers:?}");
        assert!(categories.here <= 2, "{training} {window}: {categories:?}");
        let [numbers, categories] = significant(training, window, 1.0);
        assert!(numbers.here > 950, "{training} {window}: {numbers:?}");
        assert!(categories.here > 300, "{training} {window}: {categories:?}");
    }
}

proptest! {
    #[test]
    fn the_same_rows_have_no_distance(numbers in prop::collection::vec(-1e3f32..1e3, 1..300)) {
        let table = table(numbers.iter().map(|number| format!("{number},red\n")));
        let profile = Profile::of(&table).expect("it has rows");
        let drift = drift(&profile, &table);
        for feature in drift.all() {
            prop_assert!(feature.psi.abs() < 1e-9);
            if let Some(ks) = feature.ks {
                prop_assert_eq!((ks.statistic, ks.p_value), (0.0, 1.0));
            }
        }
    }

    #[test]
    fn the_order_of_requests_changes_no_histogram(numbers in prop::collection::vec(-1e3f32..1e3, 2..100), at in 1usize..99) {
        let at = at % numbers.len();
        let profile = profile();
        let line = |number: &f32| format!("{number},red\n");
        let whole = drift(&profile, &table(numbers.iter().map(line)));
        let mut parts = Observed::new(&profile);
        for part in [&numbers[at..], &numbers[..at]] {
            parts.add(&table(part.iter().map(line))).expect("it has the profile's features");
        }
        prop_assert_eq!(parts.drift(&USUAL), whole);
    }
}
