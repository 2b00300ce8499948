//! Objects on a real API server.
//!
//! `CORACLE_TEST_CLUSTER` names the kubeconfig of a cluster whose current context may do everything. Without it every
//! test says so and passes, unless `CORACLE_REQUIRE_CLUSTER=1`. Each test has a namespace of its own, which it deletes.

mod bench;
mod carrier;
mod exported;
mod faults;
mod lifecycle;
mod others;
mod tries;
