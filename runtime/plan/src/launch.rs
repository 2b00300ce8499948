//! One attempt, fully decided: image, command, environment, files, limits. Carrying it out decides nothing more,
//! but for the values of secrets, which never pass through here.

use std::path::PathBuf;
use std::time::Duration;

use coracle_model::{
    AttemptNumber, EngineKind, EnvironmentKey, Failure, FailureCode, GpuUuid, ImageDigest,
    ImageRef, Memory, Resources, SecretVariable, TaskPath, Value,
};
use coracle_spec::executor::ExecutorInput;
use coracle_spec::pipeline::{
    ContainerSpec, ParameterSource, PullPolicy, ResourceRequest, StepPlatform,
};
use coracle_spec::placeholder;

use crate::environment::InstallPrefix;
use crate::node::NodeId;
use crate::paths::{OUTPUTS_INSIDE, WORKSPACE_INSIDE, task_uuid};
use crate::run::RunPlan;

/// One attempt to carry out.
#[derive(Debug, Clone, PartialEq)]
pub struct Launch {
    /// The task.
    pub task: TaskPath,
    /// The attempt.
    pub attempt: AttemptNumber,
    /// The image, as the definition names it.
    pub image: ImageRef,
    /// What it is.
    pub digest: ImageDigest,
    /// The prepared environment to start from instead of the image.
    pub prepared: Option<EnvironmentKey>,
    /// Replaces the image's entry point when not empty.
    pub command: Vec<String>,
    /// The arguments.
    pub args: Vec<String>,
    /// Environment variables, in the order in which later ones may refer to earlier ones.
    pub variables: Vec<PlannedVariable>,
    /// Files and directories it sees.
    pub mounts: Vec<PlannedMount>,
    /// What it asks of the machine.
    pub resources: Resources,
    /// The GPUs leased to it.
    pub gpus: Vec<GpuUuid>,
    /// The size of `/dev/shm`.
    pub shared_memory: Option<Memory>,
    /// `uid` or `uid:gid`.
    pub user: Option<String>,
    /// How long it may run.
    pub timeout: Option<Duration>,
    /// Containers that run to their end first.
    pub init: Vec<InitLaunch>,
    /// What it is told, and where its outputs go.
    pub executor_input: ExecutorInput,
    /// Where what it writes is on this machine.
    pub layout: Layout,
}

/// Where what an attempt writes is on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Output parameter files, by name; this attempt's own.
    pub outputs: PathBuf,
    /// The step's artifacts and its executor output; begun empty by each attempt. None when the pipeline root maps
    /// onto nothing on this machine.
    pub artifacts: Option<PathBuf>,
}

