//! The verbs of a pod that opens a volume, so that files go there and come from there.
//!
//! ```text
//!   hold --seconds N            stays, so that the others can be executed beside it
//!   list --in FOLDER [--paths stdin]    a line for each entry, with checksums
//!   receive --to FOLDER         an archive from the standard input; a line for each entry that is there
//!   send --in FOLDER --paths stdin      an archive to the standard output
//! ```
//!
//! Lines are those of [`coracle_carry::Line`], of which the last says whether all went well.

use std::io::{BufRead, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use coracle_carry::{CarryError, Line, list, look, read_paths, receive, send};

use crate::act::Ending;
use crate::arguments::{ArgumentError, Arguments, exit};

/// Does what one of these verbs asks for. None where the verb is none of them.
///
/// # Errors
/// A command line that is not understood.
pub fn carry(
    arguments: &Arguments,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<Option<Ending>, ArgumentError> {
    let mut output = BufWriter::new(output);
    let folder = |name| arguments.one(name).map(Path::new);
    let done = match arguments.verb.as_str() {
        "hold" => {
            let seconds = arguments.parsed("seconds", "a number")?;
            std::thread::sleep(Duration::from_secs(seconds));
            return Ok(Some(ended("the time that was given is over", exit::DONE)));
        }
        "list" => {
            let paths = arguments.maybe("paths").is_some();
            let listed = list_all(folder("in")?, paths.then_some(input), &mut output);
            tell(listed, &mut output)
        }
        "receive" => {
            let received = receive(folder("to")?, input, &mut |path| {
                let path = path.to_owned();
                say(&Line::Received { path }, &mut output)
            });
            tell(received.map(drop), &mut output)
        }
        // The archive is the output; what went wrong can only be said beside it.
        "send" => {
            let folder = folder("in")?;
            read_paths(input)
                .and_then(|paths| send(folder, paths.iter().map(String::as_str), &mut output))
        }
        _ => return Ok(None),
    };
    Ok(Some(match done {
        Ok(()) => ended("done", exit::DONE),
        Err(error) => match Line::failed(&error) {
            Line::Failed { message, .. } => ended(&message, exit::FAILED),
            Line::Entry(_) | Line::Received { .. } | Line::Done => ended("failed", exit::FAILED),
        },
    }))
}

fn list_all(
    folder: &Path,
    paths: Option<&mut impl BufRead>,
    output: &mut impl Write,
) -> Result<(), CarryError> {
    let Some(input) = paths else {
        return list(folder, &mut |entry| say(&Line::Entry(entry), output));
    };
    for path in read_paths(input)? {
        if let Some(entry) = look(folder, &path)? {
            say(&Line::Entry(entry), output)?;
        }
    }
    Ok(())
}

fn say(line: &Line, output: &mut impl Write) -> Result<(), CarryError> {
    line.write(output).map_err(CarryError::Stream)
}

/// The last line.
fn tell(done: Result<(), CarryError>, output: &mut impl Write) -> Result<(), CarryError> {
    let line = match &done {
        Ok(()) => Line::Done,
        Err(error) => Line::failed(error),
    };
    let told = say(&line, output).and_then(|()| output.flush().map_err(CarryError::Stream));
    done.and(told)
}

fn ended(said: &str, code: u8) -> Ending {
    Ending {
        code,
        said: said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Arguments {
        Arguments::read(line.split_whitespace().map(str::to_owned)).unwrap()
    }

    fn run(line: &str, input: &[u8]) -> (u8, Vec<u8>) {
        let mut output = Vec::new();
        let ending = carry(&words(line), &mut &*input, &mut output).unwrap();
        (ending.unwrap().code, output)
    }

    fn lines(output: &[u8]) -> Vec<Line> {
        let lines = output.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    #[test]
    fn what_one_pod_sends_another_receives() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs_err::write(here.path().join("a"), "text").unwrap();
        let asked = coracle_carry::write_paths(["a"]);
        let send = format!("send --in {} --paths stdin", here.path().display());
        let (code, archive) = run(&send, asked.as_bytes());
        assert_eq!(code, 0);
        let (code, told) = run(
            &format!("receive --to {}", there.path().display()),
            &archive,
        );
        let path = "a".to_owned();
        assert_eq!(
            (code, lines(&told)),
            (0, vec![Line::Received { path }, Line::Done])
        );
        let list = |folder: &Path| run(&format!("list --in {}", folder.display()), b"").1;
        assert_eq!(list(here.path()), list(there.path()));
        let only = format!("list --in {} --paths stdin", there.path().display());
        let (_, told) = run(&only, coracle_carry::write_paths(["a", "b"]).as_bytes());
        assert_eq!(told, list(there.path()));
    }

    #[test]
    fn what_went_wrong_is_the_last_line() {
        let (code, told) = run("list --in /nothing/here", b"");
        assert_eq!(code, exit::FAILED);
        assert!(
            matches!(&lines(&told)[..], [Line::Failed { message, .. }] if message.contains("/nothing/here"))
        );
    }

    #[test]
    fn other_verbs_are_left_to_others() {
        assert_eq!(
            carry(&words("run"), &mut &b""[..], &mut Vec::new()),
            Ok(None)
        );
    }
}
