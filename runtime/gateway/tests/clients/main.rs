//! Real clients of Kubernetes' API against `remote`, on loopback. What is not installed is not tested, and says so.

mod kubectl;
mod python;
mod support;
