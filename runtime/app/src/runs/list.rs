//! The list of runs.

use coracle_model::{RunState, StorageState};
use coracle_store::{RunRowQuery, RunSort};

use super::present;
use crate::error::AppError;
use crate::view::{RunFields, RunList, RunQuery};
use crate::workbench::Workbench;

/// What one page holds when nobody says how much.
const USUAL_PAGE: usize = 100;

/// The most that one page holds.
const LARGEST_PAGE: usize = 1000;

impl Workbench {
    /// Runs, newest first unless another order is asked for.
    ///
    /// # Errors
    /// A query that cannot be understood, and a database that cannot be read.
    pub async fn runs(&self, query: RunQuery) -> Result<RunList, AppError> {
        let limit = query.limit.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
        let asked = rows(query, limit)?;
        let is_newest_first = asked.sort == RunSort::Created && asked.descending;
        let mut page = self
            .ask_store(move |store| Ok(store.run_rows(&asked)?))
            .await?;
        let more = page.rows.len() > limit && is_newest_first;
        page.rows.truncate(limit);
        let next = page.rows.last().map(|row| row.summary.id);
        Ok(RunList {
            runs: page.rows.into_iter().map(present::summary).collect(),
            total: page.total,
            next: next.filter(|_| more),
        })
    }

    /// What there is among all runs to filter and sort by.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_fields(&self) -> Result<RunFields, AppError> {
        let fields = self.ask_store(|store| Ok(store.run_fields()?)).await?;
        Ok(RunFields {
            pipelines: fields.pipelines,
            parameters: fields.parameters.into_iter().collect(),
            metrics: fields.metrics.into_iter().collect(),
        })
    }
}

fn rows(query: RunQuery, limit: usize) -> Result<RunRowQuery, AppError> {
    let (sort, descending) = sort(query.sort.as_deref().unwrap_or("-created"))?;
    let words = query.text.unwrap_or_default();
    Ok(RunRowQuery {
        states: states(query.state.as_deref().unwrap_or_default())?,
        pipeline: query.pipeline.map(Into::into),
        experiment: query.experiment,
        recurring: query.recurring,
        storage: query.archived.map(|archived| match archived {
            true => StorageState::Archived,
            false => StorageState::Available,
        }),
        words: words.split_whitespace().map(str::to_owned).collect(),
        before: query.before,
        sort,
        descending,
        offset: query.offset.unwrap_or_default(),
        // One more tells whether there is another page.
        limit: limit + 1,
        values: query.values.unwrap_or_default(),
    })
}

fn sort(text: &str) -> Result<(RunSort, bool), AppError> {
    let (word, descending) = match text.strip_prefix('-') {
        Some(word) => (word, true),
        None => (text, false),
    };
    let sort = match (word, word.split_once('.')) {
        ("created", _) => RunSort::Created,
        ("finished", _) => RunSort::Finished,
        ("took", _) => RunSort::Took,
        ("name", _) => RunSort::Name,
        ("state", _) => RunSort::State,
        ("pipeline", _) => RunSort::Pipeline,
        ("experiment", _) => RunSort::Experiment,
        ("recurring", _) => RunSort::Recurring,
        (_, Some(("parameters", name))) => RunSort::Parameter(name.to_owned()),
        (_, Some(("metrics", name))) => RunSort::Metric(name.to_owned()),
        _ => {
            return Err(AppError::request(
                format!("runs cannot be sorted by `{word}`"),
                "use `created`, `finished`, `took`, `name`, `state`, `pipeline`, `experiment`, `recurring`, \
                    `parameters.NAME` or `metrics.NAME`",
            ));
        }
    };
    Ok((sort, descending))
}

fn states(text: &str) -> Result<Vec<RunState>, AppError> {
    let words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words
        .map(|word| {
            word.to_ascii_uppercase()
                .parse()
                .map_err(|message: String| {
                    AppError::request(
                        message,
                        "use `PENDING`, `RUNNING`, `CANCELING`, `SUCCEEDED` or `FAILED`",
                    )
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_any_case() {
        assert_eq!(
            states("running, FAILED").unwrap(),
            [RunState::Running, RunState::Failed]
        );
        assert_eq!(states("").unwrap(), []);
        assert!(states("done").is_err());
    }

    #[test]
    fn orders_are_read_with_names_that_have_anything_in_them() {
        assert_eq!(sort("-took").unwrap(), (RunSort::Took, true));
        assert_eq!(
            sort("metrics.-a.b").unwrap(),
            (RunSort::Metric("-a.b".to_owned()), false)
        );
        for text in ["", "-", "size", "parameter.a"] {
            assert!(sort(text).is_err(), "{text}");
        }
    }
}
