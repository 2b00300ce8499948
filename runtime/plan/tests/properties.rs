//! Properties that hold for every run: order does not matter, nothing runs twice, a finished plan is empty, and a
//! crash at any point changes nothing.

#[expect(dead_code, reason = "each test uses its part of the world")]
mod world;

use std::fmt::Write;

use coracle_model::{AttemptNumber, TaskPath};
use coracle_plan::{History, Launch};
use proptest::prelude::*;
use world::{World, fails, now, output, plan};

/// A random pipeline: tasks that depend on earlier ones, by order, by value, or whatever came of them; some in
/// a loop, some with a condition, some with retries; and which attempts fail.
#[derive(Debug, Clone)]
struct Shape {
    tasks: Vec<TaskShape>,
}

#[derive(Debug, Clone)]
struct TaskShape {
    needs: Vec<(usize, Need)>,
    kind: Kind,
    retries: u32,
    failing_attempts: u32,
    ignores_failures: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Need {
    Order,
    Value,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Step,
    Loop(usize),
    Condition(bool),
}

fn shape() -> impl Strategy<Value = Shape> {
    let kind = prop_oneof![
        3 => Just(Kind::Step),
        1 => (0usize..4).prop_map(Kind::Loop),
        1 => any::<bool>().prop_map(Kind::Condition),
    ];
    let need = (
        any::<prop::sample::Index>(),
        prop_oneof![Just(Need::Order), Just(Need::Value)],
    );
    let task = (
        prop::collection::vec(need, 0..3),
        kind,
        0u32..3,
        prop_oneof![4 => Just(0u32), 1 => 1u32..4],
        prop::bool::weighted(0.1),
    );
    prop::collection::vec(task, 1..9).prop_map(|tasks| Shape {
        tasks: tasks
            .into_iter()
            .enumerate()
            .map(
                |(index, (needs, kind, retries, failing_attempts, ignores_failures))| {
                    let needs: Vec<_> = needs
                        .into_iter()
                        .filter(|_| index > 0)
                        .map(|(at, need)| (at.index(index.max(1)), need))
                        .collect();
                    // A DAG of exit tasks alone is refused by the reader.
                    let ignores_failures = ignores_failures && !needs.is_empty();
                    TaskShape {
                        needs,
                        kind,
                        retries,
                        failing_attempts,
                        ignores_failures,
                    }
                },
            )
            .collect(),
    })
}

impl Shape {
    fn text(&self) -> String {
        let mut tasks = String::new();
        for (index, task) in self.tasks.iter().enumerate() {
            let component = match task.kind {
                Kind::Step => "comp-step",
                Kind::Loop(_) => "comp-loop",
                Kind::Condition(_) => "comp-wrap",
            };
            writeln!(tasks, "      t{index}:\n        taskInfo: {{name: t{index}}}\n        componentRef: {{name: {component}}}").unwrap();
            let after: Vec<_> = task.needs.iter().map(|(on, _)| format!("t{on}")).collect();
            writeln!(tasks, "        dependentTasks: [{}]", after.join(", ")).unwrap();
            let values = task
                .needs
                .iter()
                .filter(|(_, need)| *need == Need::Value)
                .take(1);
            let mut given: Vec<_> = values
                .map(|(on, _)| format!("x: {{taskOutputParameter: {{producerTask: t{on}, outputParameterKey: out}}}}"))
                .collect();
            if let Kind::Condition(met) = task.kind {
                given.push(format!("met: {{runtimeValue: {{constant: '{met}'}}}}"));
            }
            writeln!(
                tasks,
                "        inputs: {{parameters: {{{}}}}}",
                given.join(", ")
            )
            .unwrap();
            let strategy = task
                .ignores_failures
                .then_some("strategy: ALL_UPSTREAM_TASKS_COMPLETED");
            let condition = matches!(task.kind, Kind::Condition(_))
                .then_some("condition: \"inputs.parameter_values['met'] == 'true'\"");
            let policy: Vec<_> = strategy.into_iter().chain(condition).collect();
            writeln!(tasks, "        triggerPolicy: {{{}}}", policy.join(", ")).unwrap();
            if let Kind::Loop(size) = task.kind {
                let items: Vec<_> = (0..size).map(|item| format!("\"{item}\"")).collect();
                writeln!(
                    tasks,
                    "        parameterIterator: {{itemInput: item, items: {{raw: '[{}]'}}}}",
                    items.join(",")
                )
                .unwrap();
            }
            writeln!(
                tasks,
                "        retryPolicy: {{maxRetryCount: {}, backoffDuration: 1s, backoffFactor: 2.0, backoffMaxDuration: 60s}}",
                task.retries
            )
            .unwrap();
        }
        format!(
            "pipelineInfo: {{name: p}}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
deploymentSpec: {{executors: {{exec-step: {{container: {{image: alpine, command: [run]}}}}}}}}
components:
  comp-step:
    executorLabel: exec-step
    inputDefinitions: {{parameters: {{x: {{parameterType: STRING, isOptional: true}}}}}}
    outputDefinitions: {{parameters: {{out: {{parameterType: STRING}}}}}}
  comp-loop:
    dag:
      tasks: {{body: {{taskInfo: {{name: body}}, componentRef: {{name: comp-step}}, inputs: {{parameters: {{x: {{componentInputParameter: item}}}}}}}}}}
      outputs: {{parameters: {{out: {{valueFromParameter: {{producerSubtask: body, outputParameterKey: out}}}}}}}}
    inputDefinitions: {{parameters: {{item: {{parameterType: STRING}}, x: {{parameterType: STRING, isOptional: true}}}}}}
    outputDefinitions: {{parameters: {{out: {{parameterType: LIST}}}}}}
  comp-wrap:
    dag:
      tasks: {{body: {{taskInfo: {{name: body}}, componentRef: {{name: comp-step}}}}}}
      outputs: {{parameters: {{out: {{valueFromParameter: {{producerSubtask: body, outputParameterKey: out}}}}}}}}
    inputDefinitions: {{parameters: {{met: {{parameterType: STRING}}, x: {{parameterType: STRING, isOptional: true}}}}}}
    outputDefinitions: {{parameters: {{out: {{parameterType: STRING}}}}}}
root:
  dag:
    tasks:
{tasks}"
        )
    }

