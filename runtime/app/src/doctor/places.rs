//! The directories, the disk below them, and the database.

use coracle_host::machine;
use coracle_model::Memory;
use coracle_store::{Home, Store};

use super::{bad, fine};
use crate::error::with_causes;
use crate::view::{Check, CheckStatus};

/// Below this, most images and packages do not fit any more.
const SCARCE: Memory = Memory(5 << 30);

/// Below this, a step or the database may fail at any moment.
const NEARLY_FULL: Memory = Memory(1 << 30);

/// Whether the directories can be written, and how much room there is.
pub(super) fn check(home: &Home) -> Vec<Check> {
    let writable = match home.prepare() {
        Ok(()) => fine(
            "directories",
            format!("`{}` can be written", home.data().display()),
        ),
        Err(error) => bad(
            "directories",
            CheckStatus::Problem,
            with_causes(&error),
            "make it writable for this user, or set `CORACLE_HOME` to another directory",
        ),
    };
    vec![writable, check_disk(home)]
}

fn check_disk(home: &Home) -> Check {
    let free = match machine::survey(home.data()) {
        Ok(machine) => machine.disk_free,
        Err(error) => {
            let message = format!("how much is free is not known: {}", with_causes(&error));
            return bad("disk", CheckStatus::Warning, message, "see what `df` says");
        }
    };
    let message = format!("{free} free at `{}`", home.data().display());
    let free_some =
        "`coracle gc --dry-run` shows what can be freed; `docker system df` shows what images take";
    if free < NEARLY_FULL {
        bad("disk", CheckStatus::Problem, message, free_some)
    } else if free < SCARCE {
        bad("disk", CheckStatus::Warning, message, free_some)
    } else {
        fine("disk", message)
    }
}

/// Whether the database is whole.
pub(super) fn check_database(store: &Store) -> Check {
    let mend = "stop the workbench and try `sqlite3 coracle.db .recover` on a copy; artifacts and logs are files beside it";
    match (store.check(), store.statistics()) {
        (Ok(problems), Ok(count)) if problems.is_empty() => {
            let size = Memory(count.database_bytes);
            fine(
                "database",
                format!(
                    "whole; {} runs ({} open), {size}",
                    count.runs, count.open_runs
                ),
            )
        }
        (Ok(problems), Ok(_)) => bad(
            "database",
            CheckStatus::Problem,
            format!("damaged: {}", problems.join("; ")),
            mend,
        ),
        (Err(error), _) | (_, Err(error)) => {
            bad("database", CheckStatus::Problem, with_causes(&error), mend)
        }
    }
}
