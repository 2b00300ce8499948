//! The command itself; what it does stands in the library, which the desktop has in common with it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    coracle_cli::main()
}
