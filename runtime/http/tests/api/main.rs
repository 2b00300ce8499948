//! The workbench's API over an engine that runs what a script says: no socket, no Docker, a home of its own each.

mod artifacts;
mod changes;
mod definitions;
mod doors;
mod events;
mod kfp_next;
mod lines;
mod logs;
mod openapi;
mod place;
mod recurring;
mod refusals;
mod runs;
mod shelf;
mod sse;
mod stored;
mod why;
