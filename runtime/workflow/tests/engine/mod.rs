//! A cluster in a test: it runs a workflow as Argo's controller does, as far as our workflows use it, with a folder for the
//! volume, and `coracle-step` as a library in the place of pods. Tasks whose time has come are taken in an order that a seed
//! chooses.

pub(crate) mod depends;
pub(crate) mod local;
pub(crate) mod pipelines;
pub(crate) mod script;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coracle_model::{RunId, TaskPath, Timestamp};
use coracle_step::arguments::{Arguments, exit};
use coracle_step::{Conduct, Facts, Place, Programs};
use serde_json::Value;

/// What Argo calls a node's phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Succeeded,
    Failed,
    Skipped,
    Omitted,
}

/// A node that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) phase: Phase,
    outputs: BTreeMap<String, String>,
}

/// The cluster.
pub(crate) struct Cluster<'a> {
    workflow: &'a Value,
    programs: &'a dyn Programs,
    folder: PathBuf,
    pub(crate) run: RunId,
    random: u64,
    pub(crate) pods: usize,
    /// The task whose pods end before they have done anything.
    pub(crate) killed: Option<String>,
}

type Variables = BTreeMap<String, String>;

impl<'a> Cluster<'a> {
    pub(crate) fn new(
        workflow: &'a Value,
        programs: &'a dyn Programs,
        folder: &Path,
        run: RunId,
        seed: u64,
    ) -> Self {
        Self {
            workflow,
            programs,
            folder: folder.to_path_buf(),
            run,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            pods: 0,
            killed: None,
        }
    }

    /// The volume that all pods see.
    pub(crate) fn volume(&self) -> PathBuf {
        self.folder.join("volume")
    }

    /// Runs the workflow to its end.
    pub(crate) fn run(&mut self) -> Phase {
        let mut variables = Variables::from([
            ("workflow.uid".to_owned(), self.run.to_string()),
            ("workflow.name".to_owned(), "p-abcde".to_owned()),
            (
                "workflow.creationTimestamp.RFC3339".to_owned(),
                script::now().to_string(),
            ),
        ]);
        let spec = &self.workflow["spec"];
        for parameter in list(&spec["arguments"]["parameters"]) {
            let name = format!("workflow.parameters.{}", text(&parameter["name"]));
            variables.insert(name, text(&parameter["value"]).to_owned());
        }
        self.template(text(&spec["entrypoint"]), &variables).phase
    }

    fn template(&mut self, name: &str, variables: &Variables) -> Node {
        let template = list(&self.workflow["spec"]["templates"])
            .iter()
            .find(|template| template["name"] == name)
            .unwrap_or_else(|| panic!("there is no template {name}"));
        for input in list(&template["inputs"]["parameters"]) {
            let input = format!("inputs.parameters.{}", text(&input["name"]));
            assert!(
                variables.contains_key(&input),
                "{name} is not given {input}"
            );
        }
        if template["dag"].is_object() {
            return Node {
                phase: self.dag(template, variables),
                outputs: BTreeMap::new(),
            };
        }
        if template["resource"].is_object() {
            let manifest = replaced(text(&template["resource"]["manifest"]), variables);
            let object: Value = serde_json::from_str(&manifest).unwrap();
            assert_eq!(object["kind"], "PersistentVolumeClaim");
            return Node {
                phase: Phase::Succeeded,
                outputs: BTreeMap::new(),
            };
        }
        self.attempts(template, variables)
    }

    fn attempts(&mut self, template: &Value, variables: &Variables) -> Node {
        let strategy = &template["retryStrategy"];
        let limit = strategy["limit"]
            .as_str()
            .map_or(0, |limit| limit.parse::<u32>().unwrap());
        if let Some(expression) = strategy["expression"].as_str() {
            assert_eq!(expression, "lastRetry.exitCode != '2'");
        }
        let mut variables = variables.clone();
        let mut retry = 0;
        loop {
            if strategy.is_object() {
                variables.insert("retries".to_owned(), retry.to_string());
            }
            let (code, outputs) = self.pod(template, &variables);
            if code == exit::DONE || code == exit::DECIDED || retry == limit {
                let phase = if code == exit::DONE {
                    Phase::Succeeded
                } else {
                    Phase::Failed
                };
                return Node { phase, outputs };
            }
            retry += 1;
        }
    }

