//! What containers ask for.

use std::collections::BTreeMap;

use coracle_model::{Cpu, Memory};
use serde::Deserialize;
use serde_json::Value;

/// The resource that NVIDIA's GPUs are asked for as.
pub const GPU: &str = "nvidia.com/gpu";

/// What a container asks for, and what it may not go over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct ContainerResources {
    /// What must be free before it starts.
    pub requests: BTreeMap<String, Amount>,
    /// What it may not go over.
    pub limits: BTreeMap<String, Amount>,
}

/// An amount as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount(pub String);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        match Value::deserialize(source)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            other => Err(serde::de::Error::custom(format!("{other} is no quantity"))),
        }
    }
}

impl Amount {
    /// As CPU.
    pub fn cpu(&self) -> Option<Cpu> {
        self.0.parse().ok()
    }

    /// As memory.
    pub fn memory(&self) -> Option<Memory> {
        self.0.parse().ok()
    }

    /// As a count.
    pub fn count(&self) -> u32 {
        let whole = self.0.parse().ok().map(|memory: Memory| memory.0);
        whole
            .and_then(|whole| u32::try_from(whole).ok())
            .unwrap_or_default()
    }
}

impl ContainerResources {
    /// The CPU asked for; a limit alone is also a request.
    pub fn cpu_request(&self) -> Option<Cpu> {
        self.request("cpu").and_then(Amount::cpu)
    }

    /// The memory asked for; a limit alone is also a request.
    pub fn memory_request(&self) -> Option<Memory> {
        self.request("memory").and_then(Amount::memory)
    }

    /// The CPU it may not go over.
    pub fn cpu_limit(&self) -> Option<Cpu> {
        self.limits
            .get("cpu")
            .and_then(Amount::cpu)
            .filter(|cpu| cpu.0 > 0)
    }

    /// The memory it may not go over.
    pub fn memory_limit(&self) -> Option<Memory> {
        let limit = self.limits.get("memory").and_then(Amount::memory);
        limit.filter(|memory| memory.0 > 0)
    }

    /// How many GPUs.
    pub fn gpus(&self) -> u32 {
        self.request(GPU).map_or(0, Amount::count)
    }

    /// Resources that a node without extensions does not have, of which some is asked.
    pub fn extended(&self) -> impl Iterator<Item = &str> {
        let names = self.limits.iter().chain(&self.requests);
        names
            .filter(|(name, amount)| name.contains('/') && *name != GPU && amount.count() > 0)
            .map(|(name, _)| name.as_str())
    }

    fn request(&self, name: &str) -> Option<&Amount> {
        self.requests.get(name).or_else(|| self.limits.get(name))
    }
}
