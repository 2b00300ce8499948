//! Inputs and outputs of tasks one by one, in pages, over all runs or some.

use std::collections::{BTreeSet, HashMap};

use coracle_model::{Artifact, ArtifactId, RunId, TaskRecord};
use coracle_store::{RunFilter, Store};

use super::list::used;
use crate::error::AppError;
use crate::view::{
    ArtifactLink, ArtifactUse, LineageEdge, LineageEdgeKind, LinkList, LinkPlace, LinkQuery,
};
use crate::workbench::Workbench;

/// The most runs that are looked at for one artifact.
const RUNS_OF_ONE: usize = 1000;

/// How many runs are looked up at once where all are meant.
const PAGE: usize = 100;

impl Workbench {
    /// A page of inputs and outputs, those of one run together, in the order in which its tasks were recorded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn artifact_links(&self, query: LinkQuery) -> Result<LinkList, AppError> {
        self.ask_store(move |store| page(store, &query)).await
    }
}

fn page(store: &Store, query: &LinkQuery) -> Result<LinkList, AppError> {
    let mut runs = Runs::of(store, query)?;
    let mut makers = HashMap::new();
    let mut links = Vec::new();
    while let Some(run) = runs.next(store)? {
        let offset = query
            .from
            .filter(|from| from.run == run)
            .map_or(0, |from| from.offset);
        let tasks = store.tasks(run)?;
        let edges = tasks.iter().flat_map(edges);
        let asked = edges.filter(|edge| fits(query, edge)).enumerate();
        for (offset, edge) in asked.skip(offset) {
            if links.len() == query.limit {
                let next = Some(LinkPlace { run, offset });
                return Ok(LinkList { links, next });
            }
            let producer = producer(store, &mut makers, &edge)?;
            links.push(ArtifactLink { edge, producer });
        }
    }
    Ok(LinkList { links, next: None })
}

/// The runs that are looked at, in the order of the list.
enum Runs {
    /// These, in the order of their ids.
    Some(std::collections::btree_set::IntoIter<RunId>),
    /// All, newest first.
    All {
        found: std::vec::IntoIter<RunId>,
        before: Option<RunId>,
        complete: bool,
    },
}

impl Runs {
    fn of(store: &Store, query: &LinkQuery) -> Result<Self, AppError> {
        let mut some: Option<BTreeSet<RunId>> = None;
        let mut narrow = |runs: BTreeSet<RunId>| {
            some = Some(match some.take() {
                Some(known) => known.intersection(&runs).copied().collect(),
                None => runs,
            });
        };
        if !query.runs.is_empty() {
            narrow(query.runs.iter().copied().collect());
        }
        if !query.tasks.is_empty() {
            narrow(query.tasks.iter().map(|(run, _)| *run).collect());
        }
        if !query.artifacts.is_empty() {
            let mut with = BTreeSet::new();
            for id in &query.artifacts {
                let runs = store.runs_with(*id, RUNS_OF_ONE)?;
                with.extend(runs.into_iter().map(|(run, _)| run));
            }
            narrow(with);
        }
        let from = query.from.map(|from| from.run);
        Ok(match some {
            Some(runs) => {
                let rest = runs
                    .into_iter()
                    .filter(|run| from.is_none_or(|from| *run >= from));
                Self::Some(rest.collect::<BTreeSet<_>>().into_iter())
            }
            None => Self::All {
                found: Vec::from_iter(from).into_iter(),
                before: from,
                complete: false,
            },
        })
    }

    fn next(&mut self, store: &Store) -> Result<Option<RunId>, AppError> {
        match self {
            Self::Some(runs) => Ok(runs.next()),
            Self::All {
                found,
                before,
                complete,
            } => {
                if found.len() == 0 && !*complete {
                    let filter = RunFilter {
                        before: *before,
                        limit: PAGE,
                        ..RunFilter::default()
                    };
                    let runs: Vec<RunId> = store.runs(&filter)?.iter().map(|run| run.id).collect();
                    *complete = runs.len() < PAGE;
                    *before = runs.last().copied();
                    *found = runs.into_iter();
                }
                Ok(found.next())
            }
        }
    }
}

fn fits(query: &LinkQuery, edge: &LineageEdge) -> bool {
    let task = |(run, path): &(RunId, _)| *run == edge.run_id && *path == edge.task;
    (query.tasks.is_empty() || query.tasks.iter().any(task))
        && (query.artifacts.is_empty() || query.artifacts.contains(&edge.artifact_id))
        && query.kind.is_none_or(|kind| kind == edge.kind)
}

fn edges(task: &TaskRecord) -> Vec<LineageEdge> {
    let edge = |kind, key: &str, artifact: &Artifact| {
        Some(LineageEdge {
            artifact_id: artifact.id?,
            run_id: task.run,
            task: task.path.clone(),
            kind,
            key: key.to_owned(),
        })
    };
    let sides = [
        (LineageEdgeKind::Input, &task.inputs),
        (LineageEdgeKind::Output, &task.outputs),
    ];
    sides
        .into_iter()
        .flat_map(|(kind, values)| values.artifacts.iter().map(move |entry| (kind, entry)))
        .flat_map(|(kind, (key, list))| list.iter().filter_map(move |it| edge(kind, key, it)))
        .collect()
}

fn producer(
    store: &Store,
    makers: &mut HashMap<ArtifactId, Option<ArtifactUse>>,
    edge: &LineageEdge,
) -> Result<Option<ArtifactUse>, AppError> {
    match edge.kind {
        LineageEdgeKind::Output => Ok(Some(ArtifactUse {
            run_id: edge.run_id,
            task: edge.task.clone(),
            key: edge.key.clone(),
        })),
        LineageEdgeKind::Input => {
            let id = edge.artifact_id;
            if let Some(known) = makers.get(&id) {
                return Ok(known.clone());
            }
            let maker = store
                .artifact(id)?
                .and_then(|stored| stored.producer)
                .map(used);
            makers.insert(id, maker.clone());
            Ok(maker)
        }
    }
}
