//! What a kubelet tells about a pod, for `kubectl describe`.

/// Something that happened to a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodEvent {
    /// Whether it is as it should be.
    pub kind: EventType,
    /// One word: `Pulled`.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// The part of the pod: `spec.containers{main}`; none for the pod as a whole.
    pub field_path: Option<String>,
    /// Who says it.
    pub source: EventSource,
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    /// It is.
    Normal,
    /// It is not.
    Warning,
}

impl EventType {
    /// The word in the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// Who tells of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    /// What finds room for pods.
    Scheduler,
    /// What runs them.
    Kubelet,
}

impl EventSource {
    /// The component's name in the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduler => "default-scheduler",
            Self::Kubelet => "kubelet",
        }
    }
}
