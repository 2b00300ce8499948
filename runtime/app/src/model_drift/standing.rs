//! How far off a model was found last, and what is new about it now.

use std::collections::BTreeSet;

use coracle_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::view::{DriftVerdict, FeatureDrift, ModelAccuracy, ModelDrift};

/// What was said of a model and has not been taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Standing {
    /// From which profile it has drifted.
    #[serde(default)]
    profile_at: Option<Timestamp>,
    /// What has drifted, as people are told it.
    drifted: BTreeSet<String>,
    /// Whether too few predictions are right.
    is_inaccurate: bool,
}

/// Something to be said of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    pub(super) is_warning: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Standing {
    /// How it stands now, and what is to be said. Where there are too few rows for a word, what was said still holds;
    /// between the thresholds as well, so that nothing goes to and fro. What was said of one profile says nothing of another.
    pub(super) fn after(&self, drift: &ModelDrift) -> (Self, Vec<News>) {
        let mut now = self.clone();
        if now.profile_at != drift.profile_at {
            now.drifted.clear();
            now.profile_at = drift.profile_at;
        }
        let mut news = Vec::new();
        let (mut began, mut ended) = (Vec::new(), Vec::new());
        let features = drift
            .features
            .iter()
            .map(|feature| (feature, told(feature)));
        let prediction = drift.prediction.iter();
        let prediction =
            prediction.map(|found| (found, format!("the prediction of {}", told(found))));
        for (found, told) in features.chain(prediction) {
            match found.verdict {
                DriftVerdict::Significant => {
                    if now.drifted.insert(told.clone()) {
                        began.push(format!("{told} (PSI {:.2})", found.psi));
                    }
                }
                DriftVerdict::Stable => {
                    if now.drifted.remove(&told) {
                        ended.push(told);
                    }
                }
                DriftVerdict::TooFewRows | DriftVerdict::Moderate => {}
            }
        }
        if !began.is_empty() {
            let rows = drift.rows;
            news.push(News {
                is_warning: true,
                reason: "Drift",
                message: format!(
                    "not distributed as in the training data, by the last {rows} rows: {}",
                    began.join(", ")
                ),
            });
        }
        if !ended.is_empty() {
            news.push(News {
                is_warning: false,
                reason: "DriftOver",
                message: format!(
                    "distributed as in the training data again: {}",
                    ended.join(", ")
                ),
            });
        }
        news.extend(now.judge_accuracy(drift));
        (now, news)
    }

    fn judge_accuracy(&mut self, drift: &ModelDrift) -> Option<News> {
        let least = drift.least_accuracy?;
        let Some(ModelAccuracy::Classification {
            labelled, accuracy, ..
        }) = &drift.accuracy
        else {
            return None;
        };
        let is_inaccurate = *accuracy < least;
        if *labelled < drift.least_rows || is_inaccurate == self.is_inaccurate {
            return None;
        }
        self.is_inaccurate = is_inaccurate;
        let figures = format!("{accuracy:.3} of the last {labelled} labelled predictions");
        Some(if is_inaccurate {
            News {
                is_warning: true,
                reason: "LowAccuracy",
                message: format!("only {figures} are right, and {least} is the least"),
            }
        } else {
            News {
                is_warning: false,
                reason: "LowAccuracyOver",
                message: format!("{figures} are right, which is enough again"),
            }
        })
    }
}

