//! The beginning of a workbench: who runs steps, what the machine has, and then the loop.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use coracle_control::pods::{PodNode, PodSurroundings, PodVariables};
use coracle_control::{
    ApiWorld, Control, CullingSetting, ForwarderSetting, Kubelet, KubeletSetting, ObjectLoop,
    ObjectSetting, PodSandboxes, PodTokens, Setting, Supervisor, Surroundings, TaskKind, Workshop,
    keep_forwarders, watch_notebooks,
};
use coracle_host::bridge;
use coracle_host::gpu;
use coracle_host::gpu::GpuSurvey;
use coracle_host::machine::{self, Machine};
use coracle_model::{Cpu, Memory};
use coracle_plan::Budget;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::clusters::take_up_remote_runs;
use crate::door::{API_TOKEN, API_URL, Door, KFP_ENDPOINT, Visitors, reachable};
use crate::engine::{Chosen, choose};
use crate::error::AppError;
use crate::gpus;
use crate::kubernetes;
use crate::model_drift::watch_models;
use crate::recurring::keep_schedule;
use crate::stage::{Stage, Working};
use crate::workbench::{Inner, Workbench, off_runtime};

/// The pause between two rounds of asking engines, none of which answered.
const ENGINE_PAUSE: Duration = Duration::from_secs(2);

/// How long an engine that stopped answering may take to come back before its steps fail: a restart of Docker
/// takes less.
const ENGINE_PATIENCE: Duration = Duration::from_secs(120);

/// The names by which steps may call the workbench: its own, and those that KFP's client finds in a cluster.
const WORKBENCH_NAMES: [&str; 4] = [
    "coracle.internal",
    "ml-pipeline",
    "ml-pipeline.kubeflow",
    "ml-pipeline.kubeflow.svc.cluster.local",
];

/// Opens the front door, finds an engine, however long it takes, and starts the loop with it.
pub(crate) async fn begin(
    workbench: Workbench,
    supervisor: Supervisor,
    front: SocketAddr,
    front_door: Door,
    doors: mpsc::Sender<Door>,
) {
    // Nobody serves doors in a process that only talks to itself.
    let _ = doors.send(front_door).await;
    let objects = ObjectSetting {
        api: workbench.kubernetes().clone(),
        home: workbench.home().clone(),
    };
    if let Err(error) = ObjectLoop::start(objects, &supervisor) {
        tracing::error!(%error, "objects of the Kubernetes API are kept, and nothing comes of them");
    }
    supervisor.spawn(TaskKind::Timer, kubernetes::keep_loaded(workbench.clone()));
    supervisor.spawn(TaskKind::Timer, kubernetes::keep_sizes(workbench.clone()));
    supervisor.spawn(TaskKind::Timer, watch_models(workbench.clone()));
    supervisor.spawn(TaskKind::Timer, take_up_remote_runs(workbench.clone()));
    let (chosen, found) = tokio::join!(find_engine(&workbench.inner), look_at_machine(&workbench));
    let stage = match found {
        Ok(found) => start(&workbench, &supervisor, front, &doors, chosen, found).await,
        Err(error) => Err(error),
    };
    let stage = match stage {
        Ok(working) => {
            let working = Arc::new(working);
            let schedule = keep_schedule(workbench.clone(), Arc::clone(&working));
            supervisor.spawn(TaskKind::Timer, schedule);
            Stage::Working(working)
        }
        Err(error) => {
            tracing::error!(%error, "the workbench cannot work on runs");
            Stage::Failed(Arc::new(error))
        }
    };
    workbench.inner.stage.send_replace(stage);
}

async fn find_engine(inner: &Inner) -> Chosen {
    loop {
        match choose(&inner.source, &inner.config, &inner.identity, &inner.clock).await {
            Ok(chosen) => return chosen,
            Err(error) => {
                tracing::warn!(%error, "looking for an engine");
                inner.stage.send_replace(Stage::NoEngine(error));
            }
        }
        inner
            .clock
            .sleep_until(inner.clock.steady().after(ENGINE_PAUSE))
            .await;
    }
}

/// The machine as it was found.
struct Found {
    machine: Option<Machine>,
    gpus: GpuSurvey,
    budget: Budget,
}

