//! The list of runs.

use coracle_model::RunState;
use coracle_store::RunFilter;

use super::present;
use crate::error::AppError;
use crate::view::{RunList, RunQuery};
use crate::workbench::Workbench;

/// What one page holds when nobody says how much.
const USUAL_PAGE: usize = 100;

/// The most that one page holds.
const LARGEST_PAGE: usize = 1000;

impl Workbench {
    /// Runs, newest first.
    ///
    /// # Errors
    /// A query that cannot be understood, and a database that cannot be read.
    pub async fn runs(&self, query: RunQuery) -> Result<RunList, AppError> {
        let limit = query.limit.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
        let filter = RunFilter {
            states: states(query.state.as_deref().unwrap_or_default())?,
            pipeline: query.pipeline.map(Into::into),
            before: query.before,
            // One more tells whether there is another page.
            limit: limit + 1,
            ..RunFilter::default()
        };
        let mut runs = self
            .ask_store(move |store| Ok(store.runs(&filter)?))
            .await?;
        let more = runs.len() > limit;
        runs.truncate(limit);
        let next = runs.last().map(|run| run.id).filter(|_| more);
        Ok(RunList {
            runs: runs.into_iter().map(present::summary).collect(),
            next,
        })
    }
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
}
