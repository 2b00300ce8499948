//! Workers over an engine, in a made-up world of objects.

mod docker;
mod scripted;
mod world;
