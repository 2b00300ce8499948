//! DAG templates: one for each DAG of the definition, whatever the number of tasks that run it.

use std::collections::HashMap;

use coracle_model::{ComponentName, TaskName};
use coracle_spec::pipeline::{
    Component, Dag, Definition, Executor, ParameterSource, PipelineSpec, PlatformSpec, RetryPolicy,
    StepPlatform, Task, TriggerStrategy, Work,
};
use coracle_step::arguments::told;
use serde_json::{Value, json};

use crate::given::{Known, known};
use crate::names::{Names, of_task};
use crate::pod::compact;
use crate::program::{DECIDE, PATH, SERVE};
use crate::report::{Parity, Report};
use crate::step::{self, StepSpec, Surroundings};

/// How deep Argo follows templates inside templates.
const MAX_DEPTH: usize = 95;

/// A template that stands for a component.
#[derive(Debug, Clone)]
struct Made {
    name: String,
    /// How many templates stand inside each other in it.
    depth: usize,
}

/// The templates made so far.
#[derive(Debug)]
pub(crate) struct Compiler<'a> {
    definition: &'a Definition,
    around: Surroundings<'a>,
    names: Names,
    pub(crate) templates: Vec<Value>,
    components: HashMap<(Option<ComponentName>, String), Made>,
    /// Templates of steps by what stands in them: steps that differ in their program alone have one.
    equal: HashMap<String, String>,
    pub(crate) pull_secrets: Vec<String>,
}

/// A task inside a DAG template.
struct Inner {
    name: String,
    template: String,
    arguments: Vec<(&'static str, String)>,
    depends: String,
    when: Option<String>,
}

impl Inner {
    fn into_value(self) -> Value {
        let parameters: Vec<_> = self
            .arguments
            .into_iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let mut task = json!({
            "name": self.name,
            "template": self.template,
            "arguments": {"parameters": parameters},
            "when": self.when,
        });
        if !self.depends.is_empty() {
            task["depends"] = json!(self.depends);
        }
        compact(task)
    }
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(definition: &'a Definition, around: Surroundings<'a>) -> Self {
        let mut names = Names::default();
        for taken in ["run", "begin", "end", DECIDE, SERVE] {
            names.take(taken);
        }
        Self {
            definition,
            around,
            names,
            templates: Vec::new(),
            components: HashMap::new(),
            equal: HashMap::new(),
            pull_secrets: Vec::new(),
        }
    }

    /// The template of the whole pipeline.
    pub(crate) fn pipeline(&mut self, report: &mut Report) -> String {
        let made = self.component(None, None, report);
        if made.depth > MAX_DEPTH {
            let reason = format!(
                "pipelines stand {} templates deep inside each other, and Argo follows 100",
                made.depth
            );
            report.refuse("root", reason);
        }
        made.name
    }

    /// The template that runs a component at the path that it is given.
    fn component(
        &mut self,
        name: Option<&ComponentName>,
        retry: Option<RetryPolicy>,
        report: &mut Report,
    ) -> Made {
        let key = (name.cloned(), format!("{retry:?}"));
        if let Some(made) = self.components.get(&key) {
            return made.clone();
        }
        let spec = &self.definition.spec;
        let component = name.map_or(&spec.root, |name| spec.component(name));
        let made = match (&component.work, name) {
            (Work::Dag(dag), _) => self.dag(name, dag, retry, report),
            (Work::Executor(label), Some(name)) => match &spec.executors[label] {
                Executor::Importer(importer) => {
                    importer_findings(label.as_str(), importer, report);
                    Made {
                        name: SERVE.to_owned(),
                        depth: 1,
                    }
                }
                Executor::Container(container) => match volume_action(&container.image) {
                    Some(action) => self.claim(name, action),
                    None => {
                        let nothing = StepPlatform::default();
                        let platform: &PlatformSpec = &self.definition.platform;
                        let step = StepSpec {
                            name,
                            component,
                            label,
                            container,
                            platform: platform.steps.get(label).unwrap_or(&nothing),
                            retry,
                        };
                        self.step(step, report)
                    }
                },
            },
            // The reader refuses a pipeline whose root is no DAG.
            (Work::Executor(_), None) => Made {
                name: SERVE.to_owned(),
                depth: 1,
            },
        };
        self.components.insert(key, made.clone());
        made
    }

    fn dag(
        &mut self,
        name: Option<&ComponentName>,
        dag: &Dag,
        inherited: Option<RetryPolicy>,
        report: &mut Report,
    ) -> Made {
        let wished = name.map_or("pipeline", ComponentName::as_str);
        let own = self.names.take(wished);
        let mut level = Level::new(name.is_none(), dag);
        for (name, task) in &dag.tasks {
            self.task(&mut level, name, task, inherited, report);
        }
        self.templates.push(compact(json!({
            "name": own,
            "inputs": name.map(|_| json!({"parameters": [{"name": "path"}]})),
            "dag": {"failFast": false, "tasks": level.tasks},
        })));
        Made {
            name: own,
            depth: level.depth + 1,
        }
    }