/// What steps and pods run on.
struct Ground {
    chosen: Chosen,
    found: Found,
    node_name: String,
    /// Where they reach the workbench.
    address: Option<SocketAddr>,
}

async fn look_at_machine(workbench: &Workbench) -> Result<Found, AppError> {
    let data = workbench.home().data().to_owned();
    off_runtime(move || {
        let gpus = gpu::detect();
        let machine = machine::survey(&data)
            .inspect_err(|error| {
                tracing::warn!(%error, "what the machine has is not known; steps are not held back for memory");
            })
            .ok();
        let (cpu, memory) = match &machine {
            Some(machine) => (machine.cpus, machine.memory),
            None => {
                let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
                (Cpu(cores * 1000), Memory(u64::MAX / 2))
            }
        };
        let units = gpus.units().into_iter().map(|unit| unit.uuid).collect();
        Ok(Found {
            machine,
            budget: Budget {
                cpu,
                memory,
                gpus: units,
            },
            gpus,
        })
    })
    .await
}

async fn start(
    workbench: &Workbench,
    supervisor: &Supervisor,
    front: SocketAddr,
    doors: &mpsc::Sender<Door>,
    chosen: Chosen,
    mut found: Found,
) -> Result<Working, AppError> {
    let inner = &workbench.inner;
    let address = step_address(front, chosen.description.workbench_address, doors).await;
    if !chosen.description.gpus {
        found.budget.gpus.clear();
    }
    let ground = Arc::new(Ground {
        chosen,
        found,
        node_name: machine::name(),
        address,
    });
    if let Err(error) = stand_node(workbench, &ground).await {
        tracing::warn!(%error, "this machine does not show as a node");
    }
    let Ground { chosen, found, .. } = ground.as_ref();
    let key = inner.identity.key().clone();
    let setting = Setting {
        store: inner.store.clone(),
        api: workbench.kubernetes().clone(),
        home: inner.config.home.clone(),
        engine: Arc::clone(&chosen.engine),
        clock: Arc::clone(&inner.clock),
        budget: found.budget.clone(),
        surroundings: surroundings(inner, chosen, address),
        run_variables: Arc::new(move |run| {
            BTreeMap::from([(API_TOKEN.to_owned(), key.run_token(run))])
        }),
    };
    let control = Control::start(setting, supervisor).await?;
    tracing::info!(
        engine = chosen.description.summary,
        reason = chosen.reason,
        "ready for runs"
    );
    gpus::begin_to_look(
        workbench,
        supervisor,
        Arc::clone(&chosen.engine),
        ground.node_name.clone(),
        found.budget.gpus.clone(),
    );
    let pods = look_after_pods(workbench, supervisor, &control, &ground);
    Ok(Working {
        control,
        chosen: chosen.clone(),
        pods,
    })
}

/// Shows this machine as a node of the Kubernetes API.
async fn stand_node(workbench: &Workbench, ground: &Arc<Ground>) -> Result<(), AppError> {
    let (api, ground) = (workbench.kubernetes().clone(), Arc::clone(ground));
    off_runtime(move || {
        let known = kubernetes::Known {
            name: &ground.node_name,
            machine: ground.found.machine.as_ref(),
            gpus: &ground.found.gpus,
            budget: &ground.found.budget,
            engine: &ground.chosen.description,
        };
        Ok(kubernetes::stand_node(&api, &known)?)
    })
    .await
}

