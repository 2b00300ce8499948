//! A test's engine, and what it says to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use coracle_host::docker::{DockerEngine, DockerSettings, KIND, SANDBOX};
use coracle_host::log::{Keep, LogReader, Only, Stream};
use coracle_host::{
    Engine, Exit, NetworkName, Phase, PullPolicy, SandboxName, SecurityContext, Stdin, Workload,
    WorkloadImage, WorkloadName,
};
use coracle_model::ImageDigest;

pub(crate) const PYTHON: &str = "python:3.11";
pub(crate) const DEBIAN: &str = "debian:bookworm";

/// The namespaces that tests make networks for; each test has its own.
pub(crate) const NAMESPACES: [&str; 2] = ["team", "other"];

/// One test's engine, with a name that no other test has.
pub(crate) struct Bench {
    pub(crate) engine: DockerEngine,
    pub(crate) prefix: String,
    pub(crate) directory: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn open(test: &str) -> Option<Self> {
        Self::with_user(test, None).await
    }

    pub(crate) async fn with_user(test: &str, uid_gid: Option<(u32, u32)>) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let settings = settings(test, uid_gid);
        match DockerEngine::connect(settings.clone()).await {
            Ok(engine) => Some(Self {
                engine,
                prefix: settings.owner,
                directory,
            }),
            Err(error) => {
                assert!(!docker_is_required(), "{error}");
                eprintln!("{test} skipped: no Docker engine answers");
                None
            }
        }
    }

    pub(crate) fn name(&self, part: &str) -> WorkloadName {
        WorkloadName(format!("{}-{part}", self.prefix))
    }

    pub(crate) fn sandbox(&self, part: &str) -> SandboxName {
        SandboxName(self.name(part).0)
    }

    pub(crate) fn log(&self, part: &str) -> PathBuf {
        self.directory.path().join(format!("log-{part}"))
    }

    pub(crate) async fn digest(&self, image: &str) -> ImageDigest {
        let image = image.parse().expect("a test names an image");
        let answer = self.engine.resolve_image(&image, PullPolicy::Never).await;
        answer.expect("the image is on this machine").digest
    }

    /// A workload that runs a shell text.
    pub(crate) async fn shell(&self, part: &str, text: &str) -> Workload {
        Workload {
            command: ["sh", "-c", text].map(str::to_owned).into(),
            ..self.plain(part, DEBIAN).await
        }
    }

    /// A workload that runs a Python text.
    pub(crate) async fn python(&self, part: &str, text: &str) -> Workload {
        Workload {
            command: ["python3", "-c", text].map(str::to_owned).into(),
            ..self.plain(part, PYTHON).await
        }
    }

    /// A workload that runs what the image says.
    pub(crate) async fn plain(&self, part: &str, image: &str) -> Workload {
        Workload {
            name: self.name(part),
            labels: BTreeMap::from([("test".to_owned(), part.to_owned())]),
            image: WorkloadImage::Plain {
                image: image.parse().expect("a test names an image"),
                digest: self.digest(image).await,
            },
            command: Vec::new(),
            args: Vec::new(),
            environment: BTreeMap::new(),
            mounts: Vec::new(),
            directory: self.directory.path().to_owned(),
            working_dir: None,
            cpu_request: None,
            cpu_limit: None,
            memory_limit: None,
            gpus: Vec::new(),
            shared_memory: None,
            security: SecurityContext::default(),
            stdin: Stdin::Closed,
            tty: false,
            keep_log: Keep::All,
            sandbox: None,
        }
    }

    /// Whether the engine is Podman, where something is known to be different.
    pub(crate) async fn is_podman(&self) -> bool {
        let described = self.engine.describe().await.expect("the engine answers");
        described.summary.starts_with("Podman")
    }

    /// Runs a workload to its end.
    pub(crate) async fn run(&self, part: &str, workload: &Workload) -> Exit {
        self.engine
            .start(workload)
            .await
            .expect("the workload starts");
        self.attend(part, workload).await
    }

    pub(crate) async fn attend(&self, part: &str, workload: &Workload) -> Exit {
        let attended = self
            .engine
            .attend(&workload.name, &self.log(part), Keep::All)
            .await;
        attended.expect("the workload is attended to its end")
    }

    /// What a workload wrote to standard output.
    pub(crate) fn output(&self, part: &str) -> String {
        String::from_utf8(read_log(&self.log(part), Only::Stream(Stream::Stdout))).expect("text")
    }

    pub(crate) async fn phase(&self, name: &WorkloadName) -> Option<Phase> {
        let observed = self.engine.observe().await.expect("the engine answers");
        observed
            .into_iter()
            .find(|workload| workload.name == *name)
            .map(|workload| workload.phase)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let settings = settings(&self.prefix, None);
        let owner = self.prefix.clone();
        // The test's own runtime may be unwinding.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(clean(DockerSettings { owner, ..settings }));
            Ok::<_, std::io::Error>(())
        });
        let _ = cleaning.join();
    }
}

async fn clean(settings: DockerSettings) {
    let Ok(engine) = DockerEngine::connect(settings).await else {
        return;
    };
    let mut left = engine.observe().await.unwrap_or_default();
    // Sandboxes last: workloads live in them.
    left.sort_by_key(|workload| {
        workload
            .labels
            .get(KIND)
            .is_some_and(|kind| kind == SANDBOX)
    });
    for workload in left {
        let _ = engine.stop(&workload.name, Duration::ZERO).await;
        let _ = engine.remove(&workload.name).await;
    }
    for namespace in NAMESPACES {
        let _ = engine
            .close_network(&NetworkName(namespace.to_owned()))
            .await;
    }
}

pub(crate) fn settings(test: &str, uid_gid: Option<(u32, u32)>) -> DockerSettings {
    DockerSettings {
        docker_host: environment("DOCKER_HOST"),
        context_dir: None,
        home: environment("HOME").map(PathBuf::from),
        runtime_dir: environment("XDG_RUNTIME_DIR").map(PathBuf::from),
        owner: format!("coracle-test-{}-{test}", std::process::id()),
        uid_gid,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no command line that could pass it in"
)]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn docker_is_required() -> bool {
    environment("CORACLE_REQUIRE_DOCKER").as_deref() == Some("1")
}

pub(crate) fn read_log(directory: &Path, only: Only) -> Vec<u8> {
    let mut reader = LogReader::open(directory)
        .expect("the log is there")
        .only(only);
    let mut bytes = Vec::new();
    while let Some(chunk) = reader.next_chunk().expect("the log can be read") {
        bytes.extend_from_slice(&chunk.bytes);
    }
    bytes
}

/// The bench of a test; the test ends here where no engine answers.
macro_rules! bench {
    ($test:expr) => {
        match $crate::bench::Bench::open($test).await {
            Some(bench) => bench,
            None => return,
        }
    };
}

pub(crate) use bench;
