//! A model server for ONNX that is a value: a model is loaded from a file, and requests are answered by a function.
//!
//! ```text
//! path ──find──► file ──load──► Model ──┐
//!                                       ├─► Server::answer ─► response
//! request ─► route ─► v1 | v2 ─► tensors┘
//! ```
//!
//! | file | what it is for |
//! |---|---|
//! | `find.rs`, `stamp.rs` | which file of a directory is the model, and whether it is still the same |
//! | `load.rs` | from a file to something that runs, or why not |
//! | `model.rs` | what a model takes and gives, and running it |
//! | `tensor.rs`, `datatype.rs` | numbers between JSON, bytes and tensors |
//! | `server.rs`, `route.rs` | what is asked for, by path and method |
//! | `v1.rs`, `v2.rs` | KServe's own protocol, and the Open Inference Protocol |
//! | `refusal.rs` | errors, in the words of KServe's server |
//!
//! Models are run by tract, on the caller's thread. Sockets, limits of bodies and which model stands under which name
//! are the caller's matter: this crate must not know the workbench.
#![forbid(unsafe_code)]

mod datatype;
mod find;
mod load;
mod model;
mod refusal;
mod route;
mod server;
mod stamp;
mod tensor;
mod unwind;
mod v1;
mod v2;

pub use datatype::Datatype;
pub use load::LoadError;
pub use model::{Metadata, Model, TensorMetadata};
pub use server::Server;
pub use stamp::{Stamp, directories_of};