/// Takes up the pods of the Kubernetes API.
fn look_after_pods(
    workbench: &Workbench,
    supervisor: &Supervisor,
    control: &Control,
    ground: &Ground,
) -> PodSandboxes {
    let Ground {
        chosen,
        found: Found { budget, .. },
        node_name,
        address,
    } = ground;
    let inner = &workbench.inner;
    let api = workbench.kubernetes().clone();
    let key = inner.identity.key().clone();
    let tokens: PodTokens = Arc::new(move |uid| key.pod_token(&uid.0).unwrap_or_default());
    let forwarder = chosen.description.forwarder.clone();
    let world = ApiWorld::new(
        api.clone(),
        Arc::clone(&tokens),
        node_name.clone(),
        forwarder.is_some(),
    );
    let surroundings = PodSurroundings {
        engine: Arc::clone(&chosen.engine),
        engine_kind: chosen.description.kind,
        clock: Arc::clone(&inner.clock),
        home: inner.config.home.clone(),
        world: Arc::new(world),
        ledger: Arc::new(control.clone()),
        node: PodNode {
            name: node_name.clone(),
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            cpu: budget.cpu,
            memory: budget.memory,
        },
        workbench_names: WORKBENCH_NAMES.map(str::to_owned).to_vec(),
        workshop: Workshop {
            index_settings: inner.config.index.for_engine(chosen.description.kind),
            logs: inner.config.home.logs(),
        },
        pod_variables: pod_variables(inner, *address),
        engine_patience: ENGINE_PATIENCE,
        keep_log: inner.config.pod_log,
    };
    let (engine, clock) = (
        Arc::clone(&surroundings.engine),
        Arc::clone(&surroundings.clock),
    );
    let setting = KubeletSetting {
        api: api.clone(),
        surroundings,
    };
    let sandboxes = Kubelet::start(setting, supervisor);
    if let Some(image) = forwarder {
        let setting = ForwarderSetting {
            api: api.clone(),
            engine: Arc::clone(&engine),
            image,
            home: inner.config.home.clone(),
            clock: Arc::clone(&clock),
            workbench: *address,
        };
        keep_forwarders(setting, supervisor);
    }
    if let Some(culling) = inner.config.culling {
        let setting = CullingSetting {
            culling,
            api,
            sandboxes: sandboxes.clone(),
            engine,
            clock,
            tokens,
        };
        watch_notebooks(setting, supervisor);
    }
    sandboxes
}

/// What the containers of a pod need to ask the workbench, and KFP's client with them.
fn pod_variables(inner: &Inner, address: Option<SocketAddr>) -> PodVariables {
    let key = inner.identity.key().clone();
    let mut addresses = BTreeMap::new();
    for name in [API_URL, KFP_ENDPOINT] {
        addresses.extend(address.map(|address| (name.to_owned(), format!("http://{address}"))));
    }
    Arc::new(move |uid| {
        let mut variables = addresses.clone();
        let token = key.pod_token(&uid.0);
        variables.extend(token.map(|token| (API_TOKEN.to_owned(), token)));
        variables
    })
}

fn surroundings(inner: &Inner, chosen: &Chosen, address: Option<SocketAddr>) -> Surroundings {
    let config = &inner.config;
    let engine = chosen.description.kind;
    let index_settings = config.index.for_engine(engine);
    // Steps that install by themselves find their packages where the workbench's own installs do.
    let mut step_variables = index_settings.clone();
    step_variables.extend(address.map(|address| (API_URL.to_owned(), format!("http://{address}"))));
    Surroundings {
        engine,
        prepare_environments: true,
        index_settings,
        step_variables,
        workbench_names: WORKBENCH_NAMES.map(str::to_owned).to_vec(),
        user: Some(config.user_and_group.0).filter(|user| *user != 0),
        engine_patience: ENGINE_PATIENCE,
    }
}

/// The address under which steps reach the workbench. Opens a door there when the front door is not enough.
async fn step_address(
    front: SocketAddr,
    gateway: Option<IpAddr>,
    doors: &mpsc::Sender<Door>,
) -> Option<SocketAddr> {
    let Some(gateway) = gateway else {
        return Some(reachable(front));
    };
    if front.ip().is_unspecified() || front.ip() == gateway {
        return Some(SocketAddr::new(gateway, front.port()));
    }
    let listener = match bind(gateway, front.port()) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%gateway, %error, "steps cannot reach the workbench");
            return None;
        }
    };
    let bound = listener.local_addr().ok()?;
    let visitors = Visitors::Steps {
        bound,
        names: WORKBENCH_NAMES.map(str::to_owned).to_vec(),
    };
    doors.send(Door { listener, visitors }).await.ok()?;
    Some(bound)
}

/// The port of the front door when it is free there too, so that it stays the same over restarts.
fn bind(gateway: IpAddr, port: u16) -> std::io::Result<TcpListener> {
    let listen = |port| bridge::listen(SocketAddr::new(gateway, port));
    TcpListener::from_std(listen(port).or_else(|_| listen(0))?)
}
