//! The tables: each file has one table's SQL, migrations, rows and queries.
//!
//! ```text
//! runs -> texts (the definition)      tasks, attempts, events, run_states, cache_keys, cache_entries,
//!   ^                                 lineage, artifact_uses -> runs; they go with their run
//!   '-- number, by which the others   lineage -> artifacts
//!       refer to a run                removed_runs: whose files may still be on disk
//!
//! pipeline_versions -> pipelines, texts     recurring_runs -> texts
//! objects, object_clock: the objects of the Kubernetes API, which stand alone
//! model_profiles, model_labels, model_standings: by the uids of objects, which they go with
//! remote_runs, remote_events: runs on clusters, which stand alone
//! experiments: runs and recurring runs name theirs by id, and outlive it
//! ```
//!
//! What writes is implemented on `Writing`, what reads on `Store`, so that neither can be had by mistake
//! through the other.

mod artifacts;
mod attempts;
mod cache;
mod discarded;
mod events;
mod experiments;
mod lineage;
mod measured_attempts;
mod model_profiles;
mod objects;
mod pipeline_versions;
mod pipelines;
mod recurring;
mod remote_runs;
mod removed;
mod run_entries;
mod run_rows;
mod runs;
mod tasks;
mod texts;

pub(crate) use artifacts::last_artifact_id;
pub use artifacts::{ArtifactFilter, StoredArtifact};
pub use cache::{CacheHit, CacheKeyRow};
pub use discarded::{ArtifactBytes, ArtifactUser};
pub use experiments::DEFAULT_EXPERIMENT;
pub use lineage::ArtifactLineage;
pub use measured_attempts::MeasuredAttempt;
pub use model_profiles::StoredProfile;
pub use pipelines::PipelinePatch;
pub use remote_runs::{Ordered, RemoteOrder};
pub use removed::{RemovedRun, SharedArtifact};
pub use run_entries::{RunEntry, TaskEntry};
pub use run_rows::{RunFields, RunRow, RunRowQuery, RunRows, RunSort, RunValues};
pub use runs::{RunFilter, RunSummary};

use crate::migration::Migration;

/// The migrations of all tables, by table.
pub(crate) fn migrations() -> impl Iterator<Item = &'static Migration> {
    [
        texts::MIGRATIONS,
        runs::MIGRATIONS,
        tasks::MIGRATIONS,
        attempts::MIGRATIONS,
        events::MIGRATIONS,
        cache::MIGRATIONS,
        artifacts::MIGRATIONS,
        discarded::MIGRATIONS,
        lineage::MIGRATIONS,
        removed::MIGRATIONS,
        experiments::MIGRATIONS,
        pipelines::MIGRATIONS,
        pipeline_versions::MIGRATIONS,
        recurring::MIGRATIONS,
        objects::MIGRATIONS,
        model_profiles::MIGRATIONS,
        remote_runs::MIGRATIONS,
    ]
    .into_iter()
    .flatten()
}