/// A container that runs to its end before a step.
#[derive(Debug, Clone, PartialEq)]
pub struct InitLaunch {
    /// Its name in the pod.
    pub name: String,
    /// Its image.
    pub image: ImageRef,
    /// Replaces the image's entry point when not empty.
    pub command: Vec<String>,
    /// The arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub variables: Vec<PlannedVariable>,
    /// Files and directories it sees.
    pub mounts: Vec<PlannedMount>,
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedVariable {
    /// With a value; `$(NAME)` refers to an earlier one.
    Literal {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// The workbench's own, as it stands. It may hold a token, so it is not recorded.
    Own {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// From the local store of secrets and config maps.
    Stored(SecretVariable),
}

/// Something a step sees of the machine's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMount {
    /// What.
    pub source: PlannedSource,
    /// Where inside.
    pub target: String,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedSource {
    /// A directory that is made, open to every user of the container, when it is not there.
    Directory(PathBuf),
    /// A directory or file that exists.
    Existing(PathBuf),
    /// A secret's or config map's keys as files.
    Stored {
        /// Whether it is a secret or a config map.
        secret: bool,
        /// Its name.
        name: String,
        /// Whether the step starts without it when it is missing.
        optional: bool,
    },
    /// A persistent volume claim.
    Volume {
        /// Its name.
        name: String,
        /// The directory in it.
        sub_path: String,
    },
    /// An empty directory in memory.
    Memory {
        /// The most it may hold.
        limit: Option<Memory>,
    },
}

impl RunPlan {
    /// The attempt to carry out for a step.
    pub(crate) fn launch(
        &self,
        id: NodeId,
        attempt: AttemptNumber,
        gpus: Vec<GpuUuid>,
    ) -> Result<Launch, Failure> {
        let node = self.node(id);
        let state = node
            .step
            .as_ref()
            .expect("only a step that has begun is launched");
        let container = self.container(id).expect("only containers are launched");
        let platform = self.step_platform(id);
        let input = self.input_of_attempt(id, attempt);
        let prefix = state
            .prepared
            .as_ref()
            .and_then(|_| InstallPrefix::of(&container.command));
        let command = prefix.map_or_else(|| container.command.clone(), |prefix| prefix.rest);
        Ok(Launch {
            task: node.path.clone(),
            attempt,
            image: parse_image(&state.image)?,
            digest: state
                .digest
                .clone()
                .expect("a step is launched after its image was looked at"),
            prepared: state.prepared.clone(),
            command: self.fill_in(id, &command, &input)?,
            args: self.fill_in(id, &container.args, &input)?,
            variables: self.variables(id, container, platform, attempt)?,
            mounts: self.mounts(id, attempt, platform, &input)?,
            resources: self.resources(id, container)?,
            gpus,
            shared_memory: shared_memory(platform)?,
            user: user(platform)?,
            timeout: platform
                .and_then(|platform| platform.active_deadline_seconds)
                .map(Duration::from_secs),
            init: self.init_containers(id, platform, &input)?,
            layout: self.layout(id, attempt),
            executor_input: input,
        })
    }

    /// What an attempt is told: the step's input, with output files of the attempt's own.
    fn input_of_attempt(&self, id: NodeId, attempt: AttemptNumber) -> ExecutorInput {
        let node = self.node(id);
        let mut input = node
            .step
            .as_ref()
            .expect("a step has begun")
            .executor_input
            .clone();
        for (name, file) in &mut input.outputs.parameters {
            *file = self
                .policy()
                .paths
                .output_file(self.engine(), &node.path, attempt, name);
        }
        input
    }

    fn layout(&self, id: NodeId, attempt: AttemptNumber) -> Layout {
        let paths = &self.policy().paths;
        let own = self.own_directory(id);
        Layout {
            outputs: paths.step_outputs(&self.node(id).path, attempt),
            artifacts: tree_of_uri(&own).map(|(scheme, tree)| {
                paths
                    .artifacts
                    .join(tree)
                    .join(own.trim_start_matches(scheme))
            }),
        }
    }

    fn fill_in(
        &self,
        id: NodeId,
        texts: &[String],
        input: &ExecutorInput,
    ) -> Result<Vec<String>, Failure> {
        placeholder::resolve_arguments(texts, input, self.facts(), &self.task_facts(id))
            .map_err(|error| Failure::new(FailureCode::BadInput, error.to_string()))
    }

    fn fill_in_text(
        &self,
        id: NodeId,
        text: &str,
        input: &ExecutorInput,
    ) -> Result<String, Failure> {
        placeholder::resolve_text(text, input, self.facts(), &self.task_facts(id))
            .map_err(|error| Failure::new(FailureCode::BadInput, error.to_string()))
    }

    /// The image of a step, placeholders filled in.
    pub(crate) fn image(
        &self,
        id: NodeId,
        container: &ContainerSpec,
        input: &ExecutorInput,
    ) -> Result<String, Failure> {
        self.fill_in_text(id, &container.image, input)
    }

    /// What a step asks of the machine.
    pub(crate) fn resources(
        &self,
        id: NodeId,
        container: &ContainerSpec,
    ) -> Result<Resources, Failure> {
        let input = &self
            .node(id)
            .step
            .as_ref()
            .expect("a step has begun")
            .executor_input;
        let request = &container.resources;
        let text = |field: &Option<String>| match field {
            Some(text) => self
                .fill_in_text(id, text, input)
                .map(|text| Some(text).filter(|text| !text.is_empty())),
            None => Ok(None),
        };
        Ok(Resources {
            cpu_request: quantity(text(&request.cpu_request)?)?,
            cpu_limit: quantity(text(&request.cpu_limit)?)?,
            memory_request: quantity(text(&request.memory_request)?)?,
            memory_limit: quantity(text(&request.memory_limit)?)?,
            gpus: accelerators(
                request,
                text(&request.accelerator_type)?,
                text(&request.accelerator_count)?,
            )?,
        })
    }

    fn variables(
        &self,
        id: NodeId,
        container: &ContainerSpec,
        platform: Option<&StepPlatform>,
        attempt: AttemptNumber,
    ) -> Result<Vec<PlannedVariable>, Failure> {
        let literal = |name: &str, value: String| PlannedVariable::Literal {
            name: name.to_owned(),
            value,
        };
        let mut variables: Vec<_> = self
            .policy()
            .step_variables
            .iter()
            .map(|(name, value)| PlannedVariable::Own {
                name: name.clone(),
                value: value.clone(),
            })
            .collect();
        variables.push(literal("KFP_POD_NAME", self.pod_name(id)));
        variables.push(literal(
            "KFP_POD_UID",
            task_uuid(self.id(), &self.node(id).path),
        ));
        let retry_index = attempt.0.saturating_sub(
            1 + self
                .node(id)
                .step
                .as_ref()
                .map_or(0, |step| step.earlier_attempts),
        );
        variables.push(literal("KFP_RETRY_INDEX", retry_index.to_string()));
        if let Some(platform) = platform {
            for field in &platform.field_paths {
                variables.push(literal(
                    &field.variable,
                    self.field(id, platform, &field.field_path)?,
                ));
            }
            variables.extend(self.stored_variables(id, platform)?);
        }
        variables.extend(
            container
                .env
                .iter()
                .map(|variable| literal(&variable.name, variable.value.clone())),
        );
        Ok(variables)
    }

    fn stored_variables(
        &self,
        id: NodeId,
        platform: &StepPlatform,
    ) -> Result<Vec<PlannedVariable>, Failure> {
        let secrets = platform
            .secret_variables
            .iter()
            .map(|source| (true, source));
        let config_maps = platform
            .config_map_variables
            .iter()
            .map(|source| (false, source));
        let mut variables = Vec::new();
        for (secret, source) in secrets.chain(config_maps) {
            let Some(name) = self.platform_text(id, &source.name)? else {
                continue;
            };
            variables.extend(source.keys.iter().map(|key| {
                PlannedVariable::Stored(SecretVariable {
                    variable: key.variable.clone(),
                    secret,
                    name: name.clone(),
                    key: key.key.clone(),
                    optional: source.optional,
                })
            }));
        }
        Ok(variables)
    }

    fn mounts(
        &self,
        id: NodeId,
        attempt: AttemptNumber,
        platform: Option<&StepPlatform>,
        input: &ExecutorInput,
    ) -> Result<Vec<PlannedMount>, Failure> {
        let node = self.node(id);
        let paths = &self.policy().paths;
        let mut mounts = match self.policy().engine {
            EngineKind::Docker | EngineKind::Fake => self.artifact_mounts(id, input),
            EngineKind::Process => Vec::new(),
        };
        match self.policy().engine {
            EngineKind::Docker | EngineKind::Fake => mounts.push(PlannedMount {
                source: PlannedSource::Directory(paths.step_outputs(&node.path, attempt)),
                target: OUTPUTS_INSIDE.to_owned(),
                read_only: false,
            }),
            EngineKind::Process => {}
        }
        if self.uses_workspace(id, input) {
            let source = PlannedSource::Directory(paths.workspace());
            mounts.push(PlannedMount {
                source,
                target: WORKSPACE_INSIDE.to_owned(),
                read_only: false,
            });
        }
        if let Some(platform) = platform {
            mounts.extend(self.platform_mounts(id, platform)?);
        }
        Ok(mounts)
    }

    /// The trees that URIs map onto, read-only but for the step's own directories: what earlier steps made must
    /// stay what it was, since the cache and later runs share it.
    fn artifact_mounts(&self, id: NodeId, input: &ExecutorInput) -> Vec<PlannedMount> {
        let paths = &self.policy().paths;
        let own = self.own_directory(id);
        let inputs = input
            .artifacts
            .values()
            .flatten()
            .map(|artifact| artifact.uri.as_str());
        let outputs = input
            .outputs
            .artifacts
            .values()
            .map(|artifact| artifact.uri.as_str());
        let mut trees: Vec<(&str, &str)> = inputs
            .chain(outputs)
            .chain([own.as_str()])
            .filter_map(|uri| tree_of_uri(uri))
            .collect();
        trees.sort_unstable();
        trees.dedup();
        let mut mounts: Vec<_> = trees
            .iter()
            .map(|(_, tree)| PlannedMount {
                source: PlannedSource::Directory(paths.artifacts.join(tree)),
                target: format!("/{tree}"),
                read_only: true,
            })
            .collect();
        if let Some((scheme, tree)) = tree_of_uri(&own) {
            let key = own.trim_start_matches(scheme);
            mounts.push(PlannedMount {
                source: PlannedSource::Directory(paths.artifacts.join(tree).join(key)),
                target: format!("/{tree}/{key}"),
                read_only: false,
            });
        }
        let custom = input.artifacts.values().flatten().filter_map(|artifact| {
            let (scheme, tree) = tree_of_uri(artifact.uri.as_str())?;
            let key = artifact.uri.as_str().trim_start_matches(scheme);
            Some(PlannedMount {
                source: PlannedSource::Existing(paths.artifacts.join(tree).join(key)),
                target: artifact.custom_path.clone()?,
                read_only: true,
            })
        });
        mounts.extend(custom);
        mounts
    }

    fn platform_mounts(
        &self,
        id: NodeId,
        platform: &StepPlatform,
    ) -> Result<Vec<PlannedMount>, Failure> {
        let mut mounts = Vec::new();
        let secrets = platform.secret_volumes.iter().map(|volume| (true, volume));
        let config_maps = platform
            .config_map_volumes
            .iter()
            .map(|volume| (false, volume));
        for (secret, volume) in secrets.chain(config_maps) {
            let Some(name) = self.platform_text(id, &volume.name)? else {
                continue;
            };
            let source = PlannedSource::Stored {
                secret,
                name,
                optional: volume.optional,
            };
            mounts.push(PlannedMount {
                source,
                target: volume.mount_path.clone(),
                read_only: true,
            });
        }
        for volume in &platform.volume_mounts {
            let Some(name) = self.platform_text(id, &volume.claim)? else {
                continue;
            };
            let source = PlannedSource::Volume {
                name,
                sub_path: volume.sub_path.clone(),
            };
            mounts.push(PlannedMount {
                source,
                target: volume.mount_path.clone(),
                read_only: false,
            });
        }
        let scratch = self.policy().paths.step_scratch(&self.node(id).path);
        for volume in &platform.ephemeral_volumes {
            let source = PlannedSource::Directory(scratch.join(file_name(&volume.name)));
            mounts.push(PlannedMount {
                source,
                target: volume.mount_path.clone(),
                read_only: false,
            });
        }
        for dir in &platform.empty_dirs {
            let limit = quantity(dir.size_limit.clone())?;
            let shared = !platform.init_containers.is_empty();
            let source = if dir.in_memory && !shared {
                PlannedSource::Memory { limit }
            } else {
                PlannedSource::Directory(scratch.join(file_name(&dir.name)))
            };
            mounts.push(PlannedMount {
                source,
                target: dir.mount_path.clone(),
                read_only: false,
            });
        }
        Ok(mounts)
    }

    fn init_containers(
        &self,
        id: NodeId,
        platform: Option<&StepPlatform>,
        input: &ExecutorInput,
    ) -> Result<Vec<InitLaunch>, Failure> {
        let Some(platform) = platform else {
            return Ok(Vec::new());
        };
        let volumes = self.platform_mounts(id, platform)?;
        let scratch = self.policy().paths.step_scratch(&self.node(id).path);
        let container = |init: &coracle_spec::pipeline::InitContainer| {
            let mounts = init.volume_mounts.iter().map(|(name, target)| {
                let source = PlannedSource::Directory(scratch.join(file_name(name)));
                PlannedMount {
                    source,
                    target: target.clone(),
                    read_only: false,
                }
            });
            Ok(InitLaunch {
                name: init.name.clone(),
                image: parse_image(&init.image)?,
                command: self.fill_in(id, &init.command, input)?,
                args: self.fill_in(id, &init.args, input)?,
                variables: init
                    .env
                    .iter()
                    .map(|variable| PlannedVariable::Literal {
                        name: variable.name.clone(),
                        value: variable.value.clone(),
                    })
                    .collect(),
                mounts: if init.volume_mounts.is_empty() {
                    volumes.clone()
                } else {
                    mounts.collect()
                },
            })
        };
        platform.init_containers.iter().map(container).collect()
    }

    fn uses_workspace(&self, id: NodeId, input: &ExecutorInput) -> bool {
        let mentions = |value: &Value| value.to_text().contains(WORKSPACE_INSIDE);
        let flagged =
            |artifact: &coracle_model::Artifact| artifact.metadata.contains_key("_kfp_workspace");
        self.has_workspace()
            && (self.node(id).inputs.parameters.values().any(mentions)
                || input.artifacts.values().flatten().any(flagged))
    }

    /// The text of a platform setting, resolved in the DAG that the task stands in; null skips the setting.
    pub(crate) fn platform_text(
        &self,
        id: NodeId,
        source: &ParameterSource,
    ) -> Result<Option<String>, Failure> {
        let given = match source {
            ParameterSource::Constant(value) => {
                Some(self.resolve_constant(id, value, &self.node(id).inputs.parameters)?)
            }
            ParameterSource::ComponentInput(name) => {
                let parent = self.node(id).parent.expect("a step stands in a DAG");
                let own = self.node(id).inputs.parameters.get(name);
                self.node(parent)
                    .inputs
                    .parameters
                    .get(name)
                    .or(own)
                    .cloned()
            }
            ParameterSource::TaskOutput { producer, output } => {
                let parent = self.node(id).parent.expect("a step stands in a DAG");
                let producer = self.node(parent).children.tasks.get(producer);
                producer.and_then(|producer| self.output_parameter(*producer, output).ok())
            }
            ParameterSource::FinalStatus { .. } => None,
        };
        Ok(given
            .filter(|value| !value.is_null())
            .map(|value| value.to_text())
            .filter(|text| !text.is_empty()))
    }

    fn pod_name(&self, id: NodeId) -> String {
        let uuid = task_uuid(self.id(), &self.node(id).path);
        format!("{}-{}", self.facts().job_resource_name, &uuid[..8])
    }

    fn field(&self, id: NodeId, platform: &StepPlatform, path: &str) -> Result<String, Failure> {
        let indexed = |prefix: &str| {
            path.strip_prefix(prefix)?
                .strip_prefix("['")?
                .strip_suffix("']")
        };
        match path {
            "metadata.name" => Ok(self.pod_name(id)),
            "metadata.namespace" => Ok("default".to_owned()),
            "metadata.uid" => Ok(task_uuid(self.id(), &self.node(id).path)),
            "spec.nodeName" | "status.hostIP" | "status.podIP" => Ok("127.0.0.1".to_owned()),
            "spec.serviceAccountName" => Ok("default".to_owned()),
            _ => {
                let label = indexed("metadata.labels").map(|key| platform.labels.get(key));
                let annotation =
                    indexed("metadata.annotations").map(|key| platform.annotations.get(key));
                label
                    .or(annotation)
                    .map(|value| value.cloned().unwrap_or_default())
                    .ok_or_else(|| {
                        Failure::new(
                            FailureCode::Unsupported,
                            format!("the pod field `{path}` is not known on one machine"),
                        )
                    })
            }
        }
    }
}

/// The scheme and the tree below which a URI's bytes are kept on this machine.
pub(crate) fn tree_of_uri(uri: &str) -> Option<(&'static str, &'static str)> {
    [("minio://", "minio"), ("s3://", "s3"), ("gs://", "gcs")]
        .into_iter()
        .find(|(scheme, _)| uri.starts_with(scheme))
}

fn parse_image(text: &str) -> Result<ImageRef, Failure> {
    text.parse().map_err(|error: coracle_model::ImageRefError| {
        Failure::new(FailureCode::BadInput, error.to_string())
    })
}

fn quantity<T: std::str::FromStr<Err = coracle_model::QuantityError>>(
    text: Option<String>,
) -> Result<Option<T>, Failure> {
    let parse = |text: String| {
        text.parse()
            .map_err(|error: T::Err| Failure::new(FailureCode::BadInput, error.to_string()))
    };
    text.map(parse).transpose()
}

fn accelerators(
    request: &ResourceRequest,
    kind: Option<String>,
    count: Option<String>,
) -> Result<u32, Failure> {
    let Some(count) = count else { return Ok(0) };
    let parsed: u32 = count.trim().parse().map_err(|_| {
        Failure::new(
            FailureCode::BadInput,
            format!("`{count}` is not a number of accelerators"),
        )
    })?;
    let kind = kind
        .or_else(|| request.accelerator_type.clone())
        .unwrap_or_default();
    if parsed == 0 || kind.starts_with("nvidia.com/") {
        return Ok(parsed);
    }
    Err(Failure::new(
        FailureCode::Unsupported,
        format!("accelerators of the kind `{kind}` are not offered here"),
    )
    .with_hint("NVIDIA GPUs are asked for as `nvidia.com/gpu`"))
}

fn shared_memory(platform: Option<&StepPlatform>) -> Result<Option<Memory>, Failure> {
    let size = platform.and_then(|platform| platform.shared_memory.as_ref());
    size.map_or(Ok(None), |shared| quantity(shared.size.clone()))
}

fn user(platform: Option<&StepPlatform>) -> Result<Option<String>, Failure> {
    let Some(security) = platform.map(|platform| &platform.security) else {
        return Ok(None);
    };
    match (security.run_as_user, security.run_as_group) {
        (Some(0), _) if security.run_as_non_root => Err(Failure::new(
            FailureCode::BadInput,
            "the step must not run as root but asks for user 0",
        )),
        (Some(user), Some(group)) => Ok(Some(format!("{user}:{group}"))),
        (Some(user), None) => Ok(Some(user.to_string())),
        (None, _) => Ok(None),
    }
}

/// A volume's name as one safe component of a path.
fn file_name(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if safe.is_empty() {
        "volume".to_owned()
    } else {
        safe
    }
}

/// When an image is pulled, from the platform's setting.
pub(crate) fn pull_policy(platform: Option<&StepPlatform>) -> PullPolicy {
    platform
        .and_then(|platform| platform.pull_policy)
        .unwrap_or(PullPolicy::IfNotPresent)
}
