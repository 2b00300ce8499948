//! Which path leads where.

use axum::Router;
use axum::routing::{delete, get, post, put};
use coracle_app::Workbench;
use coracle_app::view::API_ROOT as ROOT;

use super::{artifacts, configs, content, events, logs, machine, runs, volumes};

/// What the steps of a run may ask too: runs, and what comes of them.
pub(crate) fn for_steps() -> Router<Workbench> {
    let api = Router::new()
        .route("/runs", post(runs::create).get(runs::list))
        // Also `{run}:cancel` and the like, which the router cannot take apart.
        .route(
            "/runs/{run}",
            get(runs::show).delete(runs::remove).post(runs::act),
        )
        .route("/runs/{run}/definition", get(runs::definition))
        .route("/runs/{run}/result", get(runs::result))
        .route("/runs/{run}/tasks", get(runs::tasks))
        .route("/runs/{run}/artifacts", get(artifacts::of_run))
        .route("/runs/{run}/why", get(runs::why))
        .route("/runs/{run}/log", get(logs::log))
        .route("/artifacts", get(artifacts::list))
        .route("/artifacts/{id}", get(artifacts::show))
        .route("/artifacts/{id}/content", get(content::content))
        .route("/artifacts/{id}/files", get(artifacts::files))
        .route("/artifacts/{id}/lineage", get(artifacts::lineage))
        .route("/artifacts/{id}/preview", get(artifacts::preview))
        .route("/events", get(events::events));
    Router::new()
        .route("/healthz", get(machine::health))
        .nest(ROOT, api)
}

/// What only the user of the machine may ask.
pub(crate) fn for_user() -> Router<Workbench> {
    let api = Router::new()
        .route("/environments", get(machine::environments))
        .route("/environments/{key}", delete(machine::remove_environment))
        .route("/secrets", get(configs::secrets))
        .route(
            "/secrets/{name}",
            put(configs::put_secret).delete(configs::remove_secret),
        )
        .route("/config-maps", get(configs::config_maps))
        .route(
            "/config-maps/{name}",
            put(configs::put_config_map).delete(configs::remove_config_map),
        )
        .route("/volumes", get(volumes::list))
        .route(
            "/volumes/{name}",
            put(volumes::create).delete(volumes::remove),
        )
        .route("/gc", get(machine::gc_plan).post(machine::gc))
        .route("/doctor", get(machine::doctor));
    Router::new().nest(ROOT, api)
}
