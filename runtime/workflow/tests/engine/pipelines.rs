//! Pipelines that a seed chooses: steps, pipelines inside pipelines, conditions, loops over lists that are written down or come
//! from a step, tasks that run however those before them ended, retries, values and artifacts handed on, one of several.

use serde_json::{Map, Value, json};

/// The most levels of pipelines inside pipelines.
const DEPTH: usize = 3;

/// A pipeline.
pub(crate) fn pipeline(seed: u64) -> String {
    let mut maker = Maker {
        random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        components: Map::from_iter([("comp-step".to_owned(), step())]),
    };
    let root = maker.dag(0, false);
    let pipeline = json!({
        "pipelineInfo": {"name": "made"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "deploymentSpec": {"executors": {"exec-step": {"container": {
            "image": "alpine",
            "command": ["run", "{{$.inputs.parameters['x']}}"],
            "args": ["{{$}}", "{{$.pipeline_job_resource_name}}"],
        }}}},
        "components": maker.components,
        "root": root,
    });
    pipeline.to_string()
}

struct Maker {
    random: u64,
    components: Map<String, Value>,
}

fn step() -> Value {
    json!({
        "executorLabel": "exec-step",
        "inputDefinitions": {
            "parameters": {"x": {"parameterType": "STRING", "isOptional": true}},
            "artifacts": {"m": {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}, "isOptional": true}},
        },
        "outputDefinitions": {
            "parameters": {"out": {"parameterType": "STRING"}, "items": {"parameterType": "LIST"}},
            "artifacts": {"model": {"artifactType": {"schemaTitle": "system.Model", "schemaVersion": "0.0.1"}}},
        },
    })
}

impl Maker {
    fn below(&mut self, bound: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 33).unwrap() % bound
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    /// A DAG whose outputs are those of one of its tasks, or of the first of two that succeeds.
    fn dag(&mut self, depth: usize, is_loop: bool) -> Value {
        let count = 1 + self.below(if depth == 0 { 5 } else { 3 });
        let mut tasks = Map::new();
        let mut known: Vec<(String, bool)> = Vec::new();
        for index in 0..count {
            let name = format!("t{index}");
            let (task, gives_items) = self.task(&name, &known, depth);
            tasks.insert(name.clone(), task);
            known.push((name, gives_items));
        }
        let first = known[self.below(count)].0.clone();
        let mut selectors = vec![first];
        if self.chance(3) {
            selectors.push(known[self.below(count)].0.clone());
        }
        let parameters: Vec<_> = selectors
            .iter()
            .map(|task| json!({"producerSubtask": task, "outputParameterKey": "out"}))
            .collect();
        let source = match parameters.as_slice() {
            [one] => json!({"valueFromParameter": one}),
            several => json!({"valueFromOneof": {"parameterSelectors": several}}),
        };
        let artifacts: Vec<_> = selectors
            .iter()
            .map(|task| json!({"producerSubtask": task, "outputArtifactKey": "model"}))
            .collect();
        let kind = if is_loop { "LIST" } else { "STRING" };
        json!({
            "dag": {"tasks": tasks, "outputs": {
                "parameters": {"out": source},
                "artifacts": {"model": {"artifactSelectors": artifacts}},
            }},
            "inputDefinitions": {
                "parameters": {"x": {"parameterType": "STRING", "isOptional": true}},
                "artifacts": {"m": {"artifactType": {"schemaTitle": "system.Model", "schemaVersion": "0.0.1"}, "isOptional": true}},
            },
            "outputDefinitions": {
                "parameters": {"out": {"parameterType": kind}},
                "artifacts": {"model": {"artifactType": {"schemaTitle": "system.Model", "schemaVersion": "0.0.1"}, "isArtifactList": is_loop}},
            },
        })
    }

    /// A task, and whether it has a list among its outputs.
    fn task(&mut self, name: &str, known: &[(String, bool)], depth: usize) -> (Value, bool) {
        let mut parameters = Map::new();
        let mut artifacts = Map::new();
        let mut task = json!({"taskInfo": {"name": name}, "dependentTasks": []});
        if let Some((producer, _)) = self.pick(known) {
            parameters.insert("x".to_owned(), json!({"taskOutputParameter": {"producerTask": producer, "outputParameterKey": "out"}}));
        } else if depth > 0 && self.chance(2) {
            parameters.insert("x".to_owned(), json!({"componentInputParameter": "x"}));
        }
        if let Some((producer, _)) = self.pick(known) {
            artifacts.insert("m".to_owned(), json!({"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": "model"}}));
        }
        let after: Vec<_> = self.pick(known).into_iter().map(|(name, _)| name).collect();
        let can_ignore = !known.is_empty();
        let mut policy = Map::new();
        if can_ignore && self.chance(6) {
            policy.insert("strategy".to_owned(), json!("ALL_UPSTREAM_TASKS_COMPLETED"));
        }
        if self.chance(3) {
            task["retryPolicy"] = json!({"maxRetryCount": 1 + self.below(2), "backoffDuration": "1s", "backoffFactor": 2.0, "backoffMaxDuration": "60s"});
        }
        let kind = if depth < DEPTH { self.below(6) } else { 0 };
        let component = match kind {
            0..=2 => "comp-step".to_owned(),
            _ => {
                let dag = self.dag(depth + 1, kind == 4);
                let name = format!("comp-{}", self.components.len());
                self.components.insert(name.clone(), dag);
                name
            }
        };
        if kind == 4 {
            let list = known
                .iter()
                .filter(|(_, items)| *items)
                .map(|(name, _)| name.clone())
                .next_back();
            self.iterate(&mut task, &component, &mut parameters, list);
        }
        if kind == 5 || self.chance(6) {
            let said = if self.chance(2) {
                "inputs.parameter_values['x'] == 'other'"
            } else {
                "inputs.parameter_values['x'] != 'other'"
            };
            if !parameters.contains_key("x") {
                parameters.insert(
                    "x".to_owned(),
                    json!({"runtimeValue": {"constant": "other"}}),
                );
            }
            policy.insert("condition".to_owned(), json!(said));
        }
        task["dependentTasks"] = json!(after);
        task["componentRef"] = json!({"name": component});
        task["inputs"] = json!({"parameters": parameters, "artifacts": artifacts});
        task["triggerPolicy"] = Value::Object(policy);
        (task, component == "comp-step")
    }

    fn iterate(
        &mut self,
        task: &mut Value,
        component: &str,
        parameters: &mut Map<String, Value>,
        list: Option<String>,
    ) {
        let definitions = &mut self.components[component]["inputDefinitions"]["parameters"];
        let items = match list {
            Some(producer) => {
                definitions["list"] = json!({"parameterType": "LIST"});
                parameters.insert("list".to_owned(), json!({"taskOutputParameter": {"producerTask": producer, "outputParameterKey": "items"}}));
                json!({"inputParameter": "list"})
            }
            None => {
                let items: Vec<_> = (0..self.below(4))
                    .map(|item| format!("item {item}"))
                    .collect();
                json!({"raw": json!(items).to_string()})
            }
        };
        parameters.remove("x");
        task["parameterIterator"] = json!({"itemInput": "x", "items": items});
        if self.chance(2) {
            task["iteratorPolicy"] = json!({"parallelismLimit": 1 + self.below(2)});
        }
    }

    fn pick(&mut self, known: &[(String, bool)]) -> Option<(String, bool)> {
        (!known.is_empty() && self.chance(2)).then(|| known[self.below(known.len())].clone())
    }
}