    /// A pod: a file system of its own, and the volume.
    fn pod(&mut self, template: &Value, variables: &Variables) -> (u8, BTreeMap<String, String>) {
        self.pods += 1;
        let own = self.folder.join(format!("pod-{}", self.pods));
        let container = &template["container"];
        if template["podSpecPatch"].is_string() {
            let patch = replaced(text(&template["podSpecPatch"]), variables);
            let patch: Value = serde_json::from_str(&patch).unwrap();
            assert_eq!(patch["containers"][0]["name"], "main");
        }
        let words = list(&container["args"])
            .iter()
            .map(|word| replaced(text(word), variables));
        let words: Vec<String> = words.collect();
        assert!(words.iter().all(|word| !word.contains("{{")), "{words:?}");
        let conduct = Conduct {
            store: Place::Folder(self.volume()),
            root: own.join("root"),
            told: own.join("told"),
            run: self.run,
        };
        let arguments = Arguments::read(words.clone()).unwrap();
        if self.killed.is_some() && self.killed.as_deref() == arguments.maybe("task") {
            return (137, BTreeMap::new());
        }
        let ending = perform(&conduct, self.programs, &arguments);
        let ending = ending.unwrap_or_else(|error| panic!("{words:?}: {error} {error:?}"));
        let outputs = list(&template["outputs"]["parameters"]);
        let outputs = outputs.iter().map(|output| {
            let name = text(&output["name"]).to_owned();
            let file = own.join("told").join(&name);
            (name, read_or_empty(&file))
        });
        let outputs = outputs.collect();
        if own.exists() {
            fs_err::remove_dir_all(&own).unwrap();
        }
        (ending.code, outputs)
    }

    fn dag(&mut self, template: &Value, variables: &Variables) -> Phase {
        assert_eq!(template["dag"]["failFast"], false);
        let tasks = list(&template["dag"]["tasks"]);
        let mut ended: BTreeMap<String, Node> = BTreeMap::new();
        while ended.len() < tasks.len() {
            let ready: Vec<&Value> = tasks
                .iter()
                .filter(|task| !ended.contains_key(text(&task["name"])))
                .filter(|task| before(task).iter().all(|name| ended.contains_key(name)))
                .collect();
            assert!(!ready.is_empty(), "the workflow hangs");
            let task = ready[self.next_random() % ready.len()];
            let node = self.task(task, variables, &ended);
            ended.insert(text(&task["name"]).to_owned(), node);
        }
        branch_phase(tasks, &ended)
    }

    fn task(
        &mut self,
        task: &Value,
        variables: &Variables,
        ended: &BTreeMap<String, Node>,
    ) -> Node {
        let nothing = |phase| Node {
            phase,
            outputs: BTreeMap::new(),
        };
        let phases = |name: &str| ended[name].phase;
        if let Some(expression) = task["depends"].as_str()
            && !depends::holds(expression, &phases)
        {
            return nothing(Phase::Omitted);
        }
        let mut variables = variables.clone();
        for (name, node) in ended {
            for (output, value) in &node.outputs {
                variables.insert(
                    format!("tasks.{name}.outputs.parameters.{output}"),
                    value.clone(),
                );
            }
        }
        if let Some(condition) = task["when"].as_str() {
            let condition = replaced(condition, &variables);
            let (left, right) = condition.split_once(" == ").unwrap();
            if left != right {
                return nothing(Phase::Skipped);
            }
        }
        let template = text(&task["template"]);
        let Some(items) = task["withParam"].as_str() else {
            return self.template(template, &given(task, &variables));
        };
        let items: Vec<Value> = serde_json::from_str(&replaced(items, &variables)).unwrap();
        if items.is_empty() {
            return nothing(Phase::Skipped);
        }
        let mut phase = Phase::Succeeded;
        for item in items {
            variables.insert("item".to_owned(), item.to_string());
            let node = self.template(template, &given(task, &variables));
            if node.phase == Phase::Failed {
                phase = Phase::Failed;
            }
        }
        nothing(phase)
    }

