//! How far a model that is served is from what it was trained on, and how right it is.

use coracle_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of `PUT /model-servers/{namespace}/{name}/profile`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProfileQuery {
    /// The column that was to be predicted, by its name or else by its number from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(nullable = false)]
    pub target: Option<String>,
}

/// `GET /model-servers/{namespace}/{name}/profile`: what is kept of a model's training data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelProfile {
    /// When it was made.
    pub at: Timestamp,
    /// How many rows the data had.
    pub rows: u64,
    /// Its features, in the order of its columns.
    pub features: Vec<ProfiledFeature>,
    /// What was to be predicted, if the data has it.
    pub target: Option<ProfiledFeature>,
}

/// A column of training data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProfiledFeature {
    /// Its name.
    pub name: String,
    /// How many rows have a value.
    pub count: u64,
    /// How many have none.
    pub missing: u64,
    /// What the values are.
    pub values: ProfiledValues,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProfiledValues {
    /// Numbers.
    Numeric {
        /// The least.
        min: f32,
        /// The largest.
        max: f32,
        /// Their mean.
        mean: f32,
        /// Their standard deviation.
        std: f32,
    },
    /// Texts, truths or classes.
    Categorical {
        /// The most frequent ones, with how often each was there.
        categories: Vec<CategoryCount>,
        /// How many rows have another.
        others: u64,
    },
}

/// How often a category was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryCount {
    /// The category.
    pub category: String,
    /// How often.
    pub count: u64,
}

/// An item of `POST /model-servers/{namespace}/{name}/labels`: what would have been right to answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestLabels {
    /// The id of the request, which its answer has in the header `x-request-id`.
    pub request: String,
    /// A number, text or truth for each of its rows.
    #[schema(value_type = Vec<Object>)]
    pub labels: Vec<serde_json::Value>,
}

/// `GET /model-servers/{namespace}/{name}/drift`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelDrift {
    /// From when on requests are looked at.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How many requests that were answered are looked at.
    pub requests: u64,
    /// Whether there are more in that time, older ones, which are not looked at.
    pub has_more: bool,
    /// How many of them could not be read, and so are not compared with the profile.
    pub unread: u64,
    /// Why the newest of these could not.
    pub unread_reason: Option<String>,
    /// How many predictions the others have, a row each.
    pub rows: u64,
    /// The stability index from which on a feature has drifted.
    pub psi_threshold: f64,
    /// How many rows there have to be before anything is said.
    pub least_rows: u64,
    /// Which share of the predictions has to be right, if that was said.
    pub least_accuracy: Option<f64>,
    /// When the profile was made that they are compared with; none where there is none.
    pub profile_at: Option<Timestamp>,
    /// The worst of what is said of the features and the predictions; none without a profile.
    pub verdict: Option<DriftVerdict>,
    /// Each feature, in the profile's order.
    pub features: Vec<FeatureDrift>,
    /// The predictions, where the profile has a target that they can be compared with.
    pub prediction: Option<FeatureDrift>,
    /// How right predictions are, where labels came for them.
    pub accuracy: Option<ModelAccuracy>,
    /// How many requests have not as many labels as predictions.
    pub mislabelled: u64,
    /// What nothing is said of though it was asked for, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unjudged: Vec<String>,
}

/// What is said of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriftVerdict {
    /// There are too few rows for any word.
    TooFewRows,
    /// It is as it was, or as far from it as chance has it.
    Stable,
    /// It has begun to differ.
    Moderate,
    /// It differs.
    Significant,
}

/// How far a feature is from what it was in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeatureDrift {
    /// Its name.
    pub name: String,
    /// How many values were seen, with those that are missing.
    pub rows: u64,
    /// The population stability index.
    pub psi: f64,
    /// How likely histograms that differ so much are where there is no difference.
    pub chance: f64,
    /// The largest distance of the two distributions (Kolmogorov and Smirnov); for numbers alone.
    pub ks_statistic: Option<f64>,
    /// How likely that is where there is no difference.
    pub ks_p_value: Option<f64>,
    /// What that means.
    pub verdict: DriftVerdict,
    /// Both histograms.
    pub bins: Vec<DriftBin>,
}

/// A bin of both histograms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DriftBin {
    /// What it stands for, in words.
    pub label: String,
    /// Where it begins, for numbers.
    pub from: Option<f32>,
    /// Where it ends, for numbers.
    pub to: Option<f32>,
    /// How many rows of the training data are in it.
    pub expected: u64,
    /// How many rows that were sent are in it.
    pub observed: u64,
}

/// How right predictions are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelAccuracy {
    /// Classes.
    Classification {
        /// How many predictions have a label.
        labelled: u64,
        /// The share of those that are right.
        accuracy: f64,
        /// Each class that was predicted or right.
        classes: Vec<ClassAccuracy>,
    },
    /// Numbers.
    Regression {
        /// How many predictions have a label.
        labelled: u64,
        /// The mean of the differences.
        mean_absolute_error: f64,
        /// The root of the mean of their squares.
        root_mean_squared_error: f64,
    },
}

/// How right the predictions of a class are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClassAccuracy {
    /// Its name.
    pub class: String,
    /// How often it was right.
    pub labelled: u64,
    /// How often it was predicted.
    pub predicted: u64,
    /// The share of its predictions that are right; none where it was not predicted.
    pub precision: Option<f64>,
    /// The share of its labels that were predicted; none where it was never right.
    pub recall: Option<f64>,
}
