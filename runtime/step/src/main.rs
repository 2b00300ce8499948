//! The program: reads its command line, does one thing, and says in a line what became of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use coracle_model::{TaskPath, Timestamp};
use coracle_step::arguments::{Arguments, TOLD_FOLDER, exit};
use coracle_step::{Conduct, Ending, Facts, Place, Spawned};

/// Where Kubernetes reads why a container ended, unless its pod says otherwise.
const TERMINATION_LOG: &str = "/dev/termination-log";

fn main() -> ExitCode {
    match work() {
        Ok(ending) => say(&ending.said, ending.code),
        Err(error) => {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            say(&text, exit::FAULT)
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "what the program says is the end of the pod's log"
)]
fn say(text: &str, code: u8) -> ExitCode {
    eprintln!("coracle-step: {text}");
    if code != exit::DONE && Path::new(TERMINATION_LOG).exists() {
        // The pod's state tells it, and so does the engine. Where it cannot be written, the log has said it.
        let _ = fs_err::write(TERMINATION_LOG, text);
    }
    ExitCode::from(code)
}

fn work() -> Result<Ending, Box<dyn std::error::Error>> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    if arguments.verb == "install" {
        let program = std::env::current_exe()?;
        return Ok(coracle_step::install(
            &program,
            arguments.one("to")?.as_ref(),
        )?);
    }
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    if let Some(ending) = coracle_step::carry(&arguments, &mut input, &mut output)? {
        return Ok(ending);
    }
    let conduct = Conduct {
        store: Place::told(&arguments, variable)?,
        root: folder(&arguments, "root", "/"),
        told: folder(&arguments, "told", TOLD_FOLDER),
        run: arguments.parsed("run", "a UUID")?,
    };
    let task = || arguments.one("task").map(TaskPath::from);
    Ok(match arguments.verb.as_str() {
        "begin" => {
            let definition = arguments.all("definition").concat();
            let parameters = arguments.one("parameters")?;
            coracle_step::begin(
                &conduct,
                &definition,
                parameters,
                facts(&arguments, &conduct)?,
            )?
        }
        "decide" => coracle_step::decide(&conduct, &task()?, now())?,
        "run" => {
            let failed = arguments.parsed("failed-attempts", "a number")?;
            coracle_step::run(&conduct, &Spawned, (&task()?, failed), &now)?
        }
        "end" => coracle_step::end(&conduct, now())?,
        "gather" => coracle_step::gather(&conduct, arguments.one("to")?.as_ref())?,
        other => return Err(format!("`{other}` is no verb of this program").into()),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the key of a bucket comes to the pod in variables, and the program is where they are read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn folder(arguments: &Arguments, name: &str, otherwise: &str) -> PathBuf {
    PathBuf::from(arguments.maybe(name).unwrap_or(otherwise))
}

fn facts(arguments: &Arguments, conduct: &Conduct) -> Result<Facts, Box<dyn std::error::Error>> {
    let scheduled = arguments
        .maybe("scheduled-at")
        .filter(|text| !text.is_empty());
    Ok(Facts {
        id: conduct.run,
        resource_name: arguments.one("name")?.to_owned(),
        display_name: serde_json::from_str(arguments.one("display-name")?)?,
        created_at: arguments.parsed("created-at", "a time")?,
        scheduled_at: scheduled.map(str::parse).transpose()?,
        pipeline_root: arguments
            .maybe("pipeline-root")
            .map(serde_json::from_str)
            .transpose()?,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program is where time comes from"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