    /// Adds a task to its DAG: one task of Argo's, or two where something has to be decided first.
    fn task(
        &mut self,
        level: &mut Level<'_>,
        name: &TaskName,
        task: &Task,
        inherited: Option<RetryPolicy>,
        report: &mut Report,
    ) {
        task_findings(name, task, report);
        let mut made = self.component(Some(&task.component), task.retry.or(inherited), report);
        if let Some(iterator) = &task.iterator {
            made = self.over(&made, iterator.parallelism, name);
        }
        level.depth = level.depth.max(made.depth);
        let component = self.definition.spec.component(&task.component);
        let is_dag = matches!(component.work, Work::Dag(_));
        if made_by_importer(&self.definition.spec, component) {
            for input in task.parameters.values() {
                refuse_model_image(name.as_str(), &input.source, report);
            }
        }
        let is_loop = task.iterator.is_some();
        let body = Inner {
            name: level.finals[name].clone(),
            template: made.name,
            arguments: vec![("path", format!("{}{name}", level.base))],
            depends: depends(task, &level.finals),
            when: None,
        };
        if is_loop || (is_dag && task.condition.is_some()) {
            level.add_decided(body, is_loop);
        } else {
            level.tasks.push(body.into_value());
        }
    }

    /// The template that runs another one for each iteration of a loop.
    fn over(&mut self, body: &Made, parallelism: Option<usize>, task: &TaskName) -> Made {
        let content = json!({
            "inputs": {"parameters": [{"name": "path"}, {"name": "iterations"}]},
            "parallelism": parallelism,
            "dag": {"failFast": false, "tasks": [{
                "name": "iteration",
                "template": body.name,
                "arguments": {"parameters": [{"name": "path", "value": format!("{PATH}[{{{{item}}}}]")}]},
                "withParam": "{{inputs.parameters.iterations}}",
            }]},
        });
        Made {
            name: self.once(compact(content), task.as_str()),
            depth: body.depth + 1,
        }
    }

    fn step(&mut self, step: StepSpec<'_>, report: &mut Report) -> Made {
        let made = step::template(self.around, step, report);
        for secret in made.pull_secrets {
            if !self.pull_secrets.contains(&secret) {
                self.pull_secrets.push(secret);
            }
        }
        let name = self.once(made.template, step.name.as_str());
        if !made.decided {
            return Made { name, depth: 1 };
        }
        let patch = "{{tasks.decide.outputs.parameters.patch}}".to_owned();
        let task = decided_inside(
            "step",
            &name,
            vec![("path", PATH.to_owned()), ("patch", patch)],
        );
        let wrapper = wrapper(&[decide_inside(), task]);
        Made {
            name: self.once(wrapper, &format!("{}-decided", step.name)),
            depth: 2,
        }
    }

    /// A claim is made or removed by Argo, which has the permission to, and recorded after.
    fn claim(&mut self, name: &ComponentName, action: &str) -> Made {
        let resource = self.once(
            json!({
                "inputs": {"parameters": [{"name": "manifest"}]},
                "resource": {"action": action, "manifest": "{{inputs.parameters.manifest}}"},
            }),
            &format!("claim-{action}"),
        );
        let manifest = "{{tasks.decide.outputs.parameters.patch}}".to_owned();
        let act = decided_inside("claim", &resource, vec![("manifest", manifest)]);
        let record = Inner {
            name: "record".to_owned(),
            template: SERVE.to_owned(),
            arguments: vec![("path", PATH.to_owned())],
            depends: "claim.Succeeded".to_owned(),
            when: None,
        };
        let wrapper = wrapper(&[decide_inside(), act, record.into_value()]);
        Made {
            name: self.once(wrapper, name.as_str()),
            depth: 2,
        }
    }

    /// Adds a template unless there is an equal one, and gives its name.
    fn once(&mut self, mut template: Value, wished: &str) -> String {
        let content = template.to_string();
        if let Some(name) = self.equal.get(&content) {
            return name.clone();
        }
        let name = self.names.take(wished);
        template["name"] = json!(name);
        self.templates.push(template);
        self.equal.insert(content, name.clone());
        name
    }
}

/// A DAG template in the making.
struct Level<'a> {
    /// What stands before a task's name in its path.
    base: String,
    /// The names of Argo's tasks with which the tasks end.
    finals: HashMap<&'a TaskName, String>,
    names: Names,
    tasks: Vec<Value>,
    depth: usize,
}