    fn next_random(&mut self) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 33).unwrap()
    }
}

/// What the program's `main` does.
fn perform(
    conduct: &Conduct,
    programs: &dyn Programs,
    arguments: &Arguments,
) -> Result<coracle_step::Ending, coracle_step::Fault> {
    let task = || TaskPath::from(arguments.one("task").unwrap());
    match arguments.verb.as_str() {
        "begin" => {
            let facts = Facts {
                id: conduct.run,
                resource_name: arguments.one("name").unwrap().to_owned(),
                display_name: serde_json::from_str(arguments.one("display-name").unwrap()).unwrap(),
                created_at: arguments
                    .parsed::<Timestamp>("created-at", "a time")
                    .unwrap(),
                scheduled_at: None,
                pipeline_root: None,
            };
            let definition = arguments.all("definition").concat();
            coracle_step::begin(
                conduct,
                &definition,
                arguments.one("parameters").unwrap(),
                facts,
            )
        }
        "decide" => coracle_step::decide(conduct, &task(), script::now()),
        "run" => {
            let failed = arguments.parsed("failed-attempts", "a number").unwrap();
            coracle_step::run(conduct, programs, (&task(), failed), &script::now)
        }
        "end" => coracle_step::end(conduct, script::now()),
        other => panic!("{other}"),
    }
}

/// The phase of a DAG: an omitted leaf is as its branch is (`assessDAGPhase` in Argo's controller).
fn branch_phase(tasks: &[Value], ended: &BTreeMap<String, Node>) -> Phase {
    fn failed(name: &str, tasks: &[Value], ended: &BTreeMap<String, Node>) -> bool {
        let task = tasks.iter().find(|task| task["name"] == name).unwrap();
        match ended[name].phase {
            Phase::Failed => true,
            Phase::Succeeded => false,
            Phase::Skipped | Phase::Omitted => {
                before(task).iter().any(|name| failed(name, tasks, ended))
            }
        }
    }
    let is_leaf = |name: &str| {
        !tasks
            .iter()
            .any(|task| before(task).iter().any(|before| before == name))
    };
    let bad = ended
        .keys()
        .any(|name| is_leaf(name) && failed(name, tasks, ended));
    if bad { Phase::Failed } else { Phase::Succeeded }
}

fn before(task: &Value) -> Vec<String> {
    task["depends"]
        .as_str()
        .map(depends::names)
        .unwrap_or_default()
}

fn given(task: &Value, variables: &Variables) -> Variables {
    let workflow = variables
        .iter()
        .filter(|(name, _)| name.starts_with("workflow."));
    let mut given: Variables = workflow
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for parameter in list(&task["arguments"]["parameters"]) {
        let name = format!("inputs.parameters.{}", text(&parameter["name"]));
        given.insert(name, replaced(text(&parameter["value"]), variables));
    }
    given
}

/// A text with every `{{name}}` replaced; one that has no value is a mistake, as it is to Argo.
fn replaced(text: &str, variables: &Variables) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once("{{") {
        let (name, tail) = tail.split_once("}}").unwrap_or_else(|| panic!("{text}"));
        result.push_str(head);
        let value = variables.get(name);
        result.push_str(value.unwrap_or_else(|| panic!("{name} has no value in {text}")));
        rest = tail;
    }
    result + rest
}

fn read_or_empty(file: &Path) -> String {
    fs_err::read_to_string(file).unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}
