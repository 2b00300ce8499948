//! From flags and environment to a [`Config`].

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use coracle_host::log::Keep;
use coracle_plan::kind::culling::Culling;
use coracle_store::Home;

use super::{
    ClusterSettings, EngineWanted, IndexSettings, ListenAddress, PackageHosts, UploadsTaken,
};
use super::{culling, pod_log};

/// What the program finds around it when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Situation {
    /// The environment variables.
    pub variables: BTreeMap<String, OsString>,
    /// The directory that relative paths start from.
    pub current_directory: PathBuf,
    /// The program itself; the process engine starts it again to look after a step.
    pub program: PathBuf,
    /// The user and the group it runs as.
    pub user_and_group: (u32, u32),
}

/// What the command line says; it goes before the environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flags {
    /// `--engine`.
    pub engine: Option<EngineWanted>,
    /// `--listen`; where the command says nothing, it says what is usual for it.
    pub listen: Option<ListenAddress>,
}

/// Everything that the workbench is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where things are.
    pub home: Home,
    /// Which engine may run steps.
    pub engine: EngineWanted,
    /// Where to listen.
    pub listen: ListenAddress,
    /// The engine's address that the user named, `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// Docker's own configuration directory, `DOCKER_CONFIG`.
    pub docker_config: Option<PathBuf>,
    /// The user's home directory.
    pub user_home: Option<PathBuf>,
    /// The user's runtime directory, `XDG_RUNTIME_DIR`.
    pub user_runtime: Option<PathBuf>,
    /// Where installers find packages.
    pub index: IndexSettings,
    /// Where packages may be fetched from.
    pub package_hosts: PackageHosts,
    /// Which uploaded packages are kept.
    pub uploads: UploadsTaken,
    /// When notebooks that nobody uses are stopped; never where it is not said.
    pub culling: Option<Culling>,
    /// Where clusters are found, and which ones are not changed by accident.
    pub clusters: ClusterSettings,
    /// How much of what a pod's container writes is kept.
    pub pod_log: Keep,
    /// The environment that the user has activated, `VIRTUAL_ENV` or `CONDA_PREFIX`.
    pub active_environment: Option<PathBuf>,
    /// Where programs are looked for, `PATH`.
    pub path: OsString,
    /// What a step that is a plain process keeps of the environment: `HOME`, `LANG`, proxies.
    pub process_environment: BTreeMap<String, OsString>,
    /// The program itself.
    pub program: PathBuf,
    /// The user and the group it runs as.
    pub user_and_group: (u32, u32),
}

/// Why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable's value is not one that it can have.
    #[error("`{name}` cannot be used: {message}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// Nothing says where to keep things.
    #[error(
        "nothing says where to keep things: neither `CORACLE_HOME` nor `HOME` is set; set one of them"
    )]
    NoHome,
}

/// What processes need of the environment to find the user's files, certificates and proxies.
const KEPT_FOR_PROCESSES: [&str; 16] = [
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// A variable with a value that it cannot have, and no place to keep things in.
    pub fn read(situation: &Situation, flags: &Flags) -> Result<Self, ConfigError> {
        let text = |name: &str| situation.text(name);
        Ok(Self {
            home: situation.home()?,
            engine: flags
                .engine
                .map_or_else(|| situation.word("CORACLE_ENGINE"), Ok)?,
            listen: flags.listen.unwrap_or_else(ListenAddress::any_port),
            docker_host: text("DOCKER_HOST"),
            docker_config: situation.path("DOCKER_CONFIG"),
            user_home: situation.path("HOME"),
            user_runtime: situation.path("XDG_RUNTIME_DIR"),
            index: IndexSettings::read(text),
            package_hosts: PackageHosts::read(text),
            uploads: situation.word("CORACLE_KFP_UPLOADS")?,
            culling: culling::read(text)?,
            clusters: ClusterSettings::read(situation),
            pod_log: pod_log::read(text)?,
            active_environment: situation
                .path("VIRTUAL_ENV")
                .or_else(|| situation.path("CONDA_PREFIX")),
            path: situation.variables.get("PATH").cloned().unwrap_or_default(),
            process_environment: situation.kept(&KEPT_FOR_PROCESSES),
            program: situation.program.clone(),
            user_and_group: situation.user_and_group,
        })
    }

    /// The Python of the environment that the user has activated.
    pub fn active_python(&self) -> Option<PathBuf> {
        let python = self.active_environment.as_ref()?.join("bin/python3");
        python.exists().then_some(python)
    }
}

