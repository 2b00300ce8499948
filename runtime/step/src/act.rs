//! The verbs of the program: begin a run, decide on a task, run a step, end the run.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use coracle_model::{
    Failure, FailureCode, Outputs, RunId, RunState, TaskPath, TaskRecord, TaskState, Timestamp,
};
use serde_json::json;

use crate::arguments::{LONGEST_TOLD, exit, inert, told};
use crate::execute::Programs;
use crate::patch::pod_patch;
use crate::replay::{Fate, Replay, Work};
use crate::run_file::{Facts, RunFile, RunFileError, View, decode_definition};
use crate::serve;
use crate::step::{self, Pod};
use crate::store::{Place, Store, StoreError};

/// Where the program is at work.
#[derive(Debug, Clone)]
pub struct Conduct {
    /// What all pods of the run see.
    pub store: Place,
    /// What is `/` for the step; another folder only where nothing is a container.
    pub root: PathBuf,
    /// Where files go that the engine reads as outputs of the pod.
    pub told: PathBuf,
    /// The run.
    pub run: RunId,
}

/// How the program ends, and what it says last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// One of [`exit`].
    pub code: u8,
    /// What became of the task, in a line.
    pub said: String,
}

/// Why the program could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store is of no use.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run's file is of no use.
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    /// A file inside the pod cannot be written.
    #[error("a file of the pod cannot be used")]
    Pod(#[from] io::Error),
    /// The pod was started before its time.
    #[error("`{0}` waits for steps that have not ended, and its pod was started all the same")]
    TooEarly(TaskPath),
}

impl Conduct {
    pub(crate) fn store(&self) -> Result<Store, StoreError> {
        Store::open(&self.store, self.run)
    }

    fn tell(&self, name: &str, text: &str) -> io::Result<()> {
        fs_err::create_dir_all(&self.told)?;
        fs_err::write(self.told.join(name), text)
    }

    /// Tells a record, as far as it is short enough for the engine.
    fn tell_record(&self, record: &TaskRecord) -> io::Result<()> {
        let mut record = record.clone();
        record.inputs = Outputs::default();
        let text = json!(record).to_string();
        if text.len() <= LONGEST_TOLD {
            return self.tell(told::RECORD, &text);
        }
        record.outputs = Outputs::default();
        self.tell(told::RECORD, &json!(record).to_string())
    }
}

/// Puts the program where the containers of users' images find it.
///
/// # Errors
/// When it cannot be copied.
pub fn install(program: &Path, target: &Path) -> Result<Ending, Fault> {
    fs_err::copy(program, target)?;
    fs_err::set_permissions(target, PermissionsExt::from_mode(0o755))?;
    Ok(done("installed"))
}

/// Writes the run's file, for the pods that follow.
///
/// # Errors
/// When the definition or the parameters are none, or the store cannot be written.
pub fn begin(
    conduct: &Conduct,
    packed_definition: &str,
    parameters: &str,
    facts: Facts,
) -> Result<Ending, Fault> {
    let file = RunFile::new(decode_definition(packed_definition)?, parameters, facts)?;
    conduct.store()?.write_run(&file)?;
    Ok(done("the run begins"))
}

/// Decides on a task whose pods cannot be made without: a DAG with a condition, a loop, a step whose pod depends on its inputs.
///
/// # Errors
/// When the store is of no use, or the pod was started before its time.
pub fn decide(conduct: &Conduct, task: &TaskPath, now: Timestamp) -> Result<Ending, Fault> {
    let store = conduct.store()?;
    let mut replay = replay(&store, View::Pod, (task, 0), now)?;
    let (go, iterations, patch, ending) = match replay.fate(now) {
        Fate::Open { iterations } => {
            let indexes: Vec<usize> = (0..iterations.unwrap_or_default()).collect();
            (
                true,
                json!(indexes),
                String::new(),
                done("its tasks are to run"),
            )
        }
        Fate::Work(Work::Container(launch)) => {
            let patch = pod_patch(&launch).to_string();
            (true, json!([]), patch, done("its pod can be made"))
        }
        Fate::Work(work) => {
            let manifest = serve::claim(&replay, &work).unwrap_or_default();
            (true, json!([]), manifest, done("it is to be done"))
        }
        Fate::Ended(record) => {
            store.write_record(&record)?;
            conduct.tell_record(&record)?;
            (false, json!([]), String::new(), ending_of(&record))
        }
        Fate::Absent => (false, json!([]), String::new(), absent()),
        Fate::Waits => return Err(Fault::TooEarly(task.clone())),
    };
    conduct.tell(told::GO, if go { "true" } else { "false" })?;
    conduct.tell(told::ITERATIONS, &iterations.to_string())?;
    // Argo puts it into the pod as a text in which it replaces what stands in `{{ }}`.
    conduct.tell(told::PATCH, &inert(&patch))?;
    Ok(ending)
}