    /// An attempt of a step of task `n` fails while its number is not above what the shape says.
    fn script(
        &self,
    ) -> impl Fn(&Launch) -> Result<coracle_model::Outputs, coracle_model::Failure> + use<> {
        let failing: Vec<_> = self
            .tasks
            .iter()
            .map(|task| task.failing_attempts)
            .collect();
        move |launch: &Launch| {
            let task: usize = launch.task.as_str()[1..]
                .split(['/', '['])
                .next()
                .unwrap()
                .parse()
                .unwrap();
            if launch.attempt.0 <= failing[task] {
                fails()
            } else {
                output("out", format!("by {}", launch.task))
            }
        }
    }
}

/// What must not depend on order or on crashes: states, outputs, and the number of attempts.
fn summary(world: &World<'_>) -> String {
    let mut text = format!(
        "{:?}\n",
        world
            .finish
            .as_ref()
            .map(|(state, failure, outputs)| (state, failure, outputs))
    );
    for (path, task) in &world.tasks {
        let attempts = world
            .started
            .iter()
            .filter(|(started, _)| started == path)
            .count();
        writeln!(
            text,
            "{path} {} {attempts} {:?} {:?}",
            task.state.as_str(),
            task.outputs,
            task.reason
        )
        .unwrap();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_order_of_completions_gives_the_same_result(shape in shape(), seeds in (1u64..1_000_000, 1u64..1_000_000)) {
        let (text, script) = (shape.text(), shape.script());
        let one = World::new(&text, &[], seeds.0, &script).run();
        let other = World::new(&text, &[], seeds.1, &script).run();
        prop_assert_eq!(summary(&one), summary(&other));
    }

    #[test]
    fn attempts_count_up_from_one_and_no_further_than_the_policy(shape in shape(), seed in 1u64..1_000_000) {
        let (text, script) = (shape.text(), shape.script());
        let world = World::new(&text, &[], seed, &script).run();
        prop_assert_eq!(world.attempts.len(), world.started.len(), "a step was started twice");
        for (path, attempt) in &world.started {
            let task: usize = path.as_str()[1..].split(['/', '[']).next().unwrap().parse().unwrap();
            prop_assert!(attempt.0 <= shape.tasks[task].retries + 1);
            prop_assert!(attempt.0 == 1 || world.started.contains(&(path.clone(), AttemptNumber(attempt.0 - 1))));
        }
    }

    #[test]
    fn a_finished_plan_planned_again_is_empty(shape in shape(), seed in 1u64..1_000_000) {
        let (text, script) = (shape.text(), shape.script());
        let mut world = World::new(&text, &[], seed, &script).run();
        prop_assert_eq!(world.plan.advance(now()), vec![]);
        let tasks: Vec<_> = world.tasks.values().cloned().collect();
        let mut again = plan(&world.definition, &world.record, History::of_run(&tasks, &world.attempts));
        let steps = again.advance(now());
        prop_assert_eq!(steps.len(), 1, "only the end is said again: {:?}", steps);
        prop_assert!(again.is_finished());
    }

    #[test]
    fn a_crash_at_any_point_converges(shape in shape(), seed in 1u64..1_000_000, after in 0usize..60) {
        let (text, script) = (shape.text(), shape.script());
        let undisturbed = World::new(&text, &[], seed, &script).run();
        let crashed = World::new(&text, &[], seed.wrapping_add(1), &script).run_with_crash(after);
        prop_assert_eq!(summary(&undisturbed), summary(&crashed));
    }
}

#[test]
fn a_task_path_of_the_generator_names_its_task() {
    assert_eq!(
        TaskPath::from("t3[1]/body").as_str()[1..]
            .split(['/', '['])
            .next(),
        Some("3")
    );
}
