//! The tables: each file has one table's SQL, migrations, rows and queries.
//!
//! ```text
//! runs -> texts (the definition)      tasks, attempts, events, cache_keys, cache_entries,
//!   ^                                 lineage, artifact_uses -> runs; they go with their run
//!   '-- number, by which the others   lineage -> artifacts
//!       refer to a run                removed_runs: whose files may still be on disk
//! ```
//!
//! What writes is implemented on `Writing`, what reads on `Store`, so that neither can be had by mistake
//! through the other.

mod artifacts;
mod attempts;
mod cache;
mod events;
mod lineage;
mod removed;
mod runs;
mod tasks;
mod texts;

pub(crate) use artifacts::last_artifact_id;
pub use artifacts::{ArtifactFilter, StoredArtifact};
pub use cache::{CacheHit, CacheKeyRow};
pub use lineage::ArtifactLineage;
pub use removed::RemovedRun;
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
        lineage::MIGRATIONS,
        removed::MIGRATIONS,
    ]
    .into_iter()
    .flatten()
}
