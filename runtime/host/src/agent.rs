//! What asks servers over HTTP: one hop at a time, so that each can be checked before it is followed, and with every code as an answer.

use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// One whose requests take so long at most, with their answers.
pub(crate) fn agent(limit: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(limit))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .build();
    Agent::new_with_config(config)
}
