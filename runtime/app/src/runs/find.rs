//! From what people type to a run and a task: a beginning of an id, an end of a path.

use coracle_model::{RunId, RunRecord, TaskPath};
use coracle_store::Store;

use crate::error::AppError;

/// How many candidates a message names.
const CANDIDATES: usize = 5;

/// The run whose id this is, or begins with this.
pub(crate) fn find_run(store: &Store, name: &str) -> Result<RunId, AppError> {
    let name = name.trim();
    let found = if name.is_empty() {
        Vec::new()
    } else {
        store.find_runs_by_prefix(name)?
    };
    match found.as_slice() {
        [] => Err(AppError::no_run(name)),
        [run] => Ok(*run),
        [..] => Err(ambiguous(
            "run",
            name,
            found.iter().map(ToString::to_string),
        )),
    }
}

/// The run with all that was asked for.
pub(crate) fn read_run(store: &Store, name: &str) -> Result<RunRecord, AppError> {
    // The second answer is none only when the run was removed since the first.
    store
        .run(find_run(store, name)?)?
        .ok_or_else(|| AppError::no_run(name))
}

/// The task whose path this is, or the only one whose path ends with it, from a `/` on.
pub(crate) fn find_task<'a>(
    run: RunId,
    paths: impl Iterator<Item = &'a TaskPath> + Clone,
    name: &str,
) -> Result<TaskPath, AppError> {
    let name = name.trim().trim_matches('/');
    if let Some(exact) = paths.clone().find(|path| path.as_str() == name) {
        return Ok(exact.clone());
    }
    let found: Vec<&TaskPath> = paths
        .clone()
        .filter(|path| ends_with(path.as_str(), name))
        .collect();
    match found.as_slice() {
        [] => Err(no_task(run, paths, name)),
        [path] => Ok((*path).clone()),
        [..] => Err(ambiguous(
            "step",
            name,
            found.iter().map(ToString::to_string),
        )),
    }
}

fn ends_with(path: &str, end: &str) -> bool {
    !end.is_empty()
        && path
            .strip_suffix(end)
            .is_some_and(|before| before.ends_with('/'))
}

fn no_task<'a>(run: RunId, paths: impl Iterator<Item = &'a TaskPath>, name: &str) -> AppError {
    let known: Vec<&str> = paths
        .map(TaskPath::as_str)
        .filter(|path| !path.is_empty())
        .collect();
    let hint = match known.len() {
        0 => format!("the run `{run}` has none yet; `coracle get {run}` shows where it stands"),
        1..=8 => format!("the run has: {}", known.join(", ")),
        _ => format!("`coracle get {run}` lists those it has"),
    };
    AppError::NotFound {
        what: "step",
        name: name.to_owned(),
        hint,
    }
}

fn ambiguous(what: &'static str, name: &str, candidates: impl Iterator<Item = String>) -> AppError {
    let mut candidates: Vec<String> = candidates.take(CANDIDATES + 1).collect();
    if candidates.len() > CANDIDATES {
        candidates.truncate(CANDIDATES);
        candidates.push("…".to_owned());
    }
    AppError::Ambiguous {
        what,
        name: name.to_owned(),
        candidates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::ErrorCode;

    fn find(paths: &[&str], name: &str) -> Result<String, AppError> {
        let paths: Vec<TaskPath> = paths.iter().map(|path| TaskPath::from(*path)).collect();
        find_task(RunId::random(), paths.iter(), name).map(|path| path.to_string())
    }

    #[test]
    fn a_step_is_found_by_its_path_or_its_end() {
        let paths = [
            "",
            "load",
            "loop",
            "loop[0]",
            "loop[0]/train",
            "loop[1]/train",
            "deep/er/load",
            "reload",
        ];
        assert_eq!(find(&paths, "loop[1]/train").unwrap(), "loop[1]/train");
        assert_eq!(find(&paths, "er/load").unwrap(), "deep/er/load");
        assert_eq!(
            find(&paths, "load").unwrap(),
            "load",
            "the whole path goes before the end of another"
        );
        assert_eq!(
            find(&paths, "train").unwrap_err().code(),
            ErrorCode::Ambiguous
        );
        assert_eq!(find(&paths, "oad").unwrap_err().code(), ErrorCode::NotFound);
        assert_eq!(
            find(&paths[2..], "").unwrap_err().code(),
            ErrorCode::NotFound
        );
    }

    #[test]
    fn messages_name_what_there_is() {
        let error = find(&["a", "b"], "c").unwrap_err();
        assert!(error.hint().unwrap().contains("a, b"));
        let many: Vec<String> = (0..20)
            .map(|index| format!("loop[{index}]/train"))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let error = find(&many, "train").unwrap_err().to_string();
        assert!(
            error.contains("loop[4]/train, …") && !error.contains("loop[5]"),
            "{error}"
        );
    }
}
