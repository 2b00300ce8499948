//! The workbench's API over an engine that runs what a script says: no socket, no Docker, a home of its own each.

mod doors;
mod events;
mod lines;
mod logs;
mod place;
mod refusals;
mod runs;
mod sse;
mod stored;
mod why;
