//! The ids that KFP's APIs have for tasks. Pure.
//!
//! Here, a task is known by its run and its path. A path has slashes in it, which an id in a URL had better not have.

use coracle_model::{RunId, TaskPath};

/// Characters of a run's id.
const RUN_LENGTH: usize = 36;

/// The id of a task: its run's, and its path in hexadecimal digits.
pub(crate) fn task_id(run: RunId, path: &TaskPath) -> String {
    path.as_str()
        .bytes()
        .fold(format!("{run}-"), |id, byte| format!("{id}{byte:02x}"))
}

/// The task that has an id.
pub(crate) fn read_task_id(id: &str) -> Option<(RunId, TaskPath)> {
    let run = id.get(..RUN_LENGTH)?.parse().ok()?;
    let digits = id[RUN_LENGTH..].strip_prefix('-')?;
    let bytes: Option<Vec<u8>> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|it| it.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect();
    let path = String::from_utf8(bytes?).ok()?;
    Some((run, TaskPath::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_tasks_read_back() {
        let run = RunId::random();
        for path in ["", "train", "outer/for-loop-1[3]/tr\u{e4}in"] {
            let path = TaskPath::from(path);
            let id = task_id(run, &path);
            assert_eq!(read_task_id(&id), Some((run, path)), "{id}");
        }
        for id in [
            "",
            "x",
            &run.to_string(),
            &format!("{run}-7"),
            &format!("{run}-zz"),
        ] {
            assert_eq!(read_task_id(id), None, "{id}");
        }
        assert_eq!(read_task_id("\u{e4}".repeat(40).as_str()), None);
    }
}
