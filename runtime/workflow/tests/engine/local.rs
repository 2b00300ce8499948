//! The same run on one machine: its plan, carried out step by step with the same script.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use coracle_model::{
    Artifact, EngineKind, Failure, FailureCode, Outputs, RunRecord, RunState, TaskPath, TaskRecord,
};
use coracle_plan::{History, Looked, Observation, Policy, RunPaths, RunPlan, Served, Step};
use coracle_spec::executor;
use coracle_spec::pipeline::Definition;

use super::script::{Script, component, now};

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) state: RunState,
    pub(crate) outputs: Outputs,
    pub(crate) tasks: BTreeMap<TaskPath, TaskRecord>,
}

/// Runs a definition to its end.
pub(crate) fn run(definition: &Definition, record: &RunRecord, script: &Script<'_>) -> Run {
    let policy = Policy {
        engine: EngineKind::Docker,
        paths: RunPaths {
            artifacts: "/".into(),
            run: "/".into(),
            volumes: "/".into(),
        },
        cache: false,
        prepare_environments: false,
        index_settings: BTreeMap::new(),
        step_variables: BTreeMap::new(),
    };
    let spec = Arc::new(definition.spec.clone());
    let platform = Arc::new(coracle_spec::pipeline::PlatformSpec::default());
    let plan = RunPlan::new(record, spec, platform, policy, History::none());
    let mut plan = plan.named("p-abcde".to_owned());
    let mut tasks = BTreeMap::new();
    let mut observations = VecDeque::new();
    let mut finish = None;
    loop {
        let steps = plan.advance(now());
        // A step whose command cannot be made has ended without an observation.
        let is_quiet = steps.is_empty();
        for step in steps {
            match step {
                Step::Finish { state, outputs, .. } => finish = Some((state, outputs)),
                other => observations.extend(answer(&mut plan, script, other)),
            }
        }
        tasks.extend(
            plan.drain_records()
                .into_iter()
                .map(|record| (record.path.clone(), record)),
        );
        match observations.pop_front() {
            Some(observation) => plan.observe(observation, now()),
            None if is_quiet => break,
            None => {}
        }
    }
    let (state, outputs) = finish.expect("the run is over");
    Run {
        state,
        outputs,
        tasks,
    }
}

fn answer(plan: &mut RunPlan, script: &Script<'_>, step: Step) -> Option<Observation> {
    match step {
        Step::LookUp { task, .. } => Some(Observation::Looked {
            task,
            result: Ok(Looked {
                digest: "".into(),
                hit: None,
            }),
        }),
        Step::Enqueue { task, .. } => {
            let launch = plan.start(&task, Vec::new(), now())?;
            let failed = || {
                Failure::new(
                    FailureCode::ExitCode,
                    "exited with code 3; the pod's log says more",
                )
            };
            let result = script.returns(&launch).ok_or_else(failed).map(|text| {
                let returned = executor::read_executor_output(&text).unwrap();
                let component = component(script.spec, &task);
                executor::collect_outputs(
                    component,
                    &launch.executor_input,
                    Some(&returned),
                    &BTreeMap::new(),
                )
                .unwrap()
            });
            Some(Observation::Ended {
                task,
                attempt: launch.attempt,
                result,
            })
        }
        Step::WakeAfter { task, .. } => Some(Observation::BackoffOver { task }),
        // What is known only now is refused only now.
        Step::Import(request) if request.uri.starts_with("oci://") => {
            let message = format!(
                "`{}` is an image with a model, which is not mounted into pods here",
                request.uri
            );
            Some(Observation::Served {
                task: request.task,
                result: Err(Failure::new(FailureCode::Unsupported, message)),
            })
        }
        // No script puts an artifact on the volume, so there is nothing to copy.
        Step::Import(request) if request.download_to_workspace => {
            let message = format!(
                "`{}` is not on the run's volume, so it cannot be copied into the workspace",
                request.uri
            );
            Some(Observation::Served {
                task: request.task,
                result: Err(Failure::new(FailureCode::BadInput, message)),
            })
        }
        Step::Import(request) => {
            let artifact = Artifact {
                id: None,
                name: "artifact".to_owned(),
                artifact_type: request.artifact_type,
                uri: request.uri.into(),
                metadata: request.metadata,
                custom_path: None,
                sha256: None,
            };
            Some(Observation::Served {
                task: request.task,
                result: Ok(Served::Artifact(Box::new(artifact))),
            })
        }
        Step::CreateVolume { task, name, .. } | Step::DeleteVolume { task, name } => {
            Some(Observation::Served {
                task,
                result: Ok(Served::Volume(name)),
            })
        }
        other => panic!("{other:?}"),
    }
}
