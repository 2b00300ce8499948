//! The router, and serving it at the doors of a workbench.

use std::future::IntoFuture;

use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use coracle_app::{Door, LARGEST_DEFINITION, Running, TaskKind, Visitors, Workbench};

use crate::error::Refusal;
use crate::guard::guard;
use crate::kfp;
use crate::kfp_next;
use crate::kube;
use crate::model_servers::{self, Front};
use crate::notebooks;
use crate::pages;
use crate::peer::{DoorListener, Peer};
use crate::workbench as api;

/// The largest body: a definition grows by a third as base64, and parameters stand beside it.
const LARGEST_BODY: usize = 2 * LARGEST_DEFINITION;

/// Everything that the user of the machine can ask. Nobody is kept out here: that is the matter of the door.
pub fn router(workbench: Workbench) -> Router {
    let front = Front::new(workbench.clone());
    everything(workbench, front)
}

fn everything(workbench: Workbench, front: Front) -> Router {
    let own = api::for_steps().merge(api::for_user().layer(Extension(front.clone())));
    finish(
        own.merge(kfp::routes())
            .merge(kfp_next::routes())
            .merge(kube::routes())
            .merge(notebooks::routes(&workbench))
            .merge(model_servers::routes(front))
            .merge(pages::routes()),
        workbench,
    )
}

/// Serves all doors of a workbench, as they open, until it shuts down.
pub fn serve(running: &mut Running) {
    let Some(mut doors) = running.take_doors() else {
        return;
    };
    let workbench = running.workbench().clone();
    // What is asked by any door is counted together, and shared out together.
    let front = Front::new(workbench.clone());
    let supervisor = running.supervisor().clone();
    let porter = supervisor.clone();
    supervisor.spawn(TaskKind::Lookup, async move {
        while let Some(door) = doors.recv().await {
            porter.spawn(
                TaskKind::Server,
                serve_door(workbench.clone(), front.clone(), door),
            );
        }
    });
}

async fn serve_door(workbench: Workbench, front: Front, door: Door) {
    let Door { listener, visitors } = door;
    let stopping = workbench.stopping().clone();
    let service =
        router_between(workbench, front, visitors).into_make_service_with_connect_info::<Peer>();
    let served = axum::serve(DoorListener(listener), service)
        .with_graceful_shutdown(stopping.cancelled_owned());
    if let Err(error) = served.into_future().await {
        tracing::error!(%error, "a door closed");
    }
}

/// What can be asked at a door, by those who may come in there.
pub fn router_at(workbench: Workbench, visitors: Visitors) -> Router {
    let front = Front::new(workbench.clone());
    router_between(workbench, front, visitors)
}

fn router_between(workbench: Workbench, front: Front, visitors: Visitors) -> Router {
    let routes = match &visitors {
        Visitors::User { .. } => everything(workbench.clone(), front.clone()),
        Visitors::Steps { .. } => finish(api::for_steps().merge(kfp::routes()), workbench.clone()),
    };
    let guarded = routes.layer(from_fn_with_state((workbench.clone(), visitors), guard));
    // Which path is meant is known before it is looked for.
    Router::new()
        .fallback_service(guarded)
        .layer(from_fn_with_state(workbench, model_servers::by_host))
        .layer(from_fn_with_state(front, model_servers::by_service))
}

fn finish(routes: Router<Workbench>, workbench: Workbench) -> Router {
    routes
        .fallback(no_path)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(workbench)
}

async fn no_path(uri: Uri) -> Response {
    if kfp::is_below(uri.path()) {
        return kfp::no_path();
    }
    if api::is_below(uri.path()) {
        return Refusal::route(uri.path()).into_response();
    }
    kube::no_path()
}

async fn no_method(uri: Uri) -> Response {
    if kfp::is_below(uri.path()) {
        return kfp::no_method();
    }
    Refusal::method().into_response()
}
