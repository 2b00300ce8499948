//! Profiles, drift and accuracy as they go over the wire.

use coracle_model::Timestamp;
use coracle_monitoring::{
    Accuracy, Bin, Distribution, FeatureDrift, FeatureProfile, Profile, Range, Verdict,
};

use super::window::Window;
use crate::view;

pub(super) fn profile(at: Timestamp, profile: Profile) -> view::ModelProfile {
    view::ModelProfile {
        at,
        rows: profile.rows,
        features: profile.features.into_iter().map(profiled).collect(),
        target: profile.target.map(profiled),
    }
}

fn profiled(feature: FeatureProfile) -> view::ProfiledFeature {
    let values = match feature.distribution {
        Distribution::Numeric(numeric) => view::ProfiledValues::Numeric {
            min: numeric.min,
            max: numeric.max,
            mean: numeric.mean,
            std: numeric.std,
        },
        Distribution::Categorical(found) => view::ProfiledValues::Categorical {
            categories: found
                .categories
                .into_iter()
                .map(|(category, count)| view::CategoryCount { category, count })
                .collect(),
            others: found.others,
        },
    };
    view::ProfiledFeature {
        name: feature.name,
        count: feature.count,
        missing: feature.missing,
        values,
    }
}

pub(super) fn drift(window: Window<'_>, profile_at: Option<Timestamp>) -> view::ModelDrift {
    let thresholds = window.thresholds();
    let observed = window.observed.as_ref();
    let found = observed.map(|observed| observed.drift(&thresholds));
    let worst = found
        .as_ref()
        .and_then(|found| found.all().map(|feature| feature.verdict).max());
    let fractions = found.as_ref().map_or(0, |found| found.fractions);
    let unjudged = unjudged(fractions, &window);
    let (features, prediction) = match found {
        Some(found) => (found.features, found.prediction),
        None => (Vec::new(), None),
    };
    view::ModelDrift {
        since: window.since,
        until: window.until,
        requests: window.requests,
        has_more: window.has_more,
        unread: window.unread,
        unread_reason: window.unread_reason,
        rows: window.rows,
        psi_threshold: thresholds.psi,
        least_rows: thresholds.least_rows,
        least_accuracy: window.watching.least_accuracy,
        profile_at,
        verdict: worst.map(verdict),
        features: features.into_iter().map(feature).collect(),
        prediction: prediction.map(feature),
        accuracy: window.accuracy.map(accuracy),
        mislabelled: window.mislabelled,
        unjudged,
    }
}

fn unjudged(fractions: u64, window: &Window<'_>) -> Vec<String> {
    let mut unjudged = Vec::new();
    if fractions > 0 {
        unjudged.push(format!(
            "the predictions, of which {fractions} with a fraction, as what was to be predicted is classes or whole numbers"
        ));
    }
    let has_numbers = matches!(window.accuracy, Some(Accuracy::Regression { .. }));
    if has_numbers && window.watching.least_accuracy.is_some() {
        let why =
            "the least accuracy, as it is about classes and the labelled predictions are numbers";
        unjudged.push(why.to_owned());
    }
    unjudged
}

fn feature(found: FeatureDrift) -> view::FeatureDrift {
    view::FeatureDrift {
        name: found.name,
        rows: found.rows,
        psi: found.psi,
        chance: found.chance,
        ks_statistic: found.ks.map(|ks| ks.statistic),
        ks_p_value: found.ks.map(|ks| ks.p_value),
        verdict: verdict(found.verdict),
        bins: found.bins.into_iter().map(bin).collect(),
    }
}

fn verdict(verdict: Verdict) -> view::DriftVerdict {
    match verdict {
        Verdict::TooFewRows => view::DriftVerdict::TooFewRows,
        Verdict::Stable => view::DriftVerdict::Stable,
        Verdict::Moderate => view::DriftVerdict::Moderate,
        Verdict::Significant => view::DriftVerdict::Significant,
    }
}

fn bin(bin: Bin) -> view::DriftBin {
    let (label, from, to) = match bin.range {
        Range::Below { to } => (format!("below {to}"), None, Some(to)),
        Range::Between { from, to } => (format!("{from} to {to}"), Some(from), Some(to)),
        Range::Above { from } => (format!("above {from}"), Some(from), None),
        Range::Category(category) => (category, None, None),
        Range::Other => ("others".to_owned(), None, None),
        Range::Missing => ("missing".to_owned(), None, None),
    };
    view::DriftBin {
        label,
        from,
        to,
        expected: bin.expected,
        observed: bin.observed,
    }
}

fn accuracy(found: Accuracy) -> view::ModelAccuracy {
    match found {
        Accuracy::Classification {
            labelled,
            accuracy,
            classes,
        } => view::ModelAccuracy::Classification {
            labelled,
            accuracy,
            classes: classes
                .into_iter()
                .map(|class| view::ClassAccuracy {
                    class: class.class,
                    labelled: class.labelled,
                    predicted: class.predicted,
                    precision: class.precision,
                    recall: class.recall,
                })
                .collect(),
        },
        Accuracy::Regression {
            labelled,
            mean_absolute_error,
            root_mean_squared_error,
        } => view::ModelAccuracy::Regression {
            labelled,
            mean_absolute_error,
            root_mean_squared_error,
        },
    }
}

#[cfg(test)]
mod tests {
    use coracle_monitoring::{Cell, Observed, of_csv};
    use coracle_objects::kind::inference_service::Watching;

    use super::*;

    #[test]
    fn what_is_not_judged_says_why() {
        let table = of_csv(b"x,bought\n1,0\n2,1\n").expect("it is a table");
        let profile = Profile::with_target(table, "bought").expect("there is such a column");
        let told = |prediction: f64, accuracy: Accuracy| {
            let mut observed = Observed::new(&profile);
            observed.add_predictions(&[Cell::number(prediction)]);
            let watching = Watching {
                least_accuracy: Some(0.9),
                ..Watching::default()
            };
            let window = Window {
                since: Timestamp::MIN,
                until: Timestamp::MIN,
                watching,
                requests: 1,
                has_more: false,
                unread: 0,
                unread_reason: None,
                rows: 1,
                observed: Some(observed),
                accuracy: Some(accuracy),
                mislabelled: 0,
            };
            let found = drift(window, None);
            (found.prediction.is_some(), found.unjudged)
        };
        let classes = Accuracy::Classification {
            labelled: 1,
            accuracy: 1.0,
            classes: Vec::new(),
        };
        assert_eq!(told(1.0, classes), (true, Vec::new()));
        let numbers = Accuracy::Regression {
            labelled: 1,
            mean_absolute_error: 0.5,
            root_mean_squared_error: 0.5,
        };
        let (is_compared, unjudged) = told(0.5, numbers);
        assert!(!is_compared);
        let [prediction, accuracy] = unjudged.as_slice() else {
            panic!("there are two: {unjudged:?}");
        };
        assert!(prediction.contains("1 with a fraction"), "{prediction}");
        assert!(accuracy.contains("about classes"), "{accuracy}");
    }
}
