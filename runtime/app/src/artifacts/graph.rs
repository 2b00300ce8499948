//! Lineage as a graph: from one artifact to what it was made from and to what was made from it. Pure: what is known
//! of an artifact comes in as a function.

use std::collections::HashSet;
use std::rc::Rc;

use coracle_model::{Artifact, ArtifactId, RunId, TaskPath, TaskState};

use crate::runs::artifact as present;
use crate::view::{LineageDirection, LineageEdge, LineageEdgeKind, LineageGraph, LineageTask};

/// The most artifacts and steps that a graph has.
const MOST: usize = 500;

/// A step with what it reads and makes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) run: RunId,
    pub(super) run_name: String,
    pub(super) path: TaskPath,
    pub(super) display_name: String,
    pub(super) state: TaskState,
    pub(super) cached: bool,
    /// By name of the input.
    pub(super) inputs: Vec<(String, Artifact)>,
    /// By name of the output.
    pub(super) outputs: Vec<(String, Artifact)>,
}

/// What is known of an artifact.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The steps that read or make it, newest run first.
    pub(super) steps: Vec<Rc<Step>>,
    /// Whether there are more.
    pub(super) truncated: bool,
}

impl Step {
    fn reads(&self, id: ArtifactId) -> bool {
        self.inputs
            .iter()
            .any(|(_, artifact)| artifact.id == Some(id))
    }

    fn makes(&self, id: ArtifactId) -> bool {
        self.outputs
            .iter()
            .any(|(_, artifact)| artifact.id == Some(id))
    }
}

/// The graph around an artifact, so many steps each way.
pub(super) fn graph<E>(
    root: &Artifact,
    id: ArtifactId,
    direction: LineageDirection,
    depth: usize,
    mut known: impl FnMut(ArtifactId) -> Result<Known, E>,
) -> Result<LineageGraph, E> {
    let mut growing = Growing::new(root, id);
    let (up, down) = match direction {
        LineageDirection::Both => (true, true),
        LineageDirection::Upstream => (true, false),
        LineageDirection::Downstream => (false, true),
    };
    if up {
        growing.follow(id, depth, &mut known, upstream, |step| &step.inputs)?;
    }
    if down {
        let downstream = |id, known: &Known| {
            let reads = known.steps.iter().filter(|step| step.reads(id));
            reads.cloned().collect()
        };
        growing.follow(id, depth, &mut known, downstream, |step| &step.outputs)?;
    }
    Ok(growing.graph)
}

/// The steps that made an artifact. Those that took it from the cache later are no part of how it came about, unless
/// the run that made it is gone.
fn upstream(id: ArtifactId, known: &Known) -> Vec<Rc<Step>> {
    let makes: Vec<&Rc<Step>> = known.steps.iter().filter(|step| step.makes(id)).collect();
    let made: Vec<Rc<Step>> = makes
        .iter()
        .filter(|step| !step.cached)
        .map(|step| Rc::clone(step))
        .collect();
    if made.is_empty() {
        return makes
            .last()
            .map(|step| Rc::clone(step))
            .into_iter()
            .collect();
    }
    made
}

struct Growing {
    graph: LineageGraph,
    artifacts: HashSet<ArtifactId>,
    tasks: HashSet<(RunId, TaskPath)>,
    edges: HashSet<LineageEdge>,
}

impl Growing {
    fn new(root: &Artifact, id: ArtifactId) -> Self {
        Self {
            graph: LineageGraph {
                artifact_id: id,
                artifacts: vec![present(root)],
                tasks: Vec::new(),
                edges: Vec::new(),
                truncated: false,
            },
            artifacts: HashSet::from([id]),
            tasks: HashSet::new(),
            edges: HashSet::new(),
        }
    }

    /// Goes from artifact to steps to artifacts, one way.
    fn follow<E>(
        &mut self,
        root: ArtifactId,
        depth: usize,
        known: &mut impl FnMut(ArtifactId) -> Result<Known, E>,
        steps: impl Fn(ArtifactId, &Known) -> Vec<Rc<Step>>,
        beyond: impl Fn(&Step) -> &Vec<(String, Artifact)>,
    ) -> Result<(), E> {
        let mut seen = HashSet::from([root]);
        let mut edge = vec![root];
        for _ in 0..depth {
            let mut next = Vec::new();
            for id in edge {
                let known = known(id)?;
                self.graph.truncated |= known.truncated;
                for step in steps(id, &known) {
                    if !self.add_task(&step) {
                        return Ok(());
                    }
                    for (_, artifact) in beyond(&step) {
                        if !self.add_artifact(artifact) {
                            self.add_edges(&step);
                            return Ok(());
                        }
                        next.extend(artifact.id.filter(|id| seen.insert(*id)));
                    }
                    self.add_edges(&step);
                }
            }
            edge = next;
        }
        Ok(())
    }

    /// False when the graph is full.
    fn add_task(&mut self, step: &Step) -> bool {
        let key = (step.run, step.path.clone());
        if self.tasks.contains(&key) {
            return true;
        }
        if !self.has_room() {
            return false;
        }
        self.tasks.insert(key);
        self.graph.tasks.push(LineageTask {
            run_id: step.run,
            run_name: step.run_name.clone(),
            task: step.path.clone(),
            display_name: step.display_name.clone(),
            state: step.state,
            cached: step.cached,
        });
        true
    }

