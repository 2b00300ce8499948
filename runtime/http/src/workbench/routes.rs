//! Which path leads where, and what the document says of it: each route is told once, for both.

use axum::Router;
use axum::routing::post;
use coracle_app::Workbench;
use coracle_app::view::API_ROOT;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    artifacts, clusters, configs, content, definitions, events, images, logs, machine, model_drift,
    model_servers, openapi, opened, recurring, remote_runs, runs, volumes, workloads,
};

/// What the steps of a run may ask too: runs, and what comes of them.
pub(crate) fn for_steps() -> Router<Workbench> {
    of_steps().into()
}

/// What only the user of the machine may ask.
pub(crate) fn for_user() -> Router<Workbench> {
    of_user().into()
}

/// Whether a path is one of the workbench's own API, so that what it lacks is refused in its way.
pub(crate) fn is_below(path: &str) -> bool {
    API_ROOT
        .rsplit_once('/')
        .is_some_and(|(api, _)| path.starts_with(api))
}

/// All routes with their descriptions.
pub(super) fn all() -> OpenApiRouter<Workbench> {
    of_steps().merge(of_user())
}

fn of_steps() -> OpenApiRouter<Workbench> {
    let api = OpenApiRouter::with_openapi(runs::Actions::openapi())
        .routes(routes!(runs::create, runs::list))
        .routes(routes!(runs::fields))
        .routes(routes!(runs::measured))
        .routes(routes!(runs::show, runs::remove))
        .route("/runs/{run}", post(runs::act))
        .routes(routes!(runs::definition))
        .routes(routes!(runs::result))
        .routes(routes!(runs::tasks))
        .routes(routes!(artifacts::of_run))
        .routes(routes!(runs::why))
        .routes(routes!(logs::log))
        .routes(routes!(logs::lines))
        .routes(routes!(logs::matches))
        .routes(routes!(artifacts::list))
        .routes(routes!(artifacts::show))
        .routes(routes!(content::content))
        .routes(routes!(artifacts::files))
        .routes(routes!(artifacts::lineage))
        .routes(routes!(artifacts::preview))
        .routes(routes!(events::events))
        .routes(routes!(machine::health));
    OpenApiRouter::new().nest(API_ROOT, api)
}

fn of_user() -> OpenApiRouter<Workbench> {
    let api = OpenApiRouter::new()
        .routes(routes!(machine::environments))
        .routes(routes!(machine::remove_environment))
        .routes(routes!(configs::secrets))
        .routes(routes!(configs::put_secret, configs::remove_secret))
        .routes(routes!(configs::config_maps))
        .routes(routes!(configs::put_config_map, configs::remove_config_map))
        .routes(routes!(volumes::list))
        .routes(routes!(volumes::create, volumes::remove))
        .routes(routes!(volumes::files))
        .routes(routes!(volumes::content))
        .routes(routes!(model_servers::list))
        .routes(routes!(model_servers::show))
        .routes(routes!(
            model_drift::put_profile,
            model_drift::profile,
            model_drift::remove_profile
        ))
        .routes(routes!(model_drift::drift))
        .routes(routes!(model_drift::label))
        .routes(routes!(model_servers::requests, model_servers::forget))
        .routes(routes!(model_servers::request))
        .routes(routes!(model_servers::replay))
        .routes(routes!(model_servers::load))
        .routes(routes!(clusters::contexts))
        .routes(routes!(clusters::preflight))
        .routes(routes!(clusters::images))
        .routes(routes!(clusters::deployments, clusters::deploy))
        .routes(routes!(clusters::preview))
        .routes(routes!(clusters::look))
        .routes(routes!(clusters::rollback))
        .routes(routes!(clusters::remove))
        .routes(routes!(clusters::export))
        .routes(routes!(remote_runs::create, remote_runs::list))
        .routes(routes!(remote_runs::import))
        .routes(routes!(remote_runs::show))
        .routes(routes!(remote_runs::events))
        .routes(routes!(remote_runs::compare))
        .routes(routes!(remote_runs::cancel))
        .routes(routes!(remote_runs::put_token))
        .routes(routes!(workloads::follow))
        .routes(routes!(images::push))
        .routes(routes!(machine::gc_plan, machine::gc))
        .routes(routes!(recurring::status))
        .routes(routes!(artifacts::remove))
        .routes(routes!(artifacts::removal))
        .routes(routes!(definitions::of_version))
        .routes(routes!(definitions::check))
        .routes(routes!(definitions::lower))
        .routes(routes!(definitions::compile))
        .routes(routes!(events::changes))
        .routes(routes!(opened::open))
        .routes(routes!(machine::doctor))
        .routes(routes!(openapi::openapi));
    OpenApiRouter::new().nest(API_ROOT, api)
}