impl<'a> Level<'a> {
    fn new(is_root: bool, dag: &'a Dag) -> Self {
        let mut names = Names::default();
        let mut final_name = |task: &'a TaskName| (task, names.take(&of_task(task.as_str())));
        let finals = dag.tasks.keys().map(&mut final_name).collect();
        Self {
            base: if is_root {
                String::new()
            } else {
                format!("{PATH}/")
            },
            finals,
            names,
            tasks: Vec::new(),
            depth: 0,
        }
    }

    /// Adds a task that runs when one before it says so.
    fn add_decided(&mut self, mut body: Inner, is_loop: bool) {
        let decide = self.names.take(&format!("{}-decide", body.name));
        let said = |output: &str| format!("{{{{tasks.{decide}.outputs.parameters.{output}}}}}");
        let before = Inner {
            name: decide.clone(),
            template: DECIDE.to_owned(),
            arguments: body.arguments.clone(),
            depends: std::mem::replace(&mut body.depends, format!("{decide}.Succeeded")),
            when: None,
        };
        if is_loop {
            body.arguments
                .push((told::ITERATIONS, said(told::ITERATIONS)));
        }
        body.when = Some(format!("{} == true", said(told::GO)));
        self.tasks.extend([before.into_value(), body.into_value()]);
    }
}

fn task_findings(name: &TaskName, task: &Task, report: &mut Report) {
    if name.as_str().contains(['{', '$', '"', '\\', '/', '[']) {
        let reason = "its name has characters that have a meaning to the cluster";
        report.refuse(format!("task {name}"), reason);
    }
    if task.caching.enabled {
        let reason = "its result is not looked up in a cache: there is none beside the cluster's runs, so it always runs";
        report.add(Parity::Translated, "cachingOptions", reason);
    }
}

fn wrapper(tasks: &[Value]) -> Value {
    json!({
        "inputs": {"parameters": [{"name": "path"}]},
        "dag": {"failFast": false, "tasks": tasks},
    })
}

fn decide_inside() -> Value {
    Inner {
        name: "decide".to_owned(),
        template: DECIDE.to_owned(),
        arguments: vec![("path", PATH.to_owned())],
        depends: String::new(),
        when: None,
    }
    .into_value()
}

fn decided_inside(name: &str, template: &str, arguments: Vec<(&'static str, String)>) -> Value {
    Inner {
        name: name.to_owned(),
        template: template.to_owned(),
        arguments,
        depends: "decide.Succeeded".to_owned(),
        when: Some("{{tasks.decide.outputs.parameters.go}} == true".to_owned()),
    }
    .into_value()
}

/// When a task's pods may start: what it waits for has ended, and has ended well unless the task runs however that ends.
fn depends(task: &Task, finals: &HashMap<&TaskName, String>) -> String {
    const ENDINGS: [&str; 5] = ["Succeeded", "Failed", "Errored", "Skipped", "Omitted"];
    let however = |name: &String| {
        let each: Vec<_> = ENDINGS
            .iter()
            .map(|ending| format!("{name}.{ending}"))
            .collect();
        format!("({})", each.join(" || "))
    };
    let terms: Vec<_> = coracle_plan::upstream(task)
        .into_iter()
        .map(|producer| &finals[producer])
        .map(|name| match task.trigger {
            TriggerStrategy::AllUpstreamTasksSucceeded => format!("{name}.Succeeded"),
            TriggerStrategy::AllUpstreamTasksCompleted => however(name),
        })
        .collect();
    terms.join(" && ")
}

/// What Argo does with a claim, for the images that stand for that.
fn volume_action(image: &str) -> Option<&'static str> {
    match image.split(':').next().unwrap_or_default() {
        "argostub/createpvc" => Some("create"),
        "argostub/deletepvc" => Some("delete"),
        _ => None,
    }
}

fn made_by_importer(spec: &PipelineSpec, component: &Component) -> bool {
    match &component.work {
        Work::Executor(label) => matches!(spec.executors[label], Executor::Importer(_)),
        Work::Dag(_) => false,
    }
}

fn importer_findings(
    label: &str,
    importer: &coracle_spec::pipeline::ImporterSpec,
    report: &mut Report,
) {
    refuse_model_image(label, &importer.uri, report);
    let reason = "the artifact's bytes are read from the volume of the runs, where they have to be put before";
    report.add(Parity::Translated, format!("{label}: importer"), reason);
}

/// Kubeflow Pipelines mounts an image that holds a model into the pods that read it.
fn refuse_model_image(place: &str, source: &ParameterSource, report: &mut Report) {
    if let Known::Text(text) = known(source)
        && text.starts_with("oci://")
    {
        let reason = "an image that holds a model is mounted into pods by Kubeflow Pipelines, and not by what runs steps here";
        report.refuse(format!("{place}: artifactUri"), reason);
    }
}
