//! What becomes of small pipelines: one for each rule of KFP's semantics.

#[expect(dead_code, reason = "each test uses its part of the world")]
mod world;

use std::time::Duration;

use coracle_model::{FailureCode, Outputs, RunState, Value};
use coracle_plan::{Launch, Observation};
use world::{World, fails, output};

/// A pipeline around tasks and components; every `comp-NAME` of the list runs `exec-NAME`, a container whose one
/// argument is its input `x`.
fn pipeline(steps: &[&str], components: &str, root: &str) -> String {
    let executors: String = steps
        .iter()
        .map(|name| {
            format!(
                "    exec-{name}:\n      container: {{image: 'alpine', command: ['{name}'], \
                 args: [\"{{{{$.inputs.parameters['x']}}}}\"]}}\n"
            )
        })
        .collect();
    let leaves: String = steps
        .iter()
        .map(|name| {
            format!(
                "  comp-{name}:\n    executorLabel: exec-{name}\n    inputDefinitions: {{parameters: {{x: {{parameterType: STRING, \
                 isOptional: true, defaultValue: ''}}}}}}\n    outputDefinitions: {{parameters: {{out: {{parameterType: STRING}}}}}}\n"
            )
        })
        .collect();
    format!(
        "pipelineInfo: {{name: p}}\nschemaVersion: 2.1.0\nsdkVersion: kfp-2.17.0\ndeploymentSpec:\n  executors:\n{executors}\
         components:\n{leaves}{components}root:\n{root}"
    )
}

fn echo(launch: &Launch) -> Result<Outputs, coracle_model::Failure> {
    output("out", launch.args.first().cloned().unwrap_or_default())
}

const CHAIN: &str = "  dag:
    tasks:
      a: {taskInfo: {name: a}, componentRef: {name: comp-a}, inputs: {parameters: {x: {runtimeValue: {constant: hello}}}}}
      b:
        taskInfo: {name: b}
        componentRef: {name: comp-b}
        dependentTasks: [a]
        inputs: {parameters: {x: {taskOutputParameter: {producerTask: a, outputParameterKey: out}}}}
";

#[test]
fn outputs_reach_the_next_task() {
    let world = World::new(&pipeline(&["a", "b"], "", CHAIN), &[], 1, &echo).run();
    assert_eq!(world.run_state(), RunState::Succeeded);
    assert_eq!(world.command("b"), ["b", "hello"]);
}

#[test]
fn what_needs_a_failed_task_is_skipped_and_the_run_fails() {
    let script = |launch: &Launch| {
        if launch.task.as_str() == "a" {
            fails()
        } else {
            echo(launch)
        }
    };
    let world = World::new(&pipeline(&["a", "b"], "", CHAIN), &[], 1, &script).run();
    assert_eq!((world.state("a"), world.state("b")), ("FAILED", "SKIPPED"));
    let (state, failure, _) = world.finish.unwrap();
    assert_eq!(state, RunState::Failed);
    let failure = failure.unwrap();
    assert_eq!(failure.code, FailureCode::TaskFailed);
    assert!(
        failure.message.contains("`a` failed: exited with code 1"),
        "{failure}"
    );
}

#[test]
fn retries_wait_longer_each_time_and_count_attempts() {
    let root = "  dag:
    tasks:
      a:
        taskInfo: {name: a}
        componentRef: {name: comp-a}
        retryPolicy: {maxRetryCount: 3, backoffDuration: 2s, backoffFactor: 3.0, backoffMaxDuration: 10s}
";
    let script = |launch: &Launch| {
        if launch.attempt.0 < 4 {
            fails()
        } else {
            echo(launch)
        }
    };
    let world = World::new(&pipeline(&["a"], "", root), &[], 1, &script).run();
    assert_eq!(world.run_state(), RunState::Succeeded);
    let waits: Vec<_> = world.waits.iter().map(|(_, wait)| *wait).collect();
    assert_eq!(waits, [2, 6, 10].map(Duration::from_secs));
    assert_eq!(world.attempts.len(), 4);
}

