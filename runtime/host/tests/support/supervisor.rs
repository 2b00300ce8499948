//! The program that the tests of the process engine run: a supervisor, or a workbench that can be killed.
//!
//! ```text
//!   coracle-test-supervisor supervise DIRECTORY     what `coracle supervise` does
//!   coracle-test-supervisor start ROOT WORKLOAD     starts the workload (JSON), says so and waits to be killed
//! ```

use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use coracle_host::clock::SystemClock;
use coracle_host::process::{ProcessEngine, ProcessSettings, supervise};
use coracle_host::{Engine, Workload};

fn main() -> Result<std::process::ExitCode, Box<dyn Error>> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments
        .iter()
        .map(|argument| argument.to_str())
        .collect::<Vec<_>>()
        .as_slice()
    {
        [Some("supervise"), Some(directory)] => {
            Ok(u8::try_from(supervise(Path::new(directory)))?.into())
        }
        [Some("start"), Some(root), Some(workload)] => {
            tokio::runtime::Runtime::new()?
                .block_on(start(Path::new(root), &serde_json::from_str(workload)?))?;
            Ok(0.into())
        }
        other => Err(format!("{other:?} is no command line of this program").into()),
    }
}

async fn start(root: &Path, workload: &Workload) -> Result<(), Box<dyn Error>> {
    let settings = ProcessSettings {
        root: root.to_owned(),
        supervisor: vec![std::env::current_exe()?.into(), "supervise".into()],
        python: None,
        path: "/usr/bin:/bin".into(),
        environment: std::collections::BTreeMap::new(),
    };
    let engine = ProcessEngine::new(settings, Arc::new(SystemClock::new()));
    engine.start(workload).await?;
    std::io::stdout().write_all(b"started\n")?;
    std::future::pending().await
}
