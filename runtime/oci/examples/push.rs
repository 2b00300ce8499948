//! `docker save IMAGE | push REGISTRY/NAME:TAG`: how fast the crate alone is, and how much memory it takes.

#![expect(clippy::print_stdout, reason = "its words are its result")]

use std::error::Error;
use std::io::stdin;
use std::time::Instant;

use coracle_oci::{Cancel, Destination, DockerConfig, Memory, Push, push};

fn main() -> Result<(), Box<dyn Error>> {
    let text = std::env::args()
        .nth(1)
        .ok_or("usage: docker save IMAGE | push REGISTRY/NAME:TAG")?;
    let destination: Destination = text.parse()?;
    let folder = std::env::temp_dir();
    let begun = Instant::now();
    let request = Push {
        destination: &destination,
        config: &DockerConfig::default(),
        folder: &folder,
        memory: &Memory::forgetful(),
        cancel: &Cancel::default(),
        tell: &|_| {},
    };
    let pushed = push(&request, || stdin().lock())?;
    println!("{pushed:?} in {:.2}s", begun.elapsed().as_secs_f64());
    Ok(())
}