const BRANCHES: &str = "  comp-condition-branches-1:
    dag:
      tasks:
        condition-2:
          taskInfo: {name: condition-2}
          componentRef: {name: comp-condition-2}
          inputs: {parameters: {flip: {componentInputParameter: flip}}}
          triggerPolicy: {condition: \"inputs.parameter_values['flip'] == 'heads'\"}
        condition-3:
          taskInfo: {name: condition-3}
          componentRef: {name: comp-condition-3}
          inputs: {parameters: {flip: {componentInputParameter: flip}}}
          triggerPolicy: {condition: \"!(inputs.parameter_values['flip'] == 'heads')\"}
      outputs:
        parameters:
          chosen:
            valueFromOneof:
              parameterSelectors:
              - {producerSubtask: condition-2, outputParameterKey: out}
              - {producerSubtask: condition-3, outputParameterKey: out}
    inputDefinitions: {parameters: {flip: {parameterType: STRING}}}
    outputDefinitions: {parameters: {chosen: {parameterType: STRING}}}
  comp-condition-2:
    dag:
      tasks:
        a: {taskInfo: {name: a}, componentRef: {name: comp-a}, inputs: {parameters: {x: {runtimeValue: {constant: yes}}}}}
      outputs: {parameters: {out: {valueFromParameter: {producerSubtask: a, outputParameterKey: out}}}}
    inputDefinitions: {parameters: {flip: {parameterType: STRING}}}
    outputDefinitions: {parameters: {out: {parameterType: STRING}}}
  comp-condition-3:
    dag:
      tasks:
        b: {taskInfo: {name: b}, componentRef: {name: comp-b}, inputs: {parameters: {x: {runtimeValue: {constant: no}}}}}
      outputs: {parameters: {out: {valueFromParameter: {producerSubtask: b, outputParameterKey: out}}}}
    inputDefinitions: {parameters: {flip: {parameterType: STRING}}}
    outputDefinitions: {parameters: {out: {parameterType: STRING}}}
";

const CHOICE: &str = "  inputDefinitions: {parameters: {flip: {parameterType: STRING}}}
  dag:
    tasks:
      condition-branches-1:
        taskInfo: {name: condition-branches-1}
        componentRef: {name: comp-condition-branches-1}
        inputs: {parameters: {flip: {componentInputParameter: flip}}}
      c:
        taskInfo: {name: c}
        componentRef: {name: comp-c}
        dependentTasks: [condition-branches-1]
        inputs: {parameters: {x: {taskOutputParameter: {producerTask: condition-branches-1, outputParameterKey: chosen}}}}
";

#[test]
fn one_branch_is_taken_and_its_output_chosen() {
    let text = pipeline(&["a", "b", "c"], BRANCHES, CHOICE)
        .replace("constant: yes", "constant: 'yes'")
        .replace("constant: no", "constant: 'no'");
    for (flip, chosen, taken, left) in [
        ("heads", "yes", "condition-2", "condition-3"),
        ("tails", "no", "condition-3", "condition-2"),
    ] {
        let world = World::new(&text, &[("flip", Value::from(flip))], 3, &echo).run();
        assert_eq!(world.run_state(), RunState::Succeeded);
        assert_eq!(world.command("c"), ["c", chosen]);
        assert_eq!(
            world.state(&format!("condition-branches-1/{taken}")),
            "SUCCEEDED"
        );
        assert_eq!(
            world.state(&format!("condition-branches-1/{left}")),
            "SKIPPED"
        );
    }
}

const LOOP: &str = "  comp-for-loop-1:
    dag:
      tasks:
        a: {taskInfo: {name: a}, componentRef: {name: comp-a}, inputs: {parameters: {x: {componentInputParameter: item}}}}
      outputs: {parameters: {all: {valueFromParameter: {producerSubtask: a, outputParameterKey: out}}}}
    inputDefinitions: {parameters: {item: {parameterType: STRING}}}
    outputDefinitions: {parameters: {all: {parameterType: LIST}}}
";

fn looped(items: &str, limit: &str) -> String {
    let root = format!(
        "  dag:
    tasks:
      for-loop-1:
        taskInfo: {{name: for-loop-1}}
        componentRef: {{name: comp-for-loop-1}}
        parameterIterator: {{itemInput: item, items: {{raw: '{items}'}}}}
{limit}      b:
        taskInfo: {{name: b}}
        componentRef: {{name: comp-b}}
        dependentTasks: [for-loop-1]
        inputs: {{parameters: {{x: {{taskOutputParameter: {{producerTask: for-loop-1, outputParameterKey: all}}}}}}}}
"
    );
    pipeline(&["a", "b"], LOOP, &root)
}

#[test]
fn a_loop_collects_in_order_whatever_the_order_of_completion() {
    for seed in 1..20 {
        let world = World::new(&looped("[\"x\", \"y\", \"z\"]", ""), &[], seed, &echo).run();
        assert_eq!(world.command("b"), ["b", "[\"x\",\"y\",\"z\"]"]);
        assert_eq!(world.state("for-loop-1[1]/a"), "SUCCEEDED");
    }
}

#[test]
fn an_empty_loop_succeeds_with_an_empty_list() {
    let world = World::new(&looped("[]", ""), &[], 1, &echo).run();
    assert_eq!(
        (world.run_state(), world.command("b")),
        (RunState::Succeeded, vec!["b".to_owned(), "[]".to_owned()])
    );
}

#[test]
fn a_parallelism_limit_holds() {
    let text = looped(
        "[\"1\", \"2\", \"3\", \"4\", \"5\"]",
        "        iteratorPolicy: {parallelismLimit: 2}\n",
    );
    let mut world = World::new(&text, &[], 7, &echo);
    world.advance();
    loop {
        let open = world
            .states()
            .iter()
            .filter(|(path, state)| path.ends_with(']') && **state == "RUNNING")
            .count();
        assert!(open <= 2, "{open} iterations at once");
        if !world.answer_one() {
            break;
        }
    }
    assert_eq!(world.run_state(), RunState::Succeeded);
}

const EXIT: &str = "  dag:
    tasks:
      exit-handler-1: {taskInfo: {name: my-pipeline}, componentRef: {name: comp-exit-handler-1}}
      c:
        taskInfo: {name: c}
        componentRef: {name: comp-c}
        dependentTasks: [exit-handler-1]
        triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}
        inputs: {parameters: {x: {taskFinalStatus: {producerTask: exit-handler-1}}}}
";
const EXIT_BODY: &str = "  comp-exit-handler-1:
    dag:
      tasks:
        a: {taskInfo: {name: a}, componentRef: {name: comp-a}}
";

#[test]
fn an_exit_task_runs_after_a_failure_and_is_told_of_it() {
    let script = |launch: &Launch| {
        if launch.task.name().as_str() == "a" {
            fails()
        } else {
            echo(launch)
        }
    };
    let world = World::new(&pipeline(&["a", "c"], EXIT_BODY, EXIT), &[], 1, &script).run();
    assert_eq!(world.state("c"), "SUCCEEDED");
    assert_eq!(world.run_state(), RunState::Failed);
    let status = Value::from_json(&world.command("c")[1]).unwrap();
    let Value::Struct(status) = status else {
        panic!("{status:?}")
    };
    assert_eq!(status["state"], Value::from("FAILED"));
    assert_eq!(status["pipelineTaskName"], Value::from("exit-handler-1"));
    assert_eq!(status["pipelineJobResourceName"], Value::from("p-8f4c0"));

    let world = World::new(&pipeline(&["a", "c"], EXIT_BODY, EXIT), &[], 1, &echo).run();
    assert_eq!(world.run_state(), RunState::Succeeded);
    assert!(
        world.command("c")[1].contains("\"COMPLETE\""),
        "{:?}",
        world.command("c")
    );
}

#[test]
fn a_condition_that_cannot_be_evaluated_fails_the_task() {
    let text = pipeline(&["a", "b", "c"], BRANCHES, CHOICE).replace(
        "inputs.parameter_values['flip'] == 'heads'",
        "int(inputs.parameter_values['flip']) > 1",
    );
    let world = World::new(&text, &[("flip", Value::from("heads"))], 1, &echo).run();
    assert_eq!(world.run_state(), RunState::Failed);
    assert_eq!(
        world.tasks["condition-branches-1/condition-2"]
            .reason
            .as_ref()
            .unwrap()
            .code,
        FailureCode::BadExpression
    );
}

/// An exit task that reads what a DAG gives, which failed before its tasks came into being.
#[test]
fn an_exit_task_does_without_the_outputs_of_what_never_began() {
    let body = "  comp-body:
    dag:
      tasks:
        a: {taskInfo: {name: a}, componentRef: {name: comp-a}}
      outputs: {parameters: {out: {valueFromParameter: {producerSubtask: a, outputParameterKey: out}}}}
    inputDefinitions: {parameters: {word: {parameterType: STRING}}}
    outputDefinitions: {parameters: {out: {parameterType: STRING}}}
";
    let root = "  dag:
    tasks:
      body:
        taskInfo: {name: body}
        componentRef: {name: comp-body}
        inputs: {parameters: {word: {runtimeValue: {constant: heads}}}}
        triggerPolicy: {condition: \"int(inputs.parameter_values['word']) > 1\"}
      c:
        taskInfo: {name: c}
        componentRef: {name: comp-c}
        dependentTasks: [body]
        triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}
        inputs: {parameters: {x: {taskOutputParameter: {producerTask: body, outputParameterKey: out}}}}
";
    let world = World::new(&pipeline(&["a", "c"], body, root), &[], 1, &echo).run();
    assert_eq!(world.state("body"), "FAILED");
    assert_eq!(world.state("c"), "SUCCEEDED");
    assert_eq!(world.command("c"), ["c", ""]);
}

#[test]
fn a_cancelled_run_stops_what_runs_and_begins_nothing() {
    let mut world = World::new(&pipeline(&["a", "b"], "", CHAIN), &[], 1, &echo);
    world.advance();
    while world.started.is_empty() {
        assert!(world.answer_one());
    }
    world.observe(Observation::CancelRequested);
    while world.answer_one() {}
    assert_eq!(
        (world.state("a"), world.state("b")),
        ("CANCELED", "CANCELED")
    );
    let (state, failure, _) = world.finish.unwrap();
    assert_eq!(
        (state, failure.unwrap().code),
        (RunState::Failed, FailureCode::Canceled)
    );
}

#[test]
fn a_cancelled_run_runs_no_exit_task() {
    let mut world = World::new(&pipeline(&["a", "c"], EXIT_BODY, EXIT), &[], 1, &echo);
    world.advance();
    world.observe(Observation::CancelRequested);
    while world.answer_one() {}
    assert!(world.plan.is_finished());
    assert_eq!(world.state("c"), "CANCELED");
    assert!(world.started.is_empty());
}

#[test]
fn what_an_earlier_life_began_is_stopped_by_a_cancelled_run() {
    for restart_first in [true, false] {
        let mut world = World::new(&pipeline(&["a", "b"], "", CHAIN), &[], 1, &echo);
        world.advance();
        while world.started.is_empty() {
            assert!(world.answer_one());
        }
        if restart_first {
            world.restart();
            world.advance();
            world.observe(Observation::CancelRequested);
        } else {
            world.record.state = RunState::Canceling;
            world.restart();
            world.advance();
        }
        while world.answer_one() {}
        assert!(world.plan.is_finished());
        assert_eq!(world.stopped, ["a"], "restarted first: {restart_first}");
        assert_eq!(
            (world.state("a"), world.state("b")),
            ("CANCELED", "CANCELED")
        );
    }
}