impl Situation {
    /// A variable that is set to something; an empty one counts as not set.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.variables.get(name)?.to_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.variables.get(name).filter(|value| !value.is_empty())?;
        Some(self.current_directory.join(value))
    }

    /// A base directory of XDG; a relative one is passed over, as its specification asks.
    fn base(&self, name: &str) -> Option<PathBuf> {
        self.variables
            .get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    }

    fn kept(&self, names: &[&str]) -> BTreeMap<String, OsString> {
        let kept = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.variables.get(*name)?.clone())));
        kept.collect()
    }

    /// One of several words; the usual one when the variable is not set.
    fn word<T: FromStr<Err = String> + Default>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        match self.text(name) {
            Some(text) => text
                .parse()
                .map_err(|message| ConfigError::Variable { name, message }),
            None => Ok(T::default()),
        }
    }

    fn home(&self) -> Result<Home, ConfigError> {
        if let Some(root) = self.path("CORACLE_HOME") {
            return Ok(Home::at(&root));
        }
        let own = |name: &str, usual: &str| {
            let usual = || Some(self.path("HOME")?.join(usual));
            self.base(name)
                .or_else(usual)
                .map(|base| base.join("coracle"))
                .ok_or(ConfigError::NoHome)
        };
        let data = own("XDG_DATA_HOME", ".local/share")?;
        let cache = own("XDG_CACHE_HOME", ".cache")?;
        let runtime = self
            .base("XDG_RUNTIME_DIR")
            .map_or_else(|| cache.join("run"), |base| base.join("coracle"));
        Ok(Home::new(data, cache, runtime))
    }
}

/// The first program of a name in a `PATH`.
pub(crate) fn find_program(path: &OsString, name: &str) -> Option<PathBuf> {
    let candidates = std::env::split_paths(path).map(|directory: PathBuf| directory.join(name));
    candidates
        .into_iter()
        .find(|candidate: &PathBuf| is_file(candidate))
}

fn is_file(path: &Path) -> bool {
    fs_err::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(variables: &[(&str, &str)]) -> Situation {
        Situation {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.into()))
                .collect(),
            current_directory: PathBuf::from("/start"),
            program: PathBuf::from("/bin/coracle"),
            user_and_group: (1000, 1000),
        }
    }

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(&situation(variables), &Flags::default())
    }

    #[test]
    fn one_variable_moves_everything() {
        let home = read(&[
            ("CORACLE_HOME", "here"),
            ("HOME", "/u"),
            ("XDG_DATA_HOME", "/d"),
        ])
        .unwrap()
        .home;
        assert_eq!(home, Home::at(Path::new("/start/here")));
    }

    #[test]
    fn the_base_directories_of_xdg_are_followed() {
        let home = read(&[
            ("HOME", "/u"),
            ("XDG_CACHE_HOME", "/c"),
            ("XDG_DATA_HOME", "relative"),
        ])
        .unwrap()
        .home;
        let cache = Path::new("/c/coracle");
        let expected = Home::new(
            "/u/.local/share/coracle".into(),
            cache.to_owned(),
            cache.join("run"),
        );
        assert_eq!(home, expected);
        assert_eq!(read(&[]), Err(ConfigError::NoHome));
    }

    #[test]
    fn flags_go_before_the_environment() {
        let variables = [("HOME", "/u"), ("CORACLE_ENGINE", "docker")];
        assert_eq!(read(&variables).unwrap().engine, EngineWanted::Docker);
        let flags = Flags {
            engine: Some(EngineWanted::Process),
            listen: None,
        };
        assert_eq!(
            Config::read(&situation(&variables), &flags).unwrap().engine,
            EngineWanted::Process
        );
        assert_eq!(
            read(&[("HOME", "/u"), ("CORACLE_ENGINE", "")])
                .unwrap()
                .engine,
            EngineWanted::Auto
        );
        let refused = read(&[("HOME", "/u"), ("CORACLE_ENGINE", "podman")]).unwrap_err();
        assert!(refused.to_string().contains("`podman`"), "{refused}");
    }
}
