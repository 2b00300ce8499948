//! The workbench's own API, below `/apis/coracle/v1`. Bodies are [`coracle_app::view`]'s types as JSON.
//!
//! ```text
//! GET    /healthz                          Health            answered as soon as the server listens
//!
//!        below /apis/coracle/v1:
//! POST   /runs                             CreateRun -> 201 CreatedRun
//! GET    /runs?state=&pipeline=&before=&limit=          RunList
//! GET    /runs/{run}                       Run
//! DELETE /runs/{run}                       204               a run that has ended; its files go with the next gc
//! POST   /runs/{run}:cancel                204
//! POST   /runs/{run}:retry                 204
//! POST   /runs/{run}:rerun                 Rerun -> 201 CreatedRun
//! GET    /runs/{run}/definition            the file's text, as application/yaml
//! GET    /runs/{run}/result                RunResult
//! GET    /runs/{run}/tasks                 TaskList
//! GET    /runs/{run}/artifacts             ArtifactList
//! GET    /runs/{run}/why?step=             Why
//! GET    /runs/{run}/log?step=&attempt=&stream=&tail=&follow=&format=    raw bytes, or LogLine by line
//! GET    /artifacts/{id}                   ArtifactDetail
//! GET    /events?run=&after=&logs=         Event and LogEvent, as server-sent events; `Last-Event-ID` stands
//!                                          for `after`
//! GET    /environments                     EnvironmentList
//! DELETE /environments/{key}               204
//! GET    /secrets                          ConfigList        and the same below /config-maps
//! PUT    /secrets/{name}                   PutConfig -> 204
//! DELETE /secrets/{name}                   204
//! GET    /volumes                          VolumeList
//! PUT    /volumes/{name}                   PutVolume -> 204
//! DELETE /volumes/{name}                   204
//! GET    /gc?runs_before=&environments=    GcPlan
//! POST   /gc                               GcRequest -> GcFreed
//! GET    /doctor                           DoctorReport
//! ```
//!
//! `{run}` is an id or the beginning of one that is unique. `step` is a task path or the end of one that is
//! unique. Every refusal has an `ErrorBody`, also for routes that are not there.

mod artifacts;
mod configs;
mod events;
mod logs;
mod machine;
mod routes;
mod runs;
mod volumes;

pub(crate) use routes::{for_steps, for_user};
