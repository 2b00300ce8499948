//! A pod behind just enough of Kubernetes' API for real clients: its commands are processes of this machine, its ports
//! are this machine's.

mod api;
mod client;
mod process;

pub(crate) use api::{Api, POD};
pub(crate) use client::{Client, Told, finish, is_installed, program, python_with};
