use super::*;

fn pairs(pairs: &[(f64, f64)]) -> Vec<(Cell, Cell)> {
    let cells = pairs.iter();
    cells
        .map(|(prediction, label)| (Cell::number(*prediction), Cell::number(*label)))
        .collect()
}

/// `sklearn.metrics.accuracy_score` and `precision_recall_fscore_support` of the same labels.
#[test]
fn classes_are_as_scikit_learn_says() {
    let labels = [0, 1, 2, 2, 1, 0, 2, 1, 0, 2].map(f64::from);
    let predictions = [0, 2, 2, 2, 1, 0, 1, 1, 1, 2].map(f64::from);
    let both: Vec<(f64, f64)> = predictions.into_iter().zip(labels).collect();
    let both = pairs(&both);
    assert_eq!(Task::of(None, &both), Task::Classification);
    let Some(Accuracy::Classification {
        labelled,
        accuracy,
        classes,
    }) = Accuracy::of(Task::Classification, &both)
    else {
        panic!("there are classes");
    };
    assert_eq!((labelled, accuracy), (10, 0.7));
    let found: Vec<_> = classes
        .iter()
        .map(|class| {
            (
                class.class.as_str(),
                class.labelled,
                class.precision,
                class.recall,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("0", 3, Some(1.0), Some(2.0 / 3.0)),
            ("1", 3, Some(0.5), Some(2.0 / 3.0)),
            ("2", 4, Some(0.75), Some(0.75)),
        ]
    );
}

/// `sklearn.metrics.mean_absolute_error` and `root_mean_squared_error` of scikit-learn's own example.
#[test]
fn numbers_are_as_scikit_learn_says() {
    let both = pairs(&[(2.5, 3.0), (0.0, -0.5), (2.0, 2.0), (8.0, 7.0)]);
    assert_eq!(Task::of(None, &both), Task::Regression);
    let found = Accuracy::of(Task::Regression, &both);
    let wanted = Accuracy::Regression {
        labelled: 4,
        mean_absolute_error: 0.5,
        root_mean_squared_error: 0.375f64.sqrt(),
    };
    assert_eq!(found, Some(wanted));
}

#[test]
fn a_class_that_is_never_predicted_has_no_precision() {
    let both = vec![(Cell::text("cat"), Cell::text("dog"))];
    let Some(Accuracy::Classification { classes, .. }) = Accuracy::of(Task::Classification, &both)
    else {
        panic!("there are classes");
    };
    let [cat, dog] = classes.as_slice() else {
        panic!("there are two");
    };
    assert_eq!((cat.precision, cat.recall), (Some(0.0), None));
    assert_eq!((dog.precision, dog.recall), (None, Some(0.0)));
}

#[test]
fn what_has_no_label_is_left_out() {
    let both = vec![(Cell::number(1.0), Cell::Missing)];
    assert_eq!(Accuracy::of(Task::Classification, &both), None);
    assert_eq!(Accuracy::of(Task::Regression, &both), None);
}
