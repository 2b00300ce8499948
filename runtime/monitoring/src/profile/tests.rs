use proptest::prelude::*;

use super::*;
use crate::of_csv;

fn numeric(profile: &FeatureProfile) -> &Numeric {
    match &profile.distribution {
        Distribution::Numeric(numeric) => numeric,
        Distribution::Categorical(_) => panic!("`{}` has numbers", profile.name),
    }
}

fn of_numbers(numbers: &[f32]) -> Numeric {
    Numeric::of(numbers, 100)
}

/// `min`, `max`, `mean()` and `std(ddof=1)` of numpy, of `[(i * i) % 23 + i / 10 for i in range(40)]`.
#[test]
fn numbers_are_described_as_numpy_does() {
    let numbers: Vec<f32> = (0..40u16)
        .map(|i| f32::from(i * i % 23) + f32::from(i) / 10.0)
        .collect();
    let found = of_numbers(&numbers);
    assert_eq!((found.min, found.max), (0.0, 21.8));
    assert!((found.mean - 10.025).abs() < 1e-6, "{}", found.mean);
    assert!((found.std - 5.971_674_5).abs() < 1e-6, "{}", found.std);
}

#[test]
fn different_numbers_are_cut_evenly() {
    let numbers: Vec<f32> = (0..1000u16).map(f32::from).collect();
    let found = of_numbers(&numbers);
    assert_eq!(found.counts, [100; 10]);
    assert_eq!(found.starts[..3], [0.0, 100.0, 200.0]);
    assert_eq!(found.sample.len(), 100);
    assert_eq!(found.sample[..2], [5.0, 15.0]);
}

#[test]
fn few_different_numbers_have_a_bin_each() {
    let numbers = [0.0, 1.0].repeat(50);
    let found = of_numbers(&numbers);
    assert_eq!((found.starts, found.counts), (vec![0.0, 1.0], vec![50, 50]));
}

#[test]
fn what_is_mostly_one_number_keeps_the_others_apart() {
    let mut numbers = vec![0.0; 95];
    numbers.extend([1.0, 2.0, 3.0, 4.0, 5.0]);
    let found = of_numbers(&numbers);
    assert_eq!((found.starts, found.counts), (vec![0.0, 1.0], vec![95, 5]));
}

#[test]
fn a_table_has_features_and_a_target() {
    let text = "width,colour,price\n1.5,red,10.5\n2,blue,11\n,red,12\n";
    let table = of_csv(text.as_bytes()).expect("it is a table");
    let profile = Profile::with_target(table, "price").expect("there is such a column");
    let [width, colour] = profile.features.as_slice() else {
        panic!("there are two features");
    };
    assert_eq!((width.count, width.missing), (2, 1));
    assert_eq!(numeric(width).mean, 1.75);
    let Distribution::Categorical(colours) = &colour.distribution else {
        panic!("colours are no numbers");
    };
    let wanted = [("red".to_owned(), 2), ("blue".to_owned(), 1)];
    assert_eq!(colours.categories, wanted);
    let target = profile.target.as_ref().expect("it was named");
    assert_eq!(numeric(target).max, 12.0);
    assert_eq!(profile.classes(), Vec::<String>::new());
}

#[test]
fn whole_numbers_to_be_predicted_are_classes() {
    let table = of_csv(b"1.5,10\n2.5,9\n3.5,10\n").expect("it is a table");
    let profile = Profile::with_target(table, "1").expect("there is such a column");
    assert_eq!(profile.classes(), ["9", "10"]);
}

#[test]
fn a_column_that_is_not_there_is_told_with_those_that_are() {
    let table = of_csv(b"a,b\n1,2\n").expect("it is a table");
    let error = Profile::with_target(table, "c").expect_err("there is none");
    assert_eq!(error.to_string(), "the data has no column `c`; it has a, b");
}

#[test]
fn data_without_rows_or_features_has_no_profile() {
    let table = |text: &str| of_csv(text.as_bytes()).expect("it is a table");
    assert!(matches!(
        Profile::of(&table("a,b\n")),
        Err(ProfileError::Empty)
    ));
    let alone = Profile::with_target(table("a\n1\n"), "a");
    assert!(matches!(alone, Err(ProfileError::Empty)));
}

#[test]
fn rare_categories_are_counted_together() {
    let rows: String = (0..100).map(|row| format!("name{row},1\n")).collect();
    let table = of_csv(format!("id,x\n{rows}").as_bytes()).expect("it is a table");
    let profile = Profile::of(&table).expect("it has rows");
    let Distribution::Categorical(found) = &profile.features[0].distribution else {
        panic!("names are no numbers");
    };
    assert_eq!(found.categories.len(), MOST_CATEGORIES);
    assert_eq!(found.others, 100 - MOST_CATEGORIES as u64);
}

#[test]
fn fifty_features_of_much_data_take_less_than_a_hundred_kilobytes() {
    let mut seed = 1u64;
    let mut next = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Cell::number((seed >> 11) as f64 / (1u64 << 53) as f64 - 0.5)
    };
    let column = |at: usize, cells: Vec<Cell>| Column {
        name: Some(format!("a name of some length {at}")),
        cells,
    };
    let columns = (0..50).map(|at| column(at, (0..5000).map(|_| next()).collect()));
    let table = Table::of_columns(columns.collect()).expect("they are of one length");
    let kept = Profile::of(&table).and_then(|profile| profile.to_json());
    let kept = kept.expect("it has rows");
    assert!(kept.len() < 100_000, "{} bytes", kept.len());
}

#[test]
fn what_is_kept_is_read_again_unless_it_is_of_another_form() {
    let table = of_csv(b"a,b\n0.1,x\n1e-7,y\n").expect("it is a table");
    let profile = Profile::of(&table).expect("it has rows");
    let kept = profile.to_json().expect("it is JSON");
    assert_eq!(
        Profile::from_json(&kept).expect("it is what was kept"),
        profile
    );
    let later = kept.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(
        Profile::from_json(&later),
        Err(ProfileError::Version(2))
    ));
    assert!(matches!(
        Profile::from_json("{}"),
        Err(ProfileError::Kept(_))
    ));
}

proptest! {
    #[test]
    fn every_number_is_in_its_bin(numbers in prop::collection::vec(-1e3f32..1e3, 1..300)) {
        let found = of_numbers(&numbers);
        prop_assert_eq!(found.counts.iter().sum::<u64>(), numbers.len() as u64);
        let mut counts = vec![0; found.bin_count()];
        for number in &numbers {
            counts[found.bin(*number)] += 1;
        }
        let expected: Vec<u64> = found.bins().into_iter().map(|(_, count)| count).collect();
        prop_assert_eq!(counts, expected);
        prop_assert_eq!(found.bin(2e3), found.starts.len() + 1);
        prop_assert_eq!(found.bin(-2e3), 0);
    }

    #[test]
    fn no_bin_is_larger_than_its_share_and_one_value(numbers in prop::collection::vec(-1e3f32..1e3, 20..300)) {
        let found = of_numbers(&numbers);
        prop_assert!(found.starts.len() <= 10);
        prop_assert!(found.starts.is_sorted());
    }
}