fn told(feature: &FeatureDrift) -> String {
    format!("`{}`", feature.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(name: &str, verdict: DriftVerdict) -> FeatureDrift {
        FeatureDrift {
            name: name.to_owned(),
            rows: 60,
            psi: 1.234,
            chance: 0.0,
            ks_statistic: None,
            ks_p_value: None,
            verdict,
            bins: Vec::new(),
        }
    }

    fn drift(width: DriftVerdict, species: DriftVerdict) -> ModelDrift {
        ModelDrift {
            since: Timestamp::MIN,
            until: Timestamp::MIN,
            requests: 6,
            has_more: false,
            unread: 0,
            unread_reason: None,
            rows: 60,
            psi_threshold: 0.2,
            least_rows: 50,
            least_accuracy: None,
            profile_at: None,
            verdict: None,
            features: vec![feature("width", width)],
            prediction: Some(feature("species", species)),
            accuracy: None,
            mislabelled: 0,
            unjudged: Vec::new(),
        }
    }

    fn accuracy(labelled: u64, accuracy: f64) -> ModelDrift {
        ModelDrift {
            least_accuracy: Some(0.9),
            accuracy: Some(ModelAccuracy::Classification {
                labelled,
                accuracy,
                classes: Vec::new(),
            }),
            ..drift(DriftVerdict::Stable, DriftVerdict::Stable)
        }
    }

    /// What is said after each of these, from the beginning on.
    fn check(found: &[ModelDrift], expected: &[&[&str]]) {
        let mut standing = Standing::default();
        let said: Vec<Vec<String>> = found
            .iter()
            .map(|found| {
                let (now, news) = standing.after(found);
                standing = now;
                let said = news.into_iter();
                said.map(|news| format!("{} {}", news.reason, news.message))
                    .collect()
            })
            .collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn a_crossing_is_said_once() {
        use DriftVerdict::{Moderate, Significant, Stable, TooFewRows};
        check(
            &[
                drift(Stable, TooFewRows),
                drift(Significant, Stable),
                drift(Significant, Significant),
                drift(Moderate, Significant),
                drift(TooFewRows, TooFewRows),
                drift(Significant, Significant),
                drift(Stable, Stable),
                drift(Moderate, Moderate),
            ],
            &[
                &[],
                &[
                    "Drift not distributed as in the training data, by the last 60 rows: `width` (PSI 1.23)",
                ],
                &[
                    "Drift not distributed as in the training data, by the last 60 rows: the prediction of `species` (PSI 1.23)",
                ],
                &[],
                &[],
                &[],
                &[
                    "DriftOver distributed as in the training data again: `width`, the prediction of `species`",
                ],
                &[],
            ],
        );
    }

    #[test]
    fn another_profile_begins_anew_and_changes_nothing_of_accuracy() {
        let found = |profile_at: i64, width: DriftVerdict| ModelDrift {
            profile_at: Timestamp::from_second(profile_at).ok(),
            features: vec![feature("width", width)],
            ..accuracy(50, 0.8)
        };
        let low = "LowAccuracy only 0.800 of the last 50 labelled predictions are right, and 0.9 is the least";
        let drifted = "Drift not distributed as in the training data, by the last 60 rows: `width` (PSI 1.23)";
        let none = ModelDrift {
            features: Vec::new(),
            profile_at: None,
            ..accuracy(50, 0.8)
        };
        check(
            &[
                found(1, DriftVerdict::Significant),
                found(2, DriftVerdict::Significant),
                none,
                found(3, DriftVerdict::Stable),
            ],
            &[&[drifted, low], &[drifted], &[], &[]],
        );
    }

    #[test]
    fn too_few_right_predictions_are_said_once_there_are_labels_enough() {
        check(
            &[
                accuracy(49, 0.1),
                accuracy(50, 0.8),
                accuracy(60, 0.7),
                accuracy(20, 1.0),
                accuracy(70, 0.9),
            ],
            &[
                &[],
                &[
                    "LowAccuracy only 0.800 of the last 50 labelled predictions are right, and 0.9 is the least",
                ],
                &[],
                &[],
                &[
                    "LowAccuracyOver 0.900 of the last 70 labelled predictions are right, which is enough again",
                ],
            ],
        );
    }

    #[test]
    fn what_stands_is_kept_as_text() {
        let (standing, _) =
            Standing::default().after(&drift(DriftVerdict::Significant, DriftVerdict::Stable));
        let kept = serde_json::to_string(&standing).expect("it is JSON");
        let read: Standing = serde_json::from_str(&kept).expect("it is what was kept");
        assert_eq!(read, standing);
        assert_ne!(read, Standing::default());
    }
}
