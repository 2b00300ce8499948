//! `coracle drift NAME`: whether a model that is served is still asked what it was trained for.

use std::path::PathBuf;

use coracle_app::view::{
    DriftBin, DriftVerdict, FeatureDrift, ModelAccuracy, ModelDrift, ModelProfile, ProfileQuery,
};
use jiff::Unit;

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Paint, Table, count};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: coracle drift iris --profile train.csv --target species")]
pub(crate) struct Arguments {
    /// The model server
    name: String,

    /// Its namespace
    #[arg(short, long, default_value = "default")]
    namespace: String,

    /// Compare it from now on with this training data: CSV, or rows as JSON
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    /// The column of that data that was to be predicted
    #[arg(long, value_name = "COLUMN", requires = "profile")]
    target: Option<String>,
}

/// How many bins that changed most are shown of a feature.
const SHOWN_BINS: usize = 2;

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let path = |last| ["model-servers", &arguments.namespace, &arguments.name, last];
    let session = match &arguments.profile {
        None => Session::look(context).await?,
        Some(file) => {
            let file = context.surroundings.path(file);
            let data =
                fs_err::read(file).map_err(|error| CommandError::usage(error.to_string()))?;
            let session = Session::change(context).await?;
            let query = ProfileQuery {
                target: arguments.target.clone(),
            };
            let call = Call::put(path("profile")).query(&query).bytes(data);
            let profile: ModelProfile = session.client().ask(call).await?;
            context.output.note(&said(&profile));
            session
        }
    };
    let drift: ModelDrift = session.client().ask(Call::get(path("drift"))).await?;
    session.close().await;
    match context.output.format {
        Format::Json => context.output.json(&drift)?,
        Format::Text => {
            let table = table(&drift);
            let compared = drift.features.len() + usize::from(drift.prediction.is_some());
            let nothing = "there is no profile to compare with: make one with `--profile FILE`";
            context.output.table(&table, compared, nothing)?;
            context.output.note(&summary(&drift));
            for unjudged in &drift.unjudged {
                context.output.note(unjudged);
            }
        }
    }
    Ok(Exit::Fine)
}

fn said(profile: &ModelProfile) -> String {
    let target = match &profile.target {
        Some(target) => format!("`{}` to be predicted", target.name),
        None => "nothing to be predicted: name it with `--target COLUMN`".to_owned(),
    };
    format!(
        "compared from now on with {}, {}, {target}",
        count(rows(profile.rows), "row"),
        count(profile.features.len(), "feature"),
    )
}

fn table(drift: &ModelDrift) -> Table {
    let mut table = Table::new([
        ("FEATURE", Align::Left),
        ("VERDICT", Align::Left),
        ("PSI", Align::Right),
        ("KS", Align::Right),
        ("WHERE", Align::Left),
    ]);
    for feature in &drift.features {
        table.row(row(feature, feature.name.clone()));
    }
    if let Some(prediction) = &drift.prediction {
        table.row(row(
            prediction,
            format!("prediction of {}", prediction.name),
        ));
    }
    table
}

fn row(feature: &FeatureDrift, name: String) -> [(String, Paint); 5] {
    let (verdict, paint) = match feature.verdict {
        DriftVerdict::TooFewRows => ("too few rows", Paint::Dim),
        DriftVerdict::Stable => ("stable", Paint::Good),
        DriftVerdict::Moderate => ("moderate", Paint::Warning),
        DriftVerdict::Significant => ("drifted", Paint::Bad),
    };
    let statistic = feature.ks_statistic;
    [
        (name, Paint::Bold),
        (verdict.to_owned(), paint),
        (format!("{:.2}", feature.psi), Paint::Plain),
        (
            statistic.map_or_else(|| "-".to_owned(), |statistic| format!("{statistic:.2}")),
            Paint::Plain,
        ),
        (changes(feature), Paint::Dim),
    ]
}