    /// False when the graph is full.
    fn add_artifact(&mut self, artifact: &Artifact) -> bool {
        let Some(id) = artifact.id.filter(|id| !self.artifacts.contains(id)) else {
            return true;
        };
        if !self.has_room() {
            return false;
        }
        self.artifacts.insert(id);
        self.graph.artifacts.push(present(artifact));
        true
    }

    /// The edges between a step and the artifacts that are in the graph.
    fn add_edges(&mut self, step: &Step) {
        let inputs = step.inputs.iter().map(|it| (LineageEdgeKind::Input, it));
        let outputs = step.outputs.iter().map(|it| (LineageEdgeKind::Output, it));
        for (kind, (key, artifact)) in inputs.chain(outputs) {
            let Some(id) = artifact.id.filter(|id| self.artifacts.contains(id)) else {
                continue;
            };
            let edge = LineageEdge {
                artifact_id: id,
                run_id: step.run,
                task: step.path.clone(),
                kind,
                key: key.clone(),
            };
            if self.edges.insert(edge.clone()) {
                self.graph.edges.push(edge);
            }
        }
    }

    fn has_room(&mut self) -> bool {
        let room = self.artifacts.len() + self.tasks.len() < MOST;
        self.graph.truncated |= !room;
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coracle_model::ArtifactType;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    fn artifact(id: i64) -> Artifact {
        Artifact {
            id: Some(ArtifactId(id)),
            name: format!("a{id}"),
            artifact_type: ArtifactType::default(),
            uri: "minio://b/k".into(),
            metadata: BTreeMap::new(),
            custom_path: None,
            sha256: None,
        }
    }

    /// Each step as `name: inputs > outputs`, with a `*` before the name of one that was cached.
    fn steps(text: &str) -> Vec<Rc<Step>> {
        let ids = |text: &str| {
            let ids = text.split_whitespace().map(|id| id.parse().unwrap());
            ids.map(|id| (format!("a{id}"), artifact(id))).collect()
        };
        let read = |line: &str| {
            let (name, rest) = line.trim().split_once(':').unwrap();
            let (inputs, outputs) = rest.split_once('>').unwrap();
            Rc::new(Step {
                run: RunId(Default::default()),
                run_name: String::new(),
                path: name.trim_start_matches('*').into(),
                display_name: String::new(),
                state: TaskState::Succeeded,
                cached: name.starts_with('*'),
                inputs: ids(inputs),
                outputs: ids(outputs),
            })
        };
        text.split(',').map(read).collect()
    }

    fn found(text: &str, root: i64, direction: LineageDirection, depth: usize) -> LineageGraph {
        let steps = steps(text);
        let id = ArtifactId(root);
        let known = |id| {
            let steps = steps
                .iter()
                .filter(|step| step.reads(id) || step.makes(id))
                .cloned();
            Ok::<_, Infallible>(Known {
                steps: steps.collect(),
                truncated: false,
            })
        };
        graph(&artifact(root), id, direction, depth, known).unwrap()
    }

    fn told(graph: &LineageGraph) -> String {
        let artifacts = graph.artifacts.iter().map(|artifact| artifact.name.clone());
        let tasks = graph.tasks.iter().map(|task| task.task.to_string());
        artifacts.chain(tasks).collect::<Vec<_>>().join(" ")
    }

    const CHAIN: &str = "load: > 1, split: 1 > 2 3, train: 2 > 4, test: 3 4 > 5, *again: 2 > 4";

    #[test]
    fn both_ways_are_followed_and_siblings_left_out() {
        use LineageDirection::{Both, Downstream, Upstream};
        let check = |root, direction, depth, expected: &str| {
            assert_eq!(told(&found(CHAIN, root, direction, depth)), expected);
        };
        check(4, Upstream, 9, "a4 a2 a1 train split load");
        check(4, Upstream, 1, "a4 a2 train");
        check(4, Downstream, 9, "a4 a5 test");
        check(4, Both, 9, "a4 a2 a1 a5 train split load test");
        check(1, Upstream, 9, "a1 load");
        check(2, Downstream, 1, "a2 a4 train again");
    }

    #[test]
    fn edges_lie_between_what_is_in_the_graph() {
        let graph = found(CHAIN, 4, LineageDirection::Downstream, 9);
        let edges: Vec<_> = graph
            .edges
            .iter()
            .map(|edge| (edge.artifact_id.0, edge.task.as_str(), edge.kind))
            .collect();
        let expected = [
            (4, "test", LineageEdgeKind::Input),
            (5, "test", LineageEdgeKind::Output),
        ];
        assert_eq!(edges, expected);
    }

    #[test]
    fn what_was_taken_from_the_cache_stands_for_a_maker_that_is_gone() {
        let graph = found("*b: 1 > 4, *a: 1 > 4", 4, LineageDirection::Upstream, 9);
        assert_eq!(told(&graph), "a4 a1 a");
    }

    #[test]
    fn circles_end_and_graphs_are_bounded() {
        let circle = found("a: 1 > 2, b: 2 > 1", 1, LineageDirection::Both, 99);
        assert_eq!((circle.artifacts.len(), circle.tasks.len()), (2, 2));
        let outputs: Vec<String> = (2..1000).map(|id| id.to_string()).collect();
        let wide = format!("fan: 1 > {}", outputs.join(" "));
        let graph = found(&wide, 1, LineageDirection::Both, 9);
        assert!(graph.truncated);
        assert_eq!(graph.artifacts.len() + graph.tasks.len(), MOST);
    }
}
