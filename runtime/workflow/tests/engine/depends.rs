//! The `depends` of a task: `(a.Succeeded || a.Skipped) && b.Failed`.

use super::Phase;

/// Whether it holds, once all that it names have ended.
pub(crate) fn holds(expression: &str, phase: &dyn Fn(&str) -> Phase) -> bool {
    let every = |term: &str| {
        let inside = term.trim().trim_start_matches('(').trim_end_matches(')');
        inside.split("||").any(|atom| {
            let (name, ending) = atom.trim().split_once('.').unwrap();
            match ending {
                "Succeeded" => phase(name) == Phase::Succeeded,
                "Failed" => phase(name) == Phase::Failed,
                "Skipped" => phase(name) == Phase::Skipped,
                "Omitted" => phase(name) == Phase::Omitted,
                "Errored" => false,
                other => panic!("{other} is no phase"),
            }
        })
    };
    expression.split("&&").all(every)
}

/// The tasks that it names.
pub(crate) fn names(expression: &str) -> Vec<String> {
    let atoms = expression.split(['&', '|', '(', ')', ' ']);
    let names = atoms.filter_map(|atom| atom.split_once('.'));
    names.map(|(name, _)| name.to_owned()).collect()
}