/// Carries out a step, if it is to run, and records what came of it.
///
/// # Errors
/// When the store is of no use, or the pod was started before its time.
pub fn run(
    conduct: &Conduct,
    programs: &dyn Programs,
    (task, failed_attempts): (&TaskPath, u32),
    clock: &dyn Fn() -> Timestamp,
) -> Result<Ending, Fault> {
    let store = conduct.store()?;
    let mut replay = replay(&store, View::Program, (task, failed_attempts), clock())?;
    let pod = Pod {
        root: &conduct.root,
        store: &store,
    };
    let record = match replay.fate(clock()) {
        Fate::Work(Work::Container(launch)) => {
            let component = replay.component().cloned();
            let result = component
                .ok_or_else(|| Failure::new(FailureCode::Internal, "the step has no component"))
                .and_then(|component| step::carry_out(&pod, programs, &launch, &component));
            let failure = result.as_ref().err().cloned();
            replay.ended(result, clock()).map(|record| TaskRecord {
                // Why an attempt failed is told although the step has another one.
                reason: record.reason.or(failure),
                ..record
            })
        }
        Fate::Work(work) => {
            let result = serve::carry_out(&pod, &work);
            replay.served(result, clock())
        }
        Fate::Ended(record) => Some(*record),
        Fate::Absent => return Ok(absent()),
        Fate::Open { .. } | Fate::Waits => return Err(Fault::TooEarly(task.clone())),
    };
    let Some(record) = record else {
        return Err(Fault::TooEarly(task.clone()));
    };
    let written = store.write_record(&record);
    if let Err(error) = &written {
        // What cannot be written down did not succeed: no step after this one finds its outputs.
        let failed = TaskRecord {
            state: TaskState::Failed,
            reason: Some(error.failure()),
            outputs: Outputs::default(),
            ..record.clone()
        };
        conduct.tell_record(&failed)?;
    }
    written?;
    conduct.tell_record(&record)?;
    Ok(ending_of(&record))
}

/// Says how the run ended, by the plan of all of it.
///
/// # Errors
/// When the store is of no use.
pub fn end(conduct: &Conduct, now: Timestamp) -> Result<Ending, Fault> {
    let store = conduct.store()?;
    let replay = Replay::of_run(&store.run()?, store.records()?, now)?;
    for record in replay.tasks() {
        store.write_record(record)?;
    }
    let Some((state, failure, outputs)) = replay.finish() else {
        return Err(Fault::TooEarly(TaskPath::root()));
    };
    let text = json!(outputs).to_string();
    let text = if text.len() <= LONGEST_TOLD {
        text
    } else {
        "{}".to_owned()
    };
    conduct.tell(told::OUTPUTS, &text)?;
    Ok(match (state, failure) {
        (RunState::Succeeded, _) => done("the run succeeded"),
        (_, Some(failure)) => Ending {
            code: exit::DECIDED,
            said: format!("the run failed: {}", failure.message),
        },
        (_, None) => Ending {
            code: exit::DECIDED,
            said: "the run failed".to_owned(),
        },
    })
}

fn replay(
    store: &Store,
    view: View,
    task: (&TaskPath, u32),
    now: Timestamp,
) -> Result<Replay, Fault> {
    let replay = Replay::of_task(&store.run()?, view, store.records()?, task, now)?;
    Ok(replay)
}

pub(crate) fn done(said: &str) -> Ending {
    Ending {
        code: exit::DONE,
        said: said.to_owned(),
    }
}

fn absent() -> Ending {
    done("not run, since the pipeline that it is part of is not run")
}

/// A step that is not run has ended well for the engine; so has one of which nothing else depends on the engine's view.
fn ending_of(record: &TaskRecord) -> Ending {
    let reason = record.reason.as_ref();
    let said = reason.map_or_else(
        || record.state.as_str().to_owned(),
        |reason| reason.message.clone(),
    );
    let code = match record.state {
        TaskState::Succeeded | TaskState::Skipped => exit::DONE,
        // An attempt has failed, and the step has another one.
        TaskState::Pending | TaskState::Running => exit::FAILED,
        TaskState::Failed | TaskState::Canceled => exit::DECIDED,
    };
    Ending { code, said }
}