/// The bins whose shares changed most: `4.3 to 4.8 10% → 0%`.
fn changes(feature: &FeatureDrift) -> String {
    if matches!(
        feature.verdict,
        DriftVerdict::TooFewRows | DriftVerdict::Stable
    ) {
        return String::new();
    }
    let total = |of: fn(&DriftBin) -> u64| feature.bins.iter().map(of).sum::<u64>().max(1) as f64;
    let (all_expected, all_observed) = (total(|bin| bin.expected), total(|bin| bin.observed));
    let mut bins: Vec<(f64, f64, &str)> = feature
        .bins
        .iter()
        .map(|bin| {
            let expected = bin.expected as f64 / all_expected;
            let observed = bin.observed as f64 / all_observed;
            (expected, observed, bin.label.as_str())
        })
        .collect();
    bins.sort_by(|one, other| (other.1 - other.0).abs().total_cmp(&(one.1 - one.0).abs()));
    let shown = bins.iter().take(SHOWN_BINS);
    let shown = shown.map(|(expected, observed, label)| {
        format!(
            "{label}: {:.0}% → {:.0}%",
            expected * 100.0,
            observed * 100.0
        )
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn summary(drift: &ModelDrift) -> String {
    let mut lines = vec![format!(
        "{} of {} since {}",
        count(rows(drift.rows), "row"),
        count(rows(drift.requests), "request"),
        drift.since.round(Unit::Second).unwrap_or(drift.since)
    )];
    if drift.has_more {
        lines.push("older requests of that time are not looked at".to_owned());
    }
    if drift.unread > 0 {
        let reason = drift.unread_reason.as_deref().unwrap_or_default();
        lines.push(format!("{} of them cannot be read: {reason}", drift.unread));
    }
    lines.extend(drift.accuracy.as_ref().map(tell_accuracy));
    if drift.mislabelled > 0 {
        lines.push(format!(
            "{} with another number of labels than predictions",
            count(rows(drift.mislabelled), "request")
        ));
    }
    lines.join("\n")
}

fn tell_accuracy(accuracy: &ModelAccuracy) -> String {
    match accuracy {
        ModelAccuracy::Classification {
            labelled, accuracy, ..
        } => format!(
            "{:.1}% of {labelled} labelled predictions are right",
            accuracy * 100.0
        ),
        ModelAccuracy::Regression {
            labelled,
            mean_absolute_error,
            root_mean_squared_error,
        } => format!(
            "{labelled} labelled predictions: mean absolute error {mean_absolute_error:.4}, root mean squared error \
             {root_mean_squared_error:.4}"
        ),
    }
}

fn rows(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(label: &str, expected: u64, observed: u64) -> DriftBin {
        DriftBin {
            label: label.to_owned(),
            from: None,
            to: None,
            expected,
            observed,
        }
    }

    fn feature(name: &str, verdict: DriftVerdict) -> FeatureDrift {
        FeatureDrift {
            name: name.to_owned(),
            rows: 50,
            psi: 1.2345,
            chance: 0.0,
            ks_statistic: Some(0.5),
            ks_p_value: Some(0.0),
            verdict,
            bins: vec![
                bin("1 to 2", 50, 0),
                bin("2 to 3", 50, 10),
                bin("above 3", 0, 40),
            ],
        }
    }

    fn drift() -> ModelDrift {
        let time = "2026-11-28T01:00:00.123Z".parse().expect("it is a time");
        ModelDrift {
            since: time,
            until: time,
            requests: 5,
            has_more: false,
            unread: 1,
            unread_reason: Some("the body is packed as gzip".to_owned()),
            rows: 50,
            psi_threshold: 0.2,
            least_rows: 50,
            least_accuracy: None,
            profile_at: Some(time),
            verdict: Some(DriftVerdict::Significant),
            features: vec![
                feature("width", DriftVerdict::Significant),
                feature("length", DriftVerdict::Stable),
            ],
            prediction: Some(FeatureDrift {
                ks_statistic: None,
                ..feature("species", DriftVerdict::TooFewRows)
            }),
            accuracy: Some(ModelAccuracy::Classification {
                labelled: 20,
                accuracy: 0.95,
                classes: Vec::new(),
            }),
            mislabelled: 0,
            unjudged: Vec::new(),
        }
    }

    #[test]
    fn what_drifted_is_shown_with_where() {
        let expected = "\
FEATURE                VERDICT        PSI    KS  WHERE
width                  drifted       1.23  0.50  above 3: 0% → 80%, 1 to 2: 50% → 0%
length                 stable        1.23  0.50
prediction of species  too few rows  1.23     -
";
        assert_eq!(table(&drift()).render(None, false), expected);
    }

    #[test]
    fn what_is_not_in_the_table_is_told_below_it() {
        let expected = "50 rows of 5 requests since 2026-11-28T01:00:00Z\n\
            1 of them cannot be read: the body is packed as gzip\n\
            95.0% of 20 labelled predictions are right";
        assert_eq!(summary(&drift()), expected);
    }
}
