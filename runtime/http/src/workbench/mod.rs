//! The workbench's own API, below `/apis/coracle/v1`. Bodies are [`coracle_app::view`]'s types as JSON.
//!
//! ```text
//!        below /apis/coracle/v1:
//! GET    /health                           Health            answered as soon as the server listens
//! POST   /runs                             CreateRun -> 201 CreatedRun
//! GET    /runs?state=&pipeline=&experiment=&recurring=&archived=&text=&sort=&values=&before=&offset=&limit=
//!                                          RunList
//! GET    /run-fields                       RunFields         what there is to filter and sort runs by
//! GET    /measured-resources               MeasuredResources what steps used, and what to ask for elsewhere
//! GET    /runs/{run}                       Run
//! DELETE /runs/{run}                       RemovedRun        a run that has ended, with what only it uses
//! POST   /runs/{run}:cancel                204
//! POST   /runs/{run}:retry                 204
//! POST   /runs/{run}:clone                 CloneRun -> 201 CreatedRun
//! POST   /runs/{run}:rerun                 Rerun -> 201 CreatedRun
//! GET    /runs/{run}/definition?format=    the file's text, as application/yaml, or the same as JSON
//! GET    /runs/{run}/result                RunResult
//! GET    /runs/{run}/tasks                 TaskList
//! GET    /runs/{run}/artifacts             ArtifactList
//! GET    /runs/{run}/why?step=             Why
//! GET    /runs/{run}/log?step=&attempt=&stream=&tail=&from=&follow=&format=    raw bytes, or LogLine by line
//! GET    /runs/{run}/log-lines?step=&attempt=&from=&since=&limit=        LogLines
//! GET    /runs/{run}/log-matches?step=&attempt=&text=&from=              LogMatches
//! GET    /artifacts?run=&type=&name=&text=&after=&limit=      ArtifactList
//! GET    /artifacts/{id}                   ArtifactDetail
//! DELETE /artifacts/{id}                   ArtifactRemoval   its bytes; what is known of it stays
//! GET    /artifacts/{id}/removal           ArtifactRemoval   what that would free
//! GET    /artifacts/{id}/content?path=&download=        its bytes, or with `Range` a part of them; a folder as a tar
//! GET    /artifacts/{id}/files             ArtifactFiles
//! GET    /artifacts/{id}/lineage?direction=&depth=      LineageGraph
//! GET    /artifacts/{id}/preview?path=     ArtifactPreview
//! GET    /events?run=&after=&logs=         Event and LogEvent, as server-sent events; `Last-Event-ID` stands
//!                                          for `after`
//! GET    /changes                          Changes, as server-sent events
//! POST   /opened-steps                     OpenStep -> 201 OpenedStep
//! GET    /environments                     EnvironmentList
//! DELETE /environments/{key}               204
//! GET    /secrets                          ConfigList
//! PUT    /secrets/{name}                   PutConfig -> 204
//! DELETE /secrets/{name}                   204
//! GET    /config-maps                      ConfigList
//! PUT    /config-maps/{name}               PutConfig -> 204
//! DELETE /config-maps/{name}               204
//! GET    /volumes                          VolumeList
//! GET    /volumes/{name}/files?path=       VolumeFiles
//! GET    /volumes/{name}/content?path=&download=    the bytes of a file; a folder as a tar
//! PUT    /volumes/{name}                   PutVolume -> 204
//! DELETE /volumes/{name}                   204
//! GET    /model-servers                    ModelServerList
//! GET    /model-servers/{namespace}/{name}    ModelServer
//! GET    /model-servers/{namespace}/{name}/requests    ModelRequestList
//! DELETE /model-servers/{namespace}/{name}/requests    ForgottenRequests
//! GET    /model-servers/{namespace}/{name}/requests/{number}    ModelRequestDetail
//! POST   /model-servers/{namespace}/{name}/replay    ReplayRequests -> ReplayReport
//! GET    /model-servers/{namespace}/{name}/load    ServerLoad, as server-sent events
//! PUT    /model-servers/{namespace}/{name}/profile?target=    CSV or rows as JSON -> ModelProfile
//! GET    /model-servers/{namespace}/{name}/profile    ModelProfile
//! DELETE /model-servers/{namespace}/{name}/profile    204
//! GET    /model-servers/{namespace}/{name}/drift    ModelDrift
//! POST   /model-servers/{namespace}/{name}/labels    RequestLabels, several -> 204
//! GET    /clusters/contexts?kubeconfig=    ClusterContextList
//! POST   /clusters/preflight               PreflightRequest -> PreflightReport
//! POST   /clusters/images                  LocalImages -> FoundLocalImages
//! GET    /clusters/deployments?context=&namespace=&all_namespaces=&kubeconfig=    DeploymentList
//! POST   /clusters/deployments             DeployObjects -> Deployed
//! POST   /clusters/deployments:preview     DeployObjects -> PreviewedDeployment
//! POST   /clusters/deployments:look        DeploymentPlace -> DeploymentStanding
//! POST   /clusters/deployments:rollback    DeploymentPlace -> Deployed
//! POST   /clusters/deployments:remove      DeploymentPlace -> Deployed
//! POST   /clusters/export                  ExportObjects -> ExportedObjects
//! POST   /clusters/runs                    CreateRemoteRun -> CreatedRemoteRun
//! GET    /clusters/runs                    RemoteRunList
//! POST   /clusters/runs:import             ImportRun -> ImportedRun
//! GET    /clusters/runs/{run}              RemoteRun
//! GET    /clusters/runs/{run}/events?after=  RemoteEvents; waits for something new
//! POST   /clusters/runs/{run}/parity       CompareRuns -> ComparedRuns
//! POST   /clusters/runs/{run}/cancel      CancelRemoteRun -> 204
//! PUT    /clusters/runs/{run}/token        RemoteToken
//! GET    /clusters/workloads:follow?workload=&context=&namespace=&kubeconfig=    WorkloadNews, as server-sent events
//! POST   /images:push                      PushImage -> PushTold, as server-sent events
//! GET    /gc?runs_before=&environments=    GcPlan
//! POST   /gc                               GcRequest -> GcFreed
//! GET    /recurring-runs/{id}              RecurringStatus
//! GET    /pipeline-versions/{id}/definition    the file's text, as application/yaml
//! POST   /definitions:check                CheckDefinition -> DefinitionReport
//! POST   /definitions:lower               LoweredDefinition a pipeline as a workflow of Argo
//! POST   /definitions:compile              CompileDefinition -> CompiledDefinition
//! GET    /doctor                           DoctorReport
//! GET    /openapi.json                     this API as an OpenAPI document
//! ```
//!
//! `{run}` is an id or the beginning of one that is unique. `step` is a task path or the end of one that is
//! unique. Every refusal has an `ErrorBody`, also for routes that are not there.

mod artifacts;
mod clusters;
mod configs;
mod content;
mod definitions;
mod events;
mod images;
mod logs;
mod machine;
mod model_drift;
mod model_servers;
mod openapi;
mod opened;
mod range;
mod recurring;
mod remote_runs;
mod routes;
mod runs;
mod volumes;
mod workloads;

pub(crate) use routes::{for_steps, for_user, is_below};
