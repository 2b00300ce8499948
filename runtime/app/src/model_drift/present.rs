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
    let found = window.observed.map(|observed| observed.drift(&thresholds));
    let worst = found
        .as_ref()
        .and_then(|found| found.all().map(|feature| feature.verdict).max());
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
    }
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
