//! Leaving the network of a namespace: an engine has few of them.

use std::time::Duration;

use coracle_apiserver::ApiServer;
use coracle_host::{Engine, NetworkName};
use coracle_objects::kind;
use tokio::time::sleep;

/// How often the removal of a network is tried.
const TRIES: usize = 5;

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Removes the network of a namespace that has no pods. What is left of pods that were removed by force may stand on it for a
/// moment yet; where a service stands on it, or another pod has come meanwhile, it stays.
pub(crate) async fn leave(api: &ApiServer, engine: &dyn Engine, network: &NetworkName) {
    for _ in 0..TRIES {
        if !api.all(kind::pods(), Some(&network.0)).is_empty() {
            return;
        }
        match engine.close_network(network).await {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, "a network is in use"),
        }
        sleep(PAUSE).await;
    }
}
