//! What an exit means: success, or a failure with a name, the line that tells why, and something to try.

use std::path::Path;

use coracle_host::Exit;
use coracle_host::log::{LogReader, Only, Stream};
use coracle_model::{Failure, FailureCode, Resources};

/// The failure that an exit stands for; none for success.
pub(crate) fn failure_of(exit: &Exit, resources: &Resources, log: &Path) -> Option<Failure> {
    if exit.out_of_memory {
        return Some(out_of_memory(resources));
    }
    if exit.code == 0 {
        return None;
    }
    let last = last_line(log);
    let message = match &last {
        Some(line) => format!("exited with code {}: {line}", exit.code),
        None => format!("exited with code {} and wrote nothing", exit.code),
    };
    let (code, hint) = explain(exit.code, last.as_deref().unwrap_or_default());
    let failure = Failure::new(code, message);
    Some(match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    })
}

fn out_of_memory(resources: &Resources) -> Failure {
    let message = match resources.memory_limit {
        Some(limit) => {
            format!("used more memory than its limit of {limit} and was ended by the kernel")
        }
        None => "used more memory than the machine has and was ended by the kernel".to_owned(),
    };
    let hint = "raise the limit with `.set_memory_limit(...)`, or let it work on less at once";
    Failure::new(FailureCode::OutOfMemory, message).with_hint(hint)
}

fn explain(code: i64, line: &str) -> (FailureCode, Option<String>) {
    if line.contains("No space left on device") {
        return (
            FailureCode::DiskFull,
            Some("`coracle gc --dry-run` shows what can be freed".to_owned()),
        );
    }
    if let Some(module) = line.split("No module named ").nth(1) {
        let module = module
            .trim_matches(['\'', '"', '.'])
            .split('.')
            .next()
            .unwrap_or_default();
        let hint = format!(
            "add `packages_to_install=[\"{module}\"]` to the component, or use an image that has it"
        );
        return (FailureCode::ExitCode, Some(hint));
    }
    match code {
        126 => (
            FailureCode::StartRefused,
            Some("the command is there but cannot be executed".to_owned()),
        ),
        127 => (
            FailureCode::StartRefused,
            Some("the command was not found in the image".to_owned()),
        ),
        137 => (
            FailureCode::ExitCode,
            Some("something killed it (SIGKILL)".to_owned()),
        ),
        _ => (FailureCode::ExitCode, None),
    }
}

/// The line that tells why: the last one on stderr that names an error, or else the last that says anything,
/// shortened to what fits a message.
fn last_line(log: &Path) -> Option<String> {
    const LONGEST: usize = 300;
    let errors = tail(log, Only::Stream(Stream::Stderr)).unwrap_or_default();
    let named = errors
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| names_an_error(line));
    let any = || {
        let everything = tail(log, Only::Both)?;
        let text = if errors.trim().is_empty() {
            everything
        } else {
            errors.clone()
        };
        text.lines()
            .rev()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .map(str::to_owned)
    };
    let line = named.map(str::to_owned).or_else(any)?;
    Some(line.chars().take(LONGEST).collect())
}

/// Whether a line is the last of a Python traceback, or says `error:` as most programs do.
fn names_an_error(line: &str) -> bool {
    let head = line.split(':').next().unwrap_or_default();
    let is_word = head
        .chars()
        .all(|c| c.is_alphanumeric() || "._ ".contains(c));
    is_word
        && (head.ends_with("Error")
            || head.ends_with("Exception")
            || head.eq_ignore_ascii_case("error"))
}

fn tail(log: &Path, only: Only) -> Option<String> {
    const LINES: usize = 40;
    const ENOUGH: usize = 64 << 10;
    let mut reader = LogReader::open(log).ok()?.only(only);
    reader.seek_tail(LINES).ok()?;
    Some(String::from_utf8_lossy(&reader.read_to_end(ENOUGH).ok()?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_tells_why_is_found() {
        for line in [
            "RuntimeError: boom",
            "kfp.dsl.errors.SomeError: x",
            "ERROR: no",
            "KeyError",
        ] {
            assert!(names_an_error(line), "{line}");
        }
        for line in [
            "}",
            "Traceback (most recent call last):",
            "{\"Error\": 1}",
            "done: no Error",
        ] {
            assert!(!names_an_error(line), "{line}");
        }
    }

    #[test]
    fn known_lines_are_explained() {
        let (code, hint) = explain(1, "ModuleNotFoundError: No module named 'pandas.core'");
        assert_eq!(code, FailureCode::ExitCode);
        assert!(hint.unwrap().contains("packages_to_install=[\"pandas\"]"));
        assert_eq!(
            explain(1, "OSError: [Errno 28] No space left on device").0,
            FailureCode::DiskFull
        );
        assert_eq!(
            explain(127, "sh: x: not found").0,
            FailureCode::StartRefused
        );
        assert_eq!(explain(3, "boom"), (FailureCode::ExitCode, None));
    }
}
