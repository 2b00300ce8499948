//! Builds the programs of the workbench that run alone in a container, each as one static file that is part of this crate.
//!
//! The compiler is called without cargo: they have no dependencies, and cargo would wait for itself. Where a machine cannot
//! link a program statically, its file is empty: the workbench is built all the same, says so, and does without.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told by its environment, and calls the compiler"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program: its name, its source, and what is missing without it.
struct Program {
    name: &'static str,
    source: &'static str,
    without: &'static str,
}

const PROGRAMS: [Program; 1] = [Program {
    name: "forwarder",
    source: "../forwarder/src",
    without: "names of Services will lead to pods at the pods' own ports",
}];

fn main() {
    let out = PathBuf::from(variable("OUT_DIR"));
    println!("cargo::rerun-if-changed=build.rs");
    for program in PROGRAMS {
        println!("cargo::rerun-if-changed={}", program.source);
        let file = out.join(program.name);
        let Err(reason) = build(&program, &file) else {
            continue;
        };
        let (name, without) = (program.name, program.without);
        println!(
            "cargo::warning=`{name}` cannot be built as a static program, so {without}: {reason}"
        );
        fs::write(&file, []).expect("cargo's own directory can be written to");
    }
}

/// Builds a program for Linux, with the C library that is there: musl's, which Rust brings along where it is installed, or
/// else the system's own.
fn build(program: &Program, file: &Path) -> Result<(), String> {
    let musl = format!("{}-unknown-linux-musl", variable("CARGO_CFG_TARGET_ARCH"));
    let mut targets = vec![(musl, vec!["-Clinker=rust-lld", "-Clink-self-contained=yes"])];
    if variable("CARGO_CFG_TARGET_OS") == "linux" {
        targets.push((variable("TARGET"), vec!["-Crelocation-model=static"]));
    }
    let mut reason = String::new();
    for (target, options) in targets {
        match compile(program, &target, &options, file) {
            Ok(()) => return Ok(()),
            Err(said) => reason = said,
        }
    }
    Err(reason)
}

fn compile(program: &Program, target: &str, options: &[&str], file: &Path) -> Result<(), String> {
    let compiled = Command::new(variable("RUSTC"))
        .args(["--edition=2024", "--crate-name", program.name])
        .args(["--target", target, "-Ctarget-feature=+crt-static"])
        .args(["-Copt-level=s", "-Cpanic=abort", "-Ccodegen-units=1"])
        .args(["-Cstrip=symbols", "-Cdebuginfo=0"])
        .args(options)
        .arg("-o")
        .arg(file)
        .arg(Path::new(program.source).join("main.rs"))
        .output()
        .map_err(|error| error.to_string())?;
    if compiled.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&compiled.stderr);
    let first = said.lines().find(|line| line.starts_with("error"));
    Err(first.unwrap_or("the compiler failed").to_owned())
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo says `{name}`"))
}
